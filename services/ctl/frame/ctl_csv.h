/*
 * One record of CSV (RFC 4180) out of memory: quoted cells with line ends and doubled quotes, LF or
 * CRLF; UTF-8 without NUL.  Nothing is guessed: what is not allowed is told with its place.
 */
#ifndef REDRESS_CTL_CSV_H
#define REDRESS_CTL_CSV_H

#include "ctl_text.h"
#include "slice.h"

enum { CTL_CSV_CELLS_MAX = 512 };

/* What is wrong with a record, and where: lines from 1, columns in characters from 1. */
struct ctl_bad {
    uint64_t line;
    uint64_t column;
    enum ctl_text why; /* {1} is detail; of a stray quote detail is what stands beside it */
    char detail[80];
};

enum ctl_csv_outcome {
    CTL_CSV_RECORD,
    CTL_CSV_MORE, /* the record is not over where the bytes are */
    CTL_CSV_BAD,
};

/* Where a cell begins, its quote if it has one. */
struct ctl_csv_start {
    uint32_t line;   /* of the record, from 0 */
    uint32_t column; /* of that line, in characters from 1 */
};

struct ctl_csv {
    uint32_t count;
    struct slice cells[CTL_CSV_CELLS_MAX]; /* into the bytes */
    struct ctl_csv_start starts[CTL_CSV_CELLS_MAX];
    size_t used;    /* bytes of the record with its line end */
    uint64_t lines; /* line ends in them */
    /* CTL_CSV_BAD: used and lines lead to the line behind that on which the bad cell began; where
     * only the text is bad, behind the record. */
    struct ctl_bad bad; /* its line is counted from 0 here */
};

/*
 * The record at the beginning of the bytes; last: nothing comes behind them.  Doubled quotes are
 * made single in place, but only in a record that is whole.
 */
enum ctl_csv_outcome ctl_csv_read(char *bytes, size_t size, bool last, struct ctl_csv *csv);

#endif
