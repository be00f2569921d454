/*
 * Goal: the earliest case comes first, whatever was set, moved and taken out; and a million open
 * cases stay small.  Method: random work with few and many equal instants against a plain table
 * searched from end to end; then a million entries, measured.  Guards law 7 (nothing due is
 * overlooked) and law 9 (memory).  A failure prints its seed.
 */
#include "heap.h"

#include "roll.h"
#include "unit.h"

enum { CASES = 200, STEPS = 4000, SEEDS = 30, MANY = 1000000, BYTES_EACH_MAX = 40 };

static uint64_t roll_state;

static uint32_t roll(uint32_t sides)
{
    return roll_next(&roll_state, sides);
}

/* Ids as they are: partition << 40 | serial. */
static uint64_t id_of(uint32_t i)
{
    return (uint64_t)(i % 64) << 40 | (i / 64 + 1);
}

static int64_t earliest(const int64_t *table, uint32_t *count)
{
    int64_t due_us = INT64_MAX;
    *count = 0;
    for (uint32_t i = 0; i < CASES; i++) {
        due_us = table[i] < due_us ? table[i] : due_us;
        *count += table[i] != INT64_MAX;
    }
    return due_us;
}

static uint32_t index_of(uint64_t case_id)
{
    return (uint32_t)((case_id & 0xffffffff) - 1) * 64 + (uint32_t)(case_id >> 40);
}

static void play(uint64_t seed)
{
    int64_t table[CASES];
    struct heap *heap = heap_new();
    assert_non_null(heap);
    roll_state = seed;
    for (uint32_t i = 0; i < CASES; i++) {
        table[i] = INT64_MAX;
    }
    uint32_t span = seed % 3 == 0 ? 5 : 100000;
    for (int step = 0; step < STEPS; step++) {
        uint32_t i = roll(CASES);
        uint64_t case_id = 0;
        int64_t due_us = 0;
        uint32_t count = 0;
        if (roll(4) != 0) {
            table[i] = roll(4) == 0 ? INT64_MAX : (int64_t)roll(span) - 3;
            assert_true(heap_set(heap, id_of(i), table[i]));
        } else {
            int64_t now_us = roll(span);
            bool due = earliest(table, &count) <= now_us;
            if (heap_pop_due(heap, now_us, &case_id, &due_us) != due) {
                fail_msg("seed %llu, step %d: due or not", (unsigned long long)seed, step);
            }
            if (due) {
                assert_int_equal(due_us, earliest(table, &count));
                assert_int_equal(table[index_of(case_id)], due_us);
                table[index_of(case_id)] = INT64_MAX;
            }
        }
        int64_t first_us = earliest(table, &count);
        if (heap_count(heap) != count ||
            heap_peek(heap, &case_id, &due_us) != (first_us != INT64_MAX) ||
            (first_us != INT64_MAX && due_us != first_us) ||
            heap_due_us(heap, id_of(i)) != table[i]) {
            fail_msg("seed %llu, step %d: not the earliest", (unsigned long long)seed, step);
        }
    }
    heap_free(&heap);
    assert_null(heap);
}

static void the_earliest_comes_first_whatever_was_moved(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        play(seed);
    }
}

static void an_empty_heap_has_nothing_due(void **state)
{
    (void)state;
    struct heap *heap = heap_new();
    uint64_t case_id = 0;
    int64_t due_us = 0;
    assert_false(heap_peek(heap, &case_id, &due_us));
    assert_false(heap_pop_due(heap, INT64_MAX, &case_id, &due_us));
    assert_true(heap_set(heap, 7, INT64_MAX));
    assert_int_equal(heap_due_us(heap, 7), INT64_MAX);
    assert_true(heap_set(heap, 7, INT64_MIN));
    assert_true(heap_pop_due(heap, INT64_MIN, &case_id, &due_us));
    assert_int_equal(case_id, 7);
    heap_free(&heap);
    heap_free(&heap);
}

static void a_million_cases_are_small_and_come_in_order(void **state)
{
    (void)state;
    struct heap *heap = heap_new();
    roll_state = 2024;
    size_t worst = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(heap_set(heap, id_of(i), roll(1U << 30)));
        size_t each = heap_bytes(heap) / heap_count(heap);
        worst = i > 1000 && each > worst ? each : worst;
    }
    print_message("%zu bytes an entry at a million, %zu at worst on the way\n",
                  heap_bytes(heap) / MANY,
                  worst);
    assert_true(worst <= BYTES_EACH_MAX);
    for (uint32_t i = 0; i < MANY; i += 3) {
        assert_true(heap_set(heap, id_of(i), i % 2 ? INT64_MAX : (int64_t)roll(1U << 30)));
    }
    int64_t before_us = INT64_MIN;
    uint64_t case_id = 0;
    int64_t due_us = 0;
    size_t count = heap_count(heap);
    for (size_t i = 0; i < count; i++) {
        assert_true(heap_pop_due(heap, INT64_MAX, &case_id, &due_us));
        assert_true(due_us >= before_us);
        before_us = due_us;
    }
    assert_int_equal(heap_count(heap), 0);
    heap_free(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_comes_first_whatever_was_moved),
        cmocka_unit_test(an_empty_heap_has_nothing_due),
        cmocka_unit_test(a_million_cases_are_small_and_come_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
