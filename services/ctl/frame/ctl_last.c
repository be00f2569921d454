#include "ctl_last.h"

void ctl_last_add(struct ctl_last *last, const char *file, uint64_t line, const char *why)
{
    (void)snprintf(last->lines[last->count++ % CTL_LAST_MAX],
                   CTL_LAST_LINE_MAX,
                   "%s:%" PRIu64 ": %s",
                   file,
                   line,
                   why);
}

void ctl_last_tell(const struct ctl *ctl, const struct ctl_last *last)
{
    if (last->count <= CTL_LAST_MAX) {
        return;
    }
    ctl_note(ctl,
             TEXT_LAST_ARE,
             CTL_ARGS(CTL_NUMBER_TEXT(CTL_LAST_MAX), CTL_NUMBER_TEXT((int64_t)last->count)));
    for (uint64_t i = last->count - CTL_LAST_MAX; i < last->count; i++) {
        ctl_note(ctl, TEXT_LAST_LINE, CTL_ARGS(last->lines[i % CTL_LAST_MAX]));
    }
}
