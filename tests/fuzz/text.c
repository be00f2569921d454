/*
 * Goal: any text is checked, named, normalised and classified within bounds; what is normalised is
 * clean, and normalised again it stays as it is.
 */
#include "text.h"

#include "classify.h"
#include "fuzz.h"

static const struct classify_pattern patterns[] = {
    {"refund",   "refund(s|ed)?|退款|退錢", 1},
    {"fraud",    "\\bfraud|盗刷|盜用",      2},
    {"attitude", "態度.{0,6}(差|惡劣)",    3},
    {"digits",   "\\d{4}",                      4},
    {"any",      "[一-龥]",                   5},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static struct classifier *classifier;
    struct error error = {ERROR_NONE, ""};
    if (!arena) {
        arena = arena_new((size_t)96 * CLASSIFY_TEXT_MAX);
        classifier = classifier_new(patterns, sizeof patterns / sizeof *patterns, &error);
        MUST(classifier);
    }
    struct slice text = slice_of(data, size);
    size_t bad_at = size;
    if (!text_is_clean(text, &bad_at)) {
        MUST(bad_at < size);
        MUST(text_is_clean(slice_of(data, bad_at), &bad_at));
        return 0;
    }
    if (size > CLASSIFY_TEXT_MAX) {
        return 0;
    }
    MUST(text_characters(text) <= size);
    MUST(text_language(text) <= LANGUAGE_OTHER);
    struct slice normal;
    struct slice again;
    arena_reset(arena);
    MUST(text_normalise(text, arena, &normal, &error));
    MUST(text_is_clean(normal, &bad_at));
    MUST(text_normalise(normal, arena, &again, &error));
    MUST(slice_equal(normal, again));
    struct event_label labels[EVENT_LABELS_MAX];
    uint32_t count;
    MUST(classifier_scan(classifier, text, labels, &count, &error));
    for (uint32_t i = 0; i < count; i++) {
        MUST(labels[i].hits >= 1 && labels[i].hits <= CLASSIFY_HITS_MAX);
        MUST(i == 0 || labels[i - 1].hits >= labels[i].hits);
    }
    return 0;
}
