/* Findings: what is accepted in a policy and is hardly meant.
 *
 * Each has a stable code, a name and a level, says why it matters and what to
 * do; finding.def is the table. Immutable, process-wide.
 */
#ifndef COMPILER_FINDING_H
#define COMPILER_FINDING_H

#include "runtime/str.h"

enum finding {
#define FINDING(id, code, name, level, why, fix) FINDING_##id,
#include "compiler/finding.def"
#undef FINDING
	FINDING_COUNT
};

enum finding_level {
	FINDING_NOTE,    /* advice: told by lint alone */
	FINDING_WARNING, /* told by --check-config, too */
};

struct finding_info {
	const char *code; /* "DP101" */
	const char *name; /* "shadowed-rule" */
	enum finding_level level;
	const char *why, *fix; /* a sentence each */
};

const struct finding_info *finding_info(enum finding f);

/* By code or by name, without case; false when there is none. */
bool finding_parse(struct str word, enum finding *out);

#endif
