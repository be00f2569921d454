/* Steps and their actions: the life of a case as the organisation lives it. */
#include "policy_read.h"

POLICY_READER(read_action_queue)
{
    struct policy_action *action = into;
    action->to_queue = true;
    action->queue = POLICY_NONE;
    if (pair->value.kind != YAML_SCALAR || strcmp(pair->value.text, "by-routes") != 0) {
        action->queue = read_name(loading, &pair->value, names_of(loading, THING_QUEUE));
    }
}

void step_end(struct policy_loading *loading,
              const struct yaml_node *place,
              const struct yaml_node *map,
              void *into)
{
    (void)map;
    struct policy_step *step = into;
    loading->policy->other_handlers = loading->policy->other_handlers || step->other_handler;
    loading->policy->affine = loading->policy->affine || step->affinity_s > 0;
    step->closed = step->phase == PHASE_CLOSED;
    if (step->other_handler && step->affinity_s > 0) {
        complain(loading,
                 place,
                 "one of affinity and not-by-earlier-handler",
                 "the step is kept for whom it is not for");
    }
}

/* An action while it is read, and the steps it is for. */
struct shared_action {
    struct policy_action action; /* first: the table reads into it */
    uint64_t steps;              /* bit set; 0: all but the ends */
};

POLICY_READER(read_only_in)
{
    struct shared_action *shared = into;
    for (uint32_t i = 0; i < list_count(&pair->value); i++) {
        const struct yaml_node *item = list_item(&pair->value, i);
        uint16_t step = read_name(loading, item, names_of(loading, THING_STEP));
        shared->steps |= step == POLICY_NONE ? 0 : (uint64_t)1 << step;
    }
}

static void step_add(struct policy_loading *loading,
                     struct policy_step *step,
                     const struct policy_action *action,
                     const struct yaml_pair *row)
{
    if (policy_action_index(step, slice_text(action->id)) != POLICY_NONE) {
        return; /* the step's own comes first */
    }
    if (step->action_count == POLICY_ACTIONS_MAX) {
        complain(loading,
                 &row->key,
                 NULL,
                 "with '%s' the step '%s' would have more than %d actions",
                 action->id,
                 step->id,
                 POLICY_ACTIONS_MAX);
        return;
    }
    mark_row(loading, &step->actions[step->action_count], &row->key, &row->value);
    step->actions[step->action_count++] = *action;
}

/* The rows are steps of this loading: nobody else has them yet. */
static struct policy_step *steps_of(struct policy_loading *loading)
{
    struct policy_step *steps;
    memcpy(&steps, &loading->policy->steps, sizeof steps);
    return steps;
}

POLICY_READER(read_everywhere)
{
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_ACTIONS_MAX, "everywhere");
    struct shared_action *shared = loading_take(loading, &pair->key, count, sizeof *shared);
    struct policy_step *steps = steps_of(loading);
    for (uint32_t i = 0; i < count && shared; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        struct policy_action *action = &shared[i].action;
        read_id(loading, &row->key, action->id);
        read_part(loading, &row->key, &row->value, &language_everywhere, &shared[i]);
        title_complete(&action->title, action->id);
        for (uint16_t j = 0; j < loading->policy->step_count; j++) {
            bool named = (shared[i].steps >> j & 1U) != 0;
            if (named || (shared[i].steps == 0 && !steps[j].closed)) {
                step_add(loading, &steps[j], action, row);
            }
        }
    }
}
