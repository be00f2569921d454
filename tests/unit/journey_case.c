#include "journey_case.h"

#include "case_number.h"
#include "event_wire.h"
#include "intake_core.h"
#include "policy_reply.h"
#include "text.h"
#include "triage_core.h"
#include "unit.h"

enum { ROUNDS_MAX = 1000 };

/* In one of the three ways of policy_clock.h. */
static bool
stands_still_in(const struct policy_clock *rule, uint16_t index, const struct policy_step *step)
{
    uint64_t here = UINT64_C(1) << index;
    return (rule->pauses_for_customer && step->waits_for_customer) ||
           (rule->pause_steps & here) != 0 ||
           (rule->run_steps != 0 && (rule->run_steps & here) == 0);
}

/* A clock of the case stands still exactly where the policy says so, and none runs once it is
 * closed. */
static void clocks_agree(const struct journey *journey)
{
    const struct policy *policy = journey->policy;
    for (uint16_t i = 0; i < policy->clock_count; i++) {
        const struct watch_clock *clock = &journey->watch.clocks[i];
        bool may_pause =
            stands_still_in(&policy->clocks[i], journey->state.step, journey_step(journey));
        bool breached = clock->breached != 0;
        if (clock->phase == WATCH_PAUSED && !may_pause) {
            fail_msg("%s stands still, and may not", policy->clocks[i].id);
        }
        if (clock->phase == WATCH_RUNNING && (journey_step(journey)->closed || may_pause)) {
            fail_msg("%s runs in step %s", policy->clocks[i].id, journey_step(journey)->id);
        }
        if (clock->phase == WATCH_RUNNING && clock->due_us < journey->now_us && !breached) {
            fail_msg("%s is late in silence", policy->clocks[i].id);
        }
    }
}

static void hear(struct journey *journey, const struct event *event);

/* Whatever the watchdog gives now. */
static void watchdog_hears(struct journey *journey, const struct event *event)
{
    struct watch_output output;
    unsigned rounds = 0;
    do {
        watch_event(journey->policy, &journey->watch, event, journey->now_us, &output);
        for (uint32_t i = 0; i < output.count; i++) {
            hear(journey, &output.events[i]);
        }
        assert_true(++rounds < ROUNDS_MAX);
    } while (output.more);
    watch_evolve(journey->policy, &journey->watch, event);
}

static void dispatch_hears(struct journey *journey, const struct event *event)
{
    bool triaged = event->service == SERVICE_TRIAGE;
    const struct dispatch_input input = {.kind = triaged ? DISPATCH_TRIAGED : DISPATCH_CLOCK,
                                         .now_us = journey->now_us,
                                         .event = event};
    static const struct dispatch_case fresh = {.due_us = INT64_MAX};
    struct event out;
    struct slice field;
    struct dispatch_case lender = journey->state.case_id != 0 ? journey->state : fresh;
    dispatch_evolve(journey->policy, &journey->state, event);
    dispatch_evolve(journey->policy, &journey->again, event);
    if (dispatch_decide(journey->policy, &lender, &input, &out, &field) == DISPATCH_APPEND) {
        hear(journey, &out);
    }
}

/* Appends an event to its stream, and tells everybody what can be read back from its bytes. */
static void hear(struct journey *journey, const struct event *event)
{
    struct event told = *event;
    struct event read = {0};
    struct slice bytes;
    struct error error = {.text = ""};
    struct figure_increment figures[FIGURE_INCREMENTS_MAX];
    told.service = event_kind_service(event->kind);
    told.seq = ++journey->seq[told.service];
    told.epoch = 1;
    told.partition = case_partition(journey->case_id);
    told.case_id = journey->case_id;
    if (!event_encode(&told, journey->arena, &bytes, &error) ||
        !event_decode(bytes, journey->arena, &read, &error)) {
        fail_msg("%s: %s", event_kind_name(event->kind), error.text);
    }
    journey->kinds[read.kind]++;
    uint32_t count = analytics_fold(journey->policy, &read, figures);
    for (uint32_t i = 0; i < count; i++) {
        journey->figures[figures[i].measure]++;
    }
    if (read.service == SERVICE_WATCHDOG) {
        watch_evolve(journey->policy, &journey->watch, &read);
        dispatch_hears(journey, &read);
        return;
    }
    if (read.service == SERVICE_DISPATCH) {
        dispatch_evolve(journey->policy, &journey->state, &read);
        dispatch_evolve(journey->policy, &journey->again, &read);
        assert_true(dispatch_case_equal(&journey->state, &journey->again));
    }
    watchdog_hears(journey, &read);
    if (read.service == SERVICE_TRIAGE) {
        dispatch_hears(journey, &read);
    }
}

static void triage_hears(struct journey *journey)
{
    const struct triage_repeats repeats = {.count = journey->repeats};
    struct event event = {.at_us = journey->now_us};
    event.kind = triage_decide(journey->policy, &journey->received, &repeats, &event.triaged);
    journey->triaged = event.kind;
    journey->verdict = event.triaged;
    hear(journey, &event);
}

static bool
admitted(const struct policy *policy, const struct journey_told *told, struct intake_output *output)
{
    struct intake_input input = {.now_us = told->at_us,
                                 .policy_name = slice_text(policy->name),
                                 .policy = policy,
                                 .channel = slice_text(told->channel),
                                 .narrative_size = strlen(told->text),
                                 .narrative_clean = true,
                                 .person_clean = true,
                                 .product_clean = true,
                                 .id_present = true};
    intake_decide(&input, output);
    return output->refusal == INTAKE_ACCEPTED;
}

bool journey_tell(struct journey *journey,
                  const struct policy_object *object,
                  struct arena *arena,
                  const struct journey_told *told)
{
    const struct policy *policy = &object->policy;
    struct error error = {.text = ""};
    struct intake_output output;
    memset(journey, 0, sizeof *journey);
    journey->object = object;
    journey->policy = policy;
    journey->arena = arena;
    journey->now_us = told->at_us;
    journey->case_id = case_id_make(3, told->serial);
    journey->repeats = told->repeats;
    if (!admitted(policy, told, &output)) {
        return false;
    }
    struct slice text = slice_text(told->text);
    struct event event = {.kind = EVENT_RECEIVED, .at_us = told->at_us};
    event.received =
        (struct event_received){.submission_id = slice_text("0123456789abcdef"),
                                .channel = slice_text(told->channel),
                                .policy_id = policy->id,
                                .received_at_us = output.received_at_us,
                                .customer = told->customer,
                                .language = text_language(text),
                                .text_characters = text_characters(text),
                                .model = slice_text(classifier_model(object->classifier)),
                                .category_hint = slice_text(told->hint),
                                .acknowledged_by_receipt = output.acknowledged_by_receipt};
    if (!classifier_scan(
            object->classifier, text, event.received.labels, &event.received.label_count, &error)) {
        fail_msg("%s", error.text);
    }
    journey->received = event.received;
    hear(journey, &event);
    journey_wait(journey, 1000000);
    triage_hears(journey);
    return true;
}

bool journey_begin(struct journey *journey,
                   const struct policy_object *object,
                   struct arena *arena,
                   uint64_t serial,
                   int64_t at_us,
                   const char *text)
{
    const struct policy *policy = &object->policy;
    const struct journey_told told = {.serial = serial,
                                      .at_us = at_us,
                                      .channel =
                                          policy->channels[serial % policy->channel_count].id,
                                      .text = text,
                                      .hint = ""};
    return journey_tell(journey, object, arena, &told);
}

/* What is due by then is fired at its instant, and never before it. */
static void fire_until(struct journey *journey, int64_t end_us)
{
    unsigned rounds = 0;
    for (;;) {
        int64_t due_us = watch_due_us(journey->policy, &journey->watch);
        struct watch_output output;
        if (due_us > end_us) {
            return;
        }
        if (due_us > journey->now_us) {
            watch_tick(journey->policy, &journey->watch, due_us - 1, &output);
            assert_int_equal(output.count, 0);
            journey->now_us = due_us;
        }
        watch_tick(journey->policy, &journey->watch, journey->now_us, &output);
        assert_true(output.count > 0);
        for (uint32_t i = 0; i < output.count; i++) {
            hear(journey, &output.events[i]);
        }
        assert_true(++rounds < ROUNDS_MAX);
    }
}

void journey_wait(struct journey *journey, int64_t us)
{
    int64_t end_us = journey->now_us + us;
    fire_until(journey, end_us);
    journey->now_us = end_us;
    clocks_agree(journey);
}

/* As dispatch's desk does it, with what it does not matter which bytes. */
static void
seal_in(const struct journey *journey, struct event_field *fields, struct dispatch_input *input)
{
    for (uint32_t i = 0; i < input->field_count; i++) {
        struct slice value = fields[i].value;
        const struct policy_field *rules =
            dispatch_personal(journey->policy, &journey->state, input->action, fields[i].name);
        if (rules && value.size > 0) {
            bool good = policy_field_accepts(rules, value);
            fields[i].value = slice_of(NULL, 0);
            fields[i].sealed = slice_text(good ? "sealed" : "");
            input->bad_field = good ? input->bad_field : fields[i].name;
        }
    }
}

/* As dispatch's desk does it: the text is the note, and is looked through like any other. */
static void fill_in(struct journey *journey, struct dispatch_input *input)
{
    char number[CASE_NUMBER_SIZE];
    struct slice said = {0};
    struct policy_reply_fault fault;
    struct error error = {0};
    if (input->text.size == 0) {
        return;
    }
    case_number_format(journey->case_id, journey->state.received_at_us, number);
    assert_true(dispatch_text_fill(journey->policy,
                                   &journey->state,
                                   input,
                                   slice_text(number),
                                   journey->said,
                                   POLICY_TEXT_SAID_MAX,
                                   &said));
    journey->said[said.size] = '\0';
    const struct policy_step *step = journey_step(journey);
    uint16_t index = policy_action_index(step, input->action);
    if (said.size > 0 && index != POLICY_NONE && step->actions[index].fact == EVENT_REPLIED) {
        assert_true(policy_reply_check(journey->policy, said, journey->arena, &fault, &error));
        assert_null(fault.forbidden);
        assert_null(fault.lacking);
    }
}

/* As dispatch's desk does it: what the action asks is counted first. */
static const struct dispatch_counted *
count_in(const struct journey *journey, struct slice action, struct dispatch_counted *counted)
{
    struct dispatch_question asked;
    const struct policy_step *step = journey_step(journey);
    uint16_t index = policy_action_index(step, action);
    if (index == POLICY_NONE ||
        !dispatch_question_of(journey->policy, &journey->state, &step->actions[index], &asked)) {
        return NULL;
    }
    *counted = dispatch_counted_of(
        &asked, journey->count ? journey->count(journey->count_self, &asked, journey->now_us) : 0);
    return counted;
}

enum dispatch_answer
journey_give(struct journey *journey, const struct journey_order *order, struct slice *about)
{
    static struct dispatch_case lender; /* of *about, too */
    lender = journey->state;
    struct event out;
    struct dispatch_input input = {.kind = order->kind,
                                   .now_us = journey->now_us,
                                   .actor = slice_text(order->actor),
                                   .role = slice_text(order->role),
                                   .expected_version = journey->state.version,
                                   .action = slice_text(order->action),
                                   .field_count = order->field_count,
                                   .fields = order->fields,
                                   .command_id = slice_text("fedcba9876543210"),
                                   .text = slice_text(order->text),
                                   .text_language = slice_text(order->language),
                                   .agent_has_capacity = true};
    struct event_field fields[EVENT_FIELDS_MAX];
    assert_in_range(order->field_count, 0, EVENT_FIELDS_MAX);
    for (uint32_t i = 0; i < order->field_count; i++) {
        fields[i] = order->fields[i];
        if (slice_equal(fields[i].name, slice_text("case"))) {
            (void)case_number_parse(fields[i].value, &input.other_case);
        }
    }
    struct dispatch_counted counted;
    input.fields = fields;
    input.counted = count_in(journey, input.action, &counted);
    const char *raised_by;
    input.raised_to = watch_raised(journey->policy, &journey->watch, &raised_by);
    seal_in(journey, fields, &input);
    fill_in(journey, &input);
    enum dispatch_answer answer = dispatch_decide(journey->policy, &lender, &input, &out, about);
    if (answer == DISPATCH_APPEND || dispatch_refusal_is_recorded(answer, &out)) {
        hear(journey, &out);
        fire_until(journey, journey->now_us); /* a shorter target may be late at once */
        clocks_agree(journey);
    }
    return answer;
}
