/* Paths of the host, and what is mounted: binds, mounts, devices, volumes.
 *
 * Implements volume/mounts/linux_parser.go (binds and mounts) and
 * volume/local/local_unix.go (the local driver hands its options to mount(2)
 * as they are).
 */
#include "runtime/docker_parts.h"
#include "runtime/path.h"

#define READONLY ":ro"

/* --- one path ------------------------------------------------------------------ */

/* Of a service, swarmkit writes something else there (template/context.go). */
static bool
is_template(struct str s)
{
	return str_find(s, STR("{{")) < s.n;
}

/* A relative path depends on where the Engine was started, one with a NUL
 * ends elsewhere, one that ends in ":ro" when it is clean looks like another
 * one read-only. */
static bool
is_clear(struct str path, struct str clean)
{
	return path.p[0] == '/' && !memchr(path.p, '\0', path.n) &&
	       !str_ends(clean, STR(READONLY)) && !is_template(path);
}

void
docker_add_host_path(struct gather *g, struct str path, bool readonly)
{
	if (path.n == 0)
		return;
	struct str clean = path_clean(path, g->arena);
	if (!is_clear(path, clean))
		gather_doubt(g, FIELD_DOCKER_HOST_PATHS);
	if (readonly)
		clean = arena_fmt(g->arena, "%.*s" READONLY, STR_FMT(clean));
	gather_add(g, FIELD_DOCKER_HOST_PATHS, clean);
}

void
docker_take_host_path(
	struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	docker_add_host_path(g, s, false);
}

/* --- lists within a text ---------------------------------------------------------- */

/* The next item of a list with that separator; false at its end. */
static bool
next_item(struct str *list, char separator, struct str *item_out)
{
	if (!list->p)
		return false;
	const char *end = list->n ? memchr(list->p, separator, list->n) : NULL;
	*item_out = *list;
	if (!end) {
		list->p = NULL;
		return true;
	}
	item_out->n = (size_t)(end - list->p);
	*list = str_from(*list, item_out->n + 1);
	return true;
}

static bool
has_item(struct str list, struct str word)
{
	struct str item;

	while (next_item(&list, ',', &item))
		if (str_eq(item, word))
			return true;
	return false;
}

/* --- binds: source:destination[:mode] ---------------------------------------------- */

void
docker_take_bind(struct gather *g, const struct docker_member *m, struct str s)
{
	struct str rest = s, part[4] = {{NULL, 0}};
	size_t n = 0;

	(void)m;
	while (n < 4 && next_item(&rest, ':', &part[n]))
		n++;
	if (n == 4)
		gather_doubt_all(g);
	if (n > 1 && str_starts(part[0], STR("/"))) {
		gather_add(g, FIELD_DOCKER_MOUNT_TYPES, STR("bind"));
		docker_add_host_path(g, part[0], has_item(part[2], STR("ro")));
		return;
	}
	gather_add(g, FIELD_DOCKER_MOUNT_TYPES, STR("volume"));
	if (n > 1)
		gather_add(g, FIELD_DOCKER_VOLUMES, part[0]);
}

/* --- options of the local volume driver ---------------------------------------------- */

/* File systems whose device is no path of the host. */
static const struct str remote_types[] = {
	STR("nfs"),
	STR("nfs4"),
	STR("cifs"),
	STR("smb3"),
	STR("ceph"),
	STR("glusterfs"),
	STR("tmpfs"),
	STR("ramfs"),
};

/* File systems that show the kernel's own, and where the host has them. */
static const struct {
	struct str type, path;
} pseudo_types[] = {
	{STR("proc"), STR("/proc")},
	{STR("sysfs"), STR("/sys")},
	{STR("cgroup"), STR("/sys/fs/cgroup")},
	{STR("cgroup2"), STR("/sys/fs/cgroup")},
	{STR("devtmpfs"), STR("/dev")},
	{STR("devpts"), STR("/dev/pts")},
	{STR("mqueue"), STR("/dev/mqueue")},
	{STR("debugfs"), STR("/sys/kernel/debug")},
	{STR("tracefs"), STR("/sys/kernel/tracing")},
	{STR("securityfs"), STR("/sys/kernel/security")},
	{STR("configfs"), STR("/sys/kernel/config")},
	{STR("bpf"), STR("/sys/fs/bpf")},
	{STR("pstore"), STR("/sys/fs/pstore")},
	{STR("selinuxfs"), STR("/sys/fs/selinux")},
	{STR("efivarfs"), STR("/sys/firmware/efi/efivars")},
	{STR("binfmt_misc"), STR("/proc/sys/fs/binfmt_misc")},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool
is_remote(struct str type)
{
	for (size_t i = 0; i < COUNT(remote_types); i++)
		if (str_eq(type, remote_types[i]))
			return true;
	return false;
}

/* Empty: it is no such file system. */
static struct str
pseudo_path(struct str type)
{
	for (size_t i = 0; i < COUNT(pseudo_types); i++)
		if (str_eq(type, pseudo_types[i].type))
			return pseudo_types[i].path;
	return STR("");
}

/* Of an overlay: lowerdir=/a:/b,upperdir=/c,workdir=/d. */
static void
add_layers(struct gather *g, struct str options, bool readonly)
{
	static const char *const names[] = {"lowerdir=", "lowerdir+=",
		"datadir+=", "upperdir=", "workdir="};
	const size_t nlower = 3; /* of them are never written to */
	/* "\:" is a colon of a name, "\," a comma. */
	bool odd = str_find(options, STR("\\")) < options.n;
	struct str item, path;

	while (next_item(&options, ',', &item)) {
		for (size_t i = 0; i < COUNT(names); i++) {
			if (!str_starts(item, str_of(names[i])))
				continue;
			struct str paths = str_from(item, strlen(names[i]));
			bool lower = i < nlower;
			if (odd)
				gather_doubt(g, FIELD_DOCKER_HOST_PATHS);
			while (next_item(&paths, ':', &path))
				docker_add_host_path(
					g, path, lower || readonly);
		}
	}
}

struct local_options {
	struct str type, o, device;
};

static void
add_local(struct gather *g, const struct local_options *opts)
{
	bool readonly =
		has_item(opts->o, STR("ro")) && !has_item(opts->o, STR("rw"));
	bool bind = has_item(opts->o, STR("bind")) ||
		    has_item(opts->o, STR("rbind"));
	struct str pseudo = pseudo_path(opts->type);

	if (is_template(opts->type) || is_template(opts->o))
		gather_doubt_all(g);
	gather_add(
		g, FIELD_DOCKER_MOUNT_TYPES, bind ? STR("bind") : opts->type);
	add_layers(g, opts->o, readonly);
	if (bind || str_eq(opts->type, STR("bind"))) {
		docker_add_host_path(g, opts->device, readonly);
		return;
	}
	if (is_remote(opts->type) || str_starts(opts->type, STR("overlay")))
		return;
	if (pseudo.n)
		docker_add_host_path(g, pseudo, readonly);
	else
		docker_add_host_path(g, opts->device, readonly);
}

/* Of another driver nobody knows which option is a path: whatever looks like
 * one. */
static void
add_foreign(struct gather *g, const struct json_node *options)
{
	const struct json_node *n = json_first(options);

	for (uint32_t i = 0; i < options->children; i++) {
		struct str value = docker_text(g, n);
		if (str_starts(value, STR("/")))
			docker_add_host_path(g, value, false);
		n = json_next(g->json, n);
	}
}

static void
take_options(
	struct gather *g, struct str driver, const struct json_node *options)
{
	if (!options || options->type != JSON_OBJECT || !options->children)
		return;
	if (driver.n && !str_eq(driver, STR("local"))) {
		add_foreign(g, options);
		return;
	}
	const struct local_options opts = {
		docker_get_text(g, options, "type"),
		docker_get_text(g, options, "o"),
		docker_get_text(g, options, "device"),
	};
	add_local(g, &opts);
}

/* A volume that is created: Driver, DriverOpts. */
void
docker_take_volume(struct gather *g, const struct json_node *object)
{
	struct str driver = docker_get_text(g, object, "driver");

	gather_add(g, FIELD_DOCKER_VOLUMES, docker_get_text(g, object, "name"));
	take_options(g, driver, docker_get(g, object, "driveropts"));
}

/* --- mounts ------------------------------------------------------------------------------ */

static void
take_driver_config(struct gather *g, const struct json_node *mount)
{
	const struct json_node *n = docker_get(g, mount, "volumeoptions");

	n = n ? docker_get(g, n, "driverconfig") : NULL;
	if (n)
		take_options(g, docker_get_text(g, n, "name"),
			docker_get(g, n, "options"));
}

void
docker_take_mount(struct gather *g, const struct json_node *object)
{
	struct str type = docker_get_text(g, object, "type");
	struct str source = docker_get_text(g, object, "source");

	if (is_template(source))
		gather_doubt(g, FIELD_DOCKER_VOLUMES);
	gather_add(g, FIELD_DOCKER_MOUNT_TYPES, type);
	take_driver_config(g, object);
	if (str_eq(type, STR("bind")))
		docker_add_host_path(
			g, source, docker_get_true(g, object, "readonly"));
	else if (str_eq(type, STR("image")))
		docker_take_image(g, NULL, source);
	else if (str_starts(source, STR("/")))
		docker_add_host_path(g, source, false);
	else
		gather_add(g, FIELD_DOCKER_VOLUMES, source);
}

void
docker_take_tmpfs(struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	(void)s;
	gather_add(g, FIELD_DOCKER_MOUNT_TYPES, STR("tmpfs"));
}

/* --- log drivers --------------------------------------------------------------------------- */

/* "name=value": files that the driver reads (splunk-capath, syslog-tls-key),
 * and sockets that it writes to (syslog-address=unix:///dev/log). */
void
docker_take_log_opt(
	struct gather *g, const struct docker_member *m, struct str s)
{
	static const struct str socket = STR("://");
	size_t name = str_find(s, STR("="));
	struct str value = str_from(s, name + (name < s.n));
	size_t scheme = str_find(value, socket);

	(void)m;
	gather_add(g, FIELD_DOCKER_DRIVER_OPTS, s);
	if (str_starts(value, STR("/")))
		docker_add_host_path(g, value, true);
	else if (scheme < value.n && str_starts(value, STR("unix")))
		docker_add_host_path(
			g, str_from(value, scheme + socket.n), false);
}

/* --- devices -------------------------------------------------------------------------------- */

void
docker_take_device(struct gather *g, const struct json_node *object)
{
	struct str path = docker_get_text(g, object, "pathonhost");
	struct str may = docker_get_text(g, object, "cgrouppermissions");

	docker_add_host_path(g, path, str_eq(may, STR("r")));
	if (path.n)
		gather_add(g, FIELD_DOCKER_DEVICES, path_clean(path, g->arena));
}
