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
