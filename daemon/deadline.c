/* Deadlines: ordered lists and one timer. */
#include "daemon/deadline.h"

#include <event2/event.h>
#include <time.h>

uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
deadlines_us(struct deadlines *ds)
{
	struct timespec ts;

	if (ds->turn_us)
		return ds->turn_us;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	ds->turn_us =
		(uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	return ds->turn_us;
}

uint64_t
deadlines_ms(struct deadlines *ds)
{
	return deadlines_us(ds) / 1000;
}

/* Seldom needed: out of the way of what sets a deadline. */
static __attribute__((noinline)) void
arm(struct deadlines *ds, uint64_t at_ms, uint64_t now)
{
	uint64_t in = at_ms > now ? at_ms - now : 0;
	/* The coarse clock may lag by a tick; firing early would spin. */
	in += 4;
	struct timeval tv = {
		.tv_sec = (time_t)(in / 1000),
		.tv_usec = (suseconds_t)(in % 1000 * 1000),
	};
	if (evtimer_add(ds->timer, &tv) == 0)
		ds->armed_ms = at_ms;
}

void
deadline_clear(struct deadline *d)
{
	if (!d->next)
		return;
	d->prev->next = d->next;
	d->next->prev = d->prev;
	d->prev = d->next = NULL;
	d->class = DEADLINE_NONE;
}

void
deadline_set(
	struct deadlines *ds, struct deadline *d, enum deadline_class class)
{
	deadline_clear(d);
	if (class == DEADLINE_NONE || ds->ms[class] == 0)
		return;
	uint64_t now = deadlines_ms(ds);
	struct deadline *list = &ds->lists[class];
	d->class = class;
	d->at_ms = now + ds->ms[class];
	d->next = list;
	d->prev = list->prev;
	list->prev->next = d;
	list->prev = d;
	if (d->at_ms < ds->armed_ms)
		arm(ds, d->at_ms, now);
}

/* All of a list move alike, so it stays in order. */
void
deadlines_change(struct deadlines *ds, enum deadline_class class, uint32_t ms)
{
	struct deadline *list = &ds->lists[class];
	uint32_t old = ds->ms[class];

	ds->ms[class] = ms;
	if (ms == old)
		return;
	while (ms == 0 && list->next != list)
		deadline_clear(list->next);
	for (struct deadline *d = list->next; d != list; d = d->next)
		d->at_ms = d->at_ms - old + ms;
	if (list->next != list && list->next->at_ms < ds->armed_ms)
		arm(ds, list->next->at_ms, deadlines_ms(ds));
}

/* The timer went off: fire what is due, arm for what is next. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct deadlines *ds = arg;
	uint64_t now = deadlines_ms(ds), next = UINT64_MAX;
	(void)fd;
	(void)what;

	ds->armed_ms = UINT64_MAX;
	for (int c = 1; c < DEADLINE_CLASSES; c++) {
		struct deadline *list = &ds->lists[c];
		while (list->next != list && list->next->at_ms <= now) {
			struct deadline *d = list->next;
			deadline_clear(d);
			d->fire(d, (enum deadline_class)c);
		}
		if (list->next != list && list->next->at_ms < next)
			next = list->next->at_ms;
	}
	if (next < ds->armed_ms)
		arm(ds, next, now);
}

bool
deadlines_init(struct deadlines *ds, struct event_base *base)
{
	for (int c = 0; c < DEADLINE_CLASSES; c++)
		ds->lists[c].prev = ds->lists[c].next = &ds->lists[c];
	ds->armed_ms = UINT64_MAX;
	ds->timer = evtimer_new(base, on_timer, ds);
	return ds->timer;
}

void
deadlines_fini(struct deadlines *ds)
{
	if (ds->timer)
		event_free(ds->timer);
	ds->timer = NULL;
}
