/* Tables that outlive a policy: made and freed. */
#include "daemon/tables.h"

#include "compiler/policy.h"
#include "daemon/clients.h"
#include "daemon/rate.h"
#include "daemon/worker.h"
#include "runtime/lockout.h"

static bool
make_lockout(struct shared *s, const struct settings_auth *a)
{
	const struct lockout_rule rule = {
		.failures = a->lockout_failures,
		.window_ms = a->lockout_window_ms,
		.lock_ms = a->lockout_ms,
	};

	if (s->lockout || a->type != AUTH_BEARER)
		return true;
	s->lockout = lockout_new(&rule, s->hash_seed);
	return s->lockout;
}

static bool
make_rate(struct shared *s, const struct policy *p)
{
	if (s->rate || p->program.nbuckets == 0)
		return true;
	s->rate = rate_new(p->settings.limits.idle_buckets, s->hash_seed);
	return s->rate;
}

bool
tables_make(struct shared *s, const struct policy *p)
{
	return make_lockout(s, &p->settings.auth) && make_rate(s, p);
}

bool
tables_make_clients(struct shared *s, const struct policy *p)
{
	uint32_t each = p->settings.limits.connections_per_client;

	if (each == 0)
		return true;
	s->clients = clients_new(each, s->max_connections + 256, s->hash_seed);
	return s->clients;
}

void
tables_free(struct shared *s)
{
	clients_free(s->clients);
	lockout_free(s->lockout);
	rate_free(s->rate);
}
