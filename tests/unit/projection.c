/*
 * Goal: what Redis holds is what was committed, whatever happens to Redis, the connection or the
 * owner: laws 5 and 6, and for the watermark law 4.  Method: a real redis-server of the test's own;
 * an owner with its truth in arrays commits random changes while things break; at the end Redis is
 * compared with the truth, entry by entry.
 */
#include "projection_fixture.h"
#include "unit.h"

#include <inttypes.h>

static void what_is_committed_is_in_redis(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    for (unsigned i = 0; i < 100; i++) {
        fixture_commit(&fixture, i * 7 % 200);
        if (i % 3 == 0) {
            fixture_turn(&fixture);
        }
    }
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 2); /* the first of each */
    fixture_close(&fixture);
}

static void what_redis_loses_in_silence_is_noticed_without_a_commit(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 500);
    fixture_settle(&fixture);
    fixture_tell(&fixture, "FLUSHALL");
    while (projection_figures(fixture.projection).rebuilds < 4) {
        fixture_turn(&fixture);
    }
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void a_flush_between_commits_loses_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    for (unsigned i = 0; i < 60; i++) {
        fixture_commit(&fixture, 100);
        fixture_turn(&fixture);
        if (i % 10 == 5) {
            fixture_tell(&fixture, "FLUSHALL");
        }
    }
    fixture_settle(&fixture);
    fixture_commit(&fixture, 10);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void flush_twice(struct fixture *fixture)
{
    if (fixture->feeds == 4 || fixture->feeds == 9) {
        fixture_tell(fixture, "FLUSHALL");
    }
}

static void a_flush_while_a_share_is_built_starts_it_again(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    for (unsigned i = 0; i < 8; i++) {
        fixture_commit(&fixture, 800);
    }
    fixture_settle(&fixture);
    fixture.feeds = 0;
    fixture.on_feed = flush_twice;
    fixture_tell(&fixture, "FLUSHALL");
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    while (fixture.feeds < 10) {
        fixture_turn(&fixture);
    }
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void flush_at_the_end(struct fixture *fixture)
{
    if (fixture->fed_to[SERVICE_DISPATCH] == FIXTURE_CASES) {
        fixture->on_feed = NULL; /* nothing is left to feed: the flip comes next */
        fixture_tell(fixture, "FLUSHALL");
    }
}

static void a_flush_just_before_the_flip_does_not_leave_an_empty_share(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 800);
    fixture_settle(&fixture);
    fixture.fed_to[SERVICE_DISPATCH] = 0;
    fixture.on_feed = flush_at_the_end;
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    while (fixture.on_feed) {
        fixture_turn(&fixture);
    }
    while (projection_figures(fixture.projection).rebuilds < 4) {
        fixture_turn(&fixture);
    }
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void cut_once(struct fixture *fixture)
{
    if (fixture->fed_to[SERVICE_DISPATCH] > FIXTURE_CASES / 2) {
        fixture->on_feed = NULL;
        fixture_tell(fixture, "CLIENT KILL TYPE normal");
    }
}

static void a_share_given_up_half_built_is_cleaned_away(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 800);
    fixture_settle(&fixture);
    fixture.fed_to[SERVICE_DISPATCH] = 0;
    fixture.feed_max = 100;
    fixture.on_feed = cut_once;
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    while (fixture.on_feed) {
        fixture_turn(&fixture);
    }
    fixture_wait_lost(&fixture);
    fixture_wait_ready(&fixture);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void commit_more(struct fixture *fixture)
{
    assert_false(projection_phase(fixture->projection, SERVICE_DISPATCH, FIXTURE_PARTITION) ==
                     PROJECTION_BUILDING &&
                 projection_phase(fixture->projection, SERVICE_WATCHDOG, FIXTURE_PARTITION) ==
                     PROJECTION_BUILDING); /* one at a time, as set */
    fixture_commit(fixture, 150);
}

static void commits_while_a_share_is_built_are_in_it(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, &(struct projection_settings){.building_max = 1});
    fixture_own(&fixture, 1);
    for (unsigned i = 0; i < 8; i++) {
        fixture_commit(&fixture, 800);
    }
    fixture_settle(&fixture);
    fixture.on_feed = commit_more;
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    projection_rebuild(fixture.projection, SERVICE_WATCHDOG, FIXTURE_PARTITION);
    fixture_settle(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 4);
    assert_int_equal(projection_figures(fixture.projection).overflows, 0);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

/* An answer to a question that was asked before the share had to be begun again. */
static void feed_as_a_ghost(struct fixture *fixture)
{
    struct projection_op ghost = {
        .case_id = fixture_case(1), .change = PROJECTION_PUT, .queue = "12/billing"};
    assert_false(
        projection_feed(fixture->projection, SERVICE_DISPATCH, FIXTURE_PARTITION, 1000, &ghost, 1));
    assert_false(projection_fed(fixture->projection, SERVICE_DISPATCH, FIXTURE_PARTITION, 1000));
}

static void an_attempt_that_is_over_feeds_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 300);
    fixture_settle(&fixture);
    feed_as_a_ghost(&fixture); /* nobody asked */
    fixture.on_feed = feed_as_a_ghost;
    projection_rebuild(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

/* An older replica is promoted: the generation is there, the watermark is behind. */
static void a_lost_tail_is_made_good(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    for (unsigned i = 0; i < 8; i++) {
        fixture_commit(&fixture, 500);
    }
    fixture_settle(&fixture);
    fixture_tell(&fixture, "SAVE");
    for (unsigned i = 0; i < 5; i++) {
        fixture_commit(&fixture, 500);
    }
    fixture_settle(&fixture);

    struct error error;
    server_kill(
        fixture.server); /* it never saves by itself: the copy of before is what comes back */
    fixture_wait_lost(&fixture);
    assert_true(server_start(fixture.server, &error));
    fixture_wait_ready(&fixture);
    redisReply *old = fixture_ask(&fixture, "HGET test:s:dispatch.%d w", FIXTURE_PARTITION);
    assert_true(old->type == REDIS_REPLY_STRING); /* else nothing would be tried here */
    freeReplyObject(old);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 4);
    fixture_close(&fixture);
}

static void redis_is_killed_and_comes_back_empty(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 900);
    fixture_settle(&fixture);
    server_kill(fixture.server);
    for (unsigned i = 0; i < 20; i++) {
        fixture_commit(&fixture, 50);
        fixture_turn(&fixture);
    }
    assert_false(redis_is_ready(fixture.redis));
    assert_true(server_start(fixture.server, &error));
    fixture_wait_ready(&fixture);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

/* The share survives: whatever was in flight is found to be in, or is sent again, never rebuilt. */
static void a_cut_connection_goes_on_where_redis_is(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 900);
    fixture_settle(&fixture);
    for (unsigned i = 0; i < 30; i++) {
        fixture_commit(&fixture, 40);
        if (i % 2) {
            fixture_turn(&fixture);
        }
        fixture_tell(&fixture, "CLIENT KILL TYPE normal");
        fixture_wait_lost(&fixture);
        fixture_wait_ready(&fixture);
    }
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 2);
    fixture_close(&fixture);
}

static void a_backlog_beyond_its_bound_is_rebuilt_instead(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error;
    fixture_open(&fixture, &(struct projection_settings){.backlog_max = 100});
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 90);
    fixture_settle(&fixture);
    fixture_tell(&fixture, "SAVE");
    server_kill(fixture.server);
    fixture_wait_lost(&fixture);
    for (unsigned i = 0; i < 10; i++) {
        fixture_commit(&fixture, 90);
    }
    assert_true(server_start(fixture.server, &error));
    fixture_wait_ready(&fixture);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_true(projection_figures(fixture.projection).overflows > 0);
    fixture_close(&fixture);
}

/* Sends a verb as the owner would, by hand; gives its state. */
static void expect(struct fixture *fixture,
                   const char *state,
                   uint64_t expected,
                   uint64_t next,
                   const char *generation)
{
    redisReply *reply = fixture_ask(fixture,
                                    "EVAL %s 0 test: apply dispatch.%d %s %" PRIu64 " %" PRIu64
                                    " %016" PRIx64 " 7/ghosts 1 %s",
                                    projection_script(),
                                    FIXTURE_PARTITION,
                                    generation,
                                    expected,
                                    next,
                                    fixture_case(77),
                                    "");
    assert_string_equal(reply->element[0]->str, state);
    freeReplyObject(reply);
}

static void the_script_refuses_repeat_gap_and_another_generation(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 50);
    fixture_settle(&fixture);
    uint64_t seq = fixture.places_seq;
    redisReply *share = fixture_ask(&fixture, "HGET test:s:dispatch.%d g", FIXTURE_PARTITION);
    expect(&fixture, "OLD", seq - 5, seq, share->str);
    expect(&fixture, "OLD", seq - 5, seq - 1, share->str);
    expect(&fixture, "GAP", seq + 1, seq + 2, share->str);
    expect(&fixture, "GAP", seq - 1, seq + 1, share->str);
    expect(&fixture, "GENERATION", seq, seq + 1, "other");
    redisReply *ghosts = fixture_ask(&fixture, "EXISTS test:q:7/ghosts");
    assert_int_equal(ghosts->integer, 0);
    fixture_compare(&fixture);
    fixture_tell(&fixture, "DEL test:s:dispatch.%d", FIXTURE_PARTITION);
    expect(&fixture, "GENERATION", seq, seq + 1, share->str);
    freeReplyObject(ghosts);
    freeReplyObject(share);
    fixture_close(&fixture);
}

static void a_commit_that_was_never_told_is_a_gap(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 200);
    fixture_settle(&fixture);
    for (int n = 1; n < 50; n++) {
        fixture.queue[n] = 2; /* changed without a word */
        fixture.score[n] = n;
    }
    fixture.places_seq += 49;
    fixture_put(&fixture, 60, 1, 3.5);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    fixture_close(&fixture);
}

static void a_new_owner_takes_a_complete_share_and_the_ghost_is_fenced(void **state)
{
    (void)state;
    struct fixture old;
    struct fixture new;
    fixture_open(&old, NULL);
    fixture_own(&old, 1);
    fixture_commit(&old, 700);
    fixture_settle(&old);

    fixture_join(&new, &old);
    memcpy(new.queue, old.queue, sizeof new.queue);
    memcpy(new.score, old.score, sizeof new.score);
    memcpy(new.due_ms, old.due_ms, sizeof new.due_ms);
    new.places_seq = old.places_seq;
    new.timers_seq = old.timers_seq;
    fixture_own(&new, 2);
    fixture_settle(&new);
    assert_int_equal(projection_figures(new.projection).rebuilds, 0);

    projection_rebuild(old.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    while (projection_figures(old.projection).fenced <
           2) { /* the timers' stream by its next check */
        fixture_turn(&old);
    }
    fixture_commit(&new, 300);
    fixture_settle(&new);
    new.server = old.server;
    fixture_compare(&new);
    new.server = NULL;
    fixture_close(&new);
    fixture_close(&old);
}

static void an_owner_that_finds_an_incomplete_share_builds_its_own(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 700);
    fixture_settle(&fixture);
    projection_disown(fixture.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    fixture_put(&fixture, 3, 1, 2); /* committed, and the owner died before telling */
    fixture_remove(&fixture, 4);
    fixture_own(&fixture, 2);
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 3);
    fixture_close(&fixture);
}

static void a_share_told_under_another_version_is_not_taken_over(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_open(&fixture, NULL);
    fixture_own(&fixture, 1);
    fixture_commit(&fixture, 300);
    fixture_settle(&fixture);
    projection_told_under(fixture.projection, 7); /* ours goes on: who wants it anew says so */
    fixture_commit(&fixture, 20);
    fixture_settle(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 2);
    fixture_own(&fixture, 2); /* complete, as it was under the version before */
    fixture_settle(&fixture);
    fixture_compare(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 4);
    fixture_own(&fixture, 3);
    fixture_settle(&fixture);
    assert_int_equal(projection_figures(fixture.projection).rebuilds, 4);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed_is_in_redis),
        cmocka_unit_test(what_redis_loses_in_silence_is_noticed_without_a_commit),
        cmocka_unit_test(a_flush_between_commits_loses_nothing),
        cmocka_unit_test(a_flush_while_a_share_is_built_starts_it_again),
        cmocka_unit_test(a_flush_just_before_the_flip_does_not_leave_an_empty_share),
        cmocka_unit_test(a_share_given_up_half_built_is_cleaned_away),
        cmocka_unit_test(commits_while_a_share_is_built_are_in_it),
        cmocka_unit_test(an_attempt_that_is_over_feeds_nothing),
        cmocka_unit_test(a_lost_tail_is_made_good),
        cmocka_unit_test(redis_is_killed_and_comes_back_empty),
        cmocka_unit_test(a_cut_connection_goes_on_where_redis_is),
        cmocka_unit_test(a_backlog_beyond_its_bound_is_rebuilt_instead),
        cmocka_unit_test(the_script_refuses_repeat_gap_and_another_generation),
        cmocka_unit_test(a_commit_that_was_never_told_is_a_gap),
        cmocka_unit_test(a_new_owner_takes_a_complete_share_and_the_ghost_is_fenced),
        cmocka_unit_test(an_owner_that_finds_an_incomplete_share_builds_its_own),
        cmocka_unit_test(a_share_told_under_another_version_is_not_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
