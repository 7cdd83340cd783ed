/* Generations: made, counted, freed. */
#include "daemon/generation.h"

#include "daemon/tls.h"
#include "daemon/worker.h"

#include <stdlib.h>
#include <string.h>

static void
generation_free(struct generation *g)
{
	atomic_fetch_sub(&g->shared->generations, 1);
	metrics_rules_free(g->rules);
	policy_free(g->policy);
	tls_context_unref(g->tls);
	free(g);
}

struct generation *
generation_new(struct policy *policy, struct tls_context *tls, uint64_t number,
	struct shared *shared)
{
	size_t size = sizeof(struct generation) +
		      shared->nworkers * sizeof(struct generation_use);
	struct generation *g = aligned_alloc(_Alignof(struct generation), size);

	if (!g) {
		policy_free(policy);
		tls_context_unref(tls);
		return NULL;
	}
	memset(g, 0, size);
	g->policy = policy;
	g->tls = tls;
	g->shared = shared;
	g->number = number;
	atomic_init(&g->refs, 1);
	atomic_fetch_add(&shared->generations, 1);
	g->rules = metrics_rules_new(&policy->program, shared->nworkers);
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
