/* `redress calendar check`. */
#include "ctl_calendar.h"

#include "ctl_cases.h"

int ctl_calendar_check(struct ctl *ctl)
{
    return ctl_calendar_cases(ctl, ctl_argument(ctl, 0));
}
