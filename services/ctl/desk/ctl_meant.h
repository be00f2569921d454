/*
 * Titles in a command: people call actions, roles, fields and choices as they read them, dispatch
 * knows ids.
 */
#ifndef REDRESS_CTL_MEANT_H
#define REDRESS_CTL_MEANT_H

#include "ctl_desk.h"
#include "ctl_view.h"

/*
 * Asks dispatch.  Where it refuses and an action, a role, a field or a value is none of the
 * policy's, but one has that title in some language, the command gets its id and is asked anew; the
 * ids are lent for the life of the program.  CTL_USAGE after saying which ids have the title where
 * they are several.
 */
int ctl_meant_ask(struct ctl *ctl,
                  struct ctl_desk *desk,
                  struct ctl_command *command,
                  const ctl_reply **reply) MUST_CHECK;

/* The fields of a command that was answered so, and their values: ids for titles, of what the
 * action asks for and what may be chosen.  *changed: there was one; else it is as before. */
int ctl_meant_fields(const struct ctl *ctl,
                     const struct policy *policy,
                     const ctl_reply *reply,
                     struct ctl_command *command,
                     bool *changed) MUST_CHECK;

/* A field's id for its title among what the action (NULL: unknown) asks for, in its place, which
 * has size bytes; else it stays.  CTL_USAGE after saying which ids have the title. */
int ctl_meant_field(const struct ctl *ctl,
                    const struct policy *policy,
                    const struct policy_action *action,
                    char *name,
                    size_t size) MUST_CHECK;

/* The action of the step by its id or title; NULL: none, or several. */
const struct policy_action *
ctl_meant_action(const struct ctl *ctl, const struct policy_step *step, const char *word);

#endif
