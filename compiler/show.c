/* Showing text that others wrote. */
#include "compiler/show.h"

#include "compiler/source.h"
#include "runtime/utf8.h"

#include <inttypes.h>

static void
show(struct str s, const char *escaped, FILE *out)
{
	while (s.n > 0) {
		bool plain;
		size_t n = source_char(s, &plain);
		bool hidden = !plain || *s.p == '\n' || *s.p == '\t';
		if (*s.p != '\0' && strchr(escaped, *s.p))
			putc('\\', out);
		if (!hidden)
			fwrite(s.p, 1, n, out);
		for (size_t i = 0; hidden && i < n; i++)
			fprintf(out, "\\x%02x", (unsigned char)s.p[i]);
		s = str_from(s, n);
	}
}

void
show_text(struct str s, FILE *out)
{
	show(s, "", out);
}

void
show_quoted(struct str s, FILE *out)
{
	putc('"', out);
	show(s, "\"\\", out);
	putc('"', out);
}

void
show_yaml_text(struct str s, FILE *out)
{
	while (s.n > 0) {
		bool plain;
		struct str c = {s.p, source_char(s, &plain)};
		uint32_t code = utf8_code(c);
		s = str_from(s, c.n);
		if (code == '$')
			fputs("$$", out);
		else if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (char)code);
		else if (plain && code != '\n' && code != '\t')
			fwrite(c.p, 1, c.n, out);
		else if (code < 0x100)
			fprintf(out, "\\x%02" PRIX32, code);
		else
			fprintf(out, "\\U%08" PRIX32, code);
	}
}

/* May each of its characters stand in a configuration as it is? */
static bool
is_plain(struct str s)
{
	bool plain = true;

	while (plain && s.n > 0 && *s.p != '\n' && *s.p != '\t')
		s = str_from(s, source_char(s, &plain));
	return plain && s.n == 0;
}

void
show_yaml(struct str s, FILE *out)
{
	if (!is_plain(s)) {
		putc('"', out);
		show_yaml_text(s, out);
		putc('"', out);
		return;
	}
	putc('\'', out);
	for (size_t i = 0; i < s.n; i++) {
		bool variable = s.p[i] == '$' && i + 1 < s.n &&
				(s.p[i + 1] == '$' || s.p[i + 1] == '{');
		if (s.p[i] == '\'' || variable)
			putc(s.p[i], out);
		putc(s.p[i], out);
	}
	putc('\'', out);
}

void
show_time(uint32_t ms, FILE *out)
{
	static const struct {
		uint32_t ms;
		const char *name;
	} units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;
	if (ms == 0) {
		putc('0', out);
		return;
	}
	while (ms % units[i].ms != 0)
		i++;
	fprintf(out, "%u%s", ms / units[i].ms, units[i].name);
}
