/* See policy_retention.h. */
#include "policy.h"

enum { DAY_S = 86400 };

/* Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted + (shifted < 10 ? 3 : -9);
    *year = years + era * 400 + (*month <= 2);
}

int64_t policy_span_us(const struct policy_span *span, int64_t since_us)
{
    int64_t second = calendar_second(since_us);
    int64_t days = second / DAY_S - (second % DAY_S < 0);
    int64_t rest_us = since_us - days * DAY_S * 1000000;
    int64_t year;
    int64_t month;
    int64_t day;
    date_of(days, &year, &month, &day);
    month += span->months - 1;
    year += month / 12;
    month = month % 12 + 1;
    int64_t next = days_of(year + month / 12, month % 12 + 1, 1);
    int64_t same = days_of(year, month, day);
    int64_t us = calendar_in_us(((same < next ? same : next) + span->days) * DAY_S);
    return us > INT64_MAX - rest_us ? INT64_MAX : us + rest_us;
}

static int64_t since_us(enum retention_since since, const struct policy_kept *kept)
{
    return since == KEPT_SINCE_CLOSED ? kept->closed_at_us : kept->received_at_us;
}

const struct policy_ground *policy_kept_until(const struct policy *policy,
                                              const struct policy_facts *facts,
                                              const struct policy_kept *kept,
                                              int64_t *until_us)
{
    const struct policy_ground *longest = NULL;
    *until_us = 0;
    for (uint16_t i = 0; i < policy->retention.ground_count; i++) {
        const struct policy_ground *ground = &policy->retention.grounds[i];
        int64_t ends_us = policy_span_us(&ground->at_least, since_us(ground->since, kept));
        if (policy_when_holds(policy, &ground->when, facts) && (!longest || ends_us > *until_us)) {
            longest = ground;
            *until_us = ends_us;
        }
    }
    return longest;
}

int64_t policy_reopens_until_us(const struct policy *policy, int64_t closed_at_us)
{
    int64_t last = calendar_second(closed_at_us) + (int64_t)policy->reopen_days * DAY_S;
    return calendar_in_us(last + 1);
}

int64_t policy_erase_due_us(const struct policy *policy,
                            const struct policy_facts *facts,
                            const struct policy_kept *kept)
{
    const struct policy_erasing *erase = &policy->retention.erase;
    int64_t until_us;
    if (policy->retention.roles == 0 || (erase->after.months == 0 && erase->after.days == 0)) {
        return INT64_MAX;
    }
    (void)policy_kept_until(policy, facts, kept, &until_us);
    int64_t due_us = policy_span_us(&erase->after, since_us(erase->since, kept));
    int64_t reopens_us = policy_reopens_until_us(policy, kept->closed_at_us);
    due_us = due_us > until_us ? due_us : until_us;
    return due_us > reopens_us ? due_us : reopens_us;
}
