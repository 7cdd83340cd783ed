/* The compiler's only public entry: text and environment to a policy. */
#ifndef COMPILER_POLICY_H
#define COMPILER_POLICY_H

#include "compiler/diag.h"
#include "compiler/settings.h"
#include "compiler/testcases.h"
#include "compiler/toggles.h"
#include "runtime/program.h"

enum lint_mode {
	LINT_NONE,     /* a start: what the readers find */
	LINT_WARNINGS, /* --check-config */
	LINT_ALL,      /* notes, too; and a file without settings is taken for
			  a part of a configuration */
};

struct policy_input {
	const char *file; /* NULL: no file, and without `policies` the toggles
			     alone */
	struct str text;  /* its bytes */
	/* Ready policies that are included, beside what the file includes; ends
	 * with NULL. NULL: none. */
	const char *const *policies;
	const char *const *envp; /* NULL-terminated "NAME=value" */
	/* For token_file; the bytes go to the arena, and end in NUL behind
	 * them; false with errno. NULL: there are no files. */
	bool (*read_file)(
		void *ctx, const char *path, struct arena *a, struct str *out);
	/* The same for `include`, of at most INCLUDE_BYTES_MAX. */
	bool (*read_include)(
		void *ctx, const char *path, struct arena *a, struct str *out);
	void *read_file_ctx;
	/* Without a candidate index: to compare the two. */
	bool no_index;
	const struct tls_check *tls_check; /* NULL: none is opened */
	/* --check-config: doubtful toggles are errors. */
	bool strict;
	enum lint_mode lint;
	bool others_read; /* every user of the machine can read the file */
};

/* Immutable once compiled; shared by all threads. */
struct policy {
	struct arena arena; /* owns everything below */
	struct settings settings;
	struct toggles toggles; /* nstates 0: toggles are off */
	struct testcases tests; /* of the file */
	void *image;            /* owned */
	size_t image_size;
	struct program program;
};

/* NULL when there was any error; warnings alone do not fail. `diag` is
 * initialised here; its texts live as long as *diag_arena (the caller's), and
 * borrow the file's name and text. Give it to diag_fini() in any case. */
struct policy *policy_compile(const struct policy_input *in,
	struct arena *diag_arena, struct diag *diag);
void policy_free(struct policy *p);

/* The effective settings and rules, as --check-config prints them; never a
 * secret. */
void policy_write(const struct policy *p, FILE *out);

#endif
