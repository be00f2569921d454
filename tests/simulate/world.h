/*
 * The simulated world: what is common to the archive, the bus, the instances and the clients.
 *
 * A fact stands for an event: it has everything the protocol looks at (stream, seq, epoch, chain,
 * cause, time), and of its body only what clocks and commands need.
 */
#ifndef REDRESS_SIMULATE_WORLD_H
#define REDRESS_SIMULATE_WORLD_H

#include "event.h"
#include "sim.h"

enum {
    PARTITIONS = 4,
    PER_SERVICE = 3, /* instances */
    INSTANCES = SERVICE_WATCHDOG * PER_SERVICE,
    CASES_MAX = 64,   /* of a partition */
    STREAM_MAX = 512, /* facts of a stream */
    CLIENTS_MAX = 40,
    BATCH_INPUTS = 12, /* small, so that batches are many */
    BATCH_FACTS = 3 * BATCH_INPUTS + CASES_MAX * PARTITIONS,
};

/* One past the last service with a stream. */
#define SERVICES_END SERVICE_ANALYTICS

struct fact {
    enum service_id service;
    uint32_t partition;
    uint64_t seq, epoch;
    uint8_t prev[HASH_SIZE], hash[HASH_SIZE];
    enum event_kind kind;
    uint64_t case_id;
    enum service_id cause_service;
    uint64_t cause_seq;
    int64_t at_us;
    uint64_t reference;  /* submission of RECEIVED, command of a step */
    uint32_t generation; /* of the clock */
    int64_t due_us;
};

struct place {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
};

enum row_phase { ROW_NONE, ROW_OPEN, ROW_WAITING, ROW_CLOSED };

/* State of one case in one service; phases of dispatch: open, waiting; of the watchdog: running,
 * paused. */
struct row {
    enum row_phase phase;
    uint32_t version; /* facts of this service about the case */
    uint32_t generation;
    int64_t due_us;
    int64_t remaining_us;
    unsigned commands; /* bit set of those done */
    bool breached;
};

/* A request of a client, and what it is answered. */
enum request_kind { REQUEST_SUBMIT, REQUEST_WAIT, REQUEST_RESUME, REQUEST_CLOSE };

struct request {
    struct client *client;
    enum request_kind kind;
    uint64_t submission; /* unique; also names the commands: submission * 4 + kind */
    uint64_t case_id;
    uint64_t found_case_id; /* what the look-up said: 0 is nothing */
};

static inline uint64_t case_serial(uint64_t case_id)
{
    return case_id & ((1ULL << 40) - 1);
}

/* How long a case's clock is given; a function of the case, so that the oracle knows it too. */
static inline int64_t case_target_us(uint64_t case_id)
{
    return (int64_t)(4 + case_serial(case_id) * 7 % 23 + case_partition(case_id)) * SECOND;
}

/* Streams the service follows, as a bit set over enum service_id. */
unsigned service_inputs(enum service_id service);
/* Does a service answer this fact of one of its inputs with a fact of its own? */
bool service_reacts(enum service_id service, const struct fact *fact);

void fact_hash(const struct fact *fact, uint8_t hash[HASH_SIZE]);
const char *fact_text(const struct fact *fact); /* of a static buffer */

#endif
