/* Clocks and their levels. */
#include "policy_read.h"

/* Where a clock is read into. */
struct clock_place {
    struct policy_clock *clock;
    uint16_t index;
};

POLICY_READER(clock_title)
{
    read_title(loading, pair, &((struct clock_place *)into)->clock->title);
}

POLICY_READER(clock_starts)
{
    struct clock_place *place = into;
    loading->start_nodes[place->index] = &pair->value;
    read_facts(loading, &pair->value, place->clock->starts);
}

POLICY_READER(clock_stops)
{
    struct clock_place *place = into;
    loading->stop_nodes[place->index] = &pair->value;
    read_facts(loading, &pair->value, place->clock->stops);
}

POLICY_READER(clock_rearms)
{
    const struct clock_place *place = into;
    struct policy_clock *clock = place->clock;
    loading->rearm_nodes[place->index] = &pair->value;
    read_facts(loading, &pair->value, clock->rearms);
    for (int i = 0; i < 2; i++) {
        clock->starts[i] |= clock->rearms[i];
        clock->stops[i] |= clock->rearms[i];
    }
}

static uint32_t read_mark_set(struct policy_loading *loading, const struct yaml_pair *pair)
{
    return read_name_set(loading, &pair->value, names_of(loading, THING_MARK));
}

POLICY_READER(clock_start_marks)
{
    ((struct clock_place *)into)->clock->start_marks |= read_mark_set(loading, pair);
}

POLICY_READER(clock_stop_marks)
{
    ((struct clock_place *)into)->clock->stop_marks |= read_mark_set(loading, pair);
}

POLICY_READER(clock_rearm_marks)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    clock->rearm_marks = read_mark_set(loading, pair);
    clock->start_marks |= clock->rearm_marks;
    clock->stop_marks |= clock->rearm_marks;
}

static uint64_t read_step_set(struct policy_loading *loading, const struct yaml_node *node)
{
    uint64_t set = 0;
    for (uint32_t i = 0; i < list_count(node); i++) {
        uint16_t step = read_name(loading, list_item(node, i), names_steps(loading->policy));
        set |= step < POLICY_STEPS_MAX ? (uint64_t)1 << step : 0;
    }
    return set;
}

POLICY_READER(clock_of_steps)
{
    ((struct clock_place *)into)->clock->of_steps = read_step_set(loading, &pair->value);
}

POLICY_READER(clock_of_task)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    uint16_t task = read_name(loading, &pair->value, names_of(loading, THING_TASK));
    clock->of_task = (uint16_t)(task == POLICY_NONE ? 0 : task + 1);
}

POLICY_READER(clock_pauses_in)
{
    ((struct clock_place *)into)->clock->pause_steps = read_step_set(loading, &pair->value);
}

POLICY_READER(clock_statutory)
{
    ((struct clock_place *)into)->clock->statutory = read_flag(loading, &pair->value);
}

POLICY_READER(clock_takes_back)
{
    ((struct clock_place *)into)->clock->takes_back = read_flag(loading, &pair->value);
}

POLICY_READER(clock_runs_in)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    clock->run_steps = read_step_set(loading, &pair->value);
    if (clock->pause_steps != 0 || clock->pauses_for_customer) {
        complain(
            loading, &pair->key, NULL, "say where the clock runs or where it pauses, not both");
    }
}

POLICY_READER(clock_hidden_in)
{
    ((struct clock_place *)into)->clock->hidden_steps = read_step_set(loading, &pair->value);
}

POLICY_READER(clock_when)
{
    /* What the watchdog knows of a case; class and category only once it is triaged. */
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    unsigned allowed = WHEN_CHANNELS | WHEN_CLASSES | WHEN_CATEGORIES;
    if (policy_kind_in(clock->starts, EVENT_RECEIVED)) {
        allowed = WHEN_CHANNELS;
    }
    read_when(loading,
              &pair->value,
              allowed,
              allowed == WHEN_CHANNELS ? "a clock that starts at 'received'" : "a clock",
              &clock->when);
}

/* ---- targets ------------------------------------------------------------------------------ */

POLICY_READER(target_within)
{
    struct policy_target *target = into;
    struct duration duration = {0};
    if (!read_duration(loading, &pair->value, &duration)) {
        return;
    }
    if (duration.side != 0 || duration.unit == DURATION_PERCENT) {
        complain(loading, &pair->value, NULL, "a target is a length of time, not an offset");
        return;
    }
    switch (duration.unit) {
    case DURATION_PERCENT:
    case DURATION_ELAPSED:
        target->target = TARGET_ELAPSED;
        target->target_s = duration.value;
        break;
    case DURATION_BUSINESS:
        target->target = TARGET_BUSINESS;
        target->target_s = duration.value;
        break;
    case DURATION_BUSINESS_DAYS:
        target->target = TARGET_BUSINESS_DAYS;
        target->target_days = (uint32_t)duration.value;
        if (duration.value > 1000) {
            complain(loading, &pair->value, NULL, "more than 1000 business days");
        }
        break;
    }
}

POLICY_READER(target_end_of_day)
{
    struct policy_target *target = into;
    target->end_of_day = read_flag(loading, &pair->value);
    if (target->target != TARGET_BUSINESS_DAYS) {
        complain(loading,
                 &pair->key,
                 "within: 3 business days",
                 "the end of the day is meant for targets in business days");
    }
}

POLICY_READER(target_rolls)
{
    struct policy_target *target = into;
    target->rolls = read_flag(loading, &pair->value);
    if (target->target != TARGET_BUSINESS_DAYS || target->end_of_day) {
        complain(loading,
                 &pair->key,
                 "within: 3 business days",
                 "only business days that keep the time of day can fall on a closed hour");
    }
}

POLICY_READER(target_calendar)
{
    struct policy_names names = {"calendar",
                                 loading->policy->calendars,
                                 sizeof(struct calendar),
                                 loading->policy->calendar_count};
    ((struct policy_target *)into)->calendar = read_name(loading, &pair->value, names);
}

POLICY_READER(target_when)
{
    read_when(loading,
              &pair->value,
              WHEN_CHANNELS | WHEN_CLASSES | WHEN_CATEGORIES,
              "a target",
              &((struct policy_target *)into)->when);
}

POLICY_READER(target_priorities)
{
    struct policy_target *target = into;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        int64_t priority = read_number(loading, list_item(&pair->value, i), 1, 5);
        target->priorities |= (uint8_t)(priority > 0 ? 1U << (priority - 1) : 0);
    }
}

static void rule_name(const struct policy *policy, uint32_t line, char rule[64])
{
    (void)snprintf(rule, 64, "%s@%u:%u", policy->name, policy->version, line);
}

/* A clock's own target is read like another, and kept in the clock. */
#define OWN_TARGET(reader)                                                                         \
    void own_##reader(struct policy_loading *loading, const struct yaml_pair *pair, void *into)    \
    {                                                                                              \
        struct policy_clock *clock = ((struct clock_place *)into)->clock;                          \
        struct policy_target target = {.target = clock->target,                                    \
                                       .target_s = clock->target_s,                                \
                                       .target_days = clock->target_days,                          \
                                       .end_of_day = clock->end_of_day,                            \
                                       .rolls = clock->rolls,                                      \
                                       .calendar = clock->calendar};                               \
        target_##reader(loading, pair, &target);                                                   \
        clock->target = target.target;                                                             \
        clock->target_s = target.target_s;                                                         \
        clock->target_days = target.target_days;                                                   \
        clock->end_of_day = target.end_of_day;                                                     \
        clock->rolls = target.rolls;                                                               \
        clock->calendar = target.calendar;                                                         \
    }
OWN_TARGET(within)
OWN_TARGET(end_of_day)
OWN_TARGET(rolls)
OWN_TARGET(calendar)

POLICY_READER(clock_targets)
{
    const struct clock_place *place = into;
    struct policy_clock *clock = place->clock;
    uint32_t count = read_count(loading, &pair->value, YAML_LIST, POLICY_TARGETS_MAX, "targets");
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *item = &pair->value.items[i];
        struct policy_target *target = &clock->targets[i];
        loading->target_nodes[place->index][i] = item;
        target->calendar = clock->calendar;
        rule_name(loading->policy, item->line, target->rule);
        read_part(loading, item, item, &language_target, target);
        if (i > 0 && strcmp(target->rule, clock->targets[i - 1].rule) == 0) {
            complain(loading, item, NULL, "each target stands on a line of its own");
        }
    }
    clock->target_count = (uint16_t)count;
}

/* ---- promised instants -------------------------------------------------------------------- */

POLICY_READER(clock_due_field)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    struct policy *policy = loading->policy;
    clock->target = TARGET_PROMISED;
    clock->due_field = read_name(loading, &pair->value, names_of(loading, THING_FIELD));
    if (clock->due_field < policy->field_count &&
        policy->fields[clock->due_field].type != FORM_INSTANT &&
        policy->fields[clock->due_field].type != FORM_DATE) {
        complain(loading,
                 &pair->value,
                 "type: instant, or type: date",
                 "a clock is due at an instant, or at the end of a date");
    } else if (clock->due_field < policy->field_count &&
               policy->fields[clock->due_field].personal) {
        complain(loading,
                 &pair->value,
                 NULL,
                 "'%s' is personal: it is sealed, and no clock can look at it",
                 policy->fields[clock->due_field].id);
    }
}

/* ---- the rest ----------------------------------------------------------------------------- */

POLICY_READER(clock_extension)
{
    extension_first(loading, pair, ((struct clock_place *)into)->clock);
}

POLICY_READER(clock_pauses)
{
    ((struct clock_place *)into)->clock->pauses_for_customer = read_flag(loading, &pair->value);
}

POLICY_READER(clock_boundary)
{
    static const char names[][POLICY_NAME_MAX] = {"closing", "opening"};
    struct policy_names choices = {"side of a boundary", names, POLICY_NAME_MAX, 2};
    ((struct clock_place *)into)->clock->next_opening =
        read_name(loading, &pair->value, choices) == 1;
}

POLICY_READER(clock_cleared)
{
    static const char names[][POLICY_NAME_MAX] = {"met", "paused", "closed"};
    struct policy_names choices = {"state of a clock", names, POLICY_NAME_MAX, 3};
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    bool none = pair->value.kind == YAML_LIST && list_count(&pair->value) == 0;
    clock->due_cleared = none ? 0 : (uint8_t)read_name_set(loading, &pair->value, choices);
}

POLICY_READER(clock_unknown)
{
    ((struct clock_place *)into)->clock->unknown_role =
        read_name(loading, &pair->value, names_roles(loading->policy));
}

static void level_when(struct policy_loading *loading,
                       const struct yaml_pair *pair,
                       struct policy_level *level,
                       enum level_action action)
{
    struct duration duration = {0};
    level->action = action;
    if (action == LEVEL_BREACH) {
        level->offset = OFFSET_PERCENT;
        level->value = 100;
        if (pair->value.kind != YAML_SCALAR || strcmp(pair->value.text, "due") != 0) {
            complain(loading, &pair->value, "breach: due", "a clock is breached when it is due");
        }
        return;
    }
    bool bare = pair->value.kind == YAML_SCALAR && /* of a percentage, more likely than of a time */
                pair->value.text[strspn(pair->value.text, "0123456789")] == '\0';
    if (!bare && !read_duration(loading, &pair->value, &duration)) {
        return;
    }
    bool percent = duration.unit == DURATION_PERCENT;
    bool days = duration.unit == DURATION_BUSINESS_DAYS;
    if (bare || percent == (duration.side != 0)) {
        complain(loading,
                 &pair->value,
                 "75%, 2h before, 2 business hours after",
                 "a level is a percentage, or a time before or after the due time");
        return;
    }
    level->offset = percent                             ? OFFSET_PERCENT
                    : days                              ? OFFSET_DAYS
                    : duration.unit == DURATION_ELAPSED ? OFFSET_ELAPSED
                                                        : OFFSET_BUSINESS;
    level->value = percent ? duration.value : duration.side * duration.value;
}

POLICY_READER(level_warn)
{
    level_when(loading, pair, into, LEVEL_WARN);
}

POLICY_READER(level_breach)
{
    level_when(loading, pair, into, LEVEL_BREACH);
}

POLICY_READER(level_escalate)
{
    level_when(loading, pair, into, LEVEL_ESCALATE);
}

POLICY_READER(level_notify)
{
    ((struct policy_level *)into)->notify_role =
        read_name(loading, &pair->value, names_roles(loading->policy));
}

POLICY_READER(level_raise)
{
    ((struct policy_level *)into)->raise_priority_to =
        (uint8_t)read_number(loading, &pair->value, 1, 5);
}

POLICY_READER(clock_levels)
{
    struct clock_place *place = into;
    uint32_t count = read_count(loading, &pair->value, YAML_LIST, POLICY_LEVELS_MAX, "levels");
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *item = &pair->value.items[i];
        struct policy_level *level = &place->clock->levels[i];
        *level = (struct policy_level){.notify_role = POLICY_NONE};
        loading->level_nodes[place->index][i] = item;
        read_part(loading, item, item, &language_level, level);
        int actions = (yaml_find(item, "warn") != NULL) + (yaml_find(item, "breach") != NULL) +
                      (yaml_find(item, "escalate") != NULL);
        if (item->kind == YAML_MAP && actions != 1) {
            complain(loading, item, NULL, "a level is one of warn, breach, escalate");
        }
    }
    place->clock->level_count = (uint16_t)count;
}

static void
clock_read(struct policy_loading *loading, const struct yaml_pair *row, struct clock_place *place)
{
    struct policy_clock *clock = place->clock;
    clock->due_cleared = DUE_CLEARED_PAUSED;
    clock->unknown_role = POLICY_NONE;
    read_id(loading, &row->key, clock->id);
    rule_name(loading->policy, row->key.line, clock->rule);
    read_part(loading, &row->key, &row->value, &language_clock, place);
    title_complete(&clock->title, clock->id);
    clock_keys_check(loading, row, clock);
    for (uint16_t i = 0; i < clock->level_count && clock->unknown_role == POLICY_NONE; i++) {
        bool breach = clock->levels[i].action == LEVEL_BREACH;
        clock->unknown_role = breach ? clock->levels[i].notify_role : POLICY_NONE;
    }
}

void read_clocks(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    struct policy *policy = loading->policy;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CLOCKS_MAX, "clocks");
    struct policy_clock *clocks = loading_take(loading, map, count, sizeof *clocks);
    loading->clock_nodes = loading_take(loading, map, count, sizeof *loading->clock_nodes);
    unsigned before = loading->shaken;
    loading->base = BASE_CLOCK;
    for (uint32_t i = 0; i < count && clocks && loading->clock_nodes; i++) {
        struct clock_place place = {&clocks[i], (uint16_t)i};
        loading->clock_nodes[i] = &map->pairs[i].key;
        loading->shaken = 0;
        clock_read(loading, &map->pairs[i], &place);
        loading->clock_shaken[i] = loading->shaken;
    }
    loading->shaken = before;
    policy->clocks = clocks;
    policy->clock_count = (uint16_t)(clocks && loading->clock_nodes ? count : 0);
}
