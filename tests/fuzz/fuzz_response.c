/* Answers of the Engine: over any split of the bytes they are read alike, and
 * what is written anew for the client reads as the same answer there. The
 * input's first two bytes are the method that is answered and the size of the
 * pieces. */
#include "runtime/http1.h"
#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "tests/fuzz/fuzz.h"

/* What a connection's bytes were read as. */
struct reading {
	struct fuzz_buffer text;
	enum method method;
	struct str in;
	size_t at, have, step;
	struct http1_field fields[HTTP1_FIELDS_MAX];
	struct http1_field again[HTTP1_FIELDS_MAX + 2];
};

static void
note(struct reading *r, size_t number)
{
	fuzz_put(&r->text, (struct str){(const char *)&number, sizeof(number)});
}

/* More bytes come. False: there are none. */
static bool
more(struct reading *r)
{
	if (r->have == r->in.n)
		return false;
	size_t left = r->in.n - r->have;
	r->have += r->step < left ? r->step : left;
	return true;
}

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

static bool
read_head(struct reading *r, struct http1_head *head)
{
	size_t seen = 0, len = 0;
	enum http1_scan scan;

	while ((scan = http1_scan_head(r->in.p + r->at, r->have - r->at, &seen,
			&len)) == HTTP1_MORE)
		if (!more(r))
			break;
	note(r, scan);
	if (scan != HTTP1_DONE)
		return false;
	char *copy = fuzz_copy((struct str){r->in.p + r->at, len});
	enum why why = http1_parse_response(copy, len, r->method, head);
	assert(why == WHY_OK || why == WHY_ENGINE_RESPONSE);
	note(r, why);
	r->at += len;
	if (!why)
		check_written(r, head, len);
	free(copy);
	return !why;
}

static bool
read_body(struct reading *r, const struct http1_head *head)
{
	struct http1_body body;
	enum http1_step step;

	http1_body_init(&body, head->framing, head->content_length);
	do {
		struct str data;
		size_t used, n = r->have - r->at;
		step = http1_body_next(&body, r->in.p + r->at, n, &used, &data);
		assert(used <= n);
		r->at += used;
		if (step == HTTP1_STEP_DATA)
			fuzz_put(&r->text, data);
	} while (step == HTTP1_STEP_DATA ||
		 (step == HTTP1_STEP_MORE && more(r)));
	note(r, step);
	note(r, r->at);
	return step == HTTP1_STEP_END;
}

/* Owned by the caller: what was read. */
static struct fuzz_buffer
read_all(struct reading *r)
{
	struct http1_head head = {
		.fields = r->fields,
		.max_fields = HTTP1_FIELDS_MAX,
	};

	r->at = r->have = 0;
	r->text = (struct fuzz_buffer){NULL, 0, 0};
	while (r->at < r->in.n && read_head(r, &head) && read_body(r, &head))
		;
	return r->text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading r;
	struct str in = fuzz_text(data, size);

	r.method = (enum method)(fuzz_byte(&in) % METHOD_COUNT);
	size_t step = 1 + (size_t)fuzz_byte(&in) % 64;
	r.in = in;
	r.step = in.n;
	struct fuzz_buffer whole = read_all(&r);
	r.step = step;
	struct fuzz_buffer pieces = read_all(&r);
	assert(str_eq(fuzz_buffer_text(&whole), fuzz_buffer_text(&pieces)));
	free(whole.p);
	free(pieces.p);
	return 0;
}
