/* Moving a message body from one leg to the other. */
#ifndef DAEMON_PUMP_H
#define DAEMON_PUMP_H

#include "daemon/request.h"

enum pump {
	PUMP_WAIT,   /* for the source to be readable, or the sink writable */
	PUMP_DONE,   /* the end has been written */
	PUMP_EOF,    /* the source ended before the body did, or by an error */
	PUMP_BAD,    /* the source's framing is malformed */
	PUMP_BROKEN, /* the sink takes no more */
};

/* Moves what there is from src to dst, reading src at most once. *moved_out
 * tells whether any byte moved. */
enum pump pump(struct pipe_way *way, struct leg *src, struct leg *dst,
	bool *moved_out);

#endif
