/*
 * Goal: whatever people and clocks do, and whatever events turn up, a case keeps its invariants.
 * Method: random commands from a seeded generator against a small oracle that knows only the rules
 * of the header (who holds the case, who did the step before, when it was closed); then random
 * events, sense and nonsense.  The stream folded again from nothing gives the same bytes.  Guards
 * laws 2 and 8.  A failure prints its seed.
 */
#include "dispatch_play.h"
#include "roll.h"
#include "unit.h"

enum { SEEDS = 400, COMMANDS = 400, EVENTS = 4000 };

struct chance {
    uint64_t seed;
};

static uint32_t roll(struct chance *chance, uint32_t sides)
{
    return roll_next(&chance->seed, sides);
}

static const char *const actors[] = {"mei", "li", "boss", "buyer"};
static const char *const roles[] = {"handler", "supervisor", "customer", "stranger"};
static const char *const categories[] = {"late", "safety", "leaking", "nonsense"};
static const char *const severities[] = {"grave", "serious", "minor", ""};
static const char *const kinds_of_clock[] = {"handling", "answer", "safety", "unknown"};

#define PICK(chance, list) (list)[roll(chance, sizeof(list) / sizeof *(list))]

/* What is known without looking into the state. */
struct oracle {
    uint32_t version;
    const char *holder; /* NULL: nobody */
    const char *holder_role;
    const char *proposer; /* of what is to be approved */
    int64_t closed_at_us; /* 0: open */
};

#define HOLDS(fact)                                                                                \
    do {                                                                                           \
        if (!(fact)) {                                                                             \
            fail_msg("seed %llu, version %u: not so: %s",                                          \
                     (unsigned long long)seed,                                                     \
                     state->version,                                                               \
                     #fact);                                                                       \
        }                                                                                          \
    } while (0)

static void keeps_its_invariants(uint64_t seed, const struct dispatch_case *state)
{
    const struct policy *policy = policy_fixture();
    bool held = state->agent[0] != '\0';
    bool queued = state->queue != POLICY_NONE;
    HOLDS(state->step < policy->step_count);
    HOLDS(!queued || state->queue < policy->queue_count);
    HOLDS(policy->steps[state->step].closed ? !held && !queued : held != queued);
    HOLDS((state->agent_role == POLICY_NONE) == !held);
    HOLDS(state->home_queue < policy->queue_count);
    HOLDS(state->priority >= 1 && state->priority <= 5);
    HOLDS(state->version > 0 && state->agent[DISPATCH_AGENT_MAX - 1] == '\0');
}

static void obeys_the_oracle(uint64_t seed,
                             const struct dispatch_case *state,
                             const struct dispatch_input *input,
                             const struct event *event,
                             struct oracle *oracle)
{
    const char *actor = (const char *)input->actor.bytes;
    const char *role = (const char *)input->role.bytes;
    HOLDS(event->advanced.version == oracle->version + 1);
    HOLDS(event->kind != EVENT_RELEASED || oracle->holder == actor);
    HOLDS(event->kind != EVENT_ASSIGNED || !oracle->holder);
    bool colleague = oracle->holder && oracle->holder != actor && oracle->holder_role == role;
    HOLDS(input->kind != DISPATCH_ACTION || !colleague);
    HOLDS(event->kind != EVENT_APPROVED || oracle->proposer != actor);
    HOLDS(event->kind != EVENT_REOPENED ||
          input->now_us - oracle->closed_at_us <= 30 * 86400 * INT64_C(1000000));
    oracle->version++;
    if (event->kind == EVENT_PROPOSED) {
        oracle->proposer = actor;
    }
    if (event->kind == EVENT_ASSIGNED) {
        oracle->holder = actor;
        oracle->holder_role = role;
    } else if (state->agent[0] == '\0') {
        oracle->holder = NULL;
    }
    HOLDS(!oracle->holder || strcmp(oracle->holder, state->agent) == 0);
    bool closed = slice_equal(event->advanced.to_step, slice_text("closed"));
    if (closed && oracle->closed_at_us == 0) {
        oracle->closed_at_us = event->at_us;
    } else if (!closed) {
        oracle->closed_at_us = 0;
    }
    HOLDS(state->closed_at_us == oracle->closed_at_us);
}

static struct dispatch_input
any_command(struct chance *chance, const struct play *play, struct event_field fields[3])
{
    const struct policy_step *step = &policy_fixture()->steps[play->state.step];
    uint32_t pick = roll(chance, 5);
    const char *action = pick == 0   ? "claim"
                         : pick == 1 ? "release"
                                     : step->actions[roll(chance, step->action_count)].id;
    struct dispatch_input input =
        play_command(play, PICK(chance, actors), PICK(chance, roles), action);
    static const char *const names[] = {"cause", "remedy", "reason", "category", "severity_class"};
    bool proposing = strcmp(action, "propose") == 0 && roll(chance, 2) == 0;
    for (uint32_t count = roll(chance, 3); input.field_count < count || proposing;) {
        const char *name = proposing ? names[input.field_count] : PICK(chance, names);
        const char *value = strcmp(name, "severity_class") == 0 ? PICK(chance, severities)
                                                                : PICK(chance, categories);
        fields[input.field_count++] =
            (struct event_field){.name = slice_text(name), .value = slice_text(value)};
        proposing = proposing && input.field_count < 2;
    }
    input.fields = fields;
    input.agent_has_capacity = roll(chance, 8) != 0;
    input.expected_version = roll(chance, 4) == 0 ? roll(chance, play->state.version + 2) : 0;
    return input;
}

static void clock_strikes(uint64_t seed, struct chance *chance, struct play *play)
{
    enum event_kind kind = EVENT_CLOCKS_STARTED + roll(chance, 7);
    struct event event =
        play_clock(play, kind, PICK(chance, kinds_of_clock), roll(chance, 10), roll(chance, 7));
    event.clocks.clocks[0].verdict = roll(chance, 3);
    const struct dispatch_case before = play->state;
    const struct dispatch_case *state = &play->state;
    enum dispatch_answer answer = play_event(play, DISPATCH_CLOCK, &event);
    if (answer == DISPATCH_APPEND) {
        HOLDS(state->priority < before.priority);
        HOLDS(state->version == before.version + 1);
        HOLDS(strcmp(state->agent, before.agent) == 0 && state->queue == before.queue);
    }
    /* The hints, which the dispatch stream alone does not give. */
    dispatch_evolve(policy_fixture(), &play->state, &event);
}

/* The events lend names from states that are kept, so they may be folded again at the end. */
static void folds_again_to_the_same_bytes(uint64_t seed, const struct play *play)
{
    struct dispatch_case once;
    struct dispatch_case twice;
    const struct dispatch_case *state = &once;
    memset(&once, 0, sizeof once);
    memset(&twice, 0, sizeof twice);
    for (uint32_t i = 0; i < play->count; i++) {
        dispatch_evolve(policy_fixture(), &once, &play->events[i]);
        HOLDS(once.version == i + 1);
        keeps_its_invariants(seed, &once);
        dispatch_evolve(policy_fixture(), &twice, &play->events[i]);
        dispatch_evolve(policy_fixture(), &twice, &play->events[i]); /* a repeat changes nothing */
    }
    HOLDS(memcmp(&once, &twice, sizeof once) == 0);
    HOLDS(dispatch_case_equal(&once, &play->state));
    struct dispatch_case hinted = play->state;
    hinted.due_us = once.due_us;
    memcpy(hinted.clock_due_us, once.clock_due_us, sizeof hinted.clock_due_us);
    HOLDS(memcmp(&once, &hinted, sizeof once) == 0);
}

static void play_seed(uint64_t seed, uint32_t seen[EVENT_KIND_COUNT])
{
    static struct play play;
    struct chance chance = {seed};
    struct oracle oracle = {.version = 1};
    struct event_field fields[3];
    const struct dispatch_case *state = &play.state;
    play_open(&play, "late", "minor", 4);
    for (int i = 0; i < COMMANDS && play.count < PLAY_EVENTS_MAX - 2; i++) {
        play.now_us += (int64_t)roll(&chance, 7200) * 1000000;
        if (oracle.closed_at_us != 0 && roll(&chance, 4) == 0) {
            play.now_us += (int64_t)roll(&chance, 10 * 86400) * 1000000;
        }
        if (roll(&chance, 12) == 0) {
            clock_strikes(seed, &chance, &play);
            oracle.version = state->version;
            continue;
        }
        struct dispatch_input input = any_command(&chance, &play, fields);
        const struct dispatch_case before = play.state;
        if (play_input(&play, &input) == DISPATCH_APPEND) {
            obeys_the_oracle(seed, state, &input, &play.last, &oracle);
            seen[play.last.kind]++;
        } else {
            HOLDS(memcmp(&before, state, sizeof before) == 0);
        }
        keeps_its_invariants(seed, state);
    }
    folds_again_to_the_same_bytes(seed, &play);
}

static void whatever_people_do_the_case_keeps_its_rules(void **unused)
{
    (void)unused;
    uint32_t seen[EVENT_KIND_COUNT] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play_seed(seed * UINT64_C(0x9e3779b97f4a7c15), seen);
    }
    /* A walk that never gets anywhere would prove nothing. */
    const enum event_kind facts[] = {EVENT_ASSIGNED,
                                     EVENT_RELEASED,
                                     EVENT_CLASSIFIED,
                                     EVENT_PROPOSED,
                                     EVENT_APPROVED,
                                     EVENT_REJECTED,
                                     EVENT_CONSENTED,
                                     EVENT_DECLINED,
                                     EVENT_IMPLEMENTED,
                                     EVENT_FOLLOWED_UP,
                                     EVENT_CLOSED,
                                     EVENT_REOPENED,
                                     EVENT_WITHDRAWN,
                                     EVENT_HANDED_OVER};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (seen[facts[i]] < 20) {
            fail_msg("%s came only %u times", event_kind_name(facts[i]), seen[facts[i]]);
        }
    }
}

/* Names, sense and nonsense, that fit an Advanced and an Opened alike. */
static struct slice any_name(struct chance *chance)
{
    static const char *const names[] = {"triage",
                                        "investigation",
                                        "approval",
                                        "closed",
                                        "service",
                                        "safety",
                                        "late",
                                        "grave",
                                        "minor",
                                        "mei",
                                        "",
                                        "nowhere",
                                        "a name that is far too long to be kept in a case of ours"};
    return slice_text(PICK(chance, names));
}

static struct event any_event(struct chance *chance, const struct dispatch_case *state)
{
    struct event event = {.kind = roll(chance, EVENT_KIND_COUNT + 2),
                          .case_id = state->case_id + (roll(chance, 16) == 0),
                          .at_us = (int64_t)chance->seed};
    if (event_kind_service(event.kind) == SERVICE_WATCHDOG) {
        event.clocks.count = roll(chance, 2) ? 1 : UINT32_MAX;
        event.clocks.clocks[0].name = slice_text(PICK(chance, kinds_of_clock));
        event.clocks.clocks[0].due_us = (int64_t)chance->seed;
        return event;
    }
    if (event.kind == EVENT_OPENED) {
        event.opened.step = any_name(chance);
        event.opened.queue = any_name(chance);
        event.opened.priority = roll(chance, 7);
        return event;
    }
    const char *here = state->version > 0 ? policy_fixture()->steps[state->step].id : "";
    event.advanced.from_step = roll(chance, 8) ? slice_text(here) : any_name(chance);
    event.advanced.to_step = roll(chance, 2) ? event.advanced.from_step : any_name(chance);
    event.advanced.version = state->version + 1 + (roll(chance, 16) == 0);
    event.advanced.agent = roll(chance, 2) ? any_name(chance) : slice_text("");
    event.advanced.actor = any_name(chance);
    event.advanced.role = slice_text(PICK(chance, roles));
    event.advanced.queue = roll(chance, 2) ? any_name(chance) : slice_text("service");
    event.advanced.category = roll(chance, 4) ? slice_text("late") : any_name(chance);
    event.advanced.priority = roll(chance, 7);
    event.advanced.field_count = roll(chance, 2) ? 1 : UINT32_MAX;
    event.advanced.fields[0] =
        (struct event_field){.name = slice_text("level"), .value = any_name(chance)};
    return event;
}

static void whatever_events_turn_up_folding_them_is_total(void **unused)
{
    (void)unused;
    uint32_t taken = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct chance chance = {seed * UINT64_C(0x9e3779b97f4a7c15)};
        struct dispatch_case now;
        struct dispatch_case *state = &now;
        memset(&now, 0, sizeof now);
        for (int i = 0; i < EVENTS; i++) {
            struct event event = any_event(&chance, state);
            const struct dispatch_case before = *state;
            dispatch_evolve(policy_fixture(), state, &event);
            HOLDS(state->version == before.version || state->version == before.version + 1);
            HOLDS(state->version != before.version || dispatch_case_equal(state, &before));
            taken += state->version != before.version;
            if (state->version > 0) {
                keeps_its_invariants(seed, state);
            }
        }
    }
    assert_true(taken > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_people_do_the_case_keeps_its_rules),
        cmocka_unit_test(whatever_events_turn_up_folding_them_is_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
