/* audit verify: is the chain of an audit log whole? */
#include "daemon/cmd_audit.h"

#include "daemon/audit_lines.h"
#include "runtime/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What has been read so far. */
struct chain {
	uint64_t lines, chained;
	uint8_t digest[AUDIT_DIGEST]; /* of the last line */
	bool goes_on;                 /* from an older file */
};

static bool
is_zero(const uint8_t digest[AUDIT_DIGEST])
{
	static const uint8_t zero[AUDIT_DIGEST];

	return memcmp(digest, zero, sizeof(zero)) == 0;
}

/* Why a line does not follow the one before; NULL: it does. */
static const char *
chain_add(struct chain *c, struct str line)
{
	uint8_t prev[AUDIT_DIGEST];
	bool first = c->lines == 0;

	if (!audit_prev(line, prev)) {
		if (c->chained > 0)
			return "it has no \"prev\"";
	} else if (first) {
		c->goes_on = !is_zero(prev);
		c->chained++;
	} else if (is_zero(prev)) {
		return "a new chain begins here";
	} else if (memcmp(prev, c->digest, sizeof(prev)) != 0) {
		return "its \"prev\" is not the SHA-256 of the line before: "
		       "one of the two was changed, or lines between them "
		       "are missing";
	} else {
		c->chained++;
	}
	sha256(line, c->digest);
	c->lines++;
	return NULL;
}

static const char *
read_chain(struct audit_lines *l, struct chain *c)
{
	enum audit_read read;

	while ((read = audit_lines_next(l)) == AUDIT_READ_LINE) {
		const char *why = chain_add(c, (struct str){l->line, l->n});
		if (why)
			return why;
	}
	return audit_read_text(read);
}

static void
print_whole(const struct chain *c, const char *file, FILE *out)
{
	fprintf(out, "%s: %" PRIu64 " lines are good\n", file, c->chained);
	if (c->lines > c->chained)
		fprintf(out,
			"%s: the %" PRIu64 " lines before them have no "
			"chain\n",
			file, c->lines - c->chained);
	if (c->goes_on)
		fprintf(out, "%s: the first follows a line of an older file\n",
			file);
	if (c->chained == 0)
		return;
	fprintf(out, "%s: the SHA-256 of the last is ", file);
	for (size_t i = 0; i < AUDIT_DIGEST; i++)
		fprintf(out, "%02x", c->digest[i]);
	fputc('\n', out);
}

int
cmd_audit_verify(const char *file, FILE *out, FILE *err)
{
	struct audit_lines lines;
	struct chain c = {0};

	if (!audit_lines_open(&lines, file)) {
		fprintf(err, "%s: error: %s\n", file, strerror(errno));
		return 1;
	}
	const char *why = read_chain(&lines, &c);
	audit_lines_close(&lines);
	if (why) {
		fprintf(out, "%s:%" PRIu64 ": broken: %s\n", file, c.lines + 1,
			why);
		return 1;
	}
	if (c.lines > 0 && c.chained == 0) {
		fprintf(out, "%s: no line is chained\n", file);
		return 1;
	}
	print_whole(&c, file, out);
	return 0;
}

static int
run(const struct arguments *a)
{
	return cmd_audit_verify(argument_operand(a, 0), stdout, stderr);
}

const struct command command_audit_verify = {
	.name = "audit verify",
	.operands = "FILE",
	.least = 1,
	.most = 1,
	.help = "is the chain of an audit log whole? exit 0 when it is, 1 "
		"when not; FILE may be -",
	.run = run,
};
