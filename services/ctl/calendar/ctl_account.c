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

/* Whether the event changes what the clock is held to, or says that it does not. */
static bool is_change(const struct event *event, const struct event_clock *told)
{
    bool other = told->old_due_us != 0 || told->old_target_s != 0 || told->old_target_days != 0;
    return event->kind == EVENT_CLOCKS_REFUSED || event->kind == EVENT_CLOCKS_RETARGETED ||
           (event->kind != EVENT_CLOCKS_STARTED && other);
}

static void
add_change(struct account *account, const struct event *event, const struct event_clock *told)
{
    if (account->change_count == ACCOUNT_CHANGES_MAX || !is_change(event, told)) {
        return;
    }
    struct account_change *change = &account->changes[account->change_count++];
    *change =
        (struct account_change){.event = event, .cause = ACCOUNT_RETARGETED, .was = account->told};
    if (event->kind == EVENT_CLOCKS_REFUSED) {
        change->cause = ACCOUNT_REFUSED;
    } else if (told->extensions != change->was.extensions) {
        change->cause = ACCOUNT_EXTENDED;
    } else if (told->old_due_us == INT64_MAX && told->due_us != INT64_MAX) {
        change->cause = ACCOUNT_CALENDAR;
    }
}

static void add_level(struct account *account, const struct event *event)
{
    if (account->level_count < POLICY_LEVELS_MAX) {
        account->levels[account->level_count++] = event;
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
        account->unknown = NULL;
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
    case EVENT_CLOCKS_UNKNOWN:
        account->unknown = event;
        break;
    case EVENT_CLOCK_WARNED:
    case EVENT_CLOCK_BREACHED:
    case EVENT_CLOCK_ESCALATED:
        add_level(account, event);
        break;
    default:
        break;
    }
    add_change(account, event, told);
    account->told = *told;
    account->ended_us = told->verdict == CLOCK_CANCELLED ? account_happened_us(account, event) : 0;
}

struct policy_target account_target(const struct account *account, const struct event_clock *told)
{
    const struct policy_clock *rule = account->rule;
    struct policy_target target = {.target = told->target_days > 0 ? TARGET_BUSINESS_DAYS
                                                                   : TARGET_ELAPSED,
                                   .calendar = POLICY_NONE};
    if (rule) {
        target.target = rule->target;
        target.end_of_day = rule->end_of_day;
        target.rolls = rule->rolls;
        target.calendar = rule->calendar;
    }
    for (uint16_t i = 0; rule && i < rule->target_count; i++) {
        if (slice_equal(told->rule, slice_text(rule->targets[i].rule))) {
            target = rule->targets[i];
        }
    }
    target.target_s = told->target_s;
    target.target_days = told->target_days;
    return target;
}

void account_make(const struct case_view *view,
                  const struct event_clock *clock,
                  struct account *account)
{
    const struct policy *policy = view->policy;
    uint16_t index = policy ? policy_clock_index(policy, clock->name) : POLICY_NONE;
    *account = (struct account){.view = view};
    account->rule = index != POLICY_NONE ? &policy->clocks[index] : NULL;
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event_clock *told = account_told_of(&view->events[i], clock);
        if (told) {
            account_event(account, &view->events[i], told);
        }
    }
    account->told = *clock;
    account->target = account_target(account, clock);
    enum clock_target unit = account->target.target;
    bool elapses = unit == TARGET_ELAPSED || unit == TARGET_PROMISED;
    account->recounts = account->rule && elapses;
    for (uint16_t i = 0; account->rule && i < policy->calendar_count && !elapses; i++) {
        if (slice_equal(account->told.calendar, slice_text(policy->calendars[i].name))) {
            account->calendar = &policy->calendars[i];
            account->recounts = slice_equal(account->told.calendar_version,
                                            slice_text(policy->calendars[i].version));
        }
    }
}

/* ---- its time, counted again -------------------------------------------------------------- */

static bool is_known(const struct event_clock *told)
{
    return told->due_us != 0 && told->due_us != INT64_MAX;
}

static bool has_stopped(const struct account *account)
{
    const struct event_clock *told = &account->told;
    return told->verdict == CLOCK_CANCELLED || (told->due_us != 0 && told->paused_at_us != 0);
}

int64_t account_lived_until_us(const struct account *account)
{
    const struct event_clock *told = &account->told;
    if (account->ended_us != 0) {
        return account->ended_us;
    }
    return told->paused_at_us != 0 ? told->paused_at_us : account->view->now_us;
}

struct part_list {
    struct account_part *parts;
    uint32_t count;
};

/* Of many those of one kind go on where the last one ended, if between them nothing counts: their
 * own time is the same.  Only pauses and the kinds part them then, and for those there is room. */
static void add_part(const struct account *account,
                     struct part_list *list,
                     enum account_kind kind,
                     struct account_span span)
{
    enum { APART_MAX = ACCOUNT_PARTS_MAX - 2 * ACCOUNT_SPANS_MAX - ACCOUNT_LATE };
    struct account_part *last = list->count >= APART_MAX ? &list->parts[list->count - 1] : NULL;
    if (span.from_us >= span.to_us) {
        return;
    }
    if (last && last->kind == kind &&
        account_own_us(account, (struct account_span){last->span.to_us, span.from_us}) == 0) {
        last->span.to_us = span.to_us;
    } else {
        list->parts[list->count++] = (struct account_part){kind, span};
    }
}

/* What lies behind and what is ahead of where it has come. */
static void
add_open(const struct account *account, struct part_list *list, struct account_span open)
{
    int64_t lived_us = account_lived_until_us(account);
    int64_t middle_us = lived_us < open.from_us ? open.from_us : lived_us;
    middle_us = middle_us > open.to_us ? open.to_us : middle_us;
    enum account_kind rest = has_stopped(account) ? ACCOUNT_UNUSED : ACCOUNT_TO_COUNT;
    add_part(account, list, ACCOUNT_COUNTED, (struct account_span){open.from_us, middle_us});
    add_part(account, list, rest, (struct account_span){middle_us, open.to_us});
}

/* Adds [from, to) without the pauses. */
static void
add_unpaused(const struct account *account, struct part_list *list, struct account_span open)
{
    for (uint32_t i = 0; i < account->pause_count && open.from_us < open.to_us; i++) {
        const struct account_span *pause = &account->pauses[i];
        if (pause->to_us <= open.from_us || pause->from_us >= open.to_us) {
            continue;
        }
        if (pause->from_us > open.from_us) {
            add_open(account, list, (struct account_span){open.from_us, pause->from_us});
        }
        open.from_us = pause->to_us;
    }
    if (open.from_us < open.to_us) {
        add_open(account, list, open);
    }
}

static void count_again(const struct account *account, struct part_list *list)
{
    const struct calendar *calendar = account->calendar;
    const struct event_clock *told = &account->told;
    struct account_span whole = {told->started_at_us,
                                 is_known(told) ? told->due_us : account_lived_until_us(account)};
    if (!calendar || calendar->always) {
        add_unpaused(account, list, whole);
    }
    for (uint32_t i = 0; calendar && !calendar->always && i < calendar->interval_count; i++) {
        const struct calendar_interval *interval = &calendar->intervals[i];
        int64_t open_us = calendar_in_us(interval->open_s);
        int64_t close_us = calendar_in_us(interval->close_s);
        struct account_span open = {open_us > whole.from_us ? open_us : whole.from_us,
                                    close_us < whole.to_us ? close_us : whole.to_us};
        if (open.from_us < open.to_us) {
            add_unpaused(account, list, open);
        }
    }
    if (is_known(told)) {
        const struct account_span late = {told->due_us, account_lived_until_us(account)};
        add_part(account, list, ACCOUNT_LATE, late);
    }
}

static int earlier(const void *a, const void *b)
{
    const struct account_part *x = a;
    const struct account_part *y = b;
    if (x->span.from_us != y->span.from_us) {
        return x->span.from_us < y->span.from_us ? -1 : 1;
    }
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

uint32_t account_parts(const struct account *account, struct account_part parts[ACCOUNT_PARTS_MAX])
{
    struct part_list list = {.parts = parts};
    if (account->recounts) {
        count_again(account, &list);
    }
    for (uint32_t i = 0; i < account->pause_count; i++) {
        parts[list.count++] = (struct account_part){ACCOUNT_PAUSED, account->pauses[i]};
    }
    qsort(parts, list.count, sizeof *parts, earlier);
    return list.count;
}

/* The day of the calendar an instant lies in; day_count: none. */
static uint32_t day_of(const struct calendar *calendar, int64_t at_s)
{
    uint32_t day = 0;
    while (day < calendar->day_count && calendar->days[day].midnight_s <= at_s) {
        day++;
    }
    return day > 0 ? day - 1 : calendar->day_count;
}

/* Goes on with the last ones, or begins others; number: which business day it is, 0: none. */
static void
add_day(struct account_days *days, uint32_t *count, const struct calendar_day *day, uint32_t number)
{
    struct account_days *last = *count > 0 ? &days[*count - 1] : NULL;
    if (last && (last->first > 0) == (number > 0) && last->named == day->named) {
        last->to = day->date;
        last->last = number;
    } else if (*count < ACCOUNT_DAYS_MAX) {
        days[(*count)++] = (struct account_days){day->date, day->date, number, number, day->named};
    }
}

uint32_t account_days(const struct account *account, struct account_days days[ACCOUNT_DAYS_MAX])
{
    const struct calendar *calendar = account->calendar;
    uint32_t count = 0;
    uint32_t reached = 0;
    if (!account->recounts || !calendar || account->target.target != TARGET_BUSINESS_DAYS) {
        return 0;
    }
    uint32_t at = day_of(calendar, calendar_second(account->told.started_at_us)) + 1;
    for (; reached < account->told.target_days && at < calendar->day_count; at++) {
        reached += calendar->days[at].business;
        add_day(days, &count, &calendar->days[at], calendar->days[at].business ? reached : 0);
    }
    return count;
}

const char *account_date_text(int32_t date, char into[ACCOUNT_DATE_SIZE])
{
    (void)snprintf(into,
                   ACCOUNT_DATE_SIZE,
                   "%04d-%02d-%02d",
                   date / 10000 % 10000,
                   date / 100 % 100,
                   date % 100);
    return into;
}

int64_t account_used_s(const struct account *account)
{
    const struct event_clock *told = &account->told;
    const struct account_span lived = {told->started_at_us, account->view->now_us};
    bool runs = told->due_us != 0 && told->paused_at_us == 0 && !has_stopped(account);
    if (!runs || !account->recounts || lived.to_us <= lived.from_us) {
        return told->used_s;
    }
    int64_t paused_us = told->paused_s * ACCOUNT_US + told->paused_rest_us;
    return (account_own_us(account, lived) - paused_us) / ACCOUNT_US;
}

int64_t account_late_s(const struct account *account)
{
    const struct event_clock *told = &account->told;
    bool runs = is_known(told) && told->paused_at_us == 0 && !has_stopped(account);
    if (!runs || !account->recounts) {
        return told->late_s;
    }
    const struct account_span late = {told->due_us, account->view->now_us};
    return case_up_s(account_own_us(account, late));
}

int64_t account_used_told_s(const struct account *account)
{
    int64_t late_s = account_late_s(account);
    int64_t used_s = account_used_s(account);
    bool adds_up = account->told.target_days == 0 && late_s > 0 &&
                   used_s + 1 == account->told.target_s + late_s;
    return used_s + adds_up;
}
