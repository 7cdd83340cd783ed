/* What the status page shows, as JSON: docs/status-page.md. */
#ifndef DAEMON_STATUS_JSON_H
#define DAEMON_STATUS_JSON_H

#include <stdint.h>
#include <stdio.h>

struct admin;
struct str;

/* One object on one line, without its end. */
void status_json_status(struct admin *a, FILE *out);

/* Of denials_read(). */
void status_json_denial(FILE *out, uint64_t id, int64_t time_ms, struct str s);

#endif
