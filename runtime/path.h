/* Paths of files, read as words: nothing is looked up.
 *
 * As Go's path.Clean reads them, which is what the Engine uses; what a
 * symbolic link makes of a path is only known where the link is.
 */
#ifndef RUNTIME_PATH_H
#define RUNTIME_PATH_H

#include "runtime/arena.h"
#include "runtime/str.h"

#include <stdbool.h>

/* Absolute, without empty, "." and ".." components and without a slash at
 * its end; or "/". */
bool path_is_clean(struct str path);

/* The clean form of a path that starts at "/", whether it says so or not:
 * borrowed when it is clean already, else in the arena, whose overflow makes
 * it empty. */
struct str path_clean(struct str path, struct arena *a);

#endif
