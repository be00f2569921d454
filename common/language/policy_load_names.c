/* The sections that only define names, where they need more than the table says. */
#include "policy_read.h"

/* A role that was named before is a fault of lists; the reader of YAML sees it in mappings. */
static void roles_differ(struct policy_loading *loading,
                         const struct yaml_node *node,
                         char (*roles)[POLICY_NAME_MAX],
                         uint32_t last)
{
    for (uint32_t i = 0; i < last; i++) {
        if (roles[last][0] && strcmp(roles[last], roles[i]) == 0) {
            complain(loading, node, NULL, "role '%s' stands here twice", roles[last]);
        }
    }
}

/* Names alone, or each with what is said of it. */
POLICY_READER(read_roles)
{
    struct policy *policy = into;
    const struct yaml_node *node = &pair->value;
    bool titled = node->kind == YAML_MAP;
    uint32_t count =
        read_count(loading, node, titled ? YAML_MAP : YAML_LIST, POLICY_ROLES_MAX, "roles");
    char(*roles)[POLICY_NAME_MAX] = loading_take(loading, node, count, sizeof *roles);
    struct policy_title *titles = loading_take(loading, node, count, sizeof *titles);
    if (node->kind != YAML_SCALAR && node->count == 0) {
        complain(loading, &pair->key, NULL, "roles: there has to be at least one");
    }
    for (uint32_t i = 0; i < count && roles && titles; i++) {
        const struct yaml_node *place = titled ? &node->pairs[i].key : &node->items[i];
        mark_row(loading, roles[i], place, place);
        read_id(loading, place, roles[i]);
        roles_differ(loading, place, roles, i);
        if (titled) {
            struct role_read role = {.outside = false};
            read_part(loading, place, &node->pairs[i].value, &language_role, &role);
            titles[i] = role.title;
            policy->outside |= (uint32_t)role.outside << i;
        }
        title_complete(&titles[i], roles[i]);
    }
    policy->roles = (const char(*)[POLICY_NAME_MAX])roles;
    policy->role_titles = titles;
    policy->role_count = (uint16_t)(roles && titles ? count : 0);
}

POLICY_READER(read_languages)
{
    static const char names[LOCALE_COUNT][POLICY_NAME_MAX] = {"en", "zh-CN", "zh-TW"};
    (void)into;
    loading->locales =
        read_name_set(loading,
                      &pair->value,
                      (struct policy_names){"language", names, POLICY_NAME_MAX, LOCALE_COUNT});
    const struct yaml_node *first =
        list_count(&pair->value) > 0 ? list_item(&pair->value, 0) : NULL;
    for (int i = 0; first && i < LOCALE_COUNT; i++) {
        loading->policy->home =
            strcmp(first->text, names[i]) == 0 ? (enum locale)i : loading->policy->home;
    }
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
