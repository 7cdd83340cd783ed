/* Flows: the PROXY header, and whose the connection is by it. */
#include "daemon/flow.h"

#include "daemon/listener.h"
#include "daemon/log.h"
#include "runtime/proxyproto.h"

#include <stdio.h>
#include <stdlib.h>

static void
log_line(const struct flow *f, enum log_level level, const char *why)
{
	char from[64] = "", ip[46];

	if (f->from.ip.set)
		snprintf(from, sizeof(from), "%s:%u", ip_text(&f->from.ip, ip),
			f->from.port);
	const struct log_field fields[] = {
		{"client", str_of(from)},
		{"listener", f->from.listener->name},
		{"why", str_of(why)},
	};
	log_event(level, "no PROXY header", fields, 3);
}

static enum flow_step
fail(struct flow *f, const char *why)
{
	/* Those who only look whether the port is open are no news. */
	bool silent = f->proxy->n == 0 && f->client.rd_eof;

	log_line(f, silent ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, why);
	return flow_gone(f);
}

static enum flow_step
header_done(struct flow *f)
{
	if (f->proxy->ip.set) {
		f->from.ip = f->proxy->ip;
		f->from.port = f->proxy->port;
	}
	free(f->proxy);
	f->proxy = NULL;
	deadline_clear(&f->deadline);
	flow_enter(f, FLOW_HANDSHAKE);
	return FLOW_MORE;
}

enum flow_step
flow_step_proxy(struct flow *f)
{
	struct leg *c = &f->client;
	char buf[512]; /* a header with some TLVs */
	size_t used;

	if (!f->proxy) {
		flow_enter(f, FLOW_HANDSHAKE);
		return FLOW_MORE;
	}
	if (f->expired)
		return fail(f, "it took too long");
	size_t n = leg_peek(c, buf, sizeof(buf));
	if (c->rd_eof)
		return fail(f, "the connection ended before its end");
	enum proxyproto_step step = proxyproto_feed(f->proxy, buf, n, &used);
	if (!leg_skip(c, buf, used))
		return fail(f, "the connection broke off");
	switch (step) {
	case PROXYPROTO_DONE:
		return header_done(f);
	case PROXYPROTO_BAD:
		return fail(f, "what came first is not one");
	case PROXYPROTO_MORE:
		break;
	}
	if (n > 0)
		return FLOW_MORE;
	/* From accept; it is not renewed by more bytes. */
	if (!f->deadline.class)
		flow_deadline(f, DEADLINE_HEAD);
	leg_watch(c, true, false);
	return FLOW_WAIT;
}
