/* Holidays that ought to be known by now, for `redress status`. */
#include "clock.h"
#include "ctl_calendar.h"
#include "ctl_database.h"
#include "ctl_view.h"
#include "scope.h"

static void policy_look(const struct policy *policy, int64_t now_s, json_t *list)
{
    for (uint16_t i = 0; i < policy->calendar_count; i++) {
        int32_t year = calendar_missing_year(&policy->calendars[i], now_s);
        if (year > 0) {
            (void)json_array_append_new(list,
                                        json_pack("{s:s, s:I, s:s, s:i}",
                                                  "policy",
                                                  policy->name,
                                                  "version",
                                                  (json_int_t)policy->version,
                                                  "calendar",
                                                  policy->calendars[i].name,
                                                  "year",
                                                  (int)year));
        }
    }
}

/* The newest version of every policy, and older ones that open cases keep: what others lack delays
 * nobody's deadline. */
int ctl_calendar_missing(struct ctl *ctl, json_t **missing)
{
    *missing = NULL;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT id FROM policy p WHERE version = (SELECT max(version) FROM policy "
                         "n WHERE n.name = p.name) OR EXISTS (SELECT FROM complaint c WHERE "
                         "c.policy_id = p.id AND c.closed_at IS NULL) ORDER BY name, version",
                         NULL,
                         0,
                         &rows);
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    if (code != CTL_OK || !policies) {
        return code != CTL_OK ? code : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    *missing = json_array();
    for (int row = 0; row < PQntuples(rows); row++) {
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        const struct policy *policy = view_policy(policies, id);
        if (policy) {
            policy_look(policy, clock_now_us() / 1000000, *missing);
        }
    }
    return CTL_OK;
}

static bool is_same(const json_t *one, const json_t *other, const char *key)
{
    return json_equal(json_object_get(one, key), json_object_get(other, key)) == 1;
}

/* Calendars people know: one of several versions of its policy is one. */
static long long names_of(const json_t *missing)
{
    long long count = 0;
    for (size_t i = 0; i < json_array_size(missing); i++) {
        const json_t *one = json_array_get(missing, i);
        bool told = false;
        for (size_t j = 0; j < i && !told; j++) {
            const json_t *before = json_array_get(missing, j);
            told = is_same(one, before, "policy") && is_same(one, before, "calendar");
        }
        count += !told;
    }
    return count;
}

/* One line, however many policies stand on the same calendar. */
void ctl_calendar_missing_print(const struct ctl *ctl, const json_t *missing)
{
    const json_t *first = json_array_get(missing, 0);
    if (!missing) {
        ctl_print(
            ctl, TEXT_STATUS_UNASKED, CTL_ARGS(ctl_text_in(ctl->language, TEXT_NEEDS_CALENDARS)));
    }
    if (first) {
        char year[24];
        char count[24];
        ctl_print(
            ctl,
            TEXT_STATUS_CALENDAR,
            CTL_ARGS(ctl_number_text(year, json_integer_value(json_object_get(first, "year"))),
                     ctl_number_text(count, names_of(missing)),
                     json_string_value(json_object_get(first, "policy")),
                     json_string_value(json_object_get(first, "calendar"))));
    }
}
