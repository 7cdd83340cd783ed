/* Toggles: what they warn of, what states they report, the map of a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/toggle_fixture.h"

/* Everything that was said, a line each; the help behind " | ". */
static const char *
said(struct fixture *f)
{
	struct str all = STR("");
	for (size_t i = 0; i < f->diag.n; i++) {
		const struct diag_entry *e = &f->diag.entries[i];
		all = arena_fmt(&f->arena, "%.*s%.*s%s%.*s\n", STR_FMT(all),
			STR_FMT(e->text), e->help.n ? " | " : "",
			STR_FMT(e->help));
	}
	return all.p;
}

#define TECNATIVA   "DOCKER_PROXY_PROFILE=tecnativa "
#define LINUXSERVER "DOCKER_PROXY_PROFILE=linuxserver "
#define NO_TOGGLE   " has no effect: there is no such toggle"

static const struct warning {
	const char *env, *text;
} warnings[] = {
	/* values */
	{"CONTAINERS=ture", "CONTAINERS=ture is no boolean: treated as 0 | "
			    "write 1 or 0\n"},
	{"VERSION=1.2.3", "VERSION=1.2.3 is no boolean: treated as 0 | "
			  "write 1 or 0\n"},
	{"CONTAINERS=ture,CONTAINERS=1",
		"CONTAINERS=ture is no boolean: treated as 0 | "
		"write 1 or 0\n"},
	{"INFO=0123456789012345678901234567890123456789x",
		"INFO=0123456789012345678901234567890123456789... is no "
		"boolean: treated as 0 | write 1 or 0\n"},
	{"INFO=\x1b[2J", "INFO=?[2J is no boolean: treated as 0 | "
			 "write 1 or 0\n"},
	{"CONTAINERS=,POST=0,EXEC=No,INFO=FALSE,SYSTEM=oN", ""},

	/* names */
	{"ALLOWED_PATHS=/containers", "ALLOWED_PATHS" NO_TOGGLE "\n"},
	{"ALLOW_FOO=1", "ALLOW_FOO" NO_TOGGLE "\n"},
	{"ALLOW_FOO=", ""},
	{"LIBPOD_X=1", "LIBPOD_X" NO_TOGGLE "\n"},
	{"CONTAINER=1", "CONTAINER" NO_TOGGLE " | did you mean CONTAINERS?\n"},
	{"CONTIANERS=0,POSTS=1",
		"CONTIANERS" NO_TOGGLE " | did you mean CONTAINERS?\n"
		"POSTS" NO_TOGGLE " | did you mean POST?\n"},
	{"containers=1",
		"containers" NO_TOGGLE " | did you mean CONTAINERS?\n"},
	{"post=0", "post" NO_TOGGLE " | did you mean POST?\n"},
	{"ALLOW_STRAT=1",
		"ALLOW_STRAT" NO_TOGGLE " | did you mean ALLOW_START?\n"},
	{"ALLOW_FOO=1,ALLOW_FOO=2", "ALLOW_FOO" NO_TOGGLE "\n"},
	{"LIBPOD_INFO=1", "LIBPOD_INFO has no effect: it is a toggle of the "
			  "linuxserver profile, not of strict\n"},
	{"ALLOW_RESTART=1",
		"ALLOW_RESTART" NO_TOGGLE " | did you mean ALLOW_RESTARTS?\n"},

	/* an ordinary environment */
	{"PATH=/bin,HOME=/root,HOSTNAME=0,TERM=xterm,LANG=C,LC_ALL=C,TZ=UTC,"
	 "PWD=/,OLDPWD=/,SHLVL=1,USER=1,LOGNAME=1,SHELL=1,_=1,MAIL=1,CI=true,"
	 "DEBUG=1,HOST=1,PORT=1,NODE_ENV=1,container=docker,PASS=1,PROXY=1",
		""},
	{"SOCKET_PATH=/s,LOG_LEVEL=info,DISABLE_IPV6=1,DOCKER_HOST=1,"
	 "DOCKER_PROXY_BIND=*,DOCKER_PROXY_PORT=1,DOCKER_TLS_VERIFY=1,"
	 "DOCKER_SOCKET=/s",
		""},
	{"EXEC_MODE=1,EXECUTE=1,INF=1,INFI=1,MODES=1,HOSTS=1,"
	 "SERVICE_PORT=1,CONTAINER_NAME=1,IMAGE_TAG=1,no_equals_sign",
		""},

	/* no effect */
	{"ALLOW_START=1,POST=1,CONTAINERS=1",
		"ALLOW_START=1 has no effect: its section and POST=1 open it "
		"already\n"},
	{"ALLOW_START=1,POST=1", ""},
	{"ALLOW_START=1,CONTAINERS=1", ""},
	{"ALLOW_START=0,POST=1,CONTAINERS=1", ""},
	{"ALLOW_EXEC=1,POST=1,CONTAINERS=1", ""},
	{"ALLOW_EXEC=1,POST=1,EXEC=1",
		"ALLOW_EXEC=1 has no effect: its section and POST=1 open it "
		"already\n"},
	{"ALLOW_KILL=1,ALLOW_RESTARTS=1",
		"ALLOW_KILL=1 has no effect: ALLOW_RESTARTS=1 opens it "
		"already\n"},
	{"ALLOW_ARCHIVE=1",
		"ALLOW_ARCHIVE=1 has no effect: it leaves the call to "
		"CONTAINERS, which is 0\n"},
	{"ALLOW_ARCHIVE=1,CONTAINERS=1", ""},
	{"BUILD=1", "BUILD=1 has no effect: it takes POST=1 too, all its "
		    "calls are POST\n"},
	{"BUILD=1,POST=1", ""},
};

static const struct warning compat_warnings[] = {
	{TECNATIVA "CONTAINERS=true",
		"CONTAINERS=true is not 1: treated as 0 | write 1 or 0\n"},
	{TECNATIVA "CONTAINERS=1abc",
		"CONTAINERS=1abc is not 1: treated as 1 | write 1 or 0\n"},
	{TECNATIVA "CONTAINERS=0x1",
		"CONTAINERS=0x1 is not 1: treated as 0 | write 1 or 0\n"},
	{TECNATIVA "CONTAINERS=+", "CONTAINERS=+ is not 1: treated as 0 | "
				   "write 1 or 0\n"},
	{TECNATIVA "CONTAINERS=01 INFO=-1 EXEC=false POST=00", ""},
	{TECNATIVA "ALLOW_LOGS=0",
		"ALLOW_LOGS has no effect: it is a toggle of the strict "
		"profile, not of tecnativa\n"},
	{TECNATIVA "ALLOW_EXEC=1",
		"ALLOW_EXEC has no effect: it is a toggle of the strict "
		"profile, not of tecnativa\n"},
	{TECNATIVA "ALLOW_START=1",
		"ALLOW_START=1 has no effect: in this profile it takes "
		"POST=1 too\n"},
	/* And not that CONTAINERS=1 opens it: that opens GET alone. */
	{TECNATIVA "ALLOW_START=1 CONTAINERS=1",
		"ALLOW_START=1 has no effect: in this profile it takes "
		"POST=1 too\n"},
	{TECNATIVA "ALLOW_START=1 POST=1", ""},
	{TECNATIVA "ALLOW_START=1 POST=1 CONTAINERS=1",
		"ALLOW_START=1 has no effect: CONTAINERS=1 opens it "
		"already\n"},
	{LINUXSERVER "ALLOW_START=1 ALLOW_LOGS=1 LIBPOD_CONTAINERS=1", ""},
	{LINUXSERVER "ALLOW_LOGS=1",
		"ALLOW_LOGS=1 has no effect: it leaves the call to "
		"CONTAINERS, which is 0\n"},
	{LINUXSERVER "LIBPOD_ALLOW_POD_STOP=1 ALLOW_RESTARTS=1",
		"LIBPOD_ALLOW_POD_STOP=1 has no effect: an ALLOW_ toggle "
		"opens it already\n"},
	{LINUXSERVER "ALLOW_PAUSE=1 LIBPOD_ALLOW_UNPAUSE=1", ""},
	{LINUXSERVER "ALLOW_KILL=1",
		"ALLOW_KILL has no effect: it is a toggle of the strict "
		"profile, not of linuxserver\n"},
	{"DOCKER_PROXY_PROFILE=strict CONTAINERS=yes", ""},
	{"DOCKER_PROXY_PROFILE= CONTAINERS=yes", ""},
	{"DOCKER_PROXY_PROFILE=tecnativ",
		"DOCKER_PROXY_PROFILE is not strict, tecnativa or "
		"linuxserver | did you mean \"tecnativa\"?\n"},
};

static void
check_warnings(const struct warning *w, size_t n, char sep)
{
	for (size_t i = 0; i < n; i++) {
		struct fixture f;
		fixture_init(&f, NULL, w[i].env, sep);
		const char *text = said(&f);
		if (strcmp(text, w[i].text) != 0)
			fail_msg("[%s] said:\n%swanted:\n%s", w[i].env, text,
				w[i].text);
		fixture_fini(&f);
	}
}

static void
strict_warnings(void **state)
{
	(void)state;
	check_warnings(warnings, sizeof(warnings) / sizeof(warnings[0]), ',');
}

static void
profile_warnings(void **state)
{
	(void)state;
	check_warnings(compat_warnings,
		sizeof(compat_warnings) / sizeof(compat_warnings[0]), ' ');
}

static void
unknown_profile_is_an_error(void **state)
{
	static const char *const envs[] = {"DOCKER_PROXY_PROFILE=lsio",
		"DOCKER_PROXY_PROFILE=Strict", "DOCKER_PROXY_PROFILE= strict"};
	(void)state;

	for (size_t i = 0; i < sizeof(envs) / sizeof(envs[0]); i++) {
		struct fixture f;
		fixture_init(&f, NULL, envs[i], ',');
		assert_int_equal(f.diag.errors, 1);
		fixture_fini(&f);
	}
}

/* --- states ------------------------------------------------------------- */

static const struct toggle_state *
state_of(const struct fixture *f, const char *name)
{
	for (size_t i = 0; i < f->toggles.nstates; i++)
		if (strcmp(f->toggles.states[i].name, name) == 0)
			return &f->toggles.states[i];
	return NULL;
}

static void
states_tell_every_variable(void **state)
{
	static const struct {
		const char *env;
		enum toggle_profile profile;
		size_t n;
	} cases[] = {
		{"", PROFILE_STRICT, 24 + 14},
		{"DOCKER_PROXY_PROFILE=tecnativa", PROFILE_TECNATIVA, 24 + 3},
		{"DOCKER_PROXY_PROFILE=linuxserver", PROFILE_LINUXSERVER,
			24 + 10 + 10 + 15},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		fixture_init(&f, NULL, cases[i].env, ',');
		assert_int_equal(f.toggles.profile, cases[i].profile);
		assert_int_equal(f.toggles.nstates, cases[i].n);
		for (size_t j = 0; j < f.toggles.nstates; j++)
			assert_true(f.toggles.states[j].is_default);
		fixture_fini(&f);
	}
	assert_string_equal(toggle_profile_name(PROFILE_STRICT), "strict");
	assert_string_equal(
		toggle_profile_name(PROFILE_LINUXSERVER), "linuxserver");
}

static void
states_tell_values(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, NULL, "CONTAINERS=1,PING=0,EVENTS=1,INFO=0", ',');
	assert_true(state_of(&f, "CONTAINERS")->on);
	assert_false(state_of(&f, "CONTAINERS")->is_default);
	assert_false(state_of(&f, "PING")->on);
	assert_false(state_of(&f, "PING")->is_default);
	assert_true(state_of(&f, "EVENTS")->is_default);
	assert_true(state_of(&f, "INFO")->is_default);
	assert_true(state_of(&f, "ALLOW_LOGS")->on);
	assert_false(state_of(&f, "ALLOW_ARCHIVE")->on);
	fixture_fini(&f);
}

/* --- the map of a file -------------------------------------------------- */

static struct tree
scalar(const char *key, const char *text, uint32_t line)
{
	return (struct tree){
		.kind = TREE_SCALAR,
		.pos = {.line = line, .col = 10, .len = 1},
		.key = str_of(key),
		.key_pos = {.line = line, .col = 2, .len = 1},
		.text = str_of(text),
		.plain = true,
	};
}

/* A map of n members, which it links. */
static struct tree
map_of(struct tree *members, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		members[i].next = &members[i + 1];
	return (struct tree){
		.kind = TREE_MAP,
		.pos = {.line = 1, .col = 1, .len = 7},
		.first = n ? members : NULL,
		.count = n,
	};
}

static void
a_map_is_read_alone(void **state)
{
	struct tree members[] = {scalar("CONTAINERS", "1", 2),
		scalar("PING", "no", 3), scalar("INFO", "", 4),
		scalar("NODES", "ture", 5)};
	struct tree map = map_of(members, 4);
	struct fixture f;
	(void)state;

	/* Neither the values nor the names of the environment count. */
	fixture_init(&f, &map, "IMAGES=1,ALLOW_FOO=1,CONTAINERS=0", ',');
	assert_true(state_of(&f, "CONTAINERS")->on);
	assert_false(state_of(&f, "PING")->on);
	assert_false(state_of(&f, "INFO")->on);
	assert_false(state_of(&f, "NODES")->on);
	assert_false(state_of(&f, "IMAGES")->on);
	assert_string_equal(said(&f), "NODES: ture is no boolean: treated as 0"
				      " | write 1 or 0\n");
	assert_int_equal(f.diag.entries[0].pos.line, 5);
	assert_int_equal(f.diag.errors, 0);
	for (struct rule *r = f.rules.first; r; r = r->next)
		if (str_eq(r->name, STR("toggle:CONTAINERS")))
			assert_int_equal(r->pos.line, 2);
	fixture_fini(&f);
}

static void
a_map_names_its_profile(void **state)
{
	struct tree members[] = {scalar("profile", "linuxserver", 2),
		scalar("ALLOW_START", "1", 3), scalar("LIBPOD_INFO", "1", 4),
		scalar("CONTAINERS", "true", 5)};
	struct tree map = map_of(members, 4);
	struct fixture f;
	(void)state;

	fixture_init(&f, &map, "", ',');
	assert_int_equal(f.toggles.profile, PROFILE_LINUXSERVER);
	assert_true(state_of(&f, "LIBPOD_INFO")->on);
	assert_false(state_of(&f, "CONTAINERS")->on);
	assert_string_equal(said(&f), "CONTAINERS: true is not 1: treated as 0"
				      " | write 1 or 0\n");
	fixture_fini(&f);

	fixture_init(&f, &map, "DOCKER_PROXY_PROFILE=tecnativa", ',');
	assert_int_equal(f.toggles.profile, PROFILE_LINUXSERVER);
	assert_int_equal(f.diag.warnings, 2);
	fixture_fini(&f);

	map = map_of(members + 1, 1);
	members[1].next = NULL;
	fixture_init(&f, &map, "DOCKER_PROXY_PROFILE=tecnativa", ',');
	assert_int_equal(f.toggles.profile, PROFILE_TECNATIVA);
	assert_int_equal(f.diag.errors, 0);
	fixture_fini(&f);
}

static void
bad_nodes_are_errors(void **state)
{
	struct tree list = {.kind = TREE_LIST, .pos = {1, 1, 1, 0}};
	struct tree word = scalar("toggles", "environment", 1);
	struct tree unknown = scalar("CONTAINER", "1", 2);
	struct tree profile = scalar("profile", "lsio", 2);
	struct tree nested = {.kind = TREE_LIST,
		.key = STR("CONTAINERS"),
		.pos = {2, 1, 1, 0}};
	struct tree maps[] = {
		map_of(&unknown, 1), map_of(&profile, 1), map_of(&nested, 1)};
	const struct tree *const nodes[] = {
		&list, &word, &maps[0], &maps[1], &maps[2]};
	(void)state;

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		struct fixture f;
		fixture_init(&f, nodes[i], "", ',');
		assert_int_equal(f.diag.errors, 1);
		assert_int_not_equal(f.diag.entries[0].pos.line, 0);
		fixture_fini(&f);
	}
}

static void
the_word_env_is_the_environment(void **state)
{
	struct tree word = scalar("toggles", "env", 7);
	struct fixture f;
	(void)state;

	fixture_init(&f, &word, "IMAGES=1,CONTAINER=1", ',');
	assert_true(state_of(&f, "IMAGES")->on);
	assert_int_equal(f.diag.warnings, 1);
	assert_int_equal(f.rules.first->pos.line, 7);
	fixture_fini(&f);
}

/* A rule that lost its condition to a full arena would fire always. */
static void
a_full_arena_is_an_error(void **state)
{
	static const char *const envp[] = {"CONTAINERS=1", NULL};
	size_t cap = 0, good = 0;
	(void)state;

	for (; !good; cap += 1000) {
		struct arena texts, a;
		struct diag d;
		struct rule_list l;
		struct toggles t;
		arena_init(&texts, MIB(1));
		arena_init(&a, cap);
		diag_init(&d, &texts);
		rule_list_init(&l);
		toggles_read(NULL, envp, &t, &l, &a, &d);
		assert_int_equal(arena_overflowed(&a), d.errors > 0);
		for (struct rule *r = l.first; r; r = r->next)
			assert_true(r->when->first || !r->next);
		if (d.errors == 0)
			good = cap;
		diag_fini(&d);
		arena_fini(&a);
		arena_fini(&texts);
	}
	assert_true(good > 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_warnings),
		cmocka_unit_test(profile_warnings),
		cmocka_unit_test(unknown_profile_is_an_error),
		cmocka_unit_test(states_tell_every_variable),
		cmocka_unit_test(states_tell_values),
		cmocka_unit_test(a_map_is_read_alone),
		cmocka_unit_test(a_map_names_its_profile),
		cmocka_unit_test(bad_nodes_are_errors),
		cmocka_unit_test(the_word_env_is_the_environment),
		cmocka_unit_test(a_full_arena_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
