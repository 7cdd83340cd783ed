/* Requests that fuzz targets run a program over: of each kind one, so that
 * every field is asked for, present and absent. */
#ifndef TESTS_FUZZ_REQUESTS_H
#define TESTS_FUZZ_REQUESTS_H

#include "runtime/docker.h"
#include "runtime/limits.h"
#include "runtime/redact_plan.h"
#include "runtime/vm.h"

#include <assert.h>

struct fuzz_request {
	enum method method;
	struct str target, ip, role, body;
	struct http1_field field;
};

static const struct fuzz_request fuzz_requests[] = {
	{.method = METHOD_GET, .target = STR("/v1.43/containers/json?all=1")},
	{.method = METHOD_POST,
		.target = STR("/containers/create?name=a&name2=b"),
		.ip = STR("10.1.2.3"),
		.role = STR("admin"),
		.body = STR("{\"Image\":\"alpine\",\"n\":17,\"HostConfig\":{"
			    "\"Privileged\":true,\"Binds\":[\"/:/host:ro\"]},"
			    "\"Labels\":{\"A\":\"b\",\"a\":null}}"),
		.field = {.name = STR("X-Forwarded-For"),
			.value = STR("192.0.2.1")}},
	{.method = METHOD_DELETE,
		.target = STR("/v1.24/images/a%2Fb?t=x&t=y"),
		.ip = STR("2001:db8::1"),
		.role = STR("user"),
		.body = STR("[\"\\u0041\",{},[[1e400,-0.0]],false]"),
		.field = {.name = STR("content-type"), .value = STR("")}},
};

#define FUZZ_REQUESTS (sizeof(fuzz_requests) / sizeof(fuzz_requests[0]))

static inline void
fuzz_facts(const struct fuzz_request *rq, struct facts *facts,
	struct target *target, struct json *json, struct arena *a)
{
	const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	const struct json_limits deep = {LIMIT_JSON_DEPTH, 1};
	size_t at;

	enum why why = target_parse(rq->target, &limits, a, target);
	assert(why == WHY_OK);
	why = json_scan(rq->body, &deep, a, json, &at);
	assert(why == WHY_OK);
	*facts = (struct facts){
		.method = rq->method,
		.target = target,
		.headers = &rq->field,
		.nheaders = rq->field.name.n > 0,
		.role = rq->role,
		.identity = rq->role,
		.listener = STR("main"),
		.has_peer = rq->ip.n == 0,
		.peer_uid = 1000,
		.weekday = 3,
		.minute = 720,
		.arena = a,
	};
	ip_parse(rq->ip, &facts->client_ip);
}

/* Runs a request to its end. What it needs it gets, and every other token is
 * refused. */
static inline void
fuzz_run(const struct program *p, const struct fuzz_request *rq,
	struct regex_scratch *scratch)
{
	struct arena a;
	struct facts facts;
	struct docker docker = {0};
	struct target target;
	struct json json;
	struct vm vm;
	unsigned stops = 0;
	enum vm_status status;

	arena_init(&a, MIB(4));
	fuzz_facts(rq, &facts, &target, &json, &a);
	facts.docker = &docker;
	bool ok = vm_init(&vm, p, &a);
	while (ok && (status = vm_run(&vm, &facts, scratch)) != VM_DONE) {
		/* Each instruction stops once at most. */
		assert(stops++ <= p->ninsns);
		if (status == VM_NEED_BODY) {
			assert(!facts.body);
			facts.body = &json;
			continue;
		}
		vm_bucket_key(&vm, &facts);
		vm_bucket_answer(&vm, stops % 2 ? 0 : 1500);
	}
	const struct verdict *v = &vm.verdict;
	if (ok) {
		assert(v->allow == (v->why == WHY_OK));
		assert(v->allow || (v->status >= 400 && v->status <= 599));
		assert(v->rule == PROGRAM_NO_RULE || v->rule < p->nrules);
	}
	if (ok && v->allow && v->nfilters)
		redact_plan_new(p, v->filters, v->nfilters, &a);
	arena_fini(&a);
}

static inline void
fuzz_run_all(const struct program *p)
{
	struct regex_scratch *scratch = regex_scratch_new();

	assert(scratch);
	for (size_t i = 0; i < FUZZ_REQUESTS; i++)
		fuzz_run(p, &fuzz_requests[i], scratch);
	regex_scratch_free(scratch);
}

#endif
