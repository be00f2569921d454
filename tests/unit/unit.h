/*
 * cmocka with what it wants included before itself; the formatter would sort it first.
 */
#ifndef REDRESS_UNIT_H
#define REDRESS_UNIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
