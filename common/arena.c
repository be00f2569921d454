#include "arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum { BLOCK_SIZE = 256 * 1024 };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    size_t limit;
    size_t used;          /* by callers, over all blocks */
    struct block *first;
    struct block *current;
    ProtobufCAllocator allocator;
};

static void *allocator_take(void *self, size_t size)
{
    return arena_take(self, size);
}

static void allocator_free(void *self, void *pointer)
{
    (void)self;
    (void)pointer;
}

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

struct arena *arena_new(size_t limit)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) {
        return NULL;
    }
    arena->limit = limit;
    arena->allocator = (ProtobufCAllocator){allocator_take, allocator_free, arena};
    arena->first = block_new(limit < BLOCK_SIZE ? limit + 64 : BLOCK_SIZE);
    arena->current = arena->first;
    if (!arena->first) {
        arena_free(&arena);
    }
    return arena;
}

static void blocks_free(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena **arena_p)
{
    if (*arena_p) {
        blocks_free((*arena_p)->first);
        free(*arena_p);
        *arena_p = NULL;
    }
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > arena->limit || arena->limit - size < arena->used) {
        return NULL;
    }
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = arena->current;
    if (block->size - block->used < rounded) {
        block = block_new(rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
        if (!block) {
            return NULL;
        }
        arena->current->next = block;
        arena->current = block;
    }
    void *taken = block->bytes + block->used;
    block->used += rounded;
    arena->used += size;
    return taken;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_take(arena, size);
    if (copy && size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

void arena_reset(struct arena *arena)
{
    blocks_free(arena->first->next);
    arena->first->next = NULL;
    arena->first->used = 0;
    arena->current = arena->first;
    arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
