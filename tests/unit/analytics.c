/*
 * Analytics' core: a story per figure, and the histogram against exact quantiles.
 *
 * Goal: every event makes the increments it should, once, from what it carries alone; quantiles
 * read from the buckets are within 5 % of the exact ones.  Method: single events over the fixture's
 * policy; three seeded distributions sorted and compared.  Guards law 4 (the fold adds, the
 * checkpoint makes it once) and law 8 (the same event gives the same increments).
 */
#include "analytics_core.h"
#include "policy_fixture.h"
#include "unit.h"

#include <stdlib.h>

enum { US = 1000000 };

static int64_t on(int day, int hour, int minute)
{
    return fixture_at_us(2024, 3, day, hour, minute);
}

static struct event of(enum event_kind kind, int64_t at_us)
{
    struct event event = {0};
    event.kind = kind;
    event.service = event_kind_service(kind);
    event.case_id = case_id_make(1, 9);
    event.at_us = at_us;
    return event;
}

static struct event moved(enum event_kind kind, int64_t at_us, const char *from, const char *to)
{
    struct event event = of(kind, at_us);
    event.advanced.from_step = slice_text(from);
    event.advanced.to_step = slice_text(to);
    event.advanced.from_since_us = on(4, 9, 0);
    event.advanced.policy_id = FIXTURE_POLICY_ID;
    event.advanced.channel = slice_text("mail");
    event.advanced.category = slice_text("late");
    event.advanced.queue = slice_text("service");
    return event;
}

static struct event clocked(enum event_kind kind, const char *clock, enum clock_verdict verdict)
{
    struct event event = of(kind, on(5, 9, 0));
    event.clocks.policy_id = FIXTURE_POLICY_ID;
    event.clocks.channel = slice_text("phone");
    event.clocks.category = slice_text("safety");
    event.clocks.count = 1;
    event.clocks.clocks[0].name = slice_text(clock);
    event.clocks.clocks[0].verdict = verdict;
    event.clocks.clocks[0].late_s = verdict == CLOCK_MISSED ? 90 : 0;
    return event;
}

static uint32_t fold(struct event event, struct figure_increment out[FIGURE_INCREMENTS_MAX])
{
    return analytics_fold(policy_fixture(), &event, out);
}

static void a_complaint_counts_in_the_hour_it_was_committed(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    struct event event = of(EVENT_RECEIVED, on(4, 9, 59) + 59 * US);
    event.received.channel = slice_text("regulator");
    event.received.policy_id = FIXTURE_POLICY_ID;
    event.received.received_at_us = on(4, 7, 0);
    assert_int_equal(fold(event, out), 1);
    assert_int_equal(out[0].measure, FIGURE_RECEIVED);
    assert_int_equal(out[0].hour_s, on(4, 9, 0) / US);
    assert_int_equal(out[0].policy_id, FIXTURE_POLICY_ID);
    assert_int_equal(out[0].channel, FIXTURE_CHANNEL_REGULATOR);
    assert_int_equal(out[0].category, POLICY_NONE);
    assert_int_equal(out[0].queue, POLICY_NONE);
    assert_int_equal(out[0].clock, POLICY_NONE);
}

static void hours_before_the_epoch_begin_before_it(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    assert_int_equal(fold(of(EVENT_RECEIVED, -1), out), 1);
    assert_int_equal(out[0].hour_s, -3600);
}

static void assessment_ends_the_receipt_that_began_at_the_channel(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    for (int asked = 0; asked <= 1; asked++) {
        struct event event = of(asked ? EVENT_TRIAGE_ASKED : EVENT_TRIAGED, on(4, 9, 10));
        event.triaged.channel = slice_text("mail");
        event.triaged.category = slice_text("attitude");
        event.triaged.received_at_us = on(4, 9, 0);
        assert_int_equal(fold(event, out), 2);
        assert_int_equal(out[0].measure, asked ? FIGURE_ASKED : FIGURE_TRIAGED);
        assert_int_equal(out[0].category, FIXTURE_CATEGORY_ATTITUDE);
        assert_int_equal(out[1].measure, FIGURE_PHASE);
        assert_int_equal(out[1].phase, PHASE_RECEIPT);
        assert_int_equal(out[1].sum, 600);
        assert_int_equal(out[1].bucket, figure_bucket(600));
    }
}

static void opening_counts_where_the_case_stands(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    struct event event = of(EVENT_OPENED, on(4, 9, 11));
    event.opened.channel = slice_text("mail");
    event.opened.category = slice_text("safety");
    event.opened.queue = slice_text("safety");
    event.opened.step = slice_text("investigation");
    assert_int_equal(fold(event, out), 1);
    assert_int_equal(out[0].measure, FIGURE_OPENED);
    assert_int_equal(out[0].queue, FIXTURE_QUEUE_SAFETY);
}

static void leaving_a_step_tells_the_time_spent_in_its_phase(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    assert_int_equal(fold(moved(EVENT_PROPOSED, on(4, 11, 0), "investigation", "approval"), out),
                     1);
    assert_int_equal(out[0].measure, FIGURE_PHASE);
    assert_int_equal(out[0].phase, PHASE_INVESTIGATION);
    assert_int_equal(out[0].sum, 7200);
    assert_int_equal(out[0].channel, FIXTURE_CHANNEL_MAIL);
    assert_int_equal(out[0].category, FIXTURE_CATEGORY_LATE);
    assert_int_equal(out[0].queue, FIXTURE_QUEUE_SERVICE);
    assert_int_equal(fold(moved(EVENT_NOTED, on(4, 11, 0), "investigation", "investigation"), out),
                     0);
    assert_int_equal(fold(moved(EVENT_NOTED, on(4, 11, 0), "investigation", ""), out), 0);
}

static void closing_and_reopening_count_and_time_closed_is_nobodys_work(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    assert_int_equal(fold(moved(EVENT_WITHDRAWN, on(4, 11, 0), "consent", "closed"), out), 2);
    assert_int_equal(out[0].measure, FIGURE_PHASE);
    assert_int_equal(out[1].measure, FIGURE_CLOSED);
    assert_int_equal(fold(moved(EVENT_REOPENED, on(4, 12, 0), "closed", "investigation"), out), 1);
    assert_int_equal(out[0].measure, FIGURE_REOPENED);
}

static struct slice value_of(const struct figure_increment *increment)
{
    static char text[FIGURE_VALUE_MAX];
    return figure_value_text(policy_fixture(), increment, text);
}

static void a_closing_tells_its_outcome_and_a_merge_undone_is_no_reopening(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    struct event event = moved(EVENT_CLOSED, on(4, 11, 0), "consent", "closed");
    event.advanced.outcome = OUTCOME_NOT_FOUNDED;
    assert_int_equal(fold(event, out), 2);
    assert_true(slice_equal(value_of(&out[1]), slice_text("not-founded")));
    event.advanced.outcome = 9999;
    assert_int_equal(fold(event, out), 2);
    assert_int_equal(value_of(&out[1]).size, 0);
    assert_int_equal(fold(moved(EVENT_REOPENED, on(4, 12, 0), "closed", "consent"), out), 1);
    assert_int_equal(value_of(&out[0]).size, 0);
    assert_int_equal(fold(moved(EVENT_UNMERGED, on(4, 12, 0), "closed", "consent"), out), 1);
    assert_int_equal(out[0].measure, FIGURE_REOPENED);
    assert_true(slice_equal(value_of(&out[0]), slice_text("unmerged")));
}

static void what_is_closed_where_cases_open_is_closed_at_once(void **state)
{
    (void)state;
    static const char *const opening[] = {"investigation", "triage"};
    for (size_t i = 0; i < sizeof opening / sizeof *opening; i++) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        struct event event = moved(EVENT_CLOSED, on(4, 11, 0), opening[i], "closed");
        event.advanced.outcome = OUTCOME_SETTLED;
        assert_int_equal(fold(event, out), 3);
        assert_int_equal(out[1].measure, FIGURE_CLOSED);
        assert_int_equal(out[2].measure, FIGURE_CLOSED_AT_ONCE);
        assert_true(slice_equal(value_of(&out[2]), slice_text("settled")));
    }
}

static void who_complained_before_is_counted_beside_the_triage(void **state)
{
    (void)state;
    for (int asked = 0; asked <= 1; asked++) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        struct event event = of(asked ? EVENT_TRIAGE_ASKED : EVENT_TRIAGED, on(4, 9, 10));
        event.triaged.channel = slice_text("mail");
        event.triaged.category = slice_text("late");
        assert_int_equal(fold(event, out), 1);
        event.triaged.repeats = 3;
        assert_int_equal(fold(event, out), 2);
        assert_int_equal(out[1].measure, FIGURE_REPEATED);
        assert_int_equal(out[1].category, FIXTURE_CATEGORY_LATE);
    }
}

/* The fixture with four fields, of which a measure names all but the last. */
static const struct policy *surveyed(void)
{
    static const struct policy_choice choices[] = {{.id = "well"}, {.id = "badly"}};
    static const struct policy_field fields[] = {
        {.id = "satisfied",   .type = FORM_CHOICE, .choice_count = 2, .choices = choices},
        {.id = "score",
         .type = FORM_NUMBER,
         .has_min = true,
         .has_max = true,
         .min = -20000,
         .max = 50000},
        {.id = "refund", .type = FORM_MONEY,                          .decimals = 2},
        {.id = "fair",       .type = FORM_FLAG                            },
        {.id = "nobody-asks",      .type = FORM_FLAG      },
    };
    static const struct policy_measure measures[] = {
        {.what = MEASURE_ANSWERED, .answer = {.field = 0}          },
        {.what = MEASURE_IN_TIME,  .answer = {.field = POLICY_NONE}},
        {.what = MEASURE_MEAN,     .answer = {.field = 1}          },
        {.what = MEASURE_SUM,      .answer = {.field = 2}          },
        {.what = MEASURE_ANSWERED, .answer = {.field = 3}          },
    };
    static struct policy policy;
    policy = *policy_fixture();
    policy.fields = fields;
    policy.field_count = sizeof fields / sizeof *fields;
    policy.measures = measures;
    policy.measure_count = sizeof measures / sizeof *measures;
    return &policy;
}

static void answers_count_where_a_measure_names_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *field, *answer, *value;
        int64_t sum;
        bool counts;
    } rows[] = {
        {"satisfied",   "badly",  "badly", 0,      true },
        {"satisfied",   "middle", "",      0,      false},
        {"satisfied",   "",       "",      0,      false}, /* as of a sealed one */
        {"score",       "4",      "4",     40000,  true },
        {"score",       "-2",     "-2",    -20000, true },
        {"score",       "6",      "",      0,      false},
        {"refund",      "12.50",  "",      125000, true },
        {"fair",        "no",     "no",    0,      true },
        {"fair",        "yes",    "yes",   0,      true },
        {"nobody-asks", "yes",    "",      0,      false},
        {"unheard",     "yes",    "",      0,      false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        char text[FIGURE_VALUE_MAX];
        struct event event = moved(EVENT_NOTED, on(4, 11, 0), "consent", "consent");
        event.advanced.field_count = 1;
        event.advanced.fields[0].name = slice_text(rows[i].field);
        event.advanced.fields[0].value = slice_text(rows[i].answer);
        assert_int_equal(fold(event, out), 0); /* the plain fixture measures nothing */
        assert_int_equal(analytics_fold(surveyed(), &event, out), rows[i].counts);
        if (rows[i].counts) {
            assert_int_equal(out[0].measure, FIGURE_ANSWER);
            assert_int_equal(out[0].sum, rows[i].sum);
            assert_string_equal(surveyed()->fields[out[0].field].id, rows[i].field);
            struct slice value = figure_value_text(surveyed(), &out[0], text);
            assert_true(slice_equal(value, slice_text(rows[i].value)));
        }
    }
}

static void a_full_form_that_closes_a_case_fits(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    struct event event = moved(EVENT_CLOSED, on(4, 11, 0), "investigation", "closed");
    event.advanced.field_count = EVENT_FIELDS_MAX;
    for (int i = 0; i < EVENT_FIELDS_MAX; i++) {
        event.advanced.fields[i].name = slice_text("fair");
        event.advanced.fields[i].value = slice_text("yes");
    }
    assert_int_equal(analytics_fold(surveyed(), &event, out), EVENT_FIELDS_MAX + 3);
}

static void each_level_and_each_verdict_counts_once(void **state)
{
    (void)state;
    static const struct {
        enum event_kind kind;
        enum clock_verdict verdict;
        uint32_t count;
        enum figure_measure measures[2];
    } rows[] = {
        {EVENT_CLOCKS_STARTED,  CLOCK_RUNNING,   0, {0}                             },
        {EVENT_CLOCKS_STARTED,  CLOCK_MET,       1, {FIGURE_MET}                    },
        {EVENT_CLOCKS_STARTED,  CLOCK_MISSED,    1, {FIGURE_MISSED}                 },
        {EVENT_CLOCKS_STOPPED,  CLOCK_MET,       1, {FIGURE_MET}                    },
        {EVENT_CLOCKS_STOPPED,  CLOCK_RUNNING,   0, {0}                             },
        {EVENT_CLOCKS_STOPPED,  CLOCK_CANCELLED, 0, {0}                             },
        {EVENT_CLOCKS_STOPPED,  CLOCK_MISSED,    0, {0}                             },
        {EVENT_CLOCKS_PAUSED,   CLOCK_MISSED,    0, {0}                             },
        {EVENT_CLOCKS_RESUMED,  CLOCK_MET,       0, {0}                             },
        {EVENT_CLOCK_WARNED,    CLOCK_RUNNING,   1, {FIGURE_WARNED}                 },
        {EVENT_CLOCK_BREACHED,  CLOCK_MISSED,    2, {FIGURE_BREACHED, FIGURE_MISSED}},
        {EVENT_CLOCK_BREACHED,  CLOCK_MET,       1, {FIGURE_BREACHED}               },
        {EVENT_CLOCK_ESCALATED, CLOCK_MISSED,    1, {FIGURE_ESCALATED}              },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        assert_int_equal(fold(clocked(rows[i].kind, "safety", rows[i].verdict), out),
                         rows[i].count);
        for (uint32_t j = 0; j < rows[i].count; j++) {
            assert_int_equal(out[j].measure, rows[i].measures[j]);
            assert_int_equal(out[j].clock, FIXTURE_CLOCK_SAFETY);
            assert_int_equal(out[j].channel, FIXTURE_CHANNEL_PHONE);
            assert_int_equal(out[j].sum, out[j].measure == FIGURE_MISSED ? 90 : 0);
        }
    }
}

static void a_verdict_that_is_taken_back_with_its_merge_counts_one_less(void **state)
{
    (void)state;
    static const enum event_kind kinds[] = {EVENT_CLOCKS_RESUMED, EVENT_CLOCKS_PAUSED};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct figure_increment out[FIGURE_INCREMENTS_MAX];
        struct event event = clocked(kinds[i], "safety", CLOCK_RUNNING);
        event.clocks.clocks[0].reason = slice_text("unmerged");
        assert_int_equal(fold(event, out), 1);
        assert_int_equal(out[0].measure, FIGURE_MET);
        assert_int_equal(out[0].clock, FIXTURE_CLOCK_SAFETY);
        assert_true(out[0].taken_back);
        event.clocks.clocks[0].reason = slice_text("");
        assert_int_equal(fold(event, out), 0);
    }
}

static void names_the_policy_does_not_know_are_counted_as_none(void **state)
{
    (void)state;
    struct figure_increment out[FIGURE_INCREMENTS_MAX];
    assert_int_equal(fold(clocked(EVENT_CLOCK_BREACHED, "unheard", CLOCK_MISSED), out), 0);
    struct event crowd = clocked(EVENT_CLOCK_BREACHED, "answer", CLOCK_MISSED);
    crowd.clocks.count = 1000;
    for (int i = 1; i < EVENT_CLOCKS_MAX; i++) {
        crowd.clocks.clocks[i] = crowd.clocks.clocks[0];
    }
    assert_int_equal(fold(crowd, out), FIGURE_INCREMENTS_MAX);
    assert_int_equal(fold(of((enum event_kind)9999, on(4, 9, 0)), out), 0);
    struct event event = of(EVENT_RECEIVED, on(4, 9, 0));
    event.received.channel = slice_text("pigeon");
    assert_int_equal(fold(event, out), 1);
    assert_int_equal(out[0].channel, POLICY_NONE);
}

static void every_measure_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < FIGURE_MEASURE_COUNT; i++) {
        assert_non_null(figure_measure_name((enum figure_measure)i));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(figure_measure_name((enum figure_measure)i),
                                    figure_measure_name((enum figure_measure)j));
        }
    }
    assert_null(figure_measure_name(FIGURE_MEASURE_COUNT));
}

static void buckets_rise_and_their_middle_is_near_all_they_hold(void **state)
{
    (void)state;
    uint16_t before = 0;
    for (int64_t s = 1; s < 150000000; s += 1 + s / 200) {
        uint16_t bucket = figure_bucket(s);
        assert_true(bucket >= before && bucket < FIGURE_BUCKETS);
        double error = figure_bucket_seconds(bucket) / (double)s - 1.0;
        if (error < -0.0501 || error > 0.0501) {
            fail_msg("%lld s is %.3f off", (long long)s, error);
        }
        before = bucket;
    }
    assert_int_equal(figure_bucket(-5), 0);
    assert_int_equal(figure_bucket(0), 0);
    assert_int_equal(figure_bucket(INT64_MAX), FIGURE_BUCKETS - 1);
}

static uint32_t roll_state = 2024;

static uint32_t roll(uint32_t sides)
{
    roll_state = roll_state * 1664525 + 1013904223;
    return (roll_state >> 8) % sides;
}

static int ascending(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void quantiles_from_the_buckets_are_within_five_percent(void **state)
{
    (void)state;
    enum { SAMPLES = 20001 };
    static int64_t samples[SAMPLES];
    for (int shape = 0; shape < 3; shape++) {
        uint32_t buckets[FIGURE_BUCKETS] = {0};
        for (int i = 0; i < SAMPLES; i++) {
            int64_t spread = 1 + roll(3600);
            samples[i] = shape == 0   ? 60 + spread
                         : shape == 1 ? spread * (1 + roll(200)) * (1 + roll(9))
                                      : (roll(10) ? 300 + roll(60) : 864000 + roll(86400));
            buckets[figure_bucket(samples[i])]++;
        }
        qsort(samples, SAMPLES, sizeof *samples, ascending);
        static const int percents[] = {50, 90, 99};
        for (int i = 0; i < 3; i++) {
            int64_t rank = (int64_t)(SAMPLES - 1) * percents[i] / 100;
            uint16_t bucket = 0;
            for (int64_t seen = buckets[0]; seen <= rank; seen += buckets[bucket]) {
                bucket++;
            }
            double error = figure_bucket_seconds(bucket) / (double)samples[rank] - 1.0;
            if (error < -0.0501 || error > 0.0501) {
                fail_msg("shape %d, %d %%: %.3f off", shape, percents[i], error);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_complaint_counts_in_the_hour_it_was_committed),
        cmocka_unit_test(hours_before_the_epoch_begin_before_it),
        cmocka_unit_test(assessment_ends_the_receipt_that_began_at_the_channel),
        cmocka_unit_test(opening_counts_where_the_case_stands),
        cmocka_unit_test(leaving_a_step_tells_the_time_spent_in_its_phase),
        cmocka_unit_test(closing_and_reopening_count_and_time_closed_is_nobodys_work),
        cmocka_unit_test(a_closing_tells_its_outcome_and_a_merge_undone_is_no_reopening),
        cmocka_unit_test(what_is_closed_where_cases_open_is_closed_at_once),
        cmocka_unit_test(who_complained_before_is_counted_beside_the_triage),
        cmocka_unit_test(answers_count_where_a_measure_names_the_field),
        cmocka_unit_test(a_full_form_that_closes_a_case_fits),
        cmocka_unit_test(each_level_and_each_verdict_counts_once),
        cmocka_unit_test(a_verdict_that_is_taken_back_with_its_merge_counts_one_less),
        cmocka_unit_test(names_the_policy_does_not_know_are_counted_as_none),
        cmocka_unit_test(every_measure_has_a_name_of_its_own),
        cmocka_unit_test(buckets_rise_and_their_middle_is_near_all_they_hold),
        cmocka_unit_test(quantiles_from_the_buckets_are_within_five_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
