/* More time for a clock, and what has to come before it. */
#include "policy_read.h"

POLICY_READER(extension_by)
{
    struct policy_clock *clock = into;
    struct policy_target more = {.target = TARGET_ELAPSED};
    target_within(loading, pair, &more);
    if (more.target != clock->target) {
        complain(loading, &pair->value, NULL, "more time is given in the unit of 'within'");
    }
    clock->extension.by_s = more.target_s;
    clock->extension.by_days = more.target_days;
}

POLICY_READER(extension_to)
{
    struct policy_clock *clock = into;
    extension_by(loading, pair, into);
    if (clock->extension.by_s + clock->extension.by_days <= clock->target_s + clock->target_days) {
        complain(loading, &pair->value, NULL, "this is not later than 'within'");
        return;
    }
    clock->extension.by_s -= clock->target_s;
    clock->extension.by_days -= clock->target_days;
}

POLICY_READER(extension_times)
{
    ((struct policy_clock *)into)->extension.times =
        (uint8_t)read_number(loading, &pair->value, 1, 20);
}

POLICY_READER(extension_reason)
{
    ((struct policy_clock *)into)->extension.needs_reason = read_flag(loading, &pair->value);
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
    struct policy_extension *extension = &((struct policy_clock *)into)->extension;
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
