/* The reference manual, out of the table of the language. */
#include "policy_manual.h"

#include "policy_language.h"

#include <inttypes.h>

enum manual_text {
    HEADING,
    INTRODUCTION,
    COLUMNS,
    REQUIRED,
    DEFAULT,
    FACTS,
    OR,
    MANUAL_TEXT_COUNT,
};

/* clang-format off */
static const char *const texts[MANUAL_TEXT_COUNT][LOCALE_COUNT] = {
    [HEADING] = {"The language of policies", "规则文件语言", "規則檔案語言"},
    [INTRODUCTION] = {
        "Keys are read in the order in which they stand here. A list of one may be written without "
        "brackets. A name is a-z, 0-9, '-', '_' and '.', at most 47 of them.",
        "键按此处的顺序读取。只有一项的列表可不写方括号。名字由 a-z、0-9、-、_、. 组成，最多 47 个字符。",
        "鍵依此處的順序讀取。只有一項的清單可不寫方括號。名字由 a-z、0-9、-、_、. 組成，最多 47 個字元。"},
    [COLUMNS] = {"| key | value | what it says |", "| 键 | 值 | 含义 |", "| 鍵 | 值 | 含義 |"},
    [REQUIRED] = {"required", "必写", "必寫"},
    [DEFAULT] = {"default", "默认", "預設"},
    [FACTS] = {"Facts", "事实", "事實"},
    [OR] = {" or ", " 或 ", " 或 "},
};
/* clang-format on */

static void value_tell(const struct language_key *key, enum locale locale, FILE *out)
{
    (void)fputs(language_kinds[key->kind].told[locale], out);
    if (key->kind == KIND_NUMBER) {
        (void)fprintf(out, " %" PRId64 " … %" PRId64, key->min, key->max);
    }
    if (key->thing != THING_NONE && !key->part && language_things[key->thing].what) {
        (void)fprintf(out, " `%s`", language_things[key->thing].what);
    }
    if (key->part) {
        (void)fprintf(out, " [%s](#%s)", key->part->name, key->part->name);
    }
    for (size_t i = 0; key->words && key->words[i]; i++) {
        const char *between = i > 0 ? ", " : key->kind == KIND_NAME ? texts[OR][locale] : " ";
        (void)fprintf(out, "%s`%s`", between, key->words[i]);
    }
}

static void key_tell(const struct language_key *key, enum locale locale, FILE *out)
{
    (void)fprintf(out, "| `%s` | ", key->name);
    value_tell(key, locale, out);
    if (key->required) {
        (void)fprintf(out, "; %s", texts[REQUIRED][locale]);
    }
    if (key->fallback) {
        (void)fprintf(out, "; %s `%s`", texts[DEFAULT][locale], key->fallback);
    }
    (void)fprintf(out, " | %s |\n", key->meaning[locale]);
}

static void facts_tell(enum locale locale, FILE *out)
{
    (void)fprintf(out, "\n## %s\n\n", texts[FACTS][locale]);
    const char *between = "";
    for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        const char *name = event_kind_name((enum event_kind)kind);
        if (name) {
            (void)fprintf(out, "%s`%s`", between, name);
            between = ", ";
        }
    }
    (void)fputc('\n', out);
}

void policy_manual(enum locale locale, FILE *out)
{
    (void)fprintf(out, "# %s\n\n%s\n", texts[HEADING][locale], texts[INTRODUCTION][locale]);
    for (size_t i = 0; language_parts[i]; i++) {
        const struct language_part *part = language_parts[i];
        (void)fprintf(out, "\n## %s\n\n%s\n\n", part->name, part->meaning[locale]);
        (void)fprintf(out, "%s\n| --- | --- | --- |\n", texts[COLUMNS][locale]);
        for (size_t j = 0; j < part->key_count; j++) {
            key_tell(&part->keys[j], locale, out);
        }
    }
    facts_tell(locale, out);
}
