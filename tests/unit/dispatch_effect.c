/*
 * Goal: whether a measure works is counted, not believed: an action that a policy ties to later
 * complaints of the same cause is refused while there are more than may be, told with their number,
 * and possible again once the measure was carried out anew.  Method: a policy as text through the
 * loader, played at the desk with what the archive would have counted.  Guards laws 8 and 11.
 */
#include "case_number.h"
#include "dispatch_loaded.h"
#include "org_load.h"
#include "scope.h"
#include "unit.h"

enum { YEAR = 2026 };

static const char text[] =
    "policy: counted\nversion: 1\ntitle: x\ncapacity: 9\nrepeat-window: 1 days\n"
    "reopen-window: 30 days\nroles: [agent]\nchannels: {phone: {title: x}}\n"
    "taxonomy: {late: {title: x, patterns: [x]}}\nclasses: {minor: {title: x, priority: 4}}\n"
    "queues: {q: {title: x}}\nroutes: [{queue: q}]\n"
    "fields: {cause: {title: Cause, type: choice, kept: yes, choices: {tool: {title: T},\n"
    "  material: {title: M}}}, case: {title: x}}\n"
    "steps:\n"
    "  work: {title: x, phase: investigation, owner: agent, actions: {\n"
    "    find: {title: x, fact: investigated, by: agent, needs: [cause]},\n"
    "    mend: {title: x, fact: implemented, by: agent},\n"
    "    works: {title: x, fact: closed, by: agent, to: closed, requires: [\n"
    "      {complaints-of-same: cause, since: implemented, no-more-than: 1, title: Again}]},\n"
    "    sort: {title: x, fact: classified, by: agent, asks: {\n"
    "      b0: {title: x}, b1: {title: x}, b2: {title: x}, b3: {title: x}, b4: {title: x},\n"
    "      b5: {title: x}, b6: {title: x}, b7: {title: x}, b8: {title: x}, b9: {title: x},\n"
    "      b10: {title: x}, b11: {title: x}, b12: {title: x}, b13: {title: x}},\n"
    "      requires: [\n"
    "      {complaints-of-same: cause, since: implemented, no-more-than: 1, title: Again}]},\n"
    "    again: {title: x, fact: declined, by: agent},\n"
    "    merge: {title: x, fact: merged, by: agent, to: closed, needs: [case]},\n"
    "    refuse: {title: x, fact: replied, by: agent, to: closed, outcome: not-founded},\n"
    "    drop: {title: x, fact: withdrawn, by: agent, to: closed}}}\n"
    "  closed: {title: x, phase: closed, owner: agent, actions: {\n"
    "    part: {title: x, fact: unmerged, by: agent},\n"
    "    reopen: {title: x, fact: reopened, by: agent, to: work}}}\n"
    "opening: {step: work, unsure-step: work, unsure-queue: q}\n"
    "calendars: {days: {zone: UTC, hours: {mon-fri: 09:00-17:00}}}\nclocks:\n"
    "  answer: {title: x, starts: opened, stops: [closed, merged, replied,\n"
    "    withdrawn], within: 2h, calendar: days, levels: [{breach: due}]}\n";

static struct policy_object *object;
static struct play play;

static int policy_get(void **state)
{
    (void)state;
    struct policy_report report;
    object = policy_load_blind("counted.yaml", slice_text(text), YEAR, YEAR, &report);
    return play_loaded(object, &report);
}

static int policy_done(void **state)
{
    (void)state;
    return play_unload(&object);
}

static void found(const char *cause)
{
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "claim", .to = DISPATCH_APPEND});
    PLAY_ONE(&play, {"mei", "agent", "find", {"cause"}, cause, .to = DISPATCH_APPEND});
}

/* What is to be counted for the action; false: nothing, or it cannot be said. */
static bool question_of(const char *action, struct dispatch_question *question)
{
    const struct policy_step *step = &object->policy.steps[play.state.step];
    uint16_t index = policy_action_index(step, slice_text(action));
    assert_int_not_equal(index, POLICY_NONE);
    return dispatch_question_of(&object->policy, &play.state, &step->actions[index], question);
}

static enum dispatch_answer works(const struct dispatch_counted *counted)
{
    struct dispatch_input input = play_command(&play, "mei", "agent", "works");
    input.counted = counted;
    return play_input(&play, &input);
}

static void assert_counts_as(const char *expected)
{
    char cause[DISPATCH_CAUSE_MAX];
    dispatch_cause(&object->policy, &play.state, cause);
    assert_string_equal(cause, expected);
}

static void what_came_again_is_refused_with_its_number(void **state)
{
    (void)state;
    struct dispatch_question asked;
    found("tool");
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    int64_t mended_us = play.now_us;
    play.now_us += 3600 * INT64_C(1000000);
    assert_true(question_of("works", &asked));
    assert_string_equal(asked.cause, "counted/tool");
    assert_int_equal(asked.case_id, play.state.case_id);
    assert_true(asked.since_us == mended_us);

    const struct dispatch_counted two = dispatch_counted_of(&asked, 2);
    struct dispatch_input input = play_command(&play, "mei", "agent", "works");
    input.counted = &two;
    struct dispatch_permit permit = dispatch_may(&object->policy, &play.state, &input, false);
    assert_int_equal(permit.answer, DISPATCH_SAME_CAUSE);
    assert_int_equal(permit.counted, 2);
    assert_int_equal(permit.at_most, 1);
    assert_true(permit.since_us == mended_us);
    assert_true(slice_equal(permit.what, slice_text("cause")));
    assert_string_equal(permit.title->text[LOCALE_EN], "Again");
    uint32_t events = play.count;
    assert_int_equal(works(&two), DISPATCH_SAME_CAUSE);
    assert_int_equal(play.count, events); /* nothing of it happened */

    PLAY_ONE(&play, {"mei", "agent", "again", .to = DISPATCH_APPEND}); /* this is allowed */
    const struct dispatch_counted one = dispatch_counted_of(&asked, 1);
    assert_int_equal(works(&one), DISPATCH_APPEND);
    assert_int_equal(play.last.advanced.field_count, 1);
    assert_true(slice_equal(play.last.advanced.fields[0].name, slice_text("@same-cause")));
    assert_true(slice_equal(play.last.advanced.fields[0].value, slice_text("1")));
    play_end(&play);
}

/* As much as a form takes, and all that dispatch adds at once: what a clock asked for, the number,
 * the organisation, whom the actor stood in for.  It fails where one of the four is left out; where
 * a form may take one field more dispatch does not compile (seen), and the policy is refused, see
 * policy/fields-beyond.yaml. */
static void a_form_that_is_full_leaves_room_for_what_dispatch_adds(void **state)
{
    (void)state;
    static const char people[] =
        "org: x\nzone: UTC\nagents:\n  mei: {roles: lead}\n"
        "  li: {roles: agent, deputy: mei, leave: {from: 2000-01-01, until: 2099-12-31}}\n";
    /* clang-format off */
    static const char *const names[POLICY_NEEDS_MAX] = {
        "b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9", "b10", "b11", "b12", "b13",
        "category", "severity_class"};
    /* clang-format on */
    static const char *const added[] = {"@raised-to", "@same-cause", "@org", "@deputy-of"};
    struct event_field fields[POLICY_NEEDS_MAX];
    struct dispatch_question asked;
    struct policy_report report;
    SCOPED(org_object_free)
    struct org_object *org = org_load("org", slice_text(people), YEAR, YEAR, &report);
    policy_report_done(&report);
    assert_non_null(org);
    found("tool");
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    assert_true(question_of("sort", &asked));
    const struct dispatch_counted none = dispatch_counted_of(&asked, 0);
    for (size_t i = 0; i < POLICY_NEEDS_MAX; i++) {
        fields[i] = (struct event_field){.name = slice_text(names[i]), .value = slice_text("x")};
    }
    fields[POLICY_NEEDS_MAX - 2].value = slice_text("late");
    fields[POLICY_NEEDS_MAX - 1].value = slice_text("minor");
    struct dispatch_input input = play_command(&play, "mei", "agent", "sort");
    input.fields = fields;
    input.field_count = POLICY_NEEDS_MAX;
    input.counted = &none;
    input.raised_to = 1;
    input.org = &org->org;
    assert_int_equal(play_input(&play, &input), DISPATCH_APPEND);
    assert_int_equal(play.last.advanced.field_count, EVENT_FIELDS_MAX);
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        assert_true(slice_equal(play.last.advanced.fields[POLICY_NEEDS_MAX + i].name,
                                slice_text(added[i])));
    }
    play_end(&play);
}

/* Carried out anew it is judged anew: what was counted before is no answer to that. */
static void each_measure_is_judged_by_what_came_after_it(void **state)
{
    (void)state;
    struct dispatch_question first;
    struct dispatch_question second;
    found("tool");
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    assert_true(question_of("works", &first));
    const struct dispatch_counted none = dispatch_counted_of(&first, 0);
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    assert_int_equal(works(&none), DISPATCH_UNCOUNTED);
    assert_true(question_of("works", &second) && second.since_us > first.since_us);
    PLAY_ONE(&play, {"mei", "agent", "find", {"cause"}, "material", .to = DISPATCH_APPEND});
    const struct dispatch_counted other = dispatch_counted_of(&second, 0);
    assert_int_equal(works(&other), DISPATCH_UNCOUNTED); /* of another cause by now */
    assert_true(question_of("works", &second));
    const struct dispatch_counted now = dispatch_counted_of(&second, 0);
    assert_int_equal(works(&now), DISPATCH_APPEND);
    play_end(&play);
}

static void what_nobody_counted_is_not_taken_for_nought(void **state)
{
    (void)state;
    struct dispatch_question asked;
    struct dispatch_input input;
    found("tool");
    assert_false(question_of("again", &asked)); /* asks nothing */
    assert_false(question_of("works", &asked)); /* nothing was carried out */
    assert_int_equal(works(NULL), DISPATCH_REQUIREMENT);
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    assert_int_equal(works(NULL), DISPATCH_UNCOUNTED);
    input = play_command(&play, "mei", "agent", "works");
    assert_int_equal(dispatch_may(&object->policy, &play.state, &input, true).answer,
                     DISPATCH_APPEND); /* it may turn out so */
    play_open(&play, "late", "minor", 4);
    PLAY_ONE(&play, {"mei", "agent", "claim", .to = DISPATCH_APPEND});
    PLAY_ONE(&play, {"mei", "agent", "mend", .to = DISPATCH_APPEND});
    assert_false(question_of("works", &asked)); /* its cause is not known */
    assert_int_equal(works(NULL), DISPATCH_REQUIREMENT);
    assert_true(slice_equal(play.refused, slice_text("cause")));
    play_end(&play);
}

/* A duplicate counts with the case it is merged into, and itself again once it is parted. */
static void what_is_no_complaint_of_its_own_counts_as_none(void **state)
{
    (void)state;
    char other[CASE_NUMBER_SIZE];
    static const struct {
        const char *action, *counts_as;
    } ends[] = {
        {"refuse", ""            },
        {"drop",   "counted/tool"}, /* it was one, whether or not he insists on it */
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        found("tool");
        assert_counts_as("counted/tool");
        PLAY_ONE(&play, {"mei", "agent", ends[i].action, .to = DISPATCH_APPEND});
        assert_counts_as(ends[i].counts_as);
        PLAY_ONE(&play, {"mei", "agent", "reopen", .to = DISPATCH_APPEND});
        assert_counts_as("counted/tool");
    }
    found("tool");
    case_number_format(case_id_make(5, 7), play.now_us, other);
    struct dispatch_input merge = play_command(&play, "mei", "agent", "merge");
    const struct event_field field = {.name = slice_text("case"), .value = slice_text(other)};
    merge.fields = &field;
    merge.field_count = 1;
    merge.other_case = case_id_make(5, 7);
    assert_int_equal(play_input(&play, &merge), DISPATCH_APPEND);
    assert_counts_as("");
    PLAY_ONE(&play, {"mei", "agent", "part", .to = DISPATCH_APPEND});
    assert_counts_as("counted/tool");
    play_end(&play);
    play_open(&play, "late", "minor", 4);
    assert_counts_as(""); /* not found yet */
}

static void what_was_counted_is_written_as_a_number(void **state)
{
    (void)state;
    const struct dispatch_question asked = {.case_id = 1};
    assert_string_equal(dispatch_counted_of(&asked, 0).text, "0");
    assert_string_equal(dispatch_counted_of(&asked, 10).text, "10");
    assert_string_equal(dispatch_counted_of(&asked, UINT32_MAX).text, "4294967295");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_again_is_refused_with_its_number),
        cmocka_unit_test(a_form_that_is_full_leaves_room_for_what_dispatch_adds),
        cmocka_unit_test(each_measure_is_judged_by_what_came_after_it),
        cmocka_unit_test(what_nobody_counted_is_not_taken_for_nought),
        cmocka_unit_test(what_is_no_complaint_of_its_own_counts_as_none),
        cmocka_unit_test(what_was_counted_is_written_as_a_number),
    };
    return cmocka_run_group_tests(tests, policy_get, policy_done);
}
