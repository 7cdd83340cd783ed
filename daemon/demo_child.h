/* The demonstration engine as a child process of `serve --demo`. */
#ifndef DAEMON_DEMO_CHILD_H
#define DAEMON_DEMO_CHILD_H

#include "daemon/engine.h"

#include <stdbool.h>
#include <sys/types.h>

struct demo_child {
	pid_t pid;    /* 0: none */
	int fd;       /* owned: a socket whose other end it has */
	char dir[64]; /* a folder of its own, with its socket */
	char path[80];
};

/* Starts one, waits until it listens, and points *engine at it. */
bool demo_child_start(struct demo_child *d, struct engine_address *engine);

/* Ends it and waits; it removes its folder. Safe without one. */
void demo_child_stop(struct demo_child *d);

#endif
