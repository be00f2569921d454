/*
 * The simulated world: what is common to the archive, the bus, the instances and the clients.
 *
 * Facts are real events: decided by the real cores, encoded, hashed and decoded by the real code.
 * The policies of a run are those of policies.h.
 */
#ifndef REDRESS_SIMULATE_WORLD_H
#define REDRESS_SIMULATE_WORLD_H

#include "dispatch_core.h"
#include "event.h"
#include "policies.h"
#include "sim.h"
#include "watchdog_core.h"

enum {
    PARTITIONS = 4,
    PER_SERVICE = 3, /* instances */
    INSTANCES = SERVICE_WATCHDOG * PER_SERVICE,
    CASES_MAX = 48,    /* of a partition */
    STREAM_MAX = 3072, /* facts of a stream */
    CLIENTS_MAX = 40,
    BATCH_INPUTS = 12,  /* small, so that batches are many */
    BATCH_FACTS = 1536, /* many clocks may have much to catch up with */

    ANSWER_S =
        12, /* the clock "answer": from receipt, never pauses; warns at half, then breaches */
    ANSWER_WARN_S = 6,
    HANDLING_S = 8, /* the clock "handling": from opening, pauses; warns at 75 %, breaches … */
    HANDLING_WARN_S = 6,
    HANDLING_ESCALATE_S = 3, /* … and escalates this much later */

    AGENTS_MAX = 6,           /* people who claim */
    AGENT_CAPACITY = 2,       /* cases each may hold */
    COMMANDS_MAX = 160,       /* of one agent */
    SKEW_MAX_US = 3 * SECOND, /* of a host's clock, with FAULT_HOST_CLOCK */
};

enum clock_index { CLOCK_ANSWER, CLOCK_HANDLING, CLOCKS };

/* One past the last service with a stream. */
#define SERVICES_END SERVICE_ANALYTICS

/* What travels: the stored bytes, and what they say.  A heartbeat has no event. */
struct fact {
    enum service_id service;
    uint32_t partition;
    uint64_t seq, epoch;
    uint8_t prev[HASH_SIZE], hash[HASH_SIZE];
    struct slice bytes;
    const struct event *event; /* decoded from bytes; lives as long as the run */
    uint64_t reference;        /* of the request it grants; 0: none */
};

struct place {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
};

/* State of one case in one service. */
struct row {
    uint32_t version; /* facts of this service about the case */
    struct dispatch_case dispatch;
    struct watch_case watch;
};

enum request_kind {
    REQUEST_SUBMIT,
    REQUEST_PROPOSE,
    REQUEST_APPROVE, /* the case then waits for its customer */
    REQUEST_CONSENT,
    REQUEST_REPLY,
    REQUEST_CLOSE,
    REQUEST_REJECT,                /* instead of all that: replied and closed at once */
    REQUEST_KINDS,                 /* of clients; agents have two more */
    REQUEST_CLAIM = REQUEST_KINDS, /* of a queue, or of the case that Redis proposed */
    REQUEST_RELEASE,
    REQUEST_ACT, /* of a desk: an order; claims and releases of desks have one, too */
};

enum {
    REFERENCES_OF_CLIENTS = (CLIENTS_MAX + 1) * REQUEST_KINDS,
    REFERENCES_MAX = REFERENCES_OF_CLIENTS + (AGENTS_MAX + 1) * COMMANDS_MAX,
};

enum { ORDER_FIELDS_MAX = 8 };

/* What people fill into personal fields and notes; nothing that is stored has it in the clear. */
#define PERSONAL "139-8765-0421"

/* What somebody at a desk wants done; lives as long as the run. */
struct order {
    uint32_t policy_id;
    char role[POLICY_NAME_MAX];
    char action[POLICY_NAME_MAX]; /* "claim" of the queue, "release", or the policy's */
    uint16_t queue;
    uint32_t field_count;
    struct event_field fields[ORDER_FIELDS_MAX];
    uint64_t other_case;
    bool note; /* with a note */
};

/* A request of a client, and what it is answered. */
struct request {
    struct client *client;
    enum request_kind kind;
    uint64_t submission; /* unique, from 1 */
    uint64_t case_id;
    uint32_t agent;            /* who claims or releases, from 1; 0: a client asks */
    uint32_t command;          /* of the agent */
    char token[33];            /* of a claim; "": none */
    uint64_t found_case_id;    /* what the look-up said: it was granted before; 0: it was not */
    const struct order *order; /* of a desk; NULL: of nobody who has one */
    uint32_t policy_id;        /* SUBMIT */
    bool has_key;              /* what the look-up said: the case's key is there */
    /* of a reply: erasing was refused for this, one of those that are recorded; NULL: it was not */
    const char *refused;
    bool gave; /* of a reply: with what is sealed of the case */
};

static inline uint64_t request_reference(const struct request *request)
{
    if (request->agent > 0) {
        return REFERENCES_OF_CLIENTS + request->agent * COMMANDS_MAX + request->command;
    }
    return request->submission * REQUEST_KINDS + request->kind;
}

void world_begin(void);
void world_end(void);

/* "a1" …, and back; 0: not one of them. */
const char *agent_name(uint32_t agent);
uint32_t agent_number(struct slice name);

int64_t world_now_us(void); /* virtual time as a date */
/* From then on dates go as fast as machines, so that the end finds nothing half told. */
enum { WORLD_CALM_US = 125 * SECOND };

/* Of the case; NULL: nothing is known of it. */
const struct policy *row_policy(const struct row *row);
/* As the first fact of the case says; NULL: it has none, or that is rolled back. */
const struct policy *case_policy(uint64_t case_id);

/* Streams the service follows, as a bit set over enum service_id. */
unsigned service_inputs(enum service_id service);

/* Something personal of the case, as it is stored; lives as long as the run. */
struct slice world_sealed(uint64_t case_id);

/* Fills fact from event, whose stream, seq, epoch and prev_hash are set. */
void fact_make(struct fact *fact, const struct event *event, uint64_t reference);
const char *fact_text(const struct fact *fact); /* of a static buffer */

#endif
