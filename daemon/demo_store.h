/* The demonstration engine's objects: the sample data, loaded.
 *
 * Everything a lookup returns is borrowed from the store, and is never
 * changed: who needs a variant copies it. Main thread of the process alone.
 */
#ifndef DAEMON_DEMO_STORE_H
#define DAEMON_DEMO_STORE_H

#include "runtime/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

struct demo_store {
	json_t *version, *info;
	json_t *containers, *images, *networks, *volumes, *events;
	json_t *stats; /* the base of every sample of statistics */
};

/* False when out of memory; demo_store_fini() is due in both cases. */
bool demo_store_init(struct demo_store *s);
void demo_store_fini(struct demo_store *s);

/* By name, whole identity, or its beginning; NULL when there is none. */
json_t *demo_container(const struct demo_store *s, struct str ref);
json_t *demo_network(const struct demo_store *s, struct str ref);
json_t *demo_volume(const struct demo_store *s, struct str ref);

/* By "repository[:tag]", with or without "sha256:", or the beginning of the
 * identity. */
json_t *demo_image(const struct demo_store *s, struct str ref);

/* The string at a member of an object, "" when there is none. */
const char *demo_text(const json_t *object, const char *member);

/* json_object_get through several objects; the list ends in NULL. */
json_t *demo_at(const json_t *object, ...) __attribute__((sentinel));

/* "2024-05-01T10:00:00.000000000Z" */
json_t *demo_date(time_t t);

/* --- filters (the parameter `filters`) ---------------------------------- */

enum demo_match {
	DEMO_MATCH_WHOLE,
	DEMO_MATCH_START,
	DEMO_MATCH_PART,
};

/* Does value match one of those wanted under key? True when none are. */
bool demo_filter(json_t *filters, const char *key, const char *value,
	enum demo_match how);

/* Does the object of labels hold every "key" or "key=value" wanted? */
bool demo_filter_labels(json_t *filters, const json_t *labels);

/* The first key that is not in known (which ends in NULL), or NULL. */
const char *demo_filter_unknown(json_t *filters, const char *const *known);

#endif
