/*
 * Goal: rules and routes of a policy hold exactly when every part that is given holds (law 11).
 *
 * Method: the policy of the cores' tests, one story per part of a condition, with and without what
 * it asks for.
 */
#include "policy.h"

#include "policy_fixture.h"
#include "unit.h"

static struct policy_facts nothing(void)
{
    return (struct policy_facts){
        .channel = POLICY_NONE, .category = POLICY_NONE, .class_index = POLICY_NONE};
}

static void an_empty_condition_holds_for_every_case(void **state)
{
    (void)state;
    struct policy_facts facts = nothing();
    assert_true(policy_when_holds(policy_fixture(), &(struct policy_when){0}, &facts));
}

static void a_channel_or_class_that_is_not_known_is_none_of_those_asked_for(void **state)
{
    (void)state;
    const struct policy_when channel = {.channels = 1U << FIXTURE_CHANNEL_MAIL};
    const struct policy_when class = {.classes = 1U << FIXTURE_CLASS_GRAVE};
    struct policy_facts facts = nothing();
    assert_false(policy_when_holds(policy_fixture(), &channel, &facts));
    assert_false(policy_when_holds(policy_fixture(), &class, &facts));
    facts.channel = FIXTURE_CHANNEL_MAIL;
    facts.class_index = FIXTURE_CLASS_GRAVE;
    assert_true(policy_when_holds(policy_fixture(), &channel, &facts));
    assert_true(policy_when_holds(policy_fixture(), &class, &facts));
    facts.channel = FIXTURE_CHANNEL_PHONE;
    facts.class_index = FIXTURE_CLASS_MINOR;
    assert_false(policy_when_holds(policy_fixture(), &channel, &facts));
    assert_false(policy_when_holds(policy_fixture(), &class, &facts));
}

static void a_category_stands_for_all_beneath_it_and_for_none_above(void **state)
{
    (void)state;
    static const uint16_t quality[] = {FIXTURE_CATEGORY_QUALITY};
    static const uint16_t leaking[] = {FIXTURE_CATEGORY_SAFETY, FIXTURE_CATEGORY_LEAKING};
    const struct policy_when parent = {.category_count = 1, .categories = quality};
    const struct policy_when child = {.category_count = 2, .categories = leaking};
    struct policy_facts facts = nothing();
    assert_false(policy_when_holds(policy_fixture(), &parent, &facts));
    facts.category = FIXTURE_CATEGORY_LEAKING;
    assert_true(policy_when_holds(policy_fixture(), &parent, &facts));
    assert_true(policy_when_holds(policy_fixture(), &child, &facts));
    facts.category = FIXTURE_CATEGORY_QUALITY;
    assert_false(policy_when_holds(policy_fixture(), &child, &facts));
    facts.category = FIXTURE_CATEGORY_ATTITUDE;
    assert_false(policy_when_holds(policy_fixture(), &parent, &facts));
}

static void repeats_count_from_the_number_asked_for(void **state)
{
    (void)state;
    const struct policy_when when = {.repeats_min = 2};
    struct policy_facts facts = nothing();
    facts.repeats = 1;
    assert_false(policy_when_holds(policy_fixture(), &when, &facts));
    facts.repeats = 2;
    assert_true(policy_when_holds(policy_fixture(), &when, &facts));
}

static void one_of_the_patterns_is_enough_and_its_name_has_to_be_whole(void **state)
{
    (void)state;
    static const char patterns[][POLICY_NAME_MAX] = {"injury", "hospital"};
    const struct policy_when when = {.pattern_count = 2, .patterns = patterns};
    struct event_label labels[] = {
        {slice_text("injur"),      3},
        {slice_text("injury-old"), 1}
    };
    struct policy_facts facts = nothing();
    facts.label_count = 2;
    facts.labels = labels;
    assert_false(policy_when_holds(policy_fixture(), &when, &facts));
    labels[1].name = slice_text("hospital");
    assert_true(policy_when_holds(policy_fixture(), &when, &facts));
}

static void every_part_that_is_given_must_hold(void **state)
{
    (void)state;
    const struct policy_when when = {.channels = 1U << FIXTURE_CHANNEL_PHONE, .repeats_min = 1};
    struct policy_facts facts = nothing();
    facts.channel = FIXTURE_CHANNEL_PHONE;
    assert_false(policy_when_holds(policy_fixture(), &when, &facts));
    facts.repeats = 1;
    assert_true(policy_when_holds(policy_fixture(), &when, &facts));
}

static void the_first_route_that_fits_gives_the_queue(void **state)
{
    (void)state;
    struct policy_facts facts = nothing();
    assert_int_equal(policy_route(policy_fixture(), &facts), FIXTURE_QUEUE_SERVICE);
    facts.class_index = FIXTURE_CLASS_GRAVE;
    assert_int_equal(policy_route(policy_fixture(), &facts), FIXTURE_QUEUE_SAFETY);
    facts.class_index = FIXTURE_CLASS_MINOR;
    facts.category = FIXTURE_CATEGORY_SAFETY;
    assert_int_equal(policy_route(policy_fixture(), &facts), FIXTURE_QUEUE_SAFETY);
}

static void a_name_is_found_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct policy *policy = policy_fixture();
    assert_int_equal(policy_queue_index(policy, slice_text("service")), FIXTURE_QUEUE_SERVICE);
    assert_int_equal(policy_queue_index(policy, slice_text("servic")), POLICY_NONE);
    assert_int_equal(policy_queue_index(policy, slice_text("services")), POLICY_NONE);
    assert_int_equal(policy_queue_index(policy, slice_of("", 0)), POLICY_NONE);
    assert_int_equal(policy_queue_index(policy, slice_of(NULL, 0)), POLICY_NONE);
    char longer[POLICY_NAME_MAX + 20];
    memset(longer, 's', sizeof longer);
    assert_int_equal(policy_step_index(policy, slice_of(longer, sizeof longer)), POLICY_NONE);
    assert_int_equal(policy_role_index(policy, slice_text("customer")), FIXTURE_ROLE_CUSTOMER);
    assert_int_equal(policy_clock_index(policy, slice_text("safety")), FIXTURE_CLOCK_SAFETY);
    assert_int_equal(policy_class_index(policy, slice_text("minor")), FIXTURE_CLASS_MINOR);
    assert_int_equal(policy_channel_index(policy, slice_text("mail")), FIXTURE_CHANNEL_MAIL);
    assert_int_equal(
        policy_action_index(&policy->steps[FIXTURE_STEP_APPROVAL], slice_text("reject")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_condition_holds_for_every_case),
        cmocka_unit_test(a_channel_or_class_that_is_not_known_is_none_of_those_asked_for),
        cmocka_unit_test(a_category_stands_for_all_beneath_it_and_for_none_above),
        cmocka_unit_test(repeats_count_from_the_number_asked_for),
        cmocka_unit_test(one_of_the_patterns_is_enough_and_its_name_has_to_be_whole),
        cmocka_unit_test(every_part_that_is_given_must_hold),
        cmocka_unit_test(the_first_route_that_fits_gives_the_queue),
        cmocka_unit_test(a_name_is_found_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
