/*
 * The language policies are written in, as one table (policy_language.c): what may stand where, as
 * what, within which bounds, what holds when it is left out, and what it means, in three languages.
 *
 * The reader (policy_read_part.c), its hints, the reference manual and the schema for editors are
 * all driven by it; so none of them can say something else.
 */
#ifndef REDRESS_POLICY_LANGUAGE_H
#define REDRESS_POLICY_LANGUAGE_H

#include "policy.h"

#include <stddef.h>

/* What is defined by name, or in order, and can be pointed at. */
enum policy_thing {
    THING_NONE,
    THING_ROLE,
    THING_CHANNEL,
    THING_CATEGORY,
    THING_PATTERN,
    THING_CLASS,
    THING_FACTOR,
    THING_OVERRIDE,
    THING_QUEUE,
    THING_ROUTE,
    THING_FIELD,
    THING_MARK,
    THING_TASK,
    THING_TEXT,
    THING_STEP,
    THING_CALENDAR,
    THING_CLOCK,
    THING_COUNT,
};

enum language_kind {
    KIND_ID,        /* char[POLICY_NAME_MAX] */
    KIND_TITLE,     /* struct policy_title */
    KIND_TEXT,      /* const char * */
    KIND_NUMBER,    /* an integer of any width: min … max */
    KIND_FLAG,      /* bool: yes or no */
    KIND_DAYS,      /* uint32_t: "90 days" */
    KIND_LENGTH,    /* "24h", "3 business days"; read by the key's own reader */
    KIND_PERIOD,    /* "3 years", "18 months"; likewise */
    KIND_OFFSET,    /* "75%", "2h before"; likewise */
    KIND_DUE,       /* the word "due" */
    KIND_WORD,      /* an enum: one of words */
    KIND_WORDS,     /* uint32_t, a bit set of words */
    KIND_NAME,      /* uint16_t: index of a thing; POLICY_NONE when left out */
    KIND_NAMES,     /* uint32_t: bit set of things */
    KIND_INDEXES,   /* const uint16_t *, how many in count_into: indexes of things */
    KIND_NEW_NAMES, /* names that are defined here */
    KIND_FACT,      /* enum event_kind of a person's action */
    KIND_FACTS,     /* uint64_t[2]: bit set of enum event_kind */
    KIND_PATTERNS,  /* one regular expression or a list */
    KIND_BOUND,     /* a number, an amount or a date, by the field's type */
    KIND_TEXTS,     /* one text or a list */
    KIND_FILES,     /* names of files */
    KIND_ZONE,
    KIND_WEEK,  /* "mon-fri: 09:00-18:00" */
    KIND_HOURS, /* "09:00-18:00", or a list */
    KIND_DATES, /* "2026-10-01", or a list */
    KIND_DATED, /* "2026-10-01: 09:00-12:00" */
    KIND_PART,  /* a mapping of keys, read into the same struct */
    KIND_ROWS,  /* names, each with a mapping of keys */
    KIND_LIST,  /* a list of mappings of keys */
    KIND_COUNT,
};

/* What the editor's schema and the manual know of a kind. */
struct language_kind_row {
    const char *schema; /* a JSON object; NULL: composed from the key */
    const char *told[LOCALE_COUNT];
};
extern const struct language_kind_row language_kinds[KIND_COUNT];

struct policy_loading;
struct yaml_node;
struct yaml_pair;
struct language_part;

struct language_key {
    const char *name;
    bool required;
    enum language_kind kind;
    uint16_t into;        /* offset in the part's struct */
    uint16_t size;        /* of that member */
    uint16_t count_into;  /* KIND_ROWS, KIND_LIST: where uint16_t says how many there are */
    bool in_place;        /* likewise: the member is an array, not a pointer */
    int64_t min, max;     /* of a number, or how many rows */
    const char *fallback; /* holds when it is left out, as it would be written; NULL: nothing */
    enum policy_thing thing;
    const char *const *words; /* ends with NULL */
    const struct language_part *part;
    /* Reads it instead of the kind's reader. */
    void (*read)(struct policy_loading *loading, const struct yaml_pair *pair, void *into);
    /* After it was read: what has to hold of its rows together. */
    void (*check)(struct policy_loading *loading, const struct yaml_pair *pair, void *into);
    const char *meaning[LOCALE_COUNT];
};

struct language_part {
    const char *name; /* "step": in the manual and the schema */
    const char *what; /* "a step": in messages */
    const struct language_key *keys;
    size_t key_count;
    size_t size;         /* of the struct a row is read into */
    size_t title_offset; /* completed from the id; 0: has none */
    /* Keys that exist in other places of its kind, and why not here. */
    const struct language_part *wider;
    const char *cannot; /* "a route cannot look at" */
    /* Before and after the keys of one row; NULL: nothing to do. */
    void (*begin)(struct policy_loading *loading, const struct yaml_node *place, void *into);
    void (*end)(struct policy_loading *loading,
                const struct yaml_node *place,
                const struct yaml_node *map,
                void *into);
    const char *meaning[LOCALE_COUNT];
};

/* The whole file, and the parts that are read by more than one. */
extern const struct language_part language_policy;
extern const struct language_part language_role;
extern const struct language_part language_category;
extern const struct language_part language_field;
extern const struct language_part language_step;
extern const struct language_part language_opening;
extern const struct language_part language_action;
extern const struct language_part language_everywhere;
extern const struct language_part language_clock_when;
extern const struct language_part language_clock;
extern const struct language_part language_target;
extern const struct language_part language_extension;
extern const struct language_part language_level;
extern const struct language_part language_calendar;
extern const struct language_part language_calendar_file;
extern const struct language_part language_holiday_set;
extern const struct language_part language_acted_when;
extern const struct language_part language_compare;
extern const struct language_part language_mark;
extern const struct language_part language_requirement;
extern const struct language_part language_limit;
extern const struct language_part language_task;
extern const struct language_part language_reply_part;
extern const struct language_part language_replies;
extern const struct language_part language_text;
extern const struct language_part language_deputy;
extern const struct language_part language_skill;
extern const struct language_part language_relax;
extern const struct language_part language_measure;
extern const struct language_part language_measure_when;
extern const struct language_part language_measure_target;
extern const struct language_part language_retention;
extern const struct language_part language_erasing;
extern const struct language_part language_ground;
extern const struct language_part language_measure_duty;

/* Every part, the file first; ends with NULL. */
extern const struct language_part *const language_parts[];

/* How a thing is called and where its rows lie in struct policy (those of patterns: in the
 * loading). */
struct thing_row {
    const char *what; /* "channel" */
    size_t rows, count, stride;
};
extern const struct thing_row language_things[THING_COUNT];

#endif
