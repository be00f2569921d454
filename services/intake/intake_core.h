/*
 * Intake, functional core: decides whether a submission is a complaint we can register, and what is
 * registered.
 *
 * Source: ISO 10002 (receipt, registration, acknowledgement).  It sees lengths and
 * flags, never the personal text itself.  Duplicates are not its matter: the archive's unique key
 * decides those, in the same transaction (law 1).
 */
#ifndef REDRESS_INTAKE_CORE_H
#define REDRESS_INTAKE_CORE_H

#include "policy.h"

enum {
    INTAKE_NARRATIVE_MAX = 64 * 1024, /* bytes */
    INTAKE_PERSON_MAX = 512,          /* bytes of each personal field */
    INTAKE_PRODUCT_MAX = 256,
    INTAKE_FUTURE_US =
        300 * 1000000LL, /* clocks of adapters may be this far ahead; the time is then cut to now */
};

/* What the shell found in the submission. */
struct intake_input {
    int64_t now_us;
    struct slice policy_name;
    const struct policy *policy; /* NULL: no policy of that name is loaded */
    struct slice channel;
    struct slice category_hint; /* clean text or empty */
    struct slice product;
    int64_t received_at_us;
    int64_t occurred_at_us;
    size_t narrative_size;
    size_t narrative_bad_at;
    size_t name_size, contact_size, reference_size, demand_size;
    bool id_present; /* 16 bytes */
    bool received_at_present;
    bool occurred_at_present;
    bool narrative_clean; /* UTF-8 without NUL */
    bool person_clean;    /* name, contact, reference and demand */
    bool product_clean;
};

enum intake_refusal {
    INTAKE_ACCEPTED,
    INTAKE_INVALID,
};

/* Why; numbered as redress.submit.v1.RefusalReason. */
enum intake_reason {
    INTAKE_NO_REASON,
    INTAKE_UNREADABLE, /* the shell's */
    INTAKE_ID,
    INTAKE_POLICY,
    INTAKE_CHANNEL,
    INTAKE_RECEIVED_AT,
    INTAKE_OCCURRED_AT,
    INTAKE_NARRATIVE,
    INTAKE_LONG,
    INTAKE_UNCLEAN,
    INTAKE_PRODUCT,
    INTAKE_REASON_COUNT,
};

struct intake_output {
    enum intake_refusal refusal;
    /* refused: static texts, except value, which is lent by the input */
    const char *field;
    struct slice value;
    const char *allowed; /* in English */
    enum intake_reason reason;
    uint32_t limit; /* of the reason: bytes, seconds; 0: none */
    /* accepted */
    uint16_t channel;
    uint16_t category_hint; /* POLICY_NONE: none, or unknown to the policy */
    int64_t received_at_us;
    int64_t occurred_at_us; /* 0: not told */
    bool acknowledged_by_receipt;
};

/*
 * Times are believed from 2000-01-01 (received) and 1971-01-01 (occurred) on: an adapter that sends
 * seconds or milliseconds instead of microseconds is refused, not registered in 1970.
 */
void intake_decide(const struct intake_input *input, struct intake_output *output);

#endif
