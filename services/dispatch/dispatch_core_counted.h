/*
 * Whether what was done works: complaints of the same cause, counted by the shell before an action
 * whose policy asks for it (`complaints-of-same`), judged here.  Private to dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_COUNTED_H
#define REDRESS_DISPATCH_CORE_COUNTED_H

#include "dispatch_core_asked.h"

/* No more of them than may be, or nothing of the kind is asked; where the form is blank what nobody
 * has counted yet holds. */
bool counted_holds(const struct trying *trying, const struct policy_requirement *asked);

/* Why it does not. */
void counted_lacks(const struct trying *trying,
                   const struct policy_requirement *asked,
                   struct dispatch_permit *permit);

enum { COUNTED_RECORDED_MAX = 1 }; /* fields that counted_record adds */

/* Adds what was counted to the event, so that who reads it can judge it again. */
void counted_record(const struct policy *policy,
                    const struct dispatch_case *state,
                    const struct dispatch_input *input,
                    const struct policy_action *action,
                    struct event_advanced *advanced);

#endif
