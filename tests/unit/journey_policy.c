/* A shipped policy, or the test fails with the loader's report. */
#include "classify_cache.h"
#include "journey_case.h"
#include "policy_shipped.h"
#include "unit.h"

#include <assert.h>

enum { FIRST_YEAR = 2024, LAST_YEAR = 2027 };

struct policy_object *journey_policy(const char *folder, const char *file)
{
    struct policy_report report;
    classify_cache_folder(PATTERNS);
    struct policy_object *object =
        shipped_load(folder, file, FIRST_YEAR, LAST_YEAR, false, &report);
    if (!object) {
        fail_msg("%s/%s: %s", folder, file, report.text ? report.text : "cannot be read");
        return NULL;
    }
    policy_report_done(&report);
    object->policy.id = 1;
    return object;
}

struct slice journey_value(const struct journey *journey,
                           const struct policy_need *need,
                           char value[JOURNEY_VALUE_MAX])
{
    static_assert((int)JOURNEY_VALUE_MAX == (int)SHIPPED_VALUE_MAX, "one buffer");
    shipped_value(journey->policy, need, journey->variety, value);
    assert_true(!need->rules || policy_field_accepts(need->rules, slice_text(value)));
    return slice_text(value);
}
