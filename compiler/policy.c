/* Policies: text and environment through all stages of the compiler. */
#include "compiler/policy.h"

#include "compiler/lint.h"
#include "compiler/listing.h"
#include "compiler/lower.h"
#include "compiler/read.h"
#include "compiler/rule_lint.h"
#include "compiler/schema.h"
#include "compiler/settings_parts.h"
#include "compiler/testcases.h"
#include "compiler/tree.h"
#include "runtime/limits.h"

#include <stdlib.h>

/* The members of a file. */
struct sections {
	const struct tree *global, *auth, *toggles, *rules, *tests;
};

static const struct key_word toggle_words[] = {{"env", 0}, {NULL, 0}};

static const struct key keys[] = {
	KEY("global", NODE, INTO(struct sections, global), .forms = FORM_MAP,
		.map = &global_map, .help = "the process and its listeners"),
	KEY("auth", NODE, INTO(struct sections, auth), .forms = FORM_MAP,
		.map = &auth_map, .unsaid = "nobody gets in",
		.help = "who gets in"),
	KEY("toggles", NODE, INTO(struct sections, toggles),
		.forms = FORM_TEXT | FORM_TOGGLES, .words = toggle_words,
		.unsaid = "none",
		.help = "`env`, or a map of toggles such as `CONTAINERS`"),
	KEY("rules", NODE, INTO(struct sections, rules), .forms = FORM_MAPS,
		.map = &rule_map, .help = "what is allowed and denied"),
	KEY("tests", NODE, INTO(struct sections, tests), .forms = FORM_MAPS,
		.map = &testcase_map,
		.help = "requests, and the verdict they must get"),
};

const struct key_map policy_map = MAP("policy", "a policy", keys);

/* What is needed while compiling only. */
struct work {
	const struct policy_input *in;
	struct diag *diag;
	struct arena scratch;  /* tree, rules, what lowering needs */
	struct source *source; /* in the arena of diag */
	struct sections sections;
	struct rule_list rules;
	bool part; /* lint: it is included by a file that has the rest */
};

static bool
read_tree(struct work *w)
{
	struct reader r = {
		.arena = &w->scratch, .scratch = &w->scratch, .diag = w->diag};
	struct arena *a = w->diag->arena;
	struct str name = str_of(w->in->file);
	w->source = arena_alloc(a, sizeof(*w->source));
	if (!w->source) {
		diag_file_error(w->diag, "out of memory");
		return false;
	}
	if (!source_init(w->source, name, w->in->text, a, w->diag))
		return false;
	struct tree *root =
		tree_parse(w->source, w->in->envp, &w->scratch, w->diag);
	if (!root)
		return false;
	read_map(&r, root, &policy_map, &w->sections);
	return true;
}

static void
read_toggles(struct work *w, struct policy *p)
{
	const struct tree *node = w->sections.toggles;
	if (w->in->file && !node)
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

/* Only lint takes a file without settings for a part of a configuration. */
static bool
is_part(const struct work *w)
{
	const struct sections *s = &w->sections;

	return w->in->lint == LINT_ALL && s->rules && !s->global && !s->auth &&
	       !s->toggles;
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
		.part = w->part,
		.global = w->sections.global,
		.auth = w->sections.auth,
		.envp = w->in->envp,
	};
	settings_read(&r, &settings, &p->settings);
	rule_list_init(&w->rules);
	rules_read(w->sections.rules, &w->rules, &w->scratch, w->diag);
	if (w->diag->errors == 0)
		rules_lint(&w->rules, &w->scratch, w->diag);
	read_toggles(w, p);
	testcases_read(&r, w->sections.tests, &p->tests);
}

static bool
emit(struct work *w, struct policy *p)
{
	struct image image;
	const char *why;
	struct lower_options options = {
		.default_allow = p->settings.default_allow,
		.file = w->source ? w->source->name : STR(""),
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
	const struct sections *s = &w->sections;
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
	w->diag->notes = w->in->lint == LINT_ALL;
	if (w->in->file && !read_tree(w))
		return false;
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
	diag_init(diag, diag_arena, NULL);
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
