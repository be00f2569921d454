/* A policy in sentences, section by section: as text, or as data for other programs. */
#include "ctl_policy_written.h"
#include "ctl_view.h"

struct telling {
    const struct ctl *ctl;
    const struct policy *policy;
    json_t *sections; /* NULL: text */
    json_t *lines;    /* of the section; lent */
    json_t *details;  /* of the line; lent */
};

static void section_named(struct telling *telling, const char *key, const char *title)
{
    if (!telling->sections) {
        (void)fprintf(telling->ctl->out, "\n%s\n", title);
        return;
    }
    telling->lines = json_array();
    (void)json_array_append_new(
        telling->sections,
        json_pack("{s:s, s:s, s:o}", "section", key, "title", title, "sentences", telling->lines));
}

static void section(struct telling *telling, const char *key, enum ctl_text id)
{
    section_named(telling, key, ctl_text_in(telling->ctl->language, id));
}

/* A sentence; of: the id of what it is about, NULL: of no one thing. */
static void line(struct telling *telling, const char *of, enum ctl_text id, const char *const *args)
{
    char text[SAY_MAX];
    (void)say_text(telling->ctl, text, id, args);
    if (!telling->sections) {
        (void)fprintf(telling->ctl->out, "  %s\n", text);
        return;
    }
    json_t *row = json_pack("{s:o}", "text", ctl_json_text(slice_text(text)));
    if (of) {
        (void)json_object_set_new(row, "id", json_string(of));
    }
    (void)json_array_append_new(telling->lines, row);
    telling->details = json_array();
    (void)json_object_set_new(row, "details", telling->details);
}

/* A sentence under the last one, key being its word in the policy language. */
static void
detail(const struct telling *telling, const char *key, const char *indent, const char *text)
{
    if (!telling->sections) {
        (void)fprintf(telling->ctl->out, "%s%s\n", indent, text);
        return;
    }
    (void)json_array_append_new(
        telling->details,
        json_pack("{s:s, s:o}", "key", key, "text", ctl_json_text(slice_text(text))));
}

/* The same of any length, under a thing; means: what it is, "" where that is clear. */
static void
detail_of(const struct telling *telling, const char *key, const char *means, const char *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        enum ctl_text pattern = means[0] == '\0' ? TEXT_SAY_VALUE : TEXT_SAY_WRITTEN;
        ctl_format(out, ctl_text_in(telling->ctl->language, pattern), CTL_ARGS(means, value));
        (void)fclose(out);
        detail(telling, key, "    ", text);
    }
    free(text);
}

static void rules(const struct telling *telling,
                  const struct say_rule *list,
                  size_t count,
                  const void *from,
                  const char *indent)
{
    char what[SAY_MAX];
    char text[SAY_MAX];
    for (size_t i = 0; i < count; i++) {
        const char *said = list[i].say(telling->ctl, telling->policy, from, what);
        if (said[0] != '\0') {
            (void)say_text(telling->ctl, text, list[i].sentence, CTL_ARGS(said));
            detail(telling, list[i].key, indent, text);
        }
    }
}

static void say_severity(struct telling *telling)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char when[SAY_MAX];
    section(telling, "severity", TEXT_SAY_HEAD_SEVERITY);
    for (uint16_t i = 0; i < policy->factor_count; i++) {
        const struct policy_factor *factor = &policy->factors[i];
        line(telling,
             factor->id,
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
            line(telling, class->id, TEXT_SAY_CLASS_LAST, CTL_ARGS(title, priority));
        } else {
            const char *from = CTL_NUMBER_TEXT(class->from_score);
            line(telling, class->id, TEXT_SAY_CLASS, CTL_ARGS(title, from, priority));
        }
    }
    for (uint16_t i = 0; i < policy->override_count; i++) {
        const struct policy_override *override = &policy->overrides[i];
        const char *class = say_title(ctl, &policy->classes[override->class_index].title);
        line(telling,
             NULL,
             TEXT_SAY_OVERRIDE,
             CTL_ARGS(class, say_when(ctl, policy, &override->when, when)));
    }
}

static void say_routes(struct telling *telling)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char when[SAY_MAX];
    section(telling, "queues", TEXT_SAY_HEAD_ROUTES);
    for (uint16_t i = 0; i < policy->route_count; i++) {
        const struct policy_route *route = &policy->routes[i];
        const char *queue = say_title(ctl, &policy->queues[route->queue].title);
        if (i + 1 == policy->route_count) {
            line(telling, NULL, TEXT_SAY_ROUTE_LAST, CTL_ARGS(queue));
        } else {
            line(telling,
                 NULL,
                 TEXT_SAY_ROUTE,
                 CTL_ARGS(queue, say_when(ctl, policy, &route->when, when)));
        }
    }
    for (uint16_t i = 0; i < policy->queue_count; i++) {
        if (policy->queues[i].push == PUSH_LEAST_LOAD) {
            line(telling,
                 policy->queues[i].id,
                 TEXT_SAY_PUSH,
                 CTL_ARGS(say_title(ctl, &policy->queues[i].title)));
        }
    }
}

static void say_action(const struct telling *telling, const struct policy_action *action)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char text[SAY_MAX];
    char part[SAY_MAX];
    char more[SAY_MAX];
    (void)say_roles(ctl, policy, action->roles, part);
    (void)say_text(ctl, text, TEXT_SAY_ACTION, CTL_ARGS(say_title(ctl, &action->title), part));
    if (action->to_step != POLICY_NONE) {
        const char *to = say_title(ctl, &policy->steps[action->to_step].title);
        size_t at = strlen(text);
        (void)say_text(ctl, more, TEXT_SAY_ACTION_TO, CTL_ARGS(to));
        (void)snprintf(text + at, sizeof text - at, "%s", more);
    }
    if (say_needs(ctl, action, part)[0] != '\0') {
        size_t at = strlen(text);
        (void)say_text(ctl, more, TEXT_SAY_ACTION_NEEDS, CTL_ARGS(part));
        (void)snprintf(text + at, sizeof text - at, "%s", more);
    }
    detail(telling, action->id, "    - ", text);
    rules(telling, say_action_rules, say_action_rule_count, action, "      ");
}

static void say_steps(struct telling *telling)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    section(telling, "steps", TEXT_SAY_HEAD_STEPS);
    line(telling,
         NULL,
         TEXT_SAY_OPENING,
         CTL_ARGS(say_title(ctl, &policy->steps[policy->first_step].title),
                  say_title(ctl, &policy->steps[policy->triage_step].title),
                  say_title(ctl, &policy->queues[policy->triage_queue].title)));
    for (uint16_t i = 0; i < policy->step_count; i++) {
        const struct policy_step *step = &policy->steps[i];
        line(telling,
             step->id,
             TEXT_SAY_STEP,
             CTL_ARGS(say_title(ctl, &step->title),
                      say_phase(ctl, step->phase),
                      say_role(ctl, policy, step->owner_role)));
        rules(telling, say_step_rules, say_step_rule_count, step, "    ");
        for (uint16_t j = 0; j < step->action_count; j++) {
            say_action(telling, &step->actions[j]);
        }
    }
}

/* What closing asks, obligations, and who stands in for whom. */
static void say_closing(struct telling *telling)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char list[SAY_MAX];
    if (policy->closing_count + policy->task_count + policy->deputy_count == 0) {
        return;
    }
    section(telling, "closing", TEXT_SAY_HEAD_CLOSING);
    for (uint16_t i = 0; i < policy->closing_count; i++) {
        (void)say_requirements(ctl, policy, &policy->closing[i], 1, list);
        line(telling, NULL, TEXT_SAY_CLOSING, CTL_ARGS(list));
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        if (!policy->tasks[i].blocks_nothing) {
            const char *title = say_title(ctl, &policy->tasks[i].title);
            line(telling, policy->tasks[i].id, TEXT_SAY_TASK, CTL_ARGS(title));
        }
        uint8_t at_once = policy_at_once(&policy->tasks[i]);
        if (at_once < POLICY_AT_ONCE_MAX) {
            const char *title = say_title(ctl, &policy->tasks[i].title);
            line(telling,
                 policy->tasks[i].id,
                 TEXT_SAY_TASK_AT_ONCE,
                 CTL_ARGS(title, CTL_NUMBER_TEXT(at_once)));
        }
    }
    for (uint16_t i = 0; i < policy->deputy_count; i++) {
        const char *of = say_role(ctl, policy, policy->deputies[i].of);
        (void)say_roles(ctl, policy, policy->deputies[i].roles, list);
        line(telling, NULL, TEXT_SAY_DEPUTY, CTL_ARGS(list, of));
    }
}

static void say_clock(struct telling *telling, const struct policy_clock *clock)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char target[SAY_MAX];
    char starts[SAY_MAX];
    char stops[SAY_MAX];
    char text[SAY_MAX];
    (void)say_target(ctl, policy, clock, target);
    const char *calendar = view_calendar(ctl, &policy->calendars[clock->calendar]);
    if (clock->of_steps != 0 || clock->of_task != 0) {
        line(telling,
             clock->id,
             TEXT_SAY_CLOCK_STEPS,
             CTL_ARGS(say_title(ctl, &clock->title), target, calendar));
    } else {
        line(telling,
             clock->id,
             TEXT_SAY_CLOCK,
             CTL_ARGS(say_title(ctl, &clock->title),
                      target,
                      calendar,
                      say_facts(ctl, policy, clock->starts, clock->start_marks, starts),
                      say_facts(ctl, policy, clock->stops, clock->stop_marks, stops)));
    }
    rules(telling, say_clock_rules, say_clock_rule_count, clock, "    ");
    for (uint16_t i = 0; i < clock->level_count; i++) {
        (void)say_level(ctl, policy, &clock->levels[i], text);
        detail(telling, "levels", "    - ", text);
    }
}

static void say_whole(struct telling *telling)
{
    const struct ctl *ctl = telling->ctl;
    const struct policy *policy = telling->policy;
    char list[SAY_MAX] = "";
    line(telling,
         NULL,
         TEXT_SAY_WHOLE,
         CTL_ARGS(CTL_NUMBER_TEXT(policy->capacity),
                  CTL_NUMBER_TEXT(policy->repeat_days),
                  CTL_NUMBER_TEXT(policy->reopen_days)));
    for (uint16_t i = 0; i < policy->channel_count; i++) {
        size_t at = strlen(list);
        (void)snprintf(list + at,
                       sizeof list - at,
                       "%s%s",
                       i > 0 ? ctl_text_in(ctl->language, TEXT_SAY_COMMA) : "",
                       say_title(ctl, &policy->channels[i].title));
    }
    line(telling, NULL, TEXT_SAY_CHANNELS, CTL_ARGS(list));
}

/* What is written and has no sentence of its own. */
struct rest {
    struct telling *telling;
    const struct language_key *section; /* the last one that was begun */
};

static void rest_tell(void *self, const struct written *written)
{
    struct rest *rest = self;
    struct telling *telling = rest->telling;
    char meaning[SAY_MAX];
    if (rest->section != written->section) {
        rest->section = written->section;
        section_named(telling,
                      written->section->name,
                      written_meaning(telling->ctl, written->section, meaning));
    }
    if (written->key && written->key->kind == KIND_TITLE && written->id &&
        strcmp(written->key->name, "title") == 0) {
        return; /* the line above is the title */
    }
    if (written->key && written->id) {
        const char *means = written_meaning(telling->ctl, written->key, meaning);
        bool of_section = written->key == written->section;
        detail_of(telling, written->key->name, of_section ? "" : means, written->value);
    } else if (written->key) {
        const char *means = written_meaning(telling->ctl, written->key, meaning);
        line(telling, written->key->name, TEXT_SAY_WRITTEN, CTL_ARGS(means, written->value));
    } else if (written->id) {
        bool titled = strcmp(written->value, written->id) != 0;
        line(telling,
             written->id,
             titled ? TEXT_SAY_THING : TEXT_SAY_NAME,
             CTL_ARGS(written->value, written->id));
    } else {
        line(telling, NULL, TEXT_SAY_RULE, CTL_ARGS(written->value));
    }
}

void ctl_policy_tell(const struct ctl *ctl,
                     const struct policy *policy,
                     const struct yaml_node *tree)
{
    struct telling telling = {.ctl = ctl, .policy = policy};
    char text[SAY_MAX];
    const char *version = CTL_NUMBER_TEXT(policy->version);
    const char *title = say_title(ctl, &policy->title);
    (void)say_text(ctl, text, TEXT_SAY_POLICY, CTL_ARGS(title, policy->name, version));
    if (ctl->json) {
        telling.sections = json_array();
        telling.lines = json_array();
        (void)json_array_append_new(telling.sections,
                                    json_pack("{s:s, s:s, s:o}",
                                              "section",
                                              "policy",
                                              "title",
                                              title,
                                              "sentences",
                                              telling.lines));
    } else {
        (void)fprintf(ctl->out, "%s\n", text);
    }
    say_whole(&telling);
    say_severity(&telling);
    say_routes(&telling);
    say_steps(&telling);
    say_closing(&telling);
    section(&telling, "clocks", TEXT_SAY_HEAD_CLOCKS);
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        say_clock(&telling, &policy->clocks[i]);
    }
    struct rest rest = {.telling = &telling};
    written_each(ctl, policy, tree, false, rest_tell, &rest);
    if (ctl->json) {
        json_t *value = json_pack("{s:s, s:i, s:o}",
                                  "policy",
                                  policy->name,
                                  "version",
                                  (int)policy->version,
                                  "sections",
                                  telling.sections);
        ctl_print_json(ctl, &value);
    }
}
