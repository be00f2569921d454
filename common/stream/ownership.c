#include "ownership.h"

enum { FORGET = OWNER_DO_STOP | OWNER_DO_FORGET };

static const struct rule {
    enum owner_phase from;
    enum owner_input input;
    enum owner_phase to;
    unsigned effects;
} rules[] = {
    {OWNER_NONE,     OWNER_TAKE,    OWNER_TAKING,   OWNER_DO_TAKE                       },
    {OWNER_TAKING,   OWNER_WON,     OWNER_LOADING,  OWNER_DO_LOAD                       },
    {OWNER_TAKING,   OWNER_LOST,    OWNER_NONE,     0                                   },
    {OWNER_TAKING,   OWNER_CUT,     OWNER_NONE,     FORGET                              },
    {OWNER_LOADING,  OWNER_LOADED,  OWNER_SERVING,  OWNER_DO_SERVE                      },
    {OWNER_LOADING,  OWNER_RELEASE, OWNER_DRAINING, OWNER_DO_STOP                       },
    {OWNER_LOADING,  OWNER_FENCED,  OWNER_NONE,     FORGET                              },
    {OWNER_LOADING,  OWNER_CUT,     OWNER_NONE,     FORGET                              },
    {OWNER_LOADING,  OWNER_HUNG,    OWNER_NONE,     FORGET                              },
    {OWNER_SERVING,  OWNER_RELEASE, OWNER_DRAINING, OWNER_DO_STOP                       },
    {OWNER_SERVING,  OWNER_FENCED,  OWNER_NONE,     FORGET                              },
    {OWNER_SERVING,  OWNER_CUT,     OWNER_NONE,     FORGET                              },
    {OWNER_SERVING,  OWNER_HUNG,    OWNER_NONE,     FORGET                              },
    {OWNER_DRAINING, OWNER_DRAINED, OWNER_NONE,     OWNER_DO_FORGET | OWNER_DO_GIVE_BACK},
    {OWNER_DRAINING, OWNER_FENCED,  OWNER_NONE,     FORGET                              },
    {OWNER_DRAINING, OWNER_CUT,     OWNER_NONE,     FORGET                              },
    {OWNER_DRAINING, OWNER_HUNG,    OWNER_NONE,     FORGET                              },
};

enum { RULES = sizeof rules / sizeof *rules };

unsigned owner_step(enum owner_phase *phase, enum owner_input input)
{
    assert(*phase < OWNER_PHASE_COUNT);
    assert(input < OWNER_INPUT_COUNT);
    for (size_t i = 0; i < RULES; i++) {
        if (rules[i].from == *phase && rules[i].input == input) {
            *phase = rules[i].to;
            return rules[i].effects;
        }
    }
    return 0;
}

const char *owner_phase_name(enum owner_phase phase)
{
    static const char *const names[OWNER_PHASE_COUNT] = {
        "none", "taking", "loading", "serving", "draining"};

    return phase < OWNER_PHASE_COUNT ? names[phase] : "unknown";
}

/* The finaliser of MurmurHash3: every input bit moves about half of the output bits. */
static uint64_t mix(uint64_t bits)
{
    bits ^= bits >> 33;
    bits *= 0xff51afd7ed558ccdULL;
    bits ^= bits >> 33;
    bits *= 0xc4ceb9fe1a85ec53ULL;
    return bits ^ bits >> 33;
}

int ownership_desired(enum service_id service,
                      uint32_t partition,
                      const struct member *members,
                      uint32_t count)
{
    uint64_t place = mix(((uint64_t)service << 32 | partition) + 0x9e3779b97f4a7c15ULL);
    uint64_t best_score = 0;
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!members[i].live) {
            continue;
        }
        uint64_t score = mix(place ^ mix(members[i].id + 0x9e3779b97f4a7c15ULL));
        bool better = best < 0 || score > best_score ||
                      (score == best_score && members[i].id > members[best].id);
        if (better) {
            best = (int)i;
            best_score = score;
        }
    }
    return best;
}

bool ownership_free(bool owned, bool lease_passed, bool backend_alive)
{
    return !owned || lease_passed || !backend_alive;
}
