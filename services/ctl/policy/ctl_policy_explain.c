/* `redress policy explain`: what a policy does, in sentences (ctl_policy_tell.c); or why a case of
 * it is what it is. */
#include "ctl_names.h"
#include "ctl_policy.h"
#include "scope.h"

/* The index a name given as an option has; CTL_NOT_FOUND when the policy has none of it. */
static int fact_index(const struct ctl *ctl,
                      const char *option,
                      enum ctl_naming naming,
                      const struct policy *policy,
                      uint16_t (*find)(const struct policy *policy, struct slice id),
                      uint16_t *index)
{
    const char *name = ctl_option_text(ctl, option);
    *index = name ? find(policy, slice_text(name)) : POLICY_NONE;
    if (!name || *index != POLICY_NONE) {
        return CTL_OK;
    }
    struct ctl_named named = {.naming = naming, .word = name};
    int code = naming == NAMING_COUNT
                   ? ctl_fail(ctl, CTL_NOT_FOUND, TEXT_EXPLAIN_UNKNOWN, CTL_ARGS(name))
                   : ctl_names_judge(ctl, &policy, 1, &named, NULL);
    *index = code == CTL_OK ? find(policy, slice_text(named.id)) : POLICY_NONE;
    return code;
}

struct reasons {
    struct policy_facts facts;
    int32_t score;
    uint16_t class_index, override, route;
    bool class_given;
};

static const char *place_text(const struct policy_origin *origin, char into[SAY_MAX])
{
    (void)snprintf(into, SAY_MAX, "%s:%u", origin->file, origin->line);
    return into;
}

static const char *origin_text(const struct policy_object *object,
                               enum policy_thing thing,
                               uint16_t i,
                               char into[SAY_MAX])
{
    return place_text(&object->origins[thing][i], into);
}

static void reasons_find(const struct policy *policy, struct reasons *reasons)
{
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        bool holds = policy_when_holds(policy, &policy->factors[i].when, &reasons->facts);
        reasons->score += holds ? policy->factors[i].points : 0;
    }
    reasons->class_given = reasons->facts.class_index != POLICY_NONE;
    reasons->class_index = reasons->facts.class_index;
    if (!reasons->class_given) {
        reasons->class_index =
            policy_class_of(policy, &reasons->facts, reasons->score, &reasons->override);
    }
    reasons->facts.class_index = reasons->class_index;
    reasons->route = policy_route_index(policy, &reasons->facts);
}

/* What the case has so long for by a clock, chosen as the watchdog does, and where that stands. */
static struct policy_target held_target(const struct policy_object *object,
                                        const struct reasons *reasons,
                                        uint16_t index,
                                        char origin[SAY_MAX])
{
    const struct policy *policy = &object->policy;
    const struct policy_clock *clock = &policy->clocks[index];
    uint8_t other = policy_target_of(
        policy, clock, &reasons->facts, policy->classes[reasons->class_index].priority);
    if (other > 0) {
        (void)place_text(&object->targets[index][other - 1], origin);
        return clock->targets[other - 1];
    }
    (void)origin_text(object, THING_CLOCK, index, origin);
    return (struct policy_target){.target = clock->target,
                                  .target_s = clock->target_s,
                                  .target_days = clock->target_days,
                                  .end_of_day = clock->end_of_day,
                                  .calendar = clock->calendar};
}

static const char *class_reason(const struct ctl *ctl,
                                const struct policy_object *object,
                                const struct reasons *reasons,
                                char into[SAY_MAX])
{
    if (reasons->class_given) {
        (void)snprintf(into, SAY_MAX, "%s", ctl_text_in(ctl->language, TEXT_SAY_GIVEN));
        return into;
    }
    return reasons->override != POLICY_NONE
               ? origin_text(object, THING_OVERRIDE, reasons->override, into)
               : origin_text(object, THING_CLASS, reasons->class_index, into);
}

static void
say_case(const struct ctl *ctl, const struct policy_object *object, const struct reasons *reasons)
{
    const struct policy *policy = &object->policy;
    char origin[SAY_MAX];
    char text[SAY_MAX];
    struct policy_facts scored = reasons->facts;
    scored.class_index = POLICY_NONE;
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        const struct policy_factor *factor = &policy->factors[i];
        if (policy_when_holds(policy, &factor->when, &scored)) {
            (void)origin_text(object, THING_FACTOR, i, origin);
            (void)say_text(
                ctl, text, TEXT_SAY_THING, CTL_ARGS(say_title(ctl, &factor->title), origin));
            (void)fprintf(ctl->out, "%+5d  %s\n", factor->points, text);
        }
    }
    const struct policy_class *class = &policy->classes[reasons->class_index];
    ctl_print(ctl, TEXT_SAY_CASE_SCORE, CTL_ARGS(CTL_NUMBER_TEXT(reasons->score)));
    ctl_print(ctl,
              TEXT_SAY_CASE_CLASS,
              CTL_ARGS(say_title(ctl, &class->title),
                       CTL_NUMBER_TEXT(class->priority),
                       class_reason(ctl, object, reasons, origin)));
    const char *queue = say_title(ctl, &policy->queues[policy->routes[reasons->route].queue].title);
    ctl_print(ctl,
              TEXT_SAY_CASE_QUEUE,
              CTL_ARGS(queue, origin_text(object, THING_ROUTE, reasons->route, origin)));
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        if (policy_when_holds(policy, &clock->when, &reasons->facts)) {
            const struct policy_target target = held_target(object, reasons, i, origin);
            ctl_print(ctl,
                      TEXT_SAY_CASE_CLOCK,
                      CTL_ARGS(say_title(ctl, &clock->title),
                               say_other_target(ctl, policy, &target, text),
                               origin));
        }
    }
}

static json_t *rule_json(const struct policy_object *object, enum policy_thing thing, uint16_t i)
{
    char origin[SAY_MAX];
    return json_string(origin_text(object, thing, i, origin));
}

static void
case_json(const struct ctl *ctl, const struct policy_object *object, const struct reasons *reasons)
{
    const struct policy *policy = &object->policy;
    char why[SAY_MAX];
    json_t *factors = json_array();
    json_t *clocks = json_array();
    struct policy_facts scored = reasons->facts;
    scored.class_index = POLICY_NONE;
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        if (policy_when_holds(policy, &policy->factors[i].when, &scored)) {
            (void)json_array_append_new(factors,
                                        json_pack("{s:s, s:i, s:o}",
                                                  "id",
                                                  policy->factors[i].id,
                                                  "points",
                                                  (int)policy->factors[i].points,
                                                  "rule",
                                                  rule_json(object, THING_FACTOR, i)));
        }
    }
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct policy_clock *clock = &policy->clocks[i];
        if (policy_when_holds(policy, &clock->when, &reasons->facts)) {
            const struct policy_target target = held_target(object, reasons, i, why);
            json_t *held = say_target_json(&target);
            (void)json_object_set_new(held, "rule", json_string(why));
            if (target.target == TARGET_PROMISED) {
                (void)json_object_del(held, "amount"); /* nobody has promised anything yet */
            }
            (void)json_array_append_new(clocks,
                                        json_pack("{s:s, s:o, s:o}",
                                                  "id",
                                                  clock->id,
                                                  "rule",
                                                  rule_json(object, THING_CLOCK, i),
                                                  "target",
                                                  held));
        }
    }
    json_t *value = json_pack("{s:i, s:o, s:{s:s, s:i, s:s}, s:{s:s, s:o}, s:o}",
                              "score",
                              (int)reasons->score,
                              "factors",
                              factors,
                              "class",
                              "id",
                              policy->classes[reasons->class_index].id,
                              "priority",
                              (int)policy->classes[reasons->class_index].priority,
                              "rule",
                              class_reason(ctl, object, reasons, why),
                              "queue",
                              "id",
                              policy->queues[policy->routes[reasons->route].queue].id,
                              "rule",
                              rule_json(object, THING_ROUTE, reasons->route),
                              "clocks",
                              clocks);
    ctl_print_json(ctl, &value);
}

static int explain_case(const struct ctl *ctl, const struct policy_object *object)
{
    const struct policy *policy = &object->policy;
    struct event_label labels[CTL_REPEATS_MAX] = {0};
    const struct ctl_given *patterns = ctl_option_many(ctl, "pattern");
    struct reasons reasons = {
        .facts = {.label_count = patterns->count, .labels = labels},
          .override = POLICY_NONE
    };
    for (unsigned i = 0; i < patterns->count; i++) {
        labels[i].name = slice_text(patterns->texts[i]);
    }
    struct policy_facts *facts = &reasons.facts;
    facts->repeats = (uint32_t)ctl_option_number(ctl, "repeats");
    int code =
        fact_index(ctl, "channel", NAMING_CHANNEL, policy, policy_channel_index, &facts->channel);
    if (code == CTL_OK) {
        code = fact_index(
            ctl, "category", NAMING_CATEGORY, policy, policy_category_index, &facts->category);
    }
    if (code == CTL_OK) {
        code =
            fact_index(ctl, "class", NAMING_COUNT, policy, policy_class_index, &facts->class_index);
    }
    if (code == CTL_OK) {
        reasons_find(policy, &reasons);
        (ctl->json ? case_json : say_case)(ctl, object, &reasons);
    }
    return code;
}

int ctl_policy_explain(struct ctl *ctl)
{
    SCOPED(ctl_policy_done) struct ctl_policy policy = {0};
    int code = ctl_policy_good(ctl, ctl_argument(ctl, 0), &policy);
    if (code != CTL_OK) {
        return code;
    }
    bool of_case = ctl_option_text(ctl, "channel") || ctl_option_text(ctl, "category") ||
                   ctl_option_text(ctl, "class") || ctl_option_number(ctl, "repeats") > 0 ||
                   ctl_option_many(ctl, "pattern")->count > 0;
    if (of_case) {
        return explain_case(ctl, policy.object);
    }
    SCOPED(arena_free) struct arena *arena = arena_new(POLICY_TREE_MAX);
    struct slice text = slice_of(policy.text, policy.size);
    struct yaml_source report = {.name = ctl_argument(ctl, 0), .out = ctl->err};
    const struct yaml_node *tree = arena ? policy_written(text, arena, &report) : NULL;
    if (!tree) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    ctl_policy_tell(ctl, &policy.object->policy, tree);
    return CTL_OK;
}
