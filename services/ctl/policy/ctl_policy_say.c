/* Phrases for the parts of a policy; see ctl_policy.h. */
#include "ctl_case.h"
#include "ctl_policy.h"
#include "ctl_view.h"
#include "policy_field.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

const char *
say_text(const struct ctl *ctl, char into[SAY_MAX], enum ctl_text id, const char *const *args)
{
    return ctl_format_into(into, SAY_MAX, ctl_text_in(ctl->language, id), args);
}

void say_more(char into[SAY_MAX], const char *between, const char *text)
{
    size_t at = strlen(into);
    (void)snprintf(into + at, SAY_MAX - at, "%s%s", at > 0 ? between : "", text);
}

void say_either(const struct ctl *ctl, char into[SAY_MAX], size_t *last, const char *text)
{
    const char *or_word = ctl_text_in(ctl->language, TEXT_SAY_OR);
    if (*last > 0 && strlen(into) >= *last + strlen(or_word)) {
        char alternative[SAY_MAX];
        (void)snprintf(alternative, sizeof alternative, "%s", into + *last + strlen(or_word));
        into[*last] = '\0';
        say_more(into, ctl_text_in(ctl->language, TEXT_SAY_COMMA), alternative);
    }
    *last = strlen(into);
    say_more(into, or_word, text);
}

const char *say_title(const struct ctl *ctl, const struct policy_title *title)
{
    return view_title(ctl, title);
}

const char *say_phase(const struct ctl *ctl, enum phase phase)
{
    return ctl_text_in(ctl->language, (enum ctl_text)(TEXT_PHASE_RECEIPT + phase));
}

const char *say_role(const struct ctl *ctl, const struct policy *policy, uint16_t role)
{
    return policy->role_titles ? say_title(ctl, &policy->role_titles[role]) : policy->roles[role];
}

const char *
say_roles(const struct ctl *ctl, const struct policy *policy, uint32_t roles, char into[SAY_MAX])
{
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->role_count; i++) {
        if (roles >> i & 1U) {
            say_more(into, ctl_text_in(ctl->language, TEXT_SAY_COMMA), say_role(ctl, policy, i));
        }
    }
    return into;
}

/* One part of a condition: the pattern with its alternatives, after what was said before. */
static void
when_part(const struct ctl *ctl, char into[SAY_MAX], enum ctl_text id, const char *alternatives)
{
    char part[SAY_MAX];
    if (alternatives[0] != '\0') {
        (void)say_text(ctl, part, id, CTL_ARGS(alternatives));
        say_more(into, ctl_text_in(ctl->language, TEXT_SAY_AND), part);
    }
}

bool say_when_is_always(const struct policy_when *when)
{
    return !when->channels && !when->classes && when->category_count == 0 &&
           when->repeats_min == 0 && when->pattern_count == 0 && when->compare_count == 0;
}

/* The bounds a value has to keep; empty: none. */
static const char *say_bounds(const struct ctl *ctl,
                              const struct policy_field *field,
                              const struct policy_compare *compare,
                              char into[SAY_MAX])
{
    char min[POLICY_BOUND_SIZE] = "";
    char max[POLICY_BOUND_SIZE] = "";
    if (compare->has_min) {
        policy_bound_text(field, compare->min, min);
    }
    if (compare->has_max) {
        policy_bound_text(field, compare->max, max);
    }
    into[0] = '\0';
    if (compare->has_min && compare->has_max) {
        return say_text(ctl, into, TEXT_FORM_RANGE, CTL_ARGS(min, max));
    }
    if (compare->has_min) {
        return say_text(ctl, into, TEXT_FORM_MIN, CTL_ARGS(min));
    }
    return compare->has_max ? say_text(ctl, into, TEXT_FORM_MAX, CTL_ARGS(max)) : into;
}

const char *say_compare(const struct ctl *ctl,
                        const struct policy *policy,
                        const struct policy_compare *compare,
                        char into[SAY_MAX])
{
    const struct policy_field *field = &policy->fields[compare->field];
    const char *title = say_title(ctl, &field->title);
    char values[SAY_MAX] = "";
    size_t last = 0;
    for (uint16_t i = 0; i < field->choice_count && i < 64; i++) {
        if (compare->choices >> i & 1U) {
            say_either(ctl, values, &last, say_title(ctl, &field->choices[i].title));
        }
    }
    for (unsigned i = 2; i-- > 0 && field->type == FORM_FLAG;) {
        if (compare->choices >> i & 1U) {
            say_either(ctl,
                       values,
                       &last,
                       ctl_text_in(ctl->language, i > 0 ? TEXT_DIFF_YES : TEXT_DIFF_NO));
        }
    }
    if (values[0] != '\0') {
        return say_text(ctl, into, TEXT_SAY_FIELD_IS, CTL_ARGS(title, values));
    }
    (void)say_bounds(ctl, field, compare, values);
    return say_text(ctl, into, TEXT_SAY_FIELD_BOUND, CTL_ARGS(title, values));
}

const char *say_outcome(const struct ctl *ctl, enum case_outcome outcome)
{
    return ctl_text_in(ctl->language, (enum ctl_text)(TEXT_OUTCOME_SETTLED + outcome - 1));
}

const char *say_action_named(const struct ctl *ctl, const struct policy *policy, const char *id)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        uint16_t j = policy_action_index(&policy->steps[i], slice_text(id));
        if (j != POLICY_NONE) {
            return say_title(ctl, &policy->steps[i].actions[j].title);
        }
    }
    return id;
}

/* What its text has to show: that of a category by its title; other patterns have none. */
static void when_patterns(const struct ctl *ctl,
                          const struct policy *policy,
                          const struct policy_when *when,
                          char into[SAY_MAX])
{
    size_t last = 0;
    for (uint16_t i = 0; i < when->pattern_count; i++) {
        char quoted[SAY_MAX];
        const char *id = when->patterns[i];
        uint16_t category = policy_category_index(policy, slice_text(id));
        const char *name =
            category == POLICY_NONE ? id : say_title(ctl, &policy->categories[category].title);
        say_either(ctl, into, &last, say_text(ctl, quoted, TEXT_NAME_QUOTED, CTL_ARGS(name)));
    }
}

const char *say_when(const struct ctl *ctl,
                     const struct policy *policy,
                     const struct policy_when *when,
                     char into[SAY_MAX])
{
    char channels[SAY_MAX] = "";
    char classes[SAY_MAX] = "";
    char categories[SAY_MAX] = "";
    char patterns[SAY_MAX] = "";
    size_t last[3] = {0};
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->channel_count; i++) {
        if (when->channels >> i & 1U) {
            say_either(ctl, channels, &last[0], say_title(ctl, &policy->channels[i].title));
        }
    }
    for (uint16_t i = 0; i < policy->class_count; i++) {
        if (when->classes >> i & 1U) {
            say_either(ctl, classes, &last[1], say_title(ctl, &policy->classes[i].title));
        }
    }
    for (uint16_t i = 0; i < when->category_count; i++) {
        const struct policy_category *category = &policy->categories[when->categories[i]];
        say_either(ctl, categories, &last[2], say_title(ctl, &category->title));
    }
    when_patterns(ctl, policy, when, patterns);
    when_part(ctl, into, TEXT_SAY_COMES_BY, channels);
    when_part(ctl, into, TEXT_SAY_IS_CLASS, classes);
    when_part(ctl, into, TEXT_SAY_IS_ABOUT, categories);
    when_part(ctl, into, TEXT_SAY_PATTERNS, patterns);
    if (when->repeats_min > 0) {
        enum ctl_text id = when->repeats_min == 1 ? TEXT_SAY_REPEATED : TEXT_SAY_REPEATS;
        when_part(ctl, into, id, CTL_NUMBER_TEXT(when->repeats_min));
    }
    for (uint16_t i = 0; i < when->compare_count; i++) {
        char part[SAY_MAX];
        say_more(into,
                 ctl_text_in(ctl->language, TEXT_SAY_AND),
                 say_compare(ctl, policy, &when->compares[i], part));
    }
    if (into[0] == '\0') {
        say_more(into, "", ctl_text_in(ctl->language, TEXT_SAY_ALWAYS));
    }
    return into;
}

const char *say_length(const struct ctl *ctl, int64_t seconds, bool business, char into[SAY_MAX])
{
    enum ctl_text id = business ? TEXT_SAY_BUSINESS_MINUTES : TEXT_SAY_MINUTES;
    int64_t value = seconds / 60;
    if (!business && seconds % DAY_S == 0 && seconds > DAY_S) {
        id = TEXT_SAY_DAYS;
        value = seconds / DAY_S;
    } else if (seconds % HOUR_S == 0) {
        id = business ? TEXT_SAY_BUSINESS_HOURS : TEXT_SAY_HOURS;
        value = seconds / HOUR_S;
    }
    return say_text(ctl, into, id, CTL_ARGS(CTL_NUMBER_TEXT(value)));
}

const char *say_target(const struct ctl *ctl,
                       const struct policy *policy,
                       const struct policy_clock *clock,
                       char into[SAY_MAX])
{
    /* a calendar that never closes counts every day: nobody calls those business days */
    static const enum ctl_text days[2][2] = {
        {TEXT_SAY_BUSINESS_DAYS, TEXT_SAY_BUSINESS_DAYS_END},
        {TEXT_SAY_DAYS,          TEXT_SAY_DAYS_END         },
    };
    if (clock->target == TARGET_BUSINESS_DAYS) {
        return say_text(ctl,
                        into,
                        days[policy->calendars[clock->calendar].always][clock->end_of_day],
                        CTL_ARGS(CTL_NUMBER_TEXT(clock->target_days)));
    }
    if (clock->target == TARGET_PROMISED) {
        return say_text(ctl, into, TEXT_SAY_PROMISED, NULL);
    }
    return say_length(ctl, clock->target_s, clock->target == TARGET_BUSINESS, into);
}

const char *say_other_target(const struct ctl *ctl,
                             const struct policy *policy,
                             const struct policy_target *target,
                             char into[SAY_MAX])
{
    const struct policy_clock as = {.target = target->target,
                                    .target_s = target->target_s,
                                    .target_days = target->target_days,
                                    .end_of_day = target->end_of_day,
                                    .calendar = target->calendar};
    return say_target(ctl, policy, &as, into);
}

json_t *say_target_json(const struct policy_target *target)
{
    static const char *const units[] = {[TARGET_ELAPSED] = "seconds",
                                        [TARGET_BUSINESS] = "business_seconds",
                                        [TARGET_BUSINESS_DAYS] = "business_days",
                                        [TARGET_PROMISED] = "promised_seconds"};
    bool in_days = target->target == TARGET_BUSINESS_DAYS;
    return json_pack("{s:I, s:s}",
                     "amount",
                     in_days ? (json_int_t)target->target_days : (json_int_t)target->target_s,
                     "unit",
                     units[target->target]);
}

const char *say_offset(const struct ctl *ctl, const struct policy_level *level, char into[SAY_MAX])
{
    char length[SAY_MAX];
    int64_t value = level->value < 0 ? -level->value : level->value;
    switch (level->offset) {
    case OFFSET_PERCENT:
        return say_text(ctl, into, TEXT_SAY_PERCENT, CTL_ARGS(CTL_NUMBER_TEXT(value)));
    case OFFSET_DAYS:
        (void)say_text(ctl, length, TEXT_SAY_BUSINESS_DAYS, CTL_ARGS(CTL_NUMBER_TEXT(value)));
        break;
    case OFFSET_ELAPSED:
    case OFFSET_BUSINESS:
        (void)say_length(ctl, value, level->offset == OFFSET_BUSINESS, length);
        break;
    }
    return say_text(
        ctl, into, level->value < 0 ? TEXT_SAY_BEFORE : TEXT_SAY_AFTER, CTL_ARGS(length));
}

const char *say_level(const struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_level *level,
                      char into[SAY_MAX])
{
    static const enum ctl_text patterns[] = {
        [LEVEL_WARN] = TEXT_SAY_WARNS,
        [LEVEL_BREACH] = TEXT_SAY_BREACHES,
        [LEVEL_ESCALATE] = TEXT_SAY_ESCALATES,
    };
    char offset[SAY_MAX];
    char part[SAY_MAX];
    char told[SAY_MAX] = "";
    if (level->notify_role != POLICY_NONE) {
        const char *role = say_role(ctl, policy, level->notify_role);
        say_more(told, "", say_text(ctl, part, TEXT_SAY_NOTIFY, CTL_ARGS(role)));
    }
    if (level->raise_priority_to > 0) {
        const char *priority = CTL_NUMBER_TEXT(level->raise_priority_to);
        say_more(told, "", say_text(ctl, part, TEXT_SAY_RAISE, CTL_ARGS(priority)));
    }
    (void)say_offset(ctl, level, offset);
    return level->action == LEVEL_BREACH
               ? say_text(ctl, into, patterns[level->action], CTL_ARGS(told))
               : say_text(ctl, into, patterns[level->action], CTL_ARGS(offset, told));
}

/* The title of the first action that records it; the system's own by their name. */
static const char *
fact_title(const struct ctl *ctl, const struct policy *policy, enum event_kind fact)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            if (policy->steps[i].actions[j].fact == fact) {
                return say_title(ctl, &policy->steps[i].actions[j].title);
            }
        }
    }
    switch (fact) {
    case EVENT_RECEIVED:
        return ctl_text_in(ctl->language, TEXT_PHASE_RECEIPT);
    case EVENT_OPENED:
        return ctl_text_in(ctl->language, TEXT_SAY_FACT_OPENED);
    default:
        return case_kind_text(ctl, fact);
    }
}

const char *say_facts(const struct ctl *ctl,
                      const struct policy *policy,
                      const uint64_t facts[2],
                      uint32_t marks,
                      char into[SAY_MAX])
{
    size_t last = 0;
    into[0] = '\0';
    for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        if (policy_kind_in(facts, (enum event_kind)kind)) {
            say_either(ctl, into, &last, fact_title(ctl, policy, (enum event_kind)kind));
        }
    }
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        if ((marks >> i & 1U) != 0) {
            say_either(ctl, into, &last, say_title(ctl, &policy->marks[i].title));
        }
    }
    return into;
}

const char *say_needs(const struct ctl *ctl, const struct policy_action *action, char into[SAY_MAX])
{
    into[0] = '\0';
    for (uint16_t i = 0; i < action->need_count; i++) {
        if (!action->needs[i].optional) {
            say_more(into,
                     ctl_text_in(ctl->language, TEXT_SAY_COMMA),
                     say_title(ctl, &action->needs[i].title));
        }
    }
    return into;
}
