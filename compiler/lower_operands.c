/* Lowering what actions take: roles, rate limits, response filters. */
#include "compiler/lower_parts.h"

static void
put_roles(struct lowering *lo, const struct rule *r, struct program_rule *out)
{
	struct program_value *values =
		arena_alloc(lo->arena, r->nroles * sizeof(*values) + 1);
	if (!values)
		return;
	for (size_t i = 0; i < r->nroles; i++)
		values[i] = (struct program_value){
			.kind = VALUE_STRING,
			.text = lower_put_str(lo, r->roles[i]),
		};
	out->operand = lower_put(
		lo, SECTION_VALUES, values, r->nroles * sizeof(*values));
	out->noperands = (uint32_t)r->nroles;
}

/* FNV-1a: it must tell the limits of one policy and the next apart, nothing
 * hostile among them. */
static uint64_t
hash(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t
limit_id(const struct rule *r)
{
	const struct rule_limit *l = &r->limit;
	const uint32_t figures[] = {
		l->requests, l->period_ms, l->penalty_ms, l->key};
	uint64_t h = hash(0xcbf29ce484222325u, figures, sizeof(figures));
	h = hash(h, l->header.p, l->header.n);
	h = hash(h, "", 1); /* between the two */
	return hash(h, r->name.p, r->name.n);
}

/* Each rule has a bucket of its own: its name is part of the bucket's id. */
static void
put_limit(struct lowering *lo, const struct rule *r, struct program_rule *out)
{
	const struct program_bucket bucket = {
		.id = limit_id(r),
		.requests = r->limit.requests,
		.period_ms = r->limit.period_ms,
		.penalty_ms = r->limit.penalty_ms,
		.key = (uint8_t)r->limit.key,
		.header = lower_put_str(lo, r->limit.header),
	};
	out->operand =
		lower_append(lo, SECTION_BUCKETS, &bucket, sizeof(bucket));
	out->noperands = 1;
}

static struct program_filter
filter_of(struct lowering *lo, const struct rule_filter *f)
{
	struct program_filter out = {
		.match = FILTER_ANY_VALUE,
		.action = (uint8_t)f->action,
		.replacement = lower_put_str(lo, f->replacement),
	};
	out.step = lower_put_path(lo, f->path, &out.nsteps);
	if (f->has_match) {
		const struct program_value re = {
			.kind = VALUE_REGEX,
			.text = lower_put_str(lo, f->match),
		};
		out.match = lower_put(lo, SECTION_VALUES, &re, sizeof(re));
	}
	return out;
}

static void
put_filters(struct lowering *lo, const struct rule *r, struct program_rule *out)
{
	struct program_filter *filters =
		arena_alloc(lo->arena, r->nfilters * sizeof(*filters) + 1);
	if (!filters)
		return;
	for (size_t i = 0; i < r->nfilters; i++)
		filters[i] = filter_of(lo, &r->filters[i]);
	out->operand = lower_put(
		lo, SECTION_FILTERS, filters, r->nfilters * sizeof(*filters));
	out->noperands = (uint32_t)r->nfilters;
}

void
lower_operands(
	struct lowering *lo, const struct rule *r, struct program_rule *out)
{
	switch (r->action) {
	case ACTION_REQUIRE_ROLE:
		put_roles(lo, r, out);
		return;
	case ACTION_RATE_LIMIT:
		put_limit(lo, r, out);
		return;
	case ACTION_RESPONSE_FILTER:
		put_filters(lo, r, out);
		return;
	case ACTION_DENY:
	case ACTION_ALLOW:
	case ACTION_COUNT:
		return;
	}
}
