/*
 * Commands of many people on their way to dispatch at once: one a place, each asked again with the
 * same id until it is answered, and at the owner of its case's partition.
 */
#ifndef REDRESS_CTL_LINE_H
#define REDRESS_CTL_LINE_H

#include "ctl_desk.h"

enum { CTL_PLACES_MAX = 4096 };

struct ctl_line;

/* Finds dispatch.  *line is the caller's.  timeout_ms: how long a command is asked for. */
int ctl_line_open(struct ctl *ctl, unsigned places, int64_t timeout_ms, struct ctl_line **line)
    MUST_CHECK;
void ctl_line_free(struct ctl_line **line_p);

/* Sends a copy; the place must be free.  False: the command is too long. */
bool ctl_line_ask(struct ctl_line *line, unsigned place, const struct ctl_command *command);

/* The reply is lent for the call; NULL: nobody answered in time.  The place is free again. */
typedef void ctl_line_answer(void *self, unsigned place, const ctl_reply *reply);

/* Hands out the answers that are there; waits for the first one.  CTL_UNREACHABLE after saying
 * that there is no dispatch any more. */
int ctl_line_turn(struct ctl_line *line, int wait_ms, ctl_line_answer *answer, void *self)
    MUST_CHECK;

#endif
