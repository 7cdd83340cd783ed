/* The table of findings. */
#include "compiler/finding.h"

#include <assert.h>

static const struct finding_info infos[FINDING_COUNT] = {
#define FINDING(id, code, name, level, why, fix) \
	{code, name, FINDING_##level, why, fix},
#include "compiler/finding.def"
#undef FINDING
};

const struct finding_info *
finding_info(enum finding f)
{
	assert(f < FINDING_COUNT);
	return &infos[f];
}

bool
finding_parse(struct str word, enum finding *out)
{
	for (unsigned i = 0; i < FINDING_COUNT; i++) {
		if (!str_eq_nocase(word, str_of(infos[i].code)) &&
			!str_eq_nocase(word, str_of(infos[i].name)))
			continue;
		*out = (enum finding)i;
		return true;
	}
	return false;
}
