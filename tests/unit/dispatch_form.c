/*
 * Goal: of a personal field the core sees that it is there and nothing more, and nothing personal
 * gets into an event in the clear, whoever handed it over (laws 8, 10).
 *
 * Method: the fixture policy with a field that is personal, asked for by one action and by no
 * other; what dispatch's shell hands over, sealed or found wrong, and what it must never hand over.
 */
#include "dispatch_core_form.h"
#include "dispatch_play.h"
#include "unit.h"

static const struct policy_field fields[] = {
    {.id = "phone",
     .title = {{"Phone", "电话", "電話"}},
     .has_min = true,
     .min = 5,
     .personal = true,
     .slot = POLICY_NONE},
};
static const struct event_field sealed = {
    .name = {(const uint8_t *)"phone",        5},
      .sealed = {(const uint8_t *)"\x01\xff\x00", 3}
};
static const struct event_field clear = {
    .name = {(const uint8_t *)"phone",       5 },
      .value = {(const uint8_t *)"13987650421", 11}
};
static const struct event_field empty = {
    .name = {(const uint8_t *)"phone", 5}
};

static struct policy policy;
static struct policy_step steps[POLICY_STEPS_MAX];
static struct policy_need need;
static struct play play;

/* A case at the desk; its first action asks for the field, in this way. */
static const char *begin(bool optional)
{
    policy = *policy_fixture();
    memcpy(steps, policy.steps, policy.step_count * sizeof *steps);
    struct policy_action *action = &steps[FIXTURE_STEP_INVESTIGATION].actions[0];
    action->need_count = 1;
    action->needs = &need;
    need = (struct policy_need){
        .field = "phone", .title = fields[0].title, .rules = fields, .optional = optional};
    policy.steps = steps;
    policy.fields = fields;
    policy.field_count = 1;
    policy.personal = true;
    play_with(&policy);
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"wang", "handler", "claim", .to = DISPATCH_APPEND});
    return action->id;
}

static enum dispatch_answer
give(const char *action, const struct event_field *field, const char *bad_field)
{
    struct dispatch_input input = play_command(&play, "wang", "handler", action);
    input.now_us = play.now_us;
    input.fields = field;
    input.field_count = field ? 1 : 0;
    input.bad_field = slice_text(bad_field);
    enum dispatch_answer answer = play_input(&play, &input);
    assert_true(answer == DISPATCH_APPEND || slice_equal(play.refused, slice_text("phone")));
    return answer;
}

static void what_is_sealed_is_there_and_is_handed_on_as_it_is(void **state)
{
    (void)state;
    const char *action = begin(false);
    assert_int_equal(give(action, NULL, ""), DISPATCH_FIELD_MISSING);
    assert_int_equal(give(action, &empty, ""), DISPATCH_FIELD_MISSING);
    assert_int_equal(give(action, &sealed, ""), DISPATCH_APPEND);
    assert_int_equal(play.last.advanced.field_count, 1);
    assert_true(slice_equal(play.last.advanced.fields[0].sealed, sealed.sealed));
    assert_int_equal(play.last.advanced.fields[0].value.size, 0);
    play_end(&play);
}

static void what_the_shell_found_wrong_is_refused_by_its_name(void **state)
{
    (void)state;
    const char *action = begin(false);
    assert_int_equal(give(action, &empty, "phone"), DISPATCH_FIELD_INVALID);
    action = begin(true);
    assert_int_equal(give(action, &empty, "phone"), DISPATCH_FIELD_INVALID);
    assert_int_equal(give(action, &empty, ""), DISPATCH_APPEND);
    begin(true);
    assert_int_equal(give("note", &empty, "phone"), DISPATCH_FIELD_UNKNOWN); /* asks for none */
    assert_int_equal(give("note", &sealed, ""), DISPATCH_FIELD_UNKNOWN);
    play_end(&play);
}

static void nothing_personal_gets_into_an_event_in_the_clear(void **state)
{
    (void)state;
    const char *action = begin(false);
    const struct event_field both[] = {sealed, clear};
    assert_int_equal(give(action, &clear, ""), DISPATCH_FIELD_MISSING); /* it is not sealed */
    assert_int_equal(give("note", &clear, ""), DISPATCH_FIELD_UNKNOWN);
    struct dispatch_input input = play_command(&play, "wang", "handler", action);
    input.fields = both;
    input.field_count = 2;
    assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_INVALID);
    action = begin(true);
    assert_int_equal(give(action, &clear, ""), DISPATCH_FIELD_INVALID);
    play_end(&play);
}

/* It would lie in the journal in the clear, and no key destroyed would take it out. */
static void a_field_no_form_has_is_refused_whatever_stands_in_it(void **state)
{
    (void)state;
    static const char *const names[] = {"passport", "", "phone ", "agent", "case", "task"};
    begin(true);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct event_field unknown = {.name = slice_text(names[i]),
                                            .value = slice_text("E1234567")};
        struct dispatch_input input = play_command(&play, "wang", "handler", "note");
        input.fields = &unknown;
        input.field_count = 1;
        assert_int_equal(play_input(&play, &input), DISPATCH_FIELD_UNKNOWN);
        assert_true(slice_equal(play.refused, unknown.name));
    }
    play_end(&play);
}

static void the_shell_is_told_which_fields_those_are(void **state)
{
    (void)state;
    const char *action = begin(false);
    const struct slice phone = slice_text("phone");
    const struct policy_field other = {.id = "phone", .personal = false, .slot = POLICY_NONE};
    assert_ptr_equal(dispatch_personal(&policy, &play.state, slice_text(action), phone), fields);
    assert_ptr_equal(dispatch_personal(&policy, &play.state, slice_text("note"), phone), fields);
    assert_null(dispatch_personal(&policy, &play.state, slice_text(action), slice_text("cause")));
    /* an action's own field of that name goes before the policy's */
    need.rules = &other;
    assert_null(dispatch_personal(&policy, &play.state, slice_text(action), phone));
    /* what is personal in another action's form only is no less so here */
    need.rules = fields;
    policy.field_count = 0;
    assert_ptr_equal(dispatch_personal(&policy, &play.state, slice_text("note"), phone), fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_there_and_is_handed_on_as_it_is),
        cmocka_unit_test(what_the_shell_found_wrong_is_refused_by_its_name),
        cmocka_unit_test(nothing_personal_gets_into_an_event_in_the_clear),
        cmocka_unit_test(a_field_no_form_has_is_refused_whatever_stands_in_it),
        cmocka_unit_test(the_shell_is_told_which_fields_those_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
