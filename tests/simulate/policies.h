/*
 * The policies of a run: a third of the seeds has the tests' fixture with two clocks of a few
 * seconds, a third some of those that are shipped, a third some nobody wrote (generate.h).
 */
#ifndef REDRESS_SIMULATE_POLICIES_H
#define REDRESS_SIMULATE_POLICIES_H

#include "policy.h"

enum { POLICIES_MAX = 3 }; /* of a run */

enum policies_kind { POLICIES_FIXTURE, POLICIES_SHIPPED, POLICIES_GENERATED };

struct policies_told {
    uint64_t generated, refused; /* texts, and what the loader did not take */
};

void policies_begin(void);
void policies_end(void);

enum policies_kind policies_kind(void);
uint32_t policies_count(void);
const struct policy *policies_at(uint32_t index);
/* As the services have it; a mutant may have broken it.  NULL: none of that id. */
const struct policy *policies_by_id(uint32_t id);
/* As it is, for oracles. */
const struct policy *policies_true(uint32_t id);
/* The text a policy was made from, for the trace; NULL: it is no generated one. */
const char *policies_text(uint32_t index);

/* How much faster the dates go than the machines, so that days pass in seconds. */
int64_t policies_pace(void);

/* Of all runs so far. */
const struct policies_told *policies_told(void);

#endif
