/* The demonstration engine's objects: the sample data, loaded. */
#include "daemon/demo_store.h"

#include "daemon/demo_data.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

/* --- loading -------------------------------------------------------------- */

json_t *
demo_date(time_t t)
{
	struct tm tm;
	char text[sizeof("2024-05-01T10:00:00.000000000Z") + 8];

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text),
					  "%Y-%m-%dT%H:%M:%S.000000000Z", &tm))
		return NULL;
	return json_stringn(text, strlen(text));
}

/* "@-60" and "#-60" as the time they stand for; else NULL. */
static json_t *
resolve_time(const json_t *value, time_t now)
{
	const char *text = json_string_value(value);

	if (!text || text[0] == '\0' || text[1] != '-')
		return NULL;
	time_t t = now + (time_t)strtol(text + 1, NULL, 10);
	if (text[0] == '@')
		return demo_date(t);
	return text[0] == '#' ? json_integer((json_int_t)t) : NULL;
}

/* The data is ours and at most six levels deep. */
static void
resolve_times(json_t *value, time_t now)
{
	const char *key;
	json_t *member, *replacement;
	size_t i;

	json_object_foreach (value, key, member) {
		replacement = resolve_time(member, now);
		if (replacement)
			json_object_set_new(value, key, replacement);
		else
			resolve_times(member, now);
	}
	json_array_foreach (value, i, member) {
		replacement = resolve_time(member, now);
		if (replacement)
			json_array_set_new(value, i, replacement);
		else
			resolve_times(member, now);
	}
}

static json_t *
load(const char *text, time_t now)
{
	json_error_t error;
	json_t *value = json_loads(text, 0, &error);

	/* Only the lack of memory can spoil what is compiled in. */
	assert(value || json_error_code(&error) == json_error_out_of_memory);
	if (value)
		resolve_times(value, now);
	return value;
}

/* Members that follow from the identity. */
static void
set_paths(json_t *container)
{
	static const struct {
		const char *member, *file;
	} paths[] = {
		{"ResolvConfPath", "resolv.conf"},
		{"HostnamePath", "hostname"},
		{"HostsPath", "hosts"},
		{"LogPath", "container-json.log"},
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		json_object_set_new(container, paths[i].member,
			json_sprintf("/var/lib/docker/containers/%s/%s",
				demo_text(container, "Id"), paths[i].file));
}

static json_t *
load_containers(time_t now)
{
	json_t *base = load(demo_container_base_json, now);
	json_t *list = load(demo_containers_json, now);
	json_t *difference;
	size_t i;

	json_array_foreach (list, i, difference) {
		json_t *container = json_deep_copy(base);
		json_object_update_recursive(container, difference);
		set_paths(container);
		json_array_set_new(list, i, container);
	}
	json_decref(base);
	return list;
}

bool
demo_store_init(struct demo_store *s)
{
	time_t now = time(NULL);

	*s = (struct demo_store){
		.version = load(demo_version_json, now),
		.info = load(demo_info_json, now),
		.containers = load_containers(now),
		.images = load(demo_images_json, now),
		.networks = load(demo_networks_json, now),
		.volumes = load(demo_volumes_json, now),
		.events = load(demo_events_json, now),
		.stats = load(demo_stats_base_json, now),
	};
	return s->version && s->info && s->containers && s->images &&
	       s->networks && s->volumes && s->events && s->stats;
}

void
demo_store_fini(struct demo_store *s)
{
	json_decref(s->version);
	json_decref(s->info);
	json_decref(s->containers);
	json_decref(s->images);
	json_decref(s->networks);
	json_decref(s->volumes);
	json_decref(s->events);
	json_decref(s->stats);
	*s = (struct demo_store){0};
}

/* --- looking up ----------------------------------------------------------- */

const char *
demo_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

json_t *
demo_at(const json_t *object, ...)
{
	json_t *at = NULL;
	const char *member;
	va_list ap;

	va_start(ap, object);
	while ((member = va_arg(ap, const char *)))
		object = at = json_object_get(object, member);
	va_end(ap);
	return at;
}

/* Names are looked at before identities, as the Engine does. */
static json_t *
find(const json_t *list, struct str ref, const char *name, const char *id)
{
	json_t *object;
	size_t i;

	json_array_foreach (list, i, object)
		if (str_eq(str_of(demo_text(object, name)), ref))
			return object;
	if (!id || ref.n == 0)
		return NULL;
	json_array_foreach (list, i, object)
		if (str_starts(str_of(demo_text(object, id)), ref))
			return object;
	return NULL;
}

json_t *
demo_container(const struct demo_store *s, struct str ref)
{
	json_t *object;
	size_t i;

	/* Their names are kept with a slash and called without. */
	json_array_foreach (s->containers, i, object)
		if (str_eq(str_from(str_of(demo_text(object, "Name")), 1), ref))
			return object;
	return find(s->containers, ref, "Name", "Id");
}

json_t *
demo_network(const struct demo_store *s, struct str ref)
{
	return find(s->networks, ref, "Name", "Id");
}

json_t *
demo_volume(const struct demo_store *s, struct str ref)
{
	return find(s->volumes, ref, "Name", NULL);
}

/* Is ref this tag, or its repository when the tag is "latest"? */
static bool
tag_is(struct str tag, struct str ref)
{
	struct str latest = STR(":latest");

	return str_eq(tag, ref) ||
	       (tag.n == ref.n + latest.n && str_starts(tag, ref) &&
		       str_ends(tag, latest));
}

json_t *
demo_image(const struct demo_store *s, struct str ref)
{
	json_t *image, *tag;
	size_t i, j;

	json_array_foreach (s->images, i, image)
		json_array_foreach (json_object_get(image, "RepoTags"), j, tag)
			if (tag_is(str_of(json_string_value(tag)), ref))
				return image;
	if (str_starts(ref, STR("sha256:")))
		ref = str_from(ref, sizeof("sha256:") - 1);
	if (ref.n == 0)
		return NULL;
	json_array_foreach (s->images, i, image) {
		struct str id = str_of(demo_text(image, "Id"));
		if (str_starts(str_from(id, sizeof("sha256:") - 1), ref))
			return image;
	}
	return NULL;
}

/* --- filters -------------------------------------------------------------- */

static bool
matches(const char *wanted, const char *value, enum demo_match how)
{
	switch (how) {
	case DEMO_MATCH_WHOLE:
		return strcmp(value, wanted) == 0;
	case DEMO_MATCH_START:
		return str_starts(str_of(value), str_of(wanted));
	case DEMO_MATCH_PART:
		return strstr(value, wanted) != NULL;
	}
	return false;
}

/* Clients send {"key": {"wanted": true}}, old ones {"key": ["wanted"]}.
 * Returns an array of the wanted strings, owned by the caller. */
static json_t *
wanted_of(json_t *filters, const char *key)
{
	json_t *set = json_object_get(filters, key);
	json_t *list = json_array();
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach (set, name, value)
		json_array_append_new(list, json_stringn(name, strlen(name)));
	json_array_foreach (set, i, value)
		if (json_is_string(value))
			json_array_append(list, value);
	return list;
}

bool
demo_filter(json_t *filters, const char *key, const char *value,
	enum demo_match how)
{
	json_t *list = wanted_of(filters, key);
	bool found = json_array_size(list) == 0;
	const json_t *wanted;
	size_t i;

	json_array_foreach (list, i, wanted)
		found |= matches(json_string_value(wanted), value, how);
	json_decref(list);
	return found;
}

static bool
has_label(const json_t *labels, const char *wanted)
{
	const char *value = strchr(wanted, '=');
	size_t n = value ? (size_t)(value - wanted) : strlen(wanted);
	const json_t *label = json_object_getn(labels, wanted, n);

	if (!label || !value)
		return label != NULL;
	return strcmp(json_string_value(label), value + 1) == 0;
}

bool
demo_filter_labels(json_t *filters, const json_t *labels)
{
	json_t *list = wanted_of(filters, "label");
	const json_t *wanted;
	bool all = true;
	size_t i;

	json_array_foreach (list, i, wanted)
		all &= has_label(labels, json_string_value(wanted));
	json_decref(list);
	return all;
}

const char *
demo_filter_unknown(json_t *filters, const char *const *known)
{
	const char *key;
	const json_t *value;

	json_object_foreach (filters, key, value) {
		const char *const *k = known;
		while (*k && strcmp(*k, key) != 0)
			k++;
		if (!*k)
			return key;
	}
	return NULL;
}
