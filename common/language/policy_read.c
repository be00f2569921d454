/* Readers for the kinds of value a policy is made of; see policy_read.h. */
#include "policy_read.h"

#include "fault.h"
#include "near.h"
#include "policy_text.h"

#include <stdarg.h>

enum { COMPLAINT_MAX = 400 };

__attribute__((format(printf, 5, 0))) static void complain_as(struct policy_loading *loading,
                                                              enum yaml_grade grade,
                                                              const struct yaml_node *node,
                                                              const char *hint,
                                                              const char *format,
                                                              va_list arguments)
{
    char text[COMPLAINT_MAX];
    (void)vsnprintf(text, sizeof text, fault_text(format), arguments);
    yaml_complain(loading->source, grade, node, hint, "%s", text);
}

void complain(struct policy_loading *loading,
              const struct yaml_node *node,
              const char *hint,
              const char *format,
              ...)
{
    loading->shaken |= loading->base;
    va_list arguments;
    va_start(arguments, format);
    complain_as(loading, YAML_ERROR, node, hint, format, arguments);
    va_end(arguments);
}

void warn(struct policy_loading *loading,
          const struct yaml_node *node,
          const char *hint,
          const char *format,
          ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_as(loading, YAML_WARNING, node, hint, format, arguments);
    va_end(arguments);
}

void *loading_take(struct policy_loading *loading,
                   const struct yaml_node *node,
                   size_t count,
                   size_t size)
{
    size_t all = (count + 1) * size;
    void *memory = arena_take(loading->arena, all);
    static const struct yaml_node start = {.line = 1, .column = 1, .width = 1};
    if (!memory) {
        loading->shaken = BASE_ALL;
        complain(loading, node ? node : &start, NULL, "the policy needs too much memory");
        return NULL;
    }
    memset(memory, 0, all);
    return memory;
}

uint32_t read_count(struct policy_loading *loading,
                    const struct yaml_node *node,
                    enum yaml_kind kind,
                    uint32_t max,
                    const char *what)
{
    static const char *const kinds[] = {"a text", "a list", "a mapping (name: …)"};
    if (node->kind != kind) {
        complain(loading, node, NULL, "%s: expected %s", what, fault_text(kinds[kind]));
        return 0;
    }
    if (node->count > max) {
        complain(loading, node, NULL, "%s: %u, but at most %u", what, node->count, max);
        return 0;
    }
    return node->count;
}

static void hint_list(char hint[160], struct policy_names names)
{
    size_t at = (size_t)snprintf(
        hint, 160, "%s", names.count == 1 ? fault_text("there is ") : fault_text("there are "));
    const char *comma = "";
    const char *row = names.rows;
    for (uint16_t i = 0; i < names.count && at < 160; i++, row += names.stride) {
        if (row[0]) {
            at += (size_t)snprintf(hint + at, 160 - at, "%s%s", comma, row);
            comma = fault_text(", ");
        }
    }
    if (at >= 160) {
        hint[0] = '\0';
    }
}

bool hint_make(char hint[160], const char *wrong, struct policy_names names)
{
    hint[0] = '\0';
    size_t best = near_enough(wrong);
    const char *row = names.rows;
    for (uint16_t i = 0; i < names.count; i++, row += names.stride) {
        size_t distance = near_distance(wrong, row);
        if (distance <= best && (distance < best || !hint[0])) {
            best = distance;
            (void)snprintf(hint, 160, fault_text("did you mean '%s'?"), row);
        }
    }
    bool near = hint[0] != '\0';
    if (!near && names.count > 0 && names.count <= 12) {
        hint_list(hint, names);
    }
    return near;
}

void read_id(struct policy_loading *loading, const struct yaml_node *node, char id[POLICY_NAME_MAX])
{
    const char *text = node->text;
    size_t size = strlen(text);
    bool good = node->kind == YAML_SCALAR && size > 0 && size < POLICY_NAME_MAX;
    for (size_t i = 0; i < size && good; i++) {
        bool word = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        good = word || (i > 0 && (text[i] == '-' || text[i] == '_' || text[i] == '.'));
    }
    if (!good) {
        complain(loading,
                 node,
                 "what people read goes into title",
                 "'%.60s' is no name: a-z, 0-9, '-', '_' and '.', at most %d",
                 text,
                 POLICY_NAME_MAX - 1);
        return;
    }
    (void)snprintf(id, POLICY_NAME_MAX, "%s", text);
}

static const char *read_text(struct policy_loading *loading, const struct yaml_node *node)
{
    size_t size = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
    if (size == 0 || size > POLICY_TEXT_MAX) {
        complain(loading, node, NULL, "expected a text of 1 to %d bytes", POLICY_TEXT_MAX);
        return NULL;
    }
    return arena_copy(loading->arena, node->text, size + 1);
}

void read_title(struct policy_loading *loading,
                const struct yaml_pair *pair,
                struct policy_title *title)
{
    const struct yaml_node *node = &pair->value;
    if (node->kind == YAML_SCALAR) {
        const char *text = read_text(loading, node);
        for (int i = 0; i < LOCALE_COUNT; i++) {
            title->text[i] = text;
        }
        return;
    }
    uint32_t count = read_count(loading, node, YAML_MAP, LOCALE_COUNT, fault_text("a title"));
    for (uint32_t j = 0; j < count; j++) {
        const struct yaml_node *name = &node->pairs[j].key;
        enum locale locale = policy_locale_parse(slice_text(name->text));
        if (locale < LOCALE_COUNT) {
            title->text[locale] = read_text(loading, &node->pairs[j].value);
        } else {
            complain(loading, name, "there are zh-CN, zh-TW, en", "no language '%s'", name->text);
        }
    }
    for (int i = 0; i < LOCALE_COUNT; i++) {
        if (!title->text[i] && (loading->locales >> i & 1U)) {
            warn(loading, &pair->key, NULL, "no text in %s", policy_locale_name((enum locale)i));
        }
    }
}

bool title_given(const struct policy_title *title)
{
    return title->text[LOCALE_EN] || title->text[LOCALE_ZH_CN] || title->text[LOCALE_ZH_TW];
}

void title_complete(struct policy_title *title, const char *id)
{
    static const enum locale instead[LOCALE_COUNT][LOCALE_COUNT] = {
        [LOCALE_EN] = {LOCALE_EN,    LOCALE_ZH_CN, LOCALE_ZH_TW},
        [LOCALE_ZH_CN] = {LOCALE_ZH_CN, LOCALE_ZH_TW, LOCALE_EN   },
        [LOCALE_ZH_TW] = {LOCALE_ZH_TW, LOCALE_ZH_CN, LOCALE_EN   },
    };
    const struct policy_title written = *title;
    for (int i = 0; i < LOCALE_COUNT; i++) {
        title->text[i] = NULL;
        for (int j = 0; j < LOCALE_COUNT && !title->text[i]; j++) {
            title->text[i] = written.text[instead[i][j]];
        }
        title->text[i] = title->text[i] ? title->text[i] : id;
    }
}

bool read_flag(struct policy_loading *loading, const struct yaml_node *node)
{
    bool yes = node->kind == YAML_SCALAR &&
               (strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0);
    bool no = node->kind == YAML_SCALAR &&
              (strcmp(node->text, "no") == 0 || strcmp(node->text, "false") == 0);
    if (!yes && !no) {
        complain(loading, node, NULL, "expected yes or no");
    }
    return yes;
}

int64_t
read_number(struct policy_loading *loading, const struct yaml_node *node, int64_t min, int64_t max)
{
    char *end = NULL;
    long long value = strtoll(node->text, &end, 10);
    bool plain = node->text[0] == '-' || (node->text[0] >= '0' && node->text[0] <= '9');
    if (node->kind != YAML_SCALAR || !plain || *end || value < min || value > max) {
        complain(loading,
                 node,
                 NULL,
                 "expected a whole number from %lld to %lld",
                 (long long)min,
                 (long long)max);
        return min;
    }
    return value;
}

uint32_t list_count(const struct yaml_node *node)
{
    return node->kind == YAML_LIST ? node->count : 1;
}

const struct yaml_node *list_item(const struct yaml_node *node, uint32_t i)
{
    return node->kind == YAML_LIST ? &node->items[i] : node;
}
