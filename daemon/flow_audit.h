/* What of a request, and of a failed handshake, goes to the audit log. */
#ifndef DAEMON_FLOW_AUDIT_H
#define DAEMON_FLOW_AUDIT_H

#include "runtime/audit.h"

struct audit_writer;
struct flow;

/* The request as it ended: a denial, a failed authentication, a rate limit;
 * what was let in only with `audit: all`. Nothing without an audit log. */
void flow_audit_end(struct flow *f);

/* A rule in dry run would have denied it. */
void flow_audit_dry(struct flow *f, uint32_t rule);

/* A client's TLS handshake failed, by its certificate or otherwise: there is
 * no request yet. */
void flow_audit_tls(const struct flow *f, bool bad_cert, const char *why);

/* The policy was, or was not, replaced. From the main thread. */
void flow_audit_reload(struct audit_writer *w, struct str message);

#endif
