/*
 * Intake's messages: bytes of redress.submit.v1 to what the core looks at, and receipts and
 * refusals to bytes.
 */
#ifndef REDRESS_INTAKE_WIRE_H
#define REDRESS_INTAKE_WIRE_H

#include "arena.h"
#include "error.h"
#include "intake_core.h"
#include "receipt.h"
#include "redress/submit/v1/submit.pb-c.h"

enum { INTAKE_DIGEST_SIZE = 16 };

/* Bounded decode; the message is lent by the arena.  NULL with ERROR_REJECT. */
const Redress__Submit__V1__Submission *
intake_decode(struct slice bytes, struct arena *arena, struct error *error) MUST_CHECK;

/* Fills what the wire knows: everything but now_us and policy. */
void intake_input_of(const Redress__Submit__V1__Submission *submission, struct intake_input *input);

/* May a row have this id and channel?  Text the archive refuses would refuse a whole batch. */
bool intake_key_is_good(const Redress__Submit__V1__Submission *submission);

/*
 * Of what becomes the case, and of nothing else: every field but submission_id and channel, which
 * are its key, and trace_parent.  However the fields are ordered on the wire, and whether an empty
 * text is there or not, the same submission has the same digest.
 */
void intake_digest_of(const Redress__Submit__V1__Submission *submission,
                      uint8_t digest[INTAKE_DIGEST_SIZE]);

/* The personal fields, to be sealed as one: a redress.submit.v1.Submission with nothing but person
 * and demand. */
struct slice intake_person_pack(const Redress__Submit__V1__Submission *submission,
                                struct arena *arena);

struct intake_refused {
    struct slice submission_id;
    Redress__Submit__V1__RefusalCode code;
    const char *field;
    struct slice value;
    const char *allowed;
    enum intake_reason reason;
    uint32_t limit;
    uint32_t retry_after_ms;
};

/* Lent by the arena; empty when that is full. */
struct slice intake_refusal_pack(const struct intake_refused *refused, struct arena *arena);

struct intake_receipted {
    const struct receipt_leaf *leaf;
    const struct receipt_batch *batch;
    uint32_t index;
    uint32_t count;
    const uint8_t *public_key;
    bool duplicate;
};

struct slice intake_receipt_pack(const struct intake_receipted *receipted, struct arena *arena);

#endif
