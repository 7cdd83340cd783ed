/* The sandbox: Landlock, by its system calls: no header of it is needed, and
 * an older one does not hold us back.
 *
 * Of files, only those folders stay that something will be opened in; of TCP,
 * only connections to the Engine's port; of signals and abstract sockets,
 * nothing outside of the process. Folders, not files: an editor or a rotation
 * puts a new file in the old one's place. The kernel's interface has versions;
 * what an older one does not know is not asked for.
 */
#include "daemon/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux's uapi/linux/landlock.h. */
#define CREATE_RULESET      444
#define ADD_RULE            445
#define RESTRICT_SELF       446
#define ASK_VERSION         1u
#define RULE_PATH_BENEATH   1
#define RULE_NET_PORT       2
#define FS_WRITE_FILE       (UINT64_C(1) << 1)
#define FS_READ_FILE        (UINT64_C(1) << 2)
#define FS_READ_DIR         (UINT64_C(1) << 3)
#define FS_REMOVE_FILE      (UINT64_C(1) << 5)
#define FS_MAKE_REG         (UINT64_C(1) << 8)
#define FS_MAKE_SOCK        (UINT64_C(1) << 9)
#define FS_VERSION_1        ((UINT64_C(1) << 13) - 1) /* all until then */
#define FS_REFER            (UINT64_C(1) << 13)       /* version 2 */
#define FS_TRUNCATE         (UINT64_C(1) << 14)       /* 3 */
#define FS_IOCTL_DEV        (UINT64_C(1) << 15)       /* 5 */
#define NET_CONNECT_TCP     (UINT64_C(1) << 1)        /* 4 */
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0)        /* 6 */
#define SCOPE_SIGNAL        (UINT64_C(1) << 1)        /* 6 */

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed, port;
};

/* --- what is forbidden ----------------------------------------------------------- */

static struct ruleset
forbidden(int version)
{
	struct ruleset r = {.fs = FS_VERSION_1};

	if (version >= 2)
		r.fs |= FS_REFER;
	if (version >= 3)
		r.fs |= FS_TRUNCATE;
	if (version >= 4)
		r.net = NET_CONNECT_TCP;
	if (version >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return r;
}

/* The older kernels take less of the struct, and refuse more. */
static int
create_ruleset(int version, const struct ruleset *r)
{
	size_t size = version >= 6   ? sizeof(*r)
		      : version >= 4 ? 2 * sizeof(uint64_t)
				     : sizeof(uint64_t);

	return (int)syscall(CREATE_RULESET, r, size, 0);
}

/* --- what is allowed --------------------------------------------------------------- */

static const uint64_t rights[] = {
	[SANDBOX_READ] = FS_READ_FILE,
	[SANDBOX_LOOK] = FS_READ_FILE | FS_READ_DIR,
	[SANDBOX_APPEND] =
		FS_WRITE_FILE | FS_READ_FILE | FS_MAKE_REG | FS_TRUNCATE,
	[SANDBOX_LISTEN] = FS_MAKE_SOCK | FS_REMOVE_FILE,
	[SANDBOX_CONNECT] = 0,
};

/* What may be done to a file and not only in a folder. */
#define OF_FILES (FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)

/* A path that is not there has nothing to be allowed. */
static bool
allow_path(int fd, const char *path, uint64_t allowed)
{
	struct path_rule rule = {.allowed = allowed};
	struct stat st;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return true;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	long err = syscall(ADD_RULE, fd, RULE_PATH_BENEATH, &rule, 0);
	int saved = errno;
	close(rule.parent_fd);
	errno = saved;
	return err == 0;
}

/* The root folder would be everything: there the file alone. */
static bool
allow_around(int fd, const char *path, uint64_t allowed)
{
	char folder[PATH_MAX];

	if (!sandbox_folder_of(path, folder))
		return true;
	char *real = realpath(folder, NULL);
	bool is_root = real && strcmp(real, "/") == 0;
	free(real);
	return allow_path(fd, is_root ? path : folder, allowed);
}

/* A file's folder, and where it is in truth when it is a link. */
static bool
allow_use(int fd, const struct sandbox_path *p, uint64_t handled)
{
	uint64_t allowed = rights[p->use] & handled;

	if (allowed == 0)
		return true;
	if (p->use == SANDBOX_LOOK)
		return allow_path(fd, p->path, allowed);
	if (!allow_around(fd, p->path, allowed))
		return false;
	char *real = realpath(p->path, NULL);
	bool ok = !real || allow_around(fd, real, allowed);
	free(real);
	return ok;
}

static bool
allow_ports(int fd, const struct sandbox *s)
{
	for (size_t i = 0; i < s->nports; i++) {
		const struct port_rule rule = {NET_CONNECT_TCP, s->ports[i]};
		if (syscall(ADD_RULE, fd, RULE_NET_PORT, &rule, 0) != 0)
			return false;
	}
	return true;
}

static bool
allow(int fd, const struct sandbox *s, const struct ruleset *r)
{
	if (SANDBOX_INSTRUMENTED && !allow_path(fd, "/", r->fs))
		return false;
	for (const struct sandbox_path *p = s->paths; p; p = p->next)
		if (!allow_use(fd, p, r->fs))
			return false;
	return r->net == 0 || allow_ports(fd, s);
}

/* --- all of it ------------------------------------------------------------------------ */

static const char *
reason(int error)
{
	switch (error) {
	case ENOSYS:
		return "the kernel has none, or the container's seccomp "
		       "profile hides it";
	case EOPNOTSUPP:
		return "it is off in this kernel: it lacks in lsm=";
	default:
		return strerror(error);
	}
}

bool
sandbox_landlock(struct sandbox *s)
{
	int version = (int)syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);

	if (version < 1)
		return sandbox_lacks("Landlock", reason(errno));
	const struct ruleset r = forbidden(version);
	int fd = create_ruleset(version, &r);
	if (fd < 0)
		return sandbox_lacks("Landlock", reason(errno));
	bool ok = allow(fd, s, &r) && syscall(RESTRICT_SELF, fd, 0) == 0;
	int saved = errno;
	close(fd);
	s->landlock = version;
	return ok || sandbox_lacks("Landlock", reason(saved));
}
