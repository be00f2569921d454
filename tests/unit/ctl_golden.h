/*
 * Comparing what the command shows with a file of tests/unit/ctl: text as people see it, kept where
 * they can read it.
 */
#ifndef REDRESS_CTL_GOLDEN_H
#define REDRESS_CTL_GOLDEN_H

#include "golden.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

/* text, which is freed, against GOLDEN/name. */
static inline void golden_compare(const char *name, char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    bool same = golden_is(path, text);
    free(text);
    assert_true(same);
}

#endif
