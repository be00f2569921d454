/*
 * Comparing what the command shows with a file of tests/unit/ctl: text as people see it, kept where
 * they can read it.
 */
#ifndef REDRESS_CTL_GOLDEN_H
#define REDRESS_CTL_GOLDEN_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* text against GOLDEN/name; what came instead is printed.  text is freed. */
static inline void golden_compare(const char *name, char *text)
{
    char path[512];
    static char expected[65536];
    (void)snprintf(path, sizeof path, "%s/%s", GOLDEN, name);
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(expected, 1, sizeof expected - 1, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    expected[size] = '\0';
    bool same = strcmp(expected, text) == 0;
    if (!same) {
        (void)fprintf(stderr, "---- %s is not what came:\n%s----\n", name, text);
    }
    free(text);
    assert_true(same);
}

#endif
