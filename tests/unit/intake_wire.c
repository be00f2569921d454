/*
 * Goal: the core sees of a submission what an adapter sent, hostile or not, and the adapter can
 * check what it gets back (laws 1, 9 and 10).  Method: submissions are packed as an adapter would,
 * replies unpacked as one would, receipts verified with the public key alone.
 */
#include "intake_wire.h"

#include "case_number.h"
#include "scope.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

enum { ARENA_SIZE = 1 << 20 };

#define DATA(text)                                                                                 \
    {                                                                                              \
        sizeof(text) - 1, (uint8_t *)(text)                                                        \
    }

static struct slice pack(const ProtobufCMessage *message, uint8_t *into, size_t size)
{
    assert_true(protobuf_c_message_get_packed_size(message) <= size);
    return slice_of(into, protobuf_c_message_pack(message, into));
}

static Redress__Submit__V1__Submission full(Redress__Submit__V1__Person *person)
{
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    *person = (Redress__Submit__V1__Person)REDRESS__SUBMIT__V1__PERSON__INIT;
    person->has_name = person->has_contact = person->has_reference = 1;
    person->name = (ProtobufCBinaryData)DATA("陳小姐");
    person->contact = (ProtobufCBinaryData)DATA("0912345678");
    person->reference = (ProtobufCBinaryData)DATA("M-1");
    submission.person = person;
    submission.has_submission_id = submission.has_policy = submission.has_channel = 1;
    submission.has_narrative = submission.has_product = submission.has_category_hint = 1;
    submission.has_demand = submission.has_received_at_us = submission.has_occurred_at_us = 1;
    submission.submission_id = (ProtobufCBinaryData)DATA("0123456789abcdef");
    submission.policy = (ProtobufCBinaryData)DATA("general-service");
    submission.channel = (ProtobufCBinaryData)DATA("phone");
    submission.narrative = (ProtobufCBinaryData)DATA("商品是壞的");
    submission.product = (ProtobufCBinaryData)DATA("kettle");
    submission.category_hint = (ProtobufCBinaryData)DATA("quality");
    submission.demand = (ProtobufCBinaryData)DATA("refund");
    submission.received_at_us = 1710727200000001;
    submission.occurred_at_us = 1710640800000000;
    return submission;
}

static void the_core_sees_what_was_sent(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    struct error error = {.text = ""};
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    Redress__Submit__V1__Person person;
    Redress__Submit__V1__Submission sent = full(&person);
    const Redress__Submit__V1__Submission *read =
        intake_decode(pack(&sent.base, bytes, sizeof bytes), arena, &error);
    assert_non_null(read);
    struct intake_input input;
    intake_input_of(read, &input);
    assert_true(input.id_present);
    assert_true(slice_equal(input.policy_name, slice_text("general-service")));
    assert_true(slice_equal(input.channel, slice_text("phone")));
    assert_true(slice_equal(input.product, slice_text("kettle")));
    assert_true(slice_equal(input.category_hint, slice_text("quality")));
    assert_int_equal(input.narrative_size, strlen("商品是壞的"));
    assert_int_equal(input.name_size, strlen("陳小姐"));
    assert_int_equal(input.contact_size, 10);
    assert_int_equal(input.reference_size, 3);
    assert_int_equal(input.demand_size, 6);
    assert_true(input.narrative_clean && input.person_clean && input.product_clean);
    assert_true(input.received_at_present && input.occurred_at_present);
    assert_int_equal(input.received_at_us, 1710727200000001);
    assert_int_equal(input.occurred_at_us, 1710640800000000);
    assert_null(input.policy); /* the shell's part */
}

static void what_is_missing_is_empty_and_what_is_dirty_is_told(void **state)
{
    (void)state;
    struct intake_input input;
    Redress__Submit__V1__Person person;
    Redress__Submit__V1__Submission sent = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    intake_input_of(&sent, &input);
    assert_false(input.id_present || input.received_at_present || input.occurred_at_present);
    assert_int_equal(input.narrative_size + input.policy_name.size + input.channel.size, 0);
    assert_true(input.person_clean && input.product_clean);

    sent = full(&person);
    sent.submission_id = (ProtobufCBinaryData)DATA("0123456789abcde");
    sent.narrative = (ProtobufCBinaryData)DATA("good\xff");
    sent.category_hint = (ProtobufCBinaryData)DATA("qual\0ity");
    sent.product = (ProtobufCBinaryData)DATA("\xc0\x80");
    intake_input_of(&sent, &input);
    assert_false(input.id_present);
    assert_false(input.narrative_clean);
    assert_int_equal(input.narrative_bad_at, 4);
    assert_int_equal(input.category_hint.size, 0); /* advice: dropped */
    assert_false(input.product_clean);
    assert_true(input.person_clean);

    ProtobufCBinaryData *const personal[] = {
        &person.name, &person.contact, &person.reference, &sent.demand};
    for (size_t i = 0; i < sizeof personal / sizeof *personal; i++) {
        sent = full(&person);
        *personal[i] = (ProtobufCBinaryData)DATA("a\0b");
        intake_input_of(&sent, &input);
        assert_false(input.person_clean);
    }
}

static void digest_of(const uint8_t *bytes, size_t size, uint8_t digest[INTAKE_DIGEST_SIZE])
{
    struct error error = {.text = ""};
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    const Redress__Submit__V1__Submission *read =
        intake_decode(slice_of(bytes, size), arena, &error);
    assert_non_null(read);
    intake_digest_of(read, digest);
}

static bool same_digest(const Redress__Submit__V1__Submission *one,
                        const Redress__Submit__V1__Submission *two)
{
    uint8_t bytes[1024];
    uint8_t digests[2][INTAKE_DIGEST_SIZE];
    struct slice packed = pack(&one->base, bytes, sizeof bytes);
    digest_of(packed.bytes, packed.size, digests[0]);
    packed = pack(&two->base, bytes, sizeof bytes);
    digest_of(packed.bytes, packed.size, digests[1]);
    return memcmp(digests[0], digests[1], INTAKE_DIGEST_SIZE) == 0;
}

/* LAW 1: a retry is the same submission however its adapter writes it down. */
static void the_digest_is_of_what_becomes_the_case(void **state)
{
    (void)state;
    Redress__Submit__V1__Person person;
    Redress__Submit__V1__Person other;
    Redress__Submit__V1__Submission sent = full(&person);
    Redress__Submit__V1__Submission again = full(&other);
    again.has_trace_parent = 1;
    again.trace_parent = (ProtobufCBinaryData)DATA("00-0af7651916cd43dd8448eb211c80319c-01");
    assert_true(same_digest(&sent, &again));

    /* the fields in another order: the last one first */
    uint8_t bytes[1024];
    uint8_t turned[1024];
    uint8_t digests[2][INTAKE_DIGEST_SIZE];
    struct slice whole = pack(&sent.base, bytes, sizeof bytes);
    size_t last = sent.demand.len + 2;
    memcpy(turned, bytes + whole.size - last, last);
    memcpy(turned + last, bytes, whole.size - last);
    digest_of(bytes, whole.size, digests[0]);
    digest_of(turned, whole.size, digests[1]);
    assert_memory_equal(digests[0], digests[1], INTAKE_DIGEST_SIZE);

    again = full(&other);
    again.has_product = 0; /* not there, or empty */
    sent.product.len = 0;
    assert_true(same_digest(&sent, &again));
    sent = full(&person);

    ProtobufCBinaryData *const texts[] = {&again.policy,
                                          &again.narrative,
                                          &again.product,
                                          &again.category_hint,
                                          &again.demand,
                                          &other.name,
                                          &other.contact,
                                          &other.reference};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        again = full(&other);
        texts[i]->len--;
        assert_false(same_digest(&sent, &again));
    }
    int64_t *const times[] = {&again.received_at_us, &again.occurred_at_us};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        again = full(&other);
        ++*times[i];
        assert_false(same_digest(&sent, &again));
    }
    again = full(&other);
    again.has_received_at_us = 0;
    assert_false(same_digest(&sent, &again));
    again = full(&other); /* the same letters, on the other side of a border */
    other.name = (ProtobufCBinaryData)DATA("0912");
    other.contact = (ProtobufCBinaryData)DATA("345678");
    person.name = (ProtobufCBinaryData)DATA("091234");
    person.contact = (ProtobufCBinaryData)DATA("5678");
    assert_false(same_digest(&sent, &again));
}

static void bytes_that_are_no_submission_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    struct error error = {.text = ""};
    Redress__Submit__V1__Person person;
    Redress__Submit__V1__Submission sent = full(&person);
    struct slice whole = pack(&sent.base, bytes, sizeof bytes);
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    unsigned refused = 0;
    for (size_t cut = 0; cut < whole.size; cut++) {
        arena_reset(arena);
        bool read = intake_decode(slice_of(whole.bytes, cut), arena, &error) != NULL;
        refused += !read;
        assert_true(read || error.kind == ERROR_REJECT);
    }
    assert_true(refused > whole.size / 2);
    memset(bytes, 0xff, sizeof bytes);
    assert_null(intake_decode(slice_of(bytes, sizeof bytes), arena, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
}

static void the_personal_part_holds_the_person_and_nothing_else(void **state)
{
    (void)state;
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    Redress__Submit__V1__Person person;
    Redress__Submit__V1__Submission sent = full(&person);
    struct slice bytes = intake_person_pack(&sent, arena);
    Redress__Submit__V1__Submission *read =
        redress__submit__v1__submission__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(read);
    assert_non_null(read->person);
    assert_memory_equal(read->person->name.data, "陳小姐", read->person->name.len);
    assert_int_equal(read->person->contact.len, 10);
    assert_int_equal(read->demand.len, 6);
    assert_false(read->has_narrative || read->has_submission_id || read->has_product);
    redress__submit__v1__submission__free_unpacked(read, NULL);
    struct arena *small = arena_new(8);
    assert_int_equal(intake_person_pack(&sent, small).size, 0);
    arena_free(&small);
}

static Redress__Submit__V1__SubmitReply *reply_read(struct slice bytes)
{
    Redress__Submit__V1__SubmitReply *reply =
        redress__submit__v1__submit_reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    return reply;
}

static void a_refusal_says_which_field_and_shows_no_more_than_it_has_to(void **state)
{
    (void)state;
    static const char value[] =
        "0123456789012345678901234567890123456789012345678901234567890123456";
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    struct intake_refused refused = {.submission_id = slice_text("0123456789abcdef"),
                                     .code =
                                         REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_INVALID,
                                     .field = "channel",
                                     .value = slice_text(value),
                                     .allowed = "phone"};
    Redress__Submit__V1__SubmitReply *reply = reply_read(intake_refusal_pack(&refused, arena));
    assert_null(reply->receipt);
    assert_int_equal(reply->refusal->code, refused.code);
    assert_memory_equal(reply->refusal->submission_id.data, "0123456789abcdef", 16);
    assert_memory_equal(reply->refusal->field.data, "channel", 7);
    assert_int_equal(reply->refusal->value.len, 64);
    assert_memory_equal(reply->refusal->allowed.data, "phone", 5);
    assert_false(reply->refusal->has_retry_after_ms);
    redress__submit__v1__submit_reply__free_unpacked(reply, NULL);

    refused = (struct intake_refused){
        .code = REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED, .retry_after_ms = 250};
    reply = reply_read(intake_refusal_pack(&refused, arena));
    assert_int_equal(reply->refusal->retry_after_ms, 250);
    assert_false(reply->refusal->has_submission_id || reply->refusal->has_field);
    assert_false(reply->refusal->has_allowed);
    redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
}

static void assert_receipt(const Redress__Submit__V1__Receipt *receipt,
                           const struct receipt_leaf *leaf,
                           bool duplicate)
{
    const uint8_t *path[RECEIPT_PATH_MAX];
    char number[CASE_NUMBER_SIZE];
    case_number_format(leaf->case_id, 1710727200000001, number);
    for (size_t i = 0; i < receipt->n_path; i++) {
        assert_int_equal(receipt->path[i].len, HASH_SIZE);
        path[i] = receipt->path[i].data;
    }
    assert_true(receipt_verify(leaf,
                               receipt->leaf_index,
                               receipt->leaf_count,
                               path,
                               (uint32_t)receipt->n_path,
                               receipt->root_signature.data,
                               receipt->signing_key.data));
    assert_int_equal(receipt->case_id, leaf->case_id);
    assert_int_equal(receipt->seq, leaf->seq);
    assert_int_equal(receipt->partition, leaf->partition);
    assert_memory_equal(receipt->hash.data, leaf->hash, HASH_SIZE);
    assert_memory_equal(receipt->submission_id.data, leaf->submission_id, 16);
    assert_int_equal(receipt->case_number.len, strlen(number));
    assert_memory_equal(receipt->case_number.data, number, receipt->case_number.len);
    assert_int_equal(receipt->duplicate, duplicate);
    assert_int_equal(receipt->committed_at_us, 1710727200000002);
}

static void every_receipt_of_a_batch_can_be_checked_by_itself(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    struct error error = {.text = ""};
    struct receipt_leaf leaves[COUNT] = {0};
    char path[] = "/tmp/redress-receipt-XXXXXX";
    assert_non_null(mkdtemp(path));
    char file[64];
    (void)snprintf(file, sizeof file, "%s/key", path);
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    SCOPED(receipt_key_free) struct receipt_key *key = receipt_key_open(file, true, &error);
    assert_non_null(key);
    for (uint32_t i = 0; i < COUNT; i++) {
        memset(leaves[i].submission_id, (int)i + 1, sizeof leaves[i].submission_id);
        memset(leaves[i].hash, (int)i + 101, HASH_SIZE);
        leaves[i].partition = 3;
        leaves[i].seq = 40 + i;
        leaves[i].case_id = case_id_make(3, 40 + i);
        leaves[i].received_at_us = 1710727200000001;
        leaves[i].committed_at_us = 1710727200000002;
    }
    const struct receipt_batch *batch = receipt_batch_sign(key, leaves, COUNT, arena);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct intake_receipted receipted = {.leaf = &leaves[i],
                                             .batch = batch,
                                             .index = i,
                                             .count = COUNT,
                                             .public_key = receipt_key_public(key),
                                             .duplicate = i == 2};
        Redress__Submit__V1__SubmitReply *reply =
            reply_read(intake_receipt_pack(&receipted, arena));
        assert_null(reply->refusal);
        assert_receipt(reply->receipt, &leaves[i], i == 2);
        redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
    }
    (void)unlink(file);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_core_sees_what_was_sent),
        cmocka_unit_test(what_is_missing_is_empty_and_what_is_dirty_is_told),
        cmocka_unit_test(the_digest_is_of_what_becomes_the_case),
        cmocka_unit_test(bytes_that_are_no_submission_are_refused),
        cmocka_unit_test(the_personal_part_holds_the_person_and_nothing_else),
        cmocka_unit_test(a_refusal_says_which_field_and_shows_no_more_than_it_has_to),
        cmocka_unit_test(every_receipt_of_a_batch_can_be_checked_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
