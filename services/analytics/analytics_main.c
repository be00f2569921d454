/*
 * Analytics, the shell: every event once into the figures, figures once a second to whoever
 * watches.
 *
 * A batch's increments are summed before they are written, so that a thousand events touch a few
 * dozen rows; the checkpoints move in the same transaction, which makes each event count exactly
 * once (law 4).
 */
#include "analytics_alarms.h"
#include "analytics_live.h"
#include "analytics_measured.h"
#include "clock.h"
#include "log.h"
#include "service.h"

enum {
    /* of the batch's sums: power of two.  A batch is at most 4096 events of FIGURE_INCREMENTS_MAX
     * each, and after a long absence each may be of an hour of its own. */
    SLOTS = 131072,
    ROWS_MAX = SLOTS / 2,
    LINGER_US = 250000, /* whoever watches is told once a second; the longer, the fewer rows */
    REFRESH_SECONDS = 5,
};

struct analytics {
    struct service *service;
    struct live *live;
    struct alarms *alarms;
    struct arena *scratch;
    uint32_t row_count;
    struct analytics_row *rows;
    const struct policy **policies; /* of each row */
    uint32_t *slots;                /* row + 1 of a key, by hash; 0: empty */
    bool totals_asked;
    bool totals_known;
    unsigned seconds;
};

static bool analytics_open(struct service *service, void **self, struct error *error)
{
    struct analytics *analytics = calloc(1, sizeof *analytics);
    if (!analytics) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    *self = analytics;
    analytics->service = service;
    analytics->live = live_new();
    analytics->alarms = alarms_new(service);
    analytics->scratch = arena_new((size_t)4 * 1024 * 1024);
    analytics->rows = calloc(ROWS_MAX, sizeof *analytics->rows);
    analytics->policies = calloc(ROWS_MAX, sizeof *analytics->policies);
    analytics->slots = calloc(SLOTS, sizeof *analytics->slots);
    if (!analytics->live || !analytics->alarms || !analytics->scratch || !analytics->rows ||
        !analytics->policies || !analytics->slots) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    return true;
}

static void analytics_close(void *self)
{
    struct analytics *analytics = self;
    live_free(&analytics->live);
    alarms_free(&analytics->alarms);
    if (analytics->scratch) {
        arena_free(&analytics->scratch);
    }
    free(analytics->rows);
    free(analytics->policies);
    free(analytics->slots);
    free(analytics);
}

static bool analytics_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    (void)pg;
    struct analytics *analytics = self;
    analytics->row_count = 0; /* a batch begins */
    memset(analytics->slots, 0, SLOTS * sizeof *analytics->slots);
    return false;
}

static bool same_key(const struct figure_increment *a, const struct figure_increment *b)
{
    return a->measure == b->measure && a->hour_s == b->hour_s && a->policy_id == b->policy_id &&
           a->channel == b->channel && a->category == b->category && a->queue == b->queue &&
           a->clock == b->clock && a->field == b->field && a->value == b->value &&
           (a->measure != FIGURE_PHASE || (a->phase == b->phase && a->bucket == b->bucket));
}

static uint32_t hash_of(const struct figure_increment *key)
{
    uint64_t bits = (uint64_t)key->hour_s * 31 + key->measure;
    bits = bits * 0x9e3779b97f4a7c15U + key->policy_id;
    bits = bits * 0x9e3779b97f4a7c15U +
           ((uint64_t)key->channel << 32 | (uint64_t)key->category << 16 | key->queue);
    if (key->measure == FIGURE_PHASE) {
        bits = bits * 0x9e3779b97f4a7c15U + ((uint64_t)key->phase << 16 | key->bucket);
    }
    bits = bits * 0x9e3779b97f4a7c15U +
           ((uint64_t)key->clock << 32 | (uint64_t)key->field << 16 | key->value);
    return (uint32_t)(bits >> 40);
}

static void sum_add(struct analytics *analytics,
                    const struct policy *policy,
                    const struct figure_increment *increment)
{
    int64_t by = increment->taken_back ? -1 : 1;
    for (uint32_t i = hash_of(increment);; i++) {
        uint32_t *slot = &analytics->slots[i % SLOTS];
        if (*slot == 0) {
            if (analytics->row_count == ROWS_MAX) {
                service_fail(analytics->service, "more figures in a batch than there is room for");
                return;
            }
            analytics->rows[analytics->row_count] = (struct analytics_row){*increment, by};
            analytics->policies[analytics->row_count] = policy;
            *slot = ++analytics->row_count;
            return;
        }
        struct analytics_row *row = &analytics->rows[*slot - 1];
        if (same_key(&row->key, increment)) {
            row->count += by;
            row->key.sum += increment->sum;
            return;
        }
    }
}

static void analytics_input(void *self, struct cycle *cycle, const struct event *event)
{
    (void)cycle;
    struct analytics *analytics = self;
    uint32_t policy_id = event_policy_id(event);
    const struct policy_object *policy =
        policy_id != 0 ? service_policy(analytics->service, policy_id) : NULL;
    if (!policy) {
        return;
    }
    struct figure_increment increments[FIGURE_INCREMENTS_MAX];
    uint32_t count = analytics_fold(&policy->policy, event, increments);
    for (uint32_t i = 0; i < count; i++) {
        sum_add(analytics, &policy->policy, &increments[i]);
    }
}

static void analytics_store(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    struct analytics *analytics = self;
    if (analytics->row_count > 0) {
        analytics_rows_bind(pg, analytics->rows, analytics->policies, analytics->row_count);
    }
}

static void analytics_committed(void *self, struct cycle *cycle)
{
    struct analytics *analytics = self;
    int64_t now_us = cycle_now_us(cycle);
    for (uint32_t i = 0; i < analytics->row_count; i++) {
        live_add(analytics->live, analytics->policies[i], &analytics->rows[i], now_us);
    }
}

static void totals_answered(void *context, const struct pg_answer *answer)
{
    struct analytics *analytics = context;
    analytics->totals_asked = false;
    if (answer->status != PG_OK) {
        return;
    }
    live_reset(analytics->live);
    for (int row = 0; row < PQntuples(answer->results[0]); row++) {
        struct analytics_total total;
        analytics_total_read(answer->results[0], row, &total);
        live_total(analytics->live, &total);
    }
    analytics->totals_known = true;
}

/* On the connection that commits, so that the sums and the commits around them keep their order. */
static void totals_ask(struct analytics *analytics)
{
    struct error error = {0};
    struct pg *pg = service_writer(analytics->service);
    if (analytics->totals_asked || pg_current_state(pg) != PG_READY) {
        return;
    }
    pg_begin(pg);
    pg_call(pg, "analytics_totals");
    analytics->totals_asked = pg_send(pg, totals_answered, analytics, &error);
}

static void analytics_serving(void *self, uint32_t partition)
{
    struct analytics *analytics = self;
    if (partition == 0) {
        analytics->totals_known = false;
        totals_ask(analytics);
    }
}

static void analytics_second(void *self, int64_t now_us)
{
    struct analytics *analytics = self;
    alarms_second(analytics->alarms);
    if (!service_serves(analytics->service, 0)) {
        return;
    }
    bool alone = service_serving(analytics->service) == service_partitions(analytics->service);
    if (!analytics->totals_known || (!alone && ++analytics->seconds % REFRESH_SECONDS == 0)) {
        totals_ask(analytics);
    }
    if (analytics->totals_known) {
        arena_reset(analytics->scratch);
        struct slice bytes = live_pack(analytics->live,
                                       service_settings(analytics->service)->instance,
                                       now_us,
                                       analytics->scratch);
        if (bytes.size > 0) {
            service_publish(analytics->service, "figures", bytes);
        }
    }
}

enum { STATEMENTS_MAX = 32 };

/* What writes figures, and what asks for measures. */
static unsigned statements_all(struct pg_statement all[STATEMENTS_MAX])
{
    assert(analytics_statement_count + MEASURE_COUNT <= STATEMENTS_MAX);
    memcpy(all, analytics_statements, analytics_statement_count * sizeof *all);
    memcpy(all + analytics_statement_count, measured_statements, sizeof measured_statements);
    return analytics_statement_count + MEASURE_COUNT;
}

int main(int argc, char **argv)
{
    static struct pg_statement statements[STATEMENTS_MAX];
    const struct service_spec spec = {
        .id = SERVICE_ANALYTICS,
        .inputs = 1U << SERVICE_INTAKE | 1U << SERVICE_TRIAGE | 1U << SERVICE_DISPATCH |
                  1U << SERVICE_WATCHDOG,
        .linger_us = LINGER_US,
        .company = SERVICE_BATCH_MAX,
        .statements = statements,
        .statement_count = statements_all(statements),
        .open = analytics_open,
        .close = analytics_close,
        .serving = analytics_serving,
        .lookup = analytics_lookup,
        .input = analytics_input,
        .store = analytics_store,
        .committed = analytics_committed,
        .second = analytics_second,
    };
    return service_main(&spec, argc, argv);
}
