/* Rules: what they look at, and what has to hold of routes together. */
#include "fault.h"
#include "policy_read.h"

POLICY_READER(read_when_patterns)
{
    struct policy_when *when = into;
    uint32_t count = list_count(&pair->value);
    char(*patterns)[POLICY_NAME_MAX] = loading_take(loading, &pair->value, count, sizeof *patterns);
    if (!patterns) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t index =
            read_name(loading, list_item(&pair->value, i), names_of(loading, THING_PATTERN));
        if (index != POLICY_NONE) {
            loading->pattern_used[index] = true;
            memcpy(patterns[i], loading->pattern_ids[index], POLICY_NAME_MAX);
        }
    }
    when->patterns = (const char(*)[POLICY_NAME_MAX])patterns;
    when->pattern_count = (uint16_t)count;
}

void when_end(struct policy_loading *loading,
              const struct yaml_node *place,
              const struct yaml_node *map,
              void *into)
{
    (void)place;
    (void)into;
    if (map->count == 0) {
        complain(loading, map, "leave 'when' out if it is always so", "an empty condition");
    }
}

void read_when(struct policy_loading *loading,
               const struct yaml_node *node,
               unsigned allowed,
               const char *what,
               struct policy_when *when)
{
    read_part(loading, node, node, &language_clock_when, when);
    for (uint32_t i = 0; allowed == WHEN_CHANNELS && node->kind == YAML_MAP && i < node->count;
         i++) {
        const struct yaml_node *key = &node->pairs[i].key;
        if (strcmp(key->text, "channels") != 0) {
            complain(loading,
                     key,
                     "it is not known yet, or not any more, where this is decided",
                     "%s cannot look at %s",
                     fault_text(what),
                     key->text);
        }
    }
}

POLICY_READER(routes_check)
{
    (void)into;
    const struct yaml_node *list = &pair->value;
    for (uint32_t i = 0; list->kind == YAML_LIST && i < list->count; i++) {
        const struct yaml_node *item = &list->items[i];
        bool fits_all = !yaml_find(item, "when");
        if (item->kind == YAML_MAP && fits_all != (i + 1 == list->count)) {
            complain(loading,
                     item,
                     "the last route, and only that, has no 'when'",
                     fits_all ? "the routes after this one are never looked at"
                              : "a case that fits no route would have no queue");
        }
    }
}
