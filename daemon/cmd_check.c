/* --check-config. */
#include "daemon/cmd_check.h"

#include "compiler/policy.h"
#include "daemon/file.h"
#include "runtime/limits.h"

#include <errno.h>

#define TOKEN_FILE_MAX KIB(64)

static bool
read_token_file(void *ctx, const char *path, struct arena *a, struct str *out)
{
	(void)ctx;
	return file_read(path, TOKEN_FILE_MAX, a, out);
}

int
cmd_check(const char *file, const char *const *envp, FILE *out, FILE *err)
{
	struct arena arena;
	struct diag diag;
	int status = 1;
	struct policy_input in = {
		.file = file,
		.envp = envp,
		.read_file = read_token_file,
		.strict = true,
	};
	arena_init(&arena, POLICY_ARENA_MAX);
	if (file && !file_read(file, SOURCE_BYTES_MAX, &arena, &in.text)) {
		fprintf(err, "%s: error: %s\n", file, strerror(errno));
		goto out;
	}
	struct policy *p = policy_compile(&in, &arena, &diag);
	diag_write(&diag, err);
	if (p) {
		policy_write(p, out);
		status = 0;
	}
	policy_free(p);
	diag_fini(&diag);
out:
	arena_fini(&arena);
	return status;
}
