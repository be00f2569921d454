/*
 * Rows of a file of complaints: CSV with a header, or one JSON object a line.  Memory is bounded; a
 * bad row is told with its place and the rest goes on.
 */
#ifndef REDRESS_CTL_READER_H
#define REDRESS_CTL_READER_H

#include "ctl_csv.h"

enum {
    CTL_ROW_SIZE_MAX = 256 * 1024, /* bytes of one row */
    CTL_COLUMNS_WANTED_MAX = 32,
};

enum ctl_reader_format { CTL_READER_CSV, CTL_READER_JSONL };

enum ctl_read {
    CTL_READ_ROW,
    CTL_READ_BAD, /* this row; go on with the next */
    CTL_READ_END,
    CTL_READ_FAILED, /* the source: bad.detail says why */
};

/* Up to size bytes; 0 at the end, -1 when the source failed (then why is set). */
typedef long ctl_read_fn(void *context, char *to, size_t size, char why[80]);

struct ctl_reader;

/* NULL: out of memory. */
struct ctl_reader *ctl_reader_new(enum ctl_reader_format format, ctl_read_fn *read, void *context);
void ctl_reader_free(struct ctl_reader **reader_p);

/*
 * Asks for a column by name, in JSON by a path like "person.name"; the name is lent.  Returns its
 * index in what ctl_reader_cell takes; the same name twice is one column.  Before ctl_reader_begin.
 * -1: too many.
 */
int ctl_reader_want(struct ctl_reader *reader, const char *name);

/* Reads the header.  CTL_READ_ROW: good; CTL_READ_BAD: there is none, or a column is not in it. */
enum ctl_read ctl_reader_begin(struct ctl_reader *reader, struct ctl_bad *bad);

/* The next row; its line is that on which it begins.  bad is set unless it is a row. */
enum ctl_read ctl_reader_next(struct ctl_reader *reader, uint64_t *line, struct ctl_bad *bad);

/* Of the row at hand, until the next one is read.  Empty: not there. */
struct slice ctl_reader_cell(const struct ctl_reader *reader, int column);

/* Where the cell of the row at hand stands; bad is at the row's beginning, and stays there where
 * the place is not known, as in JSON. */
void ctl_reader_place(const struct ctl_reader *reader, int column, struct ctl_bad *bad);

#endif
