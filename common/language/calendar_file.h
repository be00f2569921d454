/*
 * A calendar or a set of holidays from a file of its own, whatever it is written in: YAML as we
 * write it (deploy/calendars/README.md), iCalendar (.ics), or the JSON of holiday-cn.
 *
 * Every form is bounded (law 9), and what is wrong is told as compilers do, all of it in one run.
 */
#ifndef REDRESS_CALENDAR_FILE_H
#define REDRESS_CALENDAR_FILE_H

#include "calendar_load.h"
#include "policy_load.h"

enum calendar_form {
    CALENDAR_YAML,
    CALENDAR_ICAL,
    CALENDAR_JSON,
};

struct calendar_file {
    enum calendar_form form;
    bool set;    /* days off and worked alone: zone and hours below are only for looking at it */
    char id[48]; /* "" when the form names none */
    const char *origin;                    /* the source the file names; "" */
    struct calendar_definition definition; /* dates in order; all lent for the file's life */
    void *memory;                          /* private */
};

/*
 * Reads the bytes; name is used in messages.  iCalendar: only dates of first_year to last_year,
 * because a rule may go on for ever.  A policy is taken, too, also one that compiles together with
 * the files it uses (policy_bundle.h), when calendar names one of its calendars ("": the first).
 * NULL when the report has errors.
 */
struct calendar_file *calendar_file_read(const char *name,
                                         struct slice bytes,
                                         const char *calendar,
                                         int first_year,
                                         int last_year,
                                         struct policy_report *report) MUST_CHECK;

void calendar_file_free(struct calendar_file **file_p);

/*
 * Writes days off and worked of all the files as one set, in YAML.  The same dates give the same
 * bytes.  False when the files contradict each other about a date.
 */
bool calendar_file_write(const struct calendar_file *const *files,
                         size_t count,
                         const char *id,
                         const char *origin,
                         FILE *out,
                         struct error *error) MUST_CHECK;

#endif
