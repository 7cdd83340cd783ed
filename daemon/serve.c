/* The proxy command: order of start and stop. */
#include "daemon/serve.h"

#include "daemon/admin.h"
#include "daemon/audit_writer.h"
#include "daemon/config.h"
#include "daemon/demo_child.h"
#include "daemon/denials.h"
#include "daemon/environment.h"
#include "daemon/fixed.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/listener_inherit.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/resident.h"
#include "daemon/sandbox.h"
#include "daemon/scrape.h"
#include "daemon/tables.h"
#include "daemon/tls.h"
#include "daemon/worker.h"
#include "runtime/limits.h"

#include <errno.h>
#include <event2/event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

struct server {
	struct shared shared;
	struct fixed fixed;
	struct worker *workers; /* owned */
	unsigned nworkers, nstarted;
	struct inherited inherited;
	struct notify notify;
	struct listeners listeners;
	struct admin *admin;                      /* owned */
	struct event *sigterm, *sigint, *sigusr1; /* owned */
	struct event *drained; /* owned: the drain time is over */
	struct reload reload;
	struct sandbox sandbox;
	struct demo_child demo;
	bool stopping;
};

static const struct settings *
settings_of(const struct server *s)
{
	return &s->shared.generation->policy->settings;
}

/* --- stopping ----------------------------------------------------------------- */

static void
tell_workers(struct server *s, bool now)
{
	/* Worker 0 is this thread: its loop may end at once, so last. */
	for (unsigned i = s->nworkers; i-- > 0;)
		worker_drain(&s->workers[i], now);
}

static void
on_drained(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	(void)fd;
	(void)what;

	log_say(LOG_LEVEL_WARN, "closing what is still open");
	tell_workers(s, true);
}

/* The first stops accepting and lets requests finish; the second ends all. */
static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	uint32_t ms = settings_of(s)->timeouts.drain_ms;
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};
	(void)fd;
	(void)what;

	notify_stopping(&s->notify);
	if (s->stopping || ms == 0) {
		listeners_close(&s->listeners);
		tell_workers(s, true);
		return;
	}
	s->stopping = true;
	admin_stop(s->admin);
	log_say(LOG_LEVEL_INFO, "stopping: requests in flight have %u ms", ms);
	listeners_close(&s->listeners);
	event_add(s->drained, &tv);
	tell_workers(s, false);
}

/* --- starting ----------------------------------------------------------------- */

/* Each client may need two descriptors; what the system does not grant
 * limits the connections. */
static void
raise_descriptors(struct shared *shared, const struct settings *s)
{
	rlim_t want = (rlim_t)s->limits.connections * 2 + 256;
	struct rlimit rl;

	shared->max_connections = s->limits.connections;
	if (getrlimit(RLIMIT_NOFILE, &rl) != 0)
		return;
	if (rl.rlim_cur < want) {
		rl.rlim_cur = rl.rlim_max < want ? rl.rlim_max : want;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
	if (rl.rlim_cur >= want)
		return;
	uint32_t can =
		rl.rlim_cur > 512 ? (uint32_t)(rl.rlim_cur - 256) / 2 : 64;
	/* Nobody asked for the default. */
	bool asked = s->limits.connections != LIMIT_CONNECTIONS;
	log_say(asked ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
		"limits.connections is lowered from %u to %u: "
		"the limit of open files is %llu",
		s->limits.connections, can, (unsigned long long)rl.rlim_cur);
	shared->max_connections = can;
}

static unsigned
usable_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

/* 0 when an Engine accepts connections now; else the errno that tells most:
 * of several addresses, one that is there but cannot be used. */
static int
probe_engine(const struct engine_address *a)
{
	int err = ENOENT;

	for (size_t i = 0; i < a->n; i++) {
		const struct engine_address one = {.at = {a->at[i]}, .n = 1};
		if (engine_answers(&one))
			return 0;
		if (errno != ENOENT)
			err = errno;
	}
	return err;
}

/* The Engine may come later: that it is not there now is only told. One
 * behind TCP is not asked, since that could take minutes. */
static bool
find_engine(struct server *s, bool demo)
{
	struct engine_address *a = &s->shared.engine;

	if (!engine_resolve(&s->fixed.engine, a))
		return false;
	if (!demo && a->at[0].sa.ss_family != AF_UNIX)
		return true;
	int err = probe_engine(a);
	if (err == 0)
		return true;
	if (!demo || (err != ENOENT && err != ECONNREFUSED))
		log_say(LOG_LEVEL_WARN,
			"cannot connect to the Docker Engine at %.*s: %s%s",
			STR_FMT(a->text), strerror(err),
			demo ? "" : "; until it answers, requests get 503");
	return !demo || demo_child_start(&s->demo, a);
}

static bool
start_workers(struct server *s)
{
	unsigned want = s->shared.nworkers;

	s->workers = calloc(want, sizeof(*s->workers));
	if (!s->workers)
		return false;
	s->shared.first = s->workers;
	for (; s->nworkers < want; s->nworkers++)
		if (!worker_init(
			    &s->workers[s->nworkers], &s->shared, s->nworkers))
			return false;
	return true;
}

static bool
start_threads(struct server *s)
{
	if (s->shared.audit && !audit_writer_start(s->shared.audit))
		return false;
	for (s->nstarted = 1; s->nstarted < s->nworkers; s->nstarted++)
		if (!worker_start(&s->workers[s->nstarted]))
			return false;
	return true;
}

/* The audit log was rotated. */
static void
on_reopen(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	(void)fd;
	(void)what;

	if (s->shared.audit)
		audit_writer_reopen(s->shared.audit);
}

static bool
handle_signals(struct server *s)
{
	struct event_base *base = s->workers[0].base;

	s->sigterm = evsignal_new(base, SIGTERM, on_stop, s);
	s->sigint = evsignal_new(base, SIGINT, on_stop, s);
	s->sigusr1 = evsignal_new(base, SIGUSR1, on_reopen, s);
	s->drained = evtimer_new(base, on_drained, s);
	return s->sigterm && s->sigint && s->sigusr1 && s->drained &&
	       event_add(s->sigusr1, NULL) == 0 &&
	       event_add(s->sigterm, NULL) == 0 &&
	       event_add(s->sigint, NULL) == 0;
}

/* "containers, events" of the toggles that are on, or off. */
static void
say_toggles(const struct toggles *t, bool on)
{
	char buf[1024];
	size_t n = 0;

	for (size_t i = 0; i < t->nstates; i++) {
		if (t->states[i].on != on)
			continue;
		int wrote = snprintf(buf + n, sizeof(buf) - n, "%s%s",
			n ? " " : "", t->states[i].name);
		if (wrote < 0 || (size_t)wrote >= sizeof(buf) - n)
			break;
		n += (size_t)wrote;
	}
	log_say(LOG_LEVEL_INFO, "%s: %.*s",
		on ? "open" : "closed (NAME=1 opens it)", (int)n, buf);
}

static void
say_hello(const struct server *s)
{
	const struct policy *p = s->shared.generation->policy;
	char text[LISTENER_TEXT];

	log_say(LOG_LEVEL_INFO,
		"docker-proxy %s: %u rules, default %s, "
		"%u threads, the Engine at %.*s",
		DOCKER_PROXY_VERSION, p->program.nrules,
		p->settings.default_allow ? "allow" : "deny", s->nworkers,
		STR_FMT(s->shared.engine.text));
	if (s->shared.learns)
		log_say(LOG_LEVEL_WARN,
			"LEARN MODE: nothing is denied by rules, rate limits "
			"or the default; every request is recorded");
	sandbox_text(&s->sandbox, text, sizeof(text));
	log_say(LOG_LEVEL_INFO, "sandbox: %s", text);
	if (p->toggles.nstates) {
		say_toggles(&p->toggles, true);
		say_toggles(&p->toggles, false);
	}
	for (size_t i = 0; i < p->settings.nlisteners; i++) {
		const struct settings_listener *l = &p->settings.listeners[i];
		listener_text(l, text, sizeof(text));
		listener_say(l);
		if (i == 0 && !str_eq(l->bind, STR("*")))
			log_say(LOG_LEVEL_INFO, "try: docker -H %s%s version",
				text, l->tls.on ? " --tlsverify" : "");
	}
	if (p->settings.auth.type == AUTH_CLOSED)
		log_say(LOG_LEVEL_WARN,
			"no authentication is configured: "
			"every request is answered with 401; set auth.type to "
			"bearer or none");
}

/* What it starts after us may connect from now on. */
static void
tell_manager(struct server *s)
{
	char text[96];

	snprintf(text, sizeof(text), "%u rules",
		s->shared.generation->policy->program.nrules);
	notify_watch(&s->notify, s->workers[0].base);
	notify_ready(&s->notify, text);
}

static bool
open_audit(struct server *s)
{
	const struct settings_audit *a = &settings_of(s)->audit;
	const struct audit_writer_config config = {
		.sink = a->sink,
		.path = a->path,
		.chain = a->chain,
	};

	if (a->sink == AUDIT_OFF)
		return true;
	s->shared.audit = audit_writer_open(&config);
	return s->shared.audit;
}

static bool
start_listeners(struct server *s)
{
	if (!listeners_init(&s->listeners, &s->shared, s->workers, s->nworkers,
		    &s->inherited) ||
		!listeners_prepare(&s->listeners, settings_of(s)))
		return false;
	listeners_commit(&s->listeners);
	return true;
}

/* All is open: what is left to do takes less than what we were started with. */
static bool
enter_sandbox(struct server *s)
{
	const struct settings *settings = settings_of(s);
	const struct watch_list *files = &s->reload.watch.files;
	struct sandbox *box = &s->sandbox;

	sandbox_init(box, settings->sandbox);
	if (!sandbox_will_serve(box, settings, &s->shared.engine))
		return false;
	for (size_t i = 0; i < files->n; i++)
		if (!sandbox_will_use(
			    box, SANDBOX_READ, str_of(files->v[i].path)))
			return false;
	if (!sandbox_enter(box) || !start_threads(s) || !sandbox_seal(box))
		return false;
	s->shared.sandbox = box->parts;
	s->listeners.sealed = settings->sandbox != SANDBOX_OFF;
	return true;
}

static bool
uses_tls(const struct settings *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (s->listeners[i].tls.on)
			return true;
	return s->engine.tls.on;
}

/* The first generation, of the policy that is taken over. */
static bool
start_generation(struct server *s, struct policy *policy)
{
	const struct settings *settings = &policy->settings;
	const struct settings_engine *e = &settings->engine;
	struct tls_context *tls = NULL;

	s->shared.nworkers =
		settings->threads ? settings->threads : usable_cpus();
	log_setup(settings->log_level, settings->log_json);
	bool ok = fixed_init(&s->fixed, settings) &&
		  (!uses_tls(settings) || tls_load(NULL));
	if (ok && e->tls.on) {
		tls = tls_client_context(&e->tls, e->host, NULL);
		ok = tls;
	}
	if (!ok) {
		policy_free(policy);
		return false;
	}
	s->shared.generation = generation_new(policy, tls, 1, &s->shared);
	return s->shared.generation;
}

static bool
start(struct server *s, bool demo)
{
	const struct settings *settings = settings_of(s);

	raise_descriptors(&s->shared, settings);
	notify_init(&s->notify);
	s->shared.start_time = time(NULL);
	if (getrandom(&s->shared.hash_seed, sizeof(s->shared.hash_seed), 0) < 0)
		return false;
	if (!find_engine(s, demo))
		return false;
	pthread_mutex_init(&s->shared.lockout_lock, NULL);
	const struct policy *p = s->shared.generation->policy;
	if (!tables_make(&s->shared, p) ||
		!tables_make_clients(&s->shared, p) || !open_audit(s))
		return false;
	if (!start_workers(s) || !handle_signals(s))
		return false;
	s->shared.proc = scrape_open();
	s->admin = s->shared.proc ? admin_open(&s->shared, &s->reload) : NULL;
	/* Whoever can connect may also ask for a reload. */
	return s->admin &&
	       reload_start(&s->reload, &s->fixed, &s->shared, &s->listeners,
		       &s->notify) &&
	       start_listeners(s) && enter_sandbox(s);
}

static void
finish_audit(struct server *s)
{
	if (!s->shared.audit)
		return;
	struct audit_writer_counters c = audit_writer_stop(s->shared.audit);
	if (c.dropped)
		log_say(LOG_LEVEL_WARN,
			"audit log: %llu events written, %llu "
			"dropped",
			(unsigned long long)c.written,
			(unsigned long long)c.dropped);
}

/* From here on nothing can be done about a signal, and its default would end
 * us before the audit log is written. Pending ones go with the process. */
static void
block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void
finish(struct server *s)
{
	block_signals();
	notify_fini(&s->notify);
	reload_stop(&s->reload);
	for (unsigned i = 1; i < s->nstarted; i++) {
		worker_drain(&s->workers[i], true);
		worker_join(&s->workers[i]);
	}
	if (s->workers) {
		listeners_close(&s->listeners);
		admin_close(s->admin);
		struct event *const events[] = {
			s->sigterm, s->sigint, s->sigusr1, s->drained};
		for (size_t i = 0; i < 4; i++)
			if (events[i])
				event_free(events[i]);
		for (unsigned i = 0; i < s->nworkers; i++)
			worker_fini(&s->workers[i]);
	}
	free(s->workers);
	tables_free(&s->shared);
	scrape_close(s->shared.proc);
	denials_free(s->shared.denials);
	finish_audit(s);
	pthread_mutex_destroy(&s->shared.lockout_lock);
	inherited_fini(&s->inherited);
	demo_child_stop(&s->demo);
	generation_unref(s->shared.generation);
	fixed_fini(&s->fixed);
	sandbox_fini(&s->sandbox);
	libevent_global_shutdown();
}

/* What --mode says, and whether the policy can be run so. */
static bool
take_mode(struct server *s, const char *mode, const struct policy *policy)
{
	if (!mode || strcmp(mode, "enforce") == 0)
		return true;
	if (policy->settings.audit.sink == AUDIT_OFF) {
		fputs("docker-proxy: --mode learn records to the audit log: "
		      "set global.audit_log\n",
			stderr);
		return false;
	}
	s->shared.learns = true;
	log_learns();
	return true;
}

static int
serve(const struct config *config, bool demo, const char *mode)
{
	struct server s = {.notify.fd = -1};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* of a log that may not grow */
	/* Too early to reload or to reopen, no reason to end. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	if (!environment_hide() || !inherited_init(&s.inherited))
		return EXIT_INVALID;
	reload_init(&s.reload, config);
	struct policy *policy = reload_compile(&s.reload, stderr);
	/* Who reads no file again needs no token again. */
	if (!config->file)
		environment_forget("DOCKER_PROXY_SECRET");
	if (!policy || !take_mode(&s, mode, policy)) {
		policy_free(policy);
		reload_stop(&s.reload);
		fputs("docker-proxy: not started\n", stderr);
		return EXIT_INVALID;
	}
	bool ok = start_generation(&s, policy) && start(&s, demo);
	if (ok) {
		say_hello(&s);
		resident_forget_start();
		tell_manager(&s);
		worker_loop(&s.workers[0]);
		for (unsigned i = 1; i < s.nstarted; i++)
			worker_join(&s.workers[i]);
		s.nstarted = 1;
		log_say(LOG_LEVEL_INFO, "stopped");
	}
	finish(&s);
	return ok ? EXIT_OK : EXIT_INVALID;
}

static int
run(const struct arguments *a)
{
	const char *mode = argument_value(a, "--mode");
	struct config config;
	int status = config_read(a, &config, stderr);

	if (mode && strcmp(mode, "enforce") != 0 &&
		strcmp(mode, "learn") != 0) {
		fprintf(stderr,
			"docker-proxy: --mode is enforce or learn, not "
			"\"%s\"\n",
			mode);
		return EXIT_USAGE;
	}
	return status == EXIT_OK
		       ? serve(&config, argument_given(a, "--demo"), mode)
		       : status;
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration"},
	{"--policy", "POLICY",
		"a ready policy, without a file; more than one may be given"},
	{"--demo", NULL,
		"where there is no Engine, start a small built-in "
		"demonstration engine with sample data"},
	{"--mode", "enforce|learn",
		"learn: DENY NOTHING that the rules deny, and record every "
		"request in the audit log for `learn` and `replay`"},
	{0},
};

const struct command command_serve = {
	.name = "serve",
	.flags = flags,
	.help = "run the proxy; what is done when no command is given",
	.run = run,
};
