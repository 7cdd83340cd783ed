/* Settings: where the Engine is. */
#include "compiler/settings_parts.h"

/* As Docker's clients have them. */
static const struct scheme {
	const char *prefix;
	uint16_t port;
	bool tls;
} schemes[] = {
	{"tcp://", 2375, false},
	{"tls://", 2376, true},
};

static void
read_remote(struct reader *r, const struct tree *node, struct str text,
	const struct scheme *scheme, struct settings_engine *out)
{
	struct settings_engine e = {.kind = ENGINE_TCP,
		.port = scheme->port,
		.tls.on = scheme->tls};
	bool ok = settings_split_address(text, &e.host, &e.port);
	for (size_t i = 0; ok && i < e.host.n; i++)
		ok = !memchr("/?#@ \t\n", e.host.p[i], 7);
	if (!ok) {
		diag_error(r->diag, node->pos, "%.*s must be %shost:port",
			STR_FMT(node->key), scheme->prefix);
		return;
	}
	e.host = arena_str(r->arena, e.host);
	*out = e;
}

void
settings_read_engine(
	struct reader *r, const struct tree *node, struct settings_engine *out)
{
	struct str text, path;
	if (!read_text(r, node, false, &text))
		return;
	if (str_eq(text, STR("auto"))) {
		*out = (struct settings_engine){.kind = ENGINE_AUTO};
		return;
	}
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		struct str prefix = str_of(schemes[i].prefix);
		if (str_starts(text, prefix)) {
			read_remote(r, node, str_from(text, prefix.n),
				&schemes[i], out);
			return;
		}
	}
	if (str_starts(text, STR("unix://"))) {
		text = str_from(text, 7);
	} else if (str_find(text, STR("://")) < text.n) {
		diag_error(r->diag, node->pos,
			"%.*s must be a path, unix://path, tcp://host:port or "
			"tls://host:port",
			STR_FMT(node->key));
		return;
	}
	if (settings_read_socket_path(r, node, text, &path))
		*out = (struct settings_engine){
			.kind = ENGINE_UNIX, .path = path};
}
