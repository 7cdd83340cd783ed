/* Filters written as text, and answers run through them in pieces, for the
 * tests and the benchmark of runtime/redact*. */
#ifndef TESTS_UNIT_REDACT_FIXTURE_H
#define TESTS_UNIT_REDACT_FIXTURE_H

#include "runtime/json_string.h"
#include "runtime/limits.h"
#include "runtime/redact.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#define FILTERS_MAX 64
#define STEPS_MAX   1024

/* A program that is filters alone. */
struct filters {
	struct program program;
	struct program_filter filters[FILTERS_MAX];
	struct program_step steps[STEPS_MAX];
	struct regex *regexes[FILTERS_MAX]; /* owned */
	uint32_t all[FILTERS_MAX];
	char strings[65536];
	uint32_t nstrings;
	struct arena arena;
	struct regex_scratch *scratch; /* owned */
};

static inline struct filters *
filters_new(void)
{
	struct filters *f = calloc(1, sizeof(*f));

	assert(f);
	f->program.filters = f->filters;
	f->program.steps = f->steps;
	f->program.strings = f->strings;
	f->program.regexes = f->regexes;
	f->scratch = regex_scratch_new();
	assert(f->scratch);
	arena_init(&f->arena, MIB(16));
	return f;
}

static inline void
filters_free(struct filters *f)
{
	for (size_t i = 0; i < FILTERS_MAX; i++)
		regex_free(f->regexes[i]);
	regex_scratch_free(f->scratch);
	arena_fini(&f->arena);
	free(f);
}

static inline struct program_str
filters_text(struct filters *f, struct str s)
{
	uint32_t off = f->nstrings;

	assert(s.n <= sizeof(f->strings) - off);
	if (s.n)
		memcpy(f->strings + off, s.p, s.n);
	f->nstrings += (uint32_t)s.n;
	return (struct program_str){off, (uint32_t)s.n};
}

/* A step of the newest filter. */
static inline void
filters_step(struct filters *f, struct str name)
{
	char *folded = malloc(name.n + 1);
	struct program_step *s = &f->steps[f->program.nsteps++];

	assert(folded && f->program.nsteps <= STEPS_MAX);
	if (name.n)
		memcpy(folded, name.p, name.n);
	folded[name.n] = '\0';
	s->index = UINT32_MAX;
	if (name.n && strspn(folded, "0123456789") >= name.n)
		s->index = (uint32_t)strtoul(folded, NULL, 10);
	s->any = str_eq(name, STR("*"));
	s->raw = filters_text(f, name);
	s->folded = filters_text(
		f, (struct str){folded, json_string_fold(folded, name.n)});
	f->filters[f->program.nfilters - 1].nsteps++;
	free(folded);
}

/* A filter without steps yet. Without a pattern, its p is NULL. */
static inline void
filters_begin(struct filters *f, enum filter_action action, struct str pattern,
	struct str replacement)
{
	uint32_t i = f->program.nfilters++;
	char err[128];
	size_t offset;

	assert(i < FILTERS_MAX);
	f->all[i] = i;
	f->filters[i] = (struct program_filter){
		.step = f->program.nsteps,
		.match = pattern.p ? i : FILTER_ANY_VALUE,
		.action = (uint8_t)action,
		.replacement = filters_text(f, replacement),
	};
	if (!pattern.p)
		return;
	f->regexes[i] =
		regex_compile(pattern, false, err, sizeof(err), &offset);
	assert(f->regexes[i]);
}

/* Cuts s at the separator; what is behind it, {NULL, 0} without one. */
static inline struct str
filters_cut(struct str *s, struct str separator)
{
	size_t at = str_find(*s, separator);

	if (at == s->n)
		return (struct str){NULL, 0};
	struct str rest = str_from(*s, at + separator.n);
	s->n = at;
	return rest;
}

/* "redact Config.Env.*", "remove *.* ~ pattern", "replace a ~ pattern = {}";
 * `\.` is a dot in a name. */
static inline void
filters_add(struct filters *f, const char *spec)
{
	static const char *const words[FILTER_ACTION_COUNT] = {
		"redact", "remove", "replace"};
	struct str word = str_of(spec);
	struct str path = filters_cut(&word, STR(" "));
	struct str replacement = filters_cut(&path, STR(" = "));
	struct str pattern = filters_cut(&path, STR(" ~ "));
	unsigned action = 0;
	char name[1024];

	while (!str_eq(word, str_of(words[action])))
		action++;
	filters_begin(f, (enum filter_action)action, pattern, replacement);
	for (size_t at = 0; at <= path.n; at++) {
		size_t n = 0;
		for (; at < path.n && path.p[at] != '.'; at++) {
			if (path.p[at] == '\\')
				at++;
			assert(n < sizeof(name));
			name[n++] = path.p[at];
		}
		filters_step(f, (struct str){name, n});
	}
}

/* An answer on its way. */
struct answer {
	struct redact *redact;
	char *piece; /* owned: of exactly cap bytes */
	size_t cap;
	char *out; /* owned */
	size_t n, room;
	enum redact_step step; /* the last one */
};

/* All of the filters, whose arena is begun anew; the output is taken in
 * pieces of cap bytes. */
static inline void
answer_begin(struct answer *a, struct filters *f, size_t cap)
{
	const struct redact_plan *plan;

	arena_reset(&f->arena);
	plan = redact_plan_new(
		&f->program, f->all, f->program.nfilters, &f->arena);
	assert(plan);
	*a = (struct answer){
		.redact = redact_new(plan, f->scratch, &f->arena),
		.piece = malloc(cap),
		.cap = cap,
	};
	assert(a->redact && a->piece);
}

/* Feeds a copy of exactly that size. Returns false once it is bad. */
static inline bool
answer_feed(struct answer *a, struct str in)
{
	char *copy = malloc(in.n ? in.n : 1);
	size_t at = 0;

	assert(copy);
	if (in.n)
		memcpy(copy, in.p, in.n);
	do {
		size_t used, n = 0;
		a->step = redact_run(a->redact, copy + at, in.n - at, &used,
			a->piece, a->cap, &n);
		at += used;
		assert(at <= in.n && n <= a->cap);
		/* One that is not full and not done would never end. */
		assert(a->step != REDACT_FULL || n == a->cap);
		if (a->n + n > a->room) {
			a->room = 2 * (a->n + n);
			a->out = realloc(a->out, a->room);
			assert(a->out);
		}
		if (n)
			memcpy(a->out + a->n, a->piece, n);
		a->n += n;
	} while (a->step == REDACT_FULL);
	assert(a->step == REDACT_BAD || at == in.n);
	free(copy);
	return a->step == REDACT_MORE;
}

static inline struct str
answer_text(const struct answer *a)
{
	return (struct str){a->n ? a->out : "", a->n};
}

static inline void
answer_end(struct answer *a)
{
	free(a->piece);
	free(a->out);
	*a = (struct answer){0};
}

#endif
