/*
 * What a mapping tells of a row besides the submission: what happened to it afterwards, and what
 * was said of its deadlines.  Read by `redress drill`; `redress import` checks it and leaves it.
 */
#ifndef REDRESS_CTL_MAP_FACTS_H
#define REDRESS_CTL_MAP_FACTS_H

#include "ctl_map_source.h"
#include "event.h"

enum {
    MAP_FACTS_MAX = 8,
    MAP_FACT_FIELDS_MAX = 4,
    MAP_RECORDED_MAX = EVENT_CLOCKS_MAX,
};

/* "- {fact: closed, at: SOURCE, to: STEP, fields: {NAME: SOURCE}}" */
struct map_fact {
    enum event_kind kind;
    const char *to_step; /* NULL: stays */
    struct map_source at;
    uint32_t field_count;
    const char *names[MAP_FACT_FIELDS_MAX]; /* lent by the mapping's tree */
    struct map_source fields[MAP_FACT_FIELDS_MAX];
};

/* "CLOCK: {column: ontime, values: {ONTIME: on-time, OVERDUE: late}}" */
struct map_recorded {
    const char *clock;
    struct map_source source;
};

struct map_facts {
    uint32_t fact_count, recorded_count;
    struct map_fact facts[MAP_FACTS_MAX];
    struct map_recorded recorded[MAP_RECORDED_MAX];
};

/* The keys facts and recorded of a mapping; complains about what is wrong. */
void map_facts_read(struct yaml_source *yaml,
                    const struct yaml_node *root,
                    struct map_facts *facts);
void map_facts_done(struct map_facts *facts);

/* Asks the reader for their columns; false: too many. */
bool map_facts_want(struct map_facts *facts, struct ctl_reader *reader);

#endif
