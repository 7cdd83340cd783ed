/* A process in the sandbox, that does one thing and ends; and folders for it.
 * Include behind cmocka.h. */
#ifndef TESTS_UNIT_SANDBOX_FIXTURE_H
#define TESTS_UNIT_SANDBOX_FIXTURE_H

#include "daemon/log.h"
#include "daemon/sandbox.h"
#include "daemon/sandbox_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder each for what will be read, appended to and listened on, and one
 * that nobody named. */
static char base[] = "/tmp/sandbox-XXXXXX";
static char config[64], beside[64], audit[64], rotated[64], sock[64], stray[64];
static struct sockaddr_in engine, other; /* both listen */

/* --- a process in the sandbox ------------------------------------------------- */

static inline bool
name_paths(struct sandbox *s)
{
	s->ports[s->nports++] = ntohs(engine.sin_port);
	return sandbox_will_use(s, SANDBOX_READ, str_of(config)) &&
	       sandbox_will_use(s, SANDBOX_APPEND, str_of(audit)) &&
	       sandbox_will_use(s, SANDBOX_LISTEN, str_of(sock));
}

/* In the child: as serve() does, then one thing. */
static inline void
live(int (*body)(void), enum sandbox_mode mode)
{
	struct sandbox s;

	sandbox_init(&s, mode);
	if (!name_paths(&s) || !sandbox_enter(&s) || !sandbox_seal(&s))
		_exit(254);
	_exit(body());
}

static inline int
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
static inline int
inside(int (*body)(void))
{
	int status = status_of(body, SANDBOX_ON);

	if (!WIFEXITED(status))
		fail_msg("killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* 0, or the errno of what failed. */
static inline int
result(long r)
{
	return r < 0 ? errno : 0;
}

static inline int
bind_at(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return result(bind(fd, (const struct sockaddr *)&un, sizeof(un)));
}

/* --- the folders ----------------------------------------------------------------------- */

static inline void
make_file(char path[64], const char *folder, const char *name)
{
	snprintf(path, 64, "%s/%s", base, folder);
	mkdir(path, 0755);
	snprintf(path, 64, "%s/%s/%s", base, folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static inline void
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

static inline int
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

static inline int
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

#endif
