/* Findings for programs: JSON, and SARIF 2.1.0. */
#ifndef DAEMON_LINT_REPORT_H
#define DAEMON_LINT_REPORT_H

#include "compiler/diag.h"

/* A list of objects, in the order of the file; of a sorted diag. False
 * without memory. */
bool lint_report_json(struct diag *d, FILE *out)
	__attribute__((warn_unused_result));

/* OASIS SARIF 2.1.0: one run, with the table of findings as its rules. */
bool lint_report_sarif(struct diag *d, FILE *out)
	__attribute__((warn_unused_result));

/* The table of findings, a list of objects. */
bool lint_report_findings(FILE *out) __attribute__((warn_unused_result));

#endif
