/* Audit events: what a request means to the Engine. */
#include "runtime/audit.h"

#include "runtime/audit_text.h"
#include "runtime/docker.h"
#include "runtime/facts.h"

#define VALUE_ROOM 520 /* a value, quotes and comma not counted */
#define NAME_ROOM  24  /* of a field, with what is around it */
/* Every field in both lists at the end, and their names. */
#define END_ROOM   (2 * NAME_ROOM * DOCKER_COUNT + 40)

struct facts_out {
	struct audit_buf buf;
	uint64_t hidden; /* a bit for each field: not all of it is told */
	uint64_t doubts;
	bool any;
};

_Static_assert(DOCKER_COUNT <= 64, "a bit for each field");
_Static_assert(AUDIT_FACTS_MAX > END_ROOM + 4 * VALUE_ROOM, "room for values");

/* Values of these are the secrets of whoever sends them; names are not. */
static bool
is_masked(enum field field)
{
	return field == FIELD_DOCKER_ENV || field == FIELD_DOCKER_LABELS ||
	       field == FIELD_DOCKER_ANNOTATIONS ||
	       field == FIELD_DOCKER_DRIVER_OPTS;
}

static void
put_key(struct facts_out *o, struct str name)
{
	audit_put(&o->buf, o->any ? STR(",\"") : STR("\""));
	audit_put(&o->buf, name);
	audit_put(&o->buf, STR("\":["));
	o->any = true;
}

/* False: it was cut. */
static bool
put_value(struct audit_buf *o, struct str value, bool masked)
{
	struct audit_text t = audit_text_begin(o, VALUE_ROOM);

	if (masked) {
		size_t n = str_find(value, STR("="));
		audit_text_put(&t, (struct str){value.p, n});
		if (n < value.n)
			audit_text_put(&t, STR("=***"));
	} else {
		audit_text_put(&t, value);
	}
	audit_text_end(&t);
	return !t.cut;
}

/* A value with other readings is an array of them. */
static bool
put_values(struct facts_out *o, const struct docker_list *list, bool masked)
{
	struct audit_buf *b = &o->buf;
	bool whole = true;

	for (uint32_t i = 0; i < list->n; i++) {
		bool also = i > 0 && list->v[i].also;
		bool more = i + 1 < list->n && list->v[i + 1].also;
		if (b->room - b->n < END_ROOM + VALUE_ROOM + 8) {
			if (also)
				audit_put(b, STR("]"));
			return false;
		}
		if (i > 0)
			audit_put(b, STR(","));
		if (!also && more)
			audit_put(b, STR("["));
		whole &= put_value(b, list->v[i].text, masked);
		if (also && !more)
			audit_put(b, STR("]"));
	}
	return whole;
}

static void
put_field(struct facts_out *o, const struct facts *f, enum field field)
{
	bool doubt, masked = is_masked(field);
	const struct docker_list *list = docker_values(f, field, &doubt);
	uint64_t bit = UINT64_C(1) << (field - DOCKER_FIRST);

	if (doubt)
		o->doubts |= bit;
	if (list->n == 0)
		return;
	put_key(o, docker_field_name(field - DOCKER_FIRST));
	if (!put_values(o, list, masked) || masked)
		o->hidden |= bit;
	audit_put(&o->buf, STR("]"));
}

static void
put_names(struct facts_out *o, struct str key, uint64_t fields)
{
	bool first = true;

	if (!fields)
		return;
	put_key(o, key);
	for (unsigned i = 0; i < DOCKER_COUNT; i++) {
		if (!(fields >> i & 1))
			continue;
		audit_put(&o->buf, first ? STR("\"") : STR(",\""));
		audit_put(&o->buf, docker_field_name(i));
		audit_put(&o->buf, STR("\""));
		first = false;
	}
	audit_put(&o->buf, STR("]"));
}

struct str
audit_facts(const struct facts *f, struct arena *a)
{
	char text[AUDIT_FACTS_MAX];
	struct facts_out o = {.buf = {.p = text, .room = sizeof(text)}};

	audit_put(&o.buf, STR("{"));
	for (unsigned i = 0; i < DOCKER_COUNT; i++)
		put_field(&o, f, DOCKER_FIRST + i);
	put_names(&o, STR("doubts"), o.doubts);
	put_names(&o, STR("hidden"), o.hidden);
	audit_put(&o.buf, STR("}"));
	return arena_str(a, (struct str){text, o.buf.n});
}
