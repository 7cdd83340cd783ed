/* Replaying: what changes, for people and for programs. */
#include "daemon/replay.h"

#include "compiler/show.h"
#include "daemon/json_out.h"

#include <inttypes.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct kind {
	enum replay_outcome from, to;
	const char *heading;
} kinds[] = {
	{REPLAY_ALLOWED, REPLAY_DENIED, "allowed before, denied now"},
	{REPLAY_DENIED, REPLAY_ALLOWED, "denied before, allowed now"},
	{REPLAY_ALLOWED, REPLAY_UNKNOWN, "allowed before, cannot be told now"},
	{REPLAY_DENIED, REPLAY_UNKNOWN, "denied before, cannot be told now"},
};

static void
write_rule(struct str name, const char *none, FILE *out)
{
	if (name.n == 0) {
		fputs(none, out);
		return;
	}
	fputs("rule ", out);
	show_quoted(name, out);
}

static void
write_change(const struct replay_change *c, FILE *out)
{
	fprintf(out, "  %8" PRIu64 "  ", c->requests);
	write_rule(c->by, "the default", out);
	if (c->line > 0)
		fprintf(out, " (%.*s:%" PRIu32 ")", STR_FMT(c->file), c->line);
	if (c->field.n > 0) {
		fputs(", by ", out);
		show_text(c->field, out);
		fputs(", which is not recorded", out);
	}
	fputs("; before, ", out);
	write_rule(c->was_by, "no rule", out);
	fprintf(out, "; such as %.*s ", STR_FMT(c->method));
	show_text(c->path, out);
	fputc('\n', out);
}

void
replay_text(const struct replay *r, FILE *out)
{
	for (size_t k = 0; k < COUNT(kinds); k++) {
		uint64_t n = replay_count(r, kinds[k].from, kinds[k].to);
		if (n == 0)
			continue;
		fprintf(out, "%s: %" PRIu64 "\n", kinds[k].heading, n);
		for (size_t i = 0; i < r->nchanges; i++)
			if (r->changes[i].from == kinds[k].from &&
				r->changes[i].to == kinds[k].to)
				write_change(&r->changes[i], out);
	}
	fprintf(out, "%" PRIu64 " requests, %" PRIu64 " decided as before",
		r->requests, r->same);
	if (r->skipped > 0)
		fprintf(out,
			"; %" PRIu64 " more were refused before a policy was "
			"asked",
			r->skipped);
	fputc('\n', out);
}

static const char *
outcome_name(enum replay_outcome o)
{
	static const char *const names[] = {
		[REPLAY_DENIED] = "denied",
		[REPLAY_ALLOWED] = "allowed",
		[REPLAY_UNKNOWN] = "unknown",
	};
	return names[o];
}

static void
put_text_or_null(struct json_out *j, const char *key, struct str s)
{
	if (s.n > 0)
		json_out_text(j, key, s);
	else
		json_out_null(j, key);
}

static void
put_change(struct json_out *j, const struct replay_change *c)
{
	json_out_open(j, NULL, '{');
	json_out_number(j, "requests", c->requests);
	json_out_text(j, "from", str_of(outcome_name(c->from)));
	json_out_text(j, "to", str_of(outcome_name(c->to)));
	put_text_or_null(j, "rule", c->by);
	put_text_or_null(j, "file", c->file);
	json_out_number(j, "line", c->line);
	put_text_or_null(j, "rule_before", c->was_by);
	put_text_or_null(j, "not_recorded", c->field);
	json_out_text(j, "method", c->method);
	json_out_text(j, "path", c->path);
	json_out_close(j, '}');
}

void
replay_json(const struct replay *r, FILE *out)
{
	struct json_out j = {.out = out};

	json_out_open(&j, NULL, '{');
	json_out_number(&j, "requests", r->requests);
	json_out_number(&j, "same", r->same);
	json_out_number(&j, "skipped", r->skipped);
	json_out_open(&j, "changes", '[');
	for (size_t i = 0; i < r->nchanges; i++)
		put_change(&j, &r->changes[i]);
	json_out_close(&j, ']');
	json_out_close(&j, '}');
	fputc('\n', out);
}
