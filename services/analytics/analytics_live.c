#include "analytics_live.h"

#include "redress/live/v1/live.pb-c.h"

enum {
    SECONDS = 60,
    CLOCKS_MAX = 256,
};

struct clock_sum {
    char policy[POLICY_NAME_MAX];
    char clock[POLICY_NAME_MAX];
    int64_t met;
    int64_t missed;
};

struct live {
    int64_t sums[FIGURE_MEASURE_COUNT];
    int64_t buckets[PHASE_COUNT][FIGURE_BUCKETS];
    uint32_t clock_count;
    struct clock_sum clocks[CLOCKS_MAX];
    /* what came in each of the last 60 seconds */
    int64_t second_s[SECONDS];
    int64_t received[SECONDS];
    int64_t closed[SECONDS];
};

struct live *live_new(void)
{
    return calloc(1, sizeof(struct live));
}

void live_free(struct live **live_p)
{
    free(*live_p);
    *live_p = NULL;
}

void live_reset(struct live *live)
{
    memset(live->sums, 0, sizeof live->sums);
    memset(live->buckets, 0, sizeof live->buckets);
    live->clock_count = 0;
}

static struct clock_sum *clock_of(struct live *live, struct slice policy, struct slice clock)
{
    for (uint32_t i = 0; i < live->clock_count; i++) {
        if (slice_equal(slice_text(live->clocks[i].policy), policy) &&
            slice_equal(slice_text(live->clocks[i].clock), clock)) {
            return &live->clocks[i];
        }
    }
    if (live->clock_count == CLOCKS_MAX) {
        return NULL;
    }
    struct clock_sum *sum = &live->clocks[live->clock_count++];
    *sum = (struct clock_sum){0};
    (void)snprintf(
        sum->policy, sizeof sum->policy, "%.*s", (int)policy.size, (const char *)policy.bytes);
    (void)snprintf(
        sum->clock, sizeof sum->clock, "%.*s", (int)clock.size, (const char *)clock.bytes);
    return sum;
}

void live_total(struct live *live, const struct analytics_total *total)
{
    if (total->measure >= FIGURE_MEASURE_COUNT) {
        return;
    }
    live->sums[total->measure] += total->count;
    if (total->measure == FIGURE_PHASE && total->phase >= 0 && total->phase < PHASE_COUNT &&
        total->bucket >= 0 && total->bucket < FIGURE_BUCKETS) {
        live->buckets[total->phase][total->bucket] += total->count;
    }
    if (total->clock.size > 0) {
        struct clock_sum *sum = clock_of(live, total->policy, total->clock);
        if (sum && total->measure == FIGURE_MET) {
            sum->met += total->count;
        } else if (sum && total->measure == FIGURE_MISSED) {
            sum->missed += total->count;
        }
    }
}

void live_add(struct live *live,
              const struct policy *policy,
              const struct analytics_row *row,
              int64_t now_us)
{
    const struct figure_increment *key = &row->key;
    bool phase = key->measure == FIGURE_PHASE;
    const struct analytics_total total = {.measure = key->measure,
                                          .policy = slice_text(policy->name),
                                          .clock = key->clock < policy->clock_count
                                                       ? slice_text(policy->clocks[key->clock].id)
                                                       : slice_of(NULL, 0),
                                          .phase = (int16_t)(phase ? key->phase : -1),
                                          .bucket = (int16_t)(phase ? key->bucket : -1),
                                          .count = row->count};
    live_total(live, &total);
    int64_t now_s = now_us / 1000000;
    uint32_t place = (uint32_t)(now_s % SECONDS);
    if (live->second_s[place] != now_s) {
        live->second_s[place] = now_s;
        live->received[place] = 0;
        live->closed[place] = 0;
    }
    if (key->measure == FIGURE_RECEIVED) {
        live->received[place] += row->count;
    } else if (key->measure == FIGURE_CLOSED) {
        live->closed[place] += row->count;
    }
}

/* The middle of the bucket in which the share-th of all values lies. */
static double quantile(const int64_t buckets[FIGURE_BUCKETS], int64_t count, double share)
{
    int64_t rank = (int64_t)(share * (double)(count - 1));
    int64_t below = 0;
    for (unsigned i = 0; i < FIGURE_BUCKETS; i++) {
        below += buckets[i];
        if (below > rank) {
            return figure_bucket_seconds((uint16_t)i);
        }
    }
    return 0;
}

static ProtobufCBinaryData data_text(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

static void
pack_phases(const struct live *live, struct arena *arena, Redress__Live__V1__Figures *figures)
{
    Redress__Live__V1__Quantiles **list = arena_take(arena, PHASE_COUNT * sizeof *list);
    for (unsigned p = 0; list && p < PHASE_COUNT; p++) {
        int64_t count = 0;
        for (unsigned b = 0; b < FIGURE_BUCKETS; b++) {
            count += live->buckets[p][b];
        }
        Redress__Live__V1__Quantiles *one = count > 0 ? arena_take(arena, sizeof *one) : NULL;
        if (!one) {
            continue;
        }
        redress__live__v1__quantiles__init(one);
        one->has_phase = one->has_count = one->has_p50_s = one->has_p90_s = one->has_p99_s = 1;
        one->phase = data_text(policy_phase_names[p]);
        one->count = (uint64_t)count;
        one->p50_s = quantile(live->buckets[p], count, 0.50);
        one->p90_s = quantile(live->buckets[p], count, 0.90);
        one->p99_s = quantile(live->buckets[p], count, 0.99);
        list[figures->n_phases++] = one;
    }
    figures->phases = list;
}

static void
pack_clocks(const struct live *live, struct arena *arena, Redress__Live__V1__Figures *figures)
{
    Redress__Live__V1__ClockShare **list =
        arena_take(arena, (live->clock_count + 1) * sizeof *list);
    for (uint32_t i = 0; list && i < live->clock_count; i++) {
        Redress__Live__V1__ClockShare *one = arena_take(arena, sizeof *one);
        if (!one) {
            break;
        }
        redress__live__v1__clock_share__init(one);
        one->has_policy = one->has_clock = one->has_met = one->has_missed = 1;
        one->policy = data_text(live->clocks[i].policy);
        one->clock = data_text(live->clocks[i].clock);
        one->met = (uint64_t)live->clocks[i].met;
        one->missed = (uint64_t)live->clocks[i].missed;
        list[figures->n_clocks++] = one;
    }
    figures->clocks = list;
}

static uint64_t last_minute(const struct live *live, const int64_t counts[SECONDS], int64_t now_us)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < SECONDS; i++) {
        if (live->second_s[i] > now_us / 1000000 - SECONDS) {
            sum += counts[i];
        }
    }
    return (uint64_t)sum;
}

struct slice live_pack(struct live *live, const char *instance, int64_t now_us, struct arena *arena)
{
    Redress__Live__V1__Figures figures = REDRESS__LIVE__V1__FIGURES__INIT;
    figures.has_at_us = figures.has_instance = figures.has_received = figures.has_triaged = 1;
    figures.has_opened = figures.has_closed = figures.has_reopened = figures.has_breached = 1;
    figures.has_open_cases = figures.has_received_last_minute = figures.has_closed_last_minute = 1;
    figures.at_us = now_us;
    figures.instance = data_text(instance);
    figures.received = (uint64_t)live->sums[FIGURE_RECEIVED];
    figures.triaged = (uint64_t)(live->sums[FIGURE_TRIAGED] + live->sums[FIGURE_ASKED]);
    figures.opened = (uint64_t)live->sums[FIGURE_OPENED];
    figures.closed = (uint64_t)live->sums[FIGURE_CLOSED];
    figures.reopened = (uint64_t)live->sums[FIGURE_REOPENED];
    figures.breached = (uint64_t)live->sums[FIGURE_BREACHED];
    figures.open_cases = (uint64_t)(live->sums[FIGURE_OPENED] - live->sums[FIGURE_CLOSED] +
                                    live->sums[FIGURE_REOPENED]);
    figures.received_last_minute = last_minute(live, live->received, now_us);
    figures.closed_last_minute = last_minute(live, live->closed, now_us);
    pack_phases(live, arena, &figures);
    pack_clocks(live, arena, &figures);
    Redress__Live__V1__Live message = REDRESS__LIVE__V1__LIVE__INIT;
    message.figures = &figures;
    uint8_t *bytes = arena_take(arena, redress__live__v1__live__get_packed_size(&message));
    return bytes ? slice_of(bytes, redress__live__v1__live__pack(&message, bytes))
                 : slice_of(NULL, 0);
}
