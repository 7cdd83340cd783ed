/* The policy language, said once more: YAML, targets and JSON. */
#include "tests/diff/language_text.h"

#include <ctype.h>
#include <string.h>

unsigned
lang_roll(struct lang_dice *d, unsigned n)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (unsigned)((d->state >> 32) % n);
}

/* --- YAML --------------------------------------------------------------------- */

static void
write_quoted(const char *s, FILE *out)
{
	putc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			putc('\'', out);
		putc(*s, out);
	}
	putc('\'', out);
}

static void
write_value(const struct lang_value *v, FILE *out)
{
	if (v->type == LANG_STRING)
		write_quoted(v->text, out);
	else
		fputs(v->text, out);
}

static void
write_field(const struct lang_cond *c, FILE *out)
{
	fprintf(out, "field: '%s%s%s", c->field, c->name ? "." : "",
		c->name ? c->name : "");
	for (unsigned i = 0; i < c->nsteps; i++) {
		putc('.', out);
		for (const char *s = c->step[i]; *s; s++) {
			if (*s == '.' || *s == '\\')
				putc('\\', out);
			putc(*s, out);
		}
	}
	putc('\'', out);
}

static void
write_operand(const struct lang_cond *c, FILE *out)
{
	bool list = strcmp(c->op, "in") == 0 || strcmp(c->op, "only_in") == 0 ||
		    strstr(c->op, "under");

	if (strcmp(c->op, "exists") == 0 || strcmp(c->op, "empty") == 0)
		return;
	fputs(list ? ", value: [" : ", value: ", out);
	for (unsigned i = 0; i < c->nvalues; i++) {
		fputs(i ? ", " : "", out);
		write_value(&c->value[i], out);
	}
	fputs(list ? "]" : "", out);
}

static void
write_cond(const struct lang_cond *c, FILE *out)
{
	static const char *const words[] = {
		[LANG_AND] = "and", [LANG_OR] = "or", [LANG_NOT] = "not"};

	putc('{', out);
	if (c->kind == LANG_TEST) {
		write_field(c, out);
		fprintf(out, ", operator: %s%s", c->negate ? "not_" : "",
			c->op);
		write_operand(c, out);
		fputs(c->nocase ? ", ignore_case: true" : "", out);
	} else {
		fprintf(out, "%s: [", words[c->kind]);
		for (unsigned i = 0; i < c->n; i++) {
			fputs(i ? ", " : "", out);
			write_cond(c->child[i], out);
		}
		putc(']', out);
	}
	putc('}', out);
}

static void
write_operands(const struct lang_rule *r, FILE *out)
{
	if (r->nroles == 1)
		fprintf(out, "  role: %s\n", r->role[0]);
	if (r->nroles > 1) {
		fputs("  role: [", out);
		for (unsigned i = 0; i < r->nroles; i++)
			fprintf(out, "%s%s", i ? ", " : "", r->role[i]);
		fputs("]\n", out);
	}
	if (r->key)
		fprintf(out, "  rate_limit: {key: %s}\n", r->key);
	if (strcmp(r->action, "response_filter") != 0)
		return;
	fputs("  response_filter: [", out);
	for (unsigned i = 0; i < r->nfilters; i++)
		fprintf(out, "%s{field: %sf%u, action: remove}", i ? ", " : "",
			r->name, i);
	fputs("]\n", out);
}

static void
write_rule(const struct lang_rule *r, FILE *out)
{
	fprintf(out, "- name: %s\n  action: %s\n", r->name, r->action);
	if (r->priority)
		fprintf(out, "  priority: %ld\n", r->priority);
	if (r->status)
		fprintf(out, "  status: %u\n", r->status);
	if (r->dry_run)
		fputs("  dry_run: true\n", out);
	write_operands(r, out);
	if (r->n)
		fputs("  conditions:\n", out);
	for (unsigned i = 0; i < r->n; i++) {
		fputs("  - ", out);
		write_cond(r->when[i], out);
		putc('\n', out);
	}
}

void
lang_write_policy(const struct lang_policy *p, FILE *out)
{
	fprintf(out, "auth: {type: none}\nglobal: {default: %s}\nrules:\n",
		p->default_allow ? "allow" : "deny");
	for (unsigned i = 0; i < p->n; i++)
		write_rule(&p->rule[i], out);
}

/* --- targets -------------------------------------------------------------------- */

static void
write_escaped(const char *s, FILE *out)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s))
			putc(*s, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*s);
	}
}

void
lang_write_target(const struct lang_request *q, FILE *out)
{
	if (*q->api_version)
		fprintf(out, "/v%s", q->api_version);
	fputs(q->path, out);
	for (unsigned i = 0; i < q->nquery; i++) {
		putc(i ? '&' : '?', out);
		write_escaped(q->query[i].name, out);
		putc('=', out);
		write_escaped(q->query[i].value, out);
	}
}

/* --- JSON ------------------------------------------------------------------------- */

static bool
sometimes(struct lang_dice *d)
{
	return d && lang_roll(d, 8) == 0;
}

static void
write_blank(struct lang_dice *d, FILE *out)
{
	if (sometimes(d))
		fputs(lang_roll(d, 2) ? " " : "\r\n\t", out);
}

static void
write_string(const char *s, struct lang_dice *d, FILE *out)
{
	putc('"', out);
	for (; *s; s++) {
		bool ascii = !(*s & 0x80);
		if (ascii && sometimes(d))
			fprintf(out, "\\u%04x", (unsigned)*s);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else
			putc(*s, out);
	}
	putc('"', out);
}

void
lang_write_body(const struct lang_json *v, struct lang_dice *d, FILE *out)
{
	bool object = v->type == LANG_OBJECT;

	write_blank(d, out);
	if (v->type == LANG_STRING) {
		write_string(v->text, d, out);
	} else if (v->type != LANG_ARRAY && !object) {
		fputs(v->type == LANG_NULL ? "null" : v->text, out);
	} else {
		putc(object ? '{' : '[', out);
		for (unsigned i = 0; i < v->n; i++) {
			fputs(i ? "," : "", out);
			if (object) {
				write_blank(d, out);
				write_string(v->key[i], d, out);
				write_blank(d, out);
				putc(':', out);
			}
			lang_write_body(v->child[i], d, out);
		}
		putc(object ? '}' : ']', out);
	}
	write_blank(d, out);
}
