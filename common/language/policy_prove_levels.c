/* What can be proved of the levels of a clock: each on its side of the due time, in the order in
 * which they come, and one of them the breach.  See policy_load.h. */
#include "policy_read.h"

/* A level's distance from the due time in the unit it can be compared in. */
struct level_place {
    enum { IN_PERCENT, IN_ELAPSED, IN_BUSINESS, IN_DAYS } unit;
    int64_t value;
};

static struct level_place level_place(const struct policy_clock *clock,
                                      const struct policy_level *level)
{
    switch (level->offset) {
    case OFFSET_ELAPSED:
        return (struct level_place){IN_ELAPSED, level->value * 100};
    case OFFSET_BUSINESS:
        return (struct level_place){IN_BUSINESS, level->value * 100};
    case OFFSET_DAYS:
        return (struct level_place){IN_DAYS, level->value * 100};
    case OFFSET_PERCENT:
        break;
    }
    int64_t over = level->value - 100;
    switch (clock->target) {
    case TARGET_ELAPSED:
        return (struct level_place){IN_ELAPSED, over * clock->target_s};
    case TARGET_BUSINESS:
        return (struct level_place){IN_BUSINESS, over * clock->target_s};
    case TARGET_BUSINESS_DAYS:
    case TARGET_PROMISED:
        break;
    }
    return (struct level_place){IN_PERCENT, over};
}

/* On its side of the due time. */
static bool level_placed(struct policy_loading *loading,
                         const struct yaml_node *node,
                         enum level_action action,
                         int64_t place)
{
    bool late = action == LEVEL_WARN && place >= 0;
    bool early = action == LEVEL_ESCALATE && place <= 0;
    if (late) {
        complain(loading, node, NULL, "a warning comes before the due time");
    }
    if (early) {
        complain(loading, node, NULL, "an escalation comes after the due time");
    }
    return !late && !early;
}

void prove_levels(struct policy_loading *loading, uint16_t index)
{
    const struct policy_clock *clock = &loading->policy->clocks[index];
    unsigned breaches = 0;
    bool placed = true;
    for (uint16_t i = 0; i < clock->level_count; i++) {
        const struct yaml_node *node = loading->level_nodes[index][i];
        breaches += clock->levels[i].action == LEVEL_BREACH;
        struct level_place here = level_place(clock, &clock->levels[i]);
        bool placed_before = placed;
        placed = level_placed(loading, node, clock->levels[i].action, here.value);
        if (i == 0 || !placed || !placed_before) {
            continue;
        }
        struct level_place before = level_place(clock, &clock->levels[i - 1]);
        bool same_side =
            (before.value < 0) == (here.value < 0) && before.value != 0 && here.value != 0;
        if (same_side && before.unit != here.unit) {
            complain(loading,
                     node,
                     "use percent, hours or business hours for both",
                     "it cannot be proved that this level comes after the one before");
        } else if (same_side ? before.value >= here.value : (before.value > 0 || here.value < 0)) {
            complain(loading, node, NULL, "levels stand in the order in which they come due");
        }
    }
    if (breaches != 1) {
        complain(loading,
                 loading->clock_nodes[index],
                 "- {breach: due, notify: …}",
                 "clock '%s' has %u breach levels; it needs exactly one",
                 clock->id,
                 breaches);
    }
}
