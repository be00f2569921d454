/*
 * The watchdog's rows: the table clock, one row a case, its clocks in a layout of our own.
 */
#ifndef REDRESS_WATCHDOG_STORE_H
#define REDRESS_WATCHDOG_STORE_H

#include "clock_dues.h"
#include "pg.h"
#include "watchdog_core.h"

extern const struct pg_statement watchdog_statements[];
extern const unsigned watchdog_statement_count;

enum { WATCHDOG_STATE_SIZE_MAX = 64 + EVENT_CLOCKS_MAX * 56 };

/* The layout: little-endian, its version in the first byte, then the case, then each clock.
 * Returns the size. */
size_t watchdog_state_pack(const struct watch_case *state,
                           uint16_t clock_count,
                           uint8_t out[WATCHDOG_STATE_SIZE_MAX]);

/* False for another version, a wrong size or more clocks than there can be. */
bool watchdog_state_unpack(struct slice bytes, struct watch_case *state);

/* What the column dues says: when the clocks that run and have no verdict are due. */
void watchdog_dues(const struct policy *policy,
                   const struct watch_case *state,
                   struct clock_dues *dues);

/* Adds one case to the rows of the request being built; watchdog_cases_bind sends what was added.
 * is_new: there is no row yet; if there is one, the transaction is refused with SQLSTATE 23505.
 * Else there is one; bind says which calls are to change how many, the last it makes. */
void watchdog_cases_begin(void);
void watchdog_case_add(const struct policy *policy,
                       const struct watch_case *state,
                       int64_t due_us,
                       bool is_new);
struct pg_changes watchdog_cases_bind(struct pg *pg);

/* Asks for the rows of these cases. */
void watchdog_rows_bind(struct pg *pg, const uint64_t *cases, uint32_t count);

/* A row of watchdog_timers: a case and when its next level fires. */
uint64_t watchdog_timer_case(const PGresult *rows, int row);
int64_t watchdog_timer_due_us(const PGresult *rows, int row);
/* When a new owner has to look at it: then, or at once where an instant could not be computed: its
 * calendar may know more years than the last owner's. */
int64_t watchdog_timer_wake_us(const PGresult *rows, int row);

/* A row of watchdog_rows.  ERROR_REJECT: its state is of another form, or none at all. */
uint64_t watchdog_row_case(const PGresult *rows, int row);
bool watchdog_row_read(const PGresult *rows, int row, struct watch_case *state, struct error *error)
    MUST_CHECK;

#endif
