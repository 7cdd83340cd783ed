/* Toggles: read the variables of a profile, and lower them to rules. */
#include "compiler/toggles.h"

#include "compiler/toggle_set.h"

#include <assert.h>

const struct toggle_profile_info *const toggle_profiles[TOGGLE_PROFILES] = {
	[PROFILE_STRICT] = &toggle_strict,
	[PROFILE_TECNATIVA] = &toggle_tecnativa,
	[PROFILE_LINUXSERVER] = &toggle_linuxserver,
};

#define PROFILE_VARIABLE "DOCKER_PROXY_PROFILE"
#define PROFILE_KEY      "profile"
#define SHOWN_MAX        40 /* bytes of a bad value that a message repeats */

const char *
toggle_profile_name(enum toggle_profile p)
{
	assert((unsigned)p < TOGGLE_PROFILES);
	return toggle_profiles[p]->name;
}

/* --- the profile -------------------------------------------------------- */

static bool
profile_find(struct str name, enum toggle_profile *out)
{
	for (unsigned i = 0; i < TOGGLE_PROFILES; i++) {
		if (!str_eq(name, str_of(toggle_profiles[i]->name)))
			continue;
		*out = (enum toggle_profile)i;
		return true;
	}
	return false;
}

static void
profile_unknown(struct diag *d, struct str name)
{
	const char *names[TOGGLE_PROFILES];
	for (unsigned i = 0; i < TOGGLE_PROFILES; i++)
		names[i] = toggle_profiles[i]->name;
	diag_did_you_mean(d, name, names, TOGGLE_PROFILES);
}

static enum toggle_profile
profile_from_env(const char *const *envp, struct diag *d)
{
	enum toggle_profile p = PROFILE_STRICT;
	struct str name = env_get(envp, PROFILE_VARIABLE);

	if (name.n == 0 || profile_find(name, &p))
		return p;
	diag_env_error(
		d, PROFILE_VARIABLE " is not strict, tecnativa or linuxserver");
	profile_unknown(d, name);
	return p;
}

static enum toggle_profile
profile_from_node(
	const struct tree *node, const char *const *envp, struct diag *d)
{
	enum toggle_profile p = PROFILE_STRICT;

	if (node->kind != TREE_SCALAR || !profile_find(node->text, &p)) {
		diag_error(d, node->pos,
			"the profile is not strict, tecnativa or linuxserver");
		profile_unknown(
			d, node->kind == TREE_SCALAR ? node->text : STR(""));
		return p;
	}
	struct str env = env_get(envp, PROFILE_VARIABLE);
	if (env.n > 0 && !str_eq(env, node->text))
		diag_warning(d, FINDING_NO_EFFECT, node->pos,
			PROFILE_VARIABLE " is not read: the file names the "
					 "profile of its toggles");
	return p;
}

/* --- values ------------------------------------------------------------- */

/* A value for a message: short, and printable whatever was set. */
static const char *
shown(struct str value, char buf[SHOWN_MAX + 4])
{
	size_t n = value.n < SHOWN_MAX ? value.n : SHOWN_MAX;

	for (size_t i = 0; i < n; i++)
		buf[i] = value.p[i] >= ' ' && value.p[i] <= '~' ? value.p[i]
								: '?';
	memcpy(buf + n, value.n > n ? "..." : "", value.n > n ? 4 : 1);
	return buf;
}

static void
read_value(struct toggle_set *s, size_t i, struct str text)
{
	struct toggle_value *v = &s->values[i];
	char buf[SHOWN_MAX + 4];

	v->given = true;
	if (s->profile->read(text, &v->on))
		return;
	const char *name = s->profile->defs[i].name;
	if (s->from_file)
		diag_warning(s->diag, FINDING_TOGGLE_VALUE, v->pos,
			"%s: %s %s: treated as %d", name, shown(text, buf),
			s->profile->strange, v->on);
	else
		diag_env_warning(s->diag, FINDING_TOGGLE_VALUE,
			"%s=%s %s: treated as %d", name, shown(text, buf),
			s->profile->strange, v->on);
	diag_help(s->diag, "write 1 or 0");
}

static void
read_env(struct toggle_set *s, const char *const *envp)
{
	for (size_t i = 0; i < s->profile->ndefs; i++) {
		struct str text = env_get(envp, s->profile->defs[i].name);
		if (text.n > 0)
			read_value(s, i, text);
	}
}

static void
unknown_member(struct toggle_set *s, const struct tree *m)
{
	size_t n = s->profile->ndefs;
	const char **names = arena_alloc(s->arena, n * sizeof(*names));

	diag_error(s->diag, m->key_pos, "unknown toggle \"%.*s\"",
		STR_FMT(m->key));
	if (!names)
		return;
	for (size_t i = 0; i < n; i++)
		names[i] = s->profile->defs[i].name;
	diag_did_you_mean(s->diag, m->key, names, n);
}

static void
read_member(struct toggle_set *s, const struct tree *m)
{
	size_t i = 0;

	while (i < s->profile->ndefs &&
		!str_eq(m->key, str_of(s->profile->defs[i].name)))
		i++;
	if (i == s->profile->ndefs) {
		unknown_member(s, m);
		return;
	}
	s->values[i].pos = m->pos;
	if (m->kind != TREE_SCALAR) {
		diag_error(s->diag, m->pos, "a toggle is 1 or 0");
		return;
	}
	if (!tree_is_null(m) && m->text.n > 0)
		read_value(s, i, m->text);
}

static void
read_map(struct toggle_set *s, const struct tree *map)
{
	for (const struct tree *m = map->first; m; m = m->next)
		if (!str_eq(m->key, STR(PROFILE_KEY)))
			read_member(s, m);
}

/* --- all of it ---------------------------------------------------------- */

static bool
node_is_map(const struct tree *node, struct diag *d, bool *bad_out)
{
	*bad_out = false;
	if (!node)
		return false;
	if (node->kind == TREE_MAP)
		return true;
	if (node->kind == TREE_SCALAR && str_eq(node->text, STR("env")))
		return false;
	diag_error(d, node->pos,
		"toggles are the word env, or a map of their names");
	diag_help(d, "write `toggles: env` or `toggles: {CONTAINERS: 1}`");
	*bad_out = true;
	return false;
}

static bool
set_init(struct toggle_set *s, struct toggle_state **states_out)
{
	size_t n = s->profile->ndefs;

	s->values = arena_alloc(s->arena, n * sizeof(*s->values));
	*states_out = arena_alloc(s->arena, n * sizeof(**states_out));
	if (!s->values || !*states_out)
		return false;
	for (size_t i = 0; i < n; i++)
		s->values[i].on = s->profile->defs[i].on;
	return true;
}

static void
read_all(struct toggle_set *s, const struct tree *map, const char *const *envp,
	struct toggles *out)
{
	struct toggle_state *states;

	if (!set_init(s, &states))
		return;
	if (map) {
		read_map(s, map);
	} else {
		read_env(s, envp);
		toggle_warn_names(s, envp);
	}
	s->profile->warn(s);
	s->profile->lower(s);
	for (size_t i = 0; i < s->profile->ndefs; i++)
		states[i] = (struct toggle_state){
			.name = s->profile->defs[i].name,
			.on = s->values[i].on,
			.is_default = s->values[i].on == s->profile->defs[i].on,
		};
	out->states = states;
	out->nstates = s->profile->ndefs;
}

void
toggles_read(const struct tree *node, const char *const *envp,
	struct toggles *out, struct rule_list *l, struct arena *a,
	struct diag *d)
{
	bool bad;

	*out = (struct toggles){.profile = PROFILE_STRICT};
	bool is_map = node_is_map(node, d, &bad);
	if (bad)
		return;
	const struct tree *profile =
		is_map ? tree_get(node, PROFILE_KEY) : NULL;
	out->profile = profile ? profile_from_node(profile, envp, d)
			       : profile_from_env(envp, d);
	struct toggle_set s = {
		.profile = toggle_profiles[out->profile],
		.from_file = is_map,
		.pos = node ? node->pos : (struct pos){0},
		.rules = l,
		.arena = a,
		.diag = d,
	};
	read_all(&s, is_map ? node : NULL, envp, out);
	if (arena_overflowed(a))
		diag_env_error(d, "out of memory for the toggles");
}
