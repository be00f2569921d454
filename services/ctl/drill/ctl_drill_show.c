/* A drill as tables and as JSON. */
#include "ctl_drill_work.h"
#include "ctl_table.h"
#include "ctl_view.h"

/* ---- JSON --------------------------------------------------------------------------------- */

static json_t *clock_json(const char *id, const struct drill_clock_tally *tally)
{
    return json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
                     "clock",
                     id,
                     "met",
                     (json_int_t)tally->met,
                     "breached",
                     (json_int_t)tally->late,
                     "running",
                     (json_int_t)tally->running,
                     "met_before",
                     (json_int_t)tally->was_met,
                     "breached_before",
                     (json_int_t)tally->was_late,
                     "gained",
                     (json_int_t)tally->gained,
                     "lost",
                     (json_int_t)tally->lost,
                     "compared",
                     (json_int_t)tally->judged,
                     "agree",
                     (json_int_t)tally->same);
}

static json_t *queue_json(const struct drill_report *report, uint16_t queue)
{
    const struct drill_queue_tally *tally = &report->tally->queues[queue];
    json_t *clocks = json_object();
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        if (tally->met[i] + tally->late[i] > 0) {
            (void)json_object_set_new(clocks,
                                      report->book->names.ids[i],
                                      json_pack("{s:I,s:I}",
                                                "met",
                                                (json_int_t)tally->met[i],
                                                "breached",
                                                (json_int_t)tally->late[i]));
        }
    }
    json_t *wait = tally->waited == 0 ? json_null()
                                      : json_pack("{s:I,s:I,s:I,s:I}",
                                                  "cases",
                                                  (json_int_t)tally->waited,
                                                  "median_s",
                                                  (json_int_t)tally->wait_median_s,
                                                  "p90_s",
                                                  (json_int_t)tally->wait_p90_s,
                                                  "p99_s",
                                                  (json_int_t)tally->wait_p99_s);
    json_t *load = json_array();
    for (uint32_t i = 0; i < report->tally->load.count; i++) {
        (void)json_array_append_new(load, json_integer(report->tally->load.open[queue][i]));
    }
    return json_pack("{s:s,s:I,s:I,s:o,s:o,s:o}",
                     "queue",
                     report->run->object->policy.queues[queue].id,
                     "cases",
                     (json_int_t)tally->cases,
                     "open",
                     (json_int_t)tally->open,
                     "wait",
                     wait,
                     "clocks",
                     clocks,
                     "load",
                     load);
}

static json_t *needs_json(const struct drill_report *report)
{
    const struct drill_search *search = report->search;
    json_t *teams = json_array();
    for (uint32_t i = 0; search && i < search->count; i++) {
        const struct drill_need *need = &search->needs[i];
        json_t *curve = json_array();
        for (uint32_t j = 0; j < need->points; j++) {
            (void)json_array_append_new(
                curve,
                json_pack("{s:i,s:f}", "agents", (int)need->tried[j], "share", need->shares[j]));
        }
        (void)json_array_append_new(
            teams,
            json_pack("{s:s,s:i,s:o,s:f,s:f,s:o}",
                      "team",
                      search->staff->teams[i].name,
                      "agents",
                      (int)need->agents,
                      "needed",
                      need->needed > 0 ? json_integer(need->needed) : json_null(),
                      "share_now",
                      need->share_now,
                      "share_best",
                      need->share_best,
                      "curve",
                      curve));
    }
    return teams;
}

json_t *drill_json(const struct drill_report *report)
{
    const struct drill_run *run = report->run;
    const struct drill_load *load = &report->tally->load;
    json_t *clocks = json_array();
    json_t *queues = json_array();
    for (uint32_t i = 0; i < report->book->names.count; i++) {
        (void)json_array_append_new(
            clocks, clock_json(report->book->names.ids[i], &report->tally->clocks[i]));
    }
    for (uint16_t i = 0; i < run->object->policy.queue_count; i++) {
        (void)json_array_append_new(queues, queue_json(report, i));
    }
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:o,s:I,s:o,s:o,s:o}",
                     "policy",
                     run->object->policy.name,
                     "mode",
                     report->staff_name ? "staff" : "recorded",
                     "complaints",
                     (json_int_t)report->book->count,
                     "skipped",
                     (json_int_t)report->book->skipped,
                     "events",
                     (json_int_t)run->events,
                     "reclassified",
                     (json_int_t)run->reclassified,
                     "steps_unknown",
                     (json_int_t)run->steps_unknown,
                     "due_unknown",
                     (json_int_t)run->clocks_unknown,
                     "seconds",
                     run->seconds,
                     "complaints_per_second",
                     run->seconds > 0 ? (double)report->book->count / run->seconds : 0.0,
                     "load_from",
                     view_time_json(load->from_us),
                     "load_bucket_s",
                     (json_int_t)(load->width_us / DRILL_SECOND_US),
                     "clocks",
                     clocks,
                     "queues",
                     queues,
                     "staff_needed",
                     needs_json(report));
}

/* ---- tables ------------------------------------------------------------------------------- */

static const char *share_text(uint64_t part, uint64_t whole, char into[VIEW_TEXT_MAX])
{
    (void)snprintf(into, VIEW_TEXT_MAX, "%.1f %%", 100.0 * (double)part / (double)whole);
    return whole == 0 ? "" : into;
}

static void print_clocks(const struct drill_report *report)
{
    static const struct ctl_column columns[] = {
        {"clock",    TEXT_DRILL_CLOCK,   CTL_COLUMN_TEXT,   true },
        {"met",      TEXT_DRILL_MET,     CTL_COLUMN_NUMBER, false},
        {"breached", TEXT_DRILL_LATE,    CTL_COLUMN_NUMBER, false},
        {"share",    TEXT_DRILL_SHARE,   CTL_COLUMN_NUMBER, false},
        {"running",  TEXT_DRILL_RUNNING, CTL_COLUMN_NUMBER, false},
        {"before",   TEXT_DRILL_BEFORE,  CTL_COLUMN_NUMBER, false},
        {"gained",   TEXT_DRILL_GAINED,  CTL_COLUMN_NUMBER, false},
        {"lost",     TEXT_DRILL_LOST,    CTL_COLUMN_NUMBER, false},
        {"agree",    TEXT_DRILL_AGREE,   CTL_COLUMN_NUMBER, false},
    };
    const struct ctl *ctl = report->ctl;
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; table && i < report->book->names.count; i++) {
        const struct drill_clock_tally *tally = &report->tally->clocks[i];
        char title[VIEW_TEXT_MAX];
        char share[VIEW_TEXT_MAX];
        char agree[VIEW_TEXT_MAX];
        (void)snprintf(agree, sizeof agree, "%" PRIu64 "/%" PRIu64, tally->same, tally->judged);
        ctl_table_add(table,
                      (const char *const[]){view_clock(ctl,
                                                       &report->run->object->policy,
                                                       slice_text(report->book->names.ids[i]),
                                                       title),
                                            CTL_NUMBER_TEXT(tally->met),
                                            CTL_NUMBER_TEXT(tally->late),
                                            share_text(tally->met, tally->met + tally->late, share),
                                            CTL_NUMBER_TEXT(tally->running),
                                            tally->judged ? CTL_NUMBER_TEXT(tally->was_late) : "",
                                            tally->judged ? CTL_NUMBER_TEXT(tally->gained) : "",
                                            tally->judged ? CTL_NUMBER_TEXT(tally->lost) : "",
                                            tally->judged ? agree : ""});
    }
    if (table) {
        ctl_table_print(table);
    }
    ctl_table_free(&table);
}

static void print_queues(const struct drill_report *report)
{
    static const struct ctl_column columns[] = {
        {"queue",  TEXT_DRILL_QUEUE,  CTL_COLUMN_TEXT,   true },
        {"cases",  TEXT_DRILL_CASES,  CTL_COLUMN_NUMBER, false},
        {"open",   TEXT_DRILL_OPEN,   CTL_COLUMN_NUMBER, false},
        {"median", TEXT_DRILL_MEDIAN, CTL_COLUMN_NUMBER, false},
        {"p90",    TEXT_DRILL_P90,    CTL_COLUMN_NUMBER, false},
        {"p99",    TEXT_DRILL_P99,    CTL_COLUMN_NUMBER, false},
        {"load",   TEXT_DRILL_LOAD,   CTL_COLUMN_TEXT,   true },
    };
    const struct ctl *ctl = report->ctl;
    const struct policy *policy = &report->run->object->policy;
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    for (uint16_t i = 0; table && i < policy->queue_count; i++) {
        const struct drill_queue_tally *tally = &report->tally->queues[i];
        char spark[VIEW_TEXT_MAX];
        char median[VIEW_TEXT_MAX];
        char p90[VIEW_TEXT_MAX];
        char p99[VIEW_TEXT_MAX];
        uint64_t load[DRILL_BUCKETS_MAX];
        for (uint32_t j = 0; j < report->tally->load.count; j++) {
            load[j] = report->tally->load.open[i][j];
        }
        bool waited = tally->waited > 0;
        ctl_table_add(table,
                      (const char *const[]){
                          view_title(ctl, &policy->queues[i].title),
                          CTL_NUMBER_TEXT(tally->cases),
                          CTL_NUMBER_TEXT(tally->open),
                          waited ? view_duration(ctl, tally->wait_median_s, median) : "",
                          waited ? view_duration(ctl, tally->wait_p90_s, p90) : "",
                          waited ? view_duration(ctl, tally->wait_p99_s, p99) : "",
                          view_spark(load, report->tally->load.count, spark),
                      });
    }
    if (table) {
        ctl_table_print(table);
    }
    ctl_table_free(&table);
}

static void print_needs(const struct drill_report *report)
{
    static const struct ctl_column columns[] = {
        {"team",   TEXT_DRILL_TEAM,         CTL_COLUMN_TEXT,   true },
        {"agents", TEXT_DRILL_AGENTS,       CTL_COLUMN_NUMBER, false},
        {"now",    TEXT_DRILL_SHARE_NOW,    CTL_COLUMN_NUMBER, false},
        {"needed", TEXT_DRILL_NEEDED,       CTL_COLUMN_NUMBER, false},
        {"then",   TEXT_DRILL_SHARE_NEEDED, CTL_COLUMN_NUMBER, false},
    };
    const struct ctl *ctl = report->ctl;
    const struct drill_search *search = report->search;
    const struct policy *policy = &report->run->object->policy;
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    char target[VIEW_TEXT_MAX];
    char title[VIEW_TEXT_MAX];
    (void)snprintf(target, sizeof target, "%.4g %%", 100 * search->target);
    ctl_print(
        ctl,
        TEXT_DRILL_TARGET,
        CTL_ARGS(
            target,
            view_clock(ctl, policy, slice_text(report->book->names.ids[search->clock]), title)));
    for (uint32_t i = 0; table && i < search->count; i++) {
        const struct drill_need *need = &search->needs[i];
        char now[VIEW_TEXT_MAX];
        char then[VIEW_TEXT_MAX];
        char no[SAY_MAX];
        (void)snprintf(now, sizeof now, "%.1f %%", 100 * need->share_now);
        (void)snprintf(then,
                       sizeof then,
                       "%.1f %%",
                       100 * (need->needed > 0 ? need->share_needed : need->share_best));
        (void)say_text(ctl, no, TEXT_DRILL_UNREACHABLE, CTL_ARGS(then));
        ctl_table_add(table,
                      (const char *const[]){
                          view_title(ctl, &policy->queues[search->staff->teams[i].queues[0]].title),
                          CTL_NUMBER_TEXT(need->agents),
                          now,
                          need->needed > 0 ? CTL_NUMBER_TEXT(need->needed) : "–",
                          need->needed > 0 ? then : no});
    }
    if (table) {
        ctl_table_print(table);
    }
    ctl_table_free(&table);
}

void drill_print(const struct drill_report *report)
{
    const struct ctl *ctl = report->ctl;
    const struct drill_run *run = report->run;
    char rate[VIEW_TEXT_MAX];
    (void)snprintf(rate,
                   sizeof rate,
                   "%.0f",
                   run->seconds > 0 ? (double)report->book->count / run->seconds : 0.0);
    ctl_print(ctl,
              report->staff_name ? TEXT_DRILL_SIMULATED : TEXT_DRILL_AS_RECORDED,
              CTL_ARGS(CTL_NUMBER_TEXT(report->book->count), report->policy_name, rate));
    ctl_print(ctl,
              report->against_name ? TEXT_DRILL_AGAINST : TEXT_DRILL_AGAINST_RECORD,
              CTL_ARGS(report->against_name));
    print_clocks(report);
    print_queues(report);
    if (report->search) {
        print_needs(report);
    }
    if (run->reclassified > 0) {
        ctl_print(ctl, TEXT_DRILL_RECLASSIFIED, CTL_ARGS(CTL_NUMBER_TEXT(run->reclassified)));
    }
    if (run->steps_unknown > 0) {
        ctl_print(ctl, TEXT_DRILL_STEPS, CTL_ARGS(CTL_NUMBER_TEXT(run->steps_unknown)));
    }
    if (run->clocks_unknown > 0) {
        ctl_print(ctl, TEXT_DRILL_UNKNOWN, CTL_ARGS(CTL_NUMBER_TEXT(run->clocks_unknown)));
    }
    if (report->book->skipped > 0) {
        ctl_print(ctl, TEXT_DRILL_SKIPPED, CTL_ARGS(CTL_NUMBER_TEXT(report->book->skipped)));
    }
}
