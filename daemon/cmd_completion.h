/* completion: scripts with which shells complete our command line. */
#ifndef DAEMON_CMD_COMPLETION_H
#define DAEMON_CMD_COMPLETION_H

#include "daemon/command.h"

extern const struct command command_completion;

/* What may stand in the place of the last of the words typed, the program's
 * name not among them: a line each, the word, a tab, what it is. A line ":"
 * means that the name of a file may. */
void completion_write(int nwords, char *const *words, FILE *out);

#endif
