/* Categories of any depth with their patterns, and the patterns that factors look at. */
#include "fault.h"
#include "policy_read.h"

static void
pattern_add(struct policy_loading *loading, const struct yaml_node *node, const char *id)
{
    if (node->kind != YAML_SCALAR || !node->text[0]) {
        complain(loading, node, NULL, "expected a pattern (a regular expression)");
    } else if (loading->pattern_count == POLICY_PATTERNS_MAX) {
        complain(loading, node, NULL, "more than %d patterns", POLICY_PATTERNS_MAX);
    } else {
        loading->pattern_nodes[loading->pattern_count] = node;
        loading->patterns[loading->pattern_count++] =
            (struct classify_pattern){.id = id, .regex = node->text, .line = node->line};
    }
}

static void
patterns_add(struct policy_loading *loading, const struct yaml_node *node, const char *id)
{
    if (node->kind == YAML_MAP || list_count(node) == 0) {
        complain(loading, node, NULL, "expected a pattern or a list of patterns");
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        pattern_add(loading, list_item(node, i), id);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than YAML_DEPTH_MAX, which yaml_read refuses */
static uint32_t categories_under(const struct yaml_node *map)
{
    uint32_t count = 0;
    for (uint32_t i = 0; map->kind == YAML_MAP && i < map->count; i++) {
        const struct yaml_pair *kinds = yaml_find(&map->pairs[i].value, "kinds");
        count += 1 + (kinds ? categories_under(&kinds->value) : 0);
    }
    return count;
}

/* Where a category is read into. */
struct category_place {
    struct policy_category *categories;
    uint16_t index;
};

POLICY_READER(read_category_title)
{
    struct category_place *place = into;
    read_title(loading, pair, &place->categories[place->index].title);
}

POLICY_READER(read_category_patterns)
{
    struct category_place *place = into;
    patterns_add(loading, &pair->value, place->categories[place->index].id);
}

static void categories_read(struct policy_loading *loading,
                            const struct yaml_node *map,
                            struct policy_category *categories,
                            uint16_t parent);

POLICY_READER(read_category_kinds)
{
    struct category_place *place = into;
    categories_read(loading, &pair->value, place->categories, place->index);
}

static void categories_read(struct policy_loading *loading,
                            const struct yaml_node *map,
                            struct policy_category *categories,
                            uint16_t parent)
{
    uint32_t count =
        read_count(loading, map, YAML_MAP, POLICY_CATEGORIES_MAX, fault_text("the taxonomy"));
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        struct category_place place = {categories, loading->policy->category_count};
        if (policy_category_index(loading->policy, slice_text(row->key.text)) != POLICY_NONE) {
            complain(loading, &row->key, NULL, "there is a category '%s' already", row->key.text);
        }
        struct policy_category *category = &categories[place.index];
        category->parent = parent;
        read_id(loading, &row->key, category->id);
        loading->policy->category_count++;
        mark_row(loading, category, &row->key, &row->value);
        read_part(loading, &row->key, &row->value, &language_category, &place);
        title_complete(&category->title, category->id);
    }
}

/* From so many on, looking through the list would be felt. */
enum { SLOTS_FROM = 32 };

static void slots_make(struct policy_loading *loading, const struct yaml_node *node)
{
    struct policy *policy = loading->policy;
    uint32_t slots = 64;
    while (slots < policy->category_count * 2U) {
        slots *= 2;
    }
    uint16_t *table = loading_take(loading, node, slots, sizeof *table);
    if (!table || policy->category_count < SLOTS_FROM) {
        return;
    }
    memset(table, 0xff, slots * sizeof *table);
    for (uint16_t i = 0; i < policy->category_count; i++) {
        uint32_t slot = policy_id_hash(slice_text(policy->categories[i].id)) & (slots - 1);
        while (table[slot] != POLICY_NONE) {
            slot = (slot + 1) & (slots - 1);
        }
        table[slot] = i;
    }
    policy->category_slots = table;
    policy->category_slot_mask = slots - 1;
}

POLICY_READER(read_taxonomy)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = categories_under(map);
    if (map->kind == YAML_MAP && count == 0) {
        complain(loading, &pair->key, NULL, "taxonomy: there has to be at least one");
    }
    if (count > POLICY_CATEGORIES_MAX) {
        complain(loading, &pair->key, NULL, "more than %d categories", POLICY_CATEGORIES_MAX);
        return;
    }
    struct policy_category *categories = loading_take(loading, map, count, sizeof *categories);
    if (!categories) {
        return;
    }
    loading->policy->categories = categories;
    categories_read(loading, map, categories, POLICY_NONE);
    slots_make(loading, map);
}

POLICY_READER(read_patterns)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CATEGORIES_MAX, "patterns");
    char(*ids)[POLICY_NAME_MAX] = loading_take(loading, map, count, sizeof *ids);
    loading->pattern_used = loading_take(loading, map, count, sizeof *loading->pattern_used);
    if (!ids || !loading->pattern_used) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        read_id(loading, &row->key, ids[i]);
        if (policy_category_index(loading->policy, slice_text(row->key.text)) != POLICY_NONE) {
            complain(loading, &row->key, NULL, "'%s' is a category, too", row->key.text);
        }
        patterns_add(loading, &row->value, ids[i]);
    }
    loading->pattern_ids = ids;
    loading->pattern_key_nodes = map;
    loading->pattern_id_count = (uint16_t)count;
}
