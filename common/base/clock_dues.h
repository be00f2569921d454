/*
 * What dispatch has to know of a case's clocks: when each is due.  The watchdog writes it, dispatch
 * reads it: the column dues of the table clock.
 */
#ifndef REDRESS_CLOCK_DUES_H
#define REDRESS_CLOCK_DUES_H

#include "event.h"

struct clock_dues {
    uint32_t version;                 /* of the case in dispatch's stream that they follow from */
    int64_t due_us[EVENT_CLOCKS_MAX]; /* by run, see policy.h; 0: not running; INT64_MAX: its
                                         calendar cannot say */
};

enum { CLOCK_DUES_SIZE_MAX = 4 + EVENT_CLOCKS_MAX * 8 };

/* Little-endian: the version, then each run up to the last that is due.  Returns the size. */
size_t clock_dues_pack(const struct clock_dues *dues, uint8_t bytes[CLOCK_DUES_SIZE_MAX]);

/* False for anything that pack does not write. */
bool clock_dues_unpack(struct slice bytes, struct clock_dues *dues);

/* INT64_MAX: none is due. */
int64_t clock_dues_nearest_us(const int64_t due_us[EVENT_CLOCKS_MAX]);

#endif
