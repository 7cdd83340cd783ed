/* Migrate: settings from compose files, env files and flags. */
#include "compiler/migrate_parts.h"

#include <string.h>

static const struct image {
	const char *name, *source;
} images[] = {
	{"wollomatic/socket-proxy", "wollomatic"},
	{"linuxserver/socket-proxy", "linuxserver"},
	{"linuxserver/docker-socket-proxy", "linuxserver"},
	{"docker-socket-proxy", "tecnativa"},
};

static void
add(struct migrant *m, struct str name, struct str value, bool flag)
{
	struct setting *s = arena_alloc(m->arena, sizeof(*s));

	if (!s)
		return;
	*s = (struct setting){
		.name = arena_str(m->arena, name),
		.value = arena_str(m->arena, value),
		.flag = flag,
	};
	*m->tail = s;
	m->tail = &s->next;
}

void
migrate_add(struct migrant *m, struct str text)
{
	bool flag = str_starts(text, STR("-"));
	while (str_starts(text, STR("-")))
		text = str_from(text, 1);
	size_t n = str_find(text, STR("="));
	/* A flag of Go's without a value is a boolean. */
	if (n == text.n)
		add(m, text, flag ? STR("true") : STR(""), flag);
	else
		add(m, (struct str){text.p, n}, str_from(text, n + 1), flag);
}

struct setting *
migrate_get(struct migrant *m, const char *name)
{
	struct setting *found = NULL;

	for (struct setting *s = m->first; s; s = s->next) {
		if (!str_eq(s->name, str_of(name)))
			continue;
		s->has_told = true;
		if (!found || s->flag >= found->flag)
			found = s;
	}
	return found;
}

/* --- env files --------------------------------------------------------------- */

static struct str
trim(struct str s)
{
	while (s.n > 0 && strchr(" \t\r", s.p[0]))
		s = str_from(s, 1);
	while (s.n > 0 && strchr(" \t\r", s.p[s.n - 1]))
		s.n--;
	return s;
}

static struct str
unquote(struct str s)
{
	if (s.n < 2 || s.p[0] != s.p[s.n - 1] || !strchr("\"'", s.p[0]))
		return s;
	return (struct str){s.p + 1, s.n - 2};
}

bool
migrate_read_env(struct migrant *m, struct str text)
{
	for (unsigned line = 1; text.n > 0; line++) {
		size_t n = str_find(text, STR("\n"));
		struct str one = trim((struct str){text.p, n});
		text = str_from(text, n < text.n ? n + 1 : n);
		if (one.n == 0 || one.p[0] == '#')
			continue;
		if (str_starts(one, STR("export ")))
			one = str_from(one, 7);
		size_t eq = str_find(one, STR("="));
		if (eq == one.n || eq == 0) {
			diag_file_error(m->diag,
				"line %u of %s is no NAME=value", line,
				m->in->file);
			return false;
		}
		add(m, (struct str){one.p, eq},
			unquote(trim(str_from(one, eq + 1))), false);
	}
	return true;
}

/* --- compose files ---------------------------------------------------------- */

/* A list of NAME=value, or a map. */
static void
read_environment(struct migrant *m, const struct tree *node)
{
	for (const struct tree *t = node ? node->first : NULL; t; t = t->next)
		if (node->kind == TREE_MAP)
			add(m, t->key, t->text, false);
		else
			migrate_add(m, t->text);
}

/* Words of a command line that stands in one text. */
static void
read_words(struct migrant *m, struct str text)
{
	for (text = trim(text); text.n > 0; text = trim(text)) {
		bool quoted = strchr("\"'", text.p[0]);
		struct str rest = quoted ? str_from(text, 1) : text;
		char quote[2] = {quoted ? text.p[0] : ' ', '\0'};
		size_t n = str_find(rest, str_of(quote));
		migrate_add(m, (struct str){rest.p, n});
		text = str_from(rest, n < rest.n ? n + 1 : n);
	}
}

static void
read_command(struct migrant *m, const struct tree *node)
{
	if (node && node->kind == TREE_SCALAR)
		read_words(m, node->text);
	else
		for (const struct tree *t = node ? node->first : NULL; t;
			t = t->next)
			migrate_add(m, t->text);
}

static const char *
source_of_image(struct str image)
{
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		if (str_find(image, str_of(images[i].name)) < image.n)
			return images[i].source;
	return NULL;
}

static struct str
image_of(const struct tree *service)
{
	const struct tree *image =
		service->kind == TREE_MAP ? tree_get(service, "image") : NULL;
	return image ? image->text : STR("");
}

/* The service of that name, or the only one with such an image. */
static const struct tree *
find_service(struct migrant *m, const struct tree *services)
{
	const struct tree *found = NULL;
	struct str names = STR("");
	unsigned n = 0;

	for (const struct tree *t = services->first; t; t = t->next) {
		names = arena_fmt(m->arena, "%.*s%s%.*s", STR_FMT(names),
			names.n > 0 ? ", " : "", STR_FMT(t->key));
		if (m->in->service && str_eq(t->key, str_of(m->in->service)))
			return t;
		if (m->in->service || !source_of_image(image_of(t)))
			continue;
		found = t;
		n++;
	}
	if (n == 1)
		return found;
	diag_error(m->diag, services->pos,
		m->in->service ? "there is no service of that name"
			       : "which service is it? None, or more than one, "
				 "has the image of a proxy");
	diag_help(m->diag, "--service NAME, of: %.*s", STR_FMT(names));
	return NULL;
}

/* Labels by which wollomatic's proxy gives single containers rights. */
static void
note_labels(struct migrant *m, const struct tree *services)
{
	for (const struct tree *s = services->first; s; s = s->next) {
		const struct tree *labels =
			s->kind == TREE_MAP ? tree_get(s, "labels") : NULL;
		const struct tree *t = labels ? labels->first : NULL;
		for (; t; t = t->next) {
			struct str name =
				labels->kind == TREE_MAP ? t->key : t->text;
			if (!str_starts(name, STR("socket-proxy.allow.")))
				continue;
			migrate_note(m,
				"label %.*s of the service %.*s: rights are "
				"not read from labels; give the client a token "
				"or a listener of its own, and a rule on "
				"identity or listener",
				STR_FMT(name), STR_FMT(s->key));
		}
	}
}

bool
migrate_read_compose(
	struct migrant *m, const struct tree *root, const char **source_out)
{
	const struct tree *services = tree_get(root, "services");
	const struct tree *service = find_service(m, services);

	if (!service || service->kind != TREE_MAP)
		return false;
	*source_out = source_of_image(image_of(service));
	read_environment(m, tree_get(service, "environment"));
	read_command(m, tree_get(service, "command"));
	if (tree_get(service, "env_file"))
		migrate_note(m,
			"env_file is not read: give its variables with --arg");
	note_labels(m, services);
	return true;
}

/* --- which proxy --------------------------------------------------------------- */

struct str
migrate_source(const struct migrant *m)
{
	bool pause = false;

	for (const struct setting *s = m->first; s; s = s->next) {
		if (s->flag || str_starts(s->name, STR("SP_")))
			return STR("wollomatic");
		pause = pause || str_starts(s->name, STR("LIBPOD_")) ||
			str_eq(s->name, STR("ALLOW_PAUSE")) ||
			str_eq(s->name, STR("ALLOW_UNPAUSE")) ||
			str_eq(s->name, STR("ALLOW_LOGS"));
	}
	return pause ? STR("linuxserver") : STR("tecnativa");
}
