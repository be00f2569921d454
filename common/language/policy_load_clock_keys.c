/* What the keys of one clock have to do with each other. */
#include "policy_read.h"

/* What is promised for an instant does not move: no pauses, no other targets, no more time. */
static void check_promise(struct policy_loading *loading, const struct yaml_pair *row)
{
    static const char *const others[] = {"within",
                                         "end-of-day",
                                         "roll",
                                         "targets",
                                         "extension",
                                         "pauses-for-customer",
                                         "pauses-in",
                                         "runs-in",
                                         "of-steps"};
    bool promised = yaml_find(&row->value, "due-field") != NULL;
    for (size_t i = 0; promised && i < sizeof others / sizeof *others; i++) {
        const struct yaml_pair *other = yaml_find(&row->value, others[i]);
        if (other) {
            complain(
                loading, &other->key, NULL, "'%s' and 'due-field' exclude each other", others[i]);
        }
    }
    if (row->value.kind == YAML_MAP && !promised && !yaml_find(&row->value, "within")) {
        complain(loading,
                 &row->key,
                 "within: 3 business days",
                 "a clock needs 'within', or 'due-field'");
    }
}

/* The law's time does not stand still because somebody waits. */
static void check_statutory(struct policy_loading *loading,
                            const struct yaml_pair *row,
                            const struct policy_clock *clock)
{
    static const char *const pauses[] = {"pauses-for-customer", "pauses-in", "runs-in"};
    for (size_t i = 0; clock->statutory && i < sizeof pauses / sizeof *pauses; i++) {
        const struct yaml_pair *pause = yaml_find(&row->value, pauses[i]);
        if (pause) {
            complain(loading,
                     &pause->key,
                     "another clock beside it, for the house's own time",
                     "a statutory clock never stands still: not with '%s'",
                     pauses[i]);
        }
    }
}

/* From when to when it runs is said in one way. */
static void check_life(struct policy_loading *loading,
                       const struct yaml_pair *row,
                       const struct policy_clock *read)
{
    const struct yaml_node *clock = &row->value;
    bool starts = yaml_find(clock, "starts") || yaml_find(clock, "starts-at-marks");
    bool stops = yaml_find(clock, "stops") || yaml_find(clock, "stops-at-marks");
    bool facts = starts || stops;
    bool both = starts && stops;
    bool steps = read->of_steps != 0;
    const struct yaml_pair *task = yaml_find(clock, "of-task");
    if (clock->kind == YAML_MAP && !both && !steps && !task) {
        complain(loading,
                 &row->key,
                 NULL,
                 "a clock needs 'starts' and 'stops', or 'of-steps', or 'of-task'");
    }
    if (steps && facts) {
        complain(loading, &row->key, NULL, "'of-steps' stands instead of 'starts' and 'stops'");
    }
    if (task && (facts || steps || read->rearm_marks != 0 || yaml_find(clock, "rearms-at"))) {
        complain(loading,
                 &task->key,
                 NULL,
                 "'of-task' stands instead of 'starts', 'stops', 'rearms-at' and 'of-steps'");
    }
}

void clock_keys_check(struct policy_loading *loading,
                      const struct yaml_pair *row,
                      const struct policy_clock *clock)
{
    check_life(loading, row, clock);
    check_promise(loading, row);
    check_statutory(loading, row, clock);
}
