/* What a script may expect of its case, as a table: one row a key, the words those of
 * tests/policies. */
#include "ctl_script.h"
#include "scope.h"

enum expect_kind {
    EXPECT_WORD,
    EXPECT_NUMBER,
    EXPECT_OFFERS,     /* a list of actions the step has */
    EXPECT_OFFERS_NOT, /* that it has not */
};

/* One word of the case, or one number; view->policy is there. */
typedef const char *word_fn(const struct case_view *view);
typedef int64_t number_fn(const struct case_view *view);

#define WORD(name)   static const char *word_##name(const struct case_view *view)
#define NUMBER(name) static int64_t number_##name(const struct case_view *view)
#define STATE        (&view->state)
#define POLICY       (view->policy)

WORD(step)
{
    return POLICY->steps[STATE->step].id;
}
WORD(phase)
{
    static const char *const phases[PHASE_COUNT] = {"receipt",
                                                    "assessment",
                                                    "assignment",
                                                    "investigation",
                                                    "solution",
                                                    "approval",
                                                    "consent",
                                                    "implementation",
                                                    "reply",
                                                    "follow-up",
                                                    "closed"};
    return phases[POLICY->steps[STATE->step].phase];
}
WORD(category)
{
    return STATE->category == POLICY_NONE ? "none" : POLICY->categories[STATE->category].id;
}
WORD(class)
{
    return STATE->class_index == POLICY_NONE ? "none" : POLICY->classes[STATE->class_index].id;
}
WORD(queue)
{
    return STATE->queue == POLICY_NONE ? "none" : POLICY->queues[STATE->queue].id;
}
WORD(agent)
{
    return STATE->agent[0] == '\0' ? "none" : STATE->agent;
}
WORD(closed)
{
    return STATE->closed_at_us != 0 ? "yes" : "no";
}
WORD(triage)
{
    return view->triaged && view->triaged->kind == EVENT_TRIAGED ? "sure" : "asked";
}
WORD(outcome)
{
    const char *name = policy_outcome_name((enum case_outcome)STATE->more.outcome);
    return name[0] == '\0' ? "none" : name;
}
NUMBER(priority)
{
    return STATE->priority;
}
NUMBER(score)
{
    return STATE->score;
}
NUMBER(repeats)
{
    return STATE->repeats;
}
NUMBER(reopened)
{
    return STATE->reopened;
}
NUMBER(followed_up)
{
    return STATE->followed_up;
}

static const struct row {
    const char *key;
    enum expect_kind kind;
    word_fn *word;
    number_fn *number;
} rows[] = {
  /* clang-format off */
    {"step", EXPECT_WORD, word_step, NULL},
    {"phase", EXPECT_WORD, word_phase, NULL},
    {"category", EXPECT_WORD, word_category, NULL},
    {"class", EXPECT_WORD, word_class, NULL},
    {"queue", EXPECT_WORD, word_queue, NULL},
    {"agent", EXPECT_WORD, word_agent, NULL},
    {"closed", EXPECT_WORD, word_closed, NULL},
    {"triage", EXPECT_WORD, word_triage, NULL},
    {"outcome", EXPECT_WORD, word_outcome, NULL},
    {"priority", EXPECT_NUMBER, NULL, number_priority},
    {"score", EXPECT_NUMBER, NULL, number_score},
    {"repeats", EXPECT_NUMBER, NULL, number_repeats},
    {"reopened", EXPECT_NUMBER, NULL, number_reopened},
    {"followed-up", EXPECT_NUMBER, NULL, number_followed_up},
    {"offers", EXPECT_OFFERS, NULL, NULL},
    {"offers-not", EXPECT_OFFERS_NOT, NULL, NULL},
  /* clang-format on */
};

/* Of clocks, or what only the text of the complaint shows: told in the same files, and not asked
 * here. */
static const char *const passed[] = {
    "due",
    "running",
    "paused",
    "met",
    "missed",
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
};

static bool is_passed_over(const char *key)
{
    size_t i = 0;
    while (i < sizeof passed / sizeof *passed && strcmp(passed[i], key) != 0) {
        i++;
    }
    return i < sizeof passed / sizeof *passed;
}

static const struct row *row_of(const char *key)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

void script_expect_check(struct script *script, const struct yaml_node *expected)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        const struct yaml_pair *pair = &expected->pairs[i];
        const struct row *row = row_of(pair->key.text);
        bool list = row && (row->kind == EXPECT_OFFERS || row->kind == EXPECT_OFFERS_NOT);
        if (!row && is_passed_over(pair->key.text)) {
            continue;
        }
        if (!row) {
            script_wrong(script, &pair->key, TEXT_SCRIPT_KEY, CTL_ARGS(pair->key.text));
        } else if (list != (pair->value.kind == YAML_LIST)) {
            script_wrong(script, &pair->value, TEXT_SCRIPT_KIND, CTL_ARGS(pair->key.text));
        } else if (strcmp(row->key, "step") == 0 &&
                   policy_step_index(script->policy, slice_text(pair->value.text)) == POLICY_NONE) {
            script_wrong(script,
                         &pair->value,
                         TEXT_SCRIPT_STEP,
                         CTL_ARGS(script->policy_name, pair->value.text));
        }
    }
}

static void word_compare(struct script *script,
                         const struct case_view *view,
                         const struct row *row,
                         const struct yaml_node *value)
{
    char number[24];
    const char *was = row->word ? row->word(view) : ctl_number_text(number, row->number(view));
    script->held++;
    if (strcmp(was, value->text) != 0) {
        script_wrong(
            script, value, TEXT_SCRIPT_WAS, CTL_ARGS(row->key, value->text, was, script->number));
    }
}

static void offers_compare(struct script *script,
                           const struct case_view *view,
                           const struct yaml_node *list,
                           bool wanted)
{
    const struct policy_step *step = &POLICY->steps[STATE->step];
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

int script_expect(struct script *script, const struct yaml_node *expected)
{
    SCOPED(case_done) struct case_view view = {.case_id = 0};
    int code = case_read(script->ctl, script->number, script->policies, &view);
    if (code == CTL_OK && (!view.policy || view.state.version == 0)) {
        code = ctl_fail(script->ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(script->number));
    }
    for (uint32_t i = 0; code == CTL_OK && i < expected->count; i++) {
        const struct row *row = row_of(expected->pairs[i].key.text);
        const struct yaml_node *value = &expected->pairs[i].value;
        if (!row) {
            script->passed_over++;
        } else if (row->kind == EXPECT_OFFERS || row->kind == EXPECT_OFFERS_NOT) {
            offers_compare(script, &view, value, row->kind == EXPECT_OFFERS);
        } else {
            word_compare(script, &view, row, value);
        }
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}
