#include "policies.h"

#include "generate.h"
#include "policy_fixture.h"
#include "policy_shipped.h"
#include "sim.h"
#include "world.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>

enum {
    SHIPPED_MAX = 64,
    FIRST_YEAR = 2026,
    LAST_YEAR = 2027,
    COPIES_MAX = 4 * POLICIES_MAX,
    TRIES_MAX = 60, /* texts, until one is taken */
    ID_FIRST = FIXTURE_POLICY_ID + 100,
    PACE_SHIPPED = 20000,  /* 45 s are ten days */
    PACE_GENERATED = 1200, /* 45 s are fifteen hours */
};

/* Those in deploy/policies: read once, by the first seed that wants one. */
static struct shipped {
    char file[POLICY_NAME_MAX];
    struct policy_object *object;
} shipped[SHIPPED_MAX];

static uint32_t shipped_count;

static struct {
    enum policies_kind kind;
    uint32_t count;
    struct policy policies[POLICIES_MAX];
    struct policy believed[POLICIES_MAX]; /* as the services have them: broken by a mutant */
    struct policy_object *made[POLICIES_MAX];
    char *texts[POLICIES_MAX];
    uint32_t copy_count;
    void *copies[COPIES_MAX];
} run;

static struct policies_told told;

static void clock_set(struct policy_clock *clock, const char *id, enum event_kind starts, int64_t s)
{
    *clock = (struct policy_clock){
        .target = TARGET_ELAPSED,
        .target_s = s,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
    };
    (void)snprintf(clock->id, sizeof clock->id, "%s", id);
    (void)snprintf(clock->rule, sizeof clock->rule, "simulated@1:%s", id);
    clock->starts[0] = 1ULL << starts;
    clock->stops[0] = 1ULL << EVENT_REPLIED | 1ULL << EVENT_CLOSED;
}

static void level_add(struct policy_clock *clock,
                      enum level_action action,
                      int64_t value,
                      uint8_t raise_priority_to)
{
    clock->levels[clock->level_count++] = (struct policy_level){
        .action = action,
        .offset = action == LEVEL_ESCALATE ? OFFSET_ELAPSED : OFFSET_PERCENT,
        .value = value,
        .notify_role = FIXTURE_ROLE_SUPERVISOR,
        .raise_priority_to = raise_priority_to,
    };
}

static const struct policy_clock *fixture_clocks(void)
{
    static struct policy_clock clocks[CLOCKS];
    struct policy_clock *answer = &clocks[CLOCK_ANSWER];
    struct policy_clock *handling = &clocks[CLOCK_HANDLING];
    clock_set(answer, "answer", EVENT_RECEIVED, ANSWER_S);
    level_add(answer, LEVEL_WARN, 100 * ANSWER_WARN_S / ANSWER_S, 0);
    level_add(answer, LEVEL_BREACH, 100, 2);
    clock_set(handling, "handling", EVENT_OPENED, HANDLING_S);
    level_add(handling, LEVEL_WARN, 100 * HANDLING_WARN_S / HANDLING_S, 0);
    level_add(handling, LEVEL_BREACH, 100, 3);
    level_add(handling, LEVEL_ESCALATE, HANDLING_ESCALATE_S, 1);
    handling->pauses_for_customer = true;
    return clocks;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct shipped *)a)->file, ((const struct shipped *)b)->file);
}

static void shipped_find(void)
{
    DIR *folder = opendir(SHIPPED_POLICIES);
    assert(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t size = strlen(entry->d_name);
        bool yaml = size > 5 && strcmp(entry->d_name + size - 5, ".yaml") == 0;
        if (yaml && size < sizeof shipped->file && shipped_count < SHIPPED_MAX) {
            memcpy(shipped[shipped_count++].file, entry->d_name, size + 1);
        }
    }
    (void)closedir(folder);
    qsort(shipped, shipped_count, sizeof *shipped, by_name);
}

static const struct policy *shipped_one(void)
{
    struct policy_report report;
    if (shipped_count == 0) {
        shipped_find();
    }
    struct shipped *one = &shipped[sim_random(shipped_count)];
    if (!one->object) {
        one->object =
            shipped_load(SHIPPED_POLICIES, one->file, FIRST_YEAR, LAST_YEAR, true, &report);
        if (!one->object) {
            sim_fail("%s does not load: %.150s", one->file, report.text ? report.text : "");
            return policy_fixture();
        }
        policy_report_done(&report);
    }
    return &one->object->policy;
}

/* What the loader refuses is thrown away and counted. */
static const struct policy *generated_one(uint32_t index)
{
    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        struct policy_report report = {0};
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        assert(out);
        generate_policy(out, index);
        (void)fclose(out);
        run.made[index] =
            policy_load_blind("random.yaml", slice_of(text, size), FIRST_YEAR, LAST_YEAR, &report);
        told.generated++;
        if (sim.tracing && !run.made[index]) {
            (void)printf("refused: %s\n", report.text);
        }
        policy_report_done(&report);
        if (run.made[index]) {
            run.texts[index] = text;
            return &run.made[index]->policy;
        }
        told.refused++;
        free(text);
    }
    sim_fail("no generated policy was taken in %d tries", TRIES_MAX);
    return policy_fixture();
}

/* ---- faults ---- */

static void *copy_of(const void *list, size_t size)
{
    void *copy = calloc(1, size + 1);
    assert(copy && run.copy_count < COPIES_MAX);
    run.copies[run.copy_count++] = copy;
    if (size > 0) {
        memcpy(copy, list, size);
    }
    return copy;
}

static void break_clocks(struct policy *policy)
{
    struct policy_clock *clocks =
        copy_of(policy->clocks, policy->clock_count * sizeof *policy->clocks);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        struct policy_clock *clock = &clocks[i];
        if (sim.mutant == MUTANT_PAUSES_IGNORED) {
            clock->pauses_for_customer = false;
            clock->pause_steps = 0;
        } else if (sim.mutant == MUTANT_REARMS_IGNORED) {
            clock->stops[0] &= ~clock->rearms[0];
            clock->stops[1] &= ~clock->rearms[1];
        } else if (sim.mutant == MUTANT_STEPS_IGNORED) {
            clock->of_steps |= clock->of_steps << 1;
        } else if (sim.mutant == MUTANT_MARKS_UNHEARD) {
            clock->start_marks = clock->stop_marks = clock->rearm_marks = 0;
        } else {
            clock->extension.times = clock->extension.times > 0 ? 9 : 0;
            clock->extension.needs_reason = false;
            clock->extension.after_count = 0;
            clock->further_count = 0;
        }
    }
    policy->clocks = clocks;
}

static void break_actions(struct policy_step *step)
{
    for (uint16_t i = 0; i < step->action_count; i++) {
        struct policy_action *action = &step->actions[i];
        if (sim.mutant == MUTANT_LIMITS_IGNORED) {
            action->limit_count = 0;
        } else {
            action->require_count = 0;
        }
    }
}

static void break_life(struct policy *policy)
{
    struct policy_tally *marks = copy_of(policy->marks, policy->mark_count * sizeof *marks);
    struct policy_task *tasks = copy_of(policy->tasks, policy->task_count * sizeof *tasks);
    struct policy_step *steps = copy_of(policy->steps, policy->step_count * sizeof *steps);
    bool forgotten = sim.mutant == MUTANT_OBLIGATIONS_FORGOTTEN;
    bool endless = sim.mutant == MUTANT_ROUNDS_NEVER_END;
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        marks[i].per_round = marks[i].per_round && !endless;
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        tasks[i].blocks_nothing = tasks[i].blocks_nothing || forgotten;
    }
    for (uint16_t i = 0; i < policy->step_count && !forgotten && !endless; i++) {
        break_actions(&steps[i]);
    }
    policy->marks = marks;
    policy->tasks = tasks;
    policy->steps = steps;
}

static void break_believed(struct policy *policy)
{
    struct policy_field *fields = NULL;
    switch ((int)sim.mutant) {
    case MUTANT_PAUSES_IGNORED:
    case MUTANT_REARMS_IGNORED:
    case MUTANT_STEPS_IGNORED:
    case MUTANT_EXTENSION_UNASKED:
    case MUTANT_MARKS_UNHEARD:
        break_clocks(policy);
        break;
    case MUTANT_OBLIGATIONS_FORGOTTEN:
    case MUTANT_ROUNDS_NEVER_END:
    case MUTANT_LIMITS_IGNORED:
    case MUTANT_REQUIREMENTS_IGNORED:
        break_life(policy);
        break;
    case MUTANT_GROUNDS_IGNORED:
        policy->retention.ground_count = 0;
        break;
    case MUTANT_KEPT_FIELDS_LOST:
        fields = copy_of(policy->fields, policy->field_count * sizeof *fields);
        for (uint16_t i = 0; i < policy->field_count; i++) {
            fields[i].kept = false;
        }
        policy->fields = fields;
        break;
    default:
        break;
    }
}

void policies_begin(void)
{
    memset(&run, 0, sizeof run);
    run.kind = (enum policies_kind)(sim.seed % 3);
    run.count = run.kind == POLICIES_FIXTURE ? 1 : 1 + (uint32_t)sim_random(POLICIES_MAX);
    for (uint32_t i = 0; i < run.count; i++) {
        struct policy *policy = &run.policies[i];
        if (run.kind == POLICIES_FIXTURE) {
            *policy = *policy_fixture();
            policy->clock_count = CLOCKS;
            policy->clocks = fixture_clocks();
        } else {
            *policy = run.kind == POLICIES_SHIPPED ? *shipped_one() : *generated_one(i);
            policy->id = ID_FIRST + i;
        }
        policy->capacity = AGENT_CAPACITY;
        run.believed[i] = *policy;
        break_believed(&run.believed[i]);
    }
}

void policies_end(void)
{
    for (uint32_t i = 0; i < POLICIES_MAX; i++) {
        policy_object_free(&run.made[i]);
        free(run.texts[i]);
        run.texts[i] = NULL;
    }
    while (run.copy_count > 0) {
        free(run.copies[--run.copy_count]);
    }
}

enum policies_kind policies_kind(void)
{
    return run.kind;
}

uint32_t policies_count(void)
{
    return run.count;
}

const struct policy *policies_at(uint32_t index)
{
    return &run.policies[index];
}

static uint32_t index_of(uint32_t id)
{
    uint32_t index = 0;
    while (index < run.count && run.policies[index].id != id) {
        index++;
    }
    return index;
}

const struct policy *policies_by_id(uint32_t id)
{
    uint32_t index = index_of(id);
    return index < run.count ? &run.believed[index] : NULL;
}

const struct policy *policies_true(uint32_t id)
{
    uint32_t index = index_of(id);
    return index < run.count ? &run.policies[index] : NULL;
}

const char *policies_text(uint32_t index)
{
    return run.texts[index];
}

int64_t policies_pace(void)
{
    return run.kind == POLICIES_FIXTURE   ? 1
           : run.kind == POLICIES_SHIPPED ? PACE_SHIPPED
                                          : PACE_GENERATED;
}

const struct policies_told *policies_told(void)
{
    return &told;
}
