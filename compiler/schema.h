/* The JSON Schema of the configuration, made of the tables of keys. */
#ifndef COMPILER_SCHEMA_H
#define COMPILER_SCHEMA_H

#include <stdbool.h>
#include <stdio.h>

struct key_map;

/* The keys of a whole file. */
extern const struct key_map policy_map;

/* Draft 7, which editors take. False when memory is out. */
bool schema_write(FILE *out);

#endif
