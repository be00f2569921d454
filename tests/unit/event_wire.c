/*
 * Goal: an event leaves its bytes as it went in; the hash is over the bytes as received (law 3);
 * what is no event within bounds is refused (law 9).  Method: every field gets a value of its own,
 * protobuf-c's code packs it, and what we decode and encode of that is the same bytes.
 */
#include "event_wire.h"

#include "chain.h"
#include "message_limits.h"
#include "redress/event/v1/event.pb-c.h"
#include "scope.h"
#include "unit.h"

enum { MESSAGE_SIZE = 512, REPEATS = 3 };

static const struct body {
    enum event_kind first, last;
    const ProtobufCMessageDescriptor *descriptor;
} bodies[] = {
    {EVENT_RECEIVED,       EVENT_RECEIVED,       &redress__event__v1__received__descriptor    },
    {EVENT_TRIAGED,        EVENT_TRIAGED,        &redress__event__v1__triaged__descriptor     },
    {EVENT_TRIAGE_ASKED,   EVENT_TRIAGE_ASKED,   &redress__event__v1__triage_asked__descriptor},
    {EVENT_OPENED,         EVENT_OPENED,         &redress__event__v1__opened__descriptor      },
    {EVENT_QUEUED,         EVENT_READ,           &redress__event__v1__advanced__descriptor    },
    {EVENT_CLOCKS_STARTED, EVENT_CLOCKS_UNKNOWN, &redress__event__v1__clocks__descriptor      },
};

static struct arena *arena;

static int fresh(void **state)
{
    (void)state;
    arena_free(&arena);
    arena = arena_new((size_t)4 << 20);
    return arena ? 0 : -1;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as our protos */
static ProtobufCMessage *message_fill(const ProtobufCMessageDescriptor *descriptor, uint32_t *seed);

/* A value no other field has, of the field's type, at member. */
static void value_fill(const ProtobufCFieldDescriptor *field, void *member, uint32_t *seed)
{
    uint32_t value = ++*seed;
    switch (field->type) {
    case PROTOBUF_C_TYPE_SINT32:
        *(int32_t *)member = (value & 1) ? -(int32_t)value : (int32_t)value;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(uint32_t *)member = value % 3 + 1;
        break;
    case PROTOBUF_C_TYPE_UINT32:
        *(uint32_t *)member = value * 70001;
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *(uint64_t *)member = value * 0x123456789abcdefU;
        break;
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)member = (value & 1) ? -(int64_t)value : (int64_t)value << 40;
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = 1;
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        size_t size = value % 300 + 1;
        uint8_t *bytes = arena_take(arena, size);
        memset(bytes, (int)(value & 0xff), size);
        *(ProtobufCBinaryData *)member = (ProtobufCBinaryData){size, bytes};
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = message_fill(field->descriptor, seed);
        break;
    default:
        fail_msg("%s has a type this test does not know", field->name);
    }
}

static ProtobufCMessage *message_fill(const ProtobufCMessageDescriptor *descriptor, uint32_t *seed)
{
    assert_true(descriptor->sizeof_message <= MESSAGE_SIZE);
    uint8_t *message = arena_take(arena, MESSAGE_SIZE);
    descriptor->message_init((ProtobufCMessage *)(void *)message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        void *quantifier = message + field->quantifier_offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            uint64_t *values = arena_take(arena, REPEATS * sizeof *values);
            for (unsigned k = 0; k < REPEATS; k++) {
                value_fill(field, &values[k], seed);
            }
            *(void **)(void *)(message + field->offset) = values;
            *(size_t *)quantifier = REPEATS;
        } else {
            value_fill(field, message + field->offset, seed);
            if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
                *(protobuf_c_boolean *)quantifier = 1;
            }
        }
    }
    return (ProtobufCMessage *)(void *)message;
}

/* NOLINTEND(misc-no-recursion) */

static struct slice message_pack(const ProtobufCMessage *message)
{
    uint8_t *bytes = arena_take(arena, protobuf_c_message_get_packed_size(message));
    return slice_of(bytes, protobuf_c_message_pack(message, bytes));
}

/* An envelope with every field but the trace, which struct event does not hold. */
static Redress__Event__V1__Envelope *envelope_make(enum event_kind kind, struct slice body)
{
    static uint8_t prev_hash[HASH_SIZE];
    static Redress__Event__V1__Cause cause;
    static Redress__Event__V1__Envelope envelope;
    uint32_t seed = 7;
    memset(prev_hash, 0x5a, sizeof prev_hash);
    redress__event__v1__cause__init(&cause);
    cause.has_service = cause.has_seq = true;
    cause.service = REDRESS__EVENT__V1__SERVICE__SERVICE_TRIAGE;
    cause.seq = 77;
    memcpy(
        &envelope, message_fill(&redress__event__v1__envelope__descriptor, &seed), sizeof envelope);
    envelope.has_trace_parent = false;
    envelope.service = (Redress__Event__V1__Service)event_kind_service(kind);
    envelope.kind = (Redress__Event__V1__Kind)kind;
    envelope.partition = 63;
    envelope.prev_hash = (ProtobufCBinaryData){HASH_SIZE, prev_hash};
    envelope.cause = &cause;
    envelope.body = (ProtobufCBinaryData){body.size, (uint8_t *)(uintptr_t)body.bytes};
    return &envelope;
}

static struct slice event_make(enum event_kind kind, struct slice body)
{
    return message_pack(&envelope_make(kind, body)->base);
}

static bool decodes(struct slice bytes)
{
    struct event event;
    struct error error = {0};
    bool decoded = event_decode(bytes, arena, &event, &error);
    assert_int_equal(error.kind, decoded ? ERROR_NONE : ERROR_REJECT);
    return decoded;
}

static void every_field_of_every_kind_survives(void **state)
{
    (void)state;
    unsigned kinds = 0;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        for (enum event_kind kind = bodies[i].first; kind <= bodies[i].last; kind++) {
            uint32_t seed = kind;
            arena_reset(arena);
            struct slice bytes =
                event_make(kind, message_pack(message_fill(bodies[i].descriptor, &seed)));
            struct event event;
            struct event lent;
            struct slice again;
            struct error error = {0};
            assert_true(event_decode(bytes, arena, &event, &error));
            assert_int_equal(event.kind, kind);
            assert_true(event_decode_lent(bytes, event.hash, &lent, &error));
            assert_memory_equal(lent.hash, event.hash, HASH_SIZE);
            assert_true(event_encode(&lent, arena, &again, &error));
            assert_int_equal(again.size, bytes.size);
            assert_memory_equal(again.bytes, bytes.bytes, bytes.size);
            assert_true(event_encode(&event, arena, &again, &error));
            if (again.size != bytes.size) {
                fail_msg("%s: %zu bytes became %zu", event_kind_name(kind), bytes.size, again.size);
            }
            assert_memory_equal(again.bytes, bytes.bytes, bytes.size);
            kinds++;
        }
    }
    unsigned known = 0;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        known += event_kind_name((enum event_kind)kind) != NULL;
    }
    assert_int_equal(kinds, known);
}

static void values_land_where_their_names_say(void **state)
{
    (void)state;
    Redress__Event__V1__Clock clock = REDRESS__EVENT__V1__CLOCK__INIT;
    clock.has_name = clock.has_due_us = clock.has_late_s = clock.has_verdict = true;
    clock.name = (ProtobufCBinaryData){5, (uint8_t *)"reply"};
    clock.due_us = 1700000000000000;
    clock.late_s = -5;
    clock.verdict = REDRESS__EVENT__V1__CLOCK_VERDICT__CLOCK_VERDICT_MISSED;
    Redress__Event__V1__Clock *clocks[] = {&clock};
    Redress__Event__V1__Clocks body = REDRESS__EVENT__V1__CLOCKS__INIT;
    body.n_clocks = 1;
    body.clocks = clocks;
    struct event event;
    struct error error;
    assert_true(event_decode(
        event_make(EVENT_CLOCK_BREACHED, message_pack(&body.base)), arena, &event, &error));
    assert_int_equal(event.service, SERVICE_WATCHDOG);
    assert_int_equal(event.partition, 63);
    assert_int_equal(event.cause_service, SERVICE_TRIAGE);
    assert_int_equal(event.cause_seq, 77);
    assert_int_equal(event.prev_hash[31], 0x5a);
    assert_int_equal(event.clocks.count, 1);
    assert_true(slice_equal(event.clocks.clocks[0].name, slice_text("reply")));
    assert_int_equal(event.clocks.clocks[0].due_us, 1700000000000000);
    assert_true(event.clocks.clocks[0].late_s == -5);
    assert_int_equal(event.clocks.clocks[0].verdict, CLOCK_MISSED);
    assert_int_equal(event.clocks.clocks[0].paused_at_us, 0);
}

static void negative_points_mean_what_protobuf_says(void **state)
{
    (void)state;
    struct event event = {.service = SERVICE_DISPATCH, .kind = EVENT_OPENED, .seq = 1};
    struct slice bytes;
    struct error error;
    event.opened.score = -13;
    assert_true(event_encode(&event, arena, &bytes, &error));
    const Redress__Event__V1__Envelope *envelope =
        redress__event__v1__envelope__unpack(arena_allocator(arena), bytes.size, bytes.bytes);
    const Redress__Event__V1__Opened *opened = redress__event__v1__opened__unpack(
        arena_allocator(arena), envelope->body.len, envelope->body.data);
    assert_int_equal(opened->score, -13);

    event = (struct event){.service = SERVICE_TRIAGE, .kind = EVENT_TRIAGED, .seq = 1};
    event.triaged.score = INT32_MIN;
    event.triaged.factor_count = 1;
    event.triaged.factors[0].points = -1;
    assert_true(event_encode(&event, arena, &bytes, &error));
    envelope =
        redress__event__v1__envelope__unpack(arena_allocator(arena), bytes.size, bytes.bytes);
    const Redress__Event__V1__Triaged *triaged = redress__event__v1__triaged__unpack(
        arena_allocator(arena), envelope->body.len, envelope->body.data);
    assert_int_equal(triaged->score, INT32_MIN);
    assert_int_equal(triaged->factors[0]->points, -1);
}

static void an_event_cut_short_is_refused(void **state)
{
    (void)state;
    struct slice bytes = event_make(EVENT_QUEUED,
                                    slice_text("\x0a\x05"
                                               "claim"));
    struct event event;
    struct error error;
    assert_true(decodes(bytes));
    for (size_t size = bytes.size - 8; size < bytes.size; size++) {
        assert_false(event_decode_header(slice_of(bytes.bytes, size), &event, &error));
    }
    assert_false(decodes(event_make(EVENT_QUEUED,
                                    slice_text("\x0a\x06"
                                               "claim"))));
}

static void the_hash_is_over_the_bytes_as_received(void **state)
{
    (void)state;
    static const struct slice none = {NULL, 0};
    struct slice canonical = event_make(EVENT_QUEUED, none);
    uint8_t odd[512];
    memcpy(odd, canonical.bytes, canonical.size);
    static const uint8_t tail[] = {0x50, 0x85, 0x80, 0x80, 0x00, 0xfa, 0x07, 0x02, 'h', 'i'};
    memcpy(
        odd + canonical.size, tail, sizeof tail); /* at_us again, longer than needed; unknown 127 */
    struct slice received = slice_of(odd, canonical.size + sizeof tail);
    struct event event;
    struct event header;
    struct error error;
    assert_true(event_decode(received, arena, &event, &error));
    assert_true(event_decode_header(received, &header, &error));
    assert_int_equal(event.at_us, 5);
    uint8_t hash[HASH_SIZE];
    chain_hash(received, hash);
    assert_memory_equal(event.hash, hash, HASH_SIZE);
    assert_memory_equal(header.hash, hash, HASH_SIZE);
    struct slice again;
    assert_true(event_encode(&event, arena, &again, &error));
    chain_hash(again, hash);
    assert_memory_not_equal(event.hash, hash, HASH_SIZE); /* another encoding is another event */
}

static void the_header_needs_no_well_formed_body(void **state)
{
    (void)state;
    struct slice bytes = event_make(EVENT_QUEUED, slice_text("\xff\xff\xff"));
    struct event event;
    struct error error;
    assert_false(decodes(bytes));
    assert_true(event_decode_header(bytes, &event, &error));
    assert_int_equal(event.kind, EVENT_QUEUED);
    assert_int_equal(event.partition, 63);
    assert_int_equal(event.seq, 3 * 0x123456789abcdef + (uint64_t)7 * 0x123456789abcdef);
}

static void an_unknown_kind_decodes_with_its_header(void **state)
{
    (void)state;
    Redress__Event__V1__Envelope *envelope =
        envelope_make(EVENT_QUEUED, slice_text("\xff not ours"));
    envelope->kind = (Redress__Event__V1__Kind)99;
    struct event event;
    struct error error;
    assert_true(event_decode(message_pack(&envelope->base), arena, &event, &error));
    assert_int_equal(event.kind, 99);
    assert_int_equal(event.case_id, envelope->case_id);
    struct slice bytes;
    assert_false(
        event_encode(&event, arena, &bytes, &error)); /* nor do we write what we do not know */
}

static void unknown_values_and_fields_of_a_newer_version_do_no_harm(void **state)
{
    (void)state;
    static const char body[] = "\x60\x09\x12\x01q\xa2\x06\x03new\xa5\x06\x01\x02\x03\x04";
    struct event event;
    struct error error;
    struct slice bytes = event_make(EVENT_OPENED, slice_of(body, sizeof body - 1));
    assert_true(event_decode(bytes, arena, &event, &error));
    assert_int_equal(event.opened.language, LANGUAGE_UNKNOWN);
    assert_true(slice_equal(event.opened.queue, slice_text("q")));
}

static void headers_outside_their_bounds_are_refused(void **state)
{
    (void)state;
    static const struct slice none = {NULL, 0};
    assert_true(decodes(event_make(EVENT_QUEUED, none)));
    Redress__Event__V1__Envelope *envelope = envelope_make(EVENT_QUEUED, none);
    envelope->partition = PARTITION_MAX;
    assert_false(decodes(message_pack(&envelope->base)));
    envelope = envelope_make(EVENT_QUEUED, none);
    envelope->seq = 0;
    assert_false(decodes(message_pack(&envelope->base)));
    envelope = envelope_make(EVENT_QUEUED, none);
    envelope->prev_hash.len = 31;
    assert_false(decodes(message_pack(&envelope->base)));
    envelope = envelope_make(EVENT_QUEUED, none);
    envelope->service = REDRESS__EVENT__V1__SERVICE__SERVICE_INTAKE;
    assert_false(decodes(message_pack(&envelope->base)));
    envelope = envelope_make(EVENT_QUEUED, none);
    envelope->service = (Redress__Event__V1__Service)9;
    assert_false(decodes(message_pack(&envelope->base)));
    envelope = envelope_make(EVENT_QUEUED, none);
    envelope->has_kind = false;
    assert_false(decodes(message_pack(&envelope->base)));
    assert_false(decodes(none));
}

static void repeated_fields_have_a_last_place(void **state)
{
    (void)state;
    static const struct {
        enum event_kind kind;
        const char *element;
        size_t size;
        unsigned maximum;
    } rows[] = {
        {EVENT_RECEIVED,       "\x4a\x00",                             2, EVENT_LABELS_MAX },
        {EVENT_TRIAGED,        "\x22\x00",                             2, EVENT_FACTORS_MAX},
        {EVENT_TRIAGED,        "\x41\x01\x02\x03\x04\x05\x06\x07\x08", 9, EVENT_RELATED_MAX},
        {EVENT_QUEUED,         "\x62\x00",                             2, EVENT_FIELDS_MAX },
        {EVENT_CLOCKS_STARTED, "\x0a\x00",                             2, EVENT_CLOCKS_MAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t body[256];
        for (unsigned k = 0; k <= rows[i].maximum; k++) {
            memcpy(body + k * rows[i].size, rows[i].element, rows[i].size);
        }
        size_t full = rows[i].maximum * rows[i].size;
        assert_true(decodes(event_make(rows[i].kind, slice_of(body, full))));
        assert_false(decodes(event_make(rows[i].kind, slice_of(body, full + rows[i].size))));
    }
    static const char packed[] =
        "\x42\x28\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0";
    assert_false(decodes(event_make(EVENT_TRIAGED, slice_of(packed, 42))));
}

static void packed_numbers_are_read_as_well(void **state)
{
    (void)state;
    struct event event;
    struct error error;
    struct slice bytes =
        event_make(EVENT_TRIAGED, slice_of("\x42\x10\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 18));
    assert_true(event_decode(bytes, arena, &event, &error));
    assert_int_equal(event.triaged.related_count, 2);
    assert_int_equal(event.triaged.related[1], 2);
}

static void what_is_too_large_is_not_encoded(void **state)
{
    (void)state;
    static uint8_t large[EVENT_SIZE_MAX];
    struct event event = {.service = SERVICE_INTAKE, .kind = EVENT_RECEIVED, .seq = 1};
    struct error error;
    struct slice bytes;
    event.received.sealed_narrative = slice_of(large, EVENT_SIZE_MAX - 100);
    assert_true(event_encode(&event, arena, &bytes, &error));
    assert_true(decodes(bytes));
    event.received.sealed_narrative = slice_of(large, EVENT_SIZE_MAX - 10);
    assert_false(event_encode(&event, arena, &bytes, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    event.received.sealed_narrative = slice_of(large, 10);
    event.received.label_count = EVENT_LABELS_MAX + 1;
    assert_false(event_encode(&event, arena, &bytes, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    assert_false(decodes(slice_of(large, sizeof large)));
}

static void a_full_arena_is_a_reason_to_come_again(void **state)
{
    (void)state;
    struct event event = {.service = SERVICE_DISPATCH, .kind = EVENT_QUEUED, .seq = 1};
    event.advanced.queue = slice_text("a queue with a name longer than what is left");
    struct slice bytes;
    struct error error;
    assert_true(event_encode(&event, arena, &bytes, &error));
    SCOPED(arena_free) struct arena *small = arena_new(32);
    struct slice again;
    assert_false(event_encode(&event, small, &again, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    assert_false(event_decode(bytes, small, &event, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
}

static uint32_t next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void what_we_accept_protobuf_accepts(void **state)
{
    (void)state;
    uint32_t seed = 20261121;
    uint32_t values = 1;
    unsigned accepted = 0;
    struct slice body =
        message_pack(message_fill(&redress__event__v1__triaged__descriptor, &values));
    struct slice honest = event_make(EVENT_TRIAGED, body);
    static uint8_t bytes[8192];
    assert_true(honest.size <= sizeof bytes);
    for (unsigned round = 0; round < 50000; round++) {
        memcpy(bytes, honest.bytes, honest.size);
        for (unsigned i = next(&seed) % 3; i < 3; i++) {
            bytes[next(&seed) % (i == 0 ? 64 : honest.size)] = (uint8_t)next(&seed);
        }
        struct slice damaged = slice_of(bytes, honest.size);
        SCOPED(arena_free) struct arena *scratch = arena_new((size_t)64 * 1024);
        struct event event;
        struct error error;
        if (event_decode(damaged, scratch, &event, &error)) {
            accepted++;
            assert_true(prescan(&redress__event__v1__envelope__descriptor,
                                damaged.bytes,
                                damaged.size,
                                &limits_event,
                                &error));
        }
    }
    assert_in_range(accepted, 1000, 49000);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_field_of_every_kind_survives),
        TEST(values_land_where_their_names_say),
        TEST(negative_points_mean_what_protobuf_says),
        TEST(an_event_cut_short_is_refused),
        TEST(the_hash_is_over_the_bytes_as_received),
        TEST(the_header_needs_no_well_formed_body),
        TEST(an_unknown_kind_decodes_with_its_header),
        TEST(unknown_values_and_fields_of_a_newer_version_do_no_harm),
        TEST(headers_outside_their_bounds_are_refused),
        TEST(repeated_fields_have_a_last_place),
        TEST(packed_numbers_are_read_as_well),
        TEST(what_is_too_large_is_not_encoded),
        TEST(a_full_arena_is_a_reason_to_come_again),
        TEST(what_we_accept_protobuf_accepts),
    };
    return cmocka_run_group_tests_name("event_wire", tests, NULL, NULL);
}
