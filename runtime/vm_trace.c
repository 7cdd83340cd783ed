/* The VM, telling what it came by. */
#include "runtime/vm_loop.h"

enum vm_status
vm_run_traced(struct vm *vm, const struct facts *f,
	struct regex_scratch *scratch, struct vm_trace *trace)
{
	return vm_loop(vm, f, scratch, trace);
}
