#include "appender.h"

enum {
    LOOK_UP = APPENDER_DO_LOOK_UP,
    FORGET_ALL = APPENDER_DO_FORGET_ALL,
    DONE = APPENDER_DO_ADVANCE | APPENDER_DO_PUBLISH | APPENDER_DO_REPLY,
    DROP = APPENDER_DO_UNDO | APPENDER_DO_FORGET | APPENDER_DO_LOOK_UP,
    LATER = APPENDER_DO_UNDO | APPENDER_DO_WAIT,
};

/* FENCED outside a commit is the answer to a renewal. */
static const struct rule {
    enum appender_phase from;
    enum appender_input input;
    enum appender_phase to;
    unsigned effects;
} rules[] = {
    {APPENDER_AWAY,       APPENDER_CONNECTED, APPENDER_IDLE,       0                 },
    {APPENDER_IDLE,       APPENDER_WORK,      APPENDER_LOOKING_UP, LOOK_UP           },
    {APPENDER_IDLE,       APPENDER_FENCED,    APPENDER_IDLE,       APPENDER_DO_FORGET},
    {APPENDER_IDLE,       APPENDER_CUT,       APPENDER_AWAY,       FORGET_ALL        },
    {APPENDER_LOOKING_UP, APPENDER_FOUND,     APPENDER_COMMITTING, APPENDER_DO_DECIDE},
    {APPENDER_LOOKING_UP, APPENDER_REFUSED,   APPENDER_WAITING,    APPENDER_DO_WAIT  },
    {APPENDER_LOOKING_UP, APPENDER_FENCED,    APPENDER_LOOKING_UP, APPENDER_DO_FORGET},
    {APPENDER_LOOKING_UP, APPENDER_CUT,       APPENDER_AWAY,       FORGET_ALL        },
    {APPENDER_COMMITTING, APPENDER_COMMITTED, APPENDER_IDLE,       DONE              },
    {APPENDER_COMMITTING, APPENDER_FENCED,    APPENDER_LOOKING_UP, DROP              },
    {APPENDER_COMMITTING, APPENDER_REFUSED,   APPENDER_WAITING,    LATER             },
    {APPENDER_COMMITTING, APPENDER_CUT,       APPENDER_AWAY,       FORGET_ALL        },
    {APPENDER_WAITING,    APPENDER_WAITED,    APPENDER_LOOKING_UP, LOOK_UP           },
    {APPENDER_WAITING,    APPENDER_FENCED,    APPENDER_WAITING,    APPENDER_DO_FORGET},
    {APPENDER_WAITING,    APPENDER_CUT,       APPENDER_AWAY,       FORGET_ALL        },
};

enum { RULES = sizeof rules / sizeof *rules };

unsigned appender_step(enum appender_phase *phase, enum appender_input input)
{
    assert(*phase < APPENDER_PHASE_COUNT);
    assert(input < APPENDER_INPUT_COUNT);
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].from == *phase && rules[i].input == input) {
            *phase = rules[i].to;
            return rules[i].effects;
        }
    }
    return 0;
}

const char *appender_phase_name(enum appender_phase phase)
{
    static const char *const names[APPENDER_PHASE_COUNT] = {
        "away", "idle", "looking_up", "committing", "waiting"};

    return phase < APPENDER_PHASE_COUNT ? names[phase] : "unknown";
}
