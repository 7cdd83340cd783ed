/* Runs: instructions, stops, remembered answers; random programs against a
 * naive walk of their rules; damaged images. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"

/* --- instructions ---------------------------------------------------------- */

static void
test_default(void **state)
{
	struct fixture *fx = *state;

	for (int allow = 0; allow < 2; allow++) {
		struct image *im = image_new();
		im->default_allow = allow;
		image_insn(im, OPCODE_END, 0, 0, 0, 0);
		load(fx, im);
		assert_int_equal(run(fx), VM_DONE);
		assert_int_equal(fx->vm.verdict.allow, allow);
		assert_int_equal(fx->vm.verdict.rule, PROGRAM_NO_RULE);
		assert_int_equal(fx->vm.verdict.ndry, 0);
		assert_int_equal(
			fx->vm.verdict.why, allow ? WHY_OK : WHY_DENIED);
		if (!allow)
			assert_int_equal(fx->vm.verdict.status, 403);
	}
}

static void
test_deny_and_allow(void **state)
{
	struct fixture *fx = *state;

	for (int allow = 0; allow < 2; allow++) {
		struct image *im = image_new();
		im->default_allow = !allow;
		uint32_t t = path_is(im, "s/info");
		image_rule(im, ACTION_DENY, 499, 0);
		image_rule(im, ACTION_ALLOW, 403, 0);
		image_insn(im, OPCODE_TEST, t, allow ? 2 : 1, 3, 0);
		image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
		image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
		image_insn(im, OPCODE_END, 0, 0, 0, 0);
		load(fx, im);
		assert_int_equal(run(fx), VM_DONE);
		assert_int_equal(fx->vm.verdict.allow, allow);
		assert_int_equal(fx->vm.verdict.rule, allow);
		if (!allow)
			assert_int_equal(fx->vm.verdict.status, 499);
		/* What is done stays done. */
		assert_int_equal(run(fx), VM_DONE);
		assert_int_equal(fx->vm.verdict.allow, allow);
		/* The other way. */
		fx->target.path = STR("/other");
		assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
		assert_int_equal(run(fx), VM_DONE);
		assert_int_equal(fx->vm.verdict.rule, PROGRAM_NO_RULE);
		fx->target.path = STR("/info");
	}
}

static void
test_dry_run(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();
	enum { N = 100 };

	for (uint32_t i = 0; i < N; i++) {
		image_rule(im, ACTION_DENY, 403, RULE_DRY_RUN);
		image_insn(im, OPCODE_DRY, i, 0, 0, 0);
	}
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_insn(im, OPCODE_ALLOW, N, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	assert_int_equal(run(fx), VM_DONE);
	assert_true(fx->vm.verdict.allow);
	assert_int_equal(fx->vm.verdict.ndry, N);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(fx->vm.verdict.dry[i], i);
	/* What is done is not done again. */
	assert_int_equal(run(fx), VM_DONE);
	assert_int_equal(fx->vm.verdict.ndry, N);
}

static void
test_doubt_follows_the_flag(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();
	uint32_t t = image_test(im, FIELD_ROLE, "", OP_MATCHES, 0);

	image_value(im, EVIL_PATTERN);
	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_DENY, 404, 0);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_insn(im, OPCODE_TEST, t, 1, 2, 0); /* false */
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_TEST, t, 3, 4, INSN_DOUBT_IS_TRUE);
	image_insn(im, OPCODE_DENY, 1, 0, 0, 0);
	image_insn(im, OPCODE_ALLOW, 2, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	fx->facts.role = STR(EVIL_TEXT);
	assert_int_equal(run(fx), VM_DONE);
	assert_false(fx->vm.verdict.allow);
	assert_int_equal(fx->vm.verdict.rule, 1);
	assert_int_equal(fx->vm.doubts, 1); /* one test, asked once */
	/* A test that is sure does not look at the flag. */
	fx->facts.role = STR("b");
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
	assert_int_equal(run(fx), VM_DONE);
	assert_int_equal(fx->vm.verdict.rule, 2);
	assert_int_equal(fx->vm.doubts, 0);
}

/* An answer is remembered: what changes meanwhile is not seen. */
static void
test_asked_once(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();
	uint32_t t = path_is(im, "s/info");
	uint32_t b = image_test(im, FIELD_BODY, "A", OP_EXISTS, 0);

	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_insn(im, OPCODE_TEST, t, 1, 3, 0);
	image_insn(im, OPCODE_TEST, b, 3, 2, 0);
	image_insn(im, OPCODE_TEST, t, 4, 3, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	assert_int_equal(run(fx), VM_NEED_BODY);
	fx->target.path = STR("/changed");
	set_body(fx, "{}");
	assert_int_equal(run(fx), VM_DONE);
	assert_true(fx->vm.verdict.allow);
}

static void
test_body_on_demand(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();
	uint32_t other = path_is(im, "s/other");
	uint32_t b = image_test(im, FIELD_BODY, "A.B", OP_EQUALS, 0);

	image_value(im, "n1");
	image_rule(im, ACTION_DENY, 403, 0);
	image_insn(im, OPCODE_TEST, other, 3, 1, 0);
	image_insn(im, OPCODE_TEST, b, 2, 3, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	im->default_allow = true;
	load(fx, im);
	assert_true(fx->program.reads_body);
	/* Asked for as often as it is missing. */
	assert_int_equal(run(fx), VM_NEED_BODY);
	assert_int_equal(run(fx), VM_NEED_BODY);
	set_body(fx, "{\"a\":{\"b\":1}}");
	assert_int_equal(run(fx), VM_DONE);
	assert_false(fx->vm.verdict.allow);
	assert_int_equal(fx->vm.verdict.rule, 0);
	/* An empty body is a body. */
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
	set_body(fx, "");
	assert_int_equal(run(fx), VM_DONE);
	assert_true(fx->vm.verdict.allow);
	/* Not asked for when nothing on the way reads it. */
	fx->facts.body = NULL;
	fx->target.path = STR("/other");
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
	assert_int_equal(run(fx), VM_DONE);
	assert_true(fx->vm.verdict.allow);
}

/* --- out of memory ----------------------------------------------------------- */

static void
test_no_room_for_answers(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();
	struct vm vm;

	path_is(im, "s/info");
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	fx->arena.cap = fx->arena.used;
	assert_false(vm_init(&vm, &fx->program, &fx->arena));
}

static void
assert_out_of_memory(struct fixture *fx)
{
	assert_int_equal(run(fx), VM_DONE);
	assert_false(fx->vm.verdict.allow);
	assert_int_equal(fx->vm.verdict.rule, PROGRAM_NO_RULE);
	assert_int_equal(fx->vm.verdict.why, WHY_OUT_OF_MEMORY);
	assert_int_equal(fx->vm.verdict.status, 503);
}

/* An allow that was come by out of memory is none. */
static void
test_overflow_denies(void **state)
{
	static const struct http1_field fields[] = {
		{.name = STR("X"), .value = STR("a")},
		{.name = STR("X"), .value = STR("b")},
	};
	struct fixture *fx = *state;
	struct image *im = image_new();
	uint32_t t = image_test(im, FIELD_HEADER, "x", OP_EQUALS, 0);

	image_value(im, "sevil");
	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_insn(im, OPCODE_TEST, t, 1, 2, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	fx->facts.headers = fields;
	fx->facts.nheaders = 2;
	fx->arena.cap = fx->arena.used;
	assert_out_of_memory(fx);
	assert_int_equal(fx->vm.doubts, 1);
}

static void
test_overflow_of_dry_notes(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();

	image_rule(im, ACTION_DENY, 403, RULE_DRY_RUN);
	image_insn(im, OPCODE_DRY, 0, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	im->default_allow = true;
	load(fx, im);
	fx->arena.cap = fx->arena.used;
	assert_out_of_memory(fx);
	assert_int_equal(fx->vm.verdict.ndry, 0);
}

/* --- random programs against a naive walk ------------------------------------- */

static uint64_t seed;

static uint32_t
pick(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 32) % n);
}

/* The world of the random programs: a path of one letter, a body {"A": n},
 * and a role that may be EVIL_TEXT. */
struct world {
	char letter;
	unsigned number;
	bool evil;
};

enum { ATOMS = 10, RULES = 12, NODES = 400 };

/* What atom i says of the world, told without the modules under test. */
static enum truth
atom_truth(unsigned i, const struct world *w)
{
	if (i < 4)
		return w->letter == (char)('a' + i) ? TRUTH_TRUE : TRUTH_FALSE;
	if (i < 8)
		return w->number == i ? TRUTH_TRUE : TRUTH_FALSE;
	if (i == 8)
		return w->number > 5 ? TRUTH_TRUE : TRUTH_FALSE;
	return w->evil ? TRUTH_DOUBT : TRUTH_FALSE;
}

static bool
atom_reads_body(unsigned i)
{
	return i >= 4 && i < 9;
}

static void
add_atoms(struct image *im)
{
	for (unsigned i = 0; i < ATOMS; i++) {
		char value[8];
		if (i < 4) {
			snprintf(value, sizeof(value), "s/%c", 'a' + (int)i);
			path_is(im, value);
		} else if (i < 8) {
			snprintf(value, sizeof(value), "n%u", i);
			image_test(im, FIELD_BODY, "A", OP_EQUALS, 0);
			image_value(im, value);
		} else if (i == 8) {
			image_test(im, FIELD_BODY, "A", OP_GREATER_THAN, 0);
			image_value(im, "n5");
		} else {
			image_test(im, FIELD_ROLE, "", OP_MATCHES, 0);
			image_value(im, EVIL_PATTERN);
		}
	}
}

enum node_kind { NODE_ATOM, NODE_NOT, NODE_AND, NODE_OR };

struct node {
	enum node_kind kind;
	unsigned atom;
	unsigned n;
	const struct node *child[3];
};

struct random_policy {
	struct node nodes[NODES];
	unsigned nnodes;
	struct {
		const struct node *when;
		bool allow, dry;
	} rules[RULES];
	unsigned nrules;
	bool default_allow;
};

static const struct node *
random_node(struct random_policy *rp, unsigned depth)
{
	struct node *n = &rp->nodes[rp->nnodes++];

	assert_true(rp->nnodes < NODES);
	n->kind = depth ? pick(4) : NODE_ATOM;
	n->atom = pick(ATOMS);
	if (n->kind == NODE_NOT)
		n->n = 1;
	else if (n->kind != NODE_ATOM)
		n->n = 1 + pick(3);
	for (unsigned i = 0; i < n->n; i++)
		n->child[i] = random_node(rp, depth - 1);
	return n;
}

static void
random_policy(struct random_policy *rp)
{
	*rp = (struct random_policy){.default_allow = pick(2)};
	rp->nrules = pick(RULES + 1);
	for (unsigned i = 0; i < rp->nrules; i++) {
		rp->rules[i].when = random_node(rp, 2 + pick(2));
		rp->rules[i].allow = pick(2);
		rp->rules[i].dry = !rp->rules[i].allow && pick(3) == 0;
	}
}

/* --- the naive walk */

struct walk {
	const struct world *world;
	bool doubt_denies; /* of the rule at hand */
	bool read_body;
	bool doubted;
};

/* `negated`: an odd number of NOTs is above: a doubt goes the other way. */
static bool
walk_node(struct walk *w, const struct node *n, bool negated)
{
	bool any = n->kind == NODE_OR;

	if (n->kind == NODE_NOT)
		return !walk_node(w, n->child[0], !negated);
	if (n->kind == NODE_ATOM) {
		enum truth truth = atom_truth(n->atom, w->world);
		w->read_body |= atom_reads_body(n->atom);
		w->doubted |= truth == TRUTH_DOUBT;
		if (truth == TRUTH_DOUBT)
			return w->doubt_denies != negated;
		return truth == TRUTH_TRUE;
	}
	for (unsigned i = 0; i < n->n; i++)
		if (walk_node(w, n->child[i], negated) == any)
			return any;
	return !any;
}

struct outcome {
	bool allow, read_body, doubted;
	uint32_t rule;
	uint32_t dry[RULES], ndry;
};

static struct outcome
walk_policy(const struct random_policy *rp, const struct world *world)
{
	struct walk w = {.world = world};
	struct outcome out = {
		.allow = rp->default_allow, .rule = PROGRAM_NO_RULE};

	for (unsigned i = 0; i < rp->nrules; i++) {
		w.doubt_denies = !rp->rules[i].allow;
		if (!walk_node(&w, rp->rules[i].when, false))
			continue;
		if (rp->rules[i].dry) {
			out.dry[out.ndry++] = i;
			continue;
		}
		out.allow = rp->rules[i].allow;
		out.rule = i;
		break;
	}
	out.read_body = w.read_body;
	out.doubted = w.doubted;
	return out;
}

/* --- the program: written from its end, so that every jump has its target */

struct code {
	struct insn insns[IMAGE_RECORDS]; /* the last one first */
	uint32_t n;
	bool doubt_denies;
};

static uint32_t
emit(struct code *c, enum opcode op, uint32_t arg, uint32_t jt, uint32_t jf,
	bool flag)
{
	assert_true(c->n < IMAGE_RECORDS);
	c->insns[c->n] = (struct insn){
		.op = (uint8_t)op,
		.flags = flag ? INSN_DOUBT_IS_TRUE : 0,
		.arg = arg,
		.jt = jt,
		.jf = jf,
	};
	return c->n++;
}

static uint32_t
emit_node(struct code *c, const struct node *n, uint32_t jt, uint32_t jf,
	bool negated)
{
	if (n->kind == NODE_ATOM)
		return emit(c, OPCODE_TEST, n->atom, jt, jf,
			c->doubt_denies != negated);
	if (n->kind == NODE_NOT)
		return emit_node(c, n->child[0], jf, jt, !negated);
	for (unsigned i = n->n; i-- > 0;) {
		uint32_t at = emit_node(c, n->child[i], jt, jf, negated);
		if (n->kind == NODE_AND)
			jt = at;
		else
			jf = at;
	}
	return n->kind == NODE_AND ? jt : jf;
}

static struct image *
policy_image(const struct random_policy *rp)
{
	struct image *im = image_new();
	struct code *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	add_atoms(im);
	for (unsigned i = 0; i < rp->nrules; i++)
		image_rule(im, rp->rules[i].allow ? ACTION_ALLOW : ACTION_DENY,
			(uint16_t)(400 + i),
			rp->rules[i].dry ? RULE_DRY_RUN : 0);
	uint32_t next = emit(c, OPCODE_END, 0, 0, 0, false);
	for (unsigned i = rp->nrules; i-- > 0;) {
		enum opcode op = rp->rules[i].allow ? OPCODE_ALLOW
				 : rp->rules[i].dry ? OPCODE_DRY
						    : OPCODE_DENY;
		uint32_t fires = emit(c, op, i, 0, 0, false);
		c->doubt_denies = !rp->rules[i].allow;
		next = emit_node(c, rp->rules[i].when, fires, next, false);
	}
	for (uint32_t i = c->n; i-- > 0;) {
		struct insn *n = &c->insns[i];
		image_insn(im, n->op, n->arg, c->n - 1 - n->jt,
			c->n - 1 - n->jf, n->flags);
	}
	im->default_allow = rp->default_allow;
	free(c);
	return im;
}

static void
set_world(struct fixture *fx, const struct world *w, char path[2])
{
	path[0] = '/';
	path[1] = w->letter;
	fx->target.path = (struct str){path, 2};
	fx->facts.role = w->evil ? STR(EVIL_TEXT) : STR("b");
	fx->facts.body = NULL;
}

static void
check_world(struct fixture *fx, const struct random_policy *rp,
	const struct world *w)
{
	struct outcome want = walk_policy(rp, w);
	char path[2], body[16];

	set_world(fx, w, path);
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
	if (want.read_body) {
		assert_int_equal(run(fx), VM_NEED_BODY);
		snprintf(body, sizeof(body), "{\"a\":%u}", w->number);
		set_body(fx, body);
	}
	assert_int_equal(run(fx), VM_DONE);
	const struct verdict *v = &fx->vm.verdict;
	assert_int_equal(v->allow, want.allow);
	assert_int_equal(v->rule, want.rule);
	if (want.rule != PROGRAM_NO_RULE && !want.allow)
		assert_int_equal(v->status, 400 + want.rule);
	assert_int_equal(v->ndry, want.ndry);
	for (uint32_t i = 0; i < want.ndry; i++)
		assert_int_equal(v->dry[i], want.dry[i]);
	assert_int_equal(fx->vm.doubts, want.doubted);
}

static void
test_random_programs(void **state)
{
	struct fixture *fx = *state;
	struct random_policy rp;
	unsigned allowed = 0, total = 0;

	seed = 0x9e3779b97f4a7c15;
	for (unsigned i = 0; i < 300; i++) {
		arena_reset(&fx->arena);
		random_policy(&rp);
		load(fx, policy_image(&rp));
		for (unsigned j = 0; j < 20; j++) {
			struct world w = {
				.letter = (char)('a' + pick(5)),
				.number = pick(10),
				.evil = pick(4) == 0,
			};
			check_world(fx, &rp, &w);
			allowed += fx->vm.verdict.allow;
			total++;
		}
	}
	/* The policies tell requests apart. */
	assert_in_range(allowed, total / 10, total - total / 10);
}

/* --- damaged images --------------------------------------------------------------- */

/* Each field and each operator, in few bytes. */
static struct image *
small_policy(void)
{
	static const struct {
		enum field field;
		const char *name;
		enum operator_id op;
		const char *value;
	} tests[] = {
		{FIELD_PATH, "", OP_STARTS_WITH, "s/c"},
		{FIELD_METHOD, "", OP_MATCHES, "r^(GET|HEAD)$"},
		{FIELD_QUERY, "q", OP_LESS_THAN, "n10"},
		{FIELD_HEADER, "h", OP_ENDS_WITH, "sx"},
		{FIELD_BODY, "A.*.0", OP_IN, "n1"},
		{FIELD_BODY, "B", OP_CONTAINS, "sz"},
		{FIELD_CLIENT_IP, "", OP_IN, "c10.0.0.0/8"},
		{FIELD_PEER_UID, "", OP_EQUALS, "n0"},
		{FIELD_TIME, "", OP_IN, "m20 1320 360"},
		{FIELD_QUERY, "q", OP_EMPTY, NULL},
	};
	struct image *im = image_new();
	uint32_t n = sizeof(tests) / sizeof(*tests);

	for (uint32_t i = 0; i < n; i++) {
		image_test(im, tests[i].field, tests[i].name, tests[i].op, 0);
		if (tests[i].value)
			image_value(im, tests[i].value);
		image_insn(im, OPCODE_TEST, i, i + 1, i + 1,
			i & 1 ? INSN_DOUBT_IS_TRUE : 0);
	}
	image_rule(im, ACTION_DENY, 403, RULE_DRY_RUN);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_rule(im, ACTION_REQUIRE_ROLE, 403, RULE_DRY_RUN);
	image_role(im, "ops");
	image_rule(im, ACTION_RATE_LIMIT, 429, 0);
	image_bucket(im, BUCKET_HEADER, "h");
	image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
	image_filter(im, "A", FILTER_REPLACE, "1");
	image_insn(im, OPCODE_DRY, 0, 0, 0, 0);
	image_insn(im, OPCODE_ROLE, 2, 0, 0, 0);
	image_insn(im, OPCODE_TAKE, 3, 0, 0, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	image_second_pass(im);
	image_insn(im, OPCODE_TEST, 0, n + 6, n + 7, 0);
	image_insn(im, OPCODE_FILTER, 4, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	return im;
}

/* Runs to the end: each token asked for is there. */
static void
run_through(struct fixture *fx, struct vm *vm)
{
	enum vm_status status;

	for (uint32_t asked = 0;; asked++) {
		status = vm_run(vm, &fx->facts, fx->scratch);
		if (status != VM_NEED_BUCKET)
			break;
		assert_true(asked < vm->program->ninsns);
		assert_true(vm->bucket.index < vm->program->nbuckets);
		assert_non_null(vm_bucket_key(vm, &fx->facts).p);
		vm_bucket_answer(vm, 0);
	}
	assert_int_equal(status, VM_DONE);
}

/* Either refused, or it runs to an end. True when it ran. */
static bool
survives(struct fixture *fx, const void *bytes, size_t size)
{
	struct program p;
	struct vm vm;
	const char *why;

	if (!program_load(&p, bytes, size, &why)) {
		assert_non_null(why);
		return false;
	}
	assert_true(vm_init(&vm, &p, fx->facts.arena));
	run_through(fx, &vm);
	assert_true(vm.verdict.rule == PROGRAM_NO_RULE ||
		    vm.verdict.rule < p.nrules);
	for (uint32_t i = 0; i < vm.verdict.nfilters; i++)
		assert_true(vm.verdict.filters[i] < p.nfilters);
	program_fini(&p);
	return true;
}

/* Each byte, with each value, in a block of exactly the image's size. */
static void
damage_each_byte(struct fixture *fx, struct image *im)
{
	size_t size, ran = 0;
	uint8_t *bytes = image_bytes(im, &size);
	struct arena arena; /* of one run; the body's is another */

	free(im);
	arena_init(&arena, MIB(1));
	fx->facts.arena = &arena;
	assert_true(survives(fx, bytes, size));
	for (size_t i = 0; i < size; i++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			bytes[i] ^= (uint8_t)flip;
			ran += survives(fx, bytes, size);
			bytes[i] ^= (uint8_t)flip;
			arena_reset(&arena);
		}
	}
	assert_in_range(ran, 1, size * 255 - 1);
	arena_fini(&arena);
	free(bytes);
}

static void
test_damaged_images(void **state)
{
	static struct target_param params[] = {{STR("q"), STR("5")}};
	static const struct http1_field fields[] = {
		{.name = STR("h"), .value = STR("a")},
		{.name = STR("H"), .value = STR("x")},
	};
	struct fixture *fx = *state;

	fx->target.path = STR("/containers/json");
	fx->target.params = params;
	fx->target.nparams = 1;
	fx->facts.headers = fields;
	fx->facts.nheaders = 2;
	fx->facts.client_ip = (struct ip){.b = {1}, .set = true};
	fx->facts.has_peer = true;
	fx->facts.weekday = 6;
	set_body(fx, "{\"A\":[[1],[2],\"x\"],\"B\":{\"y\":\"\\u007a\"}}");
	damage_each_byte(fx, small_policy());
}

static void
test_damaged_random_images(void **state)
{
	struct fixture *fx = *state;
	struct random_policy rp;
	char path[2];

	seed = 42;
	do
		random_policy(&rp);
	while (rp.nrules < 2 || rp.nnodes > 12);
	set_world(fx, &(struct world){.letter = 'a'}, path);
	set_body(fx, "{\"A\":6}");
	damage_each_byte(fx, policy_image(&rp));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_default),
		T(test_deny_and_allow),
		T(test_dry_run),
		T(test_doubt_follows_the_flag),
		T(test_asked_once),
		T(test_body_on_demand),
		T(test_no_room_for_answers),
		T(test_overflow_denies),
		T(test_overflow_of_dry_notes),
		T(test_random_programs),
		T(test_damaged_images),
		T(test_damaged_random_images),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
