/*
 * Forms of a reply: what the fields of the actions that are listed may hold.  Part of
 * dispatch_wire.
 */
#ifndef REDRESS_DISPATCH_WIRE_FORM_H
#define REDRESS_DISPATCH_WIRE_FORM_H

#include "arena.h"
#include "policy.h"
#include "redress/command/v1/command.pb-c.h"

enum { FORMS_SIZE_MAX = 24 * 1024 }; /* of all of them, packed: the rest is for the actions */

/* One for each field that may not hold just any text, those of policy's own names included;
 * category only where there are few.  What does not fit is left out: whoever acts is told then. */
void forms_of(const struct policy *policy,
              const struct policy_step *step,
              struct arena *arena,
              Redress__Command__V1__Reply *reply);

/* What one field may hold, rules being what the policy says of it (NULL: nothing); of category and
 * severity_class the policy's own, which dispatch asks for whatever type the field has.  NULL: any
 * text, or the arena is full. */
Redress__Command__V1__Form *form_for(const struct policy *policy,
                                     const char *name,
                                     const struct policy_field *rules,
                                     struct arena *arena);

/* Which of the action's fields may not be empty, and how much each role may decide. */
void form_duties_of(const struct policy *policy,
                    const struct policy_action *action,
                    struct arena *arena,
                    Redress__Command__V1__Allowed *allowed);

#endif
