/*
 * What can be proved of a policy once all its names are known: it has a way from everywhere to an
 * end, nothing stands there in vain, and every clock starts and stops.  See policy_load.h.
 */
#include "policy_read.h"

/* reach[i]: the steps a case may come to from step i, i included, as a bit set. */
struct paths {
    uint64_t reach[POLICY_STEPS_MAX];
};

static uint64_t bit(uint16_t step)
{
    return (uint64_t)1 << step;
}

/* It may be done for some time only. */
static bool passes(const struct policy_action *action)
{
    for (uint16_t i = 0; i < action->require_count; i++) {
        if (action->requirements[i].window.side == WINDOW_BEFORE) {
            return true;
        }
    }
    return false;
}

/* late: when all that may be done for some time only may not be done any more. */
static uint64_t leads_to(const struct policy_action *action, bool late)
{
    return action->to_step == POLICY_NONE || (late && passes(action)) ? 0 : bit(action->to_step);
}

static void paths_find(const struct policy *policy, struct paths *paths, bool late)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        paths->reach[i] = bit(i);
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            paths->reach[i] |= leads_to(&policy->steps[i].actions[j], late);
        }
    }
    for (uint16_t k = 0; k < policy->step_count; k++) {
        for (uint16_t i = 0; i < policy->step_count; i++) {
            paths->reach[i] |= (paths->reach[i] & bit(k)) ? paths->reach[k] : 0;
        }
    }
}

static void prove_steps(struct policy_loading *loading, const struct paths *paths)
{
    const struct policy *policy = loading->policy;
    uint64_t reachable = paths->reach[policy->first_step] | paths->reach[policy->triage_step];
    uint64_t ends = 0;
    struct paths late = {0};
    paths_find(policy, &late, true);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        ends |= policy->steps[i].closed ? bit(i) : 0;
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        if (!(reachable & bit(i))) {
            complain(loading,
                     mark_of(loading, &policy->steps[i])->place,
                     "an action elsewhere has to lead here",
                     "step '%s' can never be reached",
                     step->id);
        }
        if (!(paths->reach[i] & ends)) {
            complain(loading,
                     mark_of(loading, &policy->steps[i])->place,
                     "an end is a step of phase closed",
                     "from step '%s' there is no way to an end",
                     step->id);
        } else if (stands(loading, BASE_WAITS) && !(late.reach[i] & ends)) {
            complain(loading,
                     mark_of(loading, &policy->steps[i])->place,
                     "another action that may be done then",
                     "from step '%s' there is no way to an end when the time of 'before' is over",
                     step->id);
        }
        if (step->closed && (i == policy->first_step || i == policy->triage_step)) {
            complain(loading,
                     mark_of(loading, &policy->steps[i])->place,
                     NULL,
                     "a case cannot begin at an end");
        }
    }
}

/* Facts that may close a case, and those a closed one may still record. */
static bool fact_closes(enum event_kind fact)
{
    return fact == EVENT_CLOSED || fact == EVENT_WITHDRAWN || fact == EVENT_HANDED_OVER ||
           fact == EVENT_REPLIED || fact == EVENT_MERGED;
}

/* What a closed case may still record. */
static bool fact_of_closed(enum event_kind fact)
{
    return fact == EVENT_NOTED || fact == EVENT_UNMERGED || fact == EVENT_LINKED ||
           fact == EVENT_HELD || fact == EVENT_HOLD_LIFTED || fact == EVENT_TASK_OPENED ||
           fact == EVENT_TASK_DONE;
}

static const struct policy_step *step_after(const struct policy *policy,
                                            const struct policy_step *step,
                                            const struct policy_action *action)
{
    return action->to_step == POLICY_NONE ? step : &policy->steps[action->to_step];
}

/* Facts that say themselves where the case is then: clocks and figures go by them. */
static bool fact_is_move(enum event_kind fact)
{
    return fact == EVENT_CLOSED || fact == EVENT_REOPENED || fact == EVENT_MERGED;
}

/* What closes a case records that, and what records it closes. */
static void prove_end(struct policy_loading *loading,
                      const struct yaml_node *node,
                      const struct policy_step *step,
                      const struct policy_action *action)
{
    const struct policy_step *to = step_after(loading->policy, step, action);
    const char *fact = event_kind_name(action->fact);
    if (!step->closed && to->closed && !fact_closes(action->fact)) {
        complain(loading,
                 node,
                 "closed, withdrawn, handed_over and replied may close",
                 "'%s' cannot be what closes a case",
                 fact);
    }
    if ((action->fact == EVENT_CLOSED || action->fact == EVENT_MERGED) && !to->closed) {
        complain(loading, node, NULL, "'%s' records '%s' and leads to no end", action->id, fact);
    }
    if (action->move_count > 0 && fact_is_move(action->fact)) {
        complain(loading,
                 node,
                 "let an action of its own be signed, and this one require its mark",
                 "'%s' would be recorded although the case stays where it is",
                 fact);
    }
}

static void prove_action(struct policy_loading *loading,
                         const struct yaml_node *node,
                         const struct policy_step *step,
                         const struct policy_action *action)
{
    const struct policy *policy = loading->policy;
    const struct policy_step *to = step_after(policy, step, action);
    prove_end(loading, node, step, action);
    if (action->fact == EVENT_UNMERGED && (!step->closed || action->to_step != POLICY_NONE)) {
        complain(loading,
                 node,
                 "leave 'to' out",
                 "a merge is undone where the case is closed, and leads back by itself");
    }
    bool reopens = action->fact == EVENT_REOPENED;
    if (step->closed && (reopens == to->closed || (!reopens && !fact_of_closed(action->fact)))) {
        complain(loading,
                 node,
                 NULL,
                 "a closed case can be noted on, or reopened to a step that is no end");
    }
    if (!step->closed && reopens) {
        complain(loading, node, NULL, "only a closed case can be reopened");
    }
    bool other_owner = !(action->roles >> to->owner_role & 1U);
    bool stays = !action->to_queue && !action->gives;
    if (to != step && !to->closed && other_owner && stays) {
        warn(loading,
             node,
             "queue: by-routes, or the name of a queue",
             "step '%s' is for '%s', but the case stays with the person who did '%s'",
             to->id,
             policy->roles[to->owner_role],
             action->id);
    }
}

static void prove_actions(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        bool owner_acts = step->closed;
        for (uint16_t j = 0; j < step->action_count; j++) {
            const struct yaml_node *node = mark_of(loading, &step->actions[j])->place;
            owner_acts = owner_acts || (step->actions[j].roles >> step->owner_role & 1U);
            prove_action(loading, node, step, &step->actions[j]);
        }
        if (!owner_acts) {
            complain(loading,
                     mark_of(loading, &policy->steps[i])->place,
                     NULL,
                     "step '%s' is for '%s', who may do nothing in it",
                     step->id,
                     policy->roles[step->owner_role]);
        }
    }
}

/* The steps a case may be in right after the fact. */
static uint64_t steps_after(const struct policy *policy, enum event_kind fact)
{
    uint64_t steps = 0;
    if (fact < EVENT_ACKNOWLEDGED) {
        steps |= bit(policy->triage_step) | bit(policy->first_step);
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        bool queued = !policy->steps[i].closed &&
                      (fact == EVENT_QUEUED || fact == EVENT_ASSIGNED || fact == EVENT_RELEASED);
        bool pushed = fact == EVENT_OFFERED && policy_pushes(policy) && !policy->steps[i].closed &&
                      policy_step_accepts(&policy->steps[i]);
        steps |= queued || pushed ? bit(i) : 0;
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            if (action->fact == fact) {
                steps |= bit(action->to_step == POLICY_NONE ? i : action->to_step);
            }
        }
    }
    return steps;
}

/* The same of actions that make one of the marks. */
static uint64_t steps_after_marks(const struct policy *policy, uint32_t marks)
{
    uint64_t steps = 0;
    for (uint16_t i = 0; i < policy->step_count && marks != 0; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            bool makes = (action->marks & marks) != 0;
            steps |= makes ? bit(action->to_step == POLICY_NONE ? i : action->to_step) : 0;
        }
    }
    return steps;
}

/* Whether one of what stops the clock can come from one of the steps. */
static bool
stop_possible(const struct policy *policy, const struct policy_clock *clock, uint64_t steps)
{
    const uint64_t *facts = clock->stops;
    for (unsigned kind = EVENT_RECEIVED; kind < EVENT_ACKNOWLEDGED; kind++) {
        if (policy_kind_in(facts, (enum event_kind)kind)) {
            return true; /* of the system: they always come */
        }
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; (steps & bit(i)) && j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            if (policy_kind_in(facts, action->fact) || (action->marks & clock->stop_marks) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* List: NULL where nothing is said. */
static bool facts_exist(struct policy_loading *loading, const struct yaml_node *list)
{
    bool exist = true;
    for (uint32_t i = 0; list && i < list_count(list); i++) {
        const struct yaml_node *item = list_item(list, i);
        enum event_kind fact = event_kind_parse(slice_text(item->text));
        if (fact >= EVENT_ACKNOWLEDGED && steps_after(loading->policy, fact) == 0) {
            complain(loading,
                     item,
                     "it is a fact that is meant, not a step: fact: …, in an action",
                     "no action of any step records '%s'",
                     item->text);
            exist = false;
        }
    }
    return exist;
}

/* From wherever it starts at that it can stop. */
static void prove_stops_after(struct policy_loading *loading,
                              const struct paths *paths,
                              const struct policy_clock *clock,
                              uint64_t after,
                              const char *start)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        bool open = (after & bit(i)) && !policy->steps[i].closed;
        if (open && !stop_possible(policy, clock, paths->reach[i])) {
            complain(loading,
                     loading->clock_nodes[clock - policy->clocks],
                     NULL,
                     "clock '%s' starts at '%s' and may then never stop: step '%s'",
                     clock->id,
                     start,
                     policy->steps[i].id);
            return;
        }
    }
}

static void prove_marks(struct policy_loading *loading,
                        const struct paths *paths,
                        const struct policy_clock *clock)
{
    const struct policy *policy = loading->policy;
    const struct yaml_node *node = loading->clock_nodes[clock - policy->clocks];
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        uint32_t mark = 1U << i;
        uint64_t after = steps_after_marks(policy, mark);
        const char *id = policy->marks[i].id;
        if (((clock->start_marks | clock->stop_marks) & mark) != 0 && after == 0) {
            complain(loading, node, NULL, "no action makes the mark '%s'", id);
        }
        if ((clock->start_marks & clock->stop_marks & ~clock->rearm_marks & mark) != 0) {
            complain(
                loading, node, NULL, "clock '%s' both starts and stops at '%s'", clock->id, id);
        } else if ((clock->start_marks & mark) != 0) {
            prove_stops_after(loading, paths, clock, after, id);
        }
    }
}

static void
prove_clock_stops(struct policy_loading *loading, const struct paths *paths, uint16_t index)
{
    const struct policy *policy = loading->policy;
    const struct policy_clock *clock = &policy->clocks[index];
    for (unsigned kind = 1; kind < EVENT_CLOCKS_STARTED; kind++) {
        enum event_kind fact = (enum event_kind)kind;
        uint64_t after = policy_kind_in(clock->starts, fact) ? steps_after(policy, fact) : 0;
        if (policy_kind_in(clock->starts, fact) && policy_kind_in(clock->stops, fact) &&
            !policy_kind_in(clock->rearms, fact)) {
            complain(loading,
                     loading->stop_nodes[index],
                     NULL,
                     "clock '%s' both starts and stops at '%s'",
                     clock->id,
                     event_kind_name(fact));
        }
        prove_stops_after(loading, paths, clock, after, event_kind_name(fact));
    }
    prove_marks(loading, paths, clock);
}

/* Who promises an instant has to be able to say which. */
static void prove_promise(struct policy_loading *loading, uint16_t index)
{
    const struct policy *policy = loading->policy;
    const struct policy_clock *clock = &policy->clocks[index];
    if (clock->target != TARGET_PROMISED || clock->due_field >= policy->field_count) {
        return;
    }
    const struct policy_field *field = &policy->fields[clock->due_field];
    uint16_t task = clock->of_task;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            bool starts = task != 0 ? (action->opens >> (task - 1) & 1U) != 0
                                    : policy_kind_in(clock->starts, action->fact) ||
                                          (action->marks & clock->start_marks) != 0;
            if (starts && policy_need_of(action, slice_text(field->id))) {
                return;
            }
        }
    }
    complain(loading,
             loading->clock_nodes[index],
             "needs: [callback_at], in the action that starts the clock",
             "no action that starts clock '%s' asks for '%s'",
             clock->id,
             field->id);
}

static bool queue_used(const struct policy *policy, uint16_t queue)
{
    bool used = policy->triage_queue == queue;
    for (uint16_t i = 0; i < policy->route_count; i++) {
        used = used || policy->routes[i].queue == queue;
    }
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            used = used || policy->steps[i].actions[j].queue == queue;
        }
    }
    return used;
}

static void prove_used(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    bool queues = stands(loading, BASE_WAYS | BASE_HANDS | BASE_ROUTES);
    bool patterns = stands(loading, BASE_SCORES | BASE_PATTERNS);
    for (uint16_t i = 0; queues && i < policy->queue_count; i++) {
        if (!queue_used(policy, i)) {
            warn(loading,
                 mark_of(loading, &policy->queues[i])->place,
                 NULL,
                 "nothing comes to queue '%s'",
                 policy->queues[i].id);
        }
    }
    for (uint16_t i = 0; patterns && i < loading->pattern_id_count; i++) {
        const struct yaml_node *place = &loading->pattern_key_nodes->pairs[i].key;
        if (!loading->pattern_used[i] && !is_of_pack(loading, place)) {
            warn(loading, place, NULL, "no rule looks at pattern '%s'", loading->pattern_ids[i]);
        }
    }
}

static void prove_clock(struct policy_loading *loading, const struct paths *paths, uint16_t index)
{
    if (clock_stands(loading, index, BASE_WAYS | BASE_RUNS)) {
        (void)facts_exist(loading, loading->start_nodes[index]);
        (void)facts_exist(loading, loading->rearm_nodes[index]);
        if (facts_exist(loading, loading->stop_nodes[index])) {
            prove_clock_stops(loading, paths, index);
        }
    }
    if (clock_stands(loading, index, BASE_WAYS | BASE_FORMS | BASE_TASKS | BASE_RUNS)) {
        prove_promise(loading, index);
    }
    if (clock_stands(loading, index, BASE_LEVELS)) {
        prove_levels(loading, index);
    }
}

void policy_prove(struct policy_loading *loading)
{
    struct paths paths = {0};
    if (stands(loading, BASE_WAYS)) {
        paths_find(loading->policy, &paths, false);
        prove_steps(loading, &paths);
    }
    if (stands(loading, BASE_WAYS | BASE_HANDS)) {
        prove_actions(loading);
    }
    for (uint16_t i = 0; i < loading->policy->clock_count; i++) {
        prove_clock(loading, &paths, i);
    }
    prove_tasks(loading, paths.reach);
    prove_used(loading);
}
