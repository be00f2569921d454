/*
 * One submission, sent again with the same id until intake has answered for good.
 */
#ifndef REDRESS_CTL_SUBMIT_H
#define REDRESS_CTL_SUBMIT_H

#include "ctl.h"
#include "ctl_submission.h"

/* CTL_OK: *verdict is final.  Otherwise the status, after saying what is wrong. */
int ctl_submit_one(struct ctl *ctl,
                   const struct ctl_submission *submission,
                   int64_t timeout_ms,
                   struct ctl_verdict *verdict) MUST_CHECK;

#endif
