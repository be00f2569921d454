/*
 * The two clocks, in microseconds.  Only shells read them; a core gets time in its input (law 8).
 */
#ifndef REDRESS_CLOCK_H
#define REDRESS_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 28 };

/* Since 1970-01-01 UTC; may step. */
int64_t clock_now_us(void);

/* Since some instant; never goes back. */
int64_t clock_monotonic_us(void);

/* "2026-11-21T19:46:01.123456Z", terminated.  Years 0000 to 9999; others give "". */
void clock_text(int64_t at_us, char text[CLOCK_TEXT_SIZE]);

#endif
