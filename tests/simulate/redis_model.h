/*
 * The server's side of common/redis/projection.lua: what the script does to Redis, said once more
 * in C.
 *
 * The simulator runs the real projection against it; tests/unit/redis_model.c keeps it honest: the
 * same random calls to it and to a real Redis with the real script, the same answers, the same
 * keys. Old shares are cleaned a slice of entries a call, in an order of its own.
 */
#ifndef REDRESS_REDIS_MODEL_H
#define REDRESS_REDIS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;
struct redis_model;

/* Ways to be wrong, for mutants; 0: none. */
enum redis_model_flaw {
    REDIS_MODEL_FLUSH_KEEPS_GENERATION = 1 << 0,
    REDIS_MODEL_WATERMARK_IGNORED = 1 << 1, /* it only rises; changes always go in */
    REDIS_MODEL_LEASES_FOREVER = 1 << 2,

};

struct redis_model_settings {
    void *(*take)(size_t size);   /* cleared memory for answers; not freed here */
    uint64_t (*chance)(uint64_t); /* below … */
    uint32_t slice;               /* entries of an old share cleaned in one call; 0: all */
    unsigned flaws;
};

/* Aborts without memory. */
struct redis_model *redis_model_new(const struct redis_model_settings *settings);
void redis_model_free(struct redis_model **model_p);

/* FLUSHALL. */
void redis_model_flush(struct redis_model *model);
/* to becomes as from is: a snapshot, or the return to one. */
void redis_model_copy(struct redis_model *to, const struct redis_model *from);

/*
 * One run of the script; arguments[0] is the prefix, [1] the verb.  The answer is of the memory
 * settings.take gave.
 */
struct redisReply *redis_model_call(struct redis_model *model,
                                    const char *const *arguments,
                                    const size_t *sizes,
                                    size_t count,
                                    int64_t now_ms);

/* A share is being built for some stream. */
bool redis_model_is_building(const struct redis_model *model);
/* Cases of the partition on lease. */
uint32_t redis_model_leases(const struct redis_model *model, uint32_t partition);

/* Every key without its prefix, a line for each thing in it: key, member or field, value. */
typedef void redis_model_line_fn(void *self, const char *line);
void redis_model_dump(const struct redis_model *model, redis_model_line_fn *fn, void *self);

#endif
