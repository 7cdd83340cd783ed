/* A world of one worker for the flow target: clients on socket pairs, an
 * Engine behind a socket of its own, and a clock that only the script moves.
 * Nothing sleeps and no thread runs: the same script is the same story.
 *
 * What is asserted all the time: the Engine gets well-formed, canonical
 * requests that the policy allows, no more of them than were judged allowed;
 * when nobody does anything, the worker's loop is quiet; and at the end
 * nothing is left.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

#define WORLD_CLIENTS 4
#define WORLD_ENGINES 16 /* connections to the Engine: all there may be */

void world_begin(void);

/* Lets all happen that can, until all is quiet. */
void world_settle(void);

/* So much time passes; what was due goes off. */
void world_pass_ms(uint32_t ms);

enum world_kind {
	WORLD_PLAIN,
	WORLD_PROXY, /* the connection begins with a PROXY header */
	WORLD_SMALL, /* its socket takes little at once */
};

/* Clients and connections to the Engine by number; what there is not (yet, or
 * any more) is nothing. */
void world_connect(unsigned client, enum world_kind kind);

enum world_side { WORLD_CLIENT, WORLD_ENGINE };

/* In pieces of `piece` bytes, each of which is let happen. */
void world_send(
	enum world_side side, unsigned number, struct str bytes, size_t piece);
void world_shut(enum world_side side, unsigned number);
void world_close(enum world_side side, unsigned number);

/* It stops reading, or reads again. */
void world_deaf(enum world_side side, unsigned number, bool deaf);

/* The Engine takes connections, or refuses them. */
void world_listen(bool on);

/* The worker is told to stop. */
void world_drain(void);

/* All is cut; asserts that nothing is left. */
void world_end(void);

#endif
