/* The periods of the journal: `redress archive list`. */
#include "ctl_database.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "scope.h"

static const char list_sql[] =
    "WITH here AS (SELECT p.*, h.*, pg_total_relation_size(p.part) AS bytes FROM journal_part p, "
    "LATERAL journal_part_holds(p.part, p.service) h), "
    "cut AS (SELECT DISTINCT period::integer FROM journal_cut) "
    "SELECT period, CASE WHEN bool_or(open) THEN 'open' "
    "WHEN bool_and(attached) AND period NOT IN (SELECT period FROM cut) THEN 'closed' "
    "WHEN bool_or(attached OR leaving) THEN 'leaving' ELSE 'detached' END, "
    "sum(events), sum(bytes), (extract(epoch FROM min(first_at)) * 1000000)::bigint, "
    "(extract(epoch FROM max(last_at)) * 1000000)::bigint FROM here GROUP BY period "
    "UNION ALL SELECT period, 'away', NULL, NULL, NULL, NULL FROM cut "
    "WHERE period NOT IN (SELECT period FROM here) ORDER BY 1";

static const char *state_text(const struct ctl *ctl, const char *state)
{
    static const struct {
        const char *name;
        enum ctl_text text;
    } states[] = {
        {"open",     TEXT_PERIOD_IS_OPEN    },
        {"closed",   TEXT_PERIOD_IS_CLOSED  },
        {"leaving",  TEXT_PERIOD_IS_LEAVING },
        {"detached", TEXT_PERIOD_IS_DETACHED},
        {"away",     TEXT_PERIOD_IS_AWAY    },
    };
    for (size_t i = 0; !ctl->json && i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i].name, state) == 0) {
            return ctl_text_in(ctl->language, states[i].text);
        }
    }
    return state;
}

/* NULL is never, and so is 0. */
static int64_t at_us(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

int ctl_archive_list(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        {"period", TEXT_COLUMN_PERIOD, CTL_COLUMN_NUMBER, false},
        {"state",  TEXT_COLUMN_STATE,  CTL_COLUMN_TEXT,   false},
        {"events", TEXT_COLUMN_EVENTS, CTL_COLUMN_NUMBER, false},
        {"bytes",  TEXT_COLUMN_BYTES,  CTL_COLUMN_NUMBER, false},
        {"first",  TEXT_COLUMN_FIRST,  CTL_COLUMN_TEXT,   false},
        {"last",   TEXT_COLUMN_LAST,   CTL_COLUMN_TEXT,   false},
    };
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = policies ? ctl_query(ctl, list_sql, NULL, 0, &rows)
                        : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    code = code == CTL_OK && !ctl->json ? view_zone_take_all(ctl, policies) : code;
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        char first[VIEW_TEXT_MAX];
        char last[VIEW_TEXT_MAX];
        const char *const cells[] = {PQgetvalue(rows, row, 0),
                                     state_text(ctl, PQgetvalue(rows, row, 1)),
                                     PQgetvalue(rows, row, 2),
                                     PQgetvalue(rows, row, 3),
                                     view_time_cell(ctl, at_us(rows, row, 4), first),
                                     view_time_cell(ctl, at_us(rows, row, 5), last)};
        ctl_table_add(table, cells);
    }
    ctl_table_answer(table, "periods");
    view_zone_tell(ctl);
    return CTL_OK;
}
