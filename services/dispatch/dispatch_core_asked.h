/*
 * What the policy requires of an action: marks, obligations, fields, times.  Private to dispatch's
 * core; apart from dispatch_core_rules.c because each can be read alone.
 */
#ifndef REDRESS_DISPATCH_CORE_ASKED_H
#define REDRESS_DISPATCH_CORE_ASKED_H

#include "dispatch_core_rules.h"

/* One action being tried by somebody. */
struct trying {
    const struct policy *policy;
    const struct dispatch_case *state;
    const struct dispatch_input *input;
    uint16_t role;
    bool blank;
    const struct policy_action *action;
    const struct dispatch_more *more; /* before, or afterwards */
    enum case_outcome outcome;
};

/* What the form says, else what is kept. */
bool asked_value(const struct trying *trying, uint16_t index, int64_t *value);

/* The first that does not hold, or NULL. */
const struct policy_requirement *
asked_unmet(const struct trying *trying, const struct policy_requirement *list, uint16_t count);

/* The instant something counts from; INT64_MAX: it has not been. */
int64_t asked_since_us(const struct dispatch_case *state,
                       const struct dispatch_more *more,
                       enum window_since since);

/* The refusal of what does not hold. */
struct dispatch_permit asked_lacks(const struct trying *trying,
                                   const struct policy_requirement *asked);

#endif
