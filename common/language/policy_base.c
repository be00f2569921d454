/* What a fault in a key leaves unproved; see enum policy_base. */
#include "policy_read.h"

/* The first row that fits holds; a part without one is of the base of what it stands in. */
static const struct {
    const struct language_part *part;
    const char *key; /* NULL: every other, and one the part does not have */
    unsigned base;
} bases[] = {
    {&language_policy,  "taxonomy",               BASE_PATTERNS          },
    {&language_policy,  "patterns",               BASE_PATTERNS          },
    {&language_policy,  "classes",                BASE_SCORES            },
    {&language_policy,  "factors",                BASE_SCORES            },
    {&language_policy,  "overrides",              BASE_SCORES            },
    {&language_policy,  "routes",                 BASE_ROUTES            },
    {&language_policy,  "fields",                 BASE_FORMS             },
    {&language_policy,  "forms",                  BASE_FORMS             },
    {&language_policy,  "tasks",                  BASE_TASKS             },
    {&language_policy,  "replies",                BASE_TEXTS             },
    {&language_policy,  "texts",                  BASE_TEXTS             },
    {&language_policy,  "closing",                BASE_WAITS             },
    {&language_policy,  "steps",                  BASE_STEPS             },
    {&language_policy,  "everywhere",             BASE_STEPS             },
    {&language_policy,  "opening",                BASE_WAYS              },
    {&language_policy,  "clocks",                 BASE_TEXTS | BASE_CLOCK},
 /* Whoever names what these define has a fault of their own then; nothing else looks at them. */
    {&language_policy,  "policy",                 0                      },
    {&language_policy,  "version",                0                      },
    {&language_policy,  "languages",              0                      },
    {&language_policy,  "capacity",               0                      },
    {&language_policy,  "repeat-window",          0                      },
    {&language_policy,  "reopen-window",          0                      },
    {&language_policy,  "roles",                  0                      },
    {&language_policy,  "channels",               0                      },
    {&language_policy,  "queues",                 0                      },
    {&language_policy,  "marks",                  0                      },
    {&language_policy,  "deputies",               0                      },
    {&language_policy,  "skills",                 0                      },
    {&language_policy,  "calendars",              0                      },
    {&language_policy,  "measures",               0                      },
    {&language_policy,  "retention",              0                      },
    {&language_policy,  "readers",                0                      },
    {&language_policy,  NULL,                     BASE_ALL               },
    {&language_step,    "phase",                  BASE_WAYS              },
    {&language_step,    "owner",                  BASE_HANDS             },
    {&language_step,    "waits-for-customer",     0                      },
    {&language_step,    "not-by-earlier-handler", 0                      },
    {&language_step,    "affinity",               0                      },
    {&language_step,    "key-accounts",           0                      },
    {&language_opening, "unsure-queue",           BASE_ROUTES            },
    {&language_text,    "says",                   BASE_TEXTS             },
    {&language_clock,   "within",                 BASE_LEVELS            },
    {&language_clock,   "targets",                BASE_LEVELS            },
    {&language_clock,   "levels",                 BASE_LEVELS            },
    {&language_clock,   "due-field",              BASE_RUNS | BASE_LEVELS},
    {&language_clock,   "extension",              BASE_MORE              },
    {&language_clock,   "when",                   0                      },
    {&language_clock,   "end-of-day",             0                      },
    {&language_clock,   "roll",                   0                      },
    {&language_clock,   "calendar",               0                      },
    {&language_clock,   "pauses-for-customer",    0                      },
    {&language_clock,   "statutory",              0                      },
    {&language_clock,   "takes-back",             0                      },
    {&language_clock,   "pauses-in",              0                      },
    {&language_clock,   "runs-in",                0                      },
    {&language_clock,   "on-boundary",            0                      },
    {&language_clock,   "due-cleared-when",       0                      },
    {&language_clock,   "due-hidden-in",          0                      },
    {&language_clock,   "unknown-notify",         0                      },
    {&language_level,   "notify",                 0                      },
    {&language_level,   "raise-to",               0                      },
};

/* Of actions, of one step and of several. */
static const struct {
    const char *key;
    unsigned base;
} action_bases[] = {
    {"fact",                BASE_WAYS },
    {"to",                  BASE_WAYS },
    {"marks",               BASE_WAYS },
    {"by",                  BASE_HANDS},
    {"queue",               BASE_HANDS},
    {"gives",               BASE_HANDS},
    {"needs",               BASE_FORMS},
    {"asks",                BASE_FORMS},
    {"requires",            BASE_WAITS},
    {"moves-when",          BASE_WAITS},
    {"opens",               BASE_TASKS},
    {"settles",             BASE_TASKS},
    {"texts",               BASE_TEXTS},
    {"same-person-may-not", 0         },
    {"limits",              0         },
    {"even-if-concerned",   0         },
    {"outcome",             0         },
};

static bool is_key(const char *name, const struct language_key *key)
{
    return !name || (key && strcmp(name, key->name) == 0);
}

unsigned base_of(const struct language_part *part, const struct language_key *key, unsigned outer)
{
    bool acts = part == &language_action || part == &language_everywhere;
    for (size_t i = 0; acts && key && i < sizeof action_bases / sizeof *action_bases; i++) {
        if (is_key(action_bases[i].key, key)) {
            return action_bases[i].base;
        }
    }
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        bool named = bases[i].key != NULL;
        if (bases[i].part == part && is_key(bases[i].key, key) &&
            (named || !key || key->kind != KIND_TITLE)) {
            return bases[i].base;
        }
    }
    return key && key->kind == KIND_TITLE ? 0 : outer;
}

bool stands(const struct policy_loading *loading, unsigned bases_needed)
{
    return (loading->shaken & bases_needed) == 0;
}

bool clock_stands(const struct policy_loading *loading, uint16_t clock, unsigned bases_needed)
{
    return ((loading->shaken | loading->clock_shaken[clock]) & bases_needed) == 0;
}
