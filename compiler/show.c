/* Showing text that others wrote. */
#include "compiler/show.h"

#include "compiler/source.h"

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
