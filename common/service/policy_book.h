/*
 * The policies of the archive, compiled, by id and by name.
 *
 * Rows of the table policy never change.  The newest version of each name is here, the newest
 * loaded first, and rows not seen yet are asked for once a second (a smaller id may be committed
 * after a greater one).  Older versions come when somebody wants them, because a case pinned to one
 * has come; when POLICY_BOOK_MAX are here, the outdated one that was not used for longest makes
 * room, but none that the batch under way has used.  A new version is pinned by new cases only
 * after POLICY_SETTLE_US, when every daemon has had time to compile it.
 */
#ifndef REDRESS_POLICY_BOOK_H
#define REDRESS_POLICY_BOOK_H

#include "pg.h"
#include "policy_load.h"

enum {
    POLICY_BOOK_MAX = 256,
    /* Of which half is left for older versions: `redress policy load` takes no more names. */
    POLICY_NAMES_MAX = 128,
    POLICY_SETTLE_US = 5000000,
};

/* The statement a connection must have prepared.  One row an answer: between two policies
 * the loop has to renew its leases. */
#define POLICY_BOOK_STATEMENT                                                                      \
    {                                                                                              \
        "policy_new", "SELECT id, name, source, loaded_at, clock_timestamp() FROM policy p "       \
                      "WHERE id <> ALL($1::integer[]) "                                            \
                      "AND (id = ANY($2::integer[]) OR NOT EXISTS (SELECT FROM policy newer "      \
                      "WHERE newer.name = p.name AND newer.version > p.version "                   \
                      "AND newer.id <> ALL($3::integer[]) "                                        \
                      "AND newer.loaded_at < clock_timestamp() - interval '1 minute')) "           \
                      "ORDER BY id = ANY($2::integer[]) DESC, loaded_at DESC, id DESC LIMIT 1"     \
    }

struct policy_book;

/*
 * compiles_on: for who sees texts, with the classifiers; those not asked for rest, and patterns
 * that no file has yet are compiled in a process that this loop waits for, one policy after the
 * other. NULL: without.  Calendars are compiled for the years around the one in which a policy is
 * read; judges: for one more either way, because what somebody who read it in another year promised
 * has to be placed (law 12).
 */
struct event_base;
struct policy_book *policy_book_new(struct event_base *compiles_on, bool judges);
void policy_book_free(struct policy_book **book_p);

/* Asks for rows that are not here yet; does nothing while an answer is awaited.  pg must outlive
 * the book. */
void policy_book_poll(struct policy_book *book, struct pg *pg);

/* True when the newest versions that were there at the first answers are compiled. */
bool policy_book_ready(const struct policy_book *book);

/*
 * A batch begins: whatever it is lent from here on stays where it is until it is let go, however
 * long the archive takes.
 */
void policy_book_hold(struct policy_book *book);
void policy_book_let_go(struct policy_book *book);

/* As many are here as there is room for. */
bool policy_book_is_full(const struct policy_book *book);

/* NULL: not here.  Lent until the batch lets go; outside of batches, until the loop turns. */
const struct policy_object *policy_book_by_id(struct policy_book *book, uint32_t id);

/* One that is not here is to be asked for by the next poll, before all others.  False: in vain, it
 * is not in the archive or does not compile, which was told. */
bool policy_book_want(struct policy_book *book, uint32_t id);

/* Lent as above: the newest version that new cases may pin at mono_us: the monotonic clock, because
 * what may be pinned once stays so whatever the archive's clock does. */
const struct policy_object *
policy_book_by_name(struct policy_book *book, struct slice name, int64_t mono_us);

/* Each of those that are here, from 0 on; NULL: no more. */
const struct policy_object *policy_book_nth(const struct policy_book *book, uint32_t n);

/*
 * The first calendar of any policy here whose holidays ought to be known by now and are not (see
 * calendar_missing_year): the year, and into which "policy, calendar"; 0: there is none.
 */
int32_t policy_book_missing_year(const struct policy_book *book, int64_t now_us, char which[160]);

/* A version of that name is here and will be pinned soon, or may be among those that are still
 * being read: ask again then. */
bool policy_book_settles(const struct policy_book *book, struct slice name);

#endif
