/* What is known of a case beyond where it stands, and how actions add to it: people, marks, kept
 * fields, obligations; see dispatch_core_rules.h. */
#include "dispatch_core_rules.h"

/* ---- people ---- */

/* FNV-1a; never 0.  Two names of one case share it once in 10^17. */
uint64_t rules_person_hash(struct slice name)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ name.bytes[i]) * 0x100000001b3U;
    }
    return hash != 0 ? hash : 1;
}

uint16_t rules_person(const struct dispatch_more *more, struct slice name)
{
    uint64_t hash = rules_person_hash(name);
    for (unsigned i = 0; i < DISPATCH_PEOPLE_MAX; i++) {
        if (more->people[i] == hash) {
            return (uint16_t)(1U << i);
        }
    }
    return 0;
}

uint16_t rules_person_take(struct dispatch_more *more, struct slice name)
{
    uint16_t bit = rules_person(more, name);
    for (unsigned i = 0; i < DISPATCH_PEOPLE_MAX && bit == 0; i++) {
        if (more->people[i] == 0) {
            more->people[i] = rules_person_hash(name);
            bit = (uint16_t)(1U << i);
        }
    }
    return bit;
}

static void people_forget_unused(struct dispatch_more *more)
{
    unsigned used = 0;
    for (unsigned i = 0; i < POLICY_MARKS_MAX; i++) {
        used |= more->by[i];
    }
    used |= more->concerned | more->handled | more->passed;
    for (unsigned i = 0; i < DISPATCH_PEOPLE_MAX; i++) {
        if ((used >> i & 1U) == 0) {
            more->people[i] = 0;
        }
    }
}

/* ---- folding ---- */

bool rules_concerned(const struct dispatch_more *more, struct slice name)
{
    return (more->concerned & rules_person(more, name)) != 0;
}

void rules_fold_handler(struct dispatch_more *more, struct slice name)
{
    more->handled |= name.size > 0 ? rules_person_take(more, name) : 0;
}

/* Bytes of what stands between two names; 0: it is part of a name. */
static size_t between_names(struct slice text, size_t at)
{
    static const char *const signs[] = {",", ";", "\n", "，", "、", "；"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t size = strlen(signs[i]);
        if (text.size - at >= size && memcmp(text.bytes + at, signs[i], size) == 0) {
            return size;
        }
    }
    return 0;
}

/* The people a field names, instead of those it named before. */
static bool concerned_fold(struct slice text, struct dispatch_more *more)
{
    bool all = true;
    more->concerned = 0;
    people_forget_unused(more);
    for (size_t at = 0; at < text.size;) {
        size_t skip = text.bytes[at] == ' ' ? 1 : between_names(text, at);
        if (skip > 0) {
            at += skip;
            continue;
        }
        size_t end = at;
        while (end < text.size && between_names(text, end) == 0) {
            end++;
        }
        size_t last = end;
        while (text.bytes[last - 1] == ' ') {
            last--;
        }
        uint16_t bit = rules_person_take(more, slice_of(text.bytes + at, last - at));
        more->concerned |= bit;
        all = all && bit != 0;
        at = end;
    }
    return all;
}

static bool
fact_fold(const struct policy *policy, const struct event_field *field, struct dispatch_more *more)
{
    uint16_t index = policy_field_index(policy, field->name);
    if (index == POLICY_NONE) {
        return true;
    }
    if (policy->fields[index].recuses) {
        return concerned_fold(field->value, more);
    }
    if (!policy->fields[index].kept) {
        return true;
    }
    uint16_t slot = policy->fields[index].slot;
    int64_t value = 0;
    if (slot < POLICY_KEPT_MAX &&
        policy_field_value(&policy->fields[index], field->value, &value)) {
        more->facts[slot] = value;
        more->told |= 1U << slot;
    }
    return true;
}

/* One less or one more of each obligation. */
static void tasks_fold(const struct policy *policy,
                       const struct policy_action *action,
                       uint32_t asked,
                       struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->task_count && i < POLICY_TASKS_MAX; i++) {
        uint8_t settled;
        uint8_t opened;
        policy_tasks_move(policy, i, action, asked, more->open[i], &settled, &opened);
        more->open[i] = (uint8_t)((more->open[i] & ~settled) | opened);
    }
}

bool rules_fold_action(const struct policy *policy,
                       const struct policy_action *action,
                       struct slice actor,
                       const struct event_field *fields,
                       uint32_t field_count,
                       struct dispatch_more *more)
{
    bool all = true;
    bool look = policy->kept_count > 0 || policy->recuses;
    for (uint32_t i = 0; look && i < field_count && i < EVENT_FIELDS_MAX; i++) {
        all = fact_fold(policy, &fields[i], more) && all;
    }
    for (uint16_t i = 0; i < policy->mark_count && i < POLICY_MARKS_MAX; i++) {
        if ((action->marks >> i & 1U) != 0) {
            uint16_t bit = rules_person_take(more, actor);
            more->times[i] = (uint8_t)(more->times[i] + (more->times[i] < UINT8_MAX));
            more->by[i] |= bit;
            all = all && bit != 0;
        }
    }
    tasks_fold(policy, action, policy_task_asked(fields, field_count), more);
    more->hold = action->fact == EVENT_HELD          ? 1
                 : action->fact == EVENT_HOLD_LIFTED ? 0
                                                     : more->hold;
    return all;
}

void rules_fold_round(const struct policy *policy, struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->mark_count && i < POLICY_MARKS_MAX; i++) {
        if (policy->marks[i].per_round) {
            more->times[i] = 0;
            more->by[i] = 0;
        }
    }
    people_forget_unused(more);
    more->outcome = OUTCOME_NONE;
}
