/*
 * What the organisation says of who acts: works here, in this role, is there; stands in for
 * somebody.  Private to dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_PEOPLE_H
#define REDRESS_DISPATCH_CORE_PEOPLE_H

#include "dispatch_core.h"

enum { PEOPLE_RECORDED_MAX = 2 }; /* fields that people_record adds */

/* DISPATCH_APPEND: nothing is in the way. */
struct dispatch_permit people_permit(const struct policy *policy,
                                     const struct dispatch_input *input);

/* The same of somebody the case is given to. */
enum dispatch_answer people_permit_taker(const struct dispatch_input *input, struct slice name);

/* The actor holds the case, or stands in for who does. */
bool people_holder(const struct dispatch_case *state, const struct dispatch_input *input);

/* Adds what the decision took from the organisation to the event. */
void people_record(const struct dispatch_case *state,
                   const struct dispatch_input *input,
                   struct event *out);

#endif
