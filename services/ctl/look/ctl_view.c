#include "ctl_view.h"

#include "clock.h"
#include "ctl_table.h"
#include "utf8.h"
#include "zone.h"

#include <time.h>

enum { DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60 };

const char *view_plain(struct slice text, char into[VIEW_TEXT_MAX])
{
    size_t size = text.size < VIEW_TEXT_MAX - 1 ? text.size : VIEW_TEXT_MAX - 1;
    while (size > 0 && size < text.size && (text.bytes[size] & 0xc0) == 0x80) {
        size--; /* never half a character */
    }
    size_t used = 0;
    for (const uint8_t *at = text.bytes, *end = size > 0 ? at + size : at; at < end;) {
        struct slice shown = utf8_shown(&at, end, false);
        memcpy(into + used, shown.bytes, shown.size);
        used += shown.size;
    }
    into[used] = '\0';
    return into;
}

const char *view_stream(enum service_id service, uint32_t partition, char into[VIEW_TEXT_MAX])
{
    (void)snprintf(into, VIEW_TEXT_MAX, "%s.%04" PRIu32, service_name(service), partition);
    return into;
}

const char *view_time(int64_t at_us, char into[VIEW_TEXT_MAX])
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm local;
    if (at_us == 0 || at_us == INT64_MAX || at_us == INT64_MIN || !localtime_r(&seconds, &local) ||
        strftime(into, VIEW_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0) {
        (void)snprintf(into, VIEW_TEXT_MAX, "-");
    }
    return into;
}

const char *view_due(int64_t at_us, char into[VIEW_TEXT_MAX])
{
    time_t seconds = (time_t)(at_us / 1000000);
    time_t before = seconds - 1;
    struct tm local;
    struct tm last;
    bool told = at_us != 0 && at_us % 1000000 == 0;
    /* not "is it 00:00": where clocks are set at midnight there are two of them, or none */
    bool ends_day = told && localtime_r(&seconds, &local) && localtime_r(&before, &last) &&
                    local.tm_mday != last.tm_mday;
    if (!ends_day || strftime(into, VIEW_TEXT_MAX, "%Y-%m-%d 24:00:00", &last) == 0) {
        return view_time(at_us, into);
    }
    return into;
}

const char *view_text(const struct ctl *ctl,
                      enum ctl_text id,
                      const char *const *args,
                      char into[VIEW_TEXT_MAX])
{
    return ctl_format_into(into, VIEW_TEXT_MAX, ctl_text_in(ctl->language, id), args);
}

static char zone_used[64]; /* "": what the system says */
static char *zone_named;   /* by TZ, before another was used; NULL: none was */

static void zone_set(const char *name)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): the command has one thread */
    if (name) {
        (void)setenv("TZ", name, 1);
    } else {
        (void)unsetenv("TZ");
    }
    /* NOLINTEND(concurrency-mt-unsafe) */
    tzset();
}

static void zone_give_back(void)
{
    if (zone_used[0] != '\0') {
        zone_set(zone_named);
        zone_used[0] = '\0';
    }
}

void view_zone_use(const char *name)
{
    struct error error = {0};
    struct zone *zone = name && name[0] != '\0' ? zone_new(name, &error) : NULL;
    zone_give_back();
    if (zone) {
        const char *own = getenv("TZ"); /* NOLINT(concurrency-mt-unsafe): as above */
        free(zone_named);
        zone_named = own ? strdup(own) : NULL;
        (void)snprintf(zone_used, sizeof zone_used, "%s", name);
        zone_set(name);
    }
    zone_free(&zone);
}

void view_zone_take(const char *name)
{
    zone_give_back();
    const char *own = getenv("TZ"); /* NOLINT(concurrency-mt-unsafe): as above */
    view_zone_use(own && own[0] != '\0' ? NULL : name);
}

const char *view_zone_used(char into[VIEW_TEXT_MAX])
{
    (void)snprintf(into, VIEW_TEXT_MAX, "%s", zone_used);
    return into;
}

void view_zones_add(struct view_zones *zones, const struct policy *policy)
{
    const char *zone = view_policy_zone(policy);
    zones->differ = zones->differ || !zone || (zones->common && strcmp(zone, zones->common) != 0);
    zones->common = zone;
}

void view_zones_take(const struct view_zones *zones)
{
    view_zone_take(zones->differ ? NULL : zones->common);
}

const char *view_time_cell(const struct ctl *ctl, int64_t at_us, char into[VIEW_TEXT_MAX])
{
    into[0] = '\0';
    if (at_us == 0 || at_us == INT64_MAX) {
        return into;
    }
    if (!ctl->json) {
        return view_time(at_us, into);
    }
    clock_text(at_us, into);
    return into;
}

const char *view_due_cell(const struct ctl *ctl, int64_t at_us, char into[VIEW_TEXT_MAX])
{
    bool told = !ctl->json && at_us != 0 && at_us != INT64_MAX;
    return told ? view_due(at_us, into) : view_time_cell(ctl, at_us, into);
}

void view_zone_tell(const struct ctl *ctl)
{
    char zone[VIEW_TEXT_MAX];
    if (!ctl->json) {
        ctl_note(ctl, TEXT_LIST_ZONE, CTL_ARGS(view_zone(clock_now_us(), zone)));
    }
}

void view_cases(
    const struct ctl *ctl, struct ctl_table *table, int64_t total, enum ctl_text more, int64_t most)
{
    int64_t shown = (int64_t)ctl_table_rows(table);
    if (ctl->json) {
        json_t *value =
            json_pack("{s:o, s:I}", "cases", ctl_table_json(table), "total", (json_int_t)total);
        ctl_print_json(ctl, &value);
        return;
    }
    ctl_table_print(table);
    if (shown > 0) {
        view_zone_tell(ctl);
    }
    if (shown < total) {
        ctl_note(ctl,
                 more,
                 CTL_ARGS(CTL_NUMBER_TEXT(shown),
                          CTL_NUMBER_TEXT(total),
                          CTL_NUMBER_TEXT(total < most ? total : most)));
    }
}

const char *view_policy_zone(const struct policy *policy)
{
    for (uint16_t i = 0; policy && i < policy->calendar_count; i++) {
        if (!policy->calendars[i].always) { /* who is always there says little of where that is */
            return policy->calendars[i].zone;
        }
    }
    return policy && policy->calendar_count > 0 ? policy->calendars[0].zone : NULL;
}

const char *view_zone(int64_t at_us, char into[VIEW_TEXT_MAX])
{
    time_t seconds = (time_t)(at_us / 1000000);
    struct tm local;
    char name[16] = "";
    char offset[8] = "";
    into[0] = '\0';
    if (localtime_r(&seconds, &local) && strftime(name, sizeof name, "%Z", &local) > 0 &&
        strftime(offset, sizeof offset, "%z", &local) == sizeof "+0800" - 1) {
        /* the name alone says little: CST is at home on three continents */
        const char *called = zone_used[0] != '\0' ? zone_used : name;
        (void)snprintf(into, VIEW_TEXT_MAX, "%s (UTC%.3s:%s)", called, offset, offset + 3);
    }
    return into;
}

json_t *view_time_json(int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    if (at_us == 0 || at_us == INT64_MAX || at_us == INT64_MIN) {
        return json_null();
    }
    clock_text(at_us, text);
    return json_string(text);
}

/* The greatest unit that fits, from the first on, and as many after it as are shown. */
static const char *duration(
    const struct ctl *ctl, int64_t seconds, size_t first, size_t shown, char into[VIEW_TEXT_MAX])
{
    static const struct {
        int64_t size;
        enum ctl_text unit;
    } units[] = {
        {DAY_S,    TEXT_UNIT_DAYS   },
        {HOUR_S,   TEXT_UNIT_HOURS  },
        {MINUTE_S, TEXT_UNIT_MINUTES},
        {1,        TEXT_UNIT_SECONDS},
    };
    enum { COUNT = sizeof units / sizeof *units };
    int64_t left = seconds < 0 ? 0 : seconds;
    while (first + 1 < COUNT && left < units[first].size) {
        first++;
    }
    into[0] = '\0';
    for (size_t i = first; i < COUNT && i < first + shown; i++) {
        size_t used = strlen(into);
        if (i == first || left / units[i].size > 0) {
            (void)snprintf(into + used,
                           VIEW_TEXT_MAX - used,
                           "%s%" PRId64 " %s",
                           i == first ? "" : " ",
                           left / units[i].size,
                           ctl_text_in(ctl->language, units[i].unit));
        }
        left %= units[i].size;
    }
    return into;
}

const char *view_duration(const struct ctl *ctl, int64_t seconds, char into[VIEW_TEXT_MAX])
{
    return duration(ctl, seconds, 0, 2, into);
}

const char *
view_exact(const struct ctl *ctl, int64_t seconds, bool in_days, char into[VIEW_TEXT_MAX])
{
    return duration(ctl, seconds, in_days ? 0 : 1, 4, into);
}

int64_t view_pg_time(const PGresult *rows, int row, int column)
{
    if (PQgetisnull(rows, row, column)) {
        return 0;
    }
    const char *text = PQgetvalue(rows, row, column);
    if (strcmp(text, "infinity") == 0) {
        return INT64_MAX;
    }
    struct tm at = {0};
    const char *rest = strptime(text, "%Y-%m-%d %H:%M:%S", &at);
    if (!rest) {
        return 0;
    }
    int64_t fraction = 0;
    if (*rest == '.') {
        int64_t scale = 100000;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10) {
            fraction += (*rest - '0') * scale;
        }
    }
    int64_t offset_s = 0;
    int hours = 0;
    int minutes = 0;
    /* NOLINTNEXTLINE(cert-err34-c): the server wrote it */
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%d:%d", &hours, &minutes) >= 1) {
        offset_s = (int64_t)hours * HOUR_S + (int64_t)minutes * MINUTE_S;
        offset_s = *rest == '-' ? -offset_s : offset_s;
    }
    return ((int64_t)timegm(&at) - offset_s) * 1000000 + fraction;
}

const char *view_bar(double share, unsigned width, char into[VIEW_TEXT_MAX])
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    width = width < 60 ? width : 60;
    unsigned eighths = (unsigned)(share * width * 8 + 0.5);
    size_t used = 0;
    for (unsigned i = 0; i < width; i++) {
        const char *part = "█";
        if (i >= eighths / 8) {
            part = i == eighths / 8 && eighths % 8 > 0 ? parts[eighths % 8] : "░";
        }
        used += (size_t)snprintf(into + used, VIEW_TEXT_MAX - used, "%s", part);
    }
    into[used] = '\0';
    return into;
}

const char *view_spark(const uint64_t *values, unsigned count, char into[VIEW_TEXT_MAX])
{
    static const char *const parts[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    unsigned from = count > VIEW_SPARK_MAX ? count - VIEW_SPARK_MAX : 0;
    uint64_t highest = 1;
    for (unsigned i = from; i < count; i++) {
        highest = values[i] > highest ? values[i] : highest;
    }
    size_t used = 0;
    for (unsigned i = from; i < count; i++) {
        used += (size_t)snprintf(into + used,
                                 VIEW_TEXT_MAX - used,
                                 "%s",
                                 parts[(values[i] * 7 + highest - 1) / highest]);
    }
    into[used] = '\0';
    return into;
}

const char *view_fit(const char *text, unsigned width, char into[VIEW_TEXT_MAX])
{
    char cut[VIEW_TEXT_MAX];
    (void)snprintf(cut, sizeof cut, "%s", text);
    bool shortened = ctl_width(cut) > width;
    while (cut[0] != '\0' && ctl_width(cut) + (shortened ? 1 : 0) > width) {
        size_t end = strlen(cut) - 1;
        while (end > 0 && ((uint8_t)cut[end] & 0xc0) == 0x80) {
            end--;
        }
        cut[end] = '\0';
    }
    size_t columns = ctl_width(cut) + (shortened && width > 0 ? 1 : 0);
    (void)snprintf(into,
                   VIEW_TEXT_MAX,
                   "%s%s%*s",
                   cut,
                   shortened && width > 0 ? "…" : "",
                   (int)(width > columns ? width - columns : 0),
                   "");
    return into;
}

static const struct {
    const char *name;
    const char *sign;
    enum ctl_color color;
    enum ctl_text word;
} statuses[VIEW_STATUS_COUNT] = {
    [VIEW_RUNNING] = {"running",   "●",    CTL_COLOR_BLUE,   TEXT_STATUS_RUNNING  },
    [VIEW_AT_RISK] = {"at_risk",   "▲",    CTL_COLOR_ORANGE, TEXT_STATUS_AT_RISK  },
    [VIEW_BREACHED] = {"breached",  "■",    CTL_COLOR_RED,    TEXT_STATUS_BREACHED },
    [VIEW_PAUSED] = {"paused",    "❚❚", CTL_COLOR_GREY,   TEXT_STATUS_PAUSED   },
    [VIEW_MET] = {"met",       "✔",    CTL_COLOR_GREEN,  TEXT_STATUS_MET      },
    [VIEW_STOPPED] = {"stopped",   "○",    CTL_COLOR_GREY,   TEXT_STATUS_STOPPED  },
    [VIEW_CANCELLED] = {"cancelled", "–",    CTL_COLOR_GREY,   TEXT_STATUS_CANCELLED},
};

const char *view_status(const struct ctl *ctl, enum view_status status, char into[VIEW_TEXT_MAX])
{
    (void)snprintf(into,
                   VIEW_TEXT_MAX,
                   "%s%s %s%s",
                   view_color(ctl, status),
                   statuses[status].sign,
                   ctl_text_in(ctl->language, statuses[status].word),
                   view_color_end(ctl));
    return into;
}

const char *view_sign(enum view_status status)
{
    return statuses[status].sign;
}

const char *view_status_name(enum view_status status)
{
    return statuses[status].name;
}

const char *view_color(const struct ctl *ctl, enum view_status status)
{
    return ctl->color ? ctl_color_code(statuses[status].color) : "";
}

const char *view_color_end(const struct ctl *ctl)
{
    return ctl->color ? ctl_color_code(CTL_COLOR_END) : "";
}

const char *view_bold(const struct ctl *ctl)
{
    return ctl->color ? ctl_color_code(CTL_COLOR_BOLD) : "";
}

const char *view_faint(const struct ctl *ctl)
{
    return ctl->color ? ctl_color_code(CTL_COLOR_GREY) : "";
}
