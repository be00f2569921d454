/*
 * Goal: what is sealed is read by whom the policy lets and nobody else, and the record says by whom
 * and what (law 10); reading is no work: the case stands as it stood but for its version, so that
 * refolding finds the next event (laws 3, 8); who may is data (law 11).
 *
 * Method: two shipped policies, one that names its readers and one that does not; a case laid out
 * by hand; the places of a command against ways to write them.
 *
 * Planted: the fold left to the rules of actions; duplicates let through; a role nobody in the
 * organisation has.
 */
#include "dispatch_core_read.h"
#include "dispatch_core_rules.h"
#include "dispatch_store_more.h"
#include "org_load.h"
#include "policy_shipped.h"
#include "unit.h"

static struct policy_object *objects[2];

static int load(void **state)
{
    (void)state;
    static const char *const names[] = {"general-service.yaml", "loyalty-points.yaml"};
    for (size_t i = 0; i < 2; i++) {
        struct policy_report report;
        objects[i] = shipped_load(POLICIES, names[i], 2026, 2027, true, &report);
        policy_report_done(&report);
        if (!objects[i]) {
            return -1;
        }
    }
    return 0;
}

static int unload(void **state)
{
    (void)state;
    policy_object_free(&objects[0]);
    policy_object_free(&objects[1]);
    return 0;
}

static const struct policy *shipped(int which)
{
    return &objects[which]->policy;
}

static struct dispatch_case open_case(const struct policy *policy)
{
    return (struct dispatch_case){.case_id = 1,
                                  .customer = 4711,
                                  .version = 3,
                                  .step = policy->first_step,
                                  .queue = 0,
                                  .home_queue = 0,
                                  .category = 0,
                                  .class_index = 0,
                                  .priority = 3,
                                  .updated_at_us = 5,
                                  .agent_role = POLICY_NONE};
}

static struct event_field fields[3];

static struct dispatch_input asked(const char *role, const char *what)
{
    fields[0] = (struct event_field){slice_text("what"), slice_text(what), {0}};
    return (struct dispatch_input){.kind = DISPATCH_READ,
                                   .now_us = 7,
                                   .actor = slice_text("ann"),
                                   .role = slice_text(role),
                                   .action = slice_text("read"),
                                   .field_count = 1,
                                   .fields = fields};
}

static struct event out;
static struct slice refused;

/* And, where it may be, folds it: nothing changes but what counts on. */
static enum dispatch_answer
ask(const struct policy *policy, struct dispatch_case *one, const struct dispatch_input *input)
{
    struct dispatch_case before = *one;
    enum dispatch_answer answer = dispatch_decide(policy, one, input, &out, &refused);
    if (answer == DISPATCH_APPEND) {
        assert_int_equal(out.kind, EVENT_READ);
        dispatch_evolve(policy, one, &out);
        before.version++;
        before.updated_at_us = out.at_us;
    }
    assert_memory_equal(one, &before, sizeof before);
    return answer;
}

static void places_are_written_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t count; /* 0: refused */
        uint64_t first;
    } cases[] = {
        {"complaint",                                 1,  0                 },
        {"complaint 12 40",                           3,  0                 },
        {"12 complaint",                              2,  12                },
        {"999999999999999999",                        1,  999999999999999999},
        {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",    16, 1                 },
        {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 0,  0                 },
        {"",                                          0,  0                 },
        {" ",                                         0,  0                 },
        {"complaint ",                                0,  0                 },
        {" complaint",                                0,  0                 },
        {"1  2",                                      0,  0                 },
        {"0",                                         0,  0                 },
        {"01",                                        0,  0                 },
        {"-1",                                        0,  0                 },
        {"1 2 1",                                     0,  0                 },
        {"complaint complaint",                       0,  0                 },
        {"Complaint",                                 0,  0                 },
        {"1000000000000000000",                       0,  0                 },
        {"12\t40",                                    0,  0                 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t places[DISPATCH_READ_MAX];
        uint32_t count = 0;
        bool good = dispatch_read_places(slice_text(cases[i].what), places, &count);
        if (good != (cases[i].count > 0) ||
            (good && (count != cases[i].count || places[0] != cases[i].first))) {
            fail_msg("'%s': %d, %u", cases[i].what, good, count);
        }
    }
}

static void the_policy_says_who_reads(void **state)
{
    (void)state;
    static const struct {
        int policy;
        const char *role;
        enum dispatch_answer answer;
    } cases[] = {
        {0, "agent",           DISPATCH_APPEND      },
        {0, "data-protection", DISPATCH_APPEND      }, /* owns no step, and is named */
        {0, "manager",         DISPATCH_ROLE_MAY_NOT},
        {0, "customer",        DISPATCH_ROLE_MAY_NOT},
        {0, "nobody",          DISPATCH_ROLE_MAY_NOT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dispatch_case one = open_case(shipped(cases[i].policy));
        const struct dispatch_input input = asked(cases[i].role, "complaint");
        assert_int_equal(ask(shipped(cases[i].policy), &one, &input), cases[i].answer);
    }
    const struct policy *unsaid = shipped(1);
    for (uint16_t role = 0; role < unsaid->role_count; role++) {
        bool owns = false;
        for (uint16_t i = 0; i < unsaid->step_count; i++) {
            owns = owns || unsaid->steps[i].owner_role == role;
        }
        struct dispatch_case one = open_case(unsaid);
        const struct dispatch_input input = asked(unsaid->roles[role], "complaint");
        bool deputy = policy_role_in(unsaid, unsaid->readers, role);
        assert_int_equal(ask(unsaid, &one, &input) == DISPATCH_APPEND, owns || deputy);
    }
}

static void whom_it_names_and_what_is_erased_are_refused(void **state)
{
    (void)state;
    const struct policy *policy = shipped(0);
    struct dispatch_case one = open_case(policy);
    const struct dispatch_input input = asked("agent", "complaint");
    one.more.erased_at_us = 6;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_ERASED);
    one = open_case(policy);
    one.more.people[2] = rules_person_hash(slice_text("ann"));
    one.more.concerned = 1U << 2;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_RECUSED);
    one = open_case(policy);
    one.version = 0; /* not opened yet */
    assert_int_equal(ask(policy, &one, &input), DISPATCH_ACTION_UNKNOWN);
    one = open_case(policy);
    one.closed_at_us = 4; /* closed is no reason */
    one.step = policy_step_index(policy, slice_text("closed"));
    one.queue = POLICY_NONE;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_APPEND);
}

static void the_record_says_what_and_what_for_and_nothing_else(void **state)
{
    (void)state;
    const struct policy *policy = shipped(0);
    struct dispatch_case one = open_case(policy);
    struct dispatch_input input = asked("agent", "complaint 2");
    fields[1] = (struct event_field){slice_text("reason"), slice_text("to call back"), {0}};
    input.field_count = 2;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_APPEND);
    assert_int_equal(out.advanced.field_count, 2);
    assert_true(slice_equal(out.advanced.actor, slice_text("ann")));
    assert_true(slice_equal(out.advanced.action, slice_text("read")));
    assert_true(slice_equal(out.advanced.fields[0].value, slice_text("complaint 2")));
    assert_true(slice_equal(out.advanced.fields[1].value, slice_text("to call back")));
    fields[2] = fields[1];
    input.field_count = 3;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_FIELD_INVALID);
    fields[1] = (struct event_field){slice_text("phone"), slice_text("139"), {0}};
    input.field_count = 2;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_FIELD_UNKNOWN);
    fields[1] = fields[0];
    assert_int_equal(ask(policy, &one, &input), DISPATCH_FIELD_INVALID);
    input.field_count = 0;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_FIELD_MISSING);
    input = asked("agent", "complaint");
    input.bad_field = slice_text("note");
    assert_int_equal(ask(policy, &one, &input), DISPATCH_FIELD_UNKNOWN);
}

/* As of erasing: nobody works here who has the role, so whoever says he has it is nobody. */
static void a_role_nobody_here_has_reads_nothing(void **state)
{
    (void)state;
    static const char text[] = "org: house\nzone: UTC\nagents: {ann: {roles: supervisor}}\n";
    struct policy_report report = {0};
    struct org_object *org = org_load("house", slice_text(text), 2026, 2027, &report);
    if (!org) {
        fail_msg("%s", report.text ? report.text : "no organisation");
    }
    policy_report_done(&report);
    const struct policy *policy = shipped(0);
    struct dispatch_case one = open_case(policy);
    struct dispatch_input input = asked("agent", "complaint");
    input.org = &org->org;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_ROLE_NOT_HIS);
    input = asked("supervisor", "complaint");
    input.org = &org->org;
    assert_int_equal(ask(policy, &one, &input), DISPATCH_APPEND);
    org_object_free(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_written_one_way),
        cmocka_unit_test(the_policy_says_who_reads),
        cmocka_unit_test(whom_it_names_and_what_is_erased_are_refused),
        cmocka_unit_test(the_record_says_what_and_what_for_and_nothing_else),
        cmocka_unit_test(a_role_nobody_here_has_reads_nothing),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
