/* Fixture of the toggle tests: an environment to rules, who decides, and why.
 *
 * Every verdict is asked twice: of the program that the rules become, and of
 * a naive walk that knows the rules only: no order but theirs, no index. The
 * two must name the same rule. What the walk cannot read fails the test.
 */
#ifndef TESTS_UNIT_TOGGLE_FIXTURE_H
#define TESTS_UNIT_TOGGLE_FIXTURE_H

#include "compiler/lower.h"
#include "compiler/toggles.h"
#include "runtime/limits.h"
#include "runtime/regex.h"
#include "runtime/target.h"
#include "runtime/vm.h"

#include <stdlib.h>

#define FIXTURE_VARS 128

struct fixture {
	struct arena arena;
	struct diag diag;
	struct rule_list rules;
	struct toggles toggles;
	struct image image;
	struct program program;
	char *env; /* owned: "A=1\0B=2\0" */
	const char *envp[FIXTURE_VARS];
};

/* env: NAME=value, separated by sep. */
static inline void
fixture_env(struct fixture *f, const char *env, char sep)
{
	size_t n = 0;

	f->env = strdup(env);
	assert_non_null(f->env);
	for (char *p = f->env; *p;) {
		char *end = strchr(p, sep);
		if (end)
			*end = '\0';
		assert_true(n + 1 < FIXTURE_VARS);
		f->envp[n++] = p;
		p = end ? end + 1 : p + strlen(p);
	}
	f->envp[n] = NULL;
}

static inline void
fixture_init(
	struct fixture *f, const struct tree *node, const char *env, char sep)
{
	fixture_env(f, env, sep);
	arena_init(&f->arena, POLICY_ARENA_MAX);
	diag_init(&f->diag, &f->arena);
	rule_list_init(&f->rules);
	toggles_read(
		node, f->envp, &f->toggles, &f->rules, &f->arena, &f->diag);
	assert_false(arena_overflowed(&f->arena));
	f->image = (struct image){NULL, 0};
	if (f->diag.errors > 0)
		return;
	const char *why = NULL;
	struct lower_options options = {.default_allow = true};
	assert_true(lower(&f->rules, &options, &f->image, &f->arena, &f->diag));
	if (!program_load(&f->program, f->image.bytes, f->image.size, &why))
		fail_msg("program: %s", why);
}

static inline void
fixture_fini(struct fixture *f)
{
	if (f->image.bytes)
		program_fini(&f->program);
	free(f->image.bytes);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
	free(f->env);
}

/* --- the walk ----------------------------------------------------------- */

struct walk {
	struct regex_scratch *scratch;
	struct arena arena; /* of a request of the program */
	struct walk_regex {
		struct str pattern; /* borrowed */
		bool nocase;
		struct regex *re; /* owned */
	} regexes[256];
	size_t n;
};

static inline void
walk_init(struct walk *w)
{
	*w = (struct walk){.scratch = regex_scratch_new()};
	assert_non_null(w->scratch);
	arena_init(&w->arena, MIB(1));
}

static inline void
walk_fini(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		regex_free(w->regexes[i].re);
	regex_scratch_free(w->scratch);
	arena_fini(&w->arena);
}

static inline const struct regex *
walk_regex(struct walk *w, struct str pattern, bool nocase)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->regexes[i].nocase == nocase &&
			str_eq(w->regexes[i].pattern, pattern))
			return w->regexes[i].re;
	char err[128];
	size_t offset;
	assert_true(w->n < sizeof(w->regexes) / sizeof(w->regexes[0]));
	struct walk_regex *r = &w->regexes[w->n++];
	/* Patterns are static strings, or live as long as the fixture. */
	r->pattern = pattern;
	r->nocase = nocase;
	r->re = regex_compile(pattern, nocase, err, sizeof(err), &offset);
	assert_non_null(r->re);
	return r->re;
}

static inline bool
walk_starts(struct str s, struct str prefix, bool nocase)
{
	return s.n >= prefix.n &&
	       (nocase ? str_eq_nocase((struct str){s.p, prefix.n}, prefix)
		       : str_starts(s, prefix));
}

static inline bool
walk_test(struct walk *w, const struct cond *c, struct str method,
	struct str path)
{
	bool is_method = c->field == FIELD_METHOD;
	struct str subject = is_method ? method : path;
	bool hit = false;

	assert_true(is_method || c->field == FIELD_PATH);
	assert_true(c->nvalues > 0);
	for (size_t i = 0; i < c->nvalues && !hit; i++) {
		struct str text = c->values[i].text;
		if (c->op == OP_MATCHES) {
			enum regex_result r =
				regex_match(walk_regex(w, text, c->nocase),
					subject, w->scratch);
			assert_int_not_equal(r, REGEX_DOUBT);
			hit = r == REGEX_YES;
		} else if (c->op == OP_STARTS_WITH) {
			hit = walk_starts(subject, text, c->nocase);
		} else {
			assert_true(c->op == OP_EQUALS || c->op == OP_IN);
			hit = str_eq(subject, text);
		}
	}
	return hit != c->negate;
}

static inline bool
walk_cond(struct walk *w, const struct cond *c, struct str method,
	struct str path)
{
	if (c->kind == COND_TEST)
		return walk_test(w, c, method, path);
	if (c->kind == COND_NOT)
		return !walk_cond(w, c->first, method, path);
	bool all = c->kind == COND_AND;
	for (const struct cond *k = c->first; k; k = k->next)
		if (walk_cond(w, k, method, path) != all)
			return !all;
	return all;
}

/* The rule that decides: there always is one, the last fires on all. */
static inline const struct rule *
walk_rules(struct walk *w, const struct rule_list *l, struct str method,
	struct str path)
{
	for (const struct rule *r = l->first; r; r = r->next)
		if (walk_cond(w, r->when, method, path))
			return r;
	fail_msg("no rule decided on %.*s", STR_FMT(path));
	return NULL;
}

/* The rule that decides, in the program and in the walk. */
static inline const struct rule *
decide(struct walk *w, struct fixture *f, const char *method,
	const struct target *t)
{
	static const struct json no_body;
	struct facts facts = {
		.target = t, .body = &no_body, .arena = &w->arena};
	struct vm vm;

	const struct rule *r =
		walk_rules(w, &f->rules, str_of(method), t->path);
	assert_true(method_parse(str_of(method), &facts.method));
	arena_reset(&w->arena);
	assert_true(vm_init(&vm, &f->program, &w->arena));
	assert_int_equal(vm_run(&vm, &facts, w->scratch), VM_DONE);
	assert_true(vm.verdict.rule < f->program.nrules);
	const struct program_rule *p = &f->program.rules[vm.verdict.rule];
	struct str name = program_text(&f->program, p->name);
	if (!str_eq(name, r->name))
		fail_msg("%s %.*s: the program says %.*s, the rules %.*s",
			method, STR_FMT(t->path), STR_FMT(name),
			STR_FMT(r->name));
	assert_int_equal(vm.verdict.allow, r->action == ACTION_ALLOW);
	assert_true(vm.verdict.allow || vm.verdict.status == 403);
	return r;
}

static const struct target_limits fixture_limits = {
	.target_bytes = LIMIT_TARGET_BYTES,
	.min_api_major = 1,
	.min_api_minor = 24,
};

#endif
