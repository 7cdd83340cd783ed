/* Facts that are one text: each spelling of a value to its one form. */
#include "runtime/docker_parts.h"

#include "runtime/cidr.h"
#include "runtime/path.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void
docker_take_as_is(struct gather *g, const struct docker_member *m, struct str s)
{
	gather_join(g, (enum field)m->field, m->word, s);
}

static struct str
before(struct str s, struct str mark)
{
	return (struct str){s.p, str_find(s, mark)};
}

static struct str
behind(struct str s, struct str mark)
{
	size_t at = str_find(s, mark);

	return at < s.n ? str_from(s, at + mark.n) : STR("");
}

/* --- capabilities ------------------------------------------------------------ */

/* Go's strings.ToUpper, as far as it ends within ASCII: U+017F is an S, and
 * U+0131 an I. Never longer than it was. */
static struct str
go_upper(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0;

	while (p && s.n) {
		bool long_s = str_starts(s, STR("\xc5\xbf"));
		bool dotless_i = str_starts(s, STR("\xc4\xb1"));
		char c = s.p[0];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (long_s || dotless_i)
			c = long_s ? 'S' : 'I';
		p[n++] = c;
		s = str_from(s, long_s || dotless_i ? 2 : 1);
	}
	return (struct str){p ? p : "", n};
}

struct str
docker_capability(struct str s, struct arena *a)
{
	s = go_upper(s, a);
	return str_starts(s, STR("CAP_")) ? str_from(s, 4) : s;
}

void
docker_take_capability(
	struct gather *g, const struct docker_member *m, struct str s)
{
	gather_add(g, (enum field)m->field, docker_capability(s, g->arena));
}

/* --- security options: daemon.parseSecurityOpt ----------------------------------- */

/* strconv.ParseBool */
static bool
parse_bool(struct str s, struct str *out)
{
	static const struct str yes[] = {STR("1"), STR("t"), STR("T"),
		STR("TRUE"), STR("true"), STR("True")};
	static const struct str no[] = {STR("0"), STR("f"), STR("F"),
		STR("FALSE"), STR("false"), STR("False")};

	for (size_t i = 0; i < COUNT(yes); i++)
		if (str_eq(s, yes[i]))
			*out = STR("true");
	for (size_t i = 0; i < COUNT(no); i++)
		if (str_eq(s, no[i]))
			*out = STR("false");
	return out->p;
}

struct str
docker_security(struct str s, struct arena *a, bool *ok)
{
	struct str flag = {NULL, 0};

	*ok = true;
	if (str_eq(s, STR("no-new-privileges")))
		return STR("no-new-privileges=true");
	if (str_eq(s, STR("disable")))
		return STR("label=disable");
	bool equal = str_find(s, STR("=")) < s.n;
	struct str mark = equal ? STR("=") : STR(":");
	struct str name = before(s, mark), value = behind(s, mark);
	if (name.n == s.n) {
		*ok = false;
		return s;
	}
	if (str_eq(name, STR("no-new-privileges")) && parse_bool(value, &flag))
		value = flag;
	else if (equal)
		return s;
	char *p = arena_alloc(a, s.n + sizeof("=false"));
	if (!p)
		return STR("");
	memcpy(p, name.p, name.n);
	p[name.n] = '=';
	if (value.n)
		memcpy(p + name.n + 1, value.p, value.n);
	return (struct str){p, name.n + 1 + value.n};
}

void
docker_take_security(
	struct gather *g, const struct docker_member *m, struct str s)
{
	bool ok;

	(void)m;
	gather_add(g, FIELD_DOCKER_SECURITY, docker_security(s, g->arena, &ok));
	if (!ok)
		gather_doubt(g, FIELD_DOCKER_SECURITY);
}

/* Of a service, which can only switch it off. */
void
docker_take_app_armor(
	struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	gather_join(g, FIELD_DOCKER_SECURITY, "apparmor=",
		str_eq(s, STR("disabled")) ? STR("unconfined") : s);
}

/* The paths that every version of the Engine hides or protects (oci.Default-
 * LinuxSpec); a list that has them all takes nothing away. */
static const char *const masked[] = {"/proc/acpi", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug", "/proc/scsi", "/sys/firmware"};
static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq",
	"/proc/sys", "/proc/sysrq-trigger"};

static bool
list_has(struct gather *g, const struct json_node *list, const char *word)
{
	const struct json_node *n = json_first(list);

	for (uint32_t i = 0; i < list->children; i++) {
		if (str_eq(docker_text(g, n), str_of(word)))
			return true;
		n = json_next(g->json, n);
	}
	return false;
}

static void
take_paths(struct gather *g, const struct json_node *list,
	const char *const *all, size_t n, const char *cleared)
{
	if (list->type != JSON_ARRAY)
		gather_doubt(g, FIELD_DOCKER_SECURITY);
	for (size_t i = 0; i < n; i++) {
		if (list->type == JSON_ARRAY && list_has(g, list, all[i]))
			continue;
		gather_add(g, FIELD_DOCKER_SECURITY, str_of(cleared));
		return;
	}
}

void
docker_take_masked_paths(struct gather *g, const struct json_node *list)
{
	take_paths(g, list, masked, COUNT(masked), "masked-paths=cleared");
}

void
docker_take_readonly_paths(struct gather *g, const struct json_node *list)
{
	take_paths(
		g, list, readonly, COUNT(readonly), "readonly-paths=cleared");
}

/* --- users and groups ----------------------------------------------------------------- */

/* A number as strconv.Atoi reads it, without what does not count. */
struct str
docker_id(struct str s)
{
	struct str digits = s;
	bool negative = str_starts(s, STR("-"));

	if (negative || str_starts(s, STR("+")))
		digits = str_from(s, 1);
	if (digits.n == 0)
		return s.n ? s : STR("root");
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return s;
	while (digits.n > 0 && digits.p[0] == '0')
		digits = str_from(digits, 1);
	if (digits.n == 0)
		return STR("root");
	return negative ? s : digits;
}

void
docker_take_id(struct gather *g, const struct docker_member *m, struct str s)
{
	gather_add(g, (enum field)m->field, docker_id(s));
}

static void
add_user(struct gather *g, struct str user)
{
	struct str group = behind(user, STR(":"));

	gather_add(g, FIELD_DOCKER_USER, docker_id(before(user, STR(":"))));
	if (group.n)
		gather_add(g, FIELD_DOCKER_GROUPS,
			docker_id(before(group, STR(":"))));
}

/* Whose processes are those of an image that names nobody is not known, and
 * without one they are root's. */
void
docker_take_user(struct gather *g, const struct json_node *object)
{
	add_user(g, docker_get_text(g, object, "user"));
}

void
docker_take_user_if_said(struct gather *g, const struct json_node *object)
{
	struct str user = docker_get_text(g, object, "user");

	if (user.n)
		add_user(g, user);
}

/* --- containers, namespaces and networks ------------------------------------------------- */

void
docker_take_container(
	struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	if (str_starts(s, STR("/")))
		s = str_from(s, 1);
	gather_add(g, FIELD_DOCKER_CONTAINERS, s);
	gather_id(g, FIELD_DOCKER_CONTAINERS, s);
}

/* container[:alias] */
void
docker_take_link(struct gather *g, const struct docker_member *m, struct str s)
{
	docker_take_container(g, m, before(s, STR(":")));
}

/* container[:mode] */
void
docker_take_volumes_from(
	struct gather *g, const struct docker_member *m, struct str s)
{
	docker_take_container(g, m, before(s, STR(":")));
	gather_add(g, FIELD_DOCKER_MOUNT_TYPES, STR("volumes-from"));
}

/* A namespace that is shared with the host or a container; one of its own is
 * nothing to say. */
void
docker_take_namespace(
	struct gather *g, const struct docker_member *m, struct str s)
{
	if (str_eq(s, STR("private")) || str_eq(s, STR("none")))
		return;
	gather_join(g, FIELD_DOCKER_NAMESPACES, m->word, s);
	if (str_starts(s, STR("container:")))
		docker_take_container(g, m, behind(s, STR(":")));
}

/* Also that of another container: a list of the networks that are allowed
 * must not let it in. */
void
docker_take_network(
	struct gather *g, const struct docker_member *m, struct str s)
{
	static const struct docker_member net = {.word = "net:"};
	bool container = str_starts(s, STR("container:"));

	(void)m;
	gather_add(g, FIELD_DOCKER_NETWORKS, s);
	if (docker_is_network_id(s))
		gather_also(g, FIELD_DOCKER_NETWORKS,
			arena_fmt(g->arena, "id:%.*s", STR_FMT(s)));
	if (container || str_eq(s, STR("host")))
		docker_take_namespace(g, &net, s);
}

/* --- sysctls, options, limits ----------------------------------------------------------------- */

/* runc: net/ipv4/conf/eth0.1/forwarding is net.ipv4.conf.eth0/1.forwarding. */
static struct str
dotted(struct str s, struct arena *a)
{
	struct str key = before(s, STR("="));
	size_t dot = str_find(key, STR(".")), slash = str_find(key, STR("/"));

	if (slash >= dot)
		return s;
	char *p = arena_alloc(a, s.n);
	if (!p)
		return STR("");
	memcpy(p, s.p, s.n);
	for (size_t i = 0; i < key.n; i++)
		if (p[i] == '/' || p[i] == '.')
			p[i] = p[i] == '/' ? '.' : '/';
	return (struct str){p, s.n};
}

void
docker_take_sysctl(
	struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	gather_add(g, FIELD_DOCKER_SYSCTLS, dotted(s, g->arena));
}

/* "name=value", of which one is a list of sysctls. */
void
docker_take_driver_opt(
	struct gather *g, const struct docker_member *m, struct str s)
{
	static const struct str sysctls =
		STR("com.docker.network.endpoint.sysctls=");

	gather_add(g, FIELD_DOCKER_DRIVER_OPTS, s);
	if (!str_starts(s, sysctls))
		return;
	for (s = str_from(s, sysctls.n); s.n;) {
		struct str one = before(s, STR(","));
		docker_take_sysctl(g, m, one);
		s = str_from(s, one.n + (one.n < s.n));
	}
}

void
docker_take_ulimit(struct gather *g, const struct json_node *object)
{
	struct str name = docker_get_text(g, object, "name");
	struct str soft = docker_get_number(g, object, "soft");
	struct str hard = docker_get_number(g, object, "hard");

	gather_add(g, FIELD_DOCKER_ULIMITS,
		arena_fmt(g->arena, "%.*s=%.*s:%.*s", STR_FMT(name),
			STR_FMT(soft), STR_FMT(hard)));
}

/* --- devices -------------------------------------------------------------------------------------- */

void
docker_take_device_rule(
	struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	gather_join(g, FIELD_DOCKER_DEVICES, "rule:", s);
}

/* request:<driver>, and request:<driver>:<id> for each that is named. */
void
docker_take_device_request(struct gather *g, const struct json_node *object)
{
	struct str driver = docker_get_text(g, object, "driver");
	struct str request =
		arena_fmt(g->arena, "request:%.*s", STR_FMT(driver));
	const struct json_node *ids = docker_get(g, object, "deviceids");

	gather_add(g, FIELD_DOCKER_DEVICES, request);
	if (!ids || ids->type != JSON_ARRAY)
		return;
	const struct json_node *n = json_first(ids);
	for (uint32_t i = 0; i < ids->children; i++) {
		gather_add(g, FIELD_DOCKER_DEVICES,
			arena_fmt(g->arena, "%.*s:%.*s", STR_FMT(request),
				STR_FMT(docker_text(g, n))));
		n = json_next(g->json, n);
	}
}

/* --- ports: address:port/protocol ------------------------------------------------------------------- */

/* What the Engine cannot read as an address is all of them. */
static struct str
address(struct str s, struct arena *a)
{
	struct ip ip;
	char buf[46];

	if (!ip_parse(s, &ip))
		return STR("0.0.0.0");
	bool v6 = strchr(ip_text(&ip, buf), ':');
	return arena_fmt(a, v6 ? "[%s]" : "%s", buf);
}

static struct str
port_number(struct str s)
{
	while (s.n > 1 && s.p[0] == '0')
		s = str_from(s, 1);
	return s.n ? s : STR("0");
}

static struct str
lower(struct str s, struct arena *a)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; p && i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return p ? (struct str){p, s.n} : STR("");
}

static void
add_port(struct gather *g, struct str ip, struct str port, struct str protocol)
{
	gather_add(g, FIELD_DOCKER_PORTS,
		arena_fmt(g->arena, "%.*s:%.*s/%.*s",
			STR_FMT(address(ip, g->arena)),
			STR_FMT(port_number(port)),
			STR_FMT(protocol.n ? lower(protocol, g->arena)
					   : STR("tcp"))));
}

static void
take_binding(struct gather *g, const struct json_node *n, struct str protocol)
{
	if (n->type == JSON_OBJECT)
		add_port(g, docker_get_text(g, n, "hostip"),
			docker_get_text(g, n, "hostport"), protocol);
	else if (n->type == JSON_NULL)
		add_port(g, STR(""), STR(""), protocol);
	else
		gather_doubt_all(g);
}

/* [{"HostIp": "", "HostPort": "8080"}]; none of them is any port, which the
 * Engine fills in. */
static void
take_bindings(
	struct gather *g, const struct json_node *list, struct str protocol)
{
	const struct json_node *n = json_first(list);

	if (list->type != JSON_ARRAY && list->type != JSON_NULL)
		gather_doubt_all(g);
	if (!n)
		add_port(g, STR(""), STR(""), protocol);
	for (uint32_t i = 0; i < list->children; i++) {
		take_binding(g, n, protocol);
		n = json_next(g->json, n);
	}
}

/* {"80/tcp": [...]} */
void
docker_take_ports(struct gather *g, const struct json_node *map)
{
	const struct json_node *list = json_first(map);

	if (map->type != JSON_OBJECT) {
		gather_doubt_all(g);
		return;
	}
	for (uint32_t i = 0; i < map->children; i++) {
		take_bindings(g, list, behind(list->key, STR("/")));
		list = json_next(g->json, list);
	}
}

void
docker_take_service_port(struct gather *g, const struct json_node *object)
{
	add_port(g, STR(""), docker_get_number(g, object, "publishedport"),
		docker_get_text(g, object, "protocol"));
}

/* --- plugins ------------------------------------------------------------------------------------------- */

static void
plugin_network(struct gather *g, struct str s)
{
	docker_take_network(g, NULL, s);
}

static void
plugin_ipc(struct gather *g, struct str s)
{
	(void)s;
	gather_add(g, FIELD_DOCKER_NAMESPACES, STR("ipc:host"));
}

static void
plugin_pid(struct gather *g, struct str s)
{
	(void)s;
	gather_add(g, FIELD_DOCKER_NAMESPACES, STR("pid:host"));
}

static void
plugin_mount(struct gather *g, struct str s)
{
	gather_add(g, FIELD_DOCKER_MOUNT_TYPES, STR("bind"));
	docker_add_host_path(g, s, false);
}

static void
plugin_device(struct gather *g, struct str s)
{
	docker_add_host_path(g, s, false);
	gather_add(g, FIELD_DOCKER_DEVICES, s);
}

static void
plugin_all_devices(struct gather *g, struct str s)
{
	(void)s;
	gather_add(g, FIELD_DOCKER_DEVICES, STR("rule:a *:* rwm"));
}

static void
plugin_capability(struct gather *g, struct str s)
{
	gather_add(
		g, FIELD_DOCKER_CAPABILITIES, docker_capability(s, g->arena));
}

/* plugin/backend_linux.go: computePrivileges */
static const struct {
	struct str name;
	void (*take)(struct gather *g, struct str s);
} privileges[] = {
	{STR("network"), plugin_network},
	{STR("host ipc namespace"), plugin_ipc},
	{STR("host pid namespace"), plugin_pid},
	{STR("mount"), plugin_mount},
	{STR("device"), plugin_device},
	{STR("allow-all-devices"), plugin_all_devices},
	{STR("capabilities"), plugin_capability},
};

/* {"Name": "mount", "Value": ["/data"]}: what a plugin is to be given. One of
 * a kind that is not known could be anything. */
void
docker_take_privilege(struct gather *g, const struct json_node *object)
{
	struct str name = docker_get_text(g, object, "name");
	const struct json_node *list = docker_get(g, object, "value");
	size_t k = 0;

	while (k < COUNT(privileges) && !str_eq(privileges[k].name, name))
		k++;
	if (k == COUNT(privileges) || (list && list->type != JSON_ARRAY)) {
		gather_doubt_all(g);
		return;
	}
	const struct json_node *n = list ? json_first(list) : NULL;
	for (uint32_t i = 0; list && i < list->children; i++) {
		privileges[k].take(g, docker_text(g, n));
		n = json_next(g->json, n);
	}
}

/* "mount.source=/data", "device.path=/dev/x", "DEBUG=1": what the name before
 * the = is, only the plugin says. */
void
docker_take_plugin_setting(
	struct gather *g, const struct docker_member *m, struct str s)
{
	struct str value = behind(s, STR("="));

	(void)m;
	gather_add(g, FIELD_DOCKER_ENV, s);
	if (str_starts(value, STR("/")))
		docker_add_host_path(g, value, false);
}
