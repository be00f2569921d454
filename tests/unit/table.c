/*
 * Goal: the table holds exactly what was put in, at every moment of its growth, within its bound
 * and its memory (law 9). Method: random inserts, finds and removals against a plain array as the
 * oracle, checked as a whole now and then; small tables to the brim; iteration with removal; memory
 * at a million entries.
 */
#include "table.h"

#include "unit.h"

enum { KEYS = 40000, OPERATIONS = 400000, MILLION = 1000000 };

static uint64_t seed;

/* xorshift64*: the same story every run. */
static uint64_t next_number(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(0x2545F4914F6CDD1D);
}

static uint64_t key_of(uint64_t number)
{
    return (number % 64) << 40 | (number / 64 + 1); /* as case ids are */
}

static void check_all(const struct table *table, const uint64_t *oracle)
{
    static bool seen[KEYS];
    uint32_t count = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        const uint64_t *value = table_find(table, key_of(i));
        assert_int_equal(value != NULL, oracle[i] != 0);
        if (value) {
            assert_true(value[0] == oracle[i] && value[2] == ~oracle[i]);
        }
        count += oracle[i] != 0;
        seen[i] = false;
    }
    assert_int_equal(table_count(table), count);
    uint32_t at = 0;
    uint64_t key = 0;
    const uint64_t *value = NULL;
    while ((value = table_next(table, &at, &key))) {
        uint64_t i = ((key & ((UINT64_C(1) << 40) - 1)) - 1) * 64 + (key >> 40);
        assert_true(i < KEYS && !seen[i] && value[0] == oracle[i]);
        seen[i] = true;
        count--;
    }
    assert_int_equal(count, 0);
}

static void it_holds_what_an_oracle_holds_through_growth_and_removal(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 4; round++) {
        static uint64_t oracle[KEYS];
        memset(oracle, 0, sizeof oracle);
        seed = round;
        struct table *table = table_new(3 * sizeof(uint64_t), KEYS);
        assert_non_null(table);
        for (uint32_t i = 0; i < OPERATIONS; i++) {
            uint64_t number = next_number() % KEYS;
            /* Waves: mostly in, then mostly out, so that removals meet a growing index. */
            bool in = next_number() % 100 < (i / 50000 % 2 == 0 ? 70 : 30);
            if (in) {
                bool fresh = false;
                uint64_t *value = table_insert(table, key_of(number), &fresh);
                assert_non_null(value);
                assert_int_equal(fresh, oracle[number] == 0);
                assert_true(!fresh || (value[0] == 0 && value[1] == 0 && value[2] == 0));
                oracle[number] = next_number() | 1;
                value[0] = oracle[number];
                value[2] = ~oracle[number];
            } else {
                assert_int_equal(table_remove(table, key_of(number)), oracle[number] != 0);
                oracle[number] = 0;
            }
            if (i % 20011 == 0 || (i < 3000 && i % 50 == 0)) {
                check_all(table, oracle);
            }
        }
        check_all(table, oracle);
        table_free(&table);
        table_free(&table);
    }
}

static void a_removed_key_is_gone_at_once_while_the_index_grows(void **state)
{
    (void)state;
    enum { FULL = 768 }; /* entries of the first index; the next one makes it grow */
    struct table *table = table_new(8, 10000);
    for (uint64_t i = 1; i <= FULL + 1; i++) {
        assert_non_null(table_insert(table, i, NULL));
    }
    for (uint64_t i = FULL + 1; i > 0; i--) {
        assert_true(table_remove(table, i));
        assert_null(table_find(table, i));
        assert_false(table_remove(table, i));
    }
    assert_int_equal(table_count(table), 0);
    table_free(&table);
}

static void a_full_table_refuses_and_keeps_what_it_has(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 2, 767, 768, 769, 4096, 5000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        struct table *table = table_new(1, sizes[s]);
        for (uint64_t i = 1; i <= sizes[s]; i++) {
            assert_non_null(table_insert(table, i, NULL));
        }
        assert_null(table_insert(table, sizes[s] + 1, NULL));
        assert_int_equal(table_count(table), sizes[s]);
        assert_non_null(table_insert(table, 1, NULL));
        assert_null(table_find(table, sizes[s] + 1));
        assert_false(table_remove(table, sizes[s] + 1));
        assert_true(table_remove(table, 1));
        assert_non_null(table_insert(table, UINT64_MAX, NULL));
        table_free(&table);
    }
}

static void a_walk_may_remove_what_it_stands_on(void **state)
{
    (void)state;
    struct table *table = table_new(8, 10000);
    for (uint64_t i = 1; i <= 10000; i++) {
        *(uint64_t *)table_insert(table, i, NULL) = i;
    }
    uint32_t at = 0;
    uint64_t key = 0;
    unsigned visits = 0;
    const uint64_t *value = NULL;
    while ((value = table_next(table, &at, &key))) {
        visits++;
        assert_true(*value == key);
        if (key % 3 != 0) {
            assert_true(table_remove(table, key));
            at--;
        }
    }
    assert_int_equal(visits, 10000);
    assert_int_equal(table_count(table), 3333);
    table_free(&table);
}

static void a_million_states_of_200_bytes_cost_little_more_than_themselves(void **state)
{
    (void)state;
    struct table *table = table_new(200, MILLION);
    size_t empty = table_bytes(table);
    for (uint64_t i = 0; i < MILLION; i++) {
        assert_non_null(table_insert(table, key_of(i), NULL));
    }
    size_t bytes = table_bytes(table);
    print_message("%zu bytes an entry\n", bytes / MILLION);
    assert_true(bytes <= (size_t)MILLION * 200 * 16 / 10);
    for (uint64_t i = 0; i < MILLION; i++) {
        assert_true(table_remove(table, key_of(i)));
    }
    assert_true(table_bytes(table) < empty + 16 * 1024 * 1024); /* the chunks are given back */
    table_free(&table);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_what_an_oracle_holds_through_growth_and_removal),
        cmocka_unit_test(a_removed_key_is_gone_at_once_while_the_index_grows),
        cmocka_unit_test(a_full_table_refuses_and_keeps_what_it_has),
        cmocka_unit_test(a_walk_may_remove_what_it_stands_on),
        cmocka_unit_test(a_million_states_of_200_bytes_cost_little_more_than_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
