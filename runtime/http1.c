/* HTTP/1.1 heads: finding their end, and parsing them strictly. */
#include "runtime/http1.h"

#include "runtime/http1_block.h"
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

/* What few messages have is kept out of the way of the others. */
#define APART __attribute__((noinline))

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

/* At the end of a line: is it the empty one, or none that ends in CRLF? */
static inline enum http1_scan
scan_line(const char *head, const char *nl)
{
	if (nl - head < 2)
		return nl > head && nl[-1] == '\r' ? HTTP1_DONE : HTTP1_BAD;
	if (nl[-1] != '\r')
		return HTTP1_BAD;
	return nl[-2] == '\n' ? HTTP1_DONE : HTTP1_MORE;
}

/* By the line ends among the bytes from p on, a bit for each. */
static inline enum http1_scan
scan_lines(const char *head, const char *p, unsigned ends, size_t *len_out)
{
	for (; ends; ends &= ends - 1) {
		const char *nl = p + __builtin_ctz(ends);
		enum http1_scan scan = scan_line(head, nl);
		if (scan == HTTP1_MORE)
			continue;
		*len_out = (size_t)(nl - head) + 1;
		return scan;
	}
	return HTTP1_MORE;
}

enum http1_scan
http1_scan_head(const char *head, size_t n, size_t *seen, size_t *len_out)
{
	size_t at = *seen;
	enum http1_scan scan = HTTP1_MORE;

	*seen = n;
	for (; n - at >= HTTP1_BLOCK; at += HTTP1_BLOCK) {
		unsigned ends = http1_equal(head + at, '\n');
		scan = scan_lines(head, head + at, ends, len_out);
		if (scan != HTTP1_MORE)
			return scan;
	}
	/* The last bytes, and with them some that have been seen. */
	if (at < n && n >= HTTP1_BLOCK) {
		unsigned ends = http1_equal(head + n - HTTP1_BLOCK, '\n');
		return scan_lines(head, head + at,
			ends >> (HTTP1_BLOCK - (n - at)), len_out);
	}
	for (; at < n && scan == HTTP1_MORE; at++)
		scan = scan_lines(head, head + at, head[at] == '\n', len_out);
	return scan;
}

/* --- fields --------------------------------------------------------------- */

enum field_trait {
	F_ONCE = 1 << 0, /* a second one is refused */
	F_HOP = 1 << 1,  /* RFC 9110 section 7.6.1: never forwarded as is */
};

/* In lower case; a field that is not OTHER. */
struct known_field {
	char name[22]; /* and NULs, to HTTP1_NAME bytes at least */
	uint8_t id, traits;
};

/* By the length of the name. */
static const struct known_field known_fields[][3] = {
	[2] = {{"te", HTTP1_TE, F_HOP}},
	[4] = {{"host", HTTP1_HOST, F_ONCE}, {"date", HTTP1_DATE, 0}},
	[6] = {{"expect", HTTP1_EXPECT, F_ONCE | F_HOP}},
	[7] = {{"trailer", HTTP1_TRAILER, F_HOP},
		{"upgrade", HTTP1_UPGRADE, F_ONCE | F_HOP}},
	[10] = {{"connection", HTTP1_CONNECTION, F_HOP},
		{"keep-alive", HTTP1_KEEP_ALIVE, F_HOP}},
	[12] = {{"content-type", HTTP1_CONTENT_TYPE, F_ONCE},
		{"max-forwards", HTTP1_MAX_FORWARDS, 0},
		/* each hop has its own */
		{"x-request-id", HTTP1_REQUEST_ID, F_HOP}},
	[13] = {{"authorization", HTTP1_AUTHORIZATION, F_HOP}},
	[14] = {{"content-length", HTTP1_CONTENT_LENGTH, F_ONCE | F_HOP},
		{"http2-settings", HTTP1_HTTP2_SETTINGS, F_HOP}},
	[16] = {{"content-encoding", HTTP1_CONTENT_ENCODING, F_ONCE},
		{"proxy-connection", HTTP1_PROXY_CONNECTION, F_HOP}},
	[17] = {{"transfer-encoding", HTTP1_TRANSFER_ENCODING, F_ONCE | F_HOP}},
	[18] = {{"proxy-authenticate", HTTP1_PROXY_AUTHENTICATE, F_HOP}},
	[19] = {{"proxy-authorization", HTTP1_PROXY_AUTHORIZATION, F_HOP}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The name of an empty place is as long as none that is looked for. */
static APART const struct known_field *
find_by_bytes(struct str name, const struct known_field *k)
{
	for (size_t i = 0; i < COUNT(known_fields[0]) && k[i].id; i++)
		if (str_eq_nocase((struct str){k[i].name, name.n}, name))
			return &k[i];
	return NULL;
}

static inline const struct known_field *
find_known(struct str name, const char *end)
{
	if (name.n >= COUNT(known_fields))
		return NULL;
	const struct known_field *k = known_fields[name.n];
	if (name.n > HTTP1_NAME || end - name.p < HTTP1_NAME)
		return find_by_bytes(name, k);
	for (size_t i = 0; i < COUNT(known_fields[0]) && k[i].id; i++)
		if (http1_is_name(name.p, name.n, k[i].name))
			return &k[i];
	return NULL;
}

/* The end of a name: its colon, or what may not stand in one. */
static const char *
skip_name(const char *p, const char *end)
{
	if (end - p >= HTTP1_BLOCK) {
		unsigned colons = http1_equal(p, ':');
		if (colons)
			return p + __builtin_ctz(colons);
	}
	while (is(*p, C_TOKEN))
		p++;
	return p;
}

/* Behind the bytes of a value; every line of a scanned head has an end. */
static inline const char *
skip_value(const char *p, const char *end)
{
	while (is(*(p = http1_find_control(p, end)), C_VALUE))
		p++; /* a tab */
	return p;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One field line from p on; every line of a scanned head has an end, which is
 * set to *p. What is known needs no look at its bytes. */
static inline enum why
read_field(const char **p, const char *end, struct http1_field *f,
	const struct known_field **known_out)
{
	const char *name = *p;
	const char *colon = skip_name(name, end);
	f->name = (struct str){name, (size_t)(colon - name)};
	const struct known_field *known = find_known(f->name, end);

	if (*colon != ':' || colon == name ||
		(!known && !all(f->name, C_TOKEN)))
		return is_blank(*name) ? WHY_FIELD_FOLDED : WHY_FIELD_NAME;
	const char *value = colon + 1, *cr = skip_value(value, end);
	if (cr[0] != '\r' || cr[1] != '\n')
		return WHY_FIELD_VALUE;
	/* Nearly all are written with one blank in front. */
	value += *value == ' ';
	f->value = (struct str){value, (size_t)(cr - value)};
	if (is_blank(*value) || is_blank(cr[-1]))
		f->value = str_trim(f->value);
	*p = cr + 2;
	*known_out = known;
	return WHY_OK;
}

/* From p on; to the head's end. */
static enum why
read_fields(const char *p, const char *end, struct http1_head *out)
{
	struct http1_field *f = out->fields;
	const struct http1_field *behind = f + out->max_fields;
	unsigned once = 0;

	out->fields_bytes = (size_t)(end - p);
	for (; p[0] != '\r' || p[1] != '\n'; f++, out->nfields++) {
		const struct known_field *k;
		if (f == behind)
			return WHY_HEAD_TOO_MANY;
		enum why why = read_field(&p, end, f, &k);
		if (why)
			return why;
		f->id = HTTP1_OTHER;
		f->hop = false;
		if (!k)
			continue;
		f->id = k->id;
		f->hop = k->traits & F_HOP;
		if ((k->traits & F_ONCE) && (once & (1u << k->id)))
			return WHY_FIELD_DUPLICATE;
		once |= 1u << k->id;
	}
	/* A CR CR LF inside would have ended the loop early. */
	return p + 2 == end ? WHY_OK : WHY_FIELD_VALUE;
}

/* --- what fields mean -------------------------------------------------------
 */

/* Said often, and nothing else: a field of that name ends here anyway. */
static bool
is_keep_alive(struct http1_head *h, struct str list)
{
	if (h->connection_options > 0 ||
		!str_eq_nocase(list, STR("keep-alive")))
		return false;
	h->connection_options++;
	return true;
}

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

static APART enum why
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
static APART enum why
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
		return is_keep_alive(h, f->value)
			       ? WHY_OK
			       : read_connection(h, f->value);
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
static bool
read_version(const char *p, struct http1_head *out)
{
	uint64_t version = word_at(p);

	if (version != word_at("HTTP/1.1") && version != word_at("HTTP/1.0"))
		return false;
	out->minor = (uint8_t)(p[7] - '0');
	out->keep_alive = out->minor == 1;
	return true;
}

/* Three parts, with one blank between each. */
static enum why
read_request_line(const char **p, const char *end, struct http1_head *out)
{
	const char *cr = http1_find(*p, end, '\r');
	const char *sp = http1_find(*p, end, ' ');
	const char *last = sp < cr ? http1_find(sp + 1, end, ' ') : end;
	struct str method = {*p, (size_t)(sp - *p)};

	if (cr[1] != '\n' || last > cr || method.n == 0 || last == sp + 1)
		return WHY_REQUEST_LINE;
	out->target = (struct str){sp + 1, (size_t)(last - sp - 1)};
	struct str version = {last + 1, (size_t)(cr - last - 1)};
	bool good = version.n == 8 && read_version(version.p, out);
	if (!good && http1_find(version.p, cr, ' ') < cr)
		return WHY_REQUEST_LINE;
	out->line = (struct str){*p, (size_t)(cr - *p)};
	bool known = method_parse(method, &out->method);
	if (!known && !all(method, C_TOKEN))
		return WHY_REQUEST_LINE;
	*p = cr + 2;
	if (!good)
		return WHY_VERSION;
	if (!known)
		return WHY_METHOD;
	return out->method == METHOD_TRACE ? WHY_METHOD_TRACE : WHY_OK;
}

enum why
http1_parse_request(const char *p, size_t n, struct http1_head *out)
{
	const char *end = p + n;

	reset(out);
	enum why why = read_request_line(&p, end, out);
	if (!why)
		why = read_fields(p, end, out);
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
read_status_line(const char **p, const char *end, struct http1_head *out)
{
	const char *start = *p, *cr = skip_value(start, end);
	struct str line = {start, (size_t)(cr - start)};

	if (cr[0] != '\r' || cr[1] != '\n' || line.n < 12 ||
		!read_version(start, out) || start[8] != ' ' ||
		(line.n > 12 && start[12] != ' '))
		return false;
	for (int i = 9; i < 12; i++) {
		if (start[i] < '0' || start[i] > '9')
			return false;
		out->status = (uint16_t)(out->status * 10 + (start[i] - '0'));
	}
	if (out->status < 100 || out->status > 599)
		return false;
	out->line = line;
	out->reason = line.n > 13 ? str_from(line, 13) : STR("");
	*p = cr + 2;
	return true;
}

enum why
http1_parse_response(
	const char *p, size_t n, enum method method, struct http1_head *out)
{
	const char *end = p + n;

	reset(out);
	if (!read_status_line(&p, end, out))
		return WHY_ENGINE_RESPONSE;
	out->framing = HTTP1_UNTIL_EOF;
	enum why why = read_fields(p, end, out);
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
