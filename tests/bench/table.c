/*
 * What it costs to grow a table to 1,000,000 states of 200 bytes: the mean, the worst single
 * insert, and a lookup.
 * In processor time of the thread, so that a busy machine does not count; reading that clock is
 * part of each insert.
 */
#include "table.h"

#include <inttypes.h>

enum { COUNT = 1000000, SLOWEST = 5 };

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t key_of(uint64_t i)
{
    return (i % 64) << 40 | (i / 64 + 1);
}

int main(void)
{
    struct table *table = table_new(200, COUNT);
    int64_t slowest_ns[SLOWEST + 1] = {0};
    uint64_t over_100_us = 0;
    bool good = table != NULL;
    int64_t from_ns = now_ns();
    int64_t last_ns = from_ns;
    for (uint64_t i = 0; good && i < COUNT; i++) {
        good = table_insert(table, key_of(i), NULL) != NULL;
        int64_t at_ns = now_ns();
        size_t place = SLOWEST;
        for (; place > 0 && slowest_ns[place - 1] < at_ns - last_ns; place--) {
            slowest_ns[place] = slowest_ns[place - 1];
        }
        slowest_ns[place] = at_ns - last_ns;
        over_100_us += at_ns - last_ns > 100000;
        last_ns = at_ns;
    }
    (void)printf("insert                   %6.3f us\n", (double)(last_ns - from_ns) / COUNT / 1000);
    for (size_t i = 0; i < SLOWEST; i++) {
        (void)printf("slowest insert %zu       %8.1f us\n", i + 1, (double)slowest_ns[i] / 1000);
    }
    (void)printf("inserts over 100 us      %6" PRIu64 "\n", over_100_us);
    from_ns = now_ns();
    for (uint64_t i = 0; good && i < COUNT; i++) {
        good = table_find(table, key_of(i * 7919 % COUNT)) != NULL;
    }
    (void)printf("find                     %6.3f us\n",
                 (double)(now_ns() - from_ns) / COUNT / 1000);
    if (good) {
        (void)printf("memory an entry          %6.1f bytes\n", (double)table_bytes(table) / COUNT);
    }
    table_free(&table);
    return good ? 0 : 1;
}
