#include "policy_fixture.h"

enum {
    ZONE_S = 8 * 3600,
    DAY_S = 86400,
    DAYS_MAX = 1096, /* 2024, 2025, 2026 */
    INTERVALS_PER_DAY = 2,
};

/* clang-format 14 crashes on ragged tables, so it is kept off them. */
/* clang-format off */
#define TITLE(word)                                                                                \
    {                                                                                              \
        {                                                                                          \
            word, word, word                                                                       \
        }                                                                                          \
    }
#define KIND_LOW(kind) ((uint64_t)1 << (kind)) /* all facts of the case stand in the first word */
#define ROLE(role)     (1U << (role))

enum {
    HANDLER = ROLE(FIXTURE_ROLE_HANDLER),
    SUPERVISOR = ROLE(FIXTURE_ROLE_SUPERVISOR),
    CUSTOMER = ROLE(FIXTURE_ROLE_CUSTOMER),
};

static const char roles[][POLICY_NAME_MAX] = {"handler", "supervisor", "customer"};

static const struct policy_channel channels[] = {
    {"phone",     TITLE("phone"),     true },
    {"mail",      TITLE("mail"),      false},
    {"regulator", TITLE("regulator"), false},
};

static const struct policy_category categories[] = {
    {"quality",  TITLE("quality"),  POLICY_NONE             },
    {"late",     TITLE("late"),     FIXTURE_CATEGORY_QUALITY},
    {"damaged",  TITLE("damaged"),  FIXTURE_CATEGORY_QUALITY},
    {"leaking",  TITLE("leaking"),  FIXTURE_CATEGORY_DAMAGED},
    {"attitude", TITLE("attitude"), POLICY_NONE             },
    {"safety",   TITLE("safety"),   POLICY_NONE             },
    {"other",    TITLE("other"),    POLICY_NONE             },
};

static const struct policy_class classes[] = {
    {"grave",   TITLE("grave"),   8,    1},
    {"serious", TITLE("serious"), 4,    2},
    {"minor",   TITLE("minor"),   -100, 4},
};

static const struct policy_queue queues[] = {
    {"triage_desk", TITLE("triage desk"), PUSH_NO},
    {"service",     TITLE("service"),     PUSH_NO},
    {"safety",      TITLE("safety"),      PUSH_NO},
};

static const uint16_t quality_only[] = {FIXTURE_CATEGORY_QUALITY};
static const uint16_t safety_only[] = {FIXTURE_CATEGORY_SAFETY};
static const char injury[][POLICY_NAME_MAX] = {"injury", "hospital"};

static const struct policy_factor factors[] = {
    {"safety_hazard", TITLE("safety hazard"), {.category_count = 1, .categories = safety_only}, 5 },
    {"poor_quality", TITLE("poor quality"), {.category_count = 1, .categories = quality_only}, 2},
    {"repeated", TITLE("repeated"), {.repeats_min = 2}, 3},
    {"third_party", TITLE("third party"), {.channels = 1U << FIXTURE_CHANNEL_REGULATOR}, 4},
    {"injury", TITLE("injury"), {.pattern_count = 2, .patterns = injury}, 6},
    {"praise", TITLE("praise"), {.pattern_count = 1, .patterns = &injury[1]}, -1},
};

static const struct policy_override overrides[] = {
    {{.category_count = 1, .categories = safety_only}, FIXTURE_CLASS_SERIOUS},
    {{.pattern_count = 1, .patterns = injury}, FIXTURE_CLASS_GRAVE},
};

static const struct policy_route routes[] = {
    {{.category_count = 1, .categories = safety_only}, FIXTURE_QUEUE_SAFETY},
    {{.classes = 1U << FIXTURE_CLASS_GRAVE}, FIXTURE_QUEUE_SAFETY},
    {{0}, FIXTURE_QUEUE_SERVICE},
};

/* NOLINTBEGIN(bugprone-macro-parentheses): initializers, not expressions */
#define ACTION(name, what, who, to)                                                                \
    .id = name, .title = TITLE(name), .fact = what, .roles = who, .to_step = to
#define STAYS                       POLICY_NONE
#define BY_ROUTES                   .to_queue = true, .queue = POLICY_NONE
#define KEEPS                       .queue = POLICY_NONE
#define NEEDS(name)                                                                                \
    .need_count = 1, .needs = (const struct policy_need[])                                         \
    {                                                                                              \
        {                                                                                          \
            .field = name, .title = TITLE(name)                                                    \
        }                                                                                          \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct policy_step steps[] = {
    {
        .id = "triage",
        .title = TITLE("triage"),
        .phase = PHASE_ASSESSMENT,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .action_count = 3,
        .actions =
            {
                {ACTION("classify", EVENT_CLASSIFIED, HANDLER, FIXTURE_STEP_INVESTIGATION),
                 BY_ROUTES,
                 NEEDS("category")},
                {ACTION("note", EVENT_NOTED, HANDLER | SUPERVISOR, STAYS), KEEPS},
                {ACTION("withdraw", EVENT_WITHDRAWN, CUSTOMER, FIXTURE_STEP_CLOSED), KEEPS},
            },
    },
    {
        .id = "investigation",
        .title = TITLE("investigation"),
        .phase = PHASE_INVESTIGATION,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .action_count = 8,
        .actions =
            {
                {ACTION("acknowledge", EVENT_ACKNOWLEDGED, HANDLER, STAYS), KEEPS},
                {ACTION("reclassify", EVENT_CLASSIFIED, HANDLER | SUPERVISOR, STAYS), KEEPS},
                {ACTION("contain", EVENT_CONTAINED, HANDLER, STAYS), KEEPS},
                {ACTION("propose", EVENT_PROPOSED, HANDLER, FIXTURE_STEP_APPROVAL),
                 .to_queue = true,
                 .queue = FIXTURE_QUEUE_SERVICE,
                 .need_count = 2,
                 .needs = (const struct policy_need[]){{.field = "cause", .title = TITLE("cause")},
                           {.field = "remedy", .title = TITLE("remedy")}}},
                {ACTION("hand_over", EVENT_HANDED_OVER, SUPERVISOR, STAYS), BY_ROUTES},
                {ACTION("reject", EVENT_REPLIED, HANDLER, FIXTURE_STEP_CLOSED),
                 KEEPS,
                 NEEDS("reason")},
                {ACTION("note", EVENT_NOTED, HANDLER | SUPERVISOR | CUSTOMER, STAYS), KEEPS},
                {ACTION("withdraw", EVENT_WITHDRAWN, CUSTOMER, FIXTURE_STEP_CLOSED), KEEPS},
            },
    },
    {
        .id = "approval",
        .title = TITLE("approval"),
        .phase = PHASE_APPROVAL,
        .owner_role = FIXTURE_ROLE_SUPERVISOR,
        .action_count = 3,
        .actions =
            {
                {ACTION("approve", EVENT_APPROVED, SUPERVISOR, FIXTURE_STEP_CONSENT),
                 BY_ROUTES,
                 .same_person_may_not = true},
                {ACTION("reject", EVENT_REJECTED, SUPERVISOR, FIXTURE_STEP_INVESTIGATION),
                 BY_ROUTES,
                 NEEDS("reason")},
                {ACTION("note", EVENT_NOTED, HANDLER | SUPERVISOR, STAYS), KEEPS},
            },
    },
    {
        .id = "consent",
        .title = TITLE("consent"),
        .phase = PHASE_CONSENT,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .waits_for_customer = true,
        .action_count = 3,
        .actions =
            {
                {ACTION("consent", EVENT_CONSENTED, CUSTOMER, FIXTURE_STEP_IMPLEMENTATION), KEEPS},
                {ACTION("decline", EVENT_DECLINED, CUSTOMER, FIXTURE_STEP_INVESTIGATION), KEEPS},
                {ACTION("contact", EVENT_CONTACTED, HANDLER, STAYS), KEEPS},
            },
    },
    {
        .id = "implementation",
        .title = TITLE("implementation"),
        .phase = PHASE_IMPLEMENTATION,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .action_count = 2,
        .actions =
            {
                {ACTION("implement", EVENT_IMPLEMENTED, HANDLER, STAYS), KEEPS},
                {ACTION("reply", EVENT_REPLIED, HANDLER, FIXTURE_STEP_FOLLOW_UP), KEEPS},
            },
    },
    {
        .id = "follow_up",
        .title = TITLE("follow-up"),
        .phase = PHASE_FOLLOW_UP,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .action_count = 2,
        .actions =
            {
                {ACTION("follow_up", EVENT_FOLLOWED_UP, HANDLER, STAYS), KEEPS},
                {ACTION("close", EVENT_CLOSED, HANDLER, FIXTURE_STEP_CLOSED), KEEPS},
            },
    },
    {
        .id = "closed",
        .title = TITLE("closed"),
        .phase = PHASE_CLOSED,
        .owner_role = FIXTURE_ROLE_HANDLER,
        .closed = true,
        .action_count = 2,
        .actions =
            {
                {ACTION("reopen",
                        EVENT_REOPENED,
                        SUPERVISOR | CUSTOMER,
                        FIXTURE_STEP_INVESTIGATION),
                 BY_ROUTES},
                {ACTION("note", EVENT_NOTED, HANDLER | SUPERVISOR, STAYS), KEEPS},
            },
    },
};

#define ENDS (KIND_LOW(EVENT_REPLIED) | KIND_LOW(EVENT_CLOSED) | KIND_LOW(EVENT_WITHDRAWN))

static const struct policy_clock clocks[] = {
    {
        .id = "acknowledge",
        .title = TITLE("acknowledge"),
        .rule = "fixture@1:10",
        .starts = {KIND_LOW(EVENT_RECEIVED)},
        .stops = {KIND_LOW(EVENT_ACKNOWLEDGED) | ENDS},
        .target = TARGET_ELAPSED,
        .target_s = DAY_S,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
        .level_count = 2,
        .levels =
            {
                {LEVEL_WARN, OFFSET_PERCENT, 50, POLICY_NONE, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 2},
            },
    },
    {
        .id = "handling",
        .title = TITLE("handling"),
        .rule = "fixture@1:20",
        .starts = {KIND_LOW(EVENT_OPENED)},
        .stops = {ENDS},
        .target = TARGET_BUSINESS,
        .target_s = 16 * 3600,
        .calendar = FIXTURE_CALENDAR_WEEKDAYS,
        .pauses_for_customer = true,
        .level_count = 3,
        .levels =
            {
                {LEVEL_WARN, OFFSET_PERCENT, 75, FIXTURE_ROLE_HANDLER, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 2},
                {LEVEL_ESCALATE, OFFSET_BUSINESS, 2 * 3600, FIXTURE_ROLE_SUPERVISOR, 1},
            },
    },
    {
        .id = "answer",
        .title = TITLE("answer"),
        .rule = "fixture@1:30",
        .starts = {KIND_LOW(EVENT_RECEIVED)},
        .stops = {ENDS},
        .target = TARGET_BUSINESS_DAYS,
        .target_days = 5,
        .end_of_day = true,
        .calendar = FIXTURE_CALENDAR_WEEKDAYS,
        .level_count = 2,
        .levels =
            {
                {LEVEL_WARN, OFFSET_ELAPSED, -DAY_S, FIXTURE_ROLE_HANDLER, 0},
                {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 0},
            },
    },
    {
        .id = "safety",
        .title = TITLE("safety"),
        .rule = "fixture@1:40",
        .starts = {KIND_LOW(EVENT_OPENED)},
        .stops = {KIND_LOW(EVENT_CONTAINED) | ENDS},
        .when = {.classes = 1U << FIXTURE_CLASS_GRAVE},
        .target = TARGET_ELAPSED,
        .target_s = 4 * 3600,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
        .level_count = 2,
        .levels =
            {
                {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 1},
                {LEVEL_ESCALATE, OFFSET_ELAPSED, 3600, FIXTURE_ROLE_SUPERVISOR, 1},
            },
    },
};

static struct calendar_interval intervals[DAYS_MAX * INTERVALS_PER_DAY];
static struct calendar_day days[DAYS_MAX];
static struct calendar calendars[] = {
    {.name = "always", .zone = "UTC", .version = "a1", .zone_version = "2025b", .always = true},
    {.name = "weekdays", .zone = "Asia/Shanghai", .version = "b2", .zone_version = "2025b"},
};
/* clang-format on */

#define COUNT(table) ((uint16_t)(sizeof(table) / sizeof *(table)))

static const struct policy fixture = {
    .id = FIXTURE_POLICY_ID,
    .name = "fixture",
    .version = 1,
    .title = TITLE("fixture"),
    .channel_count = COUNT(channels),
    .category_count = COUNT(categories),
    .class_count = COUNT(classes),
    .queue_count = COUNT(queues),
    .step_count = COUNT(steps),
    .role_count = COUNT(roles),
    .factor_count = COUNT(factors),
    .override_count = COUNT(overrides),
    .route_count = COUNT(routes),
    .clock_count = COUNT(clocks),
    .calendar_count = COUNT(calendars),
    .channels = channels,
    .categories = categories,
    .classes = classes,
    .queues = queues,
    .steps = steps,
    .roles = roles,
    .outside = CUSTOMER,
    .factors = factors,
    .overrides = overrides,
    .routes = routes,
    .clocks = clocks,
    .calendars = calendars,
    .first_step = FIXTURE_STEP_INVESTIGATION,
    .triage_step = FIXTURE_STEP_TRIAGE,
    .triage_queue = FIXTURE_QUEUE_TRIAGE,
    .capacity = 5,
    .repeat_days = 90,
    .reopen_days = 30,
};

/* Days from 1970-01-01 (proleptic Gregorian): whole years since year 0 with leap days, then months
 * counted from March. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t month_from_march = (month + 9) % 12;
    return y * 365 + y / 4 - y / 100 + y / 400 + (month_from_march * 153 + 2) / 5 + day - 1 -
           719468;
}

int64_t fixture_at_us(int year, int month, int day, int hour, int minute)
{
    int64_t local_s = days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60;
    return (local_s - ZONE_S) * 1000000;
}

static void open_day(int64_t midnight_s, int64_t *open_s)
{
    static const int hours[INTERVALS_PER_DAY][2] = {
        {9,  12},
        {13, 18},
    };
    struct calendar *weekdays = &calendars[FIXTURE_CALENDAR_WEEKDAYS];
    for (int i = 0; i < INTERVALS_PER_DAY; i++) {
        struct calendar_interval *interval = &intervals[weekdays->interval_count++];
        interval->open_s = midnight_s + hours[i][0] * 3600;
        interval->close_s = midnight_s + hours[i][1] * 3600;
        interval->before_s = *open_s;
        *open_s += interval->close_s - interval->open_s;
    }
}

static void build_weekdays(void)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct calendar *weekdays = &calendars[FIXTURE_CALENDAR_WEEKDAYS];
    int64_t open_s = 0;
    uint32_t business = 0;
    for (int year = 2024; year <= 2026; year++) {
        for (int month = 1; month <= 12; month++) {
            int last = month_days[month - 1] + (month == 2 && year % 4 == 0);
            for (int day = 1; day <= last; day++) {
                int64_t number = days_from_civil(year, month, day);
                struct calendar_day *entry = &days[weekdays->day_count++];
                entry->midnight_s = number * DAY_S - ZONE_S;
                entry->date = year * 10000 + month * 100 + day;
                entry->named = entry->date == 20240501 || entry->date == 20240511;
                bool weekday = (number + 3) % 7 < 5; /* 1970-01-01 was a Thursday */
                entry->business = entry->date == 20240511 || (weekday && !entry->named);
                entry->business_before = business;
                business += entry->business;
                if (entry->business) {
                    open_day(entry->midnight_s, &open_s);
                }
            }
        }
    }
    weekdays->intervals = intervals;
    weekdays->days = days;
}

const struct policy *policy_fixture(void)
{
    if (!calendars[FIXTURE_CALENDAR_WEEKDAYS].intervals) {
        build_weekdays();
    }
    return &fixture;
}
