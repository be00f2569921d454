/*
 * What the parts of the policy loader share: one loading, and readers for the kinds of value a
 * policy is made of.
 *
 * Every reader complains at the place of the fault and goes on, so that one run tells of all
 * faults; what it could not read is left as it was.  Private to policy_load*.c.
 */
#ifndef REDRESS_POLICY_READ_H
#define REDRESS_POLICY_READ_H

#include "calendar_load.h"
#include "policy_bundle.h"
#include "policy_language.h"
#include "policy_load.h"
#include "yaml.h"

enum {
    POLICY_PATTERNS_MAX = 4096,
    POLICY_RULES_MAX = 256, /* factors' rules aside: overrides, routes */
    POLICY_CALENDARS_MAX = 16,
    POLICY_TEXT_MAX = 512, /* bytes of a title */
    POLICY_FORMS_MAX = 64,
};

/* Where a row of the policy stands, for what is found out about it later. */
struct policy_mark {
    const void *row;
    const struct yaml_node *place; /* its name, or the item of a list */
    const struct yaml_node *map;
    struct policy_mark *next;
};

/* What proofs stand on: a fault in one of these leaves out the proofs that need it, no other. */
enum policy_base {
    BASE_WAYS = 1,     /* which steps there are, what leads on and what it records */
    BASE_HANDS = 2,    /* who acts, and to whom or where the case goes */
    BASE_FORMS = 4,    /* what is filled in */
    BASE_WAITS = 8,    /* what is required first */
    BASE_TASKS = 16,   /* what is opened and settled */
    BASE_TEXTS = 32,   /* texts, and what replies have to say */
    BASE_SCORES = 64,  /* classes, factors, overrides */
    BASE_ROUTES = 128, /* which queue a case goes to */
    BASE_PATTERNS = 256,
    BASE_STEPS = BASE_WAYS | BASE_HANDS | BASE_FORMS | BASE_WAITS | BASE_TASKS | BASE_TEXTS,
    /* of each clock: */
    BASE_RUNS = 512,    /* when it starts and stops */
    BASE_LEVELS = 1024, /* its length and what happens how far before or after it is due */
    BASE_MORE = 2048,   /* its extension */
    BASE_CLOCK = BASE_RUNS | BASE_LEVELS | BASE_MORE,
    BASE_ALL = 4095,
};

/* Fields under one name, for needs and asks. */
struct policy_form {
    char id[POLICY_NAME_MAX];
    uint16_t count;
    const struct policy_field *fields[POLICY_NEEDS_MAX];
};

struct policy_loading {
    struct policy *policy;
    struct arena *arena;        /* of what stays */
    struct arena *scratch;      /* of the tree */
    struct yaml_source *source; /* of the policy itself; it counts for all files */
    struct yaml_source sources[POLICY_FILES_MAX];
    struct policy_file files[POLICY_FILES_MAX];
    uint32_t file_count;
    const struct policy_holidays *holidays;
    size_t holiday_count;
    int first_year, last_year;
    enum policy_patterns {
        PATTERNS_COMPILED,
        PATTERNS_AT_REST,
        PATTERNS_IN_TIME,  /* at rest, once they are known to compile */
        PATTERNS_LEFT_OUT, /* no classifier */
    } as;                  /* what becomes of the patterns */
    unsigned patience_s;   /* IN_TIME */
    uint32_t locales;      /* bit set: texts have to be there in these */
    struct classify_pattern *patterns;
    const struct yaml_node **pattern_nodes; /* where each regex stands */
    uint32_t pattern_count;
    char (*pattern_ids)[POLICY_NAME_MAX];      /* of the section patterns, apart from categories */
    const struct yaml_node *pattern_key_nodes; /* that section */
    uint16_t pattern_id_count;
    bool *pattern_used;
    struct policy_mark *marks;
    struct policy_form *forms;
    uint16_t form_count;
    const struct yaml_node **clock_nodes;
    const struct yaml_node *level_nodes[POLICY_CLOCKS_MAX][POLICY_LEVELS_MAX];
    const struct yaml_node *target_nodes[POLICY_CLOCKS_MAX][POLICY_TARGETS_MAX];
    const struct yaml_node *start_nodes[POLICY_CLOCKS_MAX];
    const struct yaml_node *stop_nodes[POLICY_CLOCKS_MAX];
    const struct yaml_node *rearm_nodes[POLICY_CLOCKS_MAX];
    const struct yaml_node *retention_node; /* NULL: it says nothing of it */
    unsigned base;                          /* of what is read now */
    unsigned shaken;                        /* bases that faults were found in */
    unsigned clock_shaken[POLICY_CLOCKS_MAX];
};

/* The base of what stands in a key of a part (NULL: one that it does not have), where the part
 * stands in something of base outer. */
unsigned base_of(const struct language_part *part, const struct language_key *key, unsigned outer);

/* No fault was found in any of these bases. */
bool stands(const struct policy_loading *loading, unsigned bases);
/* Likewise, those of one clock among them. */
bool clock_stands(const struct policy_loading *loading, uint16_t clock, unsigned bases);

void complain(struct policy_loading *loading,
              const struct yaml_node *node,
              const char *hint,
              const char *format,
              ...) __attribute__((format(printf, 4, 5)));
void warn(struct policy_loading *loading,
          const struct yaml_node *node,
          const char *hint,
          const char *format,
          ...) __attribute__((format(printf, 4, 5)));

/* Room for count things of size bytes, cleared; NULL after a complaint, of the whole file where
 * node is NULL. */
void *loading_take(struct policy_loading *loading,
                   const struct yaml_node *node,
                   size_t count,
                   size_t size);

/* Complains unless node is a list (or map) of at most max things; gives how many, 0 when wrong. */
uint32_t read_count(struct policy_loading *loading,
                    const struct yaml_node *node,
                    enum yaml_kind kind,
                    uint32_t max,
                    const char *what);

/* a-z, 0-9, '-', '_' and '.', at most POLICY_NAME_MAX - 1 of them, beginning with a letter or
 * digit. */
void read_id(struct policy_loading *loading,
             const struct yaml_node *node,
             char id[POLICY_NAME_MAX]);

/* A text for all languages, or one for each. */
void read_title(struct policy_loading *loading,
                const struct yaml_pair *pair,
                struct policy_title *title);

bool title_given(const struct policy_title *title);

/* A language without a text has that of the one next to it; without any, the id. */
void title_complete(struct policy_title *title, const char *id);

bool read_flag(struct policy_loading *loading, const struct yaml_node *node);
int64_t
read_number(struct policy_loading *loading, const struct yaml_node *node, int64_t min, int64_t max);

/* A table of names: rows begin with their id and lie stride bytes apart. */
struct policy_names {
    const char *what; /* "channel" */
    const void *rows;
    size_t stride;
    uint16_t count;
};

/* Index of the name, or POLICY_NONE after a complaint with a hint. */
uint16_t
read_name(struct policy_loading *loading, const struct yaml_node *node, struct policy_names names);

/* One name or a list of names as a bit set of at most 32. */
uint32_t read_name_set(struct policy_loading *loading,
                       const struct yaml_node *node,
                       struct policy_names names);

/* A scalar stands for a list of one. */
uint32_t list_count(const struct yaml_node *node);
const struct yaml_node *list_item(const struct yaml_node *node, uint32_t i);

/* "did you mean 'quality'?" in the buffer, or "" when nothing is near; candidates are asked for
 * until NULL; true: one is near. */
bool hint_make(char hint[160], const char *wrong, struct policy_names names);

struct policy_names names_steps(const struct policy *policy);
struct policy_names names_roles(const struct policy *policy);

/* The policy laid over the files it uses; NULL after a complaint. */
const struct yaml_node *policy_tree(struct policy_loading *loading);

/* ---- by the table of the language ---- */

/* Reads a mapping by the part's keys, in their order; place is where a missing key is told of. */
void read_part(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               const struct language_part *part,
               void *into);

/* Reads a value by its key. */
void read_key(struct policy_loading *loading,
              const struct yaml_pair *pair,
              const struct language_key *key,
              void *into);

/* Rows of a map or items of a list into an array that has room for them. */
void read_rows(struct policy_loading *loading,
               const struct yaml_node *node,
               const struct language_part *part,
               uint32_t count,
               void *rows);

/* The names of a thing, as far as they have been read. */
struct policy_names names_of(const struct policy_loading *loading, enum policy_thing thing);

/* Where a row stands; never NULL for a row of the policy. */
void mark_row(struct policy_loading *loading,
              const void *row,
              const struct yaml_node *place,
              const struct yaml_node *map);
const struct policy_mark *mark_of(const struct policy_loading *loading, const void *row);

/* A role as it is read; a policy keeps what is said of roles in lists beside their names. */
struct role_read {
    struct policy_title title;
    bool outside;
};

/* The table's own readers, begins, ends and checks; see policy_language.c. */
#define POLICY_READER(name)                                                                        \
    void name(struct policy_loading *loading, const struct yaml_pair *pair, void *into)
POLICY_READER(read_uses);
POLICY_READER(read_languages);
POLICY_READER(read_roles);
POLICY_READER(read_taxonomy);
POLICY_READER(read_category_title);
POLICY_READER(read_category_patterns);
POLICY_READER(read_category_kinds);
POLICY_READER(read_patterns);
POLICY_READER(read_when_patterns);
POLICY_READER(read_field_min);
POLICY_READER(read_field_max);
POLICY_READER(read_field_picture);
POLICY_READER(read_forms);
POLICY_READER(read_action_queue);
POLICY_READER(read_action_needs);
POLICY_READER(read_action_asks);
POLICY_READER(read_only_in);
POLICY_READER(read_step_affinity);
POLICY_READER(read_step_key_accounts);
POLICY_READER(read_relax_after);
POLICY_READER(read_skill_languages);
POLICY_READER(read_skill_steps);
POLICY_READER(read_compare_min);
POLICY_READER(read_compare_max);
POLICY_READER(read_compare_is);
POLICY_READER(read_required_before);
POLICY_READER(read_required_after);
POLICY_READER(read_required_min);
POLICY_READER(read_required_max);
POLICY_READER(read_required_is);
POLICY_READER(read_required_outcomes);
POLICY_READER(read_limit_most);
POLICY_READER(read_forbidden);
POLICY_READER(read_part_phrases);
POLICY_READER(read_action_outcome);
POLICY_READER(read_text_says);
POLICY_READER(fields_check);
POLICY_READER(closing_check);
POLICY_READER(read_everywhere);
POLICY_READER(read_calendars);
POLICY_READER(read_clocks);
POLICY_READER(calendar_always);
POLICY_READER(calendar_breaks);
POLICY_READER(calendar_closed);
POLICY_READER(calendar_holidays);
POLICY_READER(calendar_make_up);
POLICY_READER(calendar_open);
POLICY_READER(calendar_title);
POLICY_READER(calendar_week);
POLICY_READER(calendar_zone);
POLICY_READER(clock_boundary);
POLICY_READER(clock_cleared);
POLICY_READER(clock_due_field);
POLICY_READER(clock_extension);
POLICY_READER(clock_hidden_in);
POLICY_READER(clock_levels);
POLICY_READER(clock_of_steps);
POLICY_READER(clock_of_task);
POLICY_READER(clock_pauses);
POLICY_READER(clock_pauses_in);
POLICY_READER(clock_statutory);
POLICY_READER(clock_takes_back);
POLICY_READER(clock_rearms);
POLICY_READER(clock_runs_in);
POLICY_READER(clock_starts);
POLICY_READER(clock_start_marks);
POLICY_READER(clock_stop_marks);
POLICY_READER(clock_rearm_marks);
POLICY_READER(clock_stops);
POLICY_READER(clock_targets);
POLICY_READER(clock_title);
POLICY_READER(clock_unknown);
POLICY_READER(clock_when);
/* Whether the keys of a clock that was read go together. */
void clock_keys_check(struct policy_loading *loading,
                      const struct yaml_pair *row,
                      const struct policy_clock *clock);

/* The extension of a clock, with those that come after it. */
void extension_first(struct policy_loading *loading,
                     const struct yaml_pair *pair,
                     struct policy_clock *clock);
POLICY_READER(extension_after);
POLICY_READER(extension_by);
POLICY_READER(extension_further);
POLICY_READER(extension_reason);
POLICY_READER(extension_times);
POLICY_READER(extension_to);
POLICY_READER(file_id);
POLICY_READER(file_origin);
POLICY_READER(level_breach);
POLICY_READER(level_escalate);
POLICY_READER(level_notify);
POLICY_READER(level_raise);
POLICY_READER(level_warn);
POLICY_READER(own_calendar);
POLICY_READER(own_end_of_day);
POLICY_READER(own_rolls);
POLICY_READER(own_within);
POLICY_READER(set_off);
POLICY_READER(set_worked);
POLICY_READER(target_calendar);
POLICY_READER(target_end_of_day);
POLICY_READER(target_priorities);
POLICY_READER(target_rolls);
POLICY_READER(target_when);
POLICY_READER(target_within);
POLICY_READER(read_measure_outcomes);
POLICY_READER(read_measure_among);
POLICY_READER(read_measure_is);
POLICY_READER(read_measure_score);
POLICY_READER(read_measure_least);
POLICY_READER(read_measure_most);
POLICY_READER(read_erasing_after);
POLICY_READER(read_ground_at_least);
POLICY_READER(read_measure_within);
POLICY_READER(read_measure_between);
POLICY_READER(classes_check);
POLICY_READER(routes_check);
void class_begin(struct policy_loading *loading, const struct yaml_node *place, void *into);
void field_begin(struct policy_loading *loading, const struct yaml_node *place, void *into);
void field_end(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               void *into);
void compare_end(struct policy_loading *loading,
                 const struct yaml_node *place,
                 const struct yaml_node *map,
                 void *into);
void requirement_begin(struct policy_loading *loading, const struct yaml_node *place, void *into);
void requirement_end(struct policy_loading *loading,
                     const struct yaml_node *place,
                     const struct yaml_node *map,
                     void *into);
void action_end(struct policy_loading *loading,
                const struct yaml_node *place,
                const struct yaml_node *map,
                void *into);
/* One outcome or a list of them, as a bit set over enum case_outcome. */
uint32_t read_outcomes(struct policy_loading *loading, const struct yaml_node *node);
/* A bound as a field's type has it. */
bool read_bound(struct policy_loading *loading,
                const struct yaml_node *node,
                const struct policy_field *field,
                int64_t *bound);
void skill_end(struct policy_loading *loading,
               const struct yaml_node *place,
               const struct yaml_node *map,
               void *into);
void measure_end(struct policy_loading *loading,
                 const struct yaml_node *place,
                 const struct yaml_node *map,
                 void *into);
void measure_target_end(struct policy_loading *loading,
                        const struct yaml_node *place,
                        const struct yaml_node *map,
                        void *into);
void retention_end(struct policy_loading *loading,
                   const struct yaml_node *place,
                   const struct yaml_node *map,
                   void *into);
void measure_duty_end(struct policy_loading *loading,
                      const struct yaml_node *place,
                      const struct yaml_node *map,
                      void *into);
void step_end(struct policy_loading *loading,
              const struct yaml_node *place,
              const struct yaml_node *map,
              void *into);
void when_end(struct policy_loading *loading,
              const struct yaml_node *place,
              const struct yaml_node *map,
              void *into);

/* What a rule may look at where it stands. */
enum when_part {
    WHEN_CHANNELS = 1,
    WHEN_CLASSES = 2,
    WHEN_CATEGORIES = 4,
    WHEN_REPEATS = 8,
    WHEN_PATTERNS = 16,
};

/* what names the place in messages ("a route"). */
void read_when(struct policy_loading *loading,
               const struct yaml_node *node,
               unsigned allowed,
               const char *what,
               struct policy_when *when);

/* The facts an action of a person may record, and all that clocks may start and stop at. */
enum event_kind read_action_fact(struct policy_loading *loading, const struct yaml_node *node);
void read_facts(struct policy_loading *loading, const struct yaml_node *node, uint64_t set[2]);

/* A length of time: "24h", "90 minutes", "2 business hours", "3 business days", "75%". */
enum duration_unit {
    DURATION_PERCENT,
    DURATION_ELAPSED,
    DURATION_BUSINESS,
    DURATION_BUSINESS_DAYS,
};

struct duration {
    enum duration_unit unit;
    int64_t value; /* percent, seconds or days */
    int side;      /* -1 "… before", 1 "… after", 0 neither */
};

bool duration_parse(const char *text, struct duration *duration);
bool read_duration(struct policy_loading *loading,
                   const struct yaml_node *node,
                   struct duration *duration);

/* After everything was read: what can be proved of what was read without a fault. */
void policy_prove(struct policy_loading *loading);
void policy_prove_rules(struct policy_loading *loading);
void policy_prove_requires(struct policy_loading *loading);
/* Of policy_prove; reach[i]: the steps a case may come to from step i, i included. */
void prove_tasks(struct policy_loading *loading, const uint64_t reach[POLICY_STEPS_MAX]);
/* Of policy_prove, likewise. */
void prove_levels(struct policy_loading *loading, uint16_t index);
void policy_prove_texts(struct policy_loading *loading);
/* Stands in a file the policy uses: such a thing is there to be chosen from, used or not. */
bool is_of_pack(const struct policy_loading *loading, const struct yaml_node *place);

#endif
