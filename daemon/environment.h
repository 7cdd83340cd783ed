/* The environment, out of sight.
 *
 * /proc/PID/environ shows the strings a process was started with, tokens among
 * them. They are moved to pages of their own, with a hole on both sides, so
 * that neither a read beyond a buffer nor a core dump reaches them, and wiped
 * where they were. `environ` and getenv() go on as ever; a reload asks them.
 */
#ifndef DAEMON_ENVIRONMENT_H
#define DAEMON_ENVIRONMENT_H

#include <stdbool.h>

/* Before anybody keeps a pointer into it. False without memory: nothing has
 * changed. */
bool environment_hide(void) __attribute__((warn_unused_result));

/* Wipes the value of a variable; it is empty then. */
void environment_forget(const char *name);

#endif
