/* explain: what the proxy would do with a request, and why. */
#include "daemon/cmd_explain.h"

#include "compiler/policy.h"
#include "daemon/asked.h"
#include "daemon/config.h"
#include "daemon/explain.h"
#include "daemon/file.h"
#include "runtime/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Exit codes of this command. */
enum { ALLOWED = 0, DENIED = 1, WRONG = 2 };

struct words {
	const struct arguments *a;
	struct testcase t;
	struct arena arena;
	bool json;
};

static bool
complain(const char *what, const char *value, const char *why)
{
	fprintf(stderr, "docker-proxy: %s \"%s\": %s\n", what, value, why);
	return false;
}

static struct str
text_of(const struct words *w, const char *flag)
{
	const char *value = argument_value(w->a, flag);

	return str_of(value ? value : "");
}

/* "Name: value". */
static bool
read_header(const char *arg, struct testcase_field *out)
{
	struct str s = str_of(arg);
	size_t colon = str_find(s, STR(":"));

	if (colon == s.n || colon == 0)
		return complain("-H", arg, "it is written 'Name: value'");
	out->name = (struct str){s.p, colon};
	out->value = str_from(s, colon + 1);
	while (out->value.n && out->value.p[0] == ' ')
		out->value = str_from(out->value, 1);
	return true;
}

static bool
read_headers(struct words *w)
{
	struct testcase *t = &w->t;
	struct testcase_field *fields;
	unsigned n = 0;

	while (argument_nth(w->a, "-H", n))
		n++;
	fields = arena_alloc(&w->arena, n * sizeof(*fields) + 1);
	if (!fields)
		return complain("-H", "", "there are too many");
	for (; t->nfields < n; t->nfields++)
		if (!read_header(argument_nth(w->a, "-H", (unsigned)t->nfields),
			    &fields[t->nfields]))
			return false;
	t->fields = fields;
	return true;
}

static bool
read_body(struct words *w)
{
	const char *body = argument_value(w->a, "--body");

	if (!body)
		return true;
	w->t.has_body = true;
	w->t.body = str_of(body);
	if (body[0] != '@')
		return true;
	const char *file = strcmp(body, "@-") == 0 ? "/dev/stdin" : body + 1;
	return file_read(file, INSPECTED_BODY_MAX, &w->arena, &w->t.body) ||
	       complain("--body", body, strerror(errno));
}

/* A number and what ends it, behind which *rest goes on. */
static bool
read_id(const char **rest, char end, uint32_t *out)
{
	char *behind;

	errno = 0;
	unsigned long n = strtoul(*rest, &behind, 10);
	if (**rest < '0' || **rest > '9' || *behind != end || errno ||
		n > UINT32_MAX)
		return false;
	*rest = behind + 1;
	*out = (uint32_t)n;
	return true;
}

/* UID:GID */
static bool
read_peer(struct words *w)
{
	const char *peer = argument_value(w->a, "--peer");
	const char *rest = peer;

	if (!peer)
		return true;
	w->t.has_peer = true;
	return (read_id(&rest, ':', &w->t.uid) &&
		       read_id(&rest, '\0', &w->t.gid)) ||
	       complain("--peer", peer, "it is written UID:GID");
}

static bool
read_scalars(struct words *w)
{
	const char *ip = argument_value(w->a, "--ip");
	const char *time = argument_value(w->a, "--time");
	const char *format = argument_value(w->a, "--format");
	struct testcase *t = &w->t;

	if (ip && !ip_parse(str_of(ip), &t->ip))
		return complain("--ip", ip, "it is no IP address");
	t->has_time = time;
	if (time && !testcase_time(str_of(time), &t->weekday, &t->minute))
		return complain("--time", time, "it is written 'Mon 08:30'");
	w->json = format && strcmp(format, "json") == 0;
	if (format && !w->json && strcmp(format, "text") != 0)
		return complain("--format", format, "it is text or json");
	return true;
}

static bool
read_words(struct words *w)
{
	struct testcase *t = &w->t;

	t->method = str_of(argument_operand(w->a, 0));
	t->target = str_of(argument_operand(w->a, 1));
	t->is_known = argument_given(w->a, "--role") ||
		      argument_given(w->a, "--identity");
	t->role = text_of(w, "--role");
	t->identity = text_of(w, "--identity");
	t->listener = text_of(w, "--listener");
	return read_headers(w) && read_peer(w) && read_scalars(w) &&
	       read_body(w);
}

static int
explain(struct words *w, const struct policy *policy, struct offline *o)
{
	struct asked asked;
	struct explanation e;

	const char *why =
		asked_make(&w->t, &policy->settings, &w->arena, &asked);
	if (why) {
		fprintf(stderr, "docker-proxy: %s\n", why);
		return WRONG;
	}
	if (!explain_make(&e, o, policy, &asked.from, asked.bytes, &w->arena)) {
		fputs("docker-proxy: out of memory\n", stderr);
		return WRONG;
	}
	if (w->json)
		explain_json(&e, true, stdout);
	else
		explain_text(&e, argument_given(w->a, "--all"), "", stdout);
	return e.verdict.allow ? ALLOWED : DENIED;
}

static int
run(const struct arguments *a)
{
	struct words w = {.a = a};
	struct policy *policy = NULL;
	struct offline *o = NULL;
	struct config config;
	int status = WRONG;

	arena_init(&w.arena, POLICY_ARENA_MAX);
	if (read_words(&w) && config_read(a, &config, stderr) == EXIT_OK)
		policy = config_compile(&config, NULL, stderr);
	if (policy)
		o = offline_new(policy);
	if (o)
		status = explain(&w, policy, o);
	offline_free(o);
	policy_free(policy);
	arena_fini(&w.arena);
	return status;
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration"},
	{"--policy", "POLICY", "a ready policy, without a file"},
	{"--role", "ROLE",
		"who asks, as authenticated; without this and the "
		"next the proxy finds out as ever"},
	{"--identity", "NAME", "its name, as authenticated"},
	{"--ip", "ADDRESS", "where from; 127.0.0.1"},
	{"--peer", "UID:GID", "of the process at a unix listener; our own"},
	{"--listener", "NAME", "the first of the configuration"},
	{"--time", "TIME", "'Mon 08:30'; now"},
	{"-H", "'NAME: VALUE'", "a header; may be given more than once"},
	{"--body", "TEXT",
		"or @FILE, or @- for what is typed; JSON unless a "
		"Content-Type is given"},
	{"--format", "text|json", "text"},
	{"--all", NULL, "also rules that are for other calls"},
	{0},
};

const struct command command_explain = {
	.name = "explain",
	.operands = "METHOD TARGET",
	.least = 2,
	.most = 2,
	.flags = flags,
	.help = "what would become of a request, and why; exit 0 when it is "
		"allowed, 1 when denied, 2 when it cannot be said",
	.run = run,
};
