/* lint: what a configuration does, and hardly should. */
#include "daemon/cmd_lint.h"

#include "compiler/policy.h"
#include "daemon/cmd_check.h"
#include "daemon/config.h"
#include "daemon/file.h"
#include "daemon/lint_report.h"
#include "runtime/limits.h"

#include <errno.h>
#include <string.h>

/* --- what is told ------------------------------------------------------------ */

static bool
write_text(struct diag *d, FILE *out)
{
	diag_write(d, out);
	return true;
}

static const struct {
	const char *name;
	bool (*write)(struct diag *d, FILE *out);
} formats[] = {
	{"text", write_text},
	{"json", lint_report_json},
	{"sarif", lint_report_sarif},
};

static int
report(struct diag *d, size_t format)
{
	diag_sort(d);
	if (!formats[format].write(d, stdout)) {
		fputs("docker-proxy: out of memory\n", stderr);
		return EXIT_USAGE;
	}
	return d->n > 0 ? EXIT_INVALID : EXIT_OK;
}

static int
lint(const char *file, size_t format)
{
	struct arena arena;
	struct diag diag;
	int status = EXIT_USAGE;
	const struct config config = {.file = file};
	struct policy_input in = config_input(&config, NULL);

	in.tls_check = &cmd_check_tls;
	in.lint = LINT_ALL;
	in.others_read = file && file_others_read(file);
	arena_init(&arena, POLICY_ARENA_MAX);
	if (file && !config_text(file, &arena, &in.text)) {
		fprintf(stderr, "%s: error: %s\n", file, strerror(errno));
	} else {
		policy_free(policy_compile(&in, &arena, &diag));
		status = report(&diag, format);
		diag_fini(&diag);
	}
	arena_fini(&arena);
	return status;
}

/* --- --explain ------------------------------------------------------------------ */

static void
explain_one(enum finding id)
{
	const struct finding_info *f = finding_info(id);

	printf("%s %s (%s)\n\n    %s\n\n    %s\n", f->code, f->name,
		f->level == FINDING_NOTE ? "note" : "warning", f->why, f->fix);
}

static int
explain(const char *word, size_t format)
{
	enum finding id;

	if (strcmp(word, "all") == 0 && format > 0)
		return lint_report_findings(stdout) ? EXIT_OK : EXIT_USAGE;
	if (strcmp(word, "all") == 0) {
		for (unsigned i = 0; i < FINDING_COUNT; i++) {
			if (i > 0)
				putchar('\n');
			explain_one((enum finding)i);
		}
		return EXIT_OK;
	}
	if (finding_parse(str_of(word), &id)) {
		explain_one(id);
		return EXIT_OK;
	}
	fprintf(stderr, "docker-proxy: there is no finding \"%s\"\n", word);
	return EXIT_USAGE;
}

/* --- the command ------------------------------------------------------------------ */

static int
run(const struct arguments *a)
{
	const char *format = argument_value(a, "--format");
	const char *word = argument_value(a, "--explain");
	const char *file = argument_operand(a, 0);
	size_t i = 0;

	while (format && i < sizeof(formats) / sizeof(formats[0]) &&
		strcmp(format, formats[i].name) != 0)
		i++;
	if (i == sizeof(formats) / sizeof(formats[0])) {
		fputs("docker-proxy: --format is text, json or sarif\n",
			stderr);
		return EXIT_USAGE;
	}
	if (word)
		return explain(word, i);
	return lint(
		config_find(file ? file : argument_value(a, "--config")), i);
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration, as FILE"},
	{"--format", "text|json|sarif", "text"},
	{"--explain", "CODE", "why a finding matters and what to do; or all"},
	{0},
};

const struct command command_lint = {
	.name = "lint",
	.operands = "[FILE]",
	.most = 1,
	.flags = flags,
	.help = "what a configuration does, and hardly should; exit 0 when "
		"nothing is found, 1 when something is, 2 when it cannot be "
		"read",
	.run = run,
};
