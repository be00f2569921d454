#include "intake_wire.h"

#include "case_number.h"
#include "little.h"
#include "message_limits.h"
#include "prescan.h"
#include "text.h"

#include <sodium.h>

enum { VALUE_SHOWN_MAX = 64 };

static_assert((int)INTAKE_UNREADABLE ==
                      (int)REDRESS__SUBMIT__V1__REFUSAL_REASON__REFUSAL_REASON_UNREADABLE &&
                  (int)INTAKE_PRODUCT ==
                      (int)REDRESS__SUBMIT__V1__REFUSAL_REASON__REFUSAL_REASON_PRODUCT &&
                  INTAKE_PRODUCT == INTAKE_REASON_COUNT - 1,
              "the core's reasons are those of the wire");

const Redress__Submit__V1__Submission *
intake_decode(struct slice bytes, struct arena *arena, struct error *error)
{
    return (const Redress__Submit__V1__Submission *)prescan_unpack(
        &redress__submit__v1__submission__descriptor,
        bytes.bytes,
        bytes.size,
        &limits_submission,
        arena,
        error);
}

static struct slice slice_if(bool present, ProtobufCBinaryData data)
{
    return present ? slice_of(data.data, data.len) : slice_of(NULL, 0);
}

static bool clean(bool present, ProtobufCBinaryData data)
{
    size_t bad_at;
    return !present || text_is_clean(slice_of(data.data, data.len), &bad_at);
}

void intake_input_of(const Redress__Submit__V1__Submission *submission, struct intake_input *input)
{
    const Redress__Submit__V1__Person *person = submission->person;
    struct slice narrative = slice_if(submission->has_narrative, submission->narrative);
    *input = (struct intake_input){
        .id_present = submission->has_submission_id && submission->submission_id.len == 16,
        .policy_name = slice_if(submission->has_policy, submission->policy),
        .channel = slice_if(submission->has_channel, submission->channel),
        .received_at_present = submission->has_received_at_us,
        .received_at_us = submission->received_at_us,
        .occurred_at_present = submission->has_occurred_at_us,
        .occurred_at_us = submission->occurred_at_us,
        .narrative_size = narrative.size,
        .product = slice_if(submission->has_product, submission->product),
        .product_clean = clean(submission->has_product, submission->product),
        .demand_size = submission->has_demand ? submission->demand.len : 0,
        .person_clean = clean(submission->has_demand, submission->demand),
    };
    input->narrative_clean = text_is_clean(narrative, &input->narrative_bad_at);
    if (clean(submission->has_category_hint, submission->category_hint)) {
        input->category_hint = slice_if(submission->has_category_hint, submission->category_hint);
    }
    if (person) {
        input->name_size = person->has_name ? person->name.len : 0;
        input->contact_size = person->has_contact ? person->contact.len : 0;
        input->reference_size = person->has_reference ? person->reference.len : 0;
        input->person_clean = input->person_clean && clean(person->has_name, person->name) &&
                              clean(person->has_contact, person->contact) &&
                              clean(person->has_reference, person->reference);
    }
}

bool intake_key_is_good(const Redress__Submit__V1__Submission *submission)
{
    return submission->has_submission_id && submission->submission_id.len == 16 &&
           submission->has_channel && submission->channel.len < POLICY_NAME_MAX &&
           clean(submission->has_channel, submission->channel);
}

static void digest_number(crypto_generichash_state *state, uint64_t number)
{
    uint8_t bytes[8];
    (void)little_put(bytes, number, sizeof bytes);
    (void)crypto_generichash_update(state, bytes, sizeof bytes);
}

/* Its size before it, so that no two lists of texts are the same bytes. */
static void
digest_text(crypto_generichash_state *state, protobuf_c_boolean has, ProtobufCBinaryData text)
{
    size_t size = has ? text.len : 0;
    digest_number(state, size);
    if (size > 0) {
        (void)crypto_generichash_update(state, text.data, size);
    }
}

static void digest_time(crypto_generichash_state *state, protobuf_c_boolean has, int64_t at_us)
{
    digest_number(state, has ? 1 : 0);
    digest_number(state, has ? (uint64_t)at_us : 0);
}

void intake_digest_of(const Redress__Submit__V1__Submission *submission,
                      uint8_t digest[INTAKE_DIGEST_SIZE])
{
    static const Redress__Submit__V1__Person nobody = REDRESS__SUBMIT__V1__PERSON__INIT;
    const Redress__Submit__V1__Person *person = submission->person ? submission->person : &nobody;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, INTAKE_DIGEST_SIZE);
    digest_text(&state, submission->has_policy, submission->policy);
    digest_time(&state, submission->has_received_at_us, submission->received_at_us);
    digest_time(&state, submission->has_occurred_at_us, submission->occurred_at_us);
    digest_text(&state, submission->has_narrative, submission->narrative);
    digest_text(&state, person->has_name, person->name);
    digest_text(&state, person->has_contact, person->contact);
    digest_text(&state, person->has_reference, person->reference);
    digest_text(&state, submission->has_category_hint, submission->category_hint);
    digest_text(&state, submission->has_product, submission->product);
    digest_text(&state, submission->has_demand, submission->demand);
    (void)crypto_generichash_final(&state, digest, INTAKE_DIGEST_SIZE);
}

static struct slice pack(const ProtobufCMessage *message, struct arena *arena)
{
    uint8_t *bytes = arena_take(arena, protobuf_c_message_get_packed_size(message));
    return bytes ? slice_of(bytes, protobuf_c_message_pack(message, bytes)) : slice_of(NULL, 0);
}

struct slice intake_person_pack(const Redress__Submit__V1__Submission *submission,
                                struct arena *arena)
{
    Redress__Submit__V1__Submission personal = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    personal.person = submission->person;
    personal.has_demand = submission->has_demand;
    personal.demand = submission->demand;
    return pack(&personal.base, arena);
}

static ProtobufCBinaryData data_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
}

struct slice intake_refusal_pack(const struct intake_refused *refused, struct arena *arena)
{
    Redress__Submit__V1__Refusal refusal = REDRESS__SUBMIT__V1__REFUSAL__INIT;
    refusal.has_submission_id = refused->submission_id.size > 0;
    refusal.submission_id = data_of(refused->submission_id.bytes, refused->submission_id.size);
    refusal.has_code = 1;
    refusal.code = refused->code;
    if (refused->field) {
        refusal.has_field = refusal.has_value = 1;
        refusal.field = data_of(refused->field, strlen(refused->field));
        size_t shown =
            refused->value.size < VALUE_SHOWN_MAX ? refused->value.size : VALUE_SHOWN_MAX;
        refusal.value = data_of(refused->value.bytes, shown);
    }
    if (refused->allowed) {
        refusal.has_allowed = 1;
        refusal.allowed = data_of(refused->allowed, strlen(refused->allowed));
    }
    refusal.has_reason = refused->reason != INTAKE_NO_REASON;
    refusal.reason = (Redress__Submit__V1__RefusalReason)refused->reason;
    refusal.has_limit = refused->limit > 0;
    refusal.limit = refused->limit;
    refusal.has_retry_after_ms = refused->retry_after_ms > 0;
    refusal.retry_after_ms = refused->retry_after_ms;
    Redress__Submit__V1__SubmitReply reply = REDRESS__SUBMIT__V1__SUBMIT_REPLY__INIT;
    reply.refusal = &refusal;
    return pack(&reply.base, arena);
}

struct slice intake_receipt_pack(const struct intake_receipted *receipted, struct arena *arena)
{
    const struct receipt_leaf *leaf = receipted->leaf;
    char number[CASE_NUMBER_SIZE];
    case_number_format(leaf->case_id, leaf->received_at_us, number);
    const uint8_t *path[RECEIPT_PATH_MAX];
    ProtobufCBinaryData path_data[RECEIPT_PATH_MAX];
    uint32_t path_count = receipt_batch_path(receipted->batch, receipted->index, path);
    for (uint32_t i = 0; i < path_count; i++) {
        path_data[i] = data_of(path[i], HASH_SIZE);
    }
    Redress__Submit__V1__Receipt receipt = REDRESS__SUBMIT__V1__RECEIPT__INIT;
    receipt.has_submission_id = receipt.has_case_number = receipt.has_case_id = 1;
    receipt.has_partition = receipt.has_seq = receipt.has_hash = receipt.has_leaf_index = 1;
    receipt.has_leaf_count = receipt.has_root_signature = receipt.has_signing_key = 1;
    receipt.has_committed_at_us = receipt.has_received_at_us = 1;
    receipt.submission_id = data_of(leaf->submission_id, sizeof leaf->submission_id);
    receipt.case_number = data_of(number, strlen(number));
    receipt.case_id = leaf->case_id;
    receipt.partition = leaf->partition;
    receipt.seq = leaf->seq;
    receipt.hash = data_of(leaf->hash, HASH_SIZE);
    receipt.has_duplicate = receipted->duplicate;
    receipt.duplicate = receipted->duplicate;
    receipt.n_path = path_count;
    receipt.path = path_data;
    receipt.leaf_index = receipted->index;
    receipt.leaf_count = receipted->count;
    receipt.root_signature =
        data_of(receipt_batch_signature(receipted->batch), RECEIPT_SIGNATURE_SIZE);
    receipt.signing_key = data_of(receipted->public_key, RECEIPT_PUBLIC_SIZE);
    receipt.committed_at_us = leaf->committed_at_us;
    receipt.received_at_us = leaf->received_at_us;
    Redress__Submit__V1__SubmitReply reply = REDRESS__SUBMIT__V1__SUBMIT_REPLY__INIT;
    reply.receipt = &receipt;
    return pack(&reply.base, arena);
}
