/* `docker-proxy learn`: a policy from recorded requests. */
#include "daemon/cmd_learn.h"

#include "daemon/audit_files.h"
#include "daemon/learn.h"

static enum audit_line
take_line(void *ctx, struct str line)
{
	return learn_add(ctx, line);
}

static int
run(const struct arguments *a)
{
	const char *first = argument_operand(a, 0);
	struct learnt l;

	learn_init(&l);
	bool ok = audit_files_read(a, take_line, &l);
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
