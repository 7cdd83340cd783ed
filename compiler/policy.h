/* The compiler's only public entry: text and environment to a policy. */
#ifndef COMPILER_POLICY_H
#define COMPILER_POLICY_H

#include "compiler/diag.h"
#include "compiler/settings.h"
#include "compiler/toggles.h"
#include "runtime/program.h"

struct policy_input {
	const char *file;        /* NULL: no file, the toggles alone */
	struct str text;         /* its bytes */
	const char *const *envp; /* NULL-terminated "NAME=value" */
};

/* Immutable once compiled; shared by all threads. */
struct policy {
	struct arena arena; /* owns everything below */
	struct settings settings;
	struct toggles toggles; /* nstates 0: toggles are off */
	void *image;            /* owned */
	size_t image_size;
	struct program program;
};

/* NULL when there was any error; warnings alone do not fail. `diag` is
 * initialised here, its texts live as long as *diag_arena (caller's). */
struct policy *policy_compile(const struct policy_input *in,
	struct arena *diag_arena, struct diag *diag);
void policy_free(struct policy *p);

/* The effective settings and rules, as --check-config prints them; never a
 * secret. */
void policy_write(const struct policy *p, FILE *out);

#endif
