/* Toggles: the two HAProxy images' own verdicts, 61,000 of them, recorded.
 *
 * On a clean target in origin form ours is the same; on any other it is never
 * wider. A target that is refused before any rule counts as denied.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/toggle_fixture.h"

#include <stdio.h>

#define GOLDEN   "tests/data/toggles-golden.tsv.gz"
#define LINES    61394 /* with the heading */
#define ENVS_MAX 256
#define SHOW_MAX 20 /* differences printed */

struct line {
	char *impl, *env, *method, *target, *verdict;
};

struct golden_env {
	char *impl, *env; /* owned */
	struct fixture fixture;
};

struct golden {
	struct golden_env envs[ENVS_MAX];
	size_t nenvs;
	struct walk walk;
	struct arena arena;
	size_t lines, clean, unclean, refused_clean, refused, narrower;
	size_t differences;
};

static struct golden_env *
env_of(struct golden *g, const struct line *line)
{
	for (size_t i = 0; i < g->nenvs; i++)
		if (strcmp(g->envs[i].env, line->env) == 0 &&
			strcmp(g->envs[i].impl, line->impl) == 0)
			return &g->envs[i];
	assert_true(g->nenvs < ENVS_MAX);
	struct golden_env *e = &g->envs[g->nenvs++];
	bool lsio = strcmp(line->impl, "lsio") == 0;
	assert_true(lsio || strcmp(line->impl, "tecnativa") == 0);
	e->impl = strdup(line->impl);
	e->env = strdup(line->env);
	char all[4096];
	int n = snprintf(all, sizeof(all), "DOCKER_PROXY_PROFILE=%s,%s",
		lsio ? "linuxserver" : "tecnativa", line->env);
	assert_true(n > 0 && (size_t)n < sizeof(all));
	fixture_init(&e->fixture, NULL, all, ',');
	assert_int_equal(e->fixture.diag.errors, 0);
	return e;
}

/* \xNN stands for a byte. */
static struct str
unescape(char *s)
{
	char *to = s;
	for (const char *from = s; *from;) {
		unsigned byte;
		if (from[0] == '\\' && sscanf(from, "\\x%2x", &byte) == 1) {
			*to++ = (char)byte;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	return (struct str){s, (size_t)(to - s)};
}

/* Judged without target_parse(): an origin form that needs no decoding and
 * that no reader would rewrite. */
static bool
is_clean(struct str target)
{
	if (target.n == 0 || target.p[0] != '/')
		return false;
	for (size_t i = 0; i < target.n; i++) {
		char c = target.p[i];
		if (c <= ' ' || c > '~' || strchr("%\\\"#<>^`{|}", c))
			return false;
	}
	char text[1024];
	assert_true(target.n + 2 < sizeof(text));
	snprintf(text, sizeof(text), "%.*s/", STR_FMT(target));
	char *query = strchr(text, '?');
	if (query)
		snprintf(query, 2, "/");
	size_t n = strlen(text);
	if (n > 2 && text[n - 2] == '/')
		text[n - 1] = '\0'; /* a trailing slash is clean */
	return !strstr(text, "//") && !strstr(text, "/./") &&
	       !strstr(text, "/../");
}

/* What the rules say of a request; refused ones are denied. */
static bool
ours(struct golden *g, struct golden_env *e, const char *method,
	struct str target, bool clean)
{
	struct target t;

	arena_reset(&g->arena);
	enum why why = target_parse(target, &fixture_limits, &g->arena, &t);
	if (why != WHY_OK) {
		g->refused++;
		g->refused_clean += clean;
		/* Nothing clean is refused but for its version. */
		assert_true(!clean || why == WHY_API_VERSION_FORM ||
			    why == WHY_API_VERSION_OLD);
		return false;
	}
	const struct rule *r = decide(&g->walk, &e->fixture, method, &t);
	return r->action == ACTION_ALLOW;
}

static void
judge(struct golden *g, const struct line *line)
{
	struct golden_env *e = env_of(g, line);
	char shown[1024];
	snprintf(shown, sizeof(shown), "%s", line->target);
	struct str target = unescape(line->target);
	bool theirs = strcmp(line->verdict, "allow") == 0;
	assert_true(theirs || strcmp(line->verdict, "deny") == 0);

	bool clean = is_clean(target);
	size_t refused = g->refused;
	bool allow = ours(g, e, line->method, target, clean);
	g->clean += clean;
	g->unclean += !clean;
	g->narrower += theirs && !allow;
	bool must_equal = clean && g->refused == refused;
	if (allow == theirs || (theirs && !must_equal))
		return;
	if (g->differences++ < SHOW_MAX)
		print_message("%s [%s] %s %s: %s there, %s here\n", line->impl,
			line->env, line->method, shown, line->verdict,
			allow ? "allow" : "deny");
}

static bool
split(char *text, struct line *out)
{
	char **parts[] = {&out->impl, &out->env, &out->method, &out->target,
		&out->verdict};
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!(*parts[i] = strsep(&text, "\t")))
			return false;
	return text == NULL;
}

static void
the_images_verdicts(void **state)
{
	struct golden *g = calloc(1, sizeof(*g));
	char *text = NULL;
	size_t room = 0;
	(void)state;

	assert_non_null(g);
	walk_init(&g->walk);
	arena_init(&g->arena, MIB(1));
	FILE *in = popen("gzip -dc " GOLDEN, "r");
	assert_non_null(in);
	while (getline(&text, &room, in) > 0) {
		struct line line;
		assert_true(split(text, &line));
		if (g->lines++ > 0) /* the first is a heading */
			judge(g, &line);
	}
	assert_int_equal(pclose(in), 0);
	free(text);
	print_message("%zu environments; %zu clean targets, %zu of them "
		      "refused for their version; %zu others; %zu narrower\n",
		g->nenvs, g->clean, g->refused_clean, g->unclean, g->narrower);
	assert_int_equal(g->lines, LINES);
	assert_int_equal(g->differences, 0);
	/* The record must not become vacuous. */
	assert_true(g->clean - g->refused_clean > 40000);
	for (size_t i = 0; i < g->nenvs; i++) {
		fixture_fini(&g->envs[i].fixture);
		free(g->envs[i].impl);
		free(g->envs[i].env);
	}
	arena_fini(&g->arena);
	walk_fini(&g->walk);
	free(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_images_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
