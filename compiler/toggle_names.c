/* Names that look like a toggle but are none.
 *
 * Operators set variables that do not exist and believe themselves protected.
 * But every environment is full of names that mean something else: a name
 * that is merely near to a toggle's counts only with a boolean for a value.
 */
#include "compiler/toggle_set.h"

#define NAME_MAX_LEN 32 /* no toggle's name is longer */
#define NAME_SHORT   5  /* shorter names are near to too many others */
#define NAME_LONG    8  /* two mistakes are forgiven */

static bool
has_prefix(struct str name)
{
	static const char *const prefixes[] = {"ALLOW_", "ALLOWED_", "LIBPOD_"};
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(name, str_of(prefixes[i])))
			return true;
	return false;
}

/* Is name so near to the toggle known that it is likely to be meant? */
static bool
is_near(struct str name, struct str known)
{
	if (str_eq_nocase(name, known))
		return true;
	if (known.n < NAME_SHORT)
		return name.n == known.n + 1 && str_starts(name, known);
	if (name.n == 0 || name.n > NAME_MAX_LEN || known.n > NAME_MAX_LEN ||
		ascii_lower(name.p[0]) != ascii_lower(known.p[0]))
		return false;
	/* A prefix in common says nothing of the rest. */
	bool one = known.n < NAME_LONG || has_prefix(known);
	return diag_distance(name, known) <= (one ? 1u : 2u);
}

static const char *
nearest(const struct toggle_profile_info *p, struct str name)
{
	for (size_t i = 0; i < p->ndefs; i++)
		if (is_near(name, str_of(p->defs[i].name)))
			return p->defs[i].name;
	return NULL;
}

static bool
has_name(const struct toggle_profile_info *p, struct str name)
{
	for (size_t i = 0; i < p->ndefs; i++)
		if (str_eq(name, str_of(p->defs[i].name)))
			return true;
	return false;
}

/* The name of another profile that has this toggle. */
static const char *
other_profile(const struct toggle_profile_info *mine, struct str name)
{
	for (unsigned i = 0; i < TOGGLE_PROFILES; i++)
		if (toggle_profiles[i] != mine &&
			has_name(toggle_profiles[i], name))
			return toggle_profiles[i]->name;
	return NULL;
}

static void
judge(struct toggle_set *s, struct str name, struct str value)
{
	bool on;

	if (value.n == 0 || has_name(s->profile, name))
		return;
	const char *other = other_profile(s->profile, name);
	if (other) {
		diag_env_warning(s->diag, FINDING_NO_EFFECT,
			"%.*s has no effect: it is a toggle of the %s "
			"profile, not of %s",
			STR_FMT(name), other, s->profile->name);
		return;
	}
	const char *near = nearest(s->profile, name);
	if (!has_prefix(name) && !(near && toggle_word(value, &on)))
		return;
	diag_env_warning(s->diag, FINDING_UNKNOWN_VARIABLE,
		"%.*s has no effect: there is no such toggle", STR_FMT(name));
	if (near)
		diag_help(s->diag, "did you mean %s?", near);
}

static bool
seen_before(const char *const *envp, const char *const *at, size_t name_len)
{
	for (; envp < at; envp++)
		if (strncmp(*envp, *at, name_len + 1) == 0)
			return true;
	return false;
}

void
toggle_warn_names(struct toggle_set *s, const char *const *envp)
{
	for (const char *const *e = envp; *e; e++) {
		const char *eq = strchr(*e, '=');
		if (!eq)
			continue;
		struct str name = {*e, (size_t)(eq - *e)};
		if (!seen_before(envp, e, name.n))
			judge(s, name, str_of(eq + 1));
	}
}
