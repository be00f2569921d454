/*
 * The rows of figures: sums by hour, measure, policy, channel, category, queue, clock, phase,
 * bucket, field and value.
 */
#ifndef REDRESS_ANALYTICS_STORE_H
#define REDRESS_ANALYTICS_STORE_H

#include "analytics_core.h"
#include "pg.h"

extern const struct pg_statement analytics_statements[];
extern const unsigned analytics_statement_count;

/* One row of the batch: an increment and how often it came. */
struct analytics_row {
    struct figure_increment key; /* sum: of all of them */
    int64_t count;
};

/* Adds the upsert of a batch's rows; names are those of the policies given, one a row. */
void analytics_rows_bind(struct pg *pg,
                         const struct analytics_row *rows,
                         const struct policy *const *policies,
                         uint32_t count);

/* A row of the statement analytics_totals. */
struct analytics_total {
    enum figure_measure measure; /* FIGURE_MEASURE_COUNT: one this build does not know */
    struct slice policy;         /* its name */
    struct slice clock;
    int16_t phase;
    int16_t bucket;
    int64_t count;
};
void analytics_total_read(const PGresult *rows, int row, struct analytics_total *total);

#endif
