/* What a test sees of a request: the values of its field, as text.
 *
 * For explanations, which are made when all is decided; the VM has no need of
 * it.
 */
#ifndef RUNTIME_SEEN_H
#define RUNTIME_SEEN_H

#include "runtime/facts.h"
#include "runtime/program.h"

#define SEEN_MAX 16u /* of one test; that there are more is told */

struct seen_value {
	struct str text;
	bool is_string; /* else a number, a JSON value, a time, an address */
};

/* No value: the field is absent. */
struct seen {
	const struct seen_value *v;
	uint32_t n;     /* that are here */
	uint32_t total; /* that there are */
	bool unknown;   /* the body was not read */
	bool doubt;     /* some value could not be read: there may be more */
};

/* Into the arena, also the texts; without room for them there are fewer. */
struct seen seen_values(const struct program *p, const struct program_test *t,
	const struct facts *f, struct arena *a);

#endif
