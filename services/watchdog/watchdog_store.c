#include "watchdog_store.h"

#include "little.h"

enum {
    LAYOUT = 6, /* the first byte: it grows with every change of what follows */
    CASE_SIZE = 1 + 8 + 8 + 8 + 8 + 4 + 4 + 2 + 2 + 2 + 2 + 1 + 1 + 1 + 1 + 1,
    CLOCK_SIZE = 8 + 8 + 8 + 8 + 8 + 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1,
};

#define CASES_INSERT                                                                               \
    "INSERT INTO clock (case_id, policy_id, closed, next_due, due, missed, dues, raised, "         \
    "raised_by, unknown, state) "                                                                  \
    "SELECT * FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::timestamptz[], "         \
    "$5::timestamptz[], $6::timestamptz[], $7::bytea[], $8::smallint[], $9::text[], "              \
    "$10::boolean[], $11::bytea[]) "

const struct pg_statement watchdog_statements[] = {
    {"watchdog_rows",      "SELECT case_id, state FROM clock WHERE case_id = ANY($1::bigint[])" },
    {"watchdog_timers",
     "SELECT case_id, next_due, unknown FROM clock WHERE case_id > $1::bigint "
     "AND case_id <= $2::bigint AND (next_due < 'infinity' OR unknown) ORDER BY case_id LIMIT "
     "$3::integer"                                                                              },
    {"watchdog_unknown",
     "SELECT count(*), min(case_id) FROM (SELECT case_id FROM clock WHERE unknown LIMIT 1000) k"},
    {"watchdog_cases_new", CASES_INSERT                                                         },
 /* A row that is there is updated: see CASE_CHANGES of dispatch_store.c, and its LIMIT. */
    {"watchdog_cases",
     "UPDATE clock k SET closed = a.closed, next_due = a.next_due, due = a.due, missed = "
     "a.missed, dues = a.dues, raised = a.raised, raised_by = a.raised_by, unknown = a.unknown, "
     "state = a.state FROM (SELECT * FROM unnest($1::bigint[], $2::boolean[], $3::timestamptz[], "
     "$4::timestamptz[], $5::timestamptz[], $6::bytea[], $7::smallint[], $8::text[], "
     "$9::boolean[], $10::bytea[]) LIMIT cardinality($1)) AS a(case_id, closed, next_due, due, "
     "missed, dues, raised, raised_by, unknown, state) WHERE k.case_id = a.case_id"             },
};
const unsigned watchdog_statement_count = sizeof watchdog_statements / sizeof *watchdog_statements;

static uint8_t *clock_pack(const struct watch_clock *clock, uint8_t *at)
{
    at = little_put(at, (uint64_t)clock->started_at_us, 8);
    at = little_put(at, (uint64_t)clock->due_us, 8);
    at = little_put(at, (uint64_t)clock->paused_at_us, 8);
    at = little_put(at, (uint64_t)clock->next_level_us, 8);
    at = little_put(at, (uint64_t)clock->paused_us, 8);
    at = little_put(at, clock->generation, 2);
    at = little_put(at, clock->phase, 1);
    at = little_put(at, clock->verdict, 1);
    at = little_put(at, clock->levels_fired, 1);
    at = little_put(at, clock->breached, 1);
    at = little_put(at, clock->shadow, 1);
    at = little_put(at, clock->target, 1);
    at = little_put(at, clock->extensions, 1);
    at = little_put(at, clock->done, 1);
    at = little_put(at, clock->merged, 1);
    return little_put(at, clock->owed, 1);
}

static void clock_unpack(const uint8_t **at, struct watch_clock *clock)
{
    clock->started_at_us = (int64_t)little_take(at, 8);
    clock->due_us = (int64_t)little_take(at, 8);
    clock->paused_at_us = (int64_t)little_take(at, 8);
    clock->next_level_us = (int64_t)little_take(at, 8);
    clock->paused_us = (int64_t)little_take(at, 8);
    clock->generation = (uint16_t)little_take(at, 2);
    clock->phase = (uint8_t)little_take(at, 1);
    clock->verdict = (uint8_t)little_take(at, 1);
    clock->levels_fired = (uint8_t)little_take(at, 1);
    clock->breached = (uint8_t)little_take(at, 1);
    clock->shadow = (uint8_t)little_take(at, 1);
    clock->target = (uint8_t)little_take(at, 1);
    clock->extensions = (uint8_t)little_take(at, 1);
    clock->done = (uint8_t)little_take(at, 1);
    clock->merged = (uint8_t)little_take(at, 1);
    clock->owed = (uint8_t)little_take(at, 1);
}

size_t watchdog_state_pack(const struct watch_case *state,
                           uint16_t clock_count,
                           uint8_t out[WATCHDOG_STATE_SIZE_MAX])
{
    uint8_t *at = little_put(out, LAYOUT, 1);
    at = little_put(at, state->case_id, 8);
    at = little_put(at, state->dispatch_seq, 8);
    at = little_put(at, (uint64_t)state->received_at_us, 8);
    at = little_put(at, (uint64_t)state->closed_at_us, 8);
    at = little_put(at, state->policy_id, 4);
    at = little_put(at, state->version, 4);
    at = little_put(at, state->channel, 2);
    at = little_put(at, state->category, 2);
    at = little_put(at, state->class_index, 2);
    at = little_put(at, state->repeats, 2);
    at = little_put(at, state->priority, 1);
    at = little_put(at, state->closed, 1);
    at = little_put(at, state->opened, 1);
    at = little_put(at, state->step, 1);
    at = little_put(at, clock_count, 1);
    for (uint16_t i = 0; i < clock_count; i++) {
        at = clock_pack(&state->clocks[i], at);
    }
    return (size_t)(at - out);
}

bool watchdog_state_unpack(struct slice bytes, struct watch_case *state)
{
    *state = (struct watch_case){0};
    if (bytes.size < CASE_SIZE || bytes.bytes[0] != LAYOUT) {
        return false;
    }
    const uint8_t *at = bytes.bytes + 1;
    state->case_id = little_take(&at, 8);
    state->dispatch_seq = little_take(&at, 8);
    state->received_at_us = (int64_t)little_take(&at, 8);
    state->closed_at_us = (int64_t)little_take(&at, 8);
    state->policy_id = (uint32_t)little_take(&at, 4);
    state->version = (uint32_t)little_take(&at, 4);
    state->channel = (uint16_t)little_take(&at, 2);
    state->category = (uint16_t)little_take(&at, 2);
    state->class_index = (uint16_t)little_take(&at, 2);
    state->repeats = (uint16_t)little_take(&at, 2);
    state->priority = (uint8_t)little_take(&at, 1);
    state->closed = (uint8_t)little_take(&at, 1);
    state->opened = (uint8_t)little_take(&at, 1);
    state->step = (uint8_t)little_take(&at, 1);
    uint64_t clock_count = little_take(&at, 1);
    if (clock_count > EVENT_CLOCKS_MAX || bytes.size != CASE_SIZE + clock_count * CLOCK_SIZE) {
        return false;
    }
    for (uint64_t i = 0; i < clock_count; i++) {
        clock_unpack(&at, &state->clocks[i]);
    }
    return true;
}

/* The second set is of new cases, whose rows are inserted. */
static struct case_rows {
    struct pg_array case_id, policy_id, closed, next_due, due, missed, dues, raised, raised_by;
    struct pg_array unknown, state;
} case_rows[2];

void watchdog_cases_begin(void)
{
    for (unsigned i = 0; i < 2; i++) {
        struct case_rows *rows = &case_rows[i];
        pg_array_begin(&rows->case_id, PG_INT8);
        pg_array_begin(&rows->policy_id, PG_INT4);
        pg_array_begin(&rows->closed, PG_BOOL);
        pg_array_begin(&rows->next_due, PG_TIMESTAMPTZ);
        pg_array_begin(&rows->due, PG_TIMESTAMPTZ);
        pg_array_begin(&rows->missed, PG_TIMESTAMPTZ);
        pg_array_begin(&rows->dues, PG_BYTEA);
        pg_array_begin(&rows->raised, PG_INT2);
        pg_array_begin(&rows->raised_by, PG_TEXT);
        pg_array_begin(&rows->unknown, PG_BOOL);
        pg_array_begin(&rows->state, PG_BYTEA);
    }
}

void watchdog_dues(const struct policy *policy,
                   const struct watch_case *state,
                   struct clock_dues *dues)
{
    *dues = (struct clock_dues){.version = state->version};
    for (uint16_t c = 0, n = policy_run_count(policy); c < n; c++) {
        const struct watch_clock *clock = &state->clocks[c];
        bool runs = clock->phase == WATCH_RUNNING && clock->verdict == CLOCK_RUNNING;
        dues->due_us[c] = runs ? clock->due_us : 0;
    }
}

void watchdog_case_add(const struct policy *policy,
                       const struct watch_case *state,
                       int64_t due_us,
                       bool is_new)
{
    struct case_rows *rows = &case_rows[is_new];
    const char *raised_by;
    struct clock_dues dues;
    uint8_t due_bytes[CLOCK_DUES_SIZE_MAX];
    uint8_t bytes[WATCHDOG_STATE_SIZE_MAX];
    watchdog_dues(policy, state, &dues);
    pg_array_int8(&rows->case_id, (int64_t)state->case_id);
    pg_array_int4(&rows->policy_id, (int32_t)state->policy_id);
    pg_array_bool(&rows->closed, state->closed != 0);
    pg_array_time(&rows->next_due, due_us);
    pg_array_time(&rows->due, clock_dues_nearest_us(dues.due_us));
    pg_array_time(&rows->missed, watch_missed_us(policy, state));
    pg_array_bytes(&rows->dues, slice_of(due_bytes, clock_dues_pack(&dues, due_bytes)));
    /* for dispatch, which may open the case, or hear of a milder class, after a level has asked */
    pg_array_int2(&rows->raised, watch_raised(policy, state, &raised_by));
    pg_array_bytes(&rows->raised_by, slice_text(raised_by));
    pg_array_bool(&rows->unknown, watch_lacks_due(policy, state));
    pg_array_bytes(&rows->state,
                   slice_of(bytes, watchdog_state_pack(state, policy_run_count(policy), bytes)));
}

static void
rows_bind(struct pg *pg, const char *statement, struct pg_array *const *columns, unsigned count)
{
    pg_call(pg, statement);
    for (unsigned i = 0; i < count; i++) {
        pg_bind_array(pg, columns[i]);
    }
}

struct pg_changes watchdog_cases_bind(struct pg *pg)
{
    struct case_rows *fresh = &case_rows[true];
    struct case_rows *known = &case_rows[false];
    struct pg_array *const all[] = {&fresh->case_id,
                                    &fresh->policy_id,
                                    &fresh->closed,
                                    &fresh->next_due,
                                    &fresh->due,
                                    &fresh->missed,
                                    &fresh->dues,
                                    &fresh->raised,
                                    &fresh->raised_by,
                                    &fresh->unknown,
                                    &fresh->state};
    struct pg_array *const changes[] = {&known->case_id,
                                        &known->closed,
                                        &known->next_due,
                                        &known->due,
                                        &known->missed,
                                        &known->dues,
                                        &known->raised,
                                        &known->raised_by,
                                        &known->unknown,
                                        &known->state};
    if (fresh->case_id.count > 0) {
        rows_bind(pg, "watchdog_cases_new", all, sizeof all / sizeof *all);
    }
    if (known->case_id.count > 0) {
        rows_bind(pg, "watchdog_cases", changes, sizeof changes / sizeof *changes);
    }
    return (struct pg_changes){.rows = known->case_id.count, .calls = known->case_id.count > 0};
}

uint64_t watchdog_row_case(const PGresult *rows, int row)
{
    return (uint64_t)pg_int8(rows, row, 0);
}

bool watchdog_row_read(const PGresult *rows, int row, struct watch_case *state, struct error *error)
{
    struct slice bytes = pg_bytes(rows, row, 1);
    uint64_t case_id = watchdog_row_case(rows, row);
    if (bytes.size > 0 && bytes.bytes[0] != LAYOUT) {
        return error_set(error,
                         ERROR_REJECT,
                         "clock of case %llu is of form %u, this version reads %d",
                         (unsigned long long)case_id,
                         bytes.bytes[0],
                         LAYOUT);
    }
    return (watchdog_state_unpack(bytes, state) && state->case_id == case_id) ||
           error_set(error,
                     ERROR_REJECT,
                     "clock of case %llu is not what was written",
                     (unsigned long long)case_id);
}

void watchdog_rows_bind(struct pg *pg, const uint64_t *cases, uint32_t count)
{
    static struct pg_array case_id;
    pg_array_begin(&case_id, PG_INT8);
    for (uint32_t i = 0; i < count; i++) {
        pg_array_int8(&case_id, (int64_t)cases[i]);
    }
    pg_call(pg, "watchdog_rows");
    pg_bind_array(pg, &case_id);
}

uint64_t watchdog_timer_case(const PGresult *rows, int row)
{
    return (uint64_t)pg_int8(rows, row, 0);
}

int64_t watchdog_timer_due_us(const PGresult *rows, int row)
{
    return pg_time(rows, row, 1);
}

int64_t watchdog_timer_wake_us(const PGresult *rows, int row)
{
    return pg_bool(rows, row, 2) ? 0 : watchdog_timer_due_us(rows, row);
}
