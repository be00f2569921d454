/* Texts that replies are started from: written in every language, every variable one that has a
 * value where the text is used. */
#include "policy_read.h"
#include "policy_reply.h"
#include "policy_text.h"

enum {
    TEXT_BYTES_MAX = 4096, /* of a text in one language */
    VARIABLES_MAX = 128,   /* that a hint chooses from */
};

static const char *
says_read(struct policy_loading *loading, const struct yaml_node *node, const char *language)
{
    size_t size = node->kind == YAML_SCALAR ? strlen(node->text) : 0;
    while (size > 0 && node->text[size - 1] == '\n') {
        size--; /* a block in YAML ends with a line */
    }
    if (size == 0 || size > TEXT_BYTES_MAX) {
        complain(
            loading, node, NULL, "%s: expected a text of 1 to %d bytes", language, TEXT_BYTES_MAX);
        return NULL;
    }
    char *text = loading_take(loading, node, size + 1, 1);
    if (text) {
        memcpy(text, node->text, size);
    }
    return text;
}

POLICY_READER(read_text_says)
{
    struct policy_text *text = into;
    const struct yaml_node *node = &pair->value;
    const char *whole = node->kind == YAML_SCALAR ? says_read(loading, node, "says") : NULL;
    for (int i = 0; whole && i < LOCALE_COUNT; i++) {
        text->says.text[i] = whole;
    }
    uint32_t count =
        node->kind == YAML_SCALAR ? 0 : read_count(loading, node, YAML_MAP, LOCALE_COUNT, "says");
    for (uint32_t j = 0; j < count; j++) {
        const struct yaml_node *key = &node->pairs[j].key;
        enum locale locale = policy_locale_parse(slice_text(key->text));
        if (locale == LOCALE_COUNT) {
            complain(loading, key, "there are zh-CN, zh-TW, en", "no language '%.60s'", key->text);
        } else {
            text->says.text[locale] = says_read(loading, &node->pairs[j].value, key->text);
        }
    }
    for (int i = 0; count > 0 && i < LOCALE_COUNT; i++) {
        if (!text->says.text[i] && (loading->locales >> i & 1U)) {
            complain(loading,
                     &pair->key,
                     "whoever complains in it would be answered in another",
                     "text '%s' is not written in %s",
                     text->id,
                     policy_locale_name((enum locale)i));
        }
    }
    title_complete(&text->says, "");
}

/* ---- proofs ---- */

/* Where a language of the text stands. */
static const struct yaml_node *
says_place(const struct policy_loading *loading, const struct policy_text *text, enum locale locale)
{
    const struct policy_mark *mark = mark_of(loading, text);
    const struct yaml_pair *says = yaml_find(mark->map, "says");
    const struct yaml_pair *one = says && says->value.kind == YAML_MAP
                                      ? yaml_find(&says->value, policy_locale_name(locale))
                                      : NULL;
    return one ? &one->key : says ? &says->key : mark->place;
}

/* Written in this language itself, not taken from another. */
static bool is_written(const struct policy_text *text, enum locale locale)
{
    bool written = true;
    for (int i = 0; i < (int)locale; i++) {
        written = written && text->says.text[i] != text->says.text[locale];
    }
    return written;
}

static bool is_needed(const struct policy_action *action, struct slice name)
{
    const struct policy_need *need = policy_need_of(action, name);
    return need && !need->optional;
}

/* Some action that uses the text does not ask for the field; NULL: all do, or none uses it. */
static const struct policy_action *
without_field(const struct policy *policy, uint16_t text, struct slice name)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            if ((action->texts >> text & 1U) != 0 && !is_needed(action, name)) {
                return action;
            }
        }
    }
    return NULL;
}

static bool field_exists(const struct policy *policy, struct slice name)
{
    bool found = policy_field_index(policy, name) != POLICY_NONE;
    for (uint16_t i = 0; i < policy->step_count && !found; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count && !found; j++) {
            found = is_needed(&policy->steps[i].actions[j], name);
        }
    }
    return found;
}

static void variable_hint(const struct policy *policy, struct slice name, char hint[160])
{
    static char names[VARIABLES_MAX][POLICY_NAME_MAX];
    char wrong[POLICY_NAME_MAX];
    uint16_t count = 0;
    for (; policy_variable_names[count]; count++) {
        (void)snprintf(names[count], POLICY_NAME_MAX, "%s", policy_variable_names[count]);
    }
    for (uint16_t i = 0; i < policy->clock_count && count < VARIABLES_MAX; i++) {
        (void)snprintf(names[count++], POLICY_NAME_MAX, "due:%.40s", policy->clocks[i].id);
    }
    for (uint16_t i = 0; i < policy->field_count && count < VARIABLES_MAX; i++) {
        (void)snprintf(names[count++], POLICY_NAME_MAX, "%s", policy->fields[i].id);
    }
    (void)snprintf(wrong, sizeof wrong, "%.*s", (int)name.size, (const char *)name.bytes);
    hint_make(hint, wrong, (struct policy_names){"variable", names, POLICY_NAME_MAX, count});
}

/* Some action that uses the text asks for it as a personal field, or the policy calls it so. */
static bool is_personal(const struct policy *policy, uint16_t text, struct slice name)
{
    uint16_t field = policy_field_index(policy, name);
    bool personal = field != POLICY_NONE && policy->fields[field].personal;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            const struct policy_need *need = policy_need_of(action, name);
            personal = personal || ((action->texts >> text & 1U) != 0 && need && need->rules &&
                                    need->rules->personal);
        }
    }
    return personal;
}

static void prove_variable(struct policy_loading *loading,
                           uint16_t index,
                           const struct yaml_node *place,
                           const struct policy_text_piece *piece)
{
    const struct policy *policy = loading->policy;
    const char *id = policy->texts[index].id;
    int size = piece->text.size < POLICY_NAME_MAX ? (int)piece->text.size : POLICY_NAME_MAX - 1;
    const char *name = (const char *)piece->text.bytes;
    uint16_t found;
    enum policy_variable variable = policy_variable_of(policy, piece->text, &found);
    const struct policy_action *without =
        variable == VARIABLE_FIELD ? without_field(policy, index, piece->text) : NULL;
    bool unknown = variable == VARIABLE_NONE ||
                   (variable == VARIABLE_FIELD && !field_exists(policy, piece->text));
    char hint[160];
    if (piece->open) {
        complain(loading,
                 place,
                 "a brace itself is '{{'",
                 "text '%s': '{%.*s' has no end",
                 id,
                 size,
                 name);
    } else if (unknown) {
        variable_hint(policy, piece->text, hint);
        complain(loading, place, hint, "text '%s': there is no variable '{%.*s}'", id, size, name);
    } else if (variable == VARIABLE_FIELD && is_personal(policy, index, piece->text)) {
        complain(loading,
                 place,
                 NULL,
                 "text '%s': '{%.*s}' is personal: it is sealed, and no text can say it",
                 id,
                 size,
                 name);
    } else if (without) {
        complain(loading,
                 place,
                 "name it in the needs of that action",
                 "text '%s' says '{%.*s}', which the action '%s' does not need",
                 id,
                 size,
                 name,
                 without->id);
    }
}

/* What a reply may not say, and what it has to, in the text it is started from. */
static void prove_reply(struct policy_loading *loading,
                        const struct policy_text *text,
                        enum locale locale,
                        const struct yaml_node *place)
{
    struct policy_reply_fault fault = {0};
    struct error error = {0};
    if (!policy_reply_check(loading->policy,
                            slice_text(text->says.text[locale]),
                            loading->scratch,
                            &fault,
                            &error)) {
        complain(loading, place, NULL, "%s", error.text);
    } else if (fault.forbidden) {
        complain(loading,
                 place,
                 "see replies: forbidden-phrases",
                 "text '%s' would be refused as a reply: it says '%s'",
                 text->id,
                 fault.forbidden);
    } else if (fault.lacking) {
        warn(loading,
             place,
             "see replies: parts; unless a field that is filled in says it",
             "text '%s' would be refused as a reply: it lacks '%s'",
             text->id,
             fault.lacking->id);
    }
}

/* Whether an action names it, and whether one of those is a written reply. */
static bool text_used(const struct policy *policy, uint16_t index, bool *replies)
{
    bool used = false;
    *replies = false;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            bool names = (action->texts >> index & 1U) != 0;
            used = used || names;
            *replies = *replies || (names && action->fact == EVENT_REPLIED);
        }
    }
    return used;
}

static void
prove_language(struct policy_loading *loading, uint16_t index, enum locale locale, bool replies)
{
    const struct policy_text *text = &loading->policy->texts[index];
    const struct yaml_node *place = says_place(loading, text, locale);
    const char *at = text->says.text[locale];
    struct policy_text_piece piece;
    while (policy_text_next(&at, &piece)) {
        if (piece.variable) {
            prove_variable(loading, index, place, &piece);
        }
    }
    if (replies) {
        prove_reply(loading, text, locale, place);
    }
}

void policy_prove_texts(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    bool known = stands(loading, BASE_WAYS | BASE_FORMS | BASE_TEXTS);
    for (uint16_t i = 0; known && i < policy->text_count; i++) {
        const struct policy_text *text = &policy->texts[i];
        const struct yaml_node *name = mark_of(loading, text)->place;
        bool replies;
        if (!text_used(policy, i, &replies) && !is_of_pack(loading, name)) {
            warn(loading, name, "texts: [...], in an action", "no action uses text '%s'", text->id);
        }
        for (int j = 0; j < LOCALE_COUNT; j++) {
            if (is_written(text, (enum locale)j)) {
                prove_language(loading, i, (enum locale)j, replies);
            }
        }
    }
}
