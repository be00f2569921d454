/*
 * Goal: one partition at one instance goes through its life in order and forgets when it must;
 * all instances agree on who should own what, evenly and with little movement.  Guards laws 2, 4.
 * Method: stories of inputs with the effects of each; statistics over every place there can be.
 */
#include "ownership.h"

#include "unit.h"

struct beat {
    enum owner_input input;
    unsigned effects;
};

static enum owner_phase play(const struct beat *story, size_t count)
{
    enum owner_phase phase = OWNER_NONE;
    for (size_t i = 0; i < count; i++) {
        unsigned effects = owner_step(&phase, story[i].input);
        if (effects != story[i].effects) {
            fail_msg("beat %zu: effects %#x, phase %s", i, effects, owner_phase_name(phase));
        }
    }
    return phase;
}

#define PLAY(story) play((story), sizeof(story) / sizeof *(story))

enum { FORGET = OWNER_DO_STOP | OWNER_DO_FORGET };

static void a_partition_is_taken_loaded_served_and_given_back(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {OWNER_TAKE,    OWNER_DO_TAKE                       },
        {OWNER_TAKE,    0                                   }, /* said again: one take at a time */
        {OWNER_WON,     OWNER_DO_LOAD                       },
        {OWNER_LOADED,  OWNER_DO_SERVE                      },
        {OWNER_TAKE,    0                                   },
        {OWNER_RELEASE, OWNER_DO_STOP                       },
        {OWNER_RELEASE, 0                                   },
        {OWNER_DRAINED, OWNER_DO_FORGET | OWNER_DO_GIVE_BACK},
    };
    assert_int_equal(PLAY(story), OWNER_NONE);
}

static void a_lost_race_leaves_nothing_behind(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {OWNER_TAKE, OWNER_DO_TAKE},
        {OWNER_LOST, 0            },
        {OWNER_WON,  0            },
    };
    assert_int_equal(PLAY(story), OWNER_NONE);
}

static void a_release_before_the_row_is_won_counts_when_it_is_said_again(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {OWNER_TAKE,    OWNER_DO_TAKE                       },
        {OWNER_RELEASE, 0                                   },
        {OWNER_WON,     OWNER_DO_LOAD                       },
        {OWNER_RELEASE, OWNER_DO_STOP                       },
        {OWNER_LOADED,  0                                   }, /* it must not begin to serve */
        {OWNER_DRAINED, OWNER_DO_FORGET | OWNER_DO_GIVE_BACK},
    };
    assert_int_equal(PLAY(story), OWNER_NONE);
}

static void whoever_is_fenced_cut_or_hung_forgets_and_gives_nothing_back(void **state)
{
    (void)state;
    static const enum owner_input blows[] = {OWNER_FENCED, OWNER_CUT, OWNER_HUNG};
    for (size_t i = 0; i < sizeof blows / sizeof *blows; i++) {
        for (enum owner_phase from = OWNER_LOADING; from < OWNER_PHASE_COUNT; from++) {
            enum owner_phase phase = from;
            assert_int_equal(owner_step(&phase, blows[i]), FORGET);
            assert_int_equal(phase, OWNER_NONE);
            assert_int_equal(owner_step(&phase, OWNER_LOADED), 0); /* answers of the old life */
            assert_int_equal(owner_step(&phase, OWNER_DRAINED), 0);
            assert_int_equal(phase, OWNER_NONE);
        }
    }
    enum owner_phase taking = OWNER_TAKING;
    assert_int_equal(owner_step(&taking, OWNER_CUT), FORGET);
    assert_int_equal(taking, OWNER_NONE);
}

static void a_row_is_free_when_nobody_alive_holds_it(void **state)
{
    (void)state;
    assert_false(ownership_free(true, false, true));
    assert_true(ownership_free(false, false, true));
    assert_true(ownership_free(true, true, true));
    assert_true(ownership_free(true, false, false));
}

enum { MEMBERS = 5, PLACES = PARTITION_MAX * (SERVICE_COUNT - 1) };

static void members_make(struct member *members)
{
    for (uint64_t i = 0; i < MEMBERS; i++) {
        members[i] = (struct member){1000 + i, true}; /* as alike as ids can be */
    }
}

static void partitions_are_spread_evenly(void **state)
{
    (void)state;
    struct member members[MEMBERS];
    unsigned share[MEMBERS] = {0};
    members_make(members);
    for (unsigned service = SERVICE_INTAKE; service < SERVICE_COUNT; service++) {
        for (uint32_t partition = 0; partition < PARTITION_MAX; partition++) {
            share[ownership_desired((enum service_id)service, partition, members, MEMBERS)]++;
        }
    }
    for (unsigned i = 0; i < MEMBERS; i++) { /* 1024 expected; 29 is the deviation of fair dice */
        assert_in_range(share[i], PLACES / MEMBERS - 120, PLACES / MEMBERS + 120);
    }
}

static void services_do_not_all_put_a_partition_on_the_same_member(void **state)
{
    (void)state;
    struct member members[MEMBERS];
    unsigned together = 0;
    members_make(members);
    for (uint32_t partition = 0; partition < PARTITION_MAX; partition++) {
        together += ownership_desired(SERVICE_INTAKE, partition, members, MEMBERS) ==
                    ownership_desired(SERVICE_TRIAGE, partition, members, MEMBERS);
    }
    assert_in_range(together, PARTITION_MAX / MEMBERS - 60, PARTITION_MAX / MEMBERS + 60);
}

static void only_the_partitions_of_the_one_that_leaves_move(void **state)
{
    (void)state;
    struct member members[MEMBERS];
    members_make(members);
    for (uint32_t partition = 0; partition < PARTITION_MAX; partition++) {
        members[2].live = true;
        int before = ownership_desired(SERVICE_DISPATCH, partition, members, MEMBERS);
        members[2].live = false;
        int after = ownership_desired(SERVICE_DISPATCH, partition, members, MEMBERS);
        assert_int_not_equal(after, 2);
        assert_true(before == 2 || before == after);
    }
}

static void the_order_in_which_members_are_listed_does_not_matter(void **state)
{
    (void)state;
    struct member members[MEMBERS];
    struct member turned[MEMBERS];
    members_make(members);
    for (unsigned i = 0; i < MEMBERS; i++) {
        turned[MEMBERS - 1 - i] = members[i];
    }
    for (uint32_t partition = 0; partition < PARTITION_MAX; partition++) {
        int a = ownership_desired(SERVICE_WATCHDOG, partition, members, MEMBERS);
        int b = ownership_desired(SERVICE_WATCHDOG, partition, turned, MEMBERS);
        assert_int_equal(members[a].id, turned[b].id);
    }
}

static void without_live_members_nobody_is_desired(void **state)
{
    (void)state;
    struct member dead = {7, false};
    assert_int_equal(ownership_desired(SERVICE_INTAKE, 0, &dead, 1), -1);
    assert_int_equal(ownership_desired(SERVICE_INTAKE, 0, NULL, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_is_taken_loaded_served_and_given_back),
        cmocka_unit_test(a_lost_race_leaves_nothing_behind),
        cmocka_unit_test(a_release_before_the_row_is_won_counts_when_it_is_said_again),
        cmocka_unit_test(whoever_is_fenced_cut_or_hung_forgets_and_gives_nothing_back),
        cmocka_unit_test(a_row_is_free_when_nobody_alive_holds_it),
        cmocka_unit_test(partitions_are_spread_evenly),
        cmocka_unit_test(services_do_not_all_put_a_partition_on_the_same_member),
        cmocka_unit_test(only_the_partitions_of_the_one_that_leaves_move),
        cmocka_unit_test(the_order_in_which_members_are_listed_does_not_matter),
        cmocka_unit_test(without_live_members_nobody_is_desired),
    };
    return cmocka_run_group_tests_name("ownership", tests, NULL, NULL);
}
