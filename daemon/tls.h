/* TLS contexts: certificates, keys and what to ask of the other side, read
 * from files once and shared by many connections.
 *
 * A context does not change and is counted: a reload makes a new one, and the
 * connections of the old one go on. Any thread may take or drop a reference.
 * OpenSSL is seen by tls.c and leg_tls.c alone, which are a module of their
 * own (tls_module.h).
 */
#ifndef DAEMON_TLS_H
#define DAEMON_TLS_H

#include "compiler/settings.h"
#include "runtime/str.h"

#include <stdbool.h>

struct auth_cert;
struct ssl_st;

struct tls_context;

/* Loads the module: before the sandbox, which would not let it be opened, and
 * before any context. OpenSSL reads its configuration then. False after an
 * error, which is heard by h, or with h NULL logged. */
bool tls_load(struct file_hearer *h) __attribute__((warn_unused_result));

/* For a listener. NULL after an error, which names the file and says what to
 * do about it; told as above. */
struct tls_context *tls_server_context(
	const struct settings_tls *s, struct file_hearer *h);

/* Towards the Engine at `host`, a name or an address: its certificate must be
 * valid and be made out to it. NULL as above. */
struct tls_context *tls_client_context(const struct settings_engine_tls *s,
	struct str host, struct file_hearer *h);

struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_drop(struct tls_context *c);

/* Drops a reference, if it is one: NULL is nothing. */
static inline void
tls_context_unref(struct tls_context *c)
{
	if (c)
		tls_context_drop(c);
}

/* --- inside of the module ------------------------------------------------- */

void tls_start(void);
struct tls_context *tls_new_server(
	const struct settings_tls *s, struct file_hearer *h);
struct tls_context *tls_new_client(const struct settings_engine_tls *s,
	struct str host, struct file_hearer *h);

/* A connection's SSL over fd, in its context's role. NULL without memory. */
struct ssl_st *tls_context_open(struct tls_context *c, int fd);

/* leg_read_cert() */
struct auth_cert *tls_read_cert(struct ssl_st *ssl);

#endif
