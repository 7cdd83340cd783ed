/* The demonstration engine's calls. */
#ifndef DAEMON_DEMO_ROUTE_H
#define DAEMON_DEMO_ROUTE_H

#include "runtime/str.h"

#include <jansson.h>
#include <stdbool.h>

struct demo_conn;

/* Answers the connection's whole request. */
void demo_route(struct demo_conn *c);

/* Handlers: name is what stood at the wildcard of the route. */
typedef void demo_handler(struct demo_conn *c, struct str name);

/* demo_containers.c */
demo_handler demo_get_containers, demo_get_container, demo_get_changes,
	demo_get_top;

/* demo_streams.c */
demo_handler demo_get_events, demo_get_logs, demo_get_stats;

/* demo_exec.c */
demo_handler demo_post_exec, demo_post_exec_start, demo_post_exec_resize,
	demo_get_exec;

/* True when every filter of the request is in known (which ends in NULL);
 * else the request has been answered. */
bool demo_filters_known(struct demo_conn *c, const char *const *known);

/* The container of that name or identity; NULL: answered 404. */
json_t *demo_container_or_404(struct demo_conn *c, struct str name);

/* False: answered 409. */
bool demo_container_running(struct demo_conn *c, const json_t *container);

/* Its entry in the list; owned by the caller. */
json_t *demo_summary(const json_t *container);

/* SizeRw and SizeRootFs, which are only told on request. */
void demo_add_sizes(json_t *object);

#endif
