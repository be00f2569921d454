/* `redress clock explain`: the arithmetic of a deadline (law 12), from the events of the case. */
#include "clock.h"
#include "ctl_case.h"
#include "ctl_clock.h"
#include "scope.h"

enum { US = 1000000, SPANS_MAX = 256, CHANGES_MAX = 64, DAY_S = 86400 };

struct span {
    int64_t from_s, to_s;
};

/* One run of one clock, as the journal tells it. */
struct account {
    const struct case_view *view;
    const struct policy_clock *rule;
    const struct calendar *calendar; /* what it counts in; NULL: time by the clock, or unknown */
    struct event_clock told;         /* as it stands */
    bool recounts;                   /* policy and calendar version of the events are at hand */
    uint32_t pause_count, change_count, level_count;
    struct span pauses[SPANS_MAX];
    const struct event *changes[CHANGES_MAX]; /* another due instant, or refused */
    const struct event *levels[POLICY_LEVELS_MAX];
};

static int64_t seconds_up(int64_t at_us)
{
    return at_us / US + (at_us % US > 0);
}

static int64_t own_between(const struct account *account, int64_t from_s, int64_t to_s)
{
    if (to_s <= from_s) {
        return 0;
    }
    return account->calendar ? calendar_between(account->calendar, from_s, to_s) : to_s - from_s;
}

/* ---- reading the journal ------------------------------------------------------------------ */

static const struct event_clock *told_of(const struct event *event, struct slice name)
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

/* When what an event tells of happened: at its cause, if the case has it. */
static int64_t happened_us(const struct case_view *view, const struct event *event)
{
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
    if (account->pause_count < SPANS_MAX && to_us > from_us) {
        account->pauses[account->pause_count++] =
            (struct span){seconds_up(from_us), seconds_up(to_us)};
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
        add_pause(account, was.paused_at_us, happened_us(account->view, event));
        break;
    case EVENT_CLOCKS_STOPPED:
        if (was.due_us == 0 && was.paused_at_us != 0) {
            add_pause(account, was.paused_at_us, told->paused_at_us);
        }
        break;
    case EVENT_CLOCKS_RETARGETED:
    case EVENT_CLOCKS_REFUSED:
        if (account->change_count < CHANGES_MAX) {
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

static void account_make(const struct case_view *view, struct slice name, struct account *account)
{
    const struct policy *policy = view->policy;
    uint16_t index = policy ? policy_clock_index(policy, name) : POLICY_NONE;
    *account = (struct account){.view = view};
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event_clock *told = told_of(&view->events[i], name);
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
    return until_us == INT64_MAX ? account->view->now_us / US : seconds_up(until_us);
}

/* Adds [from, to) without the pauses. */
static uint32_t
cut(const struct account *account, struct span open, struct span *spans, uint32_t count)
{
    for (uint32_t i = 0; i < account->pause_count && open.from_s < open.to_s; i++) {
        const struct span *pause = &account->pauses[i];
        if (pause->to_s <= open.from_s || pause->from_s >= open.to_s) {
            continue;
        }
        if (pause->from_s > open.from_s && count < SPANS_MAX) {
            spans[count++] = (struct span){open.from_s, pause->from_s};
        }
        open.from_s = pause->to_s;
    }
    if (open.from_s < open.to_s && count < SPANS_MAX) {
        spans[count++] = open;
    }
    return count;
}

static uint32_t counted(const struct account *account, struct span spans[SPANS_MAX])
{
    const struct calendar *calendar = account->calendar;
    struct span whole = {seconds_up(account->told.started_at_us), until_s(account)};
    uint32_t count = 0;
    if (!account->recounts) {
        return 0;
    }
    if (!calendar || calendar->always) {
        return cut(account, whole, spans, 0);
    }
    for (uint32_t i = 0; i < calendar->interval_count; i++) {
        const struct calendar_interval *interval = &calendar->intervals[i];
        struct span open = {interval->open_s > whole.from_s ? interval->open_s : whole.from_s,
                            interval->close_s < whole.to_s ? interval->close_s : whole.to_s};
        if (open.from_s < open.to_s) {
            count = cut(account, open, spans, count);
        }
    }
    return count;
}

/* ---- JSON --------------------------------------------------------------------------------- */

static json_t *spans_json(const struct account *account, const struct span *spans, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:o, s:I}",
                      "from",
                      view_time_json(spans[i].from_s * US),
                      "to",
                      view_time_json(spans[i].to_s * US),
                      "seconds",
                      (json_int_t)own_between(account, spans[i].from_s, spans[i].to_s)));
    }
    return list;
}

static json_t *due_json(int64_t due_us)
{
    return due_us == 0 || due_us == INT64_MAX ? json_null() : view_time_json(due_us);
}

static json_t *changes_json(const struct account *account)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < account->change_count; i++) {
        const struct event *event = account->changes[i];
        const struct event_clock *told = told_of(event, account->told.name);
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:b, s:o, s:o, s:I, s:I, s:o}",
                      "at",
                      view_time_json(happened_us(account->view, event)),
                      "refused",
                      event->kind == EVENT_CLOCKS_REFUSED,
                      "old_due",
                      due_json(told->old_due_us),
                      "due",
                      due_json(told->due_us),
                      "old_target",
                      (json_int_t)told->old_target_s + told->old_target_days,
                      "target",
                      (json_int_t)told->target_s + told->target_days,
                      "reason",
                      ctl_json_text(told->reason)));
    }
    return list;
}

static json_t *levels_json(const struct account *account)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < account->level_count; i++) {
        const struct event_clock *told = told_of(account->levels[i], account->told.name);
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:I, s:o, s:o}",
                                              "kind",
                                              event_kind_name(account->levels[i]->kind),
                                              "level",
                                              (json_int_t)told->level,
                                              "due",
                                              view_time_json(told->level_due_us),
                                              "told",
                                              view_time_json(account->levels[i]->at_us)));
    }
    return list;
}

static json_t *account_json(const struct account *account, const struct case_clock *clock)
{
    struct span spans[SPANS_MAX];
    const struct event_clock *told = &account->told;
    uint32_t count = counted(account, spans);
    bool stopped = told->due_us != 0 && told->paused_at_us != 0;
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o}",
                  "name",
                  ctl_json_text(told->name),
                  "rule",
                  ctl_json_text(told->rule),
                  "calendar",
                  ctl_json_text(told->calendar),
                  "calendar_version",
                  ctl_json_text(told->calendar_version),
                  "generation",
                  (json_int_t)told->generation,
                  told->target_days > 0 ? "target_days" : "target_seconds",
                  (json_int_t)(told->target_days > 0 ? told->target_days : told->target_s),
                  "extensions",
                  (json_int_t)told->extensions,
                  "started",
                  view_time_json(told->started_at_us));
    (void)json_object_set_new(object, "due", due_json(told->due_us));
    (void)json_object_set_new(object, "unknown", json_boolean(told->due_us == INT64_MAX));
    (void)json_object_set_new(
        object, "stopped", stopped ? view_time_json(told->paused_at_us) : json_null());
    (void)json_object_set_new(object, "recounted", json_boolean(account->recounts));
    (void)json_object_set_new(object, "intervals", spans_json(account, spans, count));
    (void)json_object_set_new(
        object, "pauses", spans_json(account, account->pauses, account->pause_count));
    (void)json_object_set_new(object, "changes", changes_json(account));
    (void)json_object_set_new(object, "levels", levels_json(account));
    (void)json_object_set_new(
        object, "used_seconds", json_integer(case_clock_used_s(account->view, clock)));
    (void)json_object_set_new(object, "late_seconds", json_integer(told->late_s));
    (void)json_object_set_new(
        object, "status", json_string(view_status_name(case_clock_status(account->view, clock))));
    return object;
}

json_t *clock_accounts(const struct case_view *view, const char *named)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < view->clock_count; i++) {
        struct account account;
        struct slice name = view->clocks[i].told.name;
        if (!named || slice_equal(name, slice_text(named))) {
            account_make(view, name, &account);
            (void)json_array_append_new(list, account_json(&account, &view->clocks[i]));
        }
    }
    return list;
}

/* ---- for people --------------------------------------------------------------------------- */

static void line(const struct ctl *ctl, enum ctl_text id, const char *const *args)
{
    (void)fputs("  ", ctl->out);
    ctl_print(ctl, id, args);
}

static void print_spans(const struct ctl *ctl,
                        const struct account *account,
                        enum ctl_text id,
                        const struct span *spans,
                        uint32_t count)
{
    int64_t sum_s = 0;
    for (uint32_t i = 0; i < count; i++) {
        char from[VIEW_TEXT_MAX];
        char to[VIEW_TEXT_MAX];
        char length[VIEW_TEXT_MAX];
        char sum[VIEW_TEXT_MAX];
        int64_t own_s = own_between(account, spans[i].from_s, spans[i].to_s);
        sum_s += own_s;
        line(ctl,
             id,
             CTL_ARGS(view_time(spans[i].from_s * US, from),
                      view_time(spans[i].to_s * US, to),
                      view_duration(ctl, own_s, length),
                      view_duration(ctl, sum_s, sum)));
    }
}

static void print_changes(const struct ctl *ctl, const struct account *account)
{
    for (uint32_t i = 0; i < account->change_count; i++) {
        const struct event *event = account->changes[i];
        const struct event_clock *told = told_of(event, account->told.name);
        char at[VIEW_TEXT_MAX];
        char old[VIEW_TEXT_MAX];
        char due[VIEW_TEXT_MAX];
        char reason[VIEW_TEXT_MAX];
        (void)view_time(happened_us(account->view, event), at);
        (void)view_plain(told->reason, reason);
        if (event->kind == EVENT_CLOCKS_REFUSED) {
            line(ctl, TEXT_EXPLAIN_REFUSED, CTL_ARGS(at, reason));
        } else {
            line(ctl,
                 TEXT_EXPLAIN_CHANGED,
                 CTL_ARGS(
                     at, view_time(told->old_due_us, old), view_time(told->due_us, due), reason));
        }
    }
}

static void print_target(const struct ctl *ctl, const struct account *account)
{
    const struct event_clock *told = &account->told;
    char text[VIEW_TEXT_MAX];
    char version[VIEW_TEXT_MAX];
    if (told->target_days > 0) {
        line(ctl, TEXT_WHY_DAYS, CTL_ARGS(CTL_NUMBER_TEXT(told->target_days)));
    } else {
        line(ctl,
             account->calendar ? TEXT_WHY_BUSINESS : TEXT_WHY_ELAPSED,
             CTL_ARGS(view_duration(ctl, told->target_s, text)));
    }
    line(ctl,
         TEXT_WHY_CALENDAR,
         CTL_ARGS(view_plain(told->calendar, text), view_plain(told->calendar_version, version)));
    line(ctl, TEXT_WHY_RULE, CTL_ARGS(view_plain(told->rule, text)));
}

static void
account_print(const struct ctl *ctl, const struct account *account, const struct case_clock *clock)
{
    struct span spans[SPANS_MAX];
    const struct event_clock *told = &account->told;
    char text[VIEW_TEXT_MAX];
    char name[VIEW_TEXT_MAX];
    (void)view_clock(ctl, account->view->policy, told->name, name);
    (void)fprintf(ctl->out,
                  "%s%s%s  %s\n",
                  view_bold(ctl),
                  name,
                  view_color_end(ctl),
                  view_status(ctl, case_clock_status(account->view, clock), text));
    line(ctl, TEXT_WHY_STARTED, CTL_ARGS(view_time(told->started_at_us, text)));
    print_target(ctl, account);
    print_changes(ctl, account);
    if (account->recounts) {
        uint32_t count = counted(account, spans);
        print_spans(ctl, account, TEXT_EXPLAIN_COUNTED, spans, count);
    } else {
        line(ctl, TEXT_EXPLAIN_OTHER_CALENDAR, NULL);
    }
    print_spans(ctl, account, TEXT_EXPLAIN_PAUSE, account->pauses, account->pause_count);
    if (told->due_us == INT64_MAX) {
        line(ctl, TEXT_WHY_NEVER, NULL);
    } else if (told->due_us != 0) {
        line(ctl, TEXT_WHY_DUE, CTL_ARGS(view_time(told->due_us, text)));
    } else {
        line(ctl, TEXT_WHY_PAUSED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
    if (told->due_us != 0 && told->paused_at_us != 0) {
        line(ctl, TEXT_WHY_STOPPED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
    line(ctl,
         TEXT_WHY_COUNTED,
         CTL_ARGS(view_duration(ctl, case_clock_used_s(account->view, clock), text)));
    if (told->late_s > 0) {
        line(ctl, TEXT_EXPLAIN_LATE, CTL_ARGS(view_duration(ctl, told->late_s, text)));
    }
}

void clock_accounts_print(const struct ctl *ctl, const struct case_view *view, const char *named)
{
    for (uint32_t i = 0; i < view->clock_count; i++) {
        struct account account;
        struct slice name = view->clocks[i].told.name;
        if (!named || slice_equal(name, slice_text(named))) {
            account_make(view, name, &account);
            account_print(ctl, &account, &view->clocks[i]);
        }
    }
}

int ctl_clock_explain(struct ctl *ctl)
{
    SCOPED(case_done) struct case_view view = {.now_us = clock_now_us()};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    const char *named = ctl_option_text(ctl, "clock");
    int code = case_read(ctl, ctl_argument(ctl, 0), policies, &view);
    if (code != CTL_OK) {
        return code;
    }
    json_t *accounts = clock_accounts(&view, named);
    bool none = json_array_size(accounts) == 0;
    if (!none && ctl->json) {
        json_t *value =
            json_pack("{s:I, s:O}", "case", (json_int_t)view.case_id, "clocks", accounts);
        ctl_print_json(ctl, &value);
    } else if (!none) {
        clock_accounts_print(ctl, &view, named);
    }
    json_decref(accounts);
    return none ? ctl_fail(ctl, CTL_NOT_FOUND, TEXT_EXPLAIN_NO_CLOCK, CTL_ARGS(named ? named : "-"))
                : CTL_OK;
}
