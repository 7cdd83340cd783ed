/* Requests that lead to the host, and what should not part them. */
#ifndef COMPILER_LINT_PROBE_H
#define COMPILER_LINT_PROBE_H

#include "compiler/finding.h"

/* In a body, @I is an image that the policy allows, @N a network that it
 * denies, @D an image that it denies by a bare name. */
struct probe {
	const char *request; /* "POST /build" */
	const char *body;    /* NULL: none */
};

/* What nobody should be let in to without a guard. */
struct probe_open {
	enum finding finding;
	struct probe probe;
};

/* Where the one is denied, the other must be. Both say so in a few words. */
struct probe_gap {
	enum finding finding;
	const char *denied_as;
	struct probe denied;
	const char *allowed_as;
	struct probe allowed;
};

/* Both end with a probe without request. */
extern const struct probe_open probe_opens[];
extern const struct probe_gap probe_gaps[];

/* A container that nobody would object to. */
extern const struct probe probe_harmless;

#endif
