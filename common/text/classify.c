#include "classify.h"

#include "arena.h"
#include "classify_cache.h"
#include "classify_regex.h"
#include "fault.h"
#include "text.h"

#include <assert.h>
#include <hs.h>
#include <sodium.h>
#include <unicode/uversion.h>

enum { MODEL_SIZE = 64, HASH_PREFIX = 8, ARENA_LIMIT = 64 * CLASSIFY_TEXT_MAX };

/* One pattern while a text is scanned. */
struct tally {
    uint32_t label;              /* which label its hits go to */
    unsigned long long last_end; /* of its latest match; 0: none in this text */
};

struct label {
    char *name;
    uint32_t order; /* of its first pattern */
    uint32_t hits;
};

/* What vectorscan's compiler takes, and where it was written: parallel arrays. */
struct source {
    size_t count;
    char **regexes;
    unsigned *flags;
    unsigned *ids;
    unsigned *lines;
};

struct classifier {
    struct source source;
    uint32_t label_count;
    struct tally *tallies;
    struct label *labels;
    uint32_t *seen; /* labels with hits in this text, in no order */
    uint32_t seen_count;
    uint32_t *matched; /* patterns with hits in this text */
    uint32_t matched_count;
    uint32_t match_count;
    hs_database_t *database; /* NULL: it rests, or there are no patterns */
    hs_scratch_t *scratch;
    bool kept; /* in a file */
    struct arena *arena;
    char model[MODEL_SIZE];
};

static void source_done(struct source *source)
{
    for (size_t i = 0; source->regexes && i < source->count; i++) {
        free(source->regexes[i]);
    }
    free(source->regexes);
    free(source->flags);
    free(source->ids);
    free(source->lines);
}

void classifier_free(struct classifier **classifier_p)
{
    struct classifier *classifier = *classifier_p;
    if (!classifier) {
        return;
    }
    for (uint32_t i = 0; i < classifier->label_count; i++) {
        free(classifier->labels[i].name);
    }
    free(classifier->labels);
    free(classifier->tallies);
    free(classifier->seen);
    free(classifier->matched);
    (void)hs_free_scratch(classifier->scratch);
    (void)hs_free_database(classifier->database);
    source_done(&classifier->source);
    arena_free(&classifier->arena);
    free(classifier);
    *classifier_p = NULL;
}

static bool classifier_allocate(struct classifier *classifier, size_t count)
{
    classifier->source.count = count;
    classifier->tallies = calloc(count + 1, sizeof *classifier->tallies);
    classifier->labels = calloc(count + 1, sizeof *classifier->labels);
    classifier->seen = calloc(count + 1, sizeof *classifier->seen);
    classifier->matched = calloc(count + 1, sizeof *classifier->matched);
    classifier->arena = arena_new(ARENA_LIMIT);
    return classifier->tallies && classifier->labels && classifier->seen && classifier->matched &&
           classifier->arena;
}

/* The label of a pattern: that of an earlier pattern with the same id, else a new one. */
static bool label_join(struct classifier *classifier, uint32_t pattern, const char *id)
{
    uint32_t label = 0;
    while (label < classifier->label_count && strcmp(classifier->labels[label].name, id) != 0) {
        label++;
    }
    if (label == classifier->label_count) {
        char *name = strdup(id);
        if (!name) {
            return false;
        }
        classifier->labels[label].name = name;
        classifier->labels[label].order = pattern;
        classifier->label_count++;
    }
    classifier->tallies[pattern].label = label;
    return true;
}

static bool
source_fill(struct source *source, const struct classify_pattern *patterns, struct error *error)
{
    source->regexes = calloc(source->count, sizeof *source->regexes);
    source->flags = calloc(source->count, sizeof *source->flags);
    source->ids = calloc(source->count, sizeof *source->ids);
    source->lines = calloc(source->count, sizeof *source->lines);
    if (!source->regexes || !source->flags || !source->ids || !source->lines) {
        return error_set(error, ERROR_FATAL, "out of memory for patterns");
    }
    for (size_t i = 0; i < source->count; i++) {
        char normal[CLASSIFY_REGEX_MAX + 1];
        if (!classify_regex_normalise(patterns[i].regex, normal, sizeof normal, error)) {
            return error_prefix(error, "line %u: pattern of %s", patterns[i].line, patterns[i].id);
        }
        source->regexes[i] = strdup(normal);
        if (!source->regexes[i]) {
            return error_set(error, ERROR_FATAL, "out of memory for patterns");
        }
        source->flags[i] = HS_FLAG_UTF8 | HS_FLAG_CASELESS;
        source->ids[i] = (unsigned)i;
        source->lines[i] = patterns[i].line;
    }
    return true;
}

/* With patterns that fail together the library may name none: compile them one by one and name the
 * first. */
static size_t culprit_find(const struct source *source, hs_compile_error_t **why)
{
    for (size_t i = 0; i < source->count; i++) {
        hs_database_t *database = NULL;
        hs_compile_error_t *alone = NULL;
        if (hs_compile(
                source->regexes[i], source->flags[i], HS_MODE_BLOCK, NULL, &database, &alone) !=
            HS_SUCCESS) {
            (void)hs_free_compile_error(*why);
            *why = alone;
            return i;
        }
        (void)hs_free_database(database);
    }
    return source->count;
}

/* What vectorscan says of patterns people write, in words that say what is wrong. */
static const char *pattern_fault(const char *theirs)
{
    static const struct {
        const char *theirs, *ours;
    } faults[] = {
        {"Missing close parenthesis",    "a bracket is opened and never closed"         },
        {"Unmatched parentheses",        "a closing bracket that nothing opened"        },
        {"Unterminated character class", "a [ is opened and never closed"               },
        {"Range out of order",           "a range in [ ] ends before it begins"         },
        {"Zero-width assertions",        "(?= ), (?! ) and the like cannot be used here"},
        {"reference",                    "\\1 and the like cannot be used here"         },
        {"Invalid repeat",               "*, +, ? or { } has nothing that it repeats"   },
        {"Bounded repeat is too large",  "a repetition { } is too long"                 },
        {"too large",                    "it is too long"                               },
        {"matches empty buffer",         "it fits every text, the empty one, too"       },
        {"Unknown property",             "\\p{ } names no property of characters"       },
        {"POSIX named class",            "[[: :]] names no class of characters"         },
        {"Unescaped \\",                 "a \\ at the end"                              },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcasestr(theirs, faults[i].theirs)) {
            return fault_text(faults[i].ours);
        }
    }
    return theirs;
}

static bool source_compile(struct classifier *classifier, struct error *error)
{
    const struct source *source = &classifier->source;
    hs_compile_error_t *why = NULL;
    if (hs_compile_multi((const char *const *)source->regexes,
                         source->flags,
                         source->ids,
                         (unsigned)source->count,
                         HS_MODE_BLOCK,
                         NULL,
                         &classifier->database,
                         &why) != HS_SUCCESS) {
        size_t culprit =
            why && why->expression >= 0 ? (size_t)why->expression : culprit_find(source, &why);
        bool one = culprit < source->count;
        (void)error_set(error,
                        ERROR_REJECT,
                        "line %u: pattern of %s: %s",
                        one ? source->lines[culprit] : 0,
                        one ? classifier->labels[classifier->tallies[culprit].label].name
                            : "all together",
                        why ? pattern_fault(why->message) : "out of memory");
        (void)hs_free_compile_error(why);
        return false;
    }
    return true;
}

static void patterns_free(struct classifier *classifier)
{
    (void)hs_free_scratch(classifier->scratch);
    (void)hs_free_database(classifier->database);
    classifier->scratch = NULL;
    classifier->database = NULL;
}

/* Out of its file, else compiled and put there. */
static bool patterns_wake(struct classifier *classifier, struct error *error)
{
    classifier->kept = classify_cache_load(classifier->model, &classifier->database);
    if (!classifier->kept) {
        if (!source_compile(classifier, error)) {
            return false;
        }
        classifier->kept = classify_cache_save(classifier->model, classifier->database);
    }
    if (hs_alloc_scratch(classifier->database, &classifier->scratch) != HS_SUCCESS) {
        patterns_free(classifier);
        return error_set(error, ERROR_FATAL, "out of memory for vectorscan's scratch");
    }
    return true;
}

bool classifier_wake(struct classifier *classifier, struct error *error)
{
    if (classifier->source.count == 0 || classifier->database || patterns_wake(classifier, error)) {
        return true;
    }
    error->kind = ERROR_RETRY; /* they were compiled before: nothing is wrong with them */
    return false;
}

void classifier_rest(struct classifier *classifier)
{
    if (classifier->kept) {
        patterns_free(classifier);
    }
}

static void text_hash(crypto_generichash_state *state, const char *text)
{
    assert(text);
    (void)crypto_generichash_update(state, (const uint8_t *)text, strlen(text) + 1);
}

static void model_name(struct classifier *classifier)
{
    const struct source *source = &classifier->source;
    crypto_generichash_state state;
    uint8_t hash[crypto_generichash_BYTES];
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < source->count; i++) {
        text_hash(&state, classifier->labels[classifier->tallies[i].label].name);
        text_hash(&state, source->regexes[i]);
    }
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    char hex[HASH_PREFIX * 2 + 1];
    (void)sodium_bin2hex(hex, sizeof hex, hash, HASH_PREFIX);
    UVersionInfo icu;
    u_getVersion(icu);
    const char *version = hs_version();
    (void)snprintf(classifier->model,
                   sizeof classifier->model,
                   "vs%.*s-icu%u-%s",
                   (int)strcspn(version, " "),
                   version,
                   (unsigned)icu[0],
                   hex);
}

static bool classifier_fill(struct classifier *classifier,
                            const struct classify_pattern *patterns,
                            struct error *error)
{
    struct source *source = &classifier->source;
    for (uint32_t i = 0; i < source->count; i++) {
        if (!label_join(classifier, i, patterns[i].id)) {
            return error_set(error, ERROR_FATAL, "out of memory for patterns");
        }
    }
    if (source->count > 0 && !source_fill(source, patterns, error)) {
        return false;
    }
    model_name(classifier);
    return true;
}

struct classifier *
classifier_new_resting(const struct classify_pattern *patterns, size_t count, struct error *error)
{
    if (count > CLASSIFY_PATTERNS_MAX) {
        (void)error_set(
            error, ERROR_REJECT, "%zu patterns, at most %d", count, CLASSIFY_PATTERNS_MAX);
        return NULL;
    }
    struct classifier *classifier = calloc(1, sizeof *classifier);
    if (!classifier) {
        (void)error_set(error, ERROR_FATAL, "out of memory for a classifier");
        return NULL;
    }
    if (!classifier_allocate(classifier, count)) {
        (void)error_set(error, ERROR_FATAL, "out of memory for %zu patterns", count);
        classifier_free(&classifier);
    } else if (!classifier_fill(classifier, patterns, error)) {
        classifier_free(&classifier);
    }
    return classifier;
}

struct classifier *
classifier_new(const struct classify_pattern *patterns, size_t count, struct error *error)
{
    struct classifier *classifier = classifier_new_resting(patterns, count, error);
    if (classifier && count > 0 && !patterns_wake(classifier, error)) {
        classifier_free(&classifier);
    }
    return classifier;
}

bool classifier_is_uncompiled(const struct classifier *classifier)
{
    return classifier->source.count > 0 && !classifier->database &&
           classify_cache_lacks(classifier->model);
}

const char *classifier_model(const struct classifier *classifier)
{
    return classifier->model;
}

/* NOLINTBEGIN(bugprone-easily-swappable-parameters): the order is vectorscan's */
static int matched(
    unsigned pattern, unsigned long long from, unsigned long long to, unsigned flags, void *self)
/* NOLINTEND(bugprone-easily-swappable-parameters) */
{
    (void)from;
    (void)flags;
    struct classifier *classifier = self;
    struct tally *tally = &classifier->tallies[pattern];
    if (tally->last_end == to) {
        return 0;
    }
    if (tally->last_end == 0) {
        classifier->matched[classifier->matched_count++] = pattern;
    }
    tally->last_end = to;
    struct label *label = &classifier->labels[tally->label];
    if (label->hits == 0) {
        classifier->seen[classifier->seen_count++] = tally->label;
    }
    label->hits += label->hits < CLASSIFY_HITS_MAX;
    return ++classifier->match_count >= CLASSIFY_MATCHES_MAX;
}

static bool ranks_before(const struct label *a, const struct label *b)
{
    return a->hits != b->hits ? a->hits > b->hits : a->order < b->order;
}

/* Keeps the best EVENT_LABELS_MAX of the labels seen, in order, and clears the tallies for the next
 * text. */
static uint32_t labels_rank(struct classifier *classifier, struct event_label *labels)
{
    const struct label *ranked[EVENT_LABELS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < classifier->seen_count; i++) {
        const struct label *label = &classifier->labels[classifier->seen[i]];
        if (count == EVENT_LABELS_MAX && !ranks_before(label, ranked[count - 1])) {
            continue;
        }
        uint32_t at = count < EVENT_LABELS_MAX ? count++ : count - 1;
        for (; at > 0 && ranks_before(label, ranked[at - 1]); at--) {
            ranked[at] = ranked[at - 1];
        }
        ranked[at] = label;
    }
    for (uint32_t i = 0; i < count; i++) {
        labels[i] = (struct event_label){slice_text(ranked[i]->name), ranked[i]->hits};
    }
    for (uint32_t i = 0; i < classifier->seen_count; i++) {
        classifier->labels[classifier->seen[i]].hits = 0;
    }
    for (uint32_t i = 0; i < classifier->matched_count; i++) {
        classifier->tallies[classifier->matched[i]].last_end = 0;
    }
    classifier->seen_count = classifier->matched_count = classifier->match_count = 0;
    return count;
}

bool classifier_scan(struct classifier *classifier,
                     struct slice text,
                     struct event_label labels[EVENT_LABELS_MAX],
                     uint32_t *label_count,
                     struct error *error)
{
    *label_count = 0;
    if (text.size > CLASSIFY_TEXT_MAX) {
        return error_set(
            error, ERROR_REJECT, "text of %zu bytes, at most %d", text.size, CLASSIFY_TEXT_MAX);
    }
    if (classifier->source.count == 0) {
        return true;
    }
    if (!classifier_wake(classifier, error)) {
        return false;
    }
    struct slice normal;
    arena_reset(classifier->arena);
    if (!text_normalise(text, classifier->arena, &normal, error)) {
        return false;
    }
    hs_error_t status = hs_scan(classifier->database,
                                (const char *)normal.bytes,
                                (unsigned)normal.size,
                                0,
                                classifier->scratch,
                                matched,
                                classifier);
    *label_count = labels_rank(classifier, labels);
    return status == HS_SUCCESS || status == HS_SCAN_TERMINATED ||
           error_set(error, ERROR_FATAL, "vectorscan failed with %d", status);
}
