/* Diagnostics: collecting them, and printing them with excerpts. */
#include "compiler/diag.h"

#include "compiler/show.h"
#include "compiler/source.h"
#include "runtime/limits.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#define TEXT_MAX    600 /* bytes of a message: it may quote a huge value */
#define EXCERPT_MAX 100 /* characters of a source line that are shown */

/* --- collecting ------------------------------------------------------- */

void
diag_init(struct diag *d, struct arena *a)
{
	*d = (struct diag){.arena = a};
}

void
diag_add_source(struct diag *d, struct source *s)
{
	assert(d->nsources < SOURCES_MAX);
	s->file = d->file = d->nsources;
	d->sources[d->nsources++] = s;
}

const struct source *
diag_source(const struct diag *d, struct pos pos)
{
	return pos.file < d->nsources ? d->sources[pos.file] : NULL;
}

void
diag_fini(struct diag *d)
{
	free(d->entries);
	d->entries = NULL;
	d->n = d->room = 0;
}

/* Counts always; room only for the first DIAG_MAX of each level. */
static struct diag_entry *
add_entry(struct diag *d, enum diag_level level)
{
	bool error = level == DIAG_ERROR;
	size_t *kept = error ? &d->kept_errors : &d->kept_warnings;
	*(error ? &d->errors : &d->warnings) += 1;
	d->dropped = true;
	if (*kept >= DIAG_MAX)
		return NULL;
	if (d->n == d->room) {
		size_t room = d->room ? d->room * 2 : 16;
		struct diag_entry *e = realloc(d->entries, room * sizeof(*e));
		if (!e)
			return NULL;
		d->entries = e;
		d->room = room;
	}
	d->dropped = false;
	*kept += 1;
	struct diag_entry *e = &d->entries[d->n++];
	*e = (struct diag_entry){.level = level, .seq = d->added++};
	return e;
}

__attribute__((format(printf, 2, 0))) static struct str
format(struct diag *d, const char *fmt, va_list ap)
{
	char buf[TEXT_MAX];
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	if (n < 0)
		return STR("");
	if ((size_t)n < sizeof(buf))
		return arena_str(d->arena, (struct str){buf, (size_t)n});
	size_t cut = sizeof(buf) - 1;
	while (cut > 0 && ((unsigned char)buf[cut] & 0xc0) == 0x80)
		cut--;
	return arena_fmt(d->arena, "%.*s...", (int)cut, buf);
}

/* Of an error, f is FINDING_COUNT. */
__attribute__((format(printf, 5, 0))) static struct diag_entry *
add(struct diag *d, enum finding f, enum diag_level level, struct pos pos,
	const char *fmt, va_list ap)
{
	if (level == DIAG_NOTE && !d->notes) {
		d->dropped = true;
		return NULL;
	}
	struct diag_entry *e = add_entry(d, level);
	if (!e)
		return NULL;
	e->finding = f;
	e->pos = pos;
	e->text = format(d, fmt, ap);
	return e;
}

static enum diag_level
level_of(enum finding f)
{
	return finding_info(f)->level == FINDING_NOTE ? DIAG_NOTE
						      : DIAG_WARNING;
}

void
diag_error(struct diag *d, struct pos pos, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, FINDING_COUNT, DIAG_ERROR, pos, fmt, ap);
	va_end(ap);
}

void
diag_warning(
	struct diag *d, enum finding f, struct pos pos, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, f, level_of(f), pos, fmt, ap);
	va_end(ap);
}

void
diag_file_error(struct diag *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct pos pos = {.file = d->file};
	struct diag_entry *e = add(d, FINDING_COUNT, DIAG_ERROR, pos, fmt, ap);
	va_end(ap);
	if (e)
		e->whole_file = true;
}

void
diag_file_warning(struct diag *d, enum finding f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct pos pos = {.file = d->file};
	struct diag_entry *e = add(d, f, level_of(f), pos, fmt, ap);
	va_end(ap);
	if (e)
		e->whole_file = true;
}

void
diag_env_error(struct diag *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(d, FINDING_COUNT, DIAG_ERROR, (struct pos){0}, fmt, ap);
	va_end(ap);
}

void
diag_env_warning(struct diag *d, enum finding f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (d->strict_env)
		add(d, FINDING_COUNT, DIAG_ERROR, (struct pos){0}, fmt, ap);
	else
		add(d, f, level_of(f), (struct pos){0}, fmt, ap);
	va_end(ap);
}

void
diag_help(struct diag *d, const char *fmt, ...)
{
	if (d->dropped || d->n == 0)
		return;
	va_list ap;
	va_start(ap, fmt);
	d->entries[d->n - 1].help = format(d, fmt, ap);
	va_end(ap);
}

/* --- nearness --------------------------------------------------------- */

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

size_t
diag_distance(struct str a, struct str b)
{
	size_t row[3][DIAG_WORD_MAX + 1];
	size_t *two = row[0], *one = row[1], *now = row[2];

	for (size_t j = 0; j <= b.n; j++)
		one[j] = two[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			char x = ascii_lower(a.p[i - 1]);
			char y = ascii_lower(b.p[j - 1]);
			now[j] = min3(one[j] + 1, now[j - 1] + 1,
				one[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == ascii_lower(b.p[j - 2]) &&
				y == ascii_lower(a.p[i - 2]) &&
				two[j - 2] + 1 < now[j])
				now[j] = two[j - 2] + 1;
		}
		size_t *t = two;
		two = one;
		one = now;
		now = t;
	}
	return one[b.n];
}

void
diag_did_you_mean(
	struct diag *d, struct str word, const char *const *names, size_t n)
{
	if (word.n == 0 || word.n > DIAG_WORD_MAX)
		return;
	/* At most 2 or a third of the word, and never most of it. */
	size_t best = word.n / 3 > 2 ? word.n / 3 : 2;
	if (best * 2 > word.n)
		best = word.n / 2;
	const char *near = NULL;
	for (size_t i = 0; i < n; i++) {
		struct str name = str_of(names[i]);
		if (name.n > DIAG_WORD_MAX)
			continue;
		size_t dist = diag_distance(word, name);
		if (dist < best || (dist == best && !near)) {
			best = dist;
			near = names[i];
		}
	}
	if (near)
		diag_help(d, "did you mean \"%s\"?", near);
}

/* --- printing --------------------------------------------------------- */

static struct str
skip_chars(struct str s, size_t chars)
{
	bool plain;
	while (chars-- > 0 && s.n > 0)
		s = str_from(s, source_char(s, &plain));
	return s;
}

static struct str
skip_bytes(struct str s, const char *any)
{
	while (s.n > 0 && strchr(any, s.p[0]))
		s = str_from(s, 1);
	return s;
}

/* If s begins with a key whose value is secret: that value, to the end of the
 * line, since it may have anything in it. Its p is NULL when not. The name of
 * a variable is no secret. */
static struct str
secret_of(struct str s)
{
	static const char *const keys[] = {"secret", "token_sha256", "token"};
	static const struct str none = {0};
	size_t i = 0;

	while (i < 3 && !str_starts(s, str_of(keys[i])))
		i++;
	if (i == 3)
		return none;
	s = skip_bytes(str_from(s, strlen(keys[i])), "\"' ");
	if (!str_starts(s, STR(":")))
		return none;
	s = skip_bytes(str_from(s, 1), "\"' ");
	return str_starts(s, STR("${")) ? none : s;
}

static struct str
find_secret(struct str line)
{
	struct str found = {0};

	for (; line.n > 0 && !found.p; line = str_from(line, 1))
		found = secret_of(line);
	return found;
}

/* Columns before the first key or value; `- ` moves a line in, too. */
static size_t
indent_of(struct str line)
{
	return line.n - skip_bytes(line, "- ").n;
}

/* Does the line belong to a secret that began above? Then that stands in the
 * next line that is less far in, or in one such above it. */
static bool
continues_secret(const struct source *s, uint32_t line)
{
	size_t indent = indent_of(source_line(s, line));

	while (indent > 0 && --line > 0) {
		struct str above = source_line(s, line);
		size_t its = indent_of(above);
		if (its == above.n || its >= indent)
			continue;
		if (find_secret(above).p)
			return true;
		indent = its;
	}
	return false;
}

/* The bytes before what must not be shown. */
static size_t
shown_bytes(const struct source *s, uint32_t line)
{
	struct str text = source_line(s, line);
	struct str secret = find_secret(text);

	if (continues_secret(s, line))
		return indent_of(text);
	return secret.p ? text.n - secret.n : text.n;
}

/* One column for each character, so that the caret stands right; from `secret`
 * on they are covered: what is printed here ends in logs. */
static void
write_line(struct str line, size_t from, size_t to, size_t secret, FILE *out)
{
	for (size_t at = 0; at < to;) {
		bool plain;
		size_t len = source_char(str_from(line, at), &plain);
		if (at >= from && (at >= secret || !plain))
			putc(at >= secret ? '*' : '?', out);
		else if (at >= from)
			fwrite(line.p + at, 1, len, out);
		at += len;
	}
}

/* Spaces up to the place (tabs stay tabs), then a caret and tildes. */
static void
write_caret(struct str line, uint32_t before, uint32_t len, FILE *out)
{
	for (uint32_t i = 0; i < before && line.n > 0; i++) {
		putc(*line.p == '\t' ? '\t' : ' ', out);
		line = skip_chars(line, 1);
	}
	putc('^', out);
	line = skip_chars(line, 1);
	for (uint32_t i = 1; i < len && line.n > 0; i++) {
		putc('~', out);
		line = skip_chars(line, 1);
	}
	putc('\n', out);
}

static void
write_excerpt(const struct source *source, struct pos pos, FILE *out)
{
	struct str line = source_line(source, pos.line);
	int width = 2 + snprintf(NULL, 0, "%u", pos.line);
	/* Of a long line, what is around the place. */
	uint32_t skip = pos.col > EXCERPT_MAX ? pos.col - EXCERPT_MAX / 2 : 0;
	struct str shown = skip_chars(line, skip);
	struct str tail = skip_chars(shown, EXCERPT_MAX);
	shown.n -= tail.n;

	fprintf(out, "%*u | %s", width, pos.line, skip ? "..." : "");
	size_t from = (size_t)(shown.p - line.p);
	write_line(
		line, from, from + shown.n, shown_bytes(source, pos.line), out);
	fprintf(out, "%s\n", tail.n ? "..." : "");
	fprintf(out, "%*s | %s", width, "", skip ? "   " : "");
	write_caret(shown, pos.col - 1 - skip, pos.len, out);
}

const char *
diag_level_name(enum diag_level level)
{
	static const char *const names[] = {"error", "warning", "note"};

	return names[level];
}

static void
write_entry(const struct diag *d, const struct diag_entry *e, FILE *out)
{
	const struct source *source = diag_source(d, e->pos);
	int indent = 2;
	bool placed = e->pos.line > 0 && source;

	if (placed) {
		fprintf(out, "%.*s:%u:%u: ", STR_FMT(source->name), e->pos.line,
			e->pos.col);
		indent = 3 + snprintf(NULL, 0, "%u", e->pos.line);
	} else if (e->whole_file && source) {
		fprintf(out, "%.*s: ", STR_FMT(source->name));
	} else {
		fputs("environment: ", out);
	}
	fprintf(out, "%s: ", diag_level_name(e->level));
	show_text(e->text, out);
	if (e->finding < FINDING_COUNT)
		fprintf(out, " [%s]", finding_info(e->finding)->code);
	putc('\n', out);
	if (placed)
		write_excerpt(source, e->pos, out);
	if (e->help.n > 0) {
		fprintf(out, "%*s= help: ", indent, "");
		show_text(e->help, out);
		putc('\n', out);
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct diag_entry *x = a, *y = b;
	struct pos p = x->pos, q = y->pos;
	if (p.file != q.file)
		return p.file < q.file ? -1 : 1;
	/* Line 0 becomes the largest: what has no place comes last. */
	if (p.line != q.line)
		return p.line - 1 < q.line - 1 ? -1 : 1;
	if (p.col != q.col)
		return p.col < q.col ? -1 : 1;
	if (p.line > 0 && x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool
same_place(const struct diag_entry *a, const struct diag_entry *b)
{
	return a->pos.line > 0 && a->pos.file == b->pos.file &&
	       a->pos.line == b->pos.line && a->pos.col == b->pos.col;
}

void
diag_sort(struct diag *d)
{
	struct diag_entry error = {.level = DIAG_WARNING};
	size_t n = 0;

	if (d->n > 0)
		qsort(d->entries, d->n, sizeof(*d->entries), by_place);
	for (size_t i = 0; i < d->n; i++) {
		const struct diag_entry *e = &d->entries[i];
		if (e->level == DIAG_ERROR)
			error = *e;
		else if (e->accepted ||
			 (error.level == DIAG_ERROR && same_place(&error, e)))
			continue;
		d->entries[n++] = *e;
	}
	d->n = n;
}

void
diag_write(struct diag *d, FILE *out)
{
	diag_sort(d);
	for (size_t i = 0; i < d->n; i++)
		write_entry(d, &d->entries[i], out);
	if (d->errors > d->kept_errors)
		fprintf(out, "and %zu more errors\n",
			d->errors - d->kept_errors);
	if (d->warnings > d->kept_warnings)
		fprintf(out, "and %zu more warnings\n",
			d->warnings - d->kept_warnings);
}
