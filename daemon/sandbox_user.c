/* The sandbox: which user the process is, and no capabilities.
 *
 * Root without capabilities still owns most files of a host, so it is left
 * where something else can serve. Who that is depends on what must be opened
 * later: the Engine's socket for each connection, the configuration, keys and
 * the audit log from time to time. Each candidate is put on and tried on all
 * of it. The first that lacks nothing is taken; else, the one that lacks the
 * least, and what it lacks is told.
 */
#include "daemon/sandbox_parts.h"

#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY      65534u /* everywhere: nobody's */
#define GROUPS_MAX  64

/* Not reaching the Engine is worse than anything else. */
#define COST_ENGINE 1000u
#define COST_FILE   1u

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[GROUPS_MAX];
	int ngroups;
};

/* --- capabilities ------------------------------------------------------------- */

typedef struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

static bool
read_caps(caps c)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};

	return syscall(SYS_capget, &h, c) == 0;
}

static bool
write_caps(const caps c)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};

	return syscall(SYS_capset, &h, c) == 0;
}

/* The kernel knows how many there are; past them it says EINVAL. Without
 * CAP_SETPCAP the set stays, which gives nobody anything: nothing is executed
 * any more. */
static void
empty_bounding_set(void)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			break;
}

bool
sandbox_drop_capabilities(void)
{
	const caps none = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return write_caps(none) ||
	       sandbox_lacks("dropped capabilities", strerror(errno));
}

/* --- trying a user -------------------------------------------------------------- */

static bool
current_user(struct user *u)
{
	u->uid = geteuid();
	u->gid = getegid();
	u->ngroups = getgroups(GROUPS_MAX, u->groups);
	return u->ngroups >= 0;
}

static bool
set_effective(bool on)
{
	caps c;

	if (!read_caps(c))
		return false;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		c[i].effective = on ? c[i].permitted : 0;
	return write_caps(c);
}

/* The effective ids, which can be taken back as long as the real ones and the
 * permitted capabilities stay; without capabilities, as it will be. */
static bool
put_on(const struct user *u)
{
	if (u->uid != geteuid() &&
		(setgroups((size_t)u->ngroups, u->groups) != 0 ||
			setegid(u->gid) != 0 || seteuid(u->uid) != 0))
		return false;
	return set_effective(false);
}

/* Whatever of it was put on. */
static bool
take_off(const struct user *original)
{
	if (seteuid(original->uid) != 0 || !set_effective(true))
		return false;
	if (setegid(original->gid) != 0)
		return false;
	/* Who may not set them has not set them before. */
	return setgroups((size_t)original->ngroups, original->groups) == 0 ||
	       errno == EPERM;
}

/* --- what it can open ------------------------------------------------------------ */

/* By the effective ids; the C library's own way round an old kernel looks at
 * the real ones. */
static bool
can(const char *path, int mode)
{
	return syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static bool
can_use(const struct sandbox_path *p)
{
	char folder[PATH_MAX];

	switch (p->use) {
	case SANDBOX_READ:
		return can(p->path, R_OK);
	case SANDBOX_CONNECT:
		return can(p->path, W_OK);
	case SANDBOX_APPEND:
		return can(p->path, R_OK | W_OK) &&
		       sandbox_folder_of(p->path, folder) &&
		       can(folder, W_OK | X_OK);
	case SANDBOX_LOOK:
		return can(p->path, R_OK | X_OK) || errno == ENOENT;
	case SANDBOX_LISTEN:
		break; /* a socket's file that stays is no harm */
	}
	return true;
}

/* Of an Engine's sockets one will do. */
static unsigned
cost(const struct sandbox *s, const char **lacks_out)
{
	const char *engine = NULL;
	bool reached = false;
	unsigned sum = 0;

	for (const struct sandbox_path *p = s->paths; p; p = p->next) {
		if (p->use == SANDBOX_CONNECT) {
			engine = p->path;
			reached = reached || can_use(p);
		} else if (!can_use(p)) {
			*lacks_out = p->path;
			sum += COST_FILE;
		}
	}
	if (!engine || reached)
		return sum;
	*lacks_out = engine;
	return sum + COST_ENGINE;
}

void
sandbox_tell_lost(const struct sandbox *s)
{
	const char *engine;

	for (const struct sandbox_path *p = s->paths; p; p = p->next)
		if (p->use != SANDBOX_CONNECT && !can_use(p))
			log_say(LOG_LEVEL_WARN,
				"sandbox: uid %u cannot open %s: it has been "
				"read, but a reload or a rotation of the log "
				"will fail; give it to that user",
				(unsigned)geteuid(), p->path);
	if (cost(s, &engine) >= COST_ENGINE && access(engine, F_OK) == 0)
		log_say(LOG_LEVEL_WARN,
			"sandbox: uid %u without capabilities cannot connect "
			"to %s",
			(unsigned)geteuid(), engine);
}

/* --- choosing --------------------------------------------------------------------- */

struct choice {
	struct user best;
	unsigned cost;
	char lacks[PATH_MAX]; /* of the first that was tried */
};

/* False: it is not ours to put on. */
static bool
try_user(const struct sandbox *s, const struct user *original,
	const struct user *u, struct choice *c)
{
	const char *lacks = "";
	unsigned n = UINT_MAX;
	bool on = put_on(u);

	if (on)
		n = cost(s, &lacks);
	if (!c->lacks[0])
		snprintf(c->lacks, sizeof(c->lacks), "%s", lacks);
	if (n < c->cost) {
		c->cost = n;
		c->best = *u;
	}
	return take_off(original) && on;
}

/* The Engine's socket: false, not there; true without a socket too. */
static bool
look_at_engine(const struct sandbox *s, struct stat *st, bool *is_unix_out)
{
	*is_unix_out = false;
	for (const struct sandbox_path *p = s->paths; p; p = p->next) {
		if (p->use != SANDBOX_CONNECT)
			continue;
		*is_unix_out = true;
		if (stat(p->path, st) == 0)
			return true;
	}
	return !*is_unix_out;
}

/* Why it stays root; NULL: it does not. */
static const char *
choose(const struct sandbox *s, const struct user *root, struct choice *c)
{
	struct user nobody = {.uid = NOBODY, .gid = NOBODY};
	struct user owner = {0};
	struct stat st;
	bool is_unix;

	*c = (struct choice){.best = *root, .cost = UINT_MAX};
	if (!look_at_engine(s, &st, &is_unix))
		return "the Engine's socket is not there, so it is not known "
		       "whom it is open to";
	if (!can("/", F_OK))
		return "this kernel cannot tell what another may open";
	if (is_unix) {
		nobody.groups[nobody.ngroups++] = st.st_gid;
		owner.uid = st.st_uid;
		owner.gid = st.st_gid;
	}
	if (!try_user(s, root, &nobody, c))
		return "it has no right to change it";
	if (owner.uid != 0)
		try_user(s, root, &owner, c);
	try_user(s, root, root, c);
	return c->best.uid == 0 ? "" : NULL;
}

static bool
become(const struct user *u)
{
	return setgroups((size_t)u->ngroups, u->groups) == 0 &&
	       setresgid(u->gid, u->gid, u->gid) == 0 &&
	       setresuid(u->uid, u->uid, u->uid) == 0;
}

bool
sandbox_change_user(struct sandbox *s)
{
	struct user self;
	struct choice c;

	/* Before the right to do that is gone with the user. */
	empty_bounding_set();
	if (geteuid() != 0)
		return true;
	if (!current_user(&self))
		return sandbox_lacks("another user", strerror(errno));
	const char *why = choose(s, &self, &c);
	if (why && *why)
		return sandbox_lacks("another user than root", why);
	if (why) {
		log_say(LOG_LEVEL_WARN,
			"sandbox: without another user than root: uid %u "
			"cannot open %s; let it, or start the proxy as a user "
			"of its own",
			NOBODY, c.lacks);
		return false;
	}
	if (!become(&c.best))
		return sandbox_lacks("another user than root", strerror(errno));
	s->uid = c.best.uid;
	return true;
}
