/* init: a wizard that writes a configuration.
 *
 * Everything is asked before anything is written, and all files are written,
 * beside their places, before the first gets its name: so an end at any
 * question, or a full disk, leaves nothing half done.
 */
#ifndef DAEMON_INIT_H
#define DAEMON_INIT_H

#include "daemon/command.h"
#include "runtime/arena.h"
#include "runtime/str.h"

#include <sys/types.h>

enum init_question {
#define QUESTION(id, flag, value, preset, text, help) INIT_##id,
#include "daemon/init_questions.def"
#undef QUESTION
	INIT_QUESTIONS
};

struct init_call {
	const char *word, *help, *method, *path, *sample;
};
extern const struct init_call init_calls[]; /* the last has no word */

struct init_answers {
	struct arena *arena;
	struct str v[INIT_QUESTIONS]; /* empty: none, or not asked */
	bool force;                   /* files may be there */
};

/* --- init_ask.c --------------------------------------------------------------- */

/* By flags, else by asking; yes: by presets instead. False when there was an
 * end, or a flag is wrong, which is told; *usage_out: that it was a flag. */
bool init_ask(struct init_answers *a, const struct arguments *arguments,
	bool yes, bool *usage_out) __attribute__((warn_unused_result));

/* Is the word one of the comma-separated list? */
bool init_has(struct str list, const char *word);

/* The next of a comma-separated list, which is shortened; empty at its end. */
struct str init_next(struct str *list);

/* Does something in front create containers? */
bool init_creates(const struct init_answers *a);

/* A path, where clients connect? */
bool init_is_unix(const struct init_answers *a);

/* --- init_files.c --------------------------------------------------------------- */

#define INIT_TOKENS_MAX 100

struct init_file {
	const char *name;
	mode_t mode;
	struct str text;
	char *temporary; /* owned; NULL: not written yet */
};

/* All of them, or none; errors are told. force: replaces what is there. */
bool init_write_files(struct init_file *files, size_t n, bool force)
	__attribute__((warn_unused_result));

/* --- init_config.c --------------------------------------------------------------- */

struct init_token {
	struct str name; /* borrowed of the answers */
	char text[44];   /* 32 bytes of chance, as Base64 for URLs */
};

bool init_token_new(struct init_token *t) __attribute__((warn_unused_result));

/* The configuration. */
void init_write_config(const struct init_answers *a,
	const struct init_token *tokens, size_t ntokens, FILE *out);

/* With the configuration at `config`, an absolute path. */
void init_write_compose(
	const struct init_answers *a, const char *config, FILE *out);
void init_write_unit(
	const struct init_answers *a, const char *config, FILE *out);

#endif
