/* Looking a request up in the tables of the candidate index. */
#include "runtime/candidates.h"

#include <endian.h>

#define NO_KEY UINT32_MAX

static struct str
key_text(const struct program *p, uint32_t key)
{
	return program_text(p, p->keys[key].text);
}

static void
add(uint64_t *set, const uint32_t *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		set[slots[i] / 64] |= UINT64_C(1) << (slots[i] % 64);
}

/* The first bytes of a text as a number, NULs behind its end: where two such
 * differ, they sort as their texts do. */
static uint64_t
head_of(struct str text)
{
	uint64_t head = 0;

	if (text.n >= sizeof(head))
		head = word_at(text.p);
	else if (text.n)
		memcpy(&head, text.p, text.n);
	return be64toh(head);
}

/* The last key in [first, end) that does not sort behind the text; NO_KEY when
 * all do. */
static uint32_t
last_not_behind(
	const struct program *p, uint32_t first, uint32_t end, struct str text)
{
	uint64_t head = head_of(text);
	uint32_t low = first, high = end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t key = p->key_heads[middle];
		bool behind = key == head
				      ? str_cmp(key_text(p, middle), text) > 0
				      : key > head;
		if (behind)
			high = middle;
		else
			low = middle + 1;
	}
	return low == first ? NO_KEY : low - 1;
}

/* Whatever key the text begins with sorts before it, and between the two
 * stand only keys that begin with it as well: so all of them are ancestors of
 * the last key before the text, or that key. */
static uint32_t
find_key(const struct program *p, enum key_table table, struct str text)
{
	const uint32_t *keys = p->header->keys;
	uint32_t at = last_not_behind(p, keys[table], keys[table + 1], text);

	while (at != NO_KEY && !str_starts(text, key_text(p, at)))
		at = p->keys[at].parent == at ? NO_KEY : p->keys[at].parent;
	return at;
}

void
candidates_load(struct program *p)
{
	uint32_t nkeys = p->header->keys[KEY_TABLES];

	for (uint32_t i = 0; i < nkeys; i++)
		p->key_heads[i] = head_of(key_text(p, i));
	for (unsigned m = 0; m < METHOD_COUNT; m++)
		p->method_keys[m] =
			find_key(p, KEYS_METHOD, method_name((enum method)m));
}

/* What is filed under the key of a text, and under those it begins with. */
static void
add_key(const struct program *p, uint32_t at, struct str text, uint64_t *set)
{
	if (at == NO_KEY)
		return;
	const struct program_key *k = &p->keys[at];
	if (k->text.len == text.n)
		add(set, p->filed + k->first + k->nbegins, k->nequals);
	for (;;) {
		add(set, p->filed + k->first, k->nbegins);
		if (k->parent == at)
			return;
		at = k->parent;
		k = &p->keys[at];
	}
}

static void
add_table(const struct program *p, enum key_table table, struct str text,
	uint64_t *set)
{
	add_key(p, find_key(p, table, text), text, set);
}

static void
add_network(const struct program *p, const struct ip *ip, uint64_t *set)
{
	struct cidr whole = {.bits = 128};
	char text[CIDR_KEY_MAX];

	if (!ip->set)
		return;
	memcpy(whole.b, ip->b, sizeof(whole.b));
	add_table(p, KEYS_NETWORK, (struct str){text, cidr_key(&whole, text)},
		set);
}

const uint64_t *
candidates_find(const struct program *p, const struct facts *f)
{
	const uint32_t *keys = p->header->keys;
	uint64_t *set =
		arena_alloc(f->arena, (p->nslots / 64 + 1) * sizeof(*set));

	if (!set)
		return NULL;
	add(set, p->filed, p->header->nalways);
	add_table(p, KEYS_PATH, f->target->path, set);
	add_key(p, p->method_keys[f->method], method_name(f->method), set);
	if (keys[KEYS_NETWORK] < keys[KEYS_NETWORK + 1])
		add_network(p, &f->client_ip, set);
	return set;
}
