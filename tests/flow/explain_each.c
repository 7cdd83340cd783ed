/* What explain says of many requests: reads records, a line with their number
 * of bytes and the bytes of a connection to the first listener, from
 * 127.0.0.1; writes a line for each: "200", the proxy lets it through, or the
 * status and the reason of its refusal, of each request up to the first that
 * is refused. "-" stands for bytes that end before the request does.
 *
 *     explain_each [CONFIGURATION]
 */
#include "compiler/policy.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/explain.h"
#include "runtime/limits.h"

#include <stdlib.h>
#include <string.h>

struct each {
	struct policy *policy;
	struct offline *offline;
	struct offline_from from;
	struct arena arena; /* of one request */
};

static bool
read_record(char **bytes, size_t *n_out)
{
	if (scanf("%zu", n_out) != 1 || getchar() != '\n')
		return false;
	free(*bytes);
	*bytes = malloc(*n_out + 1);
	return *bytes && fread(*bytes, 1, *n_out, stdin) == *n_out;
}

/* The explanation, and the judgement without a trace, must say the same. */
static struct offline_verdict
judge(struct each *e, struct str bytes)
{
	struct explanation x;

	arena_reset(&e->arena);
	if (!explain_make(
		    &x, e->offline, e->policy, &e->from, bytes, &e->arena))
		abort();
	struct offline_verdict v =
		offline_judge(e->offline, &e->from, bytes, NULL);
	if (v.allow != x.verdict.allow || v.why != x.verdict.why ||
		v.status != x.verdict.status || v.rule != x.verdict.rule ||
		v.used != x.verdict.used || v.nfilters != x.verdict.nfilters)
		abort();
	return v;
}

static void
tell(struct each *e, struct str bytes)
{
	struct offline_verdict v = {.allow = true};

	while (v.allow && bytes.n) {
		v = judge(e, bytes);
		bytes = str_from(bytes, v.used);
		if (v.is_cut)
			printf("- ");
		else if (v.allow)
			printf("200 ");
		else
			printf("%u:%s ", v.status, why_name(v.why));
	}
	putchar('\n');
}

int
main(int argc, char **argv)
{
	const struct config config = {.file = argc > 1 ? argv[1] : NULL};
	struct each e = {.policy = config_compile(&config, NULL, stderr)};
	char *bytes = NULL;
	size_t n;

	if (!e.policy)
		return 1;
	e.offline = offline_new(e.policy);
	if (!e.offline || !ip_parse(STR("127.0.0.1"), &e.from.ip))
		return 1;
	clock_local(&e.from.weekday, &e.from.minute);
	arena_init(&e.arena, POLICY_ARENA_MAX);
	while (read_record(&bytes, &n))
		tell(&e, (struct str){bytes, n});
	free(bytes);
	arena_fini(&e.arena);
	offline_free(e.offline);
	policy_free(e.policy);
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
