/* The properties by which things of two policies are compared; see ctl_policy_compare.h. */
#include "ctl_policy_compare.h"
#include "ctl_view.h"

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

/* In every language it is written in, the person's own first. */
static const char *
titles_say(const struct ctl *ctl, const struct policy_title *title, char into[SAY_MAX])
{
    const char *own = say_title(ctl, title);
    (void)plain(own, into);
    for (unsigned i = 0; i < LOCALE_COUNT; i++) {
        if (strcmp(title->text[i], own) != 0) {
            size_t at = strlen(into);
            (void)snprintf(into + at, SAY_MAX - at, " / %s", title->text[i]);
        }
    }
    return into;
}

#define TITLE_OF(kind)                                                                             \
    SAYS(kind##_title)                                                                             \
    {                                                                                              \
        UNUSED_HERE;                                                                               \
        return titles_say(ctl, &((const struct policy_##kind *)from)->title, into);                \
    }
TITLE_OF(class)
TITLE_OF(factor)
TITLE_OF(step)
TITLE_OF(action)
TITLE_OF(clock)

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
    const struct policy_clock *clock = from;
    return say_facts(ctl, policy, clock->starts, clock->start_marks, into);
}

SAYS(clock_stops)
{
    const struct policy_clock *clock = from;
    return say_facts(ctl, policy, clock->stops, clock->stop_marks, into);
}

SAYS(clock_calendar)
{
    const struct calendar *calendar =
        &policy->calendars[((const struct policy_clock *)from)->calendar];
    char text[VIEW_TEXT_MAX];
    return plain(view_named(ctl, view_calendar(ctl, calendar), calendar->name, text), into);
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
    return titles_say(ctl, &((const struct policy *)from)->title, into);
}

SAYS(policy_first)
{
    UNUSED_HERE;
    const struct policy *of = from;
    return plain(say_title(ctl, &policy->steps[of->first_step].title), into);
}

SAYS(policy_unsure_step)
{
    UNUSED_HERE;
    const struct policy *of = from;
    return plain(say_title(ctl, &policy->steps[of->triage_step].title), into);
}

SAYS(policy_unsure_queue)
{
    UNUSED_HERE;
    const struct policy *of = from;
    return plain(say_title(ctl, &policy->queues[of->triage_queue].title), into);
}

SAYS(policy_deputies)
{
    const struct policy *of = from;
    char roles[SAY_MAX];
    char one[SAY_MAX];
    into[0] = '\0';
    for (uint16_t i = 0; i < of->deputy_count; i++) {
        size_t at = strlen(into);
        const char *role = say_role(ctl, policy, of->deputies[i].of);
        (void)say_roles(ctl, policy, of->deputies[i].roles, roles);
        (void)say_text(ctl, one, TEXT_SAY_DEPUTY, CTL_ARGS(roles, role));
        (void)snprintf(into + at, SAY_MAX - at, "%s%s", at > 0 ? " " : "", one);
    }
    return into;
}

SAYS(policy_closing)
{
    const struct policy *of = from;
    return say_requirements(ctl, policy, of->closing, of->closing_count, into);
}

/* clang-format off */
static const struct say_rule policy_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, policy_title},
    {"capacity", TEXT_DIFF_CAPACITY, TEXT_DIFF_CAPACITY, policy_capacity},
    {"repeat-window", TEXT_DIFF_REPEAT_DAYS, TEXT_DIFF_REPEAT_DAYS, policy_repeats},
    {"reopen-window", TEXT_DIFF_REOPEN_DAYS, TEXT_DIFF_REOPEN_DAYS, policy_reopen},
    {"step", TEXT_DIFF_FIRST, TEXT_DIFF_FIRST, policy_first},
    {"unsure-step", TEXT_DIFF_UNSURE_STEP, TEXT_DIFF_UNSURE_STEP, policy_unsure_step},
    {"unsure-queue", TEXT_DIFF_UNSURE_QUEUE, TEXT_DIFF_UNSURE_QUEUE, policy_unsure_queue},
    {"deputies", TEXT_DIFF_DEPUTIES, TEXT_DIFF_DEPUTIES, policy_deputies},
    {"closing", TEXT_DIFF_CLOSING, TEXT_DIFF_CLOSING, policy_closing},
};
static const struct say_rule class_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, class_title},
    {"from", TEXT_DIFF_FROM, TEXT_DIFF_FROM, class_from},
    {"priority", TEXT_DIFF_PRIORITY, TEXT_DIFF_PRIORITY, class_priority},
};
static const struct say_rule factor_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, factor_title},
    {"points", TEXT_DIFF_POINTS, TEXT_DIFF_POINTS, factor_points},
    {"when", TEXT_DIFF_WHEN, TEXT_DIFF_WHEN, factor_when},
};
static const struct say_rule step_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, step_title},
    {"phase", TEXT_DIFF_PHASE, TEXT_DIFF_PHASE, step_phase},
    {"owner", TEXT_DIFF_OWNER, TEXT_DIFF_OWNER, step_owner},
};
static const struct say_rule action_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, action_title},
    {"by", TEXT_DIFF_BY, TEXT_DIFF_BY, action_by},
    {"to", TEXT_DIFF_TO, TEXT_DIFF_TO, action_to},
    {"needs", TEXT_DIFF_NEEDS, TEXT_DIFF_NEEDS, action_needs},
};
static const struct say_rule clock_rows[] = {
    {"title", TEXT_DIFF_TITLE, TEXT_DIFF_TITLE, clock_title},
    {"within", TEXT_DIFF_TARGET, TEXT_DIFF_TARGET, clock_target},
    {"starts", TEXT_DIFF_STARTS, TEXT_DIFF_STARTS, clock_starts},
    {"stops", TEXT_DIFF_STOPS, TEXT_DIFF_STOPS, clock_stops},
    {"calendar", TEXT_DIFF_CALENDAR, TEXT_DIFF_CALENDAR, clock_calendar},
    {"levels", TEXT_DIFF_LEVELS, TEXT_DIFF_LEVELS, clock_levels},
};
/* clang-format on */

const struct say_properties policy_properties = {policy_rows,
                                                 sizeof policy_rows / sizeof *policy_rows};
const struct say_properties class_properties = {class_rows, sizeof class_rows / sizeof *class_rows};
const struct say_properties factor_properties = {factor_rows,
                                                 sizeof factor_rows / sizeof *factor_rows};
const struct say_properties step_properties = {step_rows, sizeof step_rows / sizeof *step_rows};
const struct say_properties action_properties = {action_rows,
                                                 sizeof action_rows / sizeof *action_rows};
const struct say_properties clock_properties = {clock_rows, sizeof clock_rows / sizeof *clock_rows};
