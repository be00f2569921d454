#include "redis_call.h"

#include <stdarg.h>

void redis_call_begin(struct redis_call *call, const char *name)
{
    call->count = 0;
    call->used = 0;
    call->too_long = false;
    call->unloaded = false;
    redis_call_text(call, name);
}

void redis_call_lend(struct redis_call *call, const char *bytes, size_t size)
{
    if (call->count == REDIS_ARGUMENTS_MAX) {
        call->too_long = true;
        return;
    }
    call->arguments[call->count] = bytes;
    call->sizes[call->count] = size;
    call->count++;
}

void redis_call_text(struct redis_call *call, const char *text)
{
    redis_call_lend(call, text, strlen(text));
}

void redis_call_format(struct redis_call *call, const char *format, ...)
{
    char *place = call->text + call->used;
    size_t left = sizeof call->text - call->used;
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(place, left, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= left) {
        call->too_long = true;
        return;
    }
    call->used += (size_t)size;
    redis_call_lend(call, place, (size_t)size);
}
