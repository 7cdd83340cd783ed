/* JSON to a stream. */
#include "daemon/json_out.h"

#include <inttypes.h>

static void
begin(struct json_out *j, const char *key)
{
	if (j->another)
		putc(',', j->out);
	if (key)
		fprintf(j->out, "\"%s\":", key);
	j->another = true;
}

void
json_out_open(struct json_out *j, const char *key, char bracket)
{
	begin(j, key);
	putc(bracket, j->out);
	j->another = false;
}

void
json_out_close(struct json_out *j, char bracket)
{
	putc(bracket, j->out);
	j->another = true;
}

void
json_out_text(struct json_out *j, const char *key, struct str s)
{
	bool utf8 = str_is_utf8(s);

	begin(j, key);
	putc('"', j->out);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8))
			fprintf(j->out, "\\u%04x", c);
		else
			putc(c, j->out);
	}
	putc('"', j->out);
}

void
json_out_number(struct json_out *j, const char *key, uint64_t n)
{
	begin(j, key);
	fprintf(j->out, "%" PRIu64, n);
}

void
json_out_bool(struct json_out *j, const char *key, bool b)
{
	begin(j, key);
	fputs(b ? "true" : "false", j->out);
}

void
json_out_null(struct json_out *j, const char *key)
{
	begin(j, key);
	fputs("null", j->out);
}
