/* Migrate: the variables of tecnativa's and linuxserver's images.
 *
 * Their toggles are ours (profile), so only what stands around them changes.
 */
#include "compiler/migrate_parts.h"

#include "compiler/show.h"
#include "compiler/toggle_set.h"

/* Variables of those images that are no toggles, and what becomes of them. */
static const struct {
	const char *name, *why;
} others[] = {
	{"TZ", "set it for the process"},
	{"BIND_CONFIG", "setting it had no effect"},
	{"PUID", "the process runs as whom it is started as"},
	{"PGID", "the process runs as whom it is started as"},
};

/* A call of each of these toggles. */
static const struct {
	const char *toggle, *method, *path;
} calls[] = {
	{"ALLOW_START", "POST", "/containers/a/start"},
	{"ALLOW_STOP", "POST", "/containers/a/stop"},
	{"ALLOW_RESTARTS", "POST", "/containers/a/restart"},
	{"ALLOW_PAUSE", "POST", "/containers/a/pause"},
	{"ALLOW_UNPAUSE", "POST", "/containers/a/unpause"},
	{"ALLOW_LOGS", "GET", "/containers/a/logs"},
	{"ALLOW_TOP", "GET", "/containers/a/top"},
	{"ALLOW_CHANGES", "GET", "/containers/a/changes"},
	{"ALLOW_ARCHIVE", "GET", "/containers/a/archive"},
	{"ALLOW_EXPORT", "GET", "/containers/a/export"},
};

static const struct toggle_profile_info *
find_profile(struct str name)
{
	for (unsigned i = 0; i < TOGGLE_PROFILES; i++)
		if (str_eq(name, str_of(toggle_profiles[i]->name)))
			return toggle_profiles[i];
	return &toggle_tecnativa;
}

static bool
is_on(struct migrant *m, const struct toggle_profile_info *p, const char *name)
{
	struct setting *s = migrate_get(m, name);
	bool on = false;

	for (size_t i = 0; i < p->ndefs; i++)
		if (strcmp(p->defs[i].name, name) == 0)
			on = p->defs[i].on;
	if (s)
		p->read(s->value, &on);
	return on;
}

/* --- global ------------------------------------------------------------------ */

static void
write_global(struct migrant *m)
{
	struct setting *path = migrate_get(m, "SOCKET_PATH");
	struct setting *level = migrate_get(m, "LOG_LEVEL");
	struct setting *v6 = migrate_get(m, "DISABLE_IPV6");
	bool v4 = v6 && (str_eq(v6->value, STR("1")) ||
				str_eq_nocase(v6->value, STR("true")) ||
				str_eq_nocase(v6->value, STR("yes")));

	fprintf(m->out,
		"global:\n"
		"  # As the image: every address, without TLS. Let no other "
		"network reach it.\n"
		"  bind: \"%s\"\n"
		"  port: 2375\n",
		v4 ? "0.0.0.0" : "*");
	if (path) {
		fputs("  socket: ", m->out);
		show_yaml(path->value, m->out);
		putc('\n', m->out);
	}
	if (level) {
		fputs("  log_level: ", m->out);
		show_yaml(level->value, m->out);
		putc('\n', m->out);
	}
	fputs("  default: deny\n"
	      "auth:\n"
	      "  # As the image: whoever can connect may do what the toggles "
	      "open.\n"
	      "  type: none\n",
		m->out);
}

/* --- toggles -------------------------------------------------------------- */

static void
write_toggle(struct migrant *m, const struct toggle_profile_info *p,
	const struct toggle_def *t)
{
	struct setting *s = migrate_get(m, t->name);
	bool on;

	if (!s)
		return;
	bool clear = p->read(s->value, &on);
	fprintf(m->out, "  %s: %d", t->name, on);
	if (!clear) {
		fputs(" # that image reads so: ", m->out);
		show_text(s->value, m->out);
	}
	putc('\n', m->out);
}

/* --- tests ------------------------------------------------------------------ */

static bool
expected(struct migrant *m, const struct toggle_profile_info *p,
	const struct toggle_def *t, bool writes)
{
	bool post = is_on(m, p, "POST"), on = is_on(m, p, t->name);
	bool containers = is_on(m, p, "CONTAINERS");

	if (t->kind == TOGGLE_SECTION)
		return on && (post || !writes);
	if (t->kind == TOGGLE_NARROWING)
		return on && containers;
	return p == &toggle_linuxserver ? on || (containers && post)
					: post && (on || containers);
}

static void
write_tests(struct migrant *m, const struct toggle_profile_info *p)
{
	fputs("tests:\n", m->out);
	for (size_t i = 0; i < p->ndefs; i++) {
		const struct toggle_def *t = &p->defs[i];
		if (t->kind != TOGGLE_SECTION)
			continue;
		migrate_test(
			m, "GET", t->path, STR(""), expected(m, p, t, false));
		migrate_test(
			m, "POST", t->path, STR(""), expected(m, p, t, true));
	}
	for (size_t c = 0; c < sizeof(calls) / sizeof(calls[0]); c++)
		for (size_t i = 0; i < p->ndefs; i++)
			if (strcmp(p->defs[i].name, calls[c].toggle) == 0)
				migrate_test(m, calls[c].method, calls[c].path,
					STR(""),
					expected(m, p, &p->defs[i], true));
	migrate_test(m, "GET", "/no/such/section", STR(""), false);
}

void
migrate_toggles(struct migrant *m, struct str profile)
{
	const struct toggle_profile_info *p = find_profile(profile);

	write_global(m);
	fprintf(m->out,
		"toggles:\n"
		"  # That image's variables, defaults and rules. `strict` "
		"closes more: exec without\n"
		"  # EXEC, names that only begin like a section, attaching by "
		"GET.\n"
		"  profile: %s\n",
		p->name);
	for (size_t i = 0; i < p->ndefs; i++)
		write_toggle(m, p, &p->defs[i]);
	write_tests(m, p);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (migrate_get(m, others[i].name))
			migrate_note(
				m, "%s: %s", others[i].name, others[i].why);
	migrate_note_rest(m, "that image has no such variable, so it had no "
			     "effect");
}
