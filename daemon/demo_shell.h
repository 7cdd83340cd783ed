/* The canned shell behind the demonstration engine's `exec`.
 *
 * Knows a dozen commands by heart and starts no program: bytes of standard
 * input come in, bytes of standard output and error go out through write().
 * With tty it also does what a terminal's line discipline would: echo, erase,
 * ^C, ^D, and CR LF line ends.
 */
#ifndef DAEMON_DEMO_SHELL_H
#define DAEMON_DEMO_SHELL_H

#include "runtime/str.h"

#include <jansson.h>
#include <stdbool.h>

#define DEMO_SHELL_LINE 1024 /* bytes of a line; what is beyond is dropped */

enum demo_shell_mode {
	DEMO_SHELL_COMMAND, /* a command is running that takes no input */
	DEMO_SHELL_CAT,     /* what comes in goes out */
	DEMO_SHELL_PROMPT,  /* lines are commands */
	DEMO_SHELL_DONE,
};

struct demo_shell {
	/* set by the owner */
	bool tty;
	const char *hostname; /* borrowed */
	const json_t *env;    /* borrowed: an array of "NAME=value" */
	void (*write)(void *ctx, int fd, struct str bytes);
	void *ctx;
	/* the shell's own */
	enum demo_shell_mode mode;
	int status;       /* of the last command; the exit code once DONE */
	bool interactive; /* `sh` runs: commands come back to its prompt */
	char line[DEMO_SHELL_LINE]; /* of input, so far */
	size_t nline;
	int escape;                /* inside a terminal's escape sequence */
	char out[DEMO_SHELL_LINE]; /* not written yet */
	size_t nout;
	int out_fd;
};

/* Runs a command, which may finish at once: mode is DONE then. */
void demo_shell_start(
	struct demo_shell *sh, size_t argc, const char *const *argv);

/* Bytes of standard input; dropped when DONE. */
void demo_shell_input(struct demo_shell *sh, struct str bytes);

/* The end of standard input; mode is DONE afterwards. */
void demo_shell_eof(struct demo_shell *sh);

#endif
