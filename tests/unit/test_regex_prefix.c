/* What a pattern requires a text to begin with; and that PCRE2 agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compiler/regex_prefix.h"
#include "runtime/limits.h"
#include "runtime/regex.h"

static const struct {
	const char *pattern, *prefix; /* NULL: not known */
} cases[] = {
	{"^/containers/json$", "/containers/json"},
	{"^/containers/[a-f0-9]+/(start|stop)$", "/containers/"},
	{"^/containers/(?:a|b)/x|y", NULL},
	{"^/containers/(?:a|b)/x", "/containers/"},
	{"^/v1\\.4/x", "/v1.4/x"},
	{"^/a\\/b\\-c", "/a/b-c"},
	{"^/abc?d", "/ab"},
	{"^/abc*", "/ab"},
	{"^/abc+", "/ab"},
	{"^/abc{0,1}d", "/ab"},
	{"^/ab\\.?", "/ab"},
	{"^/a.c", "/a"},
	{"^/a\\dc", "/a"},
	{"^/a$", "/a"},
	{"^/\xc3\xa9x", "/"},
	{"^/a[^]|]b", NULL},
	{"^/a[^/]*/b", "/a"},
	{"(?s)^/containers/.+/exec(/|$)", "/containers/"},
	{"(?s)^/a.c", "/a"},
	/* No prefix, or none that is certain. */
	{"", NULL},
	{"^", NULL},
	{"^$", NULL},
	{"^a?", NULL},
	{"/a", NULL},
	{"(^/a)", NULL},
	{"^/a|^/b", NULL},
	{"^/a|/b", NULL},
	{"^(/a|/b)", NULL},
	{"^/a[(]|/b", NULL},
	{"^/a[\\]]|/b[(]", NULL},
	{"^/a[[:alpha:](]|/b", NULL},
	{"^/a\\Q(\\E|/b", NULL},
	{"^/a\\(|/b", NULL},
	{"^/a\\c(|/b", NULL},
	{"^/a(?#()|/b", NULL},
	{"^/a(?i)b", NULL},
	{"^/a(?=b)", NULL},
	{"(?i)^/a", NULL},
	{"(?s)", NULL},
	{"(?s)/a", NULL},
	{"(?s)^/a|/b", NULL},
	{"(?si)^/a", NULL},
	{"(?s)(?i)^/a", NULL},
	{"(?s)(?s)^/a", NULL},
	{"^(?s)/a", NULL},
	{"^/a(*FAIL)|/b", NULL},
	{"^/a)|/b", NULL},
	{"^/a\\", NULL},
	{"^/a[", NULL},
	{"^\\/a[]", NULL},
};

static void
test_table(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, MIB(1));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str prefix = STR("");
		bool known =
			regex_prefix(str_of(cases[i].pattern), &a, &prefix);
		const char *want = cases[i].prefix;
		if (known == (want != NULL) &&
			(!want || str_eq(prefix, str_of(want))))
			continue;
		fail_msg("%s: %.*s, not %s", cases[i].pattern, STR_FMT(prefix),
			want ? want : "none");
	}
	arena_fini(&a);
}

/* xorshift; the same run every time. */
static uint32_t
roll(uint32_t n)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

static struct str
random_of(const char *const *pieces, uint32_t npieces, uint32_t most, char *buf)
{
	size_t n = 0;

	for (uint32_t i = roll(most + 1); i > 0; i--) {
		const char *piece = pieces[roll(npieces)];
		memcpy(buf + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return (struct str){buf, n};
}

#define RANDOM_OF(pieces, most, buf) \
	random_of(pieces, sizeof(pieces) / sizeof(*pieces), most, buf)

/* What a pattern matches begins with its prefix: random patterns of all that
 * makes a prefix doubtful, against random texts of the same letters. */
static void
test_whatever_matches_begins_so(void **state)
{
	static const char *const pieces[] = {"a", "b", "/", "a", "/", "(", ")",
		"|", "[", "]", "[^", "\\(", "\\|", "\\[", "\\Q", "\\E", "\\c",
		"(?:", "(?i)", "(?#", "(?=", "(?s)", "*", "?", "+", "{0}",
		"{0,1}", ".", "$", "^", "\\/", "\\.", "\\d", ":", "[:alpha:]",
		"[a", "-"};
	static const char *const letters[] = {
		"a", "b", "/", "(", "|", ".", "\n"};
	struct regex_scratch *scratch = regex_scratch_new();
	unsigned matched = 0, prefixes = 0;
	char pattern[256] = "(?s)^", text[64], err[128];
	struct arena a;

	(void)state;
	arena_init(&a, MIB(1));
	for (unsigned i = 0; i < 200000; i++) {
		struct str prefix, p = RANDOM_OF(pieces, 8, pattern + 5);
		size_t at, option = i % 2 ? 4 : 0;
		p = (struct str){pattern + option, p.n + 5 - option};
		arena_reset(&a);
		if (!regex_prefix(p, &a, &prefix))
			continue;
		struct regex *re =
			regex_compile(p, false, err, sizeof(err), &at);
		if (!re)
			continue;
		prefixes++;
		for (unsigned k = 0; k < 10; k++) {
			struct str t = RANDOM_OF(letters, 6, text);
			if (regex_match(re, t, scratch) != REGEX_YES)
				continue;
			matched++;
			if (!str_starts(t, prefix))
				fail_msg("%.*s matches %.*s, not %.*s...",
					STR_FMT(p), STR_FMT(t),
					STR_FMT(prefix));
		}
		regex_free(re);
	}
	print_message("%u prefixes, %u matches\n", prefixes, matched);
	assert_true(prefixes > 5000 && matched > 1000);
	regex_scratch_free(scratch);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_whatever_matches_begins_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
