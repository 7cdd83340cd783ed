/* Settings: `auth`. What is not said closes the door. */
#include "compiler/settings_parts.h"

#include "runtime/sha256.h"

#define SECRET_VARIABLE "DOCKER_PROXY_SECRET"
#define TOKENS_MAX      10000
#define WINDOW_MAX_MS   (24 * 3600 * 1000)

enum auth_word {
	WORD_UNSET,
	WORD_NONE,
	WORD_BEARER,
	WORD_MTLS,
};

/* What is being read. */
struct auth {
	struct settings_auth s;
	int type; /* enum auth_word */
	const struct tree *type_node;
	struct str secret; /* empty: none */
	bool has_variable; /* DOCKER_PROXY_SECRET is set */
};

/* A token's entry. */
struct token {
	struct settings_token s;
	struct token_said said;
};

/* --- secrets --------------------------------------------------------------- */

static void
read_shared_secret(struct reader *r, const struct tree *node, void *out)
{
	struct auth *a = out;
	/* Whatever it is: the variable goes before it. */
	if (!a->has_variable)
		settings_read_secret(r, node, &a->secret);
}

/* --- tokens ---------------------------------------------------------------- */

static void
read_token_text(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token(r, node, &((struct token *)out)->said);
}

static void
read_token_sha256(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token_sha256(r, node, &((struct token *)out)->said);
}

static void
read_token_file(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token_file(r, node, &((struct token *)out)->said);
}

static const struct key token_keys[] = {
	KEY("token", CUSTOM, .read = read_token_text, .forms = FORM_TEXT,
		.help = TOKEN_HELP),
	KEY("token_sha256", CUSTOM, .read = read_token_sha256,
		.forms = FORM_TEXT, .pattern = TOKEN_SHA256_PATTERN,
		.help = TOKEN_SHA256_HELP),
	KEY("token_file", CUSTOM, .read = read_token_file, .forms = FORM_TEXT,
		.help = TOKEN_FILE_HELP),
	KEY("role", TEXT, INTO(struct token, s.role), .min = 1,
		.preset = "user", .help = "what rules go by"),
	KEY("name", TEXT, INTO(struct token, s.name), .min = 1,
		.help = "the `identity` in rules and the log"),
};

static const char *const token_forms[] = {
	"token", "token_sha256", "token_file", NULL};
static const struct key_map token_map =
	MAP("token", "a token", token_keys, .one_of = token_forms);

static bool
is_known(const struct auth *a, const uint8_t sha256[32])
{
	for (size_t i = 0; i < a->s.ntokens; i++)
		if (memcmp(a->s.tokens[i].sha256, sha256, 32) == 0)
			return true;
	return false;
}

static void
read_token(struct reader *r, const struct tree *node, struct auth *a)
{
	struct token t = {.s.role = STR("user")};
	size_t errors = r->diag->errors;
	if (!read_map(r, node, &token_map, &t))
		return;
	if (t.said.forms != 1)
		diag_error(r->diag, node->pos,
			"a token needs one of token, token_sha256 and "
			"token_file");
	else if (t.said.empty)
		diag_warning(r->diag, FINDING_EMPTY_TOKEN, node->pos,
			"this token is empty: it lets nobody in");
	else if (t.said.valid && is_known(a, t.said.sha256))
		diag_error(r->diag, node->pos,
			"this token stands twice: give each its own");
	if (!t.said.valid || r->diag->errors != errors)
		return;
	memcpy(t.s.sha256, t.said.sha256, sizeof(t.s.sha256));
	t.s.file = t.said.file;
	a->s.tokens[a->s.ntokens++] = t.s;
}

static void
read_tokens(struct reader *r, const struct tree *node, void *out)
{
	struct auth *a = out;
	if (tree_is_null(node) || !read_is_list(r, node))
		return;
	if (node->count > TOKENS_MAX) {
		diag_error(
			r->diag, node->pos, "more than %d tokens", TOKENS_MAX);
		return;
	}
	/* And one for the shared secret. */
	a->s.tokens =
		arena_alloc(r->arena, (node->count + 1) * sizeof(*a->s.tokens));
	if (!a->s.tokens)
		return;
	for (const struct tree *t = node->first; t; t = t->next)
		read_token(r, t, a);
}

/* --- auth ------------------------------------------------------------------ */

static const struct key_word types[] = {
	{"none", WORD_NONE},
	{"bearer", WORD_BEARER},
	{"mtls", WORD_MTLS},
	{NULL, 0},
};

static const struct key lockout_keys[] = {
	KEY("failures", U32, INTO(struct auth, s.lockout_failures),
		RANGE(0, 1000000), .preset = "10",
		.help = "wrong credentials within the window, of one address; "
			"requests without any do not count. 0 is off"),
	KEY("window", TIME, INTO(struct auth, s.lockout_window_ms),
		RANGE(1000, WINDOW_MAX_MS), .preset = "60s",
		.help = "in which they are counted"),
	KEY("duration", TIME, INTO(struct auth, s.lockout_ms),
		RANGE(1000, WINDOW_MAX_MS), .preset = "5m",
		.help = "for which the address gets 429"),
};

static const struct key_map lockout_map =
	MAP("lockout", "lockout", lockout_keys);

static void
read_mtls(struct reader *r, const struct tree *node, void *out)
{
	struct auth *a = out;
	settings_read_mtls(r, node, &a->s);
}

static void
read_peers(struct reader *r, const struct tree *node, void *out)
{
	struct auth *a = out;
	settings_read_peers(r, node, &a->s);
}

static const struct key auth_keys[] = {
	KEY("type", WORD, INTO(struct auth, type), .words = types,
		.preset = "bearer",
		.help = "`none` serves whoever can connect; `bearer` asks for "
			"a token; `mtls` for a certificate"),
	KEY("secret", CUSTOM, .read = read_shared_secret, .forms = FORM_TEXT,
		.help = "one token for all, of role `admin`; "
			"`DOCKER_PROXY_SECRET` goes before it"),
	KEY("tokens", CUSTOM, .read = read_tokens, .forms = FORM_MAPS,
		.map = &token_map, .help = "at most 10,000"),
	KEY("lockout", MAP, .map = &lockout_map,
		.help = "after too many wrong credentials an address gets 429 "
			"for a while"),
	KEY("mtls", CUSTOM, .read = read_mtls, .forms = FORM_MAP,
		.map = &mtls_map, .help = "roles of certificates"),
	KEY("peers", CUSTOM, .read = read_peers, .forms = FORM_MAPS,
		.map = &peer_map, .help = "roles of who is on a unix listener"),
};

const struct key_map auth_map = MAP("auth", "auth", auth_keys);

static void
read_variable(struct reader *r, const struct settings_input *in, struct auth *a)
{
	struct str value = env_get(in->envp, SECRET_VARIABLE);
	if (!value.p)
		return;
	if (value.n == 0) {
		/* Meant to close a door: must not leave it open. */
		diag_env_error(r->diag,
			SECRET_VARIABLE " is set but empty: give it a value, "
					"or unset it");
		return;
	}
	if (!settings_can_be_sent(value)) {
		diag_env_error(r->diag,
			SECRET_VARIABLE " contains a space or line break, "
					"which no client could send");
		return;
	}
	if (a->type == WORD_NONE || a->type == WORD_MTLS)
		diag_env_warning(r->diag, FINDING_NO_EFFECT,
			SECRET_VARIABLE " has no effect: auth.type is %s",
			a->type == WORD_NONE ? "none" : "mtls");
	a->secret = value;
}

static void
add_secret(struct reader *r, struct auth *a)
{
	struct settings_token t = {.role = STR("admin")};
	if (a->secret.n == 0)
		return;
	if (!a->s.tokens)
		a->s.tokens = arena_alloc(r->arena, sizeof(t));
	if (!a->s.tokens)
		return;
	sha256(a->secret, t.sha256);
	/* Tokens are looked at first: one that is the secret wins. */
	if (!is_known(a, t.sha256))
		a->s.tokens[a->s.ntokens++] = t;
}

static void
warn_closed(struct reader *r, const struct tree *auth)
{
	if (auth)
		diag_warning(r->diag, FINDING_NOBODY_GETS_IN, auth->key_pos,
			"no secret and no token: every request will get 401");
	else
		diag_file_warning(r->diag, FINDING_NOBODY_GETS_IN,
			"no \"auth\" section: every request will get 401");
	diag_help(r->diag, "give a secret or a token, or \"type: none\" to "
			   "serve without authentication");
}

static bool
has_local_listener(const struct settings *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (s->listeners[i].path.n > 0)
			return true;
	return false;
}

static enum auth_type
type_of(const struct auth *a, const struct settings_input *in)
{
	if (a->type == WORD_MTLS)
		return AUTH_MTLS;
	if (a->type == WORD_NONE || (!in->has_file && a->s.ntokens == 0))
		return AUTH_NONE;
	return a->s.ntokens > 0 || a->s.npeers > 0 ? AUTH_BEARER : AUTH_CLOSED;
}

/* What is said and has no effect. */
static void
warn_unused(struct reader *r, const struct tree *auth, const struct auth *a)
{
	const struct tree *mtls = read_given(auth, "mtls");
	const struct tree *peers = read_given(auth, "peers");
	if (a->s.ntokens > 0 && (a->type == WORD_NONE || a->type == WORD_MTLS))
		diag_warning(r->diag, FINDING_NO_EFFECT, a->type_node->pos,
			"auth.type is %.*s: the secret and tokens are not "
			"asked for",
			STR_FMT(a->type_node->text));
	if (mtls && a->type != WORD_MTLS)
		diag_warning(r->diag, FINDING_NO_EFFECT, mtls->key_pos,
			"mtls has no effect: auth.type is not mtls");
	if (peers && peers->count > 0 && a->s.npeers == 0)
		diag_warning(r->diag, FINDING_NO_EFFECT, peers->key_pos,
			"peers has no effect: no listener is a unix socket");
}

void
settings_read_auth(
	struct reader *r, const struct settings_input *in, struct settings *out)
{
	struct auth a = {
		.s = out->auth,
		.has_variable = env_get(in->envp, SECRET_VARIABLE).p != NULL,
	};
	size_t errors = r->diag->errors;
	if (in->auth && !tree_is_null(in->auth))
		read_map(r, in->auth, &auth_map, &a);
	a.type_node = in->auth ? read_given(in->auth, "type") : NULL;
	read_variable(r, in, &a);
	add_secret(r, &a);
	if (!has_local_listener(out))
		a.s.npeers = 0;
	a.s.type = type_of(&a, in);
	if (r->diag->errors == errors) {
		warn_unused(r, in->auth, &a);
		if (a.s.type == AUTH_CLOSED && !in->part)
			warn_closed(r, in->auth);
	}
	/* A certificate is no token's equal: with mtls, tokens are none. */
	if (a.s.type == AUTH_MTLS)
		a.s.ntokens = 0;
	out->auth = a.s;
	if (a.s.type == AUTH_MTLS && r->diag->errors == 0)
		settings_check_mtls(r, a.type_node, out);
}
