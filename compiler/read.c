/* Reading: maps by tables of keys. */
#include "compiler/read.h"

#include "runtime/limits.h"

#include <assert.h>

#define KEYS_MAX 64 /* of one table */

/* What a node is called in a message: its key, or what it is. */
static struct str
name_of(const struct tree *node)
{
	return node->key.n > 0 ? node->key : STR("this value");
}

static void
error_at(struct reader *r, const struct tree *node, const char *text)
{
	struct str name = name_of(node);
	diag_error(r->diag, node->pos, "%.*s %s", STR_FMT(name), text);
}

bool
read_is_list(struct reader *r, const struct tree *node)
{
	if (node->kind == TREE_LIST)
		return true;
	error_at(r, node, "must be a list");
	return false;
}

/* --- scalars ------------------------------------------------------------ */

bool
read_is_scalar(struct reader *r, const struct tree *node)
{
	if (node->kind == TREE_SCALAR)
		return true;
	struct str name = name_of(node);
	diag_error(r->diag, node->pos, "%.*s must be a single value, not a %s",
		STR_FMT(name), node->kind == TREE_MAP ? "map" : "list");
	return false;
}

bool
read_text(struct reader *r, const struct tree *node, bool may_be_empty,
	struct str *out)
{
	if (!read_is_scalar(r, node))
		return false;
	if (node->text.n == 0 && !may_be_empty) {
		error_at(r, node, "must not be empty");
		return false;
	}
	for (size_t i = 0; i < node->text.n; i++) {
		unsigned char c = (unsigned char)node->text.p[i];
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			error_at(r, node, "contains a control byte");
			return false;
		}
	}
	*out = arena_str(r->arena, node->text);
	return true;
}

bool
read_is_set(struct reader *r, const struct tree *node)
{
	if (!node->unset.p)
		return true;
	diag_error(r->diag, node->unset_pos,
		"%.*s needs the variable %.*s, which is not set",
		STR_FMT(node->key), STR_FMT(node->unset));
	return false;
}

bool
read_file_name(struct reader *r, const struct tree *node, struct str *out)
{
	return read_is_set(r, node) && read_text(r, node, false, out);
}

static void
tell_host_bits(
	struct reader *r, const struct tree *node, const struct cidr *net)
{
	char buf[46];
	struct ip ip = {.set = true};
	memcpy(ip.b, net->b, sizeof(ip.b));
	const char *text = ip_text(&ip, buf);
	bool v4 = !strchr(text, ':');
	diag_error(r->diag, node->pos, "%.*s has bits set behind its prefix",
		STR_FMT(node->text));
	diag_help(r->diag, "the network is %s/%d", text,
		v4 ? net->bits - 96 : net->bits);
}

bool
read_network(struct reader *r, const struct tree *node, struct cidr *out)
{
	bool host_bits = false;
	if (!read_is_scalar(r, node))
		return false;
	if (!cidr_parse(node->text, out, &host_bits)) {
		diag_error(r->diag, node->pos,
			"this must be an address or a network such as "
			"10.0.0.0/8");
		return false;
	}
	if (host_bits)
		tell_host_bits(r, node, out);
	return !host_bits;
}

bool
read_number(struct str text, int64_t *out)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	if (negative)
		text = str_from(text, 1);
	if (text.n == 0 || text.n > 18)
		return false;
	int64_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (text.p[i] - '0');
	}
	*out = negative ? -n : n;
	return true;
}

static bool
in_range(struct reader *r, const struct tree *node, const struct key *key,
	int64_t *out)
{
	struct str name = name_of(node);
	if (!read_is_scalar(r, node))
		return false;
	if (read_number(node->text, out) && *out >= key->min &&
		*out <= key->max)
		return true;
	diag_error(r->diag, node->pos,
		"%.*s must be a whole number from %lld to %lld", STR_FMT(name),
		(long long)key->min, (long long)key->max);
	return false;
}

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit sizes[] = {
	{"", 1},
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
};

static const struct unit times[] = {
	{"", 1000},
	{"ms", 1},
	{"s", 1000},
	{"m", 60 * 1000},
	{"h", 60 * 60 * 1000},
};

/* A number and a unit; false when it is none or overflows. */
static bool
parse_quantity(
	struct str text, const struct unit *units, size_t n, int64_t *out)
{
	size_t digits = 0;
	while (digits < text.n && text.p[digits] >= '0' &&
		text.p[digits] <= '9')
		digits++;
	int64_t count;
	if (!read_number((struct str){text.p, digits}, &count))
		return false;
	struct str unit = str_from(text, digits);
	for (size_t i = 0; i < n; i++)
		if (str_eq(unit, str_of(units[i].name)))
			return !__builtin_mul_overflow(
				count, units[i].factor, out);
	return false;
}

static void
read_quantity(struct reader *r, const struct tree *node, const struct key *key,
	uint32_t *out)
{
	bool time = key->type == KEY_TIME;
	struct str name = name_of(node);
	int64_t n;
	if (!read_is_scalar(r, node))
		return;
	bool ok = time ? parse_quantity(node->text, times, COUNT_OF(times), &n)
		       : parse_quantity(node->text, sizes, COUNT_OF(sizes), &n);
	if (!ok) {
		diag_error(r->diag, node->pos, "%.*s must be a %s",
			STR_FMT(name),
			time ? "time such as 500ms, 10s, 5m or 1h"
			     : "size such as 65536, 64KiB or 1MiB");
		return;
	}
	if (n < key->min || n > key->max) {
		diag_error(r->diag, node->pos,
			"%.*s must be from %lld to %lld %s", STR_FMT(name),
			(long long)key->min, (long long)key->max,
			time ? "milliseconds" : "bytes");
		return;
	}
	*out = (uint32_t)n;
}

/* "a, b or c" */
static struct str
word_list(struct reader *r, const struct key_word *words)
{
	struct str s = STR("");
	for (; words->word; words++) {
		const char *sep = s.n == 0 ? "" : words[1].word ? ", " : " or ";
		s = arena_fmt(r->diag->arena, "%.*s%s%s", STR_FMT(s), sep,
			words->word);
	}
	return s;
}

static bool
read_word(struct reader *r, const struct tree *node, const struct key *key,
	int *out)
{
	const char *names[KEYS_MAX];
	size_t n = 0;
	if (!read_is_scalar(r, node))
		return false;
	for (const struct key_word *w = key->words; w->word; w++) {
		if (str_eq_nocase(node->text, str_of(w->word))) {
			*out = w->value;
			return true;
		}
		names[n++] = w->word;
	}
	struct str name = name_of(node), list = word_list(r, key->words);
	diag_error(r->diag, node->pos, "%.*s must be %.*s", STR_FMT(name),
		STR_FMT(list));
	diag_did_you_mean(r->diag, node->text, names, n);
	return false;
}

/* As YAML 1.2 spells them, and the Rust docker-proxy's parser takes them. */
static const struct key_word booleans[] = {
	{"true", 1},
	{"false", 0},
	{NULL, 0},
};

/* --- keys --------------------------------------------------------------- */

static void
read_integer(struct reader *r, const struct tree *node, const struct key *key,
	void *to)
{
	int64_t n;
	if (!in_range(r, node, key, &n))
		return;
	if (key->type == KEY_U16)
		*(uint16_t *)to = (uint16_t)n;
	else if (key->type == KEY_U32)
		*(uint32_t *)to = (uint32_t)n;
	else
		*(int64_t *)to = n;
}

static void
read_choice(struct reader *r, const struct tree *node, const struct key *key,
	void *to)
{
	static const struct key boolean = {.words = booleans};
	bool is_boolean = key->type == KEY_BOOL;
	int word;
	if (!read_word(r, node, is_boolean ? &boolean : key, &word))
		return;
	if (key->type == KEY_WORD)
		*(int *)to = word;
	else
		*(bool *)to = word;
}

void
read_key(struct reader *r, const struct tree *node, const struct key *key,
	void *out)
{
	void *to = (char *)out + key->offset;
	if (key->type != KEY_NODE && tree_is_null(node)) {
		diag_warning(r->diag, FINDING_NO_VALUE, node->pos,
			"%.*s has no value and counts as not given",
			STR_FMT(node->key));
		return;
	}
	switch (key->type) {
	case KEY_TEXT:
		read_text(r, node, key->min == 0, to);
		break;
	case KEY_FILE:
		read_file_name(r, node, to);
		break;
	case KEY_U16:
	case KEY_U32:
	case KEY_I64:
		read_integer(r, node, key, to);
		break;
	case KEY_SIZE:
	case KEY_TIME:
		read_quantity(r, node, key, to);
		break;
	case KEY_BOOL:
	case KEY_WORD:
	case KEY_SWITCH:
		read_choice(r, node, key, to);
		break;
	case KEY_MAP:
		read_map(r, node, key->map, to);
		break;
	case KEY_NODE:
		*(const struct tree **)to = node;
		break;
	case KEY_CUSTOM:
		key->read(r, node, out);
		break;
	}
}

static void
unknown_key(
	struct reader *r, const struct tree *node, const struct key_map *map)
{
	const char *names[KEYS_MAX];
	assert(map->nkeys <= KEYS_MAX);
	for (size_t i = 0; i < map->nkeys; i++)
		names[i] = map->keys[i].name;
	diag_error(r->diag, node->key_pos, "unknown key \"%.*s\" in %s",
		STR_FMT(node->key), map->what);
	diag_did_you_mean(r->diag, node->key, names, map->nkeys);
}

bool
read_map(struct reader *r, const struct tree *node, const struct key_map *map,
	void *out)
{
	if (node->kind != TREE_MAP) {
		diag_error(r->diag, node->pos, "%s must be a map", map->what);
		return false;
	}
	for (const struct tree *t = node->first; t; t = t->next) {
		size_t i = 0;
		while (i < map->nkeys &&
			!str_eq(t->key, str_of(map->keys[i].name)))
			i++;
		if (i < map->nkeys)
			read_key(r, t, &map->keys[i], out);
		else
			unknown_key(r, t, map);
	}
	return true;
}

const struct tree *
read_given(const struct tree *map, const char *name)
{
	const struct tree *t = tree_get(map, name);
	return t && !tree_is_null(t) ? t : NULL;
}
