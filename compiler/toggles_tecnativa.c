/* The tecnativa profile: tecnativa/docker-socket-proxy's rules, in its order.
 *
 * Its regexes are anchored at the start only and know no case; the API
 * version they begin with is no part of the path that is judged here. With
 * POST=0 the gate comes before the openings: they then open GET and HEAD.
 */
#include "compiler/toggle_compat.h"

static const struct toggle_def defs[] = {
	{"POST", TOGGLE_GATE, false, false, NULL},
#define SECTION(name, on, path, writes_only) \
	{name, TOGGLE_SECTION, on, writes_only, path},
#include "compiler/toggles.def"
#undef SECTION
	{"ALLOW_RESTARTS", TOGGLE_OPENING, false, false,
		"^/containers/[a-z0-9_.-]+/(stop|restart|kill)"},
	{"ALLOW_START", TOGGLE_OPENING, false, false,
		"^/containers/[a-z0-9_.-]+/start"},
	{"ALLOW_STOP", TOGGLE_OPENING, false, false,
		"^/containers/[a-z0-9_.-]+/stop"},
};

static void
lower(struct toggle_set *s)
{
	toggle_gate(s);
	toggle_compat_openings(s);
	toggle_sections(s, toggle_compat_section);
}

static void
warn(struct toggle_set *s)
{
	toggle_warn_writes(s);
	for (size_t i = 0; i < s->profile->ndefs; i++) {
		const struct toggle_def *t = &defs[i];
		if (t->kind != TOGGLE_OPENING)
			continue;
		if (!toggle_on(s, "POST"))
			toggle_no_effect(
				s, t, "in this profile it takes POST=1 too");
		else if (toggle_on(s, "CONTAINERS"))
			toggle_no_effect(s, t, "CONTAINERS=1 opens it already");
		else if (strcmp(t->name, "ALLOW_STOP") == 0 &&
			 toggle_on(s, "ALLOW_RESTARTS"))
			toggle_no_effect(
				s, t, "ALLOW_RESTARTS=1 opens it already");
	}
}

const struct toggle_profile_info toggle_tecnativa = {
	.name = "tecnativa",
	.defs = defs,
	.ndefs = sizeof(defs) / sizeof(defs[0]),
	.read = toggle_integer,
	.strange = "is not 1",
	.lower = lower,
	.warn = warn,
};
