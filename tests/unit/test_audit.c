/* Audit lines: their shape, their escapes, what they hide, and the chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/audit.h"

#include "runtime/sha256.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const keys[] = {"timestamp", "event", "peer_ip", "method",
	"path", "user_agent", "user_role", "identity", "rule_name",
	"rule_action", "status", "dry_run", "message", "request_id", "listener",
	"query", "bytes_in", "bytes_out", "duration_ms"};

static char buf[AUDIT_LINE_MAX];

/* The line as jansson reads it: one object on one line, its keys in order. */
static json_t *
parsed(const struct audit_event *e)
{
	size_t n = audit_line(e, buf);
	json_error_t error;
	size_t i = 0;
	const char *key;
	json_t *value;

	assert_true(n <= AUDIT_LINE_MAX - 75);
	assert_ptr_equal(memchr(buf, '\n', n), buf + n - 1);
	json_t *line = json_loadb(
		buf, n - 1, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!line)
		fail_msg("%s: %.*s", error.text, (int)n, buf);
	const char *want[COUNT(keys) + 3];
	size_t nwant = COUNT(keys);
	memcpy(want, keys, sizeof(keys));
	if (e->docker.n > 0)
		want[nwant++] = "docker";
	if (e->learns)
		want[nwant++] = "mode";
	if (e->kind == AUDIT_DROPPED)
		want[nwant++] = "count";
	json_object_foreach (line, key, value) {
		assert_true(i < nwant);
		assert_string_equal(key, want[i++]);
	}
	assert_int_equal(i, nwant);
	return line;
}

static struct str
text_of(const json_t *line, const char *key)
{
	const json_t *value = json_object_get(line, key);

	assert_true(json_is_string(value));
	return (struct str){
		json_string_value(value), json_string_length(value)};
}

#define assert_str(got, want) \
	do { \
		struct str got_ = (got), want_ = (want); \
		assert_int_equal(got_.n, want_.n); \
		assert_memory_equal(got_.p, want_.p, want_.n); \
	} while (0)

static void
has_the_shape_of_the_rust_proxy(void **state)
{
	const struct target_param params[] = {
		{STR("name"), STR("web 1")},
		{STR("t"), STR("a&b=c")},
		{STR("t"), STR("")},
	};
	const struct audit_event e = {
		.kind = AUDIT_DENY,
		.time_ms = 1778612958123,
		.peer_ip = STR("10.0.0.5"),
		.method = STR("POST"),
		.path = STR("/containers/create"),
		.user_agent = STR("docker/24.0"),
		.role = STR("readonly"),
		.rule_name = STR("admin-only-create"),
		.rule_action = STR("require_role"),
		.status = 403,
		.message = STR("Admin role required to create containers"),
		.request_id = STR("0123abcd"),
		.listener = STR("tcp"),
		.params = params,
		.nparams = COUNT(params),
		.bytes_in = 17,
		.bytes_out = UINT64_MAX,
		.duration_ms = 3,
	};
	const char *want =
		"{\"timestamp\":\"2026-05-12T19:09:18.123Z\",\"event\":\"deny\""
		",\"peer_ip\":\"10.0.0.5\",\"method\":\"POST\",\"path\":"
		"\"/containers/create\",\"user_agent\":\"docker/24.0\","
		"\"user_role\":\"readonly\",\"identity\":null,\"rule_name\":"
		"\"admin-only-create\",\"rule_action\":\"require_role\","
		"\"status\":403,\"dry_run\":false,\"message\":\"Admin role "
		"required to create containers\",\"request_id\":\"0123abcd\","
		"\"listener\":\"tcp\",\"query\":\"name=web%201&t=a%26b%3Dc&t=\""
		",\"bytes_in\":17,\"bytes_out\":18446744073709551615,"
		"\"duration_ms\":3}\n";
	(void)state;

	size_t n = audit_line(&e, buf);
	assert_str(((struct str){buf, n}), str_of(want));
}

static void
what_is_not_there_is_null(void **state)
{
	const struct audit_event e = {.kind = AUDIT_DROPPED, .count = 12};
	json_t *line = parsed(&e);
	(void)state;

	for (size_t i = 2; i < COUNT(keys) - 3; i++)
		if (strcmp(keys[i], "dry_run") != 0)
			assert_true(
				json_is_null(json_object_get(line, keys[i])));
	assert_str(text_of(line, "timestamp"), STR("1970-01-01T00:00:00.000Z"));
	assert_str(text_of(line, "event"), STR("audit_dropped"));
	assert_int_equal(
		json_integer_value(json_object_get(line, "count")), 12);
	json_decref(line);
}

static void
every_kind_has_its_name(void **state)
{
	static const char *const names[] = {"allow", "deny", "dry_run",
		"auth_failure", "rate_limited", "lockout", "reload",
		"audit_dropped", "audit_chain_start"};
	(void)state;

	assert_int_equal(COUNT(names), AUDIT_KINDS);
	for (int kind = 0; kind < AUDIT_KINDS; kind++) {
		const struct audit_event e = {
			.kind = (enum audit_kind)kind, .dry_run = kind == 2};
		json_t *line = parsed(&e);
		assert_str(text_of(line, "event"), str_of(names[kind]));
		assert_int_equal(json_is_true(json_object_get(line, "dry_run")),
			kind == 2);
		json_decref(line);
	}
}

static void
time_is_utc_of_the_calendar(void **state)
{
	(void)state;

	/* Every day of four centuries and a bit, at another time of it. */
	for (int64_t day = 0; day < 150000; day++) {
		int64_t ms = day * 86400000 + day * 7919 % 86400000;
		time_t seconds = (time_t)(ms / 1000);
		struct audit_event e = {.time_ms = ms};
		struct tm tm;
		char want[64];
		audit_line(&e, buf);
		gmtime_r(&seconds, &tm);
		size_t n = strftime(want, sizeof(want),
			"{\"timestamp\":\"%Y-%m-%dT%H:%M:%S.", &tm);
		assert_memory_equal(buf, want, n);
		assert_int_equal(atoi(buf + n), ms % 1000);
	}
}

static void
time_stays_within_four_digits_of_year(void **state)
{
	struct audit_event e = {.time_ms = INT64_MIN};
	(void)state;

	json_t *line = parsed(&e);
	assert_str(text_of(line, "timestamp"), STR("1970-01-01T00:00:00.000Z"));
	json_decref(line);
	e.time_ms = INT64_MAX;
	line = parsed(&e);
	assert_str(text_of(line, "timestamp"), STR("9999-12-31T23:59:59.999Z"));
	json_decref(line);
}

/* --- escapes ----------------------------------------------------------------- */

static void
hostile_bytes_are_escaped(void **state)
{
	static const struct {
		struct str agent, want;
	} cases[] = {
		{STR("a\"b\\c/"), STR("\"a\\\"b\\\\c/\"")},
		{STR("\n\r\t\x1b[2J\x7f"),
			STR("\"\\u000A\\u000D\\u0009\\u001B[2J\\u007F\"")},
		{STR("\0"), STR("\"\\u0000\"")},
		{STR("gr\303\274n \342\202\254 \360\237\220\263"),
			STR("\"gr\303\274n \342\202\254 "
			    "\360\237\220\263\"")},
		/* C1, separators of lines, directions of writing. */
		{STR("\302\233"), STR("\"\\u009B\"")},
		{STR("\342\200\250"), STR("\"\\u2028\"")},
		{STR("\342\200\256x\342\201\246"), STR("\"\\u202Ex\\u2066\"")},
		{STR("\342\200\213\357\273\277"), STR("\"\\u200B\\uFEFF\"")},
		{STR("\330\234"), STR("\"\\u061C\"")},
		/* Tags, which nothing shows. */
		{STR("\363\240\200\201"), STR("\"\\uDB40\\uDC01\"")},
		/* Not UTF-8: alone, overlong, a surrogate, cut off. */
		{STR("\377a"), STR("\"\\u00FFa\"")},
		{STR("\300\257"), STR("\"\\u00C0\\u00AF\"")},
		{STR("\355\240\200"), STR("\"\\u00ED\\u00A0\\u0080\"")},
		{STR("\342\202"), STR("\"\\u00E2\\u0082\"")},
		{STR("\364\220\200\200"),
			STR("\"\\u00F4\\u0090\\u0080\\u0080\"")},
	};
	(void)state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct audit_event e = {.user_agent = cases[i].agent};
		json_decref(parsed(&e));
		const char *at = strstr(buf, "\"user_agent\":");
		assert_non_null(at);
		assert_memory_equal(at + strlen("\"user_agent\":"),
			cases[i].want.p, cases[i].want.n);
	}
}

static void
no_text_can_be_mistaken_for_a_member(void **state)
{
	const struct audit_event e = {
		.path = STR("/x\",\"status\":200,\"x\":\""),
		.status = 403,
	};
	json_t *line = parsed(&e);
	(void)state;

	assert_str(text_of(line, "path"), e.path);
	assert_int_equal(
		json_integer_value(json_object_get(line, "status")), 403);
	json_decref(line);
}

/* --- secrets ----------------------------------------------------------------- */

static void
secrets_of_the_query_are_masked(void **state)
{
	static const struct {
		struct str name, value, want;
	} cases[] = {
		{STR("token"), STR("s3cret"), STR("token=***")},
		{STR("X-Access-TOKEN"), STR("s3cret"),
			STR("X-Access-TOKEN=***")},
		{STR("client_secret"), STR("s3cret"), STR("client_secret=***")},
		{STR("Password"), STR("s3cret"), STR("Password=***")},
		{STR("passwd"), STR("s3cret"), STR("passwd=***")},
		{STR("registryAuth"), STR("s3cret"), STR("registryAuth=***")},
		{STR("unlockKey"), STR("s3cret"), STR("unlockKey=***")},
		{STR("credentialSpec"), STR("s3cret"),
			STR("credentialSpec=***")},
		{STR("buildargs"), STR("{\"NPM\":\"s3cret\"}"),
			STR("buildargs=***")},
		{STR("changes"), STR("ENV P=s3cret"), STR("changes=***")},
		{STR("token"), STR(""), STR("token=***")},
		{STR("remote"), STR("https://me:s3cret@git.example/x.git#main"),
			STR("remote=https://***@git.example/x.git%23main")},
		{STR("remote"), STR("https://s3cret@@git.example"),
			STR("remote=https://***@git.example")},
		/* No secret: */
		{STR("fromImage"), STR("host/a@sha256:12"),
			STR("fromImage=host/a@sha256:12")},
		{STR("remote"), STR("https://git.example/@x"),
			STR("remote=https://git.example/@x")},
		{STR("toke"), STR("n"), STR("toke=n")},
		{STR(""), STR(""), STR("=")},
	};
	(void)state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct target_param param = {
			cases[i].name, cases[i].value};
		const struct audit_event e = {.params = &param, .nparams = 1};
		json_t *line = parsed(&e);
		assert_str(text_of(line, "query"), cases[i].want);
		json_decref(line);
	}
}

/* --- limits ------------------------------------------------------------------ */

static void
long_values_are_cut_and_say_so(void **state)
{
	char *path = malloc(20000);
	(void)state;

	memset(path, 'a', 20000);
	struct audit_event e = {.path = {path, 5960}};
	json_t *line = parsed(&e);
	assert_str(text_of(line, "path"), e.path);
	json_decref(line);
	e.path.n = 20000;
	line = parsed(&e);
	struct str got = text_of(line, "path");
	struct str mark = STR("a...[cut: 20000 bytes]");
	assert_true(got.n < 6000 && got.n > 5900);
	assert_str(str_from(got, got.n - mark.n), mark);
	json_decref(line);
	free(path);
}

static void
the_worst_line_fits_and_can_be_chained(void **state)
{
	static const char worst[] = {1, (char)0xff, '"', '\\'};
	static char text[AUDIT_LINE_MAX];
	static struct target_param params[20];
	static char means[AUDIT_FACTS_MAX];
	uint8_t digest[AUDIT_DIGEST] = {0};
	struct str s = {text, sizeof(text)};
	const struct str longest = {means, sizeof(means)};
	(void)state;

	memset(means, 'a', sizeof(means));
	means[0] = means[sizeof(means) - 1] = '"';
	for (size_t byte = 0; byte < COUNT(worst); byte++) {
		memset(text, worst[byte], sizeof(text));
		for (size_t i = 0; i < COUNT(params); i++)
			params[i] = (struct target_param){s, s};
		struct audit_event e = {AUDIT_CHAIN_START, INT64_MAX, s, s, s,
			s, s, s, s, s, s, s, s, params, COUNT(params),
			UINT16_MAX, false, INT64_MAX, INT64_MAX, INT64_MAX,
			INT64_MAX, longest, true};
		for (int kind = 0; kind < AUDIT_KINDS; kind++) {
			e.kind = (enum audit_kind)kind;
			json_decref(parsed(&e));
			size_t n = audit_line(&e, buf);
			assert_true(audit_chain(buf, n, digest) > n);
		}
	}
}

static void
random_events_are_valid_lines(void **state)
{
	/* More often than not something that means something. */
	static const char alphabet[] = "\"\\\n\r\0\xc3\xa9\xe2\x80\xa8\xf0\x9f"
				       "\x90\xb3\xff\xed%&=+# token@://ab";
	static char text[3000];
	static struct target_param params[40];
	const struct str means = STR("{\"user\":[\"root\"]}");
	(void)state;

	srand(1);
	for (int round = 0; round < 3000; round++) {
		struct str s[14];
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = alphabet[(size_t)rand() % sizeof(alphabet)];
		for (size_t i = 0; i < COUNT(s); i++) {
			size_t at = (size_t)rand() % sizeof(text);
			size_t room = sizeof(text) - at;
			s[i] = (struct str){text + at, (size_t)rand() % room};
		}
		for (size_t i = 0; i < COUNT(params); i++)
			params[i] = (struct target_param){
				s[(size_t)rand() % COUNT(s)],
				s[(size_t)rand() % COUNT(s)]};
		const struct audit_event e = {
			(enum audit_kind)(rand() % AUDIT_KINDS),
			(int64_t)rand() * rand(), s[0], s[1], s[2], s[3], s[4],
			s[5], s[6], s[7], s[8], s[9], s[10], params,
			(size_t)rand() % COUNT(params), (uint16_t)rand(),
			rand() % 2, (uint64_t)rand(), (uint64_t)rand(),
			(uint64_t)rand(), (uint64_t)rand(),
			rand() % 2 ? means : STR(""), rand() % 2};
		json_decref(parsed(&e));
	}
}

/* --- the chain --------------------------------------------------------------- */

static void
lines_are_chained_by_their_digests(void **state)
{
	uint8_t digest[AUDIT_DIGEST] = {0}, last[AUDIT_DIGEST] = {0};
	uint8_t prev[AUDIT_DIGEST];
	struct audit_event e = {.kind = AUDIT_DENY, .path = STR("/x")};
	(void)state;

	for (uint16_t i = 0; i < 10; i++) {
		e.status = i;
		size_t plain = audit_line(&e, buf);
		assert_false(audit_prev((struct str){buf, plain}, prev));
		size_t n = audit_chain(buf, plain, digest);
		assert_int_equal(n, plain + 74);
		struct str line = {buf, n};
		json_t *json = json_loadb(buf, n, 0, NULL);
		assert_int_equal(json_object_size(json), COUNT(keys) + 1);
		assert_int_equal(text_of(json, "prev").n, 64);
		json_decref(json);
		assert_true(audit_prev(line, prev));
		assert_memory_equal(prev, last, sizeof(prev));
		sha256(line, last);
		assert_memory_equal(last, digest, sizeof(last));
	}
}

static void
the_digest_is_what_sha256sum_tells(void **state)
{
	static const uint8_t want[] = {0x98, 0xea, 0x6e, 0x4f, 0x21, 0x6f, 0x2f,
		0xb4, 0xb6, 0x9f, 0xff, 0x9b, 0x3a, 0x44, 0x84, 0x2c, 0x38,
		0x68, 0x6c, 0xa6, 0x85, 0xf3, 0xf5, 0x5d, 0xc4, 0x8c, 0x5d,
		0x3f, 0xb1, 0x10, 0x7b, 0xe4};
	uint8_t got[AUDIT_DIGEST];
	(void)state;

	/* printf 'hi\n' | sha256sum */
	sha256(STR("hi\n"), got);
	assert_memory_equal(got, want, sizeof(want));
}

static void
only_the_end_of_a_line_is_its_prev(void **state)
{
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	static const struct str none[] = {
		STR(""),
		STR("\n"),
		STR("{}\n"),
		STR("{\"a\":1,\"prev\":\"" HEX64 "\"}"),
		STR("{\"a\":1,\"prev\":\"" HEX64 "\",\"b\":1}\n"),
		STR("{\"a\":1,\"prev\":\"0" HEX64 "\"}\n"),
		STR("{\"a\":1,\"prev\":\"G0112233445566778899aabbccddeeff001122"
		    "33445566778899aabbccddeeff\"}\n"),
		STR("{\"a\":1,\"prev\":\"A0112233445566778899aabbccddeeff001122"
		    "33445566778899aabbccddeeff\"}\n"),
	};
	uint8_t prev[AUDIT_DIGEST];
	(void)state;

	for (size_t i = 0; i < COUNT(none); i++)
		assert_false(audit_prev(none[i], prev));
	assert_true(
		audit_prev(STR("{\"a\":1,\"prev\":\"" HEX64 "\"}\n"), prev));
	assert_int_equal(prev[0], 0);
	assert_int_equal(prev[1], 0x11);
	assert_int_equal(prev[31], 0xff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_shape_of_the_rust_proxy),
		cmocka_unit_test(what_is_not_there_is_null),
		cmocka_unit_test(every_kind_has_its_name),
		cmocka_unit_test(time_is_utc_of_the_calendar),
		cmocka_unit_test(time_stays_within_four_digits_of_year),
		cmocka_unit_test(hostile_bytes_are_escaped),
		cmocka_unit_test(no_text_can_be_mistaken_for_a_member),
		cmocka_unit_test(secrets_of_the_query_are_masked),
		cmocka_unit_test(long_values_are_cut_and_say_so),
		cmocka_unit_test(the_worst_line_fits_and_can_be_chained),
		cmocka_unit_test(random_events_are_valid_lines),
		cmocka_unit_test(lines_are_chained_by_their_digests),
		cmocka_unit_test(the_digest_is_what_sha256sum_tells),
		cmocka_unit_test(only_the_end_of_a_line_is_its_prev),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
