/* Redaction: an answer in pieces gives the same bytes as in one; of JSON comes
 * JSON; and where no filter names anything, nothing changes. The input is
 * filters as redact_fixture.h has them, one a line, an empty line, a byte for
 * the size of the pieces, and the answer. */
#include "runtime/json.h"
#include "tests/fuzz/specials.h"
#include "tests/unit/redact_fixture.h"

#define SPECS_MAX 8
#define SPEC_MAX  120

static bool
is_json(struct str s)
{
	const struct json_limits limits = {JSON_DEPTH_MAX, 1};
	struct arena a;
	struct json j;
	size_t at;

	arena_init(&a, MIB(16));
	bool ok = json_scan(s, &limits, &a, &j, &at) == WHY_OK && j.count > 0;
	arena_fini(&a);
	return ok;
}

/* The fixture asserts that its filters make sense: does this one? */
static bool
is_filter(struct str spec)
{
	struct str word = spec;
	struct str path = filters_cut(&word, STR(" "));
	struct str replacement = filters_cut(&path, STR(" = "));
	struct str pattern = filters_cut(&path, STR(" ~ "));
	char err[128];
	size_t offset;

	if (spec.n > SPEC_MAX || memchr(spec.p, '\0', spec.n) || path.n == 0 ||
		path.p[path.n - 1] == '\\')
		return false;
	if (str_eq(word, STR("replace")) ? !is_json(replacement)
					 : !str_eq(word, STR("redact")) &&
						   !str_eq(word, STR("remove")))
		return false;
	if (!pattern.p)
		return true;
	struct regex *re =
		regex_compile(pattern, false, err, sizeof(err), &offset);
	regex_free(re);
	return re;
}

static void
read_filters(struct filters *f, struct str *in)
{
	for (unsigned n = 0; in->n;) {
		char text[SPEC_MAX + 1];
		struct str spec = fuzz_cut(in, '\n');
		if (spec.n == 0)
			return;
		if (n == SPECS_MAX || !is_filter(spec))
			continue;
		memcpy(text, spec.p, spec.n);
		text[spec.n] = '\0';
		filters_add(f, text);
		n++;
	}
}

/* The answer in pieces of a size, taken in pieces of that size; whether it is
 * whole. The text is owned by the caller. */
static bool
redact(struct filters *f, struct str in, size_t size, struct fuzz_buffer *out)
{
	struct answer a;
	bool good = true;

	answer_begin(&a, f, size);
	for (size_t at = 0; good && at < in.n; at += size) {
		size_t n = in.n - at < size ? in.n - at : size;
		good = answer_feed(&a, (struct str){in.p + at, n});
	}
	good = good && redact_end(a.redact);
	fuzz_put(out, answer_text(&a));
	answer_end(&a);
	return good;
}

/* With a filter for which there is nothing, all passes; and what has been
 * through once goes through again. */
static void
check_passes(struct str text)
{
	struct filters *f = filters_new();
	struct fuzz_buffer out = {NULL, 0, 0};

	filters_add(f, "remove \x01.no.such.name");
	assert(redact(f, text, 4096, &out));
	assert(str_eq(fuzz_buffer_text(&out), text));
	free(out.p);
	filters_free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = fuzz_text(data, size);
	struct filters *f = filters_new();
	struct fuzz_buffer whole = {NULL, 0, 0}, pieces = {NULL, 0, 0};

	read_filters(f, &in);
	size_t piece = 1 + (size_t)fuzz_byte(&in) % 64;
	fuzz_check_specials(in);
	bool good = redact(f, in, 65536, &whole);
	assert(redact(f, in, piece, &pieces) == good);
	assert(str_eq(fuzz_buffer_text(&whole), fuzz_buffer_text(&pieces)));
	if (good) {
		check_passes(in);
		check_passes(fuzz_buffer_text(&whole));
	}
	free(whole.p);
	free(pieces.p);
	filters_free(f);
	return 0;
}
