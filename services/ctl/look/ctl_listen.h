/*
 * The bus, as the command hears it: one SUB socket connected to the publishers of the live members.
 * What is missed meanwhile is in the journal (law 5).
 */
#ifndef REDRESS_CTL_LISTEN_H
#define REDRESS_CTL_LISTEN_H

#include "ctl.h"
#include "redress/live/v1/live.pb-c.h"

struct ctl_listen;

/* NULL after saying why. */
struct ctl_listen *ctl_listen_open(const struct ctl *ctl);
void ctl_listen_close(struct ctl_listen **listen_p);

/* Topics that begin so: "intake.", "intake.0017", "figures". */
void ctl_listen_subscribe(struct ctl_listen *listen, const char *topic);

/* Connects to publishers of these services (bits 1 << service) that are new. */
int ctl_listen_follow(struct ctl *ctl, struct ctl_listen *listen, unsigned services) MUST_CHECK;

/*
 * Waits for a message, or for input on the descriptor (-1: none), at most so long.  The message,
 * lent until the next call, or NULL: time is over, there is input, a signal came, or it could not
 * be read.
 */
const Redress__Live__V1__Live *ctl_listen_next(struct ctl_listen *listen, int input, int wait_ms);

/* SIGINT and SIGTERM end loops instead of the process: true when one came. */
void ctl_listen_catch(void);
bool ctl_listen_stopped(void);

#endif
