#include "table.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CHUNK_BYTES = 64 * 1024, /* or one value: what is empty goes back to the kernel by the chunk */
    FIRST_PLACES = 1024,
};

#define DEAD UINT32_MAX /* a removed place of the index that is being left */

/* Maps a hash to place + 1 of an entry; 0: empty.  A place is believed only if the entry has the
 * key. */
struct index {
    uint32_t *places; /* NULL: there is none */
    uint64_t size;    /* a power of two */
};

struct table {
    size_t value_size;
    size_t entry_size;    /* key and value, in multiples of 8 */
    unsigned chunk_shift; /* a chunk has two to the power of it */
    uint32_t chunk_entries;
    uint32_t count;
    uint32_t max_entries;
    uint32_t chunk_count;
    uint32_t chunk_max;
    struct index now;
    struct index before; /* what now takes over from */
    uint64_t taken_over; /* places of before that are done */
    unsigned char **chunks;
};

/* Straight from the kernel: zeroed as it is touched, so that nothing large is cleared at once. */
static void *pages_take(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void index_free(struct index *index)
{
    if (index->places) {
        (void)munmap(index->places, index->size * sizeof *index->places);
    }
    *index = (struct index){0};
}

/* The finaliser of MurmurHash3: case ids differ in few bits. */
static uint64_t hash_of(uint64_t key)
{
    key ^= key >> 33;
    key *= UINT64_C(0xff51afd7ed558ccd);
    key ^= key >> 33;
    key *= UINT64_C(0xc4ceb9fe1a85ec53);
    return key ^ key >> 33;
}

static unsigned char *entry_at(const struct table *table, uint32_t place)
{
    return table->chunks[place >> table->chunk_shift] +
           (place & (table->chunk_entries - 1)) * table->entry_size;
}

static uint64_t key_at(const struct table *table, uint32_t place)
{
    uint64_t key = 0;
    memcpy(&key, entry_at(table, place), sizeof key);
    return key;
}

/* Where in the index key is; NULL when it is not. */
static uint32_t *slot_find(const struct table *table, const struct index *index, uint64_t key)
{
    if (!index->places) {
        return NULL;
    }
    for (uint64_t i = hash_of(key);; i++) {
        uint32_t *slot = &index->places[i & (index->size - 1)];
        if (*slot == 0) {
            return NULL;
        }
        /* What is left behind in before may name a place that is gone or another's. */
        if (*slot != DEAD && *slot - 1 < table->count && key_at(table, *slot - 1) == key) {
            return slot;
        }
    }
}

static uint32_t *slot_find_any(const struct table *table, uint64_t key)
{
    uint32_t *slot = slot_find(table, &table->now, key);
    return slot ? slot : slot_find(table, &table->before, key);
}

static void slot_add(struct index *index, uint64_t key, uint32_t place)
{
    uint64_t i = hash_of(key);
    while (index->places[i & (index->size - 1)] != 0) {
        i++;
    }
    index->places[i & (index->size - 1)] = place + 1;
}

/* Moves back what stands behind, so that no search ends too early (Knuth, volume 3, 6.4 algorithm
 * R). */
static void slot_remove(const struct table *table, const uint32_t *slot)
{
    const struct index *index = &table->now;
    uint64_t mask = index->size - 1;
    uint64_t hole = (uint64_t)(slot - index->places);
    for (uint64_t i = (hole + 1) & mask; index->places[i] != 0; i = (i + 1) & mask) {
        uint64_t home = hash_of(key_at(table, index->places[i] - 1)) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            index->places[hole] = index->places[i];
            hole = i;
        }
    }
    index->places[hole] = 0;
}

/* A little of the way from before to now. */
static void step(struct table *table)
{
    for (unsigned i = 0; table->before.places && i < TABLE_STEP; i++) {
        uint32_t slot = table->before.places[table->taken_over];
        if (slot != 0 && slot != DEAD) {
            slot_add(&table->now, key_at(table, slot - 1), slot - 1);
        }
        table->taken_over++;
        if (table->taken_over == table->before.size) {
            index_free(&table->before);
        }
    }
}

static bool grow(struct table *table)
{
    struct index larger = {.size = table->now.size * 2};
    larger.places = pages_take(larger.size * sizeof *larger.places);
    if (!larger.places) {
        return false;
    }
    /* At TABLE_STEP places an insert, before is done long before now is full. */
    assert(!table->before.places);
    table->before = table->now;
    table->now = larger;
    table->taken_over = 0;
    return true;
}

struct table *table_new(size_t value_size, uint32_t max_entries)
{
    assert(value_size > 0 && max_entries > 0 && max_entries <= INT32_MAX);
    struct table *table = calloc(1, sizeof *table);
    if (!table) {
        return NULL;
    }
    table->value_size = value_size;
    table->entry_size = sizeof(uint64_t) + (value_size + 7) / 8 * 8;
    while (table->entry_size << (table->chunk_shift + 1) <= CHUNK_BYTES) {
        table->chunk_shift++;
    }
    table->chunk_entries = 1U << table->chunk_shift;
    table->max_entries = max_entries;
    table->chunk_max = (max_entries + table->chunk_entries - 1) / table->chunk_entries;
    table->chunks = calloc(table->chunk_max, sizeof *table->chunks);
    table->now.size = FIRST_PLACES;
    table->now.places = pages_take(FIRST_PLACES * sizeof *table->now.places);
    if (!table->chunks || !table->now.places) {
        table_free(&table);
    }
    return table;
}

static void chunk_drop(struct table *table)
{
    table->chunk_count--;
    (void)munmap(table->chunks[table->chunk_count], table->chunk_entries * table->entry_size);
}

void table_free(struct table **table_p)
{
    struct table *table = *table_p;
    if (!table) {
        return;
    }
    while (table->chunk_count > 0) {
        chunk_drop(table);
    }
    index_free(&table->now);
    index_free(&table->before);
    free(table->chunks);
    free(table);
    *table_p = NULL;
}

void *table_find(const struct table *table, uint64_t key)
{
    assert(key != 0);
    const uint32_t *slot = slot_find_any(table, key);
    return slot ? entry_at(table, *slot - 1) + sizeof key : NULL;
}

/* Room for one more: an entry in a chunk and a place in the index. */
static bool room_make(struct table *table)
{
    if (table->count == table->max_entries) {
        return false;
    }
    if (table->count >> table->chunk_shift == table->chunk_count) {
        unsigned char *chunk = pages_take(table->chunk_entries * table->entry_size);
        if (!chunk) {
            return false;
        }
        table->chunks[table->chunk_count++] = chunk;
    }
    return table->count < table->now.size / 4 * 3 || grow(table);
}

void *table_insert(struct table *table, uint64_t key, bool *fresh)
{
    void *value = table_find(table, key);
    if (fresh) {
        *fresh = !value;
    }
    if (value) {
        return value;
    }
    if (!room_make(table)) {
        return NULL;
    }
    uint32_t place = table->count++;
    unsigned char *entry = entry_at(table, place);
    memcpy(entry, &key, sizeof key);
    memset(entry + sizeof key, 0, table->entry_size - sizeof key);
    slot_add(&table->now, key, place);
    step(table);
    return entry + sizeof key;
}

bool table_remove(struct table *table, uint64_t key)
{
    assert(key != 0);
    uint32_t *slot = slot_find_any(table, key);
    if (!slot) {
        return false;
    }
    uint32_t place = *slot - 1;
    uint32_t last = table->count - 1;
    if (slot >= table->now.places && slot < table->now.places + table->now.size) {
        slot_remove(table, slot);
    } else {
        *slot = DEAD;
    }
    if (place != last) { /* the last entry fills the hole */
        *slot_find_any(table, key_at(table, last)) = place + 1;
        memcpy(entry_at(table, place), entry_at(table, last), table->entry_size);
    }
    table->count--;
    if ((uint64_t)table->count + UINT64_C(2) * table->chunk_entries <=
        (uint64_t)table->chunk_count * table->chunk_entries) {
        chunk_drop(table);
    }
    step(table);
    return true;
}

uint32_t table_count(const struct table *table)
{
    return table->count;
}

void *table_next(const struct table *table, uint32_t *at, uint64_t *key)
{
    if (*at >= table->count) {
        return NULL;
    }
    unsigned char *entry = entry_at(table, (*at)++);
    memcpy(key, entry, sizeof *key);
    return entry + sizeof *key;
}

size_t table_bytes(const struct table *table)
{
    return sizeof *table + table->chunk_max * sizeof *table->chunks +
           (size_t)table->chunk_count * table->chunk_entries * table->entry_size +
           (table->now.size + table->before.size) * sizeof *table->now.places;
}
