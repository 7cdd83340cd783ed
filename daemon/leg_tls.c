/* TLS inside of a leg: OpenSSL over the leg's own socket and event. */
#include "daemon/leg_tls.h"

#include "daemon/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The most one record holds (RFC 8446 section 5.1): a BLOCK_SMALL. */
#define RECORD_BYTES   16384u

/* Read in a turn. Full ones fill a BLOCK_LARGE; of those with a byte in each
 * nobody gets more than others. */
#define RECORDS_MAX    64

#define TYPE_HANDSHAKE 22 /* RFC 8446 section 5.1: how a client begins */

struct leg_tls {
	SSL *ssl; /* owned */
	/* An SSL_write that could not be finished must be tried again with
	 * the same bytes. 0: none. */
	size_t tried;
	/* What the loop must say so that it can go on: EV_READ or EV_WRITE,
	 * and mostly the obvious one. */
	short read_needs, write_needs;
	bool handshaking, spoken;
	bool closing;       /* close_notify is waiting for the socket */
	bool said;          /* close_notify has been sent */
	bool broken;        /* SSL must not be used any more */
	bool bad_cert;      /* and that of the other side is why */
	struct event again; /* a timer: what SSL holds is read on */
	char error[160];    /* empty: it was not TLS that failed */
};

/* --- outcomes ------------------------------------------------------------- */

/* An alert that says that our certificate will not do, or that there must be
 * one (RFC 8446 section 6.2). */
static bool
is_about_ours(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

/* What went wrong, and more of it: "" or what follows a colon. */
static const char *
explain(struct leg_tls *t, int reason, const char **more_out)
{
	int alert = reason - SSL_AD_REASON_OFFSET;

	*more_out = "";
	switch (reason) {
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		t->bad_cert = true;
		*more_out = X509_verify_cert_error_string(
			SSL_get_verify_result(t->ssl));
		return "certificate verify failed";
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		t->bad_cert = true;
		return "peer did not return a certificate";
	case SSL_R_WRONG_VERSION_NUMBER:
		if (!SSL_is_server(t->ssl))
			return "it does not speak TLS";
		break;
	default:
		break;
	}
	if (alert <= 0)
		return NULL;
	*more_out = SSL_alert_desc_string_long(alert);
	return is_about_ours(alert) ? "the other side refuses our certificate"
				    : "the other side broke it off";
}

static void
note_error(struct leg_tls *t)
{
	unsigned long e = ERR_peek_last_error();
	int reason = ERR_GET_LIB(e) == ERR_LIB_SSL ? ERR_GET_REASON(e) : 0;
	const char *more;
	const char *text = explain(t, reason, &more);

	if (!text)
		text = ERR_reason_error_string(e);
	snprintf(t->error, sizeof(t->error), "%s%s%s",
		text ? text : "protocol error", more[0] ? ": " : "", more);
}

#define ENDED  0    /* the other side has said that it will say no more */
#define FAILED (-1) /* in this direction, or altogether: broken */

/* What must happen before an operation that returned ret can be tried again:
 * EV_READ or EV_WRITE. ENDED or FAILED: nothing. */
static short
needs(struct leg_tls *t, int ret)
{
	short need = FAILED;

	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		need = EV_READ;
		break;
	case SSL_ERROR_WANT_WRITE:
		need = EV_WRITE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		need = ENDED;
		break;
	case SSL_ERROR_SYSCALL:
		/* Of the socket: where it takes no more, what came before may
		 * still be read. */
		break;
	default:
		t->broken = true;
		note_error(t);
		break;
	}
	ERR_clear_error();
	return need;
}

/* --- life ------------------------------------------------------------------ */

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct leg *leg = arg;
	(void)fd;
	(void)what;

	leg->can_read = true;
	leg->wake(leg);
}

bool
leg_tls_start(struct leg *leg, struct tls_context *context)
{
	struct leg_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return false;
	t->ssl = tls_context_open(context, leg->fd);
	if (!t->ssl) {
		free(t);
		return false;
	}
	t->handshaking = true;
	t->read_needs = EV_READ;
	t->write_needs = EV_WRITE;
	evtimer_assign(&t->again, event_get_base(&leg->event), on_again, leg);
	leg->tls = t;
	return true;
}

void
leg_tls_drop(struct leg *leg)
{
	evtimer_del(&leg->tls->again);
	SSL_free(leg->tls->ssl);
	free(leg->tls);
	leg->tls = NULL;
	leg->can_read = leg->can_write = true;
}

/* A look at the client's first byte, which stays where it is. 0: it has not
 * come; -1: it will not. */
static int
first_byte(const struct leg *leg)
{
	unsigned char c;
	ssize_t n = recv(leg->fd, &c, 1, MSG_PEEK);

	if (n == 1)
		return c ? c : 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

enum handshake
leg_tls_handshake(struct leg *leg)
{
	struct leg_tls *t = leg->tls;

	if (!t->handshaking)
		return HANDSHAKE_DONE;
	if (!t->spoken && SSL_is_server(t->ssl)) {
		int c = first_byte(leg);
		if (c == 0)
			return HANDSHAKE_WAIT;
		if (c > 0 && c != TYPE_HANDSHAKE)
			return HANDSHAKE_NOT_TLS;
		t->spoken = true;
	}
	ERR_clear_error();
	leg->can_read = false;
	int ret = SSL_do_handshake(t->ssl);
	if (ret == 1) {
		t->handshaking = false;
		t->read_needs = EV_READ;
		leg->can_read = SSL_has_pending(t->ssl) == 1;
		return HANDSHAKE_DONE;
	}
	short need = needs(t, ret);
	if (need > 0) {
		t->read_needs = need;
		return HANDSHAKE_WAIT;
	}
	t->broken = true;
	return t->bad_cert ? HANDSHAKE_BAD_CERT : HANDSHAKE_FAILED;
}

const char *
leg_tls_error(const struct leg *leg)
{
	return leg->tls->error[0] ? leg->tls->error : NULL;
}

struct auth_cert *
leg_tls_read_cert(const struct leg *leg)
{
	return tls_read_cert(leg->tls->ssl);
}

/* --- events ---------------------------------------------------------------- */

void
leg_tls_event(struct leg *leg, short what)
{
	struct leg_tls *t = leg->tls;

	if (what & t->read_needs)
		leg->can_read = true;
	if (what & t->write_needs)
		leg->can_write = true;
	if (t->closing && (what & EV_WRITE))
		leg_tls_farewell(leg);
}

short
leg_tls_interest(const struct leg *leg, bool read, bool write)
{
	const struct leg_tls *t = leg->tls;

	return (short)((read ? t->read_needs : 0) |
		       (write ? t->write_needs : 0) |
		       (t->closing ? EV_WRITE : 0));
}

/* --- bytes ------------------------------------------------------------------ */

bool
leg_tls_has_more(const struct leg *leg)
{
	return !leg->tls->broken && SSL_has_pending(leg->tls->ssl) == 1;
}

/* In the next turn, by a timer: what is made active at once comes before what
 * the sockets of others have to say. */
static void
come_back(struct leg *leg)
{
	const struct timeval now = {0};

	if (leg_tls_has_more(leg))
		evtimer_add(&leg->tls->again, &now);
}

bool
leg_tls_fill(struct leg *leg)
{
	struct leg_tls *t = leg->tls;
	struct inbuf *in = &leg->in;
	uint32_t before = in->end;

	leg->can_read = false;
	for (int i = 0; i < RECORDS_MAX && leg_room(leg) > 0 && !t->broken;
		i++) {
		size_t n;
		ERR_clear_error();
		int ret = SSL_read_ex(
			t->ssl, in->block + in->end, leg_room(leg), &n);
		if (ret == 1) {
			in->end += (uint32_t)n;
			continue;
		}
		short need = needs(t, ret);
		leg->rd_eof = need <= 0;
		leg->rd_failed = need == FAILED;
		t->read_needs = need > 0 ? need : EV_READ;
		return in->end > before;
	}
	if (t->broken)
		leg->rd_eof = leg->rd_failed = true;
	come_back(leg);
	return in->end > before;
}

bool
leg_tls_is_silent(struct leg *leg)
{
	struct leg_tls *t = leg->tls;
	char c;
	size_t n;

	if (t->broken)
		return false;
	ERR_clear_error();
	int ret = SSL_peek_ex(t->ssl, &c, 1, &n);
	leg->can_read = false;
	return ret != 1 && needs(t, ret) == EV_READ;
}

/* Copies from the references until `room` bytes are there. */
static size_t
gather(const struct iovec *refs, unsigned count, char *to, size_t room)
{
	size_t n = 0;

	for (unsigned i = 0; i < count && n < room; i++) {
		size_t left = room - n;
		size_t part = refs[i].iov_len < left ? refs[i].iov_len : left;
		memcpy(to + n, refs[i].iov_base, part);
		n += part;
	}
	return n;
}

static ssize_t
write_record(struct leg *leg, const char *p, size_t n)
{
	struct leg_tls *t = leg->tls;
	size_t wrote;

	ERR_clear_error();
	int ret = SSL_write_ex(t->ssl, p, n, &wrote);
	if (ret == 1) {
		t->tried = 0;
		t->write_needs = EV_WRITE;
		return (ssize_t)wrote;
	}
	short need = needs(t, ret);
	t->tried = n;
	t->write_needs = need > 0 ? need : EV_WRITE;
	errno = need > 0 ? EAGAIN : EPIPE;
	return -1;
}

ssize_t
leg_tls_write(struct leg *leg, const struct iovec *refs, unsigned count)
{
	struct leg_tls *t = leg->tls;
	size_t want = t->tried ? t->tried : RECORD_BYTES;

	errno = EPIPE;
	if (t->broken)
		return -1;
	if (count == 1 || refs[0].iov_len >= want)
		return write_record(leg, refs[0].iov_base,
			refs[0].iov_len < want ? refs[0].iov_len : want);
	/* A head and what has come of the body leave as one record. */
	char *block = block_take(leg->blocks, BLOCK_SMALL);
	if (!block) {
		errno = ENOMEM;
		return -1;
	}
	assert(block_bytes(BLOCK_SMALL) >= RECORD_BYTES);
	ssize_t n = write_record(leg, block, gather(refs, count, block, want));
	int saved = errno;
	block_give(leg->blocks, BLOCK_SMALL, block);
	errno = saved;
	return n;
}

bool
leg_tls_farewell(struct leg *leg)
{
	struct leg_tls *t = leg->tls;

	t->closing = false;
	if (t->said || t->broken || t->handshaking || leg->failed)
		return true;
	ERR_clear_error();
	int ret = SSL_shutdown(t->ssl);
	if (ret < 0)
		t->closing = needs(t, ret) == EV_WRITE;
	t->said = !t->closing;
	return t->said;
}
