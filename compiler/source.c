/* Source: checking the bytes of a policy, and its lines. */
#include "compiler/source.h"

#include "runtime/limits.h"
#include "runtime/utf8.h"

#define UNCLOSED_MAX 4096 /* brackets open at once */

/* Code points that no policy has a use for: they end or bend libfyaml's
 * input, or show a reader another text than the one that is compiled. */
static const struct {
	uint32_t from, to;
	const char *what;
} forbidden[] = {
	{0x00, 0x00, "a NUL byte"},
	{0x01, 0x08, "a control byte"},
	{0x0b, 0x0c, "a control byte"},
	{0x0d, 0x0d, "a carriage return without a line feed"},
	{0x0e, 0x1f, "a control byte"},
	{0x7f, 0x84, "a control character"},
	{0x85, 0x85, "a NEL (U+0085)"},
	{0x86, 0x9f, "a control character"},
	{0x2028, 0x2029, "a line or paragraph separator (U+2028, U+2029)"},
	{0x202a, 0x202e, "a character that changes the direction of text"},
	{0x2066, 0x2069, "a character that changes the direction of text"},
	{0xfeff, 0xfeff, "a byte order mark (U+FEFF)"},
	{0xfffe, 0xffff, "a noncharacter (U+FFFE, U+FFFF)"},
};

static const char *
why_forbidden(uint32_t u)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		if (u >= forbidden[i].from && u <= forbidden[i].to)
			return forbidden[i].what;
	return NULL;
}

static struct pos
pos_at(const struct source *s, size_t offset)
{
	struct pos pos = {1, 1, 1, s->file};
	for (size_t i = 0; i < offset; i++) {
		if (s->text.p[i] == '\n') {
			pos.line++;
			pos.col = 1;
		} else if (((unsigned char)s->text.p[i] & 0xc0) != 0x80) {
			pos.col++;
		}
	}
	return pos;
}

static bool
index_lines(struct source *s, struct arena *a)
{
	size_t n = 1;
	for (size_t i = 0; i < s->text.n; i++)
		n += s->text.p[i] == '\n';
	uint32_t *lines = arena_alloc(a, n * sizeof(*lines));
	if (!lines)
		return false;
	n = 1;
	for (size_t i = 0; i < s->text.n; i++)
		if (s->text.p[i] == '\n')
			lines[n++] = (uint32_t)i + 1;
	s->lines = lines;
	s->nlines = n;
	return true;
}

/* What is wrong with the character at `at`; NULL when nothing is. */
static const char *
fault_at(struct str text, size_t at, size_t *n_out)
{
	*n_out = utf8_bytes(str_from(text, at));
	if (*n_out == 0)
		return "bytes that are not valid UTF-8";
	uint32_t u = utf8_code((struct str){text.p + at, *n_out});
	if (u == '\r' && at + 1 < text.n && text.p[at + 1] == '\n')
		return NULL;
	return why_forbidden(u);
}

static bool
check_bytes(const struct source *s, struct diag *d)
{
	size_t n;
	for (size_t at = 0; at < s->text.n; at += n) {
		unsigned char c = (unsigned char)s->text.p[at];
		n = 1;
		if (c >= 0x20 && c < 0x7f)
			continue;
		const char *what = fault_at(s->text, at, &n);
		if (!what)
			continue;
		diag_error(d, pos_at(s, at), "the file contains %s", what);
		if (n == 0)
			diag_help(d, "save the file as UTF-8");
		else if (at == 0 && n == 3)
			diag_help(d, "save the file without a byte order mark");
		else
			diag_help(d, "remove it");
		return false;
	}
	return true;
}

size_t
source_char(struct str s, bool *plain_out)
{
	size_t n = utf8_bytes(s);
	*plain_out = n > 0 && !why_forbidden(utf8_code((struct str){s.p, n}));
	return n > 0 ? n : 1;
}

/* Shapes that cost libfyaml gigabytes or minutes, whatever they come to: each
 * flow collection is scanned to its end before its first event, and a
 * directive's line again and again. Quotes are not looked at: no policy is
 * anywhere near these figures. */
static bool
check_shape(const struct source *s, struct diag *d)
{
	uint32_t open = 0, marks = 0;
	const char *why = NULL;
	for (size_t at = 0; at < s->text.n && !why; at++) {
		char c = s->text.p[at];
		if (c == '[' || c == '{')
			open++;
		else if ((c == ']' || c == '}') && open > 0)
			open--;
		marks += c == '[' || c == '{' || c == ',';
		if (open > UNCLOSED_MAX)
			why = "too many brackets that are not closed";
		if (marks > TREE_NODES_MAX)
			why = "more than a million brackets and commas";
		if (c == '%' && (at == 0 || s->text.p[at - 1] == '\n'))
			why = "a YAML directive (%), which is not supported";
		if (why)
			diag_error(
				d, pos_at(s, at), "the file contains %s", why);
	}
	return !why;
}

bool
source_init(struct source *s, struct str name, struct str text, struct arena *a,
	struct diag *d)
{
	*s = (struct source){.name = name, .text = text};
	diag_add_source(d, s);
	if (text.n > SOURCE_BYTES_MAX) {
		diag_file_error(d, "the file is larger than %u MiB",
			SOURCE_BYTES_MAX / MIB(1));
		return false;
	}
	if (!index_lines(s, a)) {
		diag_file_error(d, "out of memory");
		return false;
	}
	return check_bytes(s, d) && check_shape(s, d);
}

struct str
source_line(const struct source *s, uint32_t line)
{
	if (line == 0 || line > s->nlines)
		return STR("");
	size_t from = s->lines[line - 1];
	size_t to = line < s->nlines ? s->lines[line] - 1 : s->text.n;
	if (to > from && s->text.p[to - 1] == '\r')
		to--;
	return (struct str){s->text.p + from, to - from};
}
