/* Migrate: patterns for paths with an API version in them, taken apart.
 *
 * Here a path is without its version, which is a field of its own. A pattern
 * is split at its outermost alternatives, and of each the part that is the
 * version is taken off. What cannot be told apart is taken to have no version
 * in it: so it allows less, not more.
 */
#include "compiler/migrate_parts.h"

#include "runtime/regex.h"

/* The end of the group, class or escape that begins at i; i + 1 else. */
static size_t
skip_atom(struct str s, size_t i)
{
	if (s.p[i] == '\\')
		return i + 2 <= s.n ? i + 2 : s.n;
	if (s.p[i] == '[') {
		i += i + 1 < s.n && s.p[i + 1] == '^';
		for (i += 2; i < s.n && s.p[i] != ']'; i++)
			i += s.p[i] == '\\';
		return i < s.n ? i + 1 : s.n;
	}
	if (s.p[i] != '(')
		return i + 1;
	for (i++; i < s.n && s.p[i] != ')';)
		i = skip_atom(s, i);
	return i < s.n ? i + 1 : s.n;
}

/* Where c stands outside of groups and classes, from i on; s.n: nowhere. */
static size_t
find_outside(struct str s, size_t i, char c)
{
	while (i < s.n && s.p[i] != c)
		i = skip_atom(s, i);
	return i < s.n ? i : s.n;
}

static bool
matches(struct str pattern, const char *text, struct arena *a)
{
	char err[8];
	size_t at;
	struct str whole = arena_fmt(a, "^(?:%.*s)$", STR_FMT(pattern));
	struct regex *re = regex_compile(whole, false, err, sizeof(err), &at);
	struct regex_scratch *scratch = regex_scratch_new();
	bool yes = re && scratch &&
		   regex_match(re, str_of(text), scratch) == REGEX_YES;

	regex_free(re);
	regex_scratch_free(scratch);
	return yes;
}

/* Does it match the "/v1.41" of a path, and so stand for a version? */
static bool
is_version(struct str pattern, struct arena *a)
{
	return matches(pattern, "/v1.41", a) || matches(pattern, "/v1.24", a);
}

/* "(?:" and "(" alike. */
static struct str
inside(struct str group)
{
	struct str s = {group.p + 1, group.n - 2};
	return str_starts(s, STR("?:")) ? str_from(s, 2) : s;
}

/* (/v1\..+)?/rest and /(v1\..+/)?rest; false when it is neither. */
static bool
split_optional(struct str s, struct arena *a, struct split_pattern *out)
{
	bool slash = str_starts(s, STR("/("));
	struct str t = slash ? str_from(s, 1) : s;
	if (!str_starts(t, STR("(")))
		return false;
	size_t end = skip_atom(t, 0);
	if (end >= t.n || t.p[end] != '?')
		return false;
	struct str group = inside((struct str){t.p, end});
	if (slash && str_ends(group, STR("/")))
		group = arena_fmt(a, "/%.*s", (int)group.n - 1, group.p);
	else if (slash)
		return false;
	if (!is_version(group, a) || !str_starts(group, STR("/v")))
		return false;
	*out = (struct split_pattern){
		.path = arena_fmt(a, "%s%.*s", slash ? "/" : "",
			STR_FMT(str_from(t, end + 1))),
		.version = arena_fmt(
			a, "^(?:%.*s)?$", STR_FMT(str_from(group, 2))),
	};
	return true;
}

/* /v1\..{1,2}/rest */
static bool
split_versioned(struct str s, struct arena *a, struct split_pattern *out)
{
	if (!str_starts(s, STR("/")))
		return false;
	size_t end = find_outside(s, 1, '/');
	struct str first = {s.p, end};
	if (end == s.n || !is_version(first, a))
		return false;
	out->path = str_from(s, end);
	out->version = str_starts(first, STR("/v"))
			       ? arena_fmt(a, "^(?:%.*s)$",
					 STR_FMT(str_from(first, 2)))
			       : STR(".");
	return true;
}

static struct str
strip(struct str s)
{
	if (str_starts(s, STR("^")))
		s = str_from(s, 1);
	if (str_ends(s, STR("$")) && !str_ends(s, STR("\\$")))
		s.n--;
	return s;
}

/* Adds what one alternative without alternatives comes to. */
static void
split_one(struct str s, struct arena *a, struct split_pattern *out, size_t *n)
{
	static const struct str any[] = {STR(".*"), STR("/.*"), STR("/?.*")};
	struct split_pattern p = {.path = s, .version = STR("^$")};

	for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		if (str_starts(s, any[i]))
			p.version = (struct str){0};
	bool split = p.version.p &&
		     (split_optional(s, a, &p) || split_versioned(s, a, &p));
	if (*n < SPLITS_MAX)
		out[*n] = p;
	(*n)++;
	/* A first step that may be a version may be none as well. */
	if (!split || !str_eq(p.version, STR(".")))
		return;
	if (*n < SPLITS_MAX)
		out[*n] = (struct split_pattern){s, STR("^$")};
	(*n)++;
}

static void
split(struct str s, struct arena *a, struct split_pattern *out, size_t *n)
{
	s = strip(s);
	size_t bar = find_outside(s, 0, '|');
	if (bar < s.n) {
		split((struct str){s.p, bar}, a, out, n);
		split(str_from(s, bar + 1), a, out, n);
	} else if (str_starts(s, STR("(")) && skip_atom(s, 0) == s.n &&
		   (!str_starts(s, STR("(?")) || str_starts(s, STR("(?:")))) {
		split(inside(s), a, out, n);
	} else {
		split_one(s, a, out, n);
	}
}

size_t
migrate_split(struct str pattern, struct arena *a,
	struct split_pattern out[SPLITS_MAX])
{
	size_t n = 0;

	split(pattern, a, out, &n);
	return n <= SPLITS_MAX ? n : 0;
}
