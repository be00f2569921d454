#include "ctl_account.h"

static int64_t seconds_up(int64_t at_us)
{
    return at_us / ACCOUNT_US + (at_us % ACCOUNT_US > 0);
}

int64_t account_own_s(const struct account *account, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    return account->calendar ? calendar_between(account->calendar, from_s, to_s) : to_s - from_s;
}

/* ---- reading the journal ------------------------------------------------------------------ */

const struct event_clock *account_told_of(const struct event *event, struct slice name)
{
    if (event->service != SERVICE_WATCHDOG) {
        return NULL;
    }
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        if (slice_equal(event->clocks.clocks[i].name, name)) {
            return &event->clocks.clocks[i];
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
        account->pauses[account->pause_count++] =
            (struct account_span){seconds_up(from_us), seconds_up(to_us)};
    }
}

static void
account_event(struct account *account, const struct event *event, const struct event_clock *told)
{
    struct event_clock was = account->told;
    switch ((int)event->kind) {
    case EVENT_CLOCKS_STARTED:
        account->pause_count = account->change_count = account->level_count = 0;
        break;
    case EVENT_CLOCKS_RESUMED:
        add_pause(account, was.paused_at_us, account_happened_us(account, event));
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

void account_make(const struct case_view *view, struct slice name, struct account *account)
{
    const struct policy *policy = view->policy;
    uint16_t index = policy ? policy_clock_index(policy, name) : POLICY_NONE;
    *account = (struct account){.view = view};
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event_clock *told = account_told_of(&view->events[i], name);
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
static int64_t until_s(const struct account *account)
{
    const struct event_clock *told = &account->told;
    int64_t until_us = told->paused_at_us != 0 ? told->paused_at_us : told->due_us;
    return until_us == INT64_MAX ? account->view->now_us / ACCOUNT_US : seconds_up(until_us);
}

/* Adds [from, to) without the pauses. */
static uint32_t cut(const struct account *account,
                    struct account_span open,
                    struct account_span *spans,
                    uint32_t count)
{
    for (uint32_t i = 0; i < account->pause_count && open.from_s < open.to_s; i++) {
        const struct account_span *pause = &account->pauses[i];
        if (pause->to_s <= open.from_s || pause->from_s >= open.to_s) {
            continue;
        }
        if (pause->from_s > open.from_s && count < ACCOUNT_SPANS_MAX) {
            spans[count++] = (struct account_span){open.from_s, pause->from_s};
        }
        open.from_s = pause->to_s;
    }
    if (open.from_s < open.to_s && count < ACCOUNT_SPANS_MAX) {
        spans[count++] = open;
    }
    return count;
}

uint32_t account_counted(const struct account *account,
                         struct account_span spans[ACCOUNT_SPANS_MAX])
{
    const struct calendar *calendar = account->calendar;
    struct account_span whole = {seconds_up(account->told.started_at_us), until_s(account)};
    uint32_t count = 0;
    if (!account->recounts) {
        return 0;
    }
    if (!calendar || calendar->always) {
        return cut(account, whole, spans, 0);
    }
    for (uint32_t i = 0; i < calendar->interval_count; i++) {
        const struct calendar_interval *interval = &calendar->intervals[i];
        struct account_span open = {
            interval->open_s > whole.from_s ? interval->open_s : whole.from_s,
            interval->close_s < whole.to_s ? interval->close_s : whole.to_s};
        if (open.from_s < open.to_s) {
            count = cut(account, open, spans, count);
        }
    }
    return count;
}

int64_t account_late_s(const struct account *account)
{
    const struct event_clock *told = &account->told;
    bool runs = told->due_us != 0 && told->paused_at_us == 0 && told->due_us != INT64_MAX;
    return runs && account->recounts ? account_own_s(account,
                                                     seconds_up(told->due_us),
                                                     account->view->now_us / ACCOUNT_US)
                                     : told->late_s;
}
