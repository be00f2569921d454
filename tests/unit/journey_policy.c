/* A shipped policy with the files it uses, and what its fields may hold. */
#include "journey_case.h"
#include "policy_bundle.h"
#include "unit.h"

#include <limits.h>

enum { FILE_MAX = 256 * 1024, FIRST_YEAR = 2024, LAST_YEAR = 2027 };

static struct slice bytes_of(const char *folder, const char *name, char bytes[FILE_MAX])
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, "re");
    if (!stream) {
        fail_msg("%s cannot be read", path);
        return slice_of(bytes, 0);
    }
    size_t size = fread(bytes, 1, FILE_MAX, stream);
    assert_int_equal(fclose(stream), 0);
    assert_true(size < FILE_MAX);
    return slice_of(bytes, size);
}

struct policy_object *journey_policy(const char *folder, const char *file)
{
    static struct policy_file files[POLICY_FILES_MAX];
    static char bytes[POLICY_FILES_MAX][FILE_MAX];
    struct policy_report report = {0};
    char *text = NULL;
    size_t size = 0;
    uint32_t count = 1;
    (void)snprintf(files[0].name, sizeof files[0].name, "%s", file);
    for (uint32_t i = 0; i < count; i++) {
        char names[POLICY_FILES_MAX][POLICY_FILE_NAME_MAX];
        files[i].bytes = bytes_of(folder, files[i].name, bytes[i]);
        uint32_t used = policy_uses_of(files[i].bytes, names);
        for (uint32_t j = 0; j < used; j++) {
            bool known = false;
            for (uint32_t k = 0; k < count; k++) {
                known |= strcmp(files[k].name, names[j]) == 0;
            }
            if (!known && count < POLICY_FILES_MAX) {
                memcpy(files[count++].name, names[j], sizeof names[j]);
            }
        }
    }
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    policy_bundle_write(files, count, out);
    assert_int_equal(fclose(out), 0);
    struct policy_object *object =
        policy_load(file, slice_of(text, size), FIRST_YEAR, LAST_YEAR, &report);
    free(text);
    if (!object) {
        fail_msg("%s", report.text);
        return NULL;
    }
    policy_report_done(&report);
    object->policy.id = 1;
    return object;
}

/* A text the picture fits: the plainest character each of its signs stands for. */
static void draw_picture(const char *picture, char value[JOURNEY_VALUE_MAX])
{
    size_t size = 0;
    for (const char *at = picture; *at && size + 1 < JOURNEY_VALUE_MAX; at++) {
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
write_number(const struct policy_field *rules, unsigned variety, char value[JOURNEY_VALUE_MAX])
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
    (void)snprintf(value, JOURNEY_VALUE_MAX, "%lld", (long long)(number / scale));
    if (number % scale != 0) {
        (void)snprintf(
            value, JOURNEY_VALUE_MAX, "%.*f", (int)rules->decimals, (double)number / (double)scale);
    }
}

static void write_date(const struct policy_field *rules, char value[JOURNEY_VALUE_MAX])
{
    int64_t date = 20260302;
    if (rules->has_min && date < rules->min) {
        date = rules->min;
    }
    if (rules->has_max && date > rules->max) {
        date = rules->max;
    }
    (void)snprintf(value,
                   JOURNEY_VALUE_MAX,
                   "%04d-%02d-%02d",
                   (int)(date / 10000),
                   (int)(date / 100 % 100),
                   (int)(date % 100));
}

static void write_text(const struct policy_field *rules, char value[JOURNEY_VALUE_MAX])
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
    assert_in_range(size, 1, JOURNEY_VALUE_MAX - 1);
    memset(value, 'a', (size_t)size);
    value[size] = '\0';
}

struct slice journey_value(const struct journey *journey,
                           const struct policy_need *need,
                           char value[JOURNEY_VALUE_MAX])
{
    static const struct policy_field any = {.type = FORM_TEXT};
    const struct policy *policy = journey->policy;
    const struct policy_field *rules = need->rules ? need->rules : &any;
    const char *word = NULL;
    /* the fields the vocabulary itself gives a meaning */
    if (strcmp(need->field, "category") == 0) {
        word = policy
                   ->categories[(policy->category_count - 1 + journey->variety) %
                                policy->category_count]
                   .id;
    } else if (strcmp(need->field, "severity_class") == 0) {
        word =
            policy->classes[(policy->class_count - 1 + journey->variety) % policy->class_count].id;
    } else if (rules->type == FORM_CHOICE) {
        word = rules->choices[journey->variety % rules->choice_count].id;
    } else if (rules->type == FORM_FLAG) {
        word = journey->variety % 2 == 0 ? "yes" : "no";
    } else if (rules->type == FORM_INSTANT) {
        word = "2026-03-02T16:00:00+08:00";
    } else if (rules->type == FORM_DATE) {
        write_date(rules, value);
    } else if (rules->type == FORM_TEXT) {
        write_text(rules, value);
    } else {
        write_number(rules, journey->variety, value);
    }
    if (word) {
        (void)snprintf(value, JOURNEY_VALUE_MAX, "%s", word);
    }
    assert_true(policy_field_accepts(rules, slice_text(value)));
    return slice_text(value);
}
