#include "arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(bytes, size)   ((void)(bytes), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#endif

enum { BLOCK_SIZE = 64 * 1024, STEP = alignof(max_align_t) };

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    size_t limit; /* in whole steps */
    size_t used;  /* by callers, over all blocks, in whole steps */
    struct block *first;
    struct block *current; /* blocks behind it are empty */
    unsigned char *last;   /* what the latest take gave … */
    struct block *last_in; /* … and the block it is in */
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

static size_t step_up(size_t size)
{
    return (size + STEP - 1) & ~(size_t)(STEP - 1);
}

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block->bytes, size);
    }
    return block;
}

struct arena *arena_new(size_t limit)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) {
        return NULL;
    }
    arena->limit = limit > SIZE_MAX / 2 ? SIZE_MAX / 2 : step_up(limit);
    arena->allocator = (ProtobufCAllocator){allocator_take, allocator_free, arena};
    arena->first = block_new(arena->limit < BLOCK_SIZE ? arena->limit : BLOCK_SIZE);
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
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
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

/* A block with room for size bytes: the current one, the next one kept from earlier, or a new one.
 * What is large has one of its own, in front, so that what is left of the current one is not lost.
 */
static struct block *block_with(struct arena *arena, size_t size)
{
    struct block *block = arena->current;
    if (block->size - block->used >= size) {
        return block;
    }
    if (size > BLOCK_SIZE) {
        block = block_new(size);
        if (block) {
            block->next = arena->first;
            arena->first = block;
        }
        return block;
    }
    if (!block->next) {
        block->next = block_new(BLOCK_SIZE);
    }
    arena->current = block->next ? block->next : block;
    return block->next;
}

void *arena_take(struct arena *arena, size_t size)
{
    if (size > arena->limit) {
        return NULL;
    }
    size_t rounded = step_up(size);
    if (arena->limit - arena->used < rounded) {
        return NULL;
    }
    struct block *block = block_with(arena, rounded);
    if (!block) {
        return NULL;
    }
    arena->last = block->bytes + block->used;
    arena->last_in = block;
    block->used += rounded;
    arena->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(arena->last, size);
    return arena->last;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_take(arena, size);
    if (copy && size > 0) {
        memcpy(copy, bytes, size);
    }
    return copy;
}

void arena_shrink(struct arena *arena, void *taken, size_t size)
{
    if (!taken || taken != arena->last) {
        return;
    }
    struct block *block = arena->last_in;
    size_t start = (size_t)(arena->last - block->bytes);
    size_t end = start + step_up(size);
    if (end <= block->used) {
        ASAN_POISON_MEMORY_REGION(arena->last + size, block->used - start - size);
        arena->used -= block->used - end;
        block->used = end;
    }
}

void arena_reset(struct arena *arena)
{
    struct block **link = &arena->first;
    while (*link) {
        struct block *block = *link;
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block->bytes, block->size);
        if (block->size > BLOCK_SIZE) {
            *link = block->next;
            block->next = NULL;
            blocks_free(block);
        } else {
            link = &block->next;
        }
    }
    arena->current = arena->first;
    arena->last = NULL;
    arena->used = 0;
}

void arena_wipe(struct arena *arena)
{
    const struct block *behind = arena->current->next;
    for (struct block *block = arena->first; block != behind; block = block->next) {
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        explicit_bzero(block->bytes, block->size); /* what was shrunk away as well */
    }
    arena_reset(arena);
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

ProtobufCAllocator *arena_allocator(struct arena *arena)
{
    return &arena->allocator;
}
