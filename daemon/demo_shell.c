/* The canned shell behind the demonstration engine's `exec`. */
#include "daemon/demo_shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 32 /* of a line */

enum { STDOUT = 1, STDERR = 2 };

enum { /* bytes of a terminal */
	KEY_INTERRUPT = 0x03,
	KEY_EOF = 0x04,
	KEY_BACKSPACE = 0x08,
	KEY_ESCAPE = 0x1b,
	KEY_DELETE = 0x7f,
};

/* --- output --------------------------------------------------------------- */

static void
flush(struct demo_shell *sh)
{
	if (sh->nout > 0)
		sh->write(sh->ctx, sh->out_fd, (struct str){sh->out, sh->nout});
	sh->nout = 0;
}

static void
put(struct demo_shell *sh, int fd, struct str bytes)
{
	if (sh->tty)
		fd = STDOUT; /* a terminal has one stream */
	if (fd != sh->out_fd)
		flush(sh);
	sh->out_fd = fd;
	for (size_t i = 0; i < bytes.n; i++) {
		if (sh->nout + 2 > sizeof(sh->out))
			flush(sh);
		if (sh->tty && bytes.p[i] == '\n')
			sh->out[sh->nout++] = '\r';
		sh->out[sh->nout++] = bytes.p[i];
	}
}

static void __attribute__((format(printf, 3, 4)))
say(struct demo_shell *sh, int fd, const char *fmt, ...)
{
	char text[2 * DEMO_SHELL_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(sh, fd, str_of(text));
}

/* --- commands ------------------------------------------------------------- */

static int
run_cat(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	int status = 0;

	if (argc == 1 || strcmp(argv[1], "-") == 0) {
		sh->mode = DEMO_SHELL_CAT;
		return 0;
	}
	for (size_t i = 1; i < argc; i++) {
		if (strcmp(argv[i], "/etc/hostname") == 0) {
			say(sh, STDOUT, "%s\n", sh->hostname);
		} else if (strcmp(argv[i], "/etc/os-release") == 0) {
			say(sh, STDOUT, "NAME=\"Sample Linux\"\nID=sample\n");
		} else {
			say(sh, STDERR,
				"cat: can't open '%s': "
				"No such file or directory\n",
				argv[i]);
			status = 1;
		}
	}
	return status;
}

static int
run_echo(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;

	for (size_t i = newline ? 1 : 2; i < argc; i++) {
		put(sh, STDOUT, str_of(argv[i]));
		if (i + 1 < argc)
			put(sh, STDOUT, STR(" "));
	}
	if (newline)
		put(sh, STDOUT, STR("\n"));
	return 0;
}

static int
run_env(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	const json_t *entry;
	size_t i;

	(void)argc;
	(void)argv;
	json_array_foreach (sh->env, i, entry) {
		if (!json_is_string(entry))
			continue;
		put(sh, STDOUT, str_of(json_string_value(entry)));
		put(sh, STDOUT, STR("\n"));
	}
	say(sh, STDOUT, "HOSTNAME=%s\nHOME=/root\n", sh->hostname);
	return 0;
}

static int
run_exit(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	sh->mode = DEMO_SHELL_DONE;
	return argc > 1 ? (int)(strtol(argv[1], NULL, 10) & 0xff) : sh->status;
}

static int
run_false(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 1;
}

static int
run_help(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	put(sh, STDOUT,
		STR("A sample shell; it knows: cat echo env exit false help "
		    "hostname id ls pwd sh true uname whoami\n"));
	return 0;
}

static int
run_hostname(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	say(sh, STDOUT, "%s\n", sh->hostname);
	return 0;
}

static int
run_id(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	put(sh, STDOUT, STR("uid=0(root) gid=0(root) groups=0(root)\n"));
	return 0;
}

static int
run_ls(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	static const struct str names =
		STR("bin\ndev\netc\nhome\nlib\nmnt\nopt\nproc\nroot\nrun\n"
		    "sbin\nsrv\nsys\ntmp\nusr\nvar\n");
	int status = 0;

	for (size_t i = 1; i < argc; i++) {
		if (argv[i][0] == '-' || strcmp(argv[i], "/") == 0)
			continue;
		say(sh, STDERR, "ls: %s: No such file or directory\n", argv[i]);
		status = 1;
	}
	if (status == 0)
		put(sh, STDOUT, names);
	return status;
}

static int
run_pwd(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	put(sh, STDOUT, STR("/\n"));
	return 0;
}

static int run_line(struct demo_shell *sh, struct str line);

static int
run_sh(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	if (argc > 2 && strcmp(argv[1], "-c") == 0)
		return run_line(sh, str_of(argv[2]));
	sh->interactive = true;
	sh->mode = DEMO_SHELL_PROMPT;
	return 0;
}

static int
run_true(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)sh;
	(void)argc;
	(void)argv;
	return 0;
}

static int
run_uname(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	if (argc > 1 && strcmp(argv[1], "-a") == 0)
		say(sh, STDOUT, "Linux %s 6.1.0-demo #1 SMP x86_64 Linux\n",
			sh->hostname);
	else
		put(sh, STDOUT, STR("Linux\n"));
	return 0;
}

static int
run_whoami(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	put(sh, STDOUT, STR("root\n"));
	return 0;
}

static const struct command {
	const char *name;
	/* Returns the exit status; may set another mode. argc is >= 1. */
	int (*run)(struct demo_shell *sh, size_t argc, const char *const *argv);
	bool builtin; /* of the shell: no program of that name */
} commands[] = {
	{"bash", run_sh, false},
	{"cat", run_cat, false},
	{"echo", run_echo, false},
	{"env", run_env, false},
	{"exit", run_exit, true},
	{"false", run_false, false},
	{"help", run_help, true},
	{"hostname", run_hostname, false},
	{"id", run_id, false},
	{"ls", run_ls, false},
	{"pwd", run_pwd, false},
	{"sh", run_sh, false},
	{"true", run_true, false},
	{"uname", run_uname, false},
	{"whoami", run_whoami, false},
};

static const struct command *
find_command(const char *name, bool in_shell)
{
	static const char *const folders[] = {
		"/bin/", "/usr/bin/", "/usr/local/bin/"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (str_starts(str_of(name), str_of(folders[i])))
			name += strlen(folders[i]);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0 &&
			(in_shell || !commands[i].builtin))
			return &commands[i];
	return NULL;
}

/* --- lines ---------------------------------------------------------------- */

/* Splits text in place into words, quotes removed. Returns how many, or -1
 * for what this shell does not do. */
static int
split(char *text, const char **words)
{
	int n = 0;
	char *to = text;

	for (char *p = text; *p;) {
		p += strspn(p, " \t\r");
		if (!*p || n == WORDS_MAX)
			break;
		words[n++] = to;
		char quote = 0;
		for (; *p && (quote || !strchr(" \t\r", *p)); p++) {
			if (!quote && strchr("|&;<>`", *p))
				return -1;
			if (quote ? *p == quote : *p == '\'' || *p == '"')
				quote = quote ? 0 : *p;
			else
				*to++ = *p;
		}
		if (*p)
			p++;
		*to++ = '\0';
	}
	return n;
}

/* Returns the exit status. */
static int
run_line(struct demo_shell *sh, struct str line)
{
	char text[DEMO_SHELL_LINE + 1];
	const char *words[WORDS_MAX];

	snprintf(text, sizeof(text), "%.*s", STR_FMT(line));
	int n = split(text, words);
	if (n == 0)
		return sh->status;
	if (n < 0) {
		say(sh, STDERR, "sh: this sample shell runs plain commands\n");
		return 2;
	}
	const struct command *command = find_command(words[0], true);
	if (command)
		return command->run(sh, (size_t)n, words);
	say(sh, STDERR, "sh: %s: not found\n", words[0]);
	return 127;
}

static void
prompt(struct demo_shell *sh)
{
	sh->mode = DEMO_SHELL_PROMPT;
	if (sh->tty)
		put(sh, STDOUT, STR("/ # "));
}

/* A command has ended, or reads standard input from here on. */
static void
settle(struct demo_shell *sh)
{
	if (sh->mode == DEMO_SHELL_COMMAND && !sh->interactive)
		sh->mode = DEMO_SHELL_DONE;
	else if (sh->mode == DEMO_SHELL_COMMAND ||
		 sh->mode == DEMO_SHELL_PROMPT)
		prompt(sh);
}

void
demo_shell_start(struct demo_shell *sh, size_t argc, const char *const *argv)
{
	const struct command *command = find_command(argv[0], false);

	sh->mode = DEMO_SHELL_COMMAND;
	if (command) {
		sh->status = command->run(sh, argc, argv);
	} else {
		say(sh, STDOUT,
			"OCI runtime exec failed: exec failed: unable to start "
			"container process: exec: \"%s\": executable file not "
			"found in $PATH: unknown\n",
			argv[0]);
		sh->status = 127;
	}
	settle(sh);
	flush(sh);
}

/* The line is complete. */
static void
take_line(struct demo_shell *sh)
{
	struct str line = {sh->line, sh->nline};

	sh->nline = 0;
	if (sh->mode == DEMO_SHELL_CAT) {
		put(sh, STDOUT, line);
		put(sh, STDOUT, STR("\n"));
		return;
	}
	sh->mode = DEMO_SHELL_COMMAND;
	sh->status = run_line(sh, line);
	settle(sh);
}

static void
end_input(struct demo_shell *sh)
{
	if (sh->mode == DEMO_SHELL_CAT && sh->interactive)
		prompt(sh);
	else
		sh->mode = DEMO_SHELL_DONE;
}

static void
interrupt(struct demo_shell *sh)
{
	put(sh, STDOUT, STR("^C\n"));
	sh->nline = 0;
	sh->status = 130;
	if (sh->interactive)
		prompt(sh);
	else
		sh->mode = DEMO_SHELL_DONE;
}

static void
append(struct demo_shell *sh, char byte)
{
	if (sh->nline < sizeof(sh->line))
		sh->line[sh->nline++] = byte;
}

/* Cursor keys and their like, ESC [ … letter, are swallowed. */
static bool
swallow_escape(struct demo_shell *sh, unsigned char byte)
{
	if (byte == KEY_ESCAPE) {
		sh->escape = 1;
		return true;
	}
	if (!sh->escape)
		return false;
	if (sh->escape == 1 && (byte == '[' || byte == 'O'))
		sh->escape = 2;
	else if (sh->escape == 1 || byte >= 0x40)
		sh->escape = 0;
	return true;
}

static void
erase(struct demo_shell *sh)
{
	if (sh->nline == 0)
		return;
	/* A character of UTF-8 is erased whole. */
	while (sh->nline > 1 && (sh->line[sh->nline - 1] & 0xc0) == 0x80)
		sh->nline--;
	sh->nline--;
	put(sh, STDOUT, STR("\b \b"));
}

static void
take_key(struct demo_shell *sh, char byte)
{
	unsigned char key = (unsigned char)byte;

	if (swallow_escape(sh, key))
		return;
	switch (key) {
	case '\r':
	case '\n':
		put(sh, STDOUT, STR("\n"));
		take_line(sh);
		break;
	case KEY_INTERRUPT:
		interrupt(sh);
		break;
	case KEY_EOF:
		if (sh->nline == 0)
			end_input(sh);
		break;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		erase(sh);
		break;
	default:
		if (key < 0x20 || sh->nline == sizeof(sh->line))
			break;
		append(sh, byte);
		put(sh, STDOUT, (struct str){&byte, 1});
	}
}

static void
take_byte(struct demo_shell *sh, char byte)
{
	if (sh->tty)
		take_key(sh, byte);
	else if (byte == '\n')
		take_line(sh);
	else
		append(sh, byte);
}

void
demo_shell_input(struct demo_shell *sh, struct str bytes)
{
	size_t i = 0;

	while (i < bytes.n && sh->mode != DEMO_SHELL_DONE) {
		if (sh->mode == DEMO_SHELL_CAT && !sh->tty) {
			flush(sh);
			sh->write(sh->ctx, STDOUT, str_from(bytes, i));
			return;
		}
		take_byte(sh, bytes.p[i++]);
	}
	flush(sh);
}

void
demo_shell_eof(struct demo_shell *sh)
{
	/* A last line may lack its end. */
	if (sh->mode == DEMO_SHELL_PROMPT && !sh->tty && sh->nline > 0)
		take_line(sh);
	sh->mode = DEMO_SHELL_DONE;
	flush(sh);
}
