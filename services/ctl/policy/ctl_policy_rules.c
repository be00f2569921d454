/* What clocks, actions and steps are told to heed, a row a rule; see ctl_policy.h. */
#include "ctl_case.h"
#include "ctl_policy.h"
#include "ctl_view.h"
#include "policy_field.h"

#define SAYS(name)                                                                                 \
    static const char *name(                                                                       \
        const struct ctl *ctl, const struct policy *policy, const void *from, char into[SAY_MAX])

static const char *word(const struct ctl *ctl, enum ctl_text id)
{
    return ctl_text_in(ctl->language, id);
}

static const char *nothing(char into[SAY_MAX])
{
    into[0] = '\0';
    return into;
}

static const char *yes_if(const struct ctl *ctl, bool value, char into[SAY_MAX])
{
    into[0] = '\0';
    say_more(into, "", value ? word(ctl, TEXT_DIFF_YES) : "");
    return into;
}

/* The titles of steps in a set. */
static const char *
steps_say(const struct ctl *ctl, const struct policy *policy, uint64_t set, char into[SAY_MAX])
{
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->step_count; i++) {
        if (set >> i & 1U) {
            say_more(into, word(ctl, TEXT_SAY_COMMA), say_title(ctl, &policy->steps[i].title));
        }
    }
    return into;
}

/* ---- clocks ---- */

#define STEPS_OF(name, set)                                                                        \
    SAYS(name)                                                                                     \
    {                                                                                              \
        return steps_say(ctl, policy, ((const struct policy_clock *)from)->set, into);             \
    }
STEPS_OF(clock_of_steps, of_steps)

SAYS(clock_of_task)
{
    uint16_t task = ((const struct policy_clock *)from)->of_task;
    (void)snprintf(
        into, SAY_MAX, "%s", task != 0 ? say_title(ctl, &policy->tasks[task - 1].title) : "");
    return into;
}

STEPS_OF(clock_runs_in, run_steps)
STEPS_OF(clock_pauses_in, pause_steps)
STEPS_OF(clock_hidden, hidden_steps)

SAYS(clock_when)
{
    const struct policy_when *when = &((const struct policy_clock *)from)->when;
    return say_when_is_always(when) ? nothing(into) : say_when(ctl, policy, when, into);
}

SAYS(clock_pauses)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_clock *)from)->pauses_for_customer, into);
}

SAYS(clock_rearms)
{
    const struct policy_clock *clock = from;
    return say_facts(ctl, policy, clock->rearms, clock->rearm_marks, into);
}

SAYS(clock_due_field)
{
    const struct policy_clock *clock = from;
    into[0] = '\0';
    if (clock->target == TARGET_PROMISED) {
        say_more(into, "", say_title(ctl, &policy->fields[clock->due_field].title));
    }
    return into;
}

SAYS(clock_targets)
{
    const struct policy_clock *clock = from;
    char length[SAY_MAX];
    char when[SAY_MAX];
    char part[SAY_MAX];
    into[0] = '\0';
    for (uint16_t i = 0; i < clock->target_count; i++) {
        const struct policy_target *target = &clock->targets[i];
        (void)say_other_target(ctl, policy, target, length);
        (void)nothing(when);
        if (!say_when_is_always(&target->when) || target->priorities == 0) {
            (void)say_when(ctl, policy, &target->when, when);
        }
        char priorities[SAY_MAX] = "";
        size_t last = 0;
        for (unsigned priority = 0; priority < 8; priority++) {
            if (target->priorities >> priority & 1U) {
                say_either(ctl, priorities, &last, CTL_NUMBER_TEXT(priority + 1));
            }
        }
        if (priorities[0] != '\0') {
            (void)say_text(ctl, part, TEXT_SAY_OF_PRIORITY, CTL_ARGS(priorities));
            say_more(when, word(ctl, TEXT_SAY_AND), part);
        }
        if (target->rolls) {
            say_more(length, word(ctl, TEXT_FORM_AND), word(ctl, TEXT_SAY_TARGET_ROLLS));
        }
        const char *calendar = view_calendar(ctl, &policy->calendars[target->calendar]);
        say_more(into,
                 word(ctl, TEXT_SAY_SEMICOLON),
                 say_text(ctl,
                          part,
                          target->calendar == clock->calendar ? TEXT_SAY_TARGET
                                                              : TEXT_SAY_TARGET_CALENDAR,
                          CTL_ARGS(length, when, calendar)));
    }
    return into;
}

static const char *extension_say(const struct ctl *ctl,
                                 const struct policy *policy,
                                 const struct policy_clock *clock,
                                 const struct policy_extension *extension,
                                 char into[SAY_MAX])
{
    char length[SAY_MAX];
    char part[SAY_MAX];
    const struct policy_clock as = {.target = clock->target,
                                    .target_s = extension->by_s,
                                    .target_days = extension->by_days,
                                    .calendar = clock->calendar};
    const char *times = CTL_NUMBER_TEXT(extension->times);
    (void)say_target(ctl, policy, &as, length);
    (void)say_text(ctl, into, TEXT_SAY_EXTENSION, CTL_ARGS(length, times));
    if (extension->needs_reason) {
        say_more(into, word(ctl, TEXT_FORM_AND), word(ctl, TEXT_SAY_WITH_REASON));
    }
    for (uint16_t i = 0; i < extension->after_count; i++) {
        const char *title = say_action_named(ctl, policy, extension->after[i]);
        say_more(into,
                 word(ctl, TEXT_FORM_AND),
                 say_text(ctl, part, TEXT_SAY_AFTER_ACTION, CTL_ARGS(title)));
    }
    return into;
}

SAYS(clock_extension)
{
    const struct policy_clock *clock = from;
    char part[SAY_MAX];
    if (clock->extension.times == 0) {
        return nothing(into);
    }
    (void)extension_say(ctl, policy, clock, &clock->extension, into);
    for (uint16_t i = 0; i < clock->further_count; i++) {
        (void)extension_say(ctl, policy, clock, &clock->further[i], part);
        say_more(into, word(ctl, TEXT_SAY_SEMICOLON), part);
    }
    return into;
}

SAYS(clock_rolls)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_clock *)from)->rolls, into);
}

SAYS(clock_boundary)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_clock *)from)->next_opening, into);
}

SAYS(clock_cleared)
{
    (void)policy;
    uint8_t set = ((const struct policy_clock *)from)->due_cleared;
    size_t last = 0;
    into[0] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        if (((unsigned)set >> i & 1U) != 0) {
            say_either(ctl, into, &last, word(ctl, (enum ctl_text)(TEXT_SAY_CLEARED_MET + i)));
        }
    }
    return into;
}

SAYS(clock_unknown)
{
    uint16_t role = ((const struct policy_clock *)from)->unknown_role;
    into[0] = '\0';
    say_more(into, "", role == POLICY_NONE ? "" : say_role(ctl, policy, role));
    return into;
}

SAYS(clock_statutory)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_clock *)from)->statutory, into);
}

SAYS(clock_takes_back)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_clock *)from)->takes_back, into);
}

/* clang-format off */
const struct say_rule say_clock_rules[] = {
    {"when", TEXT_DIFF_WHEN, TEXT_SAY_CLOCK_WHEN, clock_when},
    {"due-field", TEXT_DIFF_DUE_FIELD, TEXT_SAY_CLOCK_DUE_FIELD, clock_due_field},
    {"targets", TEXT_DIFF_TARGETS, TEXT_SAY_CLOCK_TARGETS, clock_targets},
    {"rearms-at", TEXT_DIFF_REARMS, TEXT_SAY_CLOCK_REARMS, clock_rearms},
    {"of-task", TEXT_DIFF_OF_TASK, TEXT_SAY_CLOCK_OF_TASK, clock_of_task},
    {"of-steps", TEXT_DIFF_OF_STEPS, TEXT_SAY_CLOCK_OF_STEPS, clock_of_steps},
    {"runs-in", TEXT_DIFF_RUNS_IN, TEXT_SAY_CLOCK_RUNS_IN, clock_runs_in},
    {"pauses-in", TEXT_DIFF_PAUSES_IN, TEXT_SAY_CLOCK_PAUSES_IN, clock_pauses_in},
    {"pauses-for-customer", TEXT_DIFF_PAUSES, TEXT_SAY_CLOCK_PAUSES, clock_pauses},
    {"statutory", TEXT_DIFF_STATUTORY, TEXT_SAY_CLOCK_STATUTORY, clock_statutory},
    {"extension", TEXT_DIFF_EXTENSION, TEXT_SAY_CLOCK_EXTENSION, clock_extension},
    {"roll", TEXT_DIFF_ROLLS, TEXT_SAY_CLOCK_ROLLS, clock_rolls},
    {"on-boundary", TEXT_DIFF_BOUNDARY, TEXT_SAY_CLOCK_BOUNDARY, clock_boundary},
    {"due-hidden-in", TEXT_DIFF_HIDDEN, TEXT_SAY_CLOCK_HIDDEN, clock_hidden},
    {"due-cleared-when", TEXT_DIFF_CLEARED, TEXT_SAY_CLOCK_CLEARED, clock_cleared},
    {"takes-back", TEXT_DIFF_TAKES_BACK, TEXT_SAY_CLOCK_TAKES_BACK, clock_takes_back},
    {"unknown-notify", TEXT_DIFF_UNKNOWN, TEXT_SAY_CLOCK_UNKNOWN, clock_unknown},
};
/* clang-format on */
const size_t say_clock_rule_count = sizeof say_clock_rules / sizeof *say_clock_rules;

/* ---- actions ---- */

SAYS(action_asks)
{
    (void)policy;
    const struct policy_action *action = from;
    into[0] = '\0';
    for (uint16_t i = 0; i < action->need_count; i++) {
        if (action->needs[i].optional) {
            say_more(into, word(ctl, TEXT_SAY_COMMA), say_title(ctl, &action->needs[i].title));
        }
    }
    return into;
}

SAYS(action_marks)
{
    uint32_t marks = ((const struct policy_action *)from)->marks;
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        if (marks >> i & 1U) {
            say_more(into, word(ctl, TEXT_SAY_COMMA), say_title(ctl, &policy->marks[i].title));
        }
    }
    return into;
}

static const char *
tasks_say(const struct ctl *ctl, const struct policy *policy, uint32_t set, char into[SAY_MAX])
{
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->task_count; i++) {
        if (set >> i & 1U) {
            say_more(into, word(ctl, TEXT_SAY_COMMA), say_title(ctl, &policy->tasks[i].title));
        }
    }
    return into;
}

SAYS(action_opens)
{
    return tasks_say(ctl, policy, ((const struct policy_action *)from)->opens, into);
}

SAYS(action_settles)
{
    return tasks_say(ctl, policy, ((const struct policy_action *)from)->settles, into);
}

SAYS(action_limits)
{
    const struct policy_action *action = from;
    char part[SAY_MAX];
    char most[POLICY_BOUND_SIZE];
    into[0] = '\0';
    for (uint16_t i = 0; i < action->limit_count; i++) {
        const struct policy_limit *limit = &action->limits[i];
        const struct policy_field *field = &policy->fields[limit->field];
        policy_bound_text(field, limit->most, most);
        say_more(
            into,
            word(ctl, TEXT_SAY_SEMICOLON),
            say_text(
                ctl,
                part,
                TEXT_SAY_LIMIT,
                CTL_ARGS(say_role(ctl, policy, limit->role), say_title(ctl, &field->title), most)));
    }
    return into;
}

SAYS(action_requires)
{
    const struct policy_action *action = from;
    return say_requirements(ctl, policy, action->requirements, action->require_count, into);
}

SAYS(action_moves)
{
    const struct policy_action *action = from;
    return say_requirements(ctl, policy, action->moves, action->move_count, into);
}

SAYS(action_outcome)
{
    (void)policy;
    enum case_outcome outcome = ((const struct policy_action *)from)->outcome;
    into[0] = '\0';
    say_more(into, "", outcome == OUTCOME_NONE ? "" : say_outcome(ctl, outcome));
    return into;
}

SAYS(action_other)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_action *)from)->same_person_may_not, into);
}

SAYS(action_gives)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_action *)from)->gives, into);
}

SAYS(action_concerned)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_action *)from)->even_if_concerned, into);
}

SAYS(action_fact)
{
    (void)policy;
    into[0] = '\0';
    say_more(into, "", case_kind_text(ctl, ((const struct policy_action *)from)->fact));
    return into;
}

SAYS(action_queue)
{
    const struct policy_action *action = from;
    into[0] = '\0';
    if (action->to_queue) {
        say_more(into,
                 "",
                 action->queue == POLICY_NONE
                     ? word(ctl, TEXT_DIFF_BY_ROUTES)
                     : say_title(ctl, &policy->queues[action->queue].title));
    }
    return into;
}

SAYS(action_texts)
{
    uint32_t texts = ((const struct policy_action *)from)->texts;
    into[0] = '\0';
    for (uint16_t i = 0; i < policy->text_count; i++) {
        if (texts >> i & 1U) {
            say_more(into, word(ctl, TEXT_SAY_COMMA), say_title(ctl, &policy->texts[i].title));
        }
    }
    return into;
}

/* clang-format off */
const struct say_rule say_action_rules[] = {
    {"fact", TEXT_DIFF_FACT, TEXT_SAY_ACTION_FACT, action_fact},
    {"queue", TEXT_DIFF_GOES, TEXT_SAY_ACTION_QUEUE, action_queue},
    {"asks", TEXT_DIFF_ASKS, TEXT_SAY_ACTION_ASKS, action_asks},
    {"same-person-may-not", TEXT_DIFF_OTHER, TEXT_SAY_ACTION_OTHER, action_other},
    {"limits", TEXT_DIFF_LIMITS, TEXT_SAY_ACTION_LIMITS, action_limits},
    {"requires", TEXT_DIFF_REQUIRES, TEXT_SAY_ACTION_REQUIRES, action_requires},
    {"moves-when", TEXT_DIFF_MOVES, TEXT_SAY_ACTION_MOVES, action_moves},
    {"marks", TEXT_DIFF_MARKS, TEXT_SAY_ACTION_MARKS, action_marks},
    {"opens", TEXT_DIFF_OPENS, TEXT_SAY_ACTION_OPENS, action_opens},
    {"settles", TEXT_DIFF_SETTLES, TEXT_SAY_ACTION_SETTLES, action_settles},
    {"texts", TEXT_DIFF_TEXTS, TEXT_SAY_ACTION_TEXTS, action_texts},
    {"gives", TEXT_DIFF_GIVES, TEXT_SAY_ACTION_GIVES, action_gives},
    {"even-if-concerned", TEXT_DIFF_CONCERNED, TEXT_SAY_ACTION_CONCERNED, action_concerned},
    {"outcome", TEXT_DIFF_OUTCOME, TEXT_SAY_ACTION_OUTCOME, action_outcome},
};
/* clang-format on */
const size_t say_action_rule_count = sizeof say_action_rules / sizeof *say_action_rules;

/* ---- steps ---- */

SAYS(step_waits)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_step *)from)->waits_for_customer, into);
}

SAYS(step_other)
{
    (void)policy;
    return yes_if(ctl, ((const struct policy_step *)from)->other_handler, into);
}

static const char *kept_for(const struct ctl *ctl, int64_t seconds, char into[SAY_MAX])
{
    return seconds > 0 ? say_length(ctl, seconds, false, into) : nothing(into);
}

SAYS(step_affinity)
{
    (void)policy;
    return kept_for(ctl, ((const struct policy_step *)from)->affinity_s, into);
}

SAYS(step_key_accounts)
{
    (void)policy;
    return kept_for(ctl, ((const struct policy_step *)from)->key_account_s, into);
}

/* clang-format off */
const struct say_rule say_step_rules[] = {
    {"waits-for-customer", TEXT_DIFF_WAITS, TEXT_SAY_STEP_WAITS, step_waits},
    {"not-by-earlier-handler", TEXT_DIFF_OTHER_HANDLER, TEXT_SAY_STEP_OTHER, step_other},
    {"affinity", TEXT_DIFF_AFFINITY, TEXT_SAY_STEP_AFFINITY, step_affinity},
    {"key-accounts", TEXT_DIFF_KEY_ACCOUNTS, TEXT_SAY_STEP_KEY_ACCOUNTS, step_key_accounts},
};
/* clang-format on */
const size_t say_step_rule_count = sizeof say_step_rules / sizeof *say_step_rules;
