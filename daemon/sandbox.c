/* The sandbox: what is kept, and the order of its parts. */
#include "daemon/sandbox.h"

#include "daemon/engine.h"
#include "daemon/log.h"
#include "daemon/sandbox_parts.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* --- what will be used ------------------------------------------------------ */

void
sandbox_init(struct sandbox *s, enum sandbox_mode mode)
{
	*s = (struct sandbox){.mode = mode, .uid = geteuid()};
}

void
sandbox_fini(struct sandbox *s)
{
	while (s->paths) {
		struct sandbox_path *p = s->paths;
		s->paths = p->next;
		free(p);
	}
}

bool
sandbox_will_use(struct sandbox *s, enum sandbox_use use, struct str path)
{
	if (path.n == 0)
		return true;
	struct sandbox_path *p = malloc(sizeof(*p) + path.n + 1);
	if (!p)
		return false;
	p->use = use;
	memcpy(p->path, path.p, path.n);
	p->path[path.n] = '\0';
	p->next = s->paths;
	s->paths = p;
	s->appends = s->appends || use == SANDBOX_APPEND;
	return true;
}

static bool
will_read_tls(struct sandbox *s, const struct settings_tls *t)
{
	return !t->on ||
	       (sandbox_will_use(s, SANDBOX_READ, t->cert) &&
		       sandbox_will_use(s, SANDBOX_READ, t->key) &&
		       sandbox_will_use(s, SANDBOX_READ, t->client_ca) &&
		       sandbox_will_use(s, SANDBOX_READ, t->crl));
}

static bool
will_listen(struct sandbox *s, const struct settings *settings)
{
	for (size_t i = 0; i < settings->nlisteners; i++) {
		const struct settings_listener *l = &settings->listeners[i];
		if (!sandbox_will_use(s, SANDBOX_LISTEN, l->path) ||
			!will_read_tls(s, &l->tls))
			return false;
	}
	return true;
}

static bool
will_read_tokens(struct sandbox *s, const struct settings_auth *a)
{
	for (size_t i = 0; i < a->ntokens; i++)
		if (!sandbox_will_use(s, SANDBOX_READ, a->tokens[i].file))
			return false;
	return true;
}

/* SSL_CERT_DIR: folders with a colon between them. */
static bool
will_look_in(struct sandbox *s, const char *folders)
{
	while (*folders) {
		size_t n = strcspn(folders, ":");
		if (!sandbox_will_use(
			    s, SANDBOX_LOOK, (struct str){folders, n}))
			return false;
		folders += n + (folders[n] == ':');
	}
	return true;
}

/* Without a `ca`, the system's authorities are looked up, by name, when the
 * Engine shows a certificate. Debian's are links. */
static bool
will_verify(struct sandbox *s, const struct settings_engine_tls *t)
{
	const char *folders = getenv("SSL_CERT_DIR");

	if (!t->on)
		return true;
	if (!sandbox_will_use(s, SANDBOX_READ, t->cert) ||
		!sandbox_will_use(s, SANDBOX_READ, t->key) ||
		!sandbox_will_use(s, SANDBOX_READ, t->ca))
		return false;
	if (t->ca.n)
		return true;
	if (!folders)
		folders = "/etc/ssl/certs:/etc/pki/tls/certs:"
			  "/etc/pki/ca-trust";
	return will_look_in(s, folders) &&
	       will_look_in(s, "/usr/share/ca-certificates:"
			       "/usr/local/share/ca-certificates");
}

static bool
will_dial(struct sandbox *s, const struct engine_address *a)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct sockaddr_storage *sa = &a->at[i].sa;
		const struct sockaddr_in *in = (const void *)sa;
		const struct sockaddr_in6 *in6 = (const void *)sa;
		const struct sockaddr_un *un = (const void *)sa;
		if (sa->ss_family == AF_UNIX &&
			!sandbox_will_use(
				s, SANDBOX_CONNECT, str_of(un->sun_path)))
			return false;
		if (sa->ss_family == AF_UNIX ||
			s->nports == sizeof(s->ports) / sizeof(s->ports[0]))
			continue;
		s->ports[s->nports++] =
			ntohs(sa->ss_family == AF_INET ? in->sin_port
						       : in6->sin6_port);
	}
	return true;
}

bool
sandbox_will_serve(struct sandbox *s, const struct settings *settings,
	const struct engine_address *engine)
{
	struct str audit = settings->audit.sink == AUDIT_FILE
				   ? settings->audit.path
				   : STR("");

	return will_listen(s, settings) &&
	       will_read_tokens(s, &settings->auth) &&
	       sandbox_will_use(s, SANDBOX_READ, settings->admin.token_file) &&
	       will_verify(s, &settings->engine.tls) && will_dial(s, engine) &&
	       sandbox_will_use(s, SANDBOX_APPEND, audit);
}

bool
sandbox_folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (n >= PATH_MAX)
		return false;
	if (n == 0) {
		memcpy(folder, slash ? "/" : ".", 2);
		return true;
	}
	memcpy(folder, path, n);
	folder[n] = '\0';
	return true;
}

/* --- the two steps ------------------------------------------------------------ */

bool
sandbox_lacks(const char *part, const char *why)
{
	log_say(LOG_LEVEL_WARN, "sandbox: without %s: %s", part, why);
	return false;
}

/* What a core dump or a debugger shows are tokens and others' requests. A
 * sanitizer must trace the process at its end. */
static bool
hide_memory(void)
{
	const struct rlimit none = {0};

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return sandbox_lacks("a limit of core dumps", strerror(errno));
	/* Set to 1, too: another user has made it 0. */
	if (prctl(PR_SET_DUMPABLE, SANDBOX_INSTRUMENTED) != 0)
		return sandbox_lacks(
			"protection of its memory", strerror(errno));
	return true;
}

static bool
forbid_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ||
	       sandbox_lacks("no new privileges", strerror(errno));
}

static void
note(struct sandbox *s, enum sandbox_part part, bool holds)
{
	*(holds ? &s->parts : &s->lacking) |= 1u << part;
}

static bool
good_enough(const struct sandbox *s)
{
	if (s->lacking == 0 || s->mode != SANDBOX_STRICT)
		return true;
	log_say(LOG_LEVEL_ERROR,
		"sandbox: strict, and a part of it cannot be had: see above");
	return false;
}

bool
sandbox_enter(struct sandbox *s)
{
	if (s->mode == SANDBOX_OFF)
		return true;
	/* The zone's file is read now: later ones ask for its contents. */
	tzset();
	note(s, SANDBOX_USER, sandbox_change_user(s));
	/* Behind the user, whose change sets it as the system likes. */
	note(s, SANDBOX_NOT_DUMPABLE, hide_memory());
	note(s, SANDBOX_CAPABILITIES, sandbox_drop_capabilities());
	sandbox_tell_lost(s);
	note(s, SANDBOX_NO_NEW_PRIVILEGES, forbid_privileges());
	note(s, SANDBOX_LANDLOCK, sandbox_landlock(s));
	return good_enough(s);
}

bool
sandbox_seal(struct sandbox *s)
{
	if (s->mode == SANDBOX_OFF)
		return true;
	note(s, SANDBOX_SECCOMP, sandbox_seccomp(s));
	return good_enough(s);
}

/* --- telling ------------------------------------------------------------------ */

void
sandbox_text(const struct sandbox *s, char *buf, size_t size)
{
	static const char *const words[SANDBOX_PARTS] = {
		[SANDBOX_NOT_DUMPABLE] = "not dumpable, ",
		[SANDBOX_CAPABILITIES] = "no capabilities, ",
		[SANDBOX_NO_NEW_PRIVILEGES] = "no new privileges, ",
		[SANDBOX_LANDLOCK] = "Landlock, ",
		[SANDBOX_SECCOMP] = "seccomp, ",
	};
	size_t n = 0;

	if (s->mode == SANDBOX_OFF) {
		snprintf(buf, size, "off");
		return;
	}
	buf[0] = '\0';
	for (size_t i = 0; i < SANDBOX_PARTS && n < size; i++)
		if (words[i] && (s->parts & 1u << i))
			n += (size_t)snprintf(
				buf + n, size - n, "%s", words[i]);
	if (n < size)
		snprintf(buf + n, size - n, "uid %u", (unsigned)s->uid);
}
