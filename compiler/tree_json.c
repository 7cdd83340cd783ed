/* Nodes as JSON. */
#include "compiler/tree_json.h"

#include "compiler/conditions.h"

#include <stdio.h>
#include <stdlib.h>

static void
write_string(struct str s, FILE *out)
{
	putc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			putc('\\', out);
		if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static bool
write_scalar(struct reader *r, const struct tree *node, FILE *out)
{
	struct cond_value value;
	if (tree_is_null(node)) {
		fputs("null", out);
		return true;
	}
	if (!cond_typed_read(r, node, &value))
		return false;
	if (value.kind == VALUE_STRING)
		write_string(node->text, out);
	else if (value.kind == VALUE_NUMBER)
		fwrite(node->text.p, 1, node->text.n, out);
	else
		fputs(value.kind == VALUE_TRUE ? "true" : "false", out);
	return true;
}

/* As deep as trees are: TREE_DEPTH_MAX. */
static bool
write_json(struct reader *r, const struct tree *node, FILE *out)
{
	bool ok = true;
	if (node->kind == TREE_SCALAR)
		return write_scalar(r, node, out);
	bool is_map = node->kind == TREE_MAP;
	putc(is_map ? '{' : '[', out);
	for (const struct tree *t = node->first; t; t = t->next) {
		if (t != node->first)
			putc(',', out);
		if (is_map) {
			write_string(t->key, out);
			putc(':', out);
		}
		ok &= write_json(r, t, out);
	}
	putc(is_map ? '}' : ']', out);
	return ok;
}

struct str
tree_json(struct reader *r, const struct tree *node)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out) {
		diag_error(r->diag, node->pos, "out of memory");
		return STR("");
	}
	bool ok = write_json(r, node, out);
	struct str json = STR("");
	if (fclose(out) == 0 && ok)
		json = arena_str(r->arena, (struct str){text, n});
	else if (ok)
		diag_error(r->diag, node->pos, "out of memory");
	free(text);
	return json;
}
