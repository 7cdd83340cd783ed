/* Workers: loops, hand-over, drain. */
#include "daemon/worker.h"

#include "daemon/clients.h"
#include "daemon/flow.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/tls.h"
#include "runtime/http1_answer.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Timeouts that no setting names. */
#define LINGER_MS      2000  /* for a client to read our last words */
#define CLIENT_GONE_MS 1000  /* no progress towards a half-closed client */
#define REDIAL_MS      10    /* the Engine's backlog is full */
#define POOL_IDLE_MS   60000 /* an idle Engine connection */
#define TUNNEL_HALF_MS 60000 /* the Engine has ended, the client has not */

enum message_kind {
	MESSAGE_ARRIVAL,
	MESSAGE_ENDED, /* to worker 0: another's loop is over */
	MESSAGE_LOOK,  /* what is offered or asked for; as any other one */
};

enum { STOP_NOT, STOP_DRAIN, STOP_NOW };

/* A record of the pipe: smaller than PIPE_BUF, so written in one piece. */
struct message {
	enum message_kind kind;
	struct arrival arrival;
};

/* Not longer than a tunnel may be idle, if that is limited. */
static uint32_t
half_ms(uint32_t idle_ms)
{
	return idle_ms && idle_ms < TUNNEL_HALF_MS ? idle_ms : TUNNEL_HALF_MS;
}

static void
set_durations(struct worker *w)
{
	const struct settings_timeouts *t =
		&w->generation->policy->settings.timeouts;
	const uint32_t ms[DEADLINE_CLASSES] = {
		[DEADLINE_HANDSHAKE] = t->tls_handshake_ms,
		[DEADLINE_HEAD] = t->request_head_ms,
		[DEADLINE_BODY] = t->request_body_ms,
		[DEADLINE_KEEPALIVE] = t->keepalive_ms,
		[DEADLINE_CONNECT] = t->engine_connect_ms,
		[DEADLINE_RESPONSE] = t->engine_response_ms,
		[DEADLINE_STALLED] = t->client_stalled_ms,
		[DEADLINE_TUNNEL] = t->tunnel_idle_ms,
		[DEADLINE_TUNNEL_HALF] = half_ms(t->tunnel_idle_ms),
		[DEADLINE_LINGER] = LINGER_MS,
		[DEADLINE_GONE] = CLIENT_GONE_MS,
		[DEADLINE_REDIAL] = REDIAL_MS,
		[DEADLINE_POOL] = POOL_IDLE_MS,
	};

	for (int c = 1; c < DEADLINE_CLASSES; c++)
		deadlines_change(&w->deadlines, (enum deadline_class)c, ms[c]);
}

/* --- generations ---------------------------------------------------------- */

/* Requests in flight keep theirs. Spare requests are sized by the limits. */
static void
take_over(struct worker *w, struct generation *g)
{
	struct generation *old = w->generation;

	w->generation = g;
	if (old->uses[w->index].requests == 0)
		generation_unref(old);
	flow_free_spare(w);
	set_durations(w);
	/* Made with certificates that may not be trusted any more. */
	if (g->tls)
		engine_pool_close_idle(&w->pool);
}

static void
look_for_offer(struct worker *w)
{
	struct generation *g = atomic_exchange(&w->offered, NULL);

	if (g)
		take_over(w, g);
}

/* --- messages ------------------------------------------------------------- */

/* Worker 0 stays to the last: the drain time and a second signal are its. */
static void
end_when_drained(struct worker *w)
{
	if (w->draining && w->nflows == 0 && w->others == 0)
		event_base_loopexit(w->base, NULL);
}

static void
drain(struct worker *w, bool now)
{
	w->draining = true;
	for (struct flow *f = w->flows, *next; f; f = next) {
		next = f->next;
		flow_drain(f, now);
	}
	engine_pool_close_idle(&w->pool);
	end_when_drained(w);
}

static void
on_message(struct worker *w, const struct message *m)
{
	switch (m->kind) {
	case MESSAGE_ARRIVAL:
		flow_new(w, &m->arrival);
		break;
	case MESSAGE_ENDED:
		w->others--;
		end_when_drained(w);
		break;
	case MESSAGE_LOOK:
		break;
	}
}

/* Again with each message: connections may have been on their way. */
static void
look_for_stop(struct worker *w)
{
	int stop = atomic_load(&w->stop);

	if (stop != STOP_NOT)
		drain(w, stop == STOP_NOW);
}

static void
on_pipe(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct message m[8];
	(void)what;

	ssize_t n = read(fd, m, sizeof(m));
	if (n <= 0)
		return;
	/* Before the arrivals: those of a new listener find its policy. */
	look_for_offer(w);
	for (size_t i = 0; i < (size_t)n / sizeof(m[0]); i++)
		on_message(w, &m[i]);
	look_for_stop(w);
}

static void
on_tidy(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	(void)fd;
	(void)what;

	flow_bury(w);
	engine_pool_bury(&w->pool);
	log_flush();
	end_when_drained(w);
}

/* Last among the callbacks of this turn. */
void
worker_tidy_soon(struct worker *w)
{
	event_active(w->tidy, EV_TIMEOUT, 0);
}

static void
on_log_line(void *arg)
{
	worker_tidy_soon(arg);
}

static struct event_base *
new_base(void)
{
	struct event_config *c = event_config_new();
	struct event_base *base = NULL;

	if (c) {
		/* Each base is used by its own thread alone. */
		event_config_set_flag(c, EVENT_BASE_FLAG_NOLOCK);
		base = event_base_new_with_config(c);
		event_config_free(c);
	}
	if (base && event_base_priority_init(base, LEG_PRIORITIES) == 0)
		return base;
	if (base)
		event_base_free(base);
	return NULL;
}

static bool
init_parts(struct worker *w)
{
	if (getrandom(&w->ids.key, sizeof(w->ids.key), 0) !=
		(ssize_t)sizeof(w->ids.key))
		return false;
	w->base = new_base();
	if (!w->base || !deadlines_init(&w->deadlines, w->base))
		return false;
	set_durations(w);
	w->scratch = regex_scratch_new();
	w->answer = http1_answer_new();
	w->tidy = event_new(w->base, -1, 0, on_tidy, w);
	if (!w->scratch || !w->answer || !w->tidy)
		return false;
	if (pipe2(w->pipe, O_NONBLOCK | O_CLOEXEC) != 0)
		return false;
	w->pipe_event = event_new(
		w->base, w->pipe[0], EV_READ | EV_PERSIST, on_pipe, w);
	return w->pipe_event && event_add(w->pipe_event, NULL) == 0;
}

bool
worker_init(struct worker *w, struct shared *shared, unsigned index)
{
	*w = (struct worker){
		.shared = shared,
		.generation = generation_ref(shared->generation),
		.index = index,
		.pipe = {-1, -1},
	};
	if (init_parts(w))
		return true;
	log_say(LOG_LEVEL_ERROR, "cannot set a worker up: %s",
		strerror(errno ? errno : ENOMEM));
	worker_fini(w);
	return false;
}

void
arrival_fini(struct shared *s, struct arrival *a)
{
	atomic_fetch_sub(&s->connections, 1);
	if (a->counted)
		clients_leave(s->clients, &a->counted_as);
	tls_context_unref(a->tls);
	listener_name_unref(a->listener);
	a->tls = NULL;
	a->listener = NULL;
}

/* What arrived after the loop had ended. */
static void
discard_messages(struct worker *w)
{
	struct message m;

	while (w->pipe[0] >= 0 &&
		read(w->pipe[0], &m, sizeof(m)) == (ssize_t)sizeof(m)) {
		if (m.kind != MESSAGE_ARRIVAL)
			continue;
		close(m.arrival.fd);
		arrival_fini(w->shared, &m.arrival);
	}
}

void
worker_fini(struct worker *w)
{
	while (w->flows)
		flow_drain(w->flows, true);
	engine_pool_close_idle(&w->pool);
	flow_bury(w);
	engine_pool_bury(&w->pool);
	flow_free_spare(w);
	discard_messages(w);
	generation_unref(atomic_exchange(&w->offered, NULL));
	generation_unref(w->generation);
	for (int i = 0; i < 2; i++)
		if (w->pipe[i] >= 0)
			close(w->pipe[i]);
	if (w->pipe_event)
		event_free(w->pipe_event);
	if (w->tidy)
		event_free(w->tidy);
	free(w->answer);
	regex_scratch_free(w->scratch);
	deadlines_fini(&w->deadlines);
	blocks_fini(&w->blocks);
	if (w->base)
		event_base_free(w->base);
	*w = (struct worker){.pipe = {-1, -1}};
}

/* --- threads -------------------------------------------------------------- */

static bool
send_message(struct worker *w, const struct message *m)
{
	return write(w->pipe[1], m, sizeof(*m)) == (ssize_t)sizeof(*m);
}

void
worker_loop(struct worker *w)
{
	const int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

	log_gather(on_log_line, w);
	do {
		deadlines_turn(&w->deadlines);
	} while (event_base_loop(w->base, flags) == 0 &&
		 !event_base_got_exit(w->base));
	log_gather(NULL, NULL);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	worker_loop(w);
	/* One from each worker: that pipe is never full. */
	send_message(
		w->shared->first, &(struct message){.kind = MESSAGE_ENDED});
	return NULL;
}

bool
worker_start(struct worker *w)
{
	sigset_t all, old;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		log_say(LOG_LEVEL_ERROR, "cannot start a thread: %s",
			strerror(err));
	else
		w->shared->first->others++;
	return err == 0;
}

void
worker_join(struct worker *w)
{
	pthread_join(w->thread, NULL);
}

bool
worker_give(struct worker *w, const struct arrival *a)
{
	if (w->index == 0) {
		flow_new(w, a);
		return true;
	}
	return send_message(
		w, &(struct message){.kind = MESSAGE_ARRIVAL, .arrival = *a});
}

/* That the pipe is full does no harm: then the worker looks soon. */
static void
make_it_look(struct worker *w)
{
	send_message(w, &(struct message){.kind = MESSAGE_LOOK});
}

void
worker_offer(struct worker *w, struct generation *g)
{
	if (w->index == 0) {
		take_over(w, generation_ref(g));
		return;
	}
	generation_unref(atomic_exchange(&w->offered, generation_ref(g)));
	make_it_look(w);
}

void
worker_drain(struct worker *w, bool now)
{
	if (w->index == 0) {
		drain(w, now);
		return;
	}
	atomic_store(&w->stop, now ? STOP_NOW : STOP_DRAIN);
	make_it_look(w);
}
