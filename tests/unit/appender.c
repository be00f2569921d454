/*
 * Goal: nothing is published and no reply leaves but on the word of the database; a lost
 * connection forgets everything.  Guards laws 1, 4, 5.
 * Method: every pair of phase and input against what may come of it, and a story of each ending.
 */
#include "appender.h"

#include "unit.h"

#include <stdbool.h>

struct beat {
    enum appender_input input;
    unsigned effects;
    enum appender_phase phase;
};

enum {
    DONE = APPENDER_DO_ADVANCE | APPENDER_DO_PUBLISH | APPENDER_DO_REPLY,
    DROP = APPENDER_DO_UNDO | APPENDER_DO_FORGET | APPENDER_DO_LOOK_UP,
};

static void play(const struct beat *story, size_t count)
{
    enum appender_phase phase = APPENDER_AWAY;
    for (size_t i = 0; i < count; i++) {
        unsigned effects = appender_step(&phase, story[i].input);
        if (effects != story[i].effects || phase != story[i].phase) {
            fail_msg("beat %zu: effects %#x, phase %s", i, effects, appender_phase_name(phase));
        }
    }
}

#define PLAY(story) play((story), sizeof(story) / sizeof *(story))

static void one_batch_is_under_way_at_a_time(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {APPENDER_WORK,      0,                   APPENDER_AWAY      },
        {APPENDER_CONNECTED, 0,                   APPENDER_IDLE      },
        {APPENDER_WORK,      APPENDER_DO_LOOK_UP, APPENDER_LOOKING_UP},
        {APPENDER_WORK,      0,                   APPENDER_LOOKING_UP},
        {APPENDER_FOUND,     APPENDER_DO_DECIDE,  APPENDER_COMMITTING},
        {APPENDER_WORK,      0,                   APPENDER_COMMITTING},
        {APPENDER_COMMITTED, DONE,                APPENDER_IDLE      },
        {APPENDER_COMMITTED, 0,                   APPENDER_IDLE      },
        {APPENDER_WORK,      APPENDER_DO_LOOK_UP, APPENDER_LOOKING_UP},
    };
    PLAY(story);
}

static void what_is_left_of_a_fenced_batch_is_decided_again(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {APPENDER_CONNECTED, 0,                   APPENDER_IDLE      },
        {APPENDER_WORK,      APPENDER_DO_LOOK_UP, APPENDER_LOOKING_UP},
        {APPENDER_FOUND,     APPENDER_DO_DECIDE,  APPENDER_COMMITTING},
        {APPENDER_FENCED,    DROP,                APPENDER_LOOKING_UP},
        {APPENDER_FOUND,     APPENDER_DO_DECIDE,  APPENDER_COMMITTING},
        {APPENDER_COMMITTED, DONE,                APPENDER_IDLE      },
    };
    PLAY(story);
}

static void a_renewal_that_is_fenced_does_not_stop_the_cycle(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {APPENDER_CONNECTED, 0,                   APPENDER_IDLE      },
        {APPENDER_FENCED,    APPENDER_DO_FORGET,  APPENDER_IDLE      },
        {APPENDER_WORK,      APPENDER_DO_LOOK_UP, APPENDER_LOOKING_UP},
        {APPENDER_FENCED,    APPENDER_DO_FORGET,  APPENDER_LOOKING_UP},
        {APPENDER_REFUSED,   APPENDER_DO_WAIT,    APPENDER_WAITING   },
        {APPENDER_FENCED,    APPENDER_DO_FORGET,  APPENDER_WAITING   },
        {APPENDER_WAITED,    APPENDER_DO_LOOK_UP, APPENDER_LOOKING_UP},
    };
    PLAY(story);
}

static void a_refused_batch_is_undone_and_tried_again_later(void **state)
{
    (void)state;
    static const struct beat story[] = {
        {APPENDER_CONNECTED, 0,                                   APPENDER_IDLE      },
        {APPENDER_WORK,      APPENDER_DO_LOOK_UP,                 APPENDER_LOOKING_UP},
        {APPENDER_FOUND,     APPENDER_DO_DECIDE,                  APPENDER_COMMITTING},
        {APPENDER_REFUSED,   APPENDER_DO_UNDO | APPENDER_DO_WAIT, APPENDER_WAITING   },
        {APPENDER_WORK,      0,                                   APPENDER_WAITING   },
        {APPENDER_WAITED,    APPENDER_DO_LOOK_UP,                 APPENDER_LOOKING_UP},
    };
    PLAY(story);
}

static void a_lost_connection_forgets_and_a_late_answer_says_nothing(void **state)
{
    (void)state;
    for (enum appender_phase from = APPENDER_IDLE; from < APPENDER_PHASE_COUNT; from++) {
        enum appender_phase phase = from;
        assert_int_equal(appender_step(&phase, APPENDER_CUT), APPENDER_DO_FORGET_ALL);
        assert_int_equal(appender_step(&phase, APPENDER_COMMITTED), 0);
        assert_int_equal(appender_step(&phase, APPENDER_FOUND), 0);
        assert_int_equal(appender_step(&phase, APPENDER_WORK), 0);
        assert_int_equal(phase, APPENDER_AWAY);
        assert_int_equal(appender_step(&phase, APPENDER_CONNECTED), 0);
        assert_int_equal(phase, APPENDER_IDLE);
    }
}

static void nothing_leaves_but_when_committing_is_answered_with_committed(void **state)
{
    (void)state;
    for (unsigned from = 0; from < APPENDER_PHASE_COUNT; from++) {
        for (unsigned input = 0; input < APPENDER_INPUT_COUNT; input++) {
            enum appender_phase phase = (enum appender_phase)from;
            unsigned effects = appender_step(&phase, (enum appender_input)input);
            bool answered = from == APPENDER_COMMITTING && input == APPENDER_COMMITTED;
            assert_int_equal(effects & DONE, answered ? DONE : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_batch_is_under_way_at_a_time),
        cmocka_unit_test(what_is_left_of_a_fenced_batch_is_decided_again),
        cmocka_unit_test(a_renewal_that_is_fenced_does_not_stop_the_cycle),
        cmocka_unit_test(a_refused_batch_is_undone_and_tried_again_later),
        cmocka_unit_test(a_lost_connection_forgets_and_a_late_answer_says_nothing),
        cmocka_unit_test(nothing_leaves_but_when_committing_is_answered_with_committed),
    };
    return cmocka_run_group_tests_name("appender", tests, NULL, NULL);
}
