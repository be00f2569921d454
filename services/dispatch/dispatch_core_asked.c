#include "dispatch_core_asked.h"

#include "dispatch_core_counted.h"

static unsigned bits_count(uint32_t set)
{
    unsigned count = 0;
    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

bool asked_value(const struct trying *trying, uint16_t index, int64_t *value)
{
    const struct policy_field *field = &trying->policy->fields[index];
    struct slice told = rules_field(trying->input, field->id);
    if (told.size > 0) {
        return policy_field_value(field, told, value);
    }
    bool known = field->kept && (trying->more->told >> field->slot & 1U) != 0;
    *value = known ? trying->more->facts[field->slot] : 0;
    return known;
}

/* The field is filled in with the channel the complaint came by. */
static bool channel_same(const struct trying *trying, uint16_t index)
{
    const struct policy *policy = trying->policy;
    const struct policy_field *field = &policy->fields[index];
    int64_t value = 0;
    uint16_t channel = trying->state->channel;
    if (channel >= policy->channel_count) {
        return true;
    }
    const char *id = policy->channels[channel].id;
    if (field->type == FORM_TEXT) {
        return slice_equal(rules_field(trying->input, field->id), slice_text(id));
    }
    return field->type == FORM_CHOICE && asked_value(trying, index, &value) && value >= 0 &&
           value < field->choice_count && strcmp(field->choices[value].id, id) == 0;
}

static bool compare_holds(const struct trying *trying, const struct policy_requirement *asked)
{
    const struct policy_compare *compare = &asked->compare;
    int64_t value = 0;
    if (compare->field == POLICY_NONE) {
        return true;
    }
    const char *id = trying->policy->fields[compare->field].id;
    if (trying->blank && policy_need_of(trying->action, slice_text(id))) {
        return true; /* it may still be filled in */
    }
    if (asked->same_channel) {
        return channel_same(trying, compare->field);
    }
    return asked_value(trying, compare->field, &value) && policy_compare_holds(compare, value);
}

static bool mark_holds(const struct trying *trying, const struct policy_requirement *asked)
{
    const struct dispatch_more *more = trying->more;
    if (asked->not_by < POLICY_MARKS_MAX &&
        (more->by[asked->not_by] & rules_person(more, trying->input->actor)) != 0) {
        return false;
    }
    if (asked->task < POLICY_TASKS_MAX && more->open[asked->task] > 0) {
        return false;
    }
    if (asked->mark >= POLICY_MARKS_MAX) {
        return true;
    }
    return more->times[asked->mark] >= asked->times &&
           bits_count(more->by[asked->mark]) >= asked->persons &&
           (asked->at_most == POLICY_NONE || more->times[asked->mark] <= asked->at_most);
}

static bool is_asked(const struct trying *trying, const struct policy_requirement *asked)
{
    const struct dispatch_case *state = trying->state;
    const struct policy_facts facts = {.channel = state->channel,
                                       .category = state->category,
                                       .class_index = state->class_index,
                                       .repeats = state->repeats,
                                       .told = trying->more->told,
                                       .kept = trying->more->facts};
    bool role = asked->roles == 0 || (asked->roles >> trying->role & 1U) != 0;
    bool outcome = asked->outcomes == 0 || (asked->outcomes >> trying->outcome & 1U) != 0;
    return role && outcome && policy_when_holds(trying->policy, &asked->when, &facts);
}

int64_t asked_since_us(const struct dispatch_case *state,
                       const struct dispatch_more *more,
                       enum window_since since)
{
    const int64_t since_us[] = {[SINCE_RECEIVED] = state->received_at_us,
                                [SINCE_OPENED] = state->opened_at_us,
                                [SINCE_STEP] = state->step_since_us,
                                [SINCE_CLOSED] = state->closed_at_us,
                                [SINCE_IMPLEMENTED] = more->implemented_at_us};
    return since_us[since] != 0 ? since_us[since] : INT64_MAX;
}

/* The instant the window is about; judged as the event would be stamped. */
static int64_t window_us(const struct trying *trying, const struct policy_window *window)
{
    int64_t since_us = asked_since_us(trying->state, trying->more, window->since);
    return since_us != INT64_MAX ? policy_window_us(trying->policy, window, since_us) : INT64_MAX;
}

static bool window_holds(const struct trying *trying, const struct policy_window *window)
{
    if (window->side == WINDOW_NONE) {
        return true;
    }
    int64_t now_us = rules_now_us(trying->state, trying->input);
    int64_t at_us = window_us(trying, window);
    bool known = at_us != INT64_MAX; /* what cannot be computed is not skipped */
    return known && (window->side == WINDOW_BEFORE ? now_us <= at_us : now_us >= at_us);
}

const struct policy_requirement *
asked_unmet(const struct trying *trying, const struct policy_requirement *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        bool holds = mark_holds(trying, &list[i]) && compare_holds(trying, &list[i]) &&
                     window_holds(trying, &list[i].window) && counted_holds(trying, &list[i]);
        if (is_asked(trying, &list[i]) && !holds) {
            return &list[i];
        }
    }
    return NULL;
}

/* Whether a requirement has no title of its own. */
static bool title_is(const struct policy_title *title, const struct policy_title *other)
{
    unsigned same = 0;
    for (unsigned i = 0; i < LOCALE_COUNT; i++) {
        same += strcmp(title->text[i], other->text[i]) == 0;
    }
    return same == LOCALE_COUNT;
}

struct dispatch_permit asked_lacks(const struct trying *trying,
                                   const struct policy_requirement *asked)
{
    const struct policy *policy = trying->policy;
    struct dispatch_permit permit = {.answer = DISPATCH_REQUIREMENT, .title = &asked->title};
    if (!window_holds(trying, &asked->window)) {
        bool early = asked->window.side == WINDOW_AFTER;
        permit.until_us = window_us(trying, &asked->window);
        if (permit.until_us != INT64_MAX) {
            permit.answer = early ? DISPATCH_TOO_EARLY : DISPATCH_TOO_LATE;
        }
        return permit; /* neither can be said of an instant that its calendar does not know */
    }
    if (asked->same < policy->field_count) {
        counted_lacks(trying, asked, &permit);
        return permit;
    }
    if (asked->mark < policy->mark_count) {
        permit.what = slice_text(policy->marks[asked->mark].id);
    } else if (asked->not_by < policy->mark_count) {
        permit.what = slice_text(policy->marks[asked->not_by].id);
    } else if (asked->task < policy->task_count) {
        permit.what = slice_text(policy->tasks[asked->task].id);
    } else if (asked->compare.field < policy->field_count) {
        const struct policy_field *field = &policy->fields[asked->compare.field];
        bool says = asked->same_channel || !title_is(&asked->title, &field->title);
        permit.what = slice_text(field->id);
        permit.wanted = says ? NULL : &asked->compare;
    }
    return permit;
}
