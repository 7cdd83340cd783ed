/* The strict profile: narrow openings, wide denials.
 *
 * The Engine routes container calls as /containers/{name:.*}/logs: a name may
 * span slashes. What is denied is denied for such names too; what is opened
 * is opened for names of one segment, which is all that clients send.
 */
#include "compiler/toggle_set.h"

static const struct toggle_def defs[] = {
	{"POST", TOGGLE_GATE, false, false, NULL},
#define SECTION(name, on, path, writes_only) \
	{name, TOGGLE_SECTION, on, writes_only, path},
#include "compiler/toggles.def"
#undef SECTION
	{"ALLOW_START", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_STOP", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_KILL", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_RESTARTS", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_PAUSE", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_UNPAUSE", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_CREATE", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_DELETE", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_EXEC", TOGGLE_OPENING, false, false, NULL},
	{"ALLOW_LOGS", TOGGLE_NARROWING, true, false,
		"(?s)^/containers/.+/logs(/|$)"},
	{"ALLOW_TOP", TOGGLE_NARROWING, true, false,
		"(?s)^/containers/.+/top(/|$)"},
	{"ALLOW_CHANGES", TOGGLE_NARROWING, true, false,
		"(?s)^/containers/.+/changes(/|$)"},
	{"ALLOW_ARCHIVE", TOGGLE_NARROWING, false, false,
		"(?s)^/containers/.+/archive(/|$)"},
	{"ALLOW_EXPORT", TOGGLE_NARROWING, false, false,
		"(?s)^/containers/.+/export(/|$)"},
};

/* The calls of each opening. A toggle may have several. */
static const struct call {
	const char *toggle, *method, *path;
} calls[] = {
	{"ALLOW_START", "POST", "^/containers/[^/]+/start$"},
	{"ALLOW_STOP", "POST", "^/containers/[^/]+/stop$"},
	{"ALLOW_KILL", "POST", "^/containers/[^/]+/kill$"},
	{"ALLOW_RESTARTS", "POST", "^/containers/[^/]+/(restart|stop|kill)$"},
	{"ALLOW_PAUSE", "POST", "^/containers/[^/]+/pause$"},
	{"ALLOW_UNPAUSE", "POST", "^/containers/[^/]+/unpause$"},
	{"ALLOW_CREATE", "POST", "^/containers/create$"},
	{"ALLOW_DELETE", "DELETE", "^/containers/[^/]+$"},
	{"ALLOW_EXEC", "POST", "^/containers/[^/]+/exec$"},
	{"ALLOW_EXEC", "POST", "^/exec/[^/]+/(start|resize)$"},
	{"ALLOW_EXEC", "GET", "^/exec/[^/]+/json$"},
};

static struct cond *
path_matches(struct toggle_set *s, const char *pattern)
{
	return toggle_test(s, FIELD_PATH, OP_MATCHES, pattern, false);
}

/* The calls of t; without reads, only those that POST=0 closes. */
static struct cond *
opening(struct toggle_set *s, const struct toggle_def *t, bool reads)
{
	struct cond *any = toggle_group(s, COND_OR, NULL);

	for (size_t i = sizeof(calls) / sizeof(calls[0]); any && i-- > 0;) {
		if (strcmp(calls[i].toggle, t->name) != 0 ||
			(!reads && strcmp(calls[i].method, "GET") == 0))
			continue;
		struct cond *c = toggle_group(s, COND_AND,
			toggle_test(s, FIELD_METHOD, OP_EQUALS, calls[i].method,
				false),
			path_matches(s, calls[i].path), NULL);
		if (!c)
			return NULL;
		c->next = any->first;
		any->first = c;
	}
	return any;
}

/* A section is the exact first segment. */
static struct cond *
section(struct toggle_set *s, const char *path)
{
	struct str below = arena_fmt(s->arena, "%s/", path);

	return toggle_group(s, COND_OR,
		toggle_test(s, FIELD_PATH, OP_EQUALS, path, false),
		toggle_test(s, FIELD_PATH, OP_STARTS_WITH, below.p, false),
		NULL);
}

/* Exec is a section and a call of containers: one toggle for both, that has
 * denied both already when it is off. */
static struct cond *
section_or_exec(struct toggle_set *s, const struct toggle_def *t)
{
	struct cond *c = section(s, t->path);

	if (strcmp(t->name, "EXEC") != 0)
		return c;
	if (!toggle_on(s, "EXEC"))
		return NULL;
	return toggle_group(s, COND_OR, c,
		path_matches(s, "^/containers/[^/]+/exec$"), NULL);
}

/* Is the call open without its ALLOW_ toggle? */
static bool
open_anyway(const struct toggle_set *s, const struct toggle_def *t)
{
	bool exec = strcmp(t->name, "ALLOW_EXEC") == 0;
	return toggle_on(s, "POST") &&
	       toggle_on(s, exec ? "EXEC" : "CONTAINERS");
}

static void
openings(struct toggle_set *s)
{
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (defs[i].kind == TOGGLE_OPENING && s->values[i].on)
			toggle_allow(
				s, defs[i].name, opening(s, &defs[i], true));
	/* Writes that are denied further down anyway: here the message names
	 * the smallest toggle that would do. */
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (defs[i].kind == TOGGLE_OPENING && !s->values[i].on &&
			!open_anyway(s, &defs[i]))
			toggle_deny(s, defs[i].name,
				opening(s, &defs[i], false),
				"%s=0: %s=1 opens just this call", defs[i].name,
				defs[i].name);
}

static void
narrowings(struct toggle_set *s)
{
	if (!toggle_on(s, "EXEC"))
		toggle_deny(s, "EXEC",
			toggle_group(s, COND_OR, section(s, "/exec"),
				path_matches(
					s, "(?s)^/containers/.+/exec(/|$)"),
				NULL),
			"EXEC=0: EXEC=1 with POST=1, or ALLOW_EXEC=1, "
			"opens exec");
	/* With CONTAINERS=0 that is what is missing, and what is told. */
	if (!toggle_on(s, "CONTAINERS"))
		return;
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (defs[i].kind == TOGGLE_NARROWING && !s->values[i].on)
			toggle_deny(s, defs[i].name,
				path_matches(s, defs[i].path),
				"%s=0: %s=1 opens this call", defs[i].name,
				defs[i].name);
}

static void
lower(struct toggle_set *s)
{
	openings(s);
	narrowings(s);
	toggle_gate(s);
	/* A GET, but it drives the container's standard input. */
	if (!toggle_on(s, "POST"))
		toggle_deny(s, "POST/attach",
			path_matches(s, "(?s)^/containers/.+/attach/ws(/|$)"),
			"POST=0: attach/ws counts as a write; "
			"POST=1 opens it");
	toggle_sections(s, section_or_exec);
}

static void
warn(struct toggle_set *s)
{
	toggle_warn_writes(s);
	for (size_t i = 0; i < s->profile->ndefs; i++) {
		const struct toggle_def *t = &defs[i];
		bool stops = strcmp(t->name, "ALLOW_STOP") == 0 ||
			     strcmp(t->name, "ALLOW_KILL") == 0;
		if (t->kind == TOGGLE_OPENING && open_anyway(s, t))
			toggle_no_effect(
				s, t, "its section and POST=1 open it already");
		else if (stops && toggle_on(s, "ALLOW_RESTARTS"))
			toggle_no_effect(
				s, t, "ALLOW_RESTARTS=1 opens it already");
		else if (t->kind == TOGGLE_NARROWING &&
			 !toggle_on(s, "CONTAINERS"))
			toggle_no_effect(s, t,
				"it leaves the call to CONTAINERS, which "
				"is 0");
	}
}

const struct toggle_profile_info toggle_strict = {
	.name = "strict",
	.defs = defs,
	.ndefs = sizeof(defs) / sizeof(defs[0]),
	.read = toggle_word,
	.strange = "is no boolean",
	.lower = lower,
	.warn = warn,
};
