/*
 * Submissions to bytes, and what intake answers (redress.submit.v1).
 */
#ifndef REDRESS_CTL_SUBMISSION_H
#define REDRESS_CTL_SUBMISSION_H

#include "arena.h"
#include "case_number.h"
#include "error.h"
#include "hex.h"
#include "receipt_trust.h"
#include "slice.h"

struct ctl_submission {
    uint8_t id[UUID_SIZE];
    struct slice policy, channel, narrative, name, contact, reference, category_hint, product,
        demand;
    bool received_present, occurred_present;
    int64_t received_at_us, occurred_at_us;
};

/* A text that intake would refuse for its length, or that the transport would not even take. */
struct ctl_excess {
    const char *field; /* as intake names it */
    size_t size, limit;
};

/* False: *excess says the first text that is too long. */
bool ctl_submission_fits(const struct ctl_submission *submission, struct ctl_excess *excess);

/* Owned by the caller; NULL: out of memory. */
uint8_t *ctl_submission_pack(const struct ctl_submission *submission, size_t *size);

/* What of it may be told of a row that was refused. */
struct ctl_submitted {
    char policy[64];
    int64_t received_at_us, occurred_at_us; /* 0: not given */
};

/* Out of the bytes that were packed; of others nothing. */
struct ctl_submitted ctl_submission_read(struct slice bytes);

enum ctl_verdict_kind {
    CTL_VERDICT_RECEIPT,
    CTL_VERDICT_FORGED,  /* a receipt whose proof does not hold, or of a key that is not trusted */
    CTL_VERDICT_REFUSED, /* for good */
    CTL_VERDICT_LATER,   /* send again after retry_after_ms */
};

struct ctl_verdict {
    enum ctl_verdict_kind kind;
    uint8_t id[UUID_SIZE]; /* zero: intake could not read it */
    /* of a receipt */
    char case_number[CASE_NUMBER_SIZE];
    struct receipt_leaf leaf;
    bool duplicate;
    bool stranger;    /* forged: signed by a key we do not trust … */
    char key[16 + 1]; /* … which begins so, in hex */
    /* of a refusal */
    bool conflict;                           /* the id was accepted with another body … */
    bool erased;                             /* … or with what was erased since */
    char field[64], value[65], allowed[160]; /* the last one in English */
    uint32_t reason;                         /* of intake_reason; 0: not told */
    uint32_t limit;
    uint32_t retry_after_ms;
};

/* False: no SubmitReply, or none of ours. */
bool ctl_verdict_read(struct slice bytes,
                      const struct receipt_trust *trust,
                      struct arena *arena,
                      struct ctl_verdict *verdict,
                      struct error *error) MUST_CHECK;

#endif
