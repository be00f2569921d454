/*
 * How many databases, which is what it calls compiled patterns, vectorscan holds in this process.
 */
#ifndef REDRESS_TESTS_DATABASES_H
#define REDRESS_TESTS_DATABASES_H

#include <stdbool.h>

/* Before the first one is made.  False: vectorscan does not let itself be counted. */
bool databases_count(void);

int databases_held(void);

#endif
