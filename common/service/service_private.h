/* What the files of the skeleton share; nobody else includes it. */
#ifndef REDRESS_SERVICE_PRIVATE_H
#define REDRESS_SERVICE_PRIVATE_H

#include "appender.h"
#include "behind.h"
#include "consumer.h"
#include "health.h"
#include "ownership.h"
#include "service.h"
#include "timekeeper.h"

#include <zmq.h>

enum {
    MEMBERS_MAX = 64,
    READS_MAX = 4, /* journal reads under way */
    READ_ROWS = 500,
    INPUTS_MAX =
        4096, /* of one cycle: what waits, plus the reads under way, plus one bus message */
    CYCLE_EVENTS_MAX = 8 * (INPUTS_MAX + 2 * SERVICE_BATCH_MAX),
    CYCLE_BYTES_MAX = 256 * 1024 * 1024,
    /* Requests of one cycle: its texts must be read in a fraction of the lease, on a slow machine
     * too. */
    CYCLE_REQUEST_BYTES_MAX = 2 * 1024 * 1024,
    WAITING_BYTES_MAX = 64 * 1024 * 1024, /* requests waiting; more are told to try later */
    PUBLISH_EVENTS_MAX = 128,             /* of one bus message */
    PUBLISH_BYTES_MAX = 200 * 1024,
    NOWHERE = -1,
    EXIT_CONFIGURATION = 2, /* to start again helps nobody before somebody changes something */
    PENDING_SOFT_MAX = SERVICE_BATCH_MAX, /* inputs waiting; more stay in the bus */
    HELD_MAX = 65536,   /* inputs held back; when so many are, or 64 MiB, the oldest are ripe */
    INPUT_SERVICES = 4, /* intake, triage, dispatch, watchdog */
};

/* An input event waiting for the next cycle; bytes live in the arena it was copied to. */
struct input {
    struct slice bytes;
    uint32_t partition;
    uint8_t service;
    uint64_t owned_epoch; /* of our ownership when it came: a later one reads it again */
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
};

/* An input that waits for company (service_spec.hold_us); its bytes are its own. */
struct held_input {
    struct input input;
    int64_t ripe_us; /* monotonic */
};

struct held_ring {
    struct held_input *items; /* HELD_MAX of them; NULL: nothing is ever held */
    uint32_t first;
    uint32_t count;
    size_t bytes; /* of all of them */
};

struct input_list {
    struct arena *arena;
    struct input *items;
    uint32_t count;
};

struct checkpoint {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
};

/* One partition at this instance. */
struct stream {
    enum owner_phase phase;
    uint64_t epoch;
    uint64_t seq; /* committed */
    uint8_t hash[HASH_SIZE];
    uint64_t next_seq; /* with the cycle under way */
    uint8_t next_hash[HASH_SIZE];
    struct checkpoint
        checkpoints[INPUT_SERVICES + 1]; /* by service id; as of the inputs taken into cycles */
    struct checkpoint next_checkpoints[INPUT_SERVICES + 1];
    struct consumer consumers[INPUT_SERVICES + 1];
    uint64_t unread[INPUT_SERVICES + 1]; /* seq of the event this version cannot read; 0: none */
    uint32_t unread_schema[INPUT_SERVICES + 1];
    struct behind behind[INPUT_SERVICES + 1];
    bool touched;        /* by the cycle under way */
    int32_t first_event; /* its events in cycle.events, linked by next; NOWHERE: none */
    int32_t last_event;
    char owner_endpoint[160]; /* who answers, when it is not us */
};

struct appended {
    struct slice bytes;
    uint8_t hash[HASH_SIZE];
    uint64_t seq;
    uint64_t case_id;
    int64_t at_us;
    uint32_t partition;
    uint16_t kind;
    int32_t next; /* of the same partition */
};

struct reply {
    struct bus_peer peer;
    struct slice bytes;
};

/*
 * What of the batch is decided and committed now: its inputs and requests from … up to.  Usually
 * all; less when it wants more policies than are here, so that what stands before need not wait.
 */
struct part {
    uint32_t input_from, input_to;
    uint32_t request_from, request_to;
};

struct cycle {
    struct service *service;
    enum appender_phase phase;
    int64_t now_us;
    int64_t wait_until_us;
    int64_t begun_us;    /* monotonic: when this batch, or the last one, began */
    int64_t took_us;     /* what a batch with requests took of late */
    int64_t gathered_us; /* monotonic: requests that fill no batch begin the next one then */
    int64_t sent_us;     /* monotonic: when the commit under way was sent */
    unsigned head_calls; /* of the commit under way: its first statements, which move the heads */
    unsigned attempts;
    struct arena *arena;
    bool keeps_secrets; /* the arena is overwritten when the batch ends */
    struct input_list inputs;
    uint32_t request_count;
    struct request requests[SERVICE_BATCH_MAX];
    zmq_msg_t request_bytes[SERVICE_BATCH_MAX];
    struct part part;
    bool archive_refuses; /* the batch stands until the archive takes commits again */
    bool tick;
    bool look_again;
    uint64_t policy_misses; /* before it was looked up */
    bool looked_up_misses;  /* the look-up lacked one */
    uint32_t event_count;
    struct appended *events;
    uint32_t reply_count;
    struct reply *replies;
    uint32_t touched_count;
    uint32_t touched[PARTITION_MAX];
};

struct waiting_request {
    struct bus_peer peer;
    zmq_msg_t bytes;
};

struct service {
    const struct service_spec *spec;
    struct service_settings settings;
    void *self;
    struct event_base *base;
    struct bus *bus;
    struct bus_guard *guard; /* of tcp; NULL: this host only */
    struct pg *writer;
    struct pg *reader;
    struct policy_book *policies;
    uint64_t policy_misses; /* see service_policy_misses */
    struct pg_statement *statements;
    unsigned statement_count;
    struct event *signals[2];
    struct event *second;
    struct health *health;
    bool stopping;
    bool left; /* nothing is ours any more */
    bool alive;
    int exit_status;

    int lock_fd; /* of the instance's name on this host; -1: none */
    struct timekeeper keeper;
    int64_t archive_step_us;    /* of the archive's clock, the last one; 0: none */
    int64_t archive_stepped_us; /* monotonic: when it was noticed */

    uint64_t incarnation;      /* of this process, so that it knows its own member row again */
    int64_t namesake_lease_us; /* of a member that has our name, as last seen; 0: none */
    uint32_t partitions;
    struct stream *streams;
    uint32_t serving;
    uint32_t turn;   /* of service_next_partition */
    bool registered; /* our member row is there */
    bool surveying;
    int64_t surveyed_us; /* monotonic: when the survey under way was sent */
    bool renewing;
    bool taking;
    int64_t read_look_us; /* monotonic: when the streams are looked over for reads that are due */
    unsigned reads;
    int64_t renewed_us; /* monotonic: last successful commit or renewal */
    int64_t renew_after_us;
    int64_t looked_us; /* monotonic: the second hand's last look at the lease */

    struct input_list incoming;
    int64_t incoming_since_us;
    bool incoming_hurried; /* some input of them is of a service that does not wait */
    struct held_ring held;
    int64_t drain_after_us; /* monotonic: the bus is looked at again then; 0: at any time */
    uint64_t arrived_seen;  /* messages and requests when it last began to rest */
    struct waiting_request *waiting;
    uint32_t waiting_first;
    uint32_t waiting_count;
    size_t waiting_bytes;
    char archive_away[128];     /* why it is not reached */
    char archive_refuses[160];  /* why it took no commit of anybody's: full, read-only; "" once it
                                 * takes one, or the connection that said so is gone */
    int64_t archive_refused_us; /* monotonic: when it last did not */
    struct arena *scratch;      /* refusals and decoding outside cycles */
    struct event *decoded;      /* one event; large, so not on the stack */

    struct cycle cycle;
    struct {
        uint64_t commits, events, inputs, requests, refused, failed, fenced, takeovers, published;
        uint64_t reads, read_events, messages;
        uint64_t archive_steps, machine_steps, rows_missed, refolded;
    } counts;
};

/* service_settings.c, service_statements.c */
bool service_settings_complete(struct service *service, struct error *error) MUST_CHECK;
bool service_statements(struct service *service);

/* service_health.c */
bool health_start(struct service *service, struct error *error) MUST_CHECK;
void health_stop(struct service *service);
void health_second(struct service *service);
void health_commit_took(int64_t us);

/* service_streams.c */
struct stream_place {
    enum service_id from;
    uint32_t partition;
    uint64_t seq;
};
/* Over all input streams of the partitions served here. */
struct streams {
    uint64_t gaps, repeats;
    unsigned late, halted; /* not live; of them for good */
    struct stream_place halt;
    bool halt_unread; /* by an event this version cannot read, of … */
    uint32_t halt_schema;
    int64_t behind_us; /* age of the oldest event that waits */
    struct stream_place oldest;
};
struct streams streams_look(struct service *service);
void streams_start(struct service *service);
void streams_second(struct service *service);

/* service_time.c: the archive's clock was read so, in a question sent at asked_us (monotonic) */
void time_start(struct service *service);
void time_heard(struct service *service, int64_t asked_us, int64_t archive_us);
double time_off_s(const struct service *service); /* this machine's clock minus the archive's */

/* service_join.c: the name of an instance is its own, on this host and in the archive */
bool instance_lock(struct service *service, struct error *error) MUST_CHECK;
void instance_unlock(struct service *service);
void member_join(struct service *service);

/* service_keys.c: waits, not ready, until the keys are there; false when it is to end before */
bool keys_await(struct service *service);
void health_keys(struct service *service, bool ok, const char *detail);
/* service_health.c: is the list of who is admitted over tcp as it should be? */
void health_peers(struct service *service, bool ok, const char *detail);

/* service_sockets.c */
bool open_run_dir(struct service *service, struct error *error) MUST_CHECK;
bool open_sockets(struct service *service,
                  const struct bus_callbacks *callbacks,
                  struct error *error) MUST_CHECK;
void sockets_second(struct service *service);
/* What --check finds in the files of sockets over tcp. */
bool sockets_check(const void *settings, struct error *error) MUST_CHECK;

/* service_limits.c: memory_max is kept by the kernel, and, so that the log says why, by a look once
 * a second, which ends the process */
double resident_bytes(void);
bool limits_set(const struct service_settings *settings, struct error *error) MUST_CHECK;
void limits_second(const struct service *service);

/* service_survey.c */
void survey_begin(struct service *service);

/* service_owner.c: one partition hears something, and what follows is done; those wanted are taken
 * in one statement */
void owner_hear(struct service *service, uint32_t partition, enum owner_input input);
void owner_take(struct service *service, struct pg_array *wanted);
void owner_reader_ready(struct service *service);
void owner_second(struct service *service);
void owner_cut(struct service *service, const char *why);
void owner_fenced(struct service *service, uint32_t partition);
void owner_stop(struct service *service);
void owner_drained(struct service *service);

/* service_input.c */
void input_message(struct service *service, struct slice topic, struct slice bytes);
void input_serve(struct service *service, uint32_t partition);
void input_forget(struct service *service, uint32_t partition);
void input_read(struct service *service);
void input_heartbeats(struct service *service);
void input_publish(struct service *service, uint32_t partition, struct arena *arena);
bool input_list_init(struct input_list *list);
void input_list_reset(struct input_list *list);
void input_list_done(struct input_list *list);
/* Held inputs: are they worth a batch, when will they be, move the ripe ones to list, forget all.
 */
bool held_is_ripe(const struct service *service);
int64_t held_ripe_us(const struct service *service);
void held_take(struct service *service, struct input_list *list);
void held_forget(struct service *service);

/* service_requests.c: what waits becomes part of the batch; the requests of the batch from that one
 * on are forgotten. */
void requests_take(struct cycle *cycle);
void requests_release(struct cycle *cycle, uint32_t from);
/* The batch's requests end here: what of it was not answered, of its part under way too unless that
 * is told, is told to try later.  Whoever does is answered as the same request, done or not. */
void requests_refuse(struct cycle *cycle, bool told, bool overloaded);
/* Nothing is served, or nothing is taken: whoever waits is told so at once. */
void requests_refuse_waiting(struct service *service);
void requests_done(struct service *service);

/* service.c: the bus wakes nobody for a while, where the daemon gathers or lingers anyway. */
void rest_from_bus(struct service *service);

/* service_cycle.c */
bool cycle_init(struct service *service);
void cycle_done(struct service *service);
void cycle_run(struct service *service, int64_t now_us);
void cycle_connected(struct service *service);
void cycle_cut(struct service *service); /* the connection is gone: nothing of it is known */
/* service_decide.c: the part under way.  Returns how far it came before a policy lacked: up to
 * there, and without what lacked it. */
struct part cycle_decide(struct cycle *cycle);
bool cycle_lacks_policy(const struct cycle *cycle); /* one it asked for is not here yet */
bool cycle_has_rest(const struct service *service);
void cycle_part_begin(struct cycle *cycle); /* the next part is all that is left */
/*
 * The part goes on with what was done, and the rest is another: more versions than the book has
 * room for are never here at the same time.  False: the very first lacks one, so there is nothing
 * but to wait for it.
 */
bool cycle_part_shorten(struct cycle *cycle, struct part done);
/* service_rows.c: the head rows and the journal's, as statements of the request being built. */
void cycle_rows_bind(struct cycle *cycle, struct pg *pg);
int64_t cycle_deadline_us(const struct service *service);
/* The same, monotonic; INT64_MAX: it has none. */
int64_t cycle_due_us(const struct service *service);
/* When the requests that wait may begin a batch of their own, monotonic; INT64_MAX: none waits. */
int64_t cycle_requests_ripe_us(const struct service *service);

#endif
