/*
 * Goal: which roles of a policy an organisation lacks is said of each that something waits for, and
 * of no other (law 11).
 *
 * Method: a small policy beside organisations of every kind.
 */
#include "ctl_org.h"
#include "unit.h"

/* A small policy: the agent owns its step, and its one action is done by these roles, the agent up
 * to 100 and the boss up to 500 where there are limits. */
enum { AGENT = 1, BOSS = 2, DEPUTY = 4, BUYER = 8, CHIEF = 16 };

static const struct missing {
    uint32_t held;         /* by somebody of the organisation */
    uint32_t by, deputies; /* who does the action; who stands in for the boss */
    int64_t chief_most;    /* 0: there are no limits */
    uint32_t readers;
    uint32_t missed;
} missing[] = {
    {AGENT,          BOSS,                  0,      0,   0,      BOSS        },
    {AGENT | BOSS,   BOSS,                  0,      0,   0,      0           },
    {AGENT,          BOSS | CHIEF,          0,      0,   0,      BOSS | CHIEF},
    {AGENT | CHIEF,  BOSS | CHIEF,          0,      0,   0,      0           },
    {AGENT,          BOSS | BUYER,          0,      0,   0,      0           },
    {AGENT,          BOSS,                  DEPUTY, 0,   0,      BOSS        },
    {AGENT | DEPUTY, BOSS,                  DEPUTY, 0,   0,      0           },
    {AGENT | BOSS,   BOSS,                  DEPUTY, 0,   0,      0           },
    {AGENT | BOSS,   BOSS,                  DEPUTY, 0,   BOSS,   0           },
    {AGENT | DEPUTY, AGENT,                 DEPUTY, 0,   BOSS,   0           },
    {AGENT,          AGENT,                 DEPUTY, 0,   BOSS,   BOSS        },
    {AGENT | BOSS,   AGENT,                 DEPUTY, 0,   DEPUTY, DEPUTY      },
    {AGENT,          AGENT | BOSS,          0,      1,   0,      BOSS        },
    {AGENT | BOSS,   AGENT | BOSS,          0,      1,   0,      0           },
    {AGENT | BOSS,   AGENT | BOSS | CHIEF,  0,      900, 0,      CHIEF       },
    {AGENT | BOSS,   AGENT | BOSS | DEPUTY, 0,      1,   0,      DEPUTY      },
    {AGENT | BOSS,   AGENT | BOSS | CHIEF,  0,      400, 0,      0           },
    {AGENT | BOSS,   AGENT | BOSS | CHIEF,  0,      500, 0,      0           },
    {AGENT | DEPUTY, AGENT | BOSS,          DEPUTY, 1,   0,      0           },
    {AGENT | BOSS,   AGENT | BUYER,         0,      1,   0,      0           },
    {AGENT,          AGENT | BOSS,          DEPUTY, 1,   0,      BOSS        },
    {AGENT | BOSS,   AGENT | BOSS,          CHIEF,  900, 0,      CHIEF       },
    {BOSS | CHIEF,   AGENT,                 0,      0,   0,      0           },
};

/* Who only acts is missed like who owns: nobody does it in his stead, or not as much.  Seen to fail
 * where actions, limits, deputies, those outside and the deputies' own roles were each left out. */
static void a_role_is_missed_where_something_is_left_that_nobody_may_do(void **state)
{
    (void)state;
    static const char names[][POLICY_NAME_MAX] = {"agent", "boss", "deputy", "buyer", "chief"};
    static struct policy_step step = {.owner_role = 0, .action_count = 1};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        const struct missing *row = &missing[i];
        char held[5][POLICY_NAME_MAX];
        struct org org = {.roles = (const char(*)[POLICY_NAME_MAX])held};
        const struct policy_limit limits[] = {
            {.role = 0, .most = 100            },
            {.role = 1, .most = 500            },
            {.role = 4, .most = row->chief_most},
        };
        const struct policy_deputy deputy = {.of = 1, .roles = row->deputies};
        struct policy_action *action = &step.actions[0];
        action->roles = row->by;
        action->limits = limits;
        action->limit_count = row->chief_most == 0 ? 0 : 3;
        const struct policy policy = {.role_count = 5,
                                      .roles = names,
                                      .outside = BUYER,
                                      .readers = row->readers,
                                      .deputy_count = 1,
                                      .deputies = &deputy,
                                      .step_count = 1,
                                      .steps = &step};
        for (uint16_t r = 0; r < policy.role_count; r++) {
            if ((row->held >> r & 1U) != 0) {
                memcpy(held[org.role_count++], names[r], POLICY_NAME_MAX);
            }
        }
        uint32_t missed = org_roles_missed(&policy, &org);
        if (missed != row->missed) {
            fail_msg("row %zu: %x is missed, not %x", i, missed, row->missed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_role_is_missed_where_something_is_left_that_nobody_may_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
