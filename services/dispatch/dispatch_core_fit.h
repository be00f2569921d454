/*
 * Whom a waiting case is for, beyond role, shift and room: skills that relax with waiting, the
 * earlier handler, the manager of a key account.  Pure.
 *
 * An ask holds until its instant and is forgotten then; all that hold must be met.  The claim is
 * refused by them here, and the work queue in Redis proposes by the same list (law 6).
 */
#ifndef REDRESS_DISPATCH_CORE_FIT_H
#define REDRESS_DISPATCH_CORE_FIT_H

#include "dispatch_core.h"

enum {
    FIT_PERSONS_MAX = 2,
    FIT_ASKS_MAX = 32, /* what a case asks beyond that is asked of nobody */
};

struct fit_ask {
    int64_t until_us;  /* from then on it is not asked; INT64_MAX: as long as the case waits */
    const char *skill; /* NULL: it is kept for persons; lent by the policy */
    uint8_t level;
    uint8_t person_count;
    const char *persons[FIT_PERSONS_MAX]; /* or who stands in for them; lent by state and org */
};

/*
 * What a case in a queue asks now and later; whoever cannot come now is not waited for.  Skills and
 * key accounts are asked for only where org is not NULL.
 */
uint32_t fit_asks(const struct policy *policy,
                  const struct dispatch_case *state,
                  const struct org *org,
                  int64_t now_us,
                  struct fit_ask asks[FIT_ASKS_MAX]);

/* This person may take a case that asks so. */
bool fit_meets(const struct fit_ask *ask,
               const struct org *org,
               struct slice actor,
               int64_t now_us);

/* Who had the case when it left a step, where some step is kept for that; and who gives it back is
 * not waited for. */
void fit_fold_advanced(const struct policy *policy,
                       const struct dispatch_case *state,
                       const struct event *event,
                       uint16_t to_step,
                       struct dispatch_more *more);

/* The role a step of this policy keeps cases for. */
bool fit_is_kept_for(const struct policy *policy, uint16_t role);

#endif
