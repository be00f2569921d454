#include "analytics_core.h"

enum {
    US = 1000000,
    HOUR_S = 3600,
    FIELD_SCALE = 10000,
    INCREMENTS_PER_CLOCK = 2,
};

static const double bucket_growth = 1.1;

/* Increments being collected for one event; row is what they have in common. */
struct tally {
    const struct policy *policy;
    const struct event *event;
    struct figure_increment row;
    struct figure_increment *out;
    uint32_t count;
};

static int64_t floor_div(int64_t value, int64_t by)
{
    return value % by < 0 ? value / by - 1 : value / by;
}

static struct figure_increment *add(struct tally *tally, enum figure_measure measure)
{
    assert(tally->count < FIGURE_INCREMENTS_MAX);
    struct figure_increment *increment = &tally->out[tally->count++];
    *increment = tally->row;
    increment->measure = measure;
    return increment;
}

static void add_phase(struct tally *tally, enum phase phase, int64_t from_us)
{
    int64_t to_us = tally->event->at_us;
    int64_t seconds = from_us > 0 && to_us > from_us ? (to_us - from_us) / US : 0;
    struct figure_increment *increment = add(tally, FIGURE_PHASE);
    increment->phase = (uint8_t)phase;
    increment->bucket = figure_bucket(seconds);
    increment->sum = seconds;
}

/* Where the case belongs, as the event itself says it. */
/* NOLINTBEGIN(bugprone-easily-swappable-parameters): from the wide to the narrow */
static void place(struct tally *tally,
                  uint32_t policy_id,
                  struct slice channel,
                  struct slice category,
                  struct slice queue)
/* NOLINTEND(bugprone-easily-swappable-parameters) */
{
    tally->row.policy_id = policy_id;
    tally->row.channel = policy_channel_index(tally->policy, channel);
    tally->row.category = policy_category_index(tally->policy, category);
    tally->row.queue = policy_queue_index(tally->policy, queue);
}

static const struct slice nothing;

static void fold_triaged(struct tally *tally)
{
    const struct event_triaged *told = &tally->event->triaged;
    bool asked = tally->event->kind == EVENT_TRIAGE_ASKED;
    place(tally, told->policy_id, told->channel, told->category, nothing);
    add(tally, asked ? FIGURE_ASKED : FIGURE_TRIAGED);
    if (told->repeats > 0) {
        add(tally, FIGURE_REPEATED);
    }
    if (told->received_at_us > 0) {
        add_phase(tally, PHASE_RECEIPT, told->received_at_us);
    }
}

static bool is_measured(const struct policy *policy, uint16_t field)
{
    for (uint16_t i = 0; i < policy->measure_count; i++) {
        if (policy->measures[i].answer.field == field) {
            return true;
        }
    }
    return false;
}

/* What the form says of fields that a measure names; sealed ones have no value here. */
static void add_answers(struct tally *tally)
{
    const struct policy *policy = tally->policy;
    const struct event_advanced *told = &tally->event->advanced;
    bool none = policy->measure_count == 0 || event_is_of_personal_data(tally->event->kind);
    uint32_t count = none ? 0 : told->field_count;
    for (uint32_t i = 0; i < count && i < EVENT_FIELDS_MAX; i++) {
        uint16_t index = policy_field_index(policy, told->fields[i].name);
        int64_t value = 0;
        if (index >= policy->field_count || !is_measured(policy, index) ||
            !policy_field_value(&policy->fields[index], told->fields[i].value, &value)) {
            continue;
        }
        const struct policy_field *field = &policy->fields[index];
        struct figure_increment *increment = add(tally, FIGURE_ANSWER);
        increment->field = index;
        if (field->type == FORM_NUMBER || field->type == FORM_MONEY) {
            increment->sum = value;
            value = measure_is_scale(field) ? (value - field->min) / FIELD_SCALE : POLICY_NONE;
        }
        increment->value = (uint16_t)value;
    }
}

static void add_closing(struct tally *tally, bool closes, uint16_t from)
{
    const struct policy *policy = tally->policy;
    const struct event_advanced *told = &tally->event->advanced;
    struct figure_increment *increment = add(tally, closes ? FIGURE_CLOSED : FIGURE_REOPENED);
    if (!closes) {
        increment->value = tally->event->kind == EVENT_UNMERGED;
        return;
    }
    increment->value = (uint16_t)(told->outcome < OUTCOME_COUNT ? told->outcome : OUTCOME_NONE);
    if (from == policy->first_step || from == policy->triage_step) {
        add(tally, FIGURE_CLOSED_AT_ONCE)->value = increment->value;
    }
}

static void fold_advanced(struct tally *tally)
{
    const struct policy *policy = tally->policy;
    const struct event_advanced *told = &tally->event->advanced;
    uint16_t from = policy_step_index(policy, told->from_step);
    uint16_t to = policy_step_index(policy, told->to_step);
    place(tally, told->policy_id, told->channel, told->category, told->queue);
    add_answers(tally);
    if (from >= policy->step_count || to >= policy->step_count || from == to) {
        return;
    }
    bool was_closed = policy->steps[from].closed;
    bool is_closed = policy->steps[to].closed;
    /* Time closed is nobody's work. */
    if (!was_closed && told->from_since_us > 0) {
        add_phase(tally, policy->steps[from].phase, told->from_since_us);
    }
    if (was_closed != is_closed) {
        add_closing(tally, is_closed, from);
    }
}

/* A breach is the miss; that the clock stops later, still missed, is told again, not counted. */
static void add_verdict(struct tally *tally, uint16_t index, const struct event_clock *told)
{
    enum event_kind kind = tally->event->kind;
    bool begins = kind == EVENT_CLOCKS_STARTED;
    bool goes_on = kind == EVENT_CLOCKS_RESUMED || kind == EVENT_CLOCKS_PAUSED;
    if (goes_on && slice_equal(told->reason, slice_text("unmerged"))) {
        struct figure_increment *increment = add(tally, FIGURE_MET);
        increment->clock = index;
        increment->taken_back = true;
    } else if (told->verdict == CLOCK_MET && (begins || kind == EVENT_CLOCKS_STOPPED)) {
        add(tally, FIGURE_MET)->clock = index;
    } else if (told->verdict == CLOCK_MISSED && (begins || kind == EVENT_CLOCK_BREACHED)) {
        struct figure_increment *increment = add(tally, FIGURE_MISSED);
        increment->clock = index;
        increment->sum = told->late_s > 0 ? told->late_s : 0;
    }
}

static void fold_clock(struct tally *tally, uint16_t index, const struct event_clock *told)
{
    switch ((int)tally->event->kind) {
    case EVENT_CLOCK_WARNED:
        add(tally, FIGURE_WARNED)->clock = index;
        break;
    case EVENT_CLOCK_BREACHED:
        add(tally, FIGURE_BREACHED)->clock = index;
        break;
    case EVENT_CLOCK_ESCALATED:
        add(tally, FIGURE_ESCALATED)->clock = index;
        break;
    default: /* the others only carry verdicts */
        break;
    }
    add_verdict(tally, index, told);
}

static void fold_clocks(struct tally *tally)
{
    const struct event_clocks *told = &tally->event->clocks;
    place(tally, told->policy_id, told->channel, told->category, nothing);
    for (uint32_t i = 0; i < told->count && i < EVENT_CLOCKS_MAX; i++) {
        uint16_t index = policy_clock_index(tally->policy, told->clocks[i].name);
        if (index < tally->policy->clock_count &&
            tally->count + INCREMENTS_PER_CLOCK <= FIGURE_INCREMENTS_MAX) {
            fold_clock(tally, index, &told->clocks[i]);
        }
    }
}

static void fold_received(struct tally *tally)
{
    const struct event_received *told = &tally->event->received;
    place(tally, told->policy_id, told->channel, nothing, nothing);
    add(tally, FIGURE_RECEIVED);
}

static void fold_opened(struct tally *tally)
{
    const struct event_opened *told = &tally->event->opened;
    place(tally, told->policy_id, told->channel, told->category, told->queue);
    add(tally, FIGURE_OPENED);
}

/* So that a local day is made of whole ones, in Kolkata and in Kathmandu. */
static int64_t grain_of(const struct policy *policy)
{
    uint16_t grain_s = policy->calendar_count > 0 ? policy->calendars[0].grain_s : 0;
    return grain_s > 0 ? grain_s : HOUR_S;
}

uint32_t analytics_fold(const struct policy *policy,
                        const struct event *event,
                        struct figure_increment out[FIGURE_INCREMENTS_MAX])
{
    struct tally tally = {.policy = policy, .event = event, .out = out};
    int64_t grain_s = grain_of(policy);
    tally.row.hour_s = floor_div(floor_div(event->at_us, US), grain_s) * grain_s;
    tally.row.clock = tally.row.field = tally.row.value = POLICY_NONE;
    switch (event_kind_service(event->kind)) {
    case SERVICE_INTAKE:
        fold_received(&tally);
        break;
    case SERVICE_TRIAGE:
        fold_triaged(&tally);
        break;
    case SERVICE_DISPATCH:
        if (event->kind == EVENT_OPENED) {
            fold_opened(&tally);
        } else {
            fold_advanced(&tally);
        }
        break;
    case SERVICE_WATCHDOG:
        fold_clocks(&tally);
        break;
    case SERVICE_NONE:
    case SERVICE_ANALYTICS:
    case SERVICE_COUNT:
        break;
    }
    return tally.count;
}

/*
 * By repeated multiplication, not by logarithm: the same bits with every C library (law 8).
 */
uint16_t figure_bucket(int64_t seconds)
{
    uint16_t bucket = 0;
    double end = bucket_growth;
    while (bucket + 1 < FIGURE_BUCKETS && (double)seconds >= end) {
        end *= bucket_growth;
        bucket++;
    }
    return bucket;
}

double figure_bucket_seconds(uint16_t bucket)
{
    double start = 1.0;
    for (uint16_t i = 0; i < bucket && i + 1 < FIGURE_BUCKETS; i++) {
        start *= bucket_growth;
    }
    return start * (1.0 + bucket_growth) / 2.0;
}

/* By hand: a core has no snprintf. */
static struct slice number_text(int64_t number, char into[FIGURE_VALUE_MAX])
{
    size_t at = FIGURE_VALUE_MAX;
    int64_t left = number < 0 ? -number : number;
    do {
        into[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) {
        into[--at] = '-';
    }
    return slice_of(into + at, FIGURE_VALUE_MAX - at);
}

static struct slice
answer_text(const struct policy_field *field, uint16_t value, char into[FIGURE_VALUE_MAX])
{
    if (field->type == FORM_CHOICE && value < field->choice_count) {
        return slice_text(field->choices[value].id);
    }
    if (field->type == FORM_FLAG) {
        return slice_text(value == 1 ? "yes" : "no");
    }
    return field->type == FORM_NUMBER ? number_text(field->min / FIELD_SCALE + value, into)
                                      : nothing;
}

struct slice figure_value_text(const struct policy *policy,
                               const struct figure_increment *increment,
                               char into[FIGURE_VALUE_MAX])
{
    switch ((int)increment->measure) {
    case FIGURE_CLOSED:
    case FIGURE_CLOSED_AT_ONCE:
        return slice_text(policy_outcome_name((enum case_outcome)increment->value));
    case FIGURE_REOPENED:
        return increment->value == 1 ? slice_text("unmerged") : nothing;
    case FIGURE_ANSWER:
        return increment->value == POLICY_NONE
                   ? nothing
                   : answer_text(&policy->fields[increment->field], increment->value, into);
    default:
        return nothing;
    }
}

const char *figure_measure_name(enum figure_measure measure)
{
    static const char *const names[FIGURE_MEASURE_COUNT] = {
        [FIGURE_RECEIVED] = "received",
        [FIGURE_TRIAGED] = "triaged",
        [FIGURE_ASKED] = "asked",
        [FIGURE_OPENED] = "opened",
        [FIGURE_CLOSED] = "closed",
        [FIGURE_REOPENED] = "reopened",
        [FIGURE_WARNED] = "warned",
        [FIGURE_BREACHED] = "breached",
        [FIGURE_MET] = "met",
        [FIGURE_MISSED] = "missed",
        [FIGURE_ESCALATED] = "escalated",
        [FIGURE_PHASE] = "phase",
        [FIGURE_CLOSED_AT_ONCE] = "closed_at_once",
        [FIGURE_REPEATED] = "repeated",
        [FIGURE_ANSWER] = "answer",
    };
    return measure >= 0 && measure < FIGURE_MEASURE_COUNT ? names[measure] : NULL;
}
