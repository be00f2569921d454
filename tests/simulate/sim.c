#include "sim.h"

#include <assert.h>
#include <stdarg.h>

struct happening {
    int64_t at_us;
    uint64_t tie; /* random, so that equal times are tried in every order */
    struct actor *actor;
    uint32_t incarnation;
    sim_act *act;
    void *self, *thing;
    struct happening *next;
};

struct block {
    struct block *before;
    size_t used;
    _Alignas(16) uint8_t bytes[1 << 18];
};

struct sim sim;
static struct happening **heap;
static size_t heap_count, heap_capacity;
static struct block *blocks, *spare; /* spare: cleared, of an earlier run */

uint64_t sim_random(uint64_t below)
{
    sim.random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */
    uint64_t bits = sim.random;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ULL;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebULL;
    bits ^= bits >> 31;
    return below ? bits % below : bits;
}

bool sim_per_mille(unsigned chance)
{
    return sim_random(1000) < chance;
}

bool sim_fault(enum fault fault, unsigned per_mille)
{
    return (sim.faults >> fault & 1U) != 0 && sim_per_mille(per_mille * sim.intensity / 2);
}

void *sim_new(size_t size)
{
    size = (size + 15) & ~(size_t)15;
    assert(size <= sizeof blocks->bytes);
    if (!blocks || blocks->used + size > sizeof blocks->bytes) {
        struct block *block = spare ? spare : calloc(1, sizeof *block);
        assert(block);
        spare = spare ? spare->before : NULL;
        block->before = blocks;
        blocks = block;
    }
    void *memory = blocks->bytes + blocks->used;
    blocks->used += size;
    return memory;
}

void sim_begin(uint64_t seed, enum mutant mutant, bool tracing)
{
    sim = (struct sim){.random = seed, .seed = seed, .mutant = mutant, .tracing = tracing};
    sim.trace = 0xcbf29ce484222325ULL;
    sim.faults = (unsigned)(sim_random(0) & sim_random(0)) |
                 (unsigned)(sim_random(0) % 4 == 0 ? sim_random(0) : 0);
    sim.faults &= (1U << FAULT_COUNT) - 1;
    sim.allowed = sim.faults;
    sim.intensity = 1 + (unsigned)sim_random(4);
}

void sim_end(void)
{
    while (blocks) {
        struct block *block = blocks;
        blocks = block->before;
        memset(block->bytes, 0, block->used);
        block->used = 0;
        block->before = spare;
        spare = block;
    }
    free(heap);
    heap = NULL;
    heap_count = heap_capacity = 0;
}

static bool earlier(const struct happening *a, const struct happening *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->tie < b->tie;
}

static void swap(size_t i, size_t j)
{
    struct happening *kept = heap[i];
    heap[i] = heap[j];
    heap[j] = kept;
}

void sim_later(struct actor *actor, int64_t delay_us, sim_act *act, void *self, void *thing)
{
    if (heap_count == heap_capacity) {
        heap_capacity = heap_capacity ? 2 * heap_capacity : 1024;
        heap = realloc(heap, heap_capacity * sizeof *heap);
        assert(heap);
    }
    struct happening *happening = sim_new(sizeof *happening);
    *happening = (struct happening){.at_us = sim.now_us + delay_us,
                                    .tie = sim_random(0),
                                    .actor = actor,
                                    .incarnation = actor ? actor->incarnation : 0,
                                    .act = act,
                                    .self = self,
                                    .thing = thing};
    size_t i = heap_count++;
    heap[i] = happening;
    for (; i > 0 && earlier(heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(i, (i - 1) / 2);
    }
}

static struct happening *heap_pop(void)
{
    struct happening *first = heap[0];
    heap[0] = heap[--heap_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap_count; child++) {
            least = earlier(heap[child], heap[least]) ? child : least;
        }
        if (least == i) {
            return first;
        }
        swap(i, least);
        i = least;
    }
}

static void happen(struct happening *happening)
{
    struct actor *actor = happening->actor;
    if (actor && (!actor->alive || actor->incarnation != happening->incarnation)) {
        return;
    }
    if (actor && actor->paused) {
        happening->next = NULL;
        *(actor->kept ? &actor->kept_last->next : &actor->kept) = happening;
        actor->kept_last = happening;
        return;
    }
    happening->act(happening->self, happening->thing);
}

void sim_run(int64_t until_us)
{
    while (heap_count > 0 && heap[0]->at_us <= until_us && !sim.failed) {
        struct happening *happening = heap_pop();
        assert(happening->at_us >= sim.now_us);
        sim.now_us = happening->at_us;
        sim.trace = (sim.trace ^ (uint64_t)sim.now_us ^ happening->tie) * 0x100000001b3ULL;
        happen(happening);
    }
}

void actor_pause(struct actor *actor)
{
    actor->paused = true;
}

void actor_resume(struct actor *actor)
{
    actor->paused = false;
    struct happening *kept = actor->kept;
    actor->kept = NULL;
    while (kept && !actor->paused) {
        struct happening *next = kept->next;
        happen(kept);
        kept = next;
    }
}

void sim_reach(enum sometimes sometimes)
{
    sim.reached[sometimes]++;
}

void sim_fail(const char *format, ...)
{
    if (sim.failed) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sim.failure, sizeof sim.failure, format, arguments);
    va_end(arguments);
    sim.failed = true;
    sim_note("FAILED %s", sim.failure);
}

void sim_note(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (const char *c = line; *c; c++) {
        sim.trace = (sim.trace ^ (uint8_t)*c) * 0x100000001b3ULL;
    }
    if (sim.tracing) {
        (void)printf("%10.6f %s\n", (double)sim.now_us / SECOND, line);
    }
}
