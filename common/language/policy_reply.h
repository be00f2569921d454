/*
 * What a policy says of written replies: phrases that may not stand in them, parts that have to.
 */
#ifndef REDRESS_POLICY_REPLY_H
#define REDRESS_POLICY_REPLY_H

#include "policy.h"
#include "text.h"

/* What is wrong with a reply; all NULL: nothing. */
struct policy_reply_fault {
    const char *forbidden;                   /* this phrase is in it, as normalised */
    const struct policy_reply_part *lacking; /* this part is not */
};

/* Looks through clean text.  False with ERROR_RETRY where the arena is full. */
bool policy_reply_check(const struct policy *policy,
                        struct slice reply,
                        struct arena *arena,
                        struct policy_reply_fault *fault,
                        struct error *error) MUST_CHECK;

#endif
