/*
 * The last things that went wrong in a long run: what was said as they happened has scrolled away
 * when the counts come.
 */
#ifndef REDRESS_CTL_LAST_H
#define REDRESS_CTL_LAST_H

#include "ctl.h"

enum { CTL_LAST_MAX = 5, CTL_LAST_LINE_MAX = 512 /* longer lines are cut */ };

/* Begins with zeros. */
struct ctl_last {
    char lines[CTL_LAST_MAX][CTL_LAST_LINE_MAX];
    uint64_t count; /* of all that were added */
};

void ctl_last_add(struct ctl_last *last, const char *file, uint64_t line, const char *why);

/* On stderr, the oldest first; nothing where so few were added that they still stand above. */
void ctl_last_tell(const struct ctl *ctl, const struct ctl_last *last);

#endif
