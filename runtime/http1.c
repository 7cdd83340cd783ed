/* HTTP/1.1 heads: finding their end, and parsing them strictly. */
#include "runtime/http1.h"

#include "runtime/limits.h"

#include <stdint.h>

/* Classes of bytes (RFC 9110 section 5.6.2, 5.5; RFC 3986 appendix A). */
enum {
	C_TOKEN = 1 << 0, /* tchar */
	C_VALUE = 1 << 1, /* field-vchar, obs-text, SP, HTAB */
	C_HOST = 1 << 2,  /* reg-name, IP-literal, port; %2F of unix clients */
};

/* clang-format off */
#define T C_TOKEN
#define V C_VALUE
#define H C_HOST
static const uint8_t class_of[256] = {
	['\t'] = V, [' '] = V,
	['!'] = T|V|H, ['"'] = V, ['#'] = T|V, ['$'] = T|V|H, ['%'] = T|V|H,
	['&'] = T|V|H, ['\''] = T|V|H, ['('] = V|H, [')'] = V|H,
	['*'] = T|V|H, ['+'] = T|V|H, [','] = V|H, ['-'] = T|V|H,
	['.'] = T|V|H, ['/'] = V,
	['0' ... '9'] = T|V|H, [':'] = V|H, [';'] = V|H, ['<'] = V,
	['='] = V|H, ['>'] = V, ['?'] = V, ['@'] = V,
	['A' ... 'Z'] = T|V|H, ['['] = V|H, ['\\'] = V, [']'] = V|H,
	['^'] = T|V, ['_'] = T|V|H, ['`'] = T|V, ['a' ... 'z'] = T|V|H,
	['{'] = V, ['|'] = T|V, ['}'] = V, ['~'] = T|V|H,
	[0x80 ... 0xff] = V,
};
#undef T
#undef V
#undef H
/* clang-format on */

static inline bool
is(char c, unsigned classes)
{
	return class_of[(unsigned char)c] & classes;
}

static bool
all(struct str s, unsigned classes)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i], classes))
			return false;
	return true;
}

enum http1_scan
http1_scan_head(const char *p, size_t n, size_t *seen, size_t *len_out)
{
	while (*seen < n) {
		const char *nl = memchr(p + *seen, '\n', n - *seen);
		if (!nl) {
			*seen = n;
			break;
		}
		size_t at = (size_t)(nl - p);
		if (at == 0 || p[at - 1] != '\r')
			return HTTP1_BAD;
		*seen = at + 1;
		if (at == 1 || p[at - 2] == '\n') {
			*len_out = at + 1;
			return HTTP1_DONE;
		}
	}
	return HTTP1_MORE;
}

/* --- fields --------------------------------------------------------------- */

enum field_trait {
	F_ONCE = 1 << 0, /* a second one is refused */
	F_HOP = 1 << 1,  /* RFC 9110 section 7.6.1: never forwarded as is */
};

struct known_field {
	struct str name;
	enum http1_field_id id;
	unsigned traits;
};

/* By the length of the name. */
static const struct known_field known_fields[][3] = {
	[2] = {{STR("te"), HTTP1_TE, F_HOP}},
	[4] = {{STR("host"), HTTP1_HOST, F_ONCE}, {STR("date"), HTTP1_DATE, 0}},
	[6] = {{STR("expect"), HTTP1_EXPECT, F_ONCE | F_HOP}},
	[7] = {{STR("trailer"), HTTP1_TRAILER, F_HOP},
		{STR("upgrade"), HTTP1_UPGRADE, F_ONCE | F_HOP}},
	[10] = {{STR("connection"), HTTP1_CONNECTION, F_HOP},
		{STR("keep-alive"), HTTP1_KEEP_ALIVE, F_HOP}},
	[12] = {{STR("content-type"), HTTP1_CONTENT_TYPE, F_ONCE},
		{STR("max-forwards"), HTTP1_MAX_FORWARDS, 0},
		/* each hop has its own */
		{STR("x-request-id"), HTTP1_REQUEST_ID, F_HOP}},
	[13] = {{STR("authorization"), HTTP1_AUTHORIZATION, F_HOP}},
	[14] = {{STR("content-length"), HTTP1_CONTENT_LENGTH, F_ONCE | F_HOP},
		{STR("http2-settings"), HTTP1_HTTP2_SETTINGS, F_HOP}},
	[16] = {{STR("content-encoding"), HTTP1_CONTENT_ENCODING, F_ONCE},
		{STR("proxy-connection"), HTTP1_PROXY_CONNECTION, F_HOP}},
	[17] = {{STR("transfer-encoding"), HTTP1_TRANSFER_ENCODING,
		F_ONCE | F_HOP}},
	[18] = {{STR("proxy-authenticate"), HTTP1_PROXY_AUTHENTICATE, F_HOP}},
	[19] = {{STR("proxy-authorization"), HTTP1_PROXY_AUTHORIZATION, F_HOP}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The name of an empty place is as long as none that is looked for. */
static const struct known_field *
find_known(struct str name)
{
	if (name.n >= COUNT(known_fields))
		return NULL;
	const struct known_field *k = known_fields[name.n];
	for (size_t i = 0; i < COUNT(known_fields[0]); i++)
		if (str_eq_nocase(k[i].name, name))
			return &k[i];
	return NULL;
}

/* Eight bytes of a value at a time: none is a control byte, DEL or a tab. */
static bool
all_plain(uint64_t w)
{
	uint64_t low = w & WORD_EACH(0x7f);
	uint64_t from_blank = low + WORD_EACH(0x80 - ' ');
	uint64_t is_del = low + WORD_EACH(1);

	return ((w | (from_blank & ~is_del)) & WORD_EACH(0x80)) ==
	       WORD_EACH(0x80);
}

/* Behind the bytes of a value; every line of a scanned head has an end. */
static const char *
skip_value(const char *p, const char *end)
{
	while (end - p >= 8 && all_plain(word_at(p)))
		p += 8;
	while (is(*p, C_VALUE))
		p++;
	return p;
}

/* One field line at *at, CRLF included; every line of a scanned head has one.
 */
static enum why
read_field(struct str head, size_t *at, struct http1_field *f)
{
	const char *p = head.p + *at, *start = p;

	if (*p == ' ' || *p == '\t')
		return WHY_FIELD_FOLDED;
	while (is(*p, C_TOKEN))
		p++;
	if (*p != ':' || p == start)
		return WHY_FIELD_NAME;
	f->name = (struct str){start, (size_t)(p - start)};
	start = ++p;
	p = skip_value(p, head.p + head.n);
	if (p[0] != '\r' || p[1] != '\n')
		return WHY_FIELD_VALUE;
	f->value = str_trim((struct str){start, (size_t)(p - start)});
	*at = (size_t)(p + 2 - head.p);
	return WHY_OK;
}

static enum why
read_fields(struct str head, size_t at, struct http1_head *out)
{
	unsigned once = 0;

	while (head.p[at] != '\r' || head.p[at + 1] != '\n') {
		if (out->nfields == out->max_fields)
			return WHY_HEAD_TOO_MANY;
		struct http1_field *f = &out->fields[out->nfields];
		enum why why = read_field(head, &at, f);
		if (why)
			return why;
		const struct known_field *k = find_known(f->name);
		f->id = k ? k->id : HTTP1_OTHER;
		f->hop = k && (k->traits & F_HOP);
		if (k && (k->traits & F_ONCE) && (once & (1u << k->id)))
			return WHY_FIELD_DUPLICATE;
		once |= 1u << f->id;
		out->nfields++;
	}
	/* A CR CR LF inside would have ended the loop early. */
	return at + 2 == head.n ? WHY_OK : WHY_FIELD_VALUE;
}

/* --- what fields mean -------------------------------------------------------
 */

/* A field that Connection names ends here, but framing and routing may not be
 * taken away like that. */
static enum why
connection_names(struct http1_head *h, struct str name)
{
	if (str_eq_nocase(name, STR("close")))
		h->keep_alive = false;
	for (size_t i = 0; i < h->nfields; i++) {
		struct http1_field *f = &h->fields[i];
		if (!str_eq_nocase(f->name, name))
			continue;
		if (f->id == HTTP1_HOST || f->id == HTTP1_CONTENT_LENGTH ||
			f->id == HTTP1_TRANSFER_ENCODING ||
			f->id == HTTP1_CONTENT_TYPE ||
			f->id == HTTP1_CONTENT_ENCODING)
			return WHY_CONNECTION_VALUE;
		f->hop = true;
	}
	return WHY_OK;
}

static enum why
read_connection(struct http1_head *h, struct str list)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;
		struct str name = str_trim((struct str){list.p, n});
		list = str_from(list, comma ? n + 1 : n);
		if (name.n == 0)
			continue;
		if (!all(name, C_TOKEN) ||
			h->connection_options++ == CONNECTION_NAMES_MAX)
			return WHY_CONNECTION_VALUE;
		enum why why = connection_names(h, name);
		if (why)
			return why;
	}
	return WHY_OK;
}

static enum why
read_length(struct http1_head *h, struct str s)
{
	uint64_t n = 0;

	if (s.n == 0)
		return WHY_CONTENT_LENGTH;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (digit > 9 || n > (INT64_MAX - digit) / 10)
			return WHY_CONTENT_LENGTH;
		n = n * 10 + digit;
	}
	if (h->framing == HTTP1_CHUNKED)
		return WHY_FRAMING_BOTH;
	h->framing = HTTP1_LENGTH;
	h->content_length = n;
	h->has_length = true;
	return WHY_OK;
}

static enum why
read_transfer_encoding(struct http1_head *h, struct str s)
{
	if (h->has_length)
		return WHY_FRAMING_BOTH;
	if (!str_eq_nocase(s, STR("chunked")))
		return WHY_TRANSFER_ENCODING;
	if (h->minor == 0)
		return WHY_TRANSFER_ENCODING_10;
	h->framing = HTTP1_CHUNKED;
	return WHY_OK;
}

/* One protocol, a token with perhaps a version: "tcp", "websocket", "h2c". */
static enum why
read_upgrade(struct http1_head *h, struct str s)
{
	if (s.n == 0)
		return WHY_UPGRADE_VALUE;
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i], C_TOKEN) && s.p[i] != '/')
			return WHY_UPGRADE_VALUE;
	h->upgrade = s;
	return WHY_OK;
}

/* What both kinds of message understand; out->framing is preset. */
static enum why
read_common(struct http1_head *h, const struct http1_field *f)
{
	switch (f->id) {
	case HTTP1_CONNECTION:
		return read_connection(h, f->value);
	case HTTP1_CONTENT_LENGTH:
		return read_length(h, f->value);
	case HTTP1_TRANSFER_ENCODING:
		return read_transfer_encoding(h, f->value);
	case HTTP1_UPGRADE:
		return read_upgrade(h, f->value);
	case HTTP1_CONTENT_TYPE:
		h->content_type = f->value;
		return WHY_OK;
	case HTTP1_DATE:
		h->has_date = true;
		return WHY_OK;
	case HTTP1_OTHER:
	case HTTP1_AUTHORIZATION:
	case HTTP1_CONTENT_ENCODING:
	case HTTP1_EXPECT:
	case HTTP1_HOST:
	case HTTP1_HTTP2_SETTINGS:
	case HTTP1_KEEP_ALIVE:
	case HTTP1_MAX_FORWARDS:
	case HTTP1_PROXY_AUTHENTICATE:
	case HTTP1_PROXY_AUTHORIZATION:
	case HTTP1_PROXY_CONNECTION:
	case HTTP1_REQUEST_ID:
	case HTTP1_TE:
	case HTTP1_TRAILER:
		return WHY_OK;
	}
	return WHY_OK;
}

static enum why
read_expect(struct http1_head *h, struct str s)
{
	if (h->minor == 0)
		return WHY_OK; /* RFC 9110 section 10.1.1: ignored */
	if (!str_eq_nocase(s, STR("100-continue")))
		return WHY_EXPECT;
	h->expect_continue = true;
	return WHY_OK;
}

/* RFC 9110 section 8.3.1, up to the parameters: a token, a slash, a token.
 * Strictly, since Go lowers the case of more than ASCII and trims more than
 * blanks: what only resembles a form here may be one there. */
static bool
is_media_type(struct str s)
{
	const char *slash = memchr(s.p, '/', s.n);
	const char *end = memchr(s.p, ';', s.n);

	if (end)
		s = str_trim((struct str){s.p, (size_t)(end - s.p)});
	size_t type = slash ? (size_t)(slash - s.p) : 0;
	if (type == 0 || type + 1 >= s.n)
		return false;
	return all((struct str){s.p, type}, C_TOKEN) &&
	       all(str_from(s, type + 1), C_TOKEN);
}

static enum why
read_request_field(struct http1_head *h, const struct http1_field *f)
{
	if (f->id == HTTP1_HOST) {
		if (!all(f->value, C_HOST))
			return WHY_HOST_VALUE;
		h->host = f->value;
	} else if (f->id == HTTP1_EXPECT) {
		return read_expect(h, f->value);
	} else if (f->id == HTTP1_CONTENT_ENCODING) {
		return WHY_CONTENT_ENCODING;
	} else if (f->id == HTTP1_MAX_FORWARDS) {
		if (h->method == METHOD_OPTIONS)
			return WHY_MAX_FORWARDS;
	} else if (f->id == HTTP1_CONTENT_TYPE) {
		if (f->value.n && !is_media_type(f->value))
			return WHY_CONTENT_TYPE;
	} else if (f->id == HTTP1_AUTHORIZATION) {
		h->authorization_twice = h->authorization.p != NULL;
		h->authorization = f->value;
	}
	return read_common(h, f);
}

/* A prefix, whatever parameters follow: Go's ParseForm reads the media type
 * even where it finds the parameters malformed. */
static bool
is_form(struct str type)
{
	static const struct str forms[] = {
		STR("application/x-www-form-urlencoded"),
		STR("multipart/form-data"),
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (type.n < forms[i].n)
			continue;
		struct str start = {type.p, forms[i].n};
		if (str_eq_nocase(start, forms[i]))
			return true;
	}
	return false;
}

static void
reset(struct http1_head *h)
{
	*h = (struct http1_head){
		.fields = h->fields,
		.max_fields = h->max_fields,
	};
}

/* --- requests --------------------------------------------------------------
 */

/* "HTTP/1.1\r\n" at p, which has at least that many bytes behind it. */
static enum why
read_version(const char *p, struct http1_head *out)
{
	if (memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1'))
		return WHY_VERSION;
	out->minor = (uint8_t)(p[7] - '0');
	out->keep_alive = out->minor == 1;
	return WHY_OK;
}

static enum why
read_method(struct str name, struct http1_head *out)
{
	if (!method_parse(name, &out->method))
		return WHY_METHOD;
	return out->method == METHOD_TRACE ? WHY_METHOD_TRACE : WHY_OK;
}

static enum why
read_request_line(struct str head, size_t *at, struct http1_head *out)
{
	const char *cr = memchr(head.p, '\r', head.n);
	struct str line = {head.p, (size_t)(cr - head.p)};
	if (cr[1] != '\n')
		return WHY_REQUEST_LINE;
	const char *sp = memchr(line.p, ' ', line.n);
	const char *last = memrchr(line.p, ' ', line.n);
	if (!sp || sp == last || last == sp + 1 || sp == line.p)
		return WHY_REQUEST_LINE;
	struct str method = {line.p, (size_t)(sp - line.p)};
	out->target = (struct str){sp + 1, (size_t)(last - sp - 1)};
	if (!all(method, C_TOKEN) || memchr(out->target.p, ' ', out->target.n))
		return WHY_REQUEST_LINE;
	enum why why =
		cr - last - 1 == 8 ? read_version(last + 1, out) : WHY_VERSION;
	*at = line.n + 2;
	return why ? why : read_method(method, out);
}

enum why
http1_parse_request(const char *p, size_t n, struct http1_head *out)
{
	struct str head = {p, n};
	size_t at = 0;

	reset(out);
	enum why why = read_request_line(head, &at, out);
	if (!why)
		why = read_fields(head, at, out);
	for (size_t i = 0; !why && i < out->nfields; i++)
		why = read_request_field(out, &out->fields[i]);
	if (why)
		return why;
	if (out->minor == 1 && !out->host.p)
		return WHY_HOST_MISSING;
	out->form_body = is_form(out->content_type);
	/* An expectation is about content; without it there is none. */
	if (out->framing == HTTP1_NO_BODY ||
		(out->framing == HTTP1_LENGTH && out->content_length == 0))
		out->expect_continue = false;
	return WHY_OK;
}

/* --- responses --------------------------------------------------------------
 */

/* "HTTP/1.1 200 OK": three digits; the reason may be missing. */
static bool
read_status_line(struct str head, size_t *at, struct http1_head *out)
{
	const char *cr = memchr(head.p, '\r', head.n);
	struct str line = {head.p, (size_t)(cr - head.p)};

	if (cr[1] != '\n' || line.n < 12 || read_version(line.p, out) ||
		line.p[8] != ' ' || (line.n > 12 && line.p[12] != ' '))
		return false;
	for (int i = 9; i < 12; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return false;
		out->status = (uint16_t)(out->status * 10 + (line.p[i] - '0'));
	}
	if (out->status < 100 || out->status > 599)
		return false;
	out->reason = line.n > 13 ? str_from(line, 13) : STR("");
	*at = line.n + 2;
	return all(out->reason, C_VALUE);
}

enum why
http1_parse_response(
	const char *p, size_t n, enum method method, struct http1_head *out)
{
	struct str head = {p, n};
	size_t at = 0;

	reset(out);
	if (!read_status_line(head, &at, out))
		return WHY_ENGINE_RESPONSE;
	out->framing = HTTP1_UNTIL_EOF;
	enum why why = read_fields(head, at, out);
	for (size_t i = 0; !why && i < out->nfields; i++)
		why = read_common(out, &out->fields[i]);
	/* RFC 9110 section 7.8: it says to which protocol. */
	if (why || (out->status == 101 && out->upgrade.n == 0))
		return WHY_ENGINE_RESPONSE;
	/* RFC 9112 section 6.3, rules 1 and 2. */
	if (method == METHOD_HEAD || out->status < 200 || out->status == 204 ||
		out->status == 304)
		out->framing = HTTP1_NO_BODY;
	if (out->framing == HTTP1_UNTIL_EOF)
		out->keep_alive = false;
	return WHY_OK;
}
