/* The events of a case of another product, played through the watchdog's core. */
#include "ctl_cases.h"
#include "ctl_clock.h"

enum { US = 1000000 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- playing ------------------------------------------------------------------------------ */

static void hear(struct sla_player *player, const struct event *event)
{
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        for (int m = 0; m < SLA_METRICS; m++) {
            if (!slice_equal(told->name, slice_text(sla_metrics[m]))) {
                continue;
            }
            bool level = event->kind == EVENT_CLOCK_WARNED || event->kind == EVENT_CLOCK_ESCALATED;
            player->fired[m] += level;
            player->missed[m] = player->missed[m] || told->verdict == CLOCK_MISSED ||
                                event->kind == EVENT_CLOCK_BREACHED;
            if (event->kind == EVENT_CLOCKS_STOPPED && told->used_s > player->longest_s[m]) {
                player->longest_s[m] = told->used_s;
            }
        }
    }
    watch_evolve(player->policy, &player->state, event);
}

static void feed(struct sla_player *player, const struct event *event)
{
    struct watch_output output;
    do {
        watch_event(player->policy, &player->state, event, event->at_us, &output);
        for (uint32_t i = 0; i < output.count; i++) {
            hear(player, &output.events[i]);
        }
    } while (output.more);
    watch_evolve(player->policy, &player->state, event);
}

void sla_tick(struct sla_player *player, int64_t at_us)
{
    struct watch_output output;
    do {
        watch_tick(player->policy, &player->state, at_us, &output);
        for (uint32_t i = 0; i < output.count; i++) {
            hear(player, &output.events[i]);
        }
    } while (output.more);
}

static struct event fact(struct sla_player *player, enum event_kind kind)
{
    return (struct event){.service = SERVICE_DISPATCH,
                          .kind = kind,
                          .case_id = case_id_make(1, 1),
                          .partition = 1,
                          .seq = ++player->seq,
                          .at_us = player->at_us};
}

static void say(struct sla_player *player, enum event_kind kind, const char *step)
{
    struct event event = fact(player, kind);
    event.advanced.to_step = slice_text(step);
    feed(player, &event);
}

static void open_case(struct sla_player *player, const json_t *told)
{
    char step[SLA_STEP_SIZE];
    struct event event = fact(player, EVENT_OPENED);
    (void)sla_step(player->sla, text_of(told, "state"), step);
    event.opened.step = slice_text(step[0] ? step : "begin");
    event.opened.channel = slice_text("any");
    event.opened.category = slice_text("any");
    event.opened.severity_class = slice_text("v0");
    event.opened.priority = 3;
    event.opened.received_at_us = player->at_us;
    feed(player, &event);
    if (json_is_true(json_object_get(told, "customer_message"))) {
        say(player, EVENT_CUSTOMER_WROTE, "");
    }
}

static void change_policy(struct sla_player *player, bool attached)
{
    char class_id[8];
    (void)snprintf(class_id, sizeof class_id, "v%u", ++player->variant);
    struct event event = fact(player, EVENT_CLASSIFIED);
    event.advanced.severity_class = slice_text(class_id);
    feed(player, &event);
    if (attached) {
        say(player, EVENT_ASSIGNED, "");
    }
}

static void change_state(struct sla_player *player, const char *state)
{
    char step[SLA_STEP_SIZE];
    uint16_t index =
        policy_step_index(player->policy, slice_text(sla_step(player->sla, state, step)));
    bool closes = index < player->policy->step_count && player->policy->steps[index].closed;
    say(player,
        closes && !player->state.closed   ? EVENT_CLOSED
        : !closes && player->state.closed ? EVENT_REOPENED
                                          : EVENT_NOTED,
        step);
}

bool sla_play(struct sla_player *player, const json_t *told, struct error *error)
{
    const char *type = text_of(told, "type");
    int64_t at_s = 0;
    if (!type || !ctl_cases_instant(json_object_get(told, "at"), &at_s)) {
        return error_set(error, ERROR_REJECT, "an event without type or instant");
    }
    player->at_us = at_s * US;
    if (strcmp(type, "created") == 0) {
        open_case(player, told);
    } else if (strcmp(type, "customer_message") == 0) {
        say(player, EVENT_CUSTOMER_WROTE, "");
    } else if (strcmp(type, "agent_reply") == 0) {
        say(player, EVENT_CONTACTED, "");
    } else if (strcmp(type, "agent_note") == 0) {
        say(player, EVENT_NOTED, "");
    } else if (strcmp(type, "state") == 0) {
        change_state(player, text_of(told, "to"));
    } else if (strcmp(type, "policy_change") == 0 || strcmp(type, "calendar_change") == 0) {
        change_policy(player, false);
    } else if (strcmp(type, "policy_attached") == 0) {
        change_policy(player, true);
    } else {
        return error_set(error, ERROR_REJECT, "no event of the format: %.40s", type);
    }
    return true;
}
