/* docker.images: references made whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/docker_fixture.h"

#define HEX64 "eb504c1352e2e46a0d2a7ca147e294c321dfed11d09a36051f4033d109a53dc7"

static void
test_references(void **state)
{
	static const char *const cases[][2] = {
		{"alpine", "docker.io/library/alpine:latest"},
		{"alpine:3.19", "docker.io/library/alpine:3.19"},
		{"library/alpine", "docker.io/library/alpine:latest"},
		{"docker.io/alpine", "docker.io/library/alpine:latest"},
		{"index.docker.io/alpine", "docker.io/library/alpine:latest"},
		{"docker.io/library/alpine", "docker.io/library/alpine:latest"},
		{"a/b", "docker.io/a/b:latest"},
		{"ghcr.io/a/b:1", "ghcr.io/a/b:1"},
		{"reg:5000/a", "reg:5000/a:latest"},
		{"localhost/a", "localhost/a:latest"},
		{"[::1]:5000/a", "[::1]:5000/a:latest"},
		/* An upper-case name before a slash is a registry's. */
		{"Reg/a", "Reg/a:latest"},
		{"alpine@sha256:" HEX64,
			"docker.io/library/alpine@sha256:" HEX64},
		/* Of both, the Engine takes the digest. */
		{"alpine:3@sha256:" HEX64,
			"docker.io/library/alpine@sha256:" HEX64},
		{HEX64, "id:" HEX64},
		{"sha256:" HEX64, "id:" HEX64},
		/* A name, or the beginning of an id. */
		{"cafe", "docker.io/library/cafe:latest = id:cafe"},
		{"sha256:cafe", "docker.io/library/sha256:cafe = id:cafe"},
		/* No references: the Engine refuses them. */
		{"Alpine", "Alpine | ?"},
		{"a//b", "a//b | ?"},
		{"/a", "/a | ?"},
		{"a/", "a/ | ?"},
		{"x:", "x: | ?"},
		{"a b", "a b | ?"},
		{"a@sha256:12", "a@sha256:12 | ?"},
		{"a@b@c", "a@b@c | ?"},
		{"\xc3\xa9", "\xc3\xa9 | ?"},
	};
	struct docker_case c = {.field = FIELD_DOCKER_IMAGES,
		.request = "POST /containers/create"};
	char body[512];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(body, sizeof(body), "{\"Image\":\"%s\"}", cases[i][0]);
		c.body = body;
		c.want = cases[i][1];
		docker_check(&c);
	}
}

#define IMAGES FIELD_DOCKER_IMAGES
#define LIB(s) "docker.io/library/" s

static void
test_calls(void **state)
{
	static const struct docker_case cases[] = {
		{IMAGES, "POST /images/create?fromImage=busy&tag=1", NULL,
			LIB("busy:1")},
		{IMAGES, "POST /images/create?fromImage=busy:2&tag=1", NULL,
			LIB("busy:1")},
		{IMAGES, "POST /images/create?fromImage=busy:2", NULL,
			LIB("busy:2")},
		/* Without a tag, all of them are pulled. */
		{IMAGES, "POST /images/create?fromImage=busy", NULL,
			LIB("busy:latest") " | " LIB("busy:*")},
		{IMAGES, "POST /images/create?fromImage=busy:", NULL,
			LIB("busy:latest") " | " LIB("busy:*")},
		{IMAGES, "POST /images/create?fromImage=busy&tag=sha256:" HEX64,
			NULL, LIB("busy@sha256:" HEX64)},
		{IMAGES, "POST /images/create?fromSrc=-&repo=x&tag=y", NULL,
			LIB("x:y")},
		{IMAGES, "POST /images/create?fromImage=&fromSrc=-&repo=x",
			NULL, LIB("x:latest")},
		{IMAGES, "POST /images/busy/tag?repo=reg:5000/x&tag=2", NULL,
			LIB("busy:latest") " | reg:5000/x:2"},
		{IMAGES, "POST /images/a/b/push?tag=1", NULL,
			"docker.io/a/b:latest | docker.io/a/b:1"},
		{IMAGES, "GET /images/busy/get", NULL, LIB("busy:latest")},
		{IMAGES, "GET /images/get?names=x&names=y", NULL,
			LIB("x:latest") " | " LIB("y:latest")},
		{IMAGES, "DELETE /images/busy", NULL, LIB("busy:latest")},
		{IMAGES, "GET /distribution/127.0.0.1:9/x/json", NULL,
			"127.0.0.1:9/x:latest"},
		{IMAGES, "POST /build?t=x&t=y:1&cachefrom=%5B%22z%22%5D", NULL,
			LIB("x:latest") " | " LIB("y:1") " | " LIB("z:latest")},
		{IMAGES, "POST /commit?container=c&repo=r&tag=t", "{}",
			LIB("r:t")},
		{IMAGES, "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":"
			"\"x\"}}}",
			LIB("x:latest")},
		{IMAGES, "POST /images/load", NULL, "?"},
		{IMAGES, "GET /images/json", NULL, ""},
		{IMAGES, "POST /containers/create", "{\"Image\":\"\"}", ""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* An operator's spelling, too. */
static void
test_normal(void **state)
{
	static const struct {
		enum field field;
		const char *text, *want; /* NULL: no value is like it */
	} cases[] = {
		{IMAGES, "alpine", LIB("alpine:latest")},
		{IMAGES, "sha256:" HEX64, "id:" HEX64},
		{IMAGES, "id:cafe", "id:cafe"},
		{IMAGES, "busy:*", LIB("busy:*")},
		{IMAGES, "reg:5000/x:*", "reg:5000/x:*"},
		{IMAGES, LIB("busy:*"), LIB("busy:*")},
		{IMAGES, "Not one", NULL},
		{IMAGES, "Not one:*", NULL},
		{IMAGES, "", NULL},
		{FIELD_DOCKER_CAPABILITIES, "cap_sys_admin", "SYS_ADMIN"},
		{FIELD_DOCKER_USER, "0", "root"},
		{FIELD_DOCKER_SECURITY, "seccomp:unconfined",
			"seccomp=unconfined"},
		{FIELD_DOCKER_SECURITY, "unconfined", NULL},
		{FIELD_DOCKER_HOST_PATHS, "/a/../b/", "/b"},
		{FIELD_DOCKER_HOST_PATHS, "/b:ro", "/b:ro"},
		{FIELD_DOCKER_HOST_PATHS, "b", NULL},
		{FIELD_DOCKER_LABELS, "a=/x/../b", "a=/x/../b"},
	};
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str got;
		bool ok = docker_normal(
			cases[i].field, str_of(cases[i].text), &a, &got);
		if (ok != (cases[i].want != NULL) ||
			(ok && !str_eq(got, str_of(cases[i].want))))
			fail_msg("%s: %.*s", cases[i].text, STR_FMT(got));
	}
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_normal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
