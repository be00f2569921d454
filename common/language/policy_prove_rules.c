/*
 * Rules that can never decide: what an earlier one takes everything from, what adds to nothing.
 * Said only where it can be proved; a rule that is merely unlikely is nobody's business.
 */
#include "fault.h"
#include "policy_read.h"

/* Every value of the inner set is in the outer; 0 stands for all of them. */
static bool set_within(uint32_t inner, uint32_t outer)
{
    return outer == 0 || (inner != 0 && (inner & ~outer) == 0);
}

static bool is_under(const struct policy *policy, uint16_t category, uint16_t above)
{
    while (category != POLICY_NONE && category != above) {
        category = policy->categories[category].parent;
    }
    return category == above;
}

static bool categories_within(const struct policy *policy,
                              const struct policy_when *inner,
                              const struct policy_when *outer)
{
    for (uint16_t i = 0; i < inner->category_count; i++) {
        bool found = outer->category_count == 0;
        for (uint16_t j = 0; j < outer->category_count && !found; j++) {
            found = is_under(policy, inner->categories[i], outer->categories[j]);
        }
        if (!found) {
            return false;
        }
    }
    return outer->category_count == 0 || inner->category_count > 0;
}

static bool patterns_within(const struct policy_when *inner, const struct policy_when *outer)
{
    for (uint16_t i = 0; i < inner->pattern_count; i++) {
        bool found = outer->pattern_count == 0;
        for (uint16_t j = 0; j < outer->pattern_count && !found; j++) {
            found = strcmp(inner->patterns[i], outer->patterns[j]) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return outer->pattern_count == 0 || inner->pattern_count > 0;
}

/* Only where the outer one asks nothing of the fields: what is compared is not weighed up. */
static bool compares_within(const struct policy_when *outer)
{
    return outer->compare_count == 0;
}

/* Whatever fits the inner one fits the outer, too. */
static bool when_within(const struct policy *policy,
                        const struct policy_when *inner,
                        const struct policy_when *outer)
{
    return set_within(inner->channels, outer->channels) &&
           set_within(inner->classes, outer->classes) && inner->repeats_min >= outer->repeats_min &&
           categories_within(policy, inner, outer) && patterns_within(inner, outer) &&
           compares_within(outer);
}

static void shadowed(struct policy_loading *loading,
                     const void *row,
                     const void *by,
                     const char *what,
                     const char *why)
{
    warn(loading,
         mark_of(loading, row)->place,
         why,
         "%s never decides: the one in line %u takes every case it fits",
         fault_text(what),
         mark_of(loading, by)->place->line);
}

static void prove_routes(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->route_count; i++) {
        for (uint16_t j = 0; j < i; j++) {
            const struct policy_route *before = &policy->routes[j];
            if (when_within(policy, &policy->routes[i].when, &before->when)) {
                shadowed(loading,
                         &policy->routes[i],
                         before,
                         "this route",
                         "the first route that fits decides: what is narrower stands first");
                break;
            }
        }
    }
}

static void prove_overrides(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *override = &policy->overrides[i];
        if (override->class_index + 1 == policy->class_count) {
            warn(loading,
                 mark_of(loading, override)->place,
                 "an override only ever raises the class",
                 "this override never decides: no class is milder than '%s'",
                 policy->classes[override->class_index].id);
        }
        for (uint16_t j = 0; j < policy->override_count; j++) {
            const struct policy_override *other = &policy->overrides[j];
            bool stronger = other->class_index < override->class_index ||
                            (other->class_index == override->class_index && j < i);
            if (j != i && stronger && when_within(policy, &override->when, &other->when)) {
                shadowed(loading,
                         override,
                         other,
                         "this override",
                         "the gravest class of all overrides that fit holds");
                break;
            }
        }
    }
}

static void prove_factors(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    int32_t most = 0;
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        int16_t points = policy->factors[i].points;
        most += points > 0 ? points : 0;
        if (points == 0) {
            warn(loading,
                 mark_of(loading, &policy->factors[i])->place,
                 NULL,
                 "factor '%s' adds nothing",
                 policy->factors[i].id);
        }
    }
    for (uint16_t i = 0; i < policy->class_count; i++) {
        bool named = false;
        for (uint16_t j = 0; j < policy->override_count; j++) {
            named = named || policy->overrides[j].class_index == i;
        }
        if (policy->classes[i].from_score > most && !named) {
            warn(loading,
                 mark_of(loading, &policy->classes[i])->place,
                 "lower 'from', or name it in an override",
                 "class '%s' is never reached: all factors together give %d",
                 policy->classes[i].id,
                 (int)most);
        }
    }
}

bool is_of_pack(const struct policy_loading *loading, const struct yaml_node *place)
{
    return place->source && place->source != &loading->sources[0];
}

/* Fields nobody asks for; those of a pack are there to be chosen from. */
static void prove_fields(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    for (uint16_t i = 0; i < policy->field_count; i++) {
        bool used = is_of_pack(loading, mark_of(loading, &policy->fields[i])->place);
        for (uint16_t j = 0; j < policy->step_count; j++) {
            for (uint16_t k = 0; k < policy->steps[j].action_count; k++) {
                const struct policy_action *action = &policy->steps[j].actions[k];
                for (uint16_t n = 0; n < action->need_count; n++) {
                    used = used || action->needs[n].rules == &policy->fields[i];
                }
            }
        }
        if (!used) {
            warn(loading,
                 mark_of(loading, &policy->fields[i])->place,
                 NULL,
                 "no action asks for field '%s'",
                 policy->fields[i].id);
        }
    }
}

/* Whether some action gives more time; whether one of these can say why. */
static void look_for_extending(const struct policy *policy, bool *any, bool *with_reason)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            const struct policy_action *action = &policy->steps[i].actions[j];
            bool extends = action->fact == EVENT_EXTENDED;
            *any = *any || extends;
            *with_reason =
                *with_reason || (extends && policy_need_of(action, slice_text("reason")));
        }
    }
}

static bool wants_reason(const struct policy_clock *clock)
{
    bool wants = clock->extension.needs_reason;
    for (uint16_t i = 0; i < clock->further_count; i++) {
        wants = wants || clock->further[i].needs_reason;
    }
    return wants;
}

/* More time that nobody can give. */
static void prove_extensions(struct policy_loading *loading)
{
    const struct policy *policy = loading->policy;
    bool any = false;
    bool with_reason = false;
    look_for_extending(policy, &any, &with_reason);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        const struct yaml_node *place = loading->clock_nodes[i];
        if (clock->extension.times == 0 || is_of_pack(loading, place) ||
            !clock_stands(loading, i, BASE_MORE)) {
            continue;
        }
        if (!any) {
            warn(loading,
                 place,
                 "an action with 'fact: extended' that asks for the field 'clock'",
                 "clock '%s' may be extended, and no action does it",
                 clock->id);
        } else if (!with_reason && wants_reason(clock)) {
            warn(loading,
                 place,
                 "needs: [reason] of the action with 'fact: extended'",
                 "clock '%s' is extended for a reason only, and no action asks for one",
                 clock->id);
        }
    }
}

static bool has_fact(const struct policy *policy, enum event_kind fact)
{
    bool has = false;
    for (uint16_t i = 0; i < policy->step_count; i++) {
        for (uint16_t j = 0; j < policy->steps[i].action_count; j++) {
            has = has || policy->steps[i].actions[j].fact == fact;
        }
    }
    return has;
}

/* What is before a court is erased like the rest. */
static void prove_retention(struct policy_loading *loading)
{
    if (loading->retention_node && !has_fact(loading->policy, EVENT_HELD)) {
        warn(loading,
             loading->retention_node,
             "actions of the closed step with 'fact: held' and 'fact: hold_lifted'",
             "cases are erased, and no action puts one on legal hold");
    }
}

void policy_prove_rules(struct policy_loading *loading)
{
    if (stands(loading, BASE_WAYS | BASE_FORMS)) {
        prove_extensions(loading);
    }
    if (stands(loading, BASE_WAYS)) {
        prove_retention(loading);
    }
    if (stands(loading, BASE_ROUTES)) {
        prove_routes(loading);
    }
    if (stands(loading, BASE_SCORES)) {
        prove_overrides(loading);
        prove_factors(loading);
    }
    if (stands(loading, BASE_FORMS)) {
        prove_fields(loading);
    }
}
