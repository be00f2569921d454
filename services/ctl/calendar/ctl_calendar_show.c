/* `redress calendar show`: a year as twelve months, and its named days. */
#include "ctl_calendar.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "scope.h"
#include "zone.h"

#include <opencc.h>

enum {
    MEMORY_MAX = 64 * 1024 * 1024,
    MONTHS = 12,
    ACROSS = 3,     /* months beside each other */
    CELL_WIDTH = 3, /* columns of a day: two digits and a sign */
    MONTH_WIDTH = 7 * CELL_WIDTH,
    GAP = 2,
    DAY_S = 86400,
};

enum day_kind {
    DAY_WORKING,
    DAY_CLOSED, /* by the week */
    DAY_HOLIDAY,
    DAY_SHIFT, /* hours of its own: a make-up day, special hours */
    DAY_KIND_COUNT,
};

static const struct {
    const char *name; /* for JSON */
    char sign;
    enum ctl_text text;
} kinds[DAY_KIND_COUNT] = {
    [DAY_WORKING] = {"working", ' ', TEXT_CALENDAR_WORKING},
    [DAY_CLOSED] = {"closed",  '.', TEXT_CALENDAR_CLOSED },
    [DAY_HOLIDAY] = {"holiday", '*', TEXT_CALENDAR_HOLIDAY},
    [DAY_SHIFT] = {"shift",   '+', TEXT_CALENDAR_SHIFT  },
};

/* A year that is shown. */
struct year {
    struct ctl *ctl;
    const struct calendar_file *file;
    const struct calendar *calendar;
    int32_t number;
};

/* The row that names the date: a holiday before a shift; NULL: an ordinary day of the week. */
static const struct calendar_dated *named(const struct year *year, int32_t date)
{
    const struct calendar_definition *definition = &year->file->definition;
    for (uint32_t i = 0; i < definition->dated_count; i++) {
        if (definition->dated[i].date == date && definition->dated[i].kind != DATED_BREAK) {
            return &definition->dated[i];
        }
    }
    return NULL;
}

static const struct calendar_day *day_at(const struct year *year, int32_t date)
{
    int64_t first = date_to_days(year->calendar->days[0].date);
    return &year->calendar->days[date_to_days(date) - first];
}

static enum day_kind kind_of(const struct year *year, int32_t date)
{
    const struct calendar_dated *dated = named(year, date);
    if (dated) {
        return dated->kind == DATED_HOLIDAY ? DAY_HOLIDAY : DAY_SHIFT;
    }
    return day_at(year, date)->business ? DAY_WORKING : DAY_CLOSED;
}

static const char *color_of(const struct ctl *ctl, enum day_kind kind)
{
    switch (kind) {
    case DAY_HOLIDAY:
        return view_color(ctl, VIEW_BREACHED);
    case DAY_SHIFT:
        return view_color(ctl, VIEW_AT_RISK);
    case DAY_CLOSED:
        return view_faint(ctl);
    case DAY_WORKING:
    case DAY_KIND_COUNT:
        break;
    }
    return "";
}

/* ---- months ---- */

/* Part of "a|b|c". */
static const char *part_of(const struct ctl *ctl, enum ctl_text id, int index, char into[32])
{
    const char *at = ctl_text_in(ctl->language, id);
    for (int i = 0; i < index; i++) {
        at += strcspn(at, "|") + 1;
    }
    (void)snprintf(into, 32, "%.*s", (int)strcspn(at, "|"), at);
    return into;
}

static void blanks(FILE *out, size_t count)
{
    (void)fprintf(out, "%*s", (int)count, "");
}

static void titles_draw(const struct year *year, int first)
{
    char text[32];
    for (int i = 0; i < ACROSS; i++) {
        size_t width = ctl_width(part_of(year->ctl, TEXT_CALENDAR_MONTHS, first + i, text));
        size_t before = (MONTH_WIDTH - width) / 2;
        blanks(year->ctl->out, before + (i > 0 ? GAP : 0));
        (void)fprintf(
            year->ctl->out, "%s%s%s", view_bold(year->ctl), text, view_color_end(year->ctl));
        blanks(year->ctl->out, i + 1 < ACROSS ? MONTH_WIDTH - width - before : 0);
    }
    (void)fputc('\n', year->ctl->out);
    for (int i = 0; i < ACROSS; i++) {
        blanks(year->ctl->out, i > 0 ? GAP : 0);
        for (int day = 0; day < 7; day++) {
            size_t width = ctl_width(part_of(year->ctl, TEXT_CALENDAR_WEEKDAYS, day, text));
            (void)fputs(text, year->ctl->out);
            blanks(year->ctl->out, width < CELL_WIDTH ? CELL_WIDTH - width : 0);
        }
    }
    (void)fputc('\n', year->ctl->out);
}

static void cell_draw(const struct year *year, int month, int64_t day, int days)
{
    FILE *out = year->ctl->out;
    if (day < 1 || day > days) {
        blanks(out, CELL_WIDTH);
        return;
    }
    enum day_kind kind = kind_of(year, year->number * 10000 + month * 100 + (int32_t)day);
    const char *color = color_of(year->ctl, kind);
    (void)fprintf(out,
                  "%s%2d%c%s",
                  color,
                  (int)day,
                  kinds[kind].sign,
                  color[0] ? view_color_end(year->ctl) : "");
}

static int64_t month_first(const struct year *year, int month)
{
    return month > MONTHS ? date_to_days((year->number + 1) * 10000 + 101)
                          : date_to_days(year->number * 10000 + month * 100 + 1);
}

static void months_draw(const struct year *year)
{
    for (int first = 0; first < MONTHS; first += ACROSS) {
        titles_draw(year, first);
        for (int week = 0; week < 6; week++) {
            for (int i = 0; i < ACROSS; i++) {
                int month = first + i + 1;
                int64_t begin = month_first(year, month);
                int days = (int)(month_first(year, month + 1) - begin);
                blanks(year->ctl->out, i > 0 ? GAP : 0);
                for (int day = 0; day < 7; day++) {
                    cell_draw(year, month, week * 7 + day - date_weekday(begin) + 1, days);
                }
            }
            (void)fputc('\n', year->ctl->out);
        }
    }
}

/* ---- named days ---- */

static bool same_name(const struct calendar_dated *a, const struct calendar_dated *b)
{
    return a->kind == b->kind && strcmp(a->name ? a->name : "", b->name ? b->name : "") == 0;
}

static void date_text(int32_t date, char into[16])
{
    (void)snprintf(into, 16, "%04d-%02d-%02d", date / 10000, date / 100 % 100, date % 100);
}

/* How many rows from this one on are neighbours with the same name. */
static uint32_t run_of(const struct calendar_definition *definition, uint32_t at)
{
    uint32_t count = 1;
    while (at + count < definition->dated_count &&
           same_name(&definition->dated[at], &definition->dated[at + count]) &&
           date_to_days(definition->dated[at + count].date) ==
               date_to_days(definition->dated[at].date) + count) {
        count++;
    }
    return count;
}

/* Names of days have no titles by language: for who reads traditional characters they are written
 * in these.  NULL: as they stand. */
static opencc_t script_open(const struct ctl *ctl)
{
    opencc_t script = ctl->language == CTL_ZH_TW ? opencc_open("s2tw.json") : NULL;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): the library's word for failure */
    return script == (opencc_t)-1 ? NULL : script;
}

static const char *day_name(opencc_t script, const char *name, char into[VIEW_TEXT_MAX])
{
    const char *text = name ? name : "";
    char *converted = script ? opencc_convert_utf8(script, text, strlen(text)) : NULL;
    (void)view_plain(slice_text(converted ? converted : text), into);
    opencc_convert_utf8_free(converted);
    return into;
}

static void names_draw(const struct year *year)
{
    opencc_t script = script_open(year->ctl);
    const struct calendar_definition *definition = &year->file->definition;
    for (uint32_t i = 0; i < definition->dated_count;) {
        const struct calendar_dated *from = &definition->dated[i];
        uint32_t run = run_of(definition, i);
        i += run;
        if (from->date / 10000 != year->number || from->kind == DATED_BREAK) {
            continue;
        }
        char first[16];
        char last[16] = "";
        char name[VIEW_TEXT_MAX];
        enum day_kind kind = from->kind == DATED_HOLIDAY ? DAY_HOLIDAY : DAY_SHIFT;
        date_text(from->date, first);
        if (run > 1) {
            date_text(definition->dated[i - 1].date, last);
        }
        (void)fprintf(year->ctl->out,
                      "%c %s %s %-10s  %s\n",
                      kinds[kind].sign,
                      first,
                      run > 1 ? "–" : " ",
                      last,
                      day_name(script, from->name, name));
    }
    if (script) {
        (void)opencc_close(script);
    }
}

struct counts {
    unsigned of[DAY_KIND_COUNT];
    unsigned business;
};

static struct counts count_days(const struct year *year)
{
    struct counts counts = {0};
    for (uint32_t i = 0; i < year->calendar->day_count; i++) {
        counts.of[kind_of(year, year->calendar->days[i].date)]++;
        counts.business += year->calendar->days[i].business;
    }
    return counts;
}

/* It names days, and none of this year: nobody has told it the holidays. */
static bool lacks_holidays(const struct year *year)
{
    const struct calendar_definition *definition = &year->file->definition;
    bool names = false;
    for (uint32_t i = 0; i < definition->dated_count; i++) {
        const struct calendar_dated *dated = &definition->dated[i];
        if (dated->kind != DATED_BREAK && dated->date / 10000 == year->number) {
            return false;
        }
        names = names || dated->kind != DATED_BREAK;
    }
    return names;
}

static void draw(const struct year *year)
{
    struct counts counts = count_days(year);
    char name[VIEW_TEXT_MAX];
    const char *id = year->file->id[0] != '\0' ? year->file->id : "-";
    const struct policy_title *title = year->file->definition.title;
    ctl_print(year->ctl,
              year->file->set ? TEXT_CALENDAR_SET_HEAD : TEXT_CALENDAR_HEAD,
              CTL_ARGS(view_named(year->ctl, title ? view_title(year->ctl, title) : id, id, name),
                       CTL_NUMBER_TEXT(year->number),
                       year->file->definition.zone,
                       year->calendar->version));
    (void)fputc('\n', year->ctl->out);
    months_draw(year);
    for (int kind = DAY_CLOSED; kind < DAY_KIND_COUNT; kind++) {
        char count[24];
        (void)snprintf(count, sizeof count, "%u", counts.of[kind]);
        (void)fprintf(year->ctl->out,
                      "%s%c %s %s%s   ",
                      color_of(year->ctl, (enum day_kind)kind),
                      kinds[kind].sign,
                      ctl_text_in(year->ctl->language, kinds[kind].text),
                      count,
                      view_color_end(year->ctl));
    }
    ctl_print(year->ctl, TEXT_CALENDAR_BUSINESS, CTL_ARGS(CTL_NUMBER_TEXT(counts.business)));
    (void)fputc('\n', year->ctl->out);
    names_draw(year);
}

static void print_json(const struct year *year)
{
    json_t *days = json_array();
    for (uint32_t i = 0; i < year->calendar->day_count; i++) {
        const struct calendar_day *day = &year->calendar->days[i];
        const struct calendar_dated *dated = named(year, day->date);
        char date[16];
        date_text(day->date, date);
        int64_t end_s = day->midnight_s + DAY_S - day->jump_s;
        json_t *row =
            json_pack("{s:s, s:s, s:I}",
                      "date",
                      date,
                      "kind",
                      kinds[kind_of(year, day->date)].name,
                      "open_seconds",
                      (json_int_t)calendar_between(year->calendar, day->midnight_s, end_s));
        if (dated && dated->name) {
            (void)json_object_set_new(row, "name", ctl_json_text(slice_text(dated->name)));
        }
        (void)json_array_append_new(days, row);
    }
    const struct policy_title *title = year->file->definition.title;
    json_t *value = json_pack("{s:s, s:s, s:b, s:b, s:s, s:i, s:s, s:i, s:o}",
                              "name",
                              year->file->id,
                              "title",
                              title ? view_title(year->ctl, title) : year->file->id,
                              "holidays_known",
                              !lacks_holidays(year),
                              "set",
                              year->file->set,
                              "zone",
                              year->file->definition.zone,
                              "year",
                              (int)year->number,
                              "version",
                              year->calendar->version,
                              "business_days",
                              (int)count_days(year).business,
                              "days",
                              days);
    ctl_print_json(year->ctl, &value);
}

int ctl_calendar_show(struct ctl *ctl)
{
    unsigned warnings = 0;
    const char *calendar_name = ctl_option_text(ctl, "calendar");
    int64_t wished = ctl_option_number(ctl, "year"); /* 0: none was given */
    int number = wished > 0 ? (int)wished : ctl_calendar_year_now();
    SCOPED(calendar_file_free) struct calendar_file *file = NULL;
    int code = ctl_calendar_open(ctl,
                                 ctl_argument(ctl, 0),
                                 true,
                                 calendar_name ? calendar_name : "",
                                 number,
                                 number,
                                 &file,
                                 &warnings);
    if (code != CTL_OK) {
        return code;
    }
    struct calendar calendar;
    struct error error = {0};
    SCOPED(arena_free) struct arena *arena = arena_new(MEMORY_MAX);
    if (!arena || !calendar_compile(&file->definition, number, number, arena, &calendar, &error)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    const struct year year = {ctl, file, &calendar, number};
    if (lacks_holidays(&year)) {
        ctl_note(ctl,
                 TEXT_CALENDAR_YEAR_MISSING,
                 CTL_ARGS(ctl_argument(ctl, 0), CTL_NUMBER_TEXT(number)));
    }
    ctl->json ? print_json(&year) : draw(&year);
    return CTL_OK;
}
