/* Ready policies: finding one. */
#include "compiler/ready.h"

const struct ready_policy *
ready_find(struct str name)
{
	for (const struct ready_policy *p = ready_policies; p->name; p++)
		if (str_eq(str_of(p->name), name))
			return p;
	return NULL;
}
