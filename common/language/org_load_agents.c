/* The people of an organisation. */
#include "org_read.h"
#include "utf8.h"

/* clang-format off */
#define MEANS(en, zh_cn, zh_tw) .meaning = {en, zh_cn, zh_tw}
#define KEYS(rows) .keys = (rows), .key_count = sizeof(rows) / sizeof *(rows)
/* clang-format on */

enum { DAY_S = 86400 };

struct agent_place {
    const struct org_reading *reading;
    struct org_agent *agent;
};

uint16_t org_person(struct policy_loading *loading,
                    const struct org_reading *reading,
                    const struct yaml_node *node)
{
    return read_name(
        loading,
        node,
        (struct policy_names){
            "person", reading->agents, sizeof *reading->agents, reading->org->agent_count});
}

/* Else dispatch would take nothing from whoever is called that. */
static bool is_seen(const char *name, size_t size)
{
    const uint8_t *at = (const uint8_t *)name;
    const uint8_t *end = at + size;
    while (at < end) {
        uint32_t character;
        size_t step = utf8_read(at, end, &character);
        if (step == 0 || utf8_is_unseen(character)) {
            return false;
        }
        at += step;
    }
    return true;
}

static void
read_person(struct policy_loading *loading, const struct yaml_node *node, char name[ORG_PERSON_MAX])
{
    size_t size = strlen(node->text);
    bool good =
        size > 0 && size < ORG_PERSON_MAX && node->text[0] != ' ' && node->text[size - 1] != ' ';
    for (size_t i = 0; i < size && good; i++) {
        good = (unsigned char)node->text[i] >= ' ' && node->text[i] != 0x7f;
    }
    if (strstr(node->text, "：")) {
        complain(
            loading, node, "a plain colon and a blank", "a full-width colon separates nothing");
    } else if (!good) {
        complain(loading,
                 node,
                 "as it is given with --as",
                 "a person's name is 1 to %d bytes on one line",
                 ORG_PERSON_MAX - 1);
    } else if (!is_seen(node->text, size)) {
        complain(loading, node, "type it anew", "a person's name has characters nobody sees");
    } else {
        memcpy(name, node->text, size + 1);
    }
}

static POLICY_READER(read_department)
{
    struct agent_place *place = into;
    place->agent->department = org_department(loading, place->reading, &pair->value);
}

static POLICY_READER(read_shift)
{
    struct agent_place *place = into;
    const struct org *org = place->reading->org;
    place->agent->shift = read_name(
        loading,
        &pair->value,
        (struct policy_names){"shift", org->shifts, sizeof *org->shifts, org->shift_count});
}

static POLICY_READER(read_deputy)
{
    struct agent_place *place = into;
    struct org_agent *agent = place->agent;
    agent->deputy = org_person(loading, place->reading, &pair->value);
    if (agent->deputy != ORG_NONE && &place->reading->agents[agent->deputy] == agent) {
        complain(loading, &pair->value, NULL, "nobody is a deputy of himself");
    }
}

static POLICY_READER(read_capacity)
{
    ((struct agent_place *)into)->agent->capacity =
        (int32_t)read_number(loading, &pair->value, 0, ORG_CAPACITY_MAX);
}

static POLICY_READER(read_agent_roles)
{
    struct org_agent *agent = ((struct agent_place *)into)->agent;
    const struct yaml_node *node = &pair->value;
    if (node->kind == YAML_MAP || list_count(node) == 0 || list_count(node) > ORG_ROLES_MAX) {
        complain(loading,
                 node,
                 "roles: [agent, supervisor]",
                 "roles: expected 1 to %d names",
                 ORG_ROLES_MAX);
        return;
    }
    char(*roles)[POLICY_NAME_MAX] = loading_take(loading, node, list_count(node), sizeof *roles);
    if (!roles) {
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        read_id(loading, list_item(node, i), roles[i]);
    }
    agent->roles = (const char(*)[POLICY_NAME_MAX])roles;
    agent->role_count = (uint16_t)list_count(node);
}

static POLICY_READER(read_agent_skills)
{
    struct agent_place *place = into;
    const struct org *org = place->reading->org;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, YAML_MAP, ORG_SKILLS_MAX, "skills");
    struct org_skill *skills = loading_take(loading, node, count, sizeof *skills);
    for (uint32_t i = 0; skills && i < count; i++) {
        skills[i].skill = read_name(
            loading,
            &node->pairs[i].key,
            (struct policy_names){"skill", org->skills, POLICY_NAME_MAX, org->skill_count});
        skills[i].level = (uint8_t)read_number(loading, &node->pairs[i].value, 1, ORG_LEVEL_MAX);
    }
    if (skills) {
        place->agent->skills = skills;
        place->agent->skill_count = (uint16_t)count;
    }
}

static int32_t read_date(struct policy_loading *loading, const struct yaml_node *node)
{
    int32_t date = 0;
    if (node->kind != YAML_SCALAR || !date_parse(slice_text(node->text), &date)) {
        complain(loading, node, "2026-02-17", "'%.20s' is no date", node->text);
    }
    return date;
}

static POLICY_READER(read_leave_from)
{
    ((struct org_leave *)into)->from_date = read_date(loading, &pair->value);
}

static POLICY_READER(read_leave_until)
{
    ((struct org_leave *)into)->until_date = read_date(loading, &pair->value);
}

/* clang-format off */
static const struct language_key leave_keys[] = {
    {"from", true, KIND_DATES, .read = read_leave_from,
     MEANS("First day", "首日", "首日")},
    {"until", true, KIND_DATES, .read = read_leave_until,
     MEANS("Last day", "末日", "末日")},
};
static const struct language_part language_leave = {
    "leave", "a leave", KEYS(leave_keys),
    MEANS("Days away", "请假", "請假")};
/* clang-format on */

static void leave_settle(struct policy_loading *loading,
                         const struct yaml_node *node,
                         const struct zone *zone,
                         const struct org_leave *before,
                         struct org_leave *leave)
{
    if (leave->from_date == 0 || leave->until_date == 0 || !zone) {
        return; /* told already */
    }
    if (leave->until_date < leave->from_date) {
        complain(loading, node, NULL, "this leave ends before it begins");
    } else if (before && leave->from_date <= before->until_date) {
        complain(loading, node, NULL, "leaves overlap or are out of order");
    }
    leave->from_s = zone_instant_s(zone, date_to_days(leave->from_date) * DAY_S);
    leave->until_s = zone_instant_s(zone, (date_to_days(leave->until_date) + 1) * DAY_S);
}

/* A day, or from … until; one of them or a list. */
static POLICY_READER(read_leave)
{
    struct agent_place *place = into;
    const struct yaml_node *node = &pair->value;
    if (list_count(node) > ORG_LEAVES_MAX) {
        complain(loading, node, NULL, "leave: at most %d", ORG_LEAVES_MAX);
        return;
    }
    struct org_leave *leaves = loading_take(loading, node, list_count(node), sizeof *leaves);
    if (!leaves) {
        return;
    }
    for (uint32_t i = 0; i < list_count(node); i++) {
        const struct yaml_node *item = list_item(node, i);
        if (item->kind == YAML_MAP) {
            read_part(loading, item, item, &language_leave, &leaves[i]);
        } else {
            leaves[i].from_date = leaves[i].until_date = read_date(loading, item);
        }
        leave_settle(
            loading, item, place->reading->zone, i > 0 ? &leaves[i - 1] : NULL, &leaves[i]);
    }
    place->agent->leaves = leaves;
    place->agent->leave_count = (uint16_t)list_count(node);
}

/* clang-format off */
static const struct language_key agent_keys[] = {
    {"department", false, KIND_ID, .read = read_department,
     MEANS("Where this person works", "所属部门", "所屬部門")},
    {"roles", true, KIND_ID, .read = read_agent_roles,
     MEANS("Roles of policies this person may act in", "可担任的角色", "可擔任的角色")},
    {"shift", false, KIND_ID, .read = read_shift,
     MEANS("Hours of work; without it, always", "班次；不写则不限时间", "班別；不寫則不限時間")},
    {"capacity", false, KIND_NUMBER, .min = 0, .max = ORG_CAPACITY_MAX, .read = read_capacity,
     MEANS("Cases held at once", "同时可办的案件数", "同時可辦的案件數")},
    {"skills", false, KIND_NUMBER, .min = 1, .max = ORG_LEVEL_MAX, .read = read_agent_skills,
     MEANS("Skills, each with its level from 1 to 5", "技能及其等级（1 至 5）", "技能及其等級（1 至 5）")},
    {"deputy", false, KIND_ID, .read = read_deputy,
     MEANS("Who stands in while this person is on leave", "请假时的代理人", "請假時的代理人")},
    {"leave", false, KIND_DATES, .read = read_leave,
     MEANS("Days away: a date, or from and until", "请假：某日，或 from 与 until", "請假：某日，或 from 與 until")},
};
static const struct language_part language_agent = {
    "agent", "a person", KEYS(agent_keys),
    MEANS("Somebody who works here", "一名办案人员", "一名辦案人員")};
/* clang-format on */

static const struct org_agent *sorting; /* qsort has no context */

static int by_name(const void *a, const void *b)
{
    return strcmp(sorting[*(const uint16_t *)a].name, sorting[*(const uint16_t *)b].name);
}

static void
names_sort(struct policy_loading *loading, struct org *org, const struct yaml_node *node)
{
    uint16_t *order = loading_take(loading, node, org->agent_count, sizeof *order);
    if (!order) {
        org->agent_count = 0;
        return;
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        order[i] = i;
    }
    sorting = org->agents;
    qsort(order, org->agent_count, sizeof *order, by_name);
    org->by_name = order;
}

/* Each role that somebody has, once. */
static void
roles_gather(struct policy_loading *loading, struct org *org, const struct yaml_node *node)
{
    char(*roles)[POLICY_NAME_MAX] = loading_take(loading, node, ORG_KNOWN_ROLES_MAX, sizeof *roles);
    for (uint16_t i = 0; roles && i < org->agent_count; i++) {
        for (uint16_t j = 0; j < org->agents[i].role_count; j++) {
            uint16_t at = 0;
            while (at < org->role_count && strcmp(roles[at], org->agents[i].roles[j]) != 0) {
                at++;
            }
            if (at == ORG_KNOWN_ROLES_MAX) {
                complain(loading, node, NULL, "more than %d roles", ORG_KNOWN_ROLES_MAX);
                return;
            }
            if (at == org->role_count) {
                memcpy(roles[org->role_count++], org->agents[i].roles[j], POLICY_NAME_MAX);
            }
        }
    }
    org->roles = (const char(*)[POLICY_NAME_MAX])roles;
}

POLICY_READER(org_read_agents)
{
    struct org_reading *reading = into;
    const struct yaml_node *node = &pair->value;
    uint32_t count = read_count(loading, node, YAML_MAP, ORG_AGENTS_MAX, "agents");
    reading->agents = loading_take(loading, node, count, sizeof *reading->agents);
    if (!reading->agents) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        read_person(loading, &node->pairs[i].key, reading->agents[i].name);
    }
    reading->org->agents = reading->agents;
    reading->org->agent_count = (uint16_t)count;
    names_sort(loading, reading->org, node);
    for (uint32_t i = 0; i < count; i++) {
        struct agent_place place = {reading, &reading->agents[i]};
        place.agent->department = ORG_NONE;
        place.agent->shift = ORG_NONE;
        place.agent->deputy = ORG_NONE;
        place.agent->capacity = reading->capacity;
        read_part(loading, &node->pairs[i].key, &node->pairs[i].value, &language_agent, &place);
    }
    roles_gather(loading, reading->org, node);
}
