/*
 * Large replies: counted by bytes until their peer has taken them, and overwritten then.  A mark
 * counts messages, and what was sealed and is opened for somebody is large.
 */
#ifndef REDRESS_BUS_LARGE_H
#define REDRESS_BUS_LARGE_H

#include "bus.h"

#include <stdatomic.h>

/* Copies and sends; *lying, which outlives the socket's context, is the sum of what was not taken.
 * Dropped where that would pass BUS_LARGE_MAX, or the peer is gone or does not read. */
void bus_large_send(void *socket,
                    const struct bus_peer *peer,
                    struct slice bytes,
                    atomic_size_t *lying);

#endif
