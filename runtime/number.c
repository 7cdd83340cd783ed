/* Decimal numbers compared exactly: sign, magnitude, then digit by digit. */
#include "runtime/number.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

/* Far beyond any exponent that means something, and far enough from the ends
 * of int64_t that adding the length of a text cannot overflow. */
#define EXPONENT_MAX ((int64_t)1 << 60)

/* A number cut into its parts: 0.d1d2d3... times ten to the `magnitude`,
 * where d1, the first digit that is not zero, is digit number `lead`. */
struct decimal {
	struct str whole, fraction; /* their digits, borrowed */
	size_t lead;
	int64_t magnitude;
	bool negative;
	bool zero;
};

static size_t
digits(struct str s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static struct str
take(struct str *s, size_t n)
{
	struct str head = {s->p, n};
	*s = str_from(*s, n);
	return head;
}

static bool
take_any(struct str *s, const char *set)
{
	if (s->n == 0 || s->p[0] == '\0' || !strchr(set, s->p[0]))
		return false;
	*s = str_from(*s, 1);
	return true;
}

bool
number_is(struct str s)
{
	take_any(&s, "-");
	struct str whole = take(&s, digits(s));
	if (whole.n == 0 || (whole.n > 1 && whole.p[0] == '0'))
		return false;
	if (take_any(&s, ".") && take(&s, digits(s)).n == 0)
		return false;
	if (take_any(&s, "eE")) {
		take_any(&s, "+-");
		if (take(&s, digits(s)).n == 0)
			return false;
	}
	return s.n == 0;
}

static char
digit_at(const struct decimal *d, size_t i)
{
	if (i < d->whole.n)
		return d->whole.p[i];
	i -= d->whole.n;
	return i < d->fraction.n ? d->fraction.p[i] : '0';
}

/* The number behind `e`, saturated. */
static int64_t
exponent(struct str s)
{
	bool negative = s.n && s.p[0] == '-';
	take_any(&s, "+-");
	int64_t e = 0;
	for (size_t i = 0; i < s.n && e < EXPONENT_MAX / 16; i++)
		e = e * 10 + (s.p[i] - '0');
	if (e >= EXPONENT_MAX / 16)
		e = EXPONENT_MAX;
	return negative ? -e : e;
}

static struct decimal
read_decimal(struct str s)
{
	assert(number_is(s));
	struct decimal d = {.negative = take_any(&s, "-")};
	d.whole = take(&s, digits(s));
	if (take_any(&s, "."))
		d.fraction = take(&s, digits(s));
	int64_t e = take_any(&s, "eE") ? exponent(s) : 0;

	size_t n = d.whole.n + d.fraction.n;
	while (d.lead < n && digit_at(&d, d.lead) == '0')
		d.lead++;
	d.zero = d.lead == n;
	d.magnitude = e + (int64_t)d.whole.n - (int64_t)d.lead;
	return d;
}

/* Neither is zero; signs are not looked at. */
static int
cmp_absolute(const struct decimal *a, const struct decimal *b)
{
	if (a->magnitude != b->magnitude)
		return a->magnitude < b->magnitude ? -1 : 1;
	size_t left_a = a->whole.n + a->fraction.n - a->lead;
	size_t left_b = b->whole.n + b->fraction.n - b->lead;
	size_t n = left_a > left_b ? left_a : left_b;
	for (size_t i = 0; i < n; i++) {
		char x = digit_at(a, a->lead + i);
		char y = digit_at(b, b->lead + i);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int
number_cmp(struct str a, struct str b)
{
	struct decimal x = read_decimal(a);
	struct decimal y = read_decimal(b);
	int sign_x = x.zero ? 0 : x.negative ? -1 : 1;
	int sign_y = y.zero ? 0 : y.negative ? -1 : 1;
	if (sign_x != sign_y)
		return sign_x < sign_y ? -1 : 1;
	return sign_x == 0 ? 0 : sign_x * cmp_absolute(&x, &y);
}
