/* References to images, made whole.
 *
 * Implements distribution/reference's ParseNormalizedNamed, TagNameOnly and
 * WithTag. What may be the beginning of an image's id is given as id:<hex>,
 * too: the Engine looks for a name first, and whether it finds one is not
 * known here.
 */
#include "runtime/docker_parts.h"

#define ID_DIGITS 64u

static bool
all_of(struct str s, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && (c == '\0' || !strchr(more, c)))
			return false;
	}
	return s.n > 0;
}

static bool
has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_lower(s.p[i]) != s.p[i])
			return true;
	return false;
}

/* <algorithm>:<hex> */
static bool
is_digest(struct str s)
{
	size_t colon = str_find(s, STR(":"));

	return colon < s.n && all_of((struct str){s.p, colon}, "+._-") &&
	       s.n - colon > 32 && docker_is_hex(str_from(s, colon + 1));
}

/* A reference cut into its parts. */
struct parts {
	struct str domain, path; /* domain empty: the default one */
	struct str tag, digest;  /* empty: none */
};

static struct str
cut_last(struct str *s, char at)
{
	const char *p = s->n ? memrchr(s->p, at, s->n) : NULL;

	if (!p)
		return STR("");
	struct str rest = str_from(*s, (size_t)(p - s->p) + 1);
	s->n = (size_t)(p - s->p);
	return rest;
}

/* reference/normalize.go: splitDockerDomain */
static void
cut_domain(struct str name, struct parts *out)
{
	size_t slash = str_find(name, STR("/"));
	struct str first = {name.p, slash};

	out->path = name;
	if (slash == name.n)
		return;
	if (str_find(first, STR(".")) == first.n &&
		str_find(first, STR(":")) == first.n &&
		!str_eq(first, STR("localhost")) && !has_upper(first))
		return;
	out->path = str_from(name, slash + 1);
	if (!str_eq(first, STR("docker.io")) &&
		!str_eq(first, STR("index.docker.io")))
		out->domain = first;
}

static bool
is_path(struct str path)
{
	if (has_upper(path) || !all_of(path, "._-/"))
		return false;
	if (path.p[0] == '/' || path.p[path.n - 1] == '/')
		return false;
	return str_find(path, STR("//")) == path.n;
}

static bool
cut_parts(struct str s, struct parts *out)
{
	*out = (struct parts){.tag = STR("")};
	size_t at = str_find(s, STR("@"));
	if (at < s.n) {
		out->digest = str_from(s, at + 1);
		if (!is_digest(out->digest))
			return false;
		s.n = at;
	}
	const char *slash = s.n ? memrchr(s.p, '/', s.n) : NULL;
	const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
	if (colon && (!slash || colon > slash)) {
		out->tag = cut_last(&s, ':');
		if (!all_of(out->tag, "_.-"))
			return false;
	}
	cut_domain(s, out);
	return is_path(out->path) &&
	       (out->domain.n == 0 || all_of(out->domain, ".-:[]"));
}

/* Without tag and digest. */
static struct str
whole_name(const struct parts *parts, struct arena *a)
{
	bool library = !parts->domain.n &&
		       str_find(parts->path, STR("/")) == parts->path.n;

	return arena_fmt(a, "%.*s/%s%.*s",
		STR_FMT(parts->domain.n ? parts->domain : STR("docker.io")),
		library ? "library/" : "", STR_FMT(parts->path));
}

bool
docker_image_whole(
	struct str s, struct str tag, struct arena *a, struct str *out)
{
	struct parts parts;

	*out = s;
	if (tag.n == 0 && s.n == ID_DIGITS && docker_is_hex(s)) {
		*out = arena_fmt(a, "id:%.*s", STR_FMT(s));
		return true;
	}
	if (tag.n == 0 && is_digest(s)) {
		*out = arena_fmt(a, "id:%.*s",
			STR_FMT(str_from(s, str_find(s, STR(":")) + 1)));
		return true;
	}
	if (!cut_parts(s, &parts))
		return false;
	if (is_digest(tag)) {
		parts.digest = tag;
	} else if (tag.n) {
		parts.tag = tag;
		parts.digest = STR("");
		if (!all_of(tag, "_.-"))
			return false;
	}
	struct str name = whole_name(&parts, a);
	if (parts.digest.n)
		*out = arena_fmt(
			a, "%.*s@%.*s", STR_FMT(name), STR_FMT(parts.digest));
	else
		*out = arena_fmt(a, "%.*s:%.*s", STR_FMT(name),
			STR_FMT(parts.tag.n ? parts.tag : STR("latest")));
	return true;
}

static void
add_short_id(struct gather *g, struct str s)
{
	if (str_starts(s, STR("sha256:")))
		s = str_from(s, 7);
	if (s.n < ID_DIGITS)
		gather_id(g, FIELD_DOCKER_IMAGES, s);
}

void
docker_take_tagged(struct gather *g, struct str repo, struct str tag)
{
	struct str whole;

	if (repo.n == 0)
		return;
	if (!docker_image_whole(repo, tag, g->arena, &whole))
		gather_doubt(g, FIELD_DOCKER_IMAGES);
	gather_add(g, FIELD_DOCKER_IMAGES, whole);
}

void
docker_take_image(struct gather *g, const struct docker_member *m, struct str s)
{
	(void)m;
	docker_take_tagged(g, s, STR(""));
	add_short_id(g, s);
}

/* Without a tag, all of them. */
void
docker_take_pull(struct gather *g, struct str image, struct str tag)
{
	struct parts parts;

	/* The CLI's way to say it (daemon/containerd/image_pull.go). */
	if (str_ends(image, STR(":")))
		image.n--;
	docker_take_tagged(g, image, tag);
	if (tag.n || !cut_parts(image, &parts) || parts.tag.n || parts.digest.n)
		return;
	gather_add(g, FIELD_DOCKER_IMAGES,
		arena_fmt(g->arena, "%.*s:*",
			STR_FMT(whole_name(&parts, g->arena))));
}
