/* Judging a request: parse, authenticate, gather facts, run the program. */
#include "daemon/judge.h"

#include "daemon/listener.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtime/auth.h"
#include "runtime/forwarded.h"
#include "runtime/limits.h"

#define TLS_HANDSHAKE 22 /* RFC 8446 section 5.1 */

/* --- before the policy -------------------------------------------------------
 */

/* No end of the head in sight, and no more may come. */
static enum why
too_large(struct str in)
{
	return memchr(in.p, '\n', in.n) ? WHY_HEAD_TOO_LARGE
					: WHY_TARGET_TOO_LONG;
}

enum why
judge_find_head(const struct policy *policy, struct str in, size_t *seen,
	size_t *len_out)
{
	uint32_t max = policy->settings.limits.header_bytes;

	*len_out = 0;
	/* No method begins so: a TLS record does, with its type. */
	if (in.n && in.p[0] == TLS_HANDSHAKE)
		return WHY_TLS_UNEXPECTED;
	switch (http1_scan_head(in.p, in.n, seen, len_out)) {
	case HTTP1_BAD:
		return WHY_HEAD_LINE_END;
	case HTTP1_DONE:
		return *len_out > max ? WHY_HEAD_TOO_LARGE : WHY_OK;
	case HTTP1_MORE:
		break;
	}
	return in.n > max ? too_large(in) : WHY_OK;
}

static bool
has_body(const struct http1_head *h)
{
	return h->framing == HTTP1_CHUNKED ||
	       (h->framing == HTTP1_LENGTH && h->content_length > 0);
}

/* What section 5 of the policy language refuses whatever the policy says. */
static enum why
check_request(const struct request *rq)
{
	const struct http1_head *h = &rq->head;

	if (rq->target.authority.n &&
		!str_eq_nocase(rq->target.authority, h->host))
		return WHY_TARGET_AUTHORITY;
	if (!has_body(h))
		return WHY_OK;
	if (h->form_body && !(rq->endpoint & ENDPOINT_LIBPOD))
		return WHY_BODY_FORM;
	return rq->endpoint & ENDPOINT_NO_BODY ? WHY_BODY_ON_START : WHY_OK;
}

/* Metrics are ours, on the proxy's own listeners too when they are to be. */
static bool
is_scrape(const struct judge *j, const struct request *rq)
{
	const struct settings_metrics *m = &j->policy->settings.metrics;

	return m->enabled && str_eq(rq->target.path, m->path) &&
	       rq->target.api_version.n == 0 &&
	       (rq->head.method == METHOD_GET ||
		       rq->head.method == METHOD_HEAD);
}

static void
gather_facts(const struct judge *j, struct request *rq)
{
	static const struct json no_body = {.text = {"", 0}};
	struct facts *facts = &rq->facts;

	facts->method = rq->head.method;
	facts->target = &rq->target;
	facts->headers = rq->head.fields;
	facts->nheaders = rq->head.nfields;
	facts->listener = j->from->listener->name;
	facts->has_peer = j->from->has_peer;
	facts->peer_uid = j->from->uid;
	facts->peer_gid = j->from->gid;
	facts->body = has_body(&rq->head) ? NULL : &no_body;
	facts->docker = &rq->docker;
	facts->arena = &rq->arena;
	facts->weekday = j->weekday;
	facts->minute = j->minute;
}

/* Who it is for, when a trusted proxy brings it. */
static enum why
find_client(const struct judge *j, struct request *rq)
{
	const struct settings *s = &j->policy->settings;
	const struct forwarded_trust trust = {
		s->trusted_proxies, s->ntrusted_proxies};

	enum why why = forwarded_client(rq->head.fields, rq->head.nfields,
		&trust, &j->from->ip, &rq->facts.client_ip);
	if (why && why != WHY_FORWARDED_CONFLICT)
		rq->message = STR("docker-proxy: Forwarded, X-Forwarded-For or "
				  "X-Real-IP from a trusted proxy does not "
				  "say who the client is");
	return why;
}

enum why
judge_head(
	const struct judge *j, struct request *rq, const char *head, size_t len)
{
	const struct settings *s = &j->policy->settings;
	const struct target_limits limits = {
		.target_bytes = s->limits.target_bytes,
		.min_api_major = s->min_api_major,
		.min_api_minor = s->min_api_minor,
	};

	enum why why = http1_parse_request(head, len, &rq->head);
	if (why)
		return why;
	request_take_id(rq);
	why = find_client(j, rq);
	if (why)
		return why;
	why = target_parse(rq->head.target, &limits, &rq->arena, &rq->target);
	if (why)
		return why;
	rq->parsed = true;
	http1_body_init(&rq->up.in, rq->head.framing, rq->head.content_length);
	rq->endpoint = endpoint_flags(rq->head.method, rq->target.path);
	why = check_request(rq);
	if (why)
		return why;
	rq->is_scrape = is_scrape(j, rq);
	gather_facts(j, rq);
	return WHY_OK;
}

/* --- who it is --------------------------------------------------------------
 */

/* All are looked at: the time tells nothing of which one matched. */
static const struct settings_token *
find_token(const struct settings_auth *a, const uint8_t digest[32])
{
	const struct settings_token *found = NULL;

	for (size_t i = 0; i < a->ntokens; i++)
		if (auth_digest_equal(digest, a->tokens[i].sha256) && !found)
			found = &a->tokens[i];
	return found;
}

/* The first entry that the certificate is made out to, then the default, then
 * its own common name. */
static struct str
cert_role(const struct settings_auth *a, const struct auth_cert *cert)
{
	for (size_t i = 0; i < a->ncert_roles; i++)
		if (auth_cert_matches(cert, a->cert_roles[i].cn))
			return a->cert_roles[i].role;
	return a->default_role.n ? a->default_role : cert->cn;
}

static enum why
authenticate_cert(const struct judge *j, struct request *rq)
{
	const struct settings_auth *a = &j->policy->settings.auth;

	if (!j->cert) {
		rq->message = STR("docker-proxy: a client certificate is "
				  "required");
		return WHY_UNAUTHENTICATED;
	}
	rq->facts.identity = j->cert->cn;
	rq->facts.role = cert_role(a, j->cert);
	if (rq->facts.role.n)
		return WHY_OK;
	rq->message = STR("docker-proxy: the client certificate has no common "
			  "name, and no role is given to its other names");
	return WHY_UNAUTHENTICATED;
}

/* The first entry that the process at the other end of a unix socket fits. */
static const struct settings_peer *
find_peer(const struct settings_auth *a, const struct arrival *from)
{
	if (!from->has_peer)
		return NULL;
	for (size_t i = 0; i < a->npeers; i++) {
		const struct settings_peer *p = &a->peers[i];
		if ((!p->has_uid || p->uid == from->uid) &&
			(!p->has_gid || p->gid == from->gid))
			return p;
	}
	return NULL;
}

static enum why
wrong_credentials(struct request *rq)
{
	rq->guessed = true;
	return WHY_UNAUTHENTICATED;
}

static enum why
authenticate(const struct judge *j, struct request *rq)
{
	const struct settings_auth *a = &j->policy->settings.auth;
	uint8_t digest[32];

	if (j->caller) {
		rq->facts.role = j->caller->role;
		rq->facts.identity = j->caller->identity;
		return WHY_OK;
	}
	if (a->type == AUTH_NONE)
		return WHY_OK;
	if (a->type == AUTH_CLOSED)
		return WHY_UNAUTHENTICATED;
	const struct settings_peer *peer = find_peer(a, j->from);
	if (peer) {
		rq->facts.role = peer->role;
		rq->facts.identity =
			arena_fmt(&rq->arena, "uid:%u", j->from->uid);
		return WHY_OK;
	}
	if (a->type == AUTH_MTLS)
		return authenticate_cert(j, rq);
	rq->retry_after = j->locked_out_s;
	if (rq->retry_after)
		return WHY_LOCKED_OUT;
	/* Nothing was guessed: a client that was given no token must not
	 * lock out whoever shares its address. */
	if (!rq->head.authorization.p)
		return WHY_UNAUTHENTICATED;
	if (rq->head.authorization_twice ||
		!auth_bearer_digest(rq->head.authorization, digest))
		return wrong_credentials(rq);
	const struct settings_token *token = find_token(a, digest);
	if (!token)
		return wrong_credentials(rq);
	rq->facts.role = token->role;
	rq->facts.identity = token->name;
	return WHY_OK;
}

enum why
judge_caller(const struct judge *j, struct request *rq)
{
	enum why why = authenticate(j, rq);

	if (why)
		return why;
	return vm_init(&rq->vm, &j->policy->program, &rq->arena)
		       ? WHY_OK
		       : WHY_OUT_OF_MEMORY;
}

/* --- the body ----------------------------------------------------------------
 */

/* Engines up to 26 take HostConfig's members also from the top level of a
 * create body, where no rule looks for them. A null is no value there. */
static bool
has_stray_member(const struct json *j)
{
	const struct json_node *top = j->nodes;

	if (j->count == 0 || top->type != JSON_OBJECT)
		return false;
	const struct json_node *m = json_first(top);
	for (uint32_t i = 0; i < top->children; i++, m = json_next(j, m))
		if (m->type != JSON_NULL && docker_is_host_config(m->key))
			return true;
	return false;
}

bool
judge_records(const struct policy *policy)
{
	return policy->settings.audit.docker;
}

bool
judge_wants_body(const struct request *rq)
{
	return !rq->facts.body && docker_reads_body(&rq->facts);
}

enum why
judge_hold(const struct judge *j, struct request *rq)
{
	if (rq->head.framing == HTTP1_LENGTH &&
		rq->head.content_length >
			j->policy->settings.limits.inspected_body_bytes)
		return WHY_BODY_TOO_LARGE;
	rq->is_held = true;
	return WHY_OK;
}

enum why
judge_body(const struct judge *j, struct request *rq)
{
	const struct json_limits limits = {
		.depth = j->policy->settings.limits.json_depth,
		.hash_seed = j->hash_seed,
	};
	struct str text = {rq->held ? rq->held : "", rq->held_n};
	size_t at;

	enum why why = json_scan(text, &limits, &rq->scan, &rq->json, &at);
	/* Blanks alone are a body without a value. */
	if (!why && rq->json.count == 0 && rq->held_n > 0)
		why = WHY_JSON_SYNTAX;
	if (why && why != WHY_OUT_OF_MEMORY)
		rq->message = arena_fmt(&rq->arena,
			"docker-proxy: %s, at byte %zu", why_text(why), at);
	if (why)
		return why;
	if ((rq->endpoint & ENDPOINT_CREATE) && has_stray_member(&rq->json))
		return WHY_JSON_TOP_LEVEL;
	rq->facts.body = &rq->json;
	return WHY_OK;
}

/* --- what is told of it ------------------------------------------------------
 */

/* Refused by a rule or by the default. */
static bool
by_policy(enum why why)
{
	return why == WHY_DENIED || why == WHY_RATE_LIMITED;
}

const struct program_rule *
judge_rule(const struct request *rq)
{
	uint32_t rule = rq->vm.verdict.rule;

	if (!by_policy(rq->why) || rule == PROGRAM_NO_RULE)
		return NULL;
	return &rq->vm.program->rules[rule];
}

uint16_t
judge_status(const struct request *rq)
{
	return by_policy(rq->why) ? rq->vm.verdict.status : why_status(rq->why);
}

/* Empty without memory. */
static struct str
message_of(struct request *rq)
{
	const struct program *p = rq->vm.program;
	const struct program_rule *r = judge_rule(rq);
	struct str text = str_of(why_text(rq->why));

	if (rq->message.n)
		return rq->message;
	if (r && r->message.len)
		return program_text(p, r->message);
	if (r && rq->why == WHY_RATE_LIMITED)
		return ARENA_JOIN(&rq->arena,
			STR("docker-proxy: rate limit \""),
			program_text(p, r->name), STR("\" exceeded"));
	if (r)
		return ARENA_JOIN(&rq->arena,
			STR("docker-proxy: denied by rule \""),
			program_text(p, r->name), STR("\""));
	if (rq->why == WHY_DENIED)
		return STR("docker-proxy: denied: no rule allows this");
	return ARENA_JOIN(&rq->arena, STR("docker-proxy: "), text);
}

struct str
judge_message(struct request *rq)
{
	rq->message = message_of(rq);
	return rq->message.n ? rq->message : str_of(why_text(rq->why));
}
