/* The demonstration engine's exec: create, start, resize, inspect. */
#include "daemon/demo_exec.h"

#include "daemon/demo_conn.h"
#include "daemon/demo_route.h"
#include "daemon/demo_server.h"
#include "daemon/demo_shell.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define ARGUMENTS_MAX 64

struct demo_exec {
	char id[65];             /* 64 hexadecimal digits */
	const json_t *container; /* borrowed from the store */
	json_t *config;          /* owned: the body that created it */
	json_t *env;             /* owned: the container's, and its own */
	struct demo_shell shell;
	struct demo_conn *conn; /* borrowed: attached, or NULL */
	bool tty, attach_stdin, attach_stdout, attach_stderr;
	bool started;
	bool running;
};

static void
exec_free(struct demo_exec *exec)
{
	if (!exec)
		return;
	json_decref(exec->config);
	json_decref(exec->env);
	free(exec);
}

void
demo_execs_fini(struct demo_execs *execs)
{
	for (size_t i = 0; i < DEMO_EXECS_MAX; i++)
		exec_free(execs->slots[i]);
	*execs = (struct demo_execs){0};
}

static struct demo_exec *
find(struct demo_conn *c, struct str id)
{
	struct demo_exec **slots = c->server->execs.slots;

	for (size_t i = 0; i < DEMO_EXECS_MAX; i++)
		if (slots[i] && str_eq(str_of(slots[i]->id), id))
			return slots[i];
	demo_reply_error(c, 404, "No such exec instance: %.*s", STR_FMT(id));
	return NULL;
}

/* --- create --------------------------------------------------------------- */

/* There are more slots than connections, and a running one has a connection:
 * so one that does not run is always found. */
_Static_assert(DEMO_EXECS_MAX > DEMO_CONNECTIONS_MAX, "a slot must be free");

static void
keep(struct demo_execs *execs, struct demo_exec *exec)
{
	struct demo_exec **slot;

	do
		slot = &execs->slots[execs->next++ % DEMO_EXECS_MAX];
	while (*slot && (*slot)->running);
	exec_free(*slot);
	*slot = exec;
}

static bool
set_id(struct demo_exec *exec)
{
	unsigned char bytes[32];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(exec->id + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* Is it a list of 1 to ARGUMENTS_MAX strings? */
static bool
is_command(const json_t *cmd)
{
	size_t n = json_array_size(cmd);
	const json_t *word;
	size_t i;

	json_array_foreach (cmd, i, word)
		if (!json_is_string(word))
			return false;
	return n > 0 && n <= ARGUMENTS_MAX;
}

static struct demo_exec *
exec_new(const json_t *container, json_t *config)
{
	struct demo_exec *exec = calloc(1, sizeof(*exec));

	if (!exec || !set_id(exec)) {
		free(exec);
		return NULL;
	}
	exec->container = container;
	exec->config = json_incref(config);
	exec->env = json_copy(demo_at(container, "Config", "Env", NULL));
	json_array_extend(exec->env, json_object_get(config, "Env"));
	exec->tty = json_is_true(json_object_get(config, "Tty"));
	exec->attach_stdin =
		json_is_true(json_object_get(config, "AttachStdin"));
	exec->attach_stdout =
		json_is_true(json_object_get(config, "AttachStdout"));
	exec->attach_stderr =
		json_is_true(json_object_get(config, "AttachStderr"));
	return exec;
}

void
demo_post_exec(struct demo_conn *c, struct str name)
{
	const json_t *container = demo_container_or_404(c, name);

	if (!container || !demo_container_running(c, container))
		return;
	if (!c->req.body || c->req.body_bad ||
		!is_command(json_object_get(c->req.body, "Cmd"))) {
		demo_reply_error(c, 400, "No exec command specified");
		return;
	}
	struct demo_exec *exec = exec_new(container, c->req.body);
	if (!exec) {
		demo_reply_error(c, 500, "out of memory");
		return;
	}
	keep(&c->server->execs, exec);
	demo_reply_json(c, 201, json_pack("{s:s}", "Id", exec->id));
}

/* --- start ---------------------------------------------------------------- */

/* The shell's output: in frames, unless a terminal has one stream. */
static void
on_output(void *ctx, int fd, struct str bytes)
{
	struct demo_exec *exec = ctx;
	bool wanted = fd == 2 ? exec->attach_stderr : exec->attach_stdout;

	if (!exec->conn || !wanted)
		return;
	struct evbuffer *out = bufferevent_get_output(exec->conn->bev);
	if (!exec->tty) {
		struct demo_frame frame = demo_frame(fd, bytes.n);
		evbuffer_add(out, frame.bytes, sizeof(frame.bytes));
	}
	evbuffer_add(out, bytes.p, bytes.n);
}

/* After whatever may have ended the command. */
static void
check_done(struct demo_exec *exec)
{
	if (exec->shell.mode != DEMO_SHELL_DONE)
		return;
	exec->running = false;
	if (exec->conn)
		demo_tunnel_end(exec->conn);
	exec->conn = NULL;
}

static void
run(struct demo_exec *exec)
{
	const json_t *cmd = json_object_get(exec->config, "Cmd");
	const char *argv[ARGUMENTS_MAX];
	size_t argc = json_array_size(cmd);

	for (size_t i = 0; i < argc; i++)
		argv[i] = json_string_value(json_array_get(cmd, i));
	exec->started = true;
	exec->running = true;
	exec->shell = (struct demo_shell){
		.tty = exec->tty,
		.hostname = json_string_value(
			demo_at(exec->container, "Config", "Hostname", NULL)),
		.env = exec->env,
		.write = on_output,
		.ctx = exec,
	};
	demo_shell_start(&exec->shell, argc, argv);
	if (!exec->conn || !exec->attach_stdin)
		demo_shell_eof(&exec->shell);
	check_done(exec);
}

void
demo_post_exec_start(struct demo_conn *c, struct str name)
{
	struct demo_exec *exec = find(c, name);

	if (!exec || !demo_container_running(c, exec->container))
		return;
	if (c->req.body_bad) {
		demo_reply_error(c, 400, "the body is not a JSON object");
		return;
	}
	if (exec->started) {
		demo_reply_error(c, 409,
			"Error: Exec command %s has already run", exec->id);
		return;
	}
	if (json_is_true(json_object_get(c->req.body, "Detach"))) {
		run(exec);
		demo_reply_text(c, 200, NULL, STR(""));
		return;
	}
	demo_tunnel_begin(c, exec);
	exec->conn = c;
	run(exec);
}

void
demo_exec_input(struct demo_exec *exec, struct str bytes)
{
	demo_shell_input(&exec->shell, bytes);
	check_done(exec);
}

void
demo_exec_eof(struct demo_exec *exec)
{
	demo_shell_eof(&exec->shell);
	check_done(exec);
}

void
demo_exec_gone(struct demo_exec *exec)
{
	exec->conn = NULL;
	demo_exec_eof(exec);
}

/* --- the rest ------------------------------------------------------------- */

void
demo_post_exec_resize(struct demo_conn *c, struct str name)
{
	/* The canned shell fits every window. */
	if (find(c, name))
		demo_reply_text(c, 200, NULL, STR(""));
}

void
demo_get_exec(struct demo_conn *c, struct str name)
{
	struct demo_exec *exec = find(c, name);

	if (!exec)
		return;
	bool ended = exec->started && !exec->running;
	json_t *arguments = json_copy(json_object_get(exec->config, "Cmd"));
	json_t *entrypoint = json_incref(json_array_get(arguments, 0));
	json_array_remove(arguments, 0);
	demo_reply_json(c, 200,
		json_pack("{s:s, s:b, s:o, s:{s:b, s:o, s:o, s:b, s:s},"
			  " s:b, s:b, s:b, s:b, s:s, s:s, s:i}",
			"ID", exec->id, "Running", exec->running, "ExitCode",
			ended ? json_integer(exec->shell.status) : json_null(),
			"ProcessConfig", "tty", exec->tty, "entrypoint",
			entrypoint, "arguments", arguments, "privileged", false,
			"user", "", "OpenStdin", exec->attach_stdin,
			"OpenStderr", exec->attach_stderr, "OpenStdout",
			exec->attach_stdout, "CanRemove", false, "ContainerID",
			demo_text(exec->container, "Id"), "DetachKeys", "",
			"Pid", exec->running ? 4242 : 0));
}
