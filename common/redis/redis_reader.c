#include "redis_reader.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>

static const char unasked[] = "a reply that nobody asked for";
static const char too_long[] = "a reply that is too long";

/* hiredis' own, which a new reader comes with. */
static const redisReplyObjectFunctions *own;

/* What is returned NULL for hiredis takes for lack of memory: it gives the connection up. */
static bool may_take(const redisReadTask *task, size_t bytes)
{
    struct redis_asked *asked = task->privdata;
    bool begins = task->parent == NULL;
    asked->taken = begins ? 0 : asked->taken;
    if (begins && asked->sent == asked->answered) {
        asked->fault = unasked;
    } else if (bytes > REDIS_REPLY_MAX - asked->taken) {
        asked->fault = too_long;
    }
    asked->taken += asked->fault ? 0 : bytes;
    return !asked->fault;
}

static void *text_take(const redisReadTask *task, char *text, size_t size)
{
    return may_take(task, size) ? own->createString(task, text, size) : NULL;
}

static void *array_take(const redisReadTask *task, int elements)
{
    size_t share = REDIS_REPLY_MAX / REDIS_ELEMENTS_MAX;
    return may_take(task, elements > 0 ? (size_t)elements * share : 0)
               ? own->createArray(task, elements)
               : NULL;
}

static void *integer_take(const redisReadTask *task, long long value)
{
    return may_take(task, 0) ? own->createInteger(task, value) : NULL;
}

static void *nil_take(const redisReadTask *task)
{
    return may_take(task, 0) ? own->createNil(task) : NULL;
}

static void reply_free(void *reply)
{
    own->freeObject(reply);
}

void redis_reader_guard(struct redisAsyncContext *context, struct redis_asked *asked)
{
    static redisReplyObjectFunctions ours = {
        text_take, array_take, integer_take, nil_take, reply_free};
    own = context->c.reader->fn;
    context->c.reader->fn = &ours;
    context->c.reader->privdata = asked;
    asked->fault = NULL;
}

void redis_reader_look(struct redisAsyncContext *context)
{
    redisReader *reader = context->c.reader;
    struct redis_asked *asked = reader->privdata;
    if (reader->len - reader->pos > REDIS_REPLY_MAX) {
        asked->fault = too_long;
        reader->err = REDIS_ERR_OTHER;
    }
}

const char *redis_reader_fault(const struct redisAsyncContext *context)
{
    const struct redis_asked *asked = context->c.reader->privdata;
    return asked->fault ? asked->fault : context->errstr ? context->errstr : "";
}
