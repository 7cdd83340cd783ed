/* Actions: the roles of require_role, the figures of rate_limit. */
#include "compiler/actions.h"

#include "runtime/limits.h"

/* A member without a value counts as not given. */
static bool
is_given(struct reader *r, const struct tree *node)
{
	if (!node || !tree_is_null(node))
		return node != NULL;
	diag_warning(r->diag, FINDING_NO_VALUE, node->pos,
		"%.*s has no value and counts as not given",
		STR_FMT(node->key));
	return false;
}

/* --- roles ------------------------------------------------------------------ */

void
roles_read(struct reader *r, const struct tree *node, struct rule *out)
{
	static const struct str admin = STR(ROLE_ADMIN);
	out->roles = &admin;
	out->nroles = 1;
	if (!is_given(r, node))
		return;
	bool is_list = node->kind == TREE_LIST;
	size_t n = is_list ? node->count : 1;
	if (n == 0) {
		diag_error(r->diag, node->pos, "role must not be empty");
		return;
	}
	struct str *roles = arena_alloc(r->arena, n * sizeof(*roles));
	const struct tree *t = is_list ? node->first : node;
	for (size_t i = 0; roles && i < n; i++, t = t->next)
		read_text(r, t, false, &roles[i]);
	out->roles = roles;
	out->nroles = n;
}

/* --- rate limits -------------------------------------------------------------- */

static void
read_bucket_key(struct reader *r, const struct tree *node, void *out)
{
	static const char *const words[] = {
		"client_ip", "identity", "role", "header.<name>"};
	struct rule_limit *limit = out;
	if (!read_is_scalar(r, node))
		return;
	if (str_starts(node->text, STR("header."))) {
		limit->key = BUCKET_HEADER;
		if (header_name_read(
			    r, node, str_from(node->text, 7), &limit->header))
			header_name_lint(r->diag, node->pos, limit->header);
		return;
	}
	for (unsigned i = 0; i < BUCKET_HEADER; i++) {
		if (str_eq(node->text, str_of(bucket_key_name(i)))) {
			limit->key = (enum bucket_key)i;
			return;
		}
	}
	diag_error(r->diag, node->pos,
		"key must be client_ip, identity, role or header.<name>");
	diag_did_you_mean(r->diag, node->text, words, COUNT_OF(words));
}

static const struct key keys[] = {
	KEY("requests", U32, INTO(struct rule_limit, requests),
		RANGE(1, RATE_REQUESTS_MAX), .preset = "50",
		.help = "how many the bucket holds"),
	KEY("period", TIME, INTO(struct rule_limit, period_ms),
		RANGE(1, RATE_TIME_MAX_MS), .preset = "30s",
		.help = "in this time an empty one fills again, evenly"),
	KEY("penalty", TIME, INTO(struct rule_limit, penalty_ms),
		RANGE(0, RATE_TIME_MAX_MS), .preset = "30s",
		.help = "who finds it empty is refused for so long, however "
			"often they ask; then it is full. 0: until the next "
			"token"),
	KEY("key", CUSTOM, .read = read_bucket_key, .forms = FORM_TEXT,
		.pattern = "^(client_ip|identity|role|header\\..+)$",
		.preset = "client_ip",
		.help = "whose bucket: `client_ip`, `identity`, `role` or "
			"`header.<name>`"),
};

const struct key_map rate_limit_map = MAP("rate_limit", "rate_limit", keys);

void
rate_limit_read(
	struct reader *r, const struct tree *node, struct rule_limit *out)
{
	*out = (struct rule_limit){
		.requests = 50,
		.period_ms = 30000,
		.penalty_ms = 30000,
		.key = BUCKET_CLIENT_IP,
		.header = STR(""),
	};
	if (is_given(r, node))
		read_map(r, node, &rate_limit_map, out);
}
