/* Metrics: sums, and Prometheus text. */
#include "runtime/metrics.h"

#include "runtime/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const uint32_t metrics_bounds_ms[METRICS_BUCKETS - 1] = {METRICS_BOUNDS};

void
metrics_latency(struct metrics *m, uint64_t us)
{
	unsigned i = 0;

	while (i < METRICS_BUCKETS - 1 &&
		us > metrics_bounds_ms[i] * UINT64_C(1000))
		i++;
	metrics_bump(&m->latency[i], 1);
	metrics_bump(&m->latency_us, us);
}

/* --- rules ---------------------------------------------------------------- */

bool
metrics_is_dry(const struct program_rule *r)
{
	return (r->flags & RULE_DRY_RUN) && r->action != ACTION_ALLOW;
}

static int
compare_series(const struct program *p, uint32_t a, uint32_t b)
{
	const struct program_rule *x = &p->rules[a], *y = &p->rules[b];
	struct str s = program_text(p, x->name), t = program_text(p, y->name);
	size_t n = s.n < t.n ? s.n : t.n;
	int r = n ? memcmp(s.p, t.p, n) : 0;

	if (r == 0)
		r = (s.n > t.n) - (s.n < t.n);
	return r ? r : metrics_is_dry(x) - metrics_is_dry(y);
}

static int
compare_rules(const void *a, const void *b, void *program)
{
	return compare_series(
		program, *(const uint32_t *)a, *(const uint32_t *)b);
}

/* Sorts the rules by series and gives each series a slot. */
static void
assign_slots(struct metrics_rules *r, uint32_t *order)
{
	const struct program *p = r->program;
	struct program copy = *p;

	for (uint32_t i = 0; i < p->nrules; i++)
		order[i] = i;
	if (p->nrules)
		qsort_r(order, p->nrules, sizeof(*order), compare_rules, &copy);
	for (uint32_t i = 0; i < p->nrules; i++) {
		if (i == 0 || compare_series(p, order[i - 1], order[i]) != 0)
			r->rule[r->nslots++] = order[i];
		r->slot[order[i]] = r->nslots - 1;
	}
}

struct metrics_rules *
metrics_rules_new(const struct program *p, unsigned nworkers)
{
	const size_t line = METRICS_PAD / sizeof(metrics_cell);
	struct metrics_rules *r = calloc(1, sizeof(*r));
	uint32_t *order = calloc(p->nrules + 1, sizeof(*order));

	if (!r || !order)
		goto fail;
	r->program = p;
	r->nworkers = nworkers;
	r->slot = calloc(p->nrules + 1, sizeof(*r->slot));
	r->rule = calloc(p->nrules + 1, sizeof(*r->rule));
	if (!r->slot || !r->rule)
		goto fail;
	assign_slots(r, order);
	/* A line's gap, whatever the alignment. */
	r->row = (2 * (size_t)r->nslots + 2 * line - 1) / line * line;
	r->cells = calloc(r->row * nworkers, sizeof(*r->cells));
	if (!r->cells)
		goto fail;
	free(order);
	return r;
fail:
	free(order);
	metrics_rules_free(r);
	return NULL;
}

void
metrics_rules_free(struct metrics_rules *r)
{
	if (!r)
		return;
	free(r->slot);
	free(r->rule);
	free(r->cells);
	free(r);
}

/* --- reading -------------------------------------------------------------- */

static void
add_cells(uint64_t *sums, const metrics_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] +=
			atomic_load_explicit(&cells[i], memory_order_relaxed);
}

void
metrics_collect(struct metrics_snapshot *s, const struct metrics *m)
{
	add_cells(s->count, m->count, METRIC_COUNT);
	add_cells(s->why, m->why, WHY_COUNT);
	add_cells(s->latency, m->latency, METRICS_BUCKETS);
	add_cells(&s->latency_us, &m->latency_us, 1);
}

struct metrics_hits
metrics_hits(const struct metrics_rules *r, uint32_t slot)
{
	struct metrics_hits hits = {0};

	for (unsigned w = 0; w < r->nworkers; w++) {
		const metrics_cell *c =
			&r->cells[w * r->row + 2 * (size_t)slot];
		uint64_t last =
			atomic_load_explicit(c + 1, memory_order_relaxed);
		add_cells(&hits.n, c, 1);
		hits.last_ms = last > hits.last_ms ? last : hits.last_ms;
	}
	return hits;
}

/* --- text ----------------------------------------------------------------- */

static void
put(const struct metrics_out *out, const char *s)
{
	out->put(out->ctx, s, strlen(s));
}

static void
put_number(const struct metrics_out *out, uint64_t n)
{
	char buf[24];
	int len = snprintf(buf, sizeof(buf), "%" PRIu64, n);

	out->put(out->ctx, buf, (size_t)len);
}

/* A label's value: three bytes have a spelling of their own. */
static void
put_escaped(const struct metrics_out *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\' && s.p[i] != '"' && s.p[i] != '\n')
			continue;
		out->put(out->ctx, s.p + from, i - from);
		put(out, s.p[i] == '\\'  ? "\\\\"
			 : s.p[i] == '"' ? "\\\""
					 : "\\n");
		from = i + 1;
	}
	if (from < s.n)
		out->put(out->ctx, s.p + from, s.n - from);
}

static void
put_family(const struct metrics_out *out, const char *name, const char *type,
	const char *help)
{
	put(out, "# HELP ");
	put(out, name);
	put(out, " ");
	put(out, help);
	put(out, "\n# TYPE ");
	put(out, name);
	put(out, " ");
	put(out, type);
	put(out, "\n");
}

static void
put_sample(const struct metrics_out *out, const char *name, const char *labels,
	uint64_t value)
{
	put(out, name);
	if (*labels) {
		put(out, "{");
		put(out, labels);
		put(out, "}");
	}
	put(out, " ");
	put_number(out, value);
	put(out, "\n");
}

static void
put_metrics(const struct metrics_out *out, const struct metrics_snapshot *s)
{
	static const struct {
		const char *name, *type, *labels, *help;
	} rows[METRIC_COUNT] = {
#define METRIC(id, name, type, labels, help) {name, type, labels, help},
#include "runtime/metrics.def"
#undef METRIC
	};
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		if (s->count[i] == METRICS_UNKNOWN)
			continue;
		if (*rows[i].help)
			put_family(
				out, rows[i].name, rows[i].type, rows[i].help);
		put_sample(out, rows[i].name, rows[i].labels, s->count[i]);
	}
}

static void
put_whys(const struct metrics_out *out, const struct metrics_snapshot *s)
{
	const char *name = "docker_proxy_limits_hit_total";
	char labels[80];

	put_family(out, name, "counter", "Refusals by reason.");
	for (unsigned i = WHY_OK + 1; i < WHY_COUNT; i++) {
		snprintf(labels, sizeof(labels), "why=\"%s\"", why_name(i));
		put_sample(out, name, labels, s->why[i]);
	}
}

/* With very many rules, those that never fired are left out. */
static void
put_rules(const struct metrics_out *out, const struct metrics_rules *r)
{
	const char *name = "docker_proxy_rule_decisions_total";
	const struct program *p = r->program;

	put_family(out, name, "counter",
		"Requests that the rule decided, or in dry run would have.");
	for (uint32_t i = 0; i < r->nslots; i++) {
		const struct program_rule *rule = &p->rules[r->rule[i]];
		uint64_t n = metrics_hits(r, i).n;
		if (n == 0 && r->nslots > METRICS_RULES_ALL)
			continue;
		put(out, name);
		put(out, "{rule=\"");
		put_escaped(out, program_text(p, rule->name));
		put(out, metrics_is_dry(rule) ? "\",mode=\"dry_run\"} "
					      : "\",mode=\"enforced\"} ");
		put_number(out, n);
		put(out, "\n");
	}
}

static void
put_latency(const struct metrics_out *out, const struct metrics_snapshot *s)
{
	static const char name[] = "docker_proxy_upstream_latency_ms";
	char labels[32], sum[32];
	uint64_t n = 0;

	put_family(out, name, "histogram",
		"From asking the Engine to the head of its answer, in "
		"milliseconds.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		n += s->latency[i];
		if (i < METRICS_BUCKETS - 1)
			snprintf(labels, sizeof(labels), "le=\"%" PRIu32 "\"",
				metrics_bounds_ms[i]);
		else
			snprintf(labels, sizeof(labels), "le=\"+Inf\"");
		put_sample(out, "docker_proxy_upstream_latency_ms_bucket",
			labels, n);
	}
	snprintf(sum, sizeof(sum), "_sum %" PRIu64 ".%03u\n",
		s->latency_us / 1000, (unsigned)(s->latency_us % 1000));
	put(out, name);
	put(out, sum);
	put_sample(out, "docker_proxy_upstream_latency_ms_count", "", n);
}

static void
put_build(const struct metrics_out *out, const char *version)
{
	put_family(out, "docker_proxy_build_info", "gauge",
		"Always 1; the version is a label.");
	put(out, "docker_proxy_build_info{version=\"");
	put_escaped(out, str_of(version));
	put(out, "\"} 1\n");
}

void
metrics_derive(struct metrics_snapshot *s)
{
	static const struct {
		enum metric id;
		enum why why;
	} rows[] = {
		{METRIC_AUTH_FAILURES, WHY_UNAUTHENTICATED},
		{METRIC_RATE_LIMITED, WHY_RATE_LIMITED},
		{METRIC_LIMIT_CONNECTIONS, WHY_TOO_MANY_CONNECTIONS},
		{METRIC_LIMIT_CONNECTIONS_PER_CLIENT, WHY_CLIENT_CONNECTIONS},
		{METRIC_LIMIT_HEADER_BYTES, WHY_HEAD_TOO_LARGE},
		{METRIC_LIMIT_HEADERS, WHY_HEAD_TOO_MANY},
		{METRIC_LIMIT_TARGET_BYTES, WHY_TARGET_TOO_LONG},
		{METRIC_LIMIT_INSPECTED_BODY_BYTES, WHY_BODY_TOO_LARGE},
		{METRIC_LIMIT_JSON_DEPTH, WHY_JSON_DEPTH},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		s->count[rows[i].id] = s->why[rows[i].why];
	s->count[METRIC_REQUESTS] =
		s->count[METRIC_ALLOWED] + s->count[METRIC_DENIED];
}

void
metrics_write(const struct metrics_out *out, const struct metrics_snapshot *s,
	const struct metrics_rules *rules, const char *version)
{
	put_metrics(out, s);
	put_whys(out, s);
	put_rules(out, rules);
	put_latency(out, s);
	put_build(out, version);
}
