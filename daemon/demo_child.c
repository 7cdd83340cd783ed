/* The demonstration engine as a child process. */
#include "daemon/demo_child.h"

#include "daemon/demo.h"
#include "daemon/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 5000 /* with its start, and with its end */

static bool
make_folder(struct demo_child *d)
{
	snprintf(d->dir, sizeof(d->dir), "/tmp/docker-proxy-demo.XXXXXX");
	if (!mkdtemp(d->dir)) {
		log_say(LOG_LEVEL_ERROR,
			"cannot make a folder for the "
			"demonstration engine: %s",
			strerror(errno));
		return false;
	}
	snprintf(d->path, sizeof(d->path), "%s/docker.sock", d->dir);
	return true;
}

/* In the child: gone when the proxy is, however it ends; and its folder with
 * it, since the proxy gives up the right to remove anything. */
static void
run_child(const struct demo_child *d, int parent_fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN); /* the terminal's ^C is the proxy's */
	int status = demo_run(d->path, parent_fd);
	rmdir(d->dir);
	_exit(status);
}

/* False: the end of the other side, or nothing for so long. */
static bool
await_byte(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&p, 1, PATIENCE_MS) == 1 && read(fd, &byte, 1) == 1;
}

bool
demo_child_start(struct demo_child *d, struct engine_address *engine)
{
	pid_t parent = getpid();
	int ends[2];

	if (!make_folder(d) ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	d->pid = fork();
	if (d->pid == 0) {
		close(ends[0]);
		run_child(d, ends[1], parent);
	}
	close(ends[1]);
	d->fd = ends[0];
	if (!await_byte(d->fd)) {
		log_say(LOG_LEVEL_ERROR,
			"the demonstration engine did not start");
		demo_child_stop(d);
		return false;
	}
	const struct settings_engine settings = {
		.kind = ENGINE_UNIX,
		.path = str_of(d->path),
	};
	log_say(LOG_LEVEL_INFO,
		"no Docker Engine answers at %.*s: a built-in "
		"demonstration engine with sample data takes its place",
		STR_FMT(engine->text));
	return engine_resolve(&settings, engine);
}

void
demo_child_stop(struct demo_child *d)
{
	if (d->pid > 0) {
		/* It sees that, cleans up and ends; not by a signal, which
		 * the sandbox does not let us send. */
		shutdown(d->fd, SHUT_WR);
		await_byte(d->fd);
		close(d->fd);
	} else if (d->dir[0]) {
		rmdir(d->dir);
	}
	*d = (struct demo_child){0};
}
