/*
 * A policy as the cores read it: immutable tables with names resolved to indexes (law 11: no
 * organisation's rule lives in C).  Compiled by policy_load.c from YAML; every index is valid and
 * every list bounded, so a core need not check.
 *
 * All memory belongs to the policy object; a core gets it as const and lent for the call.
 */
#ifndef REDRESS_POLICY_H
#define REDRESS_POLICY_H

#include "policy_clock.h"
#include "policy_measure.h"
#include "policy_retention.h"

/* Phases of ISO 10002; what analytics measures time in. */
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
    uint8_t at_once;     /* so many may be open at a time; 0: POLICY_AT_ONCE_MAX */
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

enum policy_push { PUSH_NO, PUSH_LEAST_LOAD };

struct policy_queue {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    uint8_t push; /* enum policy_push: to whom its cases are offered by themselves */
};

struct policy_route {
    struct policy_when when;
    uint16_t queue;
};

/* After so long in its step a case asks for no more than this level; 0: not for the skill at all.
 */
struct policy_relax {
    int64_t after_s;
    uint8_t level;
};

/* A skill that cases which fit ask of whoever claims them, less of it as they wait. */
struct policy_skill {
    char skill[POLICY_NAME_MAX]; /* as an organisation calls it */
    struct policy_when when;
    uint64_t steps;     /* bit set; 0: in every step */
    uint32_t languages; /* bit set over enum language; 0: in any */
    uint8_t level;      /* 1 … POLICY_LEVEL_MAX */
    uint16_t relax_count;
    struct policy_relax relax[POLICY_RELAX_MAX]; /* ever later, ever less */
};

enum field_type {
    FORM_TEXT,
    FORM_NUMBER,
    FORM_MONEY,
    FORM_DATE,    /* 2026-02-28 */
    FORM_CHOICE,  /* one of choices */
    FORM_FLAG,    /* yes or no */
    FORM_INSTANT, /* 2026-02-28T16:00:00+08:00 */
    FORM_HASH,    /* of the bytes of a file: sha256: and 64 small hex digits */
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
    bool personal;       /* sealed before anything looks at it: no rule can (law 10) */
    uint16_t slot;       /* of the kept ones, in the policy's order; POLICY_NONE: not kept */
};

/* What a window counts from. */
enum window_since {
    SINCE_RECEIVED,
    SINCE_OPENED,
    SINCE_STEP, /* it came into the step it stands in */
    SINCE_CLOSED,
    SINCE_IMPLEMENTED, /* the last event of fact implemented */
};

enum window_side {
    WINDOW_NONE,   /* at any time */
    WINDOW_BEFORE, /* until an instant, that one included */
    WINDOW_AFTER,  /* from it on */
};

/* When something may be done: before or after so long since something. */
struct policy_window {
    enum window_side side;
    enum window_since since;
    enum clock_target unit; /* TARGET_PROMISED never */
    int64_t length_s;
    uint32_t days;
    uint16_t calendar; /* POLICY_NONE: time that elapses */
    bool end_of_day;
};

/*
 * What has to be so for an action to be done, or to lead on.  It is asked only of cases that fit
 * when, of people in one of roles, and, for closing, of these outcomes.  Every part that is given
 * must hold.
 */
struct policy_requirement {
    struct policy_title title; /* told where it does not hold */
    bool titled;               /* by the policy; else the title is made of what is asked for */
    struct policy_when when;
    uint32_t roles;    /* bit set; 0: whoever acts */
    uint32_t outcomes; /* bit set over enum case_outcome; of closing */
    uint16_t mark;     /* POLICY_NONE: no mark is asked for */
    uint16_t times;    /* it was made so often at least */
    uint16_t persons;  /* by so many different people at least */
    uint16_t at_most;  /* and so often at most; POLICY_NONE: no such bound; of same: so many */
    uint16_t not_by;   /* a mark that whoever acts has not made; POLICY_NONE: none */
    uint16_t task;     /* no such obligation is open; POLICY_NONE: not asked */
    uint16_t same;     /* kept choice: of the complaints registered since window.since that have
                          the same there, at_most; POLICY_NONE: none are counted */
    bool same_channel; /* the compared field names the channel the complaint came by */
    struct policy_compare compare;
    struct policy_window window;
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

/* What a reply may be started from, in each language; see policy_text.h for its variables. */
struct policy_text {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    struct policy_title says; /* where one language is not written: that of another */
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
    uint32_t opens, settles;   /* bit sets of obligations, one less and one more of each */
    uint32_t texts;            /* bit set of what its note may be started from */
    bool gives;                /* to the agent whom the field "agent" names */
    bool even_if_concerned;    /* people whom the complaint names may do it, too */
    enum case_outcome outcome; /* of what closes a case; OUTCOME_NONE: settled */
    uint16_t require_count, move_count, limit_count;
    const struct policy_requirement *requirements;
    const struct policy_requirement *moves; /* unless they hold afterwards, the case stays */
    const struct policy_limit *limits;
    uint16_t need_count;
    const struct policy_need *needs; /* fields to be filled in; at most POLICY_NEEDS_MAX */
};

struct policy_step {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    enum phase phase;
    uint16_t owner_role;
    bool waits_for_customer; /* operational clocks may pause here */
    bool closed;             /* an end: the case is closed when it gets here */
    bool other_handler;      /* who held the case in an earlier step may not claim it here */
    int64_t affinity_s; /* so long it is kept for who held it in this role before; 0: it is not */
    int64_t key_account_s; /* so long for the manager of a key account; 0: it is not */
    uint16_t action_count;
    struct policy_action actions[POLICY_ACTIONS_MAX];
};

struct policy {
    uint32_t id;             /* row of the archive's policy table; 0 while it is only a file */
    uint8_t hash[HASH_SIZE]; /* BLAKE2b-256 of the YAML bytes */
    char name[POLICY_NAME_MAX];
    uint32_t version;
    struct policy_title title;
    enum locale home; /* the first of its languages: of whoever wrote in none of them */
    uint16_t channel_count, category_count, class_count, queue_count, step_count, role_count;
    uint16_t factor_count, override_count, route_count, clock_count, calendar_count, field_count;
    uint16_t mark_count, closing_count, kept_count, task_count, deputy_count;
    uint16_t forbidden_count, reply_part_count;
    uint16_t skill_count, text_count, measure_count;
    bool other_handlers; /* a step asks who held the case before */
    bool affine;         /* a step is kept for who held the case before */
    bool recuses;        /* a field names people */
    bool personal;       /* a field is, perhaps of an action's own */
    bool implements;     /* something counts since the last event of fact implemented */
    uint16_t cause;      /* + 1: the kept choice by which complaints are counted; 0: none are */
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
    const struct policy_text *texts;
    const struct policy_deputy *deputies;
    const struct policy_requirement *closing; /* of whatever leads to an end */
    const struct policy_step *steps;
    const struct policy_skill *skills; /* asked for in this order */
    const struct policy_measure *measures;
    struct policy_retention retention;
    uint32_t readers; /* bit set of who may read what is sealed */
    const char (*roles)[POLICY_NAME_MAX];
    const struct policy_title *role_titles; /* of each role; NULL: their ids */
    uint32_t outside; /* bit set of roles nobody of an organisation need hold: the customer's */
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
/* Some queue offers its cases by itself. */
bool policy_pushes(const struct policy *policy);

/* It has an action of fact accepted: what is offered in it by itself waits for that. */
bool policy_step_accepts(const struct policy_step *step);

uint16_t policy_queue_index(const struct policy *policy, struct slice id);
uint16_t policy_step_index(const struct policy *policy, struct slice id);
uint16_t policy_role_index(const struct policy *policy, struct slice id);
uint16_t policy_clock_index(const struct policy *policy, struct slice id);
uint16_t policy_field_index(const struct policy *policy, struct slice id);
uint16_t policy_task_index(const struct policy *policy, struct slice id);
uint16_t policy_text_index(const struct policy *policy, struct slice id);
uint16_t policy_mark_index(const struct policy *policy, struct slice id);
uint16_t policy_action_index(const struct policy_step *step, struct slice id);

/* The field as the action asks for it; NULL: it does not, or there is no action. */
const struct policy_need *policy_need_of(const struct policy_action *action, struct slice field);

/* Fields that actions read by themselves, and whether one reads this one, asked for or not. */
extern const char *const policy_own_fields[POLICY_OWN_FIELDS];
bool policy_action_reads(const struct policy_action *action, struct slice field);
/* How many fields can be filled in for it. */
uint32_t policy_action_takes(const struct policy_action *action);

/*
 * Clocks of tasks: open tasks of a kind are numbered from 1, a new one gets the lowest number that
 * is free, and each has a run of its own of every clock of that kind.  A case keeps its runs in one
 * row: first one for each clock, then, in the order of the clocks, those for the numbers from 2 on.
 */
uint16_t policy_run_count(const struct policy *policy);
uint16_t policy_run_clock(const struct policy *policy, uint16_t run);
/* The number of its task; 0: the clock is not a task's. */
uint8_t policy_run_task(const struct policy *policy, uint16_t run);
/* The run of a clock and a number as told; POLICY_NONE: there is none. */
uint16_t policy_run_of(const struct policy *policy, struct slice clock, uint32_t task);

/* How many tasks of a kind may be open at a time. */
uint8_t policy_at_once(const struct policy_task *task);

/*
 * The numbers (bit 0 is 1) of tasks of one kind that an action settles and then opens, where those
 * in open are open.  asked: the number it names, 0 if it names none: the lowest is settled. *opened
 * is 0 where no number is free, *settled where none is open or not the one that is asked for.
 */
void policy_tasks_move(const struct policy *policy,
                       uint16_t task,
                       const struct policy_action *action,
                       uint32_t asked,
                       uint8_t open,
                       uint8_t *settled,
                       uint8_t *opened);

/* The number the field "task" of an action's form names; 0: none; POLICY_NONE: nonsense. */
uint32_t policy_task_asked(const struct event_field *fields, uint32_t field_count);

/* The role, or one it is a deputy of, is in the set. */
bool policy_role_in(const struct policy *policy, uint32_t roles, uint16_t role);
/* It is of people outside (the customer's, a regulator's); what people read, NULL: its id. */
bool policy_role_is_outside(const struct policy *policy, struct slice role);
const struct policy_title *policy_role_title(const struct policy *policy, struct slice role);

/* claim, release, erase, read: done to any case, so that no action of a policy is called so. */
bool policy_action_is_own(struct slice id);

/* "receipt", …, "closed" by enum phase, as policies write them; NULL behind the last. */
extern const char *const policy_phase_names[PHASE_COUNT + 1];

/* "settled", "not-founded", … by enum case_outcome; "" of OUTCOME_NONE, NULL behind the last. */
extern const char *const policy_outcome_names[OUTCOME_COUNT + 1];
/* The same; "" of a number that is none. */
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
 * The class of the facts, raised by the overrides that hold for them; *override is the one that
 * decided, else left as it was.  NULL: nobody asks.
 */
uint16_t policy_class_raised(const struct policy *policy,
                             const struct policy_facts *facts,
                             uint16_t *override);

/*
 * The class a score gives, the mildest where it reaches none, raised by the overrides that hold:
 * an override never lowers it.  *override is the one that decided, POLICY_NONE where the score did;
 * NULL: nobody asks.  POLICY_NONE only where there are no classes.
 */
uint16_t policy_class_of(const struct policy *policy,
                         const struct policy_facts *facts,
                         int32_t score,
                         uint16_t *override);

/* Which target a case has: one more than the index of the first that fits, 0 for the clock's own.
 * A priority that is none, or not known yet, is none of those asked for. */
uint8_t policy_target_of(const struct policy *policy,
                         const struct policy_clock *clock,
                         const struct policy_facts *facts,
                         uint32_t priority);

/* The instant a window ends or begins that counts from since_us, by the same arithmetic as clocks;
 * INT64_MAX: its calendar cannot say. */
int64_t
policy_window_us(const struct policy *policy, const struct policy_window *window, int64_t since_us);

/* When a clock of this rule is due by what its due-field says, which is not empty.  INT64_MAX: it
 * says no date or instant, or one that the clock's calendar does not know. */
int64_t
policy_promise_us(const struct policy *policy, const struct policy_clock *rule, struct slice value);

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
