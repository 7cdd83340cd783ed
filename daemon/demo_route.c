/* The demonstration engine's calls: their table, and the plain answers. */
#include "daemon/demo_route.h"

#include "daemon/demo_conn.h"
#include "daemon/demo_server.h"

#include <stdio.h>

bool
demo_filters_known(struct demo_conn *c, const char *const *known)
{
	const char *unknown = demo_filter_unknown(c->req.filters, known);

	if (unknown)
		demo_reply_error(c, 400, "Invalid filter '%s'", unknown);
	return !unknown;
}

static const struct demo_store *
store(const struct demo_conn *c)
{
	return &c->server->store;
}

/* --- the system ----------------------------------------------------------- */

static void
ping(struct demo_conn *c, struct str name)
{
	(void)name;
	demo_reply_text(c, 200, "text/plain; charset=utf-8", STR("OK"));
}

static void
get_version(struct demo_conn *c, struct str name)
{
	(void)name;
	demo_reply_json(c, 200, json_incref(store(c)->version));
}

static void
get_info(struct demo_conn *c, struct str name)
{
	json_t *info = json_copy(store(c)->info);

	(void)name;
	json_object_set_new(info, "SystemTime", demo_date(time(NULL)));
	demo_reply_json(c, 200, info);
}

static json_t *list_images(struct demo_conn *c);

static void
get_disk_usage(struct demo_conn *c, struct str name)
{
	json_t *containers = json_array();
	json_t *volumes = json_deep_copy(store(c)->volumes);
	json_t *object;
	size_t i;

	(void)name;
	json_array_foreach (store(c)->containers, i, object) {
		json_t *summary = demo_summary(object);
		demo_add_sizes(summary);
		json_array_append_new(containers, summary);
	}
	json_array_foreach (volumes, i, object)
		json_object_set_new(object, "UsageData",
			json_pack("{s:i, s:i}", "RefCount", i == 0 ? 1 : 0,
				"Size", 41943040));
	demo_reply_json(c, 200,
		json_pack("{s:i, s:o, s:o, s:o, s:[], s:i}", "LayersSize",
			328956014, "Images", list_images(c), "Containers",
			containers, "Volumes", volumes, "BuildCache",
			"BuilderSize", 0));
}

static void
get_nothing(struct demo_conn *c, struct str name)
{
	(void)name;
	demo_reply_json(c, 200, json_array());
}

static void
no_plugin(struct demo_conn *c, struct str name)
{
	demo_reply_error(c, 404, "plugin \"%.*s\" not found", STR_FMT(name));
}

static void
no_swarm(struct demo_conn *c, struct str name)
{
	(void)name;
	demo_reply_error(c, 503,
		"This node is not a swarm manager. Use \"docker swarm init\" "
		"or \"docker swarm join\" to connect this node to swarm and "
		"try again.");
}

static void
not_done(struct demo_conn *c, struct str name)
{
	(void)name;
	demo_reply_error(c, 501, "the demonstration engine does not do this");
}

/* --- images --------------------------------------------------------------- */

/* Those of its tags that are asked for: `docker images nginx` asks with a
 * reference, with or without a tag. Owned by the caller. */
static json_t *
tags_wanted(json_t *filters, const json_t *image)
{
	json_t *wanted = json_array();
	json_t *tag;
	size_t i;

	json_array_foreach (json_object_get(image, "RepoTags"), i, tag) {
		const char *text = json_string_value(tag);
		char repository[64];
		snprintf(repository, sizeof(repository), "%.*s",
			(int)strcspn(text, ":"), text);
		if (demo_filter(filters, "reference", text, DEMO_MATCH_WHOLE) ||
			demo_filter(filters, "reference", repository,
				DEMO_MATCH_WHOLE))
			json_array_append(wanted, tag);
	}
	return wanted;
}

/* Takes tags over. */
static json_t *
image_summary(const json_t *image, json_t *tags)
{
	return json_pack("{s:i, s:O, s:s, s:O, s:s, s:O, s:o, s:i, s:O, s:O}",
		"Containers", -1, "Created",
		json_object_get(image, "CreatedAt"), "Id",
		demo_text(image, "Id"), "Labels",
		demo_at(image, "Config", "Labels", NULL), "ParentId", "",
		"RepoDigests", json_object_get(image, "RepoDigests"),
		"RepoTags", tags, "SharedSize", -1, "Size",
		json_object_get(image, "Size"), "VirtualSize",
		json_object_get(image, "VirtualSize"));
}

static json_t *
list_images(struct demo_conn *c)
{
	json_t *list = json_array();
	const json_t *image;
	size_t i;

	json_array_foreach (store(c)->images, i, image) {
		json_t *tags = tags_wanted(c->req.filters, image);
		if (json_array_size(tags) > 0 &&
			demo_filter_labels(c->req.filters,
				demo_at(image, "Config", "Labels", NULL)))
			json_array_append_new(
				list, image_summary(image, json_incref(tags)));
		json_decref(tags);
	}
	return list;
}

static void
get_images(struct demo_conn *c, struct str name)
{
	static const char *const known[] = {"label", "reference", NULL};

	(void)name;
	if (demo_filters_known(c, known))
		demo_reply_json(c, 200, list_images(c));
}

static json_t *
image_or_404(struct demo_conn *c, struct str name)
{
	json_t *image = demo_image(store(c), name);

	if (!image)
		demo_reply_error(c, 404, "No such image: %.*s", STR_FMT(name));
	return image;
}

static void
get_image(struct demo_conn *c, struct str name)
{
	json_t *image = image_or_404(c, name);

	if (!image)
		return;
	json_t *shown = json_copy(image);
	json_object_del(shown, "CreatedAt");
	demo_reply_json(c, 200, shown);
}

static void
get_history(struct demo_conn *c, struct str name)
{
	const json_t *image = image_or_404(c, name);

	if (!image)
		return;
	demo_reply_json(c, 200,
		json_pack("[{s:s, s:O, s:s, s:O, s:O, s:s}]", "Id",
			demo_text(image, "Id"), "Created",
			json_object_get(image, "CreatedAt"), "CreatedBy",
			"sample layer", "Tags",
			json_object_get(image, "RepoTags"), "Size",
			json_object_get(image, "Size"), "Comment", ""));
}

/* --- networks, volumes ---------------------------------------------------- */

static void
get_networks(struct demo_conn *c, struct str name)
{
	static const char *const known[] = {
		"driver", "id", "label", "name", NULL};
	json_t *filters = c->req.filters;
	json_t *list = json_array();
	json_t *network;
	size_t i;

	(void)name;
	json_array_foreach (store(c)->networks, i, network) {
		if (!demo_filter(filters, "name", demo_text(network, "Name"),
			    DEMO_MATCH_PART) ||
			!demo_filter(filters, "id", demo_text(network, "Id"),
				DEMO_MATCH_START) ||
			!demo_filter(filters, "driver",
				demo_text(network, "Driver"),
				DEMO_MATCH_WHOLE) ||
			!demo_filter_labels(
				filters, json_object_get(network, "Labels")))
			continue;
		/* Only the inspection tells who is connected. */
		network = json_copy(network);
		json_object_set_new(network, "Containers", json_object());
		json_array_append_new(list, network);
	}
	if (demo_filters_known(c, known))
		demo_reply_json(c, 200, list);
	else
		json_decref(list);
}

static void
get_network(struct demo_conn *c, struct str name)
{
	json_t *network = demo_network(store(c), name);

	if (network)
		demo_reply_json(c, 200, json_incref(network));
	else
		demo_reply_error(
			c, 404, "network %.*s not found", STR_FMT(name));
}

static void
get_volumes(struct demo_conn *c, struct str name)
{
	static const char *const known[] = {"driver", "label", "name", NULL};
	json_t *filters = c->req.filters;
	json_t *list = json_array();
	json_t *volume;
	size_t i;

	(void)name;
	json_array_foreach (store(c)->volumes, i, volume)
		if (demo_filter(filters, "name", demo_text(volume, "Name"),
			    DEMO_MATCH_PART) &&
			demo_filter(filters, "driver",
				demo_text(volume, "Driver"),
				DEMO_MATCH_WHOLE) &&
			demo_filter_labels(
				filters, json_object_get(volume, "Labels")))
			json_array_append(list, volume);
	if (demo_filters_known(c, known))
		demo_reply_json(c, 200,
			json_pack("{s:O, s:n}", "Volumes", list, "Warnings"));
	json_decref(list);
}

static void
get_volume(struct demo_conn *c, struct str name)
{
	json_t *volume = demo_volume(store(c), name);

	if (volume)
		demo_reply_json(c, 200, json_incref(volume));
	else
		demo_reply_error(
			c, 404, "get %.*s: no such volume", STR_FMT(name));
}

/* --- the table ------------------------------------------------------------ */

/* In a pattern, * stands for one segment and # for one or more: an image's
 * name may hold slashes. The first route that fits is taken. */
static const struct route {
	enum method method;
	const char *pattern;
	demo_handler *run;
} routes[] = {
	{METHOD_GET, "/_ping", ping},
	{METHOD_HEAD, "/_ping", ping},
	{METHOD_GET, "/version", get_version},
	{METHOD_GET, "/info", get_info},
	{METHOD_GET, "/events", demo_get_events},
	{METHOD_GET, "/system/df", get_disk_usage},
	{METHOD_GET, "/containers/json", demo_get_containers},
	{METHOD_GET, "/containers/*/json", demo_get_container},
	{METHOD_GET, "/containers/*/changes", demo_get_changes},
	{METHOD_GET, "/containers/*/logs", demo_get_logs},
	{METHOD_GET, "/containers/*/stats", demo_get_stats},
	{METHOD_GET, "/containers/*/top", demo_get_top},
	{METHOD_GET, "/containers/*/archive", not_done},
	{METHOD_GET, "/containers/*/attach/ws", not_done},
	{METHOD_GET, "/containers/*/export", not_done},
	{METHOD_POST, "/containers/*/exec", demo_post_exec},
	{METHOD_POST, "/exec/*/start", demo_post_exec_start},
	{METHOD_POST, "/exec/*/resize", demo_post_exec_resize},
	{METHOD_GET, "/exec/*/json", demo_get_exec},
	{METHOD_GET, "/images/json", get_images},
	{METHOD_GET, "/images/get", not_done},
	{METHOD_GET, "/images/search", not_done},
	{METHOD_GET, "/images/#/json", get_image},
	{METHOD_GET, "/images/#/history", get_history},
	{METHOD_GET, "/images/#/get", not_done},
	{METHOD_GET, "/distribution/#/json", not_done},
	{METHOD_GET, "/networks", get_networks},
	{METHOD_GET, "/networks/*", get_network},
	{METHOD_GET, "/volumes", get_volumes},
	{METHOD_GET, "/volumes/*", get_volume},
	{METHOD_GET, "/plugins", get_nothing},
	{METHOD_GET, "/plugins/#/json", no_plugin},
	{METHOD_GET, "/swarm", no_swarm},
	{METHOD_GET, "/services", no_swarm},
	{METHOD_GET, "/services/#", no_swarm},
	{METHOD_GET, "/tasks", no_swarm},
	{METHOD_GET, "/tasks/#", no_swarm},
	{METHOD_GET, "/nodes", no_swarm},
	{METHOD_GET, "/nodes/*", no_swarm},
	{METHOD_GET, "/secrets", no_swarm},
	{METHOD_GET, "/secrets/*", no_swarm},
	{METHOD_GET, "/configs", no_swarm},
	{METHOD_GET, "/configs/*", no_swarm},
};

/* A pattern has one wildcard at most: it is a prefix and a suffix. */
static bool
fits(const char *pattern, struct str path, struct str *name_out)
{
	size_t before = strcspn(pattern, "*#");
	struct str prefix = {pattern, before};

	*name_out = (struct str){path.p, 0};
	if (pattern[before] == '\0')
		return str_eq(path, prefix);
	struct str suffix = str_of(pattern + before + 1);
	if (path.n <= prefix.n + suffix.n || !str_starts(path, prefix) ||
		!str_ends(path, suffix))
		return false;
	*name_out =
		(struct str){path.p + prefix.n, path.n - prefix.n - suffix.n};
	return pattern[before] == '#' ||
	       str_find(*name_out, STR("/")) == name_out->n;
}

static bool
version_spoken(struct demo_conn *c)
{
	const struct target *t = &c->req.target;

	if (t->api_major < 1 || (t->api_major == 1 && t->api_minor <= 41))
		return true;
	demo_reply_error(c, 400,
		"client version %.*s is too new. Maximum supported API version "
		"is 1.41",
		STR_FMT(t->api_version));
	return false;
}

void
demo_route(struct demo_conn *c)
{
	enum method method = c->req.method;
	struct str path = c->req.target.path;
	struct str name = {path.p, 0};

	if (!version_spoken(c))
		return;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].method == method &&
			fits(routes[i].pattern, path, &name)) {
			routes[i].run(c, name);
			return;
		}
	}
	if (method == METHOD_GET || method == METHOD_HEAD)
		demo_reply_error(c, 404, "page not found");
	else
		not_done(c, name);
}
