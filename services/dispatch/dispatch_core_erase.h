/*
 * Whether the personal data of a case may be erased, and the event of it, or of the refusal.  A
 * legal hold is stronger than the policy's times, and these than whoever asks.  Private to
 * dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_ERASE_H
#define REDRESS_DISPATCH_CORE_ERASE_H

#include "dispatch_core.h"

/* blank: the reason is not given yet. */
struct dispatch_permit erase_permit(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    bool blank);

/* A refusal is kept, by its reason and who asked in which role; anything else forgets them all. */
void erase_fold(const struct policy *policy, const struct event *event, struct dispatch_more *more);

/* See dispatch_decide. */
enum dispatch_answer erase_decide(const struct policy *policy,
                                  const struct dispatch_case *state,
                                  const struct dispatch_input *input,
                                  struct event *out,
                                  struct slice *refused_field);

#endif
