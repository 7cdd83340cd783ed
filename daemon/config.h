/* Where the configuration comes from. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "compiler/policy.h"

#include <stdio.h>

/* The configuration's file: the one given, else DOCKER_PROXY_CONFIG, else the
 * first of the usual places that exists; NULL: none, the toggles alone. */
const char *config_find(const char *given);

/* Reads and compiles the configuration of that file, or, NULL, of the
 * environment's toggles alone; warnings and errors go to err. NULL after an
 * error. */
struct policy *config_compile(const char *file, FILE *err);

#endif
