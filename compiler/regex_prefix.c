/* The literal prefix of a pattern.
 *
 * A rule that is left out because of a wrong prefix would not fire: so
 * whatever is not read with certainty (quoting, options, comments, nested
 * classes) gives no prefix.
 */
#include "compiler/regex_prefix.h"

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') ||
	       (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* Stands for itself wherever it is in a pattern. */
static bool
is_plain(char c)
{
	return is_alnum(c) || is_one_of(c, "/_-:~%@,=");
}

/* The bytes of the class that begins s, with its brackets; 0 when it is not
 * of the plainest kind. */
static size_t
class_length(struct str s)
{
	size_t i = 1;

	if (i < s.n && s.p[i] == '^')
		i++;
	for (size_t first = i; i < s.n; i++) {
		if (s.p[i] == '\\' || s.p[i] == '[')
			return 0;
		if (s.p[i] == ']')
			return i > first ? i + 1 : 0;
	}
	return 0;
}

/* The bytes of the next item: an escaped character, a class, the start of a
 * group, or one character. 0 when it is not certain what it is. */
static size_t
item_length(struct str s)
{
	switch (s.p[0]) {
	case '\\':
		/* Quoting, or the control character of what follows. */
		return s.n > 1 && !is_one_of(s.p[1], "QEc") ? 2 : 0;
	case '[':
		return class_length(s);
	case '(':
		if (s.n > 1 && s.p[1] == '*')
			return 0;
		if (s.n > 1 && s.p[1] == '?')
			return s.n > 2 && s.p[2] == ':' ? 3 : 0;
		return 1;
	default:
		return 1;
	}
}

/* Could what stands before the first `|` outside of groups be left out? */
static bool
has_alternative(struct str s)
{
	size_t depth = 0, n;

	for (; s.n > 0; s = str_from(s, n)) {
		n = item_length(s);
		if (n == 0 || n > s.n || (s.p[0] == '|' && depth == 0))
			return true;
		depth += s.p[0] == '(';
		depth -= s.p[0] == ')' && depth > 0;
	}
	return false;
}

bool
regex_prefix(struct str pattern, struct arena *a, struct str *prefix_out)
{
	static const struct str dot_is_any = STR("(?s)");
	size_t n = 0, before = 0;

	/* Of what can be in a prefix it changes nothing. */
	if (str_starts(pattern, dot_is_any))
		pattern = str_from(pattern, dot_is_any.n);
	if (pattern.n == 0 || pattern.p[0] != '^')
		return false;
	struct str s = str_from(pattern, 1);
	char *p = arena_alloc(a, pattern.n);
	if (!p || has_alternative(s))
		return false;
	while (s.n > 0) {
		bool escaped = s.n > 1 && s.p[0] == '\\' && !is_alnum(s.p[1]) &&
			       (unsigned char)s.p[1] < 0x80;
		if (!escaped && !is_plain(s.p[0]))
			break;
		before = n;
		p[n++] = s.p[escaped];
		s = str_from(s, escaped ? 2 : 1);
	}
	/* Its last character may be one that a quantifier makes optional. */
	if (s.n > 0 && is_one_of(s.p[0], "?*+{"))
		n = before;
	*prefix_out = (struct str){p, n};
	return n > 0;
}
