/* Toggles: the verdicts of the strict profile as a table, and the messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/toggle_fixture.h"

/* Portainer, to look and not to touch. */
#define PORTAINER "CONTAINERS=1 SERVICES=1 NETWORKS=1 VOLUMES=1 EXEC=0 SYSTEM=0"
#define TRAEFIK   "CONTAINERS=1"
#define WIDE      "CONTAINERS=1 POST=1"

struct row {
	const char *env, *method, *path;
	bool allow;
	const char *rule; /* that decides, without "toggle:"; NULL: any */
};

static const struct row rows[] = {
	/* nothing set */
	{"", "GET", "/_ping", true, "PING"},
	{"", "HEAD", "/_ping", true, "PING"},
	{"", "GET", "/version", true, "VERSION"},
	{"", "GET", "/v1.43/version", true, "VERSION"},
	{"", "GET", "/events", true, "EVENTS"},
	{"", "GET", "/events?since=1", true, "EVENTS"},
	{"", "POST", "/_ping", false, "POST"},
	{"", "POST", "/auth", false, "POST"},
	{"", "GET", "/auth", false, "AUTH"},
	{"", "GET", "/build", false, "BUILD"},
	{"", "GET", "/commit", false, "COMMIT"},
	{"", "GET", "/configs", false, "CONFIGS"},
	{"", "GET", "/containers/json", false, "CONTAINERS"},
	{"", "GET", "/v1.43/containers/json", false, "CONTAINERS"},
	{"", "GET", "/distribution/alpine/json", false, "DISTRIBUTION"},
	{"", "GET", "/exec/e1/json", false, "EXEC"},
	{"", "GET", "/grpc", false, "GRPC"},
	{"", "GET", "/images/json", false, "IMAGES"},
	{"", "GET", "/info", false, "INFO"},
	{"", "GET", "/networks", false, "NETWORKS"},
	{"", "GET", "/nodes", false, "NODES"},
	{"", "GET", "/plugins", false, "PLUGINS"},
	{"", "GET", "/secrets", false, "SECRETS"},
	{"", "GET", "/services", false, "SERVICES"},
	{"", "GET", "/session", false, "SESSION"},
	{"", "GET", "/swarm", false, "SWARM"},
	{"", "GET", "/system/df", false, "SYSTEM"},
	{"", "GET", "/tasks", false, "TASKS"},
	{"", "GET", "/volumes", false, "VOLUMES"},
	{"", "GET", "/", false, "rest"},
	{"", "GET", "/debug/pprof/", false, "rest"},
	{"", "GET", "/metrics", false, "rest"},
	{"", "GET", "/libpod/info", false, "rest"},
	{"", "GET", "/libpod/_ping", false, "rest"},
	{"", "GET", "/pods/json", false, "rest"},
	{"", "OPTIONS", "/version", false, "POST"},
	{"", "POST", "/containers/create", false, "ALLOW_CREATE"},
	{"", "POST", "/containers/a/start", false, "ALLOW_START"},
	{"", "DELETE", "/containers/a", false, "ALLOW_DELETE"},
	{"", "GET", "/containers/a/logs", false, "CONTAINERS"},

	/* a section is the exact first segment */
	{"INFO=1", "GET", "/info", true, "INFO"},
	{"INFO=1", "GET", "/info/", true, "INFO"},
	{"INFO=1", "GET", "/information", false, "rest"},
	{"INFO=1", "GET", "/INFO", false, "rest"},
	{"INFO=1", "GET", "/v1.43/info", true, "INFO"},
	{TRAEFIK, "GET", "/containersX/json", false, "rest"},
	{TRAEFIK, "GET", "/CONTAINERS/json", false, "rest"},
	{TRAEFIK, "GET", "/x/containers/json", false, "rest"},
	{"IMAGES=1", "GET", "/images/ghcr.io/a/b:c/json", true, "IMAGES"},
	{"SWARM=1", "GET", "/swarm/unlockkey", true, "SWARM"},
	{"SYSTEM=1", "GET", "/system/df", true, "SYSTEM"},
	{"VERSION=0", "GET", "/version", false, "VERSION"},
	{"PING=0", "HEAD", "/_ping", false, "PING"},
	{"EVENTS=0", "GET", "/events", false, "EVENTS"},

	/* reading containers */
	{TRAEFIK, "GET", "/containers", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/json", true, "CONTAINERS"},
	{TRAEFIK, "HEAD", "/containers/json", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/json", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/stats", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/logs", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/top", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/changes", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/archive", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "HEAD", "/containers/a/archive", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "GET", "/containers/a/b/archive", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "GET", "/containers/a%2Fb/archive", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "GET", "/containers/a/archive/", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "GET", "/containers/a/export", false, "ALLOW_EXPORT"},
	{TRAEFIK, "GET", "/containers/%C3%A9/export", false, "ALLOW_EXPORT"},
	{TRAEFIK, "GET", "/containers/a%C2%85/export", false, "ALLOW_EXPORT"},
	{TRAEFIK, "GET", "/containers/a%E2%80%A8b/export", false,
		"ALLOW_EXPORT"},
	{TRAEFIK, "GET", "/containers/export/json", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/archive/json", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/exported", true, "CONTAINERS"},
	{TRAEFIK, "GET", "/containers/a/attach/ws", false, "POST/attach"},
	{TRAEFIK, "GET", "/containers/a/b/attach/ws", false, "POST/attach"},
	{TRAEFIK, "GET", "/containers/a%2Fattach/ws", false, "POST/attach"},
	{TRAEFIK, "POST", "/containers/a/attach", false, "POST"},
	{TRAEFIK, "POST", "/containers/a/start", false, "ALLOW_START"},
	{TRAEFIK, "POST", "/containers/a/wait", false, "POST"},
	{TRAEFIK, "PUT", "/containers/a/archive", false, "ALLOW_ARCHIVE"},
	{TRAEFIK, "POST", "/containers/prune", false, "POST"},
	{TRAEFIK, "GET", "/exec/e1/json", false, "EXEC"},
	{TRAEFIK, "GET", "/images/json", false, "IMAGES"},
	{TRAEFIK " ALLOW_ARCHIVE=1", "GET", "/containers/a/archive", true,
		"CONTAINERS"},
	{TRAEFIK " ALLOW_ARCHIVE=1", "PUT", "/containers/a/archive", false,
		"POST"},
	{TRAEFIK " ALLOW_EXPORT=1", "GET", "/containers/a/export", true,
		"CONTAINERS"},
	{TRAEFIK " ALLOW_LOGS=0", "GET", "/containers/a/logs", false,
		"ALLOW_LOGS"},
	{TRAEFIK " ALLOW_LOGS=0", "GET", "/containers/a/b/logs", false,
		"ALLOW_LOGS"},
	{TRAEFIK " ALLOW_LOGS=0", "GET", "/containers/logs/json", true,
		"CONTAINERS"},
	{TRAEFIK " ALLOW_LOGS=0", "GET", "/containers/logs/logs", false,
		"ALLOW_LOGS"},
	{TRAEFIK " ALLOW_TOP=0", "GET", "/containers/a/top", false,
		"ALLOW_TOP"},
	{TRAEFIK " ALLOW_CHANGES=0", "GET", "/containers/a/changes", false,
		"ALLOW_CHANGES"},
	{TRAEFIK " ALLOW_CHANGES=0", "GET", "/containers/a/json", true,
		"CONTAINERS"},
	{"ALLOW_ARCHIVE=1", "GET", "/containers/a/archive", false,
		"CONTAINERS"},
	{"ALLOW_LOGS=1", "GET", "/containers/a/logs", false, "CONTAINERS"},

	/* writing */
	{WIDE, "POST", "/containers/create", true, "CONTAINERS"},
	{WIDE, "POST", "/containers/a/start", true, "CONTAINERS"},
	{WIDE, "DELETE", "/containers/a", true, "CONTAINERS"},
	{WIDE, "POST", "/containers/a/attach", true, "CONTAINERS"},
	{WIDE, "GET", "/containers/a/attach/ws", true, "CONTAINERS"},
	{WIDE, "PUT", "/containers/a/archive", false, "ALLOW_ARCHIVE"},
	{WIDE " ALLOW_ARCHIVE=1", "PUT", "/containers/a/archive", true,
		"CONTAINERS"},
	{WIDE, "POST", "/images/create", false, "IMAGES"},
	{"POST=1", "POST", "/containers/create", false, "ALLOW_CREATE"},
	{"POST=1", "GET", "/containers/a/attach/ws", false, "CONTAINERS"},
	{"POST=1", "POST", "/_ping", true, "PING"},
	{"POST=1 NETWORKS=1", "POST", "/networks/create", true, "NETWORKS"},
	{"POST=1 NETWORKS=1", "DELETE", "/networks/n", true, "NETWORKS"},
	{"NETWORKS=1", "GET", "/networks", true, "NETWORKS"},
	{"NETWORKS=1", "DELETE", "/networks/n", false, "POST"},
	{"NETWORKS=1", "POST", "/networks/create", false, "POST"},

	/* exec, whatever CONTAINERS says */
	{WIDE, "POST", "/containers/a/exec", false, "ALLOW_EXEC"},
	{WIDE, "POST", "/containers/a/b/exec", false, "EXEC"},
	{WIDE, "POST", "/containers/a%2Fb/exec", false, "EXEC"},
	{WIDE, "POST", "/containers/a/start/exec", false, "EXEC"},
	{WIDE, "POST", "/containers/a%E2%80%A9/b/exec", false, "EXEC"},
	{WIDE, "POST", "/containers/a/exec/", false, "EXEC"},
	{WIDE, "POST", "/exec/e1/start", false, "ALLOW_EXEC"},
	{WIDE, "POST", "/exec", false, "EXEC"},
	{WIDE, "POST", "/exec/e1/resize", false, "ALLOW_EXEC"},
	{WIDE, "GET", "/exec/e1/json", false, "EXEC"},
	{WIDE, "GET", "/containers/exec/json", true, "CONTAINERS"},
	{WIDE, "DELETE", "/containers/exec", true, "CONTAINERS"},
	{WIDE " EXEC=1", "POST", "/containers/a/exec", true, NULL},
	{WIDE " EXEC=1", "POST", "/exec/e1/start", true, "EXEC"},
	{"EXEC=1 POST=1", "POST", "/containers/a/exec", true, "EXEC"},
	{"EXEC=1 POST=1", "POST", "/containers/a/b/exec", false, "CONTAINERS"},
	{"EXEC=1 POST=1", "GET", "/containers/a/json", false, "CONTAINERS"},
	{"EXEC=1", "POST", "/containers/a/exec", false, "ALLOW_EXEC"},
	{"EXEC=1", "GET", "/exec/e1/json", true, "EXEC"},
	{"EXEC=1", "POST", "/exec/e1/start", false, "ALLOW_EXEC"},
	{"EXEC=1", "POST", "/executor", false, "POST"},
	{"EXEC=1", "GET", "/executor", false, "rest"},
	{"ALLOW_EXEC=1", "POST", "/containers/a/exec", true, "ALLOW_EXEC"},
	{"ALLOW_EXEC=1", "POST", "/exec/e1/start", true, "ALLOW_EXEC"},
	{"ALLOW_EXEC=1", "POST", "/exec/e1/resize", true, "ALLOW_EXEC"},
	{"ALLOW_EXEC=1", "GET", "/exec/e1/json", true, "ALLOW_EXEC"},
	{"ALLOW_EXEC=1", "POST", "/exec/e1/json", false, "EXEC"},
	{"ALLOW_EXEC=1", "GET", "/exec/e1/start", false, "EXEC"},
	{"ALLOW_EXEC=1", "POST", "/exec/e1/x/start", false, "EXEC"},
	{"ALLOW_EXEC=1", "POST", "/containers/a/b/exec", false, "EXEC"},
	{"ALLOW_EXEC=1", "POST", "/containers/a/exec/", false, "EXEC"},
	{"ALLOW_EXEC=1", "GET", "/containers/json", false, "CONTAINERS"},
	{"ALLOW_EXEC=1 CONTAINERS=1 POST=1", "POST", "/containers/a/b/exec",
		false, "EXEC"},
	{"ALLOW_EXEC=0 " WIDE, "POST", "/containers/a/exec", false,
		"ALLOW_EXEC"},

	/* single calls, also with POST=0 and CONTAINERS=0 */
	{"ALLOW_START=1", "POST", "/containers/a/start", true, "ALLOW_START"},
	{"ALLOW_START=1", "POST", "/v1.43/containers/a/start", true,
		"ALLOW_START"},
	{"ALLOW_START=1", "GET", "/containers/a/start", false, "CONTAINERS"},
	{"ALLOW_START=1", "DELETE", "/containers/a/start", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a/startX", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a/start/", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a/start/exec", false, "EXEC"},
	{"ALLOW_START=1", "POST", "/containers/a/b/start", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a%2Fb/start", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a/START", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/start", false, "POST"},
	{"ALLOW_START=1", "POST", "/pods/a/start", false, "POST"},
	{"ALLOW_START=1", "POST", "/containers/a/stop", false, "ALLOW_STOP"},
	{"ALLOW_STOP=1", "POST", "/containers/a/stop", true, "ALLOW_STOP"},
	{"ALLOW_STOP=1", "POST", "/containers/a/kill", false, "ALLOW_KILL"},
	{"ALLOW_STOP=1", "POST", "/containers/a/stopped", false, "POST"},
	{"ALLOW_RESTARTS=1", "POST", "/containers/a/restart", true,
		"ALLOW_RESTARTS"},
	{"ALLOW_RESTARTS=1", "POST", "/containers/a/stop?t=5", true,
		"ALLOW_RESTARTS"},
	{"ALLOW_RESTARTS=1", "POST", "/containers/a/kill?signal=TERM", true,
		"ALLOW_RESTARTS"},
	{"ALLOW_RESTARTS=1", "POST", "/containers/a/start", false,
		"ALLOW_START"},
	{"ALLOW_KILL=1", "POST", "/containers/a/kill", true, "ALLOW_KILL"},
	{"ALLOW_KILL=1", "POST", "/containers/a/killall", false, "POST"},
	{"ALLOW_PAUSE=1", "POST", "/containers/a/pause", true, "ALLOW_PAUSE"},
	{"ALLOW_PAUSE=1", "POST", "/containers/a/unpause", false,
		"ALLOW_UNPAUSE"},
	{"ALLOW_UNPAUSE=1", "POST", "/containers/a/unpause", true,
		"ALLOW_UNPAUSE"},
	{"ALLOW_UNPAUSE=1", "POST", "/containers/a/pause", false,
		"ALLOW_PAUSE"},
	{"ALLOW_CREATE=1", "POST", "/containers/create?name=x", true,
		"ALLOW_CREATE"},
	{"ALLOW_CREATE=1", "POST", "/containers/create/x", false, "POST"},
	{"ALLOW_CREATE=1", "POST", "/containers/createX", false, "POST"},
	{"ALLOW_CREATE=1", "POST", "/volumes/create", false, "POST"},
	{"ALLOW_DELETE=1", "DELETE", "/containers/a?force=1", true,
		"ALLOW_DELETE"},
	{"ALLOW_DELETE=1", "DELETE", "/containers/a/b", false, "POST"},
	{"ALLOW_DELETE=1", "DELETE", "/containers/", false, "POST"},
	{"ALLOW_DELETE=1", "DELETE", "/containers", false, "POST"},
	{"ALLOW_DELETE=1", "DELETE", "/images/a", false, "POST"},
	{"ALLOW_DELETE=1", "POST", "/containers/prune", false, "POST"},
	{"ALLOW_DELETE=1", "GET", "/containers/a", false, "CONTAINERS"},
	{"ALLOW_START=1 POST=1", "POST", "/containers/a/start", true,
		"ALLOW_START"},
	{"ALLOW_START=1 POST=1", "POST", "/containers/a/stop", false,
		"ALLOW_STOP"},
	{"ALLOW_START=1 POST=1", "POST", "/containers/create", false,
		"ALLOW_CREATE"},

	/* Portainer, to look and not to touch */
	{PORTAINER, "GET", "/_ping", true, "PING"},
	{PORTAINER, "GET", "/v1.43/containers/json?all=1", true, "CONTAINERS"},
	{PORTAINER, "GET", "/v1.43/containers/a/json", true, "CONTAINERS"},
	{PORTAINER, "GET", "/v1.43/containers/a/logs?stdout=1", true,
		"CONTAINERS"},
	{PORTAINER, "GET", "/v1.43/containers/a/stats?stream=false", true,
		"CONTAINERS"},
	{PORTAINER, "GET", "/v1.43/services", true, "SERVICES"},
	{PORTAINER, "GET", "/v1.43/networks/n", true, "NETWORKS"},
	{PORTAINER, "GET", "/v1.43/volumes", true, "VOLUMES"},
	{PORTAINER, "GET", "/v1.43/system/df", false, "SYSTEM"},
	{PORTAINER, "GET", "/v1.43/info", false, "INFO"},
	{PORTAINER, "GET", "/v1.43/secrets", false, "SECRETS"},
	{PORTAINER, "GET", "/v1.43/containers/a/archive?path=/etc", false,
		"ALLOW_ARCHIVE"},
	{PORTAINER, "POST", "/v1.43/containers/a/exec", false, "ALLOW_EXEC"},
	{PORTAINER, "POST", "/v1.43/containers/a/restart", false,
		"ALLOW_RESTARTS"},
	{PORTAINER, "POST", "/v1.43/containers/create", false, "ALLOW_CREATE"},
	{PORTAINER, "DELETE", "/v1.43/volumes/v", false, "POST"},
	{PORTAINER, "POST", "/v1.43/services/s/update", false, "POST"},
	{PORTAINER, "GET", "/v1.43/containers/a/attach/ws", false,
		"POST/attach"},

	/* values */
	{"CONTAINERS=true", "GET", "/containers/json", true, NULL},
	{"CONTAINERS=TRUE", "GET", "/containers/json", true, NULL},
	{"CONTAINERS=yes", "GET", "/containers/json", true, NULL},
	{"CONTAINERS=On", "GET", "/containers/json", true, NULL},
	{"CONTAINERS=ture", "GET", "/containers/json", false, NULL},
	{"CONTAINERS=01", "GET", "/containers/json", false, NULL},
	{"CONTAINERS=2", "GET", "/containers/json", false, NULL},
	{"CONTAINERS=", "GET", "/containers/json", false, NULL},
	{"VERSION=", "GET", "/version", true, NULL},
	{"VERSION=off", "GET", "/version", false, NULL},
	{"VERSION=1.2.3", "GET", "/version", false, NULL},
	{"containers=1", "GET", "/containers/json", false, NULL},
};

static void
check_row(const struct row *row, struct walk *w)
{
	struct fixture f;
	struct target t;

	fixture_init(&f, NULL, row->env, ' ');
	assert_int_equal(f.diag.errors, 0);
	assert_int_equal(
		target_parse(str_of(row->path), &fixture_limits, &f.arena, &t),
		WHY_OK);
	const struct rule *r = decide(w, &f, row->method, &t);
	if ((r->action == ACTION_ALLOW) != row->allow ||
		(row->rule && !str_eq(str_from(r->name, strlen("toggle:")),
				      str_of(row->rule))))
		fail_msg("[%s] %s %s: %s by %.*s", row->env, row->method,
			row->path, action_name(r->action), STR_FMT(r->name));
	assert_true(r->toggle);
	assert_true(r->action == ACTION_ALLOW || r->message.n > 0);
	fixture_fini(&f);
}

static void
strict_verdicts(void **state)
{
	struct walk w;
	(void)state;

	walk_init(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i], &w);
	walk_fini(&w);
	assert_true(sizeof(rows) / sizeof(rows[0]) >= 120);
}

/* A rule's name is what the log and the metrics tell it by. */
static void
names_are_unique(void **state)
{
	static const char *const envs[] = {"", "POST=1 CONTAINERS=1 EXEC=1",
		"ALLOW_EXEC=1 ALLOW_START=1",
		"DOCKER_PROXY_PROFILE=tecnativa ALLOW_START=1",
		"DOCKER_PROXY_PROFILE=linuxserver ALLOW_START=1 POST=1"};
	(void)state;

	for (size_t i = 0; i < sizeof(envs) / sizeof(envs[0]); i++) {
		struct fixture f;
		fixture_init(&f, NULL, envs[i], ' ');
		size_t n = 0;
		for (struct rule *r = f.rules.first; r; r = r->next, n++)
			for (struct rule *q = r->next; q; q = q->next)
				assert_false(str_eq(r->name, q->name));
		assert_int_equal(n, f.rules.count);
		fixture_fini(&f);
	}
}

static void
messages_say_what_to_set(void **state)
{
	static const struct {
		const char *method, *path, *message;
	} cases[] = {
		{"POST", "/volumes/create",
			"POST=0: only GET and HEAD are open; "
			"POST=1 opens the rest"},
		{"GET", "/images/json", "IMAGES=0: IMAGES=1 opens /images"},
		{"POST", "/containers/a/start",
			"ALLOW_START=0: ALLOW_START=1 opens just this call"},
		{"GET", "/containers/a/export",
			"ALLOW_EXPORT=0: ALLOW_EXPORT=1 opens this call"},
		{"GET", "/containers/a/attach/ws",
			"POST=0: attach/ws counts as a write; "
			"POST=1 opens it"},
		{"POST", "/containers/a/b/exec",
			"EXEC=0: EXEC=1 with POST=1, or ALLOW_EXEC=1, "
			"opens exec"},
		{"GET", "/debug/vars",
			"outside of every section: no toggle opens this"},
	};
	struct fixture f;
	struct walk w;
	(void)state;

	walk_init(&w);
	fixture_init(&f, NULL, "CONTAINERS=1", ' ');
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target t = {.path = str_of(cases[i].path)};
		const struct rule *r = decide(&w, &f, cases[i].method, &t);
		assert_string_equal(r->message.p, cases[i].message);
		assert_int_equal(r->status, 403);
	}
	fixture_fini(&f);
	walk_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_verdicts),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(messages_say_what_to_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
