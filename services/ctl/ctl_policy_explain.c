/* `redress policy explain`: what a policy does, in sentences; or why a case of it is what it is. */
#include "ctl_policy.h"
#include "scope.h"

static void heading(const struct ctl *ctl, enum ctl_text id)
{
    (void)fprintf(ctl->out, "\n%s\n", ctl_text_in(ctl->language, id));
}

static void line(const struct ctl *ctl, enum ctl_text id, const char *const *args)
{
    char text[SAY_MAX];
    (void)fprintf(ctl->out, "  %s\n", say_text(ctl, text, id, args));
}

static void say_severity(const struct ctl *ctl, const struct policy *policy)
{
    char when[SAY_MAX];
    heading(ctl, TEXT_SAY_HEAD_SEVERITY);
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        const struct policy_factor *factor = &policy->factors[i];
        line(ctl,
             TEXT_SAY_FACTOR,
             CTL_ARGS(say_title(ctl, &factor->title),
                      CTL_NUMBER_TEXT(factor->points),
                      say_when(ctl, policy, &factor->when, when)));
    }
    for (uint16_t i = 0; i < policy->class_count; i++) {
        const struct policy_class *class = &policy->classes[i];
        const char *title = say_title(ctl, &class->title);
        const char *priority = CTL_NUMBER_TEXT(class->priority);
        if (class->from_score == INT32_MIN) {
            line(ctl, TEXT_SAY_CLASS_LAST, CTL_ARGS(title, priority));
        } else {
            const char *from = CTL_NUMBER_TEXT(class->from_score);
            line(ctl, TEXT_SAY_CLASS, CTL_ARGS(title, from, priority));
        }
    }
    for (uint16_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *override = &policy->overrides[i];
        const char *class = say_title(ctl, &policy->classes[override->class_index].title);
        line(ctl, TEXT_SAY_OVERRIDE, CTL_ARGS(class, say_when(ctl, policy, &override->when, when)));
    }
}

static void say_routes(const struct ctl *ctl, const struct policy *policy)
{
    char when[SAY_MAX];
    heading(ctl, TEXT_SAY_HEAD_ROUTES);
    for (uint16_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];
        const char *queue = say_title(ctl, &policy->queues[route->queue].title);
        if (i + 1 == policy->route_count) {
            line(ctl, TEXT_SAY_ROUTE_LAST, CTL_ARGS(queue));
        } else {
            line(ctl, TEXT_SAY_ROUTE, CTL_ARGS(queue, say_when(ctl, policy, &route->when, when)));
        }
    }
}

static void
say_action(const struct ctl *ctl, const struct policy *policy, const struct policy_action *action)
{
    char text[SAY_MAX];
    char part[SAY_MAX];
    const char *title = say_title(ctl, &action->title);
    (void)say_roles(ctl, policy, action->roles, part);
    (void)fprintf(
        ctl->out, "    - %s", say_text(ctl, text, TEXT_SAY_ACTION, CTL_ARGS(title, part)));
    if (action->to_step != POLICY_NONE) {
        const char *to = say_title(ctl, &policy->steps[action->to_step].title);
        (void)fputs(say_text(ctl, text, TEXT_SAY_ACTION_TO, CTL_ARGS(to)), ctl->out);
    }
    if (say_needs(ctl, action, part)[0] != '\0') {
        (void)fputs(say_text(ctl, text, TEXT_SAY_ACTION_NEEDS, CTL_ARGS(part)), ctl->out);
    }
    if (action->same_person_may_not) {
        (void)fputs(ctl_text_in(ctl->language, TEXT_SAY_ACTION_OTHER), ctl->out);
    }
    (void)fputc('\n', ctl->out);
}

static void say_steps(const struct ctl *ctl, const struct policy *policy)
{
    heading(ctl, TEXT_SAY_HEAD_STEPS);
    line(ctl,
         TEXT_SAY_OPENING,
         CTL_ARGS(say_title(ctl, &policy->steps[policy->first_step].title),
                  say_title(ctl, &policy->steps[policy->triage_step].title),
                  say_title(ctl, &policy->queues[policy->triage_queue].title)));
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        line(ctl,
             TEXT_SAY_STEP,
             CTL_ARGS(say_title(ctl, &step->title),
                      say_phase(ctl, step->phase),
                      say_role(ctl, policy, step->owner_role)));
        if (step->waits_for_customer) {
            (void)fprintf(ctl->out, "    %s\n", ctl_text_in(ctl->language, TEXT_SAY_STEP_WAITS));
        }
        for (uint16_t j = 0; j < step->action_count; j++) {
            say_action(ctl, policy, &step->actions[j]);
        }
    }
}

static void
say_clock(const struct ctl *ctl, const struct policy *policy, const struct policy_clock *clock)
{
    char target[SAY_MAX];
    char starts[SAY_MAX];
    char stops[SAY_MAX];
    char text[SAY_MAX];
    line(ctl,
         TEXT_SAY_CLOCK,
         CTL_ARGS(say_title(ctl, &clock->title),
                  say_target(ctl, clock, target),
                  policy->calendars[clock->calendar].name,
                  say_facts(ctl, policy, clock->starts, starts),
                  say_facts(ctl, policy, clock->stops, stops)));
    if (clock->when.channels || clock->when.classes || clock->when.category_count > 0) {
        char when[SAY_MAX];
        (void)say_when(ctl, policy, &clock->when, when);
        (void)fprintf(
            ctl->out, "    %s\n", say_text(ctl, text, TEXT_SAY_CLOCK_WHEN, CTL_ARGS(when)));
    }
    if (clock->pauses_for_customer) {
        (void)fprintf(ctl->out, "    %s\n", ctl_text_in(ctl->language, TEXT_SAY_CLOCK_PAUSES));
    }
    for (uint16_t i = 0; i < clock->level_count; i++) {
        (void)fprintf(ctl->out, "    - %s\n", say_level(ctl, policy, &clock->levels[i], text));
    }
}

static void say_policy(const struct ctl *ctl, const struct policy *policy)
{
    char text[SAY_MAX];
    char list[SAY_MAX] = "";
    (void)fprintf(ctl->out,
                  "%s\n",
                  say_text(ctl,
                           text,
                           TEXT_SAY_POLICY,
                           CTL_ARGS(say_title(ctl, &policy->title),
                                    policy->name,
                                    CTL_NUMBER_TEXT(policy->version))));
    line(ctl,
         TEXT_SAY_WHOLE,
         CTL_ARGS(CTL_NUMBER_TEXT(policy->capacity),
                  CTL_NUMBER_TEXT(policy->repeat_days),
                  CTL_NUMBER_TEXT(policy->reopen_days)));
    for (uint16_t i = 0; i < policy->channel_count; i++) {
        size_t at = strlen(list);
        (void)snprintf(list + at,
                       sizeof list - at,
                       "%s%s",
                       i > 0 ? ", " : "",
                       say_title(ctl, &policy->channels[i].title));
    }
    line(ctl, TEXT_SAY_CHANNELS, CTL_ARGS(list));
    say_severity(ctl, policy);
    say_routes(ctl, policy);
    say_steps(ctl, policy);
    heading(ctl, TEXT_SAY_HEAD_CLOCKS);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        say_clock(ctl, policy, &policy->clocks[i]);
    }
}

/* ---- one case ---- */

/* The index a name given as an option has; CTL_USAGE when the policy has none of it. */
static int fact_index(const struct ctl *ctl,
                      const char *option,
                      const struct policy *policy,
                      uint16_t (*find)(const struct policy *policy, struct slice id),
                      uint16_t *index)
{
    const char *name = ctl_option_text(ctl, option);
    *index = name ? find(policy, slice_text(name)) : POLICY_NONE;
    return name && *index == POLICY_NONE
               ? ctl_fail(ctl, CTL_USAGE, TEXT_EXPLAIN_UNKNOWN, CTL_ARGS(option, name))
               : CTL_OK;
}

struct reasons {
    struct policy_facts facts;
    int32_t score;
    uint16_t class_index, override, route;
    bool class_given;
};

static const char *origin_text(const struct policy_object *object,
                               enum policy_thing thing,
                               uint16_t i,
                               char into[SAY_MAX])
{
    const struct policy_origin *origin = &object->origins[thing][i];
    (void)snprintf(into, SAY_MAX, "%s:%u", origin->file, origin->line);
    return into;
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
            (void)fprintf(ctl->out,
                          "%+5d  %s (%s)\n",
                          factor->points,
                          say_title(ctl, &factor->title),
                          origin);
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
            ctl_print(
                ctl,
                TEXT_SAY_CASE_CLOCK,
                CTL_ARGS(say_title(ctl, &clock->title), say_target(ctl, clock, text), clock->rule));
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
            (void)json_array_append_new(
                clocks, json_pack("{s:s, s:s}", "id", clock->id, "rule", clock->rule));
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
    int code = fact_index(ctl, "channel", policy, policy_channel_index, &facts->channel);
    if (code == CTL_OK) {
        code = fact_index(ctl, "category", policy, policy_category_index, &facts->category);
    }
    if (code == CTL_OK) {
        code = fact_index(ctl, "class", policy, policy_class_index, &facts->class_index);
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
    if (of_case || ctl->json) {
        return explain_case(ctl, policy.object);
    }
    say_policy(ctl, &policy.object->policy);
    return CTL_OK;
}
