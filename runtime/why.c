/* Why a request is refused: the table of why.def. */
#include "runtime/why.h"

#include <assert.h>

static const struct {
	uint16_t status;
	const char *name;
	const char *text;
} why_table[WHY_COUNT] = {
#define WHY(name, status, text) {status, #name, text},
#include "runtime/why.def"
#undef WHY
};

uint16_t
why_status(enum why why)
{
	assert(why < WHY_COUNT);
	return why_table[why].status;
}

const char *
why_text(enum why why)
{
	assert(why < WHY_COUNT);
	return why_table[why].text;
}

const char *
why_name(enum why why)
{
	assert(why < WHY_COUNT);
	return why_table[why].name;
}
