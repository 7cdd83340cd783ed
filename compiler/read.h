/* Reading: from nodes of the tree to typed values, by tables of keys.
 *
 * A map is read by a table that says of each key what it takes and where it
 * goes. Unknown keys, wrong types and values out of range are errors with a
 * place; reading goes on, so that all of them are told.
 */
#ifndef COMPILER_READ_H
#define COMPILER_READ_H

#include "compiler/diag.h"
#include "compiler/tree.h"
#include "runtime/cidr.h"

struct reader {
	struct arena *arena;   /* what is read is kept here */
	struct arena *scratch; /* and here what is secret or passing */
	struct diag *diag;
	/* The bytes of a file; false when it cannot be read. NULL: none can. */
	bool (*read_file)(
		void *ctx, const char *path, struct arena *a, struct str *out);
	void *read_file_ctx;
};

struct key_word {
	const char *word;
	int value;
};

enum key_type {
	KEY_TEXT,   /* struct str, NUL-terminated; min 1: not empty */
	KEY_FILE,   /* struct str: a file; see read_file_name() */
	KEY_BOOL,   /* bool */
	KEY_U16,    /* uint16_t from min to max */
	KEY_U32,    /* uint32_t */
	KEY_I64,    /* int64_t */
	KEY_SIZE,   /* uint32_t bytes: 64KiB; from min to max bytes */
	KEY_TIME,   /* uint32_t milliseconds: 10s; at most max */
	KEY_WORD,   /* int (or an enum): one of words */
	KEY_SWITCH, /* bool: one of words, of values 0 and 1 */
	KEY_NODE,   /* const struct tree *: the node as it is, also a null */
	KEY_CUSTOM, /* whatever read() makes of it */
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset; /* in the struct that is filled */
	int64_t min, max;
	const struct key_word *words; /* ended by a NULL word */
	void (*read)(struct reader *r, const struct tree *node, void *out);
};

/* An entry of a table: KEY("port", U16, INTO(struct x, port), RANGE(1, 65535)). */
#define KEY(name_, type_, ...) \
	{ \
		.name = (name_), .type = KEY_##type_, __VA_ARGS__ \
	}
#define INTO(struct_, member_) .offset = offsetof(struct_, member_)
#define RANGE(min_, max_)      .min = (min_), .max = (max_)

/* Reads the members of a map into *out; what is no map is an error. `what`
 * names the map in messages: "global". A member without a value counts as not
 * given, with a warning. False when it was no map. */
bool read_map(struct reader *r, const struct tree *map, const char *what,
	const struct key *keys, size_t nkeys, void *out);

/* Reads one node by one key; what settings from the environment share. */
void read_key(struct reader *r, const struct tree *node, const struct key *key,
	void *out);

/* Is it that? Else an error that names its key. */
bool read_is_list(struct reader *r, const struct tree *node);
bool read_is_scalar(struct reader *r, const struct tree *node);

/* A scalar's text, without control bytes; false after an error. An empty one
 * is an error unless may_be_empty. */
bool read_text(struct reader *r, const struct tree *node, bool may_be_empty,
	struct str *out);

/* Did it get by without a variable that is not set? Else an error: what names
 * a file or is a secret must not lose a part. */
bool read_is_set(struct reader *r, const struct tree *node);

/* The name of a file: a text that is set and not empty. */
bool read_file_name(struct reader *r, const struct tree *node, struct str *out);

/* An address or a network such as 10.0.0.0/8. */
bool read_network(struct reader *r, const struct tree *node, struct cidr *out);

/* The member of that name, when it has a value; else NULL. */
const struct tree *read_given(const struct tree *map, const char *name);

/* A whole decimal number, all of text. */
bool read_number(struct str text, int64_t *out);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
