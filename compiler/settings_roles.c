/* Settings: the roles of certificates and of local users. */
#include "compiler/settings_parts.h"

#define ROLES_MAX 10000 /* entries of one list */

/* Room for a list's entries; NULL when there is nothing to read. */
static void *
entries_of(struct reader *r, const struct tree *node, size_t size)
{
	if (!read_is_list(r, node))
		return NULL;
	if (node->count <= ROLES_MAX)
		return arena_alloc(r->arena, (node->count + 1) * size);
	diag_error(r->diag, node->pos, "%.*s has more than %d entries",
		STR_FMT(node->key), ROLES_MAX);
	return NULL;
}

/* --- mtls ------------------------------------------------------------------- */

/* "*" stands for one whole label, the first. */
static void
read_cn(struct reader *r, const struct tree *node, void *out)
{
	struct settings_cert_role *c = out;
	struct str text, rest;
	if (!read_is_set(r, node) || !read_text(r, node, false, &text))
		return;
	rest = str_starts(text, STR("*.")) ? str_from(text, 2) : text;
	if (rest.n > 0 && str_find(rest, STR("*")) == rest.n)
		c->cn = text;
	else
		diag_error(r->diag, node->pos,
			"in a cn, * can only be the first label: "
			"*.example.com");
}

static const struct key cert_role_keys[] = {
	KEY("cn", CUSTOM, .read = read_cn, .forms = FORM_TEXT, .required = true,
		.help = "compared with the CN and the DNS names of the "
			"certificate, without case; `*.example.com` is any one "
			"label before `.example.com`"),
	KEY("role", TEXT, INTO(struct settings_cert_role, role), .min = 1,
		.required = true, .help = "the role that this gives"),
};

static const struct key_map cert_role_map =
	MAP("cert_role", "an entry of cert_role_map", cert_role_keys);

static void
read_cert_role(
	struct reader *r, const struct tree *node, struct settings_auth *a)
{
	struct settings_cert_role c = {0};
	if (!read_map(r, node, &cert_role_map, &c))
		return;
	if (!read_given(node, "cn") || !read_given(node, "role")) {
		diag_error(r->diag, node->pos,
			"an entry of cert_role_map needs cn and role");
		return;
	}
	for (size_t i = 0; i < a->ncert_roles; i++) {
		if (str_eq_nocase(a->cert_roles[i].cn, c.cn)) {
			diag_warning(r->diag, FINDING_DUPLICATE_CN, node->pos,
				"this cn stands twice: the first counts");
			break;
		}
	}
	a->cert_roles[a->ncert_roles++] = c;
}

static void
read_cert_role_map(struct reader *r, const struct tree *node, void *out)
{
	struct settings_auth *a = out;
	a->cert_roles = entries_of(r, node, sizeof(*a->cert_roles));
	if (!a->cert_roles)
		return;
	for (const struct tree *t = node->first; t; t = t->next)
		read_cert_role(r, t, a);
}

static const struct key mtls_keys[] = {
	KEY("cert_role_map", CUSTOM, .read = read_cert_role_map,
		.forms = FORM_MAPS, .map = &cert_role_map,
		.help = "roles of certificates; the first match counts"),
	KEY("default_role", TEXT, INTO(struct settings_auth, default_role),
		.min = 1, .unsaid = "the certificate's CN",
		.help = "the role without a match"),
};

const struct key_map mtls_map = MAP("mtls", "mtls", mtls_keys);

void
settings_read_mtls(
	struct reader *r, const struct tree *node, struct settings_auth *out)
{
	read_map(r, node, &mtls_map, out);
}

void
settings_check_mtls(
	struct reader *r, const struct tree *type, const struct settings *s)
{
	bool any = false;
	for (size_t i = 0; i < s->nlisteners; i++)
		any = any || s->listeners[i].tls.client_ca.n > 0;
	if (!any) {
		diag_error(r->diag, type->pos,
			"mtls needs a listener whose tls has a client_ca");
		return;
	}
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct settings_listener *l = &s->listeners[i];
		if (l->tls.client_ca.n > 0 ||
			(l->path.n > 0 && s->auth.npeers > 0))
			continue;
		diag_warning(r->diag, FINDING_NOBODY_GETS_IN, type->pos,
			"the listener \"%.*s\" has no client_ca: every "
			"request there will get 401",
			STR_FMT(l->name));
	}
}

/* --- peers ------------------------------------------------------------------ */

/* The highest is what chown() takes for "unchanged": nobody's. */
#define ID_MAX (INT64_C(0xffffffff) - 1)

static const struct key peer_keys[] = {
	KEY("uid", U32, INTO(struct settings_peer, uid), RANGE(0, ID_MAX),
		.help = "of the client's process; one of `uid` and `gid` must "
			"be said, both must hold"),
	KEY("gid", U32, INTO(struct settings_peer, gid), RANGE(0, ID_MAX),
		.help = "of the client's process"),
	KEY("role", TEXT, INTO(struct settings_peer, role), .min = 1,
		.required = true,
		.help = "what it gets, without a token or certificate; the "
			"identity is `uid:<n>`"),
};

const struct key_map peer_map = MAP("peer", "a peer", peer_keys);

static void
read_peer(struct reader *r, const struct tree *node, struct settings_auth *a)
{
	struct settings_peer p = {0};
	if (!read_map(r, node, &peer_map, &p))
		return;
	p.has_uid = read_given(node, "uid");
	p.has_gid = read_given(node, "gid");
	if ((!p.has_uid && !p.has_gid) || !read_given(node, "role")) {
		diag_error(r->diag, node->pos,
			"a peer needs uid or gid, and a role");
		return;
	}
	a->peers[a->npeers++] = p;
}

void
settings_read_peers(
	struct reader *r, const struct tree *node, struct settings_auth *out)
{
	out->peers = entries_of(r, node, sizeof(*out->peers));
	if (!out->peers)
		return;
	for (const struct tree *t = node->first; t; t = t->next)
		read_peer(r, t, out);
}
