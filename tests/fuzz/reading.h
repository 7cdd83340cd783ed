/* Bytes of a connection that come in pieces of one size, for the targets that
 * read heads and bodies; and a record of what they were read as. */
#ifndef TESTS_FUZZ_READING_H
#define TESTS_FUZZ_READING_H

#include "runtime/http1.h"
#include "tests/fuzz/fuzz.h"

struct fuzz_reading {
	struct fuzz_buffer text; /* the record */
	struct str in;
	size_t at;   /* bytes taken */
	size_t have; /* bytes that have come */
	size_t step; /* that come at once */
};

static inline void
fuzz_note(struct fuzz_reading *r, size_t number)
{
	fuzz_put(&r->text, (struct str){(const char *)&number, sizeof(number)});
}

/* More bytes come. False: there are none. */
static inline bool
fuzz_more(struct fuzz_reading *r)
{
	if (r->have == r->in.n)
		return false;
	size_t left = r->in.n - r->have;
	r->have += r->step < left ? r->step : left;
	return true;
}

/* A head, which is then taken; false when there is none. Owned by the caller:
 * a copy of it. */
static inline bool
fuzz_read_head(struct fuzz_reading *r, char **head_out, size_t *n_out)
{
	size_t seen = 0;
	enum http1_scan scan;

	*n_out = 0;
	while ((scan = http1_scan_head(r->in.p + r->at, r->have - r->at, &seen,
			n_out)) == HTTP1_MORE)
		if (!fuzz_more(r))
			break;
	fuzz_note(r, scan);
	if (scan != HTTP1_DONE)
		return false;
	*head_out = fuzz_copy((struct str){r->in.p + r->at, *n_out});
	r->at += *n_out;
	return true;
}

/* The body behind a head; false when it is not whole. */
static inline bool
fuzz_read_body(struct fuzz_reading *r, const struct http1_head *head)
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
		if (step == HTTP1_STEP_DATA) {
			assert(data.n > 0);
			assert(data.p + data.n <= r->in.p + r->at);
			fuzz_put(&r->text, data);
		}
	} while (step == HTTP1_STEP_DATA ||
		 (step == HTTP1_STEP_MORE && fuzz_more(r)));
	assert((step == HTTP1_STEP_END) == http1_body_ended(&body));
	fuzz_note(r, step);
	fuzz_note(r, r->at);
	return step == HTTP1_STEP_END;
}

#endif
