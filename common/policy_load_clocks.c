/* Clocks and their levels. */
#include "policy_read.h"

/* Where a clock is read into. */
struct clock_place {
    struct policy_clock *clock;
    uint16_t index;
};

static void clock_title(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    read_title(loading, pair, &((struct clock_place *)into)->clock->title);
}

static void clock_starts(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct clock_place *place = into;
    loading->start_nodes[place->index] = &pair->value;
    read_facts(loading, &pair->value, place->clock->starts);
}

static void clock_stops(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct clock_place *place = into;
    loading->stop_nodes[place->index] = &pair->value;
    read_facts(loading, &pair->value, place->clock->stops);
}

static void clock_when(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    /* What the watchdog knows of a case; class and category only once it is triaged. */
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    unsigned allowed = WHEN_CHANNELS | WHEN_CLASSES | WHEN_CATEGORIES;
    if (policy_kind_in(clock->starts, EVENT_RECEIVED)) {
        allowed = WHEN_CHANNELS;
    }
    read_when(loading,
              &pair->value,
              allowed,
              allowed == WHEN_CHANNELS ? "a clock that starts at 'received'" : "a clock",
              &clock->when);
}

static void clock_within(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    struct duration duration = {0};
    if (!read_duration(loading, &pair->value, &duration)) {
        return;
    }
    if (duration.side != 0 || duration.unit == DURATION_PERCENT) {
        complain(loading, &pair->value, NULL, "a target is a length of time, not an offset");
        return;
    }
    switch (duration.unit) {
    case DURATION_PERCENT:
    case DURATION_ELAPSED:
        clock->target = TARGET_ELAPSED;
        clock->target_s = duration.value;
        break;
    case DURATION_BUSINESS:
        clock->target = TARGET_BUSINESS;
        clock->target_s = duration.value;
        break;
    case DURATION_BUSINESS_DAYS:
        clock->target = TARGET_BUSINESS_DAYS;
        clock->target_days = (uint32_t)duration.value;
        if (duration.value > 1000) {
            complain(loading, &pair->value, NULL, "more than 1000 business days");
        }
        break;
    }
}

static void
clock_end_of_day(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct policy_clock *clock = ((struct clock_place *)into)->clock;
    clock->end_of_day = read_flag(loading, &pair->value);
    if (clock->target != TARGET_BUSINESS_DAYS) {
        complain(loading,
                 &pair->key,
                 "within: 3 business days",
                 "the end of the day is meant for targets in business days");
    }
}

static void clock_calendar(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    struct policy_names names = {"calendar",
                                 loading->policy->calendars,
                                 sizeof(struct calendar),
                                 loading->policy->calendar_count};
    ((struct clock_place *)into)->clock->calendar = read_name(loading, &pair->value, names);
}

static void clock_pauses(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct clock_place *)into)->clock->pauses_for_customer = read_flag(loading, &pair->value);
}

static void level_when(struct policy_loading *loading,
                       const struct yaml_pair *pair,
                       struct policy_level *level,
                       enum level_action action)
{
    struct duration duration = {0};
    level->action = action;
    if (action == LEVEL_BREACH) {
        level->offset = OFFSET_PERCENT;
        level->value = 100;
        if (pair->value.kind != YAML_SCALAR || strcmp(pair->value.text, "due") != 0) {
            complain(loading, &pair->value, "breach: due", "a clock is breached when it is due");
        }
        return;
    }
    if (!read_duration(loading, &pair->value, &duration)) {
        return;
    }
    bool percent = duration.unit == DURATION_PERCENT;
    if (percent == (duration.side != 0) || duration.unit == DURATION_BUSINESS_DAYS) {
        complain(loading,
                 &pair->value,
                 "75%, 2h before, 2 business hours after",
                 "a level is a percentage, or a time before or after the due time");
        return;
    }
    level->offset = percent                             ? OFFSET_PERCENT
                    : duration.unit == DURATION_ELAPSED ? OFFSET_ELAPSED
                                                        : OFFSET_BUSINESS;
    level->value = percent ? duration.value : duration.side * duration.value;
}

static void level_warn(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    level_when(loading, pair, into, LEVEL_WARN);
}

static void level_breach(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    level_when(loading, pair, into, LEVEL_BREACH);
}

static void level_escalate(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    level_when(loading, pair, into, LEVEL_ESCALATE);
}

static void level_notify(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_level *)into)->notify_role =
        read_name(loading, &pair->value, names_roles(loading->policy));
}

static void level_raise(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    ((struct policy_level *)into)->raise_priority_to =
        (uint8_t)read_number(loading, &pair->value, 1, 5);
}

static void clock_levels(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"warn",     false, level_warn    },
        {"breach",   false, level_breach  },
        {"escalate", false, level_escalate},
        {"notify",   false, level_notify  },
        {"raise-to", false, level_raise   },
    };
    struct clock_place *place = into;
    uint32_t count = read_count(loading, &pair->value, YAML_LIST, POLICY_LEVELS_MAX, "levels");
    for (uint32_t i = 0; i < count; i++) {
        const struct yaml_node *item = &pair->value.items[i];
        struct policy_level *level = &place->clock->levels[i];
        *level = (struct policy_level){.notify_role = POLICY_NONE};
        loading->level_nodes[place->index][i] = item;
        read_map(loading, item, item, "a level", keys, KEY_COUNT(keys), level);
        int actions = (yaml_find(item, "warn") != NULL) + (yaml_find(item, "breach") != NULL) +
                      (yaml_find(item, "escalate") != NULL);
        if (item->kind == YAML_MAP && actions != 1) {
            complain(loading, item, NULL, "a level is one of warn, breach, escalate");
        }
    }
    place->clock->level_count = (uint16_t)count;
}

void read_clocks(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
{
    static const struct policy_key keys[] = {
        {"title",               true,  clock_title     },
        {"starts",              true,  clock_starts    },
        {"stops",               true,  clock_stops     },
        {"when",                false, clock_when      },
        {"within",              true,  clock_within    },
        {"end-of-day",          false, clock_end_of_day},
        {"calendar",            true,  clock_calendar  },
        {"pauses-for-customer", false, clock_pauses    },
        {"levels",              true,  clock_levels    },
    };
    (void)into;
    const struct yaml_node *map = &pair->value;
    struct policy *policy = loading->policy;
    uint32_t count = read_count(loading, map, YAML_MAP, POLICY_CLOCKS_MAX, "clocks");
    struct policy_clock *clocks = loading_take(loading, map, count, sizeof *clocks);
    loading->clock_nodes = loading_take(loading, map, count, sizeof *loading->clock_nodes);
    for (uint32_t i = 0; i < count && clocks && loading->clock_nodes; i++) {
        const struct yaml_pair *row = &map->pairs[i];
        struct clock_place place = {&clocks[i], (uint16_t)i};
        loading->clock_nodes[i] = &row->key;
        read_id(loading, &row->key, clocks[i].id);
        (void)snprintf(clocks[i].rule,
                       sizeof clocks[i].rule,
                       "%s@%u:%u",
                       policy->name,
                       policy->version,
                       row->key.line);
        read_map(loading, &row->key, &row->value, "a clock", keys, KEY_COUNT(keys), &place);
        title_complete(&clocks[i].title, clocks[i].id);
    }
    policy->clocks = clocks;
    policy->clock_count = (uint16_t)(clocks && loading->clock_nodes ? count : 0);
}
