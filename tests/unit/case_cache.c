/*
 * Goal: memory holds a bounded number of cases, those at work, and never another case's value or a
 * stale one (law 9).  Method: a million cases through a cache of a thousand, with some looked at
 * all the time; random insertions, removals, forgotten partitions and trimmings against an array.
 */
#include "case_cache.h"

#include "event.h"
#include "unit.h"

enum { MAX = 1000, PARTITIONS = 8, SERIALS = 2000, STEPS = 300000, AT_WORK = 100 };

static uint64_t seed = 88172645463325252;

static uint32_t roll(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % sides;
}

static void it_stays_within_its_bound_and_keeps_what_is_at_work(void **state)
{
    (void)state;
    struct case_cache *cache = case_cache_new(sizeof(uint64_t), MAX);
    uint32_t lost = 0;
    assert_non_null(cache);
    for (uint32_t i = 1; i <= 1000000; i++) {
        uint64_t id = case_id_make(i % PARTITIONS, i);
        uint64_t *value = case_cache_insert(cache, id, NULL);
        assert_non_null(value);
        *value = id;
        uint64_t at_work = case_id_make(0, 2000000 + roll(AT_WORK));
        if (!case_cache_find(cache, at_work)) {
            assert_non_null(case_cache_insert(cache, at_work, NULL));
            lost++;
        }
        case_cache_trim(cache);
        assert_true(case_cache_count(cache) <= MAX);
    }
    assert_int_equal(case_cache_count(cache), MAX);
    assert_true(lost < 1000); /* of a million looks; a plain queue loses them every 1000 */
    case_cache_free(&cache);
    assert_null(cache);
}

static void it_never_gives_what_was_not_put_there(void **state)
{
    (void)state;
    static uint64_t truth[PARTITIONS][SERIALS];
    struct case_cache *cache = case_cache_new(3 * sizeof(uint64_t), MAX);
    assert_non_null(cache);
    for (uint32_t i = 1; i <= STEPS; i++) {
        uint32_t partition = roll(PARTITIONS);
        uint32_t serial = roll(SERIALS - 1) + 1;
        uint64_t id = case_id_make(partition, serial);
        uint64_t *known = &truth[partition][serial];
        uint64_t *value = case_cache_find(cache, id);
        assert_true(!value || (value[0] == *known && value[2] == id));
        bool fresh = false;
        switch (roll(8)) {
        case 0:
            case_cache_remove(cache, id);
            assert_null(case_cache_find(cache, id));
            break;
        case 1:
            if (roll(500) == 0) {
                case_cache_forget(cache, partition);
                assert_null(case_cache_find(cache, id));
            }
            break;
        case 2:
            case_cache_trim(cache);
            assert_true(case_cache_count(cache) <= MAX);
            break;
        default:
            value = case_cache_insert(cache, id, &fresh);
            assert_non_null(value);
            assert_true(!fresh || (value[0] == 0 && value[1] == 0 && value[2] == 0));
            value[0] = *known = i;
            value[2] = id;
            break;
        }
    }
    assert_null(case_cache_find(cache, 0));
    assert_null(case_cache_insert(cache, 0, NULL));
    assert_null(case_cache_find(cache, case_id_make(PARTITION_MAX, 1)));
    case_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stays_within_its_bound_and_keeps_what_is_at_work),
        cmocka_unit_test(it_never_gives_what_was_not_put_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
