#include "redis_loop.h"

#include "redis_reader.h"

#include <event2/event.h>
#include <hiredis/async.h>
#include <stdlib.h>

struct redis_loop {
    redisAsyncContext *context;
    struct event *readable;
    struct event *writable;
    bool *gone; /* while hiredis writes: tells that it took the connection down meanwhile */
};

static void on_readable(evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    const struct redis_loop *loop = data;
    redis_reader_look(loop->context);
    redisAsyncHandleRead(loop->context);
}

static void on_writable(evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    struct redis_loop *loop = data;
    bool gone = false;
    loop->gone = &gone;
    redisAsyncHandleWrite(loop->context);
    if (!gone) {
        loop->gone = NULL;
    }
}

static void read_on(void *data)
{
    const struct redis_loop *loop = data;
    (void)event_add(loop->readable, NULL);
}

static void read_off(void *data)
{
    const struct redis_loop *loop = data;
    (void)event_del(loop->readable);
}

/* Asked for while hiredis writes, or before it is connected: the socket does not take it yet. */
static void write_on(void *data)
{
    const struct redis_loop *loop = data;
    if (loop->gone || (loop->context->c.flags & REDIS_CONNECTED) == 0) {
        (void)event_add(loop->writable, NULL);
    } else {
        event_active(loop->writable, EV_WRITE, 0);
    }
}

static void write_off(void *data)
{
    const struct redis_loop *loop = data;
    (void)event_del(loop->writable);
}

static void loop_free(struct redis_loop *loop)
{
    if (loop->readable) {
        event_free(loop->readable);
    }
    if (loop->writable) {
        event_free(loop->writable);
    }
    free(loop);
}

static void cleanup(void *data)
{
    struct redis_loop *loop = data;
    if (loop->gone) {
        *loop->gone = true;
    }
    loop_free(loop);
}

bool redis_loop_attach(struct redisAsyncContext *context, struct event_base *base)
{
    struct redis_loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        return false;
    }
    evutil_socket_t fd = context->c.fd;
    loop->context = context;
    loop->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, loop);
    loop->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, loop);
    if (!loop->readable || !loop->writable || event_add(loop->readable, NULL) != 0 ||
        event_add(loop->writable, NULL) != 0) {
        loop_free(loop);
        return false;
    }
    context->ev.data = loop;
    context->ev.addRead = read_on;
    context->ev.delRead = read_off;
    context->ev.addWrite = write_on;
    context->ev.delWrite = write_off;
    context->ev.cleanup = cleanup;
    return true;
}
