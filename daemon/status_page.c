/* The status page itself: one file, part of the program. */
#include "daemon/admin_parts.h"

#include "runtime/sha256.h"

#include <stdio.h>

#define PAGE         "daemon/status/page.html"
#define SOURCE_BYTES 45

/* Read by the assembler: the build depends on the file by the Makefile. */
__asm__(".section .rodata\n"
	".global status_page_bytes, status_page_text\n"
	".balign 8\n"
	"status_page_bytes: .quad 1f - status_page_text\n"
	"status_page_text: .incbin \"" PAGE "\"\n"
	"1:\n"
	".previous\n");
extern const uint64_t status_page_bytes;
extern const char status_page_text[];

static struct str
page(void)
{
	return (struct str){status_page_text, (size_t)status_page_bytes};
}

/* What stands in the first element of that name. */
static struct str
inside(struct str s, struct str open, struct str close)
{
	s = str_from(s, str_find(s, open) + open.n);
	s.n = str_find(s, close);
	return s;
}

/* Its digest in base64 (RFC 4648 section 4), as CSP 3 has it in section
 * 2.3.1. */
static const char *
source_of(struct str text, char buf[SOURCE_BYTES])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t digest[SHA256_BYTES + 1] = {0};
	char *to = buf;

	sha256(text, digest);
	for (size_t i = 0; i < sizeof(digest); i += 3) {
		unsigned v = (unsigned)digest[i] << 16 |
			     (unsigned)digest[i + 1] << 8 | digest[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			*to++ = digits[v >> shift & 63];
	}
	to[-1] = '='; /* 32 bytes: the last group has two */
	*to = '\0';
	return buf;
}

/* Nothing but what stands in the page may run or style it, it asks nobody but
 * us, and no text becomes markup. */
void
status_page(struct admin_conn *c, const struct admin_request *rq)
{
	char script[SOURCE_BYTES], style[SOURCE_BYTES], fields[1024];
	(void)rq;

	snprintf(fields, sizeof(fields),
		"Content-Security-Policy: default-src 'none'; "
		"script-src 'sha256-%s'; style-src 'sha256-%s'; "
		"connect-src 'self'; img-src data:; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; trusted-types 'none'\r\n"
		"X-Frame-Options: DENY\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Cross-Origin-Opener-Policy: same-origin\r\n"
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		source_of(inside(page(), STR("<script>"), STR("</script>")),
			script),
		source_of(inside(page(), STR("<style>"), STR("</style>")),
			style));
	admin_answer_with(c, 200, "text/html; charset=utf-8", fields, page());
}
