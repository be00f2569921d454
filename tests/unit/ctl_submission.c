/*
 * Goal: a receipt is believed when its proof holds and not otherwise; a submission says what it was
 * given; times are read as they are written.
 * Method: a batch is signed as intake signs it, and every bit of the receipt's message is changed
 * in turn.  A receipt is the promise of law 1: whoever accepts a false one believes a complaint
 * safe that is nowhere.
 */
#include "ctl_submission.h"

#include "ctl_time.h"
#include "intake_wire.h"
#include "scope.h"
#include "unit.h"

#include <unistd.h>

enum { LEAVES = 5, LEAF = 3, ARENA = 256 * 1024 };

struct batch {
    struct arena *arena;
    struct arena *other;
    struct receipt_key *key;
    struct receipt_leaf leaves[LEAVES];
    struct receipt_batch *batch;
    struct receipt_trust trust;
};

static struct batch batch;

static int batch_make(void **state)
{
    (void)state;
    char path[] = "/tmp/ctl-submission-XXXXXX";
    struct error error = {0};
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0 || unlink(path) != 0) {
        return -1;
    }
    batch.arena = arena_new(ARENA);
    batch.other = arena_new(ARENA);
    batch.key = receipt_key_open(path, true, &error);
    (void)unlink(path);
    for (uint32_t i = 0; batch.key && i < LEAVES; i++) {
        batch.leaves[i] = (struct receipt_leaf){.case_id = case_id_make(2, 100 + i),
                                                .partition = 2,
                                                .seq = 1000 + i,
                                                .received_at_us = INT64_C(1795290361123456),
                                                .committed_at_us = INT64_C(1795290361200000)};
        memset(batch.leaves[i].submission_id, (int)i + 1, UUID_SIZE);
        memset(batch.leaves[i].hash, (int)i + 50, HASH_SIZE);
    }
    batch.batch =
        batch.key ? receipt_batch_sign(batch.key, batch.leaves, LEAVES, batch.arena) : NULL;
    if (batch.key) {
        memset(batch.trust.keys[0], 0x42, RECEIPT_PUBLIC_SIZE); /* an older one */
        memcpy(batch.trust.keys[1], receipt_key_public(batch.key), RECEIPT_PUBLIC_SIZE);
        batch.trust.count = 2;
    }
    return batch.batch ? 0 : -1;
}

static int batch_drop(void **state)
{
    (void)state;
    receipt_key_free(&batch.key);
    arena_free(&batch.arena);
    arena_free(&batch.other);
    return 0;
}

static struct slice receipt_of(const struct receipt_leaf *leaf)
{
    const struct intake_receipted receipted = {.leaf = leaf,
                                               .batch = batch.batch,
                                               .index = LEAF,
                                               .count = LEAVES,
                                               .public_key = receipt_key_public(batch.key)};
    return intake_receipt_pack(&receipted, batch.arena);
}

static enum ctl_verdict_kind verdict_of(struct slice bytes, struct ctl_verdict *verdict)
{
    struct error error = {0};
    arena_reset(batch.other);
    assert_true(ctl_verdict_read(bytes, &batch.trust, batch.other, verdict, &error));
    return verdict->kind;
}

static void a_receipt_is_read_as_intake_wrote_it(void **state)
{
    (void)state;
    struct ctl_verdict verdict;
    const struct receipt_leaf *leaf = &batch.leaves[LEAF];
    assert_int_equal(verdict_of(receipt_of(leaf), &verdict), CTL_VERDICT_RECEIPT);
    assert_memory_equal(verdict.id, leaf->submission_id, UUID_SIZE);
    assert_memory_equal(verdict.leaf.hash, leaf->hash, HASH_SIZE);
    assert_true(verdict.leaf.case_id == leaf->case_id);
    assert_true(verdict.leaf.seq == leaf->seq);
    assert_false(verdict.duplicate);
    uint64_t case_id;
    assert_true(case_number_parse(slice_text(verdict.case_number), &case_id));
    assert_true(case_id == leaf->case_id);
}

/* Every bit of the message, whatever it is part of: there is none that a receipt does without. */
static void a_receipt_that_states_anything_else_is_not_believed(void **state)
{
    (void)state;
    struct ctl_verdict verdict;
    struct slice whole = receipt_of(&batch.leaves[LEAF]);
    uint8_t bytes[1024];
    assert_in_range(whole.size, 200, sizeof bytes);
    memcpy(bytes, whole.bytes, whole.size);
    unsigned forged = 0;
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        struct error error = {0};
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        arena_reset(batch.other);
        bool read = ctl_verdict_read(
            slice_of(bytes, whole.size), &batch.trust, batch.other, &verdict, &error);
        assert_false(read && verdict.kind == CTL_VERDICT_RECEIPT);
        forged += read && verdict.kind == CTL_VERDICT_FORGED;
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(forged > 4 * whole.size); /* most are read, and refused for what they say */
    /* that of a neighbour, at this place */
    assert_int_equal(verdict_of(receipt_of(&batch.leaves[LEAF - 1]), &verdict), CTL_VERDICT_FORGED);
    /* the two times and the number that follows from one of them */
    struct receipt_leaf leaf = batch.leaves[LEAF];
    leaf.received_at_us += INT64_C(86400000000);
    assert_int_equal(verdict_of(receipt_of(&leaf), &verdict), CTL_VERDICT_FORGED);
    leaf = batch.leaves[LEAF];
    leaf.committed_at_us++;
    assert_int_equal(verdict_of(receipt_of(&leaf), &verdict), CTL_VERDICT_FORGED);
    assert_false(verdict.stranger);
}

/* Anybody can sign: what he signs holds under the key it names. */
static void a_receipt_of_a_key_that_is_not_ours_is_not_believed(void **state)
{
    (void)state;
    struct ctl_verdict verdict;
    struct receipt_trust ours = batch.trust;
    batch.trust.count = 1;
    assert_int_equal(verdict_of(receipt_of(&batch.leaves[LEAF]), &verdict), CTL_VERDICT_FORGED);
    assert_true(verdict.stranger);
    char hex[2 * RECEIPT_PUBLIC_SIZE + 1];
    hex_encode(receipt_key_public(batch.key), RECEIPT_PUBLIC_SIZE, hex);
    assert_int_equal(strlen(verdict.key), 16);
    assert_memory_equal(verdict.key, hex, 16);
    batch.trust = ours;
    assert_int_equal(verdict_of(receipt_of(&batch.leaves[LEAF]), &verdict), CTL_VERDICT_RECEIPT);
    assert_false(verdict.stranger);
}

#define CODE(name) REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_##name

static void refusals_are_for_good_or_for_later(void **state)
{
    (void)state;
    static const struct {
        Redress__Submit__V1__RefusalCode code;
        enum ctl_verdict_kind kind;
        bool conflict;
        bool erased;
    } rows[] = {
        {CODE(INVALID),    CTL_VERDICT_REFUSED, false, false},
        {CODE(CONFLICT),   CTL_VERDICT_REFUSED, true,  false},
        {CODE(OVERLOADED), CTL_VERDICT_LATER,   false, false},
        {CODE(NOT_READY),  CTL_VERDICT_LATER,   false, false},
        {CODE(ERASED),     CTL_VERDICT_REFUSED, false, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ctl_verdict verdict;
        const struct intake_refused refused = {
            .submission_id = slice_of(batch.leaves[0].submission_id, UUID_SIZE),
            .code = rows[i].code,
            .field = "channel",
            .value = slice_text("pigeon"),
            .allowed = "one of web, phone",
            .retry_after_ms = 70};
        assert_int_equal(verdict_of(intake_refusal_pack(&refused, batch.arena), &verdict),
                         rows[i].kind);
        assert_int_equal(verdict.conflict, rows[i].conflict);
        assert_int_equal(verdict.erased, rows[i].erased);
        assert_string_equal(verdict.field, "channel");
        assert_string_equal(verdict.value, "pigeon");
        assert_string_equal(verdict.allowed, "one of web, phone");
        assert_int_equal(verdict.retry_after_ms, 70);
    }
}

static void a_submission_says_what_it_was_given_and_no_more(void **state)
{
    (void)state;
    struct error error = {0};
    const struct ctl_submission given = {.id = {7},
                                         .policy = slice_text("p"),
                                         .channel = slice_text("web"),
                                         .narrative = slice_text("坏了"),
                                         .contact = slice_text("0912"),
                                         .occurred_present = true,
                                         .occurred_at_us = 5};
    size_t size;
    uint8_t *bytes = ctl_submission_pack(&given, &size);
    assert_non_null(bytes);
    const Redress__Submit__V1__Submission *read =
        intake_decode(slice_of(bytes, size), batch.arena, &error);
    assert_non_null(read);
    struct intake_input input;
    intake_input_of(read, &input);
    assert_true(input.id_present && input.occurred_at_present && !input.received_at_present);
    assert_int_equal(input.narrative_size, strlen("坏了"));
    assert_int_equal(input.contact_size, 4);
    assert_int_equal(input.name_size, 0);
    assert_false(read->has_product);
    assert_false(read->has_demand);
    const struct ctl_submitted told = ctl_submission_read(slice_of(bytes, size));
    assert_string_equal(told.policy, "p");
    assert_int_equal(told.occurred_at_us, 5);
    assert_int_equal(told.received_at_us, 0);
    free(bytes);
}

static void times_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_us; /* -1: no time */
    } rows[] = {
        {"1970-01-01T00:00:00Z",              0                        },
        {"2026-11-21T19:46:01.123456Z",       INT64_C(1795290361123456)},
        {"2026-11-22T03:46:01.1234567+08:00", INT64_C(1795290361123456)},
        {"2026-11-21 14:46-05:00",            INT64_C(1795290360000000)},
        {"2024-02-29t00:00:00z",              INT64_C(1709164800000000)},
        {"2025-02-29T00:00:00Z",              -1                       },
        {"2026-11-21T24:00:00Z",              -1                       },
        {"2026-11-21T19:46:01",               -1                       },
        {"2026-11-21T19:46:01.Z",             -1                       },
        {"2026-11-21T19:46:01+8:00",          -1                       },
        {"2026-11-21",                        -1                       },
        {"now",                               -1                       },
        {"",                                  -1                       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at_us = -1;
        assert_int_equal(ctl_time_rfc3339(slice_text(rows[i].text), &at_us), rows[i].at_us >= 0);
        assert_true(rows[i].at_us < 0 || at_us == rows[i].at_us);
    }
    int64_t at_us;
    assert_true(ctl_time_unix(slice_text("1741508100.25"), &at_us));
    assert_true(at_us == INT64_C(1741508100250000));
    assert_false(ctl_time_unix(slice_text("1741508100 "), &at_us));
    assert_false(ctl_time_unix(slice_text("123456789012"), &at_us));
    assert_false(ctl_time_unix(slice_text(""), &at_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_read_as_intake_wrote_it),
        cmocka_unit_test(a_receipt_that_states_anything_else_is_not_believed),
        cmocka_unit_test(a_receipt_of_a_key_that_is_not_ours_is_not_believed),
        cmocka_unit_test(refusals_are_for_good_or_for_later),
        cmocka_unit_test(a_submission_says_what_it_was_given_and_no_more),
        cmocka_unit_test(times_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, batch_make, batch_drop);
}
