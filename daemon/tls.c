/* TLS contexts: from files to SSL_CTX; certificates to names. */
#include "daemon/tls.h"

#include "daemon/log.h"
#include "runtime/auth.h"
#include "runtime/cidr.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* TLS 1.2: forward secrecy and AEAD only. 1.3 has nothing else. */
#define CIPHERS_12     "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS         "X25519:P-256:P-384"

#define READ_BYTES     (64 * 1024) /* of a socket at once: four records */
#define TICKET_SECONDS 3600
#define NAME_MAX_BYTES 255  /* of a DNS name, and more than a CN may have */
#define NAMES_MAX      128  /* of one certificate */
#define TELL_BYTES     1024 /* of a message; with two names of files */

struct tls_context {
	SSL_CTX *ssl; /* owned */
	atomic_uint refs;
	bool is_client;
	char host[NAME_MAX_BYTES + 1]; /* of a client: SNI; empty: none */
};

/* --- errors ----------------------------------------------------------------- */

/* The first error in OpenSSL's queue: what went wrong at the bottom. */
static const char *
reason(void)
{
	unsigned long e = ERR_peek_error();
	const char *text = NULL;

	if (ERR_SYSTEM_ERROR(e))
		text = strerror(ERR_GET_REASON(e));
	else if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
		 ERR_GET_REASON(e) == PEM_R_NO_START_LINE)
		text = "it holds nothing of that kind in PEM form";
	else
		text = ERR_reason_error_string(e);
	return text ? text : "unknown reason";
}

/* What went wrong is told to a hearer, or else logged. */
static void __attribute__((format(printf, 4, 5))) tell(struct file_hearer *h,
	enum file_news news, const char *key, const char *fmt, ...)
{
	char text[TELL_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ERR_clear_error();
	if (h)
		h->hear(h, news, key, text);
	else
		log_say(news == FILE_DOUBT ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
			"TLS: %s", text);
}

static bool
is_missing(void)
{
	unsigned long e = ERR_peek_error();
	int err = ERR_GET_REASON(e);

	return ERR_SYSTEM_ERROR(e) &&
	       (err == ENOENT || err == ENOTDIR || err == EACCES);
}

/* "cannot read the ... from ...: ...". Always false. */
static bool
cannot_read(struct file_hearer *h, const char *key, const char *what,
	struct str file)
{
	tell(h, is_missing() ? FILE_MISSING : FILE_BAD, key,
		"cannot read the %s from %.*s: %s", what, STR_FMT(file),
		reason());
	return false;
}

static bool
refuse(struct file_hearer *h, const char *key, const char *why)
{
	tell(h, FILE_BAD, key, "%s: %s", why, reason());
	return false;
}

/* --- files ------------------------------------------------------------------ */

struct named_file {
	const char *key;
	struct str name;
};

/* OpenSSL would wait for who writes to a pipe, and all with it. What is not
 * there it tells itself. */
static bool
are_files(struct file_hearer *h, const struct named_file *v, size_t n)
{
	bool ok = true;
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		if (v[i].name.n == 0 || stat(v[i].name.p, &st) != 0 ||
			S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
			continue;
		tell(h, FILE_BAD, v[i].key, "%.*s is no regular file",
			STR_FMT(v[i].name));
		ok = false;
	}
	return ok;
}

/* Instead of asking for a passphrase at the terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *asked)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(bool *)asked = true;
	return -1;
}

static EVP_PKEY *
read_key(struct file_hearer *h, struct str file)
{
	bool encrypted = false;
	BIO *bio = BIO_new_file(file.p, "r");
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(
				      bio, NULL, no_passphrase, &encrypted)
			    : NULL;

	BIO_free(bio);
	if (!key && encrypted)
		tell(h, FILE_BAD, "key",
			"the key in %.*s has a passphrase, and nobody is "
			"there to type it: store it without, by openssl pkey",
			STR_FMT(file));
	else if (!key)
		cannot_read(h, "key", "private key", file);
	ERR_clear_error();
	return key;
}

/* It would be refused by every client: they are told less than we know. */
static void
warn_of_dates(struct file_hearer *h, const X509 *cert, struct str file)
{
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		tell(h, FILE_DOUBT, "cert",
			"the certificate in %.*s has expired", STR_FMT(file));
	else if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		tell(h, FILE_DOUBT, "cert",
			"the certificate in %.*s is not valid yet",
			STR_FMT(file));
}

static bool
use_cert_and_key(
	SSL_CTX *ctx, struct str cert, struct str key, struct file_hearer *h)
{
	bool is_read = SSL_CTX_use_certificate_chain_file(ctx, cert.p) == 1 ||
		       cannot_read(h, "cert", "certificate", cert);
	EVP_PKEY *pkey = read_key(h, key);
	if (!is_read || !pkey) {
		EVP_PKEY_free(pkey);
		return false;
	}
	X509 *x = SSL_CTX_get0_certificate(ctx);
	bool match = X509_check_private_key(x, pkey) == 1;
	bool used = match && SSL_CTX_use_PrivateKey(ctx, pkey) == 1;
	EVP_PKEY_free(pkey);
	if (!match) {
		tell(h, FILE_BAD, "key",
			"the key in %.*s is not that of the certificate "
			"in %.*s: the first certificate of the file must be "
			"the one that was made with this key",
			STR_FMT(key), STR_FMT(cert));
		return false;
	}
	if (!used)
		return refuse(h, "key", "the key cannot be used");
	warn_of_dates(h, x, cert);
	return true;
}

/* Of the lists that were read, is one out of date? */
static bool
has_old_crl(X509_STORE *store)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		const X509_CRL *crl =
			X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(all, i));
		const ASN1_TIME *next =
			crl ? X509_CRL_get0_nextUpdate(crl) : NULL;
		if (next && X509_cmp_current_time(next) < 0)
			return true;
	}
	return false;
}

/* Fails closed: each CA of a chain must have a list, and one that is not out
 * of date. */
static bool
use_crl(SSL_CTX *ctx, struct str file, struct file_hearer *h)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (!lookup ||
		X509_load_crl_file(lookup, file.p, X509_FILETYPE_PEM) < 1)
		return cannot_read(h, "crl", "revocation list", file);
	if (has_old_crl(store))
		tell(h, FILE_DOUBT, "crl",
			"the revocation list in %.*s is out of date: it lets "
			"no client with a certificate in",
			STR_FMT(file));
	return X509_STORE_set_flags(store,
		       X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

/* --- contexts --------------------------------------------------------------- */

void
tls_start(void)
{
	/* Where that fails, so does the first context, and tells why. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL);
	ERR_clear_error();
}

static struct tls_context *
context_new(const SSL_METHOD *method, struct file_hearer *h)
{
	struct tls_context *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->ssl = SSL_CTX_new(method);
	if (!c->ssl) {
		refuse(h, "", "OpenSSL does not start");
		free(c);
		return NULL;
	}
	return c;
}

/* What both roles have in common. */
static bool
harden(SSL_CTX *ctx, bool tls13_only, struct file_hearer *h)
{
	SSL_CTX_set_options(
		ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
			     SSL_OP_CIPHER_SERVER_PREFERENCE |
			     SSL_OP_PRIORITIZE_CHACHA |
			     /* HTTP's framing tells what is missing. */
			     SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS |
				      SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_BYTES);
	if (SSL_CTX_set_min_proto_version(
		    ctx, tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(ctx, CIPHERS_12) == 1 &&
		SSL_CTX_set1_groups_list(ctx, GROUPS) == 1)
		return true;
	return refuse(h, "", "OpenSSL lacks what is needed");
}

/* RFC 7301: HTTP/1.1 is all that is spoken here. A client that offers only
 * others is told so; most offer nothing. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
	const unsigned char *in, unsigned inlen, void *arg)
{
	static const unsigned char http11[] = "\x08http/1.1";
	unsigned char *selected;
	(void)ssl;
	(void)arg;

	if (SSL_select_next_proto(&selected, outlen, http11, sizeof(http11) - 1,
		    in, inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

static bool
use_client_ca(SSL_CTX *ctx, struct str file, struct file_hearer *h)
{
	/* So that a client with several certificates sends the right one. */
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file.p);

	if (!names)
		return cannot_read(
			h, "client_ca", "clients' CA certificates", file);
	SSL_CTX_set_client_CA_list(ctx, names);
	return SSL_CTX_load_verify_file(ctx, file.p) == 1 ||
	       cannot_read(h, "client_ca", "clients' CA certificates", file);
}

static bool
ask_for_cert(SSL_CTX *ctx, const struct settings_tls *s, struct file_hearer *h)
{
	int mode = SSL_VERIFY_PEER;

	if (s->require_client_cert)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, mode, NULL);
	bool ok = use_client_ca(ctx, s->client_ca, h);
	return (s->crl.n == 0 || use_crl(ctx, s->crl, h)) && ok;
}

static bool
setup_server(SSL_CTX *ctx, const struct settings_tls *s, struct file_hearer *h)
{
	if (!harden(ctx, s->tls13_only, h))
		return false;
	/* All that is wrong with the files is told at once. */
	bool ok = use_cert_and_key(ctx, s->cert, s->key, h);
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (s->client_ca.n == 0) {
		SSL_CTX_set_timeout(ctx, TICKET_SECONDS);
		SSL_CTX_set_num_tickets(ctx, 1);
		return ok;
	}
	/* A resumed session would not look at the certificate again: one that
	 * was revoked, or has expired, would still open. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	return ask_for_cert(ctx, s, h) && ok;
}

struct tls_context *
tls_new_server(const struct settings_tls *s, struct file_hearer *h)
{
	const struct named_file files[] = {
		{"cert", s->cert},
		{"key", s->key},
		{"client_ca", s->client_ca},
		{"crl", s->crl},
	};
	struct tls_context *c = are_files(h, files, 4)
					? context_new(TLS_server_method(), h)
					: NULL;

	if (!c)
		return NULL;
	if (setup_server(c->ssl, s, h))
		return c;
	tls_context_unref(c);
	return NULL;
}

static bool
expect_host(struct tls_context *c, struct str host)
{
	X509_VERIFY_PARAM *p = SSL_CTX_get0_param(c->ssl);
	struct ip ip;

	if (ip_parse(host, &ip))
		return X509_VERIFY_PARAM_set1_ip_asc(p, host.p) == 1;
	if (host.n > NAME_MAX_BYTES)
		return false;
	memcpy(c->host, host.p, host.n);
	X509_VERIFY_PARAM_set_hostflags(
		p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(p, host.p, host.n) == 1;
}

static bool
setup_client(struct tls_context *c, const struct settings_engine_tls *s,
	struct str host, struct file_hearer *h)
{
	static const unsigned char http11[] = "\x08http/1.1";
	SSL_CTX *ctx = c->ssl;

	c->is_client = true;
	if (!harden(ctx, false, h))
		return false;
	bool ok = !s->cert.n || use_cert_and_key(ctx, s->cert, s->key, h);
	if (s->ca.n && SSL_CTX_load_verify_file(ctx, s->ca.p) != 1)
		ok = cannot_read(h, "ca", "Engine's CA certificate", s->ca);
	if (!s->ca.n && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return refuse(h, "", "the system has no CA certificates");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Zero is success, in this function alone. */
	if (SSL_CTX_set_alpn_protos(ctx, http11, sizeof(http11) - 1) != 0)
		return refuse(h, "", "ALPN");
	if (!expect_host(c, host))
		ok = refuse(h, "", "the Engine's name cannot be verified");
	return ok;
}

struct tls_context *
tls_new_client(const struct settings_engine_tls *s, struct str host,
	struct file_hearer *h)
{
	const struct named_file files[] = {
		{"ca", s->ca},
		{"cert", s->cert},
		{"key", s->key},
	};
	struct tls_context *c = are_files(h, files, 3)
					? context_new(TLS_client_method(), h)
					: NULL;

	if (!c)
		return NULL;
	if (setup_client(c, s, host, h))
		return c;
	tls_context_unref(c);
	return NULL;
}

struct tls_context *
tls_context_ref(struct tls_context *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void
tls_context_drop(struct tls_context *c)
{
	if (atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(c->ssl);
	free(c);
}

SSL *
tls_context_open(struct tls_context *c, int fd)
{
	SSL *ssl = SSL_new(c->ssl);

	if (!ssl)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1 ||
		(c->host[0] && SSL_set_tlsext_host_name(ssl, c->host) != 1)) {
		SSL_free(ssl);
		return NULL;
	}
	if (c->is_client)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	return ssl;
}

/* --- names of a certificate ---------------------------------------------------- */

/* The certificate, its names and their text, in one piece of memory. */
struct cert {
	struct auth_cert cert;
	struct str names[NAMES_MAX];
	char text[];
};

/* Is that a name, or something made to look like one to somebody? */
static bool
is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= NAME_MAX_BYTES && str_is_utf8(s);
}

/* The subject's common name, in UTF-8 that OPENSSL_free() takes; no p when
 * there is none. False: more than one, or unclean. */
static bool
read_cn(const X509 *x, struct str *out)
{
	const X509_NAME *subject = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;

	*out = (struct str){0};
	if (at < 0)
		return true;
	if (X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	int n = ASN1_STRING_to_UTF8(&text,
		X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n < 0)
		return false;
	*out = (struct str){(const char *)text, (size_t)n};
	return n == 0 || is_clean(*out);
}

/* References to the DNS names of list. False: too many, or unclean ones. */
static bool
read_names(const GENERAL_NAMES *list, struct str names[NAMES_MAX], size_t *n)
{
	*n = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
		if (name->type != GEN_DNS)
			continue;
		const ASN1_IA5STRING *s = name->d.dNSName;
		struct str text = {(const char *)ASN1_STRING_get0_data(s),
			(size_t)ASN1_STRING_length(s)};
		if (*n == NAMES_MAX || !is_clean(text))
			return false;
		names[(*n)++] = text;
	}
	return true;
}

static struct str
keep(char **to, struct str s)
{
	struct str kept = {*to, s.n};

	if (s.n)
		memcpy(*to, s.p, s.n);
	*to += s.n;
	return kept;
}

static struct auth_cert *
copy_cert(struct str cn, const struct str *names, size_t n)
{
	size_t bytes = cn.n;

	for (size_t i = 0; i < n; i++)
		bytes += names[i].n;
	struct cert *c = malloc(sizeof(*c) + bytes);
	if (!c)
		return NULL;
	char *to = c->text;
	for (size_t i = 0; i < n; i++)
		c->names[i] = keep(&to, names[i]);
	c->cert = (struct auth_cert){
		.cn = keep(&to, cn),
		.names = c->names,
		.nnames = n,
	};
	return &c->cert;
}

struct auth_cert *
tls_read_cert(SSL *ssl)
{
	const X509 *x = SSL_get0_peer_certificate(ssl);
	struct auth_cert *cert = NULL;
	struct str cn, names[NAMES_MAX];
	size_t n;

	if (!x || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	int critical = -1;
	GENERAL_NAMES *list =
		X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
	bool ok = read_cn(x, &cn);
	/* -1: there is none. Else one that cannot be read, or two. */
	if (ok && (list || critical == -1) && read_names(list, names, &n))
		cert = copy_cert(cn, names, n);
	OPENSSL_free((void *)(uintptr_t)cn.p);
	GENERAL_NAMES_free(list);
	ERR_clear_error();
	return cert;
}
