/* How the structs of the Engine's API are written down. For docker_shapes*.c
 * alone: a line is a member's name, what its value is, what it says.
 */
#ifndef RUNTIME_DOCKER_SHAPES_H
#define RUNTIME_DOCKER_SHAPES_H

#include "runtime/docker_parts.h"

#define ANY(name)                 PART(name, FORM_ANY, NULL, NULL)
#define VALUE(name, take)         PART(name, FORM_VALUE, take, NULL)
#define OBJECT(name, of)          PART(name, FORM_OBJECT, NULL, &of)
#define OBJECTS(name, of)         PART(name, FORM_OBJECTS, NULL, &of)
#define TEXT(name, f, take)       SAYS(name, FORM_TEXT, f, "", take)
#define TEXTS(name, f, take)      SAYS(name, FORM_TEXTS, f, "", take)
#define KEYS(name, f, take)       SAYS(name, FORM_KEYS, f, "", take)
#define PAIRS(name, f, take)      SAYS(name, FORM_PAIRS, f, "", take)
#define WORD(name, f, word, take) SAYS(name, FORM_TEXT, f, word, take)
#define FLAG(name, f, word)       SAYS(name, FORM_FLAG, f, word, NULL)

#define PART(name, form, value, shape) \
	{ \
		STR(name), form, 0, NULL, NULL, value, shape \
	}
#define SAYS(name, form, f, word, take) \
	{ \
		STR(name), form, FIELD_DOCKER_##f, word, take, NULL, NULL \
	}

#define as_is                  docker_take_as_is

/* The struct whose members are <name>_members; `take` gathers what several of
 * them say together, `on` is a struct that it embeds. */
#define SHAPE(name)            SHAPE_ON(name, NULL, NULL)
#define SHAPE_TAKE(name, take) SHAPE_ON(name, NULL, take)
#define SHAPE_ON(name, on, take) \
	static const struct docker_shape name = MEMBERS(name, on, take)
#define SHARED(name, take) \
	const struct docker_shape docker_shape_##name = \
		MEMBERS(name, NULL, take)
#define MEMBERS(name, on, take) \
	{ \
		name##_members, \
			sizeof(name##_members) / sizeof(name##_members[0]), \
			on, take, false \
	}

/* A request's body. */
#define BODY(call, of) \
	const struct docker_member docker_body_##call = OBJECT("", of)

/* In more than one file: docker_shapes.c */
extern const struct docker_shape docker_shape_nothing;
extern const struct docker_shape docker_shape_driver;
extern const struct docker_shape docker_shape_mount;
extern const struct docker_shape docker_shape_health;
extern const struct docker_shape docker_shape_ulimit;

#endif
