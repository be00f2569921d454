/*
 * `redress erase` and `redress retention`: what is personal of one case is erased; which cases are
 * due for it by their policies, by dispatch's own core, and all of these, one after the other.
 */
#include "case_number.h"
#include "clock.h"
#include "ctl_database.h"
#include "ctl_desk.h"
#include "ctl_file.h"
#include "ctl_fill.h"
#include "ctl_names.h"
#include "ctl_progress.h"
#include "ctl_refusal.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "dispatch_store.h"
#include "scope.h"

enum { SQL_MAX = 2048, CHUNK = 1000, GROWTH = 4096 };

enum { COLUMN_NUMBER, COLUMN_CASE, COLUMN_POLICY, COLUMN_CLOSED, COLUMN_DUE, COLUMN_HOLD, COLUMNS };

static const struct ctl_column columns[COLUMNS] = {
    [COLUMN_NUMBER] = {"number", TEXT_HEAD_CASE,        CTL_COLUMN_TEXT,    false},
    [COLUMN_CASE] = {"case",   TEXT_LIST_ID,          CTL_COLUMN_NUMBER,  false},
    [COLUMN_POLICY] = {"policy", TEXT_HEAD_POLICY,      CTL_COLUMN_TEXT,    true },
    [COLUMN_CLOSED] = {"closed", TEXT_COLUMN_CLOSED_AT, CTL_COLUMN_TIME,    false},
    [COLUMN_DUE] = {"due",    TEXT_COLUMN_DUE_AT,    CTL_COLUMN_TIME,    false},
    [COLUMN_HOLD] = {"held",   TEXT_COLUMN_HOLD,      CTL_COLUMN_BOOLEAN, false},
};

struct listed {
    const struct policy *policy;
    uint64_t case_id;
    int64_t received_us, closed_us, due_us;
    bool held;
};

/* Cases that are due, and how many are not erased because they are on hold. */
struct found {
    struct ctl *ctl;
    struct view_policies *policies;
    struct ctl_table *table;
    int64_t by_us;
    struct listed *list; /* room for limit of them */
    int64_t limit;
    int64_t listed, due, held;
    int64_t unheeded; /* their policies say nothing of retention */
    int64_t unknown;  /* their policies are not to be had: nobody can say */
    uint64_t *cases;  /* that are due */
    size_t room;
    int64_t erased, refused;
};

static bool found_begin(struct found *found, struct ctl *ctl)
{
    found->ctl = ctl;
    found->limit = ctl_option_number(ctl, "limit");
    found->list = calloc((size_t)found->limit, sizeof *found->list);
    found->policies = view_policies_new(ctl);
    found->table = ctl_table_new(ctl, columns, COLUMNS);
    return found->list && found->policies && found->table;
}

static void found_done(struct found *found)
{
    ctl_table_free(&found->table);
    view_policies_free(&found->policies);
    free(found->list);
    free(found->cases);
}

static void list(struct found *found,
                 const struct policy *policy,
                 const struct dispatch_case *state,
                 int64_t due_us)
{
    if (found->listed < found->limit) {
        found->list[found->listed++] = (struct listed){.policy = policy,
                                                       .case_id = state->case_id,
                                                       .received_us = state->received_at_us,
                                                       .closed_us = state->closed_at_us,
                                                       .due_us = due_us,
                                                       .held = state->more.hold != 0};
    }
}

static void row_add(const struct found *found, const struct listed *row)
{
    char number[CASE_NUMBER_SIZE];
    char closed[VIEW_TEXT_MAX];
    char due[VIEW_TEXT_MAX];
    case_number_format(row->case_id, row->received_us, number);
    const char *const cells[COLUMNS] = {
        [COLUMN_NUMBER] = number,
        [COLUMN_CASE] = CTL_NUMBER_TEXT(row->case_id),
        [COLUMN_POLICY] =
            found->ctl->json ? row->policy->name : view_title(found->ctl, &row->policy->title),
        [COLUMN_CLOSED] = view_time_cell(found->ctl, row->closed_us, closed),
        [COLUMN_DUE] = view_time_cell(found->ctl, row->due_us, due),
        [COLUMN_HOLD] = row->held ? "true" : "",
    };
    ctl_table_add(found->table, cells);
}

/* In the zone of their policies. */
static void table_fill(const struct found *found)
{
    struct view_zones zones = {0};
    for (int64_t i = 0; i < found->listed; i++) {
        view_zones_add(&zones, found->list[i].policy);
    }
    view_zones_take(&zones);
    for (int64_t i = 0; i < found->listed; i++) {
        row_add(found, &found->list[i]);
    }
}

/* False: out of memory. */
static bool
take(struct found *found, const struct policy *policy, const struct dispatch_case *state)
{
    int64_t due_us = dispatch_erase_due_us(policy, state);
    bool held = state->more.hold != 0 && state->more.erased_at_us == 0;
    if (!held && due_us > found->by_us) {
        found->unheeded += policy->retention.roles == 0;
        return true;
    }
    list(found, policy, state, due_us);
    if (held) {
        found->held++;
        return true;
    }
    if ((size_t)found->due == found->room) {
        uint64_t *cases = realloc(found->cases, (found->room + GROWTH) * sizeof *cases);
        if (!cases) {
            return false;
        }
        found->cases = cases;
        found->room += GROWTH;
    }
    found->cases[found->due++] = state->case_id;
    return true;
}

/* As the daemon loads them, of closed cases behind this one. */
static PGresult *chunk_read(struct ctl *ctl, uint64_t behind)
{
    char sql[SQL_MAX];
    const char *const parameters[] = {CTL_NUMBER_TEXT(behind), ctl_option_text(ctl, "policy")};
    (void)snprintf(sql,
                   sizeof sql,
                   "%s WHERE c.closed_at IS NOT NULL AND c.case_id > $1::bigint AND ($2::text IS "
                   "NULL OR c.policy_id IN (SELECT id FROM policy WHERE name = $2::text)) "
                   "ORDER BY c.case_id LIMIT %d",
                   dispatch_rows_query,
                   CHUNK);
    return PQexecParams(ctl->database, sql, 2, NULL, parameters, NULL, NULL, 1);
}

static int search(struct found *found)
{
    struct ctl *ctl = found->ctl;
    uint64_t behind = 0;
    for (int count = CHUNK; count == CHUNK;) {
        SCOPED(ctl_rows_free) PGresult *rows = chunk_read(ctl, behind);
        if (PQresultStatus(rows) != PGRES_TUPLES_OK) {
            return ctl_fail(
                ctl, CTL_FAILED, TEXT_ARCHIVE_REFUSED, CTL_ARGS(PQerrorMessage(ctl->database)));
        }
        count = PQntuples(rows);
        for (int row = 0; row < count; row++) {
            struct dispatch_case state;
            struct error error = {0};
            behind = dispatch_row_case(rows, row);
            const struct policy *policy =
                view_policy(found->policies, dispatch_row_policy(rows, row));
            found->unknown += !policy;
            if (policy && !dispatch_row_read(rows, row, policy, &state, &error)) {
                return ctl_fail(ctl, CTL_FAILED, TEXT_ARCHIVE_REFUSED, CTL_ARGS(error.text));
            }
            if (policy && !take(found, policy, &state)) {
                return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
            }
        }
    }
    return CTL_OK;
}

/* ---- erasing ---- */

/* Who erases, and why. */
static int who(const struct ctl *ctl, struct ctl_command *command)
{
    const char *reason = NULL;
    int code = ctl_file_option(ctl, "reason", CTL_FILL_TEXT_MAX, &reason);
    command->action = "erase";
    command->actor = ctl_option_text(ctl, "as");
    command->role = ctl_option_text(ctl, "role");
    if (!command->actor || !command->role) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_WHO_NEEDED, CTL_ARGS(ctl->verb->name));
    }
    if (code != CTL_OK) {
        return code;
    }
    if (!reason) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_ERASE_REASON_NEEDED, CTL_ARGS(ctl->verb->name));
    }
    command->field_count = 1;
    command->fields[0] = (struct ctl_field){"reason", slice_text(reason)};
    return CTL_OK;
}

static void refusal_tell(struct found *found, const ctl_reply *reply)
{
    char number[VIEW_TEXT_MAX];
    char why[CTL_REFUSAL_MAX];
    const struct policy *policy =
        reply->has_policy_id ? view_policy(found->policies, reply->policy_id) : NULL;
    const struct ctl_refusal refusal = ctl_refusal_of(policy, reply);
    (void)ctl_refusal_say(found->ctl, &refusal, why);
    ctl_note(found->ctl,
             TEXT_RETENTION_NOT,
             CTL_ARGS(view_plain(slice_of(reply->case_number.data, reply->case_number.len), number),
                      why));
}

static int erase_all(struct found *found, const struct ctl_command *like)
{
    struct ctl *ctl = found->ctl;
    struct ctl_progress progress;
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    int code = ctl_desk_open(ctl, ctl_option_number(ctl, "timeout"), &desk);
    bool bounded = ctl_option_many(ctl, "limit")->count > 0 && found->limit < found->due;
    int64_t count = bounded ? found->limit : found->due;
    ctl_progress_begin(ctl, &progress);
    for (int64_t i = 0; code == CTL_OK && i < count; i++) {
        struct ctl_command command = *like;
        const ctl_reply *reply = NULL;
        command.case_id = found->cases[i];
        if (ctl_progress_due(&progress, clock_now_us())) {
            ctl_progress_show(ctl,
                              &progress,
                              (double)i / (double)count,
                              TEXT_RETENTION_PROGRESS,
                              CTL_ARGS(CTL_NUMBER_TEXT(i), CTL_NUMBER_TEXT(count)));
        }
        code = ctl_desk_ask(desk, &command, &reply);
        bool done = code == CTL_OK && ctl_reply_code(reply) == CTL_OK;
        found->erased += done;
        if (code == CTL_OK && !done) {
            found->refused++;
            ctl_progress_clear(ctl, &progress);
            refusal_tell(found, reply);
        }
    }
    ctl_progress_clear(ctl, &progress);
    return code == CTL_OK && found->refused > 0 ? CTL_FAILED : code;
}

int ctl_erase(struct ctl *ctl)
{
    struct ctl_command command = {.case_id = 0};
    SCOPED(ctl_desk_free) struct ctl_desk *desk = NULL;
    const ctl_reply *reply = NULL;
    int code = ctl_case_of(ctl, ctl_argument(ctl, 0), &command.case_id);
    if (code == CTL_OK) {
        code = who(ctl, &command);
    }
    if (code == CTL_OK) {
        code = ctl_desk_open(ctl, ctl_option_number(ctl, "timeout"), &desk);
    }
    if (code == CTL_OK) {
        code = ctl_desk_ask(desk, &command, &reply);
    }
    if (code != CTL_OK) {
        return code;
    }
    struct slice said = slice_of(reply->code.data, reply->code.len);
    if (!ctl->json && slice_equal(said, slice_text("action_unknown"))) {
        return ctl_fail(ctl, ctl_reply_code(reply), TEXT_ERASE_NOBODY, NULL);
    }
    code = ctl_reply_show(ctl, reply, &command);
    if (code != CTL_OK && reply->has_seq) {
        ctl_note(ctl, TEXT_ERASE_RECORDED, NULL);
    }
    return code;
}

/* ---- the whole ---- */

/* The end of the day that is named, or now.  What falls due later is only told: erased early is
 * erased for good. */
static int by_read(const struct ctl *ctl, bool erases, int64_t *by_us)
{
    const char *day = ctl_option_text(ctl, "by");
    char end[64];
    int64_t end_s = 0;
    *by_us = clock_now_us();
    if (day) {
        (void)snprintf(end, sizeof end, "%sT23:59:59Z", day);
        if (!policy_instant_parse(slice_text(end), &end_s)) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_RETENTION_DAY, CTL_ARGS(day));
        }
        bool later = end_s * 1000000 + 999999 > *by_us;
        if (later && erases) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_RETENTION_FORECAST, CTL_ARGS(day));
        }
        *by_us = end_s * 1000000 + 999999;
    }
    return CTL_OK;
}

/* What nothing is due of for no good reason. */
static void tell_unjudged(const struct found *found)
{
    if (found->unheeded + found->unknown > 0) {
        ctl_note(found->ctl,
                 TEXT_RETENTION_UNJUDGED,
                 CTL_ARGS(CTL_NUMBER_TEXT(found->unheeded), CTL_NUMBER_TEXT(found->unknown)));
    }
}

static void answer(const struct found *found, bool erases)
{
    const struct ctl *ctl = found->ctl;
    int64_t all = found->due + found->held;
    table_fill(found);
    if (ctl->json) {
        json_t *value = json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}",
                                  "cases",
                                  ctl_table_json(found->table),
                                  "due",
                                  (json_int_t)found->due,
                                  "held",
                                  (json_int_t)found->held,
                                  "no_retention",
                                  (json_int_t)found->unheeded,
                                  "no_policy",
                                  (json_int_t)found->unknown,
                                  "erased",
                                  (json_int_t)found->erased,
                                  "refused",
                                  (json_int_t)found->refused);
        ctl_print_json(ctl, &value);
        return;
    }
    if (erases) {
        ctl_print(ctl,
                  TEXT_RETENTION_ERASED,
                  CTL_ARGS(CTL_NUMBER_TEXT(found->erased), CTL_NUMBER_TEXT(found->refused)));
        tell_unjudged(found);
        return;
    }
    if (found->listed > 0) { /* else the counts say all there is to say */
        ctl_table_print(found->table);
        view_zone_tell(ctl);
    }
    ctl_note(ctl,
             TEXT_RETENTION_DUE,
             CTL_ARGS(CTL_NUMBER_TEXT(found->due), CTL_NUMBER_TEXT(found->held)));
    tell_unjudged(found);
    if (found->listed < all) {
        ctl_note(ctl,
                 TEXT_RETENTION_SHOWN,
                 CTL_ARGS(CTL_NUMBER_TEXT(found->listed), CTL_NUMBER_TEXT(all)));
    }
}

/* By its name or a title; nothing would be due of one that is not there. */
static int policy_known(struct found *found)
{
    static struct ctl_named named; /* the option is lent its id */
    struct ctl *ctl = found->ctl;
    named = (struct ctl_named){.naming = NAMING_POLICY, .word = ctl_option_text(ctl, "policy")};
    int code = ctl_names_known(ctl, found->policies, &named, 1, NULL);
    if (code == CTL_OK && named.word) {
        ctl_option_means(ctl, "policy", named.id);
    }
    return code;
}

int ctl_retention(struct ctl *ctl)
{
    struct found found = {.ctl = ctl};
    struct ctl_command like = {.case_id = 0};
    bool erases = ctl_option_flag(ctl, "erase") && !ctl_option_flag(ctl, "dry-run");
    int code = erases ? who(ctl, &like) : CTL_OK;
    if (code == CTL_OK) {
        code = by_read(ctl, erases, &found.by_us);
    }
    if (code == CTL_OK) {
        code = ctl_database(ctl);
    }
    if (code == CTL_OK && !found_begin(&found, ctl)) {
        code = ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    if (code == CTL_OK) {
        code = policy_known(&found);
    }
    if (code == CTL_OK) {
        code = search(&found);
    }
    if (code == CTL_OK) {
        code = erases ? erase_all(&found, &like) : CTL_OK;
        answer(&found, erases);
    }
    found_done(&found);
    return code;
}
