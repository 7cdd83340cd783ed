/* The port proxy's sandbox: what a process that only moves bytes may still do.
 *
 * No capabilities, no new privileges, no file, no program, no other process;
 * of system calls, those that move bytes. That it ends with dockerd survives
 * all of it: the user is not changed, which would clear that.
 */
#ifndef DAEMON_PORT_SANDBOX_H
#define DAEMON_PORT_SANDBOX_H

#include <stdbool.h>

/* With everything open. On a system that lacks a part the others hold. */
void port_sandbox_enter(void);

/* Gives back the memory of the API proxy's tables, which this process will
 * never look at: the loader has written addresses to all of them. No constant
 * table of addresses is there from then on, of the port proxy neither. */
void port_sandbox_forget_tables(void);

#endif
