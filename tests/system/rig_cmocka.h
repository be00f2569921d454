/* cmocka with what it wants included before itself; the formatter would sort it first. */
#ifndef REDRESS_TESTS_RIG_CMOCKA_H
#define REDRESS_TESTS_RIG_CMOCKA_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
