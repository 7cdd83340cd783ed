/* Proof that the candidate index can be searched, and only leads forward.
 *
 *   slots   entries in range, ascending
 *   keys    tables one behind the other; texts in bounds, sorted, distinct;
 *           a parent is what it says it is; what is filed is in range
 *   filed   slots in range
 * That a rule is filed under what it requires is the compiler's promise.
 */
#include "runtime/verify_index.h"

#include "runtime/limits.h"

/* The index in hand, its sections. */
struct index {
	const struct program_header *h;
	const uint32_t *slots, *filed;
	const struct program_key *keys;
	uint32_t nslots, nkeys, nfiled;
	uint32_t text_left, filed_left; /* as in struct proof */
};

static struct index
index_of(const struct program_header *h)
{
	return (struct index){
		.h = h,
		.slots = program_section(h, SECTION_SLOTS),
		.filed = program_section(h, SECTION_FILED),
		.keys = program_section(h, SECTION_KEYS),
		.nslots = h->section[SECTION_SLOTS].count,
		.nkeys = h->section[SECTION_KEYS].count,
		.nfiled = h->section[SECTION_FILED].count,
		.text_left = PROGRAM_BYTES_MAX,
		.filed_left = PROGRAM_BYTES_MAX / sizeof(uint32_t),
	};
}

static const char *
verify_slots(const struct index *x)
{
	uint32_t ninsns = x->h->section[SECTION_INSNS].count;

	for (uint32_t i = 0; i < x->nslots; i++) {
		if (x->slots[i] >= ninsns)
			return "a slot's entry is out of range";
		if (i > 0 && x->slots[i] <= x->slots[i - 1])
			return "slots that do not ascend";
	}
	return NULL;
}

static const char *
verify_filed(const struct index *x)
{
	if (x->h->nalways > x->nfiled)
		return "more slots are filed nowhere than there are";
	for (uint32_t i = 0; i < x->nfiled; i++)
		if (x->filed[i] >= x->nslots)
			return "a slot is filed that there is not";
	return NULL;
}

static struct str
text_of(const struct index *x, uint32_t key)
{
	const char *strings = program_section(x->h, SECTION_STRINGS);
	struct program_str s = x->keys[key].text;

	return (struct str){strings + s.off, s.len};
}

static bool
has_text(struct index *x, uint32_t key)
{
	struct program_str s = x->keys[key].text;
	uint32_t count = x->h->section[SECTION_STRINGS].count;

	if (s.off > count || s.len > count - s.off || s.len > x->text_left)
		return false;
	x->text_left -= s.len;
	return true;
}

static bool
has_filed(struct index *x, const struct program_key *k)
{
	uint64_t n = (uint64_t)k->nbegins + k->nequals;

	if (n > x->filed_left || k->first + n > x->nfiled)
		return false;
	x->filed_left -= (uint32_t)n;
	return true;
}

/* Those before it in its table, which begins at `first`, are proven. */
static const char *
verify_key(struct index *x, uint32_t first, uint32_t at)
{
	const struct program_key *k = &x->keys[at];

	if (!has_text(x, at))
		return "a key's text is out of bounds";
	if (!has_filed(x, k))
		return "what is filed under a key is out of bounds";
	if (at > first && str_cmp(text_of(x, at - 1), text_of(x, at)) >= 0)
		return "keys that are not sorted";
	if (k->parent == at)
		return NULL;
	if (k->parent < first || k->parent > at)
		return "a key's parent is out of range";
	return str_starts(text_of(x, at), text_of(x, k->parent))
		       ? NULL
		       : "a key that does not begin with its parent";
}

static const char *
verify_keys(struct index *x)
{
	const uint32_t *table = x->h->keys;

	if (table[0] != 0 || table[KEY_TABLES] != x->nkeys)
		return "the tables of keys are out of bounds";
	for (unsigned t = 0; t < KEY_TABLES; t++) {
		if (table[t] > table[t + 1] || table[t + 1] > x->nkeys)
			return "the tables of keys are out of bounds";
		for (uint32_t i = table[t]; i < table[t + 1]; i++) {
			const char *why = verify_key(x, table[t], i);
			if (why)
				return why;
		}
	}
	return NULL;
}

const char *
verify_index(const struct program_header *h)
{
	struct index x = index_of(h);
	const char *why = verify_slots(&x);

	if (!why)
		why = verify_filed(&x);
	return why ? why : verify_keys(&x);
}

const char *
verify_next(const struct program_header *h, uint32_t at, uint32_t end)
{
	const struct insn *insns = program_section(h, SECTION_INSNS);
	const struct insn *i = &insns[at];
	const uint32_t *slots = program_section(h, SECTION_SLOTS);

	if (i->arg > i->jt || i->jt > h->section[SECTION_SLOTS].count)
		return "an instruction's slots are out of range";
	if (i->jf <= at || i->jf >= end)
		return "a jump out of its pass, or back";
	if (i->arg == i->jt)
		return NULL;
	if (slots[i->arg] <= at || slots[i->jt - 1] >= end)
		return "a slot out of its pass, or back";
	return NULL;
}
