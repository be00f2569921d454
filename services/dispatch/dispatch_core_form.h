/*
 * Whether the form of an action is filled in as the policy says.  Of a personal field only its
 * presence is seen: the shell has looked at it and sealed it (laws 8, 10).  Private to dispatch's
 * core but for dispatch_personal, which tells the shell which fields those are.
 */
#ifndef REDRESS_DISPATCH_CORE_FORM_H
#define REDRESS_DISPATCH_CORE_FORM_H

#include "dispatch_core.h"

/* blank: it is not filled in yet, and only asked whether there are too many fields. */
struct dispatch_permit form_permit(const struct policy *policy,
                                   const struct policy_action *action,
                                   const struct dispatch_input *input,
                                   bool blank);

/* The rules of a field that is personal, as this action of the case's step asks for it, or as the
 * policy has it; NULL: it is not personal. */
const struct policy_field *dispatch_personal(const struct policy *policy,
                                             const struct dispatch_case *state,
                                             struct slice action,
                                             struct slice field);

#endif
