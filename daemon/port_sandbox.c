/* The port proxy's sandbox: capabilities, system calls, memory. */
#include "daemon/port_sandbox.h"

#include "daemon/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* libseccomp takes longer to make a filter than this process may take to
 * start. */
static const short calls[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_recvmmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_sendmmsg,
	SYS_splice,
	SYS_close,
	SYS_accept4,
	SYS_connect,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_pipe2,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
#ifdef __x86_64__
	SYS_epoll_wait,
	SYS_poll,
	SYS_time,
#endif
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_restart_syscall,
	SYS_rt_sigreturn,
	SYS_rt_sigprocmask,
	SYS_getpid,
	SYS_gettid,
	SYS_exit,
	SYS_exit_group,
};

#define NCALLS (sizeof(calls) / sizeof(calls[0]))

#define LOAD(member) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		offsetof(struct seccomp_data, member))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define IF(value, skip)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip, 0)
#define IF_ANY(bits, skip)  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, skip, 0)
#define RETURN(what)        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##what)

/* Sockets of the internet alone; of descriptors, how large a pipe is; and no
 * memory becomes code. */
static bool
forbid_calls(void)
{
	static const struct sock_filter head[] = {
		LOAD(arch),
		IF(ARCHITECTURE, 1),
		RETURN(KILL_PROCESS),
		LOAD(nr),
		UNLESS(SYS_socket, 4),
		LOAD(args[0]),
		IF(AF_INET, 1),
		UNLESS(AF_INET6, 9),
		RETURN(ALLOW),
		UNLESS(SYS_fcntl, 3),
		LOAD(args[1]),
		UNLESS(F_SETPIPE_SZ, 5),
		RETURN(ALLOW),
		UNLESS(SYS_mmap, 4),
		LOAD(args[2]),
		IF_ANY(PROT_EXEC, 1),
		RETURN(ALLOW),
		RETURN(KILL_PROCESS),
	};
	enum { HEAD = sizeof(head) / sizeof(head[0]) };
	struct sock_filter code[HEAD + 2 * NCALLS + 1];
	struct sock_filter *p = mempcpy(code, head, sizeof(head));

	for (size_t i = 0; i < NCALLS; i++) {
		*p++ = (struct sock_filter)UNLESS((uint32_t)calls[i], 1);
		*p++ = (struct sock_filter)RETURN(ALLOW);
	}
	*p++ = (struct sock_filter)RETURN(KILL_PROCESS);
	const struct sock_fprog program = {
		.len = (unsigned short)(p - code),
		.filter = code,
	};
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0 ||
	       sandbox_lacks("seccomp", strerror(errno));
}

#else

static bool
forbid_calls(void)
{
	return sandbox_lacks("seccomp", "not for this processor");
}

#endif

void
port_sandbox_enter(void)
{
	/* The zone's file is read now, for the times of log lines. */
	tzset();
	(void)sandbox_drop_capabilities();
	if (SANDBOX_INSTRUMENTED)
		return;
	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		(void)sandbox_lacks("no new privileges", strerror(errno));
	(void)forbid_calls();
}

/* --- memory ------------------------------------------------------------------ */

/* In the program's image: its constant tables of addresses stand between the
 * beginning of what the loader protects and the dynamic section. */
static int
unmap_tables(struct dl_phdr_info *program, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = (uintptr_t)_DYNAMIC & ~(page - 1);
	(void)size;
	(void)arg;

	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &program->dlpi_phdr[i];
		if (h->p_type != PT_GNU_RELRO)
			continue;
		/* The first page has more: what the C library needs. */
		uintptr_t start = program->dlpi_addr + h->p_vaddr;
		start = (start & ~(page - 1)) + page;
		if (start < end)
			munmap((void *)start, end - start);
	}
	return 1; /* the program comes first: no library */
}

void
port_sandbox_forget_tables(void)
{
	if (!SANDBOX_INSTRUMENTED)
		dl_iterate_phdr(unmap_tables, NULL);
}
