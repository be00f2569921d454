/*
 * After a refusal: which names are near the one that was typed, and what to do next.
 */
#ifndef REDRESS_CTL_HINT_H
#define REDRESS_CTL_HINT_H

#include "ctl_desk.h"
#include "policy.h"

/* On stderr, a line a hint; nothing where there is none, and with --json.  policy: of the case;
 * NULL: unknown, then nothing of it is near. */
void ctl_hint(struct ctl *ctl,
              const struct policy *policy,
              const ctl_reply *reply,
              const struct ctl_command *command);

/* Which texts the action has, where that is none of them; nothing where it is one, or of JSON. */
void ctl_hint_text(const struct ctl *ctl,
                   const struct policy *policy,
                   const struct policy_action *action,
                   const char *text);

#endif
