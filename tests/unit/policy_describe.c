#include "describe.h"

static void describe_when(const struct policy *policy, const struct policy_when *when, FILE *out)
{
    for (unsigned i = 0; i < 32; i++) {
        if (when->channels >> i & 1U) {
            (void)fprintf(out, " channel=%s", policy->channels[i].id);
        }
        if (when->classes >> i & 1U) {
            (void)fprintf(out, " class=%s", policy->classes[i].id);
        }
    }
    for (uint16_t i = 0; i < when->category_count; i++) {
        (void)fprintf(out, " category=%s", policy->categories[when->categories[i]].id);
    }
    if (when->repeats_min > 0) {
        (void)fprintf(out, " repeats>=%u", when->repeats_min);
    }
    for (uint16_t i = 0; i < when->pattern_count; i++) {
        (void)fprintf(out, " pattern=%s", when->patterns[i]);
    }
}

static void describe_names(const struct policy *policy, FILE *out)
{
    for (uint16_t i = 0; i < policy->role_count; i++) {
        bool outside = (policy->outside >> i & 1U) != 0;
        (void)fprintf(out, "role %s%s\n", policy->roles[i], outside ? " outside" : "");
    }
    for (uint16_t i = 0; i < policy->channel_count; i++) {
        const struct policy_channel *channel = &policy->channels[i];
        (void)fprintf(out,
                      "channel %s%s\n",
                      channel->id,
                      channel->acknowledged_by_receipt ? " acknowledged-by-receipt" : "");
    }
    for (uint16_t i = 0; i < policy->category_count; i++) {
        const struct policy_category *category = &policy->categories[i];
        bool top = category->parent == POLICY_NONE;
        (void)fprintf(out,
                      "category %s%s%s\n",
                      category->id,
                      top ? "" : " under ",
                      top ? "" : policy->categories[category->parent].id);
    }
    for (uint16_t i = 0; i < policy->queue_count; i++) {
        const struct policy_queue *queue = &policy->queues[i];
        (void)fprintf(
            out, "queue %s%s\n", queue->id, queue->push != PUSH_NO ? " push=least-load" : "");
    }
}

static void describe_rules(const struct policy *policy, FILE *out)
{
    for (uint16_t i = 0; i < policy->class_count; i++) {
        const struct policy_class *class = &policy->classes[i];
        (void)fprintf(out, "class %s priority=%u", class->id, class->priority);
        if (class->from_score != INT32_MIN) {
            (void)fprintf(out, " from=%d", class->from_score);
        }
        (void)fputc('\n', out);
    }
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        (void)fprintf(out, "factor %s %+d when", policy->factors[i].id, policy->factors[i].points);
        describe_when(policy, &policy->factors[i].when, out);
        (void)fputc('\n', out);
    }
    for (uint16_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *override = &policy->overrides[i];
        (void)fprintf(out, "override class=%s when", policy->classes[override->class_index].id);
        describe_when(policy, &override->when, out);
        (void)fputc('\n', out);
    }
    for (uint16_t i = 0; i < policy->route_count; i++) {
        (void)fprintf(out, "route queue=%s when", policy->queues[policy->routes[i].queue].id);
        describe_when(policy, &policy->routes[i].when, out);
        (void)fputc('\n', out);
    }
}

static void describe_length(const char *word, int64_t seconds, FILE *out)
{
    if (seconds > 0) {
        (void)fprintf(out, "%s=%llds", word, (long long)seconds);
    }
}

static void
describe_action(const struct policy *policy, const struct policy_action *action, FILE *out)
{
    (void)fprintf(out, "  action %s fact=%s by=", action->id, event_kind_name(action->fact));
    const char *comma = "";
    for (uint16_t i = 0; i < policy->role_count; i++) {
        if (action->roles >> i & 1U) {
            (void)fprintf(out, "%s%s", comma, policy->roles[i]);
            comma = ",";
        }
    }
    if (action->to_step != POLICY_NONE) {
        (void)fprintf(out, " to=%s", policy->steps[action->to_step].id);
    }
    if (action->to_queue) {
        bool by_routes = action->queue == POLICY_NONE;
        (void)fprintf(out, " queue=%s", by_routes ? "by-routes" : policy->queues[action->queue].id);
    }
    for (uint16_t i = 0; i < action->need_count; i++) {
        (void)fprintf(out, " needs=%s", action->needs[i].field);
    }
    (void)fprintf(out, "%s\n", action->same_person_may_not ? " same-person-may-not" : "");
}

static void describe_level(const struct policy *policy, const struct policy_level *level, FILE *out)
{
    static const char *const actions[] = {"warn", "breach", "escalate"};
    static const char *const offsets[] = {"%", "s", " business s", " business days"};
    (void)fprintf(out,
                  "  %s at %+lld%s",
                  actions[level->action],
                  (long long)level->value,
                  offsets[level->offset]);
    if (level->notify_role != POLICY_NONE) {
        (void)fprintf(out, " notify=%s", policy->roles[level->notify_role]);
    }
    if (level->raise_priority_to > 0) {
        (void)fprintf(out, " raise-to=%u", level->raise_priority_to);
    }
    (void)fputc('\n', out);
}

static void describe_facts(const struct policy_clock *clock, FILE *out)
{
    for (unsigned kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        enum event_kind fact = (enum event_kind)kind;
        if (policy_kind_in(clock->starts, fact)) {
            (void)fprintf(out, " starts=%s", event_kind_name(fact));
        }
        if (policy_kind_in(clock->stops, fact)) {
            (void)fprintf(out, " stops=%s", event_kind_name(fact));
        }
    }
}

static void describe_steps(const struct policy *policy, const char *word, uint64_t steps, FILE *out)
{
    for (uint16_t i = 0; i < policy->step_count; i++) {
        if ((steps >> i & 1U) != 0) {
            (void)fprintf(out, " %s=%s", word, policy->steps[i].id);
        }
    }
}

static void describe_target(const struct policy *policy,
                            enum clock_target target,
                            int64_t seconds,
                            uint32_t days,
                            uint16_t calendar,
                            FILE *out)
{
    static const char *const units[] = {[TARGET_ELAPSED] = "s",
                                        [TARGET_BUSINESS] = "business s",
                                        [TARGET_BUSINESS_DAYS] = "business days"};
    (void)fprintf(out,
                  "%lld %s of %s",
                  (long long)(target == TARGET_BUSINESS_DAYS ? days : seconds),
                  units[target],
                  policy->calendars[calendar].name);
}

static void describe_extension(const struct policy_extension *extension, FILE *out)
{
    if (extension->times > 0) {
        (void)fprintf(out,
                      " extended=%u by=%lld%s",
                      extension->times,
                      (long long)extension->by_s + extension->by_days,
                      extension->needs_reason ? " with-reason" : "");
    }
    for (uint16_t i = 0; i < extension->after_count; i++) {
        (void)fprintf(out, " after=%s", extension->after[i]);
    }
}

static void describe_anew(const struct policy *policy, const struct policy_clock *clock, FILE *out)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (policy_kind_in(clock->rearms, (enum event_kind)kind)) {
            (void)fprintf(out, " rearms=%s", event_kind_name((enum event_kind)kind));
        }
    }
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        bool starts = (clock->start_marks >> i & 1U) != 0;
        bool stops = (clock->stop_marks >> i & 1U) != 0;
        if (starts || stops) {
            (void)fprintf(
                out, " at-mark=%s%s%s", policy->marks[i].id, starts ? "+" : "", stops ? "-" : "");
        }
    }
}

/* Where it stands still, when it starts anew, what else it may have: only what was said. */
static void describe_more(const struct policy *policy, const struct policy_clock *clock, FILE *out)
{
    describe_steps(policy, "of", clock->of_steps, out);
    if (clock->of_task != 0) {
        (void)fprintf(out, " of-task=%s", policy->tasks[clock->of_task - 1].id);
    }
    describe_steps(policy, "pauses-in", clock->pause_steps, out);
    describe_steps(policy, "runs-in", clock->run_steps, out);
    describe_steps(policy, "hidden-in", clock->hidden_steps, out);
    describe_anew(policy, clock, out);
    (void)fputs(clock->rolls ? " rolls" : "", out);
    (void)fputs(clock->next_opening ? " next-opening" : "", out);
    if (clock->due_cleared != DUE_CLEARED_PAUSED) {
        (void)fprintf(out, " due-cleared=%u", clock->due_cleared);
    }
    describe_extension(&clock->extension, out);
    for (uint16_t i = 0; i < clock->further_count; i++) {
        describe_extension(&clock->further[i], out);
    }
}

static void describe_clock(const struct policy *policy, const struct policy_clock *clock, FILE *out)
{
    (void)fprintf(out, "clock %s ", clock->id);
    if (clock->target == TARGET_BUSINESS_DAYS) {
        (void)fprintf(
            out, "%u business days%s", clock->target_days, clock->end_of_day ? ", end of day" : "");
    } else if (clock->target == TARGET_PROMISED) {
        (void)fprintf(out, "at %s", policy->fields[clock->due_field].id);
    } else {
        const char *kind = clock->target == TARGET_BUSINESS ? " business" : "";
        (void)fprintf(out, "%lld%s s", (long long)clock->target_s, kind);
    }
    (void)fprintf(out, " of %s", policy->calendars[clock->calendar].name);
    describe_facts(clock, out);
    describe_when(policy, &clock->when, out);
    (void)fputs(clock->pauses_for_customer ? " pauses" : "", out);
    (void)fputs(clock->statutory ? " statutory" : "", out);
    describe_more(policy, clock, out);
    (void)fputc('\n', out);
    for (uint16_t i = 0; i < clock->target_count; i++) {
        const struct policy_target *one = &clock->targets[i];
        (void)fputs("  target ", out);
        describe_target(policy, one->target, one->target_s, one->target_days, one->calendar, out);
        describe_when(policy, &one->when, out);
        if (one->priorities != 0) {
            (void)fprintf(out, " priorities=%#x", one->priorities);
        }
        (void)fputc('\n', out);
    }
    for (uint16_t i = 0; i < clock->level_count; i++) {
        describe_level(policy, &clock->levels[i], out);
    }
}

static void describe_skills(const struct policy *policy, FILE *out)
{
    for (uint16_t i = 0; i < policy->skill_count; i++) {
        const struct policy_skill *skill = &policy->skills[i];
        (void)fprintf(out, "skill %s=%u when", skill->skill, skill->level);
        describe_when(policy, &skill->when, out);
        describe_steps(policy, "in", skill->steps, out);
        if (skill->languages != 0) {
            (void)fprintf(out, " languages=0x%x", skill->languages);
        }
        for (uint16_t j = 0; j < skill->relax_count; j++) {
            (void)fprintf(
                out, ", %u after %llds", skill->relax[j].level, (long long)skill->relax[j].after_s);
        }
        (void)fputc('\n', out);
    }
}

static void
describe_wanted(const struct policy *policy, const struct policy_measure *measure, FILE *out)
{
    const struct policy_duty *duty = &measure->duty;
    if (measure->owner != POLICY_NONE) {
        (void)fprintf(out, " owner=%s", policy->roles[measure->owner]);
    }
    if (duty->is_owed) {
        (void)fprintf(out, " owed from=%u within=%u days", duty->from, duty->days);
        (void)fprintf(
            out, " of %s\n", duty->days > 0 ? policy->calendars[duty->calendar].name : "-");
        return;
    }
    (void)fprintf(out,
                  " %s %lld\n",
                  measure->has_least ? ">=" : "<=",
                  (long long)(measure->has_least ? measure->least : measure->most));
}

/* What it looks at. */
static void
describe_measured(const struct policy *policy, const struct policy_measure *measure, FILE *out)
{
    if (measure->clock != POLICY_NONE) {
        (void)fprintf(out, " clock=%s", policy->clocks[measure->clock].id);
    }
    if (measure->answer.field != POLICY_NONE) {
        (void)fprintf(out, " field=%s", policy->fields[measure->answer.field].id);
    }
}

static void describe_measures(const struct policy *policy, FILE *out)
{
    for (uint16_t i = 0; i < policy->measure_count; i++) {
        const struct policy_measure *measure = &policy->measures[i];
        (void)fprintf(out,
                      "measure %s %s a %s",
                      measure->id,
                      measure_what_name(measure->what),
                      measure_period_name(measure->period));
        describe_measured(policy, measure, out);
        (void)fprintf(out,
                      " outcomes=0x%x among=0x%x phase=%u choices=0x%llx score=%lld when",
                      measure->outcomes,
                      measure->among,
                      measure->phase,
                      (unsigned long long)measure->answer.choices,
                      (long long)measure->answer.min);
        describe_when(policy, &measure->where, out);
        if (measure->between) {
            (void)fprintf(out, " between=channels");
        }
        describe_wanted(policy, measure, out);
    }
}

static void describe_retention(const struct policy *policy, FILE *out)
{
    static const char *const since[] = {"received", "closed"};
    const struct policy_retention *retention = &policy->retention;
    if (retention->roles == 0) {
        return;
    }
    (void)fprintf(out,
                  "retention by=0x%x erase=%um%ud since %s\n",
                  retention->roles,
                  retention->erase.after.months,
                  retention->erase.after.days,
                  since[retention->erase.since]);
    for (uint16_t i = 0; i < retention->ground_count; i++) {
        const struct policy_ground *ground = &retention->grounds[i];
        (void)fprintf(out,
                      "ground %s %um%ud since %s when",
                      ground->id,
                      ground->at_least.months,
                      ground->at_least.days,
                      since[ground->since]);
        describe_when(policy, &ground->when, out);
        (void)fputc('\n', out);
    }
}

void policy_describe(const struct policy *policy, FILE *out)
{
    (void)fprintf(out,
                  "policy %s version %u capacity=%u repeat-days=%u reopen-days=%u\n",
                  policy->name,
                  policy->version,
                  policy->capacity,
                  policy->repeat_days,
                  policy->reopen_days);
    describe_names(policy, out);
    describe_rules(policy, out);
    (void)fprintf(out,
                  "opening step=%s unsure-step=%s unsure-queue=%s\n",
                  policy->steps[policy->first_step].id,
                  policy->steps[policy->triage_step].id,
                  policy->queues[policy->triage_queue].id);
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        (void)fprintf(out,
                      "step %s owner=%s%s%s",
                      step->id,
                      policy->roles[step->owner_role],
                      step->waits_for_customer ? " waits-for-customer" : "",
                      step->closed ? " closed" : "");
        describe_length(" affinity", step->affinity_s, out);
        describe_length(" key-accounts", step->key_account_s, out);
        (void)fputc('\n', out);
        for (uint16_t j = 0; j < step->action_count; j++) {
            describe_action(policy, &step->actions[j], out);
        }
    }
    describe_skills(policy, out);
    for (uint16_t i = 0; i < policy->calendar_count; i++) {
        const struct calendar *calendar = &policy->calendars[i];
        (void)fprintf(out,
                      "calendar %s zone=%s%s\n",
                      calendar->name,
                      calendar->zone,
                      calendar->always ? " always" : "");
    }
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        describe_clock(policy, &policy->clocks[i], out);
    }
    describe_measures(policy, out);
    describe_retention(policy, out);
}
