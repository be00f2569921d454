/* `redress import`: its options, its progress and its report; ctl_import.c is the work. */
#include "ctl_file.h"
#include "ctl_import.h"
#include "scope.h"

static void duration_text(char text[24], int64_t seconds)
{
    (void)snprintf(text, 24, "%" PRId64 ":%02" PRId64, seconds / 60, seconds % 60);
}

void import_progress(struct import *import, int64_t now_us)
{
    if (!ctl_progress_due(&import->progress, now_us)) {
        return;
    }
    double seconds = (double)(now_us - import->start_us) / 1e6;
    int64_t answered = import->accepted + import->refused;
    double rate = seconds > 0 ? (double)answered / seconds : 0;
    double share = import->count_max > 0 ? (double)import->rows / (double)import->count_max
                                         : ctl_source_share(import->source);
    char left[24] = "…";
    if (share > 0 && rate > 0) {
        double total = (double)import->rows / share;
        duration_text(left, (int64_t)((total - (double)answered) / rate));
    }
    ctl_progress_show(import->ctl,
                      &import->progress,
                      share,
                      TEXT_IMPORT_PROGRESS,
                      CTL_ARGS(CTL_NUMBER_TEXT(import->accepted),
                               CTL_NUMBER_TEXT(import->refused + import->unreadable),
                               CTL_NUMBER_TEXT(rate),
                               left));
}

static void report(struct import *import, int64_t lost, double seconds)
{
    const struct ctl *ctl = import->ctl;
    double rate = seconds > 0 ? (double)import->accepted / seconds : 0;
    if (import->told > TOLD_MAX) {
        ctl_note(ctl, TEXT_IMPORT_MORE, CTL_ARGS(CTL_NUMBER_TEXT(import->told - TOLD_MAX)));
    }
    char seconds_text[32];
    (void)snprintf(seconds_text, sizeof seconds_text, "%.1f", seconds);
    ctl_note(ctl,
             TEXT_IMPORT_DONE,
             CTL_ARGS(CTL_NUMBER_TEXT(import->accepted),
                      CTL_NUMBER_TEXT(import->duplicates),
                      CTL_NUMBER_TEXT(import->refused),
                      CTL_NUMBER_TEXT(import->unreadable),
                      CTL_NUMBER_TEXT(import->skipped),
                      CTL_NUMBER_TEXT(lost),
                      seconds_text,
                      CTL_NUMBER_TEXT(rate)));
    ctl_last_tell(ctl, &import->last);
    if (lost > 0) {
        ctl_note(ctl, TEXT_IMPORT_LOST, CTL_ARGS(CTL_NUMBER_TEXT(lost)));
    }
    if (!ctl->json) {
        return;
    }
    json_t *value = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f}",
                              "accepted",
                              (json_int_t)import->accepted,
                              "duplicates",
                              (json_int_t)import->duplicates,
                              "refused",
                              (json_int_t)import->refused,
                              "unreadable",
                              (json_int_t)import->unreadable,
                              "skipped",
                              (json_int_t)import->skipped,
                              "forged",
                              (json_int_t)import->forged,
                              "lost",
                              (json_int_t)lost,
                              "seconds",
                              seconds,
                              "per_second",
                              rate);
    ctl_print_json(ctl, &value);
}

static int outcome(const struct import *import, int64_t lost)
{
    if (import->code != CTL_OK) {
        return import->code;
    }
    if (lost > 0) {
        return CTL_TRY_AGAIN;
    }
    return import->refused + import->unreadable + import->forged > 0 ? CTL_FAILED : CTL_OK;
}

/* No file where none was asked for. */
static int file_make(const struct ctl *ctl, const char *name, FILE **file)
{
    const char *path = ctl_option_text(ctl, name);
    return path ? ctl_file_make(ctl, path, file) : CTL_OK;
}

static int file_finish(const struct ctl *ctl, const char *name, FILE **file_p, int code)
{
    int finished = ctl_file_finish(ctl, ctl_option_text(ctl, name), file_p);
    return finished == CTL_OK ? code : finished;
}

/* What --policy and --channel mean, or the mapping's own; none there is would be told again for
 * every row.  A channel is one of that policy's, or where a column has the policy of any. */
static int names_check(struct import *import, const char **policy, const char **channel)
{
    static struct ctl_named named[2]; /* the mapping is lent the ids */
    named[0] = (struct ctl_named){.naming = NAMING_POLICY, .word = *policy};
    named[1] = (struct ctl_named){.naming = NAMING_CHANNEL, .word = *channel};
    if (!*policy && !*channel) {
        return CTL_OK;
    }
    import->policies = view_policies_new(import->ctl);
    int code = import->policies ? ctl_names_known(import->ctl, import->policies, named, 2, *policy)
                                : ctl_fail(import->ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    *policy = *policy ? named[0].id : NULL;
    *channel = *channel ? named[1].id : NULL;
    return code;
}

static int prepare(struct import *import)
{
    struct ctl *ctl = import->ctl;
    const char *map = ctl_option_text(ctl, "map");
    if (!map) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_NEEDED, CTL_ARGS("import", "--map", "import"));
    }
    int code = ctl_map_read(
        ctl, map, ctl_option_text(ctl, "policy"), ctl_option_text(ctl, "channel"), &import->map);
    if (code == CTL_OK) {
        code = names_check(import, ctl_map_policy(import->map), ctl_map_channel(import->map));
    }
    if (code != CTL_OK) {
        return code;
    }
    if (!import_open(import)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    import->peer = ctl_peer_new(ctl);
    code = ctl_receipt_trust(ctl, &import->trust);
    if (code != CTL_OK) {
        return code;
    }
    code = import->peer ? ctl_peer_find(ctl, import->peer, SERVICE_INTAKE, false) : CTL_FAILED;
    if (code == CTL_OK) {
        code = file_make(ctl, "rejects", &import->rejects);
    }
    return code == CTL_OK ? file_make(ctl, "receipts", &import->receipts) : code;
}

int ctl_import(struct ctl *ctl)
{
    SCOPED(import_done)
    struct import import = {.ctl = ctl,
                            .count_max = ctl_option_number(ctl, "count"),
                            .rate = ctl_option_number(ctl, "rate"),
                            .timeout_us = ctl_option_number(ctl, "timeout") * 1000};
    int code = prepare(&import);
    if (code == CTL_OK) {
        ctl_progress_begin(ctl, &import.progress);
        import_run(&import);
        ctl_progress_clear(ctl, &import.progress);
        int64_t lost = ctl_window_count(import.window) + (import.waiting ? 1 : 0);
        report(&import, lost, (double)(clock_monotonic_us() - import.start_us) / 1e6);
        code = outcome(&import, lost);
    }
    code = file_finish(ctl, "rejects", &import.rejects, code);
    return file_finish(ctl, "receipts", &import.receipts, code);
}
