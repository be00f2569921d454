/*
 * To whom a waiting case is offered by itself, where its queue says `push: least-load`: of those
 * who could claim it now, whoever holds least of what he may hold.  Private to dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_PUSH_H
#define REDRESS_DISPATCH_CORE_PUSH_H

#include "dispatch_core.h"

/* NULL: nobody now.  Nobody is offered twice in one step what he did not take. */
const struct org_agent *push_choose(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input);

/* "3/10": what he held of what he may hold, in the buffer of the input. */
struct slice push_load_text(const struct dispatch_input *input, const struct org_agent *agent);

/* Remembers who did not take an offer, while the case stays in its step. */
void push_fold(const struct policy *policy,
               const struct dispatch_case *state,
               const struct event *event,
               uint16_t to_step,
               struct dispatch_more *more);

#endif
