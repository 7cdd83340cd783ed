/* The two halves of the settings: `global` and `auth`. Seen by settings*.c. */
#ifndef COMPILER_SETTINGS_PARTS_H
#define COMPILER_SETTINGS_PARTS_H

#include "compiler/read.h"
#include "compiler/settings.h"

/* *out holds the defaults. */
void settings_read_global(struct reader *r, const struct settings_input *in,
	struct settings *out);
void settings_read_auth(struct reader *r, const struct settings_input *in,
	struct settings_auth *out);

/* The value of `bind`: "*", or a numeric address; localhost is 127.0.0.1. */
bool settings_read_bind(
	struct reader *r, const struct tree *node, struct str *out);

/* `listeners`: a list; replaces what bind and port say. */
void settings_read_listeners(
	struct reader *r, const struct tree *node, struct settings *out);

/* `socket`: where the Engine is. */
void settings_read_engine(
	struct reader *r, const struct tree *node, struct settings_engine *out);

/* An absolute path that fits a unix socket's address. */
bool settings_read_socket_path(struct reader *r, const struct tree *node,
	struct str text, struct str *out);

#endif
