#include "heap.h"

#include <stdlib.h>

enum {
    CHILDREN = 4, /* one cache line holds all four */
    ENTRIES_FIRST = 64,
    SLOTS_PER_ENTRY = 2, /* at least: the table is never more than half full */
    SLOT_BITS_FIRST = 7,
    SLOT_FREE = 0, /* else place + 1 */
    HASH_BITS = 64,
};

struct entry {
    int64_t due_us;
    uint64_t case_id;
};

/* entries is the heap; slots finds a case's place in it by open addressing. */
struct heap {
    struct entry *entries;
    uint32_t *slots;
    uint32_t count;
    uint32_t capacity;
    uint32_t slot_bits;
};

struct heap *heap_new(void)
{
    struct heap *heap = calloc(1, sizeof *heap);
    if (!heap) {
        return NULL;
    }
    heap->capacity = ENTRIES_FIRST;
    heap->slot_bits = SLOT_BITS_FIRST;
    heap->entries = malloc(ENTRIES_FIRST * sizeof *heap->entries);
    heap->slots = calloc((size_t)1 << SLOT_BITS_FIRST, sizeof *heap->slots);
    if (!heap->entries || !heap->slots) {
        heap_free(&heap);
    }
    return heap;
}

void heap_free(struct heap **heap_p)
{
    if (*heap_p) {
        free((*heap_p)->entries);
        free((*heap_p)->slots);
        free(*heap_p);
        *heap_p = NULL;
    }
}

/* ---- where a case is ---------------------------------------------------------------------- */

static uint32_t slot_mask(const struct heap *heap)
{
    return (uint32_t)(((uint64_t)1 << heap->slot_bits) - 1);
}

static uint32_t slot_first(const struct heap *heap, uint64_t case_id)
{
    return (uint32_t)((case_id * UINT64_C(0x9e3779b97f4a7c15)) >> (HASH_BITS - heap->slot_bits));
}

/* The slot of the case, or the free one where it would stand. */
static uint32_t slot_find(const struct heap *heap, uint64_t case_id)
{
    uint32_t slot = slot_first(heap, case_id);
    while (heap->slots[slot] != SLOT_FREE &&
           heap->entries[heap->slots[slot] - 1].case_id != case_id) {
        slot = (slot + 1) & slot_mask(heap);
    }
    return slot;
}

/* Frees a slot and closes the gap, so that no search stops short. */
static void slot_clear(struct heap *heap, uint32_t slot)
{
    uint32_t mask = slot_mask(heap);
    uint32_t next = slot;
    heap->slots[slot] = SLOT_FREE;
    for (;;) {
        next = (next + 1) & mask;
        if (heap->slots[next] == SLOT_FREE) {
            return;
        }
        uint32_t home = slot_first(heap, heap->entries[heap->slots[next] - 1].case_id);
        if (((next - home) & mask) >= ((next - slot) & mask)) {
            heap->slots[slot] = heap->slots[next];
            heap->slots[next] = SLOT_FREE;
            slot = next;
        }
    }
}

/* ---- the heap ----------------------------------------------------------------------------- */

static void move(struct heap *heap, uint32_t place, struct entry entry)
{
    heap->slots[slot_find(heap, entry.case_id)] = place + 1;
    heap->entries[place] = entry;
}

/*
 * Finds the entry's place from a hole at place, moving others.  Its slot is handed in: while others
 * move into the hole, it cannot be found by looking.
 */
static void settle(struct heap *heap, uint32_t place, struct entry entry, uint32_t slot)
{
    while (place > 0 && entry.due_us < heap->entries[(place - 1) / CHILDREN].due_us) {
        uint32_t parent = (place - 1) / CHILDREN;
        move(heap, place, heap->entries[parent]);
        place = parent;
    }
    for (;;) {
        uint64_t child = (uint64_t)place * CHILDREN + 1;
        uint32_t best = place;
        int64_t best_us = entry.due_us;
        for (uint64_t i = child; i < child + CHILDREN && i < heap->count; i++) {
            if (heap->entries[i].due_us < best_us) {
                best_us = heap->entries[i].due_us;
                best = (uint32_t)i;
            }
        }
        if (best == place) {
            break;
        }
        move(heap, place, heap->entries[best]);
        place = best;
    }
    heap->slots[slot] = place + 1;
    heap->entries[place] = entry;
}

static bool entries_grow(struct heap *heap)
{
    if (heap->count < heap->capacity) {
        return true;
    }
    /* By half, not by two: what is held for nothing stays below 8 bytes an entry. */
    uint32_t capacity = heap->capacity + heap->capacity / 2;
    struct entry *entries = realloc(heap->entries, capacity * sizeof *entries);
    if (!entries) {
        return false;
    }
    heap->entries = entries;
    heap->capacity = capacity;
    return true;
}

static bool slots_grow(struct heap *heap)
{
    if ((uint64_t)(heap->count + 1) * SLOTS_PER_ENTRY <= (uint64_t)1 << heap->slot_bits) {
        return true;
    }
    uint32_t *slots = calloc((size_t)1 << (heap->slot_bits + 1), sizeof *slots);
    if (!slots) {
        return false;
    }
    free(heap->slots);
    heap->slots = slots;
    heap->slot_bits++;
    for (uint32_t i = 0; i < heap->count; i++) {
        heap->slots[slot_find(heap, heap->entries[i].case_id)] = i + 1;
    }
    return true;
}

static void take_out(struct heap *heap, uint32_t slot)
{
    uint32_t place = heap->slots[slot] - 1;
    slot_clear(heap, slot);
    heap->count--;
    if (place < heap->count) {
        struct entry last = heap->entries[heap->count];
        settle(heap, place, last, slot_find(heap, last.case_id));
    }
}

bool heap_set(struct heap *heap, uint64_t case_id, int64_t due_us)
{
    uint32_t slot = slot_find(heap, case_id);
    bool there = heap->slots[slot] != SLOT_FREE;
    if (due_us == INT64_MAX) {
        if (there) {
            take_out(heap, slot);
        }
        return true;
    }
    const struct entry entry = {due_us, case_id};
    if (there) {
        settle(heap, heap->slots[slot] - 1, entry, slot);
        return true;
    }
    if (heap->count >= HEAP_ENTRIES_MAX || !entries_grow(heap) || !slots_grow(heap)) {
        return false;
    }
    uint32_t place = heap->count++;
    heap->entries[place] = entry;
    slot = slot_find(heap, case_id); /* the table may have grown */
    heap->slots[slot] = place + 1;
    settle(heap, place, entry, slot);
    return true;
}

bool heap_peek(const struct heap *heap, uint64_t *case_id, int64_t *due_us)
{
    if (heap->count == 0) {
        return false;
    }
    *case_id = heap->entries[0].case_id;
    *due_us = heap->entries[0].due_us;
    return true;
}

bool heap_pop_due(struct heap *heap, int64_t now_us, uint64_t *case_id, int64_t *due_us)
{
    if (!heap_peek(heap, case_id, due_us) || *due_us > now_us) {
        return false;
    }
    take_out(heap, slot_find(heap, *case_id));
    return true;
}

int64_t heap_due_us(const struct heap *heap, uint64_t case_id)
{
    uint32_t place = heap->slots[slot_find(heap, case_id)];
    return place == SLOT_FREE ? INT64_MAX : heap->entries[place - 1].due_us;
}

size_t heap_count(const struct heap *heap)
{
    return heap->count;
}

size_t heap_bytes(const struct heap *heap)
{
    return sizeof *heap + heap->capacity * sizeof *heap->entries +
           (sizeof *heap->slots << heap->slot_bits);
}
