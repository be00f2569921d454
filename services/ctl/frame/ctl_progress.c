#include "ctl_progress.h"

#include <unistd.h>

enum { PERIOD_US = 100000, BAR_WIDTH = 24 };

void ctl_progress_begin(const struct ctl *ctl, struct ctl_progress *progress)
{
    *progress = (struct ctl_progress){.shown = !ctl->quiet && isatty(fileno(ctl->err)) == 1};
}

bool ctl_progress_due(struct ctl_progress *progress, int64_t now_us)
{
    if (!progress->shown || now_us < progress->next_us) {
        return false;
    }
    progress->next_us = now_us + PERIOD_US;
    return true;
}

void ctl_progress_show(const struct ctl *ctl,
                       struct ctl_progress *progress,
                       double share,
                       enum ctl_text id,
                       const char *const *args)
{
    (void)fputc('\r', ctl->err);
    if (share >= 0) {
        int full = share >= 1 ? BAR_WIDTH : (int)(share * BAR_WIDTH);
        (void)fputs("▕", ctl->err);
        for (int i = 0; i < BAR_WIDTH; i++) {
            (void)fputs(i < full ? "█" : "░", ctl->err);
        }
        (void)fputs("▏ ", ctl->err);
    }
    ctl_format(ctl->err, ctl_text_in(ctl->language, id), args);
    (void)fputs("\033[K", ctl->err);
    (void)fflush(ctl->err);
    progress->dirty = true;
}

void ctl_progress_clear(const struct ctl *ctl, struct ctl_progress *progress)
{
    if (progress->dirty) {
        (void)fputs("\r\033[K", ctl->err);
        progress->dirty = false;
    }
}
