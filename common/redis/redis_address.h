/*
 * Where a Redis listens: a unix socket's absolute path, or a numeric address and a port.  Names are
 * refused, because hiredis would resolve them while the loop waits.
 */
#ifndef REDRESS_REDIS_ADDRESS_H
#define REDRESS_REDIS_ADDRESS_H

#include "error.h"

enum { REDIS_HOST_SIZE = 108 }; /* the longest path of a unix socket, terminated */

struct redis_address {
    char host[REDIS_HOST_SIZE]; /* or the path */
    int port;                   /* 0: host is a path */
};

/* "/run/redis/redis.sock", "127.0.0.1:6379", "[::1]:6379".  ERROR_REJECT for anything else. */
bool redis_address_parse(const char *text,
                         struct redis_address *address,
                         struct error *error) MUST_CHECK;

#endif
