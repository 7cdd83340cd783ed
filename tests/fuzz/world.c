/* A world of one worker: sockets, clock, what the Engine may see. */
#include "tests/fuzz/world.h"

#include "daemon/engine.h"
#include "daemon/flow.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/rate.h"
#include "daemon/worker.h"
#include "runtime/http1.h"
#include "runtime/json.h"
#include "runtime/limits.h"
#include "runtime/target.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TURNS_MAX 1000 /* until all is quiet; the largest story needs 100 */

/* /secrets is closed, no container is privileged, labels are taken out. */
static const char policy_text[] =
	"global:\n"
	"  default: deny\n"
	"  limits: {header_bytes: 4KiB, inspected_body_bytes: 2KiB}\n"
	"auth: {type: none}\n"
	"rules:\n"
	"  - name: secrets\n"
	"    conditions: [{field: path, operator: starts_with,\n"
	"                  value: /secrets}]\n"
	"    action: deny\n"
	"  - name: privileged\n"
	"    conditions:\n"
	"      - {field: path, operator: equals, value: /containers/create}\n"
	"      - {field: body.HostConfig.Privileged, operator: equals,\n"
	"         value: true}\n"
	"    action: deny\n"
	"  - name: labels\n"
	"    conditions: [{field: path, operator: ends_with, value: /json}]\n"
	"    action: response_filter\n"
	"    response_filter: [{field: '*.Labels', action: remove}]\n"
	"  - name: limited\n"
	"    conditions: [{field: path, operator: equals, value: /info}]\n"
	"    action: rate_limit\n"
	"    rate_limit: {requests: 2, period: 1s, penalty: 5s}\n"
	"  - {name: rest, action: allow}\n";

struct client {
	int fd; /* -1: none */
	bool deaf;
	char first[8]; /* of what it got */
	size_t got;
};

/* A connection that the worker has made, as the Engine reads it. */
struct engine {
	int fd;
	bool deaf;
	struct fuzz_buffer in; /* not yet taken */
	bool in_body, is_create, may_switch;
	struct http1_body body;
	struct fuzz_buffer content; /* of a create */
	struct fuzz_buffer said;    /* what may begin a sign of switching */
	bool switched;              /* it said so: raw bytes from here on */
};

static struct world {
	struct generation *generation;
	struct listener_name *names[2]; /* plain, PROXY */
	struct shared shared;
	struct worker worker;
	int loop_fd; /* readable: the loop has something to do */
	int listen_fd;
	int first_fd; /* the lowest that was free */
	struct client clients[WORLD_CLIENTS];
	struct engine engines[WORLD_ENGINES];
	unsigned nengines;
	unsigned requests;    /* that the Engine got */
	unsigned engine_ends; /* connections that it ended */
} world;

/* --- the clock ------------------------------------------------------------- */

static uint64_t clock_ms;

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

/* In the place of the C library's, for all of the program (ld --wrap). */
int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	ts->tv_sec = (time_t)(clock_ms / 1000);
	ts->tv_nsec = (long)(clock_ms % 1000) * 1000000;
	return 0;
}

/* --- what the Engine may see ----------------------------------------------- */

static bool
starts(struct str path, const char *with)
{
	return str_starts(path, str_of(with));
}

static void
check_head(struct engine *e, const struct http1_head *h)
{
	const struct target_limits limits = {LIMIT_TARGET_BYTES * 4, 1, 24};
	struct arena a;
	struct target t;

	arena_init(&a, MIB(1));
	assert(h->minor == 1 && !h->authorization.p);
	enum why why = target_parse(h->target, &limits, &a, &t);
	assert(why == WHY_OK && str_eq(t.forward, h->target));
	assert(!starts(t.path, "/secrets"));
	unsigned flags = endpoint_flags(h->method, t.path);
	e->may_switch = flags & (ENDPOINT_UPGRADE | ENDPOINT_HIJACK);
	assert(h->upgrade.n == 0 || e->may_switch);
	assert(!(flags & ENDPOINT_NO_BODY) || h->framing == HTTP1_NO_BODY ||
		(h->framing == HTTP1_LENGTH && h->content_length == 0));
	e->is_create = str_eq(t.path, STR("/containers/create"));
	arena_fini(&a);
}

static const struct json_node *
member(const struct json *j, const struct json_node *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	const struct json_node *m = json_first(object);
	for (uint32_t i = 0; i < object->children; i++, m = json_next(j, m))
		if (str_eq(m->key, str_of(key)))
			return m;
	return NULL;
}

static void
check_content(struct engine *e)
{
	const struct json_limits limits = {LIMIT_JSON_DEPTH, 1};
	struct arena a;
	struct json j;
	size_t at;

	if (!e->is_create || e->content.n == 0)
		return;
	arena_init(&a, MIB(64));
	assert(json_scan(fuzz_buffer_text(&e->content), &limits, &a, &j, &at) ==
		WHY_OK);
	const struct json_node *p =
		member(&j, member(&j, j.nodes, "hostconfig"), "privileged");
	assert(!p || p->type != JSON_TRUE);
	arena_fini(&a);
}

static void
take(struct fuzz_buffer *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

/* False: more must come. */
static bool
take_head(struct engine *e)
{
	struct http1_field fields[HTTP1_FIELDS_MAX];
	struct http1_head h = {
		.fields = fields,
		.max_fields = HTTP1_FIELDS_MAX,
	};
	size_t seen = 0, len;

	enum http1_scan scan = http1_scan_head(e->in.p, e->in.n, &seen, &len);
	assert(scan != HTTP1_BAD);
	if (scan == HTTP1_MORE)
		return false;
	assert(http1_parse_request(e->in.p, len, &h) == WHY_OK);
	world.requests++;
	check_head(e, &h);
	http1_body_init(&e->body, h.framing, h.content_length);
	take(&e->in, len);
	e->in_body = true;
	e->content.n = 0;
	return true;
}

static bool
take_body(struct engine *e)
{
	struct str data;
	size_t used;

	enum http1_step step =
		http1_body_next(&e->body, e->in.p, e->in.n, &used, &data);
	assert(step != HTTP1_STEP_BAD);
	if (step == HTTP1_STEP_DATA && e->is_create)
		fuzz_put(&e->content, data);
	take(&e->in, used);
	if (step == HTTP1_STEP_END) {
		check_content(e);
		e->in_body = false;
	}
	return step != HTTP1_STEP_MORE;
}

static void
engine_reads(struct engine *e)
{
	while (e->in.n > 0 || e->in_body) {
		/* Raw bytes of a tunnel. */
		if (!e->in_body && e->may_switch && e->switched) {
			e->in.n = 0;
			return;
		}
		if (e->in_body ? !take_body(e) : !take_head(e))
			return;
	}
}

/* --- sockets --------------------------------------------------------------- */

/* What there is to read. False: nothing, or the end. */
static bool
receive(int fd, bool deaf, struct str *out)
{
	static char buf[65536];
	ssize_t n = deaf || fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	*out = (struct str){buf, n > 0 ? (size_t)n : 0};
	return n > 0;
}

static bool
client_moves(struct client *c)
{
	struct str data;

	if (!receive(c->fd, c->deaf, &data))
		return false;
	for (size_t i = 0; i < data.n && c->got + i < sizeof(c->first); i++)
		c->first[c->got + i] = data.p[i];
	c->got += data.n;
	assert(c->got < 5 || memcmp(c->first, "HTTP/", 5) == 0);
	return true;
}

static bool
engine_moves(struct engine *e)
{
	struct str data;

	if (!receive(e->fd, e->deaf, &data))
		return false;
	fuzz_put(&e->in, data);
	engine_reads(e);
	return true;
}

static bool
engine_accepts(void)
{
	int fd = world.nengines < WORLD_ENGINES
			 ? accept4(world.listen_fd, NULL, NULL,
				   SOCK_NONBLOCK | SOCK_CLOEXEC)
			 : -1;

	if (fd < 0)
		return false;
	world.engines[world.nengines++] = (struct engine){.fd = fd};
	return true;
}

static int *
fd_of(enum world_side side, unsigned number)
{
	static int none;

	none = -1;
	if (side == WORLD_CLIENT)
		return number < WORLD_CLIENTS ? &world.clients[number].fd
					      : &none;
	return number < world.nengines ? &world.engines[number].fd : &none;
}

/* --- what the script does -------------------------------------------------- */

void
world_settle(void)
{
	unsigned quiet = 0, turns = 0;

	while (quiet < 2) {
		bool moved = false;
		event_base_loop(world.worker.base, EVLOOP_NONBLOCK);
		while (engine_accepts())
			moved = true;
		for (unsigned i = 0; i < world.nengines; i++)
			moved |= engine_moves(&world.engines[i]);
		for (unsigned i = 0; i < WORLD_CLIENTS; i++)
			moved |= client_moves(&world.clients[i]);
		quiet = moved ? 0 : quiet + 1;
		assert(turns++ < TURNS_MAX);
	}
	/* Whatever its loop still has to do it would do for ever. */
	struct pollfd p = {.fd = world.loop_fd, .events = POLLIN};
	int ready = poll(&p, 1, 0); /* -1: a signal of libFuzzer's */
	assert(ready <= 0);
	uint64_t allowed = world.worker.metrics.count[METRIC_ALLOWED];
	/* A bodyless GET may be sent again where the Engine had hung up. */
	assert(world.requests <= allowed + world.engine_ends);
}

void
world_pass_ms(uint32_t ms)
{
	clock_ms += ms;
	event_active(world.worker.deadlines.timer, EV_TIMEOUT, 0);
	world_settle();
}

void
world_connect(unsigned client, enum world_kind kind)
{
	int fds[2], small = 1;

	if (client >= WORLD_CLIENTS || world.clients[client].fd >= 0)
		return;
	int err = socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
	assert(err == 0);
	if (kind == WORLD_SMALL)
		setsockopt(
			fds[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	struct arrival a = {
		.fd = fds[1],
		.listener = world.names[kind == WORLD_PROXY],
		.port = 1,
	};
	ip_parse(STR("192.0.2.1"), &a.ip);
	atomic_fetch_add(&a.listener->refs, 1);
	atomic_fetch_add(&world.shared.connections, 1);
	world.clients[client] = (struct client){.fd = fds[0]};
	flow_new(&world.worker, &a);
	world_settle();
}

/* An Engine says that it switches, in one of two ways and in any pieces. */
static void
look_for_switch(struct engine *e, struct str bytes)
{
	static const struct str signs[] = {STR(" 101"), STR("-stream")};
	const size_t keep = STR("-stream").n - 1;

	fuzz_put(&e->said, bytes);
	struct str said = fuzz_buffer_text(&e->said);
	for (int i = 0; i < 2; i++)
		if (str_find_nocase(said, signs[i]) < said.n)
			e->switched = true;
	if (said.n > keep)
		take(&e->said, said.n - keep);
}

void
world_send(
	enum world_side side, unsigned number, struct str bytes, size_t piece)
{
	int *fd = fd_of(side, number);

	if (side == WORLD_ENGINE && *fd >= 0)
		look_for_switch(&world.engines[number], bytes);
	while (*fd >= 0 && bytes.n > 0) {
		size_t n = bytes.n < piece ? bytes.n : piece;
		if (send(*fd, bytes.p, n, MSG_NOSIGNAL) != (ssize_t)n)
			return;
		bytes = str_from(bytes, n);
		world_settle();
	}
}

void
world_shut(enum world_side side, unsigned number)
{
	int *fd = fd_of(side, number);

	if (*fd < 0)
		return;
	world.engine_ends += side == WORLD_ENGINE;
	shutdown(*fd, SHUT_WR);
	world_settle();
}

void
world_close(enum world_side side, unsigned number)
{
	int *fd = fd_of(side, number);

	if (*fd < 0)
		return;
	world.engine_ends += side == WORLD_ENGINE;
	close(*fd);
	*fd = -1;
	world_settle();
}

void
world_deaf(enum world_side side, unsigned number, bool deaf)
{
	if (*fd_of(side, number) < 0)
		return;
	if (side == WORLD_CLIENT)
		world.clients[number].deaf = deaf;
	else
		world.engines[number].deaf = deaf;
	world_settle();
}

void
world_drain(void)
{
	worker_drain(&world.worker, false);
	world_settle();
}

/* --- begin and end --------------------------------------------------------- */

static struct listener_name *
new_name(const char *text, bool proxy_protocol)
{
	struct listener_name *n = calloc(1, sizeof(*n));

	assert(n);
	atomic_init(&n->refs, 1);
	n->name = str_of(text);
	n->proxy_protocol = proxy_protocol;
	return n;
}

static void
compile(void)
{
	const char *const envp[] = {NULL};
	const struct policy_input in = {
		.file = "world.conf",
		.text = STR(policy_text),
		.envp = envp,
	};
	struct arena a;
	struct diag diag;

	arena_init(&a, MIB(1));
	struct policy *policy = policy_compile(&in, &a, &diag);
	if (!policy)
		diag_write(&diag, stderr);
	assert(policy);
	diag_fini(&diag);
	arena_fini(&a);
	world.shared.nworkers = 1;
	world.generation = generation_new(policy, NULL, 1, &world.shared);
	world.names[0] = new_name("plain", false);
	world.names[1] = new_name("proxy", true);
	assert(world.generation);
	/* Below the least: what is refused is not told. */
	log_setup((enum log_level) - 1, false);
}

/* A name of ours alone, that is no file. */
void
world_listen(bool on)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int n = snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1,
		"docker-proxy-fuzz-%d", getpid());
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				    (size_t)n);

	if (world.listen_fd >= 0)
		close(world.listen_fd);
	world.listen_fd = -1;
	memcpy(&world.shared.engine.at[0].sa, &un, sizeof(un));
	world.shared.engine.at[0].len = len;
	world.shared.engine.n = 1;
	world.shared.engine.text = STR("unix:///engine.sock");
	if (!on)
		return;
	world.listen_fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert(world.listen_fd >= 0);
	int err = bind(world.listen_fd, (struct sockaddr *)&un, len);
	assert(err == 0 && listen(world.listen_fd, 2) == 0);
}

static int
lowest_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert(fd >= 0);
	close(fd);
	return fd;
}

void
world_begin(void)
{
	clock_ms = 1000000000;
	signal(SIGPIPE, SIG_IGN); /* as the program does */
	if (!world.generation)
		compile();
	world.shared = (struct shared){
		.generation = world.generation,
		.first = &world.worker,
		.nworkers = 1,
		.max_connections = 16,
		.hash_seed = 1,
		.rate = rate_new(64, 1),
	};
	assert(world.shared.rate);
	pthread_mutex_init(&world.shared.lockout_lock, NULL);
	world.listen_fd = -1;
	world.loop_fd = world.first_fd = lowest_fd();
	bool ok = worker_init(&world.worker, &world.shared, 0);
	assert(ok);
	world_listen(true);
	for (unsigned i = 0; i < WORLD_CLIENTS; i++)
		world.clients[i].fd = -1;
	world.nengines = world.requests = world.engine_ends = 0;
}

static void
check_nothing_left(void)
{
	const struct worker *w = &world.worker;

	assert(w->nflows == 0 && !w->flows && !w->graveyard);
	assert(w->pool.nidle == 0 && w->pool.busy == 0 && !w->pool.dead);
	assert(w->metrics.count[METRIC_ENGINE_BUSY] == 0);
	assert(w->metrics.count[METRIC_ENGINE_IDLE] == 0);
	assert(atomic_load(&world.shared.connections) == 0);
	assert(atomic_load(&world.shared.held_bytes) == 0);
	assert(world.generation->uses[0].requests == 0);
}

void
world_end(void)
{
	worker_drain(&world.worker, true);
	world_settle();
	check_nothing_left();
	worker_fini(&world.worker);
	rate_free(world.shared.rate);
	world_listen(false);
	for (unsigned i = 0; i < WORLD_CLIENTS; i++)
		if (world.clients[i].fd >= 0)
			close(world.clients[i].fd);
	for (unsigned i = 0; i < world.nengines; i++) {
		struct engine *e = &world.engines[i];
		if (e->fd >= 0)
			close(e->fd);
		free(e->in.p);
		free(e->said.p);
		free(e->content.p);
	}
	assert(lowest_fd() == world.first_fd);
	assert(atomic_load(&world.generation->refs) == 1);
	assert(atomic_load(&world.names[0]->refs) == 1);
	assert(atomic_load(&world.names[1]->refs) == 1);
}
