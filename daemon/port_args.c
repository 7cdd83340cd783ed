/* The port proxy's command line, as Go's package flag reads it. */
#include "daemon/port_args.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum kind {
	KIND_STRING,
	KIND_IP,
	KIND_INT,
	KIND_BOOL,
};

/* In the order of Go's usage. */
static const struct flag {
	const char *name;
	enum kind kind;
	size_t offset; /* of struct port_args */
	const char *usage;
} flags[] = {
#define AT(member) offsetof(struct port_args, member)
	{"container-ip", KIND_IP, AT(container), "container ip"},
	{"container-port", KIND_INT, AT(container.port), "container port"},
	{"host-ip", KIND_IP, AT(host), "host ip"},
	{"host-port", KIND_INT, AT(host.port), "host port"},
	{"proto", KIND_STRING, AT(proto), "proxy protocol"},
	{"use-listen-fd", KIND_BOOL, AT(use_listen_fd),
		"use a supplied listen fd"},
	{"v", KIND_BOOL, AT(version), "print version information and quit"},
	{"version", KIND_BOOL, AT(version),
		"print version information and quit"},
#undef AT
};

static const char *const kinds[] = {
	[KIND_STRING] = " string",
	[KIND_IP] = " value",
	[KIND_INT] = " int",
	[KIND_BOOL] = "",
};

static const char *const defaults[] = {
	[KIND_STRING] = " (default \"tcp\")",
	[KIND_IP] = " (default 0.0.0.0)",
	[KIND_INT] = " (default -1)",
	[KIND_BOOL] = "",
};

#define NFLAGS (sizeof(flags) / sizeof(flags[0]))

static const struct flag *
find_flag(const char *name, size_t n)
{
	for (size_t i = 0; i < NFLAGS; i++)
		if (strlen(flags[i].name) == n &&
			memcmp(flags[i].name, name, n) == 0)
			return &flags[i];
	return NULL;
}

/* The name behind one dash or two. NULL: it is no flag. */
static const char *
name_of(const char *arg)
{
	if (arg[0] != '-' || arg[1] == '\0')
		return NULL;
	if (arg[1] != '-')
		return arg + 1;
	return arg[2] ? arg + 2 : NULL;
}

/* --version and --help, with two dashes, are also the API proxy's. */
static bool
is_dockers(const char *arg)
{
	const char *name = name_of(arg);
	const struct flag *f =
		name ? find_flag(name, strcspn(name, "=")) : NULL;

	return f && !(arg[1] == '-' &&
			    f->offset == offsetof(struct port_args, version));
}

bool
port_args_ask(int argc, char *const *argv)
{
	for (int i = 1; i < argc && name_of(argv[i]); i++)
		if (is_dockers(argv[i]))
			return true;
	return false;
}

/* --- values --------------------------------------------------------------- */

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Of 0x, 0b, 0o and 0, which goes; what follows may begin with a _. */
static int
take_prefix(const char **p)
{
	int letter = (*p)[0] == '0' ? (*p)[1] | 0x20 : 0;

	if ((*p)[0] != '0' || (*p)[1] == '\0')
		return 10;
	*p += letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1;
	return letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
}

/* strconv.ParseInt(text, 0, 64). NULL, or what is wrong. */
static const char *
parse_int(const char *text, long *out)
{
	bool minus = text[0] == '-', overflow = false;
	const char *p = text + (minus || text[0] == '+');
	const char *first = p;
	int base = take_prefix(&p);
	long n = 0;

	if (!*p)
		return "parse error";
	for (; *p; p++) {
		if (*p == '_' && p > first && p[1] && p[1] != '_')
			continue;
		if (digit(*p) >= base)
			return "parse error";
		overflow |= __builtin_mul_overflow(n, base, &n) ||
			    __builtin_sub_overflow(n, digit(*p), &n);
	}
	if (overflow || (!minus && n == LONG_MIN))
		return "value out of range";
	*out = minus ? n : -n;
	return NULL;
}

/* strconv.ParseBool */
static const char *
parse_bool(const char *text, bool *out)
{
	static const char words[][6] = {"1", "t", "T", "true", "TRUE", "True",
		"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < 12; i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = i < 6;
			return NULL;
		}
	}
	return "parse error";
}

static const char *
parse_ip(const char *text, struct port_end *out)
{
	static char why[128];

	if (port_end_parse(out, text))
		return NULL;
	snprintf(why, sizeof(why), "invalid IP address: %s", text);
	return why;
}

static const char *
set(const struct flag *f, const char *value, struct port_args *out)
{
	void *at = (char *)out + f->offset;

	switch (f->kind) {
	case KIND_STRING:
		*(const char **)at = value;
		return NULL;
	case KIND_IP:
		return parse_ip(value, at);
	case KIND_INT:
		return parse_int(value, at);
	case KIND_BOOL:
		return parse_bool(value, at);
	}
	return NULL;
}

/* --- the line -------------------------------------------------------------- */

static void
write_usage(const char *program)
{
	fprintf(stderr, "Usage of %s:\n", program);
	for (size_t i = 0; i < NFLAGS; i++)
		fprintf(stderr, "  -%s%s%s%s%s\n", flags[i].name,
			kinds[flags[i].kind],
			flags[i].name[1] ? "\n    \t" : "\t", flags[i].usage,
			defaults[flags[i].kind]);
}

static int
fail(const char *program, const char *what, const char *arg)
{
	fprintf(stderr, "%s%s\n", what, arg);
	write_usage(program);
	return 2;
}

static int
fail_value(const char *program, const struct flag *f, const char *value,
	const char *why)
{
	bool is_bool = f->kind == KIND_BOOL;

	fprintf(stderr, "invalid %svalue \"%s\" for %s%s: %s\n",
		is_bool ? "boolean " : "", value, is_bool ? "-" : "flag -",
		f->name, why);
	write_usage(program);
	return 2;
}

/* The flag at argv[*i], and its value. -1: go on. */
static int
parse_one(int argc, char *const *argv, int *i, struct port_args *out)
{
	const char *name = name_of(argv[*i]);
	size_t n = strcspn(name, "=");
	const char *value = name[n] ? name + n + 1 : NULL;

	if (n == 0 || name[0] == '-')
		return fail(argv[0], "bad flag syntax: ", argv[*i]);
	const struct flag *f = find_flag(name, n);
	if (!f && (strcmp(name, "h") == 0 || strcmp(name, "help") == 0)) {
		write_usage(argv[0]);
		return 0;
	}
	if (!f)
		return fail(argv[0], "flag provided but not defined: -", name);
	if (!value && f->kind == KIND_BOOL)
		value = "true";
	if (!value && *i + 1 == argc)
		return fail(argv[0], "flag needs an argument: -", name);
	if (!value)
		value = argv[++*i];
	const char *why = set(f, value, out);
	return why ? fail_value(argv[0], f, value, why) : -1;
}

int
port_args_parse(int argc, char *const *argv, struct port_args *out)
{
	*out = (struct port_args){.proto = "tcp"};
	port_end_parse(&out->host, "0.0.0.0");
	port_end_parse(&out->container, "0.0.0.0");
	out->host.port = out->container.port = -1;
	for (int i = 1; i < argc && name_of(argv[i]); i++) {
		int code = parse_one(argc, argv, &i, out);
		if (code >= 0)
			return code;
	}
	if (!out->version)
		return -1;
	printf("docker-proxy (commit %s) version %s\n", DOCKER_PROXY_COMMIT,
		DOCKER_PROXY_VERSION);
	return 0;
}
