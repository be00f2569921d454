/*
 * The events as cores see them: plain structs, decoded from redress.event.v1.Envelope once, at the
 * edge.
 *
 * All slices are lent from the bytes (or the arena) the event was decoded from.  Times are
 * microseconds since the epoch, UTC.  proto/redress/event/v1/event.proto is the authority on the
 * meaning of every field.
 */
#ifndef REDRESS_EVENT_H
#define REDRESS_EVENT_H

#include "slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PARTITION_MAX = 1024, /* partitions an archive may have */
    HASH_SIZE = 32,       /* BLAKE2b-256 */
    EVENT_LABELS_MAX = 64,
    EVENT_FACTORS_MAX = 32,
    EVENT_RELATED_MAX = 4,
    EVENT_FIELDS_MAX = 20, /* the 16 of a form, and 4 that dispatch may add */
    EVENT_CLOCKS_MAX = 16, /* clocks of one case that may run at a time, hence of one event */
    EVENT_SIZE_MAX = 128 * 1024,
};

/* Of the events this version writes; it reads those from the oldest up to it.  It grows with every
 * change that a reader must know of to understand an event, kinds and values included. */
enum {
    EVENT_SCHEMA = 4,        /* 3: erasures; 4: reads */
    EVENT_SCHEMA_OLDEST = 2, /* before the first release nothing older is kept */
};

enum service_id {
    SERVICE_NONE,
    SERVICE_INTAKE,
    SERVICE_TRIAGE,
    SERVICE_DISPATCH,
    SERVICE_WATCHDOG,
    SERVICE_ANALYTICS,
    SERVICE_COUNT,
};

/* Numbers are those of redress.event.v1.Kind. */
enum event_kind {
    EVENT_NONE = 0,
    EVENT_RECEIVED = 1,
    EVENT_TRIAGED = 10,
    EVENT_TRIAGE_ASKED = 11,
    EVENT_OPENED = 20,
    EVENT_QUEUED = 21,
    EVENT_ASSIGNED = 22,
    EVENT_RELEASED = 23,
    EVENT_ACKNOWLEDGED = 24,
    EVENT_CLASSIFIED = 25,
    EVENT_CONTACTED = 26,
    EVENT_INVESTIGATED = 27,
    EVENT_CONTAINED = 28,
    EVENT_PROPOSED = 29,
    EVENT_APPROVED = 30,
    EVENT_REJECTED = 31,
    EVENT_CONSENTED = 32,
    EVENT_DECLINED = 33,
    EVENT_IMPLEMENTED = 34,
    EVENT_REPLIED = 35,
    EVENT_FOLLOWED_UP = 36,
    EVENT_CLOSED = 37,
    EVENT_REOPENED = 38,
    EVENT_WITHDRAWN = 39,
    EVENT_HANDED_OVER = 40,
    EVENT_NOTED = 41,
    EVENT_ESCALATED = 42,
    EVENT_CUSTOMER_WROTE = 43,
    EVENT_EXTENDED = 44,
    EVENT_OFFERED = 45,
    EVENT_ACCEPTED = 46,
    EVENT_TRANSFERRED = 47,
    EVENT_MERGED = 48,
    EVENT_UNMERGED = 49,
    EVENT_LINKED = 50,
    EVENT_HELD = 51,
    EVENT_HOLD_LIFTED = 52,
    EVENT_TASK_OPENED = 53,
    EVENT_TASK_DONE = 54,
    EVENT_ERASED = 55,
    EVENT_ERASURE_REFUSED = 56,
    EVENT_READ = 57,
    EVENT_CLOCKS_STARTED = 60,
    EVENT_CLOCKS_STOPPED = 61,
    EVENT_CLOCKS_PAUSED = 62,
    EVENT_CLOCKS_RESUMED = 63,
    EVENT_CLOCK_WARNED = 64,
    EVENT_CLOCK_BREACHED = 65,
    EVENT_CLOCK_ESCALATED = 66,
    EVENT_CLOCKS_RETARGETED = 67,
    EVENT_CLOCKS_REFUSED = 68,
    EVENT_CLOCKS_UNKNOWN = 69,
    EVENT_KIND_COUNT = 70,
};

enum language {
    LANGUAGE_UNKNOWN,
    LANGUAGE_ZH_HANS,
    LANGUAGE_ZH_HANT,
    LANGUAGE_EN,
    LANGUAGE_OTHER,
};

enum founded {
    FOUNDED_UNKNOWN,
    FOUNDED_PRESUMED,
    FOUNDED_UNSURE,
    FOUNDED_NO,
};

struct event_label {
    struct slice name;
    uint32_t hits;
};

struct event_received {
    struct slice submission_id; /* 16 bytes */
    struct slice channel;
    uint32_t policy_id;
    int64_t received_at_us;
    int64_t occurred_at_us; /* 0: not told */
    uint64_t customer;      /* 0: unknown */
    enum language language;
    uint32_t text_characters;
    uint32_t label_count;
    struct event_label labels[EVENT_LABELS_MAX];
    struct slice sealed_narrative;
    struct slice sealed_person;
    bool acknowledged_by_receipt;
    struct slice model;
    struct slice category_hint;
    struct slice product;
};

struct event_factor {
    struct slice name;
    int32_t points;
};

/* KIND_TRIAGED; KIND_TRIAGE_ASKED carries the same with a reason. */
struct event_triaged {
    enum founded founded;
    struct slice category;
    int32_t score;
    uint32_t factor_count;
    struct event_factor factors[EVENT_FACTORS_MAX];
    struct slice severity_class;
    uint32_t priority; /* 1 … 5 */
    uint32_t repeats;
    uint32_t related_count;
    uint64_t related[EVENT_RELATED_MAX];
    enum language language;
    uint32_t policy_id;
    struct slice channel;
    int64_t received_at_us;
    uint64_t customer;
    bool acknowledged_by_receipt;
    struct slice reason; /* TRIAGE_ASKED only */
};

struct event_opened {
    struct slice step;
    struct slice queue;
    uint32_t priority;
    struct slice category;
    struct slice severity_class;
    uint32_t policy_id;
    struct slice channel;
    int64_t received_at_us;
    uint64_t customer;
    bool acknowledged_by_receipt;
    bool asked;
    enum language language;
    int32_t score;
    uint32_t repeats;
    struct slice handler; /* of an earlier case of the customer: it is kept for him for a while */
};

struct event_field {
    struct slice name;
    struct slice value;  /* empty where it is personal … */
    struct slice sealed; /* … and lies here (seal_field) as "field." and its name */
};

/* Every other event of dispatch. */
struct event_advanced {
    struct slice action;
    struct slice from_step;
    struct slice to_step;
    struct slice actor;
    struct slice role;
    uint32_t version;
    struct slice queue;
    struct slice agent;
    uint32_t priority;
    struct slice category; /* afterwards; always set when it is known */
    struct slice severity_class;
    uint32_t field_count;
    struct event_field fields[EVENT_FIELDS_MAX];
    struct slice sealed_note;
    struct slice command_id;
    struct slice claim_token;
    /* So that figures need no state of their own (analytics folds events only): */
    uint32_t policy_id;
    struct slice channel;
    int64_t from_since_us; /* when the case had come into from_step */
    uint32_t
        outcome; /* of enum case_outcome (policy.h), where it closes the case; 0: it does not */
    uint64_t other_case; /* it was merged into or linked with; 0: none */
    struct slice text;   /* of the policy, which the sealed note is, filled in; else empty */
    struct slice text_language;
};

enum clock_verdict {
    CLOCK_RUNNING,
    CLOCK_MET,
    CLOCK_MISSED,
    CLOCK_CANCELLED,
};

struct event_clock {
    struct slice name;
    uint32_t generation;
    int64_t started_at_us;
    int64_t due_us;       /* 0 while paused */
    int64_t paused_at_us; /* 0 while running */
    int64_t used_s;       /* down to the second */
    int64_t target_s;
    uint32_t target_days;
    struct slice calendar;
    struct slice calendar_version;
    struct slice rule;
    enum clock_verdict verdict;
    int64_t late_s; /* up to the second */
    uint32_t level; /* 1-based; 0 where no level is meant */
    int64_t level_due_us;
    struct slice notify_role;
    uint32_t raise_priority_to; /* 0: no */
    int64_t paused_s;           /* own time of its ended pauses … */
    uint32_t paused_rest_us;    /* … and what it has beyond whole seconds */
    uint32_t extensions;        /* of this run */
    int64_t old_due_us; /* these three where due instant or target were changed: before … */
    int64_t old_target_s;
    uint32_t old_target_days;
    struct slice reason;       /* … and why; of a refusal, why */
    uint32_t task;             /* number among the open tasks of its kind; 0: it is not a task's */
    struct slice zone_version; /* of the calendar's zone data; empty without a calendar */
};

/* Every event of the watchdog. */
struct event_clocks {
    uint32_t policy_id; /* these three: so that figures need no state of their own */
    struct slice channel;
    struct slice category;
    uint32_t count;
    struct event_clock clocks[EVENT_CLOCKS_MAX];
};

struct event {
    enum service_id service;
    uint32_t partition;
    uint64_t seq;
    uint64_t epoch;
    uint8_t prev_hash[HASH_SIZE];
    uint8_t hash[HASH_SIZE]; /* of the stored bytes; not in them */
    enum event_kind kind;
    uint32_t schema;
    uint64_t case_id;
    enum service_id cause_service;
    uint64_t cause_seq;
    int64_t at_us;
    uint32_t key_id;
    union {
        struct event_received received;
        struct event_triaged triaged;
        struct event_opened opened;
        struct event_advanced advanced;
        struct event_clocks clocks;
    };
};

/* A case id holds its partition: partition << 40 | serial, serial = seq of Received in intake's
 * stream, from 1. */
static inline uint32_t case_partition(uint64_t case_id)
{
    return (uint32_t)(case_id >> 40);
}

static inline uint64_t case_id_serial(uint64_t case_id)
{
    return case_id & ((UINT64_C(1) << 40) - 1);
}

/* Personal data was read, erased, or was to be in vain: none of these is work on the case, nor an
 * answer in a form. */
static inline bool event_is_of_personal_data(enum event_kind kind)
{
    return kind == EVENT_ERASED || kind == EVENT_ERASURE_REFUSED || kind == EVENT_READ;
}

static inline uint64_t case_id_make(uint32_t partition, uint64_t serial)
{
    return (uint64_t)partition << 40 | serial;
}

/* Which service writes this kind; SERVICE_NONE for a kind this build does not know. */
enum service_id event_kind_service(enum event_kind kind);

/* "received", "clock_warned", …; NULL for a kind this build does not know.  The inverse gives
 * EVENT_NONE. */
const char *event_kind_name(enum event_kind kind);
enum event_kind event_kind_parse(struct slice name);

/* The policy the event names; 0: it names none. */
uint32_t event_policy_id(const struct event *event);

/* "intake", "triage", … */
const char *service_name(enum service_id service);
enum service_id service_parse(struct slice name);

#endif
