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

#define OPENING(name, path) \
	{ \
		name, TOGGLE_OPENING, false, false, path \
	}
#define NARROWING(name, path) \
	{ \
		name, TOGGLE_NARROWING, false, false, path \
	}
#define LIBPOD_SECTION(name, on, path) \
	{ \
		name, TOGGLE_SECTION, on, false, path \
	}

static const struct toggle_def defs[] = {
	{"POST", TOGGLE_GATE, false, false, NULL},
#define SECTION(name, on, path, writes_only) \
	{name, TOGGLE_SECTION, on, writes_only, path},
#include "compiler/toggles.def"
#undef SECTION
	NARROWING("ALLOW_ARCHIVE", EITHER "archive"),
	NARROWING("ALLOW_CHANGES", EITHER "change"),
	NARROWING("ALLOW_EXPORT", EITHER "export"),
	NARROWING("ALLOW_LOGS", EITHER "logs"),
	NARROWING("ALLOW_TOP", EITHER "top"),
	OPENING("ALLOW_RESTARTS", EITHER "(stop|restart|kill)"),
	OPENING("ALLOW_START", EITHER "start"),
	OPENING("ALLOW_STOP", EITHER "stop"),
	OPENING("ALLOW_PAUSE", EITHER "pause"),
	OPENING("ALLOW_UNPAUSE", EITHER "unpause"),
	OPENING("LIBPOD_ALLOW_RESTARTS", LIBPOD "(stop|restart|kill)"),
	OPENING("LIBPOD_ALLOW_START", LIBPOD "start"),
	OPENING("LIBPOD_ALLOW_STOP", LIBPOD "stop"),
	OPENING("LIBPOD_ALLOW_PAUSE", LIBPOD "pause"),
	OPENING("LIBPOD_ALLOW_UNPAUSE", LIBPOD "unpause"),
	OPENING("LIBPOD_ALLOW_POD_RESTARTS", POD "(stop|restart|kill)"),
	OPENING("LIBPOD_ALLOW_POD_START", POD "start"),
	OPENING("LIBPOD_ALLOW_POD_STOP", POD "stop"),
	OPENING("LIBPOD_ALLOW_POD_PAUSE", POD "pause"),
	OPENING("LIBPOD_ALLOW_POD_UNPAUSE", POD "unpause"),
	LIBPOD_SECTION("LIBPOD_CONTAINERS", false, "/libpod/containers"),
	LIBPOD_SECTION("LIBPOD_EVENTS", false, "/libpod/events"),
	LIBPOD_SECTION("LIBPOD_EXEC", false, "/libpod/exec"),
	LIBPOD_SECTION("LIBPOD_GENERATE", false, "/libpod/generate"),
	LIBPOD_SECTION("LIBPOD_IMAGES", false, "/libpod/images"),
	LIBPOD_SECTION("LIBPOD_INFO", false, "/libpod/info"),
	LIBPOD_SECTION("LIBPOD_MANIFESTS", false, "/libpod/manifests"),
	LIBPOD_SECTION("LIBPOD_NETWORKS", false, "/libpod/networks"),
	LIBPOD_SECTION("LIBPOD_PING", true, "/libpod/_ping"),
	LIBPOD_SECTION("LIBPOD_PLAY", false, "/libpod/play"),
	LIBPOD_SECTION("LIBPOD_PODS", false, "/libpod/pods"),
	LIBPOD_SECTION("LIBPOD_SECRETS", false, "/libpod/secrets"),
	LIBPOD_SECTION("LIBPOD_SYSTEM", false, "/libpod/system"),
	LIBPOD_SECTION("LIBPOD_VERSION", true, "/libpod/version"),
	LIBPOD_SECTION("LIBPOD_VOLUMES", false, "/libpod/volumes"),
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
