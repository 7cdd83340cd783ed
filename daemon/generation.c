/* Generations: made, counted, freed. */
#include "daemon/generation.h"

#include <stdlib.h>
#include <string.h>

static void
generation_free(struct generation *g)
{
	metrics_rules_free(g->rules);
	policy_free(g->policy);
	free(g);
}

struct generation *
generation_new(struct policy *policy, uint64_t number, unsigned nworkers)
{
	size_t size = sizeof(struct generation) +
		      nworkers * sizeof(struct generation_use);
	struct generation *g = aligned_alloc(_Alignof(struct generation), size);

	if (!g) {
		policy_free(policy);
		return NULL;
	}
	memset(g, 0, size);
	g->policy = policy;
	g->number = number;
	atomic_init(&g->refs, 1);
	g->rules = metrics_rules_new(&policy->program, nworkers);
	if (g->rules)
		return g;
	generation_free(g);
	return NULL;
}

struct generation *
generation_ref(struct generation *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void
generation_unref(struct generation *g)
{
	if (g && atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) ==
			 1)
		generation_free(g);
}
