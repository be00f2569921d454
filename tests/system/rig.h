/*
 * The whole of Redress in miniature, for scenes: a private PostgreSQL and Redis with the archive's
 * schema and policies, the real daemons as child processes, an adapter that submits and resends, a
 * desk that commands, and checks that read the archive by themselves.
 *
 * Everything lives in one temporary folder and ends with rig_free, or with the test when that dies.
 * What goes wrong fails the cmocka test at once; the tails of the daemons' logs are then shown.
 */
#ifndef REDRESS_TESTS_RIG_H
#define REDRESS_TESTS_RIG_H

#include "event.h"
#include "receipt.h"
#include "servers.h"

#include <libpq-fe.h>
#include <sys/types.h>

enum {
    RIG_DAEMONS_MAX = 16,
    RIG_PARTITIONS = 8,
    RIG_SUBMISSIONS_MAX = 20000,
    RIG_FIELDS_MAX = 8,
    RIG_BODY_MAX = 16384,
};

struct daemon {
    enum service_id service;
    char instance[16];
    const char *const *arguments; /* more of its own, NULL-terminated; NULL: none.  Lent. */
    pid_t pid;                    /* 0: not running */
    char log[128];
};

struct rig {
    struct server *postgres;
    struct server *redis;
    PGconn *sql; /* reconnects by itself in rig_number and rig_check_… */
    void *zmq;
    char directory[64]; /* settings, keys, sockets, logs */
    char conninfo[256];
    unsigned daemon_count;
    struct daemon daemons[RIG_DAEMONS_MAX];
    bool passed; /* set at the end of a scene: the logs are not shown then */
};

/* Servers, and (with_archive) schema and the shipped policies.  Skips the test without servers. */
struct rig *rig_new(bool with_archive);
/* SIGTERM to all daemons; each must end with status 0 within 12 s.  Then the servers. */
void rig_end(struct rig *rig);
/* Ends everything at once, whatever the state. */
void rig_free(struct rig **rig_p);
/* For cmocka: *state is the rig. */
int rig_teardown(void **state);

/* What the intake of an earlier scene compiled is there for one that starts here (rig_patterns.c);
 * rig_new and rig_end do so for the rig's own folder. */
void rig_patterns_lend(const char *run_dir);
void rig_patterns_keep(const char *run_dir);

void rig_archive_create(struct rig *rig);
/* Makes rig->sql anew, as this. */
void rig_sql_connect(struct rig *rig, const char *conninfo);
/* A policy of a file, as if it had been loaded a minute ago. */
void rig_policy_add(struct rig *rig, const char *path);

/* A daemon; starting one that is there and ended starts it again under the same name. */
struct daemon *rig_start(struct rig *rig, enum service_id service, const char *instance);
/* The same with arguments of its own, which may give it another --instance than the one we know it
 * by. */
struct daemon *rig_start_with(struct rig *rig,
                              enum service_id service,
                              const char *instance,
                              const char *const *arguments);
/* Waits until it has ended by itself; its wait status.  Fails the test after the time. */
int daemon_ended(struct daemon *daemon, int64_t limit_ms);
/* The command redress with these words; its exit status. */
int rig_redress(struct rig *rig, const char *const *words);
/* Applies the organisation of the file it writes; the command's exit status. */
int rig_org(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* All five. */
void rig_start_all(struct rig *rig, const char *instance);
struct daemon *rig_daemon(struct rig *rig, enum service_id service, const char *instance);
/* Sends the signal; SIGKILL and SIGTERM are waited for.  Returns the wait status, 0 for others. */
int daemon_signal(struct daemon *daemon, int number);
bool daemon_lives(struct daemon *daemon);
/* How many lines of its log have the text. */
unsigned daemon_logged(const struct daemon *daemon, const char *text);

/* Until so many lines of its log have the text (rig_ready.c); fails the test after the time. */
void daemon_await_log(const struct daemon *daemon,
                      const char *text,
                      unsigned count,
                      int64_t limit_ms);

/* GET on its admin socket (rig_ready.c): the HTTP status and the body; 0 and "" without an answer.
 */
int rig_ask(struct rig *rig,
            const struct daemon *daemon,
            const char *path,
            char body[RIG_BODY_MAX]);
/* Until /readyz answers with this status and has the text; fails the test after the time. */
void rig_await_ready(
    struct rig *rig, const struct daemon *daemon, int status, const char *text, int64_t limit_ms);

/* First column of the first row; INT64_MIN when there is none or the archive is away. */
int64_t rig_number(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same as text, "" when there is none. */
void rig_text(struct rig *rig, char *text, size_t size, const char *query);
void rig_sql(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How soon a partition has to be served again: 3 s is what we promise; much longer
 * under a sanitizer or on a machine that is busy with other things, where time proves nothing. */
int64_t rig_takeover_ms(void);
int64_t rig_now_ms(void);
void rig_nap_ms(int64_t ms);
/* One command of Redis (rig_redis.c), made like those of hiredis: its answer as text, a number in
 * digits, "" for what is neither; an error fails the test. */
void rig_redis(struct rig *rig, char *text, size_t size, const char *format, ...);
/* Waits until the number is as wanted; fails the test, naming it, after the time. */
void rig_await(struct rig *rig, const char *query, int64_t wanted, int64_t limit_ms);
/* Until every partition of the service has a live owner; returns how long that took. */
int64_t rig_await_serving(struct rig *rig, enum service_id service, int64_t limit_ms);
void rig_await_all_serving(struct rig *rig);
/* How many partitions of the service have a live owner; of that name, unless it is NULL. */
int64_t rig_serving(struct rig *rig, enum service_id service, const char *instance);
/* Until every consumer's checkpoint is at the head of its input (law 4: at rest they are equal). */
void rig_settle(struct rig *rig, int64_t limit_ms);

/* --- an adapter (rig_adapter.c) --- */

struct submission {
    uint8_t id[16];
    uint8_t *bytes;
    size_t size;
    int64_t sent_ms; /* 0: not yet */
    unsigned answers;
    bool receipted;
    bool duplicate;
    bool refused;
    uint32_t code;
    char field[32];
    char value[80];
    char allowed[160];
    struct receipt_leaf leaf;
    char case_number[32];
    int64_t receipt_ms; /* from the first sending */
    int64_t first_ms;
};

struct adapter;

/* Submits to one or two intakes by turns, "b" may be NULL.  window: unreceipted at once. */
struct adapter *
adapter_new(struct rig *rig, const char *intake_a, const char *intake_b, uint32_t window);
void adapter_free(struct adapter **adapter_p);

struct content {
    const char *policy;
    const char *channel;
    const char *text;
    const char *contact; /* NULL: no person */
};
/* One more to send; a new id unless given.  Lent until the adapter ends. */
struct submission *
adapter_add(struct adapter *adapter, const struct content *content, const uint8_t id[16]);
/* The same with any bytes as the message: no id, so no answer can be told apart. */
struct submission *adapter_add_raw(struct adapter *adapter, const void *bytes, size_t size);
/* count ordinary ones in Chinese and English over both policies. */
void adapter_add_many(struct adapter *adapter, uint32_t count);
/* count times the same, each with an id of its own */
void adapter_add_same(struct adapter *adapter, uint32_t count, const struct content *content);
/* Adds a few every few milliseconds, and sends and takes, for so long. */
void adapter_load(struct adapter *adapter, int64_t ms);
/* Sends, resends after a second without an answer, takes answers; for the time, or until done. */
void adapter_run(struct adapter *adapter, int64_t ms);
/* The same until all are answered; fails the test after the time. */
void adapter_finish(struct adapter *adapter, int64_t limit_ms);
/* Sends one of them once more although it was answered. */
void adapter_resend(struct adapter *adapter, struct submission *submission, unsigned intake);
uint32_t adapter_count(const struct adapter *adapter);
struct submission *adapter_submission(struct adapter *adapter, uint32_t i);
uint32_t adapter_receipted(const struct adapter *adapter);
uint32_t adapter_unmatched(const struct adapter *adapter); /* answers without an id we know */
void adapter_uuid(uint8_t id[16]);

/* --- a desk (rig_desk.c) --- */

struct command {
    uint8_t id[16]; /* all zero: a new one is made */
    const char *actor;
    const char *role;
    const char *queue; /* claim out of it (no action) … */
    uint64_t case_id;  /* … or act on, or (no action) show */
    const char *action;
    uint32_t version;
    const char *token; /* of a claim that Redis answered elsewhere */
    const char *note;
    const char *text; /* in its place: one of the policy's */
    struct {
        const char *name;
        const char *value;
    } fields[RIG_FIELDS_MAX];
};

struct answer {
    bool answered;
    int outcome;
    char code[48];
    char step[48];
    char queue[48];
    char agent[48];
    uint64_t case_id;
    uint32_t version;
    uint64_t seq;
    unsigned allowed_count;
    unsigned opened; /* texts that were sealed */
};

struct desk;
struct desk *desk_new(struct rig *rig, const char *dispatch_instance);
void desk_free(struct desk **desk_p);
/* From now on it has room for one answer that it has not taken. */
void desk_narrow(struct desk *desk);
/* Asks, follows MOVED, tries again while overloaded or silent, up to limit_ms; fails the test then.
 */
struct answer desk_ask(struct desk *desk, const struct command *command, int64_t limit_ms);
/* Without waiting, without following; answers are collected with desk_take. */
void desk_send(struct desk *desk, const struct command *command);
bool desk_take(struct desk *desk, struct answer *answer, int64_t wait_ms);
/* Claims out of the fullest queue, by the agents NAME0 … in turn.  Returns how many were done. */
unsigned desk_claims(struct desk *desk, const char *name, unsigned agents, unsigned count);
void desk_fullest_queue(struct desk *desk, char queue[128]);
void desk_send_raw(struct desk *desk, const void *bytes, size_t size);

/* --- checks, each by its own reading (rig_check.c) --- */

/* Every stream: seq 1, 2, 3 …, each hash over the stored bytes, each predecessor's hash in them,
 * epochs never falling, kinds and cases in place, the head at the end (law 3). */
void rig_check_streams(struct rig *rig);
/* Every receipted submission is one case, received, triaged and opened once (laws 1, 4); the
 * receipts verify; nothing else is there. */
void rig_check_cases(struct rig *rig, struct adapter *const *adapters, unsigned count);
/* Redis: the shares and queues are the complaint rows that stand in a queue, in the order of their
 * priorities and due times (law 6). */
void rig_check_queues(struct rig *rig);
/* Figures: received = opened = cases, over all policies (law 4). */
void rig_check_figures(struct rig *rig);
/* Slots: what each agent is said to hold is what he holds, never above capacity (law 6). */
void rig_check_slots(struct rig *rig);
/* How often a level of that kind was told (rig_levels.c). */
int64_t rig_levels(struct rig *rig, enum event_kind kind);
/* By the stored bytes of a policy with one level of a kind: each once a case and never early (law
 * 7).  How long after it was due the latest one came, in ms. */
int64_t rig_levels_late_ms(struct rig *rig);
/* All of them, at rest. */
void rig_check_all(struct rig *rig, struct adapter *const *adapters, unsigned count);

#endif
