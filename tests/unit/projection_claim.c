/*
 * Goal: a claim is one caller's alone until its lease ends, is best first, and says nothing that
 * the share does not confirm (law 6: Redis only proposes, law 9: orders are bounded).
 * Method: the owner of projection_fixture over a real redis-server; answers are compared with the
 * truth.
 */
#include "clock.h"
#include "projection_fixture.h"
#include "unit.h"

#include <inttypes.h>

enum { LEASE_MS = 60000 };

/* What the last answer was. */
struct answer {
    unsigned answers;
    bool failed;
    uint32_t count, passed;
    struct projection_claim claims[PROJECTION_CLAIM_MAX];
    bool was;
};

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    uint32_t passed,
                    const struct error *error)
{
    struct answer *answer = self;
    answer->answers++;
    answer->failed = error != NULL;
    answer->count = count;
    answer->passed = passed;
    if (count > 0) {
        memcpy(answer->claims, claims, count * sizeof *claims);
    }
}

static void released(void *self, bool was, const struct error *error)
{
    struct answer *answer = self;
    answer->answers++;
    answer->failed = error != NULL;
    answer->was = was;
}

static void wait_answer(struct fixture *fixture, const struct answer *answer, unsigned answers)
{
    int64_t end_us = clock_monotonic_us() + 5000000;
    while (answer->answers < answers) {
        assert_true(clock_monotonic_us() < end_us);
        fixture_turn(fixture);
    }
    assert_false(answer->failed);
}

static void
claim(struct fixture *fixture, const struct projection_claim_order *order, struct answer *answer)
{
    struct error error;
    assert_true(projection_claim(fixture->projection, order, claimed, answer, &error));
    wait_answer(fixture, answer, answer->answers + 1);
}

static bool undo(struct fixture *fixture, const struct projection_claim *claim)
{
    struct error error;
    struct answer answer = {.answers = 0};
    assert_true(projection_undo(
        fixture->projection, claim->case_id, claim->token, released, &answer, &error));
    wait_answer(fixture, &answer, 1);
    return answer.was;
}

static const struct projection_claim_order all_queues = {
    .queues = fixture_queues,
    .queue_count = FIXTURE_QUEUES,
    .count = 1,
    .lease_ms = LEASE_MS,
};

static struct projection_claim_order order_of(uint32_t count)
{
    struct projection_claim_order order = all_queues;
    order.count = count;
    return order;
}

static void open_with_five(struct fixture *fixture)
{
    fixture_open(fixture, NULL);
    fixture_own(fixture, 1);
    fixture_put(fixture, 1, 0, 30);
    fixture_put(fixture, 2, 1, 10.25);
    fixture_put(fixture, 3, 2, 20);
    fixture_put(fixture, 4, 0, -5);
    fixture_put(fixture, 5, 3, 40);
    fixture_settle(fixture);
}

static void the_best_of_several_queues_comes_first(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(3);
    uint64_t skipped = fixture_case(3);
    order.skip = &skipped;
    order.skip_count = 1;
    claim(&fixture, &order, &answer);
    assert_int_equal(answer.count, 3);
    static const int expected[] = {4, 2, 1};
    for (unsigned i = 0; i < 3; i++) {
        int n = expected[i];
        assert_int_equal(answer.claims[i].case_id, fixture_case(n));
        assert_true(answer.claims[i].score == fixture.score[n]);
        assert_string_equal(answer.claims[i].queue, fixture_queues[fixture.queue[n]]);
        assert_int_equal(strlen(answer.claims[i].token), PROJECTION_TOKEN_SIZE - 1);
    }
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

/* In their order; what asks for more than the claimant has is passed over and stays. */
static void a_claim_passes_over_what_asks_for_more_than_one_has(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture.ask[1] = "99999999999999,english=2 0,payments=1";
    fixture.ask[2] = "99999999999999,@an|@bo";
    fixture.ask[3] = "0,!@an";
    fixture.ask[4] = "1000,english=5";
    for (int n = 1; n <= 5; n++) {
        fixture_put(&fixture, n, 0, n);
    }
    fixture_settle(&fixture);
    static const struct {
        const char *has[3];
        uint32_t has_count, passed;
        int takes;
    } rows[] = {
        {{"@an", "english=1", "payments=1"}, 3, 1, 2},
        {{"@an", "english=2"},               2, 2, 4},
        {{"@cy"},                            1, 1, 3},
        {{"@cy"},                            1, 1, 5},
        {{"@cy"},                            1, 1, 0},
        {{"payments=1", "english=2"},        2, 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct projection_claim_order order = order_of(1);
        order.has = rows[i].has;
        order.has_count = rows[i].has_count;
        claim(&fixture, &order, &answer);
        assert_int_equal(answer.passed, rows[i].passed);
        assert_int_equal(answer.count, rows[i].takes != 0);
        if (rows[i].takes != 0) {
            assert_int_equal(answer.claims[0].case_id, fixture_case(rows[i].takes));
            fixture_remove(&fixture, rows[i].takes); /* assigned */
            fixture_settle(&fixture);
            assert_false(undo(&fixture, &answer.claims[0]));
        }
    }
    fixture_close(&fixture);
}

static void undo_puts_a_case_back_in_its_place_unless_it_was_assigned(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer first = {.answers = 0};
    struct answer second = {.answers = 0};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(2);
    claim(&fixture, &order, &first);
    struct projection_claim stranger = first.claims[0];
    stranger.token[0] = stranger.token[0] == 'a' ? 'b' : 'a';
    assert_false(undo(&fixture, &stranger));
    assert_true(undo(&fixture, &first.claims[0]));
    assert_false(undo(&fixture, &first.claims[0]));
    fixture_remove(&fixture, 2);
    fixture_settle(&fixture);
    assert_false(undo(&fixture, &first.claims[1]));
    claim(&fixture, &order, &second);
    assert_int_equal(second.count, 2);
    assert_int_equal(second.claims[0].case_id, fixture_case(4));
    assert_true(second.claims[0].score == -5);
    assert_int_equal(second.claims[1].case_id, fixture_case(3));
    fixture_close(&fixture);
}

static void a_lease_that_ends_gives_the_case_back(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(5);
    order.lease_ms = 150;
    claim(&fixture, &order, &answer);
    int64_t begun_us = clock_monotonic_us();
    assert_int_equal(answer.count, 5);
    while (projection_figures(fixture.projection).expired < 5) {
        assert_true(clock_monotonic_us() < begun_us + 5000000);
        fixture_turn(&fixture);
    }
    assert_true(clock_monotonic_us() - begun_us > 100000);
    assert_false(undo(&fixture, &answer.claims[0]));
    fixture_compare(&fixture);
    redisReply *left = fixture_ask(&fixture, "EXISTS test:lease test:expiry");
    assert_int_equal(left->integer, 0);
    freeReplyObject(left);
    fixture_close(&fixture);
}

static void a_case_that_moves_while_claimed_comes_back_to_its_new_place(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(3);
    claim(&fixture, &order, &answer); /* 4, 2, 3 */
    fixture_put(&fixture, 4, 3, 77);
    fixture_remove(&fixture, 2);
    fixture_settle(&fixture);
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    fixture_put(&fixture, 3, 1, 66);
    fixture_settle(&fixture);
    fixture_compare(&fixture); /* not in the queues twice: the leases hold through the rebuild */
    assert_true(undo(&fixture, &answer.claims[0]));
    assert_false(undo(&fixture, &answer.claims[1]));
    assert_true(undo(&fixture, &answer.claims[2]));
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void what_the_share_does_not_confirm_is_not_claimed(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    for (int n = 100; n < 140; n++) {
        fixture_tell(
            &fixture, "ZADD test:q:%s -1000 %016" PRIx64, fixture_queues[0], fixture_case(n));
    }
    fixture_tell(&fixture, "ZADD test:q:%s -2000 %016" PRIx64, fixture_queues[1], fixture_case(4));
    claim(&fixture, &all_queues, &answer);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.claims[0].case_id, fixture_case(4));
    assert_string_equal(answer.claims[0].queue, fixture_queues[0]);
    fixture_compare(&fixture); /* the stale entries are gone */
    fixture_close(&fixture);
}

static struct answer while_built;

static void claim_while_built(struct fixture *fixture)
{
    struct error error;
    struct projection_claim_order order = order_of(PROJECTION_CLAIM_MAX);
    assert_true(projection_claim(fixture->projection, &order, claimed, &while_built, &error));
}

/* Redis was flushed: nothing is confirmed yet, and nothing may be thrown away as stale. */
static void a_claim_while_a_share_is_built_does_no_harm(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 900);
    fixture_settle(&fixture);
    while_built = (struct answer){.answers = 0};
    fixture.feed_max = 50;
    fixture.on_feed = claim_while_built;
    fixture_tell(&fixture, "FLUSHALL");
    while (projection_figures(fixture.projection).rebuilds < 4) {
        fixture_turn(&fixture);
    }
    fixture_settle(&fixture);
    assert_true(while_built.answers > 4);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void a_lease_on_a_case_that_is_in_no_queue_ends_with_the_rebuild(void **state)
{
    (void)state;
    struct fixture fixture;
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(2);
    claim(&fixture, &order, &answer);   /* 4, 2 */
    fixture.queue[4] = FIXTURE_NOWHERE; /* closed, and Redis never heard of it */
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    fixture_settle(&fixture);
    assert_false(undo(&fixture, &answer.claims[0]));
    assert_true(undo(&fixture, &answer.claims[1]));
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void two_claimers_never_get_the_same_case(void **state)
{
    (void)state;
    enum { CASES = 1500, CLAIMERS = 3 };
    struct fixture claimers[CLAIMERS];
    struct answer answers[CLAIMERS] = {{.answers = 0}};
    static unsigned taken[CASES + 1];
    unsigned total = 0;
    fixture_open(&claimers[0], NULL);
    fixture_own(&claimers[0], 1);
    for (int n = 1; n <= CASES; n++) {
        fixture_put(&claimers[0], n, n % FIXTURE_QUEUES, n % 10);
    }
    fixture_settle(&claimers[0]);
    for (unsigned i = 1; i < CLAIMERS; i++) {
        fixture_join(&claimers[i], &claimers[0]);
    }
    for (unsigned empty = 0; empty < CLAIMERS;) {
        empty = 0;
        struct error error;
        for (unsigned i = 0; i < CLAIMERS; i++) { /* all under way at the same time */
            struct projection_claim_order order = order_of(5 + i);
            answers[i].answers = 0;
            assert_true(
                projection_claim(claimers[i].projection, &order, claimed, &answers[i], &error));
        }
        for (unsigned i = 0; i < CLAIMERS; i++) {
            wait_answer(&claimers[i], &answers[i], 1);
            for (uint32_t k = 0; k < answers[i].count; k++) {
                taken[answers[i].claims[k].case_id & 0xffffffff]++;
                total++;
            }
            empty += answers[i].count == 0;
        }
    }
    assert_int_equal(total, CASES);
    for (int n = 1; n <= CASES; n++) {
        assert_int_equal(taken[n], 1);
    }
    for (unsigned i = CLAIMERS; i > 0; i--) {
        fixture_close(&claimers[i - 1]);
    }
}

static void an_order_beyond_the_bounds_is_rejected(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = {.kind = ERROR_NONE};
    open_with_five(&fixture);
    struct projection_claim_order order = order_of(PROJECTION_CLAIM_MAX + 1);
    assert_false(projection_claim(fixture.projection, &order, claimed, NULL, &error));
    assert_int_equal(error.kind, ERROR_REJECT);
    order = order_of(1);
    order.skip_count = PROJECTION_SKIP_MAX + 1;
    assert_false(projection_claim(fixture.projection, &order, claimed, NULL, &error));
    fixture_close(&fixture);
}

static void a_claim_while_redis_is_away_says_try_again(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = {.kind = ERROR_NONE};
    struct answer answer = {.answers = 0};
    open_with_five(&fixture);
    assert_true(projection_claim(fixture.projection, &all_queues, claimed, &answer, &error));
    server_kill(fixture.server);
    fixture_wait_lost(&fixture);
    assert_int_equal(answer.answers, 1);
    assert_true(answer.failed);
    assert_false(projection_claim(fixture.projection, &all_queues, claimed, &answer, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_of_several_queues_comes_first),
        cmocka_unit_test(a_claim_passes_over_what_asks_for_more_than_one_has),
        cmocka_unit_test(undo_puts_a_case_back_in_its_place_unless_it_was_assigned),
        cmocka_unit_test(a_lease_that_ends_gives_the_case_back),
        cmocka_unit_test(a_case_that_moves_while_claimed_comes_back_to_its_new_place),
        cmocka_unit_test(what_the_share_does_not_confirm_is_not_claimed),
        cmocka_unit_test(a_claim_while_a_share_is_built_does_no_harm),
        cmocka_unit_test(a_lease_on_a_case_that_is_in_no_queue_ends_with_the_rebuild),
        cmocka_unit_test(two_claimers_never_get_the_same_case),
        cmocka_unit_test(an_order_beyond_the_bounds_is_rejected),
        cmocka_unit_test(a_claim_while_redis_is_away_says_try_again),
    };
    return cmocka_run_group_tests_name("projection_claim", tests, NULL, NULL);
}
