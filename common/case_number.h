/*
 * Case numbers people can say on the phone: yymmdd of receipt, the case id in an alphabet of 32 without 0 O 1 I, and a
 * check character over all of it that finds every single wrong character and every swap of two.
 *
 *     261121-K7F2M-9QX4   date, then partition (2) and serial (4 or more) in groups, the last character checks
 */
#ifndef REDRESS_CASE_NUMBER_H
#define REDRESS_CASE_NUMBER_H

#include "slice.h"

enum { CASE_NUMBER_SIZE = 32 };

/* Writes the number, terminated.  received_at_us gives the date, in UTC. */
void case_number_format(uint64_t case_id, int64_t received_at_us, char number[CASE_NUMBER_SIZE]);

/*
 * Reads a number as people type it: any case, dashes and blanks anywhere.  0, 1, O and I are not in the alphabet and are
 * refused, as is a number whose check character disagrees.
 */
bool case_number_parse(struct slice text, uint64_t *case_id);

#endif
