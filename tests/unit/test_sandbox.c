/* The sandbox from inside: system calls that end the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sandbox_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

/* --- what ends the process --------------------------------------------------- */

static int
call_execve(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	return result(execve("/bin/true", argv, argv + 1));
}

static int
call_fork(void)
{
	return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static void *
idle(void *arg)
{
	return arg;
}

static int
call_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, idle, NULL);
}

static int
call_ptrace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, 0, 0));
}

static int
call_kill(void)
{
	return result(kill(getpid(), 0));
}

static int
call_tgkill(void)
{
	pid_t other_process = getpid() + 1;

	return result(syscall(SYS_tgkill, other_process, other_process, 0));
}

static int
call_process_vm_readv(void)
{
	return result(
		syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0));
}

static int
call_packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
call_netlink_socket(void)
{
	return result(socket(AF_NETLINK, SOCK_DGRAM, 0));
}

static int
call_raw_socket(void)
{
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
call_udp_socket(void)
{
	return result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
call_mptcp_socket(void)
{
	return result(socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP));
}

static int
call_fast_open(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return result(sendto(fd, "x", 1, MSG_FASTOPEN,
		(const struct sockaddr *)&other, sizeof(other)));
}

static int
call_socketpair(void)
{
	int fds[2];

	return result(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
}

static int
call_write_only(void)
{
	return result(open(audit, O_WRONLY));
}

static int
call_truncate(void)
{
	return result(
		open(audit, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0640));
}

static int
call_read_write(void)
{
	return result(open(config, O_RDWR));
}

static int
call_chmod(void)
{
	return result(chmod(config, 0666));
}

static int
call_chown(void)
{
	return result(chown(config, 0, 0));
}

static int
call_rename(void)
{
	return result(rename(config, beside));
}

static int
call_mkdir(void)
{
	return result(mkdir(stray, 0700));
}

static int
call_setuid(void)
{
	return result(syscall(SYS_setuid, 0));
}

static int
call_mount(void)
{
	return result(mount("none", "/tmp", "tmpfs", 0, NULL));
}

static int
call_unshare(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int
call_prctl(void)
{
	return result(prctl(PR_SET_DUMPABLE, 1));
}

static int
call_setrlimit(void)
{
	const struct rlimit_like {
		unsigned long cur, max;
	} none = {0, 0};

	return result(syscall(SYS_prlimit64, 0, 4, &none, NULL));
}

static int
call_bpf(void)
{
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

static int
call_io_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 1, NULL));
}

static int
call_memfd(void)
{
	return result(syscall(SYS_memfd_create, "x", 0));
}

static int
call_terminal(void)
{
	char c = 'x';

	return result(ioctl(0, TIOCSTI, &c));
}

static int
call_mprotect_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
call_mmap_code(void)
{
	int fd = open(config, O_RDONLY);
	const void *p =
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	return p == MAP_FAILED ? errno : 0;
}

struct call {
	const char *name;
	int (*make)(void);
	bool instrumented; /* sanitizers do it themselves */
};

static const struct call deadly[] = {
	{"execve", call_execve, false},
	{"clone", call_fork, true},
	{"pthread_create", call_thread, true},
	{"ptrace", call_ptrace, true},
	{"kill", call_kill, true},
	{"tgkill of another", call_tgkill, true},
	{"process_vm_readv", call_process_vm_readv, true},
	{"a packet socket", call_packet_socket, true},
	{"a netlink socket", call_netlink_socket, true},
	{"a raw socket", call_raw_socket, true},
	{"a datagram socket", call_udp_socket, true},
	{"a multipath socket", call_mptcp_socket, true},
	{"connecting by sendto", call_fast_open, false},
	{"socketpair", call_socketpair, false},
	{"open to write", call_write_only, true},
	{"open to truncate", call_truncate, true},
	{"open to read and write", call_read_write, true},
	{"chmod", call_chmod, false},
	{"chown", call_chown, false},
	{"rename", call_rename, true},
	{"mkdir", call_mkdir, true},
	{"setuid", call_setuid, false},
	{"mount", call_mount, false},
	{"unshare", call_unshare, false},
	{"prctl", call_prctl, true},
	{"setting a limit", call_setrlimit, true},
	{"bpf", call_bpf, false},
	{"io_uring_setup", call_io_uring, false},
	{"memfd_create", call_memfd, false},
	{"ioctl of a terminal", call_terminal, true},
	{"data that becomes code", call_mprotect_code, true},
	{"a file that becomes code", call_mmap_code, true},
};

static void
test_forbidden_calls_are_death(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		if (SANDBOX_INSTRUMENTED && deadly[i].instrumented)
			continue;
		int status = status_of(deadly[i].make, SANDBOX_ON);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", deadly[i].name,
				(unsigned)status);
	}
}

static void
test_off_forbids_nothing(void **state)
{
	(void)state;

	assert_int_equal(status_of(call_socketpair, SANDBOX_OFF), 0);
	assert_int_equal(status_of(call_prctl, SANDBOX_OFF), 0);
	assert_int_equal(status_of(call_read_write, SANDBOX_OFF), 0);
}

static int
fail_assertion(void)
{
	abort();
}

static void
test_abort_is_no_forbidden_call(void **state)
{
	(void)state;

	int status = status_of(fail_assertion, SANDBOX_ON);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- threads made in between --------------------------------------------------- */

static int thread_pipe[2];

static void *
wait_and_break_out(void *arg)
{
	char go;
	(void)arg;

	if (read(thread_pipe[0], &go, 1) == 1)
		call_socketpair();
	_exit(1);
}

static void
live_with_thread(void)
{
	struct sandbox s;
	pthread_t t;

	sandbox_init(&s, SANDBOX_ON);
	if (!name_paths(&s) || !sandbox_enter(&s) || pipe(thread_pipe) != 0 ||
		pthread_create(&t, NULL, wait_and_break_out, NULL) != 0 ||
		!sandbox_seal(&s) || write(thread_pipe[1], "", 1) != 1)
		_exit(254);
	pthread_join(t, NULL);
	_exit(2);
}

static void
test_threads_are_sealed_too(void **state)
{
	int status;
	(void)state;

	pid_t pid = fork();
	if (pid == 0)
		live_with_thread();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* --- the text ------------------------------------------------------------------------ */

static void
test_text(void **state)
{
	struct sandbox s;
	char buf[120];
	(void)state;

	sandbox_init(&s, SANDBOX_OFF);
	sandbox_text(&s, buf, sizeof(buf));
	assert_string_equal(buf, "off");
	sandbox_init(&s, SANDBOX_ON);
	s.uid = 7;
	sandbox_text(&s, buf, sizeof(buf));
	assert_string_equal(buf, "uid 7");
	s.parts = 1u << SANDBOX_PARTS;
	s.parts--;
	sandbox_text(&s, buf, sizeof(buf));
	assert_string_equal(buf,
		"not dumpable, no capabilities, no new privileges, Landlock, "
		"seccomp, uid 7");
	sandbox_text(&s, buf, 9);
	assert_string_equal(buf, "not dump");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_calls_are_death),
		cmocka_unit_test(test_off_forbids_nothing),
		cmocka_unit_test(test_abort_is_no_forbidden_call),
		cmocka_unit_test(test_threads_are_sealed_too),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
