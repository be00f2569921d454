/*
 * Goal: a consumer takes every event of a stream once, in order, whatever the bus does, and knows
 * when to read the journal.  Guards laws 3 and 5.
 * Method: stories of arrivals with the verdict and phase after each, then a random bus beside a
 * journal whose content is known, with the machine's invariants checked after every input.
 */
#include "consumer.h"

#include "roll.h"
#include "unit.h"

enum { SECOND = 1000000 };

enum act { EVENT, JOURNAL, BEAT, STARTED, DONE, DONE_FULL, TICK };

/* Event n of epoch e has hash (n, e) and the predecessor hash that its row says. */
struct beat {
    enum act act;
    int at_s;
    uint64_t epoch, seq;
    uint8_t prev, hash;
    enum consumer_verdict verdict;
    enum consumer_phase phase;
    bool wants_read;
};

static struct consumer play(uint64_t from, const struct beat *story, size_t count)
{
    struct consumer consumer;
    uint8_t start[HASH_SIZE] = {(uint8_t)from};
    consumer_init(&consumer, from, start, 0);
    for (size_t i = 0; i < count; i++) {
        const struct beat *beat = &story[i];
        uint8_t prev[HASH_SIZE] = {beat->prev};
        uint8_t hash[HASH_SIZE] = {beat->hash};
        struct consumer_link link = {beat->epoch, beat->seq, prev, hash};
        int64_t now_us = (int64_t)beat->at_s * SECOND;
        enum consumer_verdict verdict = CONSUMER_SKIP;
        switch (beat->act) {
        case EVENT:
            verdict = consumer_bus_event(&consumer, &link, now_us);
            break;
        case JOURNAL:
            verdict = consumer_journal_event(&consumer, &link, now_us);
            break;
        case BEAT:
            verdict = consumer_heartbeat(&consumer, &link, now_us);
            break;
        case STARTED:
            consumer_read_started(&consumer);
            break;
        case DONE:
        case DONE_FULL:
            consumer_read_done(&consumer, (uint32_t)beat->seq, beat->act == DONE_FULL, now_us);
            break;
        case TICK:
            consumer_tick(&consumer, now_us);
            break;
        }
        if (verdict != beat->verdict || consumer.phase != beat->phase ||
            consumer.wants_read != beat->wants_read) {
            fail_msg("beat %zu: verdict %d, phase %s, wants_read %d",
                     i,
                     verdict,
                     consumer_phase_name(consumer.phase),
                     consumer.wants_read);
        }
    }
    return consumer;
}

#define PLAY(from, story) play((from), (story), sizeof(story) / sizeof *(story))

/* Short names for the columns. */
#define TAKE     CONSUMER_TAKE
#define SKIP     CONSUMER_SKIP
#define DIVERGED CONSUMER_DIVERGED
#define SUB      CONSUMER_SUBSCRIBED
#define CATCH    CONSUMER_CATCHING_UP
#define LIVE     CONSUMER_LIVE
#define HALT     CONSUMER_HALTED

static void it_reads_then_hears_then_is_live(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {TICK,    0, 0, 0, 0, 0, SKIP, SUB,   true }, /* wanted from the start */
        {STARTED, 0, 0, 0, 0, 0, SKIP, SUB,   false},
        {JOURNAL, 0, 1, 1, 0, 1, TAKE, SUB,   false},
        {JOURNAL, 0, 1, 2, 1, 2, TAKE, SUB,   false},
        {DONE,    0, 0, 2, 0, 0, SKIP, SUB,   false},
        {BEAT,    1, 1, 3, 0, 3, SKIP, CATCH, true }, /* an event was lost before the filter held */
        {STARTED, 1, 0, 0, 0, 0, SKIP, CATCH, false},
        {JOURNAL, 1, 1, 3, 2, 3, TAKE, CATCH, false},
        {DONE,    1, 0, 1, 0, 0, SKIP, LIVE,  false},
        {EVENT,   2, 1, 4, 3, 4, TAKE, LIVE,  false},
    };
    assert_int_equal(PLAY(0, story).seq, 4);
}

static void an_event_that_is_next_proves_the_filter_and_is_taken_at_once(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT, 0, 3, 8, 7, 8, TAKE, LIVE, false},
        {EVENT, 0, 3, 8, 7, 8, SKIP, LIVE, false},
    };
    assert_int_equal(PLAY(7, story).repeats, 1);
}

static void a_gap_is_read_and_what_came_early_is_not_taken(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT,   0, 1, 1, 0, 1, TAKE, LIVE,  false},
        {EVENT,   0, 1, 3, 2, 3, SKIP, CATCH, true },
        {STARTED, 0, 0, 0, 0, 0, SKIP, CATCH, false},
        {EVENT,   0, 1, 4, 3, 4, SKIP, CATCH, false},
        {JOURNAL, 0, 1, 2, 1, 2, TAKE, CATCH, false},
        {JOURNAL, 0, 1, 3, 2, 3, TAKE, CATCH, false},
        {DONE,    0, 0, 2, 0, 0, SKIP, CATCH, true }, /* 4 was heard of and is still missing */
        {EVENT,   0, 1, 4, 3, 4, TAKE, LIVE,  false}, /* the bus was quicker: no read is needed */
    };
    assert_int_equal(PLAY(0, story).gaps, 1);
}

static void the_bus_and_a_read_may_bring_the_same_events(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {STARTED, 0, 0, 0, 0, 0, SKIP, SUB,   false},
        {EVENT,   0, 1, 1, 0, 1, TAKE, CATCH, false},
        {EVENT,   0, 1, 2, 1, 2, TAKE, CATCH, false},
        {JOURNAL, 0, 1, 1, 0, 1, SKIP, CATCH, false},
        {JOURNAL, 0, 1, 2, 1, 2, SKIP, CATCH, false},
        {JOURNAL, 0, 1, 3, 2, 3, TAKE, CATCH, false},
        {DONE,    0, 0, 3, 0, 0, SKIP, LIVE,  false},
    };
    assert_int_equal(PLAY(0, story).seq, 3);
}

static void a_replaced_owner_is_not_heard(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT, 0, 1, 1, 0, 1, TAKE, LIVE, false},
        {BEAT,  0, 2, 1, 0, 1, SKIP, LIVE, false},
        {EVENT, 1, 1, 2, 1, 2, SKIP, LIVE, false},
        {BEAT,  2, 1, 9, 0, 9, SKIP, LIVE, false},
        {TICK,  3, 0, 0, 0, 0, SKIP, SUB,  true }, /* nor does it count as a sign of life */
    };
    assert_int_equal(PLAY(0, story).seq, 1);
}

static void a_new_owner_without_a_gap_goes_on_and_with_one_is_read(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT, 0, 1, 1, 0, 1, TAKE, LIVE,  false},
        {EVENT, 0, 2, 2, 1, 2, TAKE, LIVE,  false},
        {EVENT, 0, 3, 4, 3, 4, SKIP, CATCH, true },
    };
    assert_int_equal(PLAY(0, story).epoch, 3);
}

static void the_same_place_with_other_content_halts_once(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT, 0, 1, 1, 0, 1, TAKE,     LIVE, false},
        {EVENT, 0, 2, 1, 0, 9, DIVERGED, HALT, false},
        {EVENT, 0, 2, 2, 1, 2, SKIP,     HALT, false},
        {TICK,  9, 0, 0, 0, 0, SKIP,     HALT, false},
    };
    struct consumer consumer = PLAY(0, story);
    assert_int_equal(consumer_deadline_us(&consumer), INT64_MAX);
}

static void every_other_contradiction_halts_too(void **state)
{
    (void)state;
    static const struct beat broken_chain[] = {
        {EVENT, 0, 1, 1, 0, 1, TAKE,     LIVE, false},
        {EVENT, 0, 1, 2, 9, 2, DIVERGED, HALT, false},
    };
    static const struct beat other_heartbeat[] = {
        {EVENT, 0, 1, 1, 0, 1, TAKE,     LIVE, false},
        {BEAT,  0, 1, 1, 0, 9, DIVERGED, HALT, false},
    };
    static const struct beat stream_fell_back[] = {
  /* a new owner that never saw what was taken */
        {EVENT, 0, 1, 8, 7, 8, TAKE,     LIVE, false},
        {EVENT, 0, 1, 9, 8, 9, TAKE,     LIVE, false},
        {BEAT,  0, 2, 8, 0, 8, DIVERGED, HALT, false},
    };
    static const struct beat hole_in_the_journal[] = {
        {STARTED, 0, 0, 0, 0, 0, SKIP,     SUB,  false},
        {JOURNAL, 0, 1, 2, 1, 2, DIVERGED, HALT, false},
    };
    static const struct beat epoch_falls_in_the_journal[] = {
        {STARTED, 0, 0, 0, 0, 0, SKIP,     SUB,  false},
        {JOURNAL, 0, 2, 1, 0, 1, TAKE,     SUB,  false},
        {JOURNAL, 0, 1, 2, 1, 2, DIVERGED, HALT, false},
    };
    PLAY(0, broken_chain);
    PLAY(0, other_heartbeat);
    PLAY(7, stream_fell_back);
    PLAY(0, hole_in_the_journal);
    PLAY(0, epoch_falls_in_the_journal);
}

static void a_late_heartbeat_of_the_same_epoch_is_no_contradiction(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {STARTED, 0, 0, 0, 0, 0, SKIP, SUB,  false},
        {JOURNAL, 0, 1, 1, 0, 1, TAKE, SUB,  false},
        {JOURNAL, 0, 2, 2, 1, 2, TAKE, SUB,  false},
        {DONE,    0, 0, 2, 0, 0, SKIP, SUB,  false},
        {BEAT,    0, 2, 1, 0, 1, SKIP, LIVE, false},
    };
    PLAY(0, story);
}

static void silence_polls_the_journal_once_a_second(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {EVENT,   0, 1, 1, 0, 1, TAKE, LIVE, false},
        {TICK,    2, 0, 0, 0, 0, SKIP, LIVE, false},
        {TICK,    3, 0, 0, 0, 0, SKIP, SUB,  true },
        {STARTED, 3, 0, 0, 0, 0, SKIP, SUB,  false},
        {DONE,    3, 0, 0, 0, 0, SKIP, SUB,  false},
        {TICK,    3, 0, 0, 0, 0, SKIP, SUB,  false},
        {TICK,    4, 0, 0, 0, 0, SKIP, SUB,  true },
        {BEAT,    4, 1, 1, 0, 1, SKIP, LIVE, false},
    };
    struct consumer consumer = PLAY(0, story);
    assert_int_equal(consumer_deadline_us(&consumer), 7 * SECOND);
}

static void a_read_that_came_too_early_is_repeated_at_once(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {BEAT,    0, 1, 0, 0, 0, SKIP, LIVE,  false},
        {BEAT,    0, 1, 1, 0, 1, SKIP, CATCH, true },
        {STARTED, 0, 0, 0, 0, 0, SKIP, CATCH, false},
        {BEAT,    0, 1, 2, 0, 2, SKIP, CATCH, false},
        {DONE,    0, 0, 0, 0, 0, SKIP, CATCH, true },
        {STARTED, 0, 0, 0, 0, 0, SKIP, CATCH, false},
        {DONE,    0, 0, 0, 0, 0, SKIP, CATCH, false}, /* nothing new was heard: now it is paced */
        {TICK,    1, 0, 0, 0, 0, SKIP, CATCH, true },
    };
    PLAY(0, story);
}

static void what_is_known_to_be_missing_is_looked_for_before_silence(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {BEAT,    5, 1, 1, 0, 1, SKIP, CATCH, true },
        {STARTED, 5, 0, 0, 0, 0, SKIP, CATCH, false},
        {DONE,    5, 0, 0, 0, 0, SKIP, CATCH, false},
    };
    struct consumer consumer = PLAY(0, story);
    assert_int_equal(consumer_deadline_us(&consumer), 6 * SECOND);
}

static void a_read_that_moves_nothing_is_not_repeated_at_once(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {STARTED,   0, 0, 0, 0, 0, SKIP, SUB, false},
        {DONE_FULL, 0, 0, 9, 0, 0, SKIP, SUB, false}, /* no room, or nothing of it was readable */
        {TICK,      3, 0, 0, 0, 0, SKIP, SUB, true },
    };
    PLAY(0, story);
}

static void a_full_read_is_followed_by_another(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {STARTED,   0, 0, 0, 0, 0, SKIP, SUB, false},
        {JOURNAL,   0, 1, 1, 0, 1, TAKE, SUB, false},
        {DONE_FULL, 0, 0, 1, 0, 0, SKIP, SUB, true },
    };
    PLAY(0, story);
}

static uint64_t next_random(uint64_t *state)
{
    return roll_next(state, UINT32_MAX);
}

static struct consumer_link link_of(uint64_t seq, uint8_t hashes[][HASH_SIZE])
{
    return (struct consumer_link){1 + seq / 8, seq, seq ? hashes[seq - 1] : hashes[0], hashes[seq]};
}

static void check_invariants(const struct consumer *consumer)
{
    assert_int_not_equal(consumer->phase, CONSUMER_HALTED); /* the stream is sound */
    assert_false(consumer->reading && consumer->wants_read);
    if (consumer->phase == CONSUMER_LIVE) {
        assert_false(consumer->reading || consumer->wants_read);
        assert_true(consumer->seq >= consumer->target);
    }
    if (!consumer->reading && !consumer->wants_read) {
        assert_true(consumer_deadline_us(consumer) < INT64_MAX); /* it never stops looking */
    }
}

/* What a read of the journal that was asked for will bring. */
struct journal_read {
    uint64_t from, to;
};

static void read_asked(struct consumer *consumer, struct journal_read *read, uint64_t committed)
{
    if (consumer->wants_read) {
        consumer_read_started(consumer);
        *read = (struct journal_read){.from = consumer->seq + 1, .to = committed};
    }
}

static void read_answered(struct consumer *consumer,
                          const struct journal_read *read,
                          uint8_t hashes[][HASH_SIZE],
                          int64_t now_us)
{
    uint32_t count = 0;
    for (uint64_t seq = read->from; consumer->reading && seq <= read->to; seq++, count++) {
        struct consumer_link link = link_of(seq, hashes);
        uint64_t before = consumer->seq;
        enum consumer_verdict verdict = consumer_journal_event(consumer, &link, now_us);
        assert_int_equal(verdict, seq == before + 1 ? CONSUMER_TAKE : CONSUMER_SKIP);
    }
    if (consumer->reading) {
        consumer_read_done(consumer, count, false, now_us);
    }
}

static void any_arrival_in_any_order_gives_every_event_once_in_order(void **state)
{
    (void)state;
    enum { LENGTH = 64, ROUNDS = 400, STEPS = 3000 };
    static uint8_t hashes[LENGTH + 1][HASH_SIZE];
    for (int i = 1; i <= LENGTH; i++) {
        memset(hashes[i], i, HASH_SIZE);
    }
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t random = round;
        uint64_t committed = 0;
        struct journal_read read = {0};
        int64_t now_us = 0;
        struct consumer consumer;
        consumer_init(&consumer, 0, hashes[0], 0);
        for (unsigned step = 0; step < STEPS; step++) {
            now_us += (int64_t)(next_random(&random) % 20000);
            uint64_t seq = committed ? next_random(&random) % (committed + 1) : 0;
            struct consumer_link link = link_of(seq, hashes);
            enum consumer_verdict verdict = CONSUMER_SKIP;
            switch (next_random(&random) % 6) {
            case 0:
                committed += committed < LENGTH;
                break;
            case 1:
                verdict = consumer_bus_event(&consumer, &link, now_us);
                break;
            case 2:
                link = link_of(committed - (committed ? next_random(&random) % 2 : 0), hashes);
                seq = link.seq;
                verdict = consumer_heartbeat(&consumer, &link, now_us);
                assert_int_equal(verdict, CONSUMER_SKIP);
                break;
            case 3:
                read_asked(&consumer, &read, committed);
                break;
            case 4:
                read_answered(&consumer, &read, hashes, now_us);
                break;
            default:
                if (consumer_deadline_us(&consumer) <= now_us) {
                    consumer_tick(&consumer, now_us);
                }
            }
            assert_true(verdict != CONSUMER_TAKE || consumer.seq == seq);
            check_invariants(&consumer);
        }
        assert_int_equal(consumer.seq, LENGTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_then_hears_then_is_live),
        cmocka_unit_test(an_event_that_is_next_proves_the_filter_and_is_taken_at_once),
        cmocka_unit_test(a_gap_is_read_and_what_came_early_is_not_taken),
        cmocka_unit_test(the_bus_and_a_read_may_bring_the_same_events),
        cmocka_unit_test(a_replaced_owner_is_not_heard),
        cmocka_unit_test(a_new_owner_without_a_gap_goes_on_and_with_one_is_read),
        cmocka_unit_test(the_same_place_with_other_content_halts_once),
        cmocka_unit_test(every_other_contradiction_halts_too),
        cmocka_unit_test(a_late_heartbeat_of_the_same_epoch_is_no_contradiction),
        cmocka_unit_test(silence_polls_the_journal_once_a_second),
        cmocka_unit_test(a_read_that_came_too_early_is_repeated_at_once),
        cmocka_unit_test(what_is_known_to_be_missing_is_looked_for_before_silence),
        cmocka_unit_test(a_read_that_moves_nothing_is_not_repeated_at_once),
        cmocka_unit_test(a_full_read_is_followed_by_another),
        cmocka_unit_test(any_arrival_in_any_order_gives_every_event_once_in_order),
    };
    return cmocka_run_group_tests_name("consumer", tests, NULL, NULL);
}
