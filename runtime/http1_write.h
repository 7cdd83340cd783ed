/* Writing HTTP/1.1 heads anew from parsed ones.
 *
 * Nothing a peer wrote is passed on as bytes of a head unless they are those
 * that would be written: lines are put together from parsed fields; those that
 * end here (hop) are left out, and framing and Connection are ours (RFC 9110
 * section 7.6.1, RFC 9112 6).
 */
#ifndef RUNTIME_HTTP1_WRITE_H
#define RUNTIME_HTTP1_WRITE_H

#include "runtime/http1.h"

/* A head in the making; `n` goes on counting when cap is exceeded, so that
 * one check at the end (n <= cap) serves for all. */
struct http1_writer {
	char *p;
	size_t n, cap;
};

/* Where the next n bytes go; NULL where there is no room for them. */
static inline char *
http1_next(struct http1_writer *w, size_t n)
{
	size_t at = w->n;

	w->n += n;
	return w->n <= w->cap ? w->p + at : NULL;
}

static inline void
http1_put(struct http1_writer *w, struct str s)
{
	char *p = http1_next(w, s.n);

	if (p)
		memcpy(p, s.p, s.n);
}

void http1_put_number(struct http1_writer *w, uint64_t n);
void http1_put_hex(struct http1_writer *w, uint64_t n);
void http1_put_field(struct http1_writer *w, struct str name, struct str value);

/* What is sent on to the Engine. */
struct http1_request_out {
	const struct http1_head *head;
	struct str target; /* canonical */
	enum http1_framing framing;
	uint64_t length;       /* of HTTP1_LENGTH */
	bool upgrade;          /* send the client's Upgrade */
	bool expect;           /* send its Expect: 100-continue */
	struct str request_id; /* to be added; empty: none, or it is there */
};

void http1_write_request(
	struct http1_writer *w, const struct http1_request_out *out);

/* What is sent back to the client. */
struct http1_response_out {
	const struct http1_head *head;
	enum http1_framing framing; /* UNTIL_EOF: neither length nor chunked */
	uint64_t length;
	bool has_length; /* say the length though no body follows (HEAD) */
	bool close;      /* Connection: close */
	bool upgrade;    /* a 101: Connection: Upgrade and the protocol */
	struct str request_id; /* empty: none */
	struct str date;       /* to be added; empty: none, or it has one */
};

void http1_write_response(
	struct http1_writer *w, const struct http1_response_out *out);

/* More than enough for what the two above add to the fields they copy. */
#define HTTP1_WRITE_EXTRA 512

/* And with what they copy of a response; a request has its target as well. A
 * line may come without the blank that it is given. */
static inline size_t
http1_write_room(const struct http1_head *h)
{
	return h->fields_bytes + h->nfields + h->reason.n + HTTP1_WRITE_EXTRA;
}

#endif
