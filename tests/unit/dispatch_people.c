/*
 * Goal: with an organisation nobody takes or is given work he is not there for, nobody speaks in a
 * role that is not his, who is on leave is represented, and every event says by which version that
 * was decided; without one nothing is asked.
 *
 * Method: one case of the fixture policy, commands by people of an organisation laid out by hand,
 * at moments around a leave and a shift; the events are folded again at the end (law 8).
 */
#include "dispatch_play.h"
#include "org.h"
#include "unit.h"

#define SECONDS 1000000LL

enum { HOUR = 3600, DAY = 24 * HOUR };

/* Of a moment the tests call 0: at work for eight hours from then, on leave two days later. */
static struct calendar_interval hours[2];
static struct org_leave leave;
static const char handler[][POLICY_NAME_MAX] = {"handler"};
static const char supervisor[][POLICY_NAME_MAX] = {"supervisor"};
static const char customer[][POLICY_NAME_MAX] = {"customer"};
static const char both[][POLICY_NAME_MAX] = {"handler", "supervisor"};
enum { HAN, LIN, WANG, ZHAO, PEOPLE };
static struct org_agent people[PEOPLE];
static struct org_shift shift;
static struct calendar_day days[4];
static const uint16_t by_name[PEOPLE] = {HAN, LIN, WANG, ZHAO};
static struct org org;

static struct org_agent person(const char *name, const char (*roles)[POLICY_NAME_MAX], int count)
{
    struct org_agent agent = {.department = ORG_NONE,
                              .shift = ORG_NONE,
                              .deputy = ORG_NONE,
                              .capacity = -1,
                              .role_count = (uint16_t)count,
                              .roles = roles};
    (void)snprintf(agent.name, sizeof agent.name, "%s", name);
    return agent;
}

static void org_begin(int64_t now_s)
{
    hours[0] = (struct calendar_interval){now_s - DAY, now_s - DAY + 8 * HOUR, 0};
    hours[1] = (struct calendar_interval){now_s, now_s + 8 * HOUR, 8 * HOUR};
    for (int i = 0; i < 4; i++) {
        days[i] = (struct calendar_day){.midnight_s = now_s + (i - 1) * DAY};
    }
    shift = (struct org_shift){.id = "day"};
    shift.hours =
        (struct calendar){.interval_count = 2, .intervals = hours, .day_count = 4, .days = days};
    leave = (struct org_leave){.from_s = now_s + 2 * DAY, .until_s = now_s + 3 * DAY};
    people[HAN] = person("han", handler, 1);
    people[LIN] = person("lin", supervisor, 1);
    people[WANG] = person("wang", handler, 1);
    people[ZHAO] = person("zhao", both, 2);
    people[LIN].deputy = HAN;
    people[WANG].deputy = HAN;
    people[LIN].leaves = people[WANG].leaves = &leave;
    people[LIN].leave_count = people[WANG].leave_count = 1;
    org = (struct org){.version = 7,
                       .version_text = "7",
                       .agent_count = PEOPLE,
                       .agents = people,
                       .by_name = by_name,
                       .role_count = 2,
                       .roles = both,
                       .shift_count = 1,
                       .shifts = &shift};
}

static struct play play;
static int64_t begun_us;

static void begin(void)
{
    play_open(&play, "billing.overcharge", "serious", 2);
    begun_us = play.now_us;
    org_begin(begun_us / SECONDS);
}

/* So many hours after the beginning. */
static enum dispatch_answer
at(int64_t hour, const char *actor, const char *role, const char *action, bool with_org)
{
    play.now_us = begun_us + hour * HOUR * SECONDS;
    struct dispatch_input input = play_command(&play, actor, role, action);
    input.agent_has_capacity = true;
    input.org = with_org ? &org : NULL;
    return play_input(&play, &input);
}

/* The value of a field of the last event, or NULL. */
static bool recorded(const char *name, const char *value)
{
    const struct event_advanced *advanced = &play.last.advanced;
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text(name))) {
            return value && slice_equal(advanced->fields[i].value, slice_text(value));
        }
    }
    return !value;
}

static void a_claim_counts_when_the_person_is_there(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(1, "ma", "handler", "claim", true), DISPATCH_PERSON_UNKNOWN);
    assert_int_equal(at(1, "lin", "handler", "claim", true), DISPATCH_ROLE_NOT_HIS);
    assert_int_equal(at(49, "wang", "handler", "claim", true), DISPATCH_ON_LEAVE);
    assert_int_equal(at(73, "wang", "handler", "claim", true), DISPATCH_APPEND);
    assert_true(recorded("@org", "7") && recorded("@deputy-of", NULL));
    play_end(&play);
}

static void a_claim_out_of_the_shift_is_refused(void **state)
{
    (void)state;
    begin();
    people[WANG].shift = 0;
    people[WANG].leave_count = 0;
    assert_int_equal(at(9, "wang", "handler", "claim", true), DISPATCH_OFF_SHIFT);
    assert_int_equal(at(8, "wang", "handler", "claim", true), DISPATCH_OFF_SHIFT);
    /* beyond what its calendar was compiled for nobody is kept away */
    assert_int_equal(at(100, "wang", "handler", "claim", true), DISPATCH_APPEND);
    begin();
    people[WANG].shift = 0;
    assert_int_equal(at(1, "wang", "handler", "claim", true), DISPATCH_APPEND);
    play_end(&play);
}

static void without_an_organisation_nothing_is_asked_or_recorded(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(49, "ma", "handler", "claim", false), DISPATCH_APPEND);
    assert_true(recorded("@org", NULL));
    play_end(&play);
}

static void who_is_on_leave_is_represented_and_the_event_says_so(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(1, "wang", "handler", "claim", true), DISPATCH_APPEND);
    assert_int_equal(at(2, "han", "handler", "release", true), DISPATCH_NOT_HOLDER);
    assert_int_equal(at(49, "zhao", "handler", "release", true), DISPATCH_NOT_HOLDER);
    assert_int_equal(at(49, "han", "handler", "release", true), DISPATCH_APPEND);
    assert_true(recorded("@deputy-of", "wang"));
    assert_int_equal(at(50, "ma", "supervisor", "release", true), DISPATCH_NOT_HOLDER);
    play_end(&play);
}

static void who_is_refused_as_not_the_holder_is_told_who_is(void **state)
{
    (void)state;
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "handler", "note", .to = DISPATCH_APPEND});
    PLAY_ONE(&play, {"boss", "supervisor", "release", .to = DISPATCH_NOT_HOLDER});
    assert_int_equal(play.refused.size, 0); /* nobody */
    PLAY_ONE(&play, {"mei", "handler", "claim", .to = DISPATCH_APPEND});
    static const struct beat story[] = {
        {"li",   "handler",    "note",    .to = DISPATCH_NOT_HOLDER},
        {"boss", "supervisor", "release", .to = DISPATCH_NOT_HOLDER},
    };
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        play_beats(&play, &story[i], 1);
        assert_true(slice_equal(play.refused, slice_text("mei")));
        struct dispatch_input input =
            play_command(&play, story[i].actor, story[i].role, story[i].action);
        struct dispatch_permit permit = dispatch_may(policy_fixture(), &play.state, &input, true);
        assert_int_equal(permit.answer, DISPATCH_NOT_HOLDER);
        assert_true(slice_equal(permit.what, slice_text("mei")));
    }
    play_end(&play);
}

static void a_deputy_acts_in_the_role_of_who_is_away_and_then_no_longer(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(1, "han", "supervisor", "approve", true), DISPATCH_ROLE_NOT_HIS);
    /* the role is granted: what refuses now is the step */
    assert_int_equal(at(49, "han", "supervisor", "approve", true), DISPATCH_ACTION_UNKNOWN);
    assert_int_equal(at(49, "wang", "supervisor", "approve", true), DISPATCH_ROLE_NOT_HIS);
    assert_int_equal(at(73, "han", "supervisor", "approve", true), DISPATCH_ROLE_NOT_HIS);
    /* the customer is outside */
    assert_int_equal(at(49, "somebody", "customer", "approve", true), DISPATCH_ACTION_UNKNOWN);
    /* also where somebody here enters what customers say; of those here nobody else does */
    static const char three[][POLICY_NAME_MAX] = {"handler", "supervisor", "customer"};
    people[LIN].roles = customer;
    org.roles = three;
    org.role_count = 3;
    assert_int_equal(at(49, "somebody", "customer", "approve", true), DISPATCH_ACTION_UNKNOWN);
    assert_int_equal(at(49, "lin", "customer", "approve", true), DISPATCH_ACTION_UNKNOWN);
    assert_int_equal(at(73, "han", "customer", "approve", true), DISPATCH_ROLE_NOT_HIS);
    play_end(&play);
}

/* Nobody here is a supervisor now: nobody acts as one, known or not, and is told which role it is;
 * the customer is outside, as the fixture says.  Seen to fail where whoever named such a role was
 * let act, and where the refusal did not say which. */
static void a_role_nobody_here_has_is_nobodys_unless_it_is_of_people_outside(void **state)
{
    (void)state;
    begin();
    people[LIN].roles = handler;
    people[ZHAO].role_count = 1;
    org.role_count = 1;
    static const struct {
        const char *actor, *role, *action;
        enum dispatch_answer answer;
    } rows[] = {
        {"han",      "supervisor", "release", DISPATCH_NOT_HOLDER    },
        {"han",      "supervisor", "approve", DISPATCH_ROLE_UNHELD   },
        {"ma",       "supervisor", "approve", DISPATCH_ROLE_UNHELD   },
        {"han",      "supervisor", "claim",   DISPATCH_ROLE_UNHELD   },
        {"ma",       "supervisor", "claim",   DISPATCH_PERSON_UNKNOWN},
        {"somebody", "customer",   "approve", DISPATCH_ACTION_UNKNOWN},
        {"han",      "handler",    "claim",   DISPATCH_APPEND        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(at(1, rows[i].actor, rows[i].role, rows[i].action, true), rows[i].answer);
        if (rows[i].answer == DISPATCH_ROLE_UNHELD) {
            assert_true(slice_equal(play.refused, slice_text("supervisor")));
        }
    }
    assert_int_equal(at(1, "ma", "supervisor", "approve", false), DISPATCH_ACTION_UNKNOWN);
    play_end(&play);
}

/* The policy lets nobody erase: who gets as far as being told that passed the organisation. */
static enum dispatch_answer erases(int64_t hour, const char *actor, const char *role)
{
    play.now_us = begun_us + hour * HOUR * SECONDS;
    struct dispatch_input input = play_command(&play, actor, role, "erase");
    input.kind = DISPATCH_ERASE;
    input.org = &org;
    return play_input(&play, &input);
}

/* What is for good nobody does in a role that nobody has. */
static void only_who_has_the_role_erases(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(1, "somebody", "customer", "approve", true), DISPATCH_ACTION_UNKNOWN);
    assert_int_equal(erases(1, "somebody", "customer"), DISPATCH_PERSON_UNKNOWN);
    assert_int_equal(erases(1, "wang", "customer"), DISPATCH_ROLE_NOT_HIS);
    assert_int_equal(erases(1, "wang", "supervisor"), DISPATCH_ROLE_NOT_HIS);
    assert_int_equal(erases(1, "zhao", "supervisor"), DISPATCH_ACTION_UNKNOWN);
    assert_int_equal(erases(49, "han", "supervisor"), DISPATCH_ACTION_UNKNOWN); /* the deputy */
    play_end(&play);
}

static void who_has_left_gives_back_what_he_holds(void **state)
{
    (void)state;
    begin();
    assert_int_equal(at(1, "ma", "handler", "claim", false), DISPATCH_APPEND);
    assert_int_equal(at(2, "ma", "handler", "release", true), DISPATCH_APPEND);
    play_end(&play);
}

static void nobody_writes_what_only_the_decision_records(void **state)
{
    (void)state;
    begin();
    const struct event_field forged = {.name = slice_text("@deputy-of"),
                                       .value = slice_text("lin")};
    struct dispatch_input input = play_command(&play, "han", "handler", "propose");
    input.fields = &forged;
    input.field_count = 1;
    assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_INVALID);
    assert_true(slice_equal(play.refused, slice_text("@deputy-of")));
    play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_counts_when_the_person_is_there),
        cmocka_unit_test(a_claim_out_of_the_shift_is_refused),
        cmocka_unit_test(without_an_organisation_nothing_is_asked_or_recorded),
        cmocka_unit_test(who_is_on_leave_is_represented_and_the_event_says_so),
        cmocka_unit_test(who_is_refused_as_not_the_holder_is_told_who_is),
        cmocka_unit_test(a_deputy_acts_in_the_role_of_who_is_away_and_then_no_longer),
        cmocka_unit_test(a_role_nobody_here_has_is_nobodys_unless_it_is_of_people_outside),
        cmocka_unit_test(only_who_has_the_role_erases),
        cmocka_unit_test(who_has_left_gives_back_what_he_holds),
        cmocka_unit_test(nobody_writes_what_only_the_decision_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
