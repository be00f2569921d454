/*
 * What the readers of calendars share: YAML as we write it, iCalendar, and the JSON of holiday-cn.
 * Private to calendar_*.c and policy_load_calendars.c.
 *
 * Faults are told at their place (yaml.h) and reading goes on.
 */
#ifndef REDRESS_CALENDAR_READ_H
#define REDRESS_CALENDAR_READ_H

#include "policy_read.h"

/* Dates while they are read. */
struct calendar_dates {
    uint32_t count;
    struct calendar_dated *rows; /* room for CALENDAR_DATED_MAX */
};

/* NULL: no memory. */
struct calendar_dates *calendar_dates_take(struct arena *arena);

/*
 * Adds a day off (DATED_HOLIDAY) or a worked one (DATED_SHIFT, without hours yet).  A date that is
 * there already keeps one row with both names; one that is both off and worked is complained of.
 * name is copied into the arena.
 */
void calendar_dates_add(struct yaml_source *source,
                        const struct yaml_node *node,
                        struct calendar_dates *dates,
                        struct arena *arena,
                        int32_t date,
                        enum calendar_dated_kind kind,
                        struct slice name);

/*
 * Reads a calendar, a mapping, or the name of one that is shipped; place is what names it.  The
 * definition's dates, and their names, are lent by loading->scratch.  False after a complaint.
 */
bool calendar_yaml_read(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct yaml_node *map,
                        struct calendar_definition *definition);

/* A file of its own: a calendar ("calendar: NAME"), or a set of holidays ("holidays: NAME"), whose
 * worked days have no hours. */
struct calendar_yaml_file {
    bool set;
    char id[POLICY_NAME_MAX];
    const char *origin; /* the source it names; lent by scratch */
    struct calendar_definition definition;
};
bool calendar_yaml_read_file(struct policy_loading *loading,
                             const struct yaml_node *tree,
                             struct calendar_yaml_file *file);

/* iCalendar: days off and worked, of first_year to last_year. */
void calendar_ical_read(struct yaml_source *source,
                        struct arena *arena,
                        int first_year,
                        int last_year,
                        struct calendar_dates *dates);

/* {"year": 2026, "days": [{"name", "date", "isOffDay"}]} as a tree. */
void calendar_json_read(struct yaml_source *source,
                        struct arena *arena,
                        const struct yaml_node *tree,
                        struct calendar_dates *dates);

#endif
