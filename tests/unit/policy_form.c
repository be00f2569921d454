/*
 * Goal: a field takes exactly what its rules say (law 11), and a policy with the files it uses
 * stays one text that is taken apart as it was put together.
 *
 * Method: a table of values around every bound; bundles written and split, and cut at every byte.
 */
#include "policy_bundle.h"
#include "policy_field.h"
#include "policy_load.h"
#include "policy_manual.h"
#include "unit.h"

#define NEARLY "012345678901234567890123456789012345678901234567890123456789abc" /* 63 digits */
#define ZEROS  "0000000000000000000000000000000000000000000000000000000000000000"

static const struct policy_choice moods[] = {
    {"good", {{"good", "good", "good"}}},
    {"bad",  {{"bad", "bad", "bad"}}   },
};

/* clang-format off */
static const struct policy_field any = {.type = FORM_TEXT};
static const struct policy_field text = {
    .type = FORM_TEXT, .has_min = true, .min = 2, .has_max = true, .max = 4};
static const struct policy_field order = {.type = FORM_TEXT, .picture = "A99-9+\\+"};
static const struct policy_field number = {
    .type = FORM_NUMBER, .has_min = true, .min = -20000, .has_max = true, .max = 100000};
static const struct policy_field money = {
    .type = FORM_MONEY, .decimals = 2, .has_max = true, .max = 5000000, .unit = "CNY"};
static const struct policy_field date = {.type = FORM_DATE, .has_min = true, .min = 20240229};
static const struct policy_field mood = {.type = FORM_CHOICE, .choice_count = 2, .choices = moods};
static const struct policy_field flag = {.type = FORM_FLAG};
static const struct policy_field photo = {.type = FORM_HASH};
/* clang-format on */

static void a_field_takes_what_its_rules_say_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const struct policy_field *field;
        const char *value;
        bool accepted;
    } rows[] = {
        {&any,    "x",                    true },
        {&any,    "",                     false},
        {&text,   "a",                    false},
        {&text,   "漏水",               true },
        {&text,   "四个汉字",         true },
        {&text,   "五个汉字啊",      false},
        {&order,  "B12-7+",               true },
        {&order,  "B12-7777777+",         true },
        {&order,  "B12-+",                false},
        {&order,  "b12-7+",               false},
        {&order,  "B12-7+x",              false},
        {&order,  "B12-7",                false},
        {&number, "10",                   true },
        {&number, "11",                   false},
        {&number, "-2",                   true },
        {&number, "-3",                   false},
        {&number, "1.5",                  false},
        {&number, "1e1",                  false},
        {&number, "-",                    false},
        {&money,  "500",                  true },
        {&money,  "500.00",               true },
        {&money,  "500.01",               false},
        {&money,  "1.234",                false},
        {&money,  "1.",                   false},
        {&money,  ".5",                   false},
        {&money,  "99999999999999999999", false},
        {&date,   "2024-02-29",           true },
        {&date,   "2024-02-28",           false},
        {&date,   "2025-02-29",           false},
        {&date,   "2100-02-29",           false},
        {&date,   "2026-13-01",           false},
        {&date,   "2026-1-01",            false},
        {&mood,   "good",                 true },
        {&mood,   "goo",                  false},
        {&flag,   "yes",                  true },
        {&flag,   "true",                 false},
        {&photo,  "sha256:" ZEROS,        true },
        {&photo,  "sha256:a" ZEROS,       false},
        {&photo,  ZEROS,                  false},
        {&photo,  "SHA256:" ZEROS,        false},
        {&photo,  "sha512:" ZEROS,        false},
        {&photo,  "sha256:" NEARLY "f",   true },
        {&photo,  "sha256:" NEARLY "F",   false},
        {&photo,  "sha256:" NEARLY "g",   false},
        {&photo,  "sha256:" NEARLY,       false},
        {&photo,  "leak.jpg",             false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool accepted = policy_field_accepts(rows[i].field, slice_text(rows[i].value));
        if (accepted != rows[i].accepted) {
            print_error("%zu: %s\n", i, rows[i].value);
        }
        assert_int_equal(accepted, rows[i].accepted);
    }
}

static void what_a_field_may_hold_is_told(void **state)
{
    (void)state;
    static const struct {
        const struct policy_field *field;
        const char *told;
    } rows[] = {
        {&text,   "a text of at least 2 of at most 4 characters"       },
        {&number, "a number from -2 to 10"                             },
        {&money,  "an amount to 500.00 CNY"                            },
        {&date,   "a date such as 2026-02-28 from 2024-02-29"          },
        {&mood,   "one of good, bad"                                   },
        {&photo,  "the hash of a file, sha256: and 64 small hex digits"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char told[256] = "";
        FILE *out = fmemopen(told, sizeof told, "w");
        policy_field_tell(rows[i].field, out);
        (void)fclose(out);
        assert_string_equal(told, rows[i].told);
    }
}

static void a_bundle_is_taken_apart_as_it_was_put_together(void **state)
{
    (void)state;
    static const struct policy_file files[] = {
        {"mine.yaml",       {(const uint8_t *)"policy: a\n", 10}},
        {"packs/base.yaml", {(const uint8_t *)"%file 3 x\n", 10}},
        {"empty.yaml",      {(const uint8_t *)"", 0}            },
    };
    enum { COUNT = sizeof files / sizeof *files };
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);
    policy_bundle_write(files, COUNT, out);
    (void)fclose(out);
    struct policy_file found[POLICY_FILES_MAX];
    uint32_t count = 0;
    assert_true(policy_bundle_split("name", slice_of(bundle, size), found, &count));
    assert_int_equal(count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_string_equal(found[i].name, files[i].name);
        assert_true(slice_equal(found[i].bytes, files[i].bytes));
    }
    for (size_t cut = 0; cut < size; cut++) {
        char *copy = malloc(cut + 1); /* its own, so that reading past the end is seen */
        memcpy(copy, bundle, cut);
        bool whole = policy_bundle_split("name", slice_of(copy, cut), found, &count);
        assert_true(!whole || count < COUNT);
        free(copy);
    }
    free(bundle);
    static const char *const bad[] = {"/etc/x", "../x", "a b", "", "a\\b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(policy_file_name_good(bad[i]));
    }
}

static size_t written(void (*write)(enum locale locale, FILE *out), enum locale locale)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    write(locale, out);
    (void)fclose(out);
    bool whole = true;
    for (size_t i = 0; language_parts[i] && write == policy_manual; i++) {
        whole = whole && strstr(bytes, language_parts[i]->name);
        for (size_t j = 0; j < language_parts[i]->key_count; j++) {
            whole = whole && strstr(bytes, language_parts[i]->keys[j].meaning[locale]);
        }
    }
    assert_true(whole);
    free(bytes);
    return size;
}

static void every_key_has_its_place_in_the_manual_in_three_languages(void **state)
{
    (void)state;
    for (int locale = 0; locale < LOCALE_COUNT; locale++) {
        assert_true(written(policy_manual, (enum locale)locale) > 5000);
        assert_true(written(policy_schema, (enum locale)locale) > 5000);
    }
    for (size_t i = 0; language_parts[i]; i++) {
        for (size_t j = 0; j < language_parts[i]->key_count; j++) {
            const struct language_key *key = &language_parts[i]->keys[j];
            for (int locale = 0; locale < LOCALE_COUNT; locale++) {
                assert_non_null(key->meaning[locale]);
            }
            assert_string_not_equal(key->meaning[LOCALE_EN], key->meaning[LOCALE_ZH_CN]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_takes_what_its_rules_say_and_nothing_else),
        cmocka_unit_test(what_a_field_may_hold_is_told),
        cmocka_unit_test(a_bundle_is_taken_apart_as_it_was_put_together),
        cmocka_unit_test(every_key_has_its_place_in_the_manual_in_three_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
