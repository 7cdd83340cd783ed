/* The sandbox: the system calls that serving needs; any other ends the
 * process at once.
 *
 * Not in the list, and so not to be had by whoever took the process over: to
 * execute a program, to make a thread or a process, to trace or signal one, to
 * give a page of data or of a file the right to run, a raw, packet or netlink
 * socket, namespaces, mounts, keys, bpf, io_uring.
 */
#include "daemon/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARGUMENTS_MAX 4

/* Argument n, of 32 bits, under the mask must be that. */
#define MASKED(n_, mask_, value_) \
	{ \
		.arg = (n_), .op = SCMP_CMP_MASKED_EQ, \
		.datum_a = (uint32_t)(mask_), .datum_b = (uint32_t)(value_) \
	}
#define IS(n_, value_) MASKED(n_, UINT32_MAX, value_)

/* A call of which only some arguments are allowed: each row is one way. */
struct way {
	const char *name;
	struct scmp_arg_cmp args[ARGUMENTS_MAX];
	unsigned nargs;
};

#define SOCKET_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define TYPE(n_, t_) MASKED(n_, ~SOCKET_FLAGS, t_)
#define WRITES       (O_ACCMODE | O_CREAT | O_TRUNC)

/* clang-format off */
static const struct way ways[] = {
	/* Streams; datagrams only to a unix socket, syslog's. */
	{"socket", {IS(0, AF_UNIX), TYPE(1, SOCK_STREAM), IS(2, 0)}, 3},
	{"socket", {IS(0, AF_UNIX), TYPE(1, SOCK_DGRAM), IS(2, 0)}, 3},
	{"socket", {IS(0, AF_INET), TYPE(1, SOCK_STREAM), IS(2, 0)}, 3},
	{"socket", {IS(0, AF_INET6), TYPE(1, SOCK_STREAM), IS(2, 0)}, 3},

	/* Not to connect by sending, which not every Landlock sees. */
	{"sendto", {MASKED(3, MSG_FASTOPEN, 0)}, 1},
	{"sendmsg", {MASKED(2, MSG_FASTOPEN, 0)}, 1},

	{"open", {MASKED(1, WRITES, O_RDONLY)}, 1},
	{"openat", {MASKED(2, WRITES, O_RDONLY)}, 1},

	{"fcntl", {IS(1, F_GETFL)}, 1},
	{"fcntl", {IS(1, F_SETFL)}, 1},
	{"fcntl", {IS(1, F_GETFD)}, 1},
	{"fcntl", {IS(1, F_SETFD)}, 1},
	{"ioctl", {IS(1, FIONREAD)}, 1},
	{"ioctl", {IS(1, FIONBIO)}, 1},
	{"ioctl", {IS(1, TCGETS)}, 1}, /* libfyaml: is it a terminal? */

	/* Nothing becomes code but new pages, which regular expressions are
	 * compiled to on a reload. */
	{"mmap", {MASKED(2, PROT_EXEC, 0)}, 1},
	{"mmap", {MASKED(3, MAP_ANONYMOUS, MAP_ANONYMOUS)}, 1},
	{"mprotect", {MASKED(2, PROT_EXEC, 0)}, 1},

	/* Reading limits; setting them would be the other pointer. */
	{"prlimit64", {IS(0, 0), {2, SCMP_CMP_EQ, 0, 0}}, 2},
};

/* With an audit log: to go on in its file, or a new one of its name. */
static const struct way appending[] = {
	{"open", {MASKED(1, WRITES | O_APPEND, O_WRONLY | O_CREAT | O_APPEND)},
		1},
	{"openat", {MASKED(2, WRITES | O_APPEND, O_WRONLY | O_CREAT |
		O_APPEND)}, 1},
};
/* clang-format on */

static const char *const calls[] = {
#define CALL(name) #name,
#define INSTRUMENTED(name)
#include "daemon/sandbox_calls.def"
#undef CALL
#undef INSTRUMENTED
};

static const char *const instrumented_calls[] = {
#define CALL(name)
#define INSTRUMENTED(name) #name,
#include "daemon/sandbox_calls.def"
#undef CALL
#undef INSTRUMENTED
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* --- the filter --------------------------------------------------------------- */

/* 0, or an errno. */
static int
allow(scmp_filter_ctx ctx, const struct way *w)
{
	int nr = seccomp_syscall_resolve_name(w->name);

	/* Negative: another architecture's. */
	if (nr < 0)
		return 0;
	return -seccomp_rule_add_array(
		ctx, SCMP_ACT_ALLOW, nr, w->nargs, w->args);
}

static int
allow_ways(scmp_filter_ctx ctx, const struct way *ways_, size_t n)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < n; i++)
		error = allow(ctx, &ways_[i]);
	return error;
}

static int
allow_calls(scmp_filter_ctx ctx, const char *const *names, size_t n)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < n; i++)
		error = allow(ctx, &(struct way){.name = names[i]});
	return error;
}

/* What abort() does: an assertion that fails says so, and is not mistaken for
 * a forbidden call. */
static int
allow_abort(scmp_filter_ctx ctx)
{
	const struct way own[] = {
		{"tgkill", {IS(0, getpid())}, 1},
	};

	return allow_ways(ctx, own, COUNT_OF(own));
}

static int
fill(scmp_filter_ctx ctx, const struct sandbox *s)
{
	int error = allow_calls(ctx, calls, COUNT_OF(calls));

	if (error == 0)
		error = allow_ways(ctx, ways, COUNT_OF(ways));
	if (error == 0 && s->appends)
		error = allow_ways(ctx, appending, COUNT_OF(appending));
	if (error == 0)
		error = allow_abort(ctx);
	if (error == 0 && SANDBOX_INSTRUMENTED)
		error = allow_calls(
			ctx, instrumented_calls, COUNT_OF(instrumented_calls));
	return error;
}

static int
load(scmp_filter_ctx ctx)
{
	/* All threads, and no new privileges with it. No one else's code runs
	 * here, so the filter must not cost what speculation gains. And a
	 * tree of comparisons: serving makes many calls. */
	const struct {
		enum scmp_filter_attr attribute;
		uint32_t value;
	} attributes[] = {
		{SCMP_FLTATR_CTL_TSYNC, 1},
		{SCMP_FLTATR_CTL_SSB, 1},
		{SCMP_FLTATR_CTL_OPTIMIZE, 2},
	};
	int error = 0;

	for (size_t i = 0; error == 0 && i < COUNT_OF(attributes); i++)
		error = -seccomp_attr_set(
			ctx, attributes[i].attribute, attributes[i].value);
	return error ? error : -seccomp_load(ctx);
}

bool
sandbox_seccomp(const struct sandbox *s)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!ctx)
		return sandbox_lacks("seccomp", "the kernel has none");
	int error = fill(ctx, s);
	if (error == 0)
		error = load(ctx);
	seccomp_release(ctx);
	return error == 0 || sandbox_lacks("seccomp", strerror(error));
}
