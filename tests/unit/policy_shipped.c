/* A policy of a folder, and values that fit; see policy_shipped.h. */
#include "policy_shipped.h"

#include "policy_bundle.h"

#include <limits.h>
#include <stdlib.h>

enum { FILE_MAX = 256 * 1024 };

static bool bytes_read(const char *folder, struct policy_file *file, char bytes[FILE_MAX])
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, file->name);
    FILE *stream = fopen(path, "re");
    size_t size = stream ? fread(bytes, 1, FILE_MAX, stream) : FILE_MAX;
    if (stream) {
        (void)fclose(stream);
    }
    file->bytes = slice_of(bytes, size);
    return size < FILE_MAX;
}

static void use(struct policy_file files[POLICY_FILES_MAX], uint32_t *count, const char *name)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (strcmp(files[i].name, name) == 0) {
            return;
        }
    }
    if (*count < POLICY_FILES_MAX) {
        (void)snprintf(files[*count].name, sizeof files[*count].name, "%s", name);
        ++*count;
    }
}

struct policy_object *shipped_load(const char *folder,
                                   const char *file,
                                   int first_year,
                                   int last_year,
                                   bool blind,
                                   struct policy_report *report)
{
    static struct policy_file files[POLICY_FILES_MAX];
    static char bytes[POLICY_FILES_MAX][FILE_MAX];
    char *text = NULL;
    size_t size = 0;
    uint32_t count = 0;
    *report = (struct policy_report){0};
    use(files, &count, file);
    for (uint32_t i = 0; i < count; i++) {
        char names[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX];
        if (!bytes_read(folder, &files[i], bytes[i])) {
            report->errors++;
            return NULL;
        }
        uint32_t used = policy_uses_of(files[i].bytes, names);
        for (uint32_t j = 0; j < used; j++) {
            use(files, &count, names[j]);
        }
    }
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    policy_bundle_write(files, count, out);
    (void)fclose(out);
    struct policy_object *object =
        blind ? policy_load_blind(file, slice_of(text, size), first_year, last_year, report)
              : policy_load(file, slice_of(text, size), first_year, last_year, report);
    free(text);
    return object;
}

/* A text the picture fits: the plainest character each of its signs stands for. */
static void draw_picture(const char *picture, char value[SHIPPED_VALUE_MAX])
{
    size_t size = 0;
    for (const char *at = picture; *at && size + 1 < SHIPPED_VALUE_MAX; at++) {
        if (*at == '\\' && at[1]) {
            value[size++] = *++at;
        } else if (*at == '9' || *at == 'X') {
            value[size++] = '1';
        } else if (*at == '?') {
            value[size++] = 'a';
        } else if (*at != '+') {
            value[size++] = *at;
        }
    }
    value[size] = '\0';
}

/* 1, 10, 100 or 1000, kept within the bounds. */
static void
write_number(const struct policy_field *rules, unsigned variety, char value[SHIPPED_VALUE_MAX])
{
    static const int64_t sizes[] = {1, 10, 100, 1000};
    static const int64_t scale = 10000; /* see struct policy_field */
    int64_t number = sizes[variety % 4] * scale;
    if (rules->has_min && number < rules->min) {
        number = rules->min;
    }
    if (rules->has_max && number > rules->max) {
        number = rules->max;
    }
    (void)snprintf(value, SHIPPED_VALUE_MAX, "%lld", (long long)(number / scale));
    if (number % scale != 0) {
        (void)snprintf(
            value, SHIPPED_VALUE_MAX, "%.*f", (int)rules->decimals, (double)number / (double)scale);
    }
}

static void write_date(const struct policy_field *rules, char value[SHIPPED_VALUE_MAX])
{
    int64_t date = 20260302;
    if (rules->has_min && date < rules->min) {
        date = rules->min;
    }
    if (rules->has_max && date > rules->max) {
        date = rules->max;
    }
    (void)snprintf(value,
                   SHIPPED_VALUE_MAX,
                   "%04d-%02d-%02d",
                   (int)(date / 10000),
                   (int)(date / 100 % 100),
                   (int)(date % 100));
}

static void write_text(const struct policy_field *rules, char value[SHIPPED_VALUE_MAX])
{
    int64_t size = 4;
    if (rules->picture) {
        draw_picture(rules->picture, value);
        return;
    }
    if (rules->has_min && size < rules->min) {
        size = rules->min;
    }
    if (rules->has_max && size > rules->max) {
        size = rules->max;
    }
    size = size < SHIPPED_VALUE_MAX ? size : SHIPPED_VALUE_MAX - 1;
    memset(value, 'a', (size_t)size);
    value[size] = '\0';
}

void shipped_value(const struct policy *policy,
                   const struct policy_need *need,
                   unsigned variety,
                   char value[SHIPPED_VALUE_MAX])
{
    static const struct policy_field any = {.type = FORM_TEXT};
    const struct policy_field *rules = need->rules ? need->rules : &any;
    const char *word = NULL;
    /* the fields the vocabulary itself gives a meaning */
    if (strcmp(need->field, "category") == 0) {
        word =
            policy->categories[(policy->category_count - 1 + variety) % policy->category_count].id;
    } else if (strcmp(need->field, "severity_class") == 0) {
        word = policy->classes[(policy->class_count - 1 + variety) % policy->class_count].id;
    } else if (strcmp(need->field, "clock") == 0 && rules->type == FORM_TEXT) {
        word = policy->clocks[variety % policy->clock_count].id;
    } else if (strcmp(need->field, "case") == 0) {
        word = "240318-2722-3CN"; /* of the fixture's */
    } else if (rules->recuses) {
        word = "neighbour"; /* none of those who handle the case */
    } else if (rules->type == FORM_CHOICE) {
        word = rules->choices[variety % rules->choice_count].id;
    } else if (rules->type == FORM_FLAG) {
        word = variety % 2 == 0 ? "yes" : "no";
    } else if (rules->type == FORM_INSTANT) {
        word = "2026-03-02T16:00:00+08:00";
    } else if (rules->type == FORM_HASH) {
        word = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    } else if (rules->type == FORM_DATE) {
        write_date(rules, value);
    } else if (rules->type == FORM_TEXT) {
        write_text(rules, value);
    } else {
        write_number(rules, variety, value);
    }
    if (word) {
        (void)snprintf(value, SHIPPED_VALUE_MAX, "%s", word);
    }
}
