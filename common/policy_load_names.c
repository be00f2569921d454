/* The sections that only define names: roles, channels, queues, classes. */
#include "policy_read.h"

void read_roles(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    const struct yaml_node *list = &pair->value;
    uint32_t count = read_count(loading, list, YAML_LIST, POLICY_ROLES_MAX, "roles");
    char(*roles)[POLICY_NAME_MAX] = loading_take(loading, list, count, sizeof *roles);
    for (uint32_t i = 0; i < count && roles; i++) {
        read_id(loading, &list->items[i], roles[i]);
        for (uint32_t j = 0; j < i; j++) {
            if (roles[i][0] && strcmp(roles[i], roles[j]) == 0) {
                complain(loading, &list->items[i], NULL, "role '%s' stands here twice", roles[i]);
            }
        }
    }
    loading->policy->roles = (const char(*)[POLICY_NAME_MAX])roles;
    loading->policy->role_count = (uint16_t)(roles ? count : 0);
}

static void channel_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_channel *)into)->title);
}

static void
channel_receipt(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_channel *)into)->acknowledged_by_receipt = read_flag(loading, &pair->value);
}

void read_channels(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title",                   true,  channel_title  },
        {"acknowledged-by-receipt", false, channel_receipt},
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CHANNELS_MAX, "channels");
    struct policy_channel *channels = loading_take(loading, map, count, sizeof *channels);
    for (uint32_t i = 0; i < count && channels; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        read_id(loading, &row->key, channels[i].id);
        read_map(loading, &row->key, &row->value, "a channel", keys, KEY_COUNT(keys), &channels[i]);
        title_complete(&channels[i].title, channels[i].id);
    }
    loading->policy->channels = channels;
    loading->policy->channel_count = (uint16_t)(channels ? count : 0);
}

static void queue_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_queue *)into)->title);
}

void read_queues(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title", true, queue_title},
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_QUEUES_MAX, "queues");
    struct policy_queue *queues = loading_take(loading, map, count, sizeof *queues);
    loading->queue_nodes = loading_take(loading, map, count, sizeof *loading->queue_nodes);
    for (uint32_t i = 0; i < count && queues && loading->queue_nodes; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        loading->queue_nodes[i] = &row->key;
        read_id(loading, &row->key, queues[i].id);
        read_map(loading, &row->key, &row->value, "a queue", keys, KEY_COUNT(keys), &queues[i]);
        title_complete(&queues[i].title, queues[i].id);
    }
    loading->policy->queues = queues;
    loading->policy->queue_count = (uint16_t)(queues && loading->queue_nodes ? count : 0);
}

static void class_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_class *)into)->title);
}

static void class_from(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_class *)into)->from_score =
        (int32_t)read_number(loading, &pair->value, -100000, 100000);
}

static void class_priority(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_class *)into)->priority = (uint8_t)read_number(loading, &pair->value, 1, 5);
}

/* Gravest first, so that the first threshold reached decides; the last takes every score. */
static void classes_check(struct policy_loading *loading,
                          const struct yaml_node *map,
                          const struct policy_class *classes)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        bool last = i + 1 == map->count;
        bool open = classes[i].from_score == INT32_MIN;
        if (row->value.kind != YAML_MAP) {
            continue;
        }
        if (last && !open) {
            complain(loading,
                     &yaml_find(&row->value, "from")->key,
                     "leave 'from' out: the last class takes every score",
                     "a score below %d would have no class",
                     classes[i].from_score);
        } else if (!last && open) {
            complain(loading, &row->key, NULL, "class '%s' lacks 'from'", row->key.text);
        } else if (i > 0 && !open && classes[i].from_score >= classes[i - 1].from_score) {
            complain(loading,
                     &row->key,
                     "the gravest class comes first, with the highest 'from'",
                     "class '%s' can never be reached",
                     row->key.text);
        }
    }
}

void read_classes(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title",    true,  class_title   },
        {"from",     false, class_from    },
        {"priority", true,  class_priority},
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CLASSES_MAX, "classes");
    struct policy_class *classes = loading_take(loading, map, count, sizeof *classes);
    if (!classes || count == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        classes[i].from_score = INT32_MIN;
        read_id(loading, &row->key, classes[i].id);
        read_map(loading, &row->key, &row->value, "a class", keys, KEY_COUNT(keys), &classes[i]);
        title_complete(&classes[i].title, classes[i].id);
    }
    classes_check(loading, map, classes);
    loading->policy->classes = classes;
    loading->policy->class_count = (uint16_t)count;
}
