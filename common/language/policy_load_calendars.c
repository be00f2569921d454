/* The section calendars of a policy; calendar_yaml.c reads each. */
#include "calendar_read.h"

static void calendar_read(struct policy_loading *loading,
                          const struct yaml_pair *row,
                          struct calendar *calendar)
{
    char id[POLICY_NAME_MAX] = "";
    struct calendar_definition definition = {0};
    read_id(loading, &row->key, id);
    struct error error = {0};
    if (calendar_yaml_read(loading, &row->key, &row->value, &definition) && id[0] != '\0') {
        definition.name = id;
        if (definition.title) {
            title_complete(definition.title, id);
        }
        if (!calendar_compile(&definition,
                              loading->first_year,
                              loading->last_year,
                              loading->arena,
                              calendar,
                              &error)) {
            complain(loading, &row->key, NULL, "%s", error.text);
        }
    }
    memcpy(calendar->name, id, sizeof id);
}

void read_calendars(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CALENDARS_MAX, "calendars");
    struct calendar *calendars = loading_take(loading, map, count, sizeof *calendars);
    for (uint32_t i = 0; i < count && calendars; i++) {
        calendar_read(loading, &map->pairs[i], &calendars[i]);
    }
    loading->policy->calendars = calendars;
    loading->policy->calendar_count = (uint16_t)(calendars ? count : 0);
}
