/* Flows: the TLS handshake, and who the client is by it. */
#include "daemon/flow.h"

#include "daemon/flow_audit.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/tls.h"
#include "daemon/worker.h"

#include <stdio.h>

static void
log_line(const struct flow *f, enum log_level level, const char *why)
{
	char client[64] = "", ip[46];

	if (f->from.ip.set)
		snprintf(client, sizeof(client), "%s:%u",
			ip_text(&f->from.ip, ip), f->from.port);
	const struct log_field fields[] = {
		{"client", str_of(client)},
		{"listener", f->from.listener->name},
		{"why", str_of(why)},
	};
	log_event(level, "TLS failed", fields, 3);
}

void
flow_log_tls(const struct flow *f)
{
	const char *why = leg_error(&f->client);

	if (why)
		log_line(f, LOG_LEVEL_WARN, why);
}

/* Closing with something unread would be a reset, and would destroy the alert
 * that tells the client what is wrong. */
static enum flow_step
handshake_failed(struct flow *f, bool bad_cert)
{
	struct leg *c = &f->client;
	struct metrics *m = &f->worker->metrics;

	/* Those who only look whether the port is open are no news. */
	if (!leg_error(c)) {
		log_line(f, LOG_LEVEL_DEBUG, "closed in the handshake");
	} else {
		flow_log_tls(f);
		flow_audit_tls(f, bad_cert, leg_error(c));
		metrics_add(m,
			bad_cert ? METRIC_TLS_CERTIFICATE
				 : METRIC_TLS_HANDSHAKE,
			1);
	}
	leg_drop_tls(c);
	leg_shutdown(c);
	flow_enter(f, FLOW_LINGER);
	flow_deadline(f, DEADLINE_LINGER);
	return FLOW_MORE;
}

static enum flow_step
handshake_done(struct flow *f)
{
	deadline_clear(&f->deadline);
	f->cert = leg_read_cert(&f->client);
	if (f->from.refused)
		return flow_refuse(f, f->from.why);
	flow_enter(f, FLOW_HEAD);
	return FLOW_MORE;
}

enum flow_step
flow_step_handshake(struct flow *f)
{
	struct leg *c = &f->client;

	if (f->expired) {
		log_line(f, LOG_LEVEL_INFO, "the handshake took too long");
		return flow_gone(f);
	}
	switch (leg_handshake(c)) {
	case HANDSHAKE_DONE:
		return handshake_done(f);
	case HANDSHAKE_WAIT:
		/* Not renewed: the whole of it must be done by then. */
		if (!f->deadline.class)
			flow_deadline(f, DEADLINE_HANDSHAKE);
		leg_watch(c, true, false);
		return FLOW_WAIT;
	case HANDSHAKE_NOT_TLS:
		leg_drop_tls(c);
		deadline_clear(&f->deadline);
		metrics_add(&f->worker->metrics, METRIC_TLS_PLAIN, 1);
		return flow_refuse(f, WHY_TLS_EXPECTED);
	case HANDSHAKE_BAD_CERT:
		return handshake_failed(f, true);
	case HANDSHAKE_FAILED:
		return handshake_failed(f, false);
	}
	return FLOW_WAIT;
}
