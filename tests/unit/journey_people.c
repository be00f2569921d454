/* The people of a journey: who comes, claims, tries in vain first, and does what is wanted. */
#include "journey_case.h"
#include "unit.h"

enum {
    ACTOR_SIZE = 24,
    PEOPLE = 10, /* fewer than dispatch keeps apart */
    ATTEMPTS = 12,
};

static bool has_role(uint32_t roles, uint16_t role)
{
    return (roles >> role & 1U) != 0;
}

/* Neither the holder nor whoever did the step before. */
static void name_somebody(struct journey *journey, char name[ACTOR_SIZE])
{
    const struct dispatch_case *state = &journey->state;
    do {
        (void)snprintf(name, ACTOR_SIZE, "person %u", ++journey->people % PEOPLE);
    } while (strcmp(name, state->agent) == 0 || strcmp(name, state->last_actor) == 0);
}

enum dispatch_answer journey_command(struct journey *journey,
                                     enum dispatch_input_kind kind,
                                     const char *actor,
                                     uint16_t role,
                                     const struct policy_action *action,
                                     bool filled_in)
{
    char values[POLICY_NEEDS_MAX][JOURNEY_VALUE_MAX];
    struct event_field fields[POLICY_NEEDS_MAX];
    struct slice about;
    struct journey_order order = {.kind = kind,
                                  .actor = actor,
                                  .role = journey->policy->roles[role],
                                  .action = action ? action->id : "",
                                  .fields = fields};
    for (uint16_t i = 0; action && filled_in && i < action->need_count; i++) {
        const struct policy_need *need = &action->needs[i];
        if (need->optional && strcmp(need->field, "task") == 0) {
            continue; /* the lowest that is open */
        }
        struct slice value = journey_value(journey, need, values[i]);
        if (action->gives && strcmp(need->field, "agent") == 0) {
            name_somebody(journey, values[i]);
            value = slice_text(values[i]);
        }
        fields[order.field_count++] =
            (struct event_field){.name = slice_text(need->field), .value = value};
    }
    return journey_give(journey, &order, &about);
}

/* By one person after another: a step may be for others than those who held the case before.  Where
 * nobody may, it stays in its queue. */
static void claim(struct journey *journey)
{
    char name[ACTOR_SIZE];
    uint16_t role = journey_step(journey)->owner_role;
    enum dispatch_answer answer = DISPATCH_EARLIER_HANDLER;
    for (unsigned i = 0; i < PEOPLE && answer == DISPATCH_EARLIER_HANDLER; i++) {
        name_somebody(journey, name);
        answer = journey_command(journey, DISPATCH_CLAIM, name, role, NULL, false);
    }
    if (answer == DISPATCH_KEPT) { /* then it is his for whom it was kept */
        (void)snprintf(name, sizeof name, "%s", journey->state.more.handler);
        answer = journey_command(journey, DISPATCH_CLAIM, name, role, NULL, false);
    }
    if (answer != DISPATCH_EARLIER_HANDLER) {
        assert_int_equal(answer, DISPATCH_APPEND);
        assert_string_equal(journey->state.agent, name);
    }
}

/* Who comes to do it: the holder, somebody in another role, or, of a case nobody holds, anybody
 * who may. */
static uint16_t
somebody(struct journey *journey, const struct policy_action *action, char name[ACTOR_SIZE])
{
    const struct dispatch_case *state = &journey->state;
    bool held = state->agent[0] != '\0';
    bool same = action->same_person_may_not && strcmp(state->agent, state->last_actor) == 0;
    if (held && has_role(action->roles, state->agent_role) && !same) {
        (void)snprintf(name, ACTOR_SIZE, "%.23s", state->agent);
        return state->agent_role;
    }
    name_somebody(journey, name);
    for (uint16_t role = 0; role < journey->policy->role_count; role++) {
        if (has_role(action->roles, role) && (!held || role != state->agent_role)) {
            return role;
        }
    }
    return POLICY_NONE;
}

static bool asks_for_something(const struct policy_action *action)
{
    for (uint16_t i = 0; i < action->need_count; i++) {
        if (!action->needs[i].optional) {
            return true;
        }
    }
    return false;
}

/* Refusals come first, and change nothing. */
static void try_in_vain(struct journey *journey, const struct policy_action *action)
{
    char name[ACTOR_SIZE];
    uint32_t version = journey->state.version;
    uint16_t may = somebody(journey, action, name);
    enum dispatch_answer stands =
        dispatch_stands(&journey->state, action); /* told before all else */
    bool can = stands == DISPATCH_APPEND;
    if (may != POLICY_NONE && asks_for_something(action)) {
        assert_int_equal(journey_command(journey, DISPATCH_ACTION, name, may, action, false),
                         can ? DISPATCH_FIELD_MISSING : stands);
    }
    for (uint16_t role = 0; role < journey->policy->role_count; role++) {
        if (!policy_role_in(journey->policy, action->roles, role)) {
            assert_int_equal(
                journey_command(journey, DISPATCH_ACTION, "nobody", role, action, true),
                can ? DISPATCH_ROLE_MAY_NOT : stands);
        }
    }
    assert_int_equal(journey->state.version, version);
}

/* The case is put back, so that somebody else may have it. */
static void let_go(struct journey *journey)
{
    const struct dispatch_case *state = &journey->state;
    char name[DISPATCH_AGENT_MAX];
    if (state->agent[0] != '\0' && !journey_step(journey)->closed) {
        memcpy(name, state->agent, sizeof name);
        assert_int_equal(
            journey_command(journey, DISPATCH_RELEASE, name, state->agent_role, NULL, false),
            DISPATCH_APPEND);
    }
}

/* Somebody comes and tries. */
static enum dispatch_answer attempt(struct journey *journey, const struct policy_action *action)
{
    char name[ACTOR_SIZE];
    if (journey->state.more.offered == OFFER_OPEN && action->fact != EVENT_ACCEPTED) {
        let_go(journey); /* he lets the offer pass */
    }
    if (journey->state.queue != POLICY_NONE) {
        claim(journey);
    }
    try_in_vain(journey, action);
    uint16_t role = somebody(journey, action, name);
    if (role == POLICY_NONE) { /* only a colleague of the holder may: the holder puts it back */
        let_go(journey);
        claim(journey);
        role = somebody(journey, action, name);
    }
    assert_int_not_equal(role, POLICY_NONE);
    return journey_command(journey, DISPATCH_ACTION, name, role, action, true);
}

bool journey_act(struct journey *journey, const struct policy_action *action)
{
    const struct dispatch_case *state = &journey->state;
    uint16_t from = state->step;
    uint16_t to = action->to_step;
    enum dispatch_answer answer = DISPATCH_NOTHING;
    for (unsigned i = 0; i < ATTEMPTS && answer != DISPATCH_APPEND; i++) {
        if (i > 0) {
            let_go(journey);
        }
        answer = attempt(journey, action);
        journey->variety++;
        if (answer != DISPATCH_APPEND && answer != DISPATCH_REQUIREMENT &&
            answer != DISPATCH_OBLIGATION && answer != DISPATCH_LIMIT &&
            answer != DISPATCH_NOT_MERGED && answer != DISPATCH_NOT_HELD &&
            answer != DISPATCH_HELD_BEFORE) {
            fail_msg("%s in step %s: %s",
                     action->id,
                     journey_step(journey)->id,
                     dispatch_answer_code(answer));
        }
    }
    if (answer != DISPATCH_APPEND) {
        return false;
    }
    assert_true(to == POLICY_NONE || state->step == to ||
                (action->move_count > 0 && state->step == from));
    if (to != POLICY_NONE && to != from && state->step == from) {
        let_go(journey); /* it leads on with more marks, maybe of others */
    }
    bool closed = journey_step(journey)->closed;
    bool held = state->agent[0] != '\0';
    bool queued = state->queue != POLICY_NONE;
    assert_int_equal(held + queued, closed ? 0 : 1);
    assert_int_equal(state->closed_at_us != 0, closed);
    return true;
}
