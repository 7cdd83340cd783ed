/* Settings: secrets, and tokens in their three forms. */
#include "compiler/settings_parts.h"

#include "runtime/sha256.h"

#include <errno.h>

#define TOKEN_SHORT 16 /* bytes; 64 bits, if each is a hex digit */

/* --- secrets --------------------------------------------------------------- */

bool
settings_can_be_sent(struct str secret)
{
	for (size_t i = 0; i < secret.n; i++) {
		unsigned char c = (unsigned char)secret.p[i];
		if (c <= 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

bool
settings_read_secret(struct reader *r, const struct tree *node, struct str *out)
{
	if (!read_is_set(r, node) || !read_is_scalar(r, node))
		return false;
	if (settings_can_be_sent(node->text)) {
		*out = node->text;
		return true;
	}
	diag_error(r->diag, node->pos,
		"%.*s contains a space or line break, which no client could "
		"send",
		STR_FMT(node->key));
	return false;
}

/* --- tokens ---------------------------------------------------------------- */

static void
take_token(struct token_said *t, struct str secret)
{
	t->empty = secret.n == 0;
	t->valid = !t->empty;
	if (t->valid)
		sha256(secret, t->sha256);
}

void
settings_read_token(
	struct reader *r, const struct tree *node, struct token_said *t)
{
	struct str text;
	t->forms++;
	if (!settings_read_secret(r, node, &text))
		return;
	take_token(t, text);
	if (text.n > 0 && text.n < TOKEN_SHORT)
		diag_warning(r->diag, FINDING_SHORT_TOKEN, node->pos,
			"this token has %zu bytes: it can be guessed", text.n);
}

void
settings_read_token_sha256(
	struct reader *r, const struct tree *node, struct token_said *t)
{
	struct str text;
	t->forms++;
	if (!settings_read_secret(r, node, &text))
		return;
	bool ok = text.n == 2 * sizeof(t->sha256);
	for (size_t i = 0; ok && i < sizeof(t->sha256); i++) {
		int high = ascii_hex(text.p[2 * i]);
		int low = ascii_hex(text.p[2 * i + 1]);
		ok = high >= 0 && low >= 0;
		t->sha256[i] = (uint8_t)(high * 16 + low);
	}
	t->valid = ok;
	if (!ok)
		diag_error(r->diag, node->pos,
			"token_sha256 must be 64 hexadecimal digits");
}

void
settings_read_token_file(
	struct reader *r, const struct tree *node, struct token_said *t)
{
	struct str path, text;
	t->forms++;
	if (!read_file_name(r, node, &path))
		return;
	errno = ENOENT;
	if (!r->read_file ||
		!r->read_file(r->read_file_ctx, path.p, r->scratch, &text)) {
		diag_error(r->diag, node->pos,
			"the token file cannot be read: %s", strerror(errno));
		return;
	}
	while (text.n > 0 &&
		(text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	if (text.n == 0 || !settings_can_be_sent(text)) {
		diag_error(r->diag, node->pos,
			"the token file must hold one token and nothing else");
		return;
	}
	t->file = path;
	take_token(t, text);
}
