/*
 * Forced into every core with -include (law 8): the few headers a core may use, then a poison list.
 *
 * A core that reaches for the clock, the heap, a file, a socket, the environment or randomness does
 * not compile. tests/unit/tree checks the archives' symbols as well, because a list of names can be
 * walked around.
 */
#ifndef REDRESS_PURE_H
#define REDRESS_PURE_H

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma GCC poison malloc calloc realloc free alloca strdup strndup
#pragma GCC poison time clock_gettime gettimeofday sleep usleep nanosleep
#pragma GCC poison rand random srand getrandom arc4random randombytes_buf
#pragma GCC poison getenv setenv fopen fread fwrite socket send recv
#pragma GCC poison printf fprintf snprintf sprintf puts
#pragma GCC poison zmq_msg_send zmq_msg_recv zmsg_recv zmsg_send PQexec PQsendQuery redisCommand

#endif
