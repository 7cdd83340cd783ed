/* Requests one after another, as a connection brings them. Over any split of
 * the bytes the verdicts, heads and bodies are the same; and what is written
 * anew for the Engine reads as the same request there. The input's first byte
 * is the size of the pieces. */
#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "tests/fuzz/reading.h"

#define FIELDS (LIMIT_HEADERS + 2) /* and the two that are put in anew */

/* --- the head, written anew ------------------------------------------------ */

static void
check_fields(const struct http1_head *was, const struct http1_head *is)
{
	size_t k = 0;

	for (size_t i = 0; i < was->nfields; i++) {
		if (was->fields[i].hop)
			continue;
		while (k < is->nfields && is->fields[k].hop)
			k++;
		/* The one that HTTP/1.0 may come without. */
		if (!was->host.p && k < is->nfields &&
			is->fields[k].id == HTTP1_HOST)
			k++;
		assert(k < is->nfields);
		assert(str_eq(was->fields[i].name, is->fields[k].name));
		assert(str_eq(was->fields[i].value, is->fields[k].value));
		k++;
	}
}

static void
check_same(const struct http1_head *was, const struct http1_head *is)
{
	assert(is->minor == 1 && is->method == was->method);
	assert(str_eq(is->target, was->target));
	assert(is->framing == was->framing);
	assert(is->content_length == was->content_length);
	assert(str_eq(is->upgrade, was->upgrade));
	assert(str_eq(is->content_type, was->content_type));
	assert(is->expect_continue == was->expect_continue);
	assert(is->form_body == was->form_body);
	assert(!is->authorization.p);
	check_fields(was, is);
}

static void
check_written(const struct http1_head *head, size_t len)
{
	struct http1_field fields[FIELDS];
	struct http1_head again = {.fields = fields, .max_fields = FIELDS};
	struct http1_writer w = {
		.p = malloc(len + HTTP1_WRITE_EXTRA),
		.cap = len + HTTP1_WRITE_EXTRA,
	};
	size_t seen = 0, n;

	assert(w.p);
	http1_write_request(&w, &(struct http1_request_out){
					.head = head,
					.target = head->target,
					.framing = head->framing,
					.length = head->content_length,
					.upgrade = head->upgrade.n > 0,
					.expect = head->expect_continue,
				});
	assert(w.n <= w.cap);
	assert(http1_scan_head(w.p, w.n, &seen, &n) == HTTP1_DONE);
	assert(n == w.n);
	assert(http1_parse_request(w.p, w.n, &again) == WHY_OK);
	check_same(head, &again);
	free(w.p);
}

/* --- reading --------------------------------------------------------------- */

static bool
read_head(struct fuzz_reading *r, struct http1_head *head)
{
	char *copy;
	size_t len;

	if (!fuzz_read_head(r, &copy, &len))
		return false;
	enum why why = http1_parse_request(copy, len, head);
	fuzz_note(r, why);
	if (!why) {
		fuzz_note(r, head->framing);
		fuzz_note(r, head->nfields);
		check_written(head, len);
	}
	free(copy);
	return !why;
}

static void
read_all(struct fuzz_reading *r)
{
	struct http1_field fields[LIMIT_HEADERS];
	struct http1_head head = {
		.fields = fields,
		.max_fields = LIMIT_HEADERS,
	};

	while (r->at < r->in.n && read_head(r, &head) &&
		fuzz_read_body(r, &head))
		;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = fuzz_text(data, size);
	size_t step = 1 + (size_t)fuzz_byte(&in) % 64;
	struct fuzz_reading whole = {.in = in, .step = in.n};
	struct fuzz_reading pieces = {.in = in, .step = step};

	read_all(&whole);
	read_all(&pieces);
	assert(str_eq(
		fuzz_buffer_text(&whole.text), fuzz_buffer_text(&pieces.text)));
	free(whole.text.p);
	free(pieces.text.p);
	return 0;
}
