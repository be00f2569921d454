/* The sections that only define names, where they need more than the table says. */
#include "policy_read.h"

POLICY_READER(read_roles)
{
    (void)into;
    const struct yaml_node *list = &pair->value;
    uint32_t count = read_count(loading, list, YAML_LIST, POLICY_ROLES_MAX, "roles");
    char(*roles)[POLICY_NAME_MAX] = loading_take(loading, list, count, sizeof *roles);
    if (list->kind == YAML_LIST && list->count == 0) {
        complain(loading, &pair->key, NULL, "roles: there has to be at least one");
    }
    for (uint32_t i = 0; i < count && roles; i++) {
        mark_row(loading, roles[i], &list->items[i], &list->items[i]);
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

POLICY_READER(read_languages)
{
    static const char names[LOCALE_COUNT][POLICY_NAME_MAX] = {"en", "zh-CN", "zh-TW"};
    (void)into;
    loading->locales =
        read_name_set(loading,
                      &pair->value,
                      (struct policy_names){"language", names, POLICY_NAME_MAX, LOCALE_COUNT});
}

void class_begin(struct policy_loading *loading, const struct yaml_node *place, void *into)
{
    (void)loading;
    (void)place;
    ((struct policy_class *)into)->from_score = INT32_MIN;
}

/* Gravest first, so that the first threshold reached decides; the last takes every score. */
POLICY_READER(classes_check)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    const struct policy_class *classes = loading->policy->classes;
    for (uint32_t i = 0; classes && map->kind == YAML_MAP && i < map->count; i++) {
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
