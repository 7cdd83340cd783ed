/* The bytes of a policy, before any parser sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/source.h"
#include "runtime/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
	struct arena arena;
	struct diag diag;
	struct source source;
};

static bool
check(struct fixture *f, struct str text)
{
	arena_init(&f->arena, MIB(64));
	diag_init(&f->diag, &f->arena);
	return source_init(
		&f->source, STR("p.conf"), text, &f->arena, &f->diag);
}

static void
done(struct fixture *f)
{
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

static void
assert_refused(struct str text, uint32_t line, uint32_t col, const char *why)
{
	struct fixture f;
	assert_false(check(&f, text));
	assert_int_equal(f.diag.errors, 1);
	assert_int_equal(f.diag.entries[0].pos.line, line);
	assert_int_equal(f.diag.entries[0].pos.col, col);
	assert_non_null(strstr(f.diag.entries[0].text.p, why));
	done(&f);
}

static void
test_plain_text(void **state)
{
	struct fixture f;
	(void)state;
	assert_true(check(&f, STR("a: 1\r\n\tb: é €\n# 😀\n")));
	assert_int_equal(f.source.nlines, 4);
	assert_true(str_eq(source_line(&f.source, 1), STR("a: 1")));
	assert_true(str_eq(source_line(&f.source, 2), STR("\tb: é €")));
	assert_true(str_eq(source_line(&f.source, 4), STR("")));
	assert_true(str_eq(source_line(&f.source, 0), STR("")));
	assert_true(str_eq(source_line(&f.source, 5), STR("")));
	done(&f);
	assert_true(check(&f, STR("")));
	done(&f);
}

/* libfyaml would stop there and drop the rest of the policy. */
static void
test_what_ends_the_input(void **state)
{
	(void)state;
	assert_refused(STR("a: 1\nb: x\0y\n"), 2, 5, "NUL");
	assert_refused(STR("a: 1\nb: \xc0\xaf\n"), 2, 4, "UTF-8");
	assert_refused(STR("\0"), 1, 1, "NUL");
}

static void
test_invalid_utf8(void **state)
{
	(void)state;
	assert_refused(STR("\xff"), 1, 1, "UTF-8");
	assert_refused(STR("é\xe2\x82"), 1, 2, "UTF-8");
	assert_refused(STR("\xed\xa0\x80"), 1, 1, "UTF-8");
	assert_refused(STR("\xf4\x90\x80\x80"), 1, 1, "UTF-8");
	assert_refused(STR("a\x80"), 1, 2, "UTF-8");
}

static void
test_forbidden_characters(void **state)
{
	(void)state;
	assert_refused(STR("ab\x01"), 1, 3, "control byte");
	assert_refused(STR("ab\x0b"), 1, 3, "control byte");
	assert_refused(STR("ab\x1b[2J"), 1, 3, "control byte");
	assert_refused(STR("ab\x7f"), 1, 3, "control character");
	assert_refused(STR("ab\xc2\x85"), 1, 3, "NEL");
	assert_refused(STR("ab\xc2\x9b"), 1, 3, "control character");
	assert_refused(STR("\n\xe2\x80\xa8"), 2, 1, "separator");
	assert_refused(STR("\n\xe2\x80\xa9"), 2, 1, "separator");
	assert_refused(STR("# \xe2\x80\xae x"), 1, 3, "direction");
	assert_refused(STR("# \xe2\x81\xa6 x"), 1, 3, "direction");
	assert_refused(STR("\xef\xbb\xbf"
			   "a: 1"),
		1, 1, "byte order mark");
	assert_refused(STR("a: \xef\xbb\xbf"), 1, 4, "byte order mark");
	assert_refused(STR("a: \xef\xbf\xbf"), 1, 4, "noncharacter");
	assert_refused(STR("a: 1\rb: 2\n"), 1, 5, "carriage return");
	assert_refused(STR("a: 1\r"), 1, 5, "carriage return");
}

static void
test_size(void **state)
{
	struct fixture f;
	size_t n = SOURCE_BYTES_MAX + 1;
	char *big = malloc(n);
	(void)state;
	assert_non_null(big);
	memset(big, ' ', n);
	assert_false(check(&f, (struct str){big, n}));
	assert_non_null(strstr(f.diag.entries[0].text.p, "larger than 8 MiB"));
	done(&f);
	assert_true(check(&f, (struct str){big, n - 1}));
	done(&f);
	free(big);
}

/* Of these libfyaml would make gigabytes, or minutes. */
static void
test_costly_shapes(void **state)
{
	static const char units[] = "[{,";
	size_t n = MIB(8);
	char *big = malloc(n);
	(void)state;
	assert_non_null(big);
	memset(big, '[', n);
	assert_refused((struct str){big, n}, 1, 4097, "brackets");
	memset(big, '{', n);
	assert_refused((struct str){big, n}, 1, 4097, "brackets");
	memset(big, ',', n);
	assert_refused((struct str){big, n}, 1, TREE_NODES_MAX + 1, "million");
	memset(big, 'x', n);
	assert_refused(STR("%YAML 1.2\n---\n"), 1, 1, "directive");
	assert_refused(STR("a: 1\n%x\n"), 2, 1, "directive");
	for (size_t i = 0; units[i]; i++) {
		struct fixture f;
		memset(big, units[i], 4096);
		big[4096] = ']';
		big[4097] = '%';
		assert_true(check(&f, (struct str){big, n}));
		done(&f);
	}
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_what_ends_the_input),
		cmocka_unit_test(test_invalid_utf8),
		cmocka_unit_test(test_forbidden_characters),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_costly_shapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
