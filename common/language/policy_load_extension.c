/* More time for a clock, and what has to come before it. */
#include "fault.h"
#include "policy_read.h"

/* Where an extension is read into. */
struct extension_place {
    struct policy_clock *clock;
    struct policy_extension *extension;
    bool further;
};

POLICY_READER(extension_by)
{
    const struct extension_place *place = into;
    struct policy_target more = {.target = TARGET_ELAPSED};
    target_within(loading, pair, &more);
    if (more.target != place->clock->target) {
        complain(loading, &pair->value, NULL, "more time is given in the unit of 'within'");
    }
    place->extension->by_s = more.target_s;
    place->extension->by_days = more.target_days;
}

POLICY_READER(extension_to)
{
    const struct extension_place *place = into;
    const struct policy_clock *clock = place->clock;
    int64_t before_s = clock->target_s;
    uint32_t before_days = clock->target_days;
    extension_by(loading, pair, into);
    if (place->further) { /* those before it are whole by now */
        const struct policy_extension *last = &clock->extension;
        for (uint16_t i = 0; i <= clock->further_count; last = &clock->further[i++]) {
            before_s += last->by_s * last->times;
            before_days += last->by_days * last->times;
        }
    }
    if (place->extension->by_s + place->extension->by_days <= before_s + before_days) {
        complain(loading,
                 &pair->value,
                 NULL,
                 place->further ? "this is not later than the extension before"
                                : "this is not later than 'within'");
        return;
    }
    place->extension->by_s -= before_s;
    place->extension->by_days -= before_days;
}

POLICY_READER(extension_times)
{
    ((struct extension_place *)into)->extension->times =
        (uint8_t)read_number(loading, &pair->value, 1, 20);
}

POLICY_READER(extension_reason)
{
    ((struct extension_place *)into)->extension->needs_reason = read_flag(loading, &pair->value);
}

static bool is_action(const struct policy *policy, const char *id)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        if (policy_action_index(&policy->steps[i], slice_text(id)) != POLICY_NONE) {
            return true;
        }
    }
    return false;
}

POLICY_READER(extension_after)
{
    struct policy_extension *extension = ((struct extension_place *)into)->extension;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        const struct yaml_node *item = list_item(&pair->value, i);
        if (i == POLICY_AFTER_MAX) {
            complain(loading, item, NULL, "more than %d actions", POLICY_AFTER_MAX);
            return;
        }
        read_id(loading, item, extension->after[extension->after_count++]);
        if (item->kind == YAML_SCALAR && !is_action(loading->policy, item->text)) {
            complain(loading, item, NULL, "no step has an action '%.40s'", item->text);
        }
    }
}

static void extension_read(struct policy_loading *loading,
                           const struct yaml_node *key,
                           const struct yaml_node *map,
                           struct extension_place place)
{
    place.extension->times = 1;
    read_part(loading, key, map, &language_extension, &place);
    bool by = yaml_find(map, "by") != NULL;
    bool to = yaml_find(map, "to") != NULL;
    if (map->kind == YAML_MAP && by == to) {
        complain(loading, key, "by: 20 business days", "how far: either 'by' or 'to'");
    }
}

POLICY_READER(extension_further)
{
    const struct extension_place *first = into;
    struct policy_clock *clock = first->clock;
    if (first->further) {
        complain(loading, &pair->key, NULL, "further extensions stand in one list");
        return;
    }
    uint32_t count =
        read_count(loading, &pair->value, YAML_LIST, POLICY_FURTHER_MAX, fault_text("extensions"));
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *item = &pair->value.items[i];
        struct extension_place place = {clock, &clock->further[i], true};
        extension_read(loading, item, item, place);
        clock->further_count = (uint16_t)(i + 1);
    }
}

void extension_first(struct policy_loading *loading,
                     const struct yaml_pair *pair,
                     struct policy_clock *clock)
{
    struct extension_place place = {clock, &clock->extension, false};
    extension_read(loading, &pair->key, &pair->value, place);
}
