/* Listing: a program, or its rules, as text. */
#ifndef COMPILER_LISTING_H
#define COMPILER_LISTING_H

#include "runtime/program.h"

#include <stdio.h>

/* The rules in the order of evaluation, one a line with its conditions as
 * indented lines, decompiled from the program: what --check-config prints. */
void listing_rules(const struct program *p, FILE *out);

/* A test: `path not_in ["/a", "/b"]`. */
void listing_test(
	const struct program *p, uint32_t test, bool negate, FILE *out);

/* What a require_role and a rate_limit take: `any of ["a"]`, `50 requests in
 * 30s, penalty 30s, by client_ip`. */
void listing_roles(
	const struct program *p, const struct program_rule *r, FILE *out);
void listing_limit(
	const struct program *p, const struct program_rule *r, FILE *out);

/* A filter, `remove HostConfig.Binds`, and its path alone. */
void listing_filter(
	const struct program *p, const struct program_filter *f, FILE *out);
void listing_filter_path(
	const struct program *p, const struct program_filter *f, FILE *out);

/* The instructions, tests and constants. */
void listing_code(const struct program *p, FILE *out);

#endif
