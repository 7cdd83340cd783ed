/* Migrate: the flags and variables of wollomatic/socket-proxy.
 *
 * Its allow lists become rules of the same patterns. Which requests `tests`
 * expects to pass is asked of the original patterns, with the path as that
 * proxy sees it: so the tests check the translation.
 */
#include "compiler/migrate_parts.h"

#include "compiler/show.h"
#include "runtime/cidr.h"
#include "runtime/regex.h"

static const char *const methods[] = {
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

/* What has a counterpart that no line of a configuration says. */
static const struct {
	const char *flag, *variable, *why;
} others[] = {
	{"watchdoginterval", "SP_WATCHDOGINTERVAL",
		"the Engine's socket is looked up for each connection: there "
		"is nothing to watch"},
	{"stoponwatchdog", "SP_STOPONWATCHDOG",
		"the proxy stays up, and answers 503 until the Engine is back"},
	{"allowhealthcheck", "SP_ALLOWHEALTHCHECK",
		"use `docker-proxy healthcheck`; it needs no rule"},
	{"proxycontainername", "SP_PROXYCONTAINERNAME",
		"rights are not read from labels of containers"},
	{"allowCONNECT", "SP_ALLOW_CONNECT", "the method is never let through"},
	{"allowTRACE", "SP_ALLOW_TRACE", "the method is never let through"},
};

static struct setting *
get(struct migrant *m, const char *flag, const char *variable)
{
	struct setting *v = migrate_get(m, variable);
	struct setting *f = migrate_get(m, flag);

	return f ? f : v && v->value.n > 0 ? v : NULL;
}

/* Of a comma-separated list the first; *list is what follows. */
static struct str
next_of(struct str *list)
{
	size_t n = str_find(*list, STR(","));
	struct str one = {list->p, n};

	*list = str_from(*list, n < list->n ? n + 1 : n);
	while (one.n > 0 && one.p[0] == ' ')
		one = str_from(one, 1);
	return one;
}

static void
write_pair(struct migrant *m, const char *key, struct setting *s)
{
	if (!s)
		return;
	fprintf(m->out, "  %s: ", key);
	show_yaml(s->value, m->out);
	putc('\n', m->out);
}

/* --- global -------------------------------------------------------------------- */

static void
write_listener(struct migrant *m)
{
	struct setting *path =
		get(m, "proxysocketendpoint", "SP_PROXYSOCKETENDPOINT");
	struct setting *mode = get(m, "proxysocketendpointfilemode",
		"SP_PROXYSOCKETENDPOINTFILEMODE");
	struct setting *ip = get(m, "listenip", "SP_LISTENIP");
	struct setting *port = get(m, "proxyport", "SP_PROXYPORT");

	if (path) {
		fputs("  listeners:\n    - {name: local, unix: ", m->out);
		show_yaml(path->value, m->out);
		fputs(", mode: ", m->out);
		show_yaml(mode ? mode->value : STR("0600"), m->out);
		fputs("}\n", m->out);
		return;
	}
	write_pair(m, "bind", ip);
	fputs("  port: ", m->out);
	show_yaml(port ? port->value : STR("2375"), m->out);
	putc('\n', m->out);
}

static void
write_global(struct migrant *m)
{
	struct setting *json = get(m, "logjson", "SP_LOGJSON");
	struct setting *grace =
		get(m, "shutdowngracetime", "SP_SHUTDOWNGRACETIME");

	fputs("global:\n", m->out);
	write_listener(m);
	write_pair(m, "socket", get(m, "socketpath", "SP_SOCKETPATH"));
	write_pair(m, "log_level", get(m, "loglevel", "SP_LOGLEVEL"));
	if (json && !str_eq_nocase(json->value, STR("false")) &&
		!str_eq(json->value, STR("0")))
		fputs("  log_format: json\n", m->out);
	fputs("  default: deny\n", m->out);
	fputs("  timeouts: {drain: ", m->out);
	show_yaml(grace ? grace->value : STR("10"), m->out);
	fputs("}\n"
	      "auth:\n"
	      "  # As there: whoever can connect may do what the rules allow.\n"
	      "  type: none\n",
		m->out);
}

/* --- who may connect, what may be mounted ------------------------------------ */

/* Networks are a rule; names cannot be one, and who is not named there must
 * not get in. An address to test with, or nothing. */
static struct str
write_clients(struct migrant *m)
{
	struct setting *s = get(m, "allowfrom", "SP_ALLOWFROM");
	struct str list = s ? s->value : STR("127.0.0.1/32");
	struct str tested = STR("127.0.0.1");
	const char *sep = "";
	bool host_bits;
	struct cidr net;

	if (get(m, "proxysocketendpoint", "SP_PROXYSOCKETENDPOINT"))
		return STR("");
	fputs("  - name: clients\n"
	      "    conditions:\n"
	      "      - field: client_ip\n"
	      "        operator: not_in\n"
	      "        value: [",
		m->out);
	while (list.n > 0) {
		struct str one = next_of(&list);
		if (!cidr_parse(one, &net, &host_bits) || host_bits) {
			migrate_note(m,
				"allowfrom %.*s: clients are known by address; "
				"add its network to the rule \"clients\"",
				STR_FMT(one));
			continue;
		}
		fputs(sep, m->out);
		show_yaml(one, m->out);
		if (*sep == '\0')
			tested = (struct str){one.p, str_find(one, STR("/"))};
		sep = ", ";
	}
	fprintf(m->out,
		"%s]\n"
		"    action: deny\n"
		"    message: Not from here\n",
		*sep ? "" : "'127.0.0.1/32'");
	return tested;
}

static void
write_mounts(struct migrant *m)
{
	struct setting *s =
		get(m, "allowbindmountfrom", "SP_ALLOWBINDMOUNTFROM");
	struct str list = s ? s->value : STR("");
	const char *sep = "";

	if (list.n == 0)
		return;
	fputs("  # Here of devices and of volumes that are binds, too.\n"
	      "  - name: mounts\n"
	      "    conditions:\n"
	      "      - field: docker.host_paths\n"
	      "        operator: not_only_under\n"
	      "        value: [",
		m->out);
	while (list.n > 0) {
		fputs(sep, m->out);
		show_yaml(next_of(&list), m->out);
		sep = ", ";
	}
	fputs("]\n"
	      "    action: deny\n"
	      "    message: Not to be mounted\n",
		m->out);
}

/* --- allow lists ----------------------------------------------------------------- */

/* Is it -allowGET, or SP_ALLOW_GET or SP_ALLOW_GET_2? */
static bool
is_of_method(const struct setting *s, const char *method)
{
	struct str prefix = s->flag ? STR("allow") : STR("SP_ALLOW_");
	if (!str_starts(s->name, prefix))
		return false;
	struct str rest = str_from(s->name, prefix.n);
	if (!str_starts(rest, str_of(method)))
		return false;
	rest = str_from(rest, strlen(method));
	return rest.n == 0 || (!s->flag && rest.p[0] == '_');
}

/* A variable counts where no flag says anything of the method. */
static bool
counts(const struct migrant *m, const struct setting *s, const char *method)
{
	bool by_flag = false;

	for (const struct setting *o = m->first; o; o = o->next)
		by_flag = by_flag || (o->flag && is_of_method(o, method));
	return is_of_method(s, method) && s->value.n > 0 && s->flag == by_flag;
}

static bool
compiles(struct migrant *m, struct setting *s)
{
	char err[128];
	size_t at;
	struct regex *re =
		regex_compile(s->value, false, err, sizeof(err), &at);

	regex_free(re);
	if (!re)
		migrate_note(m, "%.*s=%.*s: %s", STR_FMT(s->name),
			STR_FMT(s->value), err);
	return re;
}

static void
write_allow(struct migrant *m, struct setting *s, const char *method)
{
	struct split_pattern splits[SPLITS_MAX];
	size_t n = migrate_split(s->value, m->arena, splits);
	static const char rule[] = "  - name: %s-%u\n"
				   "    conditions:\n"
				   "      - {field: method, operator: equals, "
				   "value: %s}\n";

	if (n == 0)
		migrate_note(m, "%.*s: the pattern has too many alternatives",
			STR_FMT(s->name));
	for (size_t i = 0; i < n; i++) {
		fprintf(m->out, rule, "allow", ++m->rules, method);
		if (splits[i].version.p) {
			fputs("      - {field: api_version, operator: matches, "
			      "value: ",
				m->out);
			show_yaml(splits[i].version, m->out);
			fputs("}\n", m->out);
		}
		fputs("      - {field: path, operator: matches, value: ",
			m->out);
		show_yaml(arena_fmt(m->arena, "^(?:%.*s)$",
				  STR_FMT(splits[i].path)),
			m->out);
		fputs("}\n    action: allow\n", m->out);
	}
}

static void
write_allows(struct migrant *m)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		for (struct setting *s = m->first; s; s = s->next) {
			if (!is_of_method(s, methods[i]))
				continue;
			s->has_told = true;
			if (!counts(m, s, methods[i]) || !compiles(m, s))
				continue;
			fputs(s->flag ? "  # -" : "  # ", m->out);
			show_text(s->name, m->out);
			putc('=', m->out);
			show_text(s->value, m->out);
			putc('\n', m->out);
			write_allow(m, s, methods[i]);
		}
	}
}

/* --- tests ---------------------------------------------------------------------- */

/* As that proxy decides: `^` and `$` around the pattern, the path with its
 * version. */
static bool
allowed(struct migrant *m, const char *method, const char *path)
{
	struct regex_scratch *scratch = regex_scratch_new();
	bool yes = false;
	char err[8];
	size_t at;

	for (struct setting *s = m->first; s; s = s->next) {
		if (!counts(m, s, method))
			continue;
		struct regex *re = regex_compile(
			arena_fmt(m->arena, "^(?:%.*s)$", STR_FMT(s->value)),
			false, err, sizeof(err), &at);
		yes = yes || (re && scratch &&
				     regex_match(re, str_of(path), scratch) ==
					     REGEX_YES);
		regex_free(re);
	}
	regex_scratch_free(scratch);
	return yes;
}

void
migrate_wollomatic(struct migrant *m)
{
	write_global(m);
	fputs("rules:\n", m->out);
	struct str ip = write_clients(m);
	write_mounts(m);
	write_allows(m);
	fputs("tests:\n", m->out);
	for (const struct migrate_call *c = migrate_calls; c->method; c++)
		if (!c->body)
			migrate_test(m, c->method, c->path, ip,
				allowed(m, c->method, c->path));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (get(m, others[i].flag, others[i].variable))
			migrate_note(
				m, "%s: %s", others[i].flag, others[i].why);
	migrate_note_rest(m, "that proxy has no such setting");
}
