#include "kit.h"

#include <sys/resource.h>

struct kit_texts {
    uint32_t count;
    struct slice texts[KIT_TEXTS_MAX];
};

/* Plain English notes of the length asked for, each a little different: what a person types on the
 * phone. */
static struct slice text_make(uint32_t i, size_t size)
{
    static const char *const parts[] = {
        "The parcel arrived late and the box was broken. ",
        "I was charged twice on my account and nobody called back. ",
        "The agent on the hotline was rude and hung up on me. ",
        "The refund that was promised three weeks ago has not come. ",
        "The washing machine leaks again after the repair. ",
        "My points expired although the site said next month. ",
        "The invoice shows a service I never ordered. "};
    char *bytes = calloc(1, size + 1);
    for (size_t at = 0, n = i; bytes && at < size; n = n * 7 + 3) {
        const char *part = parts[n % (sizeof parts / sizeof *parts)];
        size_t length = strlen(part) < size - at ? strlen(part) : size - at;
        memcpy(bytes + at, part, length);
        at += length;
    }
    return slice_of(bytes, bytes ? size : 0);
}

/* One text a line. */
static void texts_read(struct kit_texts *texts, FILE *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    while (texts->count < KIT_TEXTS_MAX && (size = getline(&line, &capacity, file)) > 0) {
        size_t length = (size_t)size - (line[size - 1] == '\n');
        char *bytes = length > 0 && length <= KIT_TEXT_MAX ? malloc(length) : NULL;
        if (bytes) {
            memcpy(bytes, line, length);
            texts->texts[texts->count++] = slice_of(bytes, length);
        }
    }
    free(line);
}

struct kit_texts *kit_texts_open(const char *path, uint32_t bytes)
{
    struct kit_texts *texts = calloc(1, sizeof *texts);
    FILE *file = path ? fopen(path, "re") : NULL;
    if (texts && file) {
        texts_read(texts, file);
    }
    while (texts && !path && texts->count < 64) {
        texts->texts[texts->count] = text_make(texts->count, bytes);
        texts->count++;
    }
    if (file) {
        (void)fclose(file);
    }
    if (texts && texts->count == 0) {
        free(texts);
        texts = NULL;
    }
    return texts;
}

struct slice kit_text(const struct kit_texts *texts, uint64_t i)
{
    return texts->texts[i % texts->count];
}

struct slice kit_word(struct slice *text)
{
    const uint8_t *tab = memchr(text->bytes, '\t', text->size);
    size_t size = tab ? (size_t)(tab - text->bytes) : text->size;
    size_t used = size + (tab != NULL);
    struct slice word = slice_of(text->bytes, size);
    *text = slice_of(text->bytes + used, text->size - used);
    return word;
}

void kit_say(const char *name, const char *unit, double value)
{
    (void)printf("%s\t%s\t%.3f\n", name, unit, value);
    (void)fflush(stdout);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;
    return (x > y) - (x < y);
}

void kit_say_latency(const char *of, float *values, uint64_t count)
{
    static const struct {
        const char *name;
        double share;
    } shares[] = {
        {"p50",   0.50 },
        {"p99",   0.99 },
        {"p99.9", 0.999},
        {"max",   1.0  }
    };
    qsort(values, count, sizeof *values, by_size);
    for (size_t i = 0; count > 0 && i < sizeof shares / sizeof *shares; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "%s %s", of, shares[i].name);
        kit_say(name, "ms", (double)values[(uint64_t)(shares[i].share * (double)(count - 1))]);
    }
}

double kit_cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}
