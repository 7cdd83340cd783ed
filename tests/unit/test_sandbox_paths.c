/* The sandbox from inside: files, connections, and whose the process is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sandbox_fixture.h"

#include <dirent.h>
#include <sys/syscall.h>

#define NOBODY 65534

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_by_name),
		cmocka_unit_test(test_connections_to_the_engine_alone),
		cmocka_unit_test(test_root_becomes_another),
		cmocka_unit_test(test_the_engine_goes_before_a_reload),
		cmocka_unit_test(test_strict_takes_no_root),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
