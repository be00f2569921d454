/*
 * The policy of policy/lifecycle.yaml, as the loader reads it, being played.
 */
#ifndef REDRESS_DISPATCH_LIFECYCLE_H
#define REDRESS_DISPATCH_LIFECYCLE_H

#include "dispatch_loaded.h"

extern struct policy_object *lifecycle;

/* Set-up and tear-down of a group. */
int lifecycle_load(void **state);
int lifecycle_free(void **state);

/* The stream once more from nothing, and the state through the archive's bytes and back. */
void story_end(const struct play *play);

/* The last answer was about this mark, field or task. */
void refused_for(const struct play *play, const char *what);

/* Id of the step the case stands in. */
const char *step_of(const struct play *play);

#endif
