/* How long personal data is kept: lengths of the calendar, and what of them cannot be meant. */
#include "policy_read.h"

#include <stdlib.h>

enum { DAYS_OF_FOUR_YEARS = 1461 };

/* "3 years", "18 months", "90 days". */
static bool span_parse(const char *text, struct policy_span *span)
{
    static const struct {
        const char *one, *many;
        uint16_t months, days;
    } units[] = {
        {"year",  "years",  12, 0},
        {"month", "months", 1,  0},
        {"day",   "days",   0,  1},
    };
    char *end = NULL;
    if (text[0] < '1' || text[0] > '9') {
        return false;
    }
    long long number = strtoll(text, &end, 10);
    end += strspn(end, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].one) == 0 || strcmp(end, units[i].many) == 0) {
            bool fits = units[i].months > 0 ? number <= RETENTION_MONTHS_MAX / units[i].months
                                            : number <= RETENTION_DAYS_MAX;
            span->months = (uint16_t)(fits ? number * units[i].months : 0);
            span->days = (uint16_t)(fits ? number * units[i].days : 0);
            return fits;
        }
    }
    return false;
}

static void
read_span(struct policy_loading *loading, const struct yaml_node *node, struct policy_span *span)
{
    if (node->kind != YAML_SCALAR || !span_parse(node->text, span)) {
        complain(loading,
                 node,
                 "3 years, 18 months, 90 days; at most a hundred years",
                 "'%.40s' is no length of years, months or days",
                 node->text);
    }
}

POLICY_READER(read_erasing_after)
{
    read_span(loading, &pair->value, &((struct policy_erasing *)into)->after);
}

POLICY_READER(read_ground_at_least)
{
    read_span(loading, &pair->value, &((struct policy_ground *)into)->at_least);
}

/* Whether the one length is over before the other whichever day both begin. */
static bool is_shorter(const struct policy_span *one, const struct policy_span *other)
{
    bool shorter = true;
    for (int64_t day = 0; shorter && day < DAYS_OF_FOUR_YEARS; day++) {
        int64_t since_us = calendar_in_us(day * 86400);
        shorter = policy_span_us(one, since_us) < policy_span_us(other, since_us);
    }
    return shorter;
}

void retention_end(struct policy_loading *loading,
                   const struct yaml_node *place,
                   const struct yaml_node *map,
                   void *into)
{
    const struct policy_retention *retention = into;
    const struct policy_span *after = &retention->erase.after;
    const struct yaml_pair *erase = yaml_find(map, "erase");
    const struct yaml_pair *grounds = yaml_find(map, "grounds");
    bool said = after->months > 0 || after->days > 0;
    loading->retention_node = place;
    for (uint16_t i = 0; said && grounds && i < retention->ground_count; i++) {
        const struct policy_ground *ground = &retention->grounds[i];
        if (is_shorter(after, &ground->at_least)) {
            complain(loading,
                     &grounds->value.pairs[i].key,
                     "erase no earlier than the longest ground lets it",
                     "it would be due to be erased while '%s' may still keep it",
                     ground->id);
        }
    }
    const struct policy_span reopening = {.days = (uint16_t)loading->policy->reopen_days};
    if (said && is_shorter(after, &reopening)) {
        complain(loading,
                 erase ? &erase->key : place,
                 "an erased case is not opened again",
                 "it would be due to be erased while it may still be reopened (%u days)",
                 (unsigned)loading->policy->reopen_days);
    }
}
