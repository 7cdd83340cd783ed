/* Reading a file whole: of any size up to the limit, from a file and a pipe. */
#include "daemon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX 20000u

static const size_t sizes[] = {
	0, 1, 4095, 4096, 4097, 8191, 8192, 8193, MAX - 1, MAX};

static char text[MAX + 1];

static void
write_all(int fd, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t wrote = write(fd, text + at, n - at);
		assert_true(wrote > 0);
		at += (size_t)wrote;
	}
	close(fd);
}

/* A file of n bytes; to be unlinked. */
static void
make_file(char *path, size_t n)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	write_all(fd, n);
}

static void
assert_reads(const char *path, size_t n)
{
	struct arena a;
	struct str got;

	arena_init(&a, 16 * MAX);
	assert_true(file_read(path, MAX, &a, &got));
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, text, n);
	assert_int_equal(got.p[n], '\0');
	arena_fini(&a);
}

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char path[] = "/tmp/test_file.XXXXXX";
		make_file(path, sizes[i]);
		assert_reads(path, sizes[i]);
		unlink(path);
	}
}

static void
test_pipes(void **state)
{
	int fds[2], status;
	char path[32];
	(void)state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(pipe(fds), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			close(fds[0]);
			write_all(fds[1], sizes[i]);
			_exit(0);
		}
		close(fds[1]);
		snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
		assert_reads(path, sizes[i]);
		close(fds[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
	}
}

static void
test_waiting_for_nobody(void **state)
{
	char path[] = "/tmp/test_file.XXXXXX";
	struct arena a;
	struct str got;
	(void)state;

	make_file(path, MAX);
	arena_init(&a, 16 * MAX);
	assert_true(file_read_regular(path, MAX, &a, &got));
	assert_int_equal(got.n, MAX);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(file_read_regular(path, MAX, &a, &got));
	assert_int_equal(errno, ENOTSUP);
	unlink(path);
	assert_false(file_read_regular("/dev/zero", MAX, &a, &got));
	assert_int_equal(errno, ENOTSUP);
	assert_false(file_read_regular("/", MAX, &a, &got));
	assert_int_equal(errno, EISDIR);
	arena_fini(&a);
}

static void
test_failures(void **state)
{
	char path[] = "/tmp/test_file.XXXXXX";
	struct arena a;
	struct str got;
	(void)state;

	make_file(path, MAX + 1);
	arena_init(&a, 16 * MAX);
	assert_false(file_read(path, MAX, &a, &got));
	assert_int_equal(errno, EFBIG);
	arena_fini(&a);
	assert_int_equal(truncate(path, MAX), 0);
	arena_init(&a, MAX / 2);
	assert_false(file_read(path, MAX, &a, &got));
	assert_int_equal(errno, ENOMEM);
	arena_fini(&a);
	unlink(path);
	arena_init(&a, 16 * MAX);
	assert_false(file_read(path, MAX, &a, &got));
	assert_int_equal(errno, ENOENT);
	assert_false(file_read("/", MAX, &a, &got));
	assert_int_equal(errno, EISDIR);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_pipes),
		cmocka_unit_test(test_waiting_for_nobody),
		cmocka_unit_test(test_failures),
	};

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 % 251);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
