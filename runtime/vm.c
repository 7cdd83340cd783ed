/* The VM: its begin, its run, and what it asks of buckets. */
#include "runtime/vm_loop.h"

bool
vm_init(struct vm *vm, const struct program *p, struct arena *a)
{
	*vm = (struct vm){
		.program = p,
		.memo = arena_alloc(a, p->header->nmemo),
	};
	return vm->memo != NULL;
}

static struct str
client_key(const struct facts *f)
{
	char buf[46];

	if (f->client_ip.set)
		return arena_str(f->arena, str_of(ip_text(&f->client_ip, buf)));
	if (f->has_peer)
		return arena_fmt(f->arena, "uid:%u", f->peer_uid);
	return STR("");
}

struct str
vm_bucket_key(const struct vm *vm, const struct facts *f)
{
	const struct program *p = vm->program;
	const struct program_bucket *b = &p->buckets[vm->bucket.index];
	struct str key = STR("");

	switch ((enum bucket_key)b->key) {
	case BUCKET_CLIENT_IP:
		key = client_key(f);
		break;
	case BUCKET_IDENTITY:
		key = f->identity;
		break;
	case BUCKET_ROLE:
		key = f->role;
		break;
	case BUCKET_HEADER:
		match_header_value(f, program_text(p, b->header), &key);
		break;
	case BUCKET_KEY_COUNT:
		assert(false && "an unverified key");
	}
	return key.p ? key : STR("");
}

void
vm_bucket_answer(struct vm *vm, uint32_t retry_after_ms)
{
	vm->bucket.answered = true;
	vm->bucket.retry_after_ms = retry_after_ms;
}

enum vm_status
vm_run(struct vm *vm, const struct facts *f, struct regex_scratch *scratch)
{
	return vm_loop(vm, f, scratch, NULL);
}
