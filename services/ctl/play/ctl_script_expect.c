/* What a script may expect of its case, as a table: one row a key, the words those of
 * tests/policies. */
#include "ctl_case_state.h"
#include "ctl_script.h"
#include "scope.h"

enum expect_kind {
    EXPECT_NOTHING, /* such a thing cannot be expected */
    EXPECT_WORD,
    EXPECT_TRIAGE,
    EXPECT_OFFERS,     /* a list of actions the step has */
    EXPECT_OFFERS_NOT, /* that it has not */
    EXPECT_PASSED,     /* only tests/policies can ask for it */
};

/* Of clocks, or what only the text of the complaint shows: told in the same files, and not asked
 * here. */
static const char *const passed[] = {
    /* clang-format off */
    "due",
    "running",
    "paused",
    "met",
    "missed",
    "stopped",
    "cancelled",
    "idle",
    "warned",
    "breached",
    "escalated",
    "extended",
    "language",
    "seen",
    "not-seen",
    "factors",
    "no-factors",
    "said",
    "said-not",
    /* clang-format on */
};

static enum expect_kind kind_of(const char *key)
{
    for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
        if (strcmp(passed[i], key) == 0) {
            return EXPECT_PASSED;
        }
    }
    return strcmp(key, "triage") == 0       ? EXPECT_TRIAGE
           : strcmp(key, "offers") == 0     ? EXPECT_OFFERS
           : strcmp(key, "offers-not") == 0 ? EXPECT_OFFERS_NOT
           : case_state_has(key)            ? EXPECT_WORD
                                            : EXPECT_NOTHING;
}

void script_expect_check(struct script *script, const struct yaml_node *expected)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        const struct yaml_pair *pair = &expected->pairs[i];
        enum expect_kind kind = kind_of(pair->key.text);
        bool list = kind == EXPECT_OFFERS || kind == EXPECT_OFFERS_NOT;
        if (kind == EXPECT_PASSED) {
            continue;
        }
        if (kind == EXPECT_NOTHING) {
            script_wrong(script, &pair->key, TEXT_SCRIPT_KEY, CTL_ARGS(pair->key.text));
        } else if (list != (pair->value.kind == YAML_LIST)) {
            script_wrong(script, &pair->value, TEXT_SCRIPT_KIND, CTL_ARGS(pair->key.text));
        } else if (strcmp(pair->key.text, "step") == 0 &&
                   policy_step_index(script->policy, slice_text(pair->value.text)) == POLICY_NONE) {
            script_wrong(script,
                         &pair->value,
                         TEXT_SCRIPT_STEP,
                         CTL_ARGS(script->policy_name, pair->value.text));
        }
    }
}

static void word_compare(struct script *script, const struct yaml_pair *pair, const char *was)
{
    script->held++;
    if (strcmp(was, pair->value.text) != 0) {
        script_wrong(script,
                     &pair->value,
                     TEXT_SCRIPT_WAS,
                     CTL_ARGS(pair->key.text, pair->value.text, was, script->number));
    }
}

static void offers_compare(struct script *script,
                           const struct case_view *view,
                           const struct yaml_node *list,
                           bool wanted)
{
    const struct policy_step *step = &view->policy->steps[view->state.step];
    for (uint32_t i = 0; i < list->count; i++) {
        const struct yaml_node *name = &list->items[i];
        script->held++;
        if ((policy_action_index(step, slice_text(name->text)) != POLICY_NONE) != wanted) {
            script_wrong(script,
                         name,
                         wanted ? TEXT_SCRIPT_OFFERS_NOT : TEXT_SCRIPT_OFFERS,
                         CTL_ARGS(step->id, name->text, script->number));
        }
    }
}

/* What time alone may have changed: a level of a clock raises the priority, and a breach takes an
 * offer back from whoever has not accepted it. */
static bool hangs_on_clocks(const struct policy *policy, const char *key)
{
    bool priority = strcmp(key, "priority") == 0;
    bool taker = strcmp(key, "agent") == 0 || strcmp(key, "queue") == 0;
    bool hangs = false;
    for (uint16_t i = 0; i < policy->clock_count && !hangs; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        hangs = taker && clock->takes_back;
        for (uint16_t level = 0; priority && level < clock->level_count; level++) {
            hangs = hangs || clock->levels[level].raise_priority_to != 0;
        }
    }
    return hangs;
}

static void
expect_one(struct script *script, const struct case_view *view, const struct yaml_pair *pair)
{
    char number[CASE_NUMBER_TEXT_SIZE];
    if (script->skipped && hangs_on_clocks(view->policy, pair->key.text)) {
        script->passed_over++;
        return;
    }
    switch (kind_of(pair->key.text)) {
    case EXPECT_WORD:
        word_compare(
            script, pair, case_state_word(view->policy, &view->state, pair->key.text, number));
        break;
    case EXPECT_TRIAGE:
        word_compare(
            script, pair, view->triaged && view->triaged->kind == EVENT_TRIAGED ? "sure" : "asked");
        break;
    case EXPECT_OFFERS:
    case EXPECT_OFFERS_NOT:
        offers_compare(script, view, &pair->value, kind_of(pair->key.text) == EXPECT_OFFERS);
        break;
    default:
        script->passed_over++;
    }
}

int script_expect(struct script *script, const struct yaml_node *expected)
{
    SCOPED(case_done) struct case_view view = {.case_id = 0};
    int code = case_read(script->ctl, script->number, script->policies, &view);
    if (code == CTL_OK && (!view.policy || view.state.version == 0)) {
        code = ctl_fail(script->ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(script->number));
    }
    for (uint32_t i = 0; code == CTL_OK && view.policy && i < expected->count; i++) {
        expect_one(script, &view, &expected->pairs[i]);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
