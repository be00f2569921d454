/*
 * From an organisation's YAML to struct org (shell).  What is wrong is told as compilers do:
 * file:line:column with the excerpt, a caret and a hint, all of it in one run.
 */
#ifndef REDRESS_ORG_LOAD_H
#define REDRESS_ORG_LOAD_H

#include "arena.h"
#include "org.h"
#include "policy_load.h"

struct org_object {
    struct org org;
    struct arena *memory; /* private */
};

/* Shifts are compiled for these years; name is used in messages.  NULL when the report has errors.
 */
struct org_object *org_load(const char *name,
                            struct slice yaml,
                            int first_year,
                            int last_year,
                            struct policy_report *report) MUST_CHECK;

void org_object_free(struct org_object **object_p);

#endif
