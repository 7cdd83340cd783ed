/* The commands, in the order in which --help shows them. */
#include "daemon/command.h"

#include "daemon/cmd_audit.h"
#include "daemon/cmd_check.h"
#include "daemon/cmd_completion.h"
#include "daemon/cmd_explain.h"
#include "daemon/cmd_healthcheck.h"
#include "daemon/cmd_init.h"
#include "daemon/cmd_learn.h"
#include "daemon/cmd_lint.h"
#include "daemon/cmd_migrate.h"
#include "daemon/cmd_policies.h"
#include "daemon/cmd_schema.h"
#include "daemon/cmd_test.h"
#include "daemon/cmd_version.h"
#include "daemon/demo.h"
#include "daemon/serve.h"

const struct command *const commands[] = {
	&command_serve,
	&command_check,
	&command_policies,
	&command_policies_show,
	&command_lint,
	&command_explain,
	&command_test,
	&command_healthcheck,
	&command_audit_verify,
	&command_init,
	&command_learn,
	&command_migrate,
	&command_schema,
	&command_completion,
	&command_demo_engine,
	&command_version,
	NULL,
};
