/* The verb measures. */
#include "ctl_measures.h"

#include "ctl_database.h"
#include "ctl_names.h"
#include "ctl_return.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "scope.h"

/* What is shown of the policies that state measures. */
struct showing {
    enum measure_period period;
    bool period_given;
    const char *at;
    unsigned count;
    struct ctl_table *table; /* one of the two */
    json_t *rows;
};

static int showing_of(const struct ctl *ctl, struct showing *showing)
{
    const char *period = ctl_option_text(ctl, "period");
    int64_t date;
    *showing = (struct showing){.at = ctl_option_text(ctl, "at"),
                                .count = (unsigned)ctl_option_number(ctl, "trend"),
                                .period_given = period != NULL};
    for (unsigned i = 0; period && i < MEASURE_PERIOD_COUNT; i++) {
        if (strcmp(period, measure_periods[i]) == 0) {
            showing->period = (enum measure_period)i;
        }
    }
    if (showing->at && !policy_date_parse(slice_text(showing->at), &date)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_DATE, CTL_ARGS("at", showing->at));
    }
    return CTL_OK;
}

static int policy_show(struct ctl *ctl, const struct policy *policy, void *self)
{
    const struct showing *showing = self;
    struct measured measured[MEASURED_PERIODS_MAX];
    int code = CTL_OK;
    for (uint16_t i = 0; i < policy->measure_count && code == CTL_OK; i++) {
        const struct policy_measure *measure = &policy->measures[i];
        enum measure_period period = showing->period_given ? showing->period : measure->period;
        code =
            ctl_measures_read(ctl, policy, measure, period, showing->at, showing->count, measured);
        if (code == CTL_OK && ctl->json) {
            json_t *row = ctl_measures_json(ctl, policy, measure, measured, showing->count);
            (void)json_array_append_new(showing->rows, row);
        } else if (code == CTL_OK) {
            ctl_measures_add(ctl, showing->table, policy, measure, measured, showing->count);
        }
    }
    return code;
}

static int newest_ask(struct ctl *ctl, const char *name, PGresult **rows)
{
    return ctl_query(ctl,
                     "SELECT DISTINCT ON (name) id, name FROM policy WHERE $1::text IS NULL OR "
                     "name = $1::text ORDER BY name, version DESC",
                     &name,
                     1,
                     rows);
}

int ctl_measures_each(struct ctl *ctl,
                      struct view_policies *policies,
                      const char *name,
                      ctl_measures_visit visit,
                      void *self)
{
    struct ctl_named named = {.naming = NAMING_POLICY, .word = name};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = newest_ask(ctl, name, &rows);
    if (code == CTL_OK && PQntuples(rows) == 0 && name) {
        code = ctl_names_known(ctl, policies, &named, 1, NULL);
        PQclear(rows);
        rows = NULL;
        code = code == CTL_OK ? newest_ask(ctl, named.id, &rows) : code;
        if (code == CTL_OK && PQntuples(rows) == 0) { /* not all names are known here */
            code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_POLICY_ABSENT, CTL_ARGS(name, ""));
        }
    }
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        const struct policy *policy =
            view_policy(policies, (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10));
        if (policy) {
            code = visit(ctl, policy, self);
        } else {
            ctl_note(ctl, TEXT_MEASURES_UNREAD, CTL_ARGS(PQgetvalue(rows, row, 1)));
        }
    }
    return code;
}

int ctl_measures(struct ctl *ctl)
{
    struct showing showing;
    int code = showing_of(ctl, &showing);
    if (code != CTL_OK) {
        return code;
    }
    if (ctl_option_text(ctl, "return")) {
        return ctl_return(ctl, ctl_option_text(ctl, "return"));
    }
    SCOPED(ctl_table_free) struct ctl_table *table = ctl_measures_table(ctl);
    showing.table = table;
    showing.rows = json_array();
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    code = policies ? ctl_measures_each(
                          ctl, policies, ctl_option_text(ctl, "policy"), policy_show, &showing)
                    : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code == CTL_OK && ctl->json) {
        json_t *value = json_pack("{s:O}", "measures", showing.rows);
        ctl_print_json(ctl, &value);
    } else if (code == CTL_OK && ctl_table_rows(table) == 0) {
        ctl_note(ctl, TEXT_MEASURES_NONE, NULL);
    } else if (code == CTL_OK) {
        ctl_table_print(table);
    }
    json_decref(showing.rows);
    return code;
}
