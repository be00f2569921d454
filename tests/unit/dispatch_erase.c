/*
 * Goal: what is personal is erased when the policy lets it and never before: a legal hold is
 * stronger than the policy's times, these than whoever asks, and what was asked for too early is
 * recorded (law 10); the events alone say afterwards how the case stands (law 8), and the rule and
 * its title are data (law 11).
 *
 * Method: the shipped policy of a UK firm (three years from receipt, five of some; DISP 1.9), a
 * closed case laid out by hand, commands at instants around those, every event folded; lengths of
 * the calendar against dates worked out by hand.
 */
#include "clock.h"
#include "dispatch_core.h"
#include "dispatch_store_more.h"
#include "policy_shipped.h"
#include "unit.h"

enum { YEAR_FROM = 2024, YEAR_TO = 2027, CUSTOMER = 4711 };

static struct policy_object *object;
static const struct policy *policy;

static int load(void **state)
{
    (void)state;
    struct policy_report report;
    object = shipped_load(POLICIES, "uk-financial.yaml", YEAR_FROM, YEAR_TO, true, &report);
    policy = object ? &object->policy : NULL;
    if (!object) {
        print_error("%s", report.text ? report.text : "no such policy\n");
    }
    policy_report_done(&report);
    return object ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    policy_object_free(&object);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t seconds = 0;
    assert_true(policy_instant_parse(slice_text(text), &seconds));
    return seconds * 1000000;
}

/* ---- lengths ---- */

static void a_length_of_the_calendar_ends_on_the_same_day_or_the_next_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *since;
        struct policy_span span;
        const char *ends;
    } cases[] = {
        {"2026-03-13T10:00:01Z", {36, 0}, "2029-03-13T10:00:01Z"},
        {"2024-02-29T23:59:59Z", {36, 0}, "2027-03-01T23:59:59Z"}, /* there is no such day */
        {"2024-02-29T12:00:00Z", {48, 0}, "2028-02-29T12:00:00Z"},
        {"2026-01-31T00:00:00Z", {1, 0},  "2026-03-01T00:00:00Z"},
        {"2026-08-31T00:00:00Z", {1, 0},  "2026-10-01T00:00:00Z"},
        {"2026-12-15T08:00:00Z", {1, 0},  "2027-01-15T08:00:00Z"},
        {"2026-12-31T08:00:00Z", {18, 0}, "2028-07-01T08:00:00Z"},
        {"2026-12-31T08:00:00Z", {0, 90}, "2027-03-31T08:00:00Z"},
        {"2099-12-31T08:00:00Z", {12, 0}, "2100-12-31T08:00:00Z"},
        {"2096-02-29T08:00:00Z", {48, 0}, "2100-03-01T08:00:00Z"}, /* 2100 is no leap year */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (policy_span_us(&cases[i].span, at(cases[i].since) + 7) != at(cases[i].ends) + 7) {
            fail_msg("%s: not %s", cases[i].since, cases[i].ends);
        }
    }
    const struct policy_span long_time = {.months = RETENTION_MONTHS_MAX};
    assert_int_equal(policy_span_us(&long_time, INT64_MAX), INT64_MAX);
}

/* ---- a case ---- */

/* Received and closed then, about this. */
static struct dispatch_case closed_case(const char *received, const char *closed, const char *about)
{
    struct dispatch_case one = {.case_id = 1,
                                .customer = CUSTOMER,
                                .received_at_us = at(received),
                                .opened_at_us = at(received),
                                .version = 9,
                                .step = policy_step_index(policy, slice_text("closed")),
                                .queue = POLICY_NONE,
                                .home_queue = 0,
                                .category = policy_category_index(policy, slice_text(about)),
                                .class_index = 0,
                                .priority = 3,
                                .agent_role = POLICY_NONE,
                                .more = {.outcome = OUTCOME_SETTLED}};
    one.closed_at_us = one.step_since_us = one.updated_at_us = at(closed);
    assert_int_not_equal(one.category, POLICY_NONE);
    return one;
}

static struct dispatch_case quality(const char *received, const char *closed)
{
    return closed_case(received, closed, "quality");
}

static struct event_field fields[2];
static struct event out;
static struct slice refused;

static struct dispatch_input asked(const char *role, const char *when)
{
    fields[0] = (struct event_field){slice_text("reason"), slice_text("art. 17"), {0}};
    return (struct dispatch_input){.kind = DISPATCH_ERASE,
                                   .now_us = at(when),
                                   .actor = slice_text("dora"),
                                   .role = slice_text(role),
                                   .action = slice_text("erase"),
                                   .field_count = 1,
                                   .fields = fields};
}

/* Decides, and folds what is appended or recorded. */
static enum dispatch_answer ask(struct dispatch_case *one, const struct dispatch_input *input)
{
    const struct dispatch_case before = *one;
    enum dispatch_answer answer = dispatch_decide(policy, one, input, &out, &refused);
    if (answer == DISPATCH_APPEND || dispatch_refusal_is_recorded(answer, &out)) {
        dispatch_evolve(policy, one, &out);
        assert_int_equal(one->version, before.version + 1);
        assert_int_equal(one->step, before.step);
        assert_int_equal(one->queue, before.queue);
        assert_int_equal(one->closed_at_us, before.closed_at_us);
    } else {
        assert_memory_equal(one, &before, sizeof before);
    }
    return answer;
}

static enum dispatch_answer erase(struct dispatch_case *one, const char *when)
{
    const struct dispatch_input input = asked("data-protection", when);
    return ask(one, &input);
}

static const char *told(const char *name)
{
    static char value[64];
    value[0] = '\0';
    for (uint32_t i = 0; i < out.advanced.field_count; i++) {
        const struct event_field *field = &out.advanced.fields[i];
        if (slice_equal(field->name, slice_text(name))) {
            (void)snprintf(value,
                           sizeof value,
                           "%.*s",
                           (int)field->value.size,
                           (const char *)field->value.bytes);
        }
    }
    return value;
}

static void assert_recorded(const char *because, const char *ground)
{
    assert_int_equal(out.kind, EVENT_ERASURE_REFUSED);
    assert_string_equal(told("@because"), because);
    assert_string_equal(told("@ground"), ground);
    assert_string_equal(told("reason"), "art. 17");
    assert_true(slice_equal(out.advanced.actor, slice_text("dora")));
}

/* Features, D7 and P1: a complaint of two years ago is not erased, and that it was asked for is
 * known. */
static void it_is_kept_for_three_years_from_receipt_and_the_refusal_is_recorded(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2024-03-13T10:00:00Z", "2024-05-02T09:00:00Z");
    assert_int_equal(erase(&one, "2026-03-13T10:00:00Z"), DISPATCH_MUST_BE_KEPT);
    assert_recorded("must_be_kept", "disp-1-9");
    assert_int_equal(one.more.erased_at_us, 0);
    assert_int_equal(one.customer, CUSTOMER);
    const struct dispatch_input input = asked("data-protection", "2027-03-13T09:59:59Z");
    struct dispatch_permit permit = dispatch_may(policy, &one, &input, false);
    assert_int_equal(permit.answer, DISPATCH_MUST_BE_KEPT);
    assert_int_equal(permit.until_us, at("2027-03-13T10:00:00Z"));
    assert_non_null(strstr(permit.title->text[LOCALE_EN], "DISP 1.9"));
    assert_non_null(strstr(permit.title->text[LOCALE_ZH_CN], "三年"));
    assert_int_equal(ask(&one, &input), DISPATCH_MUST_BE_KEPT);
    assert_int_equal(erase(&one, "2027-03-13T10:00:00Z"), DISPATCH_APPEND);
    assert_int_equal(out.kind, EVENT_ERASED);
    assert_string_equal(told("@because"), "");
}

static void the_longest_ground_that_fits_decides(void **state)
{
    (void)state;
    struct dispatch_case one =
        closed_case("2024-03-13T10:00:00Z", "2024-05-02T09:00:00Z", "collective-portfolio");
    assert_int_equal(erase(&one, "2028-03-13T10:00:00Z"), DISPATCH_MUST_BE_KEPT);
    assert_recorded("must_be_kept", "disp-1-9-collective");
    assert_int_equal(erase(&one, "2029-03-13T10:00:00Z"), DISPATCH_APPEND);
}

static enum dispatch_answer act(struct dispatch_case *one, const char *action, const char *when)
{
    struct dispatch_input input = asked("data-protection", when);
    input.kind = DISPATCH_ACTION;
    input.action = slice_text(action);
    return ask(one, &input);
}

static void a_legal_hold_beats_erasure_however_long_it_is_due(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2014-03-13T10:00:00Z", "2014-05-02T09:00:00Z");
    assert_int_equal(act(&one, "hold", "2026-11-01T10:00:00Z"), DISPATCH_APPEND);
    assert_int_equal(out.kind, EVENT_HELD);
    assert_int_equal(erase(&one, "2026-11-02T10:00:00Z"), DISPATCH_ON_HOLD);
    assert_recorded("on_hold", "");
    assert_int_equal(erase(&one, "2099-11-02T10:00:00Z"), DISPATCH_ON_HOLD);
    assert_int_equal(one.more.erased_at_us, 0);
    assert_int_equal(act(&one, "lift-hold", "2099-11-03T10:00:00Z"), DISPATCH_APPEND);
    assert_int_equal(erase(&one, "2099-11-03T11:00:00Z"), DISPATCH_APPEND);
}

static void an_open_case_is_not_erased(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2014-03-13T10:00:00Z", "2014-05-02T09:00:00Z");
    one.step = policy->first_step;
    one.queue = one.home_queue = 0;
    one.closed_at_us = 0;
    one.more.outcome = OUTCOME_NONE;
    assert_int_equal(erase(&one, "2026-11-02T10:00:00Z"), DISPATCH_STILL_OPEN);
    assert_recorded("still_open", "");
    assert_int_equal(dispatch_erase_due_us(policy, &one), INT64_MAX);
}

/* Received so long ago that nothing else keeps it, and closed yesterday: to the last second in
 * which somebody may reopen it. */
static void what_may_still_be_reopened_is_not_erased(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2014-03-13T10:00:00Z", "2026-11-01T09:00:00Z");
    struct policy other = *policy;
    other.retention.erase = (struct policy_erasing){{.months = 36}, KEPT_SINCE_RECEIVED};
    assert_int_equal(policy->reopen_days, 30);
    assert_int_equal(dispatch_erase_due_us(&other, &one), at("2026-12-01T09:00:01Z"));
    assert_int_equal(erase(&one, "2026-12-01T09:00:00Z"), DISPATCH_MAY_BE_REOPENED);
    assert_recorded("may_be_reopened", "");
    struct dispatch_input input = asked("data-protection", "2026-12-01T09:00:00Z");
    struct dispatch_permit permit = dispatch_may(policy, &one, &input, false);
    assert_int_equal(permit.until_us, at("2026-12-01T09:00:01Z"));
    input = asked("supervisor", "2026-12-01T09:00:00Z");
    input.kind = DISPATCH_ACTION;
    input.action = slice_text("reopen");
    assert_int_equal(dispatch_may(policy, &one, &input, false).answer, DISPATCH_APPEND);
    input.now_us += 1000000;
    assert_int_not_equal(dispatch_may(policy, &one, &input, false).answer, DISPATCH_APPEND);
    assert_int_equal(erase(&one, "2026-12-01T09:00:01Z"), DISPATCH_APPEND);
}

/* However often one asks: what stands in the stream grows with what happens to the case (law 9);
 * another reason, or the same after something else, is told. */
static void a_refusal_is_recorded_once_until_something_changes(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2024-03-13T10:00:00Z", "2026-11-01T09:00:00Z");
    static const struct {
        const char *action; /* NULL: erase */
        const char *when, *because;
        uint32_t events;
    } course[] = {
        {NULL,        "2026-11-02T10:00:00Z", "must_be_kept", 1},
        {NULL,        "2026-11-03T10:00:00Z", "must_be_kept", 0},
        {NULL,        "2026-11-04T10:00:00Z", "must_be_kept", 0},
        {"hold",      "2026-11-05T10:00:00Z", "append",       1},
        {NULL,        "2026-11-06T10:00:00Z", "on_hold",      1},
        {NULL,        "2026-11-06T11:00:00Z", "on_hold",      0},
        {"lift-hold", "2026-11-07T10:00:00Z", "append",       1},
        {"hold",      "2026-11-07T11:00:00Z", "append",       1},
        {NULL,        "2026-11-08T10:00:00Z", "on_hold",      1},
        {NULL,        "2027-11-08T10:00:00Z", "on_hold",      0},
        {"lift-hold", "2027-11-09T10:00:00Z", "append",       1},
        {NULL,        "2027-11-09T11:00:00Z", "append",       1},
    };
    for (size_t i = 0; i < sizeof course / sizeof *course; i++) {
        uint32_t version = one.version;
        enum dispatch_answer answer = course[i].action ? act(&one, course[i].action, course[i].when)
                                                       : erase(&one, course[i].when);
        assert_string_equal(dispatch_answer_code(answer), course[i].because);
        if (one.version != version + course[i].events) {
            fail_msg("%s: %u events", course[i].when, one.version - version);
        }
    }
}

/* Each who asks leaves a trace of his own (law 10), those who take turns no more than that; and so
 * many as a row keeps, however many they are (law 9). */
static void a_refusal_is_recorded_once_for_each_who_asks(void **state)
{
    (void)state;
    enum { MORE_THAN_ARE_KEPT = DISPATCH_REFUSED_MAX + 4 };
    struct dispatch_case one = quality("2024-03-13T10:00:00Z", "2026-11-01T09:00:00Z");
    for (uint32_t i = 0; i < 3 * MORE_THAN_ARE_KEPT; i++) {
        char name[16];
        uint32_t version = one.version;
        (void)snprintf(name, sizeof name, "officer-%u", i % MORE_THAN_ARE_KEPT);
        struct dispatch_input input = asked("data-protection", "2026-11-02T10:00:00Z");
        input.actor = slice_text(name);
        assert_int_equal(ask(&one, &input), DISPATCH_MUST_BE_KEPT);
        assert_int_equal(one.version, version + (i < DISPATCH_REFUSED_MAX));
    }
}

static void a_refusal_for_another_ground_is_another_one(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2024-03-13T10:00:00Z", "2024-05-02T09:00:00Z");
    struct policy_ground own[] = {policy->retention.grounds[0], policy->retention.grounds[0]};
    struct policy other = *policy;
    const struct policy *was = policy;
    (void)snprintf(own[0].id, sizeof own[0].id, "first");
    (void)snprintf(own[1].id, sizeof own[1].id, "second");
    own[0].at_least = (struct policy_span){.months = 36};
    own[1].at_least = (struct policy_span){.months = 1};
    other.retention.grounds = own;
    other.retention.ground_count = 2;
    policy = &other;
    assert_int_equal(erase(&one, "2026-11-02T10:00:00Z"), DISPATCH_MUST_BE_KEPT);
    assert_recorded("must_be_kept", "first");
    own[1].at_least = (struct policy_span){.months = 48}; /* as where another now fits the case */
    assert_int_equal(erase(&one, "2026-11-02T11:00:00Z"), DISPATCH_MUST_BE_KEPT);
    assert_recorded("must_be_kept", "second");
    uint32_t version = one.version;
    assert_int_equal(erase(&one, "2026-11-02T12:00:00Z"), DISPATCH_MUST_BE_KEPT);
    assert_int_equal(one.version, version);
    policy = was;
}

/* Who may not at all, or does not say why, leaves no trace: nobody fills the journal like that. */
static void whoever_may_not_and_whoever_gives_no_reason_is_only_refused(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2014-03-13T10:00:00Z", "2014-05-02T09:00:00Z");
    static const char *const others[] = {"agent", "supervisor", "manager", "", "nobody"};
    struct dispatch_input input;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        input = asked(others[i], "2026-11-02T10:00:00Z");
        assert_int_equal(ask(&one, &input), DISPATCH_ROLE_MAY_NOT);
    }
    input = asked("data-protection", "2026-11-02T10:00:00Z");
    input.field_count = 0;
    assert_int_equal(ask(&one, &input), DISPATCH_FIELD_MISSING);
    assert_true(slice_equal(refused, slice_text("reason")));
    input = asked("data-protection", "2026-11-02T10:00:00Z");
    fields[1] = (struct event_field){slice_text("address"), slice_text("12 High Street"), {0}};
    input.field_count = 2;
    assert_int_equal(ask(&one, &input), DISPATCH_FIELD_UNKNOWN);
    fields[1] = fields[0];
    assert_int_equal(ask(&one, &input), DISPATCH_FIELD_INVALID);
    input = asked("data-protection", "2026-11-02T10:00:00Z");
    input.sealed_note = slice_text("sealed");
    assert_int_equal(ask(&one, &input), DISPATCH_FIELD_UNKNOWN);
    input = asked("data-protection", "2026-11-02T10:00:00Z");
    input.expected_version = 3;
    assert_int_equal(ask(&one, &input), DISPATCH_VERSION);
    struct policy silent = *policy;
    silent.retention = (struct policy_retention){0};
    input = asked("data-protection", "2026-11-02T10:00:00Z");
    assert_int_equal(dispatch_decide(&silent, &one, &input, &out, &refused),
                     DISPATCH_ACTION_UNKNOWN);
}

static void once_erased_nothing_is_done_to_it_any_more(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2014-03-13T10:00:00Z", "2026-10-01T09:00:00Z");
    assert_int_equal(erase(&one, "2026-11-02T10:00:00Z"), DISPATCH_APPEND);
    assert_int_equal(one.more.erased_at_us, at("2026-11-02T10:00:00Z"));
    assert_int_equal(one.customer, 0);
    assert_int_equal(erase(&one, "2026-11-02T11:00:00Z"), DISPATCH_ERASED);
    const struct policy_step *step = &policy->steps[one.step];
    assert_true(step->action_count > 2);
    for (uint16_t i = 0; i < step->action_count; i++) {
        const struct policy_action *action = &step->actions[i];
        for (uint16_t role = 0; role < policy->role_count; role++) {
            struct dispatch_input input = asked(policy->roles[role], "2026-11-02T12:00:00Z");
            input.kind = DISPATCH_ACTION;
            input.action = slice_text(action->id);
            assert_int_equal(ask(&one, &input), DISPATCH_ERASED);
        }
    }
}

/* The row of the archive tells it as well, and the stream alone gives the same. */
static void the_row_and_the_stream_tell_that_it_was_erased(void **state)
{
    (void)state;
    static struct event kept[3];
    const struct dispatch_case begun = quality("2014-03-13T10:00:00Z", "2014-05-02T09:00:00Z");
    struct dispatch_case one = begun;
    assert_int_equal(act(&one, "hold", "2026-11-01T10:00:00Z"), DISPATCH_APPEND);
    kept[0] = out;
    assert_int_equal(erase(&one, "2026-11-02T10:00:00Z"), DISPATCH_ON_HOLD);
    kept[1] = out;
    assert_int_equal(act(&one, "lift-hold", "2026-11-03T10:00:00Z"), DISPATCH_APPEND);
    kept[2] = out;
    assert_int_equal(erase(&one, "2026-11-03T11:00:00Z"), DISPATCH_APPEND);
    struct dispatch_case again = begun;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        dispatch_evolve(policy, &again, &kept[i]);
    }
    dispatch_evolve(policy, &again, &out);
    assert_true(dispatch_case_equal(&one, &again));
    uint8_t bytes[DISPATCH_MORE_SIZE];
    struct dispatch_more read;
    assert_true(dispatch_more_unpack(slice_of(bytes, dispatch_more_pack(&one.more, bytes)), &read));
    assert_int_equal(read.erased_at_us, at("2026-11-03T11:00:00Z"));
    assert_memory_equal(&read, &one.more, sizeof read);
}

static void it_falls_due_when_the_policy_says_and_not_while_a_ground_lasts(void **state)
{
    (void)state;
    struct dispatch_case one = quality("2024-03-13T10:00:00Z", "2024-05-02T09:00:00Z");
    assert_int_equal(dispatch_erase_due_us(policy, &one), at("2030-05-02T09:00:00Z"));
    struct policy other = *policy; /* one that would not pass the loader: the ground still holds */
    other.retention.erase.after = (struct policy_span){.months = 1};
    assert_int_equal(dispatch_erase_due_us(&other, &one), at("2027-03-13T10:00:00Z"));
    other.retention.erase.after = (struct policy_span){0};
    assert_int_equal(dispatch_erase_due_us(&other, &one), INT64_MAX);
    one.more.erased_at_us = 1;
    assert_int_equal(dispatch_erase_due_us(policy, &one), INT64_MAX);
}

/* Whoever may erase in it. */
static struct dispatch_input asked_of(const struct policy *other, const char *when)
{
    uint16_t role = 0;
    while ((other->retention.roles >> role & 1U) == 0) {
        role++;
    }
    return asked(other->roles[role], when);
}

/* Of everything shipped that lets erase at all; a manager's word alone is never enough. */
static void what_was_closed_a_second_ago_is_erased_by_no_shipped_policy(void **state)
{
    (void)state;
    static const char *const names[] = {"general-service.yaml",
                                        "cn-bank-insurance.yaml",
                                        "cn-market.yaml",
                                        "iso-10002.yaml",
                                        "us-financial.yaml"};
    const struct policy *was = policy;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct policy_report report;
        struct policy_object *other =
            shipped_load(POLICIES, names[i], YEAR_FROM, YEAR_TO, true, &report);
        policy_report_done(&report);
        assert_non_null(other);
        policy = &other->policy;
        struct dispatch_case one =
            closed_case("2026-11-22T12:00:00Z", "2026-11-22T12:59:59Z", policy->categories[0].id);
        struct dispatch_input input = asked("manager", "2026-11-22T13:00:00Z");
        assert_int_equal(ask(&one, &input), DISPATCH_ROLE_MAY_NOT);
        input = asked_of(policy, "2026-11-22T13:00:00Z");
        assert_int_equal(ask(&one, &input), DISPATCH_MUST_BE_KEPT);
        assert_int_equal(act(&one, "hold", "2029-11-22T12:00:00Z"), DISPATCH_APPEND);
        input = asked_of(policy, "2029-11-22T13:00:00Z");
        assert_int_equal(ask(&one, &input), DISPATCH_ON_HOLD);
        assert_int_equal(act(&one, "lift-hold", "2029-11-23T12:00:00Z"), DISPATCH_APPEND);
        input = asked_of(policy, "2029-11-23T13:00:00Z");
        assert_int_equal(ask(&one, &input), DISPATCH_APPEND);
        policy_object_free(&other);
    }
    policy = was;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_of_the_calendar_ends_on_the_same_day_or_the_next_there_is),
        cmocka_unit_test(it_is_kept_for_three_years_from_receipt_and_the_refusal_is_recorded),
        cmocka_unit_test(the_longest_ground_that_fits_decides),
        cmocka_unit_test(a_legal_hold_beats_erasure_however_long_it_is_due),
        cmocka_unit_test(an_open_case_is_not_erased),
        cmocka_unit_test(what_may_still_be_reopened_is_not_erased),
        cmocka_unit_test(a_refusal_is_recorded_once_until_something_changes),
        cmocka_unit_test(a_refusal_is_recorded_once_for_each_who_asks),
        cmocka_unit_test(a_refusal_for_another_ground_is_another_one),
        cmocka_unit_test(whoever_may_not_and_whoever_gives_no_reason_is_only_refused),
        cmocka_unit_test(once_erased_nothing_is_done_to_it_any_more),
        cmocka_unit_test(the_row_and_the_stream_tell_that_it_was_erased),
        cmocka_unit_test(it_falls_due_when_the_policy_says_and_not_while_a_ground_lasts),
        cmocka_unit_test(what_was_closed_a_second_ago_is_erased_by_no_shipped_policy),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
