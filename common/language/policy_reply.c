#include "policy_reply.h"

#include "policy_read.h"

/* Phrases are compared as patterns see texts, so they are normalised once, here. */
static const char *const *
phrases_read(struct policy_loading *loading, const struct yaml_node *node, uint16_t *count)
{
    enum { PHRASES_MAX = 256 };
    uint32_t given = list_count(node);
    const char **phrases = given > 0 && given <= PHRASES_MAX
                               ? loading_take(loading, node, given, sizeof *phrases)
                               : NULL;
    if (!phrases) {
        complain(loading, node, NULL, "expected a list of 1 to %d phrases", PHRASES_MAX);
        return NULL;
    }
    for (uint32_t i = 0; i < given; i++) {
        const struct yaml_node *item = list_item(node, i);
        struct slice text = slice_text(item->kind == YAML_SCALAR ? item->text : "");
        struct slice normal = {0};
        struct error error = {0};
        if (!text_normalise(text, loading->scratch, &normal, &error) || normal.size == 0) {
            complain(loading, item, NULL, "expected a phrase");
            return NULL;
        }
        char *phrase = loading_take(loading, item, normal.size + 1, 1);
        if (!phrase) {
            return NULL;
        }
        memcpy(phrase, normal.bytes, normal.size);
        phrases[i] = phrase;
    }
    *count = (uint16_t)given;
    return phrases;
}

POLICY_READER(read_forbidden)
{
    (void)into;
    struct policy *policy = loading->policy;
    policy->forbidden = phrases_read(loading, &pair->value, &policy->forbidden_count);
}

POLICY_READER(read_part_phrases)
{
    struct policy_reply_part *part = into;
    part->phrases = phrases_read(loading, &pair->value, &part->count);
}

static bool contains(struct slice text, const char *phrase)
{
    return memmem(text.bytes, text.size, phrase, strlen(phrase)) != NULL;
}

static bool says(struct slice text, const struct policy_reply_part *part)
{
    bool said = false;
    for (uint16_t i = 0; i < part->count && !said; i++) {
        said = contains(text, part->phrases[i]);
    }
    return said;
}

bool policy_reply_check(const struct policy *policy,
                        struct slice reply,
                        struct arena *arena,
                        struct policy_reply_fault *fault,
                        struct error *error)
{
    struct slice normal = slice_text("");
    *fault = (struct policy_reply_fault){0};
    if (policy->forbidden_count == 0 && policy->reply_part_count == 0) {
        return true;
    }
    if (reply.size > 0 && !text_normalise(reply, arena, &normal, error)) {
        return false;
    }
    for (uint16_t i = 0; i < policy->forbidden_count && !fault->forbidden; i++) {
        fault->forbidden = contains(normal, policy->forbidden[i]) ? policy->forbidden[i] : NULL;
    }
    for (uint16_t i = 0; i < policy->reply_part_count && !fault->lacking; i++) {
        bool said = says(normal, &policy->reply_parts[i]);
        fault->lacking = said ? NULL : &policy->reply_parts[i];
    }
    return true;
}
