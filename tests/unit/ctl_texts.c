/*
 * Goal: who types a text for a note that the action has not got is told which it has, in a draft
 * and where dispatch refuses it.
 *
 * Method: an action of the fixture with two texts, one with none; a draft of the first and both
 * answers as dispatch writes them.  Which texts there are says the policy (law 11).  Seen to fail
 * where nothing is told, and where the texts of another action are.
 */
#include "arena.h"
#include "ctl_draft.h"
#include "ctl_hint.h"
#include "ctl_story.h"
#include "dispatch_wire.h"
#include "policy_fixture.h"
#include "scope.h"
#include "unit.h"

enum { ARENA_SIZE = 65536, SAID_MAX = 512 };

static const struct policy_text texts[] = {
    {.id = "sorry",     .says = {.text = {"Sorry.", "Sorry.", "Sorry."}}   },
    {.id = "thanks",    .says = {.text = {"Thanks.", "Thanks.", "Thanks."}}},
    {.id = "of-others", .says = {.text = {"No.", "No.", "No."}}            },
};

static struct policy_step steps[FIXTURE_STEP_INVESTIGATION + 1];
static struct policy policy;

static int policy_make(void **state)
{
    (void)state;
    policy = *policy_fixture();
    memcpy(steps, policy.steps, sizeof steps);
    struct policy_step *step = &steps[FIXTURE_STEP_INVESTIGATION];
    step->actions[policy_action_index(step, slice_text("propose"))].texts = 3;
    policy.texts = texts;
    policy.text_count = sizeof texts / sizeof *texts;
    policy.steps = steps;
    return 0;
}

/* What is said behind the refusal of that text of that action. */
static void hinted(bool json, const char *action, const char *text, const char *wanted)
{
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    const struct dispatch_case state = {
        .case_id = 7, .version = 7, .step = FIXTURE_STEP_INVESTIGATION};
    const struct dispatch_reply told = {.outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED,
                                        .code = "text_unknown",
                                        .policy = &policy,
                                        .state = &state};
    const struct ctl_command command = {.action = action, .text = text};
    struct slice bytes = dispatch_reply_pack(&told, arena);
    ctl_reply *reply = redress__command__v1__reply__unpack(NULL, bytes.size, bytes.bytes);
    assert_non_null(reply);
    char said[SAID_MAX] = "";
    struct ctl ctl = {
        .language = CTL_EN, .json = json, .out = stdout, .err = fmemopen(said, sizeof said, "w")};
    ctl_hint(&ctl, &policy, reply, &command);
    (void)fclose(ctl.err);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    assert_string_equal(said, wanted);
}

static void a_text_the_action_has_not_got_is_told_with_those_it_has(void **state)
{
    (void)state;
    hinted(false,
           "propose",
           "nonsense",
           "the action has no text \"nonsense\"; there are: sorry, thanks\n");
    hinted(false,
           "propose",
           "of-others",
           "the action has no text \"of-others\"; there are: sorry, thanks\n");
    hinted(false, "propose", "sory", "the action has no text \"sory\"; did you mean \"sorry\"?\n");
    hinted(false, "contain", "sorry", "the action has no texts: write a --note\n");
    hinted(
        false, "propose", "sorry", ""); /* it has it, but not in the language that was asked for */
    hinted(true, "propose", "nonsense", "");
}

static void a_draft_of_no_text_tells_them_too(void **state)
{
    (void)state;
    struct story story;
    story_begin(&story, CTL_EN);
    story_tell_arrival(&story);
    case_fold(&story.view);
    assert_int_equal(story.view.state.step, FIXTURE_STEP_INVESTIGATION);
    story.view.policy = &policy;
    const struct ctl_command command = {.action = "propose", .text = "nonsense"};
    char said[SAID_MAX] = "";
    FILE *err = story.ctl.err;
    story.ctl.err = fmemopen(said, sizeof said, "w");
    assert_int_equal(ctl_draft_show(&story.ctl, &story.view, &command), CTL_FAILED);
    (void)fclose(story.ctl.err);
    story.ctl.err = err;
    assert_non_null(strstr(said, "there are: sorry, thanks\n"));
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_the_action_has_not_got_is_told_with_those_it_has),
        cmocka_unit_test(a_draft_of_no_text_tells_them_too),
    };
    return cmocka_run_group_tests(tests, policy_make, NULL);
}
