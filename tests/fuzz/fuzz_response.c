/* Answers of the Engine: over any split of the bytes they are read alike, what
 * is written anew for the client reads as the same answer there, and a head
 * that is remembered is what it would be parsed to. The input's first two bytes
 * are the method that is answered and the size of the pieces. */
#include "runtime/http1_answer.h"
#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "tests/fuzz/reading.h"

/* What a connection's bytes were read as. */
struct reading {
	struct fuzz_reading bytes;
	enum method method;
	struct http1_field fields[HTTP1_FIELDS_MAX];
	struct http1_field again[HTTP1_FIELDS_MAX + 2];
};

static void
check_same(const struct http1_head *was, const struct http1_head *is)
{
	assert(is->status == was->status);
	assert(str_eq(is->reason, was->reason));
	assert(is->framing == was->framing);
	assert(is->has_length == was->has_length);
	assert(is->content_length == was->content_length);
	assert(str_eq(is->content_type, was->content_type));
	size_t kept[2] = {0, 0};
	for (size_t i = 0; i < was->nfields; i++)
		kept[0] += !was->fields[i].hop;
	for (size_t i = 0; i < is->nfields; i++)
		kept[1] += !is->fields[i].hop;
	assert(kept[0] == kept[1]);
}

static void
check_written(struct reading *r, const struct http1_head *head, size_t len)
{
	struct http1_head again = {
		.fields = r->again,
		.max_fields = HTTP1_FIELDS_MAX + 2,
	};
	struct http1_writer w = {
		.p = malloc(len + HTTP1_WRITE_EXTRA),
		.cap = len + HTTP1_WRITE_EXTRA,
	};
	size_t seen = 0, n;

	assert(w.p);
	http1_write_response(&w, &(struct http1_response_out){
					 .head = head,
					 .framing = head->framing,
					 .length = head->content_length,
					 .has_length = head->has_length,
					 .close = !head->keep_alive,
					 .upgrade = head->status == 101,
				 });
	assert(w.n <= w.cap);
	assert(http1_scan_head(w.p, w.n, &seen, &n) == HTTP1_DONE);
	assert(n == w.n);
	assert(http1_parse_response(w.p, w.n, r->method, &again) == WHY_OK);
	check_same(head, &again);
	free(w.p);
}

/* Of the answer before, maybe of another connection's. */
static void
check_remembered(struct reading *r, const struct http1_head *head,
	struct str text, enum why why)
{
	static struct http1_answer *a;
	size_t len = 0;

	if (!a) {
		a = http1_answer_new();
		assert(a);
	}
	if (http1_answer_is(a, text, r->method, &len))
		assert(!why && len == text.n);
	else
		assert(http1_answer_parse(a, text.p, text.n, r->method) == why);
	if (why)
		return;
	check_same(head, &a->head);
	assert(a->head.nfields == head->nfields);
	for (size_t i = 0; i < head->nfields; i++) {
		const struct http1_field *was = &head->fields[i];
		const struct http1_field *is = &a->head.fields[i];
		assert(str_eq(is->name, was->name));
		assert(str_eq(is->value, was->value));
		assert(is->id == was->id && is->hop == was->hop);
	}
}

static bool
read_head(struct reading *r, struct http1_head *head)
{
	char *copy;
	size_t len;

	if (!fuzz_read_head(&r->bytes, &copy, &len))
		return false;
	enum why why = http1_parse_response(copy, len, r->method, head);
	assert(why == WHY_OK || why == WHY_ENGINE_RESPONSE);
	fuzz_note(&r->bytes, why);
	check_remembered(r, head, (struct str){copy, len}, why);
	if (!why)
		check_written(r, head, len);
	free(copy);
	return !why;
}

/* In pieces of a size. Owned by the caller: what was read. */
static struct fuzz_buffer
read_all(struct reading *r, struct str in, size_t step)
{
	struct http1_head head = {
		.fields = r->fields,
		.max_fields = HTTP1_FIELDS_MAX,
	};

	r->bytes = (struct fuzz_reading){.in = in, .step = step};
	while (r->bytes.at < in.n && read_head(r, &head) &&
		fuzz_read_body(&r->bytes, &head))
		;
	return r->bytes.text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading r;
	struct str in = fuzz_text(data, size);

	r.method = (enum method)(fuzz_byte(&in) % METHOD_COUNT);
	size_t step = 1 + (size_t)fuzz_byte(&in) % 64;
	struct fuzz_buffer whole = read_all(&r, in, in.n);
	struct fuzz_buffer pieces = read_all(&r, in, step);
	assert(str_eq(fuzz_buffer_text(&whole), fuzz_buffer_text(&pieces)));
	free(whole.p);
	free(pieces.p);
	return 0;
}
