/* The demonstration engine: its socket and its event loop. */
#include "daemon/demo.h"

#include "daemon/demo_server.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

void
demo_server_count(struct demo_server *s, int change)
{
	s->nconns += (unsigned)change;
	if (!s->listener)
		return;
	if (s->nconns >= DEMO_CONNECTIONS_MAX)
		evconnlistener_disable(s->listener);
	else
		evconnlistener_enable(s->listener);
}

static int
complain(const char *what, const char *path)
{
	fprintf(stderr, "docker-proxy: demo-engine: %s %s: %s\n", what, path,
		strerror(errno));
	return -1;
}

/* Only a socket may be replaced: never the user's file. */
static int
remove_old(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : complain("cannot look at", path);
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return complain("will not replace", path);
	}
	return unlink(path) == 0 ? 0 : complain("cannot replace", path);
}

/* Returns a bound descriptor, or -1. Nobody but the user may connect. */
static int
open_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(path);

	if (n >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return complain("cannot listen on", path);
	}
	memcpy(sun.sun_path, path, n);
	if (remove_old(path) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return complain("no socket for", path);
	mode_t mask = umask(0177);
	int bound = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (bound == 0)
		return fd;
	complain("cannot bind", path);
	close(fd);
	return -1;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *addr, int addr_len, void *arg)
{
	(void)listener;
	(void)addr;
	(void)addr_len;
	demo_conn_start(arg, fd);
}

/* A signal, or the parent has closed its end. */
static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static struct event *
add_signal(struct demo_server *s, int signal)
{
	struct event *event = evsignal_new(s->base, signal, on_end, s->base);

	if (event)
		evsignal_add(event, NULL);
	return event;
}

/* Takes fd over, and listens last: who can connect can also send a signal. */
static bool
server_init(struct demo_server *s, int fd, int parent_fd)
{
	LIST_INIT(&s->conns);
	s->base = event_base_new();
	if (s->base && demo_store_init(&s->store)) {
		s->term = add_signal(s, SIGTERM);
		s->interrupt = add_signal(s, SIGINT);
		s->parent =
			event_new(s->base, parent_fd, EV_READ, on_end, s->base);
		s->listener = evconnlistener_new(s->base, on_accept, s,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
			fd);
	}
	if (!s->listener)
		close(fd);
	return s->listener && s->term && s->interrupt && s->parent &&
	       (parent_fd < 0 || event_add(s->parent, NULL) == 0);
}

static void
server_fini(struct demo_server *s)
{
	while (!LIST_EMPTY(&s->conns))
		demo_conn_free(LIST_FIRST(&s->conns));
	if (s->listener)
		evconnlistener_free(s->listener);
	if (s->term)
		event_free(s->term);
	if (s->interrupt)
		event_free(s->interrupt);
	if (s->parent)
		event_free(s->parent);
	if (s->base) {
		/* Freed bufferevents close in the next turn of the loop. */
		event_base_loop(s->base, EVLOOP_NONBLOCK);
		event_base_free(s->base);
	}
	demo_execs_fini(&s->execs);
	demo_store_fini(&s->store);
}

int
demo_run(const char *socket_path, int parent_fd)
{
	struct demo_server server = {0};

	signal(SIGPIPE, SIG_IGN);
	int fd = open_socket(socket_path);
	if (fd < 0)
		return 1;
	bool ok = server_init(&server, fd, parent_fd) &&
		  (parent_fd < 0 || write(parent_fd, "\n", 1) == 1) &&
		  event_base_dispatch(server.base) == 0;
	if (!ok)
		complain("cannot serve on", socket_path);
	server_fini(&server);
	unlink(socket_path);
	return ok ? 0 : 1;
}

static int
run(const struct arguments *a)
{
	const char *socket_path = argument_value(a, "--socket");

	if (!socket_path) {
		fputs("docker-proxy: demo-engine needs --socket PATH\n",
			stderr);
		return EXIT_USAGE;
	}
	return demo_run(socket_path, -1);
}

static const struct flag flags[] = {
	{"--socket", "PATH", "the unix socket to serve on"},
	{0},
};

const struct command command_demo_engine = {
	.name = "demo-engine",
	.flags = flags,
	.help = "a demonstration engine with sample data, until SIGTERM",
	.run = run,
};
