/*
 * A table of answers: aligned text by libsmartcols, which knows how wide Chinese is, or JSON.
 *
 * JSON is made by jansson, because answers nest and libsmartcols only prints flat tables.
 */
#ifndef REDRESS_CTL_TABLE_H
#define REDRESS_CTL_TABLE_H

#include "ctl.h"

enum { CTL_COLUMNS_MAX = 16 };

enum ctl_column_kind {
    CTL_COLUMN_TEXT,
    CTL_COLUMN_LIST,    /* a text that goes on in the next line where the terminal is too narrow */
    CTL_COLUMN_NUMBER,  /* right aligned; a number in JSON, null when the cell is "" */
    CTL_COLUMN_BOOLEAN, /* the cell is "true" or "" */
    CTL_COLUMN_FAULT,   /* the same of something bad, which no tick may stand for */
    CTL_COLUMN_TIME,    /* null in JSON when the cell is "" */
    CTL_COLUMN_DETAIL,  /* the same, and in JSON only */
};

struct ctl_column {
    const char *key; /* of the JSON object */
    enum ctl_text title;
    enum ctl_column_kind kind;
    bool cut; /* what does not fit the terminal is cut here */
};

struct ctl_table;

/* The columns are lent for the table's life.  NULL: out of memory. */
struct ctl_table *
ctl_table_new(const struct ctl *ctl, const struct ctl_column *columns, size_t count);
void ctl_table_free(struct ctl_table **table_p);

/* A row; copied.  NULL for a cell is "". */
void ctl_table_add(struct ctl_table *table, const char *const *cells);
size_t ctl_table_rows(const struct ctl_table *table);

/* As text on stdout; a line that says so when there are no rows. */
void ctl_table_print(struct ctl_table *table);
/* As an array of objects; a new reference. */
json_t *ctl_table_json(const struct ctl_table *table);
/* Either: text, or with --json {"name": [...]}. */
void ctl_table_answer(struct ctl_table *table, const char *name);

/* Columns a text takes on a terminal. */
size_t ctl_width(const char *text);

#endif
