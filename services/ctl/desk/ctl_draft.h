/*
 * A text of the policy as it would be sent now, for people to start a note from.
 */
#ifndef REDRESS_CTL_DRAFT_H
#define REDRESS_CTL_DRAFT_H

#include "ctl_case.h"
#include "ctl_desk.h"

/* Prints command->text of command->action, filled in from the archive and the command's fields;
 * nothing is done to the case.  The status, after saying what is wrong. */
int ctl_draft(struct ctl *ctl, const char *name, const struct ctl_command *command) MUST_CHECK;

/* The same of a case that has been read, whose policy is known. */
int ctl_draft_show(const struct ctl *ctl,
                   const struct case_view *view,
                   const struct ctl_command *command) MUST_CHECK;

#endif
