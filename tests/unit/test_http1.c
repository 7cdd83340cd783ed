/* Heads and bodies of HTTP/1.1: what is accepted, what is refused, and that
 * neither depends on how the bytes are split.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/http1.h"
#include "runtime/http1_write.h"
#include "runtime/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define H        "Host: d\r\n"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct http1_field fields[16];

static enum why
parse(struct str raw, struct http1_head *h)
{
	size_t seen = 0, len = 0;

	*h = (struct http1_head){.fields = fields, .max_fields = COUNT(fields)};
	switch (http1_scan_head(raw.p, raw.n, &seen, &len)) {
	case HTTP1_BAD:
		return WHY_HEAD_LINE_END;
	case HTTP1_MORE:
		return WHY_HEAD_TIMEOUT;
	case HTTP1_DONE:
		break;
	}
	/* An exact copy, so that a sanitizer sees any read past it. */
	static char *copy;
	free(copy);
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, raw.p, len);
	return http1_parse_request(copy, len, h);
}

struct refusal {
	struct str raw;
	enum why why;
};

static void
refuses_what_is_not_strict(void **state)
{
	static const struct refusal table[] = {
		{STR("\r\nGET / HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET  / HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET /  HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR(" GET / HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET / HTTP/1.1 \r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET\t/\tHTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET /\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET /a b HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("G(T / HTTP/1.1\r\n" H "\r\n"), WHY_REQUEST_LINE},
		{STR("GET / HTTP/1.2\r\n" H "\r\n"), WHY_VERSION},
		{STR("GET / HTTP/2.0\r\n" H "\r\n"), WHY_VERSION},
		{STR("GET / HTTP/1.10\r\n" H "\r\n"), WHY_VERSION},
		{STR("GET / http/1.1\r\n" H "\r\n"), WHY_VERSION},
		{STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), WHY_VERSION},
		{STR("get / HTTP/1.1\r\n" H "\r\n"), WHY_METHOD},
		{STR("FOO / HTTP/1.1\r\n" H "\r\n"), WHY_METHOD},
		{STR("CONNECT d:80 HTTP/1.1\r\n" H "\r\n"), WHY_METHOD},
		{STR("TRACE / HTTP/1.1\r\n" H "\r\n"), WHY_METHOD_TRACE},
		{STR("GET / HTTP/1.1\n" H "\r\n"), WHY_HEAD_LINE_END},
		{STR("GET / HTTP/1.1\r\nX: a\nY: b\r\n\r\n"),
			WHY_HEAD_LINE_END},
		{STR("\n"), WHY_HEAD_LINE_END},
		{STR("GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n"),
			WHY_FIELD_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n"), WHY_FIELD_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"),
			WHY_FIELD_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "\0\0\0\0: a\r\n\r\n"),
			WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H
		     "\0\0\0\0\0: a\r\nX-Long: b\r\n\r\n"),
			WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\nhost\0: a\r\nX-Long: b\r\n\r\n"),
			WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H "content\rtype: a\r\n\r\n"),
			WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n"),
			WHY_FIELD_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "X : a\r\n\r\n"), WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H "X\r\n\r\n"), WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H ": a\r\n\r\n"), WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H "X@: a\r\n\r\n"), WHY_FIELD_NAME},
		{STR("GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"),
			WHY_FIELD_FOLDED},
		{STR("GET / HTTP/1.1\r\n X: a\r\n" H "\r\n"), WHY_FIELD_FOLDED},
		{STR("GET / HTTP/1.1\r\n\r\n"), WHY_HOST_MISSING},
		{STR("GET / HTTP/1.1\r\n" H H "\r\n"), WHY_FIELD_DUPLICATE},
		{STR("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), WHY_HOST_VALUE},
		{STR("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), WHY_HOST_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
		     "Content-Length: 1\r\n\r\n"),
			WHY_FIELD_DUPLICATE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"),
			WHY_CONTENT_LENGTH},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"),
			WHY_CONTENT_LENGTH},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n"),
			WHY_CONTENT_LENGTH},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),
			WHY_CONTENT_LENGTH},
		{STR("GET / HTTP/1.1\r\n" H
		     "Content-Length: 18446744073709551617\r\n\r\n"),
			WHY_CONTENT_LENGTH},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
		     "Transfer-Encoding: chunked\r\n\r\n"),
			WHY_FRAMING_BOTH},
		{STR("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
		     "Content-Length: 0\r\n\r\n"),
			WHY_FRAMING_BOTH},
		{STR("GET / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n"),
			WHY_TRANSFER_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H
		     "Transfer-Encoding: gzip, chunked\r\n\r\n"),
			WHY_TRANSFER_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H
		     "Transfer-Encoding: chunked;q=1\r\n\r\n"),
			WHY_TRANSFER_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H
		     "Transfer-Encoding: \"chunked\"\r\n\r\n"),
			WHY_TRANSFER_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"),
			WHY_TRANSFER_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
		     "Transfer-Encoding: chunked\r\n\r\n"),
			WHY_FIELD_DUPLICATE},
		{STR("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
			WHY_TRANSFER_ENCODING_10},
		{STR("GET / HTTP/1.1\r\n" H "Content-Encoding: gzip\r\n\r\n"),
			WHY_CONTENT_ENCODING},
		{STR("GET / HTTP/1.1\r\n" H "Expect: foo\r\n\r\n"), WHY_EXPECT},
		{STR("OPTIONS / HTTP/1.1\r\n" H "max-forwards: 1\r\n\r\n"),
			WHY_MAX_FORWARDS},
		{STR("GET / HTTP/1.1\r\n" H "Upgrade: a, b\r\n\r\n"),
			WHY_UPGRADE_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "Connection: a b\r\n\r\n"),
			WHY_CONNECTION_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
		     "Connection: Content-Length\r\n\r\n"),
			WHY_CONNECTION_VALUE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: a/b\r\n"
		     "Content-Type: a/b\r\n\r\n"),
			WHY_FIELD_DUPLICATE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: a\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: /b\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: a/\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: ;a/b\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: a/b, c/d\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: a/b c\r\n\r\n"),
			WHY_CONTENT_TYPE},
		/* Go lowers U+0130 to i, and trims U+00A0. */
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: appl\xc4\xb0"
		     "cation/x-www-form-urlencoded\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: \xc2\xa0"
		     "application/x-www-form-urlencoded\r\n\r\n"),
			WHY_CONTENT_TYPE},
		{STR("GET / HTTP/1.1\r\n" H "Content-Type: text/plain\xc2\xa0"
		     "; charset=utf-8\r\n\r\n"),
			WHY_CONTENT_TYPE},
	};
	struct http1_head h;
	(void)state;

	for (size_t i = 0; i < COUNT(table); i++) {
		enum why why = parse(table[i].raw, &h);
		if (why != table[i].why)
			fail_msg("row %zu: %s, not %s", i, why_name(why),
				why_name(table[i].why));
	}
}

static void
reads_what_a_client_sends(void **state)
{
	struct http1_head h;
	(void)state;

	assert_int_equal(
		parse(STR("POST /v1.41/x?y HTTP/1.1\r\nHost: d:1\r\n"
			  "User-Agent:\t Docker \r\nTransfer-Encoding: "
			  "Chunked\r\n"
			  "Connection: keep-alive, X-Drop\r\nx-drop: 1\r\n"
			  "Authorization: Bearer t\r\nExpect: "
			  "100-Continue\r\n\r\n"),
			&h),
		WHY_OK);
	assert_int_equal(h.method, METHOD_POST);
	assert_true(str_eq(h.target, STR("/v1.41/x?y")));
	assert_true(str_eq(h.host, STR("d:1")));
	assert_true(str_eq(h.authorization, STR("Bearer t")));
	assert_int_equal(h.framing, HTTP1_CHUNKED);
	assert_true(h.keep_alive && h.expect_continue);
	assert_true(str_eq(h.fields[1].value, STR("Docker")));
	assert_false(h.fields[1].hop);
	assert_true(h.fields[4].hop); /* named by Connection */

	assert_int_equal(parse(STR("GET / HTTP/1.0\r\n\r\n"), &h), WHY_OK);
	assert_false(h.keep_alive);
	assert_int_equal(parse(STR("GET / HTTP/1.1\r\nHost:\r\n"
				   "Connection: Upgrade\r\nUpgrade: tcp\r\n"
				   "Content-Length: 007\r\n\r\n"),
				 &h),
		WHY_OK);
	assert_true(str_eq(h.upgrade, STR("tcp")));
	assert_int_equal(h.content_length, 7);
	assert_int_equal(
		parse(STR("GET / HTTP/1.1\r\n" H
			  "Content-Type: MULTIPART/form-data; x\r\n\r\n"),
			&h),
		WHY_OK);
	assert_true(h.form_body);
	assert_int_equal(parse(STR("GET / HTTP/1.1\r\n" H "Content-Type: "
				   "text/x+y \t; z=\"\xc3\xa4\"\r\n\r\n"),
				 &h),
		WHY_OK);
	assert_false(h.form_body);
	assert_int_equal(
		parse(STR("GET / HTTP/1.1\r\n" H "Content-Type:\r\n\r\n"), &h),
		WHY_OK);
	assert_int_equal(h.content_type.n, 0);
}

static void
counts_fields(void **state)
{
	char raw[1024];
	struct http1_head h;
	(void)state;

	int n = snprintf(raw, sizeof(raw), "GET / HTTP/1.1\r\nHost: d\r\n");
	for (int i = 0; i < 15; i++)
		n += snprintf(raw + n, sizeof(raw) - (size_t)n, "X: y\r\n");
	int full = snprintf(raw + n, sizeof(raw) - (size_t)n, "\r\n");
	assert_int_equal(
		parse((struct str){raw, (size_t)(n + full)}, &h), WHY_OK);
	full = snprintf(raw + n, sizeof(raw) - (size_t)n, "Z: y\r\n\r\n");
	assert_int_equal(parse((struct str){raw, (size_t)(n + full)}, &h),
		WHY_HEAD_TOO_MANY);
}

/* Each option is looked for among all fields: so many together, on one line
 * or on two. */
static void
counts_connection_options(void **state)
{
	char raw[1024];
	struct http1_head h;
	(void)state;

	for (int at = 0; at <= CONNECTION_NAMES_MAX; at++) {
		int n = snprintf(raw, sizeof(raw),
			"GET / HTTP/1.1\r\n" H "Connection: ");
		for (int i = 0; i < CONNECTION_NAMES_MAX; i++)
			n += snprintf(raw + n, sizeof(raw) - (size_t)n, "%s",
				i == at ? "a\r\nConnection: " : "a, ");
		int end =
			snprintf(raw + n, sizeof(raw) - (size_t)n, "\r\n\r\n");
		assert_int_equal(
			parse((struct str){raw, (size_t)(n + end)}, &h),
			WHY_OK);
		end = snprintf(raw + n, sizeof(raw) - (size_t)n, "a\r\n\r\n");
		assert_int_equal(
			parse((struct str){raw, (size_t)(n + end)}, &h),
			WHY_CONNECTION_VALUE);
	}
}

static void
finds_the_end_however_split(void **state)
{
	const struct str raw = STR("GET / HTTP/1.1\r\nHost: d\r\n\r\nGET");
	size_t head = raw.n - 3;
	(void)state;

	for (size_t first = 0; first <= raw.n; first++) {
		size_t seen = 0, len = 0;
		enum http1_scan r = http1_scan_head(raw.p, first, &seen, &len);
		assert_int_equal(r, first < head ? HTTP1_MORE : HTTP1_DONE);
		if (r == HTTP1_MORE)
			r = http1_scan_head(raw.p, raw.n, &seen, &len);
		assert_int_equal(r, HTTP1_DONE);
		assert_int_equal(len, head);
	}
}

/* Decodes raw in two pieces; the data goes to out. */
static enum http1_step
decode(enum http1_framing framing, uint64_t length, struct str raw,
	size_t split, char *out, size_t *out_n, size_t *used_n)
{
	struct http1_body b;
	enum http1_step step = HTTP1_STEP_MORE;
	size_t at = 0;

	http1_body_init(&b, framing, length);
	*out_n = 0;
	for (int piece = 0; piece < 2; piece++) {
		size_t end = piece == 0 ? split : raw.n;
		do {
			struct str data;
			size_t used;
			step = http1_body_next(
				&b, raw.p + at, end - at, &used, &data);
			at += used;
			if (step == HTTP1_STEP_DATA) {
				memcpy(out + *out_n, data.p, data.n);
				*out_n += data.n;
			}
		} while (step == HTTP1_STEP_DATA);
		if (step != HTTP1_STEP_MORE)
			break;
	}
	*used_n = at;
	return step;
}

static void
decodes_chunks_however_split(void **state)
{
	static const struct str raw =
		STR("5\r\nhello\r\n"
		    "00a;ext=\"v\"\r\n0123456789\r\n1\r\n!\r\n"
		    "0\r\nTrailer: x\r\nOther: y\r\n\r\nGET /");
	static const struct str want = STR("hello0123456789!");
	char out[64];
	size_t n, used;
	(void)state;

	for (size_t split = 0; split <= raw.n; split++) {
		assert_int_equal(
			decode(HTTP1_CHUNKED, 0, raw, split, out, &n, &used),
			HTTP1_STEP_END);
		assert_int_equal(used, raw.n - 5);
		assert_true(str_eq((struct str){out, n}, want));
	}
}

static void
refuses_malformed_chunks(void **state)
{
	static const struct str table[] = {
		STR("\r\nx"),
		STR("g\r\n"),
		STR("5 \r\nhello\r\n0\r\n\r\n"),
		STR(" 5\r\nhello"),
		STR("5\nhello\n0\n\n"),
		STR("5\r\nhello0\r\n\r\n"),
		STR("5\r\nhello\n0\r\n\r\n"),
		STR("-5\r\nhello"),
		STR("0x5\r\nhello"),
		STR("5\rhello"),
		STR("0\r\n\n"),
		STR("0\r\nA: b\n\n"),
		STR("0\r\n A: b\r\n\r\n"),
		STR("0\r\nA\0: b\r\n\r\n"),
		STR(";ext\r\n"),
		STR("5;a\0b\r\nhello"),
		STR("1000000000000000\r\n"),
		STR("ffffffffffffffff\r\n"),
	};
	char out[64];
	size_t n, used;
	(void)state;

	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t split = 0; split <= table[i].n; split++)
			if (decode(HTTP1_CHUNKED, 0, table[i], split, out, &n,
				    &used) != HTTP1_STEP_BAD)
				fail_msg("row %zu, split %zu", i, split);
}

/* Whatever comes behind the fault, and whatever it was. */
static void
a_malformed_body_has_no_end(void **state)
{
	static const struct str table[] = {
		STR("0\r\n\rx"), /* where the end seemed to be */
		STR("0\r\n\r\r\n"),
		STR("0\rx\r\n\r\n"),
		STR("1\r\naa\r\n0\r\n\r\n"),
		STR("g"),
	};
	(void)state;

	for (size_t i = 0; i < COUNT(table); i++) {
		struct http1_body b;
		struct str data;
		size_t used, at = 0;
		enum http1_step step;
		http1_body_init(&b, HTTP1_CHUNKED, 0);
		do {
			step = http1_body_next(&b, table[i].p + at,
				table[i].n - at, &used, &data);
			at += used;
		} while (step == HTTP1_STEP_DATA);
		assert_int_equal(step, HTTP1_STEP_BAD);
		assert_false(http1_body_ended(&b));
		assert_int_equal(
			http1_body_next(&b, "0\r\n\r\n", 5, &used, &data),
			HTTP1_STEP_BAD);
		assert_false(http1_body_ended(&b));
	}
}

static void
limits_chunk_lines_and_trailers(void **state)
{
	char raw[16384], out[64];
	size_t n, used;
	(void)state;

	memset(raw, 'a', sizeof(raw));
	memcpy(raw, "5;", 2);
	assert_int_equal(
		decode(HTTP1_CHUNKED, 0, (struct str){raw, sizeof(raw)}, 0, out,
			&n, &used),
		HTTP1_STEP_BAD);
	memcpy(raw, "0\r\n", 3);
	assert_int_equal(
		decode(HTTP1_CHUNKED, 0, (struct str){raw, sizeof(raw)}, 0, out,
			&n, &used),
		HTTP1_STEP_BAD);
}

static void
decodes_a_length(void **state)
{
	char out[64];
	size_t n, used;
	(void)state;

	for (size_t split = 0; split <= 8; split++) {
		assert_int_equal(decode(HTTP1_LENGTH, 5, STR("helloGET"), split,
					 out, &n, &used),
			HTTP1_STEP_END);
		assert_int_equal(n, 5);
		assert_int_equal(used, 5);
	}
	assert_int_equal(decode(HTTP1_LENGTH, 0, STR("GET"), 0, out, &n, &used),
		HTTP1_STEP_END);
	assert_int_equal(decode(HTTP1_LENGTH, 5, STR("hel"), 1, out, &n, &used),
		HTTP1_STEP_MORE);
}

static enum why
response(struct str raw, enum method method, struct http1_head *h)
{
	*h = (struct http1_head){.fields = fields, .max_fields = COUNT(fields)};
	return http1_parse_response(raw.p, raw.n, method, h);
}

static void
frames_responses(void **state)
{
	static const struct {
		struct str raw;
		enum method method;
		enum http1_framing framing;
		bool keeps;
	} table[] = {
		{STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
			METHOD_GET, HTTP1_LENGTH, true},
		{STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
			METHOD_HEAD, HTTP1_NO_BODY, true},
		{STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
			METHOD_GET, HTTP1_CHUNKED, true},
		{STR("HTTP/1.1 200 OK\r\n\r\n"), METHOD_GET, HTTP1_UNTIL_EOF,
			false},
		{STR("HTTP/1.1 204 No Content\r\n\r\n"), METHOD_POST,
			HTTP1_NO_BODY, true},
		{STR("HTTP/1.1 304 \r\n\r\n"), METHOD_GET, HTTP1_NO_BODY, true},
		{STR("HTTP/1.1 100\r\n\r\n"), METHOD_GET, HTTP1_NO_BODY, true},
		{STR("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"),
			METHOD_GET, HTTP1_LENGTH, false},
		{STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		     "Connection: close\r\n\r\n"),
			METHOD_GET, HTTP1_LENGTH, false},
	};
	static const struct str bad[] = {
		STR("HTTP/1.1 99 OK\r\n\r\n"),
		STR("HTTP/2 200 OK\r\n\r\n"),
		STR("HTTP/1.1 2000 OK\r\n\r\n"),
		STR("HTTP/1.1 600 OK\r\n\r\n"),
		STR("HTTP/1.1 200 O\x01K\r\n\r\n"),
		STR("200 OK\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
		    "Content-Length: 2\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
		STR("HTTP/1.1 101 UPGRADED\r\n\r\n"),
		STR("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n"),
	};
	struct http1_head h;
	(void)state;

	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(
			response(table[i].raw, table[i].method, &h), WHY_OK);
		if (h.framing != table[i].framing ||
			h.keep_alive != table[i].keeps)
			fail_msg("row %zu", i);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (response(bad[i], METHOD_GET, &h) != WHY_ENGINE_RESPONSE)
			fail_msg("bad row %zu", i);
}

/* Each byte at each place of a value: read in words, and one by one. */
static void
refuses_control_bytes_anywhere(void **state)
{
	char raw[64];
	struct http1_head h;
	(void)state;

	for (size_t n = 1; n < 20; n++)
		for (size_t at = 0; at < n; at++)
			for (int c = 0; c < 256; c++) {
				bool good =
					c == '\t' || (c >= ' ' && c != 0x7f);
				int len = snprintf(raw, sizeof(raw),
					"GET / HTTP/1.1\r\n" H "X:%.*s\r\n\r\n",
					(int)n, "aaaaaaaaaaaaaaaaaaaaaaaa");
				raw[len - 4 - (int)(n - at)] = (char)c;
				enum why why = parse(
					(struct str){raw, (size_t)len}, &h);
				if ((why == WHY_OK) != good)
					fail_msg("0x%02x at %zu of %zu", c, at,
						n);
			}
}

/* A line that stands as it would be written is copied with its neighbours:
 * however the lines are spelt, what is written is put together from fields. */
static void
writes_lines_as_if_one_by_one(void **state)
{
	static const char *const lines[] = {
		"A: b\r\n",
		"Longer-Name: with several words\r\n",
		"A:b\r\n",
		"A:\tb\r\n",
		"A:  b\r\n",
		"A: b \r\n",
		"A: b\t\r\n",
		"A:\r\n",
		"A: \r\n",
		"A:  \r\n",
		"Keep-Alive: 1\r\n",
	};
	const size_t n = COUNT(lines);
	char raw[256], got[512], want[512];
	struct http1_head h;
	(void)state;

	for (size_t i = 0; i < n * n * n * n; i++) {
		int len = snprintf(raw, sizeof(raw),
			"HTTP/1.1 200 OK\r\n%s%s%s%s\r\n", lines[i % n],
			lines[i / n % n], lines[i / n / n % n],
			lines[i / n / n / n]);
		assert_int_equal(response((struct str){raw, (size_t)len},
					 METHOD_GET, &h),
			WHY_OK);
		struct http1_writer a = {.p = got, .cap = sizeof(got)};
		struct http1_writer b = {.p = want, .cap = sizeof(want)};
		http1_write_response(
			&a, &(struct http1_response_out){.head = &h});
		http1_put(&b, STR("HTTP/1.1 200 OK\r\n"));
		for (size_t f = 0; f < h.nfields; f++)
			if (!h.fields[f].hop)
				http1_put_field(&b, h.fields[f].name,
					h.fields[f].value);
		http1_put(&b, STR("\r\n"));
		assert_int_equal(a.n, b.n);
		assert_memory_equal(got, want, a.n);
	}
}

/* Whether or not it stands so in the head. */
static void
writes_first_lines_anew(void **state)
{
	static const struct {
		struct str target, read, written;
	} requests[] = {
		{STR(""), STR("GET /x HTTP/1.1\r\nHost: d\r\n\r\n"),
			STR("GET /x HTTP/1.1\r\nHost: d\r\n\r\n")},
		{STR("/x"), STR("GET /x HTTP/1.1\r\nHost: d\r\n\r\n"),
			STR("GET /x HTTP/1.1\r\nHost: d\r\n\r\n")},
		{STR("/y"), STR("GET /x HTTP/1.1\r\nHost:d\r\n\r\n"),
			STR("GET /y HTTP/1.1\r\nHost: d\r\n\r\n")},
		{STR(""), STR("HEAD /x HTTP/1.1\r\nTE: x\r\nHost: d\r\n\r\n"),
			STR("HEAD /x HTTP/1.1\r\nHost: d\r\n\r\n")},
		{STR(""), STR("GET /x HTTP/1.0\r\nHost: d\r\n\r\n"),
			STR("GET /x HTTP/1.1\r\nHost: d\r\n\r\n")},
		{STR(""), STR("GET /x HTTP/1.0\r\nA: b\r\n\r\n"),
			STR("GET /x HTTP/1.1\r\nHost: docker\r\n"
			    "A: b\r\n\r\n")},
	};
	static const struct {
		struct str read, written;
	} responses[] = {
		{STR("HTTP/1.1 200 OK\r\n\r\n"),
			STR("HTTP/1.1 200 OK\r\n\r\n")},
		{STR("HTTP/1.1 200  OK \r\n\r\n"),
			STR("HTTP/1.1 200  OK \r\n\r\n")},
		{STR("HTTP/1.1 200 \r\nA: b\r\n\r\n"),
			STR("HTTP/1.1 200 \r\nA: b\r\n\r\n")},
		{STR("HTTP/1.1 200\r\nA: b\r\n\r\n"),
			STR("HTTP/1.1 200 \r\nA: b\r\n\r\n")},
		{STR("HTTP/1.0 200 OK\r\nA: b\r\n\r\n"),
			STR("HTTP/1.1 200 OK\r\nA: b\r\n\r\n")},
		{STR("HTTP/1.1 404 Not Found\r\nKeep-Alive: 1\r\n"
		     "A: b\r\n\r\n"),
			STR("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n")},
	};
	char buf[128];
	struct http1_writer w = {.p = buf, .cap = sizeof(buf)};
	struct http1_head h;
	(void)state;

	for (size_t i = 0; i < COUNT(requests); i++) {
		struct str target = requests[i].target;
		assert_int_equal(parse(requests[i].read, &h), WHY_OK);
		w.n = 0;
		http1_write_request(
			&w, &(struct http1_request_out){
				    .head = &h,
				    .target = target.n ? target : h.target,
			    });
		assert_true(
			str_eq((struct str){buf, w.n}, requests[i].written));
	}
	for (size_t i = 0; i < COUNT(responses); i++) {
		assert_int_equal(
			response(responses[i].read, METHOD_GET, &h), WHY_OK);
		w.n = 0;
		http1_write_response(
			&w, &(struct http1_response_out){.head = &h});
		assert_true(
			str_eq((struct str){buf, w.n}, responses[i].written));
	}
}

static void
writes_heads_anew(void **state)
{
	char buf[512];
	struct http1_writer w = {.p = buf, .cap = sizeof(buf)};
	struct http1_head h;
	(void)state;

	assert_int_equal(
		parse(STR("POST /x HTTP/1.1\r\nHost: d\r\n"
			  "X-A:b\r\nTE: trailers\r\nKeep-Alive: 5\r\nX-Drop: "
			  "1\r\n"
			  "Connection: X-Drop, Upgrade\r\nUpgrade: tcp\r\n"
			  "Authorization: Bearer s\r\nContent-Length: "
			  "3\r\n\r\n"),
			&h),
		WHY_OK);
	http1_write_request(&w, &(struct http1_request_out){.head = &h,
					.target = STR("/v1.41/x"),
					.framing = HTTP1_LENGTH,
					.length = 3,
					.upgrade = true});
	assert_true(str_eq((struct str){buf, w.n},
		STR("POST /v1.41/x HTTP/1.1\r\nHost: d\r\nX-A: b\r\n"
		    "Content-Length: 3\r\nConnection: Upgrade\r\n"
		    "Upgrade: tcp\r\n\r\n")));

	assert_int_equal(
		response(STR("HTTP/1.1 200 OK\r\nServer: D\r\n"
			     "Connection: keep-alive\r\nTransfer-Encoding: "
			     "chunked\r\n"
			     "\r\n"),
			METHOD_GET, &h),
		WHY_OK);
	w.n = 0;
	http1_write_response(&w,
		&(struct http1_response_out){
			.head = &h, .framing = HTTP1_CHUNKED, .close = true});
	assert_true(str_eq((struct str){buf, w.n},
		STR("HTTP/1.1 200 OK\r\nServer: D\r\n"
		    "Transfer-Encoding: chunked\r\nConnection: close\r\n"
		    "\r\n")));
	assert_int_equal(
		response(STR("HTTP/1.1 200 OK\r\nDATE: x\r\nClose: y\r\n"
			     "Connection: close\r\n\r\n"),
			METHOD_HEAD, &h),
		WHY_OK);
	assert_true(h.has_date);
	w.n = 0;
	http1_write_response(&w,
		&(struct http1_response_out){.head = &h, .date = STR("now")});
	assert_true(str_eq((struct str){buf, w.n},
		STR("HTTP/1.1 200 OK\r\nDATE: x\r\nDate: now\r\n\r\n")));
	/* Too small a buffer: the length tells, nothing is written past it. */
	w = (struct http1_writer){.p = buf, .cap = 10};
	buf[10] = '#';
	http1_put(&w, STR("12345678"));
	http1_put(&w, STR("12345678"));
	http1_put_number(&w, 0);
	assert_int_equal(w.n, 17);
	assert_int_equal(buf[10], '#');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_strict),
		cmocka_unit_test(reads_what_a_client_sends),
		cmocka_unit_test(counts_fields),
		cmocka_unit_test(counts_connection_options),
		cmocka_unit_test(finds_the_end_however_split),
		cmocka_unit_test(decodes_chunks_however_split),
		cmocka_unit_test(refuses_malformed_chunks),
		cmocka_unit_test(a_malformed_body_has_no_end),
		cmocka_unit_test(limits_chunk_lines_and_trailers),
		cmocka_unit_test(decodes_a_length),
		cmocka_unit_test(frames_responses),
		cmocka_unit_test(refuses_control_bytes_anywhere),
		cmocka_unit_test(writes_lines_as_if_one_by_one),
		cmocka_unit_test(writes_first_lines_anew),
		cmocka_unit_test(writes_heads_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
