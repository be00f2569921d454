/*
 * What the targets share: the entry libFuzzer calls, and the promise of prescan held against
 * protobuf-c.
 */
#ifndef REDRESS_FUZZ_H
#define REDRESS_FUZZ_H

#include "arena.h"
#include "error.h"
#include "message_limits.h"

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes; returns 0.  What must not happen aborts. */
/* NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(bool held, const char *condition, const char *file, int line)
{
    if (!held) {
        (void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
        abort();
    }
}

/* In every build, unlike assert. */
#define MUST(condition) fuzz_must((condition), #condition, __FILE__, __LINE__)

/* Memory that any message within the limits unpacks in: its bytes, and a share of structs for every
 * field. */
static inline size_t fuzz_budget(const struct prescan_limits *limits)
{
    return limits->size_max + (size_t)limits->fields_max * 1024 + (size_t)64 * 1024;
}

/* NULL when refused; whatever prescan accepts has to unpack within the budget of a new arena. */
static inline ProtobufCMessage *fuzz_unpack(const ProtobufCMessageDescriptor *descriptor,
                                            const struct prescan_limits *limits,
                                            struct arena *arena,
                                            const uint8_t *data,
                                            size_t size)
{
    struct error error = {ERROR_NONE, ""};
    arena_reset(arena);
    ProtobufCMessage *message = prescan_unpack(descriptor, data, size, limits, arena, &error);
    MUST(message ? error.kind == ERROR_NONE : error.kind == ERROR_REJECT);
    return message;
}

#endif
