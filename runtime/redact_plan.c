/* The automaton of a set of filters: a trie of their paths. */
#include "runtime/redact_plan.h"

#include "runtime/limits.h"

#include <assert.h>

/* --- building ----------------------------------------------------------- */

struct builder {
	const struct program *p;
	struct arena *arena;
	struct redact_node *nodes;
	uint32_t count;
	uint32_t *widths;
	uint32_t levels;
	size_t key_max; /* bytes of the longest step, folded */
	bool patterns;
};

static bool
same_step(const struct redact_node *n, const struct program_step *s,
	struct str key)
{
	return n->any == (s->any != 0) && n->index == s->index &&
	       str_eq(n->key, key);
}

/* The child of a node for that step, made when it is not there. */
static uint32_t
child(struct builder *b, uint32_t parent, const struct program_step *s,
	uint32_t level)
{
	struct str key = program_text(b->p, s->folded);
	uint32_t *link = &b->nodes[parent].child;

	for (; *link; link = &b->nodes[*link].next)
		if (same_step(&b->nodes[*link], s, key))
			return *link;
	*link = b->count;
	b->nodes[b->count] = (struct redact_node){
		.key = key,
		.spelling = program_text(b->p, s->raw),
		.index = s->index,
		.any = s->any != 0,
	};
	b->nodes[parent].keys |= s->any ? UINT64_MAX : redact_key_bits(key);
	b->nodes[parent].indices |= s->index != UINT32_MAX;
	b->widths[level]++;
	if (key.n > b->key_max)
		b->key_max = key.n;
	return b->count++;
}

static void
add_final(struct builder *b, uint32_t node, const struct program_filter *f)
{
	struct redact_node *n = &b->nodes[node];
	struct redact_final *final = arena_alloc(b->arena, sizeof(*final));
	struct redact_final **link = &n->finals;

	if (!final)
		return;
	*final = (struct redact_final){
		.replacement = program_text(b->p, f->replacement),
		.action = (enum filter_action)f->action,
	};
	if (f->match != FILTER_ANY_VALUE) {
		final->match = b->p->regexes[f->match];
		assert(final->match && "a pattern that was not compiled");
		n->patterns = true;
		b->patterns = true;
	} else {
		n->best = redact_stronger(n->best, final);
	}
	while (*link)
		link = &(*link)->next;
	*link = final;
}

static void
add_filter(struct builder *b, const struct program_filter *f)
{
	uint32_t node = 0;

	for (uint32_t i = 0; i < f->nsteps; i++) {
		uint32_t parent = node;
		node = child(b, parent, &b->p->steps[f->step + i], i + 1);
		if (i + 1 == f->nsteps && f->action == FILTER_REMOVE)
			b->nodes[parent].removes = true;
	}
	if (b->levels < f->nsteps + 1)
		b->levels = f->nsteps + 1;
	add_final(b, node, f);
}

const struct redact_plan *
redact_plan_new(const struct program *p, const uint32_t *filters, size_t n,
	struct arena *a)
{
	struct builder b = {.p = p, .arena = a, .count = 1, .levels = 1};
	size_t steps = 1;
	size_t deepest = 1;

	for (size_t i = 0; i < n; i++) {
		const struct program_filter *f = &p->filters[filters[i]];
		steps += f->nsteps;
		if (deepest < f->nsteps + (size_t)1)
			deepest = f->nsteps + (size_t)1;
	}
	struct redact_plan *plan = arena_alloc(a, sizeof(*plan));
	b.nodes = arena_alloc(a, steps * sizeof(*b.nodes));
	b.widths = arena_alloc(a, deepest * sizeof(*b.widths));
	if (arena_overflowed(a) || steps > UINT32_MAX)
		return NULL;
	b.widths[0] = 1;
	for (size_t i = 0; i < n; i++)
		add_filter(&b, &p->filters[filters[i]]);
	if (arena_overflowed(a) || b.key_max > UINT32_MAX / 8)
		return NULL;
	/* A byte of a folded key is written with six at most. */
	size_t key_max = 6 * b.key_max + 2;
	*plan = (struct redact_plan){
		.nodes = b.nodes,
		.count = b.count,
		.levels = b.levels,
		.widths = b.widths,
		.patterns = b.patterns,
		.key_max = key_max < REDACT_KEY_MIN ? REDACT_KEY_MIN
						    : (uint32_t)key_max,
	};
	return plan;
}

/* --- running ------------------------------------------------------------ */

const struct redact_final *
redact_stronger(
	const struct redact_final *first, const struct redact_final *second)
{
	static const unsigned char rank[FILTER_ACTION_COUNT] = {
		[FILTER_REPLACE] = 1,
		[FILTER_REDACT] = 2,
		[FILTER_REMOVE] = 3,
	};

	if (!first || !second)
		return first ? first : second;
	return rank[second->action] > rank[first->action] ? second : first;
}

static void
add_node(const struct redact_plan *plan, uint32_t node, struct redact_set *to)
{
	const struct redact_node *n = &plan->nodes[node];

	to->nodes[to->count++] = node;
	to->live |= n->child != 0;
	to->patterns |= n->patterns;
	to->removes |= n->removes;
	to->indices |= n->indices;
	to->keys |= n->keys;
	to->best = redact_stronger(to->best, n->best);
}

void
redact_plan_root(const struct redact_plan *plan, struct redact_set *out)
{
	redact_set_clear(out);
	add_node(plan, 0, out);
}

/* Finds the children of each node of `from` that a step of the stream takes:
 * those for which takes() holds. Inlined: takes() is known in each caller. */
static inline __attribute__((always_inline)) void
take_step(const struct redact_plan *plan, const struct redact_set *from,
	bool (*takes)(const struct redact_node *, struct str, uint32_t),
	struct str key, uint32_t index, struct redact_set *out)
{
	redact_set_clear(out);
	for (uint32_t i = 0; i < from->count; i++) {
		uint32_t node = plan->nodes[from->nodes[i]].child;
		for (; node; node = plan->nodes[node].next)
			if (plan->nodes[node].any ||
				takes(&plan->nodes[node], key, index))
				add_node(plan, node, out);
	}
}

static bool
takes_key(const struct redact_node *n, struct str key, uint32_t none)
{
	(void)none;
	/* Most are spelled as the filter is. */
	return str_eq(n->spelling, key) || str_eq_nocase(n->key, key);
}

static bool
takes_index(const struct redact_node *n, struct str none, uint32_t index)
{
	(void)none;
	return n->index == index && n->index != UINT32_MAX;
}

static bool
takes_none(const struct redact_node *n, struct str key, uint32_t index)
{
	(void)n;
	(void)key;
	(void)index;
	return false;
}

void
redact_plan_key(const struct redact_plan *plan, const struct redact_set *from,
	struct str key, struct redact_set *out)
{
	take_step(plan, from, takes_key, key, UINT32_MAX, out);
}

void
redact_plan_index(const struct redact_plan *plan, const struct redact_set *from,
	uint32_t index, struct redact_set *out)
{
	take_step(plan, from, takes_index, STR(""), index, out);
}

void
redact_plan_any(const struct redact_plan *plan, const struct redact_set *from,
	struct redact_set *out)
{
	take_step(plan, from, takes_none, STR(""), UINT32_MAX, out);
}
