/* Request targets: decode once, check, write anew. */
#include "runtime/target.h"

#include "runtime/limits.h"

#include <assert.h>
#include <stdlib.h>

/* What a byte is, as it stands in a target and as it is written anew. */
enum byte_class {
	BYTE_BAD = 1 << 0,     /* never raw in a target: RFC 9112, 3.2 */
	BYTE_ESCAPE = 1 << 1,  /* % */
	BYTE_PLUS = 1 << 2,    /* a space in a query */
	BYTE_PATH = 1 << 3,    /* written as an escape in a path: all but
				  unreserved, sub-delims, ":", "@", "/" */
	BYTE_QUERY = 1 << 4,   /* the same in a query's name or value: all
				  but unreserved, ":", "@", "/", "," */
	BYTE_CONTROL = 1 << 5, /* never in a decoded path */
};

#define BYTE_BOTH (BYTE_PATH | BYTE_QUERY)

static const uint8_t byte_class[256] = {
	[0 ... 0x1f] = BYTE_BAD | BYTE_BOTH | BYTE_CONTROL,
	[' '] = BYTE_BAD | BYTE_BOTH,
	['!'] = BYTE_QUERY,
	['"'] = BYTE_BOTH,
	['#'] = BYTE_BAD | BYTE_BOTH,
	['$'] = BYTE_QUERY,
	['%'] = BYTE_ESCAPE | BYTE_BOTH,
	['&' ... '*'] = BYTE_QUERY,
	['+'] = BYTE_PLUS | BYTE_QUERY,
	[';'] = BYTE_QUERY,
	['<'] = BYTE_BOTH,
	['='] = BYTE_QUERY,
	['>' ... '?'] = BYTE_BOTH,
	['[' ... '^'] = BYTE_BOTH,
	['`'] = BYTE_BOTH,
	['{' ... '}'] = BYTE_BOTH,
	[0x7f] = BYTE_BAD | BYTE_BOTH | BYTE_CONTROL,
	[0x80 ... 0xff] = BYTE_BAD | BYTE_BOTH,
};

/* Names read through r.Form["..."] or as repeated fields, not by Form.Get
 * (moby api/server/router/). */
static const struct str list_params[] = {
	STR("t"),
	STR("names"),
	STR("changes"),
	STR("extrahosts"),
	STR("platform"),
	STR("type"),
	STR("cachefrom"),
	STR("images"),
	STR("reference"),
};

bool
target_param_is_list(struct str name)
{
	size_t n = sizeof(list_params) / sizeof(list_params[0]);
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, list_params[i]))
			return true;
	return false;
}

/* Every class that occurs in s. */
static unsigned
classes(struct str s)
{
	unsigned seen = 0;
	for (size_t i = 0; i < s.n; i++)
		seen |= byte_class[(unsigned char)s.p[i]];
	return seen;
}

/* What stands before the first sep, or all of it; *rest is what follows. */
static struct str
cut(struct str s, char sep, struct str *rest)
{
	const char *hit = s.n ? memchr(s.p, sep, s.n) : NULL;
	size_t n = hit ? (size_t)(hit - s.p) : s.n;
	*rest = str_from(s, hit ? n + 1 : n);
	return (struct str){s.p, n};
}

/* --- decoding ----------------------------------------------------------- */

/* Room for everything that will be decoded: never longer than the target. */
struct room {
	char *p;
	size_t used;
};

/* Undoes the escapes of s, and `+` where plus is a space. False at an escape
 * that is none. */
static bool
decode(struct str s, char plus, struct room *room, struct str *out)
{
	char *start = room->p + room->used;
	char *to = start;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '+')
			c = plus;
		if (c == '%') {
			if (s.n - i < 3)
				return false;
			int hi = ascii_hex(s.p[i + 1]);
			int lo = ascii_hex(s.p[i + 2]);
			if (hi < 0 || lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		*to++ = c;
	}
	*out = (struct str){start, (size_t)(to - start)};
	room->used += out->n;
	return true;
}

/* --- the path ----------------------------------------------------------- */

/* gorilla/mux answers 301 when path.Clean would change the path, but for a
 * trailing slash. */
static bool
is_clean(struct str path)
{
	struct str rest = str_from(path, 1);
	while (rest.n) {
		struct str segment = cut(rest, '/', &rest);
		if (segment.n == 0 || str_eq(segment, STR(".")) ||
			str_eq(segment, STR("..")))
			return false;
	}
	return true;
}

/* `seen` are the classes of the whole target. */
static enum why
read_path(struct str raw, unsigned seen, struct room *room, struct str *out)
{
	*out = raw;
	if ((seen & BYTE_ESCAPE) && (classes(raw) & BYTE_ESCAPE)) {
		if (!decode(raw, '+', room, out))
			return WHY_TARGET_ESCAPE;
		if (classes(*out) & BYTE_CONTROL)
			return WHY_TARGET_BYTE;
		if (!str_is_utf8(*out))
			return WHY_TARGET_UTF8;
	}
	return is_clean(*out) ? WHY_OK : WHY_TARGET_UNCLEAN;
}

/* [vV][0-9.]+ : what the Engine's router takes for a version, and what a
 * reader without case would. */
static bool
looks_like_version(struct str segment)
{
	if (segment.n < 2 || ascii_lower(segment.p[0]) != 'v')
		return false;
	for (size_t i = 1; i < segment.n; i++) {
		char c = segment.p[i];
		if (c != '.' && (c < '0' || c > '9'))
			return false;
	}
	return true;
}

/* One part of a version: digits, no leading zero, at most 65535. */
static bool
version_part(struct str s, uint16_t *out)
{
	if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[0] == '0'))
		return false;
	uint32_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(s.p[i] - '0');
	}
	*out = (uint16_t)v;
	return v <= UINT16_MAX;
}

/* Splits the API version off the path. */
static enum why
read_version(
	struct str path, const struct target_limits *limits, struct target *out)
{
	struct str behind, minor;

	out->path = path;
	if (path.n < 2 || ascii_lower(path.p[1]) != 'v')
		return WHY_OK;
	struct str segment = cut(str_from(path, 1), '/', &behind);
	if (!looks_like_version(segment))
		return WHY_OK;
	if (segment.p[0] != 'v' || path.n == segment.n + 1)
		return WHY_API_VERSION_FORM;
	out->api_version = str_from(segment, 1);
	struct str major = cut(out->api_version, '.', &minor);
	if (!version_part(major, &out->api_major) ||
		!version_part(minor, &out->api_minor))
		return WHY_API_VERSION_FORM;
	if (out->api_major < limits->min_api_major ||
		(out->api_major == limits->min_api_major &&
			out->api_minor < limits->min_api_minor))
		return WHY_API_VERSION_OLD;
	out->path = str_from(path, segment.n + 1);
	return WHY_OK;
}

/* --- the query ---------------------------------------------------------- */

/* A name or a value. */
static enum why
read_part(struct str raw, struct room *room, struct str *out)
{
	*out = raw;
	if (!(classes(raw) & (BYTE_ESCAPE | BYTE_PLUS)))
		return WHY_OK;
	if (!decode(raw, ' ', room, out))
		return WHY_QUERY_ESCAPE;
	if (memchr(out->p, '\0', out->n) || !str_is_utf8(*out))
		return WHY_QUERY_UTF8;
	return WHY_OK;
}

static int
by_name(const void *x, const void *y)
{
	struct str a = (*(const struct target_param *const *)x)->name;
	struct str b = (*(const struct target_param *const *)y)->name;
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* The Engine takes the first of two values, other readers the last. Sorted
 * rather than hashed: n log n whatever the names. */
static enum why
check_duplicates(const struct target *t, struct arena *a)
{
	if (t->nparams < 2)
		return WHY_OK;
	const struct target_param **sorted =
		arena_alloc(a, t->nparams * sizeof(const void *));
	if (!sorted)
		return WHY_OUT_OF_MEMORY;
	for (size_t i = 0; i < t->nparams; i++)
		sorted[i] = &t->params[i];
	qsort(sorted, t->nparams, sizeof(const void *), by_name);
	for (size_t i = 1; i < t->nparams; i++)
		if (str_eq(sorted[i]->name, sorted[i - 1]->name) &&
			!target_param_is_list(sorted[i]->name))
			return WHY_QUERY_DUPLICATE;
	return WHY_OK;
}

/* As net/url.ParseQuery, but strictly. */
static enum why
read_query(struct str query, struct room *room, struct arena *a,
	struct target *out)
{
	struct str rest, value;
	size_t n = 0;

	if (query.n && memchr(query.p, ';', query.n))
		return WHY_QUERY_SEMICOLON;
	for (rest = query; rest.n;)
		n += cut(rest, '&', &rest).n > 0;
	if (n > QUERY_PARAMS_MAX)
		return WHY_QUERY_TOO_MANY;
	if (n == 0)
		return WHY_OK;
	out->params = arena_alloc(a, n * sizeof(*out->params));
	if (!out->params)
		return WHY_OUT_OF_MEMORY;
	for (rest = query; rest.n;) {
		struct str pair = cut(rest, '&', &rest);
		if (pair.n == 0)
			continue;
		struct str name = cut(pair, '=', &value);
		struct target_param *p = &out->params[out->nparams++];
		enum why why = read_part(name, room, &p->name);
		if (why == WHY_OK)
			why = read_part(value, room, &p->value);
		if (why != WHY_OK)
			return why;
	}
	return check_duplicates(out, a);
}

/* --- writing anew ------------------------------------------------------- */

static char *
encode(char *to, struct str s, unsigned escaped)
{
	static const char hex[16] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!(byte_class[c] & escaped)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

/* Is a query already what encode() would write: no empty pair, one `=` in
 * each, no byte that it would escape? */
static bool
is_canonical_query(struct str query)
{
	struct str rest, value;
	size_t length = 0;

	for (rest = query; rest.n; length++) {
		struct str pair = cut(rest, '&', &rest);
		struct str name = cut(pair, '=', &value);
		if (name.n == pair.n || (classes(name) & BYTE_QUERY) ||
			(classes(value) & BYTE_QUERY))
			return false;
		length += pair.n;
	}
	return length == query.n + 1; /* else a `&` ends it */
}

static enum why
write_forward(
	struct str origin, struct str path, struct arena *a, struct target *out)
{
	/* A byte becomes three at most; a pair gains an `=` only where it
	 * has at least one byte and a separator before it. */
	size_t room = origin.n * 3;
	char *start = arena_alloc(a, room);
	if (!start)
		return WHY_OUT_OF_MEMORY;
	char *to = encode(start, path, BYTE_PATH);
	for (size_t i = 0; i < out->nparams; i++) {
		*to++ = i ? '&' : '?';
		to = encode(to, out->params[i].name, BYTE_QUERY);
		*to++ = '=';
		to = encode(to, out->params[i].value, BYTE_QUERY);
	}
	assert((size_t)(to - start) <= room);
	out->forward = (struct str){start, (size_t)(to - start)};
	return WHY_OK;
}

/* --- all of it ---------------------------------------------------------- */

/* From the path on: all of an origin form, what follows the authority of an
 * absolute one. */
static enum why
find_origin(struct str raw, struct str *origin, struct str *authority)
{
	static const struct str scheme = STR("http://");

	*origin = raw;
	if (raw.n && raw.p[0] == '/')
		return WHY_OK;
	if (raw.n < scheme.n ||
		!str_eq_nocase((struct str){raw.p, scheme.n}, scheme))
		return WHY_TARGET_FORM;
	struct str rest = str_from(raw, scheme.n);
	size_t n = 0;
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	if (n == 0 || n == rest.n || rest.p[n] != '/')
		return WHY_TARGET_FORM;
	*authority = (struct str){rest.p, n};
	*origin = str_from(rest, n);
	/* RFC 9110, 4.2.4: credentials in an http URI are an error. */
	return memchr(rest.p, '@', n) ? WHY_TARGET_AUTHORITY : WHY_OK;
}

enum why
target_parse(struct str raw, const struct target_limits *limits,
	struct arena *a, struct target *out)
{
	*out = (struct target){.nparams = 0};
	if (raw.n > limits->target_bytes)
		return WHY_TARGET_TOO_LONG;
	unsigned seen = classes(raw);
	if (seen & BYTE_BAD)
		return WHY_TARGET_BYTE;
	struct str origin, path, query;
	enum why why = find_origin(raw, &origin, &out->authority);
	if (why != WHY_OK)
		return why;

	struct room room = {NULL, 0};
	if (seen & (BYTE_ESCAPE | BYTE_PLUS)) {
		room.p = arena_alloc(a, raw.n);
		if (!room.p)
			return WHY_OUT_OF_MEMORY;
	}
	struct str raw_path = cut(origin, '?', &query);
	why = read_path(raw_path, seen, &room, &path);
	if (why == WHY_OK)
		why = read_version(path, limits, out);
	if (why == WHY_OK)
		why = read_query(query, &room, a, out);
	if (why != WHY_OK)
		return why;
	bool as_is = !(seen & BYTE_PATH) || !(classes(raw_path) & BYTE_PATH);
	bool has_query = raw_path.n < origin.n;
	if (as_is && (!has_query || is_canonical_query(query))) {
		out->forward = origin;
		return WHY_OK;
	}
	return write_forward(origin, path, a, out);
}
