/* What holds from the start of the process to its end: the settings that a
 * reload does not change.
 *
 * A copy with strings of its own, so that the policy which the process was
 * started with can go. Written at start, read on the main thread.
 */
#ifndef DAEMON_FIXED_H
#define DAEMON_FIXED_H

#include "compiler/settings.h"
#include "runtime/arena.h"

#include <stdbool.h>

struct fixed {
	struct arena arena; /* owned: the strings */
	uint32_t threads;
	enum sandbox_mode sandbox;
	uint32_t connections, connections_per_client, idle_buckets;
	uint32_t lockout_failures, lockout_window_ms, lockout_ms;
	struct settings_engine engine; /* but not the files of its TLS */
	struct str admin_bind, metrics_bind;
	uint16_t admin_port, metrics_port;
	struct settings_audit audit; /* but not which events */
};

/* False without memory; then there is nothing to free. */
bool fixed_init(struct fixed *f, const struct settings *s)
	__attribute__((warn_unused_result));
void fixed_fini(struct fixed *f);

/* Is it the same Engine, whatever the files of its TLS are? */
bool fixed_same_engine(const struct fixed *f, const struct settings *s);

/* Does the audit log go to the same place, in the same way? */
bool fixed_same_audit(const struct fixed *f, const struct settings *s);

/* Warns of each setting that is another one now, and stays as it was. */
void fixed_tell(const struct fixed *f, const struct settings *s);

#endif
