/* Fixture of the settings' tests. Include behind cmocka.h. */
#ifndef TESTS_UNIT_SETTINGS_FIXTURE_H
#define TESTS_UNIT_SETTINGS_FIXTURE_H

#include "tests/unit/policy_fixture.h"

/* It compiles. */
static inline void
compile(struct fixture *f, const char *text, const char *const *envp)
{
	fixture_init(f, text, envp);
	if (f->policy)
		return;
	print_error("%s", f->told);
	fail();
}

/* And NUL-terminated. */
static inline void
assert_str(struct str s, const char *want)
{
	if (!str_eq(s, str_of(want))) {
		print_error("%.*s is not %s\n", STR_FMT(s), want);
		fail();
	}
	assert_int_equal(s.p[s.n], '\0');
}

/* One line of `global` gives exactly one error, which says so. */
static inline void
assert_bad_global(const char *line, const char *what)
{
	char text[512];
	snprintf(text, sizeof(text), "auth: {type: none}\nglobal:\n  %s\n",
		line);
	assert_one_error(text, what);
}

/* The text compiles, with that one warning. */
static inline void
assert_warns(const char *text, const char *warning)
{
	struct fixture f;
	compile(&f, text, no_env);
	assert_int_equal(f.diag.warnings, 1);
	assert_tells(&f, warning);
	fixture_fini(&f);
}

#endif
