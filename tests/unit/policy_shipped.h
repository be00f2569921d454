/*
 * A policy of a folder with the files it uses, and what its fields may hold: for whoever walks
 * policies without knowing any by name.
 */
#ifndef REDRESS_POLICY_SHIPPED_H
#define REDRESS_POLICY_SHIPPED_H

#include "policy_load.h"

enum { SHIPPED_VALUE_MAX = 1024 };

/*
 * As the command would load it, calendars compiled for the years given; blind: without classifier.
 * NULL: *report says why, also when a file cannot be read.  The caller owns object and report.
 */
struct policy_object *shipped_load(const char *folder,
                                   const char *file,
                                   int first_year,
                                   int last_year,
                                   bool blind,
                                   struct policy_report *report);

/* Something the field may hold, in value; which of those that fit hangs on variety, 0: the
 * plainest. */
void shipped_value(const struct policy *policy,
                   const struct policy_need *need,
                   unsigned variety,
                   char value[SHIPPED_VALUE_MAX]);

#endif
