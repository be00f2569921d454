/* Rules: what they look at, severity factors, overrides, routes. */
#include "policy_read.h"

/* Where a rule's condition is read into. */
struct when_place {
    struct policy_when *when;
    unsigned allowed;
    const char *what;
};

static bool part_allowed(struct policy_loading *loading,
                         const struct yaml_pair *pair,
                         const struct when_place *place,
                         enum when_part part)
{
    if ((place->allowed & part) == 0) {
        complain(loading,
                 &pair->key,
                 "it is not known yet, or not any more, where this is decided",
                 "%s cannot look at %s",
                 place->what,
                 pair->key.text);
    }
    return (place->allowed & part) != 0;
}

static void when_channels(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct when_place *place = into;
    if (part_allowed(loading, pair, place, WHEN_CHANNELS)) {
        place->when->channels =
            read_name_set(loading, &pair->value, names_channels(loading->policy));
    }
}

static void when_classes(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct when_place *place = into;
    if (part_allowed(loading, pair, place, WHEN_CLASSES)) {
        place->when->classes = read_name_set(loading, &pair->value, names_classes(loading->policy));
    }
}

static void
when_categories(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct when_place *place = into;
    uint32_t count = list_count(&pair->value);
    uint16_t *categories = loading_take(loading, &pair->value, count, sizeof *categories);
    if (!part_allowed(loading, pair, place, WHEN_CATEGORIES) || !categories) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *item = list_item(&pair->value, i);
        categories[i] = read_name(loading, item, names_categories(loading->policy));
    }
    place->when->categories = categories;
    place->when->category_count = (uint16_t)count;
}

static void when_repeats(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct when_place *place = into;
    if (part_allowed(loading, pair, place, WHEN_REPEATS)) {
        place->when->repeats_min = (uint16_t)read_number(loading, &pair->value, 1, 1000);
    }
}

static void when_patterns(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct when_place *place = into;
    uint32_t count = list_count(&pair->value);
    char(*patterns)[POLICY_NAME_MAX] = loading_take(loading, &pair->value, count, sizeof *patterns);
    if (!part_allowed(loading, pair, place, WHEN_PATTERNS) || !patterns) {
        return;
    }
    struct policy_names names = {
        "pattern", loading->pattern_ids, POLICY_NAME_MAX, loading->pattern_id_count};
    for (uint32_t i = 0; i < count; i++) {
        uint16_t index = read_name(loading, list_item(&pair->value, i), names);
        if (index != POLICY_NONE) {
            loading->pattern_used[index] = true;
            memcpy(patterns[i], loading->pattern_ids[index], POLICY_NAME_MAX);
        }
    }
    place->when->patterns = (const char(*)[POLICY_NAME_MAX])patterns;
    place->when->pattern_count = (uint16_t)count;
}

void read_when(struct policy_loading *loading,
               const struct yaml_node *node,
               unsigned allowed,
               const char *what,
               struct policy_when *when)
{
    static const struct policy_key keys[] = {
        {"channels",   false, when_channels  },
        {"classes",    false, when_classes   },
        {"categories", false, when_categories},
        {"repeats",    false, when_repeats   },
        {"patterns",   false, when_patterns  },
    };
    struct when_place place = {when, allowed, what};
    read_map(loading, node, node, "a condition", keys, KEY_COUNT(keys), &place);
    if (node->kind == YAML_MAP && node->count == 0) {
        complain(loading, node, "leave 'when' out if it is always so", "an empty condition");
    }
}

static void factor_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_factor *)into)->title);
}

static void factor_when(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    unsigned allowed = WHEN_CHANNELS | WHEN_CATEGORIES | WHEN_REPEATS | WHEN_PATTERNS;
    read_when(loading, &pair->value, allowed, "a factor", &((struct policy_factor *)into)->when);
}

static void factor_points(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_factor *)into)->points =
        (int16_t)read_number(loading, &pair->value, -1000, 1000);
}

void read_factors(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title",  true, factor_title },
        {"when",   true, factor_when  },
        {"points", true, factor_points},
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_FACTORS_MAX, "factors");
    struct policy_factor *factors = loading_take(loading, map, count, sizeof *factors);
    for (uint32_t i = 0; i < count && factors; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        read_id(loading, &row->key, factors[i].id);
        read_map(loading, &row->key, &row->value, "a factor", keys, KEY_COUNT(keys), &factors[i]);
        title_complete(&factors[i].title, factors[i].id);
    }
    loading->policy->factors = factors;
    loading->policy->factor_count = (uint16_t)(factors ? count : 0);
}

static void override_when(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    unsigned allowed = WHEN_CHANNELS | WHEN_CATEGORIES | WHEN_REPEATS | WHEN_PATTERNS;
    read_when(
        loading, &pair->value, allowed, "an override", &((struct policy_override *)into)->when);
}

static void override_class(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_override *)into)->class_index =
        read_name(loading, &pair->value, names_classes(loading->policy));
}

void read_overrides(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"when",  true, override_when },
        {"class", true, override_class},
    };
    (void)into;
    const struct yaml_node *list = &pair->value;
    uint32_t count = read_count(loading, list, YAML_LIST, POLICY_RULES_MAX, "overrides");
    struct policy_override *overrides = loading_take(loading, list, count, sizeof *overrides);
    for (uint32_t i = 0; i < count && overrides; i++) {
        const struct yaml_node *item = &list->items[i];
        read_map(loading, item, item, "an override", keys, KEY_COUNT(keys), &overrides[i]);
    }
    loading->policy->overrides = overrides;
    loading->policy->override_count = (uint16_t)(overrides ? count : 0);
}

static void route_when(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    unsigned allowed = WHEN_CHANNELS | WHEN_CLASSES | WHEN_CATEGORIES | WHEN_REPEATS;
    read_when(loading, &pair->value, allowed, "a route", &((struct policy_route *)into)->when);
}

static void route_queue(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    uint16_t queue = read_name(loading, &pair->value, names_queues(loading->policy));
    ((struct policy_route *)into)->queue = queue;
    if (queue != POLICY_NONE) {
        loading->queues_used[queue / 64] |= (uint64_t)1 << (queue % 64);
    }
}

void read_routes(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"when",  false, route_when },
        {"queue", true,  route_queue},
    };
    (void)into;
    const struct yaml_node *list = &pair->value;
    uint32_t count = read_count(loading, list, YAML_LIST, POLICY_RULES_MAX, "routes");
    struct policy_route *routes = loading_take(loading, list, count, sizeof *routes);
    for (uint32_t i = 0; i < count && routes; i++) {
        const struct yaml_node *item = &list->items[i];
        read_map(loading, item, item, "a route", keys, KEY_COUNT(keys), &routes[i]);
        bool fits_all = !yaml_find(item, "when");
        if (item->kind == YAML_MAP && fits_all != (i + 1 == count)) {
            complain(loading,
                     item,
                     "the last route, and only that, has no 'when'",
                     fits_all ? "the routes after this one are never looked at"
                              : "a case that fits no route would have no queue");
        }
    }
    loading->policy->routes = routes;
    loading->policy->route_count = (uint16_t)(routes ? count : 0);
}
