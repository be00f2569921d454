/* Names that have to be defined somewhere: looked up with a hint when they are not. */
#include "fault.h"
#include "policy_read.h"

struct policy_names names_steps(const struct policy *policy)
{
    return (struct policy_names){
        "step", policy->steps, sizeof(struct policy_step), policy->step_count};
}

struct policy_names names_roles(const struct policy *policy)
{
    return (struct policy_names){"role", policy->roles, POLICY_NAME_MAX, policy->role_count};
}

/* A name that was refused where it is defined. */
static bool has_unread(struct policy_names names)
{
    bool unread = false;
    const char *row = names.rows;
    for (uint16_t i = 0; i < names.count; i++, row += names.stride) {
        unread = unread || !row[0];
    }
    return unread;
}

uint16_t
read_name(struct policy_loading *loading, const struct yaml_node *node, struct policy_names names)
{
    const char *row = names.rows;
    for (uint16_t i = 0; i < names.count; i++, row += names.stride) {
        if (node->kind == YAML_SCALAR && strcmp(row, node->text) == 0) {
            return i;
        }
    }
    if (names.count == 0 && loading->source->errors > 0) {
        loading->shaken |= loading->base; /* the section of these names has been complained of */
        return POLICY_NONE;
    }
    char hint[160];
    bool near = hint_make(hint, node->text, names);
    if (!near && loading->source->errors > 0 && has_unread(names)) {
        loading->shaken |= loading->base; /* it may be the one that could not be read */
        return POLICY_NONE;
    }
    if (node->kind == YAML_SCALAR) {
        complain(loading, node, hint, "no %s '%.60s'", fault_text(names.what), node->text);
    } else {
        complain(loading, node, hint, "expected the name of a %s", fault_text(names.what));
    }
    return POLICY_NONE;
}

uint32_t read_name_set(struct policy_loading *loading,
                       const struct yaml_node *node,
                       struct policy_names names)
{
    uint32_t set = 0;
    if (list_count(node) == 0) {
        complain(
            loading, node, NULL, "an empty list: name at least one %s", fault_text(names.what));
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        uint16_t index = read_name(loading, list_item(node, i), names);
        set |= index < 32 ? 1U << index : 0;
    }
    return set;
}

/* All facts of dispatch that a person brings about; the others are the system's own. */
static bool fact_is_of_action(enum event_kind kind)
{
    return kind >= EVENT_ACKNOWLEDGED && kind <= EVENT_TASK_DONE && kind != EVENT_ESCALATED;
}

/* What dispatch, triage and intake record; a clock cannot start at a clock. */
static bool fact_is_of_case(enum event_kind kind)
{
    return kind >= EVENT_RECEIVED && kind <= EVENT_TASK_DONE && kind != EVENT_ESCALATED;
}

static enum event_kind read_fact(struct policy_loading *loading,
                                 const struct yaml_node *node,
                                 bool (*fits)(enum event_kind kind))
{
    char rows[EVENT_KIND_COUNT][POLICY_NAME_MAX];
    uint16_t count = 0;
    for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        const char *name = event_kind_name((enum event_kind)kind);
        if (name && fits((enum event_kind)kind)) {
            if (node->kind == YAML_SCALAR && strcmp(name, node->text) == 0) {
                return (enum event_kind)kind;
            }
            (void)snprintf(rows[count++], POLICY_NAME_MAX, "%s", name);
        }
    }
    char hint[160];
    hint_make(hint, node->text, (struct policy_names){"fact", rows, POLICY_NAME_MAX, count});
    complain(loading, node, hint, "'%.60s' is no fact that can be used here", node->text);
    return EVENT_NONE;
}

enum event_kind read_action_fact(struct policy_loading *loading, const struct yaml_node *node)
{
    return read_fact(loading, node, fact_is_of_action);
}

void read_facts(struct policy_loading *loading, const struct yaml_node *node, uint64_t set[2])
{
    for (uint32_t i = 0; i < list_count(node); i++) {
        enum event_kind kind = read_fact(loading, list_item(node, i), fact_is_of_case);
        if (kind != EVENT_NONE) {
            set[kind / 64] |= (uint64_t)1 << (kind % 64);
        }
    }
}
