/* The yardstick of `make bench`: a relay of bytes over libevent's struct
 * event, TCP to a unix socket, one to one. No HTTP, no policy.
 *
 *   relay ADDRESS PORT SOCKET
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUFFER 65536

/* One direction: what was read of `from` and not yet written to `to`. */
struct side {
	struct pair *pair;
	struct event *rd, *wr; /* owned: of `from`, of `to` */
	int from, to;
	char *waiting; /* owned: NULL when nothing waits */
	size_t start, end;
	bool eof;
};

struct pair {
	struct side side[2];
};

static struct event_base *base;
static struct sockaddr_un engine = {.sun_family = AF_UNIX};
static char buffer[BUFFER];

static void
pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		event_free(p->side[i].rd);
		event_free(p->side[i].wr);
		free(p->side[i].waiting);
	}
	close(p->side[0].from);
	close(p->side[1].from);
	free(p);
}

/* How many of the bytes went; -1 when the connection broke. */
static ssize_t
send_some(int fd, const char *p, size_t n)
{
	ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

	return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

static void
wait_to_write(struct side *s, const char *p, size_t n)
{
	s->waiting = malloc(n);
	assert(s->waiting);
	memcpy(s->waiting, p, n);
	s->start = 0;
	s->end = n;
	event_del(s->rd);
	event_add(s->wr, NULL);
}

static void
on_readable(int fd, short what, void *arg)
{
	struct side *s = arg;
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && !s->pair->side[s == s->pair->side].eof) {
		s->eof = true;
		event_del(s->rd);
		shutdown(s->to, SHUT_WR);
		return;
	}
	ssize_t sent = n > 0 ? send_some(s->to, buffer, (size_t)n) : -1;
	if (sent < 0)
		pair_free(s->pair);
	else if (sent < n)
		wait_to_write(s, buffer + sent, (size_t)(n - sent));
}

static void
on_writable(int fd, short what, void *arg)
{
	struct side *s = arg;
	ssize_t sent = send_some(fd, s->waiting + s->start, s->end - s->start);

	(void)what;
	if (sent < 0) {
		pair_free(s->pair);
		return;
	}
	s->start += (size_t)sent;
	if (s->start < s->end)
		return;
	free(s->waiting);
	s->waiting = NULL;
	event_del(s->wr);
	event_add(s->rd, NULL);
}

static void
side_init(struct side *s, struct pair *p, int from, int to)
{
	*s = (struct side){.pair = p, .from = from, .to = to};
	s->rd = event_new(base, from, EV_READ | EV_PERSIST, on_readable, s);
	s->wr = event_new(base, to, EV_WRITE | EV_PERSIST, on_writable, s);
	assert(s->rd && s->wr);
	event_add(s->rd, NULL);
}

static void
on_connection(int fd, short what, void *arg)
{
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	(void)arg;
	if (client < 0)
		return;
	int up = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pair *p = calloc(1, sizeof(*p));
	if (up < 0 || !p ||
		connect(up, (struct sockaddr *)&engine, sizeof(engine)) != 0) {
		close(client);
		close(up);
		free(p);
		return;
	}
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	side_init(&p->side[0], p, client, up);
	side_init(&p->side[1], p, up, client);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (argc != 4 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1 ||
		strlen(argv[3]) >= sizeof(engine.sun_path)) {
		fputs("usage: relay ADDRESS PORT SOCKET\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	strcpy(engine.sun_path, argv[3]);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		listen(fd, 4096) != 0) {
		perror("relay");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	struct event *ev =
		event_new(base, fd, EV_READ | EV_PERSIST, on_connection, NULL);
	event_add(ev, NULL);
	event_base_dispatch(base);
	return 0;
}
