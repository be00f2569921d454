/*
 * A connection of hiredis on a libevent loop, with as few system calls as it needs.
 *
 * hiredis ships an adapter of its own; it waits for the socket to be writable before each command
 * and enters the socket into epoll anew after each reply: three system calls and one more turn of
 * the loop for every command.  Here a command is written in the turn in which it was given, all
 * commands of a turn together; the loop waits for the socket only while it is full.
 */
#ifndef REDRESS_REDIS_LOOP_H
#define REDRESS_REDIS_LOOP_H

#include "error.h"

struct event_base;
struct redisAsyncContext;

/* Belongs to the connection and goes with it; the loop outlives both.  False: no memory, the
 * connection is as it was. */
bool redis_loop_attach(struct redisAsyncContext *context, struct event_base *loop) MUST_CHECK;

#endif
