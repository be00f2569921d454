/* What came of a run: clocks against what is on record, queues, load over time. */
#include "ctl_drill.h"

static void count_clock(struct drill_clock_tally *tally, uint8_t now, uint8_t before)
{
    tally->met += now == DRILL_MET;
    tally->late += now == DRILL_LATE;
    tally->running += now == DRILL_RUNNING;
    tally->was_met += before == DRILL_MET;
    tally->was_late += before == DRILL_LATE;
    tally->was_running += before == DRILL_RUNNING;
    if (before == DRILL_NOTHING) {
        return;
    }
    tally->judged++;
    tally->gained += before == DRILL_LATE && now != DRILL_LATE;
    tally->lost += before != DRILL_LATE && now == DRILL_LATE;
    tally->same += (before == DRILL_LATE) == (now == DRILL_LATE);
}

static int64_t quantile(const struct drill_waits *waits, unsigned percent)
{
    if (waits->count == 0) {
        return 0;
    }
    size_t rank = (waits->count * percent + 99) / 100; /* nearest rank */
    return waits->seconds[rank > 0 ? rank - 1 : 0];
}

static void
count_queue(struct drill_queue_tally *tally, const struct drill_outcome *outcome, uint32_t names)
{
    tally->cases++;
    tally->open += outcome->closed_us == 0;
    for (uint32_t i = 0; i < names; i++) {
        tally->met[i] += outcome->said[i] == DRILL_MET;
        tally->late[i] += outcome->said[i] == DRILL_LATE;
    }
}

/* Buckets of whole days, so many that they fit. */
static void
measure(const struct drill_book *book, const struct drill_run *run, struct drill_load *load)
{
    static const int64_t day_us = (int64_t)86400 * DRILL_SECOND_US;
    int64_t last_us = 0;
    load->from_us = INT64_MAX;
    for (size_t i = 0; i < book->count; i++) {
        int64_t at_us = run->outcomes[i].opened_us;
        if (at_us != 0) {
            load->from_us = at_us < load->from_us ? at_us : load->from_us;
            last_us = at_us > last_us ? at_us : last_us;
        }
    }
    if (last_us == 0) {
        return;
    }
    load->from_us -= load->from_us % day_us;
    int64_t days = (last_us - load->from_us) / day_us + 1;
    int64_t each = (days + DRILL_BUCKETS_MAX - 1) / DRILL_BUCKETS_MAX;
    load->width_us = each * day_us;
    load->count = (uint32_t)((days + each - 1) / each);
}

static void load_case(struct drill_load *load, const struct drill_outcome *outcome)
{
    if (outcome->opened_us == 0 || load->count == 0) {
        return;
    }
    int64_t from = (outcome->opened_us - load->from_us) / load->width_us;
    int64_t to = outcome->closed_us == 0 ? load->count
                                         : (outcome->closed_us - load->from_us) / load->width_us;
    load->came[from]++;
    if (outcome->closed_us != 0 && to >= 0 && to < load->count) {
        load->went[to]++;
    }
    for (int64_t i = from; i < to && i < load->count && outcome->queue != POLICY_NONE; i++) {
        load->open[outcome->queue][i]++;
    }
}

void drill_count(const struct drill_book *book,
                 const struct drill_run *run,
                 const struct drill_run *against,
                 struct drill_tally *tally)
{
    memset(tally, 0, sizeof *tally);
    measure(book, run, &tally->load);
    for (size_t i = 0; i < book->count; i++) {
        const struct drill_outcome *outcome = &run->outcomes[i];
        const uint8_t *before = against ? against->outcomes[i].said : book->records[i].said;
        for (uint32_t j = 0; j < book->names.count; j++) {
            count_clock(&tally->clocks[j], outcome->said[j], before[j]);
        }
        if (outcome->queue != POLICY_NONE) {
            count_queue(&tally->queues[outcome->queue], outcome, book->names.count);
        }
        load_case(&tally->load, outcome);
    }
    for (uint16_t i = 0; i < run->object->policy.queue_count; i++) {
        const struct drill_waits *waits = &run->waits[i];
        tally->queues[i].waited = waits->count;
        tally->queues[i].wait_median_s = quantile(waits, 50);
        tally->queues[i].wait_p90_s = quantile(waits, 90);
        tally->queues[i].wait_p99_s = quantile(waits, 99);
    }
}
