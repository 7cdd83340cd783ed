/* Heads as they are read by blocks and words, against a reader that looks at
 * one byte after another: over random heads, what is refused and why, and the
 * lines of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/http1.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADS    300000
#define FIELDS   6
#define HEAD_MAX 600

/* --- byte by byte -------------------------------------------------------------
 */

static bool
is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static enum http1_scan
naive_scan(const char *p, size_t n, size_t *len_out)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n')
			continue;
		if (i == 0 || p[i - 1] != '\r')
			return HTTP1_BAD;
		if (i == 1 || p[i - 2] == '\n') {
			*len_out = i + 1;
			return HTTP1_DONE;
		}
	}
	return HTTP1_MORE;
}

static const struct {
	const char *name;
	enum http1_field_id id;
	bool once, hop;
} known[] = {
	{"te", HTTP1_TE, false, true},
	{"host", HTTP1_HOST, true, false},
	{"date", HTTP1_DATE, false, false},
	{"expect", HTTP1_EXPECT, true, true},
	{"trailer", HTTP1_TRAILER, false, true},
	{"upgrade", HTTP1_UPGRADE, true, true},
	{"connection", HTTP1_CONNECTION, false, true},
	{"keep-alive", HTTP1_KEEP_ALIVE, false, true},
	{"content-type", HTTP1_CONTENT_TYPE, true, false},
	{"max-forwards", HTTP1_MAX_FORWARDS, false, false},
	{"x-request-id", HTTP1_REQUEST_ID, false, true},
	{"authorization", HTTP1_AUTHORIZATION, false, true},
	{"content-length", HTTP1_CONTENT_LENGTH, true, true},
	{"http2-settings", HTTP1_HTTP2_SETTINGS, false, true},
	{"content-encoding", HTTP1_CONTENT_ENCODING, true, false},
	{"proxy-connection", HTTP1_PROXY_CONNECTION, false, true},
	{"transfer-encoding", HTTP1_TRANSFER_ENCODING, true, true},
	{"proxy-authenticate", HTTP1_PROXY_AUTHENTICATE, false, true},
	{"proxy-authorization", HTTP1_PROXY_AUTHORIZATION, false, true},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static size_t
naive_known(struct str name)
{
	size_t i = 0;

	while (i < KNOWN && (strlen(known[i].name) != name.n ||
				    strncasecmp(known[i].name, name.p, name.n)))
		i++;
	return i;
}

/* What is behind the line that starts at p, in *p. */
static enum why
naive_field(const char **p, struct http1_field *f)
{
	const char *at = *p;

	if (*at == ' ' || *at == '\t')
		return WHY_FIELD_FOLDED;
	while (is_token(*at))
		at++;
	if (at == *p || *at != ':')
		return WHY_FIELD_NAME;
	f->name = (struct str){*p, (size_t)(at - *p)};
	const char *start = ++at;
	while (is_text(*at))
		at++;
	if (at[0] != '\r' || at[1] != '\n')
		return WHY_FIELD_VALUE;
	f->value = str_trim((struct str){start, (size_t)(at - start)});
	*p = at + 2;
	return WHY_OK;
}

/* Into f, *n_out of them. */
static enum why
naive_fields(
	const char *p, const char *end, struct http1_field *f, size_t *n_out)
{
	bool seen[KNOWN + 1] = {false};
	size_t n = 0;

	for (; p[0] != '\r' || p[1] != '\n'; n++) {
		if (n == FIELDS)
			return WHY_HEAD_TOO_MANY;
		enum why why = naive_field(&p, &f[n]);
		if (why)
			return why;
		size_t k = naive_known(f[n].name);
		if (k < KNOWN && known[k].once && seen[k])
			return WHY_FIELD_DUPLICATE;
		seen[k] = true;
		f[n].id = k < KNOWN ? known[k].id : HTTP1_OTHER;
		f[n].hop = k < KNOWN && known[k].hop;
	}
	*n_out = n;
	return p + 2 == end ? WHY_OK : WHY_FIELD_VALUE;
}

/* Up to its end, which is *p then. */
static enum why
naive_request_line(const char **p, const char *end, struct str *target)
{
	const char *cr = memchr(*p, '\r', (size_t)(end - *p));
	struct str line = {*p, (size_t)(cr - *p)}, part[3];
	enum method method;
	size_t n = 0;

	*p = cr + 2;
	for (const char *at = line.p; at <= cr && n <= 3; n++) {
		const char *behind = at;
		while (behind < cr && *behind != ' ')
			behind++;
		if (n < 3)
			part[n] = (struct str){at, (size_t)(behind - at)};
		at = behind + 1;
	}
	if (cr[1] != '\n' || n != 3 || part[0].n == 0 || part[1].n == 0)
		return WHY_REQUEST_LINE;
	for (size_t i = 0; i < part[0].n; i++)
		if (!is_token(part[0].p[i]))
			return WHY_REQUEST_LINE;
	if (!str_eq(part[2], STR("HTTP/1.1")) &&
		!str_eq(part[2], STR("HTTP/1.0")))
		return WHY_VERSION;
	if (!method_parse(part[0], &method))
		return WHY_METHOD;
	*target = part[1];
	return method == METHOD_TRACE ? WHY_METHOD_TRACE : WHY_OK;
}

/* --- both ---------------------------------------------------------------------
 */

/* Is it found out before what fields mean? */
static bool
is_of_lines(enum why why)
{
	return why == WHY_REQUEST_LINE || why == WHY_VERSION ||
	       why == WHY_METHOD || why == WHY_METHOD_TRACE ||
	       why == WHY_FIELD_FOLDED || why == WHY_FIELD_NAME ||
	       why == WHY_FIELD_VALUE || why == WHY_FIELD_DUPLICATE ||
	       why == WHY_HEAD_TOO_MANY;
}

static void
check_fields(const struct http1_head *h, const struct http1_field *f, size_t n)
{
	assert_int_equal(h->nfields, n);
	for (size_t i = 0; i < n; i++) {
		const struct http1_field *is = &h->fields[i];
		assert_ptr_equal(is->name.p, f[i].name.p);
		assert_int_equal(is->name.n, f[i].name.n);
		assert_ptr_equal(is->value.p, f[i].value.p);
		assert_int_equal(is->value.n, f[i].value.n);
		assert_int_equal(is->id, f[i].id);
		/* Connection may name more of them. */
		assert_true(is->hop || !f[i].hop);
	}
}

static void
check_request(const char *p, size_t n)
{
	struct http1_field is[FIELDS], want[FIELDS];
	struct http1_head h = {.fields = is, .max_fields = FIELDS};
	struct str target = {NULL, 0};
	const char *at = p;
	size_t nwant = 0;

	enum why why = naive_request_line(&at, p + n, &target);
	if (!why)
		why = naive_fields(at, p + n, want, &nwant);
	enum why got = http1_parse_request(p, n, &h);
	if (why || is_of_lines(got))
		assert_int_equal(got, why);
	if (why)
		return;
	assert_ptr_equal(h.target.p, target.p);
	assert_int_equal(h.target.n, target.n);
	check_fields(&h, want, nwant);
}

static void
check_response(const char *p, size_t n)
{
	struct http1_field is[FIELDS], want[FIELDS];
	struct http1_head h = {.fields = is, .max_fields = FIELDS};
	const char *at = memchr(p, '\r', n);
	size_t nwant = 0;
	bool good = at[1] == '\n' && at - p >= 12 &&
		    (at - p == 12 || p[12] == ' ') && p[8] == ' ' &&
		    (!memcmp(p, "HTTP/1.1", 8) || !memcmp(p, "HTTP/1.0", 8)) &&
		    p[9] >= '1' && p[9] <= '5';

	for (size_t i = 10; i < 12; i++)
		good = good && p[i] >= '0' && p[i] <= '9';
	for (size_t i = 13; good && p + i < at; i++)
		good = is_text(p[i]);
	good = good && naive_fields(at + 2, p + n, want, &nwant) == WHY_OK;
	if (http1_parse_response(p, n, METHOD_GET, &h) != WHY_OK)
		return; /* it may be what a field means */
	assert_true(good);
	check_fields(&h, want, nwant);
}

/* The head in memory that ends with it, whatever split it comes in. */
static void
check(const char *text, size_t n, size_t split)
{
	char *p = malloc(n);
	size_t seen = 0, len = 0, want = 0;

	assert_non_null(p);
	memcpy(p, text, n);
	enum http1_scan scan = http1_scan_head(p, split, &seen, &len);
	if (scan == HTTP1_MORE)
		scan = http1_scan_head(p, n, &seen, &len);
	assert_int_equal(scan, naive_scan(p, n, &want));
	if (scan == HTTP1_DONE) {
		assert_int_equal(len, want);
		p = realloc(p, len);
		assert_non_null(p);
		check_request(p, len);
		check_response(p, len);
	}
	free(p);
}

/* --- heads --------------------------------------------------------------------
 */

static uint32_t
next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

#define ONE_OF(x, table) \
	((table)[next(x) % (sizeof(table) / sizeof((table)[0]))])

/* In any case, and sometimes not quite. */
static size_t
put_name(uint32_t *x, char *to)
{
	static const char *const others[] = {"Server", "X", "Api-Version",
		"Docker-Experimental", "X-Meta-Source-Client-Of-Ours", "Hos",
		"Dates", "hostt", "Content_Type", "Content-Lengtx"};
	const char *name =
		next(x) % 3 ? known[next(x) % KNOWN].name : ONE_OF(x, others);
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		to[i] = name[i] >= 'a' && name[i] <= 'z' && next(x) % 4 == 0
				? (char)(name[i] - 0x20)
				: name[i];
	if (next(x) % 16 == 0)
		to[next(x) % n] ^= (char)(1u << next(x) % 8);
	return n;
}

static size_t
put_head(uint32_t *x, char *to)
{
	static const char *const firsts[] = {
		"GET / HTTP/1.1\r\n",
		"POST /v1.41/containers/create?name=a HTTP/1.0\r\n",
		"DELETE http://docker/v1.41/images/a HTTP/1.1\r\n",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.0 304\r\n",
		"GET  / HTTP/1.1\r\n",
		"GET / HTTP/1.2\r\n",
		"FOO / HTTP/1.1\r\n",
	};
	static const char *const values[] = {"", " ", " a", " 12", "\tx \t",
		" keep-alive", " close, X", " chunked", " 127.0.0.1:2375",
		" text/plain; charset=utf-8", " a\tb\tc d e f g h i j k l m"};
	size_t n = 0;

	n += (size_t)sprintf(to, "%s", ONE_OF(x, firsts));
	for (unsigned k = next(x) % 8; k > 0; k--) {
		n += put_name(x, to + n);
		n += (size_t)sprintf(to + n, ":%s\r\n", ONE_OF(x, values));
	}
	n += (size_t)sprintf(to + n, "\r\n");
	return n;
}

static void
both_read_the_same(void **state)
{
	static const char ends[] = "\0\r\n\r\n :\t\x7f\x80\xff\x01,aZ";
	char text[HEAD_MAX];
	uint32_t x = 2463534242u;

	(void)state;
	for (unsigned i = 0; i < HEADS; i++) {
		size_t n = put_head(&x, text);
		for (unsigned k = next(&x) % 3; k > 0; k--)
			text[next(&x) % n] =
				ends[next(&x) % (sizeof(ends) - 1)];
		check(text, n, next(&x) % (n + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_read_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
