/* The command line. */
#include "daemon/command.h"

#include <string.h>

/* An argument, or an option and its value. */
struct typed {
	const struct flag *flag; /* NULL: an operand */
	const char *value;
	int next; /* the argument behind it */
};

enum typed_error { TYPED_OK, TYPED_UNKNOWN, TYPED_NO_VALUE, TYPED_A_VALUE };

/* --- finding the command -------------------------------------------------- */

int
command_name_length(const char *name, int nwords, char *const *words)
{
	int n = 0;

	while (n < nwords) {
		size_t len = strlen(words[n]);
		if (strncmp(name, words[n], len) != 0)
			return 0;
		name += len;
		n++;
		if (*name == '\0')
			return n;
		if (*name++ != ' ')
			return 0;
	}
	return 0;
}

static bool
is_spelled(const struct command *c, const char *arg)
{
	return arg[0] == '-' &&
	       (strcmp(c->name, arg) == 0 ||
		       (c->alias && strcmp(c->alias, arg) == 0));
}

/* The command that an argument such as --version names. */
static const struct command *
find_spelled(int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++)
		for (const struct command *const *c = commands; *c; c++)
			if (is_spelled(*c, argv[i]))
				return *c;
	return NULL;
}

static void
find(struct arguments *a)
{
	const struct command *spelled;

	for (const struct command *const *c = commands; *c; c++) {
		int n = command_name_length(
			(*c)->name, a->argc - 1, a->argv + 1);
		if (n >= a->first) {
			a->command = *c;
			a->first = n + 1;
		}
	}
	if (a->command)
		return;
	spelled = find_spelled(a->argc, a->argv);
	a->command = spelled ? spelled : commands[0];
}

/* --- what it is given ------------------------------------------------------ */

/* Does arg begin with that option? *value_out: what stands behind its "=". */
static bool
is_flag(const struct flag *f, const char *arg, const char **value_out)
{
	size_t n = strlen(f->name);

	*value_out = NULL;
	if (strncmp(arg, f->name, n) != 0)
		return false;
	if (arg[n] == '=' && arg[1] == '-')
		*value_out = arg + n + 1;
	return arg[n] == '\0' || *value_out;
}

static enum typed_error
read_flag(const struct arguments *a, const struct flag *f, struct typed *t)
{
	t->flag = f;
	if (!f->value)
		return t->value ? TYPED_A_VALUE : TYPED_OK;
	if (t->value)
		return TYPED_OK;
	if (t->next >= a->argc)
		return TYPED_NO_VALUE;
	t->value = a->argv[t->next++];
	return TYPED_OK;
}

/* The argument at i. "-" alone is an operand. */
static enum typed_error
read_typed(const struct arguments *a, int i, struct typed *t)
{
	const char *arg = a->argv[i];

	*t = (struct typed){.next = i + 1};
	for (const struct flag *f = a->command->flags; f && f->name; f++)
		if (is_flag(f, arg, &t->value))
			return read_flag(a, f, t);
	if (arg[0] == '-' && arg[1] != '\0')
		return TYPED_UNKNOWN;
	t->value = arg;
	return TYPED_OK;
}

static void
complain(const struct arguments *a, int i, enum typed_error e, FILE *err)
{
	const char *arg = a->argv[i];

	switch (e) {
	case TYPED_OK:
		break;
	case TYPED_UNKNOWN:
		fprintf(err,
			"docker-proxy: unknown argument \"%s\"; see --help\n",
			arg);
		break;
	case TYPED_NO_VALUE:
		fprintf(err, "docker-proxy: %s needs a value\n", arg);
		break;
	case TYPED_A_VALUE:
		fprintf(err, "docker-proxy: %.*s takes no value\n",
			(int)strcspn(arg, "="), arg);
		break;
	}
}

/* Too few operands, or one too many. */
static bool
check_operands(const struct arguments *a, unsigned n, FILE *err)
{
	const struct command *c = a->command;

	if (n > c->most && !c->operands) {
		fprintf(err,
			"docker-proxy: unknown argument \"%s\"; see --help\n",
			argument_operand(a, c->most));
		return false;
	}
	if (n >= c->least && n <= c->most)
		return true;
	fprintf(err, "docker-proxy: it is: %s %s\n", c->name, c->operands);
	return false;
}

static bool
is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* One argument; *n counts the operands. */
static bool
check_typed(struct arguments *a, int i, unsigned *n, int *next_out, FILE *err)
{
	struct typed t;
	enum typed_error e = read_typed(a, i, &t);

	*next_out = t.next;
	if (e == TYPED_OK) {
		*n += !t.flag;
		return true;
	}
	if (e == TYPED_UNKNOWN && is_help(a->argv[i]))
		return a->help = true;
	complain(a, i, e, err);
	return false;
}

bool
command_parse(struct arguments *a, int argc, char **argv, FILE *err)
{
	unsigned n = 0;

	*a = (struct arguments){.argv = argv, .argc = argc, .first = 1};
	find(a);
	for (int i = a->first; i < argc;)
		if (is_spelled(a->command, argv[i]))
			i++;
		else if (!check_typed(a, i, &n, &i, err))
			return false;
	return a->help || check_operands(a, n, err);
}

/* --- asking what was given ----------------------------------------------- */

/* flag: NULL, an operand. */
static bool
is_asked(const struct typed *t, const char *flag)
{
	if (!t->flag || !flag)
		return !t->flag && !flag;
	return strcmp(t->flag->name, flag) == 0;
}

/* The nth use of an option, or operand, where flag is NULL. */
static const char *
nth(const struct arguments *a, const char *flag, unsigned n)
{
	struct typed t;

	for (int i = a->first; i < a->argc; i = t.next) {
		read_typed(a, i, &t);
		if (is_spelled(a->command, a->argv[i]))
			continue;
		if (!is_asked(&t, flag))
			continue;
		if (n-- == 0)
			return t.value ? t.value : flag;
	}
	return NULL;
}

const char *
argument_nth(const struct arguments *a, const char *name, unsigned n)
{
	return nth(a, name, n);
}

const char *
argument_value(const struct arguments *a, const char *name)
{
	const char *last = NULL, *v;

	for (unsigned n = 0; (v = nth(a, name, n)); n++)
		last = v;
	return last;
}

bool
argument_given(const struct arguments *a, const char *name)
{
	return nth(a, name, 0);
}

const char *
argument_operand(const struct arguments *a, unsigned n)
{
	return nth(a, NULL, n);
}

/* --- the usage ------------------------------------------------------------ */

enum { HELP_COLUMN = 22, HELP_WIDTH = 78 };

/* Words from column HELP_COLUMN on, where the line stands at `at`. */
static void
print_help(const char *text, int at, FILE *out)
{
	if (at >= HELP_COLUMN) {
		fputc('\n', out);
		at = 0;
	}
	while (*text) {
		int n = (int)strcspn(text, " ");
		if (at > HELP_COLUMN && at + 1 + n > HELP_WIDTH) {
			fputc('\n', out);
			at = 0;
		}
		at += at > HELP_COLUMN ? fprintf(out, " %.*s", n, text)
				       : fprintf(out, "%*s%.*s",
						 HELP_COLUMN - at, "", n, text);
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void
print_synopsis(const struct command *c, const char *before, FILE *out)
{
	fprintf(out, "%s docker-proxy %s", before, c->name);
	for (const struct flag *f = c->flags; f && f->name; f++)
		fprintf(out, f->value ? " [%s %s]" : " [%s]", f->name,
			f->value);
	fprintf(out, "%s%s\n", c->operands ? " " : "",
		c->operands ? c->operands : "");
}

static void
usage_of(const struct command *c, FILE *out)
{
	print_synopsis(c, "usage:", out);
	fprintf(out, "\n%s\n", c->help);
	for (const struct flag *f = c->flags; f && f->name; f++) {
		if (f == c->flags)
			fputc('\n', out);
		print_help(f->help,
			fprintf(out, "  %s%s%s", f->name, f->value ? " " : "",
				f->value ? f->value : ""),
			out);
	}
}

void
command_usage(const struct command *c, FILE *out)
{
	if (c) {
		usage_of(c, out);
		return;
	}
	fputs("usage: docker-proxy [serve] [--config FILE | --policy "
	      "POLICY...] "
	      "[--demo]\n"
	      "       docker-proxy COMMAND [--help]...\n"
	      "\n"
	      "A policy-enforcing proxy for the Docker Engine's API.\n"
	      "\n",
		out);
	for (const struct command *const *p = commands; *p; p++)
		print_help((*p)->help, fprintf(out, "  %s", (*p)->name), out);
	fputs("\nThe configuration is --config FILE, else "
	      "DOCKER_PROXY_CONFIG, ./docker-proxy.conf,\n"
	      "./config.yaml, /etc/docker-proxy/docker-proxy.conf; without a "
	      "file, toggles\n"
	      "such as CONTAINERS=1 alone. Exit codes: 0 done; 1 refused, "
	      "unhealthy or\n"
	      "not valid; 2 the command line.\n",
		out);
}
