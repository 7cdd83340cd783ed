/* Why a request is refused: one enum, its status and its text. */
#ifndef RUNTIME_WHY_H
#define RUNTIME_WHY_H

#include <stdint.h>

enum why {
#define WHY(name, status, text) WHY_##name,
#include "runtime/why.def"
#undef WHY
	WHY_COUNT
};

/* HTTP status of the answer; 200 for WHY_OK. */
uint16_t why_status(enum why why);

/* English, without a full stop; never NULL. */
const char *why_text(enum why why);

/* "HEAD_TOO_LARGE": for logs, metrics and tests. */
const char *why_name(enum why why);

#endif
