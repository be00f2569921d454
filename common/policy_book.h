/*
 * The policies of the archive, compiled, by id and by name.
 *
 * Rows of the table policy never change, so what was compiled stays; rows not seen yet are asked
 * for once a second (a smaller id may be committed after a greater one).  A new version is pinned
 * by new cases only after POLICY_SETTLE_US, when every daemon has had time to compile it.
 */
#ifndef REDRESS_POLICY_BOOK_H
#define REDRESS_POLICY_BOOK_H

#include "pg.h"
#include "policy_load.h"

enum {
    POLICY_BOOK_MAX = 256,
    POLICY_SETTLE_US = 5000000,
};

/* The statement a connection must have prepared.  One row an answer: compiling patterns may take
 * seconds, and between two policies the loop has to renew its leases. */
#define POLICY_BOOK_STATEMENT                                                                      \
    {                                                                                              \
        "policy_new", "SELECT id, name, source, loaded_at, clock_timestamp() FROM policy "         \
                      "WHERE id <> ALL($1::integer[]) ORDER BY id LIMIT 1"                         \
    }

struct policy_book;

/* reads_text: with the classifiers, for who sees texts. */
struct policy_book *policy_book_new(bool reads_text);
void policy_book_free(struct policy_book **book_p);

/* Asks for rows that are not here yet; does nothing while an answer is awaited.  pg must outlive
 * the book. */
void policy_book_poll(struct policy_book *book, struct pg *pg);

/* True when everything that was there at the first answer is compiled. */
bool policy_book_ready(const struct policy_book *book);

/* NULL: not here.  Lent for the life of the book. */
const struct policy_object *policy_book_by_id(const struct policy_book *book, uint32_t id);

/* The newest version that new cases may pin at mono_us: the monotonic clock, because what may be
 * pinned once stays so whatever the archive's clock does. */
const struct policy_object *
policy_book_by_name(const struct policy_book *book, struct slice name, int64_t mono_us);

/*
 * The first calendar of any policy here whose holidays ought to be known by now and are not (see
 * calendar_missing_year): the year, and into which "policy, calendar"; 0: there is none.
 */
int32_t policy_book_missing_year(const struct policy_book *book, int64_t now_us, char which[160]);

/* A version of that name is here and will be pinned soon: ask again then. */
bool policy_book_settles(const struct policy_book *book, struct slice name);

#endif
