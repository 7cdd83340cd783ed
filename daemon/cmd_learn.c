/* `docker-proxy learn`: a policy from recorded requests. */
#include "daemon/cmd_learn.h"

#include "daemon/audit_lines.h"
#include "daemon/learn.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Whatever stands between events is told and passed over, so that a log that
 * shares its file with others can be read. */
static bool
read_lines(struct learnt *l, struct audit_lines *lines, const char *file)
{
	enum audit_read read;
	uint64_t others = 0;

	while ((read = audit_lines_next(lines)) == AUDIT_READ_LINE) {
		switch (learn_add(l, (struct str){lines->line, lines->n})) {
		case LEARN_OK:
			break;
		case LEARN_NO_EVENT:
			others++;
			break;
		case LEARN_NO_MEMORY:
			fprintf(stderr, "%s:%" PRIu64 ": error: no memory\n",
				file, lines->number);
			return false;
		}
	}
	if (others > 0)
		fprintf(stderr,
			"%s: warning: %" PRIu64
			" lines are no events of an audit log\n",
			file, others);
	if (read == AUDIT_READ_END)
		return true;
	/* Of a log that is being written, the last line is not there yet. */
	fprintf(stderr, "%s:%" PRIu64 ": %s: %s\n", file, lines->number,
		read == AUDIT_READ_PART ? "warning" : "error",
		audit_read_text(read));
	return read == AUDIT_READ_PART;
}

static bool
read_file(struct learnt *l, const char *file)
{
	static struct audit_lines lines;

	if (!audit_lines_open(&lines, file)) {
		fprintf(stderr, "%s: error: %s\n", file, strerror(errno));
		return false;
	}
	bool ok = read_lines(l, &lines, file);
	audit_lines_close(&lines);
	return ok;
}

static int
run(const struct arguments *a)
{
	const char *first = argument_operand(a, 0), *file;
	struct learnt l;
	bool ok = true;

	learn_init(&l);
	for (unsigned i = 0; ok && (file = argument_operand(a, i)); i++)
		ok = read_file(&l, file);
	if (ok && l.requests == 0) {
		fprintf(stderr,
			"%s: error: no request was let in; record them with "
			"`--mode learn` or `audit: all`\n",
			first);
		ok = false;
	}
	if (ok)
		learn_write(&l, argument_operand(a, 1) ? "several logs" : first,
			stdout);
	learn_fini(&l);
	return ok && fflush(stdout) == 0 ? EXIT_OK : EXIT_INVALID;
}

const struct command command_learn = {
	.name = "learn",
	.operands = "LOG...",
	.least = 1,
	.most = 1000,
	.help = "write the least policy that allows the requests of audit "
		"logs, recorded with --mode learn; a LOG may be -",
	.run = run,
};
