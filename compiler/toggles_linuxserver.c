/* The linuxserver profile: linuxserver/socket-proxy's rules, in its order.
 *
 * First what ALLOW_ARCHIVE and its like deny, then what ALLOW_START and its
 * like open for any method, and only then the gate and the sections. The
 * regexes are anchored at the start only and know no case.
 */
#include "compiler/toggle_compat.h"

#define EITHER "^(/libpod)?/(containers|pods)/[a-z0-9_.-]+/"
#define LIBPOD "^/libpod/containers/[a-z0-9_.-]+/"
#define POD    "^/libpod/pods/[a-z0-9_.-]+/"

static const struct toggle_def defs[] = {
	{"POST", TOGGLE_GATE, false, false, NULL},
#define SECTION(name, on, path, writes_only) \
	{name, TOGGLE_SECTION, on, writes_only, path},
#include "compiler/toggles.def"
#undef SECTION
	{"ALLOW_ARCHIVE", TOGGLE_NARROWING, false, false, EITHER "archive"},
	{"ALLOW_CHANGES", TOGGLE_NARROWING, false, false, EITHER "change"},
	{"ALLOW_EXPORT", TOGGLE_NARROWING, false, false, EITHER "export"},
	{"ALLOW_LOGS", TOGGLE_NARROWING, false, false, EITHER "logs"},
	{"ALLOW_TOP", TOGGLE_NARROWING, false, false, EITHER "top"},
	{"ALLOW_RESTARTS", TOGGLE_OPENING, false, false,
		EITHER "(stop|restart|kill)"},
	{"ALLOW_START", TOGGLE_OPENING, false, false, EITHER "start"},
	{"ALLOW_STOP", TOGGLE_OPENING, false, false, EITHER "stop"},
	{"ALLOW_PAUSE", TOGGLE_OPENING, false, false, EITHER "pause"},
	{"ALLOW_UNPAUSE", TOGGLE_OPENING, false, false, EITHER "unpause"},
	{"LIBPOD_ALLOW_RESTARTS", TOGGLE_OPENING, false, false,
		LIBPOD "(stop|restart|kill)"},
	{"LIBPOD_ALLOW_START", TOGGLE_OPENING, false, false, LIBPOD "start"},
	{"LIBPOD_ALLOW_STOP", TOGGLE_OPENING, false, false, LIBPOD "stop"},
	{"LIBPOD_ALLOW_PAUSE", TOGGLE_OPENING, false, false, LIBPOD "pause"},
	{"LIBPOD_ALLOW_UNPAUSE", TOGGLE_OPENING, false, false,
		LIBPOD "unpause"},
	{"LIBPOD_ALLOW_POD_RESTARTS", TOGGLE_OPENING, false, false,
		POD "(stop|restart|kill)"},
	{"LIBPOD_ALLOW_POD_START", TOGGLE_OPENING, false, false, POD "start"},
	{"LIBPOD_ALLOW_POD_STOP", TOGGLE_OPENING, false, false, POD "stop"},
	{"LIBPOD_ALLOW_POD_PAUSE", TOGGLE_OPENING, false, false, POD "pause"},
	{"LIBPOD_ALLOW_POD_UNPAUSE", TOGGLE_OPENING, false, false,
		POD "unpause"},
	{"LIBPOD_CONTAINERS", TOGGLE_SECTION, false, false,
		"/libpod/containers"},
	{"LIBPOD_EVENTS", TOGGLE_SECTION, false, false, "/libpod/events"},
	{"LIBPOD_EXEC", TOGGLE_SECTION, false, false, "/libpod/exec"},
	{"LIBPOD_GENERATE", TOGGLE_SECTION, false, false, "/libpod/generate"},
	{"LIBPOD_IMAGES", TOGGLE_SECTION, false, false, "/libpod/images"},
	{"LIBPOD_INFO", TOGGLE_SECTION, false, false, "/libpod/info"},
	{"LIBPOD_MANIFESTS", TOGGLE_SECTION, false, false, "/libpod/manifests"},
	{"LIBPOD_NETWORKS", TOGGLE_SECTION, false, false, "/libpod/networks"},
	{"LIBPOD_PING", TOGGLE_SECTION, true, false, "/libpod/_ping"},
	{"LIBPOD_PLAY", TOGGLE_SECTION, false, false, "/libpod/play"},
	{"LIBPOD_PODS", TOGGLE_SECTION, false, false, "/libpod/pods"},
	{"LIBPOD_SECRETS", TOGGLE_SECTION, false, false, "/libpod/secrets"},
	{"LIBPOD_SYSTEM", TOGGLE_SECTION, false, false, "/libpod/system"},
	{"LIBPOD_VERSION", TOGGLE_SECTION, true, false, "/libpod/version"},
	{"LIBPOD_VOLUMES", TOGGLE_SECTION, false, false, "/libpod/volumes"},
};

static struct cond *
path_matches(struct toggle_set *s, const struct toggle_def *t)
{
	return toggle_test(s, FIELD_PATH, OP_MATCHES, t->path, true);
}

static void
narrowings(struct toggle_set *s)
{
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (defs[i].kind == TOGGLE_NARROWING && !s->values[i].on)
			toggle_deny(s, defs[i].name, path_matches(s, &defs[i]),
				"%s=0: %s=1 leaves this call to its section",
				defs[i].name, defs[i].name);
}

/* With POST=0 the gate denies these: here the message names the smallest
 * toggle that would do. */
static void
hints(struct toggle_set *s)
{
	if (toggle_on(s, "POST"))
		return;
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (defs[i].kind == TOGGLE_OPENING && !s->values[i].on)
			toggle_deny(s, defs[i].name,
				toggle_group(s, COND_AND,
					toggle_test(s, FIELD_METHOD, OP_EQUALS,
						"POST", false),
					path_matches(s, &defs[i]), NULL),
				"%s=0: %s=1 opens just this call", defs[i].name,
				defs[i].name);
}

static void
lower(struct toggle_set *s)
{
	narrowings(s);
	toggle_compat_openings(s);
	hints(s);
	toggle_gate(s);
	toggle_sections(s, toggle_compat_section);
}

/* ALLOW_START opens what LIBPOD_ALLOW_START and LIBPOD_ALLOW_POD_START do. */
static bool
wider_on(const struct toggle_set *s, const struct toggle_def *t)
{
	static const char *const prefixes[] = {
		"LIBPOD_ALLOW_POD_", "LIBPOD_ALLOW_", "ALLOW_"};
	struct str call = str_of(t->name);
	size_t i = 0;

	while (!str_starts(call, str_of(prefixes[i])))
		i++;
	call = str_from(call, strlen(prefixes[i]));
	for (size_t j = 0; j < s->profile->ndefs; j++) {
		struct str name = str_of(defs[j].name);
		if (!s->values[j].on || &defs[j] == t ||
			!str_starts(name, STR("ALLOW_")))
			continue;
		name = str_from(name, strlen("ALLOW_"));
		bool same = str_eq(name, call);
		bool stop = str_eq(call, STR("STOP")) &&
			    str_eq(name, STR("RESTARTS"));
		if (same || stop)
			return true;
	}
	return false;
}

static void
warn(struct toggle_set *s)
{
	bool sections = toggle_on(s, "CONTAINERS") ||
			toggle_on(s, "LIBPOD_CONTAINERS") ||
			toggle_on(s, "LIBPOD_PODS");

	toggle_warn_writes(s);
	for (size_t i = 0; i < s->profile->ndefs; i++) {
		const struct toggle_def *t = &defs[i];
		if (t->kind == TOGGLE_NARROWING && !sections)
			toggle_no_effect(s, t,
				"it leaves the call to CONTAINERS, which "
				"is 0");
		else if (t->kind == TOGGLE_OPENING && wider_on(s, t))
			toggle_no_effect(
				s, t, "an ALLOW_ toggle opens it already");
	}
}

const struct toggle_profile_info toggle_linuxserver = {
	.name = "linuxserver",
	.defs = defs,
	.ndefs = sizeof(defs) / sizeof(defs[0]),
	.read = toggle_integer,
	.strange = "is not 1",
	.lower = lower,
	.warn = warn,
};
