/*
 * A policy as the cores read it: immutable tables with names resolved to indexes (law 11: no
 * organisation's rule lives in C).  Compiled by policy_load.c from YAML; every index is valid and
 * every list bounded, so a core need not check.
 *
 * All memory belongs to the policy object; a core gets it as const and lent for the call.
 */
#ifndef REDRESS_POLICY_H
#define REDRESS_POLICY_H

#include "calendar.h"
#include "event.h"

enum {
    POLICY_NAME_MAX = 48, /* bytes of an id, terminator included */
    POLICY_CHANNELS_MAX = 32,
    POLICY_CATEGORIES_MAX = 1024,
    POLICY_CLASSES_MAX = 16,
    POLICY_QUEUES_MAX = 256,
    POLICY_STEPS_MAX = 64,
    POLICY_ACTIONS_MAX = 16, /* of one step */
    POLICY_ROLES_MAX = 32,
    POLICY_CLOCKS_MAX = EVENT_CLOCKS_MAX,
    POLICY_LEVELS_MAX = 8,  /* of one clock */
    POLICY_TARGETS_MAX = 8, /* of one clock, besides its own */
    POLICY_AFTER_MAX = 4,   /* actions that have to come before an extension */
    POLICY_FACTORS_MAX = EVENT_FACTORS_MAX,
    POLICY_NEEDS_MAX = EVENT_FIELDS_MAX, /* fields an action asks for */
    POLICY_FIELDS_MAX = 256,
    POLICY_CHOICES_MAX = 64,
    POLICY_DECIMALS_MAX = 4, /* of numbers and amounts */
    POLICY_PICTURE_MAX = 60, /* characters a picture stands for */
    POLICY_MARKS_MAX = 32,
    POLICY_TASKS_MAX = 16,
    POLICY_KEPT_MAX = 16,        /* fields that stay with the case */
    POLICY_COMPARES_MAX = 4,     /* fields one rule looks at */
    POLICY_REQUIREMENTS_MAX = 8, /* of one action */
    POLICY_LIMITS_MAX = 16,      /* of one action */
    POLICY_NONE = 0xffff,        /* an index that is absent */
};

enum locale {
    LOCALE_EN,
    LOCALE_ZH_CN,
    LOCALE_ZH_TW,
    LOCALE_COUNT,
};

/* Phases of ISO 10002 as in DOMAIN.md section 1; what analytics measures time in. */
enum phase {
    PHASE_RECEIPT,
    PHASE_ASSESSMENT,
    PHASE_ASSIGNMENT,
    PHASE_INVESTIGATION,
    PHASE_SOLUTION,
    PHASE_APPROVAL,
    PHASE_CONSENT,
    PHASE_IMPLEMENTATION,
    PHASE_REPLY,
    PHASE_FOLLOW_UP,
    PHASE_CLOSED,
    PHASE_COUNT,
};

struct policy_title {
    const char *text[LOCALE_COUNT]; /* never NULL: a missing one falls back to the id */
};

struct policy_channel {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    bool acknowledged_by_receipt; /* the number is told while the complainant is there */
};

struct policy_category {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    uint16_t parent; /* POLICY_NONE for a top one; always a smaller index than its own */
};

/*
 * A field's value against what a rule asks.  Values are those of policy_field_value.  A value that
 * is not known is never what was asked for.
 */
struct policy_compare {
    uint16_t field; /* POLICY_NONE: nothing is compared */
    bool has_min, has_max;
    int64_t min, max;
    uint64_t choices; /* bit set; 0: any; of yes and no: bit 1 is yes */
};

/* What a rule asks of a case; every part that is given must hold. */
struct policy_when {
    uint32_t channels;       /* bit set; 0: any */
    uint32_t classes;        /* bit set; 0: any */
    uint16_t category_count; /* 0: any; a parent stands for its children */
    const uint16_t *categories;
    uint16_t repeats_min;   /* 0: any */
    uint16_t pattern_count; /* 0: any; one of these patterns was seen */
    const char (*patterns)[POLICY_NAME_MAX];
    uint16_t compare_count; /* 0: any; fields that stay with the case */
    const struct policy_compare *compares;
};

/* What is counted of a case: how often it was done, and by how many people. */
struct policy_tally {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    bool per_round; /* reopening begins at nought */
};

/* An obligation of a case towards somebody; several of a kind may be open at a time. */
struct policy_task {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    uint16_t role;       /* whose it is; POLICY_NONE: not said */
    bool blocks_nothing; /* else no case is closed while one is open */
};

/* How a case ended; it is recorded with what closes it. */
enum case_outcome {
    OUTCOME_NONE,
    OUTCOME_SETTLED,
    OUTCOME_NOT_FOUNDED,
    OUTCOME_NOT_OURS,
    OUTCOME_WITHDRAWN,
    OUTCOME_DUPLICATE,
    OUTCOME_MALICIOUS,
    OUTCOME_ESCALATED, /* outside: platform, association, regulator, court */
    OUTCOME_COUNT,
};

struct policy_factor {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    struct policy_when when;
    int16_t points;
};

/* Severity classes, gravest first: the first whose threshold the score reaches, unless an override
 * says otherwise. */
struct policy_class {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    int32_t from_score;
    uint8_t priority; /* 1 most urgent … 5 */
};

struct policy_override {
    struct policy_when when;
    uint16_t class_index;
};

struct policy_queue {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
};

struct policy_route {
    struct policy_when when;
    uint16_t queue;
};

enum field_type {
    FORM_TEXT,
    FORM_NUMBER,
    FORM_MONEY,
    FORM_DATE,    /* 2026-02-28 */
    FORM_CHOICE,  /* one of choices */
    FORM_FLAG,    /* yes or no */
    FORM_INSTANT, /* 2026-02-28T16:00:00+08:00 */
};

struct policy_choice {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
};

/* What a field may hold; zeroed it is any text. */
struct policy_field {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    enum field_type type;
    uint8_t decimals; /* of numbers and amounts: digits behind the point at most */
    bool has_min, has_max;
    int64_t min, max; /* characters of a text; numbers and amounts times 10^4; yyyymmdd of a date */
    uint16_t choice_count;
    const struct policy_choice *choices;
    const char *picture; /* NULL: any; see policy_picture_fits */
    const char *unit;    /* currency or unit, for people; NULL: none */
    bool kept;           /* its last value stays with the case */
    bool recuses;        /* people it names may neither claim nor act; names with commas between */
    uint16_t slot;       /* of the kept ones, in the policy's order; POLICY_NONE: not kept */
};

/*
 * What has to be so for an action to be done, or to lead on.  It is asked only of cases that fit
 * when, of people in one of roles, and, for closing, of these outcomes.  Every part that is given
 * must hold.
 */
struct policy_requirement {
    struct policy_title title; /* told where it does not hold */
    struct policy_when when;
    uint32_t roles;    /* bit set; 0: whoever acts */
    uint32_t outcomes; /* bit set over enum case_outcome; of closing */
    uint16_t mark;     /* POLICY_NONE: no mark is asked for */
    uint16_t times;    /* it was made so often at least */
    uint16_t persons;  /* by so many different people at least */
    uint16_t at_most;  /* and so often at most; POLICY_NONE: no such bound */
    uint16_t not_by;   /* a mark that whoever acts has not made; POLICY_NONE: none */
    uint16_t task;     /* no such obligation is open; POLICY_NONE: not asked */
    bool same_channel; /* the compared field names the channel the complaint came by */
    struct policy_compare compare;
};

/* Roles that may do whatever a role may, within its limits where they have none of their own. */
struct policy_deputy {
    uint16_t of;
    uint32_t roles; /* bit set */
};

/* Something every written reply says in one of these ways. */
struct policy_reply_part {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    uint16_t count;
    const char *const *phrases; /* normalised; see text.h */
};

/* How much of a field a role may decide; a role without a limit has none. */
struct policy_limit {
    uint16_t field, role;
    int64_t most;
};

/* A field in an action. */
struct policy_need {
    char field[POLICY_NAME_MAX];
    struct policy_title title;
    const struct policy_field *rules; /* NULL: any text */
    bool optional;                    /* may be left empty */
};

struct policy_action {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    enum event_kind fact;      /* of dispatch, EVENT_ACKNOWLEDGED … EVENT_TASK_DONE */
    uint32_t roles;            /* bit set of who may */
    uint16_t to_step;          /* POLICY_NONE: stays where it is */
    bool to_queue;             /* the case leaves its agent and goes back to a work queue */
    uint16_t queue;            /* which; POLICY_NONE: by the routes */
    bool same_person_may_not;  /* whoever did the step before may not do this one (approval) */
    uint32_t marks;            /* bit set of what it counts as */
    uint32_t opens, settles;   /* bit sets of obligations, one more or one less of each */
    bool gives;                /* to the agent whom the field "agent" names */
    bool even_if_concerned;    /* people whom the complaint names may do it, too */
    enum case_outcome outcome; /* of what closes a case; OUTCOME_NONE: settled */
    uint16_t require_count, move_count, limit_count;
    const struct policy_requirement *requirements;
    const struct policy_requirement *moves; /* unless they hold afterwards, the case stays */
    const struct policy_limit *limits;
    uint16_t need_count;
    struct policy_need needs[POLICY_NEEDS_MAX]; /* fields to be filled in */
};

struct policy_step {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    enum phase phase;
    uint16_t owner_role;
    bool waits_for_customer; /* operational clocks may pause here */
    bool closed;             /* an end: the case is closed when it gets here */
    bool other_handler;      /* who held the case in an earlier step may not claim it here */
    uint16_t action_count;
    struct policy_action actions[POLICY_ACTIONS_MAX];
};

enum clock_target {
    TARGET_ELAPSED,       /* seconds of wall-clock time */
    TARGET_BUSINESS,      /* seconds of the calendar */
    TARGET_BUSINESS_DAYS, /* n business dates */
    TARGET_PROMISED,      /* the instant in a field of the fact that starts it; never moves */
};

enum level_offset {
    OFFSET_PERCENT,  /* of the target, 1 … 400 */
    OFFSET_ELAPSED,  /* seconds after (negative: before) the due instant */
    OFFSET_BUSINESS, /* the same in business time */
    OFFSET_DAYS,     /* business dates after the due instant, the clock kept */
};

enum level_action {
    LEVEL_WARN,     /* EVENT_CLOCK_WARNED */
    LEVEL_BREACH,   /* EVENT_CLOCK_BREACHED; exactly one a clock, at 100 % */
    LEVEL_ESCALATE, /* EVENT_CLOCK_ESCALATED */
};

struct policy_level {
    enum level_action action;
    enum level_offset offset;
    int64_t value;             /* percent, seconds or business dates */
    uint16_t notify_role;      /* POLICY_NONE: nobody */
    uint8_t raise_priority_to; /* 0: no */
};

/* What a clock is given instead of its own target while a case is one of these. */
struct policy_target {
    struct policy_when when;
    uint8_t priorities; /* bit set, bit 0 is priority 1; 0: any */
    char rule[64];      /* "policy@version:line", its own line; no two of one clock are equal */
    enum clock_target target;
    int64_t target_s;
    uint32_t target_days;
    bool end_of_day;
    bool rolls;
    uint16_t calendar;
};

/*
 * How a clock may be given more time.  A fact EVENT_EXTENDED asks for it, of the clock its field
 * "clock" names, or of every clock that can be extended.
 */
struct policy_extension {
    uint8_t times; /* how often in one run; 0: never */
    int64_t by_s;  /* how far, each time, in the unit of the target */
    uint32_t by_days;
    bool needs_reason;    /* the fact carries a field "reason" */
    uint16_t after_count; /* actions done in this run, since the last extension if there was one */
    char after[POLICY_AFTER_MAX][POLICY_NAME_MAX]; /* ids: who approves, who tells the customer */
};

/* When a due instant is not shown; the clock does not care. */
enum due_cleared {
    DUE_CLEARED_MET = 1, /* it has stopped with a verdict */
    DUE_CLEARED_PAUSED =
        2, /* it stands still; else it shows what it was due at without this pause */
    DUE_CLEARED_CLOSED = 4, /* the case is closed */
};

/*
 * A clock counts from a start to a stop, and only in some steps.  Which steps those are is said in
 * one of three ways: it runs nowhere but in run_steps; or it stands still in pause_steps (and, with
 * pauses_for_customer, in every step with waits_for_customer); or, with of_steps, entering one of
 * these steps starts it and leaving them stops it.  Sets of steps have bit i for step i.
 */
struct policy_clock {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    char rule[64];      /* "policy@version:line" for explanations */
    uint64_t starts[2]; /* bit set over enum event_kind */
    uint64_t stops[2];
    uint64_t rearms[2];      /* end a run and begin the next at once; they are in both others too */
    struct policy_when when; /* which cases have it */
    enum clock_target target;
    int64_t target_s; /* elapsed or business seconds */
    uint32_t target_days;
    uint16_t due_field; /* TARGET_PROMISED: index of the field that holds the due instant */
    bool end_of_day;
    bool rolls; /* a target in business days that falls on a closed hour goes on to the opening */
    uint16_t calendar;
    bool pauses_for_customer; /* operational: stands still in steps with waits_for_customer
                                 (statutory ones never) */
    bool takes_back;          /* its breach takes an offer back that was not accepted */
    uint64_t pause_steps;
    uint64_t run_steps;    /* 0: everywhere */
    uint64_t of_steps;     /* 0: it has nothing to do with steps */
    bool next_opening;     /* a result on a boundary is the next opening, not the closing time */
    uint8_t due_cleared;   /* bit set of enum due_cleared */
    uint64_t hidden_steps; /* the clock runs on, its due instant is not shown */
    uint16_t unknown_role; /* told when the due instant cannot be computed; POLICY_NONE: nobody */
    struct policy_extension extension;
    uint16_t target_count;
    struct policy_target
        targets[POLICY_TARGETS_MAX]; /* the first that fits, else the clock's own */
    uint16_t level_count;
    struct policy_level
        levels[POLICY_LEVELS_MAX]; /* in the order they come due; one of them LEVEL_BREACH */
};

struct policy {
    uint32_t id;             /* row of the archive's policy table; 0 while it is only a file */
    uint8_t hash[HASH_SIZE]; /* BLAKE2b-256 of the YAML bytes */
    char name[POLICY_NAME_MAX];
    uint32_t version;
    struct policy_title title;
    uint16_t channel_count, category_count, class_count, queue_count, step_count, role_count;
    uint16_t factor_count, override_count, route_count, clock_count, calendar_count, field_count;
    uint16_t mark_count, closing_count, kept_count, task_count, deputy_count;
    uint16_t forbidden_count, reply_part_count;
    bool other_handlers; /* a step asks who held the case before */
    bool recuses;        /* a field names people */
    const struct policy_channel *channels;
    const struct policy_category *categories;
    const uint16_t
        *category_slots;         /* open addressing by policy_id_hash; NULL: the list is searched */
    uint32_t category_slot_mask; /* slots - 1; at least one slot is POLICY_NONE */
    const struct policy_class *classes;
    const struct policy_queue *queues;
    const struct policy_field *fields; /* what needs point to */
    const struct policy_tally *marks;
    const struct policy_task *tasks;
    const char *const *forbidden; /* phrases no written reply may have; normalised */
    const struct policy_reply_part *reply_parts;
    const struct policy_deputy *deputies;
    const struct policy_requirement *closing; /* of whatever leads to an end */
    const struct policy_step *steps;
    const char (*roles)[POLICY_NAME_MAX];
    const struct policy_title *role_titles; /* of each role; NULL: their ids */
    const struct policy_factor *factors;
    const struct policy_override *overrides;
    const struct policy_route *routes; /* first that fits; the last one always does */
    const struct policy_clock *clocks;
    const struct calendar *calendars;
    uint16_t first_step;  /* where a triaged case opens */
    uint16_t triage_step; /* where one opens that triage asks a person about */
    uint16_t triage_queue;
    uint16_t capacity;    /* cases an agent may hold, unless the roster says otherwise */
    uint32_t repeat_days; /* window in which an earlier complaint of the customer counts */
    uint32_t reopen_days; /* how long a closed case may be reopened */
};

/* Where the search in category_slots begins. */
uint32_t policy_id_hash(struct slice id);

/* Index by id, or POLICY_NONE. */
uint16_t policy_channel_index(const struct policy *policy, struct slice id);
uint16_t policy_category_index(const struct policy *policy, struct slice id);
uint16_t policy_class_index(const struct policy *policy, struct slice id);
uint16_t policy_queue_index(const struct policy *policy, struct slice id);
uint16_t policy_step_index(const struct policy *policy, struct slice id);
uint16_t policy_role_index(const struct policy *policy, struct slice id);
uint16_t policy_clock_index(const struct policy *policy, struct slice id);
uint16_t policy_field_index(const struct policy *policy, struct slice id);
uint16_t policy_task_index(const struct policy *policy, struct slice id);
uint16_t policy_mark_index(const struct policy *policy, struct slice id);
uint16_t policy_action_index(const struct policy_step *step, struct slice id);

/* The role, or one it is a deputy of, is in the set. */
bool policy_role_in(const struct policy *policy, uint32_t roles, uint16_t role);

/* "settled", "not-founded", …; "" of OUTCOME_NONE. */
const char *policy_outcome_name(enum case_outcome outcome);

/* What rules may look at. */
struct policy_facts {
    uint16_t channel;
    uint16_t category;    /* POLICY_NONE: none */
    uint16_t class_index; /* POLICY_NONE: not yet */
    uint32_t repeats;
    uint32_t label_count; /* patterns seen; 0 where they are not at hand */
    const struct event_label *labels;
    uint32_t told;       /* bit set of the kept fields that are known */
    const int64_t *kept; /* their values, POLICY_KEPT_MAX; NULL where none are at hand */
};

bool policy_when_holds(const struct policy *policy,
                       const struct policy_when *when,
                       const struct policy_facts *facts);

/*
 * The class a score gives, the mildest where it reaches none, raised by the overrides that hold:
 * an override never lowers it.  *override is the one that decided, POLICY_NONE where the score did;
 * NULL: nobody asks.  POLICY_NONE only where there are no classes.
 */
uint16_t policy_class_of(const struct policy *policy,
                         const struct policy_facts *facts,
                         int32_t score,
                         uint16_t *override);

/* The queue the routes give; POLICY_NONE only where no route fits, which the loader rules out. */
uint16_t policy_route(const struct policy *policy, const struct policy_facts *facts);

/* The route that decides, or POLICY_NONE. */
uint16_t policy_route_index(const struct policy *policy, const struct policy_facts *facts);

/* Whether the value is what the field may hold; an empty one never is. */
bool policy_field_accepts(const struct policy_field *field, struct slice value);

/* A value as rules compare it: numbers and amounts times 10^4, a date as yyyymmdd, the index of a
 * choice, 1 of yes and 0 of no.  False: not accepted, or a text. */
bool policy_field_value(const struct policy_field *field, struct slice text, int64_t *value);

/* Whether a value is as asked; what is compared with is not the matter of this. */
bool policy_compare_holds(const struct policy_compare *compare, int64_t value);

/* The form of a text: 9 a digit, A a capital, a a small letter, X a letter or digit, ? any
 * character, + one or more of the one before, a backslash takes the next as it is. */
bool policy_picture_fits(const char *picture, struct slice value);
bool policy_picture_is_good(const char *picture);

/* "12.50" as 125000; false when it is no number, or has more digits than decimals or 10^14. */
bool policy_decimal_parse(struct slice text, unsigned decimals, int64_t *value);

/* "2026-02-28" as 20260228, a day that exists. */
bool policy_date_parse(struct slice text, int64_t *date);

/* "2026-02-28T16:00:00+08:00", or Z, seconds may be left out: seconds since 1970 (RFC 3339). */
bool policy_instant_parse(struct slice text, int64_t *at_s);

static inline bool policy_kind_in(const uint64_t set[2], enum event_kind kind)
{
    return (set[kind / 64] >> (kind % 64) & 1U) != 0;
}

#endif
