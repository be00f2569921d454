/* The verb list: rows of complaint, with the next instant of their clocks. */
#include "ctl_list.h"

#include "case_number.h"
#include "clock.h"
#include "ctl_case.h"
#include "ctl_database.h"
#include "ctl_table.h"
#include "scope.h"
#include "watchdog_store.h"

enum { SQL_MAX = 4096 };

static const struct ctl_column columns[] = {
    {"number",   TEXT_HEAD_CASE,     CTL_COLUMN_TEXT,   false},
    {"case",     TEXT_LIST_ID,       CTL_COLUMN_NUMBER, false},
    {"priority", TEXT_HEAD_PRIORITY, CTL_COLUMN_NUMBER, false},
    {"category", TEXT_HEAD_CATEGORY, CTL_COLUMN_TEXT,   true },
    {"step",     TEXT_HEAD_STEP,     CTL_COLUMN_TEXT,   true },
    {"queue",    TEXT_LIST_QUEUE,    CTL_COLUMN_TEXT,   true },
    {"agent",    TEXT_HEAD_WITH,     CTL_COLUMN_TEXT,   true },
    {"received", TEXT_HEAD_RECEIVED, CTL_COLUMN_TEXT,   false},
    {"due",      TEXT_LIST_DUE,      CTL_COLUMN_TEXT,   false},
    {"outcome",  TEXT_LIST_OUTCOME,  CTL_COLUMN_TEXT,   false},
};
enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

/* A statement under way: conditions and their parameters. */
struct asking {
    char sql[SQL_MAX];
    size_t size;
    const char *parameters[16];
    int count;
};

static void add(struct asking *asking, const char *text)
{
    int written = snprintf(asking->sql + asking->size, SQL_MAX - asking->size, "%s", text);
    asking->size += (size_t)written;
}

/* "AND column = $n", when the option was given. */
static void
filter(const struct ctl *ctl, struct asking *asking, const char *option, const char *pattern)
{
    const char *value = ctl_option_text(ctl, option);
    if (value) {
        char place[16];
        asking->parameters[asking->count++] = value;
        (void)snprintf(place, sizeof place, "$%d", asking->count);
        add(asking, pattern);
        add(asking, place);
    }
}

static const char *order_of(const char *sort)
{
    static const struct {
        const char *name;
        const char *sql;
    } orders[] = {
        {"due",      "k.next_due, c.case_id"            },
        {"priority", "c.priority, k.next_due, c.case_id"},
        {"received", "c.received_at DESC, c.case_id"    },
        {"updated",  "c.updated_at DESC, c.case_id"     },
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(sort, orders[i].name) == 0) {
            return orders[i].sql;
        }
    }
    return NULL;
}

static int ask(struct ctl *ctl, PGresult **rows)
{
    struct asking asking = {0};
    char priority[24];
    add(&asking,
        "SELECT c.case_id, c.policy_id, c.priority, c.category, c.step, c.queue, c.agent, "
        "c.received_at, k.next_due, c.outcome FROM complaint c LEFT JOIN clock k USING (case_id) "
        "LEFT JOIN policy p ON p.id = c.policy_id WHERE true");
    filter(ctl, &asking, "step", " AND c.step = ");
    bool named = ctl_option_text(ctl, "queue") && strchr(ctl_option_text(ctl, "queue"), '/');
    filter(
        ctl, &asking, "queue", named ? " AND concat(p.name, '/', c.queue) = " : " AND c.queue = ");
    filter(ctl, &asking, "agent", " AND c.agent = ");
    filter(ctl, &asking, "category", " AND c.category = ");
    filter(ctl, &asking, "policy", " AND p.name = ");
    if (ctl_option_number(ctl, "priority") > 0) {
        asking.parameters[asking.count++] =
            ctl_number_text(priority, ctl_option_number(ctl, "priority"));
        char text[48];
        (void)snprintf(text, sizeof text, " AND c.priority = $%d::smallint", asking.count);
        add(&asking, text);
    }
    add(&asking, ctl_option_flag(ctl, "open") ? " AND c.closed_at IS NULL" : "");
    add(&asking, ctl_option_flag(ctl, "closed") ? " AND c.closed_at IS NOT NULL" : "");
    add(&asking,
        ctl_option_flag(ctl, "overdue")
            ? " AND c.closed_at IS NULL AND (k.due <= clock_timestamp() OR "
            : "");
    add(&asking, ctl_option_flag(ctl, "overdue") ? watchdog_breached_sql : "");
    add(&asking, ctl_option_flag(ctl, "overdue") ? ")" : "");
    add(&asking, " ORDER BY ");
    const char *order = order_of(ctl_option_text(ctl, "sort"));
    if (!order) {
        return ctl_fail(
            ctl,
            CTL_USAGE,
            TEXT_OPTION_RANGE,
            CTL_ARGS("sort", "due|priority|received|updated", ctl_option_text(ctl, "sort")));
    }
    add(&asking, order);
    add(&asking, " LIMIT ");
    add(&asking, CTL_NUMBER_TEXT(ctl_option_number(ctl, "limit")));
    return ctl_query(ctl, asking.sql, asking.parameters, asking.count, rows);
}

/* Local for people, UTC in JSON; "" for never. */
static void time_cell(const struct ctl *ctl, int64_t at_us, char into[VIEW_TEXT_MAX])
{
    into[0] = '\0';
    if (at_us == 0 || at_us == INT64_MAX) {
        return;
    }
    if (ctl->json) {
        clock_text(at_us, into);
    } else {
        (void)view_time(at_us, into);
    }
}

/* Ids in JSON, titles for people. */
static void add_row(const struct ctl *ctl,
                    struct view_policies *policies,
                    struct ctl_table *table,
                    const PGresult *rows,
                    int row)
{
    char number[CASE_NUMBER_SIZE];
    char texts[5][VIEW_TEXT_MAX];
    const struct policy *policy =
        ctl->json ? NULL
                  : view_policy(policies, (uint32_t)strtoul(PQgetvalue(rows, row, 1), NULL, 10));
    case_number_format(
        strtoull(PQgetvalue(rows, row, 0), NULL, 10), view_pg_time(rows, row, 7), number);
    time_cell(ctl, view_pg_time(rows, row, 7), texts[3]);
    time_cell(ctl, view_pg_time(rows, row, 8), texts[4]);
    const char *const cells[COLUMN_COUNT] = {
        number,
        PQgetvalue(rows, row, 0),
        PQgetvalue(rows, row, 2),
        view_category(ctl, policy, slice_text(PQgetvalue(rows, row, 3)), texts[0]),
        view_step(ctl, policy, slice_text(PQgetvalue(rows, row, 4)), texts[1]),
        view_queue(ctl, policy, slice_text(PQgetvalue(rows, row, 5)), texts[2]),
        PQgetvalue(rows, row, 6),
        texts[3],
        texts[4],
        ctl->json ? PQgetvalue(rows, row, 9) : case_outcome_text(ctl, PQgetvalue(rows, row, 9)),
    };
    ctl_table_add(table, cells);
}

int ctl_list(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ask(ctl, &rows);
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    SCOPED(ctl_table_free) struct ctl_table *table = ctl_table_new(ctl, columns, COLUMN_COUNT);
    if (!table || !policies) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    code = PQntuples(rows) == 0 ? ctl_list_known(ctl, policies) : CTL_OK;
    if (code != CTL_OK) {
        return code;
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        add_row(ctl, policies, table, rows, row);
    }
    ctl_table_answer(table, "cases");
    return CTL_OK;
}
