/*
 * Large replies: counted by bytes until their peer has taken them, and overwritten then.  A mark
 * counts messages, and what was sealed and is opened for somebody is large.
 */
#ifndef REDRESS_BUS_LARGE_H
#define REDRESS_BUS_LARGE_H

#include "bus.h"

#include <stdatomic.h>

/* Names of peers come from outside, so only so many are told apart at a time. */
enum { BUS_HOLDERS_MAX = 256 };

/* A peer with replies lying.  The loop alone adds and gives places away, libzmq's threads only take
 * off: a place that the loop sees at 0 is nobody's, and nobody touches it any more. */
struct bus_holder {
    struct bus_peer peer;
    atomic_size_t lying;
};

/* All zero at first. */
struct bus_pot {
    atomic_size_t lying;
    /* The last is of all who found no place, together: a crowd that reads is not cut for it, and
     * who is moved out of it has two shares at most. */
    struct bus_holder holders[BUS_HOLDERS_MAX + 1];
};

/* Copies and sends.  The pot outlives the socket's context.  Dropped where that would pass
 * BUS_LARGE_MAX or BUS_LARGE_SHARE, or the peer is gone or does not read. */
void bus_large_send(void *socket,
                    const struct bus_peer *peer,
                    struct slice bytes,
                    struct bus_pot *pot);

/* Bytes that were not taken yet, of that peer; NULL: of all. */
size_t bus_large_lying(const struct bus_pot *pot, const struct bus_peer *peer);

#endif
