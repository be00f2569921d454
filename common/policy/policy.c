/* Looking things up in a compiled policy; see policy.h. */
#include "policy.h"

static bool id_is(const char id[POLICY_NAME_MAX], struct slice name)
{
    return name.size > 0 && name.size < POLICY_NAME_MAX && (uint8_t)id[0] == name.bytes[0] &&
           memcmp(id, name.bytes, name.size) == 0 && id[name.size] == '\0';
}

/* The rows begin with their id and lie stride bytes apart. */
static uint16_t find(const void *rows, uint16_t count, size_t stride, struct slice name)
{
    const char *row = rows;
    for (uint16_t i = 0; i < count; i++, row += stride) {
        if (id_is(row, name)) {
            return i;
        }
    }
    return POLICY_NONE;
}

uint16_t policy_channel_index(const struct policy *policy, struct slice id)
{
    return find(policy->channels, policy->channel_count, sizeof(struct policy_channel), id);
}

uint32_t policy_id_hash(struct slice id)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < id.size; i++) {
        hash = (hash ^ id.bytes[i]) * 16777619U;
    }
    return hash ^ hash >> 15;
}

uint16_t policy_category_index(const struct policy *policy, struct slice id)
{
    if (!policy->category_slots) {
        return find(policy->categories, policy->category_count, sizeof(struct policy_category), id);
    }
    uint32_t slot = policy_id_hash(id) & policy->category_slot_mask;
    while (policy->category_slots[slot] != POLICY_NONE) {
        uint16_t i = policy->category_slots[slot];
        if (id_is(policy->categories[i].id, id)) {
            return i;
        }
        slot = (slot + 1) & policy->category_slot_mask;
    }
    return POLICY_NONE;
}

uint16_t policy_class_index(const struct policy *policy, struct slice id)
{
    return find(policy->classes, policy->class_count, sizeof(struct policy_class), id);
}

bool policy_pushes(const struct policy *policy)
{
    for (uint16_t i = 0; i < policy->queue_count; i++) {
        if (policy->queues[i].push != PUSH_NO) {
            return true;
        }
    }
    return false;
}

bool policy_step_accepts(const struct policy_step *step)
{
    for (uint16_t i = 0; i < step->action_count; i++) {
        if (step->actions[i].fact == EVENT_ACCEPTED) {
            return true;
        }
    }
    return false;
}

uint16_t policy_queue_index(const struct policy *policy, struct slice id)
{
    return find(policy->queues, policy->queue_count, sizeof(struct policy_queue), id);
}

uint16_t policy_step_index(const struct policy *policy, struct slice id)
{
    return find(policy->steps, policy->step_count, sizeof(struct policy_step), id);
}

uint16_t policy_role_index(const struct policy *policy, struct slice id)
{
    return find(policy->roles, policy->role_count, POLICY_NAME_MAX, id);
}

uint16_t policy_clock_index(const struct policy *policy, struct slice id)
{
    return find(policy->clocks, policy->clock_count, sizeof(struct policy_clock), id);
}

uint16_t policy_field_index(const struct policy *policy, struct slice id)
{
    return find(policy->fields, policy->field_count, sizeof(struct policy_field), id);
}

uint16_t policy_task_index(const struct policy *policy, struct slice id)
{
    return find(policy->tasks, policy->task_count, sizeof(struct policy_task), id);
}

uint16_t policy_text_index(const struct policy *policy, struct slice id)
{
    return find(policy->texts, policy->text_count, sizeof(struct policy_text), id);
}

bool policy_action_is_own(struct slice id)
{
    static const char *const own[] = {"claim", "release", "erase", "read"};
    bool found = false;
    for (size_t i = 0; i < sizeof own / sizeof *own && !found; i++) {
        found = slice_equal(id, slice_text(own[i]));
    }
    return found;
}

bool policy_role_in(const struct policy *policy, uint32_t roles, uint16_t role)
{
    bool in = role < POLICY_ROLES_MAX && (roles >> role & 1U) != 0;
    for (uint16_t i = 0; i < policy->deputy_count && role < POLICY_ROLES_MAX && !in; i++) {
        const struct policy_deputy *deputy = &policy->deputies[i];
        in = (roles >> deputy->of & 1U) != 0 && (deputy->roles >> role & 1U) != 0;
    }
    return in;
}

const struct policy_title *policy_role_title(const struct policy *policy, struct slice role)
{
    uint16_t index = policy_role_index(policy, role);
    return index == POLICY_NONE || !policy->role_titles ? NULL : &policy->role_titles[index];
}

bool policy_role_is_outside(const struct policy *policy, struct slice role)
{
    uint16_t index = policy_role_index(policy, role);
    return index != POLICY_NONE && (policy->outside >> index & 1U) != 0;
}

uint16_t policy_mark_index(const struct policy *policy, struct slice id)
{
    return find(policy->marks, policy->mark_count, sizeof(struct policy_tally), id);
}

const char *const policy_phase_names[PHASE_COUNT + 1] = {
    [PHASE_RECEIPT] = "receipt",
    [PHASE_ASSESSMENT] = "assessment",
    [PHASE_ASSIGNMENT] = "assignment",
    [PHASE_INVESTIGATION] = "investigation",
    [PHASE_SOLUTION] = "solution",
    [PHASE_APPROVAL] = "approval",
    [PHASE_CONSENT] = "consent",
    [PHASE_IMPLEMENTATION] = "implementation",
    [PHASE_REPLY] = "reply",
    [PHASE_FOLLOW_UP] = "follow-up",
    [PHASE_CLOSED] = "closed",
};

const char *const policy_outcome_names[OUTCOME_COUNT + 1] = {
    [OUTCOME_NONE] = "",
    [OUTCOME_SETTLED] = "settled",
    [OUTCOME_NOT_FOUNDED] = "not-founded",
    [OUTCOME_NOT_OURS] = "not-ours",
    [OUTCOME_WITHDRAWN] = "withdrawn",
    [OUTCOME_DUPLICATE] = "duplicate",
    [OUTCOME_MALICIOUS] = "malicious",
    [OUTCOME_ESCALATED] = "escalated",
};

const char *policy_outcome_name(enum case_outcome outcome)
{
    return (unsigned)outcome < OUTCOME_COUNT ? policy_outcome_names[outcome] : "";
}

uint16_t policy_action_index(const struct policy_step *step, struct slice id)
{
    return find(step->actions, step->action_count, sizeof(struct policy_action), id);
}

const struct policy_need *policy_need_of(const struct policy_action *action, struct slice field)
{
    uint16_t i = action ? find(action->needs, action->need_count, sizeof *action->needs, field)
                        : (uint16_t)POLICY_NONE;
    return i == POLICY_NONE ? NULL : &action->needs[i];
}

const char *const policy_own_fields[POLICY_OWN_FIELDS] = {
    "agent", "case", "category", "clock", "reason", "severity_class", "task"};

bool policy_action_reads(const struct policy_action *action, struct slice field)
{
    bool other = action->fact == EVENT_MERGED || action->fact == EVENT_LINKED;
    bool extends = action->fact == EVENT_EXTENDED;
    bool classifies = action->fact == EVENT_CLASSIFIED;
    const bool reads[POLICY_OWN_FIELDS] = {action->gives,
                                           other,
                                           classifies,
                                           extends,
                                           extends,
                                           classifies,
                                           (action->settles | action->opens) != 0};
    for (size_t i = 0; i < POLICY_OWN_FIELDS; i++) {
        if (reads[i] && slice_equal(field, slice_text(policy_own_fields[i]))) {
            return true;
        }
    }
    return false;
}

uint32_t policy_action_takes(const struct policy_action *action)
{
    uint32_t count = action->need_count;
    for (size_t i = 0; i < POLICY_OWN_FIELDS; i++) {
        struct slice field = slice_text(policy_own_fields[i]);
        count += policy_action_reads(action, field) && !policy_need_of(action, field);
    }
    return count;
}

static bool bit_holds(uint32_t set, uint16_t index)
{
    return set == 0 || (index < 32 && (set >> index & 1U) != 0);
}

/* The category is one of those, or lies under one of them. */
static bool
category_holds(const struct policy *policy, const struct policy_when *when, uint16_t category)
{
    if (when->category_count == 0) {
        return true;
    }
    /* A parent stands before its children, so this ends. */
    while (category < policy->category_count) {
        for (uint16_t i = 0; i < when->category_count; i++) {
            if (when->categories[i] == category) {
                return true;
            }
        }
        uint16_t parent = policy->categories[category].parent;
        category = parent < category ? parent : POLICY_NONE;
    }
    return false;
}

static bool pattern_holds(const struct policy_when *when, const struct policy_facts *facts)
{
    if (when->pattern_count == 0) {
        return true;
    }
    for (uint16_t i = 0; i < when->pattern_count; i++) {
        for (uint32_t j = 0; j < facts->label_count; j++) {
            if (id_is(when->patterns[i], facts->labels[j].name)) {
                return true;
            }
        }
    }
    return false;
}

bool policy_compare_holds(const struct policy_compare *compare, int64_t value)
{
    bool chosen = compare->choices == 0 ||
                  (value >= 0 && value < POLICY_CHOICES_MAX && (compare->choices >> value & 1U));
    return chosen && (!compare->has_min || value >= compare->min) &&
           (!compare->has_max || value <= compare->max);
}

static bool compares_hold(const struct policy *policy,
                          const struct policy_when *when,
                          const struct policy_facts *facts)
{
    for (uint16_t i = 0; i < when->compare_count; i++) {
        const struct policy_compare *compare = &when->compares[i];
        uint16_t slot = policy->fields[compare->field].slot;
        if (slot >= POLICY_KEPT_MAX || !facts->kept || !(facts->told >> slot & 1U) ||
            !policy_compare_holds(compare, facts->kept[slot])) {
            return false;
        }
    }
    return true;
}

bool policy_when_holds(const struct policy *policy,
                       const struct policy_when *when,
                       const struct policy_facts *facts)
{
    return bit_holds(when->channels, facts->channel) &&
           bit_holds(when->classes, facts->class_index) && facts->repeats >= when->repeats_min &&
           category_holds(policy, when, facts->category) && pattern_holds(when, facts) &&
           compares_hold(policy, when, facts);
}

uint16_t policy_class_raised(const struct policy *policy,
                             const struct policy_facts *facts,
                             uint16_t *override)
{
    uint16_t class_index = facts->class_index;
    for (uint16_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *rule = &policy->overrides[i];
        if (rule->class_index < class_index && policy_when_holds(policy, &rule->when, facts)) {
            class_index = rule->class_index;
            if (override) {
                *override = i;
            }
        }
    }
    return class_index;
}

uint16_t policy_class_of(const struct policy *policy,
                         const struct policy_facts *facts,
                         int32_t score,
                         uint16_t *override)
{
    uint16_t class_index = policy->class_count == 0 ? POLICY_NONE : 0;
    while (class_index + 1 < policy->class_count &&
           score < policy->classes[class_index].from_score) {
        class_index++;
    }
    struct policy_facts seen = *facts;
    seen.class_index = class_index; /* an override may look at the score's class */
    if (override) {
        *override = POLICY_NONE;
    }
    return policy_class_raised(policy, &seen, override);
}

uint8_t policy_target_of(const struct policy *policy,
                         const struct policy_clock *clock,
                         const struct policy_facts *facts,
                         uint32_t priority)
{
    for (uint16_t i = 0; i < clock->target_count; i++) {
        const struct policy_target *target = &clock->targets[i];
        bool urgent = target->priorities == 0 || (priority > 0 && priority <= 8 &&
                                                  (target->priorities >> (priority - 1) & 1U));
        if (urgent && policy_when_holds(policy, &target->when, facts)) {
            return (uint8_t)(i + 1);
        }
    }
    return 0;
}

/* The place of one extension among all of a clock; NULL beyond the last. */
static const struct policy_extension *extension_at(const struct policy_clock *clock, uint16_t place)
{
    if (place == 0) {
        return &clock->extension;
    }
    return place <= clock->further_count ? &clock->further[place - 1] : NULL;
}

const struct policy_extension *policy_extension_next(const struct policy_clock *clock,
                                                     uint8_t given)
{
    const struct policy_extension *extension = extension_at(clock, 0);
    for (uint16_t i = 1; extension && given >= extension->times; i++) {
        given = (uint8_t)(given - extension->times);
        extension = extension_at(clock, i);
    }
    return extension;
}

void policy_extension_sum(const struct policy_clock *clock,
                          uint8_t given,
                          int64_t *more_s,
                          uint32_t *more_days)
{
    *more_s = 0;
    *more_days = 0;
    for (uint8_t i = 0; i < given; i++) {
        const struct policy_extension *extension = policy_extension_next(clock, i);
        *more_s += extension ? extension->by_s : 0;
        *more_days += extension ? extension->by_days : 0;
    }
}

int64_t
policy_window_us(const struct policy *policy, const struct policy_window *window, int64_t since_us)
{
    static const struct calendar elapsing = {.always = true};
    const struct calendar *calendar = window->calendar < policy->calendar_count
                                          ? &policy->calendars[window->calendar]
                                          : &elapsing;
    if (window->unit == TARGET_BUSINESS_DAYS) {
        return calendar_add_days_us(calendar, since_us, window->days, window->end_of_day);
    }
    calendar = window->unit == TARGET_BUSINESS ? calendar : &elapsing;
    return calendar_covers(calendar, calendar_second(since_us))
               ? calendar_add_us(calendar, since_us, calendar_in_us(window->length_s))
               : INT64_MAX;
}

int64_t
policy_promise_us(const struct policy *policy, const struct policy_clock *rule, struct slice value)
{
    int64_t told = 0;
    if (policy->fields[rule->due_field].type != FORM_DATE) {
        return policy_instant_parse(value, &told) ? calendar_in_us(told) : INT64_MAX;
    }
    bool known = policy_date_parse(value, &told) && rule->calendar < policy->calendar_count;
    return known ? calendar_in_us(
                       calendar_end_of_date(&policy->calendars[rule->calendar], (int32_t)told))
                 : INT64_MAX;
}

uint16_t policy_route_index(const struct policy *policy, const struct policy_facts *facts)
{
    for (uint16_t i = 0; i < policy->route_count; i++) {
        if (policy_when_holds(policy, &policy->routes[i].when, facts)) {
            return i;
        }
    }
    return POLICY_NONE;
}

uint16_t policy_route(const struct policy *policy, const struct policy_facts *facts)
{
    uint16_t route = policy_route_index(policy, facts);
    return route == POLICY_NONE ? POLICY_NONE : policy->routes[route].queue;
}
