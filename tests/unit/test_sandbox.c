/* The sandbox from inside: what is forbidden fails, or ends the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/sandbox_parts.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* A folder each for what will be read, appended to and listened on, and one
 * that nobody named. */
static char base[] = "/tmp/sandbox-XXXXXX";
static char config[64], beside[64], audit[64], rotated[64], sock[64], stray[64];
static struct sockaddr_in engine, other; /* both listen */

/* --- a process in the sandbox ------------------------------------------------- */

static bool
name_paths(struct sandbox *s)
{
	s->ports[s->nports++] = ntohs(engine.sin_port);
	return sandbox_will_use(s, SANDBOX_READ, str_of(config)) &&
	       sandbox_will_use(s, SANDBOX_APPEND, str_of(audit)) &&
	       sandbox_will_use(s, SANDBOX_LISTEN, str_of(sock));
}

/* In the child: as serve() does, then one thing. */
static void
live(int (*body)(void), enum sandbox_mode mode)
{
	struct sandbox s;

	sandbox_init(&s, mode);
	if (!name_paths(&s) || !sandbox_enter(&s) || !sandbox_seal(&s))
		_exit(254);
	_exit(body());
}

static int
status_of(int (*body)(void), enum sandbox_mode mode)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		live(body, mode);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* What body returned, in a process that lives. */
static int
inside(int (*body)(void))
{
	int status = status_of(body, SANDBOX_ON);

	if (!WIFEXITED(status))
		fail_msg("killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* 0, or the errno of what failed. */
static int
result(long r)
{
	return r < 0 ? errno : 0;
}

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

/* --- files, connections, signals: Landlock -------------------------------------- */

static void
need_landlock(void)
{
	if (SANDBOX_INSTRUMENTED) {
		print_message("an instrumented build opens what it likes\n");
		skip();
	}
	if (syscall(444, NULL, 0, 1u) < 1) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
}

static int
read_named(void)
{
	return result(open(config, O_RDONLY));
}

static int
read_beside(void)
{
	return result(open(beside, O_RDONLY));
}

static int
read_stray(void)
{
	return result(open(stray, O_RDONLY));
}

static int
read_passwd(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int
read_memory(void)
{
	return result(open("/proc/self/mem", O_RDONLY));
}

static int
list_folder(void)
{
	char folder[PATH_MAX];

	if (!sandbox_folder_of(config, folder))
		return 1;
	return opendir(folder) ? 0 : errno;
}

static int
append_again(void)
{
	int fd = open(audit, O_WRONLY | O_APPEND | O_CREAT, 0640);

	return result(fd < 0 ? fd : write(fd, "x", 1));
}

static int
append_to_new(void)
{
	return result(open(rotated, O_WRONLY | O_APPEND | O_CREAT, 0640));
}

static int
append_to_config(void)
{
	return result(open(config, O_WRONLY | O_APPEND | O_CREAT, 0640));
}

static int
remove_audit(void)
{
	return result(unlink(audit));
}

static int
remove_config(void)
{
	return result(unlink(config));
}

static int
bind_at(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return result(bind(fd, (const struct sockaddr *)&un, sizeof(un)));
}

static int
listen_again(void)
{
	int error = bind_at(sock);

	return error ? error : result(unlink(sock));
}

static int
listen_elsewhere(void)
{
	char path[72];

	snprintf(path, sizeof(path), "%s.sock", config);
	return bind_at(path);
}

static int
dial(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return result(connect(fd, (const struct sockaddr *)to, sizeof(*to)));
}

static int
dial_engine(void)
{
	return dial(&engine);
}

static int
dial_other(void)
{
	return dial(&other);
}

static void
test_files_by_name(void **state)
{
	(void)state;

	need_landlock();
	assert_int_equal(inside(read_named), 0);
	assert_int_equal(inside(read_beside), 0);
	assert_int_equal(inside(read_stray), EACCES);
	assert_int_equal(inside(read_passwd), EACCES);
	assert_int_equal(inside(read_memory), EACCES);
	assert_int_equal(inside(list_folder), EACCES);
	assert_int_equal(inside(append_again), 0);
	assert_int_equal(inside(append_to_new), 0);
	assert_int_equal(inside(append_to_config), EACCES);
	assert_int_equal(inside(remove_audit), EACCES);
	assert_int_equal(inside(remove_config), EACCES);
	assert_int_equal(inside(listen_again), 0);
	assert_int_equal(inside(listen_elsewhere), EACCES);
}

static void
test_connections_to_the_engine_alone(void **state)
{
	(void)state;

	need_landlock();
	if (syscall(444, NULL, 0, 1u) < 4) {
		print_message("this kernel's Landlock knows no TCP\n");
		skip();
	}
	assert_int_equal(inside(dial_engine), 0);
	assert_int_equal(inside(dial_other), EACCES);
}

/* --- the user --------------------------------------------------------------------- */

static uid_t
user_inside(enum sandbox_use use, const char *path)
{
	int ends[2], status;
	uid_t ids[3] = {0};

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct sandbox s;
		sandbox_init(&s, SANDBOX_ON);
		if (!sandbox_will_use(&s, use, str_of(path)) ||
			!sandbox_enter(&s) ||
			getresuid(&ids[0], &ids[1], &ids[2]) != 0 ||
			s.uid != ids[0] || setreuid(0, 0) == (ids[0] ? 0 : -1))
			_exit(1);
		_exit(write(ends[1], ids, sizeof(ids)) < 0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], ids, sizeof(ids)), sizeof(ids));
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(ids[0], ids[1]);
	assert_int_equal(ids[0], ids[2]);
	return ids[0];
}

static void
give(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	assert_int_equal(chown(path, uid, gid), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Who root becomes: first of all somebody who reaches what is needed. */
static void
test_root_becomes_another(void **state)
{
	(void)state;

	if (geteuid() != 0) {
		print_message("only root can become another\n");
		skip();
	}
	give(config, 0, 0, 0644);
	assert_int_equal(user_inside(SANDBOX_READ, config), NOBODY);
	give(config, 0, 0, 0600);
	assert_int_equal(user_inside(SANDBOX_READ, config), 0);

	/* An Engine's socket: its group comes along, or its owner is taken. */
	assert_int_equal(bind_at(sock), 0);
	give(sock, 0, 4711, 0660);
	assert_int_equal(user_inside(SANDBOX_CONNECT, sock), NOBODY);
	give(sock, 0, 0, 0600);
	assert_int_equal(user_inside(SANDBOX_CONNECT, sock), 0);
	give(sock, 4711, 4711, 0600);
	assert_int_equal(user_inside(SANDBOX_CONNECT, sock), 4711);
	assert_int_equal(unlink(sock), 0);
	assert_int_equal(user_inside(SANDBOX_CONNECT, sock), 0);

	/* Appending takes the folder as well, for a rotation. */
	give(audit, 0, 0, 0666);
	assert_int_equal(user_inside(SANDBOX_APPEND, audit), 0);
	give(config, 0, 0, 0644);
	give(audit, 0, 0, 0640);
}

/* Who owns the Engine's socket may not reach all else; the Engine counts. */
static void
test_the_engine_goes_before_a_reload(void **state)
{
	struct sandbox s;
	int status;
	(void)state;

	if (geteuid() != 0) {
		print_message("only root can become another\n");
		skip();
	}
	assert_int_equal(bind_at(sock), 0);
	give(sock, 4711, 4711, 0600);
	give(config, 0, 0, 0600);
	pid_t pid = fork();
	if (pid == 0) {
		sandbox_init(&s, SANDBOX_ON);
		_exit(!sandbox_will_use(&s, SANDBOX_CONNECT, str_of(sock)) ||
			!sandbox_will_use(&s, SANDBOX_READ, str_of(config)) ||
			!sandbox_enter(&s) || getuid() != 4711);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(unlink(sock), 0);
	give(config, 0, 0, 0644);
}

static void
test_strict_takes_no_root(void **state)
{
	(void)state;

	if (geteuid() != 0) {
		print_message("only root stays root\n");
		skip();
	}
	give(config, 0, 0, 0600);
	int status = status_of(read_named, SANDBOX_STRICT);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 254);
	give(config, 0, 0, 0644);
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

/* --- the folders ----------------------------------------------------------------------- */

static void
make_file(char path[64], const char *folder, const char *name)
{
	snprintf(path, 64, "%s/%s", base, folder);
	mkdir(path, 0755);
	snprintf(path, 64, "%s/%s/%s", base, folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static void
listen_tcp(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	assert_int_equal(bind(fd, (const struct sockaddr *)at, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
}

static int
setup(void **state)
{
	(void)state;

	log_setup(LOG_LEVEL_ERROR, false);
	assert_non_null(mkdtemp(base));
	assert_int_equal(chmod(base, 0755), 0);
	make_file(config, "config", "docker-proxy.conf");
	make_file(beside, "config", "key.pem");
	make_file(audit, "audit", "audit.log");
	make_file(stray, "stray", "file");
	make_file(sock, "sock", "proxy.sock");
	unlink(sock);
	snprintf(rotated, sizeof(rotated), "%s/audit/audit.log.1", base);
	listen_tcp(&engine);
	listen_tcp(&other);
	return 0;
}

static int
teardown(void **state)
{
	const char *const files[] = {
		config, beside, audit, rotated, stray, sock};
	static const char *const folders[] = {
		"config", "audit", "stray", "sock"};
	char folder[64];
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(files[i]);
	for (size_t i = 0; i < 4; i++) {
		snprintf(folder, sizeof(folder), "%s/%s", base, folders[i]);
		rmdir(folder);
	}
	return rmdir(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_calls_are_death),
		cmocka_unit_test(test_off_forbids_nothing),
		cmocka_unit_test(test_abort_is_no_forbidden_call),
		cmocka_unit_test(test_threads_are_sealed_too),
		cmocka_unit_test(test_files_by_name),
		cmocka_unit_test(test_connections_to_the_engine_alone),
		cmocka_unit_test(test_root_becomes_another),
		cmocka_unit_test(test_the_engine_goes_before_a_reload),
		cmocka_unit_test(test_strict_takes_no_root),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
