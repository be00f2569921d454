/*
 * Goal: in lives with everything the lifecycle knows (marks, requirements, limits, tasks, offers,
 * signatures by several, recusal, merges and their undoing, legal holds, rounds), whatever people
 * try: one owner at most, nobody over his capacity, nothing closes with an open obligation, and a
 * merge that is undone gives the case back as it was.
 *
 * Method: random commands by a seeded generator over several cases at once, of the policy
 * policy/lifecycle.yaml, against counts that are kept here from the events alone.  Every stream is
 * folded again from nothing.  Guards laws 2, 6, 8 and 11.  A failure prints its seed.
 */
#include "dispatch_lifecycle.h"
#include "roll.h"
#include "unit.h"

enum { SEEDS = 300, COMMANDS = 500, CASES = 3, PEOPLE = 5, CAPACITY = 2 };

static const char *const people[PEOPLE] = {"an", "bo", "cy", "di", "ed"};

/* What is known of a case from its events. */
struct tale {
    unsigned replied, followed_up; /* of this round */
    unsigned signers;              /* of this round: bit set over people */
    unsigned proposers, named;     /* of all time; whom the complaint names */
    unsigned owed;                 /* corrective actions */
    int founded;                   /* -1: not told */
    bool with_amount;
    long amount;
    int offered_to; /* -1: no offer is open */
    int offered_at_merge;
    bool merged, touched;        /* since it was merged something was done to it */
    struct dispatch_case before; /* the merge */
    unsigned signatures[PEOPLE];
};

static struct {
    uint64_t seed, random;
    struct play plays[CASES];
    struct tale tales[CASES];
    unsigned seen[EVENT_KIND_COUNT];
    unsigned restored, restored_to_holder, offered_again, taken_back_merged, blocked, full;
} world;

#define HOLDS(fact)                                                                                \
    do {                                                                                           \
        if (!(fact)) {                                                                             \
            fail_msg("seed %llu: not so: %s", (unsigned long long)world.seed, #fact);              \
        }                                                                                          \
    } while (0)

static unsigned below(unsigned limit)
{
    return roll_next(&world.random, limit);
}

#define PICK(list) (list)[below(sizeof(list) / sizeof *(list))]

static int person_of(struct slice name)
{
    for (int i = 0; i < PEOPLE; i++) {
        if (slice_equal(name, slice_text(people[i]))) {
            return i;
        }
    }
    return -1;
}

static bool is_held_by(const struct dispatch_case *state, int person)
{
    return person >= 0 && strcmp(state->agent, people[person]) == 0;
}

static unsigned load_of(int person)
{
    unsigned load = 0;
    for (unsigned i = 0; i < CASES; i++) {
        load += is_held_by(&world.plays[i].state, person);
    }
    return load;
}

static bool stands_in(const struct dispatch_case *state, const char *step)
{
    return strcmp(lifecycle->policy.steps[state->step].id, step) == 0;
}

/* ---- what holds always ---- */

static void one_owner_at_most(const struct dispatch_case *state)
{
    const struct policy *policy = &lifecycle->policy;
    bool held = state->agent[0] != '\0';
    bool queued = state->queue != POLICY_NONE;
    bool closed = policy->steps[state->step].closed;
    HOLDS(closed ? !held && !queued : held != queued);
    HOLDS((state->agent_role == POLICY_NONE) == !held);
    HOLDS(closed == (state->closed_at_us != 0));
    for (int i = 0; i < PEOPLE; i++) {
        HOLDS(load_of(i) <= CAPACITY);
    }
}

/* ---- what holds of an event ---- */

static const char *field_of(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->advanced.field_count; i++) {
        if (slice_equal(event->advanced.fields[i].name, slice_text(name))) {
            return (const char *)event->advanced.fields[i].value.bytes;
        }
    }
    return NULL;
}

static void proposed(const struct event *event, struct tale *tale, int who)
{
    bool agent = slice_equal(event->advanced.role, slice_text("agent"));
    bool supervisor = slice_equal(event->advanced.role, slice_text("supervisor"));
    HOLDS(!agent || tale->amount <= 100);
    HOLDS(!supervisor || tale->amount <= 1000);
    HOLDS(tale->with_amount);
    tale->proposers |= 1U << who;
}

static void approved(const struct play *play, struct tale *tale, int who)
{
    HOLDS((tale->signers >> who & 1) == 0);
    HOLDS((tale->proposers >> who & 1) == 0);
    tale->signers |= 1U << who;
    int asked = tale->amount >= 500 ? 3 : 2;
    bool enough = __builtin_popcount(tale->signers) >= asked;
    HOLDS(enough == stands_in(&play->state, "reply"));
}

static void closed(const struct dispatch_case *before, const struct tale *tale)
{
    bool construction =
        strcmp(lifecycle->policy.categories[before->category].id, "construction") == 0;
    HOLDS(tale->owed == 0);
    HOLDS(tale->replied > 0);
    HOLDS(!construction || tale->followed_up >= 2);
    HOLDS(tale->founded == 1);
}

/* Back where it stood, or, when nobody may hold it there, in the queue it came from. */
static void unmerged(const struct play *play, struct tale *tale)
{
    const struct dispatch_case *now = &play->state;
    HOLDS(tale->merged);
    tale->merged = false;
    if (tale->touched) {
        return;
    }
    struct dispatch_case before = tale->before;
    bool to_holder = now->agent[0] != '\0';
    HOLDS(!to_holder || strcmp(now->agent, before.agent) == 0);
    if (!to_holder && before.agent[0] != '\0') {
        memset(before.agent, 0, sizeof before.agent); /* he is full */
        before.agent_role = POLICY_NONE;
        before.queue = now->queue;
        before.more.offered = OFFER_NONE;
        HOLDS(now->queue == before.home_queue);
    }
    before.version = now->version;
    before.updated_at_us = now->updated_at_us;
    HOLDS(dispatch_case_equal(&before, now));
    world.restored++;
    world.restored_to_holder += to_holder;
    world.offered_again += now->more.offered == OFFER_OPEN;
}

static void learns(const struct event *event, struct tale *tale)
{
    const char *amount = field_of(event, "amount");
    const char *founded = field_of(event, "founded");
    const char *named = field_of(event, "concerns");
    if (amount) {
        tale->with_amount = true;
        tale->amount = strtol(amount, NULL, 10);
    }
    if (founded) {
        tale->founded = strcmp(founded, "yes") == 0;
    }
    if (named) {
        tale->named = 1U << person_of(slice_text(named));
    }
}

static void a_new_round(struct tale *tale)
{
    tale->replied = tale->followed_up = tale->signers = 0;
    tale->merged = false;
    tale->offered_at_merge = -1;
}

static void tasks_follow(const struct event *event, struct tale *tale)
{
    struct slice action = event->advanced.action;
    tale->owed += slice_equal(action, slice_text("assign-task"));
    if (slice_equal(action, slice_text("task-done"))) {
        HOLDS(tale->owed > 0);
        tale->owed--;
    }
}

static void an_actor_may(const struct dispatch_case *before,
                         const struct event *event,
                         const struct tale *tale,
                         int who)
{
    bool state = slice_equal(event->advanced.action, slice_text("state"));
    bool customer = slice_equal(event->advanced.role, slice_text("customer"));
    HOLDS(customer || state || who < 0 || (tale->named >> who & 1) == 0);
    HOLDS(event->kind != EVENT_ASSIGNED || before->agent[0] == '\0');
    bool answers = event->kind == EVENT_ACCEPTED || event->kind == EVENT_RELEASED;
    HOLDS(tale->offered_to < 0 || tale->offered_to != who || customer || answers);
    HOLDS(event->kind != EVENT_RELEASED || is_held_by(before, who));
    HOLDS(event->kind != EVENT_ACCEPTED || tale->offered_to < 0 || tale->offered_to == who);
}

/* An offer that was open is open again, with the same person, unless its time passed meanwhile. */
static void follow_offer(const struct play *play, const struct event *event, struct tale *tale)
{
    if (event->kind == EVENT_MERGED) {
        tale->offered_at_merge = tale->offered_to;
        tale->offered_to = -1;
    } else {
        tale->offered_to =
            is_held_by(&play->state, tale->offered_at_merge) ? tale->offered_at_merge : -1;
        tale->offered_at_merge = -1;
    }
}

static void obeys(unsigned index, const struct dispatch_case *before, const struct event *event)
{
    struct play *play = &world.plays[index];
    struct tale *tale = &world.tales[index];
    int who = person_of(event->advanced.actor);
    an_actor_may(before, event, tale, who);
    learns(event, tale);
    tasks_follow(event, tale);
    tale->touched = tale->touched || event->kind != EVENT_UNMERGED;
    if (before->closed_at_us == 0 && play->state.closed_at_us != 0 &&
        event->advanced.outcome == OUTCOME_SETTLED) {
        closed(before, tale);
    }
    switch ((int)event->kind) {
    case EVENT_PROPOSED:
        proposed(event, tale, who);
        break;
    case EVENT_APPROVED:
        approved(play, tale, who);
        break;
    case EVENT_REPLIED:
        tale->replied += slice_equal(event->advanced.action, slice_text("answer"));
        HOLDS(tale->replied <= 3); /* twice were no more than two */
        break;
    case EVENT_FOLLOWED_UP:
        tale->followed_up++;
        break;
    case EVENT_REOPENED:
        a_new_round(tale);
        break;
    case EVENT_MERGED:
        tale->merged = true;
        tale->touched = false;
        tale->before = *before;
        break;
    case EVENT_UNMERGED:
        unmerged(play, tale);
        break;
    default:
        break;
    }
    if (event->kind == EVENT_OFFERED) {
        tale->offered_to = person_of(slice_text(play->state.agent));
    } else if (event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED) {
        follow_offer(play, event, tale);
    } else if (strcmp(play->state.agent, before->agent) != 0 || event->kind == EVENT_ACCEPTED) {
        tale->offered_to = -1;
    }
}

/* ---- what people try ---- */

static const char *value_of(const char *field)
{
    static const char *const amounts[] = {"5", "90", "100", "101", "499", "500", "1000", "2000"};
    static const char *const words[] = {"yes", "yes", "yes", "no"};
    static const char *const causes[] = {"design", "work", "none"};
    if (strcmp(field, "amount") == 0) {
        return PICK(amounts);
    }
    if (strcmp(field, "founded") == 0) {
        return PICK(words);
    }
    if (strcmp(field, "cause") == 0) {
        return PICK(causes);
    }
    if (strcmp(field, "by-channel") == 0) {
        return below(4) > 0 ? "phone" : "email";
    }
    return strcmp(field, "agent") == 0 || strcmp(field, "concerns") == 0 ? people[below(PEOPLE)]
                                                                         : "told";
}

static uint32_t fill(const struct policy_action *action, struct event_field fields[8])
{
    uint32_t count = 0;
    for (uint16_t i = 0; i < action->need_count && count < 7; i++) {
        const struct policy_need *need = &action->needs[i];
        if (below(need->optional ? 2 : 20) > 0) {
            fields[count++] = (struct event_field){.name = slice_text(need->field),
                                                   .value = slice_text(value_of(need->field))};
        }
    }
    if (action->gives) {
        fields[count++] = (struct event_field){.name = slice_text("agent"),
                                               .value = slice_text(value_of("agent"))};
    }
    return count;
}

static const char *some_role(const struct policy_action *action)
{
    const struct policy *policy = &lifecycle->policy;
    uint16_t role = (uint16_t)below(policy->role_count);
    for (unsigned i = 0; i < 20 && action && !policy_role_in(policy, action->roles, role); i++) {
        role = (uint16_t)below(policy->role_count);
    }
    return policy->roles[role];
}

/* To whom the case would go, so that his capacity is known. */
static int taker_of(const struct play *play,
                    const struct dispatch_input *input,
                    const struct policy_action *action)
{
    if (!action) {
        return person_of(input->actor);
    }
    for (uint32_t i = 0; action->gives && i < input->field_count; i++) {
        if (slice_equal(input->fields[i].name, slice_text("agent"))) {
            return person_of(input->fields[i].value);
        }
    }
    return action->fact == EVENT_UNMERGED ? person_of(slice_text(play->state.more.back_agent))
                                          : person_of(input->actor);
}

static bool ends_it(const struct policy_action *action)
{
    return action->fact == EVENT_MERGED || action->fact == EVENT_WITHDRAWN;
}

static void tries(unsigned index)
{
    static struct event_field fields[8];
    struct play *play = &world.plays[index];
    const struct policy_step *step = &lifecycle->policy.steps[play->state.step];
    unsigned pick = below(8);
    const struct policy_action *action =
        pick > 2 && step->action_count > 0 ? &step->actions[below(step->action_count)] : NULL;
    if (action && ends_it(action) && below(4) && world.tales[index].offered_to < 0) {
        return; /* ends come too soon otherwise */
    }
    const char *word = action ? action->id : pick < 2 ? "claim" : "release";
    const char *role = action ? some_role(action) : below(3) ? "agent" : "supervisor";
    int holder = person_of(slice_text(play->state.agent));
    const char *actor = holder >= 0 && below(3) > 0 ? people[holder] : people[below(PEOPLE)];
    struct dispatch_input input = play_command(play, actor, role, word);
    input.fields = fields;
    input.field_count = action ? fill(action, fields) : 0;
    input.other_case = case_id_make(5, 43 + below(3));
    int taker = taker_of(play, &input, action);
    input.agent_has_capacity = taker < 0 || load_of(taker) < CAPACITY;
    const struct dispatch_case before = play->state;
    enum dispatch_answer answer = play_input(play, &input);
    if (answer == DISPATCH_APPEND) {
        world.seen[play->last.kind]++;
        obeys(index, &before, &play->last);
    } else {
        HOLDS(memcmp(&before, &play->state, sizeof before) == 0);
        world.blocked += action && action->fact == EVENT_CLOSED;
        world.full += answer == DISPATCH_NO_CAPACITY;
    }
    one_owner_at_most(&play->state);
}

/* Nobody has accepted in time: an open offer is taken back, also one that a merge hides. */
static void time_passes(unsigned index)
{
    struct play *play = &world.plays[index];
    struct tale *tale = &world.tales[index];
    struct event late = play_clock(play, EVENT_CLOCK_BREACHED, "offer", 1, 5);
    bool open = tale->offered_to >= 0 || (tale->merged && tale->offered_at_merge >= 0);
    HOLDS((play_event(play, DISPATCH_CLOCK, &late) == DISPATCH_APPEND) == open);
    HOLDS(!open || play->last.kind == EVENT_RELEASED);
    HOLDS(!open || play->state.agent[0] == '\0');
    world.taken_back_merged += open && tale->merged;
    tale->touched = tale->touched || open;
    tale->offered_to = tale->offered_at_merge = -1;
    one_owner_at_most(&play->state);
}

static void live(uint64_t seed)
{
    world.seed = seed;
    world.random = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < CASES; i++) {
        world.tales[i] = (struct tale){.founded = -1, .offered_to = -1, .offered_at_merge = -1};
        play_open(&world.plays[i], below(2) ? "late" : "construction", "minor", 4);
    }
    for (unsigned i = 0; i < COMMANDS; i++) {
        unsigned index = below(CASES);
        world.plays[index].now_us += (int64_t)below(3600) * 1000000;
        if (world.plays[index].count < PLAY_EVENTS_MAX - 2) {
            if (below(40) == 0) {
                time_passes(index);
            } else {
                tries(index);
            }
        }
    }
    for (unsigned i = 0; i < CASES; i++) {
        story_end(&world.plays[i]);
    }
}

static void whatever_people_try_the_lifecycle_keeps_its_rules(void **state)
{
    (void)state;
    static const enum event_kind facts[] = {
        EVENT_ASSIGNED,    EVENT_RELEASED,    EVENT_CONTACTED, EVENT_EXTENDED, EVENT_INVESTIGATED,
        EVENT_PROPOSED,    EVENT_APPROVED,    EVENT_REJECTED,  EVENT_REPLIED,  EVENT_FOLLOWED_UP,
        EVENT_CLOSED,      EVENT_REOPENED,    EVENT_OFFERED,   EVENT_ACCEPTED, EVENT_TRANSFERRED,
        EVENT_TASK_OPENED, EVENT_TASK_DONE,   EVENT_MERGED,    EVENT_UNMERGED, EVENT_LINKED,
        EVENT_HELD,        EVENT_HOLD_LIFTED, EVENT_NOTED,     EVENT_WITHDRAWN};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        live(seed);
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (world.seen[facts[i]] < 10) {
            fail_msg("%s came only %u times", event_kind_name(facts[i]), world.seen[facts[i]]);
        }
    }
    assert_true(world.restored > 50 && world.restored_to_holder > 10);
    assert_true(world.offered_again > 5 && world.taken_back_merged > 5);
    assert_true(world.blocked > 50 && world.full > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_people_try_the_lifecycle_keeps_its_rules),
    };
    return cmocka_run_group_tests(tests, lifecycle_load, lifecycle_free);
}
