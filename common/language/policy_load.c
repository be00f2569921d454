#include "policy_load.h"

#include "classify_time.h"
#include "policy_read.h"
#include "scope.h"

#include <sodium.h>

enum {
    POLICY_MEMORY_MAX = 64 * 1024 * 1024,
    SCRATCH_MEMORY_MAX = 64 * 1024 * 1024,
};

static void slow_tell(struct policy_loading *loading, size_t pattern)
{
    complain(loading,
             loading->pattern_nodes[pattern],
             "shorten its repetitions { }",
             "it takes too long to compile");
}

/* False: they take too long, and that is told. */
static bool patterns_tried(struct policy_loading *loading,
                           const struct yaml_node *root,
                           enum policy_patterns *as)
{
    size_t slow = 0;
    if (loading->as != PATTERNS_IN_TIME) {
        return true;
    }
    switch (
        classify_in_time(loading->patterns, loading->pattern_count, loading->patience_s, &slow)) {
    case CLASSIFY_GOOD:
        *as = PATTERNS_AT_REST;
        return true;
    case CLASSIFY_BAD:
        *as = PATTERNS_COMPILED;
        return true;
    case CLASSIFY_TOO_LONG:
        break;
    }
    if (slow < loading->pattern_count) {
        slow_tell(loading, slow);
    } else {
        complain(loading,
                 root,
                 NULL,
                 "the patterns together take more than %u seconds to compile",
                 loading->patience_s);
    }
    return false;
}

/* What is wrong with one, if anything is; in time, where that is asked, so that a bad one does not
 * bring a slow one in. */
static void pattern_tell(struct policy_loading *loading, uint32_t i)
{
    struct error why = {0};
    size_t slow;
    enum classify_verdict verdict =
        loading->as == PATTERNS_IN_TIME
            ? classify_in_time(&loading->patterns[i], 1, loading->patience_s, &slow)
            : CLASSIFY_BAD;
    if (verdict == CLASSIFY_TOO_LONG) {
        slow_tell(loading, i);
    }
    if (verdict != CLASSIFY_BAD) {
        return;
    }
    SCOPED(classifier_free)
    struct classifier *one = classifier_new(&loading->patterns[i], 1, &why);
    if (!one) {
        complain(loading, loading->pattern_nodes[i], NULL, "%s", why.text);
    }
}

/* All patterns at once; when that fails, one by one, so that each bad one is told of at its place.
 */
static struct classifier *classifier_make(struct policy_loading *loading,
                                          const struct yaml_node *root)
{
    struct error error = {0};
    enum policy_patterns as = loading->as;
    if (!patterns_tried(loading, root, &as)) {
        return NULL;
    }
    struct classifier *classifier =
        (as == PATTERNS_AT_REST ? classifier_new_resting : classifier_new)(
            loading->patterns, loading->pattern_count, &error);
    if (classifier) {
        return classifier;
    }
    unsigned before = loading->source->errors;
    for (uint32_t i = 0; i < loading->pattern_count; i++) {
        pattern_tell(loading, i);
    }
    if (loading->source->errors == before) {
        complain(loading, root, NULL, "%s", error.text);
    }
    return NULL;
}

/* Clocks are kept apart from other rows. */
static const struct yaml_node *place_of(const struct policy_loading *loading,
                                        enum policy_thing thing,
                                        const struct policy_names *names,
                                        uint16_t index)
{
    const char *rows = names->rows;
    return thing == THING_CLOCK ? loading->clock_nodes[index]
                                : mark_of(loading, rows + index * names->stride)->place;
}

static void origin_keep(const struct policy_loading *loading,
                        const struct yaml_node *place,
                        struct policy_origin *origin)
{
    const char *name = place->source->name;
    origin->file = arena_copy(loading->arena, name, strlen(name) + 1);
    origin->line = place->line;
}

static void target_origins_keep(struct policy_loading *loading, struct policy_object *object)
{
    for (uint16_t i = 0; i < loading->policy->clock_count; i++) {
        uint16_t count = loading->policy->clocks[i].target_count;
        struct policy_origin *origins = loading_take(loading, NULL, count, sizeof *origins);
        for (uint16_t j = 0; origins && j < count; j++) {
            origin_keep(loading, loading->target_nodes[i][j], &origins[j]);
        }
        object->targets[i] = origins;
    }
}

/* Where the rules stand, for whoever asks why. */
static void origins_keep(struct policy_loading *loading, struct policy_object *object)
{
    static const enum policy_thing kept[] = {
        THING_CLASS, THING_FACTOR, THING_OVERRIDE, THING_ROUTE, THING_CLOCK};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct policy_names names = names_of(loading, kept[i]);
        struct policy_origin *origins = loading_take(loading, NULL, names.count, sizeof *origins);
        for (uint16_t j = 0; origins && j < names.count; j++) {
            origin_keep(loading, place_of(loading, kept[i], &names, j), &origins[j]);
        }
        object->origins[kept[i]] = origins;
    }
    target_origins_keep(loading, object);
}

/* Left out: the roles that own a step. */
static void readers_complete(struct policy *policy)
{
    uint32_t owners = 0;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        uint16_t owner = policy->steps[i].owner_role;
        owners |= owner < POLICY_ROLES_MAX ? (uint32_t)1 << owner : 0;
    }
    policy->readers = policy->readers != 0 ? policy->readers : owners;
}

static bool loading_run(struct policy_loading *loading, struct policy_object *object)
{
    loading->patterns =
        arena_take(loading->scratch, POLICY_PATTERNS_MAX * sizeof *loading->patterns);
    loading->pattern_nodes =
        arena_take(loading->scratch, POLICY_PATTERNS_MAX * sizeof *loading->pattern_nodes);
    const struct yaml_node *root = loading->source->errors == 0 ? policy_tree(loading) : NULL;
    if (!root || !loading->patterns || !loading->pattern_nodes) {
        return false;
    }
    if (yaml_find(root, "org") && !yaml_find(root, "policy")) {
        complain(loading, root, "redress org apply FILE", "this is an organisation");
        return false;
    }
    loading->base = BASE_ALL;
    read_part(loading, root, root, &language_policy, loading->policy);
    loading->base = 0;
    title_complete(&loading->policy->title, loading->policy->name);
    readers_complete(loading->policy);
    policy_prove(loading);
    policy_prove_rules(loading);
    policy_prove_requires(loading);
    policy_prove_texts(loading);
    if (loading->source->errors == 0) {
        origins_keep(loading, object);
    }
    if (loading->pattern_count > 0) {
        object->classifier =
            loading->as == PATTERNS_LEFT_OUT ? NULL : classifier_make(loading, root);
    } else if (stands(loading, BASE_PATTERNS)) {
        complain(loading, root, NULL, "no category has a pattern: everything would go to a person");
    }
    return loading->source->errors == 0;
}

static struct policy_object *object_new(void)
{
    struct policy_object *object = calloc(1, sizeof *object);
    if (object) {
        object->memory = arena_new(POLICY_MEMORY_MAX);
    }
    if (object && !object->memory) {
        policy_object_free(&object);
    }
    return object;
}

/* The report of a machine that is out of memory: it cannot even say so. */
static struct policy_object *give_up(struct policy_object *object, struct policy_report *report)
{
    report->errors++;
    policy_object_free(&object);
    return object;
}

/* One source a file; what is wrong with a bundle is told of its first line. */
static void sources_set(struct policy_loading *loading,
                        const char *name,
                        struct slice text,
                        FILE *out,
                        struct yaml_faults *faults)
{
    bool good = policy_bundle_split(name, text, loading->files, &loading->file_count);
    loading->source = &loading->sources[0];
    for (uint32_t i = 0; i < loading->file_count; i++) {
        loading->sources[i] = (struct yaml_source){.name = i == 0 ? name : loading->files[i].name,
                                                   .bytes = loading->files[i].bytes,
                                                   .out = out,
                                                   .faults = faults,
                                                   .whole = i == 0 ? NULL : loading->source};
    }
    if (!good) {
        *loading->source =
            (struct yaml_source){.name = name, .bytes = text, .out = out, .faults = faults};
        const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
        complain(loading, &start, NULL, "the policy and the files it uses are cut or damaged");
    }
}

static struct policy_object *load(const char *name,
                                  struct slice yaml,
                                  int first_year,
                                  int last_year,
                                  enum policy_patterns as,
                                  unsigned patience_s,
                                  struct policy_report *report)
{
    size_t text_size = 0;
    *report = (struct policy_report){0};
    struct policy_object *object = object_new();
    SCOPED(arena_free) struct arena *scratch = arena_new(SCRATCH_MEMORY_MAX);
    FILE *out = object && scratch ? open_memstream(&report->text, &text_size) : NULL;
    if (!out) {
        return give_up(object, report);
    }
    struct policy_loading *loading = arena_take(scratch, sizeof *loading);
    if (!loading) {
        (void)fclose(out);
        return give_up(object, report);
    }
    *loading = (struct policy_loading){.policy = &object->policy,
                                       .arena = object->memory,
                                       .scratch = scratch,
                                       .first_year = first_year,
                                       .last_year = last_year,
                                       .as = as,
                                       .patience_s = patience_s};
    loading->holidays = policy_holidays_shipped(&loading->holiday_count);
    sources_set(loading, name, yaml, out, &report->faults);
    bool good = loading_run(loading, object);
    crypto_generichash(object->policy.hash, HASH_SIZE, yaml.bytes, yaml.size, NULL, 0);
    (void)fclose(out);
    report->errors = loading->source->errors;
    report->warnings = loading->source->warnings;
    if (text_size == 0) {
        free(report->text);
        report->text = NULL;
    }
    return good ? object : give_up(object, &(struct policy_report){0});
}

struct policy_object *policy_load(const char *name,
                                  struct slice yaml,
                                  int first_year,
                                  int last_year,
                                  struct policy_report *report)
{
    return load(name, yaml, first_year, last_year, PATTERNS_COMPILED, 0, report);
}

struct policy_object *policy_load_resting(const char *name,
                                          struct slice yaml,
                                          int first_year,
                                          int last_year,
                                          struct policy_report *report)
{
    return load(name, yaml, first_year, last_year, PATTERNS_AT_REST, 0, report);
}

struct policy_object *policy_load_in_time(const char *name,
                                          struct slice yaml,
                                          int first_year,
                                          int last_year,
                                          unsigned patience_s,
                                          struct policy_report *report)
{
    return load(name, yaml, first_year, last_year, PATTERNS_IN_TIME, patience_s, report);
}

struct policy_object *policy_load_blind(const char *name,
                                        struct slice yaml,
                                        int first_year,
                                        int last_year,
                                        struct policy_report *report)
{
    return load(name, yaml, first_year, last_year, PATTERNS_LEFT_OUT, 0, report);
}

const struct yaml_node *
policy_written(struct slice text, struct arena *arena, struct yaml_source *report)
{
    struct policy_loading *loading = arena_take(arena, sizeof *loading);
    if (!loading) {
        return NULL;
    }
    *loading = (struct policy_loading){.scratch = arena};
    sources_set(loading, report->name, text, report->out, report->faults);
    const struct yaml_node *tree = loading->source->errors == 0 ? policy_tree(loading) : NULL;
    report->errors += loading->source->errors;
    report->warnings += loading->source->warnings;
    for (uint32_t i = 0; i < POLICY_FILES_MAX; i++) { /* what is found out about the tree later */
        loading->sources[i].whole = report;
    }
    return tree;
}

void policy_report_done(struct policy_report *report)
{
    free(report->text);
    yaml_faults_done(&report->faults);
    *report = (struct policy_report){0};
}

void policy_object_free(struct policy_object **object_p)
{
    if (*object_p) {
        struct arena *memory = (*object_p)->memory;
        classifier_free(&(*object_p)->classifier);
        if (memory) {
            arena_free(&memory);
        }
        free(*object_p);
        *object_p = NULL;
    }
}
