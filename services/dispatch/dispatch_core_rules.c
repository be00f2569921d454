/* The policy's rules about actions; see dispatch_core_rules.h. */
#include "dispatch_core_rules.h"

#include "dispatch_core_asked.h"
#include "dispatch_core_erase.h"
#include "dispatch_core_form.h"
#include "dispatch_core_people.h"
#include "dispatch_core_read.h"

bool rules_holder(const struct dispatch_case *state, struct slice actor)
{
    return state->agent[0] != '\0' && slice_equal(actor, slice_text(state->agent));
}

struct slice rules_field(const struct dispatch_input *input, const char *name)
{
    for (uint32_t i = 0; i < input->field_count; i++) {
        if (slice_equal(input->fields[i].name, slice_text(name))) {
            return input->fields[i].value;
        }
    }
    return (struct slice){0};
}

int64_t rules_now_us(const struct dispatch_case *state, const struct dispatch_input *input)
{
    return input->now_us > state->updated_at_us ? input->now_us : state->updated_at_us;
}

/* ---- who, and what is filled in ---- */

static bool may_reopen(const struct policy *policy, int64_t closed_at_us, int64_t now_us)
{
    return now_us < policy_reopens_until_us(policy, closed_at_us);
}

static bool leaves_closed(const struct policy *policy,
                          const struct policy_step *step,
                          const struct policy_action *action)
{
    return step->closed &&
           (action->fact == EVENT_REOPENED || action->fact == EVENT_UNMERGED ||
            (action->to_step != POLICY_NONE && !policy->steps[action->to_step].closed));
}

/* Nobody does that for another, in whatever role. */
static bool answers_an_offer(const struct dispatch_case *state, const struct policy_action *action)
{
    return state->more.offered == OFFER_OPEN && action->fact == EVENT_ACCEPTED;
}

/* To whom the case was offered, and, in his place, who stands in for him. */
static bool owes_an_answer(const struct trying *trying)
{
    const struct dispatch_case *state = trying->state;
    bool in_his_place = people_holder(state, trying->input) && trying->role == state->agent_role;
    return state->more.offered == OFFER_OPEN && trying->action->fact != EVENT_ACCEPTED &&
           (rules_holder(state, trying->input->actor) || in_his_place);
}

/* Everything about the person: role, whose work it was, who holds the case (the rule is in
 * dispatch_core.h). */
static struct dispatch_permit check_person(const struct trying *trying)
{
    const struct dispatch_case *state = trying->state;
    const struct policy_action *action = trying->action;
    struct slice actor = trying->input->actor;
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    if (!policy_role_in(trying->policy, action->roles, trying->role)) {
        permit.answer = DISPATCH_ROLE_MAY_NOT;
    } else if (!action->even_if_concerned && rules_concerned(&state->more, actor)) {
        permit.answer = DISPATCH_RECUSED;
    } else if (owes_an_answer(trying)) {
        permit.answer = DISPATCH_NOT_ACCEPTED;
    } else if (action->same_person_may_not && slice_equal(actor, slice_text(state->last_actor))) {
        permit.answer = DISPATCH_SAME_PERSON;
    } else if (state->agent[0] != '\0' && !people_holder(state, trying->input) &&
               (trying->role == state->agent_role || answers_an_offer(state, action))) {
        permit.answer = DISPATCH_NOT_HOLDER;
        permit.what = slice_text(state->agent);
    }
    permit.roles = action->roles;
    return permit;
}

/* Who may decide so much of the field: roles of the action with a wider limit or none. */
static uint32_t roles_within(const struct policy_action *action, uint16_t field, int64_t value)
{
    uint32_t roles = action->roles;
    for (uint16_t i = 0; i < action->limit_count; i++) {
        const struct policy_limit *limit = &action->limits[i];
        if (limit->field == field && value > limit->most) {
            roles &= ~(1U << limit->role);
        }
    }
    return roles;
}

/* The role's own limit, or, where it has none of that field, of the role it stands in for. */
static bool limit_is_for(const struct trying *trying, const struct policy_limit *limit)
{
    const struct policy_action *action = trying->action;
    for (uint16_t i = 0; i < action->limit_count; i++) {
        if (action->limits[i].field == limit->field && action->limits[i].role == trying->role) {
            return limit->role == trying->role;
        }
    }
    return policy_role_in(trying->policy, 1U << limit->role, trying->role);
}

static struct dispatch_permit check_limits(const struct trying *trying)
{
    for (uint16_t i = 0; i < trying->action->limit_count; i++) {
        const struct policy_limit *limit = &trying->action->limits[i];
        const struct policy_field *field = &trying->policy->fields[limit->field];
        int64_t value = 0;
        bool later = trying->blank && policy_need_of(trying->action, slice_text(field->id));
        if (!limit_is_for(trying, limit) || later) {
            continue;
        }
        if (!asked_value(trying, limit->field, &value)) {
            bool told = rules_field(trying->input, field->id).size > 0;
            return (struct dispatch_permit){.answer = told ? DISPATCH_FIELD_INVALID
                                                           : DISPATCH_FIELD_MISSING,
                                            .what = slice_text(field->id),
                                            .title = &field->title};
        }
        if (value > limit->most) {
            return (struct dispatch_permit){.answer = DISPATCH_LIMIT,
                                            .what = slice_text(field->id),
                                            .title = &field->title,
                                            .limit = limit,
                                            .roles =
                                                roles_within(trying->action, limit->field, value)};
        }
    }
    return (struct dispatch_permit){.answer = DISPATCH_APPEND};
}

/* ---- the whole ---- */

/* How a case ends that the action closes: as its fact says, else as the policy says. */
static enum case_outcome outcome_of(const struct policy_action *action)
{
    if (action->fact == EVENT_MERGED) {
        return OUTCOME_DUPLICATE;
    }
    if (action->outcome != OUTCOME_NONE) {
        return action->outcome;
    }
    return action->fact == EVENT_WITHDRAWN ? OUTCOME_WITHDRAWN : OUTCOME_SETTLED;
}

/* What the action would bring about. */
static bool foresee(struct trying *trying, struct rules_trial *trial)
{
    const struct policy *policy = trying->policy;
    const struct dispatch_case *state = trying->state;
    const struct dispatch_input *input = trying->input;
    const struct policy_action *action = trying->action;
    trial->action = action;
    trial->more = state->more;
    trying->more = &trial->more;
    if (action->fact == EVENT_IMPLEMENTED && policy->implements) {
        trial->more.implemented_at_us = rules_now_us(state, input);
    }
    if (leaves_closed(policy, &policy->steps[state->step], action) &&
        action->fact != EVENT_UNMERGED) {
        rules_fold_round(policy, &trial->more);
    }
    bool kept = rules_fold_action(
        policy, action, input->actor, input->fields, input->field_count, &trial->more);
    trial->moves = !asked_unmet(trying, action->moves, action->move_count);
    trial->to_step = trial->moves && action->to_step != POLICY_NONE ? action->to_step : state->step;
    if (action->fact == EVENT_UNMERGED) {
        trial->to_step = (uint16_t)(state->more.back_step - 1);
    }
    bool closes = policy->steps[trial->to_step].closed && !policy->steps[state->step].closed;
    trial->outcome = closes ? outcome_of(action) : OUTCOME_NONE;
    trying->outcome = trial->outcome;
    return kept;
}

/* Obligations: none is settled that is not open, none opened beyond what may be open at once, and
 * none that blocks is open at an end. */
static struct dispatch_permit check_tasks(const struct trying *trying,
                                          const struct rules_trial *trial)
{
    const struct policy *policy = trying->policy;
    uint32_t asked = policy_task_asked(trying->input->fields, trying->input->field_count);
    for (uint16_t i = 0; i < policy->task_count; i++) {
        const struct policy_task *task = &policy->tasks[i];
        bool settles = (trial->action->settles >> i & 1U) != 0;
        bool opens = (trial->action->opens >> i & 1U) != 0;
        uint8_t settled;
        uint8_t opened;
        policy_tasks_move(
            policy, i, trial->action, asked, trying->state->more.open[i], &settled, &opened);
        bool closes = trial->outcome != OUTCOME_NONE && !task->blocks_nothing;
        if ((settles && settled == 0) || (opens && opened == 0) ||
            (closes && trial->more.open[i] > 0)) {
            return (struct dispatch_permit){
                .answer = DISPATCH_OBLIGATION,
                .what = slice_text(task->id),
                .title = &task->title,
                .roles = task->role < POLICY_ROLES_MAX ? 1U << task->role : 0};
        }
    }
    return (struct dispatch_permit){.answer = DISPATCH_APPEND};
}

static struct dispatch_permit check_rules(struct trying *trying, struct rules_trial *trial)
{
    const struct policy *policy = trying->policy;
    const struct policy_action *action = trying->action;
    bool kept = true;
    const struct policy_requirement *lacking =
        asked_unmet(trying, action->requirements, action->require_count);
    if (!lacking) {
        kept = foresee(trying, trial);
        lacking = trial->outcome == OUTCOME_NONE
                      ? NULL
                      : asked_unmet(trying, policy->closing, policy->closing_count);
    }
    if (lacking) {
        return asked_lacks(trying, lacking);
    }
    if (!kept) {
        return (struct dispatch_permit){.answer = DISPATCH_TOO_MANY_PEOPLE};
    }
    /* as of now: the form may name him whom it gives the case to */
    if (trial->given_to.size > 0 && rules_concerned(&trial->more, trial->given_to)) {
        return (struct dispatch_permit){.answer = DISPATCH_RECUSED, .what = slice_text("agent")};
    }
    return check_tasks(trying, trial);
}

/* A case cannot be a duplicate of itself. */
static enum dispatch_answer check_other_case(const struct trying *trying)
{
    uint64_t other_case = trying->input->other_case;
    if (other_case == 0) {
        bool given = rules_field(trying->input, "case").size > 0; /* but it is no number */
        return given ? DISPATCH_FIELD_INVALID : DISPATCH_FIELD_MISSING;
    }
    return other_case == trying->state->case_id ? DISPATCH_FIELD_INVALID : DISPATCH_APPEND;
}

/* Whoever the case is given to. */
static enum dispatch_answer check_taker(const struct trying *trying, struct slice agent)
{
    if (agent.size == 0) {
        return DISPATCH_FIELD_MISSING;
    }
    if (agent.size >= DISPATCH_AGENT_MAX || memchr(agent.bytes, '\0', agent.size)) {
        return DISPATCH_FIELD_INVALID;
    }
    if (rules_holder(trying->state, agent)) {
        return DISPATCH_FIELD_INVALID;
    }
    return trying->input->agent_has_capacity ? people_permit_taker(trying->input, agent)
                                             : DISPATCH_NO_CAPACITY;
}

enum dispatch_answer dispatch_stands(const struct dispatch_case *state,
                                     const struct policy_action *action)
{
    bool held = state->more.hold != 0;
    return action->fact == EVENT_UNMERGED && state->more.back_step == 0 ? DISPATCH_NOT_MERGED
           : action->fact == EVENT_HOLD_LIFTED && !held                 ? DISPATCH_NOT_HELD
           : action->fact == EVENT_HELD && held                         ? DISPATCH_HELD_BEFORE
                                                                        : DISPATCH_APPEND;
}

/* Another case or an agent that the action is about. */
static struct dispatch_permit check_others(const struct trying *trying, struct rules_trial *trial)
{
    const struct policy_action *action = trying->action;
    const struct dispatch_input *input = trying->input;
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    bool other = action->fact == EVENT_MERGED || action->fact == EVENT_LINKED;
    trial->agent_has_capacity = input->agent_has_capacity;
    trial->given_to = (struct slice){0};
    if (trying->blank) {
        return permit;
    }
    if (permit.answer == DISPATCH_APPEND && other) {
        permit.answer = check_other_case(trying);
        permit.what = slice_text("case");
    }
    if (permit.answer == DISPATCH_APPEND && action->gives) {
        trial->given_to = rules_field(input, "agent");
        permit.answer = check_taker(trying, trial->given_to);
        permit.what = slice_text("agent");
    }
    return permit;
}

struct dispatch_permit rules_try(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 bool blank,
                                 struct rules_trial *trial)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t index = state->version == 0 ? POLICY_NONE : policy_action_index(step, input->action);
    if (state->more.erased_at_us != 0) {
        return (struct dispatch_permit){.answer = DISPATCH_ERASED};
    }
    if (index == POLICY_NONE) {
        return (struct dispatch_permit){.answer = DISPATCH_ACTION_UNKNOWN};
    }
    struct trying trying = {.policy = policy,
                            .state = state,
                            .input = input,
                            .role = policy_role_index(policy, input->role),
                            .blank = blank,
                            .action = &step->actions[index],
                            .more = &state->more};
    struct dispatch_permit permit = {.answer = dispatch_stands(state, trying.action)};
    if (permit.answer == DISPATCH_APPEND) {
        permit = check_person(&trying);
    }
    if (permit.answer == DISPATCH_APPEND && leaves_closed(policy, step, trying.action) &&
        !may_reopen(policy, state->closed_at_us, input->now_us)) {
        permit.answer = DISPATCH_CLOSED;
    }
    if (permit.answer == DISPATCH_APPEND) {
        permit = form_permit(policy, trying.action, input, blank);
    }
    if (permit.answer == DISPATCH_APPEND) {
        permit = check_limits(&trying);
    }
    if (permit.answer == DISPATCH_APPEND) {
        permit = check_others(&trying, trial);
    }
    return permit.answer == DISPATCH_APPEND ? check_rules(&trying, trial) : permit;
}

struct dispatch_permit rules_personal(const struct policy *policy,
                                      const struct dispatch_case *state,
                                      const struct dispatch_input *input,
                                      uint32_t roles)
{
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    if (state->version == 0 || roles == 0) {
        permit.answer = DISPATCH_ACTION_UNKNOWN;
    } else if (!policy_role_in(policy, roles, policy_role_index(policy, input->role))) {
        permit.answer = DISPATCH_ROLE_MAY_NOT;
        permit.roles = roles;
    } else if (rules_concerned(&state->more, input->actor)) {
        permit.answer = DISPATCH_RECUSED;
    } else if (state->more.erased_at_us != 0) {
        permit.answer = DISPATCH_ERASED;
    }
    return permit;
}

struct dispatch_permit dispatch_may(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    bool blank)
{
    struct rules_trial trial;
    struct dispatch_permit permit = people_permit(policy, input);
    if (permit.answer != DISPATCH_APPEND) {
        return permit;
    }
    switch (input->kind) {
    case DISPATCH_CLAIM:
        return rules_claim(policy, state, input);
    case DISPATCH_RELEASE:
        if (!people_holder(state, input)) {
            permit.answer = DISPATCH_NOT_HOLDER;
            permit.what = slice_text(state->agent);
        }
        return permit;
    case DISPATCH_ACTION:
        return rules_try(policy, state, input, blank, &trial);
    case DISPATCH_ERASE:
        return erase_permit(policy, state, input, blank);
    case DISPATCH_READ:
        return read_permit(policy, state, input, blank);
    case DISPATCH_TRIAGED:
    case DISPATCH_CLOCK:
    case DISPATCH_PUSH:
        break;
    }
    permit.answer = DISPATCH_NOTHING;
    return permit;
}
