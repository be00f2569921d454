/*
 * A journey of tests/policies/NAME.yaml: reading it, living it through the real cores, and saying
 * at which line it did not go as told.  Private to tests/policies.
 */
#ifndef REDRESS_STORY_H
#define REDRESS_STORY_H

#include "journey_case.h"
#include "yaml.h"
#include "zone.h"

enum {
    STORY_WORD_MAX = 1024,
    STORY_ARENA_SIZE = 64 * 1024 * 1024,
    STORY_CUSTOMERS_MAX = 256,
    STORY_ENDED_MAX = 256,
};

/* One file of journeys with its policy. */
struct story_file {
    const char *path; /* for messages */
    struct policy_object *object;
    struct zone *zone; /* of the policy's first calendar */
    struct arena *arena;
    uint64_t serial;
    struct {
        uint64_t id;
        int64_t received_at_us;
    } before[STORY_CUSTOMERS_MAX]; /* complaints so far */
    unsigned before_count;
    struct {
        char cause[DISPATCH_CAUSE_MAX];
        int64_t received_at_us, updated_at_us;
    } ended[STORY_ENDED_MAX]; /* journeys so far, as what they count in the end */
    unsigned ended_count;
};

/* One journey; lent by the file. */
struct story {
    struct story_file *file;
    const struct yaml_node *told; /* the mapping */
    struct journey *journey;
    unsigned wrong;  /* since the last story_settle */
    unsigned proved; /* expectations and refusals that held */
};

/* Lives one journey; fails the test that runs with file:line, what was expected and what was. */
void story_live(struct story *story);

/* Says that something is not as it should be, and goes on; story_settle ends it. */
void story_wrong(struct story *story, const struct yaml_node *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fails if anything was wrong. */
void story_settle(struct story *story, const struct yaml_node *place);

/* The same as both. */
void story_fail(struct story *story, const struct yaml_node *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Compares the case with what a mapping under "expect" says. */
void story_expect(struct story *story, const struct yaml_node *expected);

/* The value of a key, NULL where there is none; the story fails where it is of another kind. */
const struct yaml_node *
story_value(struct story *story, const struct yaml_node *map, const char *key, enum yaml_kind kind);

/* The text of a key, or otherwise. */
const char *story_text(struct story *story,
                       const struct yaml_node *map,
                       const char *key,
                       const char *otherwise);

/* Fails at a key the table does not have. */
void story_keys(struct story *story, const struct yaml_node *map, const char *const *keys);

/* "2026-03-02 10:00" of the policy's zone as microseconds. */
int64_t story_time(struct story *story, const struct yaml_node *place);

/* The inverse, without the seconds. */
const char *story_said(const struct story *story, int64_t at_us, char text[STORY_WORD_MAX]);

#endif
