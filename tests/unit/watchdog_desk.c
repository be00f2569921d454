#include "watchdog_desk.h"

#include "unit.h"

#include <stdlib.h>

enum { CASE_SERIAL = 42, CASE_PARTITION = 3 };

struct policy_object *desk_policy(const char *text, int last_year)
{
    struct policy_report report = {0};
    struct policy_object *object =
        policy_load_blind("desk.yaml", slice_text(text), 2026, last_year, &report);
    if (!object) {
        fail_msg("%s", report.text);
    }
    policy_report_done(&report);
    return object;
}

void desk_close(struct desk *desk, struct policy_object **object_p)
{
    assert_true(desk_same(desk->policy, &desk->state, &desk->mirror));
    policy_object_free(object_p);
}

void desk_open(struct desk *desk, const struct policy *policy)
{
    memset(desk, 0, sizeof *desk);
    desk->policy = policy;
}

static void take(struct desk *desk, struct watch_case *state, const struct watch_output *output)
{
    for (uint32_t i = 0; i < output->count; i++) {
        watch_evolve(desk->policy, state, &output->events[i]);
    }
}

static void file(struct desk *desk, const struct watch_output *output)
{
    take(desk, &desk->state, output);
    for (uint32_t i = 0; i < output->count; i++) {
        if (desk->count == DESK_JOURNAL_MAX) {
            abort();
        }
        desk->journal[desk->count++] = output->events[i];
    }
}

uint32_t desk_feed(struct desk *desk, const struct event *event, int64_t now_us)
{
    struct watch_output output;
    uint32_t count = 0;
    do {
        watch_event(desk->policy, &desk->state, event, now_us, &output);
        if (!output.more) {
            watch_evolve(desk->policy, &desk->mirror, event);
        }
        take(desk, &desk->mirror, &output);
        file(desk, &output);
        count += output.count;
    } while (output.more);
    watch_evolve(desk->policy, &desk->state, event);
    return count;
}

uint32_t desk_hear(struct desk *desk, struct event event)
{
    return desk_feed(desk, &event, event.at_us);
}

uint32_t desk_tick(struct desk *desk, int64_t now_us)
{
    struct watch_output output;
    uint32_t count = 0;
    do {
        watch_tick(desk->policy, &desk->state, now_us, &output);
        take(desk, &desk->mirror, &output);
        file(desk, &output);
        count += output.count;
    } while (output.more);
    return count;
}

static struct event input(enum event_kind kind, int64_t at_us)
{
    struct event event = {0};
    event.service = event_kind_service(kind);
    event.kind = kind;
    event.partition = CASE_PARTITION;
    event.case_id = case_id_make(CASE_PARTITION, CASE_SERIAL);
    event.at_us = at_us;
    return event;
}

struct event desk_received(int64_t at_us, const char *channel, bool acknowledged)
{
    struct event event = input(EVENT_RECEIVED, at_us);
    event.seq = CASE_SERIAL;
    event.received.channel = slice_text(channel);
    event.received.received_at_us = at_us;
    event.received.acknowledged_by_receipt = acknowledged;
    return event;
}

struct event desk_triaged(int64_t at_us, int64_t received_at_us, const char *class_id)
{
    struct event event = input(EVENT_TRIAGED, at_us);
    event.seq = 7;
    event.triaged.channel = slice_text("mail");
    event.triaged.received_at_us = received_at_us;
    event.triaged.category = slice_text("late");
    event.triaged.severity_class = slice_text(class_id);
    event.triaged.priority = 4;
    return event;
}

struct event
desk_opened(struct desk *desk, int64_t at_us, int64_t received_at_us, const char *class_id)
{
    struct event event = input(EVENT_OPENED, at_us);
    event.seq = ++desk->seq;
    event.opened.channel = slice_text("mail");
    event.opened.received_at_us = received_at_us;
    event.opened.category = slice_text("late");
    event.opened.severity_class = slice_text(class_id);
    event.opened.priority = 4;
    event.opened.step = slice_text("investigation");
    return event;
}

struct event
desk_advanced(struct desk *desk, enum event_kind kind, int64_t at_us, const char *to_step)
{
    struct event event = input(kind, at_us);
    event.seq = ++desk->seq;
    event.advanced.to_step = slice_text(to_step);
    event.advanced.outcome = kind == EVENT_WITHDRAWN ? OUTCOME_WITHDRAWN
                             : kind == EVENT_MERGED  ? OUTCOME_DUPLICATE
                                                     : OUTCOME_NONE;
    event.advanced.version = (uint32_t)desk->seq;
    return event;
}

const struct event *desk_last(const struct desk *desk)
{
    return &desk->journal[desk->count - 1];
}

const struct event_clock *desk_told(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        if (slice_equal(event->clocks.clocks[i].name, slice_text(name))) {
            return &event->clocks.clocks[i];
        }
    }
    return NULL;
}

static bool same_clock(const struct watch_clock *a, const struct watch_clock *b)
{
    return a->started_at_us == b->started_at_us && a->due_us == b->due_us &&
           a->paused_at_us == b->paused_at_us && a->next_level_us == b->next_level_us &&
           a->paused_us == b->paused_us && a->generation == b->generation && a->phase == b->phase &&
           a->verdict == b->verdict && a->levels_fired == b->levels_fired &&
           a->breached == b->breached && a->shadow == b->shadow && a->target == b->target &&
           a->extensions == b->extensions && a->done == b->done && a->merged == b->merged &&
           a->owed == b->owed;
}

bool desk_same(const struct policy *policy,
               const struct watch_case *left,
               const struct watch_case *right)
{
    for (uint16_t i = 0, n = policy_run_count(policy); i < n; i++) {
        if (!same_clock(&left->clocks[i], &right->clocks[i])) {
            return false;
        }
    }
    return left->case_id == right->case_id && left->dispatch_seq == right->dispatch_seq &&
           left->version == right->version && left->received_at_us == right->received_at_us &&
           left->closed_at_us == right->closed_at_us && left->policy_id == right->policy_id &&
           left->channel == right->channel && left->category == right->category &&
           left->class_index == right->class_index && left->repeats == right->repeats &&
           left->priority == right->priority && left->closed == right->closed &&
           left->opened == right->opened && left->step == right->step;
}
