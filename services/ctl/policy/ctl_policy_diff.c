/*
 * `redress policy diff`: what is different in the second of two policies, by what it means.
 *
 * Things with names are compared by name and property by property, each property as the phrase that
 * explain uses; overrides and routes have no names and are compared as whole sentences.
 */
#include "ctl_policy_compare.h"
#include "scope.h"

void difference_add(const struct comparing *comparing, const struct difference *difference)
{
    const struct ctl *ctl = comparing->ctl;
    json_t *row = json_pack("{s:s, s:s, s:s}",
                            "change",
                            difference->change,
                            "thing",
                            ctl_text_in(CTL_EN, difference->thing),
                            "id",
                            difference->name);
    if (difference->key) {
        (void)json_object_set_new(row, "property", json_string(difference->key));
        (void)json_object_set_new(row, "before", json_string(difference->before));
        (void)json_object_set_new(row, "after", json_string(difference->after));
    }
    (void)json_array_append_new(comparing->rows, row);
    if (ctl->json) {
        return;
    }
    const char *word = ctl_text_in(ctl->language, difference->thing);
    if (difference->key) {
        ctl_print(
            ctl,
            TEXT_DIFF_CHANGED,
            CTL_ARGS(
                word, difference->name, difference->what, difference->before, difference->after));
    } else {
        bool added = difference->change[0] == 'a';
        ctl_print(
            ctl, added ? TEXT_DIFF_ADDED : TEXT_DIFF_REMOVED, CTL_ARGS(word, difference->name));
    }
}

/* A thing, or a rule without a name, that only one of the two has. */
static void whole_add(const struct comparing *comparing,
                      const char *change,
                      enum ctl_text thing,
                      const char *name)
{
    const struct difference difference = {.change = change, .thing = thing, .name = name};
    difference_add(comparing, &difference);
}

static void row_compare(const struct comparing *comparing,
                        enum ctl_text thing,
                        const char *name,
                        const struct say_properties *properties,
                        const void *before,
                        const void *after)
{
    const char *none = ctl_text_in(comparing->ctl->language, TEXT_DIFF_NONE);
    char old[SAY_MAX];
    char new[SAY_MAX];
    for (size_t i = 0; i < properties->count; i++) {
        const char *was = properties->rows[i].say(comparing->ctl, comparing->a, before, old);
        const char *is = properties->rows[i].say(comparing->ctl, comparing->b, after, new);
        if (strcmp(was, is) != 0) {
            const struct difference changed = {
                .change = "changed",
                .thing = thing,
                .name = name,
                .key = properties->rows[i].key,
                .what = ctl_text_in(comparing->ctl->language, properties->rows[i].name),
                .before = was[0] != '\0' ? was : none,
                .after = is[0] != '\0' ? is : none,
            };
            difference_add(comparing, &changed);
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
        const struct say_properties heeded = {say_clock_rules, say_clock_rule_count};
        row_compare(comparing, thing, name, &heeded, before, after);
    } else if (thing == TEXT_DIFF_ACTION) {
        const struct say_properties heeded = {say_action_rules, say_action_rule_count};
        row_compare(comparing, thing, name, &heeded, before, after);
    } else if (thing == TEXT_DIFF_STEP) {
        const struct say_properties heeded = {say_step_rules, say_step_rule_count};
        row_compare(comparing, thing, name, &heeded, before, after);
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
                         const struct say_properties *properties)
{
    char name[SAY_MAX];
    const char *row = a.first;
    for (uint16_t i = 0; i < a.count; i++, row += a.stride) {
        const void *after = row_named(b, row);
        (void)snprintf(name, sizeof name, "%s%s", under, row);
        if (after) {
            row_compare(comparing, thing, name, properties, row, after);
            heeds_compare(comparing, thing, name, row, after);
        } else {
            whole_add(comparing, "removed", thing, name);
        }
    }
    row = b.first;
    for (uint16_t i = 0; i < b.count; i++, row += b.stride) {
        (void)snprintf(name, sizeof name, "%s%s", under, row);
        if (!row_named(a, row)) {
            whole_add(comparing, "added", thing, name);
        }
    }
}

#define ROWS(list, number)                                                                         \
    (struct rows){comparing->a->list, comparing->a->number, sizeof *comparing->a->list},           \
        (struct rows)                                                                              \
    {                                                                                              \
        comparing->b->list, comparing->b->number, sizeof *comparing->b->list                       \
    }

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
                         &action_properties);
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

/* The first that fits decides: where both have the same routes, their order is told. */
static void routes_order(const struct comparing *comparing)
{
    char one[SAY_MAX];
    char two[SAY_MAX];
    const struct policy *a = comparing->a;
    const struct policy *b = comparing->b;
    for (uint16_t i = 0; i < a->route_count && i < b->route_count; i++) {
        (void)rule_say(comparing->ctl, a, TEXT_DIFF_ROUTE, i, one);
        (void)rule_say(comparing->ctl, b, TEXT_DIFF_ROUTE, i, two);
        if (strcmp(one, two) != 0) {
            const char *number = CTL_NUMBER_TEXT(i + 1);
            const struct difference order = {
                .change = "changed",
                .thing = TEXT_DIFF_ROUTE,
                .name = number,
                .key = "order",
                .what = ctl_text_in(comparing->ctl->language, TEXT_DIFF_ORDER),
                .before = one,
                .after = two,
            };
            difference_add(comparing, &order);
            return;
        }
    }
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
            whole_add(comparing, change, thing, one);
        }
    }
}

static void policies_compare(const struct comparing *comparing)
{
    const struct policy *a = comparing->a;
    const struct policy *b = comparing->b;
    row_compare(comparing, TEXT_DIFF_POLICY, b->name, &policy_properties, a, b);
    rows_compare(comparing, TEXT_DIFF_CLASS, "", ROWS(classes, class_count), &class_properties);
    rows_compare(comparing, TEXT_DIFF_FACTOR, "", ROWS(factors, factor_count), &factor_properties);
    rules_missing(comparing, TEXT_DIFF_OVERRIDE, a, b, "removed");
    rules_missing(comparing, TEXT_DIFF_OVERRIDE, b, a, "added");
    size_t rules = json_array_size(comparing->rows);
    rules_missing(comparing, TEXT_DIFF_ROUTE, a, b, "removed");
    rules_missing(comparing, TEXT_DIFF_ROUTE, b, a, "added");
    if (json_array_size(comparing->rows) == rules) {
        routes_order(comparing);
    }
    rows_compare(comparing, TEXT_DIFF_STEP, "", ROWS(steps, step_count), &step_properties);
    actions_compare(comparing);
    rows_compare(comparing, TEXT_DIFF_CLOCK, "", ROWS(clocks, clock_count), &clock_properties);
    written_compare(comparing);
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
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)2 * POLICY_TREE_MAX);
    struct yaml_source report_a = {.name = ctl_argument(ctl, 0), .out = ctl->err};
    struct yaml_source report_b = {.name = ctl_argument(ctl, 1), .out = ctl->err};
    struct comparing comparing = {.ctl = ctl, .a = &a.object->policy, .b = &b.object->policy};
    if (arena) {
        struct slice text_a = slice_of(a.text, a.size);
        struct slice text_b = slice_of(b.text, b.size);
        comparing.tree_a = policy_written(text_a, arena, &report_a);
        comparing.tree_b = policy_written(text_b, arena, &report_b);
    }
    if (!comparing.tree_a || !comparing.tree_b) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    comparing.rows = json_array();
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
