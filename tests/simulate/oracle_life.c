#include "oracle_life_private.h"

static struct life lives[PARTITIONS][CASES_MAX];

void life_begin(void)
{
    memset(lives, 0, sizeof lives);
    life_erasing_begin();
}

static struct life *life_of(uint64_t case_id)
{
    return &lives[case_partition(case_id)][case_id_serial(case_id)];
}

#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition) && !sim.failed) {                                                         \
            sim_fail("life: not so: %s: %s", #condition, fact_text(fact));                         \
        }                                                                                          \
    } while (0)

/* ---- one event ---- */

static void check_person(const struct fact *fact, const struct doing *doing)
{
    const struct policy_action *action = doing->action;
    const struct life *before = doing->life;
    HOLDS(policy_role_in(doing->policy, action->roles, doing->role));
    HOLDS(action->even_if_concerned || !life_named(&before->concerned, doing->actor));
    bool holder = strcmp(before->agent, doing->actor) == 0;
    HOLDS(!(before->offered && holder) || action->fact == EVENT_ACCEPTED);
    HOLDS(!action->same_person_may_not || strcmp(before->brought, doing->actor) != 0);
    const char *role = doing->policy->roles[doing->role];
    HOLDS(before->agent[0] == '\0' || holder || strcmp(before->agent_role, role) != 0);
}

static void
check_tasks(const struct fact *fact, const struct doing *doing, const struct life *after)
{
    const struct policy *policy = doing->policy;
    for (uint16_t i = 0; i < policy->task_count; i++) {
        bool settles = (doing->action->settles >> i & 1U) != 0;
        bool blocks = !policy->tasks[i].blocks_nothing;
        bool opens = (doing->action->opens >> i & 1U) != 0;
        HOLDS(!settles || life_settled(doing, i) >= 0);
        HOLDS(!opens || life_open(after, i) > 0);
        HOLDS(life_open(after, i) <= policy_at_once(&policy->tasks[i]));
        bool closed_with_an_open_obligation = blocks && life_open(after, i) > 0 &&
                                              after->outcome != OUTCOME_NONE &&
                                              doing->life->outcome == OUTCOME_NONE;
        HOLDS(!closed_with_an_open_obligation);
    }
}

static void check_unmerged(const struct fact *fact, const struct life *before)
{
    const struct event_advanced *advanced = &fact->event->advanced;
    const struct stood *stood = &before->stood;
    HOLDS(before->merged_into != 0);
    HOLDS(policy_step_index(case_policy(fact->event->case_id), advanced->to_step) == stood->step);
    bool same_holder = slice_equal(advanced->agent, slice_text(stood->agent));
    /* Of one that was held the home may have followed the routes meanwhile. */
    bool same_queue =
        advanced->queue.size > 0 &&
        (stood->queue[0] == '\0' || slice_equal(advanced->queue, slice_text(stood->queue)));
    if (stood->agent[0] != '\0' && advanced->agent.size > 0) {
        HOLDS(same_holder);
        sim_reach(SOMETIMES_UNMERGED_TO_HOLDER);
    } else {
        HOLDS(same_queue);
    }
    sim_reach(SOMETIMES_UNMERGED);
}

static enum case_outcome outcome_of(const struct policy_action *action)
{
    return action->fact == EVENT_MERGED      ? OUTCOME_DUPLICATE
           : action->outcome != OUTCOME_NONE ? action->outcome
           : action->fact == EVENT_WITHDRAWN ? OUTCOME_WITHDRAWN
                                             : OUTCOME_SETTLED;
}

/* Before the action what it requires, afterwards what lets it lead on and what closing asks. */
static void check_action(const struct fact *fact, struct doing *doing, struct life *after)
{
    const struct policy *policy = doing->policy;
    const struct policy_action *action = doing->action;
    const struct life *before = doing->life;
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    check_person(fact, doing);
    HOLDS(life_within_limits(doing));
    HOLDS(life_all_hold(doing, action->requirements, action->require_count));
    bool opens_again = was_closed && action->fact != EVENT_UNMERGED &&
                       (action->fact == EVENT_REOPENED ||
                        (action->to_step != POLICY_NONE && !policy->steps[action->to_step].closed));
    struct life then = *before;
    if (opens_again) {
        life_begin_round(policy, &then);
    }
    life_count_action(doing, &then);
    struct doing done = *doing;
    done.life = &then;
    bool moves = life_all_hold(&done, action->moves, action->move_count);
    uint16_t to = moves && action->to_step != POLICY_NONE ? action->to_step : before->step;
    HOLDS(action->fact == EVENT_UNMERGED || after->step == to);
    if (opens_again && is_closed) { /* it did not lead on: the round goes on */
        then = *before;
        life_count_action(doing, &then);
    }
    memcpy(after->marks, then.marks, sizeof after->marks);
    memcpy(after->owed, then.owed, sizeof after->owed);
    memcpy(after->told, then.told, sizeof after->told);
    memcpy(after->values, then.values, sizeof after->values);
    after->concerned = then.concerned;
    after->implemented_at_us = then.implemented_at_us;
    after->held_by_law = then.held_by_law;
    after->was_held_by_law = then.was_held_by_law;
    if (is_closed && !was_closed) {
        done.outcome = after->outcome = outcome_of(action);
        HOLDS(life_all_hold(&done, policy->closing, policy->closing_count));
        HOLDS(fact->event->advanced.outcome == after->outcome);
    }
    check_tasks(fact, doing, after);
    if (action->fact == EVENT_UNMERGED) {
        check_unmerged(fact, before);
    }
}

static void follow_merge(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct policy *policy = case_policy(fact->event->case_id);
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    if (fact->event->kind == EVENT_MERGED && is_closed && !was_closed) {
        after->merged_into = fact->event->advanced.other_case;
        after->stood = (struct stood){
            .step = before->step, .since_us = before->since_us, .offered = before->offered};
        memcpy(after->stood.queue, before->queue, sizeof before->queue);
        memcpy(after->stood.agent, before->agent, sizeof before->agent);
        memcpy(after->stood.agent_role, before->agent_role, sizeof before->agent_role);
        HOLDS(after->merged_into != 0 && after->merged_into != fact->event->case_id);
    }
    if (fact->event->kind == EVENT_RELEASED && was_closed) { /* nobody's, once it is parted */
        after->stood.offered = false;
        after->stood.agent[0] = '\0';
    }
    if (was_closed && !is_closed) {
        after->merged_into = 0;
        after->outcome = OUTCOME_NONE;
    }
}

static void follow_step(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct event *event = fact->event;
    const struct policy *policy = case_policy(event->case_id);
    bool was_closed = policy->steps[before->step].closed;
    bool is_closed = policy->steps[after->step].closed;
    bool of_merge = event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED;
    if (is_closed != was_closed) {
        after->closed_at_us = is_closed ? event->at_us : 0;
    }
    if (after->step != before->step) {
        after->since_us = event->kind == EVENT_UNMERGED ? before->stood.since_us : event->at_us;
    }
    if (after->step != before->step && !of_merge) {
        life_name(after->brought, event->advanced.actor);
        const char *left = before->agent[0] != '\0' ? before->agent
                           : was_closed             ? before->stood.agent
                                                    : "";
        if (left[0] != '\0' && (before->agent[0] != '\0' || before->merged_into != 0)) {
            life_name_add(&after->handled, left);
        }
    }
}

static void follow_hands(const struct fact *fact, const struct life *before, struct life *after)
{
    const struct event *event = fact->event;
    const struct policy *policy = case_policy(event->case_id);
    bool given = event->kind == EVENT_OFFERED || event->kind == EVENT_TRANSFERRED;
    bool closed = policy->steps[after->step].closed;
    bool held = after->agent[0] != '\0';
    bool queued = after->queue[0] != '\0';
    HOLDS(closed ? !held && !queued : held != queued);
    /* in whatever way he got it, and whoever is named by the very form that gives it */
    HOLDS(!held || !life_named(&after->concerned, after->agent));
    if (given && after->concerned.people > 0 &&
        memcmp(&before->concerned, &after->concerned, sizeof before->concerned) != 0) {
        sim_reach(SOMETIMES_GIVEN_BY_ITS_FORM);
    }
    if (strcmp(before->agent, after->agent) != 0) {
        life_name(after->agent_role, held ? event->advanced.role : (struct slice){0});
        if (held && given) {
            life_name(after->agent_role,
                      slice_text(policy->roles[policy->steps[after->step].owner_role]));
        }
        if (event->kind == EVENT_UNMERGED && held) {
            memcpy(after->agent_role, before->stood.agent_role, sizeof after->agent_role);
        }
        after->offered = event->kind == EVENT_UNMERGED && held && before->stood.offered;
        if (after->offered) {
            sim_reach(SOMETIMES_OFFERED_AGAIN);
        }
    }
    after->offered = event->kind == EVENT_OFFERED    ? held
                     : event->kind == EVENT_ACCEPTED ? false
                                                     : after->offered;
}

static void
check_claim(const struct fact *fact, const struct doing *doing, const struct life *after)
{
    const struct life *before = doing->life;
    const struct policy_step *step = &doing->policy->steps[before->step];
    HOLDS(before->queue[0] != '\0' && before->agent[0] == '\0');
    HOLDS(strcmp(after->agent, doing->actor) == 0);
    HOLDS(policy_role_in(doing->policy, 1U << step->owner_role, doing->role));
    HOLDS(!life_named(&before->concerned, doing->actor));
    HOLDS(!step->other_handler || !life_named(&before->handled, doing->actor));
}

/* It stands as it stood; what is said with it is why. */
static void
follow_personal_data(const struct fact *fact, const struct life *before, struct life *life)
{
    const struct event *event = fact->event;
    HOLDS(life->step == before->step && strcmp(life->agent, before->agent) == 0);
    HOLDS(strcmp(life->queue, before->queue) == 0 && life->priority == before->priority);
    HOLDS(event->advanced.sealed_note.size == 0);
    if (event->kind == EVENT_ERASED) {
        life->erased_at_us = event->at_us;
        life->customer = 0;
    }
}

static void advance(const struct fact *fact, struct life *life)
{
    const struct event *event = fact->event;
    const struct event_advanced *advanced = &event->advanced;
    const struct policy *policy = case_policy(event->case_id);
    static struct life before;
    before = *life;
    struct doing doing = {.policy = policy,
                          .life = &before,
                          .advanced = advanced,
                          .at_us = event->at_us,
                          .role = policy_role_index(policy, advanced->role)};
    life_name(doing.actor, advanced->actor);
    HOLDS(advanced->version == before.version + 1 && event->at_us >= before.at_us);
    HOLDS(slice_equal(advanced->from_step, slice_text(policy->steps[before.step].id)));
    life->version = advanced->version;
    life->at_us = event->at_us;
    life->step = policy_step_index(policy, advanced->to_step);
    life_name(life->agent, advanced->agent);
    life_name(life->queue, advanced->queue);
    life_name(life->category, advanced->category);
    life_name(life->class_id, advanced->severity_class);
    life->priority = advanced->priority;
    bool of_clock = event->cause_service == SERVICE_WATCHDOG;
    const struct policy_step *step = &policy->steps[before.step];
    uint16_t index = policy_action_index(step, advanced->action);
    HOLDS(of_clock || life->step < policy->step_count);
    const char *wrong = life_erasing_wrong(&doing, event);
    if (wrong) {
        sim_fail("law 10: %s: %s", wrong, fact_text(fact));
    }
    if (event_is_of_personal_data(event->kind)) {
        follow_personal_data(fact, &before, life);
    } else if (event->kind == EVENT_ASSIGNED) {
        check_claim(fact, &doing, life);
    } else if (event->kind == EVENT_RELEASED) {
        HOLDS(of_clock ? before.offered || (before.merged_into != 0 && before.stood.offered)
                       : strcmp(before.agent, doing.actor) == 0);
    } else if (of_clock) {
        HOLDS(life->priority < before.priority && life->step == before.step &&
              strcmp(life->agent, before.agent) == 0);
    } else {
        HOLDS(index != POLICY_NONE && step->actions[index].fact == event->kind);
        if (!sim.failed) {
            doing.action = &step->actions[index];
            check_action(fact, &doing, life);
        }
    }
    follow_merge(fact, &before, life);
    follow_step(fact, &before, life);
    follow_hands(fact, &before, life);
}

void life_check(const struct fact *fact)
{
    const struct event *event = fact->event;
    struct life *life = life_of(event->case_id);
    const struct policy *policy = case_policy(event->case_id);
    if (event->kind != EVENT_OPENED) {
        HOLDS(life->version > 0);
        if (!sim.failed) {
            advance(fact, life);
        }
        return;
    }
    HOLDS(life->version == 0);
    *life = (struct life){.version = 1,
                          .at_us = event->at_us,
                          .received_at_us = event->opened.received_at_us,
                          .opened_at_us = event->at_us,
                          .since_us = event->at_us,
                          .step = policy_step_index(policy, event->opened.step),
                          .priority = event->opened.priority,
                          .customer = event->opened.customer};
    life_name(life->queue, event->opened.queue);
    life_name(life->category, event->opened.category);
    life_name(life->class_id, event->opened.severity_class);
}

void life_committed(const struct call *call)
{
    for (uint32_t i = 0; !sim.failed && i < call->row_count; i++) {
        const struct life *life = life_of(call->row_cases[i]);
        const struct policy *policy = case_policy(call->row_cases[i]);
        const struct dispatch_case *state = &call->rows[i].dispatch;
        const char *what =
            policy && life->version > 0 ? life_row_differs(policy, life, state) : NULL;
        if (what) {
            sim_fail("life: %s of case %llx is not as counted (version %u)",
                     what,
                     (unsigned long long)call->row_cases[i],
                     life->version);
        }
    }
}
