/*
 * Goal: a waiting case goes to whom it is for: nobody takes it beyond his skill before it relaxes,
 * after that somebody does; who handled it before, or manages the customer's account, has it to
 * himself for as long as the policy says and no longer; and who is not there is not waited for.
 *
 * Method: policy/people.yaml and org/desk.yaml as their loaders read them; stories at told
 * instants, then random desks against an oracle that reads the rules off again by hand.  Every
 * stream is folded again from nothing and through the archive's bytes (laws 6, 8 and 11).
 */
#include "dispatch_core_fit.h"
#include "dispatch_loaded.h"
#include "dispatch_store_more.h"
#include "golden.h"
#include "org_load.h"
#include "unit.h"

enum { YAML_MAX = 64 * 1024, MINUTE = 60, HOUR = 3600, MILL = 0x400, STRANGER = 77 };

static struct policy_object *policy;
static struct org_object *org;
static struct play play;
static int64_t begun_us;

static struct slice file_text(const char *path)
{
    static char bytes[YAML_MAX];
    size_t size = golden_read(path, bytes, sizeof bytes);
    assert_true(size > 0);
    return slice_of(bytes, size);
}

static int set_up(void **state)
{
    (void)state;
    struct policy_report report;
    policy = policy_load("people", file_text(PEOPLE_POLICY), 2024, 2025, &report);
    int loaded = play_loaded(policy, &report);
    org = org_load("desk", file_text(PEOPLE_ORG), 2024, 2025, &report);
    policy_report_done(&report);
    return org ? loaded : -1;
}

static int tear_down(void **state)
{
    (void)state;
    org_object_free(&org);
    return play_unload(&policy);
}

/* A case of this customer in the step work. */
static void begin(const char *category, enum language language, uint64_t customer)
{
    play_init(&play);
    begun_us = play.now_us;
    struct event triaged = play_triaged(category, "minor", 4);
    triaged.triaged.language = language;
    triaged.triaged.customer = customer;
    assert_int_equal(play_event(&play, DISPATCH_TRIAGED, &triaged), DISPATCH_APPEND);
}

/* So many minutes after the beginning. */
static enum dispatch_answer
at(int64_t minute, const char *actor, const char *role, const char *action)
{
    play.now_us = begun_us + minute * MINUTE * 1000000;
    struct dispatch_input input = play_command(&play, actor, role, action);
    input.org = org ? &org->org : NULL;
    struct dispatch_permit permit = dispatch_may(&policy->policy, &play.state, &input, false);
    enum dispatch_answer answer = play_input(&play, &input);
    assert_int_equal(permit.answer, answer); /* told before as it is done */
    return answer;
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

static void refused_for(const char *what)
{
    assert_true(slice_equal(play.refused, slice_text(what)));
}

static void a_skill_is_asked_for_less_and_less_until_anybody_may(void **state)
{
    (void)state;
    begin("service", LANGUAGE_EN, STRANGER);
    assert_int_equal(at(29, "bo", "agent", "claim"), DISPATCH_SKILL);
    refused_for("english");
    assert_int_equal(at(59, "bo", "agent", "claim"), DISPATCH_SKILL);
    assert_int_equal(at(119, "cy", "agent", "claim"), DISPATCH_SKILL);
    assert_int_equal(at(120, "cy", "agent", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_EN, STRANGER);
    assert_int_equal(at(60, "bo", "agent", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_EN, STRANGER);
    assert_int_equal(at(0, "an", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void who_is_told_what_is_lacking_is_told_how_much_and_how_long(void **state)
{
    (void)state;
    begin("service", LANGUAGE_OTHER, STRANGER);
    struct dispatch_input input = play_command(&play, "cy", "agent", "claim");
    input.org = &org->org;
    input.now_us = begun_us + 40LL * MINUTE * 1000000;
    struct dispatch_permit permit = dispatch_may(&policy->policy, &play.state, &input, true);
    assert_int_equal(permit.answer, DISPATCH_SKILL);
    assert_int_equal(permit.level, 2);
    assert_int_equal(permit.until_us, begun_us + 60LL * MINUTE * 1000000);
    assert_int_equal(permit.roles, 1);
    end();
}

static void a_skill_without_a_relaxing_is_asked_for_as_long_as_the_case_waits(void **state)
{
    (void)state;
    begin("payment", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(100000, "cy", "agent", "claim"), DISPATCH_SKILL);
    refused_for("payments");
    assert_int_equal(at(100000, "an", "agent", "claim"), DISPATCH_APPEND);
    /* of other languages, kinds and steps nobody is asked */
    assert_int_equal(at(100001, "an", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(100002, "dee", "supervisor", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(1, "cy", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void without_an_organisation_no_skill_is_asked_for(void **state)
{
    (void)state;
    struct org_object *kept = org;
    org = NULL;
    begin("payment", LANGUAGE_EN, MILL);
    assert_int_equal(at(1, "whoever", "agent", "claim"), DISPATCH_APPEND);
    /* the earlier handler is known without one */
    assert_int_equal(at(2, "whoever", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(3, "boss", "supervisor", "reject"), DISPATCH_APPEND);
    assert_int_equal(at(22, "other", "agent", "claim"), DISPATCH_KEPT);
    assert_int_equal(at(23, "other", "agent", "claim"), DISPATCH_APPEND);
    org = kept;
    end();
}

static void back_from_approval_a_case_is_kept_for_who_had_it(void **state)
{
    (void)state;
    begin("service", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(0, "cy", "agent", "claim"), DISPATCH_APPEND);
    assert_int_equal(at(5, "cy", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(6, "dee", "supervisor", "claim"), DISPATCH_APPEND);
    assert_int_equal(at(10, "dee", "supervisor", "reject"), DISPATCH_APPEND);
    assert_int_equal(at(29, "an", "agent", "claim"), DISPATCH_KEPT);
    refused_for("cy");
    assert_int_equal(at(29, "cy", "agent", "claim"), DISPATCH_APPEND);
    /* what he gives back himself is not kept for him */
    assert_int_equal(at(29, "cy", "agent", "release"), DISPATCH_APPEND);
    assert_int_equal(at(29, "an", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void reopened_it_goes_to_the_earlier_handler_but_not_to_review_by_him(void **state)
{
    (void)state;
    begin("service", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(0, "cy", "agent", "claim"), DISPATCH_APPEND);
    assert_int_equal(at(1, "cy", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(2, "dee", "supervisor", "approve"), DISPATCH_APPEND);
    assert_int_equal(at(600, "dee", "supervisor", "reopen"), DISPATCH_APPEND);
    assert_int_equal(at(610, "an", "agent", "claim"), DISPATCH_KEPT);
    assert_int_equal(at(610, "cy", "agent", "claim"), DISPATCH_APPEND);
    assert_int_equal(at(611, "cy", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(612, "dee", "supervisor", "approve"), DISPATCH_APPEND);
    assert_int_equal(at(613, "dee", "supervisor", "complain"), DISPATCH_APPEND);
    assert_int_equal(at(614, "cy", "agent", "claim"), DISPATCH_EARLIER_HANDLER);
    assert_int_equal(at(614, "an", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void nobody_waits_for_who_is_not_there(void **state)
{
    (void)state;
    begin("service", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(0, "bo", "agent", "claim"), DISPATCH_APPEND);
    assert_int_equal(at(1, "bo", "agent", "propose"), DISPATCH_APPEND);
    /* the day bo is away cy stands in for him: it is kept for cy, and for nobody else */
    int64_t away = 23LL * 60;
    assert_int_equal(at(away, "dee", "supervisor", "reject"), DISPATCH_APPEND);
    assert_int_equal(at(away + 1, "an", "agent", "claim"), DISPATCH_KEPT);
    assert_int_equal(at(away + 1, "cy", "agent", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_ZH_HANS, STRANGER);
    assert_int_equal(at(19LL * 60, "eve", "agent", "claim"), DISPATCH_APPEND); /* 21:00 in UTC */
    assert_int_equal(at(19LL * 60 + 1, "eve", "agent", "propose"), DISPATCH_APPEND);
    assert_int_equal(at(24LL * 60, "dee", "supervisor", "reject"), DISPATCH_APPEND);
    assert_int_equal(at(24LL * 60 + 1, "an", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void a_key_account_is_its_managers_or_the_deputys_for_a_while(void **state)
{
    (void)state;
    begin("service", LANGUAGE_ZH_HANS, MILL);
    assert_int_equal(at(239, "an", "agent", "claim"), DISPATCH_KEPT);
    refused_for("bo");
    assert_int_equal(at(239, "dee", "agent", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_ZH_HANS, MILL);
    assert_int_equal(at(0, "bo", "agent", "claim"), DISPATCH_APPEND);
    end();
    begin("service", LANGUAGE_ZH_HANS, MILL);
    assert_int_equal(at(240, "an", "agent", "claim"), DISPATCH_APPEND);
    end();
}

static void the_next_complaint_of_a_customer_is_kept_for_who_handled_the_last(void **state)
{
    (void)state;
    play_init(&play);
    begun_us = play.now_us;
    struct event triaged = play_triaged("service", "minor", 4);
    const struct dispatch_input input = {.kind = DISPATCH_TRIAGED,
                                         .now_us = play.now_us,
                                         .event = &triaged,
                                         .earlier_handler = slice_text("an")};
    assert_int_equal(play_input(&play, &input), DISPATCH_APPEND);
    assert_true(slice_equal(play.last.opened.handler, slice_text("an")));
    assert_int_equal(at(19, "cy", "agent", "claim"), DISPATCH_KEPT);
    assert_int_equal(at(20, "cy", "agent", "claim"), DISPATCH_APPEND);
    end();
}

/* ---- random desks ---- */

enum { ROUNDS = 60, CASES = 24, AGENTS = 6, TRIES = 1200 };

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % below);
}

/* What the file says, read off by hand: levels of English by minutes waited. */
static unsigned english_after(int64_t minutes)
{
    return minutes < 30 ? 3 : minutes < 60 ? 2 : minutes < 120 ? 1 : 0;
}

struct desk {
    struct org org;
    struct org_agent agents[AGENTS];
    uint16_t by_name[AGENTS];
    struct org_skill skills[AGENTS][2];
    unsigned level[AGENTS][2], held[AGENTS], capacity[AGENTS];
    struct dispatch_case cases[CASES];
    unsigned refused[2]; /* for a skill; for room */
};

static void desk_begin(struct desk *desk)
{
    static const char skill_names[][POLICY_NAME_MAX] = {"english", "payments"};
    static const char roles[][POLICY_NAME_MAX] = {"agent"};
    memset(desk, 0, sizeof *desk);
    for (unsigned i = 0; i < AGENTS; i++) {
        struct org_agent *agent = &desk->agents[i];
        *agent = (struct org_agent){.department = ORG_NONE,
                                    .shift = ORG_NONE,
                                    .deputy = ORG_NONE,
                                    .role_count = 1,
                                    .roles = roles,
                                    .skills = desk->skills[i]};
        (void)snprintf(agent->name, sizeof agent->name, "%c", 'a' + i);
        for (uint16_t s = 0; s < 2; s++) {
            desk->level[i][s] = i == 0 ? 1 : chance(4); /* somebody can do a little of each */
            if (desk->level[i][s] > 0) {
                desk->skills[i][agent->skill_count++] =
                    (struct org_skill){s, (uint8_t)desk->level[i][s]};
            }
        }
        desk->by_name[i] = (uint16_t)i;
        desk->capacity[i] = 1 + chance(4);
    }
    desk->org = (struct org){.agent_count = AGENTS,
                             .agents = desk->agents,
                             .by_name = desk->by_name,
                             .skill_count = 2,
                             .skills = skill_names,
                             .role_count = 1,
                             .roles = roles};
}

static void case_open(struct dispatch_case *state, unsigned number, int64_t now_us)
{
    struct event triaged = play_triaged(chance(3) == 0 ? "payment" : "service", "minor", 4);
    struct event out;
    struct slice refused;
    triaged.case_id = case_id_make(5, number + 1);
    triaged.triaged.language = chance(2) == 0 ? LANGUAGE_EN : LANGUAGE_ZH_HANS;
    const struct dispatch_input input = {
        .kind = DISPATCH_TRIAGED, .now_us = now_us, .event = &triaged};
    assert_int_equal(dispatch_decide(&policy->policy, state, &input, &out, &refused),
                     DISPATCH_APPEND);
    dispatch_evolve(&policy->policy, state, &out);
}

/* One person tries to take one case. */
static bool take(struct desk *desk, unsigned agent, struct dispatch_case *state, int64_t now_us)
{
    struct event out;
    struct slice refused;
    struct dispatch_input input = {.kind = DISPATCH_CLAIM,
                                   .now_us = now_us,
                                   .actor = slice_text(desk->agents[agent].name),
                                   .role = slice_text("agent"),
                                   .command_id = slice_text("0123456789abcdef"),
                                   .agent_has_capacity = desk->held[agent] < desk->capacity[agent],
                                   .org = &desk->org};
    int64_t waited = (now_us - state->step_since_us) / (MINUTE * 1000000LL);
    bool english = state->language != LANGUAGE_EN || desk->level[agent][0] >= english_after(waited);
    bool payments =
        state->category != policy_category_index(&policy->policy, slice_text("payment")) ||
        desk->level[agent][1] >= 1;
    enum dispatch_answer answer = dispatch_decide(&policy->policy, state, &input, &out, &refused);
    enum dispatch_answer wanted = !english || !payments       ? DISPATCH_SKILL
                                  : !input.agent_has_capacity ? DISPATCH_NO_CAPACITY
                                                              : DISPATCH_APPEND;
    assert_int_equal(answer, wanted);
    desk->refused[0] += answer == DISPATCH_SKILL;
    desk->refused[1] += answer == DISPATCH_NO_CAPACITY;
    if (answer == DISPATCH_APPEND) {
        dispatch_evolve(&policy->policy, state, &out);
        desk->held[agent]++;
    }
    assert_true(desk->held[agent] <= desk->capacity[agent]);
    return answer == DISPATCH_APPEND;
}

static void leave(struct desk *desk, struct dispatch_case *state, int64_t now_us)
{
    struct event out;
    struct slice refused;
    unsigned agent = (unsigned)(state->agent[0] - 'a');
    struct dispatch_input input = {.kind = DISPATCH_ACTION,
                                   .now_us = now_us,
                                   .actor = slice_text(desk->agents[agent].name),
                                   .role = slice_text("agent"),
                                   .action = slice_text("propose"),
                                   .command_id = slice_text("0123456789abcdef"),
                                   .org = &desk->org};
    assert_int_equal(dispatch_decide(&policy->policy, state, &input, &out, &refused),
                     DISPATCH_APPEND);
    dispatch_evolve(&policy->policy, state, &out);
    desk->held[agent]--;
}

static void random_desks_keep_to_skills_and_room_and_leave_nobody_waiting(void **state)
{
    (void)state;
    static struct desk desk;
    unsigned taken = 0;
    unsigned refused[2] = {0, 0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = 0x9e3779b97f4a7c15U * (round + 1);
        int64_t now_us = fixture_at_us(2024, 3, 13, 10, 0);
        desk_begin(&desk);
        for (unsigned i = 0; i < CASES; i++) {
            now_us += (int64_t)chance(10) * MINUTE * 1000000;
            case_open(&desk.cases[i], i, now_us);
        }
        for (unsigned i = 0; i < TRIES; i++) {
            struct dispatch_case *one = &desk.cases[chance(CASES)];
            now_us += (int64_t)chance(20) * 1000000;
            if (one->agent[0] != '\0' && chance(4) == 0) {
                leave(&desk, one, now_us);
            } else if (one->queue != POLICY_NONE &&
                       one->step == policy_step_index(&policy->policy, slice_text("work"))) {
                taken += take(&desk, chance(AGENTS), one, now_us);
            }
        }
        /* two hours later the one who can do a little of everything empties the desk */
        now_us += 2LL * HOUR * 1000000;
        for (unsigned i = 0; i < CASES; i++) {
            struct dispatch_case *one = &desk.cases[i];
            if (one->agent[0] != '\0') {
                leave(&desk, one, now_us);
            }
        }
        for (unsigned i = 0; i < CASES; i++) {
            struct dispatch_case *one = &desk.cases[i];
            if (one->step == policy_step_index(&policy->policy, slice_text("work"))) {
                assert_true(take(&desk, 0, one, now_us));
                leave(&desk, one, now_us);
            }
        }
        refused[0] += desk.refused[0];
        refused[1] += desk.refused[1];
    }
    assert_true(taken > ROUNDS && refused[0] > ROUNDS && refused[1] > ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_skill_is_asked_for_less_and_less_until_anybody_may),
        cmocka_unit_test(who_is_told_what_is_lacking_is_told_how_much_and_how_long),
        cmocka_unit_test(a_skill_without_a_relaxing_is_asked_for_as_long_as_the_case_waits),
        cmocka_unit_test(without_an_organisation_no_skill_is_asked_for),
        cmocka_unit_test(back_from_approval_a_case_is_kept_for_who_had_it),
        cmocka_unit_test(reopened_it_goes_to_the_earlier_handler_but_not_to_review_by_him),
        cmocka_unit_test(nobody_waits_for_who_is_not_there),
        cmocka_unit_test(a_key_account_is_its_managers_or_the_deputys_for_a_while),
        cmocka_unit_test(the_next_complaint_of_a_customer_is_kept_for_who_handled_the_last),
        cmocka_unit_test(random_desks_keep_to_skills_and_room_and_leave_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
