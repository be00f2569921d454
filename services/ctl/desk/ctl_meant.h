/*
 * Titles in a command: people call actions and roles as they read them, dispatch knows ids.
 */
#ifndef REDRESS_CTL_MEANT_H
#define REDRESS_CTL_MEANT_H

#include "ctl_desk.h"
#include "ctl_view.h"

/*
 * Asks dispatch.  Where it knows no such action of the step, or the policy no such role, but one
 * has that title in some language, the command gets its id and is asked anew; the ids are lent for
 * the life of the program.  CTL_USAGE after saying which ids have the title where they are several.
 */
int ctl_meant_ask(struct ctl *ctl,
                  struct ctl_desk *desk,
                  struct ctl_command *command,
                  const ctl_reply **reply) MUST_CHECK;

#endif
