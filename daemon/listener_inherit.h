/* Listeners: sockets that whoever started us has bound, as systemd does for a
 * .socket unit: LISTEN_PID, LISTEN_FDS, descriptors from 3 on.
 *
 * Each goes to the listener of the configuration that has its address; so the
 * configuration says what is listened on, with or without them. One that
 * nobody wants is an error: clients would wait there for ever. On the main
 * thread.
 */
#ifndef DAEMON_LISTENER_INHERIT_H
#define DAEMON_LISTENER_INHERIT_H

#include "compiler/settings.h"

#include <stdbool.h>
#include <stddef.h>

#define INHERITED_MAX 64 /* as many as a configuration has listeners */

struct inherited {
	int fds[INHERITED_MAX]; /* owned, until taken */
	size_t n;
};

/* Before anything else is opened. They listen, and are non-blocking and closed
 * on exec. False with the error logged: what was passed is no such socket. */
bool inherited_init(struct inherited *in) __attribute__((warn_unused_result));
void inherited_fini(struct inherited *in);

/* The one that has l's address, which is the caller's then; -1: none. */
int inherited_take(struct inherited *in, const struct settings_listener *l);

/* All are taken? False with those that are not logged. */
bool inherited_all_taken(const struct inherited *in)
	__attribute__((warn_unused_result));

#endif
