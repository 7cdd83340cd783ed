/* UTF-8: the characters of a text, and those that must not be shown. */
#include "runtime/utf8.h"

size_t
utf8_bytes(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return n <= s.n && str_is_utf8((struct str){s.p, n}) ? n : 0;
}

uint32_t
utf8_code(struct str c)
{
	uint32_t code = (unsigned char)c.p[0];

	if (c.n > 1)
		code &= 0x7fu >> c.n;
	for (size_t i = 1; i < c.n; i++)
		code = code << 6 | ((unsigned char)c.p[i] & 0x3fu);
	return code;
}

bool
utf8_is_hidden(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},       /* controls */
		{0x7f, 0x9f},       /* more of them */
		{0xad, 0xad},       /* soft hyphen */
		{0x61c, 0x61c},     /* Arabic letter mark */
		{0x180e, 0x180e},   /* Mongolian vowel separator */
		{0x200b, 0x200f},   /* of no width; direction marks */
		{0x2028, 0x202e},   /* separators; embeddings, overrides */
		{0x2060, 0x206f},   /* of no width; isolates */
		{0xfeff, 0xfeff},   /* byte order mark */
		{0xfff9, 0xfffb},   /* annotations */
		{0xe0000, 0xe0fff}, /* tags, selectors */
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}
