/* audit verify: is the chain of an audit log whole? */
#include "daemon/cmd_audit.h"

#include "runtime/audit.h"
#include "runtime/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum read { READ_LINE, READ_END, READ_PART, READ_LONG, READ_ERROR };

struct log_reader {
	FILE *file; /* borrowed */
	char line[AUDIT_LINE_MAX];
	size_t n;
};

/* What has been read so far. */
struct chain {
	uint64_t lines, chained;
	uint8_t digest[AUDIT_DIGEST]; /* of the last line */
	bool goes_on;                 /* from an older file */
};

/* A line with its \n. */
static enum read
read_line(struct log_reader *r)
{
	int c;

	r->n = 0;
	while ((c = getc_unlocked(r->file)) != EOF) {
		if (r->n == sizeof(r->line))
			return READ_LONG;
		r->line[r->n++] = (char)c;
		if (c == '\n')
			return READ_LINE;
	}
	if (ferror(r->file))
		return READ_ERROR;
	return r->n > 0 ? READ_PART : READ_END;
}

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
read_chain(struct log_reader *r, struct chain *c)
{
	const char *why = NULL;

	while (!why) {
		switch (read_line(r)) {
		case READ_LINE:
			why = chain_add(c, (struct str){r->line, r->n});
			break;
		case READ_END:
			return NULL;
		case READ_PART:
			return "it does not end: the file was cut off, or is "
			       "being written";
		case READ_LONG:
			return "it is longer than any line of an audit log";
		case READ_ERROR:
			return strerror(errno);
		}
	}
	return why;
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
	struct log_reader r = {.file = stdin};
	struct chain c = {0};

	if (strcmp(file, "-") != 0)
		r.file = fopen(file, "re");
	if (!r.file) {
		fprintf(err, "%s: error: %s\n", file, strerror(errno));
		return 1;
	}
	const char *why = read_chain(&r, &c);
	if (r.file != stdin)
		fclose(r.file);
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
