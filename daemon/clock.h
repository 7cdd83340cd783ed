/* The wall clock: for events, and local for `time` conditions. */
#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970. */
int64_t clock_wall_ms(void);

/* When it was by the wall clock, of a time of CLOCK_MONOTONIC; never later
 * than now. */
int64_t clock_wall_of(uint64_t then_ms);

/* The day of the week, 0 is Sunday, and the minute of the day. Asked of the
 * system once a minute and thread. */
void clock_local(uint8_t *weekday_out, uint16_t *minute_out);

#endif
