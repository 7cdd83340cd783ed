/* Filing: what each rule requires of a request, in sorted tables.
 *
 * Of what a rule requires of path, method and network, the most telling one
 * is what it is filed under: where it shares its keys with the fewest others.
 */
#include "compiler/index.h"

#include "compiler/regex_prefix.h"
#include "runtime/endpoint.h"

#include <stdlib.h>

/* One rule under one key. */
struct filing {
	struct str text; /* in the arena, or the rule's */
	uint32_t slot;
	uint8_t table; /* enum key_table */
	bool equals;   /* the text itself, not all that begin with it */
};

struct filings {
	struct lowering *lo;
	struct filing *v; /* owned */
	size_t n, room;
};

/* --- what a condition requires --------------------------------------------------- */

static void
file(struct filings *fs, enum key_table table, struct str text, bool equals)
{
	if (fs->n == fs->room) {
		size_t room = fs->room ? fs->room * 2 : 256;
		struct filing *v = realloc(fs->v, room * sizeof(*v));
		if (!v) {
			fs->lo->failed = true;
			return;
		}
		fs->v = v;
		fs->room = room;
	}
	fs->v[fs->n++] = (struct filing){
		.text = text, .table = (uint8_t)table, .equals = equals};
}

/* Each of a list of values holds alone, so a request must have one. */
static bool
require_path(struct filings *fs, const struct cond *c)
{
	bool equals = c->op == OP_EQUALS || c->op == OP_IN;
	struct str prefix;

	if (c->field != FIELD_PATH || c->nocase)
		return false;
	if (c->op == OP_MATCHES) {
		if (!regex_prefix(c->values[0].text, fs->lo->arena, &prefix))
			return false;
		file(fs, KEYS_PATH, prefix, false);
		return true;
	}
	if (!equals && c->op != OP_STARTS_WITH)
		return false;
	for (size_t i = 0; i < c->nvalues; i++)
		file(fs, KEYS_PATH, c->values[i].text, equals);
	return true;
}

static bool
names_method(const struct cond *c, enum method m)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (str_eq_nocase(c->values[i].text, method_name(m)))
			return true;
	return false;
}

static bool
require_method(struct filings *fs, const struct cond *c, bool negate)
{
	if (c->field != FIELD_METHOD || (c->op != OP_EQUALS && c->op != OP_IN))
		return false;
	for (unsigned m = 0; m < METHOD_COUNT; m++)
		if (names_method(c, m) != negate)
			file(fs, KEYS_METHOD, method_name(m), true);
	return true;
}

static bool
require_network(struct filings *fs, const struct cond *c)
{
	char key[CIDR_KEY_MAX];

	if (c->field != FIELD_CLIENT_IP ||
		(c->op != OP_EQUALS && c->op != OP_IN))
		return false;
	for (size_t i = 0; i < c->nvalues; i++) {
		struct str text = {key, cidr_key(&c->values[i].cidr, key)};
		file(fs, KEYS_NETWORK, arena_str(fs->lo->arena, text), false);
	}
	return true;
}

static bool
require_test(struct filings *fs, const struct cond *c, bool negate,
	enum key_table table)
{
	negate = negate != c->negate;
	switch (table) {
	case KEYS_PATH:
		return !negate && require_path(fs, c);
	case KEYS_METHOD:
		return require_method(fs, c, negate);
	case KEYS_NETWORK:
		return !negate && require_network(fs, c);
	case KEY_TABLES:
		break;
	}
	return false;
}

static bool require(struct filings *fs, const struct cond *c, bool negate,
	enum key_table table);

/* One of several holds: the request has what one of them requires. */
static bool
require_any(struct filings *fs, const struct cond *c, bool negate,
	enum key_table table)
{
	size_t n = fs->n;

	for (const struct cond *i = c->first; i; i = i->next) {
		if (require(fs, i, negate, table))
			continue;
		fs->n = n;
		return false;
	}
	return true;
}

/* How much the filings [from, to) tell: the length of the shortest text. */
static size_t
telling(const struct filings *fs, size_t from, size_t to)
{
	size_t least = SIZE_MAX;

	for (size_t i = from; i < to; i++) {
		size_t n = fs->v[i].text.n * 2 + fs->v[i].equals;
		if (n < least)
			least = n;
	}
	return least;
}

/* All hold: what any of them requires will do, so the most telling. */
static bool
require_all(struct filings *fs, const struct cond *c, bool negate,
	enum key_table table)
{
	size_t start = fs->n;
	bool known = false;

	for (const struct cond *i = c->first; i; i = i->next) {
		size_t mark = fs->n;
		if (!require(fs, i, negate, table))
			continue;
		if (known &&
			telling(fs, start, mark) >= telling(fs, mark, fs->n)) {
			fs->n = mark;
			continue;
		}
		if (fs->n > mark)
			memmove(fs->v + start, fs->v + mark,
				(fs->n - mark) * sizeof(*fs->v));
		fs->n -= mark - start;
		known = true;
	}
	return known;
}

/* Adds what a request must have in that table for the condition to hold;
 * false, and nothing is added, when that is not known. */
static bool
require(struct filings *fs, const struct cond *c, bool negate,
	enum key_table table)
{
	switch (c->kind) {
	case COND_TEST:
		return require_test(fs, c, negate, table);
	case COND_NOT:
		return require(fs, c->first, !negate, table);
	case COND_AND:
	case COND_OR:
		break;
	}
	return (c->kind == COND_AND) != negate
		       ? require_all(fs, c, negate, table)
		       : require_any(fs, c, negate, table);
}

/* --- under what a rule is filed ---------------------------------------------------- */

/* What is known of the rule of a slot. */
struct choice {
	bool known[KEY_TABLES];
	size_t shared[KEY_TABLES]; /* filings under its most common key */
	uint8_t table;             /* KEY_TABLES: none, always a candidate */
};

static void
gather(struct filings *fs, const struct index_slot *slots, uint32_t nslots,
	struct choice *choices)
{
	for (uint32_t s = 0; s < nslots; s++)
		for (unsigned t = 0; t < KEY_TABLES; t++) {
			size_t n = fs->n;
			choices[s].known[t] =
				require(fs, slots[s].rule->when, false, t);
			for (; n < fs->n; n++)
				fs->v[n].slot = s;
		}
}

static int
by_key(const void *a, const void *b)
{
	const struct filing *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	int d = str_cmp(x->text, y->text);
	if (d)
		return d;
	if (x->equals != y->equals)
		return x->equals ? 1 : -1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Where the filings end that have the key of number i. */
static size_t
same_key(const struct filings *fs, size_t i)
{
	size_t end = i + 1;

	while (end < fs->n && fs->v[end].table == fs->v[i].table &&
		str_eq(fs->v[end].text, fs->v[i].text))
		end++;
	return end;
}

static void
choose(const struct filings *fs, struct choice *choices, uint32_t nslots)
{
	for (size_t i = 0, end; i < fs->n; i = end) {
		end = same_key(fs, i);
		for (size_t k = i; k < end; k++) {
			size_t *most =
				&choices[fs->v[k].slot].shared[fs->v[k].table];
			if (end - i > *most)
				*most = end - i;
		}
	}
	for (uint32_t s = 0; s < nslots; s++) {
		struct choice *c = &choices[s];
		c->table = KEY_TABLES;
		for (unsigned t = 0; t < KEY_TABLES; t++)
			if (c->known[t] &&
				(c->table == KEY_TABLES ||
					c->shared[t] < c->shared[c->table]))
				c->table = (uint8_t)t;
	}
}

/* Keeps the filings that were chosen, in their order. */
static void
keep_chosen(struct filings *fs, const struct choice *choices)
{
	size_t n = 0;

	for (size_t i = 0; i < fs->n; i++)
		if (choices[fs->v[i].slot].table == fs->v[i].table)
			fs->v[n++] = fs->v[i];
	fs->n = n;
}

/* --- tables -------------------------------------------------------------------------- */

static uint32_t
put_filed(struct lowering *lo, uint32_t slot)
{
	return lower_append(lo, SECTION_FILED, &slot, sizeof(slot));
}

static void
put_always(struct lowering *lo, const struct choice *choices, uint32_t nslots)
{
	for (uint32_t s = 0; s < nslots; s++)
		if (choices[s].table == KEY_TABLES)
			put_filed(lo, s);
	lo->nalways = lower_count(lo, SECTION_FILED);
}

/* The longest key before this one, in its table, that the text begins with;
 * the number of this one when none. `last` is the key before it. */
static uint32_t
parent_of(struct lowering *lo, uint32_t last, const struct filing *f)
{
	uint32_t own = lower_count(lo, SECTION_KEYS);
	const struct program_key *keys = lower_records(lo, SECTION_KEYS);
	const char *strings = lower_records(lo, SECTION_STRINGS);

	if (own == lo->keys[f->table])
		return own;
	for (uint32_t at = last;; at = keys[at].parent) {
		struct program_str s = keys[at].text;
		if (str_starts(f->text, (struct str){strings + s.off, s.len}))
			return at;
		if (keys[at].parent == at)
			return own;
	}
}

/* The filings [i, end), all of one key. */
static void
put_key(struct filings *fs, size_t i, size_t end)
{
	struct lowering *lo = fs->lo;
	uint32_t own = lower_count(lo, SECTION_KEYS);
	struct program_key key = {
		.text = lower_put_str(lo, fs->v[i].text),
		.parent = parent_of(lo, own - 1, &fs->v[i]),
		.first = lower_count(lo, SECTION_FILED),
	};

	for (size_t k = i; k < end; k++) {
		if (k > i && by_key(&fs->v[k - 1], &fs->v[k]) == 0)
			continue;
		put_filed(lo, fs->v[k].slot);
		if (fs->v[k].equals)
			key.nequals++;
		else
			key.nbegins++;
	}
	lower_append(lo, SECTION_KEYS, &key, sizeof(key));
}

static void
put_tables(struct filings *fs)
{
	struct lowering *lo = fs->lo;
	unsigned table = 0;

	for (size_t i = 0, end; i < fs->n && !lo->failed; i = end) {
		while (table < fs->v[i].table)
			lo->keys[++table] = lower_count(lo, SECTION_KEYS);
		end = same_key(fs, i);
		put_key(fs, i, end);
	}
	while (table < KEY_TABLES)
		lo->keys[++table] = lower_count(lo, SECTION_KEYS);
}

void
index_put(struct lowering *lo, const struct index_slot *slots, uint32_t nslots)
{
	struct filings fs = {.lo = lo};
	struct choice *choices =
		arena_alloc(lo->arena, nslots * sizeof(*choices) + 1);

	for (uint32_t s = 0; s < nslots; s++)
		lower_append(lo, SECTION_SLOTS, &slots[s].entry,
			sizeof(slots[s].entry));
	if (choices) {
		gather(&fs, slots, nslots, choices);
		if (fs.n > 0)
			qsort(fs.v, fs.n, sizeof(*fs.v), by_key);
		choose(&fs, choices, nslots);
		keep_chosen(&fs, choices);
		put_always(lo, choices, nslots);
		put_tables(&fs);
	}
	free(fs.v);
}
