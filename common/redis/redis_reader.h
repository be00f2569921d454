/*
 * What is taken of a server: one reply for each command, no longer than ours ever are (law 9).
 *
 * hiredis 0.14 ends the process, by an assertion, at a reply nobody asked for, and keeps what it
 * has of a reply until it is whole, however long.  Here either ends the connection instead.
 */
#ifndef REDRESS_REDIS_READER_H
#define REDRESS_REDIS_READER_H

#include <stddef.h>
#include <stdint.h>

struct redisAsyncContext;

enum {
    REDIS_REPLY_MAX = 1024 * 1024, /* bytes */
    REDIS_ELEMENTS_MAX = 4096,
};

/* Commands and replies, of one connection after the other. */
struct redis_asked {
    uint64_t sent;
    uint64_t answered;
    size_t taken;      /* bytes of the reply at hand */
    const char *fault; /* why the connection was ended here; NULL: it was not */
};

/* Before the first byte of a connection; asked is lent for its life. */
void redis_reader_guard(struct redisAsyncContext *context, struct redis_asked *asked);

/* Before each reading: what is not whole yet and too long already is read no further. */
void redis_reader_look(struct redisAsyncContext *context);

/* Why the connection has ended, "" where nobody knows. */
const char *redis_reader_fault(const struct redisAsyncContext *context);

#endif
