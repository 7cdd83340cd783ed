/* Metrics: what is written is what a strict reader of the exposition format
 * takes, and says what was counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/limits.h"
#include "runtime/metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- a strict reader of the text format, version 0.0.4 ---------------------- */

#define SERIES_MAX 8192
#define TEXT_MAX   256

struct series {
	char name[TEXT_MAX];   /* of the sample: with _bucket, _sum, _count */
	char labels[TEXT_MAX]; /* name=value;..., escapes undone */
	double value;
};

struct reader {
	const char *p;
	char family[TEXT_MAX], type[TEXT_MAX];
	char families[128][TEXT_MAX];
	size_t nfamilies;
	struct series series[SERIES_MAX];
	size_t n;
};

static bool
is_name_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static void
take(struct reader *r, const char *what)
{
	size_t n = strlen(what);

	if (strncmp(r->p, what, n) != 0)
		fail_msg("wanted \"%s\" at: %.60s", what, r->p);
	r->p += n;
}

static void
read_name(struct reader *r, char out[TEXT_MAX])
{
	size_t n = 0;

	while (is_name_char(r->p[n], n == 0))
		n++;
	assert_in_range(n, 1, TEXT_MAX - 1);
	memcpy(out, r->p, n);
	out[n] = '\0';
	r->p += n;
}

/* To the end of the line; HELP knows two escapes. */
static void
read_help(struct reader *r)
{
	assert_true(*r->p != '\n');
	for (; *r->p != '\n'; r->p++) {
		assert_true(*r->p != '\0');
		if (*r->p == '\\')
			assert_true(*++r->p == '\\' || *r->p == 'n');
	}
	r->p++;
}

static void
read_value_of_label(struct reader *r, char *out, size_t *n)
{
	take(r, "\"");
	for (; *r->p != '"'; r->p++) {
		char c = *r->p;
		assert_true(c != '\0' && c != '\n');
		if (c == '\\') {
			c = *++r->p;
			assert_non_null(memchr("\\\"n", c, 3));
			c = c == 'n' ? '\n' : c;
		}
		assert_in_range(*n, 0, TEXT_MAX - 3);
		out[(*n)++] = c;
	}
	r->p++;
}

static void
read_labels(struct reader *r, char out[TEXT_MAX])
{
	size_t n = 0;

	out[0] = '\0';
	if (*r->p != '{')
		return;
	do {
		r->p++;
		read_name(r, out + n);
		n += strlen(out + n);
		take(r, "=");
		out[n++] = '=';
		read_value_of_label(r, out, &n);
		out[n++] = ';';
	} while (*r->p == ',');
	take(r, "}");
	out[n] = '\0';
}

/* A family is told once, before its samples, with HELP and TYPE. */
static void
read_family(struct reader *r)
{
	char name[TEXT_MAX];

	take(r, "# HELP ");
	read_name(r, name);
	for (size_t i = 0; i < r->nfamilies; i++)
		assert_string_not_equal(name, r->families[i]);
	assert_in_range(r->nfamilies, 0, 127);
	strcpy(r->families[r->nfamilies++], name);
	take(r, " ");
	read_help(r);
	take(r, "# TYPE ");
	take(r, name);
	take(r, " ");
	read_name(r, r->type);
	take(r, "\n");
	strcpy(r->family, name);
	bool counter = strcmp(r->type, "counter") == 0;
	assert_true(counter || strcmp(r->type, "gauge") == 0 ||
		    strcmp(r->type, "histogram") == 0);
	size_t len = strlen(name);
	bool total = len > 6 && strcmp(name + len - 6, "_total") == 0;
	assert_true(counter == total);
}

static void
read_sample(struct reader *r)
{
	struct series *s = &r->series[r->n];
	char *end;

	assert_in_range(r->n, 0, SERIES_MAX - 1);
	read_name(r, s->name);
	size_t n = strlen(r->family);
	assert_memory_equal(s->name, r->family, n);
	const char *rest = s->name + n;
	if (strcmp(r->type, "histogram") == 0)
		assert_true(strcmp(rest, "_bucket") == 0 ||
			    strcmp(rest, "_sum") == 0 ||
			    strcmp(rest, "_count") == 0);
	else
		assert_string_equal(rest, "");
	read_labels(r, s->labels);
	take(r, " ");
	assert_true(*r->p >= '0' && *r->p <= '9');
	s->value = strtod(r->p, &end);
	r->p = end;
	take(r, "\n");
	for (size_t i = 0; i < r->n; i++)
		assert_false(strcmp(s->name, r->series[i].name) == 0 &&
			     strcmp(s->labels, r->series[i].labels) == 0);
	r->n++;
}

static void
read_all(struct reader *r, const char *text)
{
	*r = (struct reader){.p = text};
	while (*r->p) {
		if (*r->p == '#')
			read_family(r);
		else
			read_sample(r);
	}
}

static double
value_of(const struct reader *r, const char *name, const char *labels)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(name, r->series[i].name) == 0 &&
			strcmp(labels, r->series[i].labels) == 0)
			return r->series[i].value;
	return -1;
}

/* --- fixture ------------------------------------------------------------------ */

#define RULES_ROOM 4096

struct fixture {
	struct program program;
	struct program_rule rules[RULES_ROOM];
	char strings[65536];
	size_t used;
	struct metrics workers[2];
	struct metrics_snapshot snapshot;
	struct metrics_rules *counts;
	char *text;
	size_t text_n;
	struct reader reader;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (f)
		f->program = (struct program){
			.rules = f->rules, .strings = f->strings};
	return f ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	metrics_rules_free(f->counts);
	free(f->text);
	free(f);
	return 0;
}

static void
add_rule(struct fixture *f, struct str name, enum action action, unsigned flags)
{
	uint32_t i = f->program.nrules++;

	assert_in_range(i, 0, RULES_ROOM - 1);
	assert_in_range(f->used + name.n, 0, sizeof(f->strings));
	memcpy(f->strings + f->used, name.p, name.n);
	f->rules[i] = (struct program_rule){
		.name = {(uint32_t)f->used, (uint32_t)name.n},
		.action = (uint8_t)action,
		.flags = (uint8_t)flags,
	};
	f->used += name.n;
}

static void
start(struct fixture *f)
{
	f->counts = metrics_rules_new(&f->program, 2);
	assert_non_null(f->counts);
}

static void
put_to_file(void *ctx, const char *p, size_t n)
{
	assert_int_equal(fwrite(p, 1, n, ctx), n);
}

static void
write_all(struct fixture *f, const char *version)
{
	free(f->text);
	FILE *out = open_memstream(&f->text, &f->text_n);
	assert_non_null(out);
	for (size_t i = 0; i < 2; i++)
		metrics_collect(&f->snapshot, &f->workers[i]);
	metrics_derive(&f->snapshot);
	metrics_write(&(struct metrics_out){put_to_file, out}, &f->snapshot,
		f->counts, version);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(f->text), f->text_n);
	assert_int_equal(f->text[f->text_n - 1], '\n');
	read_all(&f->reader, f->text);
}

static void
assert_value(const struct fixture *f, const char *name, const char *labels,
	double value)
{
	double is = value_of(&f->reader, name, labels);

	if (fabs(is - value) > 1e-9)
		fail_msg("%s{%s} is %f, not %f", name, labels, is, value);
}

/* --- tests -------------------------------------------------------------------- */

static void
test_all_zero(void **state)
{
	struct fixture *f = *state;

	start(f);
	write_all(f, "1.2.3");
	/* Every row of the table is there, and nothing has moved. */
	for (size_t i = 0; i < f->reader.n; i++) {
		const struct series *s = &f->reader.series[i];
		bool info = strstr(s->name, "_info");
		assert_true(s->value == (info ? 1 : 0));
	}
#define METRIC(id, name, type, labels, help) \
	assert_non_null(strstr(f->text, "\n" name));
#include "runtime/metrics.def"
#undef METRIC
	assert_value(f, "docker_proxy_build_info", "version=1.2.3;", 1);
	assert_int_equal(f->reader.n,
		METRIC_COUNT + (WHY_COUNT - 1) + METRICS_BUCKETS + 2 + 1);
}

static void
test_sums(void **state)
{
	struct fixture *f = *state;
	struct metrics *a = &f->workers[0], *b = &f->workers[1];

	start(f);
	metrics_add(a, METRIC_ALLOWED, 3);
	metrics_add(b, METRIC_ALLOWED, 4);
	metrics_add(b, METRIC_DENIED, 2);
	metrics_add(a, METRIC_BYTES_OUT, UINT64_C(1) << 40);
	metrics_add(b, METRIC_ENGINE_IDLE, 5);
	metrics_sub(b, METRIC_ENGINE_IDLE, 2);
	metrics_refusal(a, WHY_UNAUTHENTICATED);
	metrics_refusal(b, WHY_UNAUTHENTICATED);
	metrics_refusal(b, WHY_RATE_LIMITED);
	f->snapshot.count[METRIC_CONNECTIONS] = 7;
	write_all(f, "1");
	assert_value(f, "docker_proxy_requests_allowed_total", "", 7);
	assert_value(f, "docker_proxy_requests_denied_total", "", 2);
	assert_value(f, "docker_proxy_requests_total", "", 9);
	assert_value(f, "docker_proxy_bytes_total", "direction=in;", 0);
	assert_value(f, "docker_proxy_bytes_total", "direction=out;",
		1099511627776.0);
	assert_value(f, "docker_proxy_engine_connections", "state=idle;", 3);
	assert_value(f, "docker_proxy_auth_failures_total", "", 2);
	assert_value(f, "docker_proxy_rate_limited_total", "", 1);
	assert_value(
		f, "docker_proxy_limits_hit_total", "why=UNAUTHENTICATED;", 2);
	assert_value(
		f, "docker_proxy_limits_hit_total", "why=RATE_LIMITED;", 1);
	assert_value(f, "docker_proxy_limits_hit_total", "why=DENIED;", 0);
	assert_value(f, "docker_proxy_limits_hit_total", "why=OK;", -1);
	assert_value(f, "docker_proxy_connections", "", 7);
}

static void
test_unknown_is_left_out(void **state)
{
	struct fixture *f = *state;

	start(f);
	f->snapshot.count[METRIC_OPEN_FDS] = METRICS_UNKNOWN;
	write_all(f, "1");
	assert_null(strstr(f->text, "process_open_fds"));
	assert_value(f, "process_resident_memory_bytes", "", 0);
}

static void
test_latency(void **state)
{
	static const struct {
		uint64_t us;
		const char *first; /* the smallest bucket it is in */
	} cases[] = {
		{0, "le=1;"},
		{1000, "le=1;"},
		{1001, "le=2;"},
		{2000, "le=2;"},
		{5001, "le=10;"},
		{100000, "le=100;"},
		{2500001, "le=5000;"},
		{10000000, "le=10000;"},
		{10000001, "le=+Inf;"},
		{UINT64_C(86400000000), "le=+Inf;"},
	};
	static const char *const bounds[METRICS_BUCKETS] = {"le=1;", "le=2;",
		"le=5;", "le=10;", "le=25;", "le=50;", "le=100;", "le=250;",
		"le=500;", "le=1000;", "le=2500;", "le=5000;", "le=10000;",
		"le=+Inf;"};
	const char *bucket = "docker_proxy_upstream_latency_ms_bucket";
	struct fixture *f = *state;

	start(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->workers[0] = f->workers[1] = (struct metrics){0};
		f->snapshot = (struct metrics_snapshot){0};
		metrics_latency(&f->workers[i % 2], cases[i].us);
		write_all(f, "1");
		double want = 0;
		for (size_t b = 0; b < METRICS_BUCKETS; b++) {
			if (strcmp(bounds[b], cases[i].first) == 0)
				want = 1;
			assert_value(f, bucket, bounds[b], want);
		}
		assert_true(want == 1);
		assert_value(
			f, "docker_proxy_upstream_latency_ms_count", "", 1);
		assert_value(f, "docker_proxy_upstream_latency_ms_sum", "",
			(double)cases[i].us / 1000);
	}
}

static void
test_rules(void **state)
{
	struct fixture *f = *state;

	add_rule(f, STR("b"), ACTION_DENY, 0);
	add_rule(f, STR("toggle:POST"), ACTION_DENY, RULE_TOGGLE);
	add_rule(f, STR("trial"), ACTION_DENY, RULE_DRY_RUN);
	add_rule(f, STR("a"), ACTION_ALLOW, RULE_DRY_RUN);
	add_rule(f, STR("toggle:POST"), ACTION_ALLOW, RULE_TOGGLE);
	add_rule(f, STR("never"), ACTION_DENY, 0);
	start(f);
	for (uint32_t rule = 0; rule < 5; rule++)
		for (uint32_t n = 0; n <= rule; n++)
			metrics_rule(f->counts, n % 2, rule, 1000 + n);
	write_all(f, "1");
	const char *name = "docker_proxy_rule_decisions_total";
	assert_value(f, name, "rule=b;mode=enforced;", 1);
	assert_value(f, name, "rule=trial;mode=dry_run;", 3);
	assert_value(f, name, "rule=a;mode=enforced;", 4);
	assert_value(f, name, "rule=never;mode=enforced;", 0);
	/* Two rules of one toggle are one series. */
	assert_value(f, name, "rule=toggle:POST;mode=enforced;", 2 + 5);
}

/* The last hit is that of whichever worker had it. */
static void
test_last_hit(void **state)
{
	struct fixture *f = *state;

	add_rule(f, STR("a"), ACTION_DENY, 0);
	add_rule(f, STR("b"), ACTION_DENY, 0);
	start(f);
	uint32_t a = f->counts->slot[0], b = f->counts->slot[1];
	metrics_rule(f->counts, 0, 0, 5000);
	metrics_rule(f->counts, 1, 0, 3000);
	assert_int_equal(metrics_hits(f->counts, a).n, 2);
	assert_int_equal(metrics_hits(f->counts, a).last_ms, 5000);
	assert_int_equal(metrics_hits(f->counts, b).n, 0);
	assert_int_equal(metrics_hits(f->counts, b).last_ms, 0);
	metrics_rule(f->counts, 1, 0, 6000);
	assert_int_equal(metrics_hits(f->counts, a).last_ms, 6000);
}

static void
test_hostile_names(void **state)
{
	static const struct str names[] = {
		STR(""),
		STR("\\"),
		STR("\""),
		STR("\n"),
		STR("\\n"),
		STR("x\",mode=\"enforced\"} 1\nevil_total{rule=\"y"),
		STR("# TYPE evil_total counter"),
		STR("\xc3\xa9\xe2\x82\xac"),
		STR("tab\tcr\r"),
		STR("ends in \\"),
		STR("}{,="),
	};
	const size_t n = sizeof(names) / sizeof(names[0]);
	struct fixture *f = *state;

	for (size_t i = 0; i < n; i++)
		add_rule(f, names[i], ACTION_DENY, 0);
	start(f);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t hit = 0; hit <= i; hit++)
			metrics_rule(f->counts, 0, i, 1);
	write_all(f, "1\"\\\n2");
	for (size_t i = 0; i < n; i++) {
		char labels[TEXT_MAX];
		snprintf(labels, sizeof(labels), "rule=%.*s;mode=enforced;",
			STR_FMT(names[i]));
		assert_value(f, "docker_proxy_rule_decisions_total", labels,
			(double)i + 1);
	}
	assert_value(f, "docker_proxy_build_info", "version=1\"\\\n2;", 1);
	assert_null(strstr(f->text, "\nevil_total"));
}

/* With very many rules, only those that have fired. */
static void
test_many_rules(void **state)
{
	const char *name = "docker_proxy_rule_decisions_total";
	struct fixture *f = *state;

	for (unsigned i = 0; i <= METRICS_RULES_ALL; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "r%u", i);
		add_rule(f, (struct str){text, (size_t)n}, ACTION_DENY, 0);
		if (i + 1 < METRICS_RULES_ALL || i == METRICS_RULES_ALL)
			continue;
		start(f);
		write_all(f, "1");
		assert_value(f, name, "rule=r0;mode=enforced;", 0);
		metrics_rules_free(f->counts);
	}
	start(f);
	metrics_rule(f->counts, 1, 500, 1);
	write_all(f, "1");
	assert_value(f, name, "rule=r500;mode=enforced;", 1);
	assert_value(f, name, "rule=r0;mode=enforced;", -1);
}

/* Neighbouring workers' cells are never in one line of the cache. */
static void
test_rows_are_apart(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 17; i++) {
		char text[16];
		int n = snprintf(text, sizeof(text), "r%d", i);
		add_rule(f, (struct str){text, (size_t)n}, ACTION_DENY, 0);
		start(f);
		size_t gap = f->counts->row - f->counts->nslots;
		assert_true(gap * sizeof(metrics_cell) >= METRICS_PAD);
		metrics_rules_free(f->counts);
		f->counts = NULL;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sums, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_unknown_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_latency, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_hit, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_hostile_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_many_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_rows_are_apart, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
