/* A rate limit under a flood: so many distinct addresses, one request each,
 * against one rule; how fast, in how much memory, and is a client that was
 * limited before still limited behind it?
 *
 *     bench_bucket [addresses, 10 million if not given]
 */
#include "daemon/rate.h"
#include "tests/bench/bench.h"

#include <stdbool.h>
#include <stdlib.h>

#define BUCKETS    65536u /* limits.idle_buckets, if nobody changes it */
#define RULE       7u
#define GROWTH_KIB 256 /* of memory, once all buckets are in use */

/* An hour: what has been taken is not refilled meanwhile. */
static const struct bucket_limit limit = {1, 3600000, 3600000};

static uint64_t lost; /* buckets, to others */

static bool
take(struct rate *r, uint32_t address)
{
	uint64_t now;
	char text[16];
	int n = snprintf(text, sizeof(text), "%u.%u.%u.%u", address >> 24,
		address >> 16 & 255, address >> 8 & 255, address & 255);
	bool taken = rate_take(r, RULE, (struct str){text, (size_t)n}, &limit,
			     &now) == 0;

	lost += now;
	return taken;
}

int
main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	long empty = peak_kib(), full = 0;
	struct rate *r = rate_new(BUCKETS, 1);
	uint64_t refused = 0;

	assert(n > 0 && n < UINT32_MAX && r);
	bool limited = take(r, 0) && !take(r, 0);
	int64_t start = now_ns();
	for (uint32_t i = 1; i <= n; i++) {
		refused += !take(r, i);
		if (i == 2 * BUCKETS)
			full = peak_kib();
	}
	int64_t took = now_ns() - start;
	limited &= !take(r, 0);
	long grown = full ? peak_kib() - full : 0;
	printf("%" PRIu64 " addresses, %u buckets: %.0f ns a request, "
	       "%" PRIu64 " of them refused\n",
		n, BUCKETS, (double)took / (double)n, refused);
	printf("%" PRIu64 " buckets were lost to others\n", lost);
	printf("memory: %ld KiB for the buckets, grown by %ld since they were "
	       "all in use\n",
		peak_kib() - empty - grown, grown);
	printf("who was limited before is %s\n",
		limited ? "limited still" : "FREE");
	rate_free(r);
	return !limited || refused > 0 || grown > GROWTH_KIB;
}
