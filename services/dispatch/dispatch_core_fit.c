/* Whom a waiting case is for; see dispatch_core_fit.h. */
#include "dispatch_core_fit.h"

#include "dispatch_core_rules.h"

static const int64_t second_us = 1000000;

/* ---- what is asked ---- */

struct asking {
    const struct policy *policy;
    const struct dispatch_case *state;
    const struct org *org;
    int64_t now_us;
    struct fit_ask *asks;
    uint32_t count;
};

static struct fit_ask *ask_add(struct asking *asking, int64_t until_us)
{
    if (until_us <= asking->now_us || asking->count == FIT_ASKS_MAX) {
        return NULL;
    }
    struct fit_ask *ask = &asking->asks[asking->count++];
    *ask = (struct fit_ask){.until_us = until_us};
    return ask;
}

/* Since it came into its step. */
static int64_t waited_until_us(const struct asking *asking, int64_t after_s)
{
    return asking->state->step_since_us + after_s * second_us;
}

static bool skill_is_for(const struct asking *asking, const struct policy_skill *skill)
{
    const struct dispatch_case *state = asking->state;
    const struct policy_facts facts = {.channel = state->channel,
                                       .category = state->category,
                                       .class_index = state->class_index,
                                       .repeats = state->repeats,
                                       .told = state->more.told,
                                       .kept = state->more.facts};
    bool here = skill->steps == 0 || (skill->steps >> state->step & 1U) != 0;
    bool written = skill->languages == 0 || (skill->languages >> state->language & 1U) != 0;
    return here && written && policy_when_holds(asking->policy, &skill->when, &facts);
}

/* A level until the first relaxing, the next until the second …; each less than the one before. */
static void skill_ask(struct asking *asking, const struct policy_skill *skill)
{
    uint8_t level = skill->level;
    for (uint16_t i = 0; i <= skill->relax_count && level > 0; i++) {
        bool last = i == skill->relax_count;
        struct fit_ask *ask =
            ask_add(asking, last ? INT64_MAX : waited_until_us(asking, skill->relax[i].after_s));
        if (ask) {
            ask->skill = skill->skill;
            ask->level = level;
        }
        level = last ? 0 : skill->relax[i].level;
    }
}

/* Somebody whom it makes sense to wait for: he, or who stands in for him, could take it now. */
static bool can_come(const struct asking *asking, const char *name)
{
    const struct policy *policy = asking->policy;
    const struct policy_step *step = &policy->steps[asking->state->step];
    struct slice role = slice_text(policy->roles[step->owner_role]);
    struct slice stands_for;
    int64_t until_s;
    int64_t now_s = asking->now_us / second_us;
    if (rules_concerned(&asking->state->more, slice_text(name))) {
        return false;
    }
    if (!asking->org) {
        return true;
    }
    enum org_verdict verdict =
        org_admits(asking->org, policy, slice_text(name), role, now_s, &stands_for, &until_s);
    const struct org_agent *agent = org_find(asking->org, slice_text(name));
    if (verdict != ORG_ON_LEAVE || !agent || agent->deputy == ORG_NONE) {
        return verdict == ORG_ADMITS;
    }
    return org_admits(asking->org,
                      policy,
                      slice_text(asking->org->agents[agent->deputy].name),
                      role,
                      now_s,
                      &stands_for,
                      &until_s) == ORG_ADMITS;
}

static void kept_ask(struct asking *asking, int64_t after_s, const char *one, const char *other)
{
    const char *const names[FIT_PERSONS_MAX] = {one, other};
    struct fit_ask kept = {.person_count = 0};
    for (unsigned i = 0; i < FIT_PERSONS_MAX; i++) {
        if (names[i] && can_come(asking, names[i])) {
            kept.persons[kept.person_count++] = names[i];
        }
    }
    int64_t until_us = waited_until_us(asking, after_s);
    struct fit_ask *ask = after_s > 0 && kept.person_count > 0 ? ask_add(asking, until_us) : NULL;
    if (ask) {
        kept.until_us = until_us;
        *ask = kept;
    }
}

/* For the manager of the key account; where there is none, for the earlier handler: never for both,
 * or nobody could take it. */
static void person_ask(struct asking *asking)
{
    const struct dispatch_case *state = asking->state;
    const struct policy_step *step = &asking->policy->steps[state->step];
    const struct org *org = asking->org;
    const struct org_account *account =
        org && step->key_account_s > 0 ? org_account_of(org, state->customer) : NULL;
    uint32_t before = asking->count;
    if (account) {
        kept_ask(asking,
                 step->key_account_s,
                 org->agents[account->manager].name,
                 account->deputy != ORG_NONE ? org->agents[account->deputy].name : NULL);
    }
    if (asking->count == before && state->more.handler_role == step->owner_role + 1U &&
        state->more.handler[0] != '\0') {
        kept_ask(asking, step->affinity_s, state->more.handler, NULL);
    }
}

uint32_t fit_asks(const struct policy *policy,
                  const struct dispatch_case *state,
                  const struct org *org,
                  int64_t now_us,
                  struct fit_ask asks[FIT_ASKS_MAX])
{
    struct asking asking = {policy, state, org, now_us, asks, 0};
    person_ask(&asking);
    for (uint16_t i = 0; org && i < policy->skill_count; i++) {
        if (skill_is_for(&asking, &policy->skills[i])) {
            skill_ask(&asking, &policy->skills[i]);
        }
    }
    return asking.count;
}

/* ---- who meets it ---- */

bool fit_meets(const struct fit_ask *ask, const struct org *org, struct slice actor, int64_t now_us)
{
    if (ask->skill) {
        const struct org_agent *agent = org ? org_find(org, actor) : NULL;
        return !org || (agent && org_level(org, agent, slice_text(ask->skill)) >= ask->level);
    }
    for (unsigned i = 0; i < ask->person_count; i++) {
        struct slice name = slice_text(ask->persons[i]);
        if (slice_equal(actor, name) ||
            (org && org_stands_in(org, actor, name, now_us / second_us))) {
            return true;
        }
    }
    return false;
}

/* The first that is asked now and that the actor does not meet: false, with *unmet. */
static bool all_met(const struct policy *policy,
                    const struct dispatch_case *state,
                    const struct dispatch_input *input,
                    struct fit_ask *unmet)
{
    struct fit_ask asks[FIT_ASKS_MAX];
    uint32_t count = fit_asks(policy, state, input->org, input->now_us, asks);
    for (uint32_t i = 0; i < count; i++) {
        if (!fit_meets(&asks[i], input->org, input->actor, input->now_us)) {
            *unmet = asks[i];
            return false;
        }
    }
    return true;
}

static struct dispatch_permit check_fit(const struct policy *policy,
                                        const struct dispatch_case *state,
                                        const struct dispatch_input *input)
{
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    struct fit_ask unmet;
    if (!all_met(policy, state, input, &unmet)) {
        permit.answer = unmet.skill ? DISPATCH_SKILL : DISPATCH_KEPT;
        permit.what = slice_text(unmet.skill ? unmet.skill : unmet.persons[0]);
        permit.level = unmet.level;
        permit.until_us = unmet.until_us;
    }
    return permit;
}

struct dispatch_permit rules_claim(const struct policy *policy,
                                   const struct dispatch_case *state,
                                   const struct dispatch_input *input)
{
    const struct policy_step *step = &policy->steps[state->step];
    uint16_t role = policy_role_index(policy, input->role);
    struct dispatch_permit permit = {.answer = DISPATCH_APPEND};
    bool earlier = (state->more.handled & rules_person(&state->more, input->actor)) != 0;
    if (state->version == 0 || state->queue == POLICY_NONE) {
        permit.answer = DISPATCH_NOT_QUEUED;
    } else if (role == POLICY_NONE || !policy_role_in(policy, 1U << step->owner_role, role)) {
        permit.answer = DISPATCH_ROLE_MAY_NOT;
    } else if (rules_concerned(&state->more, input->actor)) {
        permit.answer = DISPATCH_RECUSED;
    } else if (step->other_handler && earlier) {
        permit.answer = DISPATCH_EARLIER_HANDLER;
    } else {
        permit = check_fit(policy, state, input);
    }
    permit.roles = 1U << step->owner_role;
    return permit;
}

/* ---- the earlier handler ---- */

bool fit_is_kept_for(const struct policy *policy, uint16_t role)
{
    for (uint16_t i = 0; i < policy->step_count && policy->affine; i++) {
        if (policy->steps[i].affinity_s > 0 && policy->steps[i].owner_role == role) {
            return true;
        }
    }
    return false;
}

static void handler_set(struct dispatch_more *more, struct slice name, uint16_t role)
{
    memset(more->handler, 0, sizeof more->handler);
    memcpy(more->handler, name.bytes, name.size);
    more->handler_role = role + 1U;
}

void fit_fold_advanced(const struct policy *policy,
                       const struct dispatch_case *state,
                       const struct event *event,
                       uint16_t to_step,
                       struct dispatch_more *more)
{
    const struct event_advanced *advanced = &event->advanced;
    bool held = state->agent[0] != '\0';
    if (event->kind == EVENT_RELEASED && strcmp(more->handler, state->agent) == 0) {
        memset(more->handler, 0, sizeof more->handler);
        more->handler_role = 0;
        return;
    }
    if (to_step == state->step || event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED) {
        return;
    }
    uint16_t role = held ? state->agent_role : policy_role_index(policy, advanced->role);
    struct slice name = held ? slice_text(state->agent) : advanced->actor;
    if (role != POLICY_NONE && name.size > 0 && fit_is_kept_for(policy, role)) {
        handler_set(more, name, role);
    }
}
