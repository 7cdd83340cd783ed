/* `docker-proxy replay`: which recorded decisions another policy changes. */
#include "daemon/cmd_replay.h"

#include "compiler/policy.h"
#include "daemon/audit_files.h"
#include "daemon/config.h"
#include "daemon/replay.h"

#include <string.h>

/* Exit codes of this command. */
enum { NOTHING_CHANGES = 0, SOMETHING_CHANGES = 1, CANNOT_TELL = 2 };

static enum audit_line
take_line(void *ctx, struct str line)
{
	return replay_add(ctx, line);
}

static int
tell(const struct arguments *a, struct replay *r, bool json)
{
	if (!audit_files_read(a, take_line, r))
		return CANNOT_TELL;
	if (r->requests == 0) {
		fprintf(stderr,
			"%s: error: it has no request; they are recorded with "
			"`audit: all`\n",
			argument_operand(a, 0));
		return CANNOT_TELL;
	}
	if (json)
		replay_json(r, stdout);
	else
		replay_text(r, stdout);
	if (fflush(stdout) != 0)
		return CANNOT_TELL;
	return r->nchanges > 0 ? SOMETHING_CHANGES : NOTHING_CHANGES;
}

static struct policy *
compile(const char *file)
{
	const struct config c = {.file = file};

	return config_compile(&c, NULL, stderr);
}

static int
replay(const struct arguments *a, bool json)
{
	const char *against = argument_value(a, "--against");
	struct policy *old = against ? compile(against) : NULL;
	struct policy *now = compile(argument_value(a, "--config"));
	int status = CANNOT_TELL;
	struct replay r;

	if (now && (old || !against)) {
		if (replay_init(&r, now, old))
			status = tell(a, &r, json);
		else
			fputs("docker-proxy: out of memory\n", stderr);
		replay_fini(&r);
	}
	policy_free(old);
	policy_free(now);
	return status;
}

static int
run(const struct arguments *a)
{
	const char *format = argument_value(a, "--format");
	bool json = format && strcmp(format, "json") == 0;

	if (!argument_given(a, "--config")) {
		fputs("docker-proxy: replay needs --config FILE, the policy "
		      "to try\n",
			stderr);
		return EXIT_USAGE;
	}
	if (format && !json && strcmp(format, "text") != 0) {
		fputs("docker-proxy: --format is text or json\n", stderr);
		return EXIT_USAGE;
	}
	return replay(a, json);
}

static const struct flag flags[] = {
	{"--config", "NEW", "the policy to try"},
	{"--against", "OLD",
		"what to compare with; without it, what the log says"},
	{"--format", "text|json", "text"},
	{0},
};

const struct command command_replay = {
	.name = "replay",
	.operands = "LOG...",
	.least = 1,
	.most = 1000,
	.flags = flags,
	.help = "which decisions of audit logs another policy would change; "
		"exit 0 when none, 1 when some, 2 when it cannot be said",
	.run = run,
};
