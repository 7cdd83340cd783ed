/* `docker-proxy replay`: which recorded decisions another policy changes. */
#ifndef DAEMON_CMD_REPLAY_H
#define DAEMON_CMD_REPLAY_H

#include "daemon/command.h"

/* Exit code 0 when nothing changes, 1 when something does, 2 when it cannot
 * be said. */
extern const struct command command_replay;

#endif
