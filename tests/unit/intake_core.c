/*
 * Goal: what intake registers and what it refuses, and that a refusal says which field and what is
 * allowed. Method: one good submission, changed in one place a story; then nonsense from a seeded
 * generator, of which every accepted one must keep the promises of the header.  Guards law 1
 * (nothing is registered that would be refused later, nothing refused for a hint) and law 8 (the
 * same input gives the same output).
 */
#include "intake_core.h"

#include "policy_fixture.h"
#include "unit.h"

enum { SECOND_US = 1000000, RUNS = 20000 };

static int64_t now_us(void)
{
    return fixture_at_us(2024, 3, 13, 10, 0);
}

static struct intake_input good(void)
{
    return (struct intake_input){.now_us = now_us(),
                                 .id_present = true,
                                 .policy_name = slice_text("fixture"),
                                 .policy = policy_fixture(),
                                 .channel = slice_text("phone"),
                                 .narrative_size = 100,
                                 .narrative_clean = true,
                                 .name_size = 10,
                                 .contact_size = 11,
                                 .person_clean = true,
                                 .product_clean = true};
}

static struct intake_output decide(const struct intake_input *input)
{
    struct intake_output output;
    memset(&output, 0xa5, sizeof output); /* whatever was there before must not show */
    intake_decide(input, &output);
    return output;
}

static void accepts(const struct intake_input *input)
{
    struct intake_output output = decide(input);
    if (output.refusal != INTAKE_ACCEPTED) {
        fail_msg("refused: %s, allowed: %s", output.field, output.allowed);
    }
}

/* Refused for this field, with a text that says what is allowed. */
static void refuses(const struct intake_input *input, const char *field, const char *allowed_part)
{
    struct intake_output output = decide(input);
    assert_int_equal(output.refusal, INTAKE_INVALID);
    assert_string_equal(output.field, field);
    if (!strstr(output.allowed, allowed_part)) {
        fail_msg("\"%s\" does not say \"%s\"", output.allowed, allowed_part);
    }
}

static void a_good_submission_is_accepted_as_received_now(void **state)
{
    (void)state;
    struct intake_input input = good();
    struct intake_output output = decide(&input);
    assert_int_equal(output.refusal, INTAKE_ACCEPTED);
    assert_int_equal(output.channel, FIXTURE_CHANNEL_PHONE);
    assert_int_equal(output.category_hint, POLICY_NONE);
    assert_int_equal(output.received_at_us, now_us());
    assert_int_equal(output.occurred_at_us, 0);
    assert_true(output.acknowledged_by_receipt);
    assert_null(output.field);
    input.channel = slice_text("mail");
    assert_false(decide(&input).acknowledged_by_receipt);
}

static void a_submission_without_id_policy_or_channel_is_told_where_to_look(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.id_present = false;
    refuses(&input, "submission_id", "16 bytes");
    input = good();
    input.policy = NULL;
    refuses(&input, "policy", "table policy");
    assert_true(slice_equal(decide(&input).value, slice_text("fixture")));
    input = good();
    input.channel = slice_text("pigeon");
    refuses(&input, "channel", "channels in the policy's file");
    assert_true(slice_equal(decide(&input).value, slice_text("pigeon")));
    input.channel = (struct slice){0};
    refuses(&input, "channel", "channels");
}

static void a_clock_slightly_ahead_is_cut_to_now_and_one_far_ahead_refused(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.received_at_present = true;
    input.received_at_us = now_us() - SECOND_US;
    assert_int_equal(decide(&input).received_at_us, now_us() - SECOND_US);
    input.received_at_us = now_us() + INTAKE_FUTURE_US;
    accepts(&input);
    assert_int_equal(decide(&input).received_at_us, now_us());
    input.received_at_us = now_us() + INTAKE_FUTURE_US + 1;
    refuses(&input, "received_at_us", "5 minutes ahead");
    input.received_at_us = INT64_MAX;
    refuses(&input, "received_at_us", "5 minutes ahead");
}

static void a_time_in_the_wrong_unit_is_refused(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.received_at_present = true;
    const int64_t wrong[] = {0, -1, INT64_MIN, now_us() / SECOND_US, now_us() / 1000};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        input.received_at_us = wrong[i];
        refuses(&input, "received_at_us", "microseconds since 1970-01-01");
    }
    input = good();
    input.occurred_at_present = true;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        input.occurred_at_us = wrong[i];
        refuses(&input, "occurred_at_us", "microseconds since 1970-01-01");
    }
}

static void what_is_complained_about_happened_before_it_was_received(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.received_at_present = true;
    input.received_at_us = now_us() - 60 * (int64_t)SECOND_US;
    input.occurred_at_present = true;
    input.occurred_at_us = input.received_at_us;
    assert_int_equal(decide(&input).occurred_at_us, input.received_at_us);
    input.occurred_at_us++;
    refuses(&input, "occurred_at_us", "not after received_at_us");
    input.occurred_at_us = INT64_MAX;
    refuses(&input, "occurred_at_us", "not after received_at_us");
    input.occurred_at_us = fixture_at_us(1985, 6, 1, 12, 0);
    assert_int_equal(decide(&input).occurred_at_us, input.occurred_at_us);
}

static void an_adapter_ahead_of_us_may_tell_of_what_happened_just_now(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.occurred_at_present = true;
    input.occurred_at_us = now_us() + INTAKE_FUTURE_US;
    assert_int_equal(decide(&input).occurred_at_us, now_us());
    input.occurred_at_us++;
    refuses(&input, "occurred_at_us", "not after received_at_us");
    /* Both by the adapter's clock: both are cut. */
    input.received_at_present = true;
    input.received_at_us = now_us() + 20 * (int64_t)SECOND_US;
    input.occurred_at_us = now_us() + 10 * (int64_t)SECOND_US;
    assert_int_equal(decide(&input).received_at_us, now_us());
    assert_int_equal(decide(&input).occurred_at_us, now_us());
}

static void a_narrative_has_between_one_byte_and_64_kib_of_clean_text(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.narrative_size = 0;
    refuses(&input, "narrative", "1 to 65536 bytes of UTF-8 without NUL");
    input.narrative_size = 1;
    accepts(&input);
    input.narrative_size = INTAKE_NARRATIVE_MAX;
    accepts(&input);
    input.narrative_size++;
    refuses(&input, "narrative", "1 to 65536 bytes of UTF-8 without NUL");
    input = good();
    input.narrative_clean = false;
    refuses(&input, "narrative", "UTF-8 without NUL");
    assert_int_equal(decide(&input).value.size, 0);
}

static void every_personal_field_has_its_bound_and_is_never_shown(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        size_t at;
    } rows[] = {
        {"person.name",      offsetof(struct intake_input, name_size)     },
        {"person.contact",   offsetof(struct intake_input, contact_size)  },
        {"person.reference", offsetof(struct intake_input, reference_size)},
        {"demand",           offsetof(struct intake_input, demand_size)   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct intake_input input = good();
        size_t *size = (size_t *)((char *)&input + rows[i].at);
        *size = INTAKE_PERSON_MAX;
        accepts(&input);
        *size = INTAKE_PERSON_MAX + 1;
        refuses(&input, rows[i].field, "at most 512 bytes");
        assert_int_equal(decide(&input).value.size, 0);
    }
    struct intake_input input = good();
    input.person_clean = false;
    refuses(&input, "person", "UTF-8 without NUL");
}

static void a_product_has_its_bound_and_is_shown(void **state)
{
    (void)state;
    static const char text[INTAKE_PRODUCT_MAX + 1] = {'x'};
    struct intake_input input = good();
    input.product = slice_of(text, INTAKE_PRODUCT_MAX);
    accepts(&input);
    input.product = slice_of(text, INTAKE_PRODUCT_MAX + 1);
    refuses(&input, "product", "at most 256 bytes");
    assert_int_equal(decide(&input).value.size, INTAKE_PRODUCT_MAX + 1);
    input.product = slice_of(text, 1);
    input.product_clean = false;
    refuses(&input, "product", "UTF-8 without NUL");
}

static void a_hint_is_taken_when_known_and_dropped_when_not(void **state)
{
    (void)state;
    struct intake_input input = good();
    input.category_hint = slice_text("leaking");
    assert_int_equal(decide(&input).category_hint, FIXTURE_CATEGORY_LEAKING);
    input.category_hint = slice_text("last year's list");
    accepts(&input);
    assert_int_equal(decide(&input).category_hint, POLICY_NONE);
}

/* xorshift64*: the tests' own, so that a seed means the same everywhere. */
static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static int64_t any_time(uint64_t *seed)
{
    const int64_t edges[] = {INT64_MIN, INT64_MAX, 0, now_us(), now_us() + INTAKE_FUTURE_US};
    uint64_t pick = next(seed) % 8;
    if (pick < 5) {
        return edges[pick];
    }
    return pick == 5 ? (int64_t)next(seed)
                     : now_us() + (int64_t)(next(seed) % 1000000000) - 700000000;
}

static void whatever_comes_in_what_is_accepted_keeps_the_promises(void **state)
{
    (void)state;
    static const char *const channels[] = {"phone", "mail", "regulator", "", "pigeon"};
    uint64_t seed = 20240313;
    uint32_t accepted = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int run = 0; run < RUNS; run++) {
        struct intake_input input = good();
        input.id_present = next(&seed) % 16 != 0;
        input.channel = slice_text(channels[next(&seed) % 5]);
        input.received_at_present = next(&seed) % 2;
        input.received_at_us = any_time(&seed);
        input.occurred_at_present = next(&seed) % 2;
        input.occurred_at_us = any_time(&seed);
        input.narrative_size = next(&seed) % 8 == 0 ? (size_t)next(&seed) : 5;
        if (next(&seed) % 8 == 0) {
            input.now_us = any_time(&seed);
        }
        struct intake_output output = decide(&input);
        struct intake_output again = decide(&input);
        assert_int_equal(output.refusal, again.refusal);
        assert_int_equal(output.received_at_us, again.received_at_us);
        if (output.refusal == INTAKE_INVALID) {
            assert_non_null(output.field);
            assert_non_null(output.allowed);
            continue;
        }
        accepted++;
        assert_true(input.id_present && output.channel < 3);
        assert_true(output.received_at_us <= input.now_us);
        assert_true(output.occurred_at_us <= output.received_at_us || !input.occurred_at_present);
        assert_true(input.narrative_size >= 1 && input.narrative_size <= INTAKE_NARRATIVE_MAX);
    }
    assert_true(accepted > RUNS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_submission_is_accepted_as_received_now),
        cmocka_unit_test(a_submission_without_id_policy_or_channel_is_told_where_to_look),
        cmocka_unit_test(a_clock_slightly_ahead_is_cut_to_now_and_one_far_ahead_refused),
        cmocka_unit_test(a_time_in_the_wrong_unit_is_refused),
        cmocka_unit_test(what_is_complained_about_happened_before_it_was_received),
        cmocka_unit_test(an_adapter_ahead_of_us_may_tell_of_what_happened_just_now),
        cmocka_unit_test(a_narrative_has_between_one_byte_and_64_kib_of_clean_text),
        cmocka_unit_test(every_personal_field_has_its_bound_and_is_never_shown),
        cmocka_unit_test(a_product_has_its_bound_and_is_shown),
        cmocka_unit_test(a_hint_is_taken_when_known_and_dropped_when_not),
        cmocka_unit_test(whatever_comes_in_what_is_accepted_keeps_the_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
