#include "policy_load.h"

#include "policy_read.h"
#include "scope.h"

#include <sodium.h>

enum {
    POLICY_MEMORY_MAX = 64 * 1024 * 1024,
    SCRATCH_MEMORY_MAX = 64 * 1024 * 1024,
};

static void policy_name(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_id(loading, &pair->value, ((struct policy *)into)->name);
}

static void policy_version(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->version = (uint32_t)read_number(loading, &pair->value, 1, 1000000);
}

static void
policy_languages(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const char names[LOCALE_COUNT][POLICY_NAME_MAX] = {"en", "zh-CN", "zh-TW"};
    (void)into;
    loading->locales =
        read_name_set(loading,
                      &pair->value,
                      (struct policy_names){"language", names, POLICY_NAME_MAX, LOCALE_COUNT});
}

static void policy_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy *)into)->title);
}

static void
policy_capacity(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->capacity = (uint16_t)read_number(loading, &pair->value, 1, 1000);
}

static uint32_t read_days(struct policy_loading *loading, const struct yaml_node *node)
{
    struct duration duration = {0};
    if (!read_duration(loading, node, &duration)) {
        return 0;
    }
    if (duration.unit != DURATION_ELAPSED || duration.value % 86400 != 0 || duration.side != 0) {
        complain(loading, node, "90 days", "expected a number of days");
    }
    return (uint32_t)(duration.value / 86400);
}

static void policy_repeats(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->repeat_days = read_days(loading, &pair->value);
}

static void policy_reopen(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->reopen_days = read_days(loading, &pair->value);
}

static void opening_step(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->first_step =
        read_name(loading, &pair->value, names_steps(loading->policy));
}

static void asking_step(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy *)into)->triage_step =
        read_name(loading, &pair->value, names_steps(loading->policy));
}

static void asking_queue(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    uint16_t queue = read_name(loading, &pair->value, names_queues(loading->policy));
    ((struct policy *)into)->triage_queue = queue;
    if (queue != POLICY_NONE) {
        loading->queues_used[queue / 64] |= (uint64_t)1 << (queue % 64);
    }
}

static void policy_opens(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"step",         true, opening_step},
        {"unsure-step",  true, asking_step },
        {"unsure-queue", true, asking_queue},
    };
    read_map(loading, &pair->key, &pair->value, "opening", keys, KEY_COUNT(keys), into);
}

/* The language; a section stands below those whose names it uses. */
static const struct policy_key top_keys[] = {
    {"policy",        true,  policy_name     },
    {"version",       true,  policy_version  },
    {"languages",     false, policy_languages},
    {"title",         true,  policy_title    },
    {"capacity",      true,  policy_capacity },
    {"repeat-window", true,  policy_repeats  },
    {"reopen-window", true,  policy_reopen   },
    {"roles",         true,  read_roles      },
    {"channels",      true,  read_channels   },
    {"taxonomy",      true,  read_taxonomy   },
    {"patterns",      false, read_patterns   },
    {"classes",       true,  read_classes    },
    {"factors",       false, read_factors    },
    {"overrides",     false, read_overrides  },
    {"queues",        true,  read_queues     },
    {"routes",        true,  read_routes     },
    {"steps",         true,  read_steps      },
    {"everywhere",    false, read_everywhere },
    {"opening",       true,  policy_opens    },
    {"calendars",     true,  read_calendars  },
    {"clocks",        true,  read_clocks     },
};

static void empty_check(struct policy_loading *loading, const struct yaml_node *root)
{
    const struct policy *policy = loading->policy;
    const struct {
        const char *key;
        uint16_t count;
    } sections[] = {
        {"roles",    policy->role_count    },
        {"channels", policy->channel_count },
        {"taxonomy", policy->category_count},
        {"classes",  policy->class_count   },
        {"queues",   policy->queue_count   },
        {"routes",   policy->route_count   },
        {"steps",    policy->step_count    },
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        const struct yaml_pair *pair = yaml_find(root, sections[i].key);
        if (pair && sections[i].count == 0 && loading->source->errors == 0) {
            complain(
                loading, &pair->key, NULL, "%s: there has to be at least one", sections[i].key);
        }
    }
}

/* All patterns at once; when that fails, one by one, so that each bad one is told of at its place.
 */
static struct classifier *classifier_make(struct policy_loading *loading,
                                          const struct yaml_node *root)
{
    struct error error = {0};
    struct classifier *classifier =
        classifier_new(loading->patterns, loading->pattern_count, &error);
    if (classifier) {
        return classifier;
    }
    unsigned before = loading->source->errors;
    for (uint32_t i = 0; i < loading->pattern_count; i++) {
        struct error why = {0};
        SCOPED(classifier_free)
        struct classifier *one = classifier_new(&loading->patterns[i], 1, &why);
        if (!one) {
            complain(loading, loading->pattern_nodes[i], NULL, "%s", why.text);
        }
    }
    if (loading->source->errors == before) {
        complain(loading, root, NULL, "%s", error.text);
    }
    return NULL;
}

static bool loading_run(struct policy_loading *loading, struct policy_object *object)
{
    loading->patterns =
        arena_take(loading->scratch, POLICY_PATTERNS_MAX * sizeof *loading->patterns);
    loading->pattern_nodes =
        arena_take(loading->scratch, POLICY_PATTERNS_MAX * sizeof *loading->pattern_nodes);
    const struct yaml_node *root = yaml_read(loading->source, loading->scratch);
    if (!root || !loading->patterns || !loading->pattern_nodes) {
        return false;
    }
    read_map(loading, root, root, "a policy", top_keys, KEY_COUNT(top_keys), loading->policy);
    empty_check(loading, root);
    if (loading->source->errors == 0) {
        title_complete(&loading->policy->title, loading->policy->name);
        policy_prove(loading);
    }
    if (loading->pattern_count > 0) {
        object->classifier = loading->blind ? NULL : classifier_make(loading, root);
    } else if (loading->source->errors == 0) {
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

struct policy_object *policy_load_with(const char *name,
                                       struct slice yaml,
                                       const struct policy_holidays *holidays,
                                       size_t holiday_count,
                                       int first_year,
                                       int last_year,
                                       bool blind,
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
    struct yaml_source source = {.name = name, .bytes = yaml, .out = out};
    struct policy_loading loading = {.policy = &object->policy,
                                     .arena = object->memory,
                                     .scratch = scratch,
                                     .source = &source,
                                     .holidays = holidays,
                                     .holiday_count = holiday_count,
                                     .first_year = first_year,
                                     .last_year = last_year,
                                     .blind = blind};
    bool good = loading_run(&loading, object);
    crypto_generichash(object->policy.hash, HASH_SIZE, yaml.bytes, yaml.size, NULL, 0);
    (void)fclose(out);
    report->errors = source.errors;
    report->warnings = source.warnings;
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
    size_t count = 0;
    const struct policy_holidays *shipped = policy_holidays_shipped(&count);
    return policy_load_with(name, yaml, shipped, count, first_year, last_year, false, report);
}

struct policy_object *policy_load_blind(const char *name,
                                        struct slice yaml,
                                        int first_year,
                                        int last_year,
                                        struct policy_report *report)
{
    size_t count = 0;
    const struct policy_holidays *shipped = policy_holidays_shipped(&count);
    return policy_load_with(name, yaml, shipped, count, first_year, last_year, true, report);
}

void policy_report_done(struct policy_report *report)
{
    free(report->text);
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
