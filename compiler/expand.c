/* Variables in scalar values. */
#include "compiler/expand.h"

static struct str
lookup(const char *const *envp, struct str name)
{
	for (; envp && *envp; envp++) {
		if (strncmp(*envp, name.p, name.n) == 0 &&
			(*envp)[name.n] == '=')
			return str_of(*envp + name.n + 1);
	}
	return (struct str){NULL, 0};
}

struct str
env_get(const char *const *envp, const char *name)
{
	return lookup(envp, str_of(name));
}

static size_t
name_bytes(struct str s)
{
	size_t n = 0;
	while (n < s.n &&
		((s.p[n] >= 'A' && s.p[n] <= 'Z') ||
			(s.p[n] >= 'a' && s.p[n] <= 'z') || s.p[n] == '_' ||
			(n > 0 && s.p[n] >= '0' && s.p[n] <= '9')))
		n++;
	return n;
}

/* The value of the reference at the start of s ("${..."); its bytes in
 * *used_out. */
static struct str
value_of(const struct expand *x, struct str s, size_t *used_out)
{
	struct str name = str_from(s, 2);
	name.n = name_bytes(name);
	struct str ref = {s.p, 2 + name.n};
	struct str rest = str_from(s, ref.n);
	struct str end = STR("}");
	size_t close = str_find(rest, end);
	bool has_default = str_starts(rest, STR(":-"));

	*used_out = ref.n;
	if (name.n == 0 || close == rest.n || (close > 0 && !has_default)) {
		x->fault(x->ctx, EXPAND_SYNTAX, ref, name);
		return STR("");
	}
	*used_out += close + 1;
	struct str value = lookup(x->envp, name);
	if (has_default && value.n == 0)
		return (struct str){rest.p + 2, close - 2};
	if (!value.p) {
		x->fault(x->ctx, EXPAND_UNSET, ref, name);
		return STR("");
	}
	if (!str_is_utf8(value)) {
		x->fault(x->ctx, EXPAND_UTF8, ref, name);
		return STR("");
	}
	return value;
}

/* Writes the expansion to out (NULL: only measures). Faults are told on the
 * measuring pass alone. */
static size_t
run(const struct expand *x, struct str text, char *out)
{
	size_t n = 0;
	while (text.n > 0) {
		const char *dollar = memchr(text.p, '$', text.n);
		size_t used = dollar ? (size_t)(dollar - text.p) : text.n;
		struct str piece = {text.p, used};
		if (used == 0) {
			char next = text.n > 1 ? text.p[1] : '\0';
			used = next == '$' ? 2 : 1;
			piece.n = 1;
			if (next == '{')
				piece = value_of(x, text, &used);
		}
		if (out && piece.n > 0)
			memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		text = str_from(text, used);
	}
	return n;
}

static void
no_fault(void *ctx, enum expand_fault fault, struct str ref, struct str name)
{
	(void)ctx;
	(void)fault;
	(void)ref;
	(void)name;
}

struct str
expand(const struct expand *x, struct str text, bool *expanded_out)
{
	*expanded_out = str_find(text, STR("${")) < text.n ||
			str_find(text, STR("$$")) < text.n;
	if (!*expanded_out)
		return text;
	size_t n = run(x, text, NULL);
	char *p = arena_alloc(x->arena, n + 1);
	if (!p)
		return STR("");
	struct expand quiet = *x;
	quiet.fault = no_fault;
	run(&quiet, text, p);
	return (struct str){p, n};
}
