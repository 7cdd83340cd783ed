/* One test of a program against the facts: fields, values, operators.
 *
 * A field yields no value, one, or several; the test holds when it does for
 * some value. Where there is none, the field is absent: nothing holds but
 * `empty`. Negation is the compiler's: it jumps the other way. `only_`, which
 * speaks of every value, is "not for some value: not", so that each value is
 * asked whether it is outside.
 */
#include "runtime/match_parts.h"

#include "runtime/limits.h"
#include "runtime/number.h"
#include "runtime/path.h"

#include <assert.h>
#include <stdio.h>

#define MINUTES_OF_DAY (24u * 60)

/* Most tests compare one plain text: all else is kept out of their way, so
 * that they do not pay for its registers and buffers. */
#define APART          __attribute__((noinline))

/* --- text --------------------------------------------------------------- */

static struct str
value_text(const struct program *p, const struct program_test *t, uint32_t i)
{
	return program_text(p, p->values[t->value + i].text);
}

APART enum truth
match_compare_nocase(struct str a, struct str b)
{
	return match_truth(str_eq_nocase(a, b));
}

static enum truth
text_starts(const struct program_test *t, struct str s, struct str prefix)
{
	if (s.n < prefix.n)
		return TRUTH_FALSE;
	return match_compare(t, (struct str){s.p, prefix.n}, prefix);
}

static enum truth
text_ends(const struct program_test *t, struct str s, struct str suffix)
{
	if (s.n < suffix.n)
		return TRUTH_FALSE;
	return match_compare(t, str_from(s, s.n - suffix.n), suffix);
}

static APART enum truth
text_in(const struct program *p, const struct program_test *t, struct str s)
{
	for (uint32_t i = 0; i < t->nvalues; i++)
		if (match_compare(t, s, value_text(p, t, i)) == TRUTH_TRUE)
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

/* Is the path that prefix, or below it? */
static enum truth
path_starts(const struct program_test *t, struct str s, struct str prefix)
{
	if (prefix.n == 1)
		return match_truth(str_starts(s, prefix));
	if (s.n > prefix.n && s.p[prefix.n] != '/')
		return TRUTH_FALSE;
	return text_starts(t, s, prefix);
}

/* Cuts off how docker.host_paths says that a path is only read. */
static bool
take_readonly(struct str *s)
{
	static const struct str mark = STR(":ro");

	if (!str_ends(*s, mark))
		return false;
	s->n -= mark.n;
	return true;
}

/* A directory holds what is mounted of it, to write or to read; one that says
 * it is only read, what is only read. */
static enum truth
host_path_starts(const struct program_test *t, struct str s, struct str prefix)
{
	bool only_read = take_readonly(&s);

	if (take_readonly(&prefix) && !only_read)
		return TRUTH_FALSE;
	return path_starts(t, s, prefix);
}

static APART enum truth
text_under(const struct program *p, const struct program_test *t, struct str s)
{
	bool host = t->field == FIELD_DOCKER_HOST_PATHS;

	for (uint32_t i = 0; i < t->nvalues; i++) {
		struct str prefix = value_text(p, t, i);
		if ((host ? host_path_starts(t, s, prefix)
			  : path_starts(t, s, prefix)) == TRUTH_TRUE)
			return TRUTH_TRUE;
	}
	return TRUTH_FALSE;
}

static APART enum truth
text_contains(const struct program_test *t, struct str s, struct str part)
{
	if (part.n == 0)
		return TRUTH_TRUE;
	size_t at = program_test_nocase(t) ? str_find_nocase(s, part)
					   : str_find(s, part);
	return match_truth(at < s.n);
}

static APART enum truth
text_matches(
	const struct regex *re, struct str s, struct regex_scratch *scratch)
{
	switch (regex_match(re, s, scratch)) {
	case REGEX_NO:
		return TRUTH_FALSE;
	case REGEX_YES:
		return TRUTH_TRUE;
	case REGEX_DOUBT:
		break;
	}
	return TRUTH_DOUBT;
}

/* Is s a number on that side (-1 below, 1 above) of the limit? */
static APART enum truth
number_beyond(struct str s, struct str limit, int side)
{
	return match_truth(number_is(s) && number_cmp(s, limit) * side > 0);
}

/* Does the test hold for a text that is there? */
static enum truth
text_holds(const struct program *p, const struct program_test *t,
	struct regex_scratch *scratch, struct str s)
{
	switch ((enum operator_id)t->op) {
	case OP_EQUALS:
		return match_compare(t, s, value_text(p, t, 0));
	case OP_IN:
		return text_in(p, t, s);
	case OP_UNDER:
		return text_under(p, t, s);
	case OP_ONLY_IN:
		return match_opposite(text_in(p, t, s));
	case OP_ONLY_UNDER:
		return match_opposite(text_under(p, t, s));
	case OP_CONTAINS:
		return text_contains(t, s, value_text(p, t, 0));
	case OP_STARTS_WITH:
		return text_starts(t, s, value_text(p, t, 0));
	case OP_ENDS_WITH:
		return text_ends(t, s, value_text(p, t, 0));
	case OP_MATCHES:
		return text_matches(p->regexes[t->value], s, scratch);
	case OP_EXISTS:
		return TRUTH_TRUE;
	case OP_EMPTY:
		return match_truth(s.n == 0);
	case OP_GREATER_THAN:
		return number_beyond(s, value_text(p, t, 0), 1);
	case OP_LESS_THAN:
		return number_beyond(s, value_text(p, t, 0), -1);
	case OP_COUNT:
		break;
	}
	assert(false && "an unverified operator");
	return TRUTH_DOUBT;
}

/* --- headers and query ---------------------------------------------------- */

enum truth
match_absent(const struct match *m)
{
	return match_truth(m->t->op == OP_EMPTY);
}

bool
match_settled(struct match *m, enum truth *so_far, enum truth one)
{
	if (one == TRUTH_DOUBT)
		m->doubts++;
	if (one != TRUTH_FALSE)
		*so_far = one;
	return one == TRUTH_TRUE || m->doubts >= REGEX_DOUBTS_MAX;
}

static bool
is_about_paths(const struct program_test *t)
{
	return t->op == OP_UNDER || t->op == OP_ONLY_UNDER;
}

static bool
is_about_all(const struct program_test *t)
{
	return t->op == OP_ONLY_IN || t->op == OP_ONLY_UNDER;
}

enum truth
match_value(const struct match *m, struct str s)
{
	if (is_about_paths(m->t)) {
		s = path_clean(s, m->f->arena);
		if (arena_overflowed(m->f->arena))
			return TRUTH_DOUBT;
	}
	return text_holds(m->p, m->t, m->scratch, s);
}

/* The field lines of that name that are forwarded: how many, and the bytes of
 * their values together. */
static size_t
count_header(const struct facts *f, struct str name, size_t *bytes_out,
	struct str *last_out)
{
	size_t n = 0;

	*bytes_out = 0;
	for (size_t i = 0; i < f->nheaders; i++) {
		const struct http1_field *h = &f->headers[i];
		if (h->hop || !str_eq_nocase(h->name, name))
			continue;
		n++;
		*bytes_out += h->value.n;
		*last_out = h->value;
	}
	return n;
}

/* Several field lines mean what one with their values joined by ", " does
 * (RFC 9110, section 5.3). */
static struct str
join_header(const struct facts *f, struct str name, size_t n, size_t bytes)
{
	static const char sep[2] = ", ";
	char *p = arena_alloc(f->arena, bytes + (n - 1) * sizeof(sep));
	struct str out = {p, 0};
	bool first = true;

	for (size_t i = 0; p && i < f->nheaders; i++) {
		const struct http1_field *h = &f->headers[i];
		if (h->hop || !str_eq_nocase(h->name, name))
			continue;
		if (!first) {
			memcpy(p + out.n, sep, sizeof(sep));
			out.n += sizeof(sep);
		}
		first = false;
		if (h->value.n)
			memcpy(p + out.n, h->value.p, h->value.n);
		out.n += h->value.n;
	}
	return out;
}

bool
match_header_value(
	const struct facts *f, struct str name, struct str *value_out)
{
	struct str value = STR("");
	size_t bytes;
	size_t n = count_header(f, name, &bytes, &value);

	if (n > 1)
		value = join_header(f, name, n, bytes);
	else if (!value.p)
		value = STR("");
	*value_out = value;
	return n > 0;
}

static enum truth
match_header(const struct match *m)
{
	struct str name = program_text(m->p, m->t->name);
	struct str value;

	if (!match_header_value(m->f, name, &value))
		return match_absent(m);
	return value.p ? match_value(m, value) : TRUTH_DOUBT;
}

static enum truth
match_query(struct match *m)
{
	struct str name = program_text(m->p, m->t->name);
	const struct target *target = m->f->target;
	enum truth truth = TRUTH_FALSE;
	bool found = false;

	for (size_t i = 0; i < target->nparams; i++) {
		if (!str_eq(target->params[i].name, name))
			continue;
		found = true;
		if (match_settled(
			    m, &truth, match_value(m, target->params[i].value)))
			break;
	}
	return found ? truth : match_absent(m);
}

/* --- what the request means to the Engine -------------------------------- */

/* A list that may lack a value decides nothing but what one of those that are
 * known decides alone. */
static enum truth
match_docker(struct match *m)
{
	enum truth truth = TRUTH_FALSE;
	bool doubt;
	const struct docker_list *l =
		docker_values(m->f, (enum field)m->t->field, &doubt);

	for (uint32_t i = 0; i < l->n; i++) {
		if (l->v[i].also && is_about_all(m->t))
			continue;
		if (match_settled(m, &truth, match_value(m, l->v[i].text)))
			return truth;
	}
	if (l->n == 0)
		truth = match_absent(m);
	if (doubt || arena_overflowed(m->f->arena))
		return TRUTH_DOUBT;
	return truth;
}

/* --- addresses, numbers, times ------------------------------------------ */

static enum truth
match_addr(const struct match *m, const struct ip *ip)
{
	char buf[46];

	if (!ip->set)
		return TRUTH_FALSE;
	if (m->t->op != OP_EQUALS && m->t->op != OP_IN)
		return match_value(m, str_of(ip_text(ip, buf)));
	for (uint32_t i = 0; i < m->t->nvalues; i++) {
		struct cidr net;
		memcpy(&net, value_text(m->p, m->t, i).p, sizeof(net));
		if (cidr_has(&net, ip))
			return TRUTH_TRUE;
	}
	return TRUTH_FALSE;
}

static bool
number_is_one_of(const struct match *m, struct str s)
{
	for (uint32_t i = 0; i < m->t->nvalues; i++)
		if (number_cmp(s, value_text(m->p, m->t, i)) == 0)
			return true;
	return false;
}

static enum truth
match_peer(const struct match *m)
{
	const struct facts *f = m->f;
	char buf[sizeof("4294967295")];

	if (!f->has_peer)
		return TRUTH_FALSE;
	int n = snprintf(buf, sizeof(buf), "%u",
		m->t->field == FIELD_PEER_UID ? f->peer_uid : f->peer_gid);
	struct str s = {buf, (size_t)n};
	if (m->t->op == OP_EQUALS || m->t->op == OP_IN)
		return match_truth(number_is_one_of(m, s));
	return match_value(m, s);
}

static bool
has_day(const struct program_value *v, unsigned day)
{
	return (v->days >> day) & 1;
}

/* A range past midnight belongs to the day it begins on. */
static bool
time_within(const struct program_value *v, unsigned day, unsigned minute)
{
	unsigned before = (day + 6) % 7;

	if (v->from <= v->to)
		return has_day(v, day) && minute >= v->from && minute < v->to;
	return (has_day(v, day) && minute >= v->from) ||
	       (has_day(v, before) && minute < v->to);
}

static enum truth
match_time(const struct match *m)
{
	const struct facts *f = m->f;

	assert(f->weekday < 7 && f->minute < MINUTES_OF_DAY);
	for (uint32_t i = 0; i < m->t->nvalues; i++)
		if (time_within(&m->p->values[m->t->value + i], f->weekday,
			    f->minute))
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

/* --- all fields --------------------------------------------------------- */

/* Each value says whether it is outside, and none may be. */
static enum truth
about_all(const struct match *m, enum truth outside)
{
	return is_about_all(m->t) ? match_opposite(outside) : outside;
}

static enum truth
match_list(struct match *m)
{
	return about_all(m,
		m->t->field == FIELD_QUERY ? match_query(m) : match_docker(m));
}

static enum truth
match_json(struct match *m)
{
	return about_all(m, match_body(m));
}

/* Fields that are not always one plain text. */
static APART enum truth
match_values(const struct program *p, const struct program_test *t,
	const struct facts *f, struct regex_scratch *scratch)
{
	struct match m = {.p = p, .t = t, .f = f, .scratch = scratch};

	switch (field_info[t->field].kind) {
	case KIND_TEXT:
		assert(t->field == FIELD_HEADER);
		return match_header(&m);
	case KIND_TEXTS:
		return match_list(&m);
	case KIND_JSON:
		return match_json(&m);
	case KIND_ADDR:
		return match_addr(&m, &f->client_ip);
	case KIND_NUMBER:
		return match_peer(&m);
	case KIND_TIME:
		return match_time(&m);
	case KIND_COUNT:
		break;
	}
	assert(false && "an unknown kind of field");
	return TRUTH_DOUBT;
}

static APART enum truth
match_method(const struct program *p, const struct program_test *t,
	const struct facts *f, struct regex_scratch *scratch)
{
	return text_holds(p, t, scratch, method_name(f->method));
}

enum truth
match_test(const struct program *p, const struct program_test *t,
	const struct facts *f, struct regex_scratch *scratch)
{
	switch (t->field) {
	case FIELD_PATH:
		return text_holds(p, t, scratch, f->target->path);
	case FIELD_METHOD:
		return match_method(p, t, f, scratch);
	case FIELD_API_VERSION:
		return text_holds(p, t, scratch, f->target->api_version);
	case FIELD_ROLE:
		return text_holds(p, t, scratch, f->role);
	case FIELD_IDENTITY:
		return text_holds(p, t, scratch, f->identity);
	case FIELD_LISTENER:
		return text_holds(p, t, scratch, f->listener);
	default:
		return match_values(p, t, f, scratch);
	}
}
