/* The TLS module: finding it, and calling into it. */
#include "daemon/tls_module.h"

#include "daemon/log.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* From the folder of the program: as it is built, as it is installed. No
 * variable and no search path has a say in it. */
static const char *const places[] = {
	"docker-proxy-tls.so",
	"../lib/docker-proxy/docker-proxy-tls.so",
};

static const struct tls_module *module; /* NULL: not loaded */

/* --- telling ------------------------------------------------------------------ */

/* Always false. */
static bool __attribute__((format(printf, 2, 3)))
refuse(struct file_hearer *h, const char *fmt, ...)
{
	char text[PATH_MAX + 256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (h)
		h->hear(h, FILE_BAD, "", text);
	else
		log_say(LOG_LEVEL_ERROR, "TLS: %s", text);
	return false;
}

/* --- finding it --------------------------------------------------------------- */

/* The program's own path, cut behind the last slash. */
static bool
own_folder(char folder[PATH_MAX], struct stat *own_out)
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);

	if (n <= 0 || stat("/proc/self/exe", own_out) != 0)
		return false;
	folder[n] = '\0';
	char *slash = strrchr(folder, '/');
	if (!slash)
		return false;
	slash[1] = '\0';
	return true;
}

/* Nobody may have written it who could not have written the program. */
static bool
is_ours(const struct stat *st, const struct stat *own)
{
	return S_ISREG(st->st_mode) && !(st->st_mode & (S_IWGRP | S_IWOTH)) &&
	       (st->st_uid == 0 || st->st_uid == own->st_uid);
}

/* An open descriptor of the first place that has one, and its path. -1: there
 * is none, or one that will not do; told. */
static int
open_module(struct file_hearer *h, char path[PATH_MAX])
{
	char folder[PATH_MAX];
	struct stat own, st;
	int fd = -1;

	if (!own_folder(folder, &own)) {
		refuse(h, "cannot tell where this program is: /proc/self/exe "
			  "cannot be read");
		return -1;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int n = snprintf(path, PATH_MAX, "%s%s", folder, places[i]);
		errno = ENAMETOOLONG;
		if (n < PATH_MAX)
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0 || errno != ENOENT)
			break;
	}
	if (fd < 0) {
		refuse(h,
			"cannot open %s, which is installed along with "
			"docker-proxy: %s",
			path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && is_ours(&st, &own))
		return fd;
	refuse(h,
		"%s is not loaded: others than root and the owner of "
		"docker-proxy may change it",
		path);
	close(fd);
	return -1;
}

static bool
fits(const struct tls_module *m)
{
	return strncmp(m->version, DOCKER_PROXY_VERSION, sizeof(m->version)) ==
		       0 &&
	       m->module_bytes == sizeof(*m) &&
	       m->leg_bytes == sizeof(struct leg);
}

bool
tls_load(struct file_hearer *h)
{
	char path[PATH_MAX], opened[32];

	if (module)
		return true;
	int fd = open_module(h, path);
	if (fd < 0)
		return false;
	/* The file that was looked at, whatever has its name by now. */
	snprintf(opened, sizeof(opened), "/proc/self/fd/%d", fd);
	void *loaded = dlopen(opened, RTLD_NOW | RTLD_LOCAL);
	close(fd);
	if (!loaded)
		return refuse(h, "cannot load %s: %s", path, dlerror());
	const struct tls_module *m = dlsym(loaded, TLS_MODULE_SYMBOL);
	if (!m || !fits(m))
		return refuse(h,
			"%s is of another version than docker-proxy, "
			"%s: install both anew",
			path, DOCKER_PROXY_VERSION);
	module = m;
	tls_start();
	return true;
}

/* --- calling into it ------------------------------------------------------------ */

static bool
is_loaded(struct file_hearer *h)
{
	return module || refuse(h, "this process was started without any, and "
				   "cannot load it any more: restart it");
}

struct tls_context *
tls_server_context(const struct settings_tls *s, struct file_hearer *h)
{
	return is_loaded(h) ? tls_new_server(s, h) : NULL;
}

struct tls_context *
tls_client_context(const struct settings_engine_tls *s, struct str host,
	struct file_hearer *h)
{
	return is_loaded(h) ? tls_new_client(s, host, h) : NULL;
}

/* Whoever calls these has a context, or a leg with one. */
#define OP(type, name, params, args) \
	type name params \
	{ \
		assert(module); \
		return module->name args; \
	}
#define VOID_OP(name, params, args) \
	void name params \
	{ \
		assert(module); \
		module->name args; \
	}
#include "daemon/tls_ops.def"
#undef OP
#undef VOID_OP
