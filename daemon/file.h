/* Files: reading a small one whole. */
#ifndef DAEMON_FILE_H
#define DAEMON_FILE_H

#include "runtime/arena.h"
#include "runtime/str.h"

#include <stdbool.h>

/* The bytes of a file of at most max_bytes, with a NUL behind them. False
 * with errno set (EFBIG when it is larger, ENOMEM when the arena is full).
 * Of a pipe too, which may be waited for. */
bool file_read(const char *path, size_t max_bytes, struct arena *a,
	struct str *out) __attribute__((warn_unused_result));

/* The same, never waiting: what is no regular file is refused (ENOTSUP). */
bool file_read_regular(const char *path, size_t max_bytes, struct arena *a,
	struct str *out) __attribute__((warn_unused_result));

/* The same of a token_file, as the compiler asks for it; ctx is not used. */
bool file_read_secret(void *ctx, const char *path, struct arena *a,
	struct str *out) __attribute__((warn_unused_result));

/* Can every user of this machine read it? */
bool file_others_read(const char *path);

#endif
