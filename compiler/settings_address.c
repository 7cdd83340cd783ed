/* Settings: addresses, of listeners and of proxies. */
#include "compiler/settings_parts.h"

#include "runtime/cidr.h"

#include <sys/un.h>

#define TRUSTED_MAX     1024
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

/* "*", or a numeric address; *ip_out is not set for "*". */
static bool
parse_bind(struct str text, struct str *out, struct ip *ip_out)
{
	*ip_out = (struct ip){0};
	*out = str_eq(text, STR("localhost")) ? STR("127.0.0.1") : text;
	return str_eq(*out, STR("*")) || ip_parse(*out, ip_out);
}

bool
settings_read_bind(struct reader *r, const struct tree *node, struct str *out)
{
	struct ip ip;
	struct str text, bind;
	if (!read_text(r, node, false, &text))
		return false;
	if (!parse_bind(text, &bind, &ip)) {
		diag_error(r->diag, node->pos,
			"%.*s must be a numeric IP address, or * for all",
			STR_FMT(node->key));
		return false;
	}
	*out = bind;
	return true;
}

bool
settings_is_address(struct str text)
{
	struct ip ip;
	return ip_parse(text, &ip);
}

bool
settings_is_beyond(struct str bind)
{
	struct ip ip;
	return parse_bind(bind, &bind, &ip) && !(ip.set && is_loopback(&ip));
}

void
settings_warn_plain(struct reader *r, const struct tree *node, struct str bind)
{
	if (!settings_is_beyond(bind))
		return;
	diag_warning(r->diag, FINDING_PLAIN_LISTENER, node->pos,
		"%.*s reaches beyond this machine, and there is no TLS: "
		"whoever is on that network can read and send requests",
		STR_FMT(node->key));
	diag_help(r->diag, "give it tls, or bind 127.0.0.1, a unix socket, or "
			   "a network that only trusted clients share");
}

bool
settings_split_address(
	struct str text, struct str *host_out, uint16_t *port_out)
{
	struct str host = text, rest;
	int64_t port;
	if (str_starts(text, STR("["))) {
		size_t close = str_find(text, STR("]"));
		if (close == text.n)
			return false;
		host = (struct str){text.p + 1, close - 1};
		rest = str_from(text, close + 1);
	} else {
		host.n = str_find(text, STR(":"));
		rest = str_from(text, host.n);
	}
	*host_out = host;
	if (host.n == 0 || rest.n == 0)
		return host.n > 0;
	if (rest.p[0] != ':' || !read_number(str_from(rest, 1), &port) ||
		port < 1 || port > 65535)
		return false;
	*port_out = (uint16_t)port;
	return true;
}

bool
settings_read_address(struct reader *r, const struct tree *node,
	struct str *bind_out, uint16_t *port_out)
{
	struct str text, host, bind;
	uint16_t port = 0;
	struct ip ip;
	if (!read_text(r, node, false, &text))
		return false;
	if (!settings_split_address(text, &host, &port) || port == 0 ||
		!parse_bind(host, &bind, &ip)) {
		diag_error(r->diag, node->pos,
			"%.*s must be address:port, such as 127.0.0.1:9090 "
			"or [::1]:9090",
			STR_FMT(node->key));
		return false;
	}
	*bind_out = arena_str(r->arena, bind);
	*port_out = port;
	return true;
}

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

/* --- proxies in front ------------------------------------------------------ */

void
settings_read_trusted_proxies(
	struct reader *r, const struct tree *node, struct settings *out)
{
	if (!read_is_list(r, node))
		return;
	if (node->count > TRUSTED_MAX) {
		diag_error(r->diag, node->pos, "more than %d trusted_proxies",
			TRUSTED_MAX);
		return;
	}
	struct cidr *nets =
		arena_alloc(r->arena, (node->count + 1) * sizeof(*nets));
	size_t n = 0;
	if (!nets)
		return;
	for (const struct tree *t = node->first; t; t = t->next) {
		if (!read_network(r, t, &nets[n]))
			continue;
		bool all = str_ends(t->text, STR("/0"));
		if (all)
			diag_warning(r->diag, FINDING_TRUSTS_EVERYBODY, t->pos,
				"every client is believed to be whoever it "
				"says it is");
		n++;
	}
	out->trusted_proxies = nets;
	out->ntrusted_proxies = n;
}
