#include "ctl_submission.h"

#include "intake_core.h"
#include "message_limits.h"
#include "redress/submit/v1/submit.pb-c.h"

static ProtobufCBinaryData data_of(struct slice slice)
{
    return (ProtobufCBinaryData){slice.size, (uint8_t *)(uintptr_t)slice.bytes};
}

/* One that no policy knows is ignored, whatever its length. */
enum { HINT_MAX = 1024 };

bool ctl_submission_fits(const struct ctl_submission *submission, struct ctl_excess *excess)
{
    const struct {
        const char *field;
        struct slice text;
        size_t limit;
    } rows[] = {
        {"policy",           submission->policy,        POLICY_NAME_MAX - 1 },
        {"channel",          submission->channel,       POLICY_NAME_MAX - 1 },
        {"narrative",        submission->narrative,     INTAKE_NARRATIVE_MAX},
        {"person.name",      submission->name,          INTAKE_PERSON_MAX   },
        {"person.contact",   submission->contact,       INTAKE_PERSON_MAX   },
        {"person.reference", submission->reference,     INTAKE_PERSON_MAX   },
        {"category_hint",    submission->category_hint, HINT_MAX            },
        {"product",          submission->product,       INTAKE_PRODUCT_MAX  },
        {"demand",           submission->demand,        INTAKE_PERSON_MAX   },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].text.size > rows[i].limit) {
            *excess = (struct ctl_excess){rows[i].field, rows[i].text.size, rows[i].limit};
            return false;
        }
    }
    return true;
}

uint8_t *ctl_submission_pack(const struct ctl_submission *submission, size_t *size)
{
    Redress__Submit__V1__Person person = REDRESS__SUBMIT__V1__PERSON__INIT;
    Redress__Submit__V1__Submission message = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    message.has_submission_id = message.has_channel = message.has_policy = 1;
    message.submission_id = data_of(slice_of(submission->id, sizeof submission->id));
    message.channel = data_of(submission->channel);
    message.policy = data_of(submission->policy);
    message.has_received_at_us = submission->received_present;
    message.received_at_us = submission->received_at_us;
    message.has_occurred_at_us = submission->occurred_present;
    message.occurred_at_us = submission->occurred_at_us;
    message.has_narrative = 1;
    message.narrative = data_of(submission->narrative);
    message.has_category_hint = submission->category_hint.size > 0;
    message.category_hint = data_of(submission->category_hint);
    message.has_product = submission->product.size > 0;
    message.product = data_of(submission->product);
    message.has_demand = submission->demand.size > 0;
    message.demand = data_of(submission->demand);
    person.has_name = submission->name.size > 0;
    person.name = data_of(submission->name);
    person.has_contact = submission->contact.size > 0;
    person.contact = data_of(submission->contact);
    person.has_reference = submission->reference.size > 0;
    person.reference = data_of(submission->reference);
    if (person.has_name || person.has_contact || person.has_reference) {
        message.person = &person;
    }
    *size = redress__submit__v1__submission__get_packed_size(&message);
    uint8_t *bytes = malloc(*size);
    if (bytes) {
        (void)redress__submit__v1__submission__pack(&message, bytes);
    }
    return bytes;
}

static void text_copy(ProtobufCBinaryData data, char *text, size_t size)
{
    size_t length = data.len < size - 1 ? data.len : size - 1;
    if (length > 0) { /* an empty field has no bytes at all */
        memcpy(text, data.data, length);
    }
    text[length] = '\0';
}

struct ctl_submitted ctl_submission_read(struct slice bytes)
{
    struct ctl_submitted told = {0};
    Redress__Submit__V1__Submission *message =
        redress__submit__v1__submission__unpack(NULL, bytes.size, bytes.bytes);
    if (message) {
        text_copy(message->policy, told.policy, sizeof told.policy);
        told.received_at_us = message->received_at_us;
        told.occurred_at_us = message->occurred_at_us;
        redress__submit__v1__submission__free_unpacked(message, NULL);
    }
    return told;
}

/* Does the receipt prove what it says, under a key that is trusted? */
static bool proof_holds(const Redress__Submit__V1__Receipt *receipt,
                        const struct receipt_trust *trust,
                        struct ctl_verdict *verdict)
{
    const struct receipt_leaf *leaf = &verdict->leaf;
    char number[CASE_NUMBER_SIZE];
    const uint8_t *path[RECEIPT_PATH_MAX];
    if (receipt->n_path > RECEIPT_PATH_MAX ||
        receipt->root_signature.len != RECEIPT_SIGNATURE_SIZE ||
        receipt->signing_key.len != RECEIPT_PUBLIC_SIZE) {
        return false;
    }
    verdict->stranger = !receipt_trust_has(trust, receipt->signing_key.data);
    hex_encode(receipt->signing_key.data, sizeof verdict->key / 2, verdict->key);
    if (verdict->stranger || leaf->partition != case_partition(leaf->case_id)) {
        return false;
    }
    /* not signed, because it follows: what people will say on the phone must lead to this case */
    case_number_format(leaf->case_id, leaf->received_at_us, number);
    if (strcmp(number, verdict->case_number) != 0) {
        return false;
    }
    for (size_t i = 0; i < receipt->n_path; i++) {
        if (receipt->path[i].len != HASH_SIZE) {
            return false;
        }
        path[i] = receipt->path[i].data;
    }
    return receipt_verify(leaf,
                          receipt->leaf_index,
                          receipt->leaf_count,
                          path,
                          (uint32_t)receipt->n_path,
                          receipt->root_signature.data,
                          receipt->signing_key.data);
}

static bool receipt_read(const Redress__Submit__V1__Receipt *receipt,
                         const struct receipt_trust *trust,
                         struct ctl_verdict *verdict)
{
    if (receipt->submission_id.len != UUID_SIZE || receipt->hash.len != HASH_SIZE ||
        receipt->case_number.len >= CASE_NUMBER_SIZE) {
        return false;
    }
    memcpy(verdict->id, receipt->submission_id.data, UUID_SIZE);
    memcpy(verdict->leaf.submission_id, receipt->submission_id.data, UUID_SIZE);
    memcpy(verdict->leaf.hash, receipt->hash.data, HASH_SIZE);
    verdict->leaf.case_id = receipt->case_id;
    verdict->leaf.partition = receipt->partition;
    verdict->leaf.seq = receipt->seq;
    text_copy(receipt->case_number, verdict->case_number, sizeof verdict->case_number);
    verdict->duplicate = receipt->has_duplicate && receipt->duplicate;
    verdict->leaf.received_at_us = receipt->received_at_us;
    verdict->leaf.committed_at_us = receipt->committed_at_us;
    verdict->kind = proof_holds(receipt, trust, verdict) ? CTL_VERDICT_RECEIPT : CTL_VERDICT_FORGED;
    return true;
}

static bool refusal_read(const Redress__Submit__V1__Refusal *refusal, struct ctl_verdict *verdict)
{
    enum { RETRY_MS = 200 };
    if (refusal->submission_id.len == UUID_SIZE) {
        memcpy(verdict->id, refusal->submission_id.data, UUID_SIZE);
    }
    text_copy(refusal->field, verdict->field, sizeof verdict->field);
    text_copy(refusal->value, verdict->value, sizeof verdict->value);
    text_copy(refusal->allowed, verdict->allowed, sizeof verdict->allowed);
    verdict->reason = refusal->has_reason ? (uint32_t)refusal->reason : 0;
    verdict->limit = refusal->has_limit ? refusal->limit : 0;
    verdict->conflict = refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_CONFLICT;
    verdict->erased = refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_ERASED;
    verdict->retry_after_ms = refusal->has_retry_after_ms ? refusal->retry_after_ms : RETRY_MS;
    bool later = refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED ||
                 refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_NOT_READY;
    verdict->kind = later ? CTL_VERDICT_LATER : CTL_VERDICT_REFUSED;
    return true;
}

bool ctl_verdict_read(struct slice bytes,
                      const struct receipt_trust *trust,
                      struct arena *arena,
                      struct ctl_verdict *verdict,
                      struct error *error)
{
    *verdict = (struct ctl_verdict){0};
    const Redress__Submit__V1__SubmitReply *reply =
        (const Redress__Submit__V1__SubmitReply *)prescan_unpack(
            &redress__submit__v1__submit_reply__descriptor,
            bytes.bytes,
            bytes.size,
            &limits_reply,
            arena,
            error);
    if (!reply) {
        return false;
    }
    if (reply->receipt && receipt_read(reply->receipt, trust, verdict)) {
        return true;
    }
    if (reply->refusal && refusal_read(reply->refusal, verdict)) {
        return true;
    }
    return error_set(error, ERROR_REJECT, "neither a receipt nor a refusal");
}
