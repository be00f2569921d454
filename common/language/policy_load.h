/*
 * From YAML to struct policy (libfyaml), with errors as compilers give them: file:line:column, the
 * excerpt, a hint.
 *
 * The loader proves what can be proved: every name defined, every step reachable, a way to an end
 * from every step, every clock started and stopped by facts that can happen, exactly one breach
 * level a clock, levels in order, patterns compile, what is required first can ever be so, every
 * variable of a text has a value.
 */
#ifndef REDRESS_POLICY_LOAD_H
#define REDRESS_POLICY_LOAD_H

#include "classify.h"
#include "error.h"
#include "policy.h"
#include "policy_language.h"
#include "yaml.h"

#include <stdio.h>

/* All errors of one file, as text for people; the first ones as rows for programs, too. */
struct policy_report {
    unsigned errors;
    unsigned warnings;
    char *text; /* owned; NULL when there is nothing to say */
    struct yaml_faults faults;
};

void policy_report_done(struct policy_report *report);

/* Where something stands in the files. */
struct policy_origin {
    const char *file;
    unsigned line;
};

/* A compiled policy together with its classifier; owns everything inside. */
struct policy_object {
    struct policy policy;
    struct classifier *classifier;
    /* Of each row of a thing; NULL: not kept.  Kept are classes, factors, overrides, routes,
     * clocks. */
    const struct policy_origin *origins[THING_COUNT];
    const struct policy_origin *targets[POLICY_CLOCKS_MAX]; /* of each clock, besides its own */
    void *memory;                                           /* private */
};

/* A file of holidays and make-up working days that calendars name ("holidays: cn"); lent for the
 * call. */
struct policy_holidays {
    const char *id;   /* "cn" */
    const char *file; /* for messages */
    struct slice yaml;
};

/* The sets that were in deploy/calendars when this was built; lent for ever. */
const struct policy_holidays *policy_holidays_shipped(size_t *count);

/*
 * Compiles the YAML bytes; name is used in messages.  NULL when the report has errors.  Calendars
 * are compiled for the years given, inclusive, with the shipped holidays.  Sets no policy.id: the
 * archive does.
 */
struct policy_object *policy_load(const char *name,
                                  struct slice yaml,
                                  int first_year,
                                  int last_year,
                                  struct policy_report *report) MUST_CHECK;

/* The same with a classifier at rest: for a daemon, which has the patterns compiled elsewhere
 * (patterns_process.h).  Nothing says yet that they compile. */
struct policy_object *policy_load_resting(const char *name,
                                          struct slice yaml,
                                          int first_year,
                                          int last_year,
                                          struct policy_report *report) MUST_CHECK;

/*
 * The same, once it is known that they compile: tried beside us for so many seconds
 * (classify_time.h); those that do not, or not in time, are told of at their places.
 */
struct policy_object *policy_load_in_time(const char *name,
                                          struct slice yaml,
                                          int first_year,
                                          int last_year,
                                          unsigned patience_s,
                                          struct policy_report *report) MUST_CHECK;

/* What is written in the policy laid over the files it uses, read again from the same bytes and not
 * judged; NULL: it cannot be read, which the report (its name, out and faults are set) was told
 * unless memory ran out.  Lent by the arena and by text; complaints about its nodes go to the
 * report, which therefore outlives it. */
const struct yaml_node *
policy_written(struct slice text, struct arena *arena, struct yaml_source *report) MUST_CHECK;

/*
 * The same without the classifier (NULL in the object): for daemons that never see a text.
 * Compiling patterns is what takes long.
 */
struct policy_object *policy_load_blind(const char *name,
                                        struct slice yaml,
                                        int first_year,
                                        int last_year,
                                        struct policy_report *report) MUST_CHECK;

void policy_object_free(struct policy_object **object_p);

#endif
