/* The calls of the Engine's API: what the path names, what the query says,
 * which struct the body is.
 *
 * A new call is a line here. Source: moby api/server/router; its {name:.*}
 * spans slashes, so only both ends of a path count.
 */
#include "runtime/docker_parts.h"

#include "runtime/endpoint.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- names ------------------------------------------------------------------- */

static void
no_fact(struct gather *g, const struct docker_member *m, struct str s)
{
	(void)g;
	(void)m;
	(void)s;
}

#define SAYS(param, f, take) \
	{ \
		STR(param), FORM_TEXT, FIELD_DOCKER_##f, "", take, NULL, NULL \
	}
#define IGNORED(param) \
	{ \
		STR(param), FORM_ANY, 0, NULL, NULL, NULL, NULL \
	}
#define IN_JSON(param) \
	{ \
		STR(param), .form = FORM_QUERY_JSON, \
			    .shape = &docker_shape_build_json \
	}

static const struct docker_member thing = SAYS("", TARGET, no_fact);
static const struct docker_member container =
	SAYS("", CONTAINERS, docker_take_container);
static const struct docker_member image = SAYS("", IMAGES, docker_take_image);
static const struct docker_member net = SAYS("", NETWORKS, docker_take_network);
static const struct docker_member volume = SAYS("", VOLUMES, docker_take_as_is);

/* --- facts of several parameters ------------------------------------------------- */

/* The first value, as the Engine reads it. */
static struct str
param(struct gather *g, const char *name)
{
	const struct target *t = g->facts->target;

	for (size_t i = 0; i < t->nparams; i++)
		if (str_eq(t->params[i].name, str_of(name)))
			return t->params[i].value;
	return STR("");
}

/* POST /images/create: a pull, or an import. */
static void
take_create_image(struct gather *g, struct str name)
{
	(void)name;
	docker_take_pull(g, param(g, "fromImage"), param(g, "tag"));
	docker_take_tagged(g, param(g, "repo"), param(g, "tag"));
}

static void
take_repo_tag(struct gather *g, struct str name)
{
	(void)name;
	docker_take_tagged(g, param(g, "repo"), param(g, "tag"));
}

static void
take_push(struct gather *g, struct str name)
{
	docker_take_pull(g, name, param(g, "tag"));
}

/* An archive names images, which only the Engine reads. */
static void
doubt_images(struct gather *g, struct str name)
{
	(void)name;
	gather_doubt(g, FIELD_DOCKER_IMAGES);
}

/* What a plugin's archive asks for is granted when it is enabled. */
static void
doubt_everything(struct gather *g, struct str name)
{
	(void)name;
	gather_doubt_all(g);
}

/* The spec of before comes back, and the body says nothing. */
static void
take_rollback(struct gather *g, struct str name)
{
	struct str to = param(g, "rollback");

	(void)name;
	if (to.n && !str_eq(to, STR("none")))
		gather_doubt_all(g);
}

/* BuildKit's own language, which the tunnel carries. */
static void
doubt_build(struct gather *g, struct str name)
{
	static const enum field said[] = {FIELD_DOCKER_IMAGES,
		FIELD_DOCKER_CAPABILITIES, FIELD_DOCKER_NAMESPACES,
		FIELD_DOCKER_NETWORKS, FIELD_DOCKER_SECURITY,
		FIELD_DOCKER_DEVICES, FIELD_DOCKER_UNKNOWN};

	(void)name;
	for (size_t i = 0; i < COUNT(said); i++)
		gather_doubt(g, said[i]);
}

/* --- parameters ------------------------------------------------------------------- */

#define QUERY(of) \
	static const struct docker_shape of##_query = { \
		.members = of##_params, .n = COUNT(of##_params)}

/* One slash before the name is taken off (daemon/names.go). */
static void
take_name(struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	if (str_starts(s, STR("/")))
		s = str_from(s, 1);
	gather_add(g, FIELD_DOCKER_NAME, s);
}

static const struct docker_member name_params[] = {
	SAYS("name", NAME, take_name),
};
QUERY(name);

static const struct docker_member checkpoint_params[] = {
	SAYS("checkpoint-dir", HOST_PATHS, docker_take_host_path),
};
QUERY(checkpoint);

static const struct docker_member dir_params[] = {
	SAYS("dir", HOST_PATHS, docker_take_host_path),
};
QUERY(dir);

static const struct docker_member commit_params[] = {
	SAYS("container", CONTAINERS, docker_take_container),
};
QUERY(commit);

static const struct docker_member images_params[] = {
	SAYS("names", IMAGES, docker_take_image),
};
QUERY(images);

static const struct docker_member plugin_params[] = {
	SAYS("remote", IMAGES, docker_take_image),
	SAYS("name", NAME, take_name),
};
QUERY(plugin);

static const struct docker_member build_params[] = {
	SAYS("t", IMAGES, docker_take_image),
	SAYS("networkmode", NETWORKS, docker_take_network),
	SAYS("cgroupparent", CGROUP_PARENT, docker_take_as_is),
	SAYS("extrahosts", EXTRA_HOSTS, docker_take_as_is),
	IN_JSON("buildargs"),
	IN_JSON("cachefrom"),
	IN_JSON("labels"),
	IN_JSON("ulimits"),
	IGNORED("buildid"),
	IGNORED("cpuperiod"),
	IGNORED("cpuquota"),
	IGNORED("cpusetcpus"),
	IGNORED("cpusetmems"),
	IGNORED("cpushares"),
	IGNORED("dockerfile"),
	IGNORED("forcerm"),
	IGNORED("isolation"),
	IGNORED("memory"),
	IGNORED("memswap"),
	IGNORED("nocache"),
	IGNORED("outputs"), /* to the client, or an image */
	IGNORED("platform"),
	IGNORED("pull"),
	IGNORED("q"),
	IGNORED("remote"),
	IGNORED("rm"),
	IGNORED("securityopt"), /* refused but on Windows */
	IGNORED("session"),
	IGNORED("shmsize"),
	IGNORED("squash"),
	IGNORED("target"),
	IGNORED("version"),
};
/* A call that runs whatever it is sent: no parameter may go unjudged. */
static const struct docker_shape build_query = {
	.members = build_params, .n = COUNT(build_params), .whole = true};

/* --- calls ------------------------------------------------------------------------------ */

/* method, path, body, query, more */
#define CALL(method, path, body, query, take) \
	{ \
		METHOD_##method, STR(path), STR(""), NULL, body, query, take \
	}
/* method, before, behind, what the name is, body, query, more */
#define NAMED(method, before, behind, what, body, query, take) \
	{ \
		METHOD_##method, STR(before), STR(behind), &(what), body, \
			query, take \
	}
/* that only names something */
#define PLAIN(method, before, behind, what) \
	NAMED(method, before, behind, what, NULL, NULL, NULL)
/* that names nothing, though it looks as if */
#define NONE(method, path) CALL(method, path, NULL, NULL, NULL)

static const struct docker_call calls[] = {
	CALL(POST, "/containers/create", &docker_body_create, &name_query,
		NULL),
	NONE(GET, "/containers/json"),
	NONE(POST, "/containers/prune"),
	NAMED(POST, "/containers/", "/exec", container, &docker_body_exec, NULL,
		NULL),
	NAMED(POST, "/containers/", "/update", container, &docker_body_update,
		NULL, NULL),
	NAMED(POST, "/containers/", "/start", container, NULL,
		&checkpoint_query, NULL),
	NAMED(POST, "/containers/", "/rename", container, NULL, &name_query,
		NULL),
	NAMED(POST, "/containers/", "/checkpoints", container,
		&docker_body_checkpoint, NULL, NULL),
	NAMED(GET, "/containers/", "/checkpoints", container, NULL, &dir_query,
		NULL),
	NAMED(DELETE, "/containers/", "/checkpoints/", container, NULL,
		&dir_query, NULL),
	PLAIN(GET, "/containers/", "/archive", container),
	PLAIN(HEAD, "/containers/", "/archive", container),
	PLAIN(PUT, "/containers/", "/archive", container),
	PLAIN(GET, "/containers/", "/attach/ws", container),
	PLAIN(GET, "/containers/", "/changes", container),
	PLAIN(GET, "/containers/", "/export", container),
	PLAIN(GET, "/containers/", "/json", container),
	PLAIN(GET, "/containers/", "/logs", container),
	PLAIN(GET, "/containers/", "/stats", container),
	PLAIN(GET, "/containers/", "/top", container),
	PLAIN(POST, "/containers/", "/attach", container),
	PLAIN(POST, "/containers/", "/copy", container),
	PLAIN(POST, "/containers/", "/kill", container),
	PLAIN(POST, "/containers/", "/pause", container),
	PLAIN(POST, "/containers/", "/resize", container),
	PLAIN(POST, "/containers/", "/restart", container),
	PLAIN(POST, "/containers/", "/stop", container),
	PLAIN(POST, "/containers/", "/unpause", container),
	PLAIN(POST, "/containers/", "/wait", container),
	PLAIN(DELETE, "/containers/", "", container),
	CALL(POST, "/commit", &docker_body_commit, &commit_query,
		take_repo_tag),

	NAMED(POST, "/exec/", "/start", thing, &docker_body_exec_start, NULL,
		NULL),
	PLAIN(POST, "/exec/", "/resize", thing),
	PLAIN(GET, "/exec/", "/json", thing),

	CALL(POST, "/images/create", NULL, NULL, take_create_image),
	CALL(POST, "/images/load", NULL, NULL, doubt_images),
	CALL(GET, "/images/get", NULL, &images_query, NULL),
	NONE(GET, "/images/json"),
	NONE(GET, "/images/search"),
	NONE(POST, "/images/prune"),
	NAMED(POST, "/images/", "/tag", image, NULL, NULL, take_repo_tag),
	NAMED(POST, "/images/", "/push", image, NULL, NULL, take_push),
	PLAIN(GET, "/images/", "/attestations", image),
	PLAIN(GET, "/images/", "/get", image),
	PLAIN(GET, "/images/", "/history", image),
	PLAIN(GET, "/images/", "/json", image),
	PLAIN(DELETE, "/images/", "", image),
	PLAIN(GET, "/distribution/", "/json", image),
	CALL(POST, "/build", NULL, &build_query, NULL),
	CALL(POST, "/grpc", NULL, NULL, doubt_build),

	CALL(POST, "/networks/create", &docker_body_network, NULL, NULL),
	NONE(GET, "/networks/"),
	NONE(POST, "/networks/prune"),
	NAMED(POST, "/networks/", "/connect", net, &docker_body_connect, NULL,
		NULL),
	NAMED(POST, "/networks/", "/disconnect", net, &docker_body_disconnect,
		NULL, NULL),
	PLAIN(GET, "/networks/", "", thing),
	PLAIN(DELETE, "/networks/", "", thing),

	CALL(POST, "/volumes/create", &docker_body_volume, NULL, NULL),
	NONE(POST, "/volumes/prune"),
	NAMED(PUT, "/volumes/", "", volume, &docker_body_volume_update, NULL,
		NULL),
	PLAIN(GET, "/volumes/", "", volume),
	PLAIN(DELETE, "/volumes/", "", volume),

	CALL(POST, "/plugins/pull", &docker_body_privileges, &plugin_query,
		NULL),
	CALL(POST, "/plugins/create", NULL, &name_query, doubt_everything),
	CALL(GET, "/plugins/privileges", NULL, &plugin_query, NULL),
	NAMED(POST, "/plugins/", "/upgrade", thing, &docker_body_privileges,
		&plugin_query, NULL),
	NAMED(POST, "/plugins/", "/set", thing, &docker_body_plugin_set, NULL,
		NULL),
	PLAIN(POST, "/plugins/", "/enable", thing),
	PLAIN(POST, "/plugins/", "/disable", thing),
	PLAIN(POST, "/plugins/", "/push", thing),
	PLAIN(GET, "/plugins/", "/json", thing),
	PLAIN(DELETE, "/plugins/", "", thing),

	CALL(POST, "/services/create", &docker_body_service, NULL, NULL),
	NAMED(POST, "/services/", "/update", thing, &docker_body_service, NULL,
		take_rollback),
	PLAIN(GET, "/services/", "/logs", thing),
	PLAIN(GET, "/services/", "", thing),
	PLAIN(DELETE, "/services/", "", thing),
	PLAIN(GET, "/tasks/", "/logs", thing),
	PLAIN(GET, "/tasks/", "", thing),
	CALL(POST, "/secrets/create", &docker_body_secret, NULL, NULL),
	NAMED(POST, "/secrets/", "/update", thing, &docker_body_secret, NULL,
		NULL),
	PLAIN(GET, "/secrets/", "", thing),
	PLAIN(DELETE, "/secrets/", "", thing),
	CALL(POST, "/configs/create", &docker_body_secret, NULL, NULL),
	NAMED(POST, "/configs/", "/update", thing, &docker_body_secret, NULL,
		NULL),
	PLAIN(GET, "/configs/", "", thing),
	PLAIN(DELETE, "/configs/", "", thing),
	NAMED(POST, "/nodes/", "/update", thing, &docker_body_node, NULL, NULL),
	PLAIN(GET, "/nodes/", "", thing),
	PLAIN(DELETE, "/nodes/", "", thing),
	CALL(POST, "/swarm/init", &docker_body_swarm_init, NULL, NULL),
	CALL(POST, "/swarm/join", &docker_body_swarm_join, NULL, NULL),
	CALL(POST, "/swarm/update", &docker_body_swarm_spec, NULL, NULL),
};

/* --- which one it is -------------------------------------------------------------------------- */

/* What stands between, in a path with both ends. A `behind` that ends in a
 * slash is followed by one more name. */
static bool
cut_name(const struct docker_call *c, struct str path, struct str *out)
{
	if (!str_starts(path, c->before))
		return false;
	struct str rest = str_from(path, c->before.n);
	if (str_ends(c->behind, STR("/"))) {
		const char *slash =
			rest.n ? memrchr(rest.p, '/', rest.n) : NULL;
		if (!slash || slash == rest.p + rest.n - 1)
			return false;
		rest.n = (size_t)(slash - rest.p) + 1;
	}
	if (rest.n <= c->behind.n || !str_ends(rest, c->behind))
		return false;
	rest.n -= c->behind.n;
	*out = rest;
	return true;
}

const struct docker_call *
docker_find_call(const struct facts *f, struct str *name_out)
{
	struct str path = f->target->path;

	*name_out = STR("");
	for (size_t i = 0; i < COUNT(calls); i++) {
		const struct docker_call *c = &calls[i];
		if (c->method != f->method)
			continue;
		if (c->name ? cut_name(c, path, name_out)
			    : str_eq(path, c->before))
			return c;
	}
	return NULL;
}

bool
docker_is_strange_call(const struct facts *f)
{
	struct str path = f->target->path;

	for (size_t i = 0; i < COUNT(calls); i++)
		if (calls[i].name && str_starts(path, calls[i].before))
			return true;
	return false;
}

bool
docker_is_foreign_call(const struct facts *f)
{
	return (f->method == METHOD_POST || f->method == METHOD_PUT) &&
	       str_starts(f->target->path, STR("/libpod/"));
}
