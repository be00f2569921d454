/* What was folded, against the rows of complaint, clock and submission. */
#include "ctl_database.h"
#include "ctl_verify.h"
#include "dispatch_store.h"
#include "scope.h"
#include "watchdog_store.h"

#include <stddef.h>

enum field_kind {
    FIELD_UNSIGNED,
    FIELD_SIGNED,
    FIELD_TIME,
    FIELD_TEXT,
};

struct field {
    const char *name;
    size_t offset;
    size_t size;
    enum field_kind kind;
};

#define FIELD(type, member, kind)                                                                  \
    {                                                                                              \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member), kind           \
    }

static const struct field dispatch_fields[] = {
    FIELD(dispatch_case, case_id, FIELD_UNSIGNED),
    FIELD(dispatch_case, customer, FIELD_UNSIGNED),
    FIELD(dispatch_case, received_at_us, FIELD_TIME),
    FIELD(dispatch_case, opened_at_us, FIELD_TIME),
    FIELD(dispatch_case, step_since_us, FIELD_TIME),
    FIELD(dispatch_case, updated_at_us, FIELD_TIME),
    FIELD(dispatch_case, closed_at_us, FIELD_TIME),
    FIELD(dispatch_case, policy_id, FIELD_UNSIGNED),
    FIELD(dispatch_case, version, FIELD_UNSIGNED),
    FIELD(dispatch_case, repeats, FIELD_UNSIGNED),
    FIELD(dispatch_case, score, FIELD_SIGNED),
    FIELD(dispatch_case, step, FIELD_UNSIGNED),
    FIELD(dispatch_case, queue, FIELD_UNSIGNED),
    FIELD(dispatch_case, home_queue, FIELD_UNSIGNED),
    FIELD(dispatch_case, category, FIELD_UNSIGNED),
    FIELD(dispatch_case, class_index, FIELD_UNSIGNED),
    FIELD(dispatch_case, channel, FIELD_UNSIGNED),
    FIELD(dispatch_case, reopened, FIELD_UNSIGNED),
    FIELD(dispatch_case, followed_up, FIELD_UNSIGNED),
    FIELD(dispatch_case, priority, FIELD_UNSIGNED),
    FIELD(dispatch_case, escalation, FIELD_UNSIGNED),
    FIELD(dispatch_case, language, FIELD_UNSIGNED),
    FIELD(dispatch_case, acknowledged, FIELD_UNSIGNED),
    FIELD(dispatch_case, agent_role, FIELD_UNSIGNED),
    FIELD(dispatch_case, agent, FIELD_TEXT),
    FIELD(dispatch_case, last_actor, FIELD_TEXT),
};

#define MORE(member, kind)                                                                         \
    {                                                                                              \
#member, offsetof(struct dispatch_more, member),                                           \
            sizeof(((struct dispatch_more *)0)->member), kind                                      \
    }

/* Those of one number; sets and counts by their ids are told by more_compare. */
static const struct field more_fields[] = {
    MORE(merged_into, FIELD_UNSIGNED),
    MORE(back_since_us, FIELD_TIME),
    MORE(back_agent, FIELD_TEXT),
    MORE(back_step, FIELD_UNSIGNED),
    MORE(back_queue, FIELD_UNSIGNED),
    MORE(back_home, FIELD_UNSIGNED),
    MORE(back_role, FIELD_UNSIGNED),
    MORE(told, FIELD_UNSIGNED),
    MORE(outcome, FIELD_UNSIGNED),
    MORE(concerned, FIELD_UNSIGNED),
    MORE(handled, FIELD_UNSIGNED),
    MORE(offered, FIELD_UNSIGNED),
    MORE(hold, FIELD_UNSIGNED),
    MORE(erased_at_us, FIELD_TIME),
    MORE(implemented_at_us, FIELD_TIME),
    MORE(passed, FIELD_UNSIGNED),
    MORE(handler, FIELD_TEXT),
    MORE(handler_role, FIELD_UNSIGNED),
};

static const struct field watch_fields[] = {
    FIELD(watch_case, case_id, FIELD_UNSIGNED),
    FIELD(watch_case, dispatch_seq, FIELD_UNSIGNED),
    FIELD(watch_case, received_at_us, FIELD_TIME),
    FIELD(watch_case, closed_at_us, FIELD_TIME),
    FIELD(watch_case, policy_id, FIELD_UNSIGNED),
    FIELD(watch_case, version, FIELD_UNSIGNED),
    FIELD(watch_case, channel, FIELD_UNSIGNED),
    FIELD(watch_case, category, FIELD_UNSIGNED),
    FIELD(watch_case, class_index, FIELD_UNSIGNED),
    FIELD(watch_case, repeats, FIELD_UNSIGNED),
    FIELD(watch_case, priority, FIELD_UNSIGNED),
    FIELD(watch_case, closed, FIELD_UNSIGNED),
    FIELD(watch_case, opened, FIELD_UNSIGNED),
    FIELD(watch_case, step, FIELD_UNSIGNED),
};

/* Of the column dues; the instants are told by their clocks. */
static const struct field dues_fields[] = {
    FIELD(clock_dues, version, FIELD_UNSIGNED),
};

static const struct field clock_fields[] = {
    FIELD(watch_clock, started_at_us, FIELD_TIME),
    FIELD(watch_clock, due_us, FIELD_TIME),
    FIELD(watch_clock, paused_at_us, FIELD_TIME),
    FIELD(watch_clock, next_level_us, FIELD_TIME),
    FIELD(watch_clock, paused_us, FIELD_SIGNED),
    FIELD(watch_clock, generation, FIELD_UNSIGNED),
    FIELD(watch_clock, phase, FIELD_UNSIGNED),
    FIELD(watch_clock, verdict, FIELD_UNSIGNED),
    FIELD(watch_clock, levels_fired, FIELD_UNSIGNED),
    FIELD(watch_clock, breached, FIELD_UNSIGNED),
    FIELD(watch_clock, shadow, FIELD_UNSIGNED),
    FIELD(watch_clock, target, FIELD_UNSIGNED),
    FIELD(watch_clock, extensions, FIELD_UNSIGNED),
    FIELD(watch_clock, done, FIELD_UNSIGNED),
    FIELD(watch_clock, merged, FIELD_UNSIGNED),
    FIELD(watch_clock, owed, FIELD_UNSIGNED),
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *
field_text(const struct field *field, const void *object, char into[VIEW_TEXT_MAX])
{
    const uint8_t *at = (const uint8_t *)object + field->offset;
    uint64_t value = 0;
    if (field->kind == FIELD_TEXT && *at == '\0') {
        return "-";
    }
    if (field->kind == FIELD_TEXT) {
        return view_plain(slice_of(at, strnlen((const char *)at, field->size)), into);
    }
    memcpy(&value, at, field->size < sizeof value ? field->size : sizeof value);
    if (field->kind == FIELD_TIME) {
        return view_time((int64_t)value, into);
    }
    int64_t number = field->kind == FIELD_SIGNED ? (int32_t)value : (int64_t)value;
    (void)snprintf(into, VIEW_TEXT_MAX, "%" PRId64, number);
    return into;
}

static void fields_compare(struct verify *verify,
                           const struct verify_where *where,
                           const char *prefix,
                           const struct field *fields,
                           size_t count,
                           const void *row,
                           const void *folded)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *a = (const uint8_t *)row + fields[i].offset;
        const uint8_t *b = (const uint8_t *)folded + fields[i].offset;
        if (memcmp(a, b, fields[i].size) != 0) {
            char name[VIEW_TEXT_MAX];
            char table[VIEW_TEXT_MAX];
            char journal[VIEW_TEXT_MAX];
            (void)snprintf(name, sizeof name, "%s%s", prefix, fields[i].name);
            verify_differ(verify,
                          where,
                          TEXT_VERIFY_FIELD,
                          CTL_ARGS(name,
                                   field_text(&fields[i], row, table),
                                   field_text(&fields[i], folded, journal)));
        }
    }
}

/* ---- complaint ---- */

/* One value of a list, under its place: names of people are hashes, so none comes out. */
static void list_compare(struct verify *verify,
                         const struct verify_where *where,
                         const char *prefix,
                         const struct field *list,
                         size_t count,
                         const struct dispatch_more *row,
                         const struct dispatch_more *folded)
{
    for (size_t i = 0; i < count; i++) {
        char name[VIEW_TEXT_MAX];
        (void)snprintf(name, sizeof name, "%s[%zu]", list->name, i);
        const struct field one = {
            name, list->offset + i * (list->size / count), list->size / count, list->kind};
        fields_compare(verify, where, prefix, &one, 1, row, folded);
    }
}

static void more_compare(struct verify *verify,
                         const struct verify_where *where,
                         const struct dispatch_more *row,
                         const struct dispatch_more *folded)
{
    static const struct {
        struct field field;
        size_t count;
    } lists[] = {
        {MORE(people,  FIELD_UNSIGNED), DISPATCH_PEOPLE_MAX },
        {MORE(facts,   FIELD_UNSIGNED), POLICY_KEPT_MAX     },
        {MORE(by,      FIELD_UNSIGNED), POLICY_MARKS_MAX    },
        {MORE(times,   FIELD_UNSIGNED), POLICY_MARKS_MAX    },
        {MORE(open,    FIELD_UNSIGNED), POLICY_TASKS_MAX    },
        {MORE(refused, FIELD_UNSIGNED), DISPATCH_REFUSED_MAX},
    };
    fields_compare(verify, where, "more.", more_fields, COUNT(more_fields), row, folded);
    for (size_t i = 0; i < COUNT(lists); i++) {
        list_compare(verify, where, "more.", &lists[i].field, lists[i].count, row, folded);
    }
}

static void complaint_compare(struct verify *verify, const PGresult *rows, int row)
{
    struct dispatch_case state;
    uint64_t case_id = (uint64_t)pg_int8(rows, row, 0);
    struct verify_case *held = verify_case_of(verify, case_id);
    const struct policy *policy = view_policy(verify->policies, dispatch_row_policy(rows, row));
    const struct verify_where where = {.table = "complaint", .case_id = case_id};
    if (!held || held->dispatch.version == 0) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW_EXTRA, NULL);
        return;
    }
    held->in_complaint = true;
    struct error error = {0};
    if (!policy || !dispatch_row_read(rows, row, policy, &state, &error)) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW_UNREADABLE, NULL);
        return;
    }
    if (!dispatch_case_equal(&state, &held->dispatch)) {
        fields_compare(
            verify, &where, "", dispatch_fields, COUNT(dispatch_fields), &state, &held->dispatch);
        more_compare(verify, &where, &state.more, &held->dispatch.more);
    }
    bool pushed = dispatch_waits_pushed(policy, &held->dispatch);
    if (dispatch_row_pushes(rows, row) != pushed) {
        verify_differ(verify,
                      &where,
                      TEXT_VERIFY_FIELD,
                      CTL_ARGS("pushes (column)",
                               CTL_NUMBER_TEXT(dispatch_row_pushes(rows, row)),
                               CTL_NUMBER_TEXT(pushed)));
    }
    char cause[DISPATCH_CAUSE_MAX];
    char told[VIEW_TEXT_MAX];
    dispatch_cause(policy, &held->dispatch, cause);
    if (!slice_equal(dispatch_row_cause(rows, row), slice_text(cause))) {
        (void)view_plain(dispatch_row_cause(rows, row), told);
        verify_differ(verify, &where, TEXT_VERIFY_FIELD, CTL_ARGS("cause (column)", told, cause));
    }
}

/* ---- clock ---- */

/* "CLOCK.", or "task 2." where each task has a run of its own. */
static const char *
run_prefix(const struct policy *policy, uint16_t run, char prefix[POLICY_NAME_MAX + 8])
{
    uint8_t task = policy_run_task(policy, run);
    const char *id = policy->clocks[policy_run_clock(policy, run)].id;
    (void)snprintf(prefix, POLICY_NAME_MAX + 8, task > 0 ? "%s %u." : "%s.", id, task);
    return prefix;
}

static void dues_compare(struct verify *verify,
                         const struct verify_where *where,
                         const struct policy *policy,
                         struct slice column,
                         const struct watch_case *folded)
{
    struct clock_dues row;
    struct clock_dues wanted;
    if (!clock_dues_unpack(column, &row)) {
        verify_differ(verify, where, TEXT_VERIFY_ROW_UNREADABLE, NULL);
        return;
    }
    watchdog_dues(policy, folded, &wanted);
    fields_compare(verify, where, "dues.", dues_fields, COUNT(dues_fields), &row, &wanted);
    for (unsigned i = 0; i < EVENT_CLOCKS_MAX; i++) {
        static const struct field due = {"dues", 0, sizeof row.due_us[0], FIELD_TIME};
        char prefix[POLICY_NAME_MAX + 8] = "";
        fields_compare(verify,
                       where,
                       i < policy_run_count(policy) ? run_prefix(policy, (uint16_t)i, prefix)
                                                    : prefix,
                       &due,
                       1,
                       &row.due_us[i],
                       &wanted.due_us[i]);
    }
}

/* of a row of clock */
enum {
    COLUMN_NEXT_DUE = 2,
    COLUMN_CLOSED,
    COLUMN_UNKNOWN,
    COLUMN_DUES,
    COLUMN_MISSED,
    COLUMN_DUE,
    COLUMN_RAISED,
    COLUMN_RAISED_BY,
};

/* What follows from a state, for those who search by it. */
struct clock_columns {
    int64_t next_due; /* us, as the next two */
    int64_t missed;
    int64_t due;
    uint8_t closed;
    uint8_t unknown;
    uint8_t raised;
    char raised_by[POLICY_NAME_MAX];
};

static void columns_compare(struct verify *verify,
                            const struct verify_where *where,
                            const struct policy *policy,
                            const PGresult *rows,
                            int row,
                            const struct watch_case *folded)
{
    static const struct field fields[] = {
        FIELD(clock_columns, next_due, FIELD_TIME),
        FIELD(clock_columns, missed, FIELD_TIME),
        FIELD(clock_columns, due, FIELD_TIME),
        FIELD(clock_columns, closed, FIELD_UNSIGNED),
        FIELD(clock_columns, unknown, FIELD_UNSIGNED),
        FIELD(clock_columns, raised, FIELD_UNSIGNED),
        FIELD(clock_columns, raised_by, FIELD_TEXT),
    };
    struct clock_dues dues;
    const char *by;
    struct clock_columns stored = {.next_due = pg_time(rows, row, COLUMN_NEXT_DUE),
                                   .missed = pg_time(rows, row, COLUMN_MISSED),
                                   .due = pg_time(rows, row, COLUMN_DUE),
                                   .closed = pg_bool(rows, row, COLUMN_CLOSED),
                                   .unknown = pg_bool(rows, row, COLUMN_UNKNOWN),
                                   .raised = (uint8_t)pg_int2(rows, row, COLUMN_RAISED)};
    struct clock_columns wanted = {.next_due = watch_due_us(policy, folded),
                                   .missed = watch_missed_us(policy, folded),
                                   .closed = folded->closed != 0,
                                   .unknown = watch_lacks_due(policy, folded),
                                   .raised = watch_raised(policy, folded, &by)};
    watchdog_dues(policy, folded, &dues);
    wanted.due = clock_dues_nearest_us(dues.due_us);
    if (wanted.next_due == 0) { /* these years are new here */
        wanted.next_due = stored.next_due;
    }
    struct slice raised_by = pg_bytes(rows, row, COLUMN_RAISED_BY);
    (void)snprintf(stored.raised_by,
                   sizeof stored.raised_by,
                   "%.*s",
                   (int)raised_by.size,
                   (const char *)raised_by.bytes);
    (void)snprintf(wanted.raised_by, sizeof wanted.raised_by, "%s", by);
    fields_compare(verify, where, "column ", fields, COUNT(fields), &stored, &wanted);
}

static void clock_compare(struct verify *verify, const PGresult *rows, int row)
{
    struct watch_case state;
    uint64_t case_id = (uint64_t)pg_int8(rows, row, 0);
    struct verify_case *held = verify_case_of(verify, case_id);
    const struct verify_where where = {.table = "clock", .case_id = case_id};
    if (!held || held->watch.received_at_us == 0) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW_EXTRA, NULL);
        return;
    }
    held->in_clock = true;
    const struct policy *policy = view_policy(verify->policies, held->watch.policy_id);
    struct error error = {0};
    if (!policy || !watchdog_row_read(rows, row, &state, &error)) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW_UNREADABLE, NULL);
        return;
    }
    fields_compare(verify, &where, "", watch_fields, COUNT(watch_fields), &state, &held->watch);
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        char prefix[POLICY_NAME_MAX + 8];
        fields_compare(verify,
                       &where,
                       run_prefix(policy, i, prefix),
                       clock_fields,
                       COUNT(clock_fields),
                       &state.clocks[i],
                       &held->watch.clocks[i]);
    }
    dues_compare(verify, &where, policy, pg_bytes(rows, row, COLUMN_DUES), &held->watch);
    columns_compare(verify, &where, policy, rows, row, &held->watch);
}

/* ---- submission ---- */

static void submission_compare(struct verify *verify, const PGresult *rows, int row)
{
    uint64_t case_id = (uint64_t)pg_int8(rows, row, 0);
    struct verify_case *held = verify_case_of(verify, case_id);
    struct slice id = pg_bytes(rows, row, 1);
    const struct verify_where where = {.table = "submission", .case_id = case_id};
    if (!held || !held->received || held->in_submission) {
        verify_differ(verify, &where, TEXT_VERIFY_ROW_EXTRA, NULL);
        return;
    }
    held->in_submission = true;
    if (!slice_equal(id, slice_of(held->submission_id, sizeof held->submission_id))) {
        verify_differ(verify, &where, TEXT_VERIFY_SUBMISSION, NULL);
    }
    bool has_key = pg_bool(rows, row, 2);
    bool erased = held->dispatch.more.erased_at_us != 0;
    if (verify->streams[SERVICE_DISPATCH].wanted && has_key == erased) {
        verify_differ(verify, &where, erased ? TEXT_VERIFY_KEY_BACK : TEXT_VERIFY_KEY_GONE, NULL);
    }
}

/* ---- all rows of the partition ---- */

static bool rows_each(struct verify *verify,
                      const char *sql,
                      void (*compare)(struct verify *verify, const PGresult *rows, int row))
{
    int64_t after = (int64_t)case_id_make(verify->partition, 0) - 1;
    int64_t last = (int64_t)case_id_make(verify->partition + 1, 0) - 1;
    for (int count = 1; count > 0;) {
        SCOPED(ctl_rows_free)
        PGresult *rows = verify_query(verify, sql, (const int64_t[]){after, last, VERIFY_CHUNK}, 3);
        if (!rows) {
            return false;
        }
        count = PQntuples(rows);
        for (int row = 0; row < count; row++) {
            after = pg_int8(rows, row, 0);
            if ((uint64_t)after <= verify->cut_case) {
                verify->uncompared++;
            } else {
                verify->compared++;
                compare(verify, rows, row);
            }
        }
    }
    return true;
}

static void missing(struct verify *verify, const char *table, uint64_t serial)
{
    const struct verify_where where = {.table = table,
                                       .case_id = case_id_make(verify->partition, serial)};
    verify_differ(verify, &where, TEXT_VERIFY_ROW_MISSING, NULL);
}

/* As the daemon loads them, of every case, closed long ago or not. */
static const char *complaint_sql(char sql[2048])
{
    (void)snprintf(sql,
                   2048,
                   "%s WHERE case_id > $1::bigint AND case_id <= $2::bigint ORDER BY case_id "
                   "LIMIT $3::integer",
                   dispatch_rows_query);
    return sql;
}

bool verify_rows(struct verify *verify)
{
    char sql[2048];
    bool intake = verify->only == SERVICE_NONE || verify->only == SERVICE_INTAKE;
    bool dispatch = verify->only == SERVICE_NONE || verify->only == SERVICE_DISPATCH;
    bool watchdog = verify->streams[SERVICE_WATCHDOG].wanted;
    bool good =
        (!dispatch || rows_each(verify, complaint_sql(sql), complaint_compare)) &&
        (!watchdog ||
         rows_each(verify,
                   "SELECT case_id, state, next_due, closed, unknown, dues, missed, due, raised, "
                   "raised_by FROM clock "
                   "WHERE case_id > $1::bigint AND case_id <= $2::bigint "
                   "ORDER BY case_id LIMIT $3::integer",
                   clock_compare)) &&
        (!intake || rows_each(verify,
                              "SELECT case_id, submission_id, has_key FROM submission "
                              "WHERE case_id > $1::bigint AND case_id <= $2::bigint "
                              "ORDER BY case_id LIMIT $3::integer",
                              submission_compare));
    for (uint64_t serial = 1; good && serial <= verify->case_count; serial++) {
        const struct verify_case *held = &verify->cases[serial];
        if (dispatch && held->dispatch.version > 0 && !held->in_complaint) {
            missing(verify, "complaint", serial);
        }
        if (watchdog && held->watch.received_at_us != 0 && !held->in_clock) {
            missing(verify, "clock", serial);
        }
        if (intake && held->received && !held->in_submission) {
            missing(verify, "submission", serial);
        }
    }
    return good;
}
