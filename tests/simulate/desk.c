#include "desk.h"

#include "pg.h"
#include "policy_shipped.h"

#include <time.h>

static const struct row *row_at(uint64_t index)
{
    return pg_row(SERVICE_DISPATCH, (uint32_t)(index / CASES_MAX), index % CASES_MAX);
}

/* One of those that are open or were, or NULL; person: one of his; erased: one that is. */
static const struct dispatch_case *some_case(uint32_t person, bool erased)
{
    const struct dispatch_case *found = NULL;
    uint64_t seen = 0;
    for (uint64_t i = 0; i < PARTITIONS * CASES_MAX; i++) {
        const struct dispatch_case *state = &row_at(i)->dispatch;
        bool fits = state->version > 0 &&
                    (person == 0 || agent_number(slice_text(state->agent)) == person) &&
                    (!erased || state->more.erased_at_us != 0);
        if (fits && sim_random(++seen) == 0) {
            found = state;
        }
    }
    return found;
}

static struct slice lasting(const char *text)
{
    size_t size = strlen(text);
    char *copy = sim_new(size + 1);
    memcpy(copy, text, size + 1);
    return slice_of(copy, size);
}

static struct slice instant_soon(void)
{
    char text[40] = "";
    time_t at = (time_t)(world_now_us() / SECOND + policies_pace() * (1 + (int64_t)sim_random(20)));
    struct tm date;
    if (gmtime_r(&at, &date)) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &date);
    }
    return lasting(text);
}

static struct slice
value_for(const struct policy *policy, const struct policy_need *need, struct order *order)
{
    static const char *const people[] = {"nobody", "a1", "a2, a3", "a4", "a5,a6", "a1, a6"};
    char value[SHIPPED_VALUE_MAX];
    if (need->rules && need->rules->type == FORM_INSTANT) {
        return instant_soon();
    }
    if (need->rules && need->rules->recuses) {
        return lasting(people[sim_random(sizeof people / sizeof *people)]);
    }
    if (strcmp(need->field, "agent") == 0) {
        return lasting(agent_name(1 + (uint32_t)sim_random(AGENTS_MAX)));
    }
    if (strcmp(need->field, "clock") == 0) {
        return lasting(policy->clocks[sim_random(policy->clock_count)].id);
    }
    if (strcmp(need->field, "task") == 0) {
        static const char *const numbers[] = {"1", "2", "1", "3", "9"};
        return lasting(numbers[sim_random(5)]);
    }
    if (strcmp(need->field, "case") == 0) {
        const struct dispatch_case *other = some_case(0, sim_per_mille(150));
        order->other_case = other ? other->case_id : 0;
    }
    shipped_value(policy, need, (unsigned)sim_random(8), value);
    return lasting(value);
}

static void
fill_in(const struct policy *policy, const struct policy_action *action, struct order *order)
{
    for (uint16_t i = 0; i < action->need_count && order->field_count < ORDER_FIELDS_MAX; i++) {
        const struct policy_need *need = &action->needs[i];
        if (sim_per_mille(need->optional ? 500 : 30)) {
            continue; /* forgotten */
        }
        struct event_field *field = &order->fields[order->field_count++];
        *field = (struct event_field){.name = lasting(need->field),
                                      .value = value_for(policy, need, order)};
        if (need->rules && need->rules->personal) {
            field->value = slice_text(PERSONAL);
        }
    }
    bool named = false;
    for (uint32_t i = 0; i < order->field_count; i++) {
        named = named || slice_equal(order->fields[i].name, slice_text("agent"));
    }
    if (action->gives && !named && order->field_count < ORDER_FIELDS_MAX) {
        struct policy_need agent = {.field = "agent"};
        order->fields[order->field_count++] = (struct event_field){
            .name = slice_text("agent"), .value = value_for(policy, &agent, order)};
    }
}

/* One that may do it, mostly. */
static const char *some_role(const struct policy *policy, uint32_t roles)
{
    uint16_t role = (uint16_t)sim_random(policy->role_count);
    for (unsigned tries = 0; tries < 40 && !policy_role_in(policy, roles, role); tries++) {
        role = (uint16_t)sim_random(policy->role_count);
    }
    return policy->roles[sim_per_mille(60) ? sim_random(policy->role_count) : role];
}

static void name_set(char name[POLICY_NAME_MAX], const char *text)
{
    (void)snprintf(name, POLICY_NAME_MAX, "%s", text);
}

static void claim_from_queue(struct order *order, struct request *request)
{
    const struct policy *policy = policies_at((uint32_t)sim_random(policies_count()));
    order->policy_id = policy->id;
    order->queue = (uint16_t)sim_random(policy->queue_count);
    name_set(order->action, "claim");
    name_set(order->role, some_role(policy, 1U << policy->steps[policy->first_step].owner_role));
    request->kind = REQUEST_CLAIM;
}

/* Ends come too soon if everybody goes for them. */
static bool is_shunned(const struct policy *policy, const struct policy_action *action)
{
    bool ends = action->to_step != POLICY_NONE && policy->steps[action->to_step].closed;
    return ends && sim_per_mille(action->fact == EVENT_MERGED ? 550 : 500);
}

/* Of what is open, too, and with a form that asks for more than the reason. */
static void ask_to_erase(const struct policy *policy, struct order *order)
{
    uint16_t index = policy_field_index(policy, slice_text("reason"));
    const struct policy_need need = {.field = "reason",
                                     .rules = index == POLICY_NONE ? NULL : &policy->fields[index]};
    name_set(order->action, "erase");
    name_set(order->role, some_role(policy, policy->retention.roles));
    order->note = sim_per_mille(30);
    unsigned reasons = sim_per_mille(30) ? (unsigned)sim_random(3) : 1;
    for (unsigned i = 0; i < reasons; i++) {
        order->fields[order->field_count++] = (struct event_field){
            .name = lasting(need.field), .value = value_for(policy, &need, order)};
    }
}

/* Of what is erased, too, and sometimes by a form that is none. */
static void ask_to_read(const struct policy *policy, struct order *order)
{
    const char *what = sim_per_mille(100) ? "complaint complaint" : "complaint";
    name_set(order->action, "read");
    name_set(order->role, some_role(policy, policy->readers));
    order->fields[order->field_count++] =
        (struct event_field){.name = slice_text("what"), .value = slice_text(what)};
}

/* Puts it on hold, or takes it off. */
static const struct policy_action *hold_of(const struct policy_step *step,
                                           const struct dispatch_case *state)
{
    enum event_kind fact = state->more.hold ? EVENT_HOLD_LIFTED : EVENT_HELD;
    for (uint16_t i = 0; i < step->action_count; i++) {
        if (step->actions[i].fact == fact) {
            return &step->actions[i];
        }
    }
    return NULL;
}

/* What the end has to offer where cases are erased. */
static const struct policy_action *some_action(const struct policy *policy,
                                               const struct dispatch_case *state)
{
    const struct policy_step *step = &policy->steps[state->step];
    const struct policy_action *hold = hold_of(step, state);
    bool holds = policy->retention.roles != 0 && hold && sim_per_mille(200);
    return holds ? hold : &step->actions[sim_random(step->action_count)];
}

static bool act_on(const struct dispatch_case *state,
                   uint32_t person,
                   struct order *order,
                   struct request *request)
{
    const struct policy *policy = policies_true(state->policy_id);
    if (!policy) {
        return false;
    }
    const struct policy_step *step = &policy->steps[state->step];
    bool his = agent_number(slice_text(state->agent)) == person;
    order->policy_id = policy->id;
    request->case_id = state->case_id;
    request->kind = REQUEST_ACT;
    if (his && sim_per_mille(100)) {
        name_set(order->action, "release");
        name_set(order->role, some_role(policy, 1U << step->owner_role));
        request->kind = REQUEST_RELEASE;
        return true;
    }
    if (policy->retention.roles != 0 && sim_per_mille(step->closed ? 300 : 30)) {
        ask_to_erase(policy, order);
        return true;
    }
    if (sim_per_mille(50)) {
        ask_to_read(policy, order);
        return true;
    }
    if (step->action_count == 0) {
        return false;
    }
    const struct policy_action *action = some_action(policy, state);
    if (is_shunned(policy, action)) {
        return false;
    }
    name_set(order->action, action->id);
    name_set(order->role, some_role(policy, action->roles));
    fill_in(policy, action, order);
    order->note = sim_per_mille(100);
    return true;
}

bool desk_order(uint32_t person, struct request *request)
{
    struct order *order = sim_new(sizeof *order);
    request->order = order;
    if (sim.now_us > DESKS_END_US) {
        return false;
    }
    if (sim_per_mille(200)) {
        claim_from_queue(order, request);
        return true;
    }
    const struct dispatch_case *state = some_case(sim_per_mille(500) ? person : 0, false);
    return state && act_on(state, person, order, request);
}
