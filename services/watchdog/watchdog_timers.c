#include "watchdog_timers.h"

#include "clock.h"
#include "heap.h"
#include "watchdog_store.h"

#include <inttypes.h>

enum { READS_MAX = 2 }; /* slices under way: the server reads one while we take in the other */

/* One partition of ours. */
struct share {
    struct heap *heap; /* NULL: not ours */
    uint64_t life;     /* which ownership: a read of an earlier one is stale */
    uint64_t after;    /* read up to this case */
    bool unread;
    bool busy; /* a slice of this ownership is under way */
};

struct timers {
    struct share shares[PARTITION_MAX];
    uint64_t lives;
    uint32_t end; /* no partition of ours from here on */
    uint32_t unread;
    int64_t began_us, ended_us; /* monotonic: of reading all that is unread */
    uint32_t turn;              /* partitions are read in turn */
    unsigned reads;             /* under way */
    uint64_t unknown;           /* cases with a due instant that cannot be computed */
    uint64_t unknown_case;      /* one of them */
    bool asking_unknown;
    bool failed;
};

/* A slice under way. */
struct timers_slice {
    struct timers *timers;
    struct pg *reader;
    uint64_t life;
    uint32_t partition;
};

struct timers *timers_new(void)
{
    return calloc(1, sizeof(struct timers));
}

void timers_free(struct timers **timers_p)
{
    for (uint32_t p = 0; *timers_p && p < PARTITION_MAX; p++) {
        heap_free(&(*timers_p)->shares[p].heap);
    }
    free(*timers_p);
    *timers_p = NULL;
}

static void share_read(struct timers *timers, struct share *share)
{
    timers->unread -= share->unread;
    share->unread = false;
}

bool timers_own(struct timers *timers, uint32_t partition)
{
    timers_forget(timers, partition);
    struct share *share = &timers->shares[partition];
    *share = (struct share){.heap = heap_new(),
                            .life = ++timers->lives,
                            .after = case_id_make(partition, 0),
                            .unread = true};
    if (timers->unread++ == 0) {
        timers->began_us = clock_monotonic_us();
    }
    timers->end = partition < timers->end ? timers->end : partition + 1;
    return share->heap != NULL;
}

void timers_forget(struct timers *timers, uint32_t partition)
{
    struct share *share = &timers->shares[partition];
    share_read(timers, share);
    heap_free(&share->heap);
    share->life = 0;
}

static struct heap *heap_of(const struct timers *timers, uint64_t case_id)
{
    uint32_t partition = case_partition(case_id);
    return partition < PARTITION_MAX ? timers->shares[partition].heap : NULL;
}

bool timers_set(struct timers *timers, uint64_t case_id, int64_t due_us)
{
    struct heap *heap = heap_of(timers, case_id);
    return !heap || heap_set(heap, case_id, due_us);
}

int64_t timers_due_us(const struct timers *timers, uint64_t case_id)
{
    const struct heap *heap = heap_of(timers, case_id);
    return heap ? heap_due_us(heap, case_id) : INT64_MAX;
}

/* The partition whose earliest timer is the earliest of all; NULL: there is no timer. */
static struct heap *earliest(const struct timers *timers, int64_t *due_us)
{
    struct heap *best = NULL;
    *due_us = INT64_MAX;
    for (uint32_t p = 0; p < timers->end; p++) {
        uint64_t case_id;
        int64_t at_us;
        struct heap *heap = timers->shares[p].heap;
        if (heap && heap_peek(heap, &case_id, &at_us) && at_us < *due_us) {
            best = heap;
            *due_us = at_us;
        }
    }
    return best;
}

int64_t timers_next_us(const struct timers *timers)
{
    int64_t due_us;
    (void)earliest(timers, &due_us);
    return due_us;
}

bool timers_pop(struct timers *timers, int64_t now_us, uint64_t *case_id, int64_t *due_us)
{
    struct heap *heap = earliest(timers, due_us);
    return heap && heap_pop_due(heap, now_us, case_id, due_us);
}

/* Only what is not here already: what is here is as new as the case. */
static void rows_take(struct timers *timers, struct share *share, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        share->after = watchdog_timer_case(rows, row);
        if (heap_due_us(share->heap, share->after) == INT64_MAX &&
            !heap_set(share->heap, share->after, watchdog_timer_wake_us(rows, row))) {
            timers->failed = true;
        }
    }
    if (PQntuples(rows) < TIMERS_SLICE) {
        share_read(timers, share);
        timers->ended_us = clock_monotonic_us();
    }
}

static void slice_answered(void *context, const struct pg_answer *answer)
{
    struct timers_slice *slice = context;
    struct timers *timers = slice->timers;
    struct share *share = &timers->shares[slice->partition];
    bool current = share->life == slice->life;
    timers->reads--;
    share->busy = share->busy && !current;
    if (answer->status == PG_OK) {
        if (current) {
            rows_take(timers, share, answer->results[0]);
        }
        timers_read(timers, slice->reader);
    }
    free(slice);
}

/* In turn, so that no partition waits for all of another.  NULL: nothing to begin. */
static struct share *next_share(struct timers *timers, uint32_t *partition)
{
    for (uint32_t i = 0; timers->reads < READS_MAX && i < timers->end; i++) {
        timers->turn = (timers->turn + 1) % timers->end;
        struct share *share = &timers->shares[timers->turn];
        if (share->unread && !share->busy) {
            *partition = timers->turn;
            return share;
        }
    }
    return NULL;
}

static bool slice_send(struct timers *timers, struct share *share, struct timers_slice *slice)
{
    struct error error = {0};
    struct pg *reader = slice->reader;
    slice->life = share->life;
    pg_begin(reader);
    pg_call(reader, "watchdog_timers");
    pg_bind_int8(reader, (int64_t)share->after);
    pg_bind_int8(reader, (int64_t)case_id_make(slice->partition + 1, 0) - 1);
    pg_bind_int4(reader, TIMERS_SLICE);
    share->busy = pg_send(reader, slice_answered, slice, &error);
    timers->reads += share->busy;
    return share->busy;
}

void timers_read(struct timers *timers, struct pg *reader)
{
    uint32_t partition = 0;
    struct share *share = NULL;
    while (pg_current_state(reader) == PG_READY &&
           (share = next_share(timers, &partition)) != NULL) {
        struct timers_slice *slice = malloc(sizeof *slice);
        if (!slice) {
            return; /* begun anew with the next call */
        }
        *slice = (struct timers_slice){.timers = timers, .reader = reader, .partition = partition};
        if (!slice_send(timers, share, slice)) {
            free(slice);
            return;
        }
    }
}

uint32_t timers_unread(const struct timers *timers)
{
    return timers->unread;
}

int64_t timers_took_us(const struct timers *timers)
{
    return timers->ended_us - timers->began_us;
}

bool timers_failed(const struct timers *timers)
{
    return timers->failed;
}

static void unknown_answered(void *context, const struct pg_answer *answer)
{
    struct timers *timers = context;
    timers->asking_unknown = false;
    if (answer->status == PG_OK) {
        timers->unknown = (uint64_t)pg_int8(answer->results[0], 0, 0);
        timers->unknown_case =
            timers->unknown > 0 ? (uint64_t)pg_int8(answer->results[0], 0, 1) : 0;
    }
}

bool timers_all_known(struct timers *timers, struct pg *reader, char *detail, size_t size)
{
    struct error error = {0};
    (void)snprintf(detail,
                   size,
                   "no due instant can be computed for %" PRIu64 " cases, one is %" PRIu64
                   ": their calendars end too soon",
                   timers->unknown,
                   timers->unknown_case);
    if (!timers->asking_unknown && pg_current_state(reader) == PG_READY) {
        pg_begin(reader);
        pg_call(reader, "watchdog_unknown");
        timers->asking_unknown = pg_send(reader, unknown_answered, timers, &error);
    }
    return timers->unknown == 0;
}

size_t timers_count(const struct timers *timers)
{
    size_t count = 0;
    for (uint32_t p = 0; p < PARTITION_MAX; p++) {
        count += timers->shares[p].heap ? heap_count(timers->shares[p].heap) : 0;
    }
    return count;
}
