/* Credentials: bearer tokens, certificates' names. */
#include "runtime/auth.h"

#include "runtime/sha256.h"

bool
auth_bearer_digest(struct str authorization, uint8_t digest_out[32])
{
	const struct str scheme = STR("bearer ");

	if (authorization.n <= scheme.n)
		return false;
	struct str start = {authorization.p, scheme.n};
	if (!str_eq_nocase(start, scheme))
		return false;
	struct str token = str_from(authorization, scheme.n);
	while (token.n && token.p[0] == ' ')
		token = str_from(token, 1);
	if (token.n)
		sha256(token, digest_out);
	return token.n;
}

bool
auth_digest_equal(const uint8_t a[32], const uint8_t b[32])
{
	/* So that the compiler cannot see how it might end early. */
	volatile uint8_t differ = 0;

	for (size_t i = 0; i < 32; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static bool
name_matches(struct str name, struct str pattern)
{
	if (!str_starts(pattern, STR("*.")))
		return str_eq_nocase(name, pattern);
	size_t label = str_find(name, STR("."));
	if (label == 0 || label == name.n)
		return false;
	/* A name that is itself a wildcard is made out to nobody in
	 * particular: only its own spelling is it. */
	if (str_eq((struct str){name.p, label}, STR("*")))
		return str_eq_nocase(name, pattern);
	return str_eq_nocase(str_from(name, label), str_from(pattern, 1));
}

bool
auth_cert_matches(const struct auth_cert *c, struct str pattern)
{
	if (pattern.n == 0)
		return false;
	if (c->cn.n && name_matches(c->cn, pattern))
		return true;
	for (size_t i = 0; i < c->nnames; i++)
		if (name_matches(c->names[i], pattern))
			return true;
	return false;
}
