/* JSON bodies: whatever the scan takes, jansson takes as the same value, and
 * what it calls malformed jansson refuses. The nodes are a tree as their
 * header says. */
#include "runtime/json.h"
#include "runtime/limits.h"
#include "tests/fuzz/specials.h"
#include "tests/unit/jansson.h"

/* The node and all inside of it; returns the node behind. */
static uint32_t
check_node(const struct json *j, uint32_t i, struct arena *a)
{
	const struct json_node *n = &j->nodes[i];
	uint32_t at = i + 1, children = 0;

	assert(n->start < n->end && n->end <= j->text.n);
	assert(n->next > i && n->next <= j->count);
	while (at < n->next) {
		assert(j->nodes[at].start >= n->start);
		assert(j->nodes[at].end <= n->end);
		at = check_node(j, at, a);
		children++;
	}
	assert(at == n->next && children == n->children);
	assert(n->type == JSON_ARRAY || n->type == JSON_OBJECT ||
		n->children == 0);
	json_empty(j, n);
	if (n->type == JSON_STRING)
		assert(str_is_utf8(json_decoded(j, n, a)));
	return n->next;
}

/* Folding is done once and for all. */
static void
check_keys(const struct json *j, struct arena *a)
{
	for (uint32_t i = 0; i < j->count; i++) {
		struct str once = json_fold(j->nodes[i].key, a);
		assert(str_eq(once, json_fold(once, a)));
	}
}

static void
check_accepted(const struct json *j, struct arena *a)
{
	json_error_t error = {.line = 0};
	json_t *want = json_loadb(j->text.p, j->text.n, JANSSON_STRICT, &error);

	if (!want) {
		assert(jansson_cannot_keep(&error));
		return;
	}
	struct str text = json_text(j, j->nodes, a);
	if (j->nodes->type == JSON_STRING) {
		assert(str_eq(text, (struct str){json_string_value(want),
					    json_string_length(want)}));
	} else {
		json_t *got =
			json_loadb(text.p, text.n, JANSSON_STRICT, &error);
		assert(got && json_equal(got, want));
		json_decref(got);
	}
	json_decref(want);
}

static void
check_refused(struct str text, enum why why)
{
	json_error_t error = {.line = 0};

	/* jansson does not see a NUL behind a number. */
	if (memchr(text.p, '\0', text.n))
		return;
	if (why != WHY_JSON_SYNTAX && why != WHY_JSON_TRAILING &&
		why != WHY_JSON_UTF8 && why != WHY_JSON_SURROGATE)
		return;
	json_t *value = json_loadb(text.p, text.n, JANSSON_STRICT, &error);
	assert(!value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_limits limits = {
		.depth = LIMIT_JSON_DEPTH,
		.hash_seed = 0x5eed,
	};
	char *copy = fuzz_copy(fuzz_text(data, size));
	struct str text = {copy, size};
	struct arena a;
	struct json j;
	size_t at = 0;

	fuzz_check_specials(text);
	arena_init(&a, MIB(64));
	enum why why = json_scan(text, &limits, &a, &j, &at);
	if (why) {
		assert(at <= size);
		check_refused(text, why);
	} else if (j.count > 0) {
		assert(check_node(&j, 0, &a) == j.count);
		check_keys(&j, &a);
		check_accepted(&j, &a);
	}
	assert(!arena_overflowed(&a));
	arena_fini(&a);
	free(copy);
	return 0;
}
