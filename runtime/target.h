/* Request targets: from the bytes of a request line to the one canonical
 * form that is judged and forwarded.
 *
 * Implements RFC 9112 section 3.2 (origin form, and absolute form with the
 * scheme http), RFC 3986 percent-decoding, and the reading of the Docker
 * Engine: gorilla/mux matches the path decoded once with `/v[0-9.]+` split
 * off; net/url.ParseQuery decodes the query. Whatever the Engine would
 * redirect, or two readers could read in two ways, is refused.
 */
#ifndef RUNTIME_TARGET_H
#define RUNTIME_TARGET_H

#include "runtime/arena.h"
#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stdint.h>

struct target_param {
	struct str name;  /* decoded, with case */
	struct str value; /* decoded; empty for `?k` and `?k=` alike */
};

struct target {
	/* Decoded once, without the API version: "/containers/json". Clean:
	 * starts with "/", no empty, "." or ".." segment (one empty segment
	 * at the end, a trailing slash, is kept: the Engine tells the two
	 * apart), valid UTF-8, no control byte. */
	struct str path;
	/* "1.43", or empty when the path had none. */
	struct str api_version;
	uint16_t api_major, api_minor; /* 0 without a version */
	/* The authority of an absolute-form target, else empty. */
	struct str authority;
	struct target_param *params; /* in the order given */
	size_t nparams;
	/* What to forward: version, path and query written anew from the
	 * decoded form, e.g. "/v1.43/images/a%20b/json?all=1". */
	struct str forward;
};

struct target_limits {
	size_t target_bytes;
	uint16_t min_api_major, min_api_minor;
};

/* Reads raw (the bytes between the two spaces of the request line). All
 * strings of *out live in a or in raw. WHY_OK, or the reason to refuse.
 * Linear in raw.n. An overflowing arena is WHY_OUT_OF_MEMORY.
 */
enum why target_parse(struct str raw, const struct target_limits *limits,
	struct arena *a, struct target *out);

/* Names that the Engine reads as lists, the only ones that may repeat. */
bool target_param_is_list(struct str name);

#endif
