/*
 * The mesh of publishers and subscribers: one connection from each instance to each instance of a
 * service that follows it.  It may lose, delay and repeat, and break; on one connection it never
 * reorders.  A message published before the subscription has reached the publisher is not sent.
 */
#ifndef REDRESS_SIMULATE_BUS_H
#define REDRESS_SIMULATE_BUS_H

#include "instance.h"

void bus_begin(void);

/* A fact, or a heartbeat: a fact without event. */
void bus_publish(struct instance *from, const struct fact *fact);

/* The subscriber wants this stream from whoever publishes it. */
void bus_subscribe(struct instance *to, enum service_id service, uint32_t partition);

/* Breaks a random connection for a while; the subscriber sees it when it is back. */
void bus_break(int64_t away_us);

#endif
