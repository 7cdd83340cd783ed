/* Forwarded, X-Forwarded-For, X-Real-IP: the client behind proxies. */
#include "runtime/forwarded.h"

#include <string.h>

#define PORT_DIGITS 5u /* RFC 7239 section 6: node-port */

/* The list as far as it has been read. Going from left to right, the last one
 * that is not trusted replaces what was there: the same as going from the
 * right up to the first one, without keeping the list. */
struct walk {
	const struct forwarded_trust *trust;
	struct ip client; /* not set: that one has no address */
	bool any;
};

static bool
is_trusted(const struct forwarded_trust *t, const struct ip *ip)
{
	for (size_t i = 0; i < t->n; i++)
		if (cidr_has(&t->nets[i], ip))
			return true;
	return false;
}

static void
walk_add(struct walk *w, const struct ip *ip)
{
	if (!w->any || !is_trusted(w->trust, ip))
		w->client = *ip;
	w->any = true;
}

/* --- one address ------------------------------------------------------------ */

static bool
is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

/* "_" and at least one byte more: an obfnode or obfport. */
static bool
is_hidden(struct str s)
{
	if (s.n < 2 || s.p[0] != '_')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (!is_name_byte(s.p[i]))
			return false;
	return true;
}

static bool
is_port(struct str s)
{
	if (is_hidden(s))
		return true;
	if (s.n == 0 || s.n > PORT_DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* Nothing, or ":" and a port. */
static bool
is_port_part(struct str s)
{
	return s.n == 0 || (s.p[0] == ':' && is_port(str_from(s, 1)));
}

/* "[v6]", its port behind it. */
static bool
read_bracketed(struct str s, struct ip *out)
{
	size_t end = str_find(s, STR("]"));
	const struct str inside = {s.p + 1, end - 1};

	if (end == s.n || str_find(inside, STR(":")) == inside.n)
		return false;
	return is_port_part(str_from(s, end + 1)) && ip_parse(inside, out);
}

/* RFC 7239 section 6: a node. One without an address leaves *out not set. */
static bool
read_node(struct str s, struct ip *out)
{
	*out = (struct ip){0};
	if (s.n > 0 && s.p[0] == '[')
		return read_bracketed(s, out);
	size_t colon = str_find(s, STR(":"));
	const struct str name = {s.p, colon};
	if (!is_port_part(str_from(s, colon)))
		return false;
	return is_hidden(name) || str_eq_nocase(name, STR("unknown")) ||
	       ip_parse(name, out);
}

/* What the older fields have: a node, or IPv6 without brackets. */
static bool
read_address(struct str s, struct ip *out)
{
	return ip_parse(s, out) || read_node(s, out);
}

/* --- X-Forwarded-For --------------------------------------------------------- */

static bool
read_list(struct str value, struct walk *w)
{
	for (;;) {
		size_t comma = str_find(value, STR(","));
		const struct str element = {value.p, comma};
		struct ip ip;
		if (!read_address(str_trim(element), &ip))
			return false;
		walk_add(w, &ip);
		if (comma == value.n)
			return true;
		value = str_from(value, comma + 1);
	}
}

/* --- Forwarded --------------------------------------------------------------- */

/* RFC 9110 section 5.6.2 */
static bool
is_token_byte(char c)
{
	return is_name_byte(c) || (c && strchr("!#$%&'*+^`|~", c));
}

static struct str
take_token(struct str *s)
{
	struct str token = {s->p, 0};

	while (token.n < s->n && is_token_byte(s->p[token.n]))
		token.n++;
	*s = str_from(*s, token.n);
	return token;
}

/* RFC 9110 section 5.6.4, without the quotes; escapes stay as they are: no
 * address has any. False when it does not end. */
static bool
take_quoted(struct str *s, struct str *out)
{
	size_t i = 1;

	while (i < s->n && s->p[i] != '"')
		i += s->p[i] == '\\' ? 2 : 1;
	if (i >= s->n)
		return false;
	*out = (struct str){s->p + 1, i - 1};
	*s = str_from(*s, i + 1);
	return true;
}

/* name=value */
static bool
take_pair(struct str *s, struct str *name_out, struct str *value_out)
{
	*name_out = take_token(s);
	if (name_out->n == 0 || s->n == 0 || s->p[0] != '=')
		return false;
	*s = str_from(*s, 1);
	if (s->n > 0 && s->p[0] == '"')
		return take_quoted(s, value_out);
	*value_out = take_token(s);
	return value_out->n > 0;
}

/* One element, up to its comma or the end. `for` stands once; without it the
 * element has no address. */
static bool
take_element(struct str *s, struct ip *out)
{
	bool told = false;

	*out = (struct ip){0};
	for (;;) {
		struct str name, value;
		*s = str_trim(*s);
		if (!take_pair(s, &name, &value))
			return false;
		if (str_eq_nocase(name, STR("for"))) {
			if (told || !read_node(value, out))
				return false;
			told = true;
		}
		*s = str_trim(*s);
		if (s->n == 0 || s->p[0] == ',')
			return true;
		if (s->p[0] != ';')
			return false;
		*s = str_from(*s, 1);
	}
}

/* RFC 7239 section 4 */
static bool
read_forwarded(struct str value, struct walk *w)
{
	for (;;) {
		struct ip ip;
		if (!take_element(&value, &ip))
			return false;
		walk_add(w, &ip);
		if (value.n == 0)
			return true;
		value = str_from(value, 1);
	}
}

/* --- all lines ---------------------------------------------------------------- */

static bool
read_real_ip(struct str value, struct walk *w)
{
	struct ip ip;

	if (!read_address(value, &ip))
		return false;
	walk_add(w, &ip);
	return true;
}

struct kind {
	struct str name;
	bool (*take)(struct str value, struct walk *w);
	bool once;
};

/* What all fields of a kind say; w->any: there is one. */
static enum why
read_kind(const struct kind *kind, const struct http1_field *fields,
	size_t nfields, struct walk *w)
{
	/* Also those that Connection names: they end here, and here they are
	 * read. */
	for (size_t i = 0; i < nfields; i++) {
		if (!str_eq_nocase(fields[i].name, kind->name))
			continue;
		if (w->any && kind->once)
			return WHY_FIELD_DUPLICATE;
		if (!kind->take(fields[i].value, w))
			return WHY_FIELD_VALUE;
	}
	return w->any && !w->client.set ? WHY_FIELD_VALUE : WHY_OK;
}

enum why
forwarded_client(const struct http1_field *fields, size_t nfields,
	const struct forwarded_trust *trust, const struct ip *from,
	struct ip *client_out)
{
	static const struct kind kinds[] = {
		{STR("forwarded"), read_forwarded, false},
		{STR("x-forwarded-for"), read_list, false},
		{STR("x-real-ip"), read_real_ip, true},
	};
	struct ip client = *from;
	bool told = false;

	*client_out = *from;
	if (!is_trusted(trust, from))
		return WHY_OK;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		struct walk w = {.trust = trust};
		enum why why = read_kind(&kinds[k], fields, nfields, &w);
		if (why)
			return why;
		if (!w.any)
			continue;
		if (told && memcmp(w.client.b, client.b, sizeof(client.b)) != 0)
			return WHY_FORWARDED_CONFLICT;
		client = w.client;
		told = true;
	}
	*client_out = client;
	return WHY_OK;
}
