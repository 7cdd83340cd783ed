/* Accepting a finding at its place: a comment in the file.
 *
 *   - name: trial          # lint: allow DP112 until the end of March
 *
 * It speaks of its own line; alone in a line, of the next one that is not a
 * comment; and before anything else in the file, also of what is found in the
 * file as a whole. In quotes or in a block of text it is read as a comment
 * too: who writes there may write a comment as well.
 */
#include "compiler/lint.h"

#include "compiler/source.h"

#define MARK "# lint: allow"

/* A comment, while its words are read. */
struct allowance {
	struct pos pos;  /* of its # */
	uint32_t line;   /* that it speaks of */
	bool whole_file; /* and of that */
	bool tell_unused;
};

static struct str
trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_from(s, 1);
	return s;
}

/* Nothing but a comment, or nothing. */
static bool
is_empty(struct str line)
{
	struct str rest = trim(line);

	return rest.n == 0 || rest.p[0] == '#' || rest.p[0] == '\r';
}

static uint32_t
columns(struct str s)
{
	uint32_t n = 1;
	bool plain;

	for (; s.n > 0; n++)
		s = str_from(s, source_char(s, &plain));
	return n;
}

static bool
accept(struct diag *d, const struct allowance *a, enum finding f)
{
	bool any = false;

	for (size_t i = 0; i < d->n; i++) {
		struct diag_entry *e = &d->entries[i];
		bool here = e->pos.line > 0 ? e->pos.line == a->line
					    : e->whole_file && a->whole_file;
		if (e->pos.file != a->pos.file)
			continue;
		if (!here || e->level == DIAG_ERROR || e->finding != f)
			continue;
		e->accepted = true;
		any = true;
	}
	return any;
}

/* The next word, up to a space or a comma. */
static struct str
take_word(struct str *s)
{
	struct str rest = trim(*s), word = {rest.p, 0};

	while (word.n < rest.n && !strchr(" \t,\r", rest.p[word.n]))
		word.n++;
	*s = str_from(rest, word.n);
	return word;
}

static void
accept_named(struct diag *d, const struct allowance *a, struct str words)
{
	enum finding f;
	bool more = true;

	while (more) {
		struct str word = take_word(&words);
		if (!finding_parse(word, &f)) {
			diag_warning(d, FINDING_BAD_ALLOWANCE, a->pos,
				"there is no finding \"%.*s\"", STR_FMT(word));
			return;
		}
		bool looked_for =
			d->notes || finding_info(f)->level != FINDING_NOTE;
		if (!accept(d, a, f) && a->tell_unused && looked_for)
			diag_warning(d, FINDING_UNUSED_ALLOWANCE, a->pos,
				"%.*s is not found here: this comment "
				"accepts nothing",
				STR_FMT(word));
		more = str_starts(words, STR(","));
		words = str_from(words, more);
	}
	words = trim(words);
	if (words.n == 0 || words.p[0] == '\r')
		diag_warning(d, FINDING_BAD_ALLOWANCE, a->pos,
			"this comment accepts a finding and does not say "
			"why");
}

static void
accept_in(struct diag *d, const struct source *s, bool tell_unused)
{
	bool began = false;

	for (uint32_t i = 1; i <= s->nlines; i++) {
		struct str line = source_line(s, i);
		size_t at = str_find(line, STR(MARK));
		bool alone = is_empty(line);
		began = began || !alone;
		if (at == line.n || (at > 0 && !strchr(" \t", line.p[at - 1])))
			continue;
		struct allowance a = {
			.pos = {i, columns((struct str){line.p, at}), 1,
				s->file},
			.line = i,
			.whole_file = !began,
			.tell_unused = tell_unused,
		};
		while (alone && a.line < s->nlines &&
			is_empty(source_line(s, a.line)))
			a.line++;
		accept_named(d, &a, str_from(line, at + strlen(MARK)));
	}
}

/* What a file finds in itself may be different where it is included: a guard
 * beside it says no. So only the configuration hears of what is unused. */
void
lint_accept(struct diag *d, bool tell_unused)
{
	for (uint32_t i = 0; i < d->nsources; i++)
		accept_in(d, d->sources[i], tell_unused && i == 0);
}
