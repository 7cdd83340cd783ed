/* Migrate: what is written. */
#include "compiler/migrate_parts.h"

#include "compiler/show.h"

#include <stdarg.h>

const struct migrate_call migrate_calls[] = {
	{"HEAD", "/_ping", NULL},
	{"GET", "/_ping", NULL},
	{"GET", "/version", NULL},
	{"GET", "/v1.41/version", NULL},
	{"GET", "/v1.41/info", NULL},
	{"GET", "/v1.41/events", NULL},
	{"GET", "/containers/json", NULL},
	{"GET", "/v1.41/containers/json", NULL},
	{"GET", "/v1.41/containers/a/json", NULL},
	{"GET", "/v1.41/containers/a/logs", NULL},
	{"GET", "/v1.41/containers/a/archive", NULL},
	{"GET", "/v1.41/images/json", NULL},
	{"GET", "/v1.41/networks", NULL},
	{"GET", "/v1.41/services", NULL},
	{"GET", "/v1.41/secrets", NULL},
	{"POST", "/v1.41/containers/create", NULL},
	{"POST", "/v1.41/containers/create", "{\"Image\": \"alpine\"}"},
	{"POST", "/v1.41/containers/create",
		"{\"HostConfig\": {\"Privileged\": true}}"},
	{"POST", "/v1.41/containers/create",
		"{\"HostConfig\": {\"Binds\": [\"/:/host\"]}}"},
	{"POST", "/v1.41/containers/a/start", NULL},
	{"POST", "/v1.41/containers/a/restart", NULL},
	{"POST", "/v1.41/containers/a/exec", NULL},
	{"POST", "/v1.41/images/create", NULL},
	{"POST", "/v1.41/build", NULL},
	{"PUT", "/v1.41/containers/a/archive", NULL},
	{"DELETE", "/v1.41/containers/a", NULL},
	{NULL, NULL, NULL},
};

void
migrate_note(struct migrant *m, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	m->nnotes++;
	fputs("#   ", m->notes_out);
	show_text(str_of(line), m->notes_out);
	putc('\n', m->notes_out);
}

void
migrate_note_rest(struct migrant *m, const char *why)
{
	for (struct setting *s = m->first; s; s = s->next)
		if (!s->has_told)
			migrate_note(m, "%s%.*s: %s", s->flag ? "-" : "",
				STR_FMT(s->name), why);
}

void
migrate_test(struct migrant *m, const char *method, const char *path,
	struct str ip, bool allowed)
{
	fprintf(m->out, "  - {request: %s %s, ", method, path);
	if (ip.n > 0)
		fprintf(m->out, "ip: \"%.*s\", ", STR_FMT(ip));
	fprintf(m->out, "expect: %s}\n", allowed ? "allow" : "deny");
}
