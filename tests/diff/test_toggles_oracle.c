/* Toggles: the strict profile against its definition, written down once more.
 *
 * The rules carry denials that only improve messages, wide denials and narrow
 * openings, in an order that matters. Here the verdict is said in plain C, and
 * compared over random environments and every combination of the parts below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/toggle_fixture.h"

#include <stdio.h>

#define ROUNDS 20

static const char *const names[] = {"POST", "AUTH", "BUILD", "COMMIT",
	"CONFIGS", "CONTAINERS", "DISTRIBUTION", "EVENTS", "EXEC", "GRPC",
	"IMAGES", "INFO", "NETWORKS", "NODES", "PING", "PLUGINS", "SECRETS",
	"SERVICES", "SESSION", "SWARM", "SYSTEM", "TASKS", "VERSION", "VOLUMES",
	"ALLOW_START", "ALLOW_STOP", "ALLOW_KILL", "ALLOW_RESTARTS",
	"ALLOW_PAUSE", "ALLOW_UNPAUSE", "ALLOW_CREATE", "ALLOW_DELETE",
	"ALLOW_EXEC", "ALLOW_LOGS", "ALLOW_TOP", "ALLOW_CHANGES",
	"ALLOW_ARCHIVE", "ALLOW_EXPORT"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *const methods[] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};

static const char *const firsts[] = {"/containers", "/exec", "/images",
	"/_ping", "/ping", "/auth", "/containersX", "/Containers", "/libpod",
	"/info", "/execs", "/volumes"};
static const char *const ids[] = {"", "/a", "/a/b", "/logs", "/exec"};
static const char *const calls[] = {"", "/", "/json", "/start", "/stop",
	"/kill", "/restart", "/pause", "/unpause", "/create", "/exec",
	"/resize", "/logs", "/top", "/changes", "/archive", "/export",
	"/attach", "/attach/ws", "/logs/x", "/exec/", "/startX"};

/* --- the definition --------------------------------------------------- */

struct env {
	bool on[NAMES];
	char text[1024];
};

static bool
on(const struct env *e, const char *name)
{
	size_t i = 0;
	while (strcmp(names[i], name) != 0)
		i++;
	return e->on[i];
}

/* Does the path end in call, or have it as a segment that another follows,
 * behind /containers/ and at least one byte of a name? */
static bool
names_call(const char *path, const char *call)
{
	const char *name = path + strlen("/containers/");
	size_t n = strlen(call);

	if (strncmp(path, "/containers/", strlen("/containers/")) != 0)
		return false;
	for (const char *p = name; (p = strstr(p, call)) != NULL; p++)
		if (p > name && (p[n] == '\0' || p[n] == '/'))
			return true;
	return false;
}

/* `prefix`, one segment, `call`, and nothing else. */
static bool
is_call(const char *path, const char *prefix, const char *call)
{
	size_t n = strlen(prefix);
	if (strncmp(path, prefix, n) != 0)
		return false;
	const char *end = path + n + strcspn(path + n, "/");
	return end > path + n && strcmp(end, call) == 0;
}

static bool
opened(const struct env *e, const char *method, const char *path)
{
	static const char *const table[][2] = {
		{"ALLOW_START", "/start"},
		{"ALLOW_STOP", "/stop"},
		{"ALLOW_KILL", "/kill"},
		{"ALLOW_RESTARTS", "/restart"},
		{"ALLOW_RESTARTS", "/stop"},
		{"ALLOW_RESTARTS", "/kill"},
		{"ALLOW_PAUSE", "/pause"},
		{"ALLOW_UNPAUSE", "/unpause"},
		{"ALLOW_EXEC", "/exec"},
	};
	bool post = strcmp(method, "POST") == 0;
	for (size_t i = 0; post && i < sizeof(table) / sizeof(table[0]); i++)
		if (on(e, table[i][0]) &&
			is_call(path, "/containers/", table[i][1]))
			return true;
	if (on(e, "ALLOW_EXEC") &&
		((post && is_call(path, "/exec/", "/start")) ||
			(post && is_call(path, "/exec/", "/resize")) ||
			(strcmp(method, "GET") == 0 &&
				is_call(path, "/exec/", "/json"))))
		return true;
	if (on(e, "ALLOW_CREATE") && post &&
		strcmp(path, "/containers/create") == 0)
		return true;
	return on(e, "ALLOW_DELETE") && strcmp(method, "DELETE") == 0 &&
	       is_call(path, "/containers/", "");
}

static bool
in_section(const struct env *e, const char *path)
{
	size_t n = strcspn(path + 1, "/");
	for (size_t i = 1; i < NAMES && strncmp(names[i], "ALLOW_", 6); i++) {
		bool ping = strcmp(names[i], "PING") == 0;
		struct str section = str_of(ping ? "_ping" : names[i]);
		/* Upper-case names of lower-case segments. */
		bool lower = true;
		for (size_t j = 1; j <= n; j++)
			lower = lower && ascii_lower(path[j]) == path[j];
		if (lower && e->on[i] &&
			str_eq_nocase((struct str){path + 1, n}, section))
			return true;
	}
	return false;
}

static bool
defined(const struct env *e, const char *method, const char *path)
{
	static const char *const narrowed[][2] = {
		{"ALLOW_LOGS", "/logs"},
		{"ALLOW_TOP", "/top"},
		{"ALLOW_CHANGES", "/changes"},
		{"ALLOW_ARCHIVE", "/archive"},
		{"ALLOW_EXPORT", "/export"},
	};
	bool read = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	if (opened(e, method, path))
		return true;
	if (!on(e, "EXEC") && names_call(path, "/exec"))
		return false;
	for (size_t i = 0; i < sizeof(narrowed) / sizeof(narrowed[0]); i++)
		if (on(e, "CONTAINERS") && !on(e, narrowed[i][0]) &&
			names_call(path, narrowed[i][1]))
			return false;
	if (!on(e, "POST") && (!read || names_call(path, "/attach/ws")))
		return false;
	if (on(e, "EXEC") && is_call(path, "/containers/", "/exec"))
		return true;
	return in_section(e, path);
}

/* --- the comparison ------------------------------------------------------ */

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

static void
random_env(uint32_t *state, struct env *e)
{
	size_t n = 0;
	/* Mostly off, half, or mostly on. */
	uint32_t odds = 1 + next_random(state) % 7;
	for (size_t i = 0; i < NAMES; i++) {
		e->on[i] = next_random(state) % 8 < odds;
		n += (size_t)snprintf(e->text + n, sizeof(e->text) - n,
			"%s=%d ", names[i], e->on[i]);
		assert_true(n < sizeof(e->text));
	}
	e->text[n - 1] = '\0';
}

static size_t
compare(struct walk *w, struct fixture *f, const struct env *e,
	const char *path)
{
	struct target t = {.path = str_of(path)};
	size_t allowed = 0;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct rule *r = decide(w, f, methods[i], &t);
		bool allow = r->action == ACTION_ALLOW;
		if (allow != defined(e, methods[i], path))
			fail_msg("[%s] %s %s: %s by %.*s", e->text, methods[i],
				path, action_name(r->action), STR_FMT(r->name));
		allowed += allow;
	}
	return allowed;
}

static size_t
compare_paths(struct walk *w, struct fixture *f, const struct env *e)
{
	size_t allowed = 0;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
		for (size_t j = 0; j < sizeof(ids) / sizeof(ids[0]); j++)
			for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]);
				k++) {
				char path[64];
				snprintf(path, sizeof(path), "%s%s%s",
					firsts[i], ids[j], calls[k]);
				allowed += compare(w, f, e, path);
			}
	return allowed;
}

static void
strict_as_defined(void **state)
{
	uint32_t seed = 20240229;
	size_t allowed = 0;
	struct walk w;
	(void)state;

	walk_init(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct env e;
		struct fixture f;
		random_env(&seed, &e);
		fixture_init(&f, NULL, e.text, ' ');
		assert_int_equal(f.diag.errors, 0);
		allowed += compare_paths(&w, &f, &e);
		fixture_fini(&f);
	}
	walk_fini(&w);
	assert_true(allowed > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_as_defined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
