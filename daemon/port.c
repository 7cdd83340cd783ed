/* The port proxy: order of start, and what dockerd hears of it. */
#include "daemon/port.h"

#include "daemon/port_connections.h"
#include "daemon/port_sandbox.h"
#include "daemon/port_udp.h"
#include "daemon/resident.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- signals ------------------------------------------------------------------ */

/* exit() writes down what has been run, where that is wanted; else it is
 * nothing for a signal's handler. */
#if defined(DOCKER_PROXY_INSTRUMENTED) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
#define LEAVE exit
#else
#define LEAVE _exit
#endif

/* At once: dockerd waits, without a limit, and takes another exit code for a
 * failure. Connections end with the process. */
static void
on_stop(int sig)
{
	(void)sig;
	LEAVE(0);
}

static void
handle_signals(void)
{
	static const struct {
		int sig;
		void (*handler)(int);
	} signals[] = {
		{SIGTERM, on_stop},
		{SIGINT, on_stop},
		/* No reason to end, for a program in Go. */
		{SIGPIPE, SIG_IGN},
		{SIGALRM, SIG_IGN},
		{SIGUSR1, SIG_IGN},
		{SIGUSR2, SIG_IGN},
	};
	sigset_t none;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i].sig,
			&(struct sigaction){.sa_handler = signals[i].handler},
			NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* --- descriptors ----------------------------------------------------------------- */

/* What is written for standard error must not reach a client: no socket may
 * get its number. */
static void
fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR);
}

/* dockerd leaves others' open, in descriptors that mean nothing to us. */
static void
close_others(bool has_listener)
{
	close_range(has_listener ? PORT_LISTEN_FD + 1 : PORT_LISTEN_FD, ~0u, 0);
}

/* dockerd's packaging gives a soft limit of 1,024. */
static void
raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* "0\n", or "1\n" and why. Run by hand there is nobody to tell. */
static void
tell_dockerd(bool is_there, const char *text)
{
	if (!is_there)
		return;
	(void)!write(PORT_STATUS_FD, text, strlen(text));
	close(PORT_STATUS_FD);
}

/* --- start --------------------------------------------------------------------- */

static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();

	if (!config)
		return NULL;
	event_config_set_flag(
		config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	struct event_base *base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static bool
begin(struct port *p, char why[PORT_REASON_BYTES])
{
	static bool (*const start[])(struct port *) = {
		[PORT_TCP] = port_connections_start,
		[PORT_UDP] = port_udp_start,
		[PORT_SCTP] = port_connections_start,
	};

	snprintf(why, PORT_REASON_BYTES, "cannot allocate memory");
	p->base = new_base();
	return p->base && start[p->proto](p);
}

/* False: `why` says what dockerd is to tell the user. */
static bool
start_port(struct port *p, const struct port_args *args,
	char why[PORT_REASON_BYTES])
{
	p->container = args->container;
	/* A port that is none is not found out before somebody comes: it
	 * stays 0, where nobody listens. */
	(void)port_end_usable(&p->container);
	if (!port_proto_find(args->proto, &p->proto, why) ||
		!port_forward_parse(
			&p->forward, getenv("DOCKER_PROXY_FORWARD"), why))
		return false;
	p->fd = port_listen(args, p->proto, why);
	if (p->fd < 0)
		return false;
	return begin(p, why);
}

int
port_main(int argc, char *const *argv)
{
	char why[PORT_REASON_BYTES], text[PORT_REASON_BYTES + 2];
	struct port_args args;
	struct port port = {.fd = -1};

	handle_signals();
	int code = port_args_parse(argc, argv, &args);
	if (code >= 0)
		return code;
	fill_standard_descriptors();
	bool is_told = fcntl(PORT_STATUS_FD, F_GETFD) >= 0;
	close_others(args.use_listen_fd);
	raise_limit();
	if (!start_port(&port, &args, why)) {
		fprintf(stderr, "docker-proxy: %s\n", why);
		snprintf(text, sizeof(text), "1\n%s", why);
		tell_dockerd(is_told, text);
		return 1;
	}
	/* dockerd need not wait for the sandbox: clients do, since nothing of
	 * theirs is looked at before. */
	tell_dockerd(is_told, "0\n");
	port_sandbox_enter();
	port_sandbox_forget_tables();
	resident_forget_start();
	event_base_loop(port.base, EVLOOP_NO_EXIT_ON_EMPTY);
	return 1;
}
