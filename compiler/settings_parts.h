/* The parts of the settings. Seen by settings*.c, and by lint_settings.c. */
#ifndef COMPILER_SETTINGS_PARTS_H
#define COMPILER_SETTINGS_PARTS_H

#include "compiler/read.h"
#include "compiler/settings.h"

/* The maps of keys: of the sections, and those that more than one part has. */
extern const struct key_map global_map, auth_map;
extern const struct key_map listener_map, tls_map, engine_tls_map;
extern const struct key_map metrics_map, admin_map, mtls_map, peer_map;

/* What `tls` may be instead of a map; of enum tls_word. */
extern const struct key_word tls_words[];

/* *out holds the defaults; `auth` comes after `global`. */
void settings_read_global(struct reader *r, const struct settings_input *in,
	struct settings *out);
void settings_read_auth(struct reader *r, const struct settings_input *in,
	struct settings *out);

/* --- settings_secret.c -------------------------------------------------- */

/* No byte that would end a field, or a token within it? */
bool settings_can_be_sent(struct str secret);

/* A secret's text, of the tree; *out is written only when it is good. */
bool settings_read_secret(
	struct reader *r, const struct tree *node, struct str *out);

/* What is said of one token; one of the three forms gives the hash. */
struct token_said {
	uint8_t sha256[32];
	struct str file; /* that it came from; empty: it came otherwise */
	unsigned forms;  /* how many were there */
	bool valid;      /* sha256 is set */
	bool empty;
};

#define TOKEN_HELP "as it is sent; better a variable than itself"
#define TOKEN_SHA256_HELP \
	"64 hexadecimal digits: `printf %s \"$TOKEN\" | sha256sum`"
#define TOKEN_SHA256_PATTERN "^[0-9a-fA-F]{64}$"
#define TOKEN_FILE_HELP \
	"a file of at most 4 KiB that holds it, a line break at the end aside"

void settings_read_token(
	struct reader *r, const struct tree *node, struct token_said *t);
void settings_read_token_sha256(
	struct reader *r, const struct tree *node, struct token_said *t);
void settings_read_token_file(
	struct reader *r, const struct tree *node, struct token_said *t);

/* --- settings_env.c ------------------------------------------- */

/* Warns of each DOCKER_PROXY_ variable that is none. */
void settings_warn_env(struct reader *r, const char *const *envp);

/* --- settings_address.c --------------------------------------- */

/* The value of `bind`: "*", or a numeric address; localhost is 127.0.0.1. */
bool settings_read_bind(
	struct reader *r, const struct tree *node, struct str *out);

/* Is it a numeric address? */
bool settings_is_address(struct str text);

/* A warning at node, which gave the address of a listener without TLS, when
 * it is not of this machine alone. */
void settings_warn_plain(
	struct reader *r, const struct tree *node, struct str bind);

/* "host", "host:port" or "[v6]:port" to its parts, which point into text;
 * *port_out is left alone when there is none. */
bool settings_split_address(
	struct str text, struct str *host_out, uint16_t *port_out);

/* `listen`: address:port, as `bind` has addresses. */
bool settings_read_address(struct reader *r, const struct tree *node,
	struct str *bind_out, uint16_t *port_out);

/* An absolute path that fits a unix socket's address. */
bool settings_read_socket_path(struct reader *r, const struct tree *node,
	struct str text, struct str *out);

void settings_read_trusted_proxies(
	struct reader *r, const struct tree *node, struct settings *out);

/* --- settings_tls.c ------------------------------------------------------- */

enum tls_word {
	TLS_UNSAID,
	TLS_OFF,
	TLS_GLOBAL, /* on: what `global` has */
	TLS_OWN,
};

/* What one place says of TLS. */
struct tls_said {
	int word;                /* enum tls_word */
	const struct tree *node; /* NULL: unsaid */
	struct settings_tls tls; /* TLS_OWN */
};

/* `tls`: a map, on or off. */
void settings_read_tls(
	struct reader *r, const struct tree *node, struct tls_said *out);

/* `engine_tls` */
void settings_read_engine_tls(struct reader *r, const struct tree *node,
	struct settings_engine_tls *out);

/* Looks into its files, if they are to be opened; node: `engine_tls`. */
void settings_check_engine_tls(struct reader *r, const struct tree *node,
	const struct settings_engine *e);

/* --- settings_listen.c -------------------------------------------------- */

/* `listeners`: a list; replaces what bind and port say. */
void settings_read_listeners(struct reader *r, const struct tree *node,
	const struct tls_said *global, struct settings *out);

/* --- settings_engine.c ------------------------------------------------------ */

/* `socket`: where the Engine is. */
void settings_read_engine(
	struct reader *r, const struct tree *node, struct settings_engine *out);

/* --- settings_report.c: what the proxy tells of itself --------------------- */

void settings_read_metrics(struct reader *r, const struct tree *node,
	struct settings_metrics *out);
void settings_read_admin(
	struct reader *r, const struct tree *node, struct settings_admin *out);
void settings_read_audit_log(
	struct reader *r, const struct tree *node, struct settings_audit *out);
/* `audit` and `audit_chain` ask for an audit log. */
void settings_check_audit(struct reader *r, const struct tree *global,
	const struct settings_audit *audit);

/* --- settings_roles.c: roles of certificates and of local users ------------- */

void settings_read_mtls(
	struct reader *r, const struct tree *node, struct settings_auth *out);
void settings_read_peers(
	struct reader *r, const struct tree *node, struct settings_auth *out);
/* Can certificates be asked for, and everyone get in somehow? type is the
 * node of auth.type, which is mtls. */
void settings_check_mtls(
	struct reader *r, const struct tree *type, const struct settings *s);

#endif
