/* audit verify: is the chain of an audit log whole? */
#ifndef DAEMON_CMD_AUDIT_H
#define DAEMON_CMD_AUDIT_H

#include "daemon/command.h"

extern const struct command command_audit_verify;

/* Reads a log line by line ("-": standard input) and prints to out how many
 * lines are good and the digest of the last, or the first that is not and
 * why. Lines before the first that is chained are passed over; the first line
 * may follow one of an older file. That lines are missing at the end cannot be
 * seen: compare the digest. The exit status: 0 whole; 1 broken, not chained
 * at all, or, said on err, it cannot be opened. */
int cmd_audit_verify(const char *file, FILE *out, FILE *err);

#endif
