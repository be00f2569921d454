/* Steps and their actions: the life of a case as the organisation lives it. */
#include "policy_read.h"

static const char *const phase_names[PHASE_COUNT] = {
    [PHASE_RECEIPT] = "receipt",
    [PHASE_ASSESSMENT] = "assessment",
    [PHASE_ASSIGNMENT] = "assignment",
    [PHASE_INVESTIGATION] = "investigation",
    [PHASE_SOLUTION] = "solution",
    [PHASE_APPROVAL] = "approval",
    [PHASE_CONSENT] = "consent",
    [PHASE_IMPLEMENTATION] = "implementation",
    [PHASE_REPLY] = "reply",
    [PHASE_FOLLOW_UP] = "follow-up",
    [PHASE_CLOSED] = "closed",
};

static void need_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_need *)into)->title);
}

static void action_needs(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title", true, need_title},
    };
    struct policy_action *action = into;
    uint32_t count = read_count(loading, &pair->value, YAML_MAP, POLICY_NEEDS_MAX, "needs");
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &pair->value.pairs[i];
        struct policy_need *need = &action->needs[i];
        read_id(loading, &row->key, need->field);
        read_map(loading, &row->key, &row->value, "a field", keys, KEY_COUNT(keys), need);
        title_complete(&need->title, need->field);
    }
    action->need_count = (uint16_t)count;
}

static void action_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_action *)into)->title);
}

static void action_fact(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_action *)into)->fact = read_action_fact(loading, &pair->value);
}

static void action_by(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_action *)into)->roles =
        read_name_set(loading, &pair->value, names_roles(loading->policy));
}

static void action_to(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_action *)into)->to_step =
        read_name(loading, &pair->value, names_steps(loading->policy));
}

static void action_queue(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct policy_action *action = into;
    action->to_queue = true;
    if (pair->value.kind == YAML_SCALAR && strcmp(pair->value.text, "by-routes") == 0) {
        return;
    }
    action->queue = read_name(loading, &pair->value, names_queues(loading->policy));
    if (action->queue != POLICY_NONE) {
        loading->queues_used[action->queue / 64] |= (uint64_t)1 << (action->queue % 64);
    }
}

static void
action_other_person(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_action *)into)->same_person_may_not = read_flag(loading, &pair->value);
}

/* The actions of a mapping; nodes[i] is the place of the i-th. */
static uint16_t actions_read(struct policy_loading *loading,
                             const struct yaml_node *map,
                             struct policy_action actions[POLICY_ACTIONS_MAX],
                             const struct yaml_node *nodes[POLICY_ACTIONS_MAX])
{
    static const struct policy_key keys[] = {
        {"title",               true,  action_title       },
        {"fact",                true,  action_fact        },
        {"by",                  true,  action_by          },
        {"to",                  false, action_to          },
        {"queue",               false, action_queue       },
        {"needs",               false, action_needs       },
        {"same-person-may-not", false, action_other_person},
    };
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_ACTIONS_MAX, "actions");
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        struct policy_action *action = &actions[i];
        *action = (struct policy_action){.to_step = POLICY_NONE, .queue = POLICY_NONE};
        nodes[i] = &row->key;
        read_id(loading, &row->key, action->id);
        read_map(loading, &row->key, &row->value, "an action", keys, KEY_COUNT(keys), action);
        title_complete(&action->title, action->id);
    }
    return (uint16_t)count;
}

static void step_actions(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct policy_step *step = into;
    size_t index = (size_t)(step - loading->policy->steps);
    step->action_count =
        actions_read(loading, &pair->value, step->actions, loading->action_nodes[index]);
}

static void step_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct policy_step *)into)->title);
}

static void step_phase(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    char rows[PHASE_COUNT][POLICY_NAME_MAX];
    for (int i = 0; i < PHASE_COUNT; i++) {
        (void)snprintf(rows[i], sizeof rows[i], "%s", phase_names[i]);
    }
    struct policy_step *step = into;
    uint16_t phase = read_name(
        loading, &pair->value, (struct policy_names){"phase", rows, POLICY_NAME_MAX, PHASE_COUNT});
    step->phase = phase == POLICY_NONE ? PHASE_RECEIPT : (enum phase)phase;
    step->closed = step->phase == PHASE_CLOSED;
}

static void step_owner(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_step *)into)->owner_role =
        read_name(loading, &pair->value, names_roles(loading->policy));
}

static void step_waits(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_step *)into)->waits_for_customer = read_flag(loading, &pair->value);
}

void read_steps(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title",              true,  step_title  },
        {"phase",              true,  step_phase  },
        {"owner",              true,  step_owner  },
        {"waits-for-customer", false, step_waits  },
        {"actions",            true,  step_actions},
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_STEPS_MAX, "steps");
    struct policy_step *steps = loading_take(loading, map, count, sizeof *steps);
    loading->step_nodes = loading_take(loading, map, count, sizeof *loading->step_nodes);
    if (!steps || !loading->step_nodes) {
        return;
    }
    /* All names first: an action may lead to a step that stands below. */
    for (uint32_t i = 0; i < count; i++) {
        loading->step_nodes[i] = &map->pairs[i].key;
        read_id(loading, &map->pairs[i].key, steps[i].id);
    }
    loading->policy->steps = steps;
    loading->steps = steps;
    loading->policy->step_count = (uint16_t)count;
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        read_map(loading, &row->key, &row->value, "a step", keys, KEY_COUNT(keys), &steps[i]);
        title_complete(&steps[i].title, steps[i].id);
    }
}

static void step_add(struct policy_loading *loading,
                     struct policy_step *step,
                     const struct policy_action *action,
                     const struct yaml_node *node)
{
    size_t index = (size_t)(step - loading->policy->steps);
    if (step->closed || policy_action_index(step, slice_text(action->id)) != POLICY_NONE) {
        return; /* the step's own comes first */
    }
    if (step->action_count == POLICY_ACTIONS_MAX) {
        complain(loading,
                 node,
                 NULL,
                 "with '%s' the step '%s' would have more than %d actions",
                 action->id,
                 step->id,
                 POLICY_ACTIONS_MAX);
        return;
    }
    loading->action_nodes[index][step->action_count] = node;
    step->actions[step->action_count++] = *action;
}

/* What may be done in every step that is no end. */
void read_everywhere(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    (void)into;
    const struct yaml_node *nodes[POLICY_ACTIONS_MAX];
    struct policy_action *actions =
        loading_take(loading, &pair->key, POLICY_ACTIONS_MAX, sizeof *actions);
    if (!actions) {
        return;
    }
    uint16_t count = actions_read(loading, &pair->value, actions, nodes);
    for (uint16_t i = 0; i < loading->policy->step_count; i++) {
        for (uint16_t j = 0; j < count; j++) {
            step_add(loading, &loading->steps[i], &actions[j], nodes[j]);
        }
    }
}
