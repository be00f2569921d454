/*
 * Dispatch's rows: complaint (the state of a case), agent_slot (who may hold how many), command
 * (what was done already).
 */
#ifndef REDRESS_DISPATCH_STORE_H
#define REDRESS_DISPATCH_STORE_H

#include "clock_dues.h"
#include "dispatch_core.h"
#include "pg.h"

/* What a row is read with, for whoever asks for other cases than dispatch does: add " WHERE … ";
 * the table is called c, the clocks k.  dispatch_row_read and its like take what it answers. */
extern const char dispatch_rows_query[];

/* The order of a queue in the archive: dispatch_queue_score's. */
#define DISPATCH_QUEUE_ORDER                                                                       \
    "c.priority, CASE WHEN k.due < 'infinity' THEN k.due ELSE c.received_at + interval '30 days' " \
    "END, c.received_at"

extern const struct pg_statement dispatch_statements[];
extern const unsigned dispatch_statement_count;

/* Adds one case to the rows of the request being built; dispatch_cases_bind sends what was added.
 * is_new: there is no row yet; if there is one, the transaction is refused with SQLSTATE 23505.
 * Else there is one; bind says which calls are to change how many, the last it makes. */
void dispatch_cases_begin(void);
void dispatch_case_add(const struct policy *policy, const struct dispatch_case *state, bool is_new);
struct pg_changes dispatch_cases_bind(struct pg *pg);

/* Does it wait in a queue that offers its cases by itself?  The column pushes says so. */
bool dispatch_waits_pushed(const struct policy *policy, const struct dispatch_case *state);

/* Asks for the rows of these cases, and of those that these commands were done on. */
void dispatch_rows_bind(struct pg *pg,
                        const uint64_t *cases,
                        uint32_t case_count,
                        const uint8_t (*command_ids)[16],
                        uint32_t command_count);

/* The best cases of a queue in these partitions (PG_INT2), best first, at most limit: case ids.
 * Reads the whole table: for when Redis is away. */
void dispatch_search_bind(struct pg *pg,
                          const char *policy,
                          const char *queue,
                          struct pg_array *partitions,
                          int32_t limit);

/* Of what waits to be offered by itself in these partitions, whatever version of its policy: first
 * the best, of each queue the first before of any the second; then those whose turn it is, of all
 * others the next behind this case.  At most limit of both; rows of case id, number of its queue
 * in this answer, whether it is its turn.  Reads no more than what waits so. */
void dispatch_waiting_bind(struct pg *pg,
                           struct pg_array *partitions,
                           int32_t limit,
                           uint64_t behind);

/* Counts for each of these what its question asks, up to DISPATCH_SAME_MAX; reads the index of
 * causes and no more.  What it answers is read into the same list. */
enum { DISPATCH_SAME_MAX = 1000 };
void dispatch_same_cause_bind(struct pg *pg, const struct dispatch_counted *asked, uint32_t count);
void dispatch_same_cause_read(const PGresult *rows, struct dispatch_counted *asked, uint32_t count);

/* A row of dispatch_rows or of the projector's dispatch_feed: which case, which policy it is pinned
 * to (0: one that is not in the archive), the columns pushes and cause, and the state it holds,
 * without the hints.  ERROR_REJECT: a name the policy does not know, bytes of another form, no
 * policy (NULL).
 */
uint64_t dispatch_row_case(const PGresult *rows, int row);
uint32_t dispatch_row_policy(const PGresult *rows, int row);
bool dispatch_row_pushes(const PGresult *rows, int row);
struct slice dispatch_row_cause(const PGresult *rows, int row); /* see dispatch_cause */
bool dispatch_row_read(const PGresult *rows,
                       int row,
                       const struct policy *policy,
                       struct dispatch_case *state,
                       struct error *error) MUST_CHECK;
/* The hints of such a row: due_us and clock_due_us of the state, and the version of the case the
 * watchdog had heard of when it wrote them; none, and 0, where it has not heard of the case.  Where
 * what it wrote is lost: none, and the state's own version, for nothing more is to come of that.
 * ERROR_REJECT: bytes that it does not write; they are set as if it were lost. */
bool dispatch_row_dues(const PGresult *rows,
                       int row,
                       struct dispatch_case *state,
                       uint32_t *version,
                       struct error *error) MUST_CHECK;

/* dispatch_store_slots.c: a change of what an agent holds; more than the capacity refuses the
 * transaction with RD002. */
struct dispatch_slot_change {
    char agent[DISPATCH_AGENT_MAX];
    int32_t delta;
    int32_t capacity; /* as organisation and policy say now; the row follows where delta is more */
    bool may_be_new;  /* there may be no row yet: it is made first.  Without one nobody may more */
};
void dispatch_slots_bind(struct pg *pg, const struct dispatch_slot_change *changes, uint32_t count);

/* A command that became an event; its id is unique, so that it is done once (SQLSTATE 23505
 * otherwise). */
struct dispatch_command_row {
    uint8_t command_id[16];
    uint64_t case_id;
    uint64_t seq;
    int64_t at_us;
    uint64_t mark; /* seal_mark of dispatch_command_body */
};
void dispatch_commands_bind(struct pg *pg, const struct dispatch_command_row *rows, uint32_t count);

/* Adds the questions a batch may have: wrapped keys of cases, commands done already.  Answers in
 * this order. */
void dispatch_keys_bind(struct pg *pg, const uint64_t *cases, uint32_t count);
/* Destroys the keys of these cases, and what would tell whose they are: the blind index of the
 * customer, the digest of what was submitted.  Answers with the cases that had a row. */
void dispatch_erase_bind(struct pg *pg, const uint64_t *cases, uint32_t count);
bool dispatch_erase_found(const PGresult *rows, uint64_t case_id);
/* Which of these cases have clocks that asked for more urgency, and how much. */
void dispatch_raised_bind(struct pg *pg, const uint64_t *cases, uint32_t count);
void dispatch_known_bind(struct pg *pg, const uint8_t (*ids)[16], uint32_t count);

#endif
