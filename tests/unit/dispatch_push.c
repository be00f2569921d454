/*
 * Goal: a case that waits where its queue says `push: least-load` is offered, of those who could
 * claim it, to whoever holds the least of what he may; to nobody who is full, away, named by the
 * complaint or without the skill; first to whom it is kept for; and to the next where one does not
 * take it, to nobody twice in one step.
 *
 * Method: a policy and an organisation as texts through their loaders; every load is told.  Then
 * random desks against an oracle that chooses by a list of its own.  Every stream is folded again
 * from nothing and through the archive's bytes (laws 6, 8 and 11).
 */
#include "dispatch_loaded.h"
#include "dispatch_store_more.h"
#include "org_load.h"
#include "unit.h"

enum { MINUTE = 60, AN = 0, BO, CY, DEE, EVE, PEOPLE, DESKS = 400, STEPS = 60 };

static const char *const names[PEOPLE] = {"an", "bo", "cy", "dee", "eve"};

static const char policy_text[] =
    "policy: pushing\nversion: 1\ntitle: x\ncapacity: 3\nrepeat-window: 1 days\n"
    "reopen-window: 1 days\nroles: [agent, supervisor]\nchannels: {phone: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}, money: {title: x, patterns: [y]}}\n"
    "classes: {minor: {title: x, priority: 4}}\n"
    "fields: {concerns: {title: x, recuses: yes}}\n"
    "queues: {desk: {title: x, push: least-load}, back: {title: x}, heads: {title: x, push: "
    "least-load}}\n"
    "routes: [{queue: desk}]\n"
    "skills: [{skill: payments, level: 2, when: {categories: money}, steps: work,\n"
    "  relax: [{after: 60 minutes}]}]\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, affinity: 30 minutes, actions: {\n"
    "    accept: {title: x, fact: accepted, by: agent},\n"
    "    name: {title: x, fact: noted, by: supervisor, needs: [concerns]},\n"
    "    merge: {title: x, fact: merged, by: supervisor, to: closed},\n"
    "    put-off: {title: x, fact: handed_over, by: [agent, supervisor], queue: back},\n"
    "    sign: {title: x, fact: proposed, by: [agent, supervisor], to: signing, queue: heads},\n"
    "    end: {title: x, fact: closed, by: agent, to: closed}}}\n"
    "  signing: {title: x, phase: approval, owner: supervisor, actions: {\n"
    "    reject: {title: x, fact: rejected, by: supervisor, to: work, queue: by-routes}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    part: {title: x, fact: unmerged, by: supervisor},\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work, queue: by-routes}}}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: desk}\n"
    "calendars: {always: {zone: UTC, always: yes}}\n"
    "clocks:\n"
    "  offer: {title: x, starts: [offered], stops: [accepted, handed_over, proposed, closed],\n"
    "    within: 20 minutes, calendar: always, takes-back: yes, levels: [{breach: due}]}\n";

static const char org_text[] = "org: desk\nzone: UTC\nskills: [payments]\n"
                               "shifts: {night: {zone: UTC, hours: {mon-sun: 20:00-24:00}}}\n"
                               "agents:\n"
                               "  an: {roles: agent, capacity: 10, skills: {payments: 3}}\n"
                               "  bo: {roles: agent, capacity: 4}\n"
                               "  cy: {roles: agent, capacity: 4}\n"
                               "  dee: {roles: [supervisor], capacity: 4}\n"
                               "  eve: {roles: agent, shift: night, capacity: 9}\n";

static struct policy_object *policy;
static struct org_object *org;
static struct play play;
static struct dispatch_load loads[PEOPLE];
static char load_texts[PLAY_EVENTS_MAX][DISPATCH_LOAD_TEXT_SIZE]; /* lent to the events */
static uint64_t random_state;

static int set_up(void **state)
{
    (void)state;
    struct policy_report report;
    policy = policy_load_blind("pushing", slice_text(policy_text), 2024, 2025, &report);
    int loaded = play_loaded(policy, &report);
    org = org_load("desk", slice_text(org_text), 2024, 2025, &report);
    if (!org) {
        print_error("%s", report.text);
    }
    policy_report_done(&report);
    return org ? loaded : -1;
}

static int tear_down(void **state)
{
    (void)state;
    org_object_free(&org);
    return play_unload(&policy);
}

static void nobody_holds_anything(void)
{
    for (int i = 0; i < PEOPLE; i++) {
        assert_string_equal(org->org.agents[i].name, names[i]);
        loads[i] = (struct dispatch_load){.capacity = org->org.agents[i].capacity};
    }
}

static void begin(const char *category)
{
    nobody_holds_anything();
    play_open(&play, category, "minor", 4);
}

static void holds(int who, int32_t held)
{
    loads[who].held = held;
}

static enum dispatch_answer pushes(void)
{
    play.now_us += INT64_C(1000000) * MINUTE;
    const struct dispatch_input input = {.kind = DISPATCH_PUSH,
                                         .now_us = play.now_us,
                                         .org = &org->org,
                                         .loads = loads,
                                         .load_text = load_texts[play.count]};
    return play_input(&play, &input);
}

static void offered_to(int who, const char *load)
{
    assert_int_equal(pushes(), DISPATCH_APPEND);
    assert_int_equal(play.last.kind, EVENT_OFFERED);
    assert_string_equal(play.state.agent, names[who]);
    const struct event_advanced *advanced = &play.last.advanced;
    assert_true(slice_equal(advanced->fields[0].name, slice_text("@org")));
    assert_true(slice_equal(advanced->fields[1].name, slice_text("@load")));
    assert_true(slice_equal(advanced->fields[1].value, slice_text(load)));
    assert_int_equal(advanced->field_count, 2);
}

static enum dispatch_answer does(int who, const char *role, const char *action, const char *value)
{
    const struct event_field field = {.name = slice_text("concerns"), .value = slice_text(value)};
    struct dispatch_input input = play_command(&play, names[who], role, action);
    input.org = &org->org;
    input.fields = &field;
    input.field_count = value[0] ? 1 : 0;
    return play_input(&play, &input);
}

static void time_passes(void)
{
    struct event late = play_clock(&play, EVENT_CLOCK_BREACHED, "offer", 1, 4);
    assert_int_equal(play_event(&play, DISPATCH_CLOCK, &late), DISPATCH_APPEND);
}

static void end(void)
{
    uint8_t bytes[DISPATCH_MORE_SIZE];
    struct dispatch_more again;
    size_t size = dispatch_more_pack(&play.state.more, bytes);
    assert_true(dispatch_more_unpack(slice_of(bytes, size), &again));
    assert_memory_equal(&again, &play.state.more, sizeof again);
    play_end(&play);
}

static void whoever_holds_least_of_what_he_may_is_offered_it(void **state)
{
    (void)state;
    begin("late");
    holds(AN, 4); /* 4 of 10 is less than 2 of 4, and more than 1 of 4 */
    holds(BO, 2);
    holds(CY, 2);
    offered_to(AN, "4/10");
    assert_int_equal(does(BO, "agent", "accept", ""), DISPATCH_NOT_HOLDER);
    assert_int_equal(does(AN, "agent", "accept", ""), DISPATCH_APPEND);
    assert_int_equal(pushes(), DISPATCH_NOTHING); /* it waits no more */
    end();
    begin("late");
    holds(AN, 4);
    holds(BO, 2);
    holds(CY, 1);
    offered_to(CY, "1/4");
    end();
}

static void who_is_full_or_away_or_of_another_role_is_not_asked(void **state)
{
    (void)state;
    begin("late"); /* eve is not there, dee is no agent */
    holds(AN, 10);
    holds(BO, 4);
    holds(CY, 3);
    offered_to(CY, "3/4");
    end();
    begin("late");
    holds(AN, 10);
    holds(BO, 4);
    holds(CY, 5);
    assert_int_equal(pushes(), DISPATCH_NOTHING);
    holds(BO, 3);
    offered_to(BO, "3/4");
    end();
}

static void an_offer_that_is_not_taken_goes_to_the_next_and_to_nobody_twice(void **state)
{
    (void)state;
    begin("late");
    holds(BO, 1);
    holds(CY, 2);
    offered_to(AN, "0/10");
    time_passes();
    offered_to(BO, "1/4");
    assert_int_equal(does(BO, "agent", "release", ""), DISPATCH_APPEND);
    offered_to(CY, "2/4");
    time_passes();
    assert_int_equal(pushes(), DISPATCH_NOTHING); /* it waits for who claims it */
    assert_int_equal(does(AN, "agent", "claim", ""), DISPATCH_APPEND);
    assert_int_equal(does(AN, "agent", "sign", ""), DISPATCH_APPEND);
    assert_int_equal(play.state.more.passed, 0);
    end();
}

/* Whoever let it pass before, while or after it was merged is not asked again. */
static void an_offer_that_lapses_while_its_case_is_merged_was_one(void **state)
{
    (void)state;
    begin("late");
    holds(BO, 1);
    holds(CY, 2);
    offered_to(AN, "0/10");
    struct dispatch_input merge = play_command(&play, "dee", "supervisor", "merge");
    merge.other_case = case_id_make(5, 41);
    assert_int_equal(play_input(&play, &merge), DISPATCH_APPEND);
    assert_int_equal(pushes(), DISPATCH_NOTHING);
    time_passes();
    assert_int_equal(does(DEE, "supervisor", "part", ""), DISPATCH_APPEND);
    assert_string_equal(play.state.agent, "");
    offered_to(BO, "1/4");
    end();
}

static void a_claim_may_come_before_and_what_is_not_pushed_waits(void **state)
{
    (void)state;
    begin("late");
    assert_int_equal(does(CY, "agent", "claim", ""), DISPATCH_APPEND);
    assert_int_equal(pushes(), DISPATCH_NOTHING);
    assert_int_equal(does(CY, "agent", "put-off", ""), DISPATCH_APPEND);
    assert_int_equal(pushes(), DISPATCH_NOTHING);
    end();
}

static void where_nobody_can_accept_it_is_assigned(void **state)
{
    (void)state;
    begin("late");
    assert_int_equal(does(AN, "agent", "sign", ""), DISPATCH_APPEND);
    assert_int_equal(pushes(), DISPATCH_APPEND);
    assert_int_equal(play.last.kind, EVENT_ASSIGNED);
    assert_string_equal(play.state.agent, "dee");
    assert_int_equal(play.state.agent_role, 1);
    assert_int_equal(does(DEE, "supervisor", "reject", ""), DISPATCH_APPEND);
    end();
}

static void skills_conflicts_and_the_earlier_handler_are_asked_as_of_a_claim(void **state)
{
    (void)state;
    begin("money");
    holds(AN, 9);
    offered_to(AN, "9/10"); /* the only one who can */
    time_passes();
    assert_int_equal(pushes(), DISPATCH_NOTHING);
    play.now_us += INT64_C(1000000) * MINUTE * 60; /* now anybody can */
    holds(BO, 1);
    offered_to(CY, "0/4");
    end();
    begin("late");
    assert_int_equal(does(DEE, "supervisor", "name", "an"), DISPATCH_APPEND);
    holds(BO, 1);
    offered_to(CY, "0/4");
    end();
    begin("late");
    assert_int_equal(does(BO, "agent", "claim", ""), DISPATCH_APPEND);
    assert_int_equal(does(BO, "agent", "sign", ""), DISPATCH_APPEND);
    assert_int_equal(does(DEE, "supervisor", "claim", ""), DISPATCH_APPEND);
    assert_int_equal(does(DEE, "supervisor", "reject", ""), DISPATCH_APPEND);
    holds(BO, 3); /* kept for him, whoever has more room */
    offered_to(BO, "3/4");
    end();
}

static void without_an_organisation_nobody_is_asked(void **state)
{
    (void)state;
    begin("late");
    struct dispatch_input input = {.kind = DISPATCH_PUSH, .now_us = play.now_us, .loads = loads};
    assert_int_equal(play_input(&play, &input), DISPATCH_NOTHING);
    end();
}

/* ---- random desks ---- */

static unsigned below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((random_state >> 33) % limit);
}

/* The least share anybody has who may be asked; of 1000, or 1000 where nobody may. */
static int least(const bool asked[PEOPLE])
{
    int share = 1000;
    for (int i = AN; i <= CY; i++) {
        int his = (int)(loads[i].held * 1000 / loads[i].capacity);
        share = !asked[i] && his < share ? his : share;
    }
    return share;
}

static void desk(uint64_t seed, unsigned *offers, unsigned *firsts)
{
    bool asked[PEOPLE] = {false};
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15);
    begin("late");
    for (unsigned step = 0; step < STEPS; step++) {
        for (int i = 0; i < PEOPLE; i++) {
            holds(i, (int32_t)below((unsigned)loads[i].capacity + 2));
        }
        int share = least(asked);
        enum dispatch_answer answer = pushes();
        if ((answer == DISPATCH_APPEND) != (share < 1000)) {
            fail_msg("seed %llu: offered %d, least %d", (unsigned long long)seed, answer, share);
        }
        if (answer != DISPATCH_APPEND) {
            continue;
        }
        int who = AN;
        while (strcmp(play.state.agent, names[who]) != 0) {
            who++;
        }
        assert_true(who <= CY && !asked[who]);
        assert_true(loads[who].held < loads[who].capacity);
        assert_int_equal(loads[who].held * 1000 / loads[who].capacity, share);
        asked[who] = true;
        firsts[who]++;
        *offers += 1;
        if (below(2)) {
            time_passes();
        } else {
            assert_int_equal(does(who, "agent", "release", ""), DISPATCH_APPEND);
        }
    }
    end();
}

static void of_random_desks_the_least_loaded_is_asked_each_time(void **state)
{
    (void)state;
    unsigned offers = 0;
    unsigned firsts[PEOPLE] = {0};
    for (uint64_t seed = 1; seed <= DESKS; seed++) {
        desk(seed, &offers, firsts);
    }
    assert_true(offers > DESKS * 2);
    assert_true(firsts[AN] > DESKS / 2 && firsts[BO] > DESKS / 2 && firsts[CY] > DESKS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_holds_least_of_what_he_may_is_offered_it),
        cmocka_unit_test(who_is_full_or_away_or_of_another_role_is_not_asked),
        cmocka_unit_test(an_offer_that_is_not_taken_goes_to_the_next_and_to_nobody_twice),
        cmocka_unit_test(an_offer_that_lapses_while_its_case_is_merged_was_one),
        cmocka_unit_test(a_claim_may_come_before_and_what_is_not_pushed_waits),
        cmocka_unit_test(where_nobody_can_accept_it_is_assigned),
        cmocka_unit_test(skills_conflicts_and_the_earlier_handler_are_asked_as_of_a_claim),
        cmocka_unit_test(without_an_organisation_nobody_is_asked),
        cmocka_unit_test(of_random_desks_the_least_loaded_is_asked_each_time),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
