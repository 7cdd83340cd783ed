/* Resident memory: giving the pages of the start back. */
#include "daemon/resident.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Not what can be written: the loader has written addresses there, and the
 * file does not have them. A failure changes nothing. */
static int
forget(struct dl_phdr_info *info, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_LOAD || (h->p_flags & PF_W))
			continue;
		uintptr_t start = info->dlpi_addr + h->p_vaddr;
		uintptr_t end = start + h->p_memsz;
		start &= ~(page - 1);
		madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void
resident_forget_start(void)
{
	malloc_trim(0);
	dl_iterate_phdr(forget, NULL);
}
