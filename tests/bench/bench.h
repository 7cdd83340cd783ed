/* What the benchmarks share: the Engine's answers, made up, and a clock. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* What `docker ps` reads of a container, about 490 bytes. */
static inline size_t
put_container(char *to, size_t room, unsigned i)
{
	uint64_t id = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	int n = snprintf(to, room,
		"{\"Id\":\"%016" PRIx64 "%016" PRIx64 "\",\"Names\":[\"/shop-"
		"web-%u\"],\"Image\":\"nginx:1.27\",\"ImageID\":\"sha256:%"
		"016" PRIx64
		"\",\"Command\":\"\\\"/docker-entrypoint.\xe2\x80\xa6"
		"\\\"\",\"Created\":17%08u,\"Ports\":[{\"PrivatePort\":80,"
		"\"PublicPort\":%u,\"Type\":\"tcp\"}],\"Labels\":{\"com.docker"
		".compose.project\":\"shop\"},\"State\":\"running\","
		"\"Status\":\"Up 3 days\",\"HostConfig\":{\"NetworkMode\":"
		"\"shop\"},\"NetworkSettings\":{\"Networks\":{\"shop\":{"
		"\"IPAMConfig\":null,\"Links\":null,\"IPAddress\":"
		"\"172.18.0.%u\",\"IPPrefixLen\":16}}},\"Mounts\":[]}",
		id, id * 3, i, id * 7, i, 32768 + i, i);
	assert(n > 0 && (size_t)n < room);
	return (size_t)n;
}

/* Of CPU: what others do meanwhile does not count. */
static inline int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The most memory that was ever resident. getrusage() would tell that of who
 * started us, if it is more. */
static inline long
peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	assert(f);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld", &kib) != 1)
			kib = -1;
	fclose(f);
	assert(kib > 0);
	return kib;
}

#endif
