/*
 * How big a message of each kind may be (law 9).  What passes these unpacks within a known amount
 * of memory; what does not is refused before anything is allocated.
 */
#ifndef REDRESS_MESSAGE_LIMITS_H
#define REDRESS_MESSAGE_LIMITS_H

#include "event.h"
#include "prescan.h"

enum {
    LIMIT_SUBMISSION_SIZE = 128 * 1024, /* as the socket takes it: a narrative above its 64 KiB is
                                           refused by name and with its id */
    LIMIT_COMMAND_SIZE = 64 * 1024,
    LIMIT_LIVE_SIZE = 1024 * 1024, /* a frame of the bus: many events */
    LIMIT_EVENT_SIZE = EVENT_SIZE_MAX,
    LIMIT_REPLY_SIZE = 256 * 1024, /* what a client accepts from us, receipts and replies alike */
};

extern const struct prescan_limits limits_submission;
extern const struct prescan_limits limits_command;
extern const struct prescan_limits limits_live;
extern const struct prescan_limits limits_event; /* the envelope, and a body on its own */
extern const struct prescan_limits limits_reply; /* SubmitReply, command Reply */

#endif
