/* The staff file of a drill. */
#include "ctl_drill_work.h"
#include "ctl_file.h"
#include "scope.h"
#include "yaml.h"

enum { STAFF_MEMORY_MAX = 8 * 1024 * 1024, MINUTES_MAX = 100000 };

struct staffing {
    struct yaml_source *yaml;
    const struct policy *policy;
    struct drill_staff *staff;
};

static bool
read_number(struct staffing *staffing, const struct yaml_node *node, long max, uint32_t *number)
{
    char *end = NULL;
    long value = node->kind == YAML_SCALAR ? strtol(node->text, &end, 10) : 0;
    if (!end || end == node->text || *end != '\0' || value < 1 || value > max) {
        yaml_complain(
            staffing->yaml, YAML_ERROR, node, NULL, "a whole number, 1 to %ld, is wanted", max);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

static void
add_queue(struct staffing *staffing, const struct yaml_node *node, struct drill_team *team)
{
    uint16_t queue = node->kind == YAML_SCALAR
                         ? policy_queue_index(staffing->policy, slice_text(node->text))
                         : POLICY_NONE;
    if (queue == POLICY_NONE) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "policy '%s' has no queue '%.40s'",
                      staffing->policy->name,
                      node->kind == YAML_SCALAR ? node->text : "");
    } else if (team->queue_count < DRILL_TEAM_QUEUES_MAX) {
        team->queues[team->queue_count++] = queue;
    }
}

static void
read_queues(struct staffing *staffing, const struct yaml_node *node, struct drill_team *team)
{
    if (node->kind != YAML_LIST) {
        add_queue(staffing, node, team);
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        add_queue(staffing, &node->items[i], team);
    }
}

static void
read_calendar(struct staffing *staffing, const struct yaml_node *node, struct drill_team *team)
{
    const struct policy *policy = staffing->policy;
    for (uint16_t i = 0; node->kind == YAML_SCALAR && i < policy->calendar_count; i++) {
        if (strcmp(policy->calendars[i].name, node->text) == 0) {
            team->calendar = &policy->calendars[i];
        }
    }
    if (!team->calendar) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      node,
                      "calendars are those of the policy",
                      "policy '%s' has no calendar '%.40s'",
                      policy->name,
                      node->kind == YAML_SCALAR ? node->text : "");
    }
}

static void
read_handling(struct staffing *staffing, const struct yaml_node *node, struct drill_team *team)
{
    uint32_t count = node->kind == YAML_LIST ? node->count : 1;
    if (count > DRILL_HANDLING_MAX) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      node,
                      NULL,
                      "at most %d handling times are wanted",
                      DRILL_HANDLING_MAX);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t minutes = 0;
        const struct yaml_node *item = node->kind == YAML_LIST ? &node->items[i] : node;
        if (read_number(staffing, item, MINUTES_MAX, &minutes)) {
            team->handling_s[team->handling_count++] = (int32_t)minutes * 60;
        }
    }
}

static void read_team(struct staffing *staffing, const struct yaml_node *node)
{
    struct drill_team *team = &staffing->staff->teams[staffing->staff->count];
    unsigned errors = staffing->yaml->errors;
    for (uint32_t i = 0; node->kind == YAML_MAP && i < node->count; i++) {
        const char *key = node->pairs[i].key.text;
        const struct yaml_node *value = &node->pairs[i].value;
        if (strcmp(key, "queue") == 0) {
            read_queues(staffing, value, team);
        } else if (strcmp(key, "agents") == 0) {
            (void)read_number(staffing, value, DRILL_AGENTS_MAX, &team->agents);
        } else if (strcmp(key, "calendar") == 0) {
            read_calendar(staffing, value, team);
        } else if (strcmp(key, "handling") == 0) {
            read_handling(staffing, value, team);
        } else {
            yaml_complain(staffing->yaml,
                          YAML_ERROR,
                          &node->pairs[i].key,
                          "queue, agents, calendar, handling",
                          "no key of a team is called \"%s\"",
                          key);
        }
    }
    bool whole = team->queue_count > 0 && team->agents > 0 && team->calendar;
    if (!whole && staffing->yaml->errors == errors) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      node,
                      "{queue: billing, agents: 12, calendar: office}",
                      "a team is wanted: queue, agents, calendar");
    }
    if (whole) {
        (void)snprintf(
            team->name, sizeof team->name, "%s", staffing->policy->queues[team->queues[0]].id);
        staffing->staff->count++;
    }
}

static void check_keys(struct staffing *staffing, const struct yaml_node *root)
{
    for (uint32_t i = 0; root->kind == YAML_MAP && i < root->count; i++) {
        const struct yaml_node *key = &root->pairs[i].key;
        if (strcmp(key->text, "staff") != 0 && strcmp(key->text, "teams") != 0) {
            yaml_complain(staffing->yaml,
                          YAML_ERROR,
                          key,
                          "staff, teams",
                          "no key of a staff file is called \"%s\"",
                          key->text);
        }
    }
}

static void read_root(struct staffing *staffing, const struct yaml_node *root)
{
    const struct yaml_pair *version = root->kind == YAML_MAP ? yaml_find(root, "staff") : NULL;
    const struct yaml_pair *teams = root->kind == YAML_MAP ? yaml_find(root, "teams") : NULL;
    if (!version || version->value.kind != YAML_SCALAR || strcmp(version->value.text, "1") != 0) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      version ? &version->value : root,
                      NULL,
                      "staff: 1 is wanted");
    }
    check_keys(staffing, root);
    if (!teams || teams->value.kind != YAML_LIST || teams->value.count == 0 ||
        teams->value.count > DRILL_TEAMS_MAX) {
        yaml_complain(staffing->yaml,
                      YAML_ERROR,
                      teams ? &teams->value : root,
                      NULL,
                      "teams: a list of 1 to %d is wanted",
                      DRILL_TEAMS_MAX);
        return;
    }
    for (uint32_t i = 0; i < teams->value.count; i++) {
        read_team(staffing, &teams->value.items[i]);
    }
}

int drill_staff_read(struct ctl *ctl,
                     const char *path,
                     const struct policy *policy,
                     struct drill_staff *staff)
{
    SCOPED(arena_free) struct arena *arena = arena_new(STAFF_MEMORY_MAX);
    SCOPED(ctl_file_done) struct ctl_file file = {0};
    if (!arena) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int code = ctl_file_read(ctl, path, YAML_SIZE_MAX, &file);
    if (code != CTL_OK) {
        return code;
    }
    struct yaml_source yaml = {
        .name = path, .bytes = slice_of(file.bytes, file.size), .out = ctl->err};
    struct staffing staffing = {&yaml, policy, staff};
    const struct yaml_node *root = yaml_read(&yaml, arena);
    if (root) {
        read_root(&staffing, root);
    }
    return root && yaml.errors == 0
               ? CTL_OK
               : ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_STAFF_BAD, CTL_ARGS(path));
}
