/* Decimal numbers compared exactly.
 *
 * JSON and YAML numbers are compared by their decimal value, of any length,
 * never through a double: 18446744073709551615 is not 18446744073709551616,
 * and 1, 1.0 and 10e-1 are equal.
 */
#ifndef RUNTIME_NUMBER_H
#define RUNTIME_NUMBER_H

#include "runtime/str.h"

#include <stdbool.h>

/* Is s a number by JSON's grammar (RFC 8259 section 6), all of it? */
bool number_is(struct str s);

/* <0, 0, >0. Both must satisfy number_is(). Linear in the lengths; an
 * exponent beyond any plausible range saturates. */
int number_cmp(struct str a, struct str b);

#endif
