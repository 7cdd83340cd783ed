/* What the profiles of the two HAProxy images share. */
#include "compiler/toggle_compat.h"

struct cond *
toggle_compat_section(struct toggle_set *s, const struct toggle_def *t)
{
	return toggle_test(s, FIELD_PATH, OP_STARTS_WITH, t->path, true);
}

void
toggle_compat_openings(struct toggle_set *s)
{
	/* HAProxy matches bytes. Here, where text is Unicode, U+017F and
	 * U+212A fold to s and k: an allow must not be the wider for it. */
	for (size_t i = 0; i < s->profile->ndefs; i++) {
		const struct toggle_def *t = &s->profile->defs[i];
		if (t->kind != TOGGLE_OPENING || !s->values[i].on)
			continue;
		toggle_allow(s, t->name,
			toggle_group(s, COND_AND,
				toggle_test(s, FIELD_PATH, OP_MATCHES, t->path,
					true),
				toggle_test(s, FIELD_PATH, OP_MATCHES,
					"^[ -~]+$", false),
				NULL));
	}
}
