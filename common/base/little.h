/* Whole numbers as bytes, the lowest first.  Used by cores and shells alike. */
#ifndef REDRESS_LITTLE_H
#define REDRESS_LITTLE_H

#include <stddef.h>
#include <stdint.h>

/* Writes the lowest size (1 … 8) bytes of the number; returns what is behind them. */
static inline uint8_t *little_put(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(number >> (8 * i));
    }
    return at + size;
}

/* Reads size (1 … 8) bytes, which are there, and moves *at behind them. */
static inline uint64_t little_take(const uint8_t **at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t)(*at)[i] << (8 * i);
    }
    *at += size;
    return number;
}

#endif
