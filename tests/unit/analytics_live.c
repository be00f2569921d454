/*
 * Goal: what a dashboard shows is what was counted: sums, the last minute, quantiles within five
 * percent, shares of clocks; after a takeover as before it.  Guards law 9 (clocks beyond the bound
 * are left out, not written over).  Method: rows are added at chosen instants, and what is
 * published is decoded as a reader would.
 */
#include "analytics_live.h"

#include "policy_fixture.h"
#include "redress/live/v1/live.pb-c.h"
#include "scope.h"
#include "unit.h"

enum { ARENA_SIZE = 1 << 20 };

static const int64_t second_us = 1000000;
static const int64_t noon_us = 1710734400 * INT64_C(1000000);

struct board {
    struct live *live;
    struct arena *arena;
    Redress__Live__V1__Live *message;
    const Redress__Live__V1__Figures *figures;
};

static void board_open(struct board *board)
{
    *board = (struct board){.live = live_new(), .arena = arena_new(ARENA_SIZE)};
    assert_non_null(board->live);
    assert_non_null(board->arena);
}

static void board_done(struct board *board)
{
    if (board->message) {
        redress__live__v1__live__free_unpacked(board->message, NULL);
        board->message = NULL;
    }
}

static void board_close(struct board *board)
{
    board_done(board);
    live_free(&board->live);
    arena_free(&board->arena);
    assert_null(board->live);
}

static void board_read(struct board *board, int64_t now_us)
{
    board_done(board);
    arena_reset(board->arena);
    struct slice bytes = live_pack(board->live, "one", now_us, board->arena);
    board->message = redress__live__v1__live__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(board->message);
    board->figures = board->message->figures;
    assert_non_null(board->figures);
}

static void count(struct board *board, enum figure_measure measure, int64_t count, int64_t now_us)
{
    const struct analytics_row row = {
        .key = {.measure = measure, .clock = POLICY_NONE},
          .count = count
    };
    live_add(board->live, policy_fixture(), &row, now_us);
}

static void spent(struct board *board, enum phase phase, int64_t seconds, int64_t count)
{
    const struct analytics_row row = {
        .key = {.measure = FIGURE_PHASE,
                .clock = POLICY_NONE,
                .phase = (uint8_t)phase,
                .bucket = figure_bucket(seconds)},
        .count = count
    };
    live_add(board->live, policy_fixture(), &row, noon_us);
}

static void sums_are_of_everything_and_open_cases_of_what_is_left(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    count(&board, FIGURE_RECEIVED, 10, noon_us);
    count(&board, FIGURE_TRIAGED, 6, noon_us);
    count(&board, FIGURE_ASKED, 3, noon_us);
    count(&board, FIGURE_OPENED, 9, noon_us);
    count(&board, FIGURE_CLOSED, 5, noon_us);
    count(&board, FIGURE_REOPENED, 2, noon_us);
    count(&board, FIGURE_BREACHED, 1, noon_us);
    board_read(&board, noon_us);
    assert_int_equal(board.figures->received, 10);
    assert_int_equal(board.figures->triaged, 9);
    assert_int_equal(board.figures->opened, 9);
    assert_int_equal(board.figures->closed, 5);
    assert_int_equal(board.figures->reopened, 2);
    assert_int_equal(board.figures->breached, 1);
    assert_int_equal(board.figures->open_cases, 6);
    assert_int_equal(board.figures->at_us, noon_us);
    assert_int_equal(board.figures->instance.len, 3);
    board_close(&board);
}

static void the_last_minute_is_sixty_seconds_and_no_more(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    for (int64_t i = 0; i < 180; i++) { /* one a second, for three minutes */
        count(&board, FIGURE_RECEIVED, 1, noon_us + i * second_us);
    }
    count(&board, FIGURE_RECEIVED, 4, noon_us + 179 * second_us + 999999);
    count(&board, FIGURE_CLOSED, 2, noon_us + 179 * second_us);
    board_read(&board, noon_us + 179 * second_us);
    assert_int_equal(board.figures->received_last_minute, 64);
    assert_int_equal(board.figures->closed_last_minute, 2);
    board_read(&board, noon_us + (179 + 59) * second_us); /* nothing came since */
    assert_int_equal(board.figures->received_last_minute, 5);
    board_read(&board, noon_us + (179 + 60) * second_us);
    assert_int_equal(board.figures->received_last_minute, 0);
    assert_int_equal(board.figures->closed_last_minute, 0);
    assert_int_equal(board.figures->received, 184);
    board_close(&board);
}

static void assert_near(double got, double wanted)
{
    if (got < wanted / 1.051 || got > wanted * 1.051) {
        fail_msg("%f is not within 5 %% of %f", got, wanted);
    }
}

static void quantiles_lie_in_the_bucket_of_their_rank(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    spent(&board, PHASE_APPROVAL, 60, 60);
    spent(&board, PHASE_APPROVAL, 3600, 35);
    spent(&board, PHASE_APPROVAL, 86400, 5);
    spent(&board, PHASE_CONSENT, 5, 1); /* a single value is every quantile */
    board_read(&board, noon_us);
    assert_int_equal(board.figures->n_phases, 2);
    const Redress__Live__V1__Quantiles *approval = board.figures->phases[0];
    assert_int_equal(approval->phase.len, strlen("approval"));
    assert_memory_equal(approval->phase.data, "approval", approval->phase.len);
    assert_int_equal(approval->count, 100);
    assert_near(approval->p50_s, 60);
    assert_near(approval->p90_s, 3600);
    assert_near(approval->p99_s, 86400);
    const Redress__Live__V1__Quantiles *consent = board.figures->phases[1];
    assert_memory_equal(consent->phase.data, "consent", consent->phase.len);
    assert_near(consent->p50_s, 5);
    assert_near(consent->p99_s, 5);
    board_close(&board);
}

static void clock_count(struct board *board, enum figure_measure measure, uint16_t clock, int64_t n)
{
    const struct analytics_row row = {
        .key = {.measure = measure, .clock = clock},
          .count = n
    };
    live_add(board->live, policy_fixture(), &row, noon_us);
}

static void each_clock_has_its_share_and_warnings_are_no_verdicts(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    clock_count(&board, FIGURE_MET, FIXTURE_CLOCK_ANSWER, 7);
    clock_count(&board, FIGURE_MISSED, FIXTURE_CLOCK_ANSWER, 2);
    clock_count(&board, FIGURE_WARNED, FIXTURE_CLOCK_HANDLING, 3);
    clock_count(&board, FIGURE_MET, FIXTURE_CLOCK_HANDLING, 1);
    board_read(&board, noon_us);
    assert_int_equal(board.figures->n_clocks, 2);
    const Redress__Live__V1__ClockShare *answer = board.figures->clocks[0];
    const Redress__Live__V1__ClockShare *handling = board.figures->clocks[1];
    assert_memory_equal(answer->clock.data, "answer", answer->clock.len);
    assert_int_equal(answer->met, 7);
    assert_int_equal(answer->missed, 2);
    assert_int_equal(handling->met, 1);
    assert_int_equal(handling->missed, 0);
    board_close(&board);
}

static void what_the_archive_held_is_where_a_takeover_goes_on(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    count(&board, FIGURE_RECEIVED, 99, noon_us);
    spent(&board, PHASE_REPLY, 10, 1);
    clock_count(&board, FIGURE_MET, FIXTURE_CLOCK_ANSWER, 1);
    live_reset(board.live);
    const struct slice policy = slice_text(policy_fixture()->name);
    const struct analytics_total totals[] = {
  /* clang-format off */
        {FIGURE_RECEIVED, policy, {0}, -1, -1, 1000},
        {FIGURE_PHASE, policy, {0}, PHASE_REPLY, 0, 4},
        {FIGURE_PHASE, policy, {0}, PHASE_COUNT, 0, 4},
        {FIGURE_PHASE, policy, {0}, PHASE_REPLY, FIGURE_BUCKETS, 4},
        {FIGURE_MISSED, policy, slice_text("answer"), -1, -1, 3},
        {FIGURE_MEASURE_COUNT, policy, {0}, -1, -1, 7},
  /* clang-format on */
    };
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        live_total(board.live, &totals[i]);
    }
    count(&board, FIGURE_RECEIVED, 1, noon_us);
    board_read(&board, noon_us);
    assert_int_equal(board.figures->received, 1001);
    assert_int_equal(board.figures->n_phases, 1);
    assert_int_equal(board.figures->phases[0]->count, 4);
    assert_int_equal(board.figures->n_clocks, 1);
    assert_int_equal(board.figures->clocks[0]->met, 0);
    assert_int_equal(board.figures->clocks[0]->missed, 3);
    board_close(&board);
}

static void clocks_beyond_the_bound_are_left_out(void **state)
{
    (void)state;
    struct board board;
    board_open(&board);
    for (int i = 0; i < 300; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "clock-%d", i);
        const struct analytics_total total = {.measure = FIGURE_MET,
                                              .policy = slice_text(policy_fixture()->name),
                                              .clock = slice_text(name),
                                              .phase = -1,
                                              .bucket = -1,
                                              .count = 1};
        live_total(board.live, &total);
    }
    board_read(&board, noon_us);
    assert_int_equal(board.figures->n_clocks, 256);
    for (size_t i = 0; i < board.figures->n_clocks; i++) {
        assert_int_equal(board.figures->clocks[i]->met, 1);
    }
    struct arena *small = arena_new(16); /* too small even for the sums */
    assert_int_equal(live_pack(board.live, "one", noon_us, small).size, 0);
    arena_free(&small);
    board_close(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_of_everything_and_open_cases_of_what_is_left),
        cmocka_unit_test(the_last_minute_is_sixty_seconds_and_no_more),
        cmocka_unit_test(quantiles_lie_in_the_bucket_of_their_rank),
        cmocka_unit_test(each_clock_has_its_share_and_warnings_are_no_verdicts),
        cmocka_unit_test(what_the_archive_held_is_where_a_takeover_goes_on),
        cmocka_unit_test(clocks_beyond_the_bound_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
