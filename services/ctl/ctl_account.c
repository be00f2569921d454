#include "ctl_account.h"

int64_t account_own_us(const struct account *account, struct account_span span)
{
    static const struct calendar elapsing = {.always = true};
    const struct calendar *calendar = account->calendar ? account->calendar : &elapsing;
    return calendar_between_us(calendar, span.from_us, span.to_us);
}

/* ---- reading the journal ------------------------------------------------------------------ */

const struct event_clock *account_told_of(const struct event *event,
                                          const struct event_clock *clock)
{
    if (event->service != SERVICE_WATCHDOG) {
        return NULL;
    }
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        if (slice_equal(told->name, clock->name) && told->task == clock->task) {
            return told;
        }
    }
    return NULL;
}

int64_t account_happened_us(const struct account *account, const struct event *event)
{
    const struct case_view *view = account->view;
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *cause = &view->events[i];
        if (cause->service == event->cause_service && cause->seq == event->cause_seq) {
            return cause->at_us;
        }
    }
    return event->at_us;
}

static void add_pause(struct account *account, int64_t from_us, int64_t to_us)
{
    if (account->pause_count < ACCOUNT_SPANS_MAX && to_us > from_us) {
        account->pauses[account->pause_count++] = (struct account_span){from_us, to_us};
    }
}

static void
account_event(struct account *account, const struct event *event, const struct event_clock *told)
{
    struct event_clock was = account->told;
    bool stood = told->paused_s > was.paused_s ||
                 (told->paused_s == was.paused_s && told->paused_rest_us > was.paused_rest_us);
    switch ((int)event->kind) {
    case EVENT_CLOCKS_STARTED:
        account->pause_count = account->change_count = account->level_count = 0;
        break;
    case EVENT_CLOCKS_RESUMED: /* of one set by law the time in which the case was closed counted */
        if (stood) {
            add_pause(account, was.paused_at_us, account_happened_us(account, event));
        }
        break;
    case EVENT_CLOCKS_PAUSED: /* had it stopped, it goes on only to stand still: all of it counts as
                                 one */
        if (was.due_us != 0 && was.paused_at_us != 0) {
            add_pause(account, was.paused_at_us, told->paused_at_us);
        }
        break;
    case EVENT_CLOCKS_STOPPED:
        if (was.due_us == 0 && was.paused_at_us != 0) {
            add_pause(account, was.paused_at_us, told->paused_at_us);
        }
        break;
    case EVENT_CLOCKS_RETARGETED:
    case EVENT_CLOCKS_REFUSED:
        if (account->change_count < ACCOUNT_CHANGES_MAX) {
            account->changes[account->change_count++] = event;
        }
        break;
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_BREACHED:
    case EVENT_CLOCK_ESCALATED:
        if (account->level_count < POLICY_LEVELS_MAX) {
            account->levels[account->level_count++] = event;
        }
        break;
    default:
        break;
    }
    account->told = *told;
}

void account_make(const struct case_view *view,
                  const struct event_clock *clock,
                  struct account *account)
{
    const struct policy *policy = view->policy;
    uint16_t index = policy ? policy_clock_index(policy, clock->name) : POLICY_NONE;
    *account = (struct account){.view = view};
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event_clock *told = account_told_of(&view->events[i], clock);
        if (told) {
            account_event(account, &view->events[i], told);
        }
    }
    if (index == POLICY_NONE) {
        return;
    }
    account->rule = &policy->clocks[index];
    enum clock_target unit = account->rule->target;
    for (uint16_t i = 0; i < account->rule->target_count; i++) {
        const struct policy_target *target = &account->rule->targets[i];
        unit = slice_equal(account->told.rule, slice_text(target->rule)) ? target->target : unit;
    }
    bool elapses = unit == TARGET_ELAPSED || unit == TARGET_PROMISED;
    account->recounts = elapses;
    for (uint16_t i = 0; i < policy->calendar_count && !elapses; i++) {
        if (slice_equal(account->told.calendar, slice_text(policy->calendars[i].name))) {
            account->calendar = &policy->calendars[i];
            account->recounts = slice_equal(account->told.calendar_version,
                                            slice_text(policy->calendars[i].version));
        }
    }
}

/* ---- the intervals that counted ----------------------------------------------------------- */

/* Until when is counted: the stop, the pause that goes on, else the due instant. */
static int64_t counted_until_us(const struct account *account)
{
    const struct event_clock *told = &account->told;
    int64_t until_us = told->paused_at_us != 0 ? told->paused_at_us : told->due_us;
    return until_us == INT64_MAX ? account->view->now_us : until_us;
}

/* Adds [from, to) without the pauses. */
static uint32_t cut(const struct account *account,
                    struct account_span open,
                    struct account_span *spans,
                    uint32_t count)
{
    for (uint32_t i = 0; i < account->pause_count && open.from_us < open.to_us; i++) {
        const struct account_span *pause = &account->pauses[i];
        if (pause->to_us <= open.from_us || pause->from_us >= open.to_us) {
            continue;
        }
        if (pause->from_us > open.from_us && count < ACCOUNT_SPANS_MAX) {
            spans[count++] = (struct account_span){open.from_us, pause->from_us};
        }
        open.from_us = pause->to_us;
    }
    if (open.from_us < open.to_us && count < ACCOUNT_SPANS_MAX) {
        spans[count++] = open;
    }
    return count;
}

uint32_t account_counted(const struct account *account,
                         struct account_span spans[ACCOUNT_SPANS_MAX])
{
    const struct calendar *calendar = account->calendar;
    struct account_span whole = {account->told.started_at_us, counted_until_us(account)};
    uint32_t count = 0;
    if (!account->recounts) {
        return 0;
    }
    if (!calendar || calendar->always) {
        return cut(account, whole, spans, 0);
    }
    for (uint32_t i = 0; i < calendar->interval_count; i++) {
        const struct calendar_interval *interval = &calendar->intervals[i];
        int64_t open_us = calendar_in_us(interval->open_s);
        int64_t close_us = calendar_in_us(interval->close_s);
        struct account_span open = {open_us > whole.from_us ? open_us : whole.from_us,
                                    close_us < whole.to_us ? close_us : whole.to_us};
        if (open.from_us < open.to_us) {
            count = cut(account, open, spans, count);
        }
    }
    return count;
}

int64_t account_late_s(const struct account *account)
{
    const struct event_clock *told = &account->told;
    bool runs = told->due_us != 0 && told->paused_at_us == 0 && told->due_us != INT64_MAX;
    if (!runs || !account->recounts) {
        return told->late_s;
    }
    const struct account_span late = {told->due_us, account->view->now_us};
    return (account_own_us(account, late) + ACCOUNT_US - 1) / ACCOUNT_US;
}
