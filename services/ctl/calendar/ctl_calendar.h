/* What the files of `redress calendar` share. */
#ifndef REDRESS_CTL_CALENDAR_H
#define REDRESS_CTL_CALENDAR_H

#include "calendar_file.h"
#include "ctl.h"

/* Puts the cases of an oracle file to the engine; the status of `calendar check`. */
int ctl_calendar_cases(struct ctl *ctl, const char *path) MUST_CHECK;

/*
 * Reads a calendar of any form, for the years; what is wrong or worth a warning is on stderr then.
 * A path where no file is may be the name of a shipped one, when shipped is asked for.  calendar:
 * see calendar_file_read.  The status; *file is NULL without CTL_OK.
 */
int ctl_calendar_open(struct ctl *ctl,
                      const char *path,
                      bool shipped,
                      const char *calendar,
                      int first_year,
                      int last_year,
                      struct calendar_file **file,
                      unsigned *warnings) MUST_CHECK;

int ctl_calendar_year_now(void);

/*
 * The calendars of the archive's policies whose holidays ought to be known by now and are not: an
 * array of {"policy", "version", "calendar", "year"}, a new reference.  NULL where the status
 * returned is not CTL_OK.
 */
int ctl_calendar_missing(struct ctl *ctl, json_t **missing) MUST_CHECK;

/* The same as lines of text on stdout; NULL: that they could not be asked for. */
void ctl_calendar_missing_print(const struct ctl *ctl, const json_t *missing);

#endif
