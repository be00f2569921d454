/*
 * What a field may hold, for people: in refusals, forms and manuals.
 */
#ifndef REDRESS_POLICY_FIELD_H
#define REDRESS_POLICY_FIELD_H

#include "policy.h"

#include <stdio.h>

/* "an amount from 0 to 500.00 CNY", "one of good, bad": plain English on one line. */
void policy_field_tell(const struct policy_field *field, FILE *out);

enum { POLICY_BOUND_SIZE = 32 };

/* A value of the field (min, max, a limit) as it would be typed; characters of a text. */
void policy_bound_text(const struct policy_field *field,
                       int64_t bound,
                       char text[POLICY_BOUND_SIZE]);

#endif
