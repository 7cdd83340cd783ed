/* Audit events: the chain that ties each line to the one before. */
#include "runtime/audit.h"

#include "runtime/sha256.h"

#include <assert.h>

#define BEFORE     STR(",\"prev\":\"")
#define AFTER      STR("\"}\n")
#define END        STR("}\n")
#define HEX        (2 * AUDIT_DIGEST)

/* All that stands behind the last member of a line that is chained. */
#define TAIL_BYTES (BEFORE.n + HEX + AFTER.n)

static char *
copy(char *to, struct str s)
{
	memcpy(to, s.p, s.n);
	return to + s.n;
}

size_t
audit_chain(char buf[AUDIT_LINE_MAX], size_t n, uint8_t digest[AUDIT_DIGEST])
{
	static const char digits[] = "0123456789abcdef";

	assert(str_ends((struct str){buf, n}, END));
	assert(n + TAIL_BYTES <= AUDIT_LINE_MAX);
	char *p = copy(buf + n - END.n, BEFORE);
	for (size_t i = 0; i < AUDIT_DIGEST; i++) {
		*p++ = digits[digest[i] >> 4];
		*p++ = digits[digest[i] & 15];
	}
	p = copy(p, AFTER);
	struct str line = {buf, (size_t)(p - buf)};
	sha256(line, digest);
	return line.n;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
audit_prev(struct str line, uint8_t digest_out[AUDIT_DIGEST])
{
	if (line.n < TAIL_BYTES)
		return false;
	struct str tail = str_from(line, line.n - TAIL_BYTES);
	if (!str_starts(tail, BEFORE) || !str_ends(tail, AFTER))
		return false;
	for (size_t i = 0; i < AUDIT_DIGEST; i++) {
		int high = nibble(tail.p[BEFORE.n + 2 * i]);
		int low = nibble(tail.p[BEFORE.n + 2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		digest_out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
