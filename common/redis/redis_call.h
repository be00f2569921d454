/*
 * The arguments of one Redis command, gathered without touching the heap.
 *
 * A call is made once and used again and again: begin, add, send, begin …  What does not fit marks
 * the call as too long, and redis_send refuses it; so the adding calls need no error path of their
 * own.
 */
#ifndef REDRESS_REDIS_CALL_H
#define REDRESS_REDIS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REDIS_ARGUMENTS_MAX = 4200, /* 1000 operations of four, and a head */
    REDIS_TEXT_MAX = 64 * 1024, /* for numbers and copies; lent text takes none of it */
    REDIS_SHA_SIZE = 41,
};

struct redis_call {
    unsigned count;
    bool too_long;
    bool unloaded; /* names a script that is not loaded: there is no connection */
    size_t used;
    const char *arguments[REDIS_ARGUMENTS_MAX];
    size_t sizes[REDIS_ARGUMENTS_MAX];
    char text[REDIS_TEXT_MAX];
};

/* Empties it and adds the command's name. */
void redis_call_begin(struct redis_call *call, const char *name);

/* Adds bytes that stay where they are until the call is sent. */
void redis_call_lend(struct redis_call *call, const char *bytes, size_t size);
void redis_call_text(struct redis_call *call, const char *text);

/* Adds what printf gives: copied. */
void redis_call_format(struct redis_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
