/* A request of which all is known that the docker fields are gathered from. */
#ifndef TESTS_FUZZ_GATHERED_H
#define TESTS_FUZZ_GATHERED_H

#include "runtime/docker.h"
#include "runtime/facts.h"
#include "runtime/limits.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_gathered {
	struct arena arena;
	struct target target;
	struct json json;
	struct docker docker;
	struct facts facts;
};

/* Begins with a method and a target; says why that is refused. The caller
 * ends it by arena_fini(), whatever comes. */
static inline enum why
fuzz_gather(struct fuzz_gathered *g, enum method method, struct str target)
{
	const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};

	*g = (struct fuzz_gathered){.json = {.count = 0}};
	arena_init(&g->arena, MIB(64));
	g->facts = (struct facts){
		.method = method,
		.target = &g->target,
		.body = &g->json,
		.docker = &g->docker,
		.arena = &g->arena,
	};
	return target_parse(target, &limits, &g->arena, &g->target);
}

static inline enum why
fuzz_gather_body(struct fuzz_gathered *g, struct str body)
{
	const struct json_limits deep = {LIMIT_JSON_DEPTH, 1};
	size_t at;

	return json_scan(body, &deep, &g->arena, &g->json, &at);
}

#endif
