/* What the loaders understood, as text, one line a thing. */
#ifndef REDRESS_DESCRIBE_H
#define REDRESS_DESCRIBE_H

#include "org.h"
#include "policy.h"

#include <stdio.h>

void policy_describe(const struct policy *policy, FILE *out);
void org_describe(const struct org *org, FILE *out);

#endif
