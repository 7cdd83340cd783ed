/* healthcheck: one request to the proxy next to us. */
#include "daemon/cmd_healthcheck.h"

#include "daemon/config.h"
#include "daemon/deadline.h"
#include "daemon/listener.h"
#include "runtime/http1.h"
#include "runtime/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct check {
	struct settings_listener at;
	const char *path;
	bool by_admin;
	int fd; /* owned */
	uint64_t end_ms;
	char text[160]; /* of `at` */
	char why[160];  /* not healthy */
};

/* --- where ------------------------------------------------------------------ */

/* What is bound to every address is asked on loopback. */
static struct str
reachable(struct str bind)
{
	if (str_eq(bind, STR("*")) || str_eq(bind, STR("0.0.0.0")))
		return STR("127.0.0.1");
	return str_eq(bind, STR("::")) ? STR("::1") : bind;
}

static void
choose(struct check *c, const struct settings *s)
{
	c->by_admin = s->admin.bind.n > 0;
	if (c->by_admin)
		c->at = (struct settings_listener){
			.bind = s->admin.bind,
			.port = s->admin.port,
		};
	else
		c->at = s->listeners[0];
	c->at.bind = reachable(c->at.bind);
	c->path = c->by_admin ? "/readyz" : "/_ping";
	listener_text(&c->at, c->text, sizeof(c->text));
}

static socklen_t
address_of(const struct settings_listener *l, struct sockaddr_storage *out)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(l->port)};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(l->port)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (l->path.n >= sizeof(un.sun_path))
		return 0;
	if (l->path.n) {
		memcpy(un.sun_path, l->path.p, l->path.n);
		memcpy(out, &un, sizeof(un));
		return sizeof(un);
	}
	if (inet_pton(AF_INET, l->bind.p, &in.sin_addr) == 1) {
		memcpy(out, &in, sizeof(in));
		return sizeof(in);
	}
	if (inet_pton(AF_INET6, l->bind.p, &in6.sin6_addr) == 1) {
		memcpy(out, &in6, sizeof(in6));
		return sizeof(in6);
	}
	return 0;
}

/* --- asking ----------------------------------------------------------------- */

static bool
fail(struct check *c, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	return false;
}

static bool
await(struct check *c, short events)
{
	uint64_t now = now_ms();
	struct pollfd p = {.fd = c->fd, .events = events};

	if (now < c->end_ms && poll(&p, 1, (int)(c->end_ms - now)) == 1)
		return true;
	return fail(c, "no answer in time");
}

static bool
dial(struct check *c)
{
	struct sockaddr_storage sa;
	socklen_t len = address_of(&c->at, &sa), size = sizeof(int);
	int err = 0;

	if (len == 0)
		return fail(c, "cannot tell its address");
	c->fd = socket(
		sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return fail(c, strerror(errno));
	if (connect(c->fd, (const struct sockaddr *)&sa, len) == 0)
		return true;
	if (errno != EINPROGRESS)
		return fail(c, strerror(errno));
	if (!await(c, POLLOUT))
		return false;
	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &size);
	return err == 0 || fail(c, strerror(err));
}

/* A request is smaller than any socket's buffer. */
static bool
ask(struct check *c)
{
	char buf[160];
	int n = snprintf(buf, sizeof(buf),
		"%sGET %s HTTP/1.1\r\n"
		"Host: localhost\r\n"
		"User-Agent: docker-proxy-healthcheck\r\n"
		"Connection: close\r\n"
		"\r\n",
		c->at.proxy_protocol ? "PROXY UNKNOWN\r\n" : "", c->path);

	return send(c->fd, buf, (size_t)n, MSG_NOSIGNAL) == n ||
	       fail(c, "it takes no request");
}

/* Reads a head; *status_out is what it says. */
static bool
read_status(struct check *c, uint16_t *status_out)
{
	struct http1_field fields[128];
	struct http1_head h = {.fields = fields, .max_fields = 128};
	char buf[KIB(16)];
	size_t n = 0, seen = 0, len = 0;
	enum http1_scan scan;

	while ((scan = http1_scan_head(buf, n, &seen, &len)) == HTTP1_MORE) {
		if (n == sizeof(buf))
			return fail(c, "its answer is too long");
		if (!await(c, POLLIN))
			return false;
		ssize_t got = read(c->fd, buf + n, sizeof(buf) - n);
		if (got <= 0)
			return fail(c, "it closed the connection");
		n += (size_t)got;
	}
	if (scan == HTTP1_BAD ||
		http1_parse_response(buf, len, METHOD_GET, &h) != WHY_OK)
		return fail(c, "its answer is malformed");
	*status_out = h.status;
	return true;
}

static bool
is_healthy(struct check *c, uint16_t *status_out)
{
	*status_out = 0;
	if (!dial(c))
		return false;
	if (c->at.tls.on)
		return true;
	if (!ask(c) || !read_status(c, status_out))
		return false;
	return c->by_admin ? *status_out == 200 : *status_out < 500;
}

static int
check(const struct settings *s, FILE *out)
{
	struct check c = {.fd = -1, .end_ms = now_ms() + HEALTHCHECK_MS};
	uint16_t status;

	choose(&c, s);
	bool ok = is_healthy(&c, &status);
	if (c.fd >= 0)
		close(c.fd);
	const char *word = ok ? "healthy" : "unhealthy";
	if (status)
		fprintf(out, "%s: %s%s answers %u\n", word, c.text, c.path,
			status);
	else
		fprintf(out, "%s: %s: %s\n", word, c.text,
			ok ? "accepts connections" : c.why);
	return ok ? EXIT_OK : EXIT_INVALID;
}

int
cmd_healthcheck(const char *file, FILE *out)
{
	/* Its warnings were told by the proxy itself. */
	FILE *silence = fopen("/dev/null", "we");
	const struct config c = {.file = file};
	struct policy *policy =
		config_compile(&c, NULL, silence ? silence : stderr);
	int status = EXIT_INVALID;

	if (policy)
		status = check(&policy->settings, out);
	else
		fputs("unhealthy: the configuration has errors; "
		      "see --check-config\n",
			out);
	policy_free(policy);
	if (silence)
		fclose(silence);
	return status;
}

static int
run(const struct arguments *a)
{
	return cmd_healthcheck(
		config_find(argument_value(a, "--config")), stdout);
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration that the proxy runs with"},
	{0},
};

const struct command command_healthcheck = {
	.name = "healthcheck",
	.flags = flags,
	.help = "does the proxy of this configuration answer? exit 0 when it "
		"does, 1 when not",
	.run = run,
};
