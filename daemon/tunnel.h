/* Tunnels: raw bytes both ways, each half closed on its own. */
#ifndef DAEMON_TUNNEL_H
#define DAEMON_TUNNEL_H

#include "daemon/flow.h"

/* The answer's head is queued; from here on bytes are bytes. FLOW_MORE. */
enum flow_step tunnel_begin(struct flow *f);

#endif
