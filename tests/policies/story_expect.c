/* What a journey may expect of its case, as a table: one row a key. */
#include "ctl_case_state.h"
#include "story.h"

#define STATE  (&story->journey->state)
#define POLICY (story->journey->policy)

/* Whether a clock of the case is so. */
typedef bool clock_fn(const struct story *story, uint16_t index);

#define CLOCK(name) static bool clock_##name(const struct story *story, uint16_t index)
#define THE_CLOCK   (&story->journey->watch.clocks[index])

CLOCK(idle)
{
    return THE_CLOCK->phase == WATCH_IDLE;
}
CLOCK(running)
{
    return THE_CLOCK->phase == WATCH_RUNNING;
}
CLOCK(paused)
{
    return THE_CLOCK->phase == WATCH_PAUSED;
}
CLOCK(met)
{
    return THE_CLOCK->phase == WATCH_STOPPED && THE_CLOCK->verdict == CLOCK_MET;
}
CLOCK(missed)
{
    return THE_CLOCK->phase == WATCH_STOPPED && THE_CLOCK->verdict == CLOCK_MISSED;
}
/* The case ended without what it was for. */
CLOCK(stopped)
{
    return THE_CLOCK->phase == WATCH_STOPPED && THE_CLOCK->verdict == CLOCK_RUNNING;
}
CLOCK(cancelled)
{
    return THE_CLOCK->phase == WATCH_STOPPED && THE_CLOCK->verdict == CLOCK_CANCELLED;
}
CLOCK(breached)
{
    return THE_CLOCK->breached != 0;
}
CLOCK(extended)
{
    return THE_CLOCK->extensions > 0;
}

static bool fired(const struct story *story, uint16_t index, enum level_action action)
{
    const struct policy_clock *clock = &POLICY->clocks[policy_run_clock(POLICY, index)];
    for (uint16_t i = 0; i < clock->level_count; i++) {
        if (((unsigned)THE_CLOCK->levels_fired >> i & 1U) != 0 &&
            clock->levels[i].action == action) {
            return true;
        }
    }
    return false;
}

CLOCK(warned)
{
    return fired(story, index, LEVEL_WARN);
}
CLOCK(escalated)
{
    return fired(story, index, LEVEL_ESCALATE);
}

static const struct {
    const char *key;
    clock_fn *is;
} clocks[] = {
  /* clang-format off */
    {"idle", clock_idle},
    {"running", clock_running},
    {"paused", clock_paused},
    {"met", clock_met},
    {"missed", clock_missed},
    {"stopped", clock_stopped},
    {"cancelled", clock_cancelled},
    {"breached", clock_breached},
    {"extended", clock_extended},
    {"warned", clock_warned},
    {"escalated", clock_escalated},
  /* clang-format on */
};

/* "running", "stopped late", …: what a clock does, for messages. */
static const char *doing(const struct story *story, uint16_t index)
{
    static const char *const verdicts[] = {"stopped", "met", "missed", "cancelled"};
    static const char *const phases[] = {"idle", "running", "paused"};
    const struct watch_clock *clock = THE_CLOCK;
    return clock->phase == WATCH_STOPPED ? verdicts[clock->verdict] : phases[clock->phase];
}

/* A clock, or "CLOCK 2": that of the second open task of its kind. */
static uint16_t the_clock(struct story *story, const struct yaml_node *name)
{
    const char *space = strchr(name->text, ' ');
    size_t size = space ? (size_t)(space - name->text) : strlen(name->text);
    struct slice id = slice_of((const uint8_t *)name->text, size);
    uint16_t clock = policy_clock_index(POLICY, id);
    bool of_task = clock != POLICY_NONE && POLICY->clocks[clock].of_task != 0;
    uint32_t task = !of_task ? 0 : space && space[1] != '\0' ? (uint32_t)(space[1] - '0') : 1;
    uint16_t index = policy_run_of(POLICY, id, task);
    if (index == POLICY_NONE) {
        story_fail(story, name, "no clock '%s' in the policy", name->text);
    }
    return index;
}

/* Every clock that is named is so; an empty list: none is. */
static void
expect_clocks(struct story *story, const char *key, const struct yaml_node *list, clock_fn *is)
{
    for (uint16_t i = 0; list->count == 0 && i < policy_run_count(POLICY); i++) {
        if (is(story, i)) {
            story_wrong(story,
                        list,
                        "expected no clock %s, was %s",
                        key,
                        POLICY->clocks[policy_run_clock(POLICY, i)].id);
        }
    }
    for (uint32_t i = 0; i < list->count; i++) {
        uint16_t index = the_clock(story, &list->items[i]);
        if (!is(story, index)) {
            story_wrong(story,
                        &list->items[i],
                        "expected clock %s to be %s, was %s%s",
                        list->items[i].text,
                        key,
                        doing(story, index),
                        THE_CLOCK->breached ? ", breached" : "");
        }
    }
}

static void expect_due(struct story *story, const struct yaml_node *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct yaml_node *value = &map->pairs[i].value;
        uint16_t index = the_clock(story, &map->pairs[i].key);
        char text[STORY_WORD_MAX] = "none";
        int64_t due_us = THE_CLOCK->due_us;
        const char *due = due_us == 0           ? text
                          : due_us == INT64_MAX ? "never"
                                                : story_said(story, due_us, text);
        if (strcmp(due, value->text) != 0) {
            story_wrong(story,
                        value,
                        "expected clock %s to be due %s, was %s (%s)",
                        POLICY->clocks[policy_run_clock(POLICY, index)].id,
                        value->text,
                        due,
                        doing(story, index));
        }
    }
}

static bool has_label(const struct story *story, const char *name)
{
    const struct event_received *received = &story->journey->received;
    for (uint32_t i = 0; i < received->label_count; i++) {
        if (slice_equal(received->labels[i].name, slice_text(name))) {
            return true;
        }
    }
    return false;
}

static bool has_factor(const struct story *story, const char *name)
{
    const struct event_triaged *verdict = &story->journey->verdict;
    for (uint32_t i = 0; i < verdict->factor_count; i++) {
        if (slice_equal(verdict->factors[i].name, slice_text(name))) {
            return true;
        }
    }
    return false;
}

static bool offers(const struct story *story, const char *name)
{
    const struct policy_step *step = &POLICY->steps[STATE->step];
    return policy_action_index(step, slice_text(name)) != POLICY_NONE;
}

/* In the text that was filled in last. */
static bool said(const struct story *story, const char *part)
{
    return strstr(story->journey->said, part) != NULL;
}

static const struct {
    const char *key;
    bool (*has)(const struct story *, const char *);
    bool wanted;
} lists[] = {
  /* clang-format off */
    {"seen", has_label, true},
    {"not-seen", has_label, false},
    {"factors", has_factor, true},
    {"no-factors", has_factor, false},
    {"offers", offers, true},
    {"offers-not", offers, false},
    {"said", said, true},
    {"said-not", said, false},
  /* clang-format on */
};

/* False: not a key of lists. */
static bool expect_list(struct story *story, const char *key, const struct yaml_node *list)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(lists[i].key, key) != 0) {
            continue;
        }
        for (uint32_t j = 0; j < list->count; j++) {
            const struct yaml_node *name = &list->items[j];
            if (lists[i].has(story, name->text) != lists[i].wanted) {
                story_wrong(story,
                            name,
                            "expected %s: %s, which is not so in step %s",
                            key,
                            name->text,
                            POLICY->steps[STATE->step].id);
            }
        }
        return true;
    }
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        if (strcmp(clocks[i].key, key) == 0) {
            expect_clocks(story, key, list, clocks[i].is);
            return true;
        }
    }
    return false;
}

/* NULL: not a key of words. */
static const char *
word_of(const struct story *story, const char *key, char number[CASE_NUMBER_TEXT_SIZE])
{
    static const char *const languages[] = {"unknown", "zh-CN", "zh-TW", "en", "other"};
    if (strcmp(key, "triage") == 0) {
        return story->journey->triaged == EVENT_TRIAGED ? "sure" : "asked";
    }
    if (strcmp(key, "language") == 0) {
        return languages[story->journey->received.language];
    }
    return case_state_word(POLICY, STATE, key, number);
}

static bool expect_word(struct story *story, const char *key, const struct yaml_node *value)
{
    char number[CASE_NUMBER_TEXT_SIZE];
    const char *was = word_of(story, key, number);
    if (was && strcmp(was, value->text) != 0) {
        story_wrong(story, value, "expected %s %s, was %s", key, value->text, was);
    }
    return was != NULL;
}

void story_expect(struct story *story, const struct yaml_node *expected)
{
    for (uint32_t i = 0; i < expected->count; i++) {
        const struct yaml_node *key = &expected->pairs[i].key;
        const struct yaml_node *value = &expected->pairs[i].value;
        bool known = false;
        if (value->kind == YAML_SCALAR) {
            known = expect_word(story, key->text, value);
        } else if (value->kind == YAML_LIST) {
            known = expect_list(story, key->text, value);
        } else if (strcmp(key->text, "due") == 0) {
            expect_due(story, value);
            known = true;
        }
        if (!known) {
            story_wrong(story, key, "nothing like this can be expected: %s", key->text);
        }
        story->proved++;
    }
}
