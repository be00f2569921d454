/*
 * One source of a mapping: a column, what its cells stand for, and of which form a time is.
 */
#ifndef REDRESS_CTL_MAP_SOURCE_H
#define REDRESS_CTL_MAP_SOURCE_H

#include "ctl_map.h"
#include "yaml.h"
#include "zone.h"

enum map_target {
    MAP_POLICY,
    MAP_CHANNEL,
    MAP_RECEIVED_AT,
    MAP_OCCURRED_AT,
    MAP_NARRATIVE,
    MAP_NAME,
    MAP_CONTACT,
    MAP_REFERENCE,
    MAP_CATEGORY_HINT,
    MAP_PRODUCT,
    MAP_DEMAND,
    MAP_TARGET_COUNT,
};

enum map_form { MAP_FORM_TEXT, MAP_FORM_DATE, MAP_FORM_RFC3339, MAP_FORM_UNIX, MAP_FORM_LOCAL };

struct map_source {
    bool given;
    const char *fixed;  /* the same for every row; NULL: from the column */
    const char *column; /* lent by the mapping's tree, like fixed and fallback */
    int place;          /* of the column, in the reader */
    const char *fallback;
    const struct yaml_node *values; /* a map, or NULL */
    enum map_form form;
    struct zone *zone; /* owned; NULL: UTC */
};

/* Complains and leaves the source ungiven when the node is none. */
void map_source_read(struct yaml_source *yaml,
                     const struct yaml_node *node,
                     bool is_time,
                     struct map_source *source);

enum ctl_mapped map_source_text(const struct map_source *source,
                                const struct ctl_reader *reader,
                                struct slice *text,
                                struct ctl_bad *bad);

/* A fixed time: "now", or "26h ago" (min, h, d).  False for anything else. */
bool map_ago_read(const char *text, int64_t *ago_us);

/* An empty cell leaves the time out; so does a fixed "now". */
enum ctl_mapped map_source_time(const struct map_source *source,
                                const struct ctl_reader *reader,
                                bool *present,
                                int64_t *at_us,
                                struct ctl_bad *bad);

#endif
