#include "case_cache.h"

#include "event.h"
#include "table.h"

#include <assert.h>
#include <stdlib.h>

enum {
    PARTITION_CASES_MAX = 1 << 20,
    LOOKS_MAX = 16384, /* of one trimming: a fraction of a millisecond */
};

/* Before each value. */
struct mark {
    uint64_t used; /* found since the hand last passed */
};

struct case_cache {
    size_t value_size;
    uint32_t max;
    uint32_t count;
    uint32_t hand_partition, hand_at;
    struct table *tables[PARTITION_MAX]; /* by partition, so that one can be dropped at once */
};

struct case_cache *case_cache_new(size_t value_size, uint32_t max)
{
    assert(value_size > 0 && max > 0);
    struct case_cache *cache = calloc(1, sizeof *cache);
    if (cache) {
        cache->value_size = value_size;
        cache->max = max;
    }
    return cache;
}

void case_cache_free(struct case_cache **cache_p)
{
    for (uint32_t p = 0; *cache_p && p < PARTITION_MAX; p++) {
        table_free(&(*cache_p)->tables[p]);
    }
    free(*cache_p);
    *cache_p = NULL;
}

void *case_cache_find(struct case_cache *cache, uint64_t case_id)
{
    uint32_t partition = case_partition(case_id);
    if (case_id == 0 || partition >= PARTITION_MAX || !cache->tables[partition]) {
        return NULL;
    }
    struct mark *mark = table_find(cache->tables[partition], case_id);
    if (!mark) {
        return NULL;
    }
    mark->used = true;
    return mark + 1;
}

void *case_cache_insert(struct case_cache *cache, uint64_t case_id, bool *fresh)
{
    uint32_t partition = case_partition(case_id);
    if (case_id == 0 || partition >= PARTITION_MAX) {
        return NULL;
    }
    struct table **table = &cache->tables[partition];
    if (!*table) {
        *table = table_new(sizeof(struct mark) + cache->value_size, PARTITION_CASES_MAX);
    }
    bool made = false;
    struct mark *mark = *table ? table_insert(*table, case_id, &made) : NULL;
    if (!mark) {
        return NULL;
    }
    cache->count += made;
    mark->used = true;
    if (fresh) {
        *fresh = made;
    }
    return mark + 1;
}

void case_cache_remove(struct case_cache *cache, uint64_t case_id)
{
    uint32_t partition = case_partition(case_id);
    if (case_id != 0 && partition < PARTITION_MAX && cache->tables[partition]) {
        cache->count -= table_remove(cache->tables[partition], case_id);
    }
}

void case_cache_forget(struct case_cache *cache, uint32_t partition)
{
    if (partition < PARTITION_MAX && cache->tables[partition]) {
        cache->count -= table_count(cache->tables[partition]);
        table_free(&cache->tables[partition]);
    }
}

void case_cache_trim(struct case_cache *cache)
{
    for (unsigned i = 0; i < LOOKS_MAX && cache->count > cache->max; i++) {
        struct table *table = cache->tables[cache->hand_partition];
        uint64_t case_id;
        struct mark *mark = table ? table_next(table, &cache->hand_at, &case_id) : NULL;
        if (!mark) {
            cache->hand_partition = (cache->hand_partition + 1) % PARTITION_MAX;
            cache->hand_at = 0;
        } else if (mark->used) {
            mark->used = false;
        } else {
            cache->count -= table_remove(table, case_id);
            cache->hand_at--; /* the last one is there now */
        }
    }
}

uint32_t case_cache_count(const struct case_cache *cache)
{
    return cache->count;
}
