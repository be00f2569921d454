/* Which roles of a policy somebody would have to have; see ctl_org.h. */
#include "ctl_org.h"

static uint32_t bit(uint16_t role)
{
    return role == POLICY_NONE ? 0 : UINT32_C(1) << role;
}

/* Those somebody here has. */
static uint32_t roles_held(const struct policy *policy, const struct org *org)
{
    uint32_t held = 0;
    for (uint16_t r = 0; r < policy->role_count; r++) {
        held |= org_role_is_held(org, slice_text(policy->roles[r])) ? bit(r) : 0;
    }
    return held;
}

/* These and whoever stands in for them. */
static uint32_t with_deputies(const struct policy *policy, uint32_t roles)
{
    uint32_t all = 0;
    for (uint16_t r = 0; r < policy->role_count; r++) {
        all |= policy_role_in(policy, roles, r) ? bit(r) : 0;
    }
    return all;
}

/* Those of the set nobody has, nor a role that stands in for them. */
static uint32_t alone_missed(const struct policy *policy, uint32_t roles, uint32_t there)
{
    uint32_t missed = 0;
    for (uint16_t r = 0; r < policy->role_count; r++) {
        bool served = (with_deputies(policy, bit(r)) & there) != 0;
        missed |= served ? 0 : roles & bit(r);
    }
    return missed;
}

/* How much of the field a role decides: its own limit, else the narrowest of those it stands in
 * for, as dispatch asks. */
static int64_t reach_of(const struct policy *policy,
                        const struct policy_action *action,
                        uint16_t field,
                        uint16_t role)
{
    int64_t most = INT64_MAX;
    for (uint16_t i = 0; i < action->limit_count; i++) {
        const struct policy_limit *limit = &action->limits[i];
        if (limit->field == field && limit->role == role) {
            return limit->most;
        }
        bool narrower = limit->field == field && limit->most < most;
        most = narrower && policy_role_in(policy, bit(limit->role), role) ? limit->most : most;
    }
    return most;
}

/* Of these roles those that decide the most of the field. */
static uint32_t widest(const struct policy *policy,
                       const struct policy_action *action,
                       uint16_t field,
                       uint32_t roles)
{
    int64_t most = INT64_MIN;
    uint32_t best = 0;
    for (uint16_t r = 0; r < policy->role_count; r++) {
        int64_t reach = reach_of(policy, action, field, r);
        if ((roles & bit(r)) != 0 && reach >= most) {
            best = (reach == most ? best : 0) | bit(r);
            most = reach;
        }
    }
    return best;
}

/* Those of an action, where nobody is there to do it, or none of those who decide the most of a
 * field. */
static uint32_t
action_missed(const struct policy *policy, const struct policy_action *action, uint32_t there)
{
    uint32_t may = with_deputies(policy, action->roles);
    uint32_t missed = (may & there) == 0 ? action->roles : 0;
    for (uint16_t i = 0; i < action->limit_count; i++) {
        uint32_t best = widest(policy, action, action->limits[i].field, may);
        uint32_t own = best & action->roles; /* where there are none a deputy decides more */
        missed |= (best & there) != 0 ? 0 : own != 0 ? own : best;
    }
    return missed;
}

uint32_t org_roles_missed(const struct policy *policy, const struct org *org)
{
    uint32_t held = roles_held(policy, org);
    uint32_t there = held | policy->outside;
    uint32_t needed = policy->retention.roles;
    uint32_t missed = 0;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        needed |= bit(step->owner_role);
        for (uint16_t j = 0; j < step->action_count; j++) {
            missed |= action_missed(policy, &step->actions[j], there);
        }
    }
    if ((with_deputies(policy, needed) & ~policy->outside & held) == 0) {
        return 0;
    }
    return missed | alone_missed(policy, needed | policy->readers, there);
}
