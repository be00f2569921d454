/*
 * Chance for random stories: the same seed gives the same story everywhere.
 */
#ifndef REDRESS_ROLL_H
#define REDRESS_ROLL_H

#include <stdint.h>

/* The next number below sides (at least 1); a linear congruence whose low bits are left out. */
static inline uint32_t roll_next(uint64_t *state, uint32_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % sides;
}

#endif
