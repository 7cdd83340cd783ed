/* Migrate: from what was given to what is written. */
#include "compiler/migrate_parts.h"

#include "compiler/show.h"

#include <stdlib.h>

static const char *const sources[] = {
	"tecnativa", "linuxserver", "wollomatic", "rust"};

static bool
is_source(struct str name)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (str_eq(name, str_of(sources[i])))
			return true;
	return false;
}

/* Its first line with more than a comment has no "=" before a ":". */
static bool
is_yaml(struct str text)
{
	while (text.n > 0) {
		size_t n = str_find(text, STR("\n"));
		struct str line = {text.p, n};
		text = str_from(text, n < text.n ? n + 1 : n);
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ' ' ||
			str_starts(line, STR("---")))
			continue;
		return str_find(line, STR(":")) < str_find(line, STR("="));
	}
	return false;
}

/* --- the Rust docker-proxy ------------------------------------------------------- */

static bool
has_default(const struct tree *root)
{
	const struct tree *global = tree_get(root, "global");

	return global && global->kind == TREE_MAP &&
	       tree_get(global, "default");
}

/* Its files are ours: what they mean otherwise is told. */
void
migrate_rust(struct migrant *m, const struct tree *root)
{
	fwrite(m->in->text.p, 1, m->in->text.n, m->out);
	if (m->in->text.n > 0 && m->in->text.p[m->in->text.n - 1] != '\n')
		putc('\n', m->out);
	if (!has_default(root))
		migrate_note(m, "global.default is not said: what no rule ends "
				"is allowed, as there. Say deny, and allow "
				"what is used");
	if (!tree_get(root, "auth"))
		migrate_note(m, "no auth: every request gets 401; say `auth: "
				"{type: none}` to serve without");
	migrate_note(m, "keys of bodies are compared without case, as the "
			"Engine reads them; a body that is no JSON is 400 "
			"where a rule asks for it");
	migrate_note(m, "a rule without conditions fires always; a dry_run "
			"denial goes on to the next rule");
}

/* --- all of it ------------------------------------------------------------------- */

static void
write_head(struct migrant *m, struct str source)
{
	fputs("# Written by docker-proxy migrate, from ", m->out);
	show_text(str_of(m->in->file ? m->in->file : "flags and variables"),
		m->out);
	fprintf(m->out,
		" (%.*s).\n"
		"# Read it, then: docker-proxy --check-config --config FILE\n",
		STR_FMT(source));
}

static bool
read_file(struct migrant *m, struct tree **root_out, const char **source_out)
{
	struct source *source = arena_alloc(m->arena, sizeof(*source));

	*root_out = NULL;
	if (!m->in->file)
		return true;
	if (!is_yaml(m->in->text))
		return migrate_read_env(m, m->in->text);
	if (!source || !source_init(source, str_of(m->in->file), m->in->text,
			       m->arena, m->diag))
		return false;
	*root_out = tree_parse(source, m->in->envp, m->arena, m->diag);
	if (!*root_out || m->diag->errors > 0) {
		diag_help(m->diag,
			"where a compose file has anchors, or more files, give "
			"what `docker compose config` prints");
		return false;
	}
	if (tree_get(*root_out, "services"))
		return migrate_read_compose(m, *root_out, source_out);
	*source_out = "rust";
	return true;
}

static void
write_all(struct migrant *m, const struct tree *root, struct str source)
{
	write_head(m, source);
	if (str_eq(source, STR("wollomatic")))
		migrate_wollomatic(m);
	else if (str_eq(source, STR("rust")))
		migrate_rust(m, root);
	else
		migrate_toggles(m, source);
	fclose(m->notes_out);
	m->notes_out = NULL;
	if (m->notes_size > 0)
		fprintf(m->out, "# What is otherwise, or not carried over:\n%s",
			m->notes);
}

bool
migrate(const struct migrate_input *in, struct arena *a, struct diag *d,
	FILE *out, struct migrated *done)
{
	struct migrant m = {.in = in, .arena = a, .diag = d, .out = out};
	const char *found = NULL;
	struct tree *root;

	m.tail = &m.first;
	m.notes_out = open_memstream(&m.notes, &m.notes_size);
	if (!m.notes_out) {
		diag_file_error(d, "out of memory");
		return false;
	}
	bool ok = read_file(&m, &root, &found);
	for (size_t i = 0; in->args && in->args[i]; i++)
		migrate_add(&m, str_of(in->args[i]));
	struct str source = in->from ? str_of(in->from)
			    : found  ? str_of(found)
				     : migrate_source(&m);
	if (ok &&
		(!is_source(source) ||
			str_eq(source, STR("rust")) !=
				(root && found &&
					str_eq(str_of(found), STR("rust"))))) {
		diag_file_error(d,
			"it is no configuration of that proxy: --from "
			"tecnativa, linuxserver, wollomatic or rust");
		ok = false;
	}
	if (ok)
		write_all(&m, root, source);
	if (m.notes_out)
		fclose(m.notes_out);
	free(m.notes);
	*done = (struct migrated){
		.notes = m.nnotes,
		.lacks_tests = root && str_eq(source, STR("rust")) &&
			       !tree_get(root, "tests"),
	};
	return ok && d->errors == 0;
}
