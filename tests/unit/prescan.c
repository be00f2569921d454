/*
 * Goal: any byte string either unpacks within a fixed depth and amount of memory or is refused (law
 * 9). Method: hostile messages made by hand, one a rule; then seeded damage to honest ones, where
 * whatever prescan accepts has to unpack.
 */
#include "prescan.h"

#include "message_limits.h"
#include "redress/command/v1/command.pb-c.h"
#include "redress/event/v1/event.pb-c.h"
#include "redress/live/v1/live.pb-c.h"
#include "redress/submit/v1/submit.pb-c.h"
#include "scope.h"
#include "unit.h"

#define SUBMISSION (&redress__submit__v1__submission__descriptor)
#define COMMAND    (&redress__command__v1__command__descriptor)
#define TRIAGED    (&redress__event__v1__triaged__descriptor)
#define FIGURES    (&redress__live__v1__figures__descriptor)

static const struct prescan_limits small = {
    .size_max = 64, .depth_max = 2, .fields_max = 4, .unknown_max = 1};

static bool accepts(const ProtobufCMessageDescriptor *descriptor, const char *bytes, size_t size)
{
    struct error error = {0};
    bool accepted = prescan(descriptor, bytes, size, &small, &error);
    assert_int_equal(error.kind, accepted ? ERROR_NONE : ERROR_REJECT);
    return accepted;
}

#define ACCEPTS(descriptor, bytes) accepts(descriptor, bytes, sizeof(bytes) - 1)

static void well_formed_messages_pass(void **state)
{
    (void)state;
    assert_true(ACCEPTS(SUBMISSION, ""));
    assert_true(accepts(SUBMISSION, NULL, 0));
    assert_true(ACCEPTS(SUBMISSION, "\x0a\x02hi"));
    assert_true(ACCEPTS(SUBMISSION, "\x0a\x00"));
    assert_true(ACCEPTS(SUBMISSION, "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_true(ACCEPTS(SUBMISSION, "\x3a\x04\x0a\x02me"));
    assert_true(ACCEPTS(SUBMISSION, "\x8a\x80\x80\x80\x00\x02hi")); /* a longer tag than needed */
}

static void malformed_bytes_are_refused(void **state)
{
    (void)state;
    assert_false(ACCEPTS(SUBMISSION, "\x0a"));                     /* no length */
    assert_false(ACCEPTS(SUBMISSION, "\x0a\x03hi"));               /* longer than the message */
    assert_false(ACCEPTS(SUBMISSION, "\x0a\xff\xff\xff\xff\x0f")); /* 4 GiB */
    assert_false(ACCEPTS(SUBMISSION, "\x0a\x82\x80\x80\x80\x80\x00hi")); /* length of six bytes */
    assert_false(ACCEPTS(SUBMISSION, "\x20\x80"));                       /* number cut short */
    assert_false(ACCEPTS(SUBMISSION, "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")); /* 65 bits */
    assert_false(ACCEPTS(SUBMISSION, "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_false(ACCEPTS(SUBMISSION, "\x00\x01"));                     /* field 0 */
    assert_false(ACCEPTS(SUBMISSION, "\x8a\x80\x80\x80\x80\x00\x00")); /* tag of six bytes */
    assert_false(ACCEPTS(SUBMISSION, "\x3a\x02\x0a\x02me"));           /* inner passes outer */
    assert_false(ACCEPTS(TRIAGED, "\x69\x01\x02\x03"));                /* fixed64 cut short */
}

static void a_field_of_another_wire_type_is_refused(void **state)
{
    (void)state;
    assert_false(ACCEPTS(SUBMISSION, "\x08\x01"));             /* bytes as a number */
    assert_false(ACCEPTS(SUBMISSION, "\x22\x01\x01"));         /* a number as bytes, not repeated */
    assert_false(ACCEPTS(SUBMISSION, "\x25\x01\x02\x03\x04")); /* a number as fixed32 */
    assert_false(ACCEPTS(SUBMISSION, "\x3b\x3c"));             /* a message as a group */
    assert_false(ACCEPTS(TRIAGED, "\x40\x01"));                /* fixed64 as a number */
}

static void groups_are_refused_even_where_nobody_knows_the_field(void **state)
{
    (void)state;
    assert_false(ACCEPTS(SUBMISSION, "\xa3\x06\xa4\x06"));
    assert_false(ACCEPTS(SUBMISSION, "\xa6\x06"));
}

static void unknown_fields_pass_up_to_their_bound(void **state)
{
    (void)state;
    assert_true(ACCEPTS(SUBMISSION, "\xa0\x06\x01"));
    assert_true(ACCEPTS(SUBMISSION, "\xa5\x06\x01\x02\x03\x04"));
    assert_true(ACCEPTS(SUBMISSION, "\xa2\x06\x02hi"));
    assert_false(ACCEPTS(SUBMISSION, "\xa0\x06\x01\xa0\x06\x01"));
    assert_false(ACCEPTS(SUBMISSION, "\xa2\x06\x03hi"));
}

static void fields_are_counted_over_all_levels(void **state)
{
    (void)state;
    assert_true(ACCEPTS(SUBMISSION, "\x0a\x00\x0a\x00\x0a\x00\x0a\x00"));
    assert_false(ACCEPTS(SUBMISSION, "\x0a\x00\x0a\x00\x0a\x00\x0a\x00\x0a\x00"));
    assert_true(ACCEPTS(SUBMISSION, "\x3a\x06\x0a\x00\x0a\x00\x0a\x00"));
    assert_false(ACCEPTS(SUBMISSION, "\x3a\x08\x0a\x00\x0a\x00\x0a\x00\x0a\x00"));
}

static void numbers_of_a_packed_field_count_one_by_one(void **state)
{
    (void)state;
    char bytes[34] = "\x42\x18";
    assert_true(accepts(TRIAGED, bytes, 2 + 24));
    bytes[1] = 32;
    assert_false(accepts(TRIAGED, bytes, 2 + 32));
    bytes[1] = 23;
    assert_false(accepts(TRIAGED, bytes, 2 + 23));
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_true(ACCEPTS(COMMAND, "\x2a\x02\x22\x00") == false); /* command, act, field: three */
    assert_true(ACCEPTS(COMMAND, "\x2a\x02\x12\x00") == false); /* expected_version as bytes */
    assert_true(ACCEPTS(COMMAND, "\x22\x02\x0a\x00"));          /* command, claim: two */
}

static void size_is_bounded(void **state)
{
    (void)state;
    char bytes[66] = "\x0a\x3e";
    assert_true(accepts(SUBMISSION, bytes, 64));
    bytes[1] = 0x3f;
    assert_false(accepts(SUBMISSION, bytes, 65));
}

static void the_error_says_what_and_where(void **state)
{
    (void)state;
    struct error error;
    assert_false(prescan(SUBMISSION, "\x0a\x02hi\x08\x01", 6, &small, &error));
    assert_string_equal(error.text, "Submission: wrong wire type before byte 5 of 6");
}

static void a_million_empty_messages_cost_nothing(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)8 * 1024 * 1024);
    static char bytes[1024 * 1024];
    for (size_t i = 0; i < sizeof bytes; i += 2) {
        bytes[i] = '\x62'; /* Figures.phases */
    }
    struct error error;
    assert_null(prescan_unpack(FIGURES, bytes, sizeof bytes, &limits_live, arena, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    assert_int_equal(arena_used(arena), 0);
}

static void a_full_arena_is_a_reason_to_come_again(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(1024);
    struct error error;
    assert_non_null(arena_take(arena, 1000));
    assert_null(prescan_unpack(SUBMISSION, "\x0a\x02hi", 4, &small, arena, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    arena_reset(arena);
    ProtobufCMessage *message = prescan_unpack(SUBMISSION, "\x0a\x02hi", 4, &small, arena, &error);
    assert_non_null(message);
    const Redress__Submit__V1__Submission *submission = (const void *)message;
    assert_int_equal(submission->submission_id.len, 2);
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static size_t command_pack(uint8_t *bytes)
{
    Redress__Command__V1__Field field = REDRESS__COMMAND__V1__FIELD__INIT;
    field.name = (ProtobufCBinaryData){4, (uint8_t *)"cost"};
    field.value = (ProtobufCBinaryData){2, (uint8_t *)"42"};
    field.has_name = field.has_value = true;
    Redress__Command__V1__Field *fields[] = {&field, &field, &field};
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    act.has_case_id = act.has_expected_version = true;
    act.case_id = 1;
    act.expected_version = 300;
    act.n_fields = 3;
    act.fields = fields;
    Redress__Command__V1__Command command = REDRESS__COMMAND__V1__COMMAND__INIT;
    command.act = &act;
    command.has_actor = true;
    command.actor = (ProtobufCBinaryData){3, (uint8_t *)"ann"};
    return redress__command__v1__command__pack(&command, bytes);
}

static void whatever_is_accepted_unpacks(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new((size_t)64 * 1024);
    uint8_t honest[256];
    size_t size = command_pack(honest);
    uint32_t seed = 20261121;
    unsigned accepted = 0;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t bytes[256];
        memcpy(bytes, honest, size);
        for (unsigned i = next(&seed) % 3; i < 3; i++) {
            bytes[next(&seed) % size] = (uint8_t)next(&seed);
        }
        struct error error;
        if (prescan(COMMAND, bytes, size, &limits_command, &error)) {
            accepted++;
            assert_non_null(prescan_unpack(COMMAND, bytes, size, &limits_command, arena, &error));
            arena_reset(arena);
        }
    }
    assert_in_range(accepted, 1000, 99000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_messages_pass),
        cmocka_unit_test(malformed_bytes_are_refused),
        cmocka_unit_test(a_field_of_another_wire_type_is_refused),
        cmocka_unit_test(groups_are_refused_even_where_nobody_knows_the_field),
        cmocka_unit_test(unknown_fields_pass_up_to_their_bound),
        cmocka_unit_test(fields_are_counted_over_all_levels),
        cmocka_unit_test(numbers_of_a_packed_field_count_one_by_one),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(the_error_says_what_and_where),
        cmocka_unit_test(a_million_empty_messages_cost_nothing),
        cmocka_unit_test(a_full_arena_is_a_reason_to_come_again),
        cmocka_unit_test(whatever_is_accepted_unpacks),
    };
    return cmocka_run_group_tests_name("prescan", tests, NULL, NULL);
}
