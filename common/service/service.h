/*
 * The skeleton of the five daemons: one loop, one thread.
 *
 * It owns the connections, the sockets, membership and ownership of partitions, the consumers of
 * input streams, and the batch cycle that keeps laws 1 to 5; a daemon only says what is its own
 * (struct service_spec).
 *
 *     arrived (bus, journal, requests, timers)
 *        → cycle: lookup? → decide → ONE transaction: head rows + events + state rows + checkpoints
 *        → committed: publish, reply, project          (or: undo, forget, try again)
 *
 * One cycle at a time; what arrives meanwhile forms the next batch.  Files: service.c the loop,
 * service_owner.c members and partitions, service_input.c streams, service_requests.c who asks,
 * service_cycle.c the transaction.
 */
#ifndef REDRESS_SERVICE_H
#define REDRESS_SERVICE_H

#include "arena.h"
#include "bus.h"
#include "config.h"
#include "error.h"
#include "event.h"
#include "pg.h"
#include "policy_book.h"

enum {
    SERVICE_BATCH_MAX = 1000,    /* inputs, and likewise requests, of one cycle */
    SERVICE_REQUESTS_MAX = 8192, /* waiting; more are told to try later */
};

enum service_keys {
    SERVICE_KEY_SEAL = 1,
    SERVICE_KEY_RECEIPT = 2,
};

struct service_settings {
    char instance[64];  /* unique among the live instances of a service */
    char database[400]; /* libpq conninfo */
    char redis[256];    /* unix socket path or host:port */
    char redis_user[64];
    char redis_password[128];
    char redis_password_file[256];
    char redis_prefix[32];
    char run_dir[128];   /* for the sockets between daemons of one host */
    char publisher[160]; /* endpoint; "": ipc in run_dir */
    char requests[160];
    char advertise[128];      /* host others reach us at, where an endpoint is bound to all */
    char curve_key_file[256]; /* "": this host only */
    char curve_allow_file[256];
    char admin[192];    /* health and metrics */
    char key_file[256]; /* seal ring */
    char receipt_key_file[256];
    char receipt_public_keys[272]; /* "": beside it, with .pub behind its name */
    char log_level[16];
    int64_t batch_max;
    int64_t partition_fill;
    int64_t behind_s;
    int64_t memory_max; /* MiB */
};

/* The settings file, for whoever else reads it: the command redress. */
extern const struct config_row service_settings_rows[];
extern const size_t service_settings_count;

/* Reads the secrets that stand in files of their own into the settings.  ERROR_FATAL: not there, or
 * open to others. */
bool service_settings_secrets(struct service_settings *settings, struct error *error) MUST_CHECK;

struct service;
struct cycle;

/* One submission or command, as it arrived. */
struct request {
    struct bus_peer peer;
    struct slice bytes;
};

/* What undo wants done with the batch. */
enum undo_verdict {
    UNDO_AGAIN, /* look up and decide the same inputs again */
    UNDO_LATER, /* the same, after a pause: the archive is busy or full */
};

struct service_spec {
    enum service_id id;
    unsigned inputs; /* bit set of 1 << service_id: streams it follows */
    bool takes_requests;
    bool counts_time;  /* needs the calendars of the policies: says so when they end */
    bool reads_text;   /* needs the classifiers of the policies */
    unsigned keys;     /* bit set of enum service_keys: files it waits for */
    int64_t gather_us; /* requests that fill no cycle begin one so long after the last began, or
                        * one and a half times what cycles take of late, if that is longer: eight
                        * times gather_us at most */
    int64_t linger_us; /* a cycle may wait this long for more inputs; 0: start at once */
    uint32_t company;  /* so many inputs do not wait for more */
    unsigned hurried;  /* bit set: inputs of these services never wait, and take along who does */
    /* Events of this service wait so long, so that others of the same case can come before;
     * SERVICE_NONE: no. */
    enum service_id holds;
    int64_t hold_us;
    const struct pg_statement *statements;
    unsigned statement_count;

    /* Makes the daemon's own object; false stops the start. */
    bool (*open)(struct service *service, void **self, struct error *error);
    void (*close)(void *self);

    /*
     * It is ours.  From here on its inputs and requests come, and nothing of its state has been
     * read: a takeover must not take longer the more cases there are.  What a batch needs is
     * fetched by lookup, on the connection that commits, so that it is never older than what is in
     * memory.
     */
    void (*serving)(void *self, uint32_t partition);
    /* It is another's now, or nobody's: forget all of it. */
    void (*forget)(void *self, uint32_t partition);

    /* Optional: adds statements to a request (pg_call …) and returns true when there is something
     * to look up. */
    bool (*lookup)(void *self, struct cycle *cycle, struct pg *pg);
    void (*looked_up)(void *self, struct cycle *cycle, const struct pg_answer *answer);

    /* Decide.  Each may append events; state changes must be undoable until committed. */
    void (*input)(void *self, struct cycle *cycle, const struct event *event);
    void (*request)(void *self, struct cycle *cycle, const struct request *request);
    void (*tick)(void *self, struct cycle *cycle, int64_t now_us);
    int64_t (*deadline_us)(void *self); /* when tick wants to be called; INT64_MAX: not */

    /* Adds the state rows to the transaction (pg_call …). */
    void (*store)(void *self, struct cycle *cycle, struct pg *pg);
    /* Optional: what the statements of store did, the last results of the transaction; it is
     * committed, and committed comes next. */
    void (*stored)(void *self, const struct pg_answer *answer);
    void (*committed)(void *self, struct cycle *cycle);
    /* Nothing of the cycle has happened: put the state back as it was before.  why is NULL after
     * cycle_look_again or a policy that is not here yet; the verdict does not matter then. */
    enum undo_verdict (*undo)(void *self, struct cycle *cycle, const struct pg_answer *why);

    /* A request that cannot be taken now: bytes of the refusal, lent by the arena. */
    struct slice (*refuse)(void *self, struct slice bytes, bool overloaded, struct arena *arena);

    void (*second)(void *self, int64_t now_us); /* once a second; may be NULL */
    /* Optional: nothing is ours any more; may it end, or does it wait for an answer?  For
     * STOP_SECONDS_MAX at most. */
    bool (*may_end)(const void *self);
};

/* Runs until SIGTERM or a fatal error.  Returns the exit status. */
int service_main(const struct service_spec *spec, int argc, char **argv);

/* For the daemon's own parts. */
const struct service_settings *service_settings(const struct service *service);
/* So many rows that a transaction had to change were not there: counted for an operator, who has to
 * look (`redress verify`); whoever finds it says in the log which. */
void service_rows_missed(struct service *service, uint32_t count);
/* A case was folded anew, because its row could not be read (refold.h): counted likewise. */
void service_refolded(struct service *service);
/* bus_replies_lying */
size_t service_replies_lying(const struct service *service, const struct bus_peer *peer);
/* The time everything is decided by, microseconds since 1970 UTC: the archive's (timekeeper.h).
 * Never this machine's own. */
int64_t service_now_us(const struct service *service);
struct event_base *service_base(struct service *service);
struct pg *service_reader(struct service *service); /* the connection for reads */
struct pg *service_writer(struct service *service); /* the one that commits */
/* A dependency of its own on /readyz: it is told of there, and does not make the daemon unready,
 * because it can do without.  name is lent for good; detail may be NULL. */
unsigned service_dependency(struct service *service, const char *name);
void service_dependency_set(struct service *service, unsigned index, bool ok, const char *detail);
void service_publish(struct service *service, const char *topic, struct slice bytes);
void service_reply(struct service *service, const struct bus_peer *peer, struct slice bytes);
uint32_t
service_partitions(const struct service *service);       /* of the archive; 0 until it was read */
uint32_t service_serving(const struct service *service); /* how many of them are ours */
bool service_serves(const struct service *service, uint32_t partition);
/*
 * A policy of the archive.  NULL: not here yet, and asked for.  Whoever asked goes back without
 * having done anything that undo does not put back: the batch is then looked up and decided again
 * when it is here.  One that the archive does not have ends the process, because an input must not
 * be skipped.
 */
const struct policy_object *service_policy(struct service *service, uint32_t id);
/* How often service_policy had to say: not yet.  For who asks outside of a batch. */
uint64_t service_policy_misses(const struct service *service);
struct policy_book *service_policies(const struct service *service);
/* Serving partitions in turn, from anyone on, for new cases: who asks stays in one for a batch or
 * for several, so that one head row moves.  False: none, partition is as it was. */
bool service_next_partition(struct service *service, uint32_t *partition);
/* The endpoint that answers for a partition of our service elsewhere, or "". */
const char *service_owner_endpoint(const struct service *service, uint32_t partition);
/* seq of the stream's last event, committed or of the cycle under way. */
uint64_t service_stream_seq(const struct service *service, uint32_t partition);
uint64_t service_stream_epoch(const struct service *service, uint32_t partition);
/* seq of the last event of that service's stream that is in what is committed of ours. */
uint64_t
service_stream_heard(const struct service *service, uint32_t partition, enum service_id from);
/* Ends the process with an error; the supervisor starts it again. */
void service_fail(struct service *service, const char *why);
/* The same for a case the archive does not hold any more, neither its row nor its events: to start
 * again helps nobody, so the supervisor does not. */
void service_fail_case(struct service *service, const struct error *error);
/* Wakes the loop for work that did not come through it (a finished claim): runs request handlers in
 * the next cycle. */
void service_request(struct service *service, const struct bus_peer *peer, struct slice bytes);

/* One batch. */
int64_t cycle_now_us(const struct cycle *cycle); /* service_now_us when it was decided */
struct arena *cycle_arena(struct cycle *cycle);  /* reset when the cycle has ended */
/* The inputs of the batch for a lookup. */
uint32_t cycle_input_count(const struct cycle *cycle);
bool cycle_input(struct cycle *cycle, uint32_t i, struct event *event);
uint32_t cycle_request_count(const struct cycle *cycle);
const struct request *cycle_request(const struct cycle *cycle, uint32_t i);
/*
 * Appends an event to the partition of its case: kind, case_id, cause, at_us and body are the
 * caller's; the rest is set here, hash included.  *event then is the event as stored.  False: not
 * our partition, or the batch is full.
 */
bool cycle_append(struct cycle *cycle, struct event *event, struct error *error) MUST_CHECK;
/* Commits even when no event was appended (a checkpoint, a duplicate's receipt). */
void cycle_touch(struct cycle *cycle, uint32_t partition);
/* The streams of the batch: it appended to them, or moved only a checkpoint. */
uint32_t cycle_touched_count(const struct cycle *cycle);
uint32_t cycle_touched(const struct cycle *cycle, uint32_t i);
/*
 * While a request is decided: what was looked up does not suffice.  The batch is undone, looked up
 * once more and decided again; nothing after this request is decided now.  At most once a batch, or
 * it would never end.
 */
void cycle_look_again(struct cycle *cycle);
/* What this batch takes of its arena is overwritten when it ends. */
void cycle_keeps_secrets(struct cycle *cycle);
/* Sent when the cycle has committed; bytes are lent by the cycle's arena. */
void cycle_reply(struct cycle *cycle, const struct bus_peer *peer, struct slice bytes);

#endif
