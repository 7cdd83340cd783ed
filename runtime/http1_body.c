/* HTTP/1.1 message bodies: content-length and chunked framing, decoded. */
#include "runtime/http1.h"

#include "runtime/limits.h"

/* Where the chunk decoder is (RFC 9112 section 7.1). */
enum {
	CHUNK_SIZE,    /* in the hex digits */
	CHUNK_EXT,     /* behind them, behind a ";" */
	CHUNK_SIZE_LF, /* CR seen */
	CHUNK_DATA,
	CHUNK_DATA_CR, /* data done, CR must come */
	CHUNK_DATA_LF,
	CHUNK_TRAILER,  /* at the start of a trailer line */
	CHUNK_FIELD,    /* inside one */
	CHUNK_FIELD_LF, /* its CR seen */
	CHUNK_END_LF,   /* the CR of the empty line seen */
	CHUNK_ENDED,
	CHUNK_BAD, /* and so it stays: a malformed body has no end */
};

void
http1_body_init(
	struct http1_body *b, enum http1_framing framing, uint64_t length)
{
	*b = (struct http1_body){
		.framing = framing,
		.left = framing == HTTP1_LENGTH ? length : 0,
		.state = CHUNK_SIZE,
	};
}

bool
http1_body_ended(const struct http1_body *b)
{
	switch (b->framing) {
	case HTTP1_NO_BODY:
		return true;
	case HTTP1_LENGTH:
		return b->left == 0;
	case HTTP1_CHUNKED:
		return b->state == CHUNK_ENDED;
	case HTTP1_UNTIL_EOF:
		return false;
	}
	return false;
}

/* A byte of the size line, or of a trailer, that is text. */
static bool
is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

/* One byte of a size line; false: malformed. */
static bool
size_byte(struct http1_body *b, char c)
{
	int digit = ascii_hex(c);

	if (++b->line > CHUNK_LINE_MAX)
		return false;
	if (b->state == CHUNK_SIZE && digit >= 0) {
		b->left = b->left << 4 | (uint64_t)digit;
		return b->line <= CHUNK_SIZE_DIGITS;
	}
	if (b->state == CHUNK_SIZE && b->line == 1)
		return false; /* no digit at all */
	if (c == '\r')
		b->state = CHUNK_SIZE_LF;
	else if (b->state == CHUNK_SIZE && c == ';')
		b->state = CHUNK_EXT;
	else
		return b->state == CHUNK_EXT && is_text(c);
	return true;
}

/* One byte of the trailer section, which is dropped. */
static bool
trailer_byte(struct http1_body *b, char c)
{
	if (++b->trailer > TRAILER_BYTES_MAX)
		return false;
	if (c == '\r') {
		b->state = b->state == CHUNK_TRAILER ? CHUNK_END_LF
						     : CHUNK_FIELD_LF;
		return true;
	}
	/* A folded line would start with a blank. */
	if (b->state == CHUNK_TRAILER && (c == ' ' || c == '\t'))
		return false;
	b->state = CHUNK_FIELD;
	return is_text(c);
}

/* One byte outside of data; false: malformed. */
static bool
chunk_byte(struct http1_body *b, char c)
{
	switch (b->state) {
	case CHUNK_SIZE:
	case CHUNK_EXT:
		return size_byte(b, c);
	case CHUNK_SIZE_LF:
		b->state = b->left ? CHUNK_DATA : CHUNK_TRAILER;
		b->line = 0;
		return c == '\n';
	case CHUNK_DATA_CR:
		b->state = CHUNK_DATA_LF;
		return c == '\r';
	case CHUNK_DATA_LF:
		b->state = CHUNK_SIZE;
		return c == '\n';
	case CHUNK_TRAILER:
	case CHUNK_FIELD:
		return trailer_byte(b, c);
	case CHUNK_FIELD_LF:
		b->state = CHUNK_TRAILER;
		return c == '\n';
	case CHUNK_END_LF:
		b->state = CHUNK_ENDED;
		return c == '\n';
	default:
		return false;
	}
}

/* Takes as much of the current run of data as there is. */
static enum http1_step
take_data(struct http1_body *b, const char *p, size_t n, struct str *data_out)
{
	size_t take = b->left < n ? (size_t)b->left : n;

	*data_out = (struct str){p, take};
	b->left -= take;
	return HTTP1_STEP_DATA;
}

static enum http1_step
next_chunked(struct http1_body *b, const char *p, size_t n, size_t *used_out,
	struct str *data_out)
{
	size_t at = 0;

	while (b->state != CHUNK_ENDED && at < n) {
		if (b->state != CHUNK_DATA) {
			if (!chunk_byte(b, p[at++])) {
				b->state = CHUNK_BAD;
				*used_out = at;
				return HTTP1_STEP_BAD;
			}
			continue;
		}
		take_data(b, p + at, n - at, data_out);
		if (b->left == 0)
			b->state = CHUNK_DATA_CR;
		*used_out = at + data_out->n;
		return HTTP1_STEP_DATA;
	}
	*used_out = at;
	return b->state == CHUNK_ENDED ? HTTP1_STEP_END : HTTP1_STEP_MORE;
}

enum http1_step
http1_body_next(struct http1_body *b, const char *p, size_t n, size_t *used_out,
	struct str *data_out)
{
	*used_out = 0;
	*data_out = (struct str){p, 0};
	if (http1_body_ended(b))
		return HTTP1_STEP_END;
	if (b->framing == HTTP1_CHUNKED)
		return next_chunked(b, p, n, used_out, data_out);
	if (n == 0)
		return HTTP1_STEP_MORE;
	*used_out = n;
	if (b->framing == HTTP1_UNTIL_EOF) {
		*data_out = (struct str){p, n};
		return HTTP1_STEP_DATA;
	}
	take_data(b, p, n, data_out);
	*used_out = data_out->n;
	return HTTP1_STEP_DATA;
}
