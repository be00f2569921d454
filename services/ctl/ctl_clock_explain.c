/* `redress clock explain`: the arithmetic of a deadline (law 12), from the events of the case. */
#include "case_number.h"
#include "clock.h"
#include "ctl_account.h"
#include "ctl_clock.h"
#include "ctl_names.h"
#include "scope.h"

/* ---- JSON --------------------------------------------------------------------------------- */

/* Whole seconds that add up: the parts of one go to the next. */
static json_t *
spans_json(const struct account *account, const struct account_span *spans, uint32_t count)
{
    json_t *list = json_array();
    int64_t sum_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t before_s = sum_us / ACCOUNT_US;
        sum_us += account_own_us(account, spans[i]);
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:I}",
                                              "from",
                                              view_time_json(spans[i].from_us),
                                              "to",
                                              view_time_json(spans[i].to_us),
                                              "seconds",
                                              (json_int_t)(sum_us / ACCOUNT_US - before_s)));
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
        const struct event_clock *told = account_told_of(event, &account->told);
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:b, s:o, s:o, s:I, s:I, s:o}",
                      "at",
                      view_time_json(account_happened_us(account, event)),
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
        const struct event_clock *told = account_told_of(account->levels[i], &account->told);
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
    struct account_span spans[ACCOUNT_SPANS_MAX];
    const struct event_clock *told = &account->told;
    uint32_t count = account_counted(account, spans);
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
    if (told->task > 0) {
        (void)json_object_set_new(object, "task", json_integer(told->task));
    }
    (void)json_object_set_new(object, "due", due_json(told->due_us));
    bool cleared = case_clock_is_cleared(account->view, clock);
    (void)json_object_set_new(object, "due_cleared", json_boolean(cleared));
    (void)json_object_set_new(object, "unknown", json_boolean(told->due_us == INT64_MAX));
    (void)json_object_set_new(
        object, "stopped", stopped ? view_time_json(told->paused_at_us) : json_null());
    (void)json_object_set_new(object,
                              "paused_since",
                              told->due_us == 0 ? view_time_json(told->paused_at_us) : json_null());
    (void)json_object_set_new(object, "paused_seconds", json_integer(told->paused_s));
    (void)json_object_set_new(object, "recounted", json_boolean(account->recounts));
    (void)json_object_set_new(object, "intervals", spans_json(account, spans, count));
    (void)json_object_set_new(
        object, "pauses", spans_json(account, account->pauses, account->pause_count));
    (void)json_object_set_new(object, "changes", changes_json(account));
    (void)json_object_set_new(object, "levels", levels_json(account));
    (void)json_object_set_new(
        object, "used_seconds", json_integer(case_clock_used_s(account->view, clock)));
    (void)json_object_set_new(object, "late_seconds", json_integer(account_late_s(account)));
    (void)json_object_set_new(
        object, "status", json_string(view_status_name(case_clock_status(account->view, clock))));
    return object;
}

static bool
is_named(const struct case_view *view, const struct event_clock *clock, const char *named)
{
    uint16_t index = view->policy ? policy_clock_index(view->policy, clock->name) : POLICY_NONE;
    bool titled = false;
    for (unsigned i = 0; named && index != POLICY_NONE && i < LOCALE_COUNT; i++) {
        titled = titled || strcmp(view->policy->clocks[index].title.text[i], named) == 0;
    }
    return !named || titled || slice_equal(clock->name, slice_text(named));
}

json_t *clock_accounts(const struct case_view *view, const char *named)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < view->clock_count; i++) {
        struct account account;
        if (is_named(view, &view->clocks[i].told, named)) {
            account_make(view, &view->clocks[i].told, &account);
            (void)json_array_append_new(list, account_json(&account, &view->clocks[i]));
        }
    }
    return list;
}

/* ---- for people --------------------------------------------------------------------------- */

/* Open hours are told in hours: two days of them would be taken for two of the calendar's days. */
static const char *
own_text(const struct ctl *ctl, const struct account *account, int64_t own_s, char *into)
{
    return account->calendar ? view_hours(ctl, own_s, into) : view_duration(ctl, own_s, into);
}

static void line(const struct ctl *ctl, enum ctl_text id, const char *const *args)
{
    (void)fputs("  ", ctl->out);
    ctl_print(ctl, id, args);
}

/* Adds to the sum what each of them comes to. */
static void print_spans(const struct ctl *ctl,
                        const struct account *account,
                        enum ctl_text id,
                        const struct account_span *spans,
                        uint32_t count,
                        int64_t *sum_us)
{
    for (uint32_t i = 0; i < count; i++) {
        char from[VIEW_TEXT_MAX];
        char to[VIEW_TEXT_MAX];
        char length[VIEW_TEXT_MAX];
        char sum[VIEW_TEXT_MAX];
        int64_t before_s = *sum_us / ACCOUNT_US;
        *sum_us += account_own_us(account, spans[i]);
        int64_t sum_s = *sum_us / ACCOUNT_US;
        line(ctl,
             id,
             CTL_ARGS(view_time(spans[i].from_us, from),
                      view_time(spans[i].to_us, to),
                      own_text(ctl, account, sum_s - before_s, length),
                      own_text(ctl, account, sum_s, sum)));
    }
}

/* What has counted, what is still to count, and what did not. */
static void print_counted(const struct ctl *ctl, const struct account *account)
{
    struct account_span spans[ACCOUNT_SPANS_MAX];
    int64_t now_us = account->view->now_us;
    int64_t sum_us = 0;
    int64_t paused_us = 0;
    uint32_t count = account_counted(account, spans);
    uint32_t past = 0;
    while (past < count && spans[past].to_us <= now_us) {
        past++;
    }
    print_spans(ctl, account, TEXT_EXPLAIN_COUNTED, spans, past, &sum_us);
    if (past < count && spans[past].from_us < now_us) { /* now lies within */
        struct account_span until_now = {spans[past].from_us, now_us};
        print_spans(ctl, account, TEXT_EXPLAIN_COUNTED, &until_now, 1, &sum_us);
        spans[past].from_us = now_us;
    }
    print_spans(ctl, account, TEXT_EXPLAIN_TO_COUNT, spans + past, count - past, &sum_us);
    print_spans(
        ctl, account, TEXT_EXPLAIN_PAUSE, account->pauses, account->pause_count, &paused_us);
    if (!account->recounts) {
        line(ctl, TEXT_EXPLAIN_OTHER_CALENDAR, NULL);
    }
}

static void print_changes(const struct ctl *ctl, const struct account *account)
{
    for (uint32_t i = 0; i < account->change_count; i++) {
        const struct event *event = account->changes[i];
        const struct event_clock *told = account_told_of(event, &account->told);
        char at[VIEW_TEXT_MAX];
        char old[VIEW_TEXT_MAX];
        char due[VIEW_TEXT_MAX];
        char reason[VIEW_TEXT_MAX];
        (void)view_time(account_happened_us(account, event), at);
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

static void print_levels(const struct ctl *ctl, const struct account *account)
{
    for (uint32_t i = 0; i < account->level_count; i++) {
        const struct event *event = account->levels[i];
        const struct event_clock *told = account_told_of(event, &account->told);
        char due[VIEW_TEXT_MAX];
        char role[VIEW_TEXT_MAX];
        line(ctl,
             told->notify_role.size > 0 ? TEXT_EXPLAIN_LEVEL_TOLD : TEXT_EXPLAIN_LEVEL,
             CTL_ARGS(view_time(told->level_due_us, due),
                      case_kind_text(ctl, event->kind),
                      CTL_NUMBER_TEXT(told->level),
                      case_role(ctl, account->view->policy, told->notify_role, role)));
    }
}

static void print_target(const struct ctl *ctl, const struct account *account)
{
    const struct event_clock *told = &account->told;
    char text[VIEW_TEXT_MAX];
    char version[VIEW_TEXT_MAX];
    if (told->target_days > 0) {
        bool to_end = account->rule && account->rule->end_of_day;
        line(ctl,
             to_end ? TEXT_WHY_DAYS_END : TEXT_WHY_DAYS,
             CTL_ARGS(CTL_NUMBER_TEXT(told->target_days)));
    } else {
        line(ctl,
             account->calendar ? TEXT_WHY_BUSINESS : TEXT_WHY_ELAPSED,
             CTL_ARGS(own_text(ctl, account, told->target_s, text)));
    }
    (void)view_plain(told->calendar, text);
    (void)view_plain(told->calendar_version, version);
    line(ctl, account->calendar ? TEXT_WHY_CALENDAR : TEXT_WHY_ALWAYS, CTL_ARGS(text, version));
    line(ctl, TEXT_WHY_RULE, CTL_ARGS(view_plain(told->rule, text)));
}

/* Of the calendar the clock counts in, where it closes; else that of the case's other calendars. */
static const char *zone_of(const struct account *account)
{
    const struct calendar *calendar = account->calendar;
    return calendar && !calendar->always ? calendar->zone : view_policy_zone(account->view->policy);
}

static void
account_print(const struct ctl *ctl, const struct account *account, const struct case_clock *clock)
{
    const struct event_clock *told = &account->told;
    char text[VIEW_TEXT_MAX];
    char name[VIEW_TEXT_MAX];
    view_zone_use(zone_of(account));
    (void)case_clock_name(ctl, account->view->policy, told, name);
    (void)fprintf(ctl->out,
                  "\n%s%s%s  %s\n",
                  view_bold(ctl),
                  name,
                  view_color_end(ctl),
                  view_status(ctl, case_clock_status(account->view, clock), text));
    const char *usual = view_policy_zone(account->view->policy);
    if (usual && strcmp(usual, zone_of(account)) != 0) {
        line(ctl, TEXT_LIST_ZONE, CTL_ARGS(view_zone(account->view->now_us, text)));
    }
    line(ctl, TEXT_WHY_STARTED, CTL_ARGS(view_time(told->started_at_us, text)));
    print_target(ctl, account);
    print_changes(ctl, account);
    print_counted(ctl, account);
    print_levels(ctl, account);
    if (told->due_us == INT64_MAX) {
        line(ctl, TEXT_WHY_NEVER, NULL);
    } else if (told->due_us != 0) {
        bool cleared = case_clock_is_cleared(account->view, clock);
        line(ctl,
             cleared ? TEXT_WHY_CLEARED : TEXT_WHY_DUE,
             CTL_ARGS(view_time(told->due_us, text)));
    } else {
        line(ctl, TEXT_WHY_PAUSED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
    if (told->due_us != 0 && told->paused_at_us != 0) {
        line(ctl, TEXT_WHY_STOPPED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
    line(ctl,
         TEXT_EXPLAIN_USED,
         CTL_ARGS(own_text(ctl, account, case_clock_used_s(account->view, clock), text)));
    if (account_late_s(account) > 0) {
        line(ctl,
             TEXT_EXPLAIN_LATE,
             CTL_ARGS(own_text(ctl, account, account_late_s(account), text)));
    }
}

void clock_accounts_print(const struct ctl *ctl, const struct case_view *view, const char *named)
{
    char number[CASE_NUMBER_SIZE] = "-";
    char now[VIEW_TEXT_MAX];
    char zone[VIEW_TEXT_MAX];
    view_zone_use(view_policy_zone(view->policy));
    if (view->received) {
        case_number_format(view->case_id, view->received->received.received_at_us, number);
    }
    ctl_print(ctl,
              TEXT_EXPLAIN_CASE,
              CTL_ARGS(number,
                       CTL_NUMBER_TEXT(view->case_id),
                       view_time(view->now_us, now),
                       view_zone(view->now_us, zone)));
    for (uint32_t i = 0; i < view->clock_count; i++) {
        struct account account;
        if (is_named(view, &view->clocks[i].told, named)) {
            account_make(view, &view->clocks[i].told, &account);
            account_print(ctl, &account, &view->clocks[i]);
        }
    }
}

/* Which clocks the case has. */
static int fail_named(const struct ctl *ctl, const struct case_view *view, const char *named)
{
    static struct ctl_names names; /* large */
    char told[CTL_NAMES_TOLD_MAX];
    names = (struct ctl_names){.word = named ? named : "-"};
    for (uint32_t i = 0; i < view->clock_count; i++) {
        char id[VIEW_TEXT_MAX];
        char title[VIEW_TEXT_MAX];
        (void)view_plain(view->clocks[i].told.name, id);
        (void)view_clock(ctl, view->policy, view->clocks[i].told.name, title);
        ctl_names_add(&names, id, title);
    }
    return ctl_fail(ctl,
                    CTL_NOT_FOUND,
                    TEXT_EXPLAIN_NO_CLOCK,
                    CTL_ARGS(names.word, ctl_names_tell(ctl, &names, told)));
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
        json_t *value = json_pack("{s:I, s:o, s:O}",
                                  "case",
                                  (json_int_t)view.case_id,
                                  "as_of",
                                  view_time_json(view.now_us),
                                  "clocks",
                                  accounts);
        ctl_print_json(ctl, &value);
    } else if (!none) {
        clock_accounts_print(ctl, &view, named);
    }
    json_decref(accounts);
    return none ? fail_named(ctl, &view, named) : CTL_OK;
}
