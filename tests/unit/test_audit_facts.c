/* What a request means, as the audit log has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/audit.h"

#include "tests/unit/docker_fixture.h"

static void
assert_facts(const char *request, const char *body, const char *want)
{
	struct docker_fixture fx;

	docker_setup(&fx, request, body);
	struct str got = audit_facts(&fx.facts, &fx.arena);
	if (!str_eq(got, str_of(want)))
		fail_msg(
			"%s %s: %.*s", request, body ? body : "", STR_FMT(got));
	arena_fini(&fx.arena);
}

static void
test_facts(void **state)
{
	assert_facts("GET /_ping", NULL, "{}");
	assert_facts("GET /containers/web/json", NULL,
		"{\"target\":[\"web\"],\"containers\":[\"web\"]}");
	assert_facts("POST /containers/create?name=db",
		"{\"Image\":\"redis:7\",\"User\":\"65532\",\"HostConfig\":"
		"{\"Binds\":[\"/srv/a:/a:ro\",\"/etc:/e\"]}}",
		"{\"host_paths\":[\"/srv/a:ro\",\"/etc\"],"
		"\"mount_types\":[\"bind\",\"bind\"],"
		"\"images\":[\"docker.io/library/redis:7\"],"
		"\"name\":[\"db\"],\"user\":[\"65532\"]}");
	(void)state;
}

/* A name of hexadecimal digits may be an id: one value, two readings. */
static void
test_other_readings(void **state)
{
	assert_facts("GET /images/cafe/json", NULL,
		"{\"target\":[[\"cafe\",\"id:cafe\"]],"
		"\"images\":[[\"docker.io/library/cafe:latest\","
		"\"id:cafe\"]]}");
	(void)state;
}

static void
test_secrets_are_hidden(void **state)
{
	assert_facts("POST /containers/create",
		"{\"Image\":\"a\",\"User\":\"1\",\"Env\":[\"PASSWORD=hunter2\","
		"\"PLAIN\"],\"Labels\":{\"auth\":\"admin:$2y$\"}}",
		"{\"images\":[[\"docker.io/library/a:latest\",\"id:a\"]],"
		"\"user\":[\"1\"],\"env\":[\"PASSWORD=***\",\"PLAIN\"],"
		"\"labels\":[\"auth=***\"],\"hidden\":[\"env\",\"labels\"]}");
	(void)state;
}

static void
test_doubts(void **state)
{
	const struct str want = STR("\"doubts\":[\"host_paths\",");
	struct docker_fixture fx;

	docker_setup(&fx, "POST /containers/create",
		"{\"User\":\"7\",\"HostConfig\":{\"Privileged\":1}}");
	struct str got = audit_facts(&fx.facts, &fx.arena);
	assert_true(str_find(got, want) < got.n);
	assert_true(str_find(got, STR("\"user\":[\"7\"]")) < got.n);
	arena_fini(&fx.arena);
	(void)state;
}

/* Whatever is sent: valid JSON within the room, and what is left out is
 * hidden. */
static void
test_room(void **state)
{
	enum { BINDS = 2000 };
	char *body;
	size_t n;
	FILE *f = open_memstream(&body, &n);

	fputs("{\"HostConfig\":{\"Binds\":[\"", f);
	for (int i = 0; i < 900; i++)
		fputs("/zz", f);
	fputs(":/a\"", f);
	for (int i = 0; i < BINDS; i++)
		fprintf(f, ",\"/srv/\\u0001%d:/a\"", i);
	fputs("]}}", f);
	fclose(f);

	struct docker_fixture fx;
	docker_setup(&fx, "POST /containers/create", body);
	struct str got = audit_facts(&fx.facts, &fx.arena);
	assert_true(got.n <= AUDIT_FACTS_MAX);
	struct json j;
	size_t at;
	const struct json_limits limits = {8, 1};
	assert_int_equal(json_scan(got, &limits, &fx.arena, &j, &at), WHY_OK);
	assert_int_equal(j.nodes->type, JSON_OBJECT);
	const struct str hidden = STR(",\"hidden\":[\"host_paths\"");
	assert_true(str_find(got, hidden) < got.n);
	assert_true(str_find(got, STR("\\u0001")) < got.n);
	assert_true(str_find(got, STR("bytes]\"")) < got.n);
	free(body);
	arena_fini(&fx.arena);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_other_readings),
		cmocka_unit_test(test_secrets_are_hidden),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
