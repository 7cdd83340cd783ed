/* init: asking. */
#include "daemon/init.h"

#include "compiler/ready.h"
#include "runtime/cidr.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_LEN 64

const struct init_call init_calls[] = {
#define CALL(word, help, method, path, sample) \
	{word, help, method, path, sample},
#include "daemon/init_calls.def"
#undef CALL
	{NULL, NULL, NULL, NULL, NULL},
};

static const struct question {
	const char *flag, *preset, *text, *help;
} questions[INIT_QUESTIONS] = {
#define QUESTION(id, flag, value, preset, text, help) \
	[INIT_##id] = {flag, preset, text, help},
#include "daemon/init_questions.def"
#undef QUESTION
};

/* --- lists --------------------------------------------------------------------- */

struct str
init_next(struct str *list)
{
	size_t n = str_find(*list, STR(","));
	struct str one = str_trim((struct str){list->p, n});

	*list = str_from(*list, n < list->n ? n + 1 : n);
	return one;
}

bool
init_has(struct str list, const char *word)
{
	while (list.n > 0)
		if (str_eq(init_next(&list), str_of(word)))
			return true;
	return false;
}

/* Policies whose clients create containers include the guard themselves. */
bool
init_creates(const struct init_answers *a)
{
	struct str list = a->v[INIT_FRONT];

	while (list.n > 0) {
		const struct ready_policy *p = ready_find(init_next(&list));
		if (str_find(p->text, STR("policy:no-host-escape")) < p->text.n)
			return true;
	}
	return false;
}

bool
init_is_unix(const struct init_answers *a)
{
	return str_starts(a->v[INIT_LISTEN], STR("/"));
}

/* --- what is wrong with an answer; NULL: nothing ----------------------------------- */

static const char *
wrong_front(struct str list)
{
	if (list.n == 0)
		return "say at least one";
	while (list.n > 0) {
		const struct ready_policy *p = ready_find(init_next(&list));
		if (!p || p->guard)
			return "there is no such policy";
	}
	return NULL;
}

static const char *
wrong_guards(struct str list)
{
	if (str_eq(list, STR("none")))
		return NULL;
	if (list.n == 0)
		return "say none, or at least one";
	while (list.n > 0) {
		const struct ready_policy *p = ready_find(init_next(&list));
		if (!p || !p->guard)
			return "there is no such guard";
	}
	return NULL;
}

static const char *
wrong_words(struct str list)
{
	while (list.n > 0) {
		struct str word = init_next(&list);
		const struct init_call *c = init_calls;
		while (c->word && !str_eq(word, str_of(c->word)))
			c++;
		if (!c->word)
			return "there is no such word; ? lists them";
	}
	return NULL;
}

static bool
is_port(struct str s)
{
	unsigned port = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || i > 4)
			return false;
		port = port * 10 + (unsigned)(s.p[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

static const char *
wrong_place(struct str s)
{
	size_t colon = s.n;
	struct ip ip;

	if (str_starts(s, STR("/")))
		return s.n > 107 ? "a socket's path has at most 107 bytes"
				 : NULL;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ':')
			colon = i;
	struct str host = {s.p, colon};
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = (struct str){host.p + 1, host.n - 2};
	if (colon == s.n || !is_port(str_from(s, colon + 1)) ||
		(!str_eq(host, STR("*")) && !ip_parse(host, &ip)))
		return "write address:port, *:port or an absolute path";
	return NULL;
}

static const char *
wrong_engine(struct str s)
{
	static const char *const forms[] = {
		"/", "unix:///", "tcp://", "tls://"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (str_starts(s, str_of(forms[i])))
			return NULL;
	return str_eq(s, STR("auto")) ? NULL
				      : "write auto, an absolute path, "
					"tcp://host:port or tls://host:port";
}

static const char *
wrong_names(struct str list)
{
	unsigned n = 0;

	if (list.n == 0)
		return "say at least one name";
	for (struct str all = list; list.n > 0;) {
		struct str name = init_next(&list);
		if (++n > INIT_TOKENS_MAX)
			return "these are too many";
		bool ok = name.n > 0 && name.n <= NAME_MAX_LEN;
		for (size_t i = 0; ok && i < name.n; i++)
			ok = strchr("abcdefghijklmnopqrstuvwxyz0123456789-_",
				     ascii_lower(name.p[i])) &&
			     name.p[i] != '\0';
		if (!ok)
			return "a name has letters, digits, - and _";
		for (struct str l = all; l.n > list.n;) {
			struct str other = init_next(&l);
			if (l.n > list.n && str_eq(other, name))
				return "a name stands there twice";
		}
	}
	return NULL;
}

static const char *
wrong_number(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9' || i > 5)
			return "write a number of at most six digits";
	return s.n == 0 ? "write a number" : NULL;
}

static const char *
wrong_file(const struct init_answers *a, struct str s)
{
	if (s.n > 0 && !a->force && access(s.p, F_OK) == 0)
		return "there is such a file already; --force replaces it";
	return NULL;
}

static const char *
wrong(const struct init_answers *a, enum init_question q, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return "a control character is in it";
	if (!str_is_utf8(s))
		return "this is no UTF-8";
	switch (q) {
	case INIT_FRONT:
		return wrong_front(s);
	case INIT_GUARDS:
		return wrong_guards(s);
	case INIT_MAY:
		return wrong_words(s);
	case INIT_LISTEN:
		return wrong_place(s);
	case INIT_AUTH:
		return str_eq(s, STR("bearer")) || str_eq(s, STR("none"))
			       ? NULL
			       : "write bearer or none";
	case INIT_TOKENS:
		return wrong_names(s);
	case INIT_REDACT:
		return str_eq(s, STR("yes")) || str_eq(s, STR("no"))
			       ? NULL
			       : "write yes or no";
	case INIT_RATE:
		return wrong_number(s);
	case INIT_KEY:
		return s.n == 0 ? "a certificate needs its key" : NULL;
	case INIT_OUTPUT:
		if (s.n == 0)
			return "it needs a name";
		return wrong_file(a, s);
	case INIT_COMPOSE:
	case INIT_SYSTEMD:
		return wrong_file(a, s);
	case INIT_ENGINE:
		return wrong_engine(s);
	case INIT_CERT:
	case INIT_AUDIT:
	case INIT_QUESTIONS:
		break;
	}
	return NULL;
}

/* Does it depend on another answer, which makes it void? */
static bool
is_void(const struct init_answers *a, enum init_question q)
{
	if (q == INIT_CERT)
		return init_is_unix(a);
	if (q == INIT_KEY)
		return a->v[INIT_CERT].n == 0;
	if (q == INIT_REDACT)
		return init_has(a->v[INIT_GUARDS], "no-secrets-in-answers");
	if (q == INIT_RATE)
		return init_has(a->v[INIT_GUARDS], "rate-limits");
	return q == INIT_TOKENS && str_eq(a->v[INIT_AUTH], STR("none"));
}

/* Who creates containers anew must see them as they are. */
static struct str
preset_of(const struct init_answers *a, enum init_question q)
{
	if (q == INIT_GUARDS && init_creates(a))
		return STR("no-host-escape");
	if (q == INIT_REDACT && init_creates(a))
		return STR("no");
	return str_of(questions[q].preset);
}

/* --- at the terminal ------------------------------------------------------------- */

static void
print_help(enum init_question q)
{
	printf("  %s\n", questions[q].help);
	for (const struct init_call *c = init_calls; q == INIT_MAY && c->word;
		c++)
		printf("    %-10s %s\n", c->word, c->help);
}

static void
print_choice(enum init_question q)
{
	if (q != INIT_FRONT && q != INIT_GUARDS)
		return;
	for (const struct ready_policy *p = ready_policies; p->name; p++)
		if (p->guard == (q == INIT_GUARDS))
			printf("  %-22s %s\n", p->name, p->description);
}

/* One line without its end; false at the end of the input. */
static bool
read_line(struct arena *a, struct str *out)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);

	if (n > 0 && line[n - 1] == '\n')
		n--;
	if (n >= 0)
		*out = arena_str(a, str_trim((struct str){line, (size_t)n}));
	free(line);
	return n >= 0;
}

static bool
ask(struct init_answers *a, enum init_question q)
{
	struct str preset = preset_of(a, q), line;
	const char *why;

	print_choice(q);
	for (;;) {
		printf("%s [%s] ", questions[q].text,
			preset.n > 0 ? preset.p : "nothing");
		fflush(stdout);
		if (!read_line(a->arena, &line)) {
			puts("\nThat is the end: nothing was written.");
			return false;
		}
		if (str_eq(line, STR("?"))) {
			print_help(q);
			continue;
		}
		line = line.n > 0 ? line : preset;
		why = wrong(a, q, line);
		if (!why)
			break;
		printf("  %s\n", why);
	}
	a->v[q] = line;
	return true;
}

static bool
take(struct init_answers *a, enum init_question q, struct str text)
{
	const char *why = is_void(a, q) ? "does not go with the other answers"
					: wrong(a, q, text);

	a->v[q] = text;
	if (why)
		fprintf(stderr, "docker-proxy: %s: %s\n", questions[q].flag,
			why);
	return !why;
}

bool
init_ask(struct init_answers *a, const struct arguments *arguments, bool yes,
	bool *usage_out)
{
	bool greeted = false;

	*usage_out = true;
	for (unsigned i = 0; i < INIT_QUESTIONS; i++) {
		enum init_question q = (enum init_question)i;
		const char *given =
			argument_value(arguments, questions[q].flag);
		if (!given && is_void(a, q))
			continue;
		if (given || yes) {
			if (!take(a, q,
				    given ? str_of(given) : preset_of(a, q)))
				return false;
			continue;
		}
		if (!greeted)
			puts("An empty line takes what is in brackets; ? tells "
			     "more; ^C ends it, and nothing is written.\n");
		greeted = true;
		if (!ask(a, q)) {
			*usage_out = false;
			return false;
		}
	}
	return true;
}
