/* What the files of `redress list` share. */
#ifndef REDRESS_CTL_LIST_H
#define REDRESS_CTL_LIST_H

#include "ctl_view.h"

/*
 * For an empty list: whether every name it was asked for is one of a policy of the archive.
 * CTL_NOT_FOUND after saying which is none, and which is near.
 */
int ctl_list_known(struct ctl *ctl, struct view_policies *views) MUST_CHECK;

/* The same with the policies at hand, --policy among them. */
int ctl_list_judge(const struct ctl *ctl,
                   const struct policy *const *policies,
                   unsigned count) MUST_CHECK;

#endif
