/* How facts are gathered. Seen by docker*.c.
 *
 * A shape is a struct of the Engine's API: its members, and of each what its
 * value is and which facts it says. The walk (docker_walk.c) follows a body
 * and the shapes side by side; the functions below bring values to their one
 * form.
 */
#ifndef RUNTIME_DOCKER_PARTS_H
#define RUNTIME_DOCKER_PARTS_H

#include "runtime/docker.h"
#include "runtime/facts.h"
#include "runtime/json.h"

/* The way to where the walk is, innermost first. */
struct docker_step {
	struct str name;
	const struct docker_step *up;
};

struct gather {
	const struct facts *facts;
	struct docker *docker; /* facts->docker */
	struct arena *arena;   /* facts->arena */
	const struct json *json;
	const struct docker_step *at;
};

enum docker_form {
	FORM_ANY,        /* says nothing that we know */
	FORM_TEXT,       /* a string */
	FORM_TEXTS,      /* a list of strings; a string is a list of one */
	FORM_FLAG,       /* true says `word` */
	FORM_KEYS,       /* an object: its keys */
	FORM_PAIRS,      /* an object of strings: "key=value" */
	FORM_OBJECT,     /* of the shape */
	FORM_OBJECTS,    /* a list of them */
	FORM_MAP,        /* an object of them; their keys say something, too */
	FORM_VALUE,      /* for the function `value` */
	FORM_QUERY_JSON, /* of a query: JSON text, a member of `shape` */
};

struct docker_member {
	struct str name;  /* as the API writes it */
	uint8_t form;     /* enum docker_form */
	uint8_t field;    /* for `text` and FORM_FLAG */
	const char *word; /* for `text` and FORM_FLAG */
	void (*text)(
		struct gather *g, const struct docker_member *m, struct str s);
	void (*value)(struct gather *g, const struct json_node *n);
	const struct docker_shape *shape;
};

struct docker_shape {
	const struct docker_member *members;
	size_t n;
	const struct docker_shape *embedded; /* as Go embeds a struct */
	/* For facts that several members say together; NULL: none. */
	void (*object)(struct gather *g, const struct json_node *object);
	/* Of a query: these are all its parameters, another is unknown. */
	bool whole;
};

/* --- docker_calls.c ---------------------------------------------------------- */

/* A call of the Engine's API: the whole path, or what stands before and
 * behind a name. */
struct docker_call {
	enum method method;
	struct str before, behind;
	/* Of a call with a name: what it says; NULL: a call without. */
	const struct docker_member *name;
	const struct docker_member *body; /* NULL: it says nothing */
	const struct docker_shape *query; /* NULL: as above */
	/* For facts that the name and parameters say together. */
	void (*take)(struct gather *g, struct str name);
};

/* The call and, where it has one, its name; NULL for one that says nothing. */
const struct docker_call *docker_find_call(
	const struct facts *f, struct str *name_out);

/* Is it a call that we do not know on something that has a name? */
bool docker_is_strange_call(const struct facts *f);

/* Does the call say things in a language that is not read here? */
bool docker_is_foreign_call(const struct facts *f);

/* --- docker.c: lists -------------------------------------------------------- */

/* Another value; an empty one is none. */
void gather_add(struct gather *g, enum field field, struct str value);
/* Another reading of the last one. */
void gather_also(struct gather *g, enum field field, struct str value);
/* A name that may be the beginning of an id: that reading, "id:<hex>". */
void gather_id(struct gather *g, enum field field, struct str name);
bool docker_is_hex(struct str s);
/* May it be the beginning of a network's id? A swarm's have all letters. */
bool docker_is_network_id(struct str s);
/* word and value as one. */
void gather_join(
	struct gather *g, enum field field, const char *word, struct str value);
void gather_doubt(struct gather *g, enum field field);
void gather_doubt_all(struct gather *g);

/* --- docker_walk.c ------------------------------------------------------------ */

void docker_walk_object(struct gather *g, const struct docker_shape *shape,
	const struct json_node *object);
void docker_walk_member(struct gather *g, const struct docker_member *m,
	const struct json_node *n);

/* The member of an object by its folded name; NULL when it is not there or
 * null. */
const struct json_node *docker_get(
	struct gather *g, const struct json_node *object, const char *folded);
/* Of it, the text: empty when it is not there; doubt about all when it is no
 * string. */
struct str docker_get_text(
	struct gather *g, const struct json_node *object, const char *folded);
bool docker_get_true(
	struct gather *g, const struct json_node *object, const char *folded);
/* As written, 0 when it is not there. */
struct str docker_get_number(
	struct gather *g, const struct json_node *object, const char *folded);
/* Of an element of a list or a member of a map. */
struct str docker_text(struct gather *g, const struct json_node *n);

/* --- docker_shapes.c ---------------------------------------------------------- */

extern const struct docker_member docker_body_create;
extern const struct docker_member docker_body_commit;
extern const struct docker_member docker_body_update;
extern const struct docker_member docker_body_exec;
extern const struct docker_member docker_body_exec_start;
extern const struct docker_member docker_body_checkpoint;
extern const struct docker_member docker_body_service;
extern const struct docker_member docker_body_volume;
extern const struct docker_member docker_body_volume_update;
extern const struct docker_member docker_body_network;
extern const struct docker_member docker_body_connect;
extern const struct docker_member docker_body_disconnect;
extern const struct docker_member docker_body_privileges;
extern const struct docker_member docker_body_plugin_set;
extern const struct docker_member docker_body_secret;
extern const struct docker_member docker_body_swarm_init;
extern const struct docker_member docker_body_swarm_join;
extern const struct docker_member docker_body_swarm_spec;
extern const struct docker_member docker_body_node;
extern const struct docker_shape docker_shape_build_json;

/* --- docker_text.c: one value to one form --------------------------------------- */

typedef void docker_take(
	struct gather *g, const struct docker_member *m, struct str s);

docker_take docker_take_as_is;
docker_take docker_take_capability;
docker_take docker_take_security;
docker_take docker_take_app_armor;
docker_take docker_take_namespace;
docker_take docker_take_network;
docker_take docker_take_container;
docker_take docker_take_link;
docker_take docker_take_volumes_from;
docker_take docker_take_id;
docker_take docker_take_sysctl;
docker_take docker_take_driver_opt;
docker_take docker_take_device_rule;
docker_take docker_take_plugin_setting;

void docker_take_user(struct gather *g, const struct json_node *object);
void docker_take_user_if_said(struct gather *g, const struct json_node *object);
void docker_take_ulimit(struct gather *g, const struct json_node *object);
void docker_take_ports(struct gather *g, const struct json_node *map);
void docker_take_service_port(struct gather *g, const struct json_node *object);
void docker_take_device_request(
	struct gather *g, const struct json_node *object);
void docker_take_masked_paths(struct gather *g, const struct json_node *list);
void docker_take_readonly_paths(struct gather *g, const struct json_node *list);
void docker_take_privilege(struct gather *g, const struct json_node *object);

struct str docker_capability(struct str s, struct arena *a);
struct str docker_security(struct str s, struct arena *a, bool *ok);
struct str docker_id(struct str s);

/* --- docker_mounts.c -------------------------------------------------------------- */

docker_take docker_take_bind;
docker_take docker_take_host_path;
docker_take docker_take_tmpfs;
docker_take docker_take_log_opt;

void docker_add_host_path(struct gather *g, struct str path, bool readonly);
void docker_take_mount(struct gather *g, const struct json_node *object);
void docker_take_device(struct gather *g, const struct json_node *object);
void docker_take_volume(struct gather *g, const struct json_node *object);

/* --- docker_image.c ------------------------------------------------------------------ */

docker_take docker_take_image;

/* "alpine" to "docker.io/library/alpine:latest"; a `tag` that is not empty
 * takes the place of its own. False, and s as it is, when s is no reference. */
bool docker_image_whole(
	struct str s, struct str tag, struct arena *a, struct str *out);
/* A repository, or all of it when it names no tag: `push`, `pull`. */
void docker_take_pull(struct gather *g, struct str image, struct str tag);
void docker_take_tagged(struct gather *g, struct str repo, struct str tag);

#endif
