/* HTTP/1.1 message heads and body framing, strictly.
 *
 * Accepts what RFC 9110 and RFC 9112 allow a peer to send and nothing else:
 * CRLF line ends only, no obs-fold, no whitespace around a field name, no
 * control bytes, Content-Length xor Transfer-Encoding, the latter exactly
 * `chunked` and only on 1.1. Works on any split of the bytes and allocates
 * nothing: results borrow the caller's buffer, which must stay in place while
 * they are used.
 */
#ifndef RUNTIME_HTTP1_H
#define RUNTIME_HTTP1_H

#include "runtime/endpoint.h"
#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- finding the end of a head ---------------------------------------- */

enum http1_scan {
	HTTP1_MORE, /* no end yet */
	HTTP1_DONE, /* *len_out bytes, the empty line included */
	HTTP1_BAD,  /* a line that does not end in CRLF */
};

/* Looks for the empty line. *seen is the caller's bookmark, 0 at first and
 * for each new head: no byte is looked at twice, however the bytes come. */
enum http1_scan http1_scan_head(
	const char *head, size_t n, size_t *seen, size_t *len_out);

/* --- heads -------------------------------------------------------------- */

/* Fields that framing and routing care about; all others are OTHER. */
enum http1_field_id {
	HTTP1_OTHER,
	HTTP1_AUTHORIZATION,
	HTTP1_CONNECTION,
	HTTP1_CONTENT_ENCODING,
	HTTP1_CONTENT_LENGTH,
	HTTP1_CONTENT_TYPE,
	HTTP1_DATE,
	HTTP1_EXPECT,
	HTTP1_HOST,
	HTTP1_HTTP2_SETTINGS,
	HTTP1_KEEP_ALIVE,
	HTTP1_MAX_FORWARDS,
	HTTP1_PROXY_AUTHENTICATE,
	HTTP1_PROXY_AUTHORIZATION,
	HTTP1_PROXY_CONNECTION,
	HTTP1_REQUEST_ID,
	HTTP1_TE,
	HTTP1_TRAILER,
	HTTP1_TRANSFER_ENCODING,
	HTTP1_UPGRADE,
};

struct http1_field {
	struct str name;  /* as written */
	struct str value; /* without the whitespace around it */
	enum http1_field_id id;
	bool hop; /* ends here: hop-by-hop, or named by Connection */
};

enum http1_framing {
	HTTP1_NO_BODY,
	HTTP1_LENGTH, /* content_length bytes, maybe 0 */
	HTTP1_CHUNKED,
	HTTP1_UNTIL_EOF, /* responses only */
};

struct http1_head {
	/* requests */
	enum method method;
	struct str target;
	bool expect_continue;
	bool form_body; /* Content-Type is a form's: urlencoded, multipart */
	bool authorization_twice;
	struct str host;
	struct str authorization; /* p is NULL when absent */
	/* responses */
	uint16_t status;
	struct str reason;
	/* both */
	struct str line; /* the first one, as written; without its end */
	uint8_t minor;   /* HTTP/1.<minor> */
	bool keep_alive;
	uint8_t connection_options; /* how many Connection has */
	struct str upgrade;         /* empty when absent */
	struct str content_type;    /* empty when absent */
	enum http1_framing framing;
	uint64_t content_length; /* of HTTP1_LENGTH */
	bool has_length; /* a Content-Length was given (HEAD, 304 too) */
	bool has_date;   /* a Date was given */
	struct http1_field *fields; /* the caller's array */
	size_t nfields, max_fields;
	size_t fields_bytes; /* of their lines, and the empty one */
};

/* Parses the n bytes of a whole head (HTTP1_DONE's length). out->fields and
 * out->max_fields are set by the caller; the rest is written. */
enum why http1_parse_request(const char *p, size_t n, struct http1_head *out);

/* The same for a response to a request of that method. Go's server is the
 * peer: a malformed head is WHY_ENGINE_RESPONSE. */
enum why http1_parse_response(
	const char *p, size_t n, enum method method, struct http1_head *out);

/* --- bodies --------------------------------------------------------------- */

struct http1_body {
	enum http1_framing framing;
	uint64_t left;    /* of the length, or of the current chunk */
	uint8_t state;    /* of the chunk decoder */
	uint16_t line;    /* bytes of the current chunk or trailer line */
	uint32_t trailer; /* bytes of trailers so far */
};

enum http1_step {
	HTTP1_STEP_DATA, /* *data_out is the next piece of the body */
	HTTP1_STEP_MORE, /* needs more bytes */
	HTTP1_STEP_END,  /* the body is complete */
	HTTP1_STEP_BAD,  /* malformed */
};

void http1_body_init(
	struct http1_body *b, enum http1_framing framing, uint64_t length);

/* Decodes from p: *used_out bytes are done with (framing and data). A DATA
 * piece borrows p and may be followed by more. Chunk extensions (RFC 9112
 * section 7.1.1) and trailers are read, checked and dropped. */
enum http1_step http1_body_next(struct http1_body *b, const char *p, size_t n,
	size_t *used_out, struct str *data_out);

/* Is the body at its end (true at once for no body and for length 0)? */
bool http1_body_ended(const struct http1_body *b);

#endif
