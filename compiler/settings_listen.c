/* Settings: the list of listeners. */
#include "compiler/settings_parts.h"

#define LISTENERS_MAX 64

/* What is being read. */
struct listener {
	struct settings_listener s;
	struct tls_said tls;
};

static void
read_listener_bind(struct reader *r, const struct tree *node, void *out)
{
	struct listener *l = out;
	settings_read_bind(r, node, &l->s.bind);
}

static void
read_listener_unix(struct reader *r, const struct tree *node, void *out)
{
	struct listener *l = out;
	struct str text;
	if (read_text(r, node, false, &text))
		settings_read_socket_path(r, node, text, &l->s.path);
}

static void
read_listener_mode(struct reader *r, const struct tree *node, void *out)
{
	struct listener *l = out;
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
	l->s.mode = mode;
	if (mode & 0002)
		diag_warning(r->diag, FINDING_OPEN_SOCKET_FILE, node->pos,
			"mode %04o lets every local user connect", mode);
}

static void
read_listener_tls(struct reader *r, const struct tree *node, void *out)
{
	struct listener *l = out;
	settings_read_tls(r, node, &l->tls);
}

static const struct key listener_keys[] = {
	KEY("name", TEXT, INTO(struct listener, s.name), .min = 1,
		.required = true,
		.help = "unique; what the field `listener` reads"),
	KEY("bind", CUSTOM, .read = read_listener_bind, .forms = FORM_TEXT,
		.with = "port", .preset = "127.0.0.1",
		.help = "as in `global`"),
	KEY("port", U16, INTO(struct listener, s.port), RANGE(1, 65535),
		.help = "required, but for a unix listener"),
	KEY("unix", CUSTOM, .read = read_listener_unix, .forms = FORM_TEXT,
		.pattern = "^/",
		.help = "instead of `port`: an absolute path, at most 107 "
			"bytes. A socket file that nobody listens on any more "
			"is replaced; a live one, or another kind of file, is "
			"an error"),
	KEY("mode", CUSTOM, .read = read_listener_mode, .forms = FORM_TEXT,
		.with = "unix", .pattern = "^[0-7]{1,4}$", .preset = "0660",
		.help = "octal; set before anyone can connect"),
	KEY("owner", TEXT, INTO(struct listener, s.owner), .min = 1,
		.with = "unix", .unsaid = "the process's",
		.help = "name or number"),
	KEY("group", TEXT, INTO(struct listener, s.group), .min = 1,
		.with = "unix", .unsaid = "the process's",
		.help = "name or number"),
	KEY("tls", CUSTOM, .read = read_listener_tls,
		.forms = FORM_TEXT | FORM_MAP, .words = tls_words,
		.map = &tls_map,
		.unsaid = "as in `global` on TCP, off on a unix socket",
		.help = "a map, `on` (what `global` has) or `off`. A map is "
			"taken alone: nothing of `global.tls` is added to it"),
	KEY("proxy_protocol", BOOL, INTO(struct listener, s.proxy_protocol),
		.preset = "false",
		.help = "as in `global`. Whoever can connect to the listener "
			"can say to be anybody. A connection without a header, "
			"or with a malformed one, is closed; it has the time "
			"of `timeouts.request_head`, and comes before TLS. "
			"`LOCAL` and `UNKNOWN` leave the address as it is; "
			"datagrams, unix addresses and more than 4 KiB are "
			"malformed. `limits.connections_per_client` and "
			"`peers` go by who is connected"),
};

static const char *const places[] = {"port", "unix", NULL};
const struct key_map listener_map =
	MAP("listener", "a listener", listener_keys, .one_of = places);

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
check_address(
	struct reader *r, const struct tree *node, struct settings_listener *l)
{
	static const char *const tcp[] = {"bind", "port"};
	static const char *const local[] = {"mode", "owner", "group"};
	if (read_given(node, "unix")) {
		refuse_keys(r, node, tcp, COUNT_OF(tcp),
			"does not go with \"unix\"");
		return;
	}
	refuse_keys(r, node, local, COUNT_OF(local),
		"is for listeners with \"unix\"");
	if (!read_given(node, "port"))
		diag_error(r->diag, node->pos,
			"a listener needs a port, or a unix socket path");
	if (l->bind.n == 0)
		l->bind = STR("127.0.0.1");
}

/* What a listener does not say is as in `global`; on a unix socket it is off,
 * as nothing there crosses a network. */
static void
set_tls(struct reader *r, const struct tree *node, const struct tls_said *said,
	const struct tls_said *global, struct settings_listener *l)
{
	bool local = read_given(node, "unix");
	const struct tree *bind = read_given(node, "bind");
	if (said->word == TLS_OWN)
		l->tls = said->tls;
	else if (said->word == TLS_GLOBAL ||
		 (said->word == TLS_UNSAID && !local))
		l->tls = global->tls;
	if (said->word == TLS_GLOBAL && global->word != TLS_OWN)
		diag_error(r->diag, said->node->pos,
			"this needs a tls with cert and key, here or in "
			"global");
	else if (!l->tls.on && !local && bind)
		settings_warn_plain(r, bind, l->bind);
}

static void
read_listener(struct reader *r, const struct tree *node,
	const struct tls_said *global, struct settings_listener *out)
{
	struct listener l = {.s.mode = 0660};
	if (!read_map(r, node, &listener_map, &l))
		return;
	if (!read_given(node, "name"))
		diag_error(r->diag, node->pos, "a listener needs a name");
	check_address(r, node, &l.s);
	set_tls(r, node, &l.tls, global, &l.s);
	*out = l.s;
}

void
settings_read_listeners(struct reader *r, const struct tree *node,
	const struct tls_said *global, struct settings *out)
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
		read_listener(r, t, global, &l[n]);
		for (size_t i = 0; i < n; i++)
			if (l[i].name.n > 0 && str_eq(l[i].name, l[n].name))
				diag_error(r->diag, t->pos,
					"two listeners have the name \"%.*s\"",
					STR_FMT(l[n].name));
	}
	out->listeners = l;
	out->nlisteners = n;
}
