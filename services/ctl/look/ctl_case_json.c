/* A case as JSON: ids, never titles, so that programs do not depend on a language. */
#include "case_number.h"
#include "ctl_case.h"

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static void set_text(json_t *object, const char *key, struct slice text)
{
    if (text.size > 0) {
        set(object, key, ctl_json_text(text));
    }
}

static void set_number(json_t *object, const char *key, int64_t value)
{
    set(object, key, json_integer(value));
}

static void set_time(json_t *object, const char *key, int64_t at_us)
{
    set(object, key, view_time_json(at_us));
}

static void received_json(json_t *object, const struct event_received *received)
{
    set_text(object, "channel", received->channel);
    set_number(object, "policy_id", received->policy_id);
    set_time(object, "received_at", received->received_at_us);
    set_number(object, "text_characters", received->text_characters);
    set(object, "acknowledged_by_receipt", json_boolean(received->acknowledged_by_receipt));
    set(object, "narrative_sealed", json_boolean(received->sealed_narrative.size > 0));
    set(object, "person_sealed", json_boolean(received->sealed_person.size > 0));
    json_t *labels = json_array();
    for (uint32_t i = 0; i < received->label_count; i++) {
        (void)json_array_append_new(labels, ctl_json_text(received->labels[i].name));
    }
    set(object, "labels", labels);
}

static void triaged_json(json_t *object, const struct event_triaged *triaged)
{
    set_text(object, "category", triaged->category);
    set_text(object, "severity_class", triaged->severity_class);
    set_number(object, "score", triaged->score);
    set_number(object, "priority", triaged->priority);
    set_number(object, "repeats", triaged->repeats);
    set_text(object, "reason", triaged->reason);
    json_t *factors = json_array();
    for (uint32_t i = 0; i < triaged->factor_count; i++) {
        json_t *factor = json_object();
        set_text(factor, "name", triaged->factors[i].name);
        set_number(factor, "points", triaged->factors[i].points);
        (void)json_array_append_new(factors, factor);
    }
    set(object, "factors", factors);
}

static void opened_json(json_t *object, const struct event_opened *opened)
{
    set_text(object, "step", opened->step);
    set_text(object, "queue", opened->queue);
    set_text(object, "category", opened->category);
    set_text(object, "severity_class", opened->severity_class);
    set_number(object, "priority", opened->priority);
}

/* What dispatch records of the organisation beside what was filled in.  False: it was filled in. */
static bool recorded_set(json_t *object, const struct event_field *field)
{
    static const char *const keys[][2] = {
        {"@org",        "org_version"},
        {"@deputy-of",  "deputy_of"  },
        {"@load",       "load"       },
        {"@same-cause", "same_cause" },
        {"@raised-to",  "raised_to"  },
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (slice_equal(field->name, slice_text(keys[i][0]))) {
            set_text(object, keys[i][1], field->value);
            return true;
        }
    }
    return false;
}

static void advanced_json(json_t *object, const struct event_advanced *advanced)
{
    set_text(object, "action", advanced->action);
    set_text(object, "from_step", advanced->from_step);
    set_text(object, "to_step", advanced->to_step);
    set_text(object, "actor", advanced->actor);
    set_text(object, "role", advanced->role);
    set_text(object, "queue", advanced->queue);
    set_text(object, "agent", advanced->agent);
    set_text(object, "category", advanced->category);
    set_text(object, "severity_class", advanced->severity_class);
    set_number(object, "priority", advanced->priority);
    set_number(object, "version", advanced->version);
    set(object, "note_sealed", json_boolean(advanced->sealed_note.size > 0));
    if (advanced->text.size > 0) {
        set_text(object, "text", advanced->text);
        set_text(object, "text_language", advanced->text_language);
    }
    json_t *fields = json_object();
    json_t *sealed = json_array();
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        const struct event_field *field = &advanced->fields[i];
        char name[VIEW_TEXT_MAX];
        if (field->sealed.size > 0) {
            (void)json_array_append_new(sealed, json_string(view_plain(field->name, name)));
        } else if (!recorded_set(object, field)) {
            set(fields, view_plain(field->name, name), ctl_json_text(field->value));
        }
    }
    set(object, "fields", fields);
    set(object, "fields_sealed", sealed);
}

static json_t *clock_json(const struct event_clock *clock)
{
    static const char *const verdicts[] = {"", "met", "missed", "cancelled"};
    json_t *object = json_object();
    set_text(object, "clock", clock->name);
    if (clock->task > 0) {
        set_number(object, "task", clock->task);
    }
    set_number(object, "generation", clock->generation);
    set_time(object, "started_at", clock->started_at_us);
    set_time(object, "due_at", clock->due_us);
    set(object, "due_unknown", json_boolean(clock->due_us == INT64_MAX));
    set_time(object, "paused_at", clock->paused_at_us);
    set_number(object, "used_seconds", clock->used_s);
    if (clock->target_days > 0) {
        set_number(object, "target_days", clock->target_days);
    } else {
        set_number(object, "target_seconds", clock->target_s);
    }
    set_text(object, "calendar", clock->calendar);
    set_text(object, "calendar_version", clock->calendar_version);
    if (clock->zone_version.size > 0) {
        set_text(object, "zone_version", clock->zone_version);
    }
    set_text(object, "rule", clock->rule);
    if (clock->verdict > CLOCK_RUNNING && clock->verdict <= CLOCK_CANCELLED) {
        set(object, "verdict", json_string(verdicts[clock->verdict]));
    }
    if (clock->late_s != 0) {
        set_number(object, "late_seconds", clock->late_s);
    }
    if (clock->level > 0) {
        set_number(object, "level", clock->level);
        set_time(object, "level_due_at", clock->level_due_us);
    }
    if (clock->notify_role.size > 0) {
        set_text(object, "notify_role", clock->notify_role);
    }
    return object;
}

json_t *case_event_json(const struct event *event)
{
    json_t *object = json_object();
    const char *kind = event_kind_name(event->kind);
    set_time(object, "at", event->at_us);
    set(object, "service", json_string(service_name(event->service)));
    set_number(object, "partition", event->partition);
    set_number(object, "seq", (int64_t)event->seq);
    set_number(object, "epoch", (int64_t)event->epoch);
    set_number(object, "case", (int64_t)event->case_id);
    set(object, "kind", kind ? json_string(kind) : json_null());
    if (!kind) {
        return object;
    }
    if (event->service == SERVICE_INTAKE) {
        received_json(object, &event->received);
    } else if (event->service == SERVICE_TRIAGE) {
        triaged_json(object, &event->triaged);
    } else if (event->kind == EVENT_OPENED) {
        opened_json(object, &event->opened);
    } else if (event->service == SERVICE_DISPATCH) {
        advanced_json(object, &event->advanced);
    } else if (event->service == SERVICE_WATCHDOG) {
        json_t *clocks = json_array();
        for (uint32_t i = 0; i < event->clocks.count; i++) {
            (void)json_array_append_new(clocks, clock_json(&event->clocks.clocks[i]));
        }
        set(object, "clocks", clocks);
    }
    return object;
}

static void state_json(json_t *object, const struct case_view *view)
{
    const struct dispatch_case *state = &view->state;
    const struct policy *policy = view->policy;
    set(object, "opened", json_boolean(state->version > 0));
    if (!policy || state->version == 0) {
        return;
    }
    set_number(object, "version", state->version);
    set_text(object, "step", slice_text(policy->steps[state->step].id));
    if (state->queue != POLICY_NONE) {
        set_text(object, "queue", slice_text(policy->queues[state->queue].id));
    }
    set_text(object, "agent", slice_text(state->agent));
    if (state->category != POLICY_NONE) {
        set_text(object, "category", slice_text(policy->categories[state->category].id));
    }
    if (state->class_index != POLICY_NONE) {
        set_text(object, "severity_class", slice_text(policy->classes[state->class_index].id));
    }
    set_number(object, "priority", state->priority);
    set_number(object, "reopened", state->reopened);
    set_time(object, "opened_at", state->opened_at_us);
    set_time(object, "step_since", state->step_since_us);
    set_time(object, "closed_at", state->closed_at_us);
    set(object, "held", json_boolean(state->more.hold != 0));
}

/* When it was erased, by whom and why; null: it was not. */
static json_t *erased_json(const struct case_view *view)
{
    if (!view->erased) {
        return json_null();
    }
    const struct event_advanced *advanced = &view->erased->advanced;
    json_t *object = json_object();
    set_time(object, "at", view->erased->at_us);
    set_text(object, "actor", advanced->actor);
    set_text(object, "role", advanced->role);
    set_text(object, "reason", case_field_of(advanced, "reason"));
    return object;
}

json_t *case_json(const struct case_view *view)
{
    json_t *object = json_object();
    set_number(object, "case", (int64_t)view->case_id);
    if (view->received) {
        char number[CASE_NUMBER_SIZE];
        const struct event_received *received = &view->received->received;
        case_number_format(view->case_id, received->received_at_us, number);
        set(object, "number", json_string(number));
        set_text(object, "channel", received->channel);
        set_time(object, "received_at", received->received_at_us);
    }
    if (view->policy) {
        set(object, "policy", json_string(view->policy->name));
        set_number(object, "policy_version", view->policy->version);
    }
    if (view->triaged) {
        set_number(object, "score", view->triaged->triaged.score);
    }
    state_json(object, view);
    set(object, "erased", erased_json(view));
    json_t *clocks = json_array();
    for (uint32_t i = 0; i < view->clock_count; i++) {
        json_t *clock = clock_json(&view->clocks[i].told);
        set(clock, "due_cleared", json_boolean(case_clock_is_cleared(view, &view->clocks[i])));
        enum view_status status = case_clock_status(view, &view->clocks[i]);
        set(clock, "status", json_string(view_status_name(status)));
        (void)json_array_append_new(clocks, clock);
    }
    set(object, "clocks", clocks);
    json_t *events = json_array();
    for (uint32_t i = 0; i < view->event_count; i++) {
        json_t *event = case_event_json(&view->events[i]);
        if (view->said && view->said[i].size > 0 && !view->erased) {
            set_text(event, "said", view->said[i]);
        }
        (void)json_array_append_new(events, event);
    }
    set(object, "events", events);
    set(object, "altered", case_altered_json(view));
    return object;
}
