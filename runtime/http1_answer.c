/* Heads of answers: parsed once while they are the same. */
#include "runtime/http1_answer.h"

#include <stdlib.h>

struct http1_answer *
http1_answer_new(void)
{
	struct http1_answer *a = malloc(sizeof(*a));

	if (!a)
		return NULL;
	a->n = 0;
	a->head.fields = a->fields;
	a->head.max_fields = HTTP1_FIELDS_MAX;
	return a;
}

enum why
http1_answer_parse(
	struct http1_answer *a, const char *p, size_t n, enum method method)
{
	bool fits = n <= sizeof(a->text);

	a->n = 0;
	if (fits)
		p = memcpy(a->text, p, n);
	enum why why = http1_parse_response(p, n, method, &a->head);
	if (!fits || why)
		return why;
	a->n = n;
	a->method = method;
	return WHY_OK;
}
