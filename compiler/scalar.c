/* Scalars: their text, as the source means it. */
#include "compiler/scalar.h"

#include <libfyaml.h>
#include <stdbool.h>
#include <string.h>

struct str
scalar_source(struct fy_token *token, struct str text)
{
	enum fy_scalar_style style = fy_token_scalar_style(token);
	size_t from = fy_token_start_mark(token)->input_pos;
	size_t to = fy_token_end_mark(token)->input_pos;

	if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
		from -= from > 0;
		to += 1;
	}
	if (to > text.n)
		to = text.n;
	if (from > to)
		from = to;
	return (struct str){text.p + from, to - from};
}

static bool
has_newline(struct str s)
{
	return memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n);
}

/* Is there a '' between the quotes? */
static bool
has_quote(struct str source)
{
	return source.n > 2 && memchr(source.p + 1, '\'', source.n - 2);
}

/* Of one line: a quote stands there twice. */
static enum scalar
unquote(struct str source, struct arena *a, struct str *text_out)
{
	char *text = arena_alloc(a, source.n);
	size_t n = 0;

	if (!text)
		return SCALAR_NO_MEMORY;
	for (size_t i = 1; i + 1 < source.n; i++) {
		i += source.p[i] == '\'';
		text[n++] = source.p[i];
	}
	*text_out = (struct str){text, n};
	return SCALAR_READ;
}

/* As many bytes as libfyaml would write. */
static bool
written_length(struct fy_token *token, size_t *n_out)
{
	struct fy_token_iter *iter = fy_token_iter_create(token);
	const struct fy_iter_chunk *chunk = NULL;
	int error = 0;

	if (!iter)
		return false;
	for (*n_out = 0;;) {
		chunk = fy_token_iter_chunk_next(iter, chunk, &error);
		if (!chunk)
			break;
		*n_out += chunk->len;
	}
	fy_token_iter_destroy(iter);
	return error == 0;
}

enum scalar
scalar_text(struct fy_token *token, struct str source, struct arena *a,
	struct str *text_out)
{
	enum fy_scalar_style style = fy_token_scalar_style(token);
	bool is_line = !has_newline(source);
	size_t n;

	if (style == FYSS_SINGLE_QUOTED && has_quote(source))
		return is_line ? unquote(source, a, text_out) : SCALAR_UNSURE;
	if (!(style == FYSS_PLAIN && is_line)) {
		if (!written_length(token, &n))
			return SCALAR_NO_MEMORY;
		if (n != fy_token_get_text_length(token))
			return SCALAR_UNSURE;
	}
	text_out->p = fy_token_get_text(token, &text_out->n);
	return text_out->p ? SCALAR_READ : SCALAR_NO_MEMORY;
}
