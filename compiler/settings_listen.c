/* Settings: addresses to listen on, and where the Engine is. */
#include "compiler/settings_parts.h"

#include "runtime/cidr.h"

#include <sys/un.h>

#define ENGINE_PORT     2375 /* of tcp:// without one, as Docker's clients */
#define LISTENERS_MAX   64
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* --- bind ---------------------------------------------------------------- */

static bool
is_loopback(const struct ip *ip)
{
	static const uint8_t v4[13] = {[10] = 0xff, [11] = 0xff, [12] = 127};
	static const uint8_t v6[16] = {[15] = 1};
	return memcmp(ip->b, v4, sizeof(v4)) == 0 ||
	       memcmp(ip->b, v6, sizeof(v6)) == 0;
}

bool
settings_read_bind(struct reader *r, const struct tree *node, struct str *out)
{
	struct ip ip;
	struct str text;
	if (!read_text(r, node, false, &text))
		return false;
	if (str_eq(text, STR("localhost")))
		text = arena_str(r->arena, STR("127.0.0.1"));
	bool all = str_eq(text, STR("*"));
	if (!all && !ip_parse(text, &ip)) {
		diag_error(r->diag, node->pos,
			"%.*s must be a numeric IP address, or * for all",
			STR_FMT(node->key));
		return false;
	}
	*out = text;
	if (all || !is_loopback(&ip)) {
		diag_warning(r->diag, node->pos,
			"%.*s reaches beyond this machine, and there is no "
			"TLS: whoever is on that network can read and send "
			"requests",
			STR_FMT(node->key));
		diag_help(r->diag, "bind 127.0.0.1, a unix socket, or a "
				   "network that only trusted clients share");
	}
	return true;
}

/* --- listeners ------------------------------------------------------------ */

bool
settings_read_socket_path(struct reader *r, const struct tree *node,
	struct str text, struct str *out)
{
	if (text.n == 0 || text.p[0] != '/') {
		diag_error(r->diag, node->pos, "%.*s must be an absolute path",
			STR_FMT(node->key));
		return false;
	}
	if (text.n > SOCKET_PATH_MAX) {
		diag_error(r->diag, node->pos,
			"%.*s is longer than the %zu bytes that the path of a "
			"socket may have",
			STR_FMT(node->key), SOCKET_PATH_MAX);
		return false;
	}
	*out = arena_str(r->arena, text);
	return true;
}

static void
read_listener_bind(struct reader *r, const struct tree *node, void *out)
{
	struct settings_listener *l = out;
	settings_read_bind(r, node, &l->bind);
}

static void
read_listener_unix(struct reader *r, const struct tree *node, void *out)
{
	struct settings_listener *l = out;
	struct str text;
	if (read_text(r, node, false, &text))
		settings_read_socket_path(r, node, text, &l->path);
}

static void
read_listener_mode(struct reader *r, const struct tree *node, void *out)
{
	struct settings_listener *l = out;
	struct str text;
	unsigned mode = 0;
	if (!read_text(r, node, false, &text))
		return;
	bool ok = text.n <= 4;
	for (size_t i = 0; ok && i < text.n; i++) {
		ok = text.p[i] >= '0' && text.p[i] <= '7';
		mode = mode * 8 + (unsigned)(text.p[i] - '0');
	}
	if (!ok || mode > 0777) {
		diag_error(
			r->diag, node->pos, "mode must be octal, such as 0660");
		return;
	}
	l->mode = mode;
	if (mode & 0002)
		diag_warning(r->diag, node->pos,
			"mode %04o lets every local user connect", mode);
}

static const struct key listener_keys[] = {
	KEY("name", TEXT, INTO(struct settings_listener, name), .min = 1),
	KEY("bind", CUSTOM, .read = read_listener_bind),
	KEY("port", U16, INTO(struct settings_listener, port), RANGE(1, 65535)),
	KEY("unix", CUSTOM, .read = read_listener_unix),
	KEY("mode", CUSTOM, .read = read_listener_mode),
	KEY("owner", TEXT, INTO(struct settings_listener, owner), .min = 1),
	KEY("group", TEXT, INTO(struct settings_listener, group), .min = 1),
	KEY("tls", LATER),
	KEY("proxy_protocol", LATER),
};

static void
refuse_keys(struct reader *r, const struct tree *map, const char *const *names,
	size_t n, const char *why)
{
	for (size_t i = 0; i < n; i++) {
		const struct tree *t = tree_get(map, names[i]);
		if (t)
			diag_error(r->diag, t->key_pos, "\"%s\" %s", names[i],
				why);
	}
}

static void
read_listener(
	struct reader *r, const struct tree *node, struct settings_listener *l)
{
	static const char *const tcp[] = {"bind", "port"};
	static const char *const local[] = {"mode", "owner", "group"};
	*l = (struct settings_listener){.mode = 0660};
	if (!read_map(r, node, "a listener", listener_keys,
		    COUNT_OF(listener_keys), l))
		return;
	if (!tree_get(node, "name"))
		diag_error(r->diag, node->pos, "a listener needs a name");
	if (tree_get(node, "unix")) {
		refuse_keys(r, node, tcp, COUNT_OF(tcp),
			"does not go with \"unix\"");
		return;
	}
	refuse_keys(r, node, local, COUNT_OF(local),
		"is for listeners with \"unix\"");
	if (!tree_get(node, "port"))
		diag_error(r->diag, node->pos,
			"a listener needs a port, or a unix socket path");
	if (l->bind.n == 0)
		l->bind = STR("127.0.0.1");
}

void
settings_read_listeners(
	struct reader *r, const struct tree *node, struct settings *out)
{
	if (!read_is_list(r, node))
		return;
	if (node->count == 0 || node->count > LISTENERS_MAX) {
		diag_error(r->diag, node->pos,
			"listeners must name from 1 to %d listeners",
			LISTENERS_MAX);
		return;
	}
	struct settings_listener *l =
		arena_alloc(r->arena, node->count * sizeof(*l));
	if (!l)
		return;
	size_t n = 0;
	for (const struct tree *t = node->first; t; t = t->next, n++) {
		read_listener(r, t, &l[n]);
		for (size_t i = 0; i < n; i++)
			if (l[i].name.n > 0 && str_eq(l[i].name, l[n].name))
				diag_error(r->diag, t->pos,
					"two listeners have the name \"%.*s\"",
					STR_FMT(l[n].name));
	}
	out->listeners = l;
	out->nlisteners = n;
}

/* --- the Engine ------------------------------------------------------------ */

/* "host", "host:port", "[v6]:port" */
static bool
parse_host_port(struct str text, struct settings_engine *e)
{
	int64_t port = ENGINE_PORT;
	struct str host = text, rest = STR("");
	if (str_starts(text, STR("["))) {
		size_t close = str_find(text, STR("]"));
		if (close == text.n)
			return false;
		host = (struct str){text.p + 1, close - 1};
		rest = str_from(text, close + 1);
	} else {
		size_t colon = str_find(text, STR(":"));
		host.n = colon;
		rest = str_from(text, colon);
	}
	if (rest.n > 0 &&
		(rest.p[0] != ':' || !read_number(str_from(rest, 1), &port)))
		return false;
	for (size_t i = 0; i < host.n; i++)
		if (memchr("/?#@ \t\n", host.p[i], 7))
			return false;
	e->host = host;
	e->port = (uint16_t)port;
	return host.n > 0 && port >= 1 && port <= 65535;
}

static void
read_engine_tcp(struct reader *r, const struct tree *node, struct str text,
	struct settings_engine *out)
{
	struct settings_engine e = {.kind = ENGINE_TCP};
	if (!parse_host_port(text, &e)) {
		diag_error(r->diag, node->pos, "%.*s must be tcp://host:port",
			STR_FMT(node->key));
		return;
	}
	e.host = arena_str(r->arena, e.host);
	*out = e;
}

void
settings_read_engine(
	struct reader *r, const struct tree *node, struct settings_engine *out)
{
	struct str text;
	if (!read_text(r, node, false, &text) || str_eq(text, STR("auto")))
		return;
	if (str_starts(text, STR("tls://"))) {
		read_refuse_later(r, node->pos, STR("tls://"));
		return;
	}
	if (str_starts(text, STR("tcp://"))) {
		read_engine_tcp(r, node, str_from(text, 6), out);
		return;
	}
	if (str_starts(text, STR("unix://"))) {
		text = str_from(text, 7);
	} else if (str_find(text, STR("://")) < text.n) {
		diag_error(r->diag, node->pos,
			"%.*s must be a path, unix://path or tcp://host:port",
			STR_FMT(node->key));
		return;
	}
	struct str path;
	if (settings_read_socket_path(r, node, text, &path))
		*out = (struct settings_engine){
			.kind = ENGINE_UNIX, .path = path};
}
