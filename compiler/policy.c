/* Policies: text and environment through all stages of the compiler. */
#include "compiler/policy.h"

#include "compiler/include.h"
#include "compiler/lint.h"
#include "compiler/listing.h"
#include "compiler/lower.h"
#include "compiler/read.h"
#include "compiler/rule_lint.h"
#include "compiler/schema.h"
#include "compiler/settings_parts.h"
#include "compiler/testcases.h"
#include "runtime/limits.h"

#include <stdlib.h>

/* What is needed while compiling only. */
struct work {
	const struct policy_input *in;
	struct diag *diag;
	struct arena scratch; /* trees, rules, what lowering needs */
	struct units units;
	const struct sections *main; /* of the configuration itself */
	struct rule_list rules;
	bool part; /* lint: it is included by a file that has the rest */
};

static void
read_toggles(struct work *w, struct policy *p)
{
	const struct tree *node = w->main->toggles;
	if (w->units.first && !node)
		return;
	if (node && tree_is_null(node)) {
		diag_error(w->diag, node->key_pos, "toggles has no value");
		diag_help(
			w->diag, "write \"toggles: env\", or a map of toggles");
		return;
	}
	w->diag->strict_env = w->in->strict;
	toggles_read(
		node, w->in->envp, &p->toggles, &w->rules, &p->arena, w->diag);
	w->diag->strict_env = false;
}

/* Where `global` does not say. A file of rules alone may be the Rust
 * docker-proxy's, and those expect it; without a file the toggles decide, and
 * they deny; and what a policy allows is all that it allows. */
static bool
default_allow(const struct work *w)
{
	const struct unit *first = w->units.first;
	if (!w->in->file || first->part == RULE_POLICY)
		return false;
	return first->part == RULE_GUARD || !first->next;
}

/* Is it for others to include? It says so; or it is a file without settings,
 * which only lint takes for that. */
static bool
is_part(const struct work *w)
{
	const struct sections *s = w->main;

	if (!w->in->file || s->global || s->auth || s->toggles)
		return false;
	return w->units.first->part != RULE_OWN ||
	       (w->in->lint == LINT_ALL && s->rules && !s->include);
}

static void
read_rules(struct work *w)
{
	rule_list_init(&w->rules);
	for (const struct unit *u = w->units.first; u; u = u->next)
		rules_read(u->sections.rules, u->part, &w->rules, &w->scratch,
			w->diag);
	rules_check_names(&w->rules, &w->scratch, w->diag);
	if (w->diag->errors == 0)
		rules_lint(&w->rules, &w->scratch, w->diag);
}

/* Those of included files are about these files alone: only their shape is
 * looked at. */
static void
read_tests(struct work *w, struct reader *r, struct policy *p)
{
	struct testcases others;

	for (const struct unit *u = w->units.first; u; u = u->next) {
		bool own = w->in->file && u == w->units.first;
		r->arena = own ? &p->arena : &w->scratch;
		testcases_read(r, u->sections.tests, own ? &p->tests : &others);
	}
}

static void
read_sections(struct work *w, struct policy *p)
{
	struct reader r = {
		.arena = &p->arena,
		.scratch = &w->scratch,
		.diag = w->diag,
		.read_file = w->in->read_file,
		.read_file_ctx = w->in->read_file_ctx,
		.tls_check = w->in->tls_check,
	};
	struct settings_input settings = {
		.has_file = w->in->file != NULL,
		.default_allow = default_allow(w),
		.part = w->part,
		.global = w->main->global,
		.auth = w->main->auth,
		.envp = w->in->envp,
	};
	settings_read(&r, &settings, &p->settings);
	read_rules(w);
	read_toggles(w, p);
	include_check(&w->units, &w->rules, p->settings.default_allow, w->diag);
	read_tests(w, &r, p);
}

static bool
emit(struct work *w, struct policy *p)
{
	struct image image;
	const char *why;
	struct lower_options options = {
		.default_allow = p->settings.default_allow,
		.no_index = w->in->no_index,
	};
	if (!lower(&w->rules, &options, &image, &w->scratch, w->diag))
		return false;
	p->image = image.bytes;
	p->image_size = image.size;
	if (program_load(&p->program, p->image, p->image_size, &why))
		return true;
	/* Not an assertion: a reload must leave the running policy alone. */
	diag_file_error(w->diag, "the compiled policy is refused: %s", why);
	return false;
}

static void
lint(struct work *w, const struct policy *p)
{
	const struct sections *s = w->main;
	struct lint_input in = {
		.policy = p,
		.rules = &w->rules,
		.global = s->global,
		.auth = s->auth,
		.toggles = s->toggles,
		.tests = s->tests,
		.has_file = w->in->file != NULL,
		.others_read = w->in->others_read,
		.part = w->part,
	};
	struct arena arena;

	if (w->in->lint == LINT_NONE)
		return;
	arena_init(&arena, POLICY_ARENA_MAX);
	lint_policy(&in, &arena, w->diag);
	arena_fini(&arena);
}

static bool
compile(struct work *w, struct policy *p)
{
	static const struct sections none;

	w->diag->notes = w->in->lint == LINT_ALL;
	if (!include_read(w->in, &w->scratch, w->diag, &w->units))
		return false;
	w->main = w->in->file ? &w->units.first->sections : &none;
	w->part = is_part(w);
	read_sections(w, p);
	if (arena_overflowed(&p->arena) || arena_overflowed(&w->scratch))
		diag_file_error(w->diag, "the policy needs too much memory");
	if (w->diag->errors > 0 || !emit(w, p))
		return false;
	lint(w, p);
	lint_accept(w->diag, w->in->lint != LINT_NONE);
	return true;
}

struct policy *
policy_compile(const struct policy_input *in, struct arena *diag_arena,
	struct diag *diag)
{
	struct work w = {.in = in, .diag = diag};
	struct policy *p = calloc(1, sizeof(*p));
	diag_init(diag, diag_arena);
	if (!p) {
		diag_file_error(diag, "out of memory");
		return NULL;
	}
	arena_init(&p->arena, POLICY_ARENA_MAX);
	arena_init(&w.scratch, POLICY_ARENA_MAX);
	bool ok = compile(&w, p);
	arena_fini(&w.scratch);
	if (ok)
		return p;
	policy_free(p);
	return NULL;
}

void
policy_free(struct policy *p)
{
	if (!p)
		return;
	program_fini(&p->program);
	free(p->image);
	arena_fini(&p->arena);
	free(p);
}

static void
write_toggles(const struct toggles *t, FILE *out)
{
	if (t->nstates == 0)
		return;
	fprintf(out, "toggles: # profile %s\n",
		toggle_profile_name(t->profile));
	for (size_t i = 0; i < t->nstates; i++)
		fprintf(out, "  %s: %d%s\n", t->states[i].name, t->states[i].on,
			t->states[i].is_default ? "" : " # set");
}

void
policy_write(const struct policy *p, FILE *out)
{
	settings_write(&p->settings, out);
	write_toggles(&p->toggles, out);
	fprintf(out, "rules: # %u, in the order of evaluation\n",
		p->program.nrules);
	listing_rules(&p->program, out);
}
