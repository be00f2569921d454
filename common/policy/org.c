#include "org.h"

static int compare(struct slice name, const char *with)
{
    size_t size = strlen(with);
    size_t both = name.size < size ? name.size : size;
    int order = both > 0 ? memcmp(name.bytes, with, both) : 0;
    return order != 0 ? order : (name.size > size) - (name.size < size);
}

const struct org_agent *org_find(const struct org *org, struct slice name)
{
    uint16_t low = 0;
    uint16_t high = org->agent_count;
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        const struct org_agent *agent = &org->agents[org->by_name[middle]];
        int order = compare(name, agent->name);
        if (order == 0) {
            return agent;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = (uint16_t)(middle + 1);
        }
    }
    return NULL;
}

bool org_has_role(const struct org_agent *agent, struct slice role)
{
    for (uint16_t i = 0; i < agent->role_count; i++) {
        if (slice_equal(role, slice_text(agent->roles[i]))) {
            return true;
        }
    }
    return false;
}

uint8_t org_level(const struct org *org, const struct org_agent *agent, struct slice skill)
{
    for (uint16_t i = 0; i < agent->skill_count; i++) {
        if (slice_equal(skill, slice_text(org->skills[agent->skills[i].skill]))) {
            return agent->skills[i].level;
        }
    }
    return 0;
}

const struct org_account *org_account_of(const struct org *org, uint64_t customer)
{
    uint16_t low = 0;
    uint16_t high = org->customer_count;
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        if (org->customers[middle].customer == customer) {
            return &org->accounts[org->customers[middle].account];
        }
        if (org->customers[middle].customer > customer) {
            high = middle;
        } else {
            low = (uint16_t)(middle + 1);
        }
    }
    return NULL;
}

/* When the leave that is running ends, those that follow it without a day between included; 0: none
 * is. */
static int64_t leave_end(const struct org_agent *agent, int64_t now_s)
{
    int64_t end_s = 0;
    for (uint16_t i = 0; i < agent->leave_count; i++) {
        const struct org_leave *leave = &agent->leaves[i];
        bool runs = leave->from_s <= now_s && now_s < leave->until_s;
        if (runs || (end_s != 0 && leave->from_s == end_s)) {
            end_s = leave->until_s;
        }
    }
    return end_s;
}

bool org_role_is_held(const struct org *org, struct slice role)
{
    for (uint16_t i = 0; i < org->role_count; i++) {
        if (slice_equal(role, slice_text(org->roles[i]))) {
            return true;
        }
    }
    return false;
}

/* Whom of this role the person stands in for now; NULL: nobody. */
static const struct org_agent *absent_of_role(const struct org *org,
                                              const struct org_agent *deputy,
                                              struct slice role,
                                              int64_t now_s)
{
    for (uint16_t i = 0; i < org->agent_count; i++) {
        const struct org_agent *agent = &org->agents[i];
        if (agent->deputy != ORG_NONE && &org->agents[agent->deputy] == deputy &&
            org_has_role(agent, role) && leave_end(agent, now_s) != 0) {
            return agent;
        }
    }
    return NULL;
}

enum org_verdict org_holds(const struct org *org,
                           struct slice name,
                           struct slice role,
                           int64_t now_s,
                           struct slice *stands_for)
{
    const struct org_agent *agent = org_find(org, name);
    *stands_for = (struct slice){0};
    if (agent && org_has_role(agent, role)) {
        return ORG_ADMITS;
    }
    const struct org_agent *absent = agent ? absent_of_role(org, agent, role, now_s) : NULL;
    if (absent) {
        *stands_for = slice_text(absent->name);
        return ORG_ADMITS;
    }
    return agent ? ORG_ROLE_NOT_HIS : ORG_UNKNOWN;
}

enum org_verdict org_speaks(const struct org *org,
                            const struct policy *policy,
                            struct slice name,
                            struct slice role,
                            int64_t now_s,
                            struct slice *stands_for)
{
    enum org_verdict verdict = org_holds(org, name, role, now_s, stands_for);
    bool held = org_role_is_held(org, role);
    bool outside = policy && policy_role_is_outside(policy, role);
    if (outside && (verdict == ORG_UNKNOWN || !held)) {
        return ORG_ADMITS;
    }
    return held ? verdict : ORG_ROLE_UNHELD;
}

static enum org_verdict present(const struct org_agent *agent, int64_t now_s, int64_t *until_s)
{
    *until_s = leave_end(agent, now_s);
    return *until_s != 0 ? ORG_ON_LEAVE : ORG_ADMITS;
}

enum org_verdict org_admits(const struct org *org,
                            const struct policy *policy,
                            struct slice name,
                            struct slice role,
                            int64_t now_s,
                            struct slice *stands_for,
                            int64_t *until_s)
{
    const struct org_agent *agent = org_find(org, name);
    *until_s = 0;
    enum org_verdict verdict = org_speaks(org, policy, name, role, now_s, stands_for);
    if (!agent || verdict != ORG_ADMITS) {
        return agent ? verdict : ORG_UNKNOWN;
    }
    verdict = present(agent, now_s, until_s);
    const struct calendar *hours =
        agent->shift == ORG_NONE ? NULL : &org->shifts[agent->shift].hours;
    if (verdict == ORG_ADMITS && hours && calendar_covers(hours, now_s) &&
        !calendar_is_open(hours, now_s)) {
        int64_t opens_s = calendar_add(hours, now_s, 0);
        *until_s = opens_s == INT64_MAX ? 0 : opens_s;
        return ORG_OFF_SHIFT;
    }
    return verdict;
}

enum org_verdict
org_may_be_given(const struct org *org, struct slice name, int64_t now_s, int64_t *until_s)
{
    const struct org_agent *agent = org_find(org, name);
    *until_s = 0;
    return agent ? present(agent, now_s, until_s) : ORG_UNKNOWN;
}

bool org_stands_in(const struct org *org, struct slice deputy, struct slice absent, int64_t now_s)
{
    const struct org_agent *agent = org_find(org, absent);
    return agent && agent->deputy != ORG_NONE && leave_end(agent, now_s) != 0 &&
           slice_equal(deputy, slice_text(org->agents[agent->deputy].name));
}
