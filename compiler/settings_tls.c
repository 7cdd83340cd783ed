/* Settings: TLS, towards clients and towards the Engine. */
#include "compiler/settings_parts.h"

static const struct key_word versions[] = {{"1.2", 0}, {"1.3", 1}, {NULL, 0}};

static const struct key tls_keys[] = {
	KEY("cert", FILE, INTO(struct settings_tls, cert), .required = true,
		.with = "key", .help = "the chain of certificates"),
	KEY("key", FILE, INTO(struct settings_tls, key), .required = true,
		.with = "cert",
		.help = "its private key: PKCS#8, PKCS#1 or SEC1, without a "
			"passphrase"),
	KEY("client_ca", FILE, INTO(struct settings_tls, client_ca),
		.help = "authorities of clients' certificates. Without it, "
			"none is asked for"),
	KEY("require_client_cert", BOOL,
		INTO(struct settings_tls, require_client_cert),
		.preset = "false",
		.help = "no connection without one; needs `client_ca`"),
	KEY("crl", FILE, INTO(struct settings_tls, crl), .with = "client_ca",
		.help = "certificates that were revoked"),
	KEY("min_version", SWITCH, INTO(struct settings_tls, tls13_only),
		.words = versions, .preset = "1.2",
		.help = "the oldest TLS that is spoken"),
};

const struct key_map tls_map = MAP("tls", "tls", tls_keys);

static const struct key engine_keys[] = {
	KEY("ca", FILE, INTO(struct settings_engine_tls, ca),
		.unsaid = "the system's",
		.help = "the authorities that are believed"),
	KEY("cert", FILE, INTO(struct settings_engine_tls, cert), .with = "key",
		.help = "the certificate to show"),
	KEY("key", FILE, INTO(struct settings_engine_tls, key), .with = "cert",
		.help = "its private key"),
};

const struct key_map engine_tls_map =
	MAP("engine_tls", "engine_tls", engine_keys);

const struct key_word tls_words[] = {
	{"on", TLS_GLOBAL},
	{"off", TLS_OFF},
	{"true", TLS_GLOBAL},
	{"false", TLS_OFF},
	{NULL, 0},
};

/* Of two keys, the first cannot be without the second. */
static void
check_needs(struct reader *r, const struct tree *node, const char *name,
	const char *other)
{
	const struct tree *t = read_given(node, name);
	if (t && !read_given(node, other))
		diag_error(r->diag, t->key_pos, "%s needs %s", name, other);
}

static void
check_pairs(
	struct reader *r, const struct tree *node, const struct key_map *map)
{
	for (size_t i = 0; i < map->nkeys; i++)
		if (map->keys[i].with)
			check_needs(
				r, node, map->keys[i].name, map->keys[i].with);
}

/* --- the files ------------------------------------------------------------- */

/* What is heard of a file is told at the key that names it. */
struct map_hearer {
	struct file_hearer hearer;
	struct diag *diag;
	const struct tree *map;
};

static void
hear(struct file_hearer *h, enum file_news news, const char *key,
	const char *text)
{
	struct map_hearer *m =
		(struct map_hearer *)((char *)h -
				      offsetof(struct map_hearer, hearer));
	const struct tree *t = read_given(m->map, key);
	struct pos pos = t ? t->pos : m->map->key_pos;

	if (news == FILE_BAD)
		diag_error(m->diag, pos, "%s", text);
	else
		diag_warning(m->diag,
			news == FILE_MISSING ? FINDING_FILE_MISSING
					     : FINDING_FILE_DOUBTFUL,
			pos, "%s", text);
	if (news == FILE_MISSING)
		diag_help(m->diag, "the proxy does not start without it");
}

static struct map_hearer
hearer_of(struct reader *r, const struct tree *map)
{
	return (struct map_hearer){
		.hearer = {hear}, .diag = r->diag, .map = map};
}

void
settings_check_engine_tls(struct reader *r, const struct tree *node,
	const struct settings_engine *e)
{
	struct map_hearer m = hearer_of(r, node);

	/* A key without its certificate has been told. */
	if (r->tls_check && (e->tls.cert.n > 0) == (e->tls.key.n > 0))
		r->tls_check->client(&e->tls, e->host, &m.hearer);
}

/* --- the maps --------------------------------------------------------------- */

static void
read_tls_map(struct reader *r, const struct tree *map, struct settings_tls *out)
{
	struct settings_tls tls = {.on = true};
	struct map_hearer m = hearer_of(r, map);
	size_t errors = r->diag->errors;
	read_map(r, map, &tls_map, &tls);
	if (!read_given(map, "cert") && !read_given(map, "key"))
		diag_error(r->diag, map->pos, "tls needs cert and key");
	check_pairs(r, map, &tls_map);
	if (tls.require_client_cert)
		check_needs(r, map, "require_client_cert", "client_ca");
	if (r->tls_check && r->diag->errors == errors)
		r->tls_check->server(&tls, &m.hearer);
	*out = tls;
}

void
settings_read_tls(
	struct reader *r, const struct tree *node, struct tls_said *out)
{
	static const struct key key = KEY(
		"tls", WORD, INTO(struct tls_said, word), .words = tls_words);
	out->node = node;
	if (node->kind != TREE_MAP) {
		read_key(r, node, &key, out);
		return;
	}
	out->word = TLS_OWN;
	read_tls_map(r, node, &out->tls);
}

void
settings_read_engine_tls(struct reader *r, const struct tree *node,
	struct settings_engine_tls *out)
{
	if (read_map(r, node, &engine_tls_map, out))
		check_pairs(r, node, &engine_tls_map);
}
