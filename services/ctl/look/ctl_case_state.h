/*
 * Where a case stands, by the words in which journeys tell it (tests/policies/README.md): one row a
 * key, for whoever expects something of a case.
 */
#ifndef REDRESS_CTL_CASE_STATE_H
#define REDRESS_CTL_CASE_STATE_H

#include "dispatch_core.h"

enum { CASE_NUMBER_TEXT_SIZE = 24 };

/* The ids of its step, queue, category, "none" where there is none, "yes" and "no", a number in
 * digits.  Lent by all of them; NULL: no such key. */
const char *case_state_word(const struct policy *policy,
                            const struct dispatch_case *state,
                            const char *key,
                            char number[CASE_NUMBER_TEXT_SIZE]);

/* There is such a key. */
bool case_state_has(const char *key);

#endif
