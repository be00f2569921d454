/*
 * Whether what is sealed of a case may be given out to somebody, and the event of it, which is
 * committed before it is (law 10).
 */
#ifndef REDRESS_DISPATCH_CORE_READ_H
#define REDRESS_DISPATCH_CORE_READ_H

#include "dispatch_core.h"

enum {
    DISPATCH_READ_MAX = 16,      /* places one command may ask for */
    DISPATCH_READ_COMPLAINT = 0, /* the complaint itself, as it was submitted */
};

/*
 * The field "what" of a read: places of sealed text, with one blank between them; "complaint", or
 * the number in dispatch's stream of an event of the case, "complaint 12 40".  False: it is not
 * written so, names one twice, or more than there may be.
 */
bool dispatch_read_places(struct slice what, uint64_t places[DISPATCH_READ_MAX], uint32_t *count);

/* Private to dispatch's core.  blank: what is to be read is not said yet. */
struct dispatch_permit read_permit(const struct policy *policy,
                                   const struct dispatch_case *state,
                                   const struct dispatch_input *input,
                                   bool blank);

/* Likewise; see dispatch_decide. */
enum dispatch_answer read_decide(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 struct event *out,
                                 struct slice *refused_field);

#endif
