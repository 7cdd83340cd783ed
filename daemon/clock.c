/* The wall clock: for events, and local for `time` conditions. */
#include "daemon/clock.h"

#include <time.h>

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_of(uint64_t then_ms)
{
	int64_t wall = clock_wall_ms();
	struct timespec ts;

	/* Not the coarse clock: that lags, and `then` would lie ahead of it. */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	int64_t age = now - (int64_t)then_ms;
	return wall - (age > 0 ? age : 0);
}

void
clock_local(uint8_t *weekday_out, uint16_t *minute_out)
{
	static _Thread_local time_t minute = -1;
	static _Thread_local uint8_t weekday;
	static _Thread_local uint16_t of_day;
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (ts.tv_sec / 60 != minute) {
		minute = ts.tv_sec / 60;
		localtime_r(&ts.tv_sec, &tm);
		weekday = (uint8_t)tm.tm_wday;
		of_day = (uint16_t)(tm.tm_hour * 60 + tm.tm_min);
	}
	*weekday_out = weekday;
	*minute_out = of_day;
}
