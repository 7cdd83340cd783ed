/* TLS contexts: certificates, keys and what to ask of the other side, read
 * from files once and shared by many connections.
 *
 * A context does not change and is counted: a reload makes a new one, and the
 * connections of the old one go on. Any thread may take or drop a reference.
 * OpenSSL is seen by tls.c and leg_tls.c alone.
 */
#ifndef DAEMON_TLS_H
#define DAEMON_TLS_H

#include "compiler/settings.h"
#include "runtime/auth.h"

#include <stdbool.h>

struct ssl_ctx_st;
struct ssl_st;

struct tls_context;

/* Lets OpenSSL read its configuration, before the sandbox forbids it: the
 * first context may be that of a reload. */
void tls_start(void);

/* For a listener. NULL with an error logged that names the file and says
 * what to do about it. */
struct tls_context *tls_server_context(const struct settings_tls *s);

/* Towards the Engine at `host`, a name or an address: its certificate must be
 * valid and be made out to it. NULL as above. */
struct tls_context *tls_client_context(
	const struct settings_engine_tls *s, struct str host);

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c); /* NULL is nothing */

/* A connection's SSL over fd, in its context's role. NULL without memory. */
struct ssl_st *tls_context_open(struct tls_context *c, int fd);

/* Who the verified certificate of the other side is made out to. NULL: there
 * is none, or its names are such that it is in doubt who that is. */
struct auth_cert *tls_read_cert(struct ssl_st *ssl);
void tls_free_cert(struct auth_cert *cert);

#endif
