/* The YAML tree, from libfyaml's events. */
#include "compiler/tree.h"

#include "compiler/intern.h"
#include "compiler/scalar.h"
#include "runtime/limits.h"

#include <assert.h>
#include <libfyaml.h>
#include <stdlib.h>

#define SMALL_MAP 16

/* An open map or list. */
struct frame {
	struct tree *node;
	struct tree **tail;
	bool has_key; /* the next node is the value of key */
	struct str key;
	struct pos key_pos;
};

struct builder {
	const struct source *source;
	struct arena *arena;
	struct diag *diag;
	const char *const *envp;
	struct intern keys; /* of all large maps: the map, the key */
	struct tree *root;
	struct frame stack[TREE_DEPTH_MAX];
	size_t depth;
	uint32_t nodes;
	/* A place already computed: events come in the order of the text. */
	size_t at;
	struct pos at_pos;
	/* The scalar whose variables are being replaced. */
	struct tree *scalar;
	struct str scalar_source;
	bool cut; /* the events ended before the file did */
};

/* --- places ------------------------------------------------------------ */

static void
move_to_line_of(struct builder *b, size_t offset)
{
	size_t lo = 0, hi = b->source->nlines;
	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (b->source->lines[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	b->at = b->source->lines[lo];
	b->at_pos = (struct pos){(uint32_t)lo + 1, 1, 1, b->source->file};
}

static struct pos
place(struct builder *b, size_t from, size_t to)
{
	const char *p = b->source->text.p;
	size_t n = b->source->text.n;
	if (from > n)
		from = n;
	uint32_t line = b->at_pos.line;
	bool same_line =
		from >= b->at &&
		(line >= b->source->nlines || from < b->source->lines[line]);
	if (!same_line)
		move_to_line_of(b, from);
	for (; b->at < from; b->at++)
		b->at_pos.col += ((unsigned char)p[b->at] & 0xc0) != 0x80;
	struct pos pos = b->at_pos;
	pos.len = 0;
	for (; from < to && from < n && p[from] != '\n'; from++)
		pos.len += ((unsigned char)p[from] & 0xc0) != 0x80;
	if (pos.len == 0)
		pos.len = 1;
	return pos;
}

/* The place of an anchor, alias or tag, `before` bytes of which libfyaml does
 * not count. */
static struct pos
token_place(struct builder *b, struct fy_token *token, size_t before)
{
	const struct fy_mark *start = fy_token_start_mark(token);
	const struct fy_mark *end = fy_token_end_mark(token);
	if (!start || !end || start->input_pos < before)
		return b->at_pos;
	return place(b, start->input_pos - before, end->input_pos);
}

static struct pos
event_place(struct builder *b, struct fy_event *e)
{
	const struct fy_mark *start = fy_event_start_mark(e);
	if (!start)
		return b->at_pos;
	return place(b, start->input_pos, start->input_pos + 1);
}

/* --- variables --------------------------------------------------------- */

static void
expand_fault(
	void *ctx, enum expand_fault fault, struct str ref, struct str name)
{
	struct builder *b = ctx;
	struct str in = b->scalar_source;
	struct pos pos = b->scalar->pos;
	/* Escapes may hide it from a search of the source: then the scalar
	 * is the place. */
	size_t at = str_find(in, ref);
	if (at < in.n) {
		size_t from = (size_t)(in.p - b->source->text.p) + at;
		pos = place(b, from, from + ref.n);
		b->scalar_source = str_from(in, at + ref.n);
	}
	switch (fault) {
	case EXPAND_UNSET:
		if (!b->scalar->unset.p) {
			b->scalar->unset = arena_str(b->arena, name);
			b->scalar->unset_pos = pos;
		}
		diag_warning(b->diag, FINDING_UNSET_VARIABLE, pos,
			"the variable %.*s is not set: it becomes empty",
			STR_FMT(name));
		break;
	case EXPAND_SYNTAX:
		diag_error(b->diag, pos,
			"a variable is written ${NAME} or ${NAME:-text}");
		diag_help(b->diag, "write $${ for a dollar and a brace");
		break;
	case EXPAND_UTF8:
		diag_error(b->diag, pos,
			"the value of the variable %.*s is not valid UTF-8",
			STR_FMT(name));
		break;
	}
}

/* --- nodes ------------------------------------------------------------- */

static bool
fail(struct builder *b, struct pos pos, const char *text)
{
	diag_error(b->diag, pos, "%s", text);
	return false;
}

static struct tree *
new_node(struct builder *b, enum tree_kind kind, struct pos pos)
{
	if (++b->nodes > TREE_NODES_MAX) {
		fail(b, pos, "the file has more than a million values");
		return NULL;
	}
	struct tree *t = arena_alloc(b->arena, sizeof(*t));
	if (!t) {
		fail(b, pos, "out of memory");
		return NULL;
	}
	t->kind = kind;
	t->pos = pos;
	return t;
}

/* Hangs t below the open node, or makes it the root. */
static bool
attach(struct builder *b, struct tree *t)
{
	if (b->depth == 0) {
		b->root = t;
		return true;
	}
	struct frame *f = &b->stack[b->depth - 1];
	if (f->node->kind == TREE_MAP) {
		if (!f->has_key) {
			diag_error(b->diag, t->pos,
				"a key must be a word, not a list or a map");
			return false;
		}
		t->key = f->key;
		t->key_pos = f->key_pos;
		f->has_key = false;
	}
	*f->tail = t;
	f->tail = &t->next;
	f->node->count++;
	return true;
}

static bool
open_node(struct builder *b, enum tree_kind kind, struct pos pos)
{
	struct tree *t = new_node(b, kind, pos);
	if (!t || !attach(b, t))
		return false;
	if (b->depth == TREE_DEPTH_MAX) {
		diag_error(b->diag, pos, "nested deeper than %d levels",
			TREE_DEPTH_MAX);
		return false;
	}
	b->stack[b->depth++] = (struct frame){.node = t, .tail = &t->first};
	return true;
}

/* Is the key new in the table of all maps' keys? */
static bool
is_new_key(struct builder *b, const struct tree *map, struct str key)
{
	bool is_new;
	size_t n = sizeof(map) + key.n;
	char *p = arena_alloc(b->arena, n);
	if (!p)
		return true;
	memcpy(p, &map, sizeof(map));
	if (key.n > 0)
		memcpy(p + sizeof(map), key.p, key.n);
	intern_put(&b->keys, (struct str){p, n}, 0, &is_new);
	return is_new;
}

/* Maps are small: their keys are compared one by one. Only those of a large
 * map go to the table. */
static bool
is_duplicate(struct builder *b, const struct tree *map, struct str key)
{
	if (map->count < SMALL_MAP) {
		for (const struct tree *t = map->first; t; t = t->next)
			if (str_eq(t->key, key))
				return true;
		return false;
	}
	if (map->count == SMALL_MAP)
		for (const struct tree *t = map->first; t; t = t->next)
			is_new_key(b, map, t->key);
	return !is_new_key(b, map, key) && !b->keys.failed;
}

/* What libfyaml returns is often the source itself: then it stays. */
static struct str
keep(struct builder *b, struct str text)
{
	uintptr_t from = (uintptr_t)b->source->text.p;
	uintptr_t at = (uintptr_t)text.p;
	if (at >= from && at - from <= b->source->text.n - text.n)
		return text;
	return arena_str(b->arena, text);
}

static bool
take_key(struct builder *b, struct fy_token *token, struct str text,
	struct pos pos)
{
	struct frame *f = &b->stack[b->depth - 1];
	bool plain = token && fy_token_scalar_style(token) == FYSS_PLAIN;
	f->has_key = true;
	f->key = keep(b, text);
	f->key_pos = pos;
	if (text.n == 0)
		diag_error(b->diag, pos, "a key must not be empty");
	if (plain && str_eq(text, STR("<<"))) {
		diag_error(b->diag, pos, "merge keys (<<) are not supported");
		diag_help(b->diag, "write the members out");
	}
	if (is_duplicate(b, f->node, text))
		diag_error(b->diag, pos, "the key \"%.*s\" stands twice here",
			STR_FMT(text));
	return true;
}

static bool
add_value(struct builder *b, struct fy_token *token, struct str text,
	struct pos pos, struct str source)
{
	struct tree *t = new_node(b, TREE_SCALAR, pos);
	if (!t || !attach(b, t))
		return false;
	t->plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
	b->scalar = t;
	b->scalar_source = source;
	struct str kept = keep(b, text);
	t->text = expand(&(struct expand){b->envp, b->arena, expand_fault, b},
		kept, &t->expanded);
	return true;
}

static bool
take_text(struct builder *b, struct fy_token *token, struct str source,
	struct pos pos, struct str *text_out)
{
	switch (scalar_text(token, source, b->arena, text_out)) {
	case SCALAR_READ:
		return true;
	case SCALAR_UNSURE:
		fail(b, pos, "this value cannot be read for sure");
		diag_help(b->diag, "write it on one line, in double quotes");
		return false;
	case SCALAR_NO_MEMORY:
		break;
	}
	return fail(b, pos, "out of memory");
}

static bool
add_scalar(struct builder *b, struct fy_token *token)
{
	struct str text = STR(""), source = STR("");
	struct pos pos = b->at_pos;
	bool in_map =
		b->depth > 0 && b->stack[b->depth - 1].node->kind == TREE_MAP;
	bool is_key = in_map && !b->stack[b->depth - 1].has_key;

	if (token && fy_token_start_mark(token)) {
		source = scalar_source(token, b->source->text);
		size_t from = (size_t)(source.p - b->source->text.p);
		pos = place(b, from, from + source.n);
		if (!take_text(b, token, source, pos, &text))
			return false;
	} else if (in_map && !is_key) {
		/* A key with nothing behind it: the key is the place. */
		pos = b->stack[b->depth - 1].key_pos;
	}
	/* "\ud800" in double quotes must not smuggle one in. */
	if (!str_is_utf8(text))
		return fail(b, pos, "this value is not valid UTF-8");
	if (is_key)
		return take_key(b, token, text, pos);
	return add_value(b, token, text, pos, source);
}

/* --- events ------------------------------------------------------------ */

static void
refuse_properties(
	struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor)
		diag_error(b->diag, token_place(b, anchor, 1),
			"anchors (&name) are not supported");
	if (anchor)
		diag_help(b->diag, "write the value out where it is used");
	if (tag)
		diag_error(b->diag, token_place(b, tag, 0),
			"tags (!name) are not supported");
	if (tag)
		diag_help(b->diag, "quote a value to make it text");
}

static bool
take_alias(struct builder *b, struct fy_event *e)
{
	struct pos pos = token_place(b, e->alias.anchor, 1);
	diag_error(b->diag, pos, "aliases (*name) are not supported");
	diag_help(b->diag, "write the value out, or quote it to make it text");
	return add_scalar(b, NULL);
}

static bool
take_event(struct builder *b, struct fy_event *e)
{
	switch (e->type) {
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		return true;
	case FYET_DOCUMENT_START:
		if (!b->root)
			return true;
		return fail(b, event_place(b, e),
			"a second document: one file holds one policy");
	case FYET_ALIAS:
		return take_alias(b, e);
	case FYET_SCALAR:
		refuse_properties(b, e->scalar.anchor, e->scalar.tag);
		return add_scalar(b, e->scalar.value);
	case FYET_MAPPING_START:
		refuse_properties(
			b, e->mapping_start.anchor, e->mapping_start.tag);
		return open_node(b, TREE_MAP, event_place(b, e));
	case FYET_SEQUENCE_START:
		refuse_properties(
			b, e->sequence_start.anchor, e->sequence_start.tag);
		return open_node(b, TREE_LIST, event_place(b, e));
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		assert(b->depth > 0);
		b->depth--;
		return true;
	}
	return true;
}

static void
no_output(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
	(void)diag;
	(void)user;
	(void)buf;
	(void)len;
}

/* libfyaml's own printer of diagnostics has crashed on hostile input, and
 * names memory by its address: so it collects and stays silent. */
static struct fy_diag *
silent_diag(void)
{
	struct fy_diag_cfg cfg;
	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	cfg.output_fn = no_output;
	cfg.colorize = false;
	struct fy_diag *diag = fy_diag_create(&cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

static void
tell_syntax_errors(struct builder *b, struct fy_diag *fyd)
{
	void *iter = NULL;
	struct fy_diag_error *err;
	bool told = false;
	while ((err = fy_diag_errors_iterate(fyd, &iter))) {
		if (err->type != FYET_ERROR || !err->msg)
			continue;
		struct pos pos = {1, 1, 1, b->source->file};
		if (err->line > 0)
			pos.line = (uint32_t)err->line;
		if (err->column > 0)
			pos.col = (uint32_t)err->column;
		diag_error(b->diag, pos, "YAML: %s", err->msg);
		struct str line = source_line(b->source, pos.line);
		if (str_find(line, STR("${")) < line.n)
			diag_help(b->diag, "inside [] and {}, a variable must "
					   "be quoted: \"${NAME}\"");
		told = true;
	}
	if (!told)
		diag_file_error(b->diag, "the file could not be parsed");
}

static bool
take_events(struct builder *b, struct fy_parser *parser)
{
	struct fy_event *e;
	while ((e = fy_parser_parse(parser))) {
		bool ended = e->type == FYET_STREAM_END;
		bool ok = take_event(b, e);
		fy_parser_event_free(parser, e);
		if (!ok || ended)
			return ok;
	}
	/* Without the end of the stream this is not all of the file. */
	b->cut = true;
	return true;
}

/* libfyaml does not look whether it got memory for its input, some hundred
 * bytes. When there is for this, there is for that: what is freed stays in
 * the heap. */
#define INPUT_RESERVE 60000

static bool
memory_left(void)
{
	void *volatile p = malloc(INPUT_RESERVE);
	bool left = p != NULL;

	free(p);
	return left;
}

static bool
parse(struct builder *b)
{
	bool ok = false;
	struct fy_parser *parser = NULL;
	struct fy_diag *fyd = silent_diag();
	if (!fyd)
		return fail(b, b->at_pos, "out of memory");
	struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET, .diag = fyd};
	parser = fy_parser_create(&cfg);
	if (!parser || !memory_left() ||
		fy_parser_set_string(
			parser, b->source->text.p, b->source->text.n) != 0) {
		fail(b, b->at_pos, "out of memory");
		goto out;
	}
	ok = take_events(b, parser);
	if (ok && (b->cut || fy_parser_get_stream_error(parser))) {
		tell_syntax_errors(b, fyd);
		ok = false;
	}
out:
	if (parser)
		fy_parser_destroy(parser);
	fy_diag_destroy(fyd);
	return ok;
}

struct tree *
tree_parse(const struct source *s, const char *const *envp, struct arena *a,
	struct diag *d)
{
	struct builder b = {.source = s,
		.arena = a,
		.diag = d,
		.envp = envp,
		.at_pos = {1, 1, 1, s->file}};
	intern_init(&b.keys, a);
	/* libfyaml takes a length of 0 for "up to the NUL". */
	bool ok = s->text.n == 0 || parse(&b);
	if (ok && b.keys.failed)
		ok = fail(&b, b.at_pos, "out of memory");
	intern_fini(&b.keys);
	if (!ok || arena_overflowed(a))
		return NULL;
	if (!b.root || tree_is_null(b.root)) {
		struct tree *map = arena_alloc(a, sizeof(*map));
		if (map) {
			map->kind = TREE_MAP;
			map->pos = (struct pos){1, 1, 1, s->file};
		}
		return map;
	}
	return b.root;
}

/* --- reading ------------------------------------------------------------ */

struct tree *
tree_get(const struct tree *map, const char *key)
{
	if (!map || map->kind != TREE_MAP)
		return NULL;
	for (struct tree *t = map->first; t; t = t->next)
		if (str_eq(t->key, str_of(key)))
			return t;
	return NULL;
}

bool
tree_is_null(const struct tree *t)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};
	if (t->kind != TREE_SCALAR || !t->plain || t->expanded)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq(t->text, str_of(words[i])))
			return true;
	return false;
}
