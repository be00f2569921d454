/*
 * Goal: how triage comes to a category, a severity score with its factors, a class and a priority,
 * and when it asks. Method: a story per rule over the fixture policy; the labels are given as
 * intake records them.  Guards law 8 (only recorded inputs count) and law 11 (what the numbers are
 * is the policy's matter).
 */
#include "triage_core.h"

#include "policy_fixture.h"
#include "unit.h"

struct seen {
    const char *name;
    uint32_t hits;
};

struct story {
    struct seen labels[6]; /* up to the first without a name */
    const char *hint;
    const char *channel; /* NULL: phone */
    uint32_t repeats;
    /* what comes of it */
    enum event_kind kind;
    const char *category;
    const char *reason;
};

static struct event_received received_as(const struct story *story)
{
    struct event_received received = {.channel =
                                          slice_text(story->channel ? story->channel : "phone"),
                                      .policy_id = FIXTURE_POLICY_ID,
                                      .received_at_us = fixture_at_us(2024, 3, 13, 10, 0),
                                      .customer = 77,
                                      .language = LANGUAGE_ZH_HANS,
                                      .acknowledged_by_receipt = true,
                                      .category_hint = slice_text(story->hint)};
    for (uint32_t i = 0; i < 6 && story->labels[i].name; i++) {
        received.labels[received.label_count++] =
            (struct event_label){slice_text(story->labels[i].name), story->labels[i].hits};
    }
    return received;
}

static bool reads(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_text(text));
}

/* Plays one story and returns what triage made of it. */
static struct event_triaged play(const struct story *story)
{
    struct event_received received = received_as(story);
    struct triage_repeats repeats = {.count = story->repeats};
    struct event_triaged out;
    memset(&out, 0xa5, sizeof out);
    enum event_kind kind = triage_decide(policy_fixture(), &received, &repeats, &out);
    if (kind != story->kind || !reads(out.category, story->category) ||
        !reads(out.reason, story->reason)) {
        fail_msg("hint %s: kind %d, category %.*s, reason %.*s",
                 story->hint ? story->hint : "none",
                 (int)kind,
                 (int)out.category.size,
                 (const char *)out.category.bytes,
                 (int)out.reason.size,
                 (const char *)out.reason.bytes);
    }
    return out;
}

#define PLAY(...) play(&(const struct story){__VA_ARGS__})

static void the_category_with_most_hits_wins_whatever_the_order(void **state)
{
    (void)state;
    PLAY(
        {
            {"attitude", 1},
            {"safety",   2}
    },
        .kind = EVENT_TRIAGED,
        .category = "safety");
    PLAY(
        {
            {"safety",   2},
            {"attitude", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "safety");
    /* Patterns of factors are no categories, however many. */
    PLAY(
        {
            {"injury",   9},
            {"attitude", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    /* The same name twice counts together. */
    PLAY(
        {
            {"attitude", 2},
            {"safety",   3},
            {"attitude", 2}
    },
        .kind = EVENT_TRIAGED,
        .category = "attitude");
}

static void text_that_matches_nothing_is_asked_about_with_a_proposal(void **state)
{
    (void)state;
    struct event_triaged out =
        PLAY({{0}}, .kind = EVENT_TRIAGE_ASKED, .category = "", .reason = "no_pattern");
    assert_int_equal(out.founded, FOUNDED_UNSURE);
    assert_true(reads(out.severity_class, "minor"));
    assert_int_equal(out.priority, 4);
    PLAY(
        {
            {"attitude", 0}
    },
        .kind = EVENT_TRIAGE_ASKED,
        .category = "",
        .reason = "no_pattern");
    PLAY(
        {
            {"injury", 3}
    },
        .kind = EVENT_TRIAGE_ASKED,
        .category = "",
        .reason = "no_pattern");
}

static void a_tie_is_asked_about_and_proposes_the_first_of_the_policy(void **state)
{
    (void)state;
    PLAY(
        {
            {"safety",   2},
            {"attitude", 2}
    },
        .kind = EVENT_TRIAGE_ASKED,
        .category = "attitude",
        .reason = "several_categories");
    PLAY(
        {
            {"late",    2},
            {"damaged", 2}
    },
        .kind = EVENT_TRIAGE_ASKED,
        .category = "late",
        .reason = "several_categories");
    /* A hint that is no part of the tie does not break it. */
    PLAY(
        {
            {"safety",   2},
            {"attitude", 2}
    },
        .hint = "other",
        .kind = EVENT_TRIAGE_ASKED,
        .category = "attitude",
        .reason = "several_categories");
    /* Nor does one that stands above both. */
    PLAY(
        {
            {"late",    2},
            {"damaged", 2}
    },
        .hint = "quality",
        .kind = EVENT_TRIAGE_ASKED,
        .category = "late",
        .reason = "several_categories");
}

static void a_hint_wins_over_nothing_and_breaks_a_tie_but_beats_nobody(void **state)
{
    (void)state;
    PLAY({{0}}, .hint = "safety", .kind = EVENT_TRIAGED, .category = "safety");
    PLAY(
        {
            {"safety",   2},
            {"attitude", 2}
    },
        .hint = "safety",
        .kind = EVENT_TRIAGED,
        .category = "safety");
    PLAY(
        {
            {"attitude", 1}
    },
        .hint = "safety",
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    PLAY({{0}},
         .hint = "unheard of",
         .kind = EVENT_TRIAGE_ASKED,
         .category = "",
         .reason = "no_pattern");
    /* Its parent names the one of the tie that lies beneath. */
    PLAY(
        {
            {"late",   2},
            {"safety", 2}
    },
        .hint = "quality",
        .kind = EVENT_TRIAGED,
        .category = "late");
}

static void what_is_beneath_a_category_makes_it_more_precise(void **state)
{
    (void)state;
    PLAY(
        {
            {"quality", 2},
            {"leaking", 2}
    },
        .kind = EVENT_TRIAGED,
        .category = "leaking");
    PLAY(
        {
            {"quality", 3},
            {"late",    1}
    },
        .kind = EVENT_TRIAGED,
        .category = "late");
    PLAY(
        {
            {"quality", 5},
            {"damaged", 2},
            {"leaking", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "leaking");
    /* Two beneath it that are equal leave it where it is clear. */
    PLAY(
        {
            {"quality", 3},
            {"late",    1},
            {"damaged", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "quality");
    PLAY(
        {
            {"quality", 3}
    },
        .hint = "leaking",
        .kind = EVENT_TRIAGED,
        .category = "leaking");
}

static bool has_factor(const struct event_triaged *out, const char *name, int32_t points)
{
    for (uint32_t i = 0; i < out->factor_count; i++) {
        if (reads(out->factors[i].name, name)) {
            return out->factors[i].points == points;
        }
    }
    return false;
}

static void the_score_is_the_sum_of_the_factors_that_hold_and_names_them(void **state)
{
    (void)state;
    struct event_triaged out = PLAY(
        {
            {"attitude", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    assert_int_equal(out.score, 0);
    assert_int_equal(out.factor_count, 0);
    /* A parent stands for its children; the channel and the repeats weigh too. */
    out = PLAY(
        {
            {"leaking", 1}
    },
        .channel = "regulator",
        .repeats = 2,
        .kind = EVENT_TRIAGED,
        .category = "leaking");
    assert_true(has_factor(&out, "poor_quality", 2));
    assert_true(has_factor(&out, "third_party", 4));
    assert_true(has_factor(&out, "repeated", 3));
    assert_int_equal(out.factor_count, 3);
    assert_int_equal(out.score, 9);
    assert_int_equal(out.repeats, 2);
    /* One earlier complaint is not two. */
    out = PLAY(
        {
            {"leaking", 1}
    },
        .repeats = 1,
        .kind = EVENT_TRIAGED,
        .category = "leaking");
    assert_int_equal(out.score, 2);
    /* A pattern may take away. */
    out = PLAY(
        {
            {"attitude", 1},
            {"hospital", 1}
    },
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    assert_true(has_factor(&out, "injury", 6) && has_factor(&out, "praise", -1));
    assert_int_equal(out.score, 5);
}

static void the_class_follows_the_score_at_its_very_threshold(void **state)
{
    (void)state;
    struct event_triaged out = PLAY(
        {
            {"attitude", 1}
    },
        .channel = "regulator",
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    assert_int_equal(out.score, 4);
    assert_true(reads(out.severity_class, "serious"));
    assert_int_equal(out.priority, 2);
    out = PLAY(
        {
            {"attitude", 1}
    },
        .repeats = 9,
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    assert_int_equal(out.score, 3);
    assert_true(reads(out.severity_class, "minor"));
    assert_int_equal(out.priority, 4);
    out = PLAY(
        {
            {"late", 1}
    },
        .channel = "regulator",
        .repeats = 2,
        .kind = EVENT_TRIAGED,
        .category = "late");
    assert_true(reads(out.severity_class, "grave"));
    assert_int_equal(out.priority, 1);
}

static void an_override_raises_the_class_and_never_lowers_it(void **state)
{
    (void)state;
    /* Six points are serious; the pattern alone makes it grave. */
    struct event_triaged out = PLAY(
        {
            {"attitude", 1},
            {"injury",   1}
    },
        .kind = EVENT_TRIAGED,
        .category = "attitude");
    assert_int_equal(out.score, 6);
    assert_true(reads(out.severity_class, "grave"));
    /* Nine points are grave; the override for safety says serious and does not lower it. */
    out = PLAY(
        {
            {"safety", 1}
    },
        .channel = "regulator",
        .kind = EVENT_TRIAGED,
        .category = "safety");
    assert_int_equal(out.score, 9);
    assert_true(reads(out.severity_class, "grave"));
}

static void a_score_below_every_threshold_gives_the_mildest_class(void **state)
{
    (void)state;
    struct policy_class strict[] = {
        {.id = "high", .from_score = 10, .priority = 1},
        {.id = "low",  .from_score = 5,  .priority = 0},
    };
    struct policy policy = *policy_fixture();
    policy.classes = strict;
    policy.class_count = 2;
    policy.override_count = 0;
    struct event_received received = received_as(&(struct story){.labels = {{"attitude", 1}}});
    struct triage_repeats repeats = {0};
    struct event_triaged out;
    assert_int_equal(triage_decide(&policy, &received, &repeats, &out), EVENT_TRIAGED);
    assert_true(reads(out.severity_class, "low"));
    assert_int_equal(out.priority, 3); /* a policy that gives none */
}

static void what_dispatch_starts_from_is_copied(void **state)
{
    (void)state;
    struct event_received received = received_as(&(struct story){.labels = {{"late", 1}}});
    struct triage_repeats repeats = {
        .count = 9, .related_count = 9, .related = {4, 3, 2, 1}
    };
    struct event_triaged out;
    assert_int_equal(triage_decide(policy_fixture(), &received, &repeats, &out), EVENT_TRIAGED);
    assert_int_equal(out.founded, FOUNDED_PRESUMED);
    assert_int_equal(out.related_count, EVENT_RELATED_MAX);
    assert_int_equal(out.related[0], 4);
    assert_int_equal(out.policy_id, FIXTURE_POLICY_ID);
    assert_int_equal(out.received_at_us, received.received_at_us);
    assert_int_equal(out.customer, 77);
    assert_int_equal(out.language, LANGUAGE_ZH_HANS);
    assert_true(reads(out.channel, "phone") && out.acknowledged_by_receipt);
}

static void counts_beyond_their_bounds_are_cut(void **state)
{
    (void)state;
    struct event_received received = {.channel = slice_text("nowhere"), .label_count = UINT32_MAX};
    for (uint32_t i = 0; i < EVENT_LABELS_MAX; i++) {
        received.labels[i] = (struct event_label){slice_text("late"), UINT32_MAX};
    }
    struct triage_repeats repeats = {.count = UINT32_MAX, .related_count = UINT32_MAX};
    struct event_triaged out;
    assert_int_equal(triage_decide(policy_fixture(), &received, &repeats, &out), EVENT_TRIAGED);
    assert_true(reads(out.category, "late"));
    assert_int_equal(out.related_count, EVENT_RELATED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_category_with_most_hits_wins_whatever_the_order),
        cmocka_unit_test(text_that_matches_nothing_is_asked_about_with_a_proposal),
        cmocka_unit_test(a_tie_is_asked_about_and_proposes_the_first_of_the_policy),
        cmocka_unit_test(a_hint_wins_over_nothing_and_breaks_a_tie_but_beats_nobody),
        cmocka_unit_test(what_is_beneath_a_category_makes_it_more_precise),
        cmocka_unit_test(the_score_is_the_sum_of_the_factors_that_hold_and_names_them),
        cmocka_unit_test(the_class_follows_the_score_at_its_very_threshold),
        cmocka_unit_test(an_override_raises_the_class_and_never_lowers_it),
        cmocka_unit_test(a_score_below_every_threshold_gives_the_mildest_class),
        cmocka_unit_test(what_dispatch_starts_from_is_copied),
        cmocka_unit_test(counts_beyond_their_bounds_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
