/*
 * Case numbers people can say on the phone: yymmdd of receipt, the case id in an alphabet of 32
 * without 0 O 1 I, and a check character over all of it that finds every single wrong character and
 * every swap of two.
 *
 *     261121-K7F2M-9QX4   date, then partition (2) and serial (4 to 8) in groups, the last checks
 *
 * Alphabet: 23456789ABCDEFGHJKLMNPQRSTUVWXYZ, values 0 to 31; in the date 0 and 1 have the values 8
 * and 9.  With a the root of x^5 + x^2 + 1 over GF(32) and the check character at position 0, the
 * sum of value times a^position is 0.  a has the order 31 and a number at most 17 characters, so
 * every single wrong character and every swap of two, next to each other or not, changes the sum.
 */
#ifndef REDRESS_CASE_NUMBER_H
#define REDRESS_CASE_NUMBER_H

#include "slice.h"

enum { CASE_NUMBER_SIZE = 32 };

/*
 * Writes the number, terminated.  received_at_us gives the date, in UTC; the century is not
 * written.  The partition is below PARTITION_MAX and the serial not 0.
 */
void case_number_format(uint64_t case_id, int64_t received_at_us, char number[CASE_NUMBER_SIZE]);

/*
 * Reads a number as people type it: any case, dashes and blanks anywhere.  0, 1, O and I are not in
 * the alphabet and are refused, as is a number whose check character disagrees or whose date cannot
 * be.
 */
bool case_number_parse(struct slice text, uint64_t *case_id);

#endif
