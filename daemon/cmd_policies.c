/* `policies` and `policies show`. */
#include "daemon/cmd_policies.h"

#include "compiler/ready.h"

static void
list(bool guards, FILE *out)
{
	for (const struct ready_policy *p = ready_policies; p->name; p++)
		if (p->guard == guards)
			fprintf(out, "  %-22s %s\n", p->name, p->description);
}

static int
run(const struct arguments *a)
{
	(void)a;

	puts("policies, which allow:");
	list(false, stdout);
	puts("guards, which refuse whatever a policy allows:");
	list(true, stdout);
	return EXIT_OK;
}

static int
run_show(const struct arguments *a)
{
	const char *name = argument_operand(a, 0);
	const struct ready_policy *p = ready_find(str_of(name));

	if (!p) {
		fprintf(stderr,
			"docker-proxy: there is no policy \"%s\"; see "
			"docker-proxy policies\n",
			name);
		return EXIT_INVALID;
	}
	fwrite(p->text.p, 1, p->text.n, stdout);
	return EXIT_OK;
}

const struct command command_policies = {
	.name = "policies",
	.help = "list the ready policies",
	.run = run,
};

const struct command command_policies_show = {
	.name = "policies show",
	.operands = "POLICY",
	.least = 1,
	.most = 1,
	.help = "print a ready policy",
	.run = run_show,
};
