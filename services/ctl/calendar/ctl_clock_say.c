#include "ctl_clock_say.h"

#include "ctl_account.h"
#include "ctl_policy.h"

enum {
    FOLDED_MAX = 6, /* intervals of one kind, shown in full */
    INDENT = 4,
};

/* What is said, and where it has come. */
struct saying {
    const struct ctl *ctl;
    const struct account *account;
    const struct case_clock *clock;
    enum clock_detail detail;
    int64_t counted_us, paused_us; /* of the lines said so far */
};

static void line(const struct saying *saying, enum ctl_text id, const char *const *args)
{
    (void)fprintf(saying->ctl->out, "%*s", INDENT, "");
    ctl_print(saying->ctl, id, args);
}

static const char *word(const struct saying *saying, enum ctl_text id)
{
    return ctl_text_in(saying->ctl->language, id);
}

/* Open hours are told in hours: two days of them would be taken for two of the calendar's days. */
static const char *own_text(const struct saying *saying, int64_t own_s, char into[VIEW_TEXT_MAX])
{
    const struct calendar *calendar = saying->account->calendar;
    return view_exact(saying->ctl, own_s, !calendar || calendar->always, into);
}

/* The same of a sum that stands beside instants: open hours are said to be such. */
static const char *sum_text(const struct saying *saying, int64_t own_s, char into[VIEW_TEXT_MAX])
{
    const struct calendar *calendar = saying->account->calendar;
    char length[VIEW_TEXT_MAX];
    if (!calendar || calendar->always) {
        return own_text(saying, own_s, into);
    }
    (void)own_text(saying, own_s, length);
    return view_text(saying->ctl, TEXT_WORKING_TIME, CTL_ARGS(length), into);
}

/* ---- what it is held to ------------------------------------------------------------------- */

/* As the policy says it of its own clocks. */
static const char *
target_text(const struct saying *saying, const struct event_clock *told, char into[SAY_MAX])
{
    const struct policy *policy = saying->account->view->policy;
    const struct policy_target target = account_target(saying->account, told);
    if (target.calendar == POLICY_NONE) {
        enum ctl_text id = told->target_days > 0 ? TEXT_SAY_BUSINESS_DAYS : TEXT_SAY_HOURS;
        int64_t amount = told->target_days > 0 ? told->target_days : told->target_s / 3600;
        return say_text(saying->ctl, into, id, CTL_ARGS(CTL_NUMBER_TEXT(amount)));
    }
    return say_other_target(saying->ctl, policy, &target, into);
}

/* "policy@version:line" as a place to look it up; anything else as it is. */
static void rule_say(const struct saying *saying)
{
    char rule[VIEW_TEXT_MAX];
    (void)view_plain(saying->account->told.rule, rule);
    char *version = strrchr(rule, '@');
    char *at = version ? strchr(version, ':') : NULL;
    if (!at) {
        line(saying, TEXT_WHY_RULE, CTL_ARGS(rule));
        return;
    }
    *version = '\0';
    *at = '\0';
    line(saying, TEXT_EXPLAIN_RULE, CTL_ARGS(rule, version + 1, at + 1));
}

static void calendar_say(const struct saying *saying)
{
    const struct account *account = saying->account;
    char name[VIEW_TEXT_MAX];
    char version[VIEW_TEXT_MAX];
    (void)view_plain(account->told.calendar, version);
    (void)view_named(saying->ctl,
                     account->calendar ? view_calendar(saying->ctl, account->calendar) : version,
                     version,
                     name);
    (void)view_plain(account->told.calendar_version, version);
    if (account->calendar && !account->calendar->always) {
        const char *zone = account->calendar->zone;
        const char *here = account->calendar->zone_version;
        char told[VIEW_TEXT_MAX];
        (void)view_plain(account->told.zone_version, told);
        if (told[0] == '\0') { /* events were told before they named their zone data */
            line(saying, TEXT_WHY_CALENDAR_ZONE, CTL_ARGS(name, version, zone));
        } else {
            line(saying, TEXT_WHY_CALENDAR, CTL_ARGS(name, version, zone, told));
        }
        if (told[0] != '\0' && strcmp(told, here) != 0) {
            line(saying, TEXT_EXPLAIN_ZONE_OTHER, CTL_ARGS(told, here));
        }
    } else if (account->calendar) {
        line(saying, TEXT_WHY_ALWAYS, CTL_ARGS(name, version));
    } else if (account->rule) {
        line(saying, TEXT_EXPLAIN_ELAPSES, NULL);
    }
}

static void target_say(const struct saying *saying)
{
    const struct account *account = saying->account;
    char text[SAY_MAX];
    if (account->target.target == TARGET_PROMISED && account->view->policy) {
        const struct policy *policy = account->view->policy;
        uint16_t field = account->rule->due_field;
        bool known = field < policy->field_count;
        line(saying,
             TEXT_EXPLAIN_PROMISED,
             CTL_ARGS(known ? view_title(saying->ctl, &policy->fields[field].title) : ""));
    } else {
        line(saying, TEXT_WHY_TARGET, CTL_ARGS(target_text(saying, &account->told, text)));
    }
    calendar_say(saying);
}

/* ---- what was changed --------------------------------------------------------------------- */

/* An instant, or why there is none. */
static const char *due_text(const struct saying *saying, int64_t due_us, char into[VIEW_TEXT_MAX])
{
    if (due_us == 0 || due_us == INT64_MAX) {
        (void)snprintf(
            into,
            VIEW_TEXT_MAX,
            "%s",
            word(saying, due_us == 0 ? TEXT_EXPLAIN_DUE_PAUSED : TEXT_EXPLAIN_DUE_UNKNOWN));
        return into;
    }
    return view_due(due_us, into);
}

/* Why an extension was refused: a word of the watchdog's, or the action that has to come first. */
static const char *
refusal_text(const struct saying *saying, struct slice reason, char into[VIEW_TEXT_MAX])
{
    static const struct {
        const char *word;
        enum ctl_text text;
    } reasons[] = {
        {"no-extension", TEXT_EXPLAIN_NO_EXTENSION},
        {"not-running",  TEXT_EXPLAIN_NOT_RUNNING },
        {"overdue",      TEXT_EXPLAIN_OVERDUE     },
        {"too-often",    TEXT_EXPLAIN_TOO_OFTEN   },
        {"no-reason",    TEXT_EXPLAIN_NO_REASON   },
    };
    const struct policy *policy = saying->account->view->policy;
    char id[VIEW_TEXT_MAX];
    (void)view_plain(reason, id);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(id, reasons[i].word) == 0) {
            return view_text(saying->ctl, reasons[i].text, NULL, into);
        }
    }
    const char *action = policy ? say_action_named(saying->ctl, policy, id) : id;
    return view_text(saying->ctl, TEXT_EXPLAIN_ACTION_FIRST, CTL_ARGS(action), into);
}

/* Why, in words: those given for an extension, the calendar, or what became of the case. */
static const char *reason_text(const struct saying *saying,
                               const struct account_change *change,
                               struct slice reason,
                               char into[VIEW_TEXT_MAX])
{
    enum event_kind kind = event_kind_parse(reason);
    if (change->cause == ACCOUNT_REFUSED) {
        return refusal_text(saying, reason, into);
    }
    if (change->cause == ACCOUNT_CALENDAR) {
        return view_text(saying->ctl, TEXT_EXPLAIN_CALENDAR_KNOWS, NULL, into);
    }
    if (change->cause == ACCOUNT_RETARGETED && kind != EVENT_NONE) {
        const char *what = case_kind_text(saying->ctl, kind);
        return view_text(saying->ctl, TEXT_EXPLAIN_CASE_IS_OTHER, CTL_ARGS(what), into);
    }
    if (reason.size == 0) {
        return view_text(saying->ctl, TEXT_EXPLAIN_NO_REASON, NULL, into);
    }
    return view_plain(reason, into);
}

static void change_say(const struct saying *saying, const struct account_change *change)
{
    const struct account *account = saying->account;
    const struct event_clock *told = account_told_of(change->event, &account->told);
    char at[VIEW_TEXT_MAX];
    char old[VIEW_TEXT_MAX];
    char due[VIEW_TEXT_MAX];
    char reason[VIEW_TEXT_MAX];
    char old_target[SAY_MAX];
    char target[SAY_MAX];
    (void)view_time(account_happened_us(account, change->event), at);
    (void)reason_text(saying, change, told->reason, reason);
    if (change->cause == ACCOUNT_REFUSED) {
        line(saying, TEXT_EXPLAIN_REFUSED, CTL_ARGS(at, reason));
        return;
    }
    (void)due_text(saying, told->old_due_us, old);
    (void)due_text(saying, told->due_us, due);
    (void)target_text(saying, &change->was, old_target);
    (void)target_text(saying, told, target);
    line(saying, TEXT_EXPLAIN_CHANGED, CTL_ARGS(at, reason));
    if (strcmp(old_target, target) != 0) {
        line(saying, TEXT_EXPLAIN_CHANGED_TARGET, CTL_ARGS(old_target, target));
    }
    if (!slice_equal(change->was.calendar_version, told->calendar_version)) {
        char was[VIEW_TEXT_MAX];
        char is[VIEW_TEXT_MAX];
        (void)view_plain(change->was.calendar_version, was);
        (void)view_plain(told->calendar_version, is);
        line(saying, TEXT_EXPLAIN_CHANGED_CALENDAR, CTL_ARGS(was, is));
    }
    line(saying, TEXT_EXPLAIN_CHANGED_DUE, CTL_ARGS(old, due));
}

/* ---- the arithmetic ----------------------------------------------------------------------- */

/* Adds it to the sum of its kind, which is returned. */
static int64_t part_add(struct saying *saying, const struct account_part *part)
{
    int64_t *sum_us = part->kind == ACCOUNT_PAUSED ? &saying->paused_us : &saying->counted_us;
    *sum_us += account_own_us(saying->account, part->span);
    return *sum_us;
}

static void part_say(struct saying *saying, const struct account_part *part)
{
    static const enum ctl_text texts[] = {
        [ACCOUNT_COUNTED] = TEXT_EXPLAIN_COUNTED,
        [ACCOUNT_PAUSED] = TEXT_EXPLAIN_PAUSE,
        [ACCOUNT_TO_COUNT] = TEXT_EXPLAIN_TO_COUNT,
        [ACCOUNT_UNUSED] = TEXT_EXPLAIN_UNUSED,
        [ACCOUNT_LATE] = TEXT_EXPLAIN_BEYOND,
    };
    char from[VIEW_TEXT_MAX];
    char to[VIEW_TEXT_MAX];
    char length[VIEW_TEXT_MAX];
    char sum[VIEW_TEXT_MAX];
    int64_t sum_us = part_add(saying, part);
    int64_t before_us = sum_us - account_own_us(saying->account, part->span);
    int64_t sum_s = part->kind == ACCOUNT_LATE ? case_up_s(sum_us) : sum_us / ACCOUNT_US;
    int64_t to_us = part->span.to_us;
    bool is_due = to_us == saying->account->told.due_us;
    int64_t own_s = sum_s - before_us / ACCOUNT_US; /* the parts of a second go to the next */
    line(saying,
         texts[part->kind],
         CTL_ARGS(view_time(part->span.from_us, from),
                  is_due ? view_due(to_us, to) : view_time(to_us, to),
                  own_text(saying, own_s, length),
                  own_text(saying, sum_s, sum)));
}

/* Those of one kind that follow each other; of many that are folded the first and the last. */
static void alike_say(struct saying *saying, const struct account_part *parts, uint32_t count)
{
    bool folds = saying->detail == CLOCK_FOLDED && count > FOLDED_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (folds && i >= FOLDED_MAX / 2 && i < count - FOLDED_MAX / 2) {
            (void)part_add(saying, &parts[i]);
            continue;
        }
        if (folds && i == count - FOLDED_MAX / 2) {
            line(saying, TEXT_WHY_MORE, CTL_ARGS(CTL_NUMBER_TEXT(count - FOLDED_MAX)));
        }
        part_say(saying, &parts[i]);
    }
}

static void some_days_say(const struct saying *saying, const struct account_days *some)
{
    char from[ACCOUNT_DATE_SIZE];
    char to[ACCOUNT_DATE_SIZE];
    char dates[VIEW_TEXT_MAX];
    char numbers[VIEW_TEXT_MAX];
    (void)snprintf(dates,
                   sizeof dates,
                   "%s – %s",
                   account_date_text(some->from, from),
                   account_date_text(some->to, to));
    (void)snprintf(numbers, sizeof numbers, "%u–%u", some->first, some->last);
    if (some->from == some->to) { /* one day needs no "from – to" */
        dates[ACCOUNT_DATE_SIZE - 2] = '\0';
        numbers[strcspn(numbers, "–")] = '\0';
    }
    if (some->first > 0) {
        line(saying,
             some->named ? TEXT_EXPLAIN_DAYS_MADE_UP : TEXT_EXPLAIN_DAYS,
             CTL_ARGS(numbers, dates));
    } else {
        line(saying, some->named ? TEXT_EXPLAIN_DAYS_OFF : TEXT_EXPLAIN_DAYS_NONE, CTL_ARGS(dates));
    }
}

/* The dates that are the business days of the target, and those between that are none. */
static void days_say(const struct saying *saying)
{
    struct account_days days[ACCOUNT_DAYS_MAX];
    uint32_t count = account_days(saying->account, days);
    for (uint32_t i = 0; i < count; i++) {
        some_days_say(saying, &days[i]);
    }
}

/* The runs of parts of one kind. */
static void parts_say(struct saying *saying, const struct account_part *parts, uint32_t count)
{
    for (uint32_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && parts[next].kind == parts[i].kind;) {
            next++;
        }
        if (parts[i].kind == ACCOUNT_LATE) {
            saying->counted_us = 0;
        }
        alike_say(saying, parts + i, next - i);
    }
}

/* Days are dates, hours are intervals; what stood still moves both on by its own time.  Of a clock
 * that has stopped only what is whole tells both. */
static void time_say(struct saying *saying)
{
    struct account_part parts[ACCOUNT_PARTS_MAX];
    const struct account *account = saying->account;
    uint32_t all = account_parts(account, parts);
    uint32_t count = 0;
    bool stopped = account->told.due_us != 0 && account->told.paused_at_us != 0;
    bool whole = saying->detail == CLOCK_WHOLE || !stopped;
    bool in_days = account->target.target == TARGET_BUSINESS_DAYS && account->calendar &&
                   account->calendar->day_count > 0;
    if (in_days && whole) {
        days_say(saying);
    }
    for (uint32_t i = 0; i < all; i++) {
        if ((whole && !in_days) || parts[i].kind == ACCOUNT_PAUSED ||
            parts[i].kind == ACCOUNT_LATE) {
            parts[count++] = parts[i];
        }
    }
    parts_say(saying, parts, count);
    if (!account->recounts) {
        line(saying, TEXT_EXPLAIN_OTHER_CALENDAR, NULL);
    }
    if (saying->paused_us > 0) {
        char text[SAY_MAX];
        char paused[VIEW_TEXT_MAX];
        (void)target_text(saying, &account->told, text);
        line(saying,
             TEXT_EXPLAIN_PUSHED,
             CTL_ARGS(text, own_text(saying, saying->paused_us / ACCOUNT_US, paused)));
    }
}

/* ---- what came of it ---------------------------------------------------------------------- */

static void level_say(const struct saying *saying, const struct event *event)
{
    const struct account *account = saying->account;
    const struct event_clock *told = account_told_of(event, &account->told);
    const struct policy_clock *rule = account->rule;
    char due[VIEW_TEXT_MAX];
    char role[VIEW_TEXT_MAX];
    char offset[SAY_MAX] = "–";
    if (rule && told->level > 0 && told->level <= rule->level_count) {
        (void)say_offset(saying->ctl, &rule->levels[told->level - 1], offset);
    }
    line(saying,
         told->notify_role.size > 0 ? TEXT_EXPLAIN_LEVEL_TOLD : TEXT_EXPLAIN_LEVEL,
         CTL_ARGS(view_due(told->level_due_us, due),
                  case_kind_text(saying->ctl, event->kind),
                  CTL_NUMBER_TEXT(told->level),
                  case_role(saying->ctl, account->view->policy, told->notify_role, role),
                  offset));
}

/* The calendar that is too short, and whom that was told. */
static void unknown_say(const struct saying *saying)
{
    const struct account *account = saying->account;
    const struct calendar *calendar = account->calendar;
    char role[VIEW_TEXT_MAX];
    char date[ACCOUNT_DATE_SIZE];
    line(saying, TEXT_WHY_NEVER, NULL);
    if (calendar && calendar->day_count > 0) {
        int32_t last = calendar->days[calendar->day_count - 1].date;
        line(saying, TEXT_EXPLAIN_CALENDAR_ENDS, CTL_ARGS(account_date_text(last, date)));
    }
    const struct event_clock *told =
        account->unknown ? account_told_of(account->unknown, &account->told) : NULL;
    if (told && told->notify_role.size > 0) {
        line(saying,
             TEXT_EXPLAIN_UNKNOWN_TOLD,
             CTL_ARGS(case_role(saying->ctl, account->view->policy, told->notify_role, role)));
    }
}

static void due_say(const struct saying *saying)
{
    const struct account *account = saying->account;
    const struct event_clock *told = &account->told;
    char text[VIEW_TEXT_MAX];
    if (told->due_us == INT64_MAX) {
        unknown_say(saying);
    } else if (told->due_us != 0) {
        bool cleared = case_clock_is_cleared(account->view, saying->clock);
        line(saying,
             cleared ? TEXT_WHY_CLEARED : TEXT_WHY_DUE,
             CTL_ARGS(view_due(told->due_us, text)));
    } else {
        line(saying, TEXT_WHY_PAUSED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
}

static void verdict_say(const struct saying *saying)
{
    const struct account *account = saying->account;
    const struct event_clock *told = &account->told;
    const struct account_span spare = {told->paused_at_us, told->due_us};
    int64_t late_s = account_late_s(account);
    char text[VIEW_TEXT_MAX];
    bool stopped = told->due_us != 0 && told->paused_at_us != 0;
    (void)sum_text(saying, late_s, text);
    if (told->verdict == CLOCK_CANCELLED) {
        line(saying, TEXT_EXPLAIN_CANCELLED, CTL_ARGS(view_time(account->ended_us, text)));
    } else if (!stopped) {
        if (late_s > 0) {
            line(saying, TEXT_EXPLAIN_LATE, CTL_ARGS(text));
        }
    } else if (told->verdict == CLOCK_MISSED || saying->clock->breached) {
        line(saying, late_s > 0 ? TEXT_EXPLAIN_MISSED : TEXT_EXPLAIN_STAYS, CTL_ARGS(text));
    } else if (told->verdict == CLOCK_MET && told->due_us == INT64_MAX) {
        line(saying, TEXT_EXPLAIN_MET_UNKNOWN, NULL);
    } else if (told->verdict == CLOCK_MET) {
        (void)sum_text(saying, case_up_s(account_own_us(account, spare)), text);
        line(saying, TEXT_EXPLAIN_MET, CTL_ARGS(text));
    } else {
        line(saying, TEXT_EXPLAIN_NO_VERDICT, NULL);
    }
}

/* Of the calendar the clock counts in, where it closes; else that of the case's other calendars. */
static const char *zone_of(const struct account *account)
{
    const struct calendar *calendar = account->calendar;
    return calendar && !calendar->always ? calendar->zone : view_policy_zone(account->view->policy);
}

void clock_say(const struct ctl *ctl,
               const struct case_view *view,
               const struct case_clock *clock,
               enum clock_detail detail)
{
    struct account account;
    struct saying saying = {.ctl = ctl, .account = &account, .clock = clock, .detail = detail};
    const struct event_clock *told = &account.told;
    char text[VIEW_TEXT_MAX];
    char before[VIEW_TEXT_MAX];
    account_make(view, &clock->told, &account);
    const char *usual = view_policy_zone(view->policy);
    bool elsewhere = usual && strcmp(usual, zone_of(&account)) != 0;
    (void)view_zone_used(before);
    if (elsewhere) {
        view_zone_use(zone_of(&account));
        line(&saying, TEXT_LIST_ZONE, CTL_ARGS(view_zone(view->now_us, text)));
    }
    rule_say(&saying);
    line(&saying, TEXT_WHY_STARTED, CTL_ARGS(view_time(told->started_at_us, text)));
    target_say(&saying);
    for (uint32_t i = 0; i < account.change_count; i++) {
        change_say(&saying, &account.changes[i]);
    }
    time_say(&saying);
    due_say(&saying);
    for (uint32_t i = 0; i < account.level_count; i++) {
        level_say(&saying, account.levels[i]);
    }
    if (told->due_us != 0 && told->paused_at_us != 0) {
        line(&saying, TEXT_WHY_STOPPED, CTL_ARGS(view_time(told->paused_at_us, text)));
    }
    line(&saying,
         TEXT_EXPLAIN_USED,
         CTL_ARGS(sum_text(&saying, account_used_told_s(&account), text)));
    verdict_say(&saying);
    if (elsewhere) {
        view_zone_use(before);
    }
}
