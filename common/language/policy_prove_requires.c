/*
 * Whether what is asked for first can ever be so: marks somebody makes before, obligations somebody
 * opens, fields somebody fills in.  A step that only such actions lead to is not reached either.
 *
 * What is asked only of some cases, roles or outcomes is not weighed up: others get on without it.
 */
#include "fault.h"
#include "policy_read.h"

/* What may have come to pass, in some life of some case. */
struct possible {
    uint64_t steps;
    uint32_t marks;
    uint32_t tasks; /* have been opened */
    uint32_t told;  /* kept fields, by slot */
    bool done[POLICY_STEPS_MAX][POLICY_ACTIONS_MAX];
};

static bool asked_of_all(const struct policy_requirement *asked)
{
    const struct policy_when *when = &asked->when;
    return asked->roles == 0 && when->channels == 0 && when->classes == 0 &&
           when->category_count == 0 && when->repeats_min == 0 && when->pattern_count == 0 &&
           when->compare_count == 0;
}

/* A value the field can have is never what is asked for. */
static bool out_of_bounds(const struct policy_field *field, const struct policy_compare *compare)
{
    bool numbers = field->type == FORM_NUMBER || field->type == FORM_MONEY;
    bool above = compare->has_min && field->has_max && compare->min > field->max;
    bool below = compare->has_max && field->has_min && compare->max < field->min;
    bool empty = compare->has_min && compare->has_max && compare->min > compare->max;
    return (numbers && (above || below)) || empty;
}

/* The action is NULL for closing; its own form counts, and where after is set its marks, too. */
static bool may_hold(const struct policy *policy,
                     const struct possible *possible,
                     const struct policy_action *action,
                     const struct policy_requirement *asked,
                     bool after)
{
    uint32_t marks = possible->marks | (after && action ? action->marks : 0);
    uint16_t field = asked->same != POLICY_NONE ? asked->same : asked->compare.field;
    if (!asked_of_all(asked)) {
        return true;
    }
    if (asked->mark < policy->mark_count && asked->times > 0 && !(marks >> asked->mark & 1U)) {
        return false;
    }
    if (field >= policy->field_count || asked->same_channel) {
        return true;
    }
    const struct policy_field *about = &policy->fields[field];
    bool told = about->kept && (possible->told >> about->slot & 1U) != 0;
    bool now = asked->same == POLICY_NONE && policy_need_of(action, slice_text(about->id));
    return (told || now) && !out_of_bounds(about, &asked->compare);
}

/* The first requirement that can never hold; the count where all may. */
static uint16_t first_idle(const struct policy *policy,
                           const struct possible *possible,
                           const struct policy_action *action)
{
    uint16_t i = 0;
    while (i < action->require_count &&
           may_hold(policy, possible, action, &action->requirements[i], false)) {
        i++;
    }
    return i;
}

static bool moves_on(const struct policy *policy,
                     const struct possible *possible,
                     const struct policy_action *action)
{
    bool may = true;
    for (uint16_t i = 0; i < action->move_count; i++) {
        may = may && may_hold(policy, possible, action, &action->moves[i], true);
    }
    return may;
}

/* True: something is possible that was not known to be. */
static bool action_add(const struct policy *policy,
                       struct possible *possible,
                       const struct policy_action *action,
                       bool *done)
{
    if (first_idle(policy, possible, action) < action->require_count ||
        (action->settles & ~possible->tasks) != 0) {
        return false;
    }
    const struct possible before = {.steps = possible->steps,
                                    .marks = possible->marks,
                                    .tasks = possible->tasks,
                                    .told = possible->told};
    bool was_done = *done;
    *done = true;
    possible->marks |= action->marks;
    possible->tasks |= action->opens;
    for (uint16_t i = 0; i < action->need_count; i++) {
        const struct policy_field *field = action->needs[i].rules;
        possible->told |= field && field->kept ? 1U << field->slot : 0;
    }
    if (action->to_step != POLICY_NONE && moves_on(policy, possible, action)) {
        possible->steps |= (uint64_t)1 << action->to_step;
    }
    return !was_done || possible->steps != before.steps || possible->marks != before.marks ||
           possible->tasks != before.tasks || possible->told != before.told;
}

static void possible_find(const struct policy *policy, struct possible *possible)
{
    bool more = true;
    possible->steps = (uint64_t)1 << policy->first_step | (uint64_t)1 << policy->triage_step;
    while (more) {
        more = false;
        for (uint16_t i = 0; i < policy->step_count; i++) {
            const struct policy_step *step = &policy->steps[i];
            for (uint16_t j = 0; (possible->steps >> i & 1U) && j < step->action_count; j++) {
                bool added = action_add(policy, possible, &step->actions[j], &possible->done[i][j]);
                more = more || added;
            }
        }
    }
}

/* Some action anywhere makes the mark, whether or not it can be done. */
static const struct policy_action *maker_of(const struct policy *policy, uint16_t mark)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            if ((policy->steps[i].actions[j].marks >> mark & 1U) != 0) {
                return &policy->steps[i].actions[j];
            }
        }
    }
    return NULL;
}

static void tell(struct policy_loading *loading,
                 const struct possible *possible,
                 const struct policy_requirement *asked,
                 const char *who)
{
    const struct policy *policy = loading->policy;
    const struct yaml_node *place = mark_of(loading, asked)->place;
    bool marked = asked->mark < policy->mark_count && asked->times > 0 &&
                  !(possible->marks >> asked->mark & 1U);
    const struct policy_action *maker = marked ? maker_of(policy, asked->mark) : NULL;
    if (maker) {
        complain(loading,
                 place,
                 "an action that can be done before has to make the mark",
                 "%s waits for '%s' for ever: '%s' makes it, which cannot be done before",
                 who,
                 policy->marks[asked->mark].id,
                 maker->id);
    } else if (marked) {
        complain(loading,
                 place,
                 "marks: [...], in the action it is about",
                 "%s waits for '%s' for ever: no action makes that mark",
                 who,
                 policy->marks[asked->mark].id);
    } else {
        uint16_t index = asked->same != POLICY_NONE ? asked->same : asked->compare.field;
        const struct policy_field *field = &policy->fields[index];
        bool bounds = out_of_bounds(field, &asked->compare);
        complain(
            loading,
            place,
            bounds ? "see min and max of the field" : "needs: [...], in an action before",
            "%s waits for '%s' for ever: %s",
            who,
            field->id,
            fault_text(bounds ? "the field has no such value" : "no action before asks for it"));
    }
}

/* What an action waits for; an action of several steps is told of once. */
static void tell_action(struct policy_loading *loading,
                        const struct possible *possible,
                        const struct policy_action *action,
                        const struct yaml_node **told)
{
    const struct policy *policy = loading->policy;
    const struct yaml_node *place = mark_of(loading, action)->place;
    uint16_t idle = first_idle(policy, possible, action);
    char who[POLICY_NAME_MAX + 16];
    (void)snprintf(who, sizeof who, fault_text("action '%s'"), action->id);
    if (place == *told) {
        return;
    }
    *told = place;
    if (idle < action->require_count) {
        tell(loading, possible, &action->requirements[idle], who);
        return;
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        if (((action->settles & ~possible->tasks) >> i & 1U) != 0) {
            complain(loading,
                     place,
                     "opens: [...], in an action before",
                     "%s settles '%s', which no action before opens",
                     who,
                     policy->tasks[i].id);
        }
    }
}

static void tell_moves(struct policy_loading *loading,
                       const struct possible *possible,
                       const struct policy_action *action)
{
    char who[POLICY_NAME_MAX + 32];
    (void)snprintf(who, sizeof who, fault_text("the way on of '%s'"), action->id);
    for (uint16_t i = 0; i < action->move_count; i++) {
        if (!may_hold(loading->policy, possible, action, &action->moves[i], true)) {
            tell(loading, possible, &action->moves[i], who);
        }
    }
}

/* Whether some action does what something counts from; an open case has no closing. */
static bool
since_is_never(const struct policy *policy, const struct policy_requirement *asked, bool open)
{
    bool counts = asked->window.side != WINDOW_NONE || asked->same != POLICY_NONE;
    bool never = counts && asked->window.since == SINCE_IMPLEMENTED;
    for (uint16_t i = 0; i < policy->step_count && never; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            never = never && policy->steps[i].actions[j].fact != EVENT_IMPLEMENTED;
        }
    }
    return never || (counts && open && asked->window.since == SINCE_CLOSED);
}

static void prove_since(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const char *who,
                        const struct policy_requirement *list,
                        uint16_t count,
                        bool open)
{
    for (uint16_t i = 0; i < count; i++) {
        if (!since_is_never(loading->policy, &list[i], open)) {
            continue;
        }
        bool closed = list[i].window.since == SINCE_CLOSED;
        complain(loading,
                 place,
                 closed ? "since: received, opened or step" : "fact: implemented, in an action",
                 closed ? "%s counts since closing, and stands in a step that is open"
                        : "%s counts since the case was implemented, which no action does",
                 who);
        return;
    }
}

/* An action that is for many steps is told of once. */
static bool
stands_before(const struct policy_loading *loading, uint16_t step, const struct yaml_node *place)
{
    for (uint16_t i = 0; i < step; i++) {
        const struct policy_step *before = &loading->policy->steps[i];
        for (uint16_t j = 0; j < before->action_count && !before->closed; j++) {
            if (mark_of(loading, &before->actions[j])->place == place) {
                return true;
            }
        }
    }
    return false;
}

static void prove_windows(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        for (uint16_t j = 0; j < step->action_count; j++) {
            const struct policy_action *action = &step->actions[j];
            const struct yaml_node *place = mark_of(loading, action)->place;
            char who[POLICY_NAME_MAX + 16];
            bool open = !step->closed;
            (void)snprintf(who, sizeof who, fault_text("'%s'"), action->id);
            if (!stands_before(loading, i, place)) {
                prove_since(loading, place, who, action->requirements, action->require_count, open);
                prove_since(loading, place, who, action->moves, action->move_count, open);
            }
        }
    }
}

void policy_prove_requires(struct policy_loading *loading)
{
    if (!stands(loading, BASE_WAYS | BASE_WAITS)) {
        return;
    }
    prove_windows(loading);
    const struct policy *policy = loading->policy;
    const struct yaml_node *told = NULL;
    bool known = stands(loading, BASE_FORMS | BASE_TASKS);
    struct possible *possible = known ? loading_take(loading, NULL, 1, sizeof *possible) : NULL;
    if (!possible) {
        return;
    }
    possible_find(policy, possible);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            bool waits = first_idle(policy, possible, action) < action->require_count ||
                         (action->settles & ~possible->tasks) != 0;
            if (waits) {
                tell_action(loading, possible, action, &told);
            } else {
                tell_moves(loading, possible, action);
            }
        }
    }
    if (policy->closing_count > 0) {
        const struct yaml_node *place = mark_of(loading, policy->closing)->place;
        prove_since(
            loading, place, fault_text("closing"), policy->closing, policy->closing_count, false);
    }
    for (uint16_t i = 0; i < policy->closing_count; i++) {
        if (!may_hold(policy, possible, NULL, &policy->closing[i], false)) {
            tell(loading, possible, &policy->closing[i], fault_text("closing"));
        }
    }
}
