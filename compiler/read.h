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

struct tls_check;

struct reader {
	struct arena *arena;   /* what is read is kept here */
	struct arena *scratch; /* and here what is secret or passing */
	struct diag *diag;
	/* The bytes of a file; false with errno when it cannot be read. NULL:
	 * none can. */
	bool (*read_file)(
		void *ctx, const char *path, struct arena *a, struct str *out);
	void *read_file_ctx;
	const struct tls_check *tls_check; /* NULL: no file of TLS is opened */
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
	KEY_MAP,    /* a struct: the members of `map` */
	KEY_NODE,   /* const struct tree *: the node as it is, also a null */
	KEY_CUSTOM, /* whatever read() makes of it */
};

/* Of NODE and CUSTOM: what may stand there; or-ed. */
enum key_form {
	FORM_TEXT = 1,     /* a scalar; one of `words` where there are any */
	FORM_TEXTS = 2,    /* a list of scalars */
	FORM_MAP = 4,      /* a map: `map` */
	FORM_MAPS = 8,     /* a list of them */
	FORM_ANY = 16,     /* whatever YAML has */
	FORM_FIELD = 32,   /* a field of conditions */
	FORM_TOGGLES = 64, /* a map of toggles */
	FORM_HEADERS = 128 /* a map of texts */
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset; /* in the struct that is filled */
	int64_t min, max;
	const struct key_word *words; /* ended by a NULL word */
	const struct key_map *map;
	void (*read)(struct reader *r, const struct tree *node, void *out);
	/* For the schema and the reference, which are made of the tables. */
	unsigned forms;      /* enum key_form */
	bool required;       /* the map is an error without it */
	const char *with;    /* the key that must stand beside it; or NULL */
	const char *pattern; /* of a FORM_TEXT: a regex of ECMAScript */
	const char *preset;  /* the default as it is written; NULL: none */
	const char *unsaid;  /* what holds instead of a preset; or NULL */
	const char *help;    /* in Markdown without links */
};

/* The keys of a map. */
struct key_map {
	const char *name; /* "rule", in the schema */
	const char *what; /* "a rule", in messages */
	const struct key *keys;
	size_t nkeys;
	const char *const *one_of; /* exactly one of these keys stands there;
				      ended by NULL; NULL: nothing such */
};

/* An entry of a table: KEY("port", U16, INTO(struct x, port), RANGE(1, 65535)). */
#define KEY(name_, type_, ...) \
	{ \
		.name = (name_), .type = KEY_##type_, __VA_ARGS__ \
	}
#define INTO(struct_, member_) .offset = offsetof(struct_, member_)
#define RANGE(min_, max_)      .min = (min_), .max = (max_)

/* The map of a table: MAP("rule", "a rule", rule_keys). */
#define MAP(name_, what_, keys_, ...) \
	{ \
		.name = (name_), .what = (what_), .keys = (keys_), \
		.nkeys = sizeof(keys_) / sizeof((keys_)[0]), __VA_ARGS__ \
	}

/* Reads the members of a map into *out; what is no map is an error. A member
 * without a value counts as not given, with a warning. False when it was no
 * map. */
bool read_map(struct reader *r, const struct tree *node,
	const struct key_map *map, void *out);

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
