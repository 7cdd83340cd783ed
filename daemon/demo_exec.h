/* The demonstration engine's exec instances. */
#ifndef DAEMON_DEMO_EXEC_H
#define DAEMON_DEMO_EXEC_H

#include "runtime/str.h"

#define DEMO_EXECS_MAX 512 /* the oldest that does not run makes room */

struct demo_exec;

struct demo_execs {
	struct demo_exec *slots[DEMO_EXECS_MAX]; /* owned */
	unsigned next;
};

void demo_execs_fini(struct demo_execs *execs);

/* Standard input of one that a connection is attached to: bytes, their end,
 * and the connection's loss. Ends the connection's tunnel when the command
 * ends; after its EOF it always has. */
void demo_exec_input(struct demo_exec *exec, struct str bytes);
void demo_exec_eof(struct demo_exec *exec);
void demo_exec_gone(struct demo_exec *exec);

#endif
