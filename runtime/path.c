/* Paths of files: their clean form. */
#include "runtime/path.h"

/* The bytes of the component that the path begins with. */
static size_t
component(struct str path)
{
	const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
	return slash ? (size_t)(slash - path.p) : path.n;
}

static bool
is_dots(struct str name)
{
	return str_eq(name, STR(".")) || str_eq(name, STR(".."));
}

bool
path_is_clean(struct str path)
{
	if (!str_starts(path, STR("/")))
		return false;
	if (path.n == 1)
		return true;
	while (path.n) {
		path = str_from(path, 1);
		size_t n = component(path);
		if (n == 0 || is_dots((struct str){path.p, n}))
			return false;
		path = str_from(path, n);
	}
	return true;
}

/* The length without the last component: of "/a/b" that of "/a". */
static size_t
parent(const char *p, size_t n)
{
	while (n > 0 && p[n - 1] != '/')
		n--;
	return n > 0 ? n - 1 : 0;
}

struct str
path_clean(struct str path, struct arena *a)
{
	if (path_is_clean(path))
		return path;
	char *to = arena_alloc(a, path.n + 1);
	size_t n = 0;
	if (!to)
		return STR("");
	while (path.n) {
		size_t len = component(path);
		struct str name = {path.p, len};
		path = str_from(path, len + (len < path.n));
		if (str_eq(name, STR("..")))
			n = parent(to, n);
		if (len == 0 || is_dots(name))
			continue;
		to[n++] = '/';
		memcpy(to + n, name.p, len);
		n += len;
	}
	if (n == 0)
		to[n++] = '/';
	return (struct str){to, n};
}
