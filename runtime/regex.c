/* Regular expressions: PCRE2 with limits that make it safe on hostile input.
 *
 * JIT is tried and not required: a hardened host may forbid writable and
 * executable memory. JIT code knows nothing of the heap limit and has a stack
 * of its own; where that ends, the interpreter gets one try.
 */
#include "runtime/regex.h"

#include "runtime/limits.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COMPILE_OPTIONS \
	(PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C)

struct regex {
	pcre2_code *code; /* owned */
	bool nocase;
	bool jit;
};

struct regex_scratch {
	pcre2_match_data *data;       /* owned */
	pcre2_match_context *context; /* owned */
	pcre2_jit_stack *stack;       /* owned; NULL on a host without JIT */
};

static pcre2_code *
compile(struct str pattern, uint32_t options, char *err, size_t err_size,
	size_t *offset_out)
{
	int code = PCRE2_ERROR_NOMEMORY;
	PCRE2_SIZE offset = 0;
	PCRE2_SPTR text = (PCRE2_SPTR)(pattern.n ? pattern.p : "");
	pcre2_code *re = NULL;
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);

	if (ctx) {
		pcre2_set_max_pattern_length(ctx, REGEX_PATTERN_MAX);
		re = pcre2_compile(
			text, pattern.n, options, &code, &offset, ctx);
		pcre2_compile_context_free(ctx);
	}
	if (re)
		return re;
	*offset_out = offset < pattern.n ? offset : pattern.n;
	/* Cut to its room, ended by a NUL. */
	(void)pcre2_get_error_message(code, (PCRE2_UCHAR *)err, err_size);
	return NULL;
}

/* Not the answer of pcre2_jit_compile(): it is content with a pattern that
 * starts with (*NO_JIT). */
static bool
has_jit(const pcre2_code *code)
{
	size_t size = 0;
	pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &size);
	return size > 0;
}

struct regex *
regex_compile(struct str pattern, bool nocase, char *err, size_t err_size,
	size_t *offset_out)
{
	uint32_t options = COMPILE_OPTIONS | (nocase ? PCRE2_CASELESS : 0);
	struct regex *re = malloc(sizeof(*re));

	*offset_out = 0;
	if (!re) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	re->code = compile(pattern, options, err, err_size, offset_out);
	if (!re->code) {
		free(re);
		return NULL;
	}
	(void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
	re->jit = has_jit(re->code);
	re->nocase = nocase;
	return re;
}

bool
regex_is_nocase(const struct regex *re)
{
	return re->nocase;
}

void
regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	free(re);
}

struct regex_scratch *
regex_scratch_new(void)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	/* One pair: the groups are not asked for. */
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (!s->data || !s->context) {
		regex_scratch_free(s);
		return NULL;
	}
	pcre2_set_match_limit(s->context, REGEX_MATCH_LIMIT);
	pcre2_set_heap_limit(s->context, REGEX_HEAP_KIB);
	s->stack = pcre2_jit_stack_create(
		REGEX_JIT_STACK_MIN, REGEX_JIT_STACK_MAX, NULL);
	if (s->stack)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s;
}

void
regex_scratch_free(struct regex_scratch *s)
{
	if (!s)
		return;
	pcre2_jit_stack_free(s->stack);
	pcre2_match_context_free(s->context);
	pcre2_match_data_free(s->data);
	free(s);
}

enum regex_result
regex_match(const struct regex *re, struct str subject,
	struct regex_scratch *scratch)
{
	PCRE2_SPTR p = (PCRE2_SPTR)(subject.n ? subject.p : "");
	int rc = PCRE2_ERROR_JIT_STACKLIMIT;

	/* PCRE2 reads past the end of a subject that is no UTF-8. */
	if (subject.n > REGEX_SUBJECT_MAX || !str_is_utf8(subject))
		return REGEX_DOUBT;
	if (re->jit)
		rc = pcre2_jit_match(re->code, p, subject.n, 0, 0,
			scratch->data, scratch->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(re->code, p, subject.n, 0,
			PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK, scratch->data,
			scratch->context);
	if (rc >= 0)
		return REGEX_YES;
	return rc == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_DOUBT;
}

enum regex_result
regex_find(const struct regex *re, struct str subject,
	struct regex_scratch *scratch, size_t *start_out, size_t *end_out)
{
	enum regex_result result = regex_match(re, subject, scratch);

	if (result != REGEX_YES)
		return result;
	const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(scratch->data);
	*end_out = pair[1];
	/* \K may set the start behind the end. */
	*start_out = pair[0] < pair[1] ? pair[0] : pair[1];
	return REGEX_YES;
}
