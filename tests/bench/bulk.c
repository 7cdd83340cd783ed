/* Load and engine for the parts of `make bench` that wrk and nginx cannot do.
 *
 *   bulk engine SOCKET               reads requests whole, answers 204; bytes
 *                                    of a tunnel are swallowed until EOF, then
 *                                    their number is told; or, with "size=N"
 *                                    in its path, it brings N
 *   bulk down HOST PORT PATH         the bytes of an answer, discarded
 *   bulk up HOST PORT PATH BYTES     a body with Content-Length
 *   bulk chunked HOST PORT PATH BYTES      the same in chunks of 32 KiB
 *   bulk tunnel HOST PORT PATH BYTES       the same behind 101, writes of 64 KiB
 *   bulk watch HOST PORT PATH        what a tunnel brings, discarded
 *   bulk hold HOST PORT PATH N       N keep-alive connections with an answer
 *                                    each, held until stdin ends
 *
 * Prints what was moved. One connection, blocking; loopback only.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WRITE 65536
#define CHUNK 32768
#define HEAD  65536

static char zeros[WRITE];

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
put(int fd, const void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t sent =
			send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
		if (sent <= 0)
			die("send");
		at += (size_t)sent;
	}
}

/* A head, and how much of what was read is behind it. */
struct head {
	char text[HEAD + 1];
	size_t n, end;
};

static bool
read_head(int fd, struct head *h)
{
	char *end = NULL;

	while (!end) {
		ssize_t got = recv(fd, h->text + h->n, HEAD - h->n, 0);
		if (got <= 0)
			return false;
		h->n += (size_t)got;
		h->text[h->n] = '\0';
		end = strstr(h->text, "\r\n\r\n");
	}
	h->end = (size_t)(end - h->text) + 4;
	return true;
}

static const char *
field(const struct head *h, const char *name)
{
	const char *at = strcasestr(h->text, name);

	return at && at < h->text + h->end ? at + strlen(name) : NULL;
}

/* Swallows n bytes, or all there are. */
static uint64_t
swallow(int fd, uint64_t n)
{
	static char nowhere[1 << 18];
	uint64_t got = 0;

	while (got < n) {
		size_t want = n - got < sizeof(nowhere) ? (size_t)(n - got)
							: sizeof(nowhere);
		ssize_t r = recv(fd, nowhere, want, MSG_TRUNC);
		if (r < 0)
			die("recv");
		if (r == 0)
			break;
		got += (uint64_t)r;
	}
	return got;
}

/* --- the engine ------------------------------------------------------------- */

/* Our own client's chunks all have one size but for the last: the body ends
 * with "0\r\n\r\n", which a body of zeros does not contain. */
static void
swallow_chunks(int fd, struct head *h)
{
	char tail[5] = {0};
	char buf[1 << 16];
	size_t n = h->n - h->end;

	memcpy(buf, h->text + h->end, n);
	for (;;) {
		if (n >= 5) {
			memcpy(tail, buf + n - 5, 5);
		} else {
			memmove(tail, tail + n, 5 - n);
			memcpy(tail + 5 - n, buf, n);
		}
		if (memcmp(tail, "0\r\n\r\n", 5) == 0)
			return;
		ssize_t r = recv(fd, buf, sizeof(buf), 0);
		if (r <= 0)
			return;
		n = (size_t)r;
	}
}

static void
put_body(int fd, uint64_t bytes, size_t piece)
{
	for (uint64_t n; bytes > 0; bytes -= n) {
		n = bytes < piece ? bytes : piece;
		put(fd, zeros, (size_t)n);
	}
}

static void
serve_tunnel(int fd, struct head *h)
{
	static const char switched[] = "HTTP/1.1 101 UPGRADED\r\n"
				       "Content-Type: application/vnd.docker."
				       "raw-stream\r\nConnection: Upgrade\r\n"
				       "Upgrade: tcp\r\n\r\n";
	const char *size = field(h, "size=");
	char told[32];

	put(fd, switched, sizeof(switched) - 1);
	if (size) {
		put_body(fd, strtoull(size, NULL, 10), WRITE);
		return;
	}
	uint64_t n = h->n - h->end + swallow(fd, UINT64_MAX);
	snprintf(told, sizeof(told), "%llu\n", (unsigned long long)n);
	put(fd, told, strlen(told));
}

static bool
serve_request(int fd)
{
	static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
	struct head *h = calloc(1, sizeof(*h));
	bool ok = h && read_head(fd, h);
	const char *length = ok ? field(h, "\r\nContent-Length:") : NULL;

	if (ok && field(h, "\r\nUpgrade:")) {
		serve_tunnel(fd, h);
		ok = false;
	} else if (ok) {
		if (length)
			swallow(fd,
				strtoull(length, NULL, 10) - (h->n - h->end));
		else if (field(h, "\r\nTransfer-Encoding:"))
			swallow_chunks(fd, h);
		put(fd, done, sizeof(done) - 1);
	}
	free(h);
	return ok;
}

static void *
serve(void *arg)
{
	int fd = (int)(intptr_t)arg;

	while (serve_request(fd))
		;
	close(fd);
	return NULL;
}

static int
engine(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t thread;

	assert(strlen(path) < sizeof(at.sun_path));
	strcpy(at.sun_path, path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		listen(fd, 128) != 0)
		die(path);
	for (;;) {
		int client = accept(fd, NULL, NULL);
		if (client < 0)
			die("accept");
		if (pthread_create(&thread, NULL, serve,
			    (void *)(intptr_t)client) != 0)
			die("thread");
		pthread_detach(thread);
	}
}

/* --- clients ------------------------------------------------------------------ */

static int
dial(const char *host, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die(host);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

static void
ask(int fd, const char *method, const char *path, const char *fields)
{
	char head[1024];
	int n = snprintf(head, sizeof(head),
		"%s %s HTTP/1.1\r\nHost: docker\r\n%s\r\n", method, path,
		fields);

	put(fd, head, (size_t)n);
}

static unsigned
status_of(const struct head *h)
{
	return h->n > 12 ? (unsigned)strtoul(h->text + 9, NULL, 10) : 0;
}

static void
expect_head(int fd, struct head *h, unsigned status)
{
	*h = (struct head){0};
	if (!read_head(fd, h) || status_of(h) != status) {
		fprintf(stderr, "not %u: %.60s\n", status, h->text);
		exit(1);
	}
}

static uint64_t
down(int fd, const char *path, struct head *h)
{
	ask(fd, "GET", path, "Connection: close\r\n");
	expect_head(fd, h, 200);
	return h->n - h->end + swallow(fd, UINT64_MAX);
}

static void
put_chunks(int fd, uint64_t bytes)
{
	static const char last[] = "0\r\n\r\n";
	static char chunk[CHUNK + 16];
	int n = snprintf(chunk, sizeof(chunk), "%x\r\n", CHUNK);

	memcpy(chunk + n + CHUNK, "\r\n", 2);
	for (; bytes >= CHUNK; bytes -= CHUNK)
		put(fd, chunk, (size_t)n + CHUNK + 2);
	put(fd, last, sizeof(last) - 1);
}

static uint64_t
up(int fd, const char *path, uint64_t bytes, bool chunked, struct head *h)
{
	char fields[128];

	if (chunked)
		snprintf(fields, sizeof(fields),
			"Content-Type: application/x-tar\r\n"
			"Transfer-Encoding: chunked\r\n");
	else
		snprintf(fields, sizeof(fields),
			"Content-Type: application/x-tar\r\n"
			"Content-Length: %llu\r\n",
			(unsigned long long)bytes);
	ask(fd, "PUT", path, fields);
	if (chunked)
		put_chunks(fd, bytes);
	else
		put_body(fd, bytes, WRITE);
	expect_head(fd, h, 204);
	return bytes;
}

static void
open_tunnel(int fd, const char *path, struct head *h)
{
	ask(fd, "POST", path,
		"Connection: Upgrade\r\nUpgrade: tcp\r\n"
		"Content-Length: 0\r\n");
	expect_head(fd, h, 101);
}

static uint64_t
watch(int fd, const char *path, struct head *h)
{
	open_tunnel(fd, path, h);
	return h->n - h->end + swallow(fd, UINT64_MAX);
}

static uint64_t
tunnel(int fd, const char *path, uint64_t bytes, struct head *h)
{
	char told[32] = {0};

	open_tunnel(fd, path, h);
	put_body(fd, bytes, WRITE);
	shutdown(fd, SHUT_WR);
	for (size_t n = 0; n + 1 < sizeof(told);) {
		ssize_t got = recv(fd, told + n, sizeof(told) - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return strtoull(told, NULL, 10);
}

static uint64_t
hold(const char *const *argv, uint64_t n, struct head *h)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (uint64_t i = 0; i < n; i++) {
		int fd = dial(argv[2], argv[3]);
		ask(fd, "GET", argv[4], "");
		expect_head(fd, h, 200);
	}
	printf("%llu\n", (unsigned long long)n);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return n;
}

static uint64_t
move(const char *const *argv, uint64_t bytes)
{
	static struct head h;
	const char *what = argv[1];

	if (strcmp(what, "hold") == 0)
		return hold(argv, bytes, &h);
	int fd = dial(argv[2], argv[3]);
	if (strcmp(what, "down") == 0)
		return down(fd, argv[4], &h);
	if (strcmp(what, "watch") == 0)
		return watch(fd, argv[4], &h);
	if (strcmp(what, "tunnel") == 0)
		return tunnel(fd, argv[4], bytes, &h);
	return up(fd, argv[4], bytes, strcmp(what, "chunked") == 0, &h);
}

int
main(int argc, const char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "engine") == 0)
		return engine(argv[2]);
	if (argc < 5) {
		fputs("usage: bulk engine SOCKET | bulk "
		      "down|up|chunked|tunnel|watch|hold HOST PORT PATH [N]\n",
			stderr);
		return 2;
	}
	uint64_t bytes = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
	printf("%llu\n", (unsigned long long)move(argv, bytes));
	return 0;
}
