/*
 * Goal: whatever stands in Redis, the owner that the archive names gets his share back there, and
 * who only thinks he is the owner spoils nothing.  Method: a real redis-server; keys of a live
 * share are given another type or value by somebody else.  Guards law 6.
 */
#include "projection_fixture.h"
#include "unit.h"

#include <hiredis/hiredis.h>

enum { REFUSED_MAX = 4 };

static void live(struct fixture *fixture)
{
    fixture_open(fixture, &(struct projection_settings){.refused_max = REFUSED_MAX});
    fixture_own(fixture, 7);
    fixture_commit(fixture, 300);
    fixture_settle(fixture);
}

/* As a Redis has it that was left beside an archive which came back from an older copy; or one that
 * lies. */
static void who_is_told_of_a_later_owner_and_stays_the_owner_is_believed(void **state)
{
    (void)state;
    static const char *const epochs[] = {"8", "999999999999", "inf", "abc", ""};
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        struct fixture fixture;
        live(&fixture);
        fixture_tell(&fixture, "HSET test:s:dispatch.%d e %s", FIXTURE_PARTITION, epochs[i]);
        fixture_tell(&fixture, "HSET test:s:watchdog.%d e %s", FIXTURE_PARTITION, epochs[i]);
        while (projection_figures(fixture.projection).forgotten < 2) {
            fixture_turn(&fixture);
        }
        fixture_commit(&fixture, 100);
        fixture_settle(&fixture);
        fixture_compare(&fixture);
        fixture_close(&fixture);
    }
}

/* He asks once a tick, until he is told that it is not his. */
static void a_ghost_leaves_the_later_owners_share_alone(void **state)
{
    (void)state;
    struct fixture ghost;
    live(&ghost);
    fixture_tell(&ghost, "HSET test:s:dispatch.%d e 8", FIXTURE_PARTITION);
    fixture_commit(&ghost, 100);
    while (projection_figures(ghost.projection).fenced < REFUSED_MAX - 1) {
        fixture_turn(&ghost);
    }
    projection_disown(ghost.projection, SERVICE_DISPATCH, FIXTURE_PARTITION);
    for (int i = 0; i < 200; i++) {
        fixture_turn(&ghost);
    }
    assert_int_equal(projection_figures(ghost.projection).forgotten, 0);
    redisReply *epoch = fixture_ask(&ghost, "HGET test:s:dispatch.%d e", FIXTURE_PARTITION);
    assert_string_equal(epoch->str, "8");
    freeReplyObject(epoch);
    fixture_close(&ghost);
}

static void a_key_of_another_type_goes_and_all_is_told_anew(void **state)
{
    (void)state;
    enum { OF_STREAM, OF_QUEUE, OF_ALL };
    static const struct {
        const char *name;
        int of;
    } keys[] = {
        {"s:dispatch.", OF_STREAM},
        {"o:dispatch.", OF_STREAM},
        {"s:watchdog.", OF_STREAM},
        {"q:",          OF_QUEUE },
        {"ask",         OF_ALL   },
        {"lease",       OF_ALL   },
        {"expiry",      OF_ALL   },
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct fixture fixture;
        char key[96];
        char partition[16];
        (void)snprintf(partition, sizeof partition, "%d", FIXTURE_PARTITION);
        (void)snprintf(key,
                       sizeof key,
                       "%s%s",
                       keys[i].name,
                       keys[i].of == OF_STREAM  ? partition
                       : keys[i].of == OF_QUEUE ? fixture_queues[1]
                                                : "");
        live(&fixture);
        fixture_tell(&fixture, "SET test:%s nonsense", key);
        uint64_t rebuilds = projection_figures(fixture.projection).rebuilds;
        while (projection_figures(fixture.projection).rebuilds == rebuilds) {
            if (keys[i].of != OF_STREAM) { /* that is seen by looking alone */
                fixture_commit(&fixture, 50);
            }
            fixture_turn(&fixture);
        }
        fixture_settle(&fixture);
        if (keys[i].of != OF_STREAM) { /* else nobody knows the share any more that is old */
            fixture_compare(&fixture);
        }
        fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_told_of_a_later_owner_and_stays_the_owner_is_believed),
        cmocka_unit_test(a_ghost_leaves_the_later_owners_share_alone),
        cmocka_unit_test(a_key_of_another_type_goes_and_all_is_told_anew),
    };
    return cmocka_run_group_tests_name("projection_spoilt", tests, NULL, NULL);
}
