/* The parts of the sandbox. Seen by sandbox*.c.
 *
 * Each function does what it can, logs a warning for what it cannot, and
 * returns whether its part holds.
 */
#ifndef DAEMON_SANDBOX_PARTS_H
#define DAEMON_SANDBOX_PARTS_H

#include "daemon/sandbox.h"

#include <limits.h>

/* Built with sanitizers or for coverage: their runtimes look at /proc, trace
 * the process at its end, write their findings. */
#ifdef DOCKER_PROXY_INSTRUMENTED
#define SANDBOX_INSTRUMENTED 1
#else
#define SANDBOX_INSTRUMENTED 0
#endif

/* A warning that names the part; false. */
bool sandbox_lacks(const char *part, const char *why);

/* The folder that a path is in; "." and "/" too. False: it is too long. */
bool sandbox_folder_of(const char *path, char folder[PATH_MAX]);

/* sandbox_user.c. Another user, when that is root; the one of those that can
 * do most of what the paths ask for. Then no capability is left. */
bool sandbox_change_user(struct sandbox *s);
bool sandbox_drop_capabilities(void);
/* What of the paths is out of reach now, to the log. */
void sandbox_tell_lost(const struct sandbox *s);

/* sandbox_landlock.c. Files, TCP connections, signals. Sets s->landlock. */
bool sandbox_landlock(struct sandbox *s);

/* sandbox_seccomp.c. */
bool sandbox_seccomp(const struct sandbox *s);

#endif
