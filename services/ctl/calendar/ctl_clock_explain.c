/* `redress clock explain`: the arithmetic of a deadline (law 12), from the events of the case. */
#include "case_number.h"
#include "clock.h"
#include "ctl_account.h"
#include "ctl_clock.h"
#include "ctl_clock_say.h"
#include "ctl_names.h"
#include "ctl_policy.h"
#include "scope.h"

/* ---- JSON --------------------------------------------------------------------------------- */

/* Those of some kinds (bits); whole seconds that add up: the parts of one go to the next. */
static json_t *spans_json(const struct account *account, unsigned kinds)
{
    struct account_part parts[ACCOUNT_PARTS_MAX];
    uint32_t count = account_parts(account, parts);
    json_t *list = json_array();
    int64_t sum_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        if ((kinds >> parts[i].kind & 1U) == 0) {
            continue;
        }
        int64_t before_s = sum_us / ACCOUNT_US;
        sum_us += account_own_us(account, parts[i].span);
        (void)json_array_append_new(list,
                                    json_pack("{s:o, s:o, s:I}",
                                              "from",
                                              view_time_json(parts[i].span.from_us),
                                              "to",
                                              view_time_json(parts[i].span.to_us),
                                              "seconds",
                                              (json_int_t)(sum_us / ACCOUNT_US - before_s)));
    }
    return list;
}

static json_t *days_json(const struct account *account)
{
    struct account_days days[ACCOUNT_DAYS_MAX];
    uint32_t count = account_days(account, days);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        char from[ACCOUNT_DATE_SIZE];
        char to[ACCOUNT_DATE_SIZE];
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:b, s:b, s:i}",
                                              "from",
                                              account_date_text(days[i].from, from),
                                              "to",
                                              account_date_text(days[i].to, to),
                                              "counts",
                                              days[i].first > 0,
                                              "named",
                                              days[i].named,
                                              "reached",
                                              (int)days[i].last));
    }
    return list;
}

static json_t *due_json(int64_t due_us)
{
    return due_us == 0 || due_us == INT64_MAX ? json_null() : view_time_json(due_us);
}

static json_t *target_json(const struct account *account, const struct event_clock *told)
{
    const struct policy_target target = account_target(account, told);
    return say_target_json(&target);
}

static json_t *changes_json(const struct account *account)
{
    static const char *const causes[] = {[ACCOUNT_EXTENDED] = "extended",
                                         [ACCOUNT_REFUSED] = "refused",
                                         [ACCOUNT_RETARGETED] = "retargeted",
                                         [ACCOUNT_CALENDAR] = "calendar"};
    json_t *list = json_array();
    for (uint32_t i = 0; i < account->change_count; i++) {
        const struct account_change *change = &account->changes[i];
        const struct event_clock *told = account_told_of(change->event, &account->told);
        (void)json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
                      "at",
                      view_time_json(account_happened_us(account, change->event)),
                      "cause",
                      causes[change->cause],
                      "old_due",
                      due_json(told->old_due_us),
                      "due",
                      due_json(told->due_us),
                      "old_target",
                      target_json(account, &change->was),
                      "target",
                      target_json(account, told),
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

/* Used and paused time by step, with the role whose it is. */
static json_t *shares_json(const struct account *account)
{
    struct account_share shares[ACCOUNT_SHARES_MAX];
    uint32_t count = account_shares(account, shares);
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct policy *policy = account->view->policy;
        const struct policy_step *step =
            shares[i].step != POLICY_NONE ? &policy->steps[shares[i].step] : NULL;
        (void)json_array_append_new(list,
                                    json_pack("{s:s?, s:s?, s:I, s:I}",
                                              "step",
                                              step ? step->id : NULL,
                                              "role",
                                              step ? policy->roles[step->owner_role] : NULL,
                                              "used_seconds",
                                              (json_int_t)shares[i].used_s,
                                              "paused_seconds",
                                              (json_int_t)shares[i].paused_s));
    }
    return list;
}

static json_t *account_json(const struct account *account, const struct case_clock *clock)
{
    const struct event_clock *told = &account->told;
    bool stopped = told->due_us != 0 && told->paused_at_us != 0;
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o}",
                  "name",
                  ctl_json_text(told->name),
                  "rule",
                  ctl_json_text(told->rule),
                  "calendar",
                  ctl_json_text(told->calendar),
                  "calendar_version",
                  ctl_json_text(told->calendar_version),
                  "zone_version",
                  ctl_json_text(told->zone_version),
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
    (void)json_object_set_new(
        object, "intervals", spans_json(account, 1U << ACCOUNT_COUNTED | 1U << ACCOUNT_TO_COUNT));
    (void)json_object_set_new(object, "unused", spans_json(account, 1U << ACCOUNT_UNUSED));
    (void)json_object_set_new(object, "pauses", spans_json(account, 1U << ACCOUNT_PAUSED));
    (void)json_object_set_new(object, "days", days_json(account));
    (void)json_object_set_new(object, "changes", changes_json(account));
    (void)json_object_set_new(object, "levels", levels_json(account));
    (void)json_object_set_new(object, "used_seconds", json_integer(account_used_s(account)));
    (void)json_object_set_new(object, "shares", shares_json(account));
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

/* Which step took how much of it, and in which it stood still. */
static void
shares_print(const struct ctl *ctl, const struct case_view *view, const struct case_clock *clock)
{
    struct account account;
    struct account_share shares[ACCOUNT_SHARES_MAX];
    account_make(view, &clock->told, &account);
    uint32_t count = account_shares(&account, shares);
    for (uint32_t i = 0; i < count; i++) {
        bool opened = shares[i].step != POLICY_NONE;
        const struct policy_step *step = opened ? &view->policy->steps[shares[i].step] : NULL;
        const char *title = step ? view_title(ctl, &step->title) : "";
        const char *role = step ? say_role(ctl, view->policy, step->owner_role) : "";
        const int64_t amounts_s[] = {shares[i].used_s, shares[i].paused_s};
        const enum ctl_text texts[] = {opened ? TEXT_EXPLAIN_SHARE : TEXT_EXPLAIN_SHARE_BEFORE,
                                       TEXT_EXPLAIN_SHARE_PAUSED};
        for (size_t j = 0; j < 2; j++) {
            char text[VIEW_TEXT_MAX];
            if (amounts_s[j] > 0) {
                bool in_days = !account.calendar || account.calendar->always;
                (void)view_exact(ctl, amounts_s[j], in_days, text);
                (void)fputs("    ", ctl->out);
                ctl_print(ctl, texts[j], CTL_ARGS(text, title, role));
            }
        }
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
        const struct case_clock *clock = &view->clocks[i];
        char name[VIEW_TEXT_MAX];
        char status[VIEW_TEXT_MAX];
        if (!is_named(view, &clock->told, named)) {
            continue;
        }
        (void)fprintf(ctl->out,
                      "\n%s%s%s  %s\n",
                      view_bold(ctl),
                      case_clock_name(ctl, view->policy, &clock->told, name),
                      view_color_end(ctl),
                      view_status(ctl, case_clock_status(view, clock), status));
        clock_say(ctl, view, clock, CLOCK_WHOLE);
        shares_print(ctl, view, clock);
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
        json_t *value = json_pack("{s:I, s:o, s:O, s:o}",
                                  "case",
                                  (json_int_t)view.case_id,
                                  "as_of",
                                  view_time_json(view.now_us),
                                  "clocks",
                                  accounts,
                                  "altered",
                                  case_altered_json(&view));
        ctl_print_json(ctl, &value);
    } else if (!none) {
        clock_accounts_print(ctl, &view, named);
    }
    json_decref(accounts);
    int vouched = case_vouch(ctl, &view);
    return none ? fail_named(ctl, &view, named) : vouched;
}
