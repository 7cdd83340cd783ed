/* Redaction on a machine without vectors of bytes: these definitions stand in
 * front of those of the library. */
#define JSON_PLAIN_WORDS
#include "runtime/json_plain.c"
#include "runtime/redact_quick.c"

#include "tests/unit/test_redact_walkers.c"
