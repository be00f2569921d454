/*
 * `redress policy diff`: what is different in the second of two policies, by what it means.
 *
 * Things with names are compared by name and property by property, each property as the phrase that
 * explain uses; overrides and routes have no names and are compared as whole sentences.
 */
#include "ctl_policy.h"
#include "scope.h"

struct comparing {
    struct ctl *ctl;
    const struct policy *a, *b;
    json_t *rows;
};

static void row_add(const struct comparing *comparing,
                    const char *change,
                    enum ctl_text thing,
                    const char *name,
                    const struct say_rule *property,
                    const char *before,
                    const char *after)
{
    json_t *row = json_pack(
        "{s:s, s:s, s:s}", "change", change, "thing", ctl_text_in(CTL_EN, thing), "id", name);
    if (property) {
        (void)json_object_set_new(row, "property", json_string(property->key));
        (void)json_object_set_new(row, "before", json_string(before));
        (void)json_object_set_new(row, "after", json_string(after));
    }
    (void)json_array_append_new(comparing->rows, row);
    if (comparing->ctl->json) {
        return;
    }
    const char *word = ctl_text_in(comparing->ctl->language, thing);
    if (property) {
        const char *what = ctl_text_in(comparing->ctl->language, property->name);
        ctl_print(comparing->ctl, TEXT_DIFF_CHANGED, CTL_ARGS(word, name, what, before, after));
    } else {
        bool added = change[0] == 'a';
        ctl_print(
            comparing->ctl, added ? TEXT_DIFF_ADDED : TEXT_DIFF_REMOVED, CTL_ARGS(word, name));
    }
}

static void row_compare(const struct comparing *comparing,
                        enum ctl_text thing,
                        const char *name,
                        const struct say_rule *rules,
                        size_t count,
                        const void *before,
                        const void *after)
{
    const char *none = ctl_text_in(comparing->ctl->language, TEXT_DIFF_NONE);
    char old[SAY_MAX];
    char new[SAY_MAX];
    for (size_t i = 0; i < count; i++) {
        const char *was = rules[i].say(comparing->ctl, comparing->a, before, old);
        const char *is = rules[i].say(comparing->ctl, comparing->b, after, new);
        if (strcmp(was, is) != 0) {
            row_add(comparing,
                    "changed",
                    thing,
                    name,
                    &rules[i],
                    was[0] != '\0' ? was : none,
                    is[0] != '\0' ? is : none);
        }
    }
}

/* What a thing of these heeds besides its properties. */
static void heeds_compare(const struct comparing *comparing,
                          enum ctl_text thing,
                          const char *name,
                          const void *before,
                          const void *after)
{
    if (thing == TEXT_DIFF_CLOCK) {
        row_compare(comparing, thing, name, say_clock_rules, say_clock_rule_count, before, after);
    } else if (thing == TEXT_DIFF_ACTION) {
        row_compare(comparing, thing, name, say_action_rules, say_action_rule_count, before, after);
    } else if (thing == TEXT_DIFF_STEP) {
        row_compare(comparing, thing, name, say_step_rules, say_step_rule_count, before, after);
    }
}

/* Rows that begin with their id. */
struct rows {
    const void *first;
    uint16_t count;
    size_t stride;
};

static const void *row_named(struct rows rows, const char *id)
{
    const char *row = rows.first;
    for (uint16_t i = 0; i < rows.count; i++, row += rows.stride) {
        if (strcmp(row, id) == 0) {
            return row;
        }
    }
    return NULL;
}

static void rows_compare(const struct comparing *comparing,
                         enum ctl_text thing,
                         const char *under,
                         struct rows a,
                         struct rows b,
                         const struct say_rule *properties,
                         size_t count)
{
    char name[SAY_MAX];
    const char *row = a.first;
    for (uint16_t i = 0; i < a.count; i++, row += a.stride) {
        const void *after = row_named(b, row);
        (void)snprintf(name, sizeof name, "%s%s", under, row);
        if (after) {
            row_compare(comparing, thing, name, properties, count, row, after);
            heeds_compare(comparing, thing, name, row, after);
        } else {
            row_add(comparing, "removed", thing, name, NULL, NULL, NULL);
        }
    }
    row = b.first;
    for (uint16_t i = 0; i < b.count; i++, row += b.stride) {
        (void)snprintf(name, sizeof name, "%s%s", under, row);
        if (!row_named(a, row)) {
            row_add(comparing, "added", thing, name, NULL, NULL, NULL);
        }
    }
}

/* ---- the properties ---- */

#define SAYS(name)                                                                                 \
    static const char *name(                                                                       \
        const struct ctl *ctl, const struct policy *policy, const void *from, char into[SAY_MAX])
#define UNUSED_HERE                                                                                \
    (void)ctl;                                                                                     \
    (void)policy

static const char *plain(const char *text, char into[SAY_MAX])
{
    (void)snprintf(into, SAY_MAX, "%s", text);
    return into;
}

static const char *number(int64_t value, char into[SAY_MAX])
{
    (void)snprintf(into, SAY_MAX, "%" PRId64, value);
    return into;
}

#define TITLE_OF(kind)                                                                             \
    SAYS(kind##_title)                                                                             \
    {                                                                                              \
        UNUSED_HERE;                                                                               \
        return plain(say_title(ctl, &((const struct policy_##kind *)from)->title), into);          \
    }
TITLE_OF(channel)
TITLE_OF(category)
TITLE_OF(class)
TITLE_OF(factor)
TITLE_OF(queue)
TITLE_OF(step)
TITLE_OF(action)
TITLE_OF(clock)

SAYS(category_under)
{
    UNUSED_HERE;
    uint16_t parent = ((const struct policy_category *)from)->parent;
    return plain(parent == POLICY_NONE ? "-" : policy->categories[parent].id, into);
}

SAYS(class_from)
{
    UNUSED_HERE;
    const struct policy_class *class = from;
    return class->from_score == INT32_MIN ? "-" : number(class->from_score, into);
}

#define NUMBER_OF(name, type, member)                                                              \
    SAYS(name)                                                                                     \
    {                                                                                              \
        UNUSED_HERE;                                                                               \
        return number(((const struct type *)from)->member, into);                                  \
    }
NUMBER_OF(class_priority, policy_class, priority)
NUMBER_OF(factor_points, policy_factor, points)
NUMBER_OF(policy_capacity, policy, capacity)
NUMBER_OF(policy_repeats, policy, repeat_days)
NUMBER_OF(policy_reopen, policy, reopen_days)

SAYS(factor_when)
{
    return say_when(ctl, policy, &((const struct policy_factor *)from)->when, into);
}

SAYS(step_phase)
{
    UNUSED_HERE;
    return plain(say_phase(ctl, ((const struct policy_step *)from)->phase), into);
}

SAYS(step_owner)
{
    UNUSED_HERE;
    return plain(say_role(ctl, policy, ((const struct policy_step *)from)->owner_role), into);
}

SAYS(action_fact)
{
    UNUSED_HERE;
    return plain(event_kind_name(((const struct policy_action *)from)->fact), into);
}

SAYS(action_by)
{
    UNUSED_HERE;
    return say_roles(ctl, policy, ((const struct policy_action *)from)->roles, into);
}

SAYS(action_to)
{
    UNUSED_HERE;
    uint16_t to = ((const struct policy_action *)from)->to_step;
    return plain(to == POLICY_NONE ? ctl_text_in(ctl->language, TEXT_DIFF_STAYS)
                                   : say_title(ctl, &policy->steps[to].title),
                 into);
}

SAYS(action_queue)
{
    UNUSED_HERE;
    const struct policy_action *action = from;
    if (!action->to_queue) {
        return plain(ctl_text_in(ctl->language, TEXT_DIFF_NONE), into);
    }
    return plain(action->queue == POLICY_NONE
                     ? ctl_text_in(ctl->language, TEXT_DIFF_BY_ROUTES)
                     : say_title(ctl, &policy->queues[action->queue].title),
                 into);
}

SAYS(action_needs)
{
    UNUSED_HERE;
    return say_needs(ctl, from, into);
}

SAYS(clock_target)
{
    return say_target(ctl, policy, from, into);
}

SAYS(clock_starts)
{
    return say_facts(ctl, policy, ((const struct policy_clock *)from)->starts, into);
}

SAYS(clock_stops)
{
    return say_facts(ctl, policy, ((const struct policy_clock *)from)->stops, into);
}

SAYS(clock_calendar)
{
    UNUSED_HERE;
    return plain(policy->calendars[((const struct policy_clock *)from)->calendar].name, into);
}

SAYS(clock_levels)
{
    const struct policy_clock *clock = from;
    char text[SAY_MAX];
    into[0] = '\0';
    for (uint16_t i = 0; i < clock->level_count; i++) {
        size_t at = strlen(into);
        (void)say_level(ctl, policy, &clock->levels[i], text);
        (void)snprintf(into + at, SAY_MAX - at, "%s%s", i > 0 ? " " : "", text);
    }
    return into;
}

SAYS(policy_title)
{
    UNUSED_HERE;
    return plain(say_title(ctl, &((const struct policy *)from)->title), into);
}

SAYS(policy_first)
{
    UNUSED_HERE;
    const struct policy *of = from;
    return plain(say_title(ctl, &policy->steps[of->first_step].title), into);
}

SAYS(policy_closing)
{
    const struct policy *of = from;
    return say_requirements(ctl, policy, of->closing, of->closing_count, into);
}

#define PROPERTIES(rows) rows, sizeof(rows) / sizeof *(rows)
#define ROWS(list, number)                                                                         \
    (struct rows){comparing->a->list, comparing->a->number, sizeof *comparing->a->list},           \
        (struct rows)                                                                              \
    {                                                                                              \
        comparing->b->list, comparing->b->number, sizeof *comparing->b->list                       \
    }

/* clang-format off */
static const struct say_rule policy_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, policy_title},
    {"capacity", TEXT_DIFF_CAPACITY, TEXT_DIFF_CAPACITY, policy_capacity},
    {"repeat-window", TEXT_DIFF_REPEAT_DAYS, TEXT_DIFF_REPEAT_DAYS, policy_repeats},
    {"reopen-window", TEXT_DIFF_REOPEN_DAYS, TEXT_DIFF_REOPEN_DAYS, policy_reopen},
    {"opening", TEXT_DIFF_FIRST, TEXT_DIFF_FIRST, policy_first},
    {"closing", TEXT_DIFF_CLOSING, TEXT_DIFF_CLOSING, policy_closing},
};
static const struct say_rule channel_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, channel_title},
};
static const struct say_rule category_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, category_title},
    {"under", TEXT_DIFF_UNDER, TEXT_DIFF_UNDER, category_under},
};
static const struct say_rule class_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, class_title},
    {"from", TEXT_DIFF_FROM, TEXT_DIFF_FROM, class_from},
    {"priority", TEXT_DIFF_PRIORITY, TEXT_DIFF_PRIORITY, class_priority},
};
static const struct say_rule factor_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, factor_title},
    {"points", TEXT_DIFF_POINTS, TEXT_DIFF_POINTS, factor_points},
    {"when", TEXT_DIFF_WHEN, TEXT_DIFF_WHEN, factor_when},
};
static const struct say_rule queue_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, queue_title},
};
static const struct say_rule step_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, step_title},
    {"phase", TEXT_DIFF_PHASE, TEXT_DIFF_PHASE, step_phase},
    {"owner", TEXT_DIFF_OWNER, TEXT_DIFF_OWNER, step_owner},
};
static const struct say_rule action_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, action_title},
    {"fact", TEXT_DIFF_FACT, TEXT_DIFF_FACT, action_fact},
    {"by", TEXT_DIFF_BY, TEXT_DIFF_BY, action_by},
    {"to", TEXT_DIFF_TO, TEXT_DIFF_TO, action_to},
    {"queue", TEXT_DIFF_GOES, TEXT_DIFF_GOES, action_queue},
    {"needs", TEXT_DIFF_NEEDS, TEXT_DIFF_NEEDS, action_needs},
};
static const struct say_rule clock_properties[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, clock_title},
    {"within", TEXT_DIFF_TARGET, TEXT_DIFF_TARGET, clock_target},
    {"starts", TEXT_DIFF_STARTS, TEXT_DIFF_STARTS, clock_starts},
    {"stops", TEXT_DIFF_STOPS, TEXT_DIFF_STOPS, clock_stops},
    {"calendar", TEXT_DIFF_CALENDAR, TEXT_DIFF_CALENDAR, clock_calendar},
    {"levels", TEXT_DIFF_LEVELS, TEXT_DIFF_LEVELS, clock_levels},
};
/* clang-format on */

static void actions_compare(const struct comparing *comparing)
{
    const struct policy *a = comparing->a;
    const struct policy *b = comparing->b;
    for (uint16_t i = 0; i < a->step_count; i++) {
        uint16_t j = policy_step_index(b, slice_text(a->steps[i].id));
        char under[POLICY_NAME_MAX + 2];
        (void)snprintf(under, sizeof under, "%s/", a->steps[i].id);
        if (j != POLICY_NONE) {
            const struct policy_step *was = &a->steps[i];
            const struct policy_step *is = &b->steps[j];
            rows_compare(comparing,
                         TEXT_DIFF_ACTION,
                         under,
                         (struct rows){was->actions, was->action_count, sizeof *was->actions},
                         (struct rows){is->actions, is->action_count, sizeof *is->actions},
                         PROPERTIES(action_properties));
        }
    }
}

/* A rule without a name, as a sentence. */
static const char *rule_say(const struct ctl *ctl,
                            const struct policy *policy,
                            enum ctl_text thing,
                            uint16_t i,
                            char into[SAY_MAX])
{
    char when[SAY_MAX];
    if (thing == TEXT_DIFF_ROUTE) {
        const struct policy_route *route = &policy->routes[i];
        const char *queue = say_title(ctl, &policy->queues[route->queue].title);
        (void)say_when(ctl, policy, &route->when, when);
        return say_text(ctl, into, TEXT_SAY_ROUTE, CTL_ARGS(queue, when));
    }
    const struct policy_override *override = &policy->overrides[i];
    const char *class = say_title(ctl, &policy->classes[override->class_index].title);
    (void)say_when(ctl, policy, &override->when, when);
    return say_text(ctl, into, TEXT_SAY_OVERRIDE, CTL_ARGS(class, when));
}

static uint16_t rule_count(const struct policy *policy, enum ctl_text thing)
{
    return thing == TEXT_DIFF_ROUTE ? policy->route_count : policy->override_count;
}

static void rules_missing(const struct comparing *comparing,
                          enum ctl_text thing,
                          const struct policy *from,
                          const struct policy *other,
                          const char *change)
{
    char one[SAY_MAX];
    char two[SAY_MAX];
    for (uint16_t i = 0; i < rule_count(from, thing); i++) {
        bool found = false;
        (void)rule_say(comparing->ctl, from, thing, i, one);
        for (uint16_t j = 0; j < rule_count(other, thing); j++) {
            found = found || strcmp(one, rule_say(comparing->ctl, other, thing, j, two)) == 0;
        }
        if (!found) {
            row_add(comparing, change, thing, one, NULL, NULL, NULL);
        }
    }
}

static void policies_compare(const struct comparing *comparing)
{
    const struct policy *a = comparing->a;
    const struct policy *b = comparing->b;
    row_compare(comparing, TEXT_DIFF_POLICY, b->name, PROPERTIES(policy_properties), a, b);
    rows_compare(comparing,
                 TEXT_DIFF_ROLE,
                 "",
                 (struct rows){a->roles, a->role_count, POLICY_NAME_MAX},
                 (struct rows){b->roles, b->role_count, POLICY_NAME_MAX},
                 NULL,
                 0);
    rows_compare(comparing,
                 TEXT_DIFF_CHANNEL,
                 "",
                 ROWS(channels, channel_count),
                 PROPERTIES(channel_properties));
    rows_compare(comparing,
                 TEXT_DIFF_CATEGORY,
                 "",
                 ROWS(categories, category_count),
                 PROPERTIES(category_properties));
    rows_compare(
        comparing, TEXT_DIFF_CLASS, "", ROWS(classes, class_count), PROPERTIES(class_properties));
    rows_compare(comparing,
                 TEXT_DIFF_FACTOR,
                 "",
                 ROWS(factors, factor_count),
                 PROPERTIES(factor_properties));
    rules_missing(comparing, TEXT_DIFF_OVERRIDE, a, b, "removed");
    rules_missing(comparing, TEXT_DIFF_OVERRIDE, b, a, "added");
    rows_compare(
        comparing, TEXT_DIFF_QUEUE, "", ROWS(queues, queue_count), PROPERTIES(queue_properties));
    rules_missing(comparing, TEXT_DIFF_ROUTE, a, b, "removed");
    rules_missing(comparing, TEXT_DIFF_ROUTE, b, a, "added");
    rows_compare(
        comparing, TEXT_DIFF_STEP, "", ROWS(steps, step_count), PROPERTIES(step_properties));
    actions_compare(comparing);
    rows_compare(
        comparing, TEXT_DIFF_CLOCK, "", ROWS(clocks, clock_count), PROPERTIES(clock_properties));
}

int ctl_policy_diff(struct ctl *ctl)
{
    SCOPED(ctl_policy_done) struct ctl_policy a = {0};
    SCOPED(ctl_policy_done) struct ctl_policy b = {0};
    int code = ctl_policy_good(ctl, ctl_argument(ctl, 0), &a);
    if (code == CTL_OK) {
        code = ctl_policy_good(ctl, ctl_argument(ctl, 1), &b);
    }
    if (code != CTL_OK) {
        return code;
    }
    const struct comparing comparing = {ctl, &a.object->policy, &b.object->policy, json_array()};
    policies_compare(&comparing);
    if (ctl->json) {
        json_t *value = json_pack("{s:O}", "differences", comparing.rows);
        ctl_print_json(ctl, &value);
    } else if (json_array_size(comparing.rows) == 0) {
        ctl_print(ctl, TEXT_DIFF_SAME, NULL);
    }
    json_decref(comparing.rows);
    return CTL_OK;
}
