/* The demonstration engine's containers: list, inspection, processes. */
#include "daemon/demo_conn.h"
#include "daemon/demo_route.h"
#include "daemon/demo_server.h"

json_t *
demo_container_or_404(struct demo_conn *c, struct str name)
{
	json_t *container = demo_container(&c->server->store, name);

	if (!container)
		demo_reply_error(
			c, 404, "No such container: %.*s", STR_FMT(name));
	return container;
}

bool
demo_container_running(struct demo_conn *c, const json_t *container)
{
	if (json_is_true(demo_at(container, "State", "Running", NULL)))
		return true;
	demo_reply_error(c, 409, "Container %s is not running",
		demo_text(container, "Id"));
	return false;
}

json_t *
demo_summary(const json_t *container)
{
	json_t *summary = json_pack(
		"{s:s, s:[s], s:O, s:O, s:O, s:O, s:{s:O}, s:{s:O}, s:O}", "Id",
		demo_text(container, "Id"), "Names",
		demo_text(container, "Name"), "Image",
		demo_at(container, "Config", "Image", NULL), "ImageID",
		json_object_get(container, "Image"), "Labels",
		demo_at(container, "Config", "Labels", NULL), "State",
		demo_at(container, "State", "Status", NULL), "HostConfig",
		"NetworkMode",
		demo_at(container, "HostConfig", "NetworkMode", NULL),
		"NetworkSettings", "Networks",
		demo_at(container, "NetworkSettings", "Networks", NULL),
		"Mounts", json_object_get(container, "Mounts"));

	json_object_update(
		summary, demo_at(container, "Demo", "Summary", NULL));
	return summary;
}

void
demo_add_sizes(json_t *object)
{
	json_object_set_new(object, "SizeRw", json_integer(4096));
	json_object_set_new(object, "SizeRootFs", json_integer(48217515));
}

/* Without `all`, and without a filter that asks for more, only the running. */
static bool
container_wanted(struct demo_conn *c, const json_t *container)
{
	json_t *filters = c->req.filters;
	const char *status =
		json_string_value(demo_at(container, "State", "Status", NULL));
	bool all = demo_flag(c, "all", false) ||
		   demo_number(c, "limit", 0) > 0 ||
		   json_object_get(filters, "status");

	return (all || strcmp(status, "running") == 0) &&
	       demo_filter(filters, "status", status, DEMO_MATCH_WHOLE) &&
	       demo_filter(filters, "id", demo_text(container, "Id"),
		       DEMO_MATCH_START) &&
	       demo_filter(filters, "name", demo_text(container, "Name"),
		       DEMO_MATCH_PART) &&
	       demo_filter_labels(
		       filters, demo_at(container, "Config", "Labels", NULL));
}

void
demo_get_containers(struct demo_conn *c, struct str name)
{
	static const char *const known[] = {
		"id", "label", "name", "status", NULL};
	long limit = demo_number(c, "limit", 0);
	const json_t *container;
	size_t i;

	(void)name;
	if (!demo_filters_known(c, known))
		return;
	json_t *list = json_array();
	json_array_foreach (c->server->store.containers, i, container) {
		if (limit > 0 && json_array_size(list) >= (size_t)limit)
			break;
		if (!container_wanted(c, container))
			continue;
		json_t *summary = demo_summary(container);
		if (demo_flag(c, "size", false))
			demo_add_sizes(summary);
		json_array_append_new(list, summary);
	}
	demo_reply_json(c, 200, list);
}

void
demo_get_container(struct demo_conn *c, struct str name)
{
	json_t *container = demo_container_or_404(c, name);

	if (!container)
		return;
	json_t *shown = json_copy(container);
	json_object_del(shown, "Demo");
	if (demo_flag(c, "size", false))
		demo_add_sizes(shown);
	demo_reply_json(c, 200, shown);
}

void
demo_get_changes(struct demo_conn *c, struct str name)
{
	if (demo_container_or_404(c, name))
		demo_reply_json(c, 200,
			json_pack("[{s:s, s:i}, {s:s, s:i}]", "Path", "/run",
				"Kind", 0, "Path", "/run/sample.pid", "Kind",
				1));
}

void
demo_get_top(struct demo_conn *c, struct str name)
{
	json_t *container = demo_container_or_404(c, name);

	if (!container || !demo_container_running(c, container))
		return;
	demo_reply_json(c, 200,
		json_pack("{s:[s, s, s, s, s, s, s, s], s:O}", "Titles", "UID",
			"PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD",
			"Processes", demo_at(container, "Demo", "Top", NULL)));
}
