/*
 * One line that moves, on a terminal; nothing elsewhere.
 */
#ifndef REDRESS_CTL_PROGRESS_H
#define REDRESS_CTL_PROGRESS_H

#include "ctl.h"

struct ctl_progress {
    bool shown; /* stderr is a terminal, and not --quiet */
    int64_t next_us;
    bool dirty; /* the line is on the screen */
};

void ctl_progress_begin(const struct ctl *ctl, struct ctl_progress *progress);

/* True ten times a second, where progress is shown. */
bool ctl_progress_due(struct ctl_progress *progress, int64_t now_us);

/* The bar (0 … 1, below 0: no bar) and the text behind it. */
void ctl_progress_show(const struct ctl *ctl,
                       struct ctl_progress *progress,
                       double share,
                       enum ctl_text id,
                       const char *const *args);

/* Takes the line away, so that something else may be said. */
void ctl_progress_clear(const struct ctl *ctl, struct ctl_progress *progress);

#endif
