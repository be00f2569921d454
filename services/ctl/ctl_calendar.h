/* What the files of `redress calendar` share. */
#ifndef REDRESS_CTL_CALENDAR_H
#define REDRESS_CTL_CALENDAR_H

#include "ctl.h"

/* Puts the cases of an oracle file to the engine; the status of `calendar check`. */
int ctl_calendar_cases(struct ctl *ctl, const char *path) MUST_CHECK;

#endif
