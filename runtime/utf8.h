/* UTF-8: the characters of a text, and those that must not be shown. */
#ifndef RUNTIME_UTF8_H
#define RUNTIME_UTF8_H

#include "runtime/str.h"

#include <stdint.h>

/* The bytes of the character that s, which is not empty, begins with; 0 when
 * it begins with none (RFC 3629). */
size_t utf8_bytes(struct str s);

/* The code point of c, which is one character; of one byte, that byte. */
uint32_t utf8_code(struct str c);

/* Is it not seen, does it act on a terminal, or make other text be seen
 * elsewhere? Then a log that showed it would show something else. */
bool utf8_is_hidden(uint32_t code);

#endif
