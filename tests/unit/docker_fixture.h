/* One request, and what a docker.* field finds in it. Include behind
 * cmocka.h. */
#ifndef TESTS_UNIT_DOCKER_FIXTURE_H
#define TESTS_UNIT_DOCKER_FIXTURE_H

#include "runtime/facts.h"
#include "runtime/limits.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct docker_case {
	enum field field;
	const char *request; /* "POST /containers/create?name=x" */
	const char *body;    /* NULL: none */
	const char *want;    /* values, " | " between them, " = " before
			      another reading, "?" for a doubt */
};

struct docker_fixture {
	struct arena arena;
	struct facts facts;
	struct docker docker;
	struct target target;
	struct json json;
};

static inline void
docker_setup(struct docker_fixture *fx, const char *request, const char *body)
{
	static const struct json_limits limits = {LIMIT_JSON_DEPTH, 1};
	static const struct target_limits target = {LIMIT_TARGET_BYTES, 1, 24};
	struct str line = str_of(request);
	size_t space = str_find(line, STR(" ")), at;

	*fx = (struct docker_fixture){.json = {.count = 0}};
	memset(&fx->docker, 0x5a, sizeof(fx->docker)); /* another request's */
	docker_init(&fx->docker);
	arena_init(&fx->arena, MIB(64));
	fx->facts = (struct facts){
		.target = &fx->target,
		.body = &fx->json,
		.docker = &fx->docker,
		.arena = &fx->arena,
	};
	assert_true(
		method_parse((struct str){line.p, space}, &fx->facts.method));
	assert_int_equal(target_parse(str_from(line, space + 1), &target,
				 &fx->arena, &fx->target),
		WHY_OK);
	enum why why = body ? json_scan(str_of(body), &limits, &fx->arena,
				      &fx->json, &at)
			    : WHY_OK;
	if (why)
		fail_msg("%s at %zu of %s", why_name(why), at, body);
}

/* Its values as one text, owned. */
static inline char *
docker_found(struct docker_fixture *fx, enum field field)
{
	bool doubt;
	char *text;
	size_t n;
	const struct docker_list *l = docker_values(&fx->facts, field, &doubt);

	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	for (uint32_t i = 0; i < l->n; i++)
		fprintf(out, "%s%.*s",
			l->v[i].also ? " = "
			: i          ? " | "
				     : "",
			STR_FMT(l->v[i].text));
	if (doubt)
		fputs(l->n ? " | ?" : "?", out);
	assert_int_equal(fclose(out), 0);
	assert_false(arena_overflowed(&fx->arena));
	return text;
}

static inline void
docker_check(const struct docker_case *c)
{
	struct docker_fixture fx;

	docker_setup(&fx, c->request, c->body);
	char *got = docker_found(&fx, c->field);
	if (strcmp(got, c->want) != 0)
		fail_msg("%s of %s %s: %s instead of %s",
			field_info[c->field].name, c->request,
			c->body ? c->body : "", got, c->want);
	free(got);
	arena_fini(&fx.arena);
}

#define DOCKER_CHECK(cases) \
	do { \
		for (size_t i_ = 0; i_ < COUNT(cases); i_++) \
			docker_check(&(cases)[i_]); \
	} while (0)

#endif
