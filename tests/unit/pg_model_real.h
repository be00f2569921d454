/*
 * The real side of pg_model.c: an archive in a real PostgreSQL, and sessions of daemons that ask it
 * what the skeleton and their stores ask, with those statements and those parameters.
 *
 * Every lease that is alive is made long after each call, so that only real_leases_end ends one.
 */
#ifndef REDRESS_TESTS_PG_MODEL_REAL_H
#define REDRESS_TESTS_PG_MODEL_REAL_H

#include "event.h"

enum {
    REAL_PARTITIONS = 4,
    REAL_INSTANCES = 3,
    REAL_PARTS_MAX = 4,
    REAL_ROWS_MAX = 12,
    REAL_READ_MAX = 8,
    REAL_STREAMS = 5, /* checkpoints are told by service id, from 1 */
};

struct real_place {
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
};

/* A head row: as taken, as one part of a commit (epoch, place: where it goes), as it stands. */
struct real_head {
    uint32_t partition;
    uint64_t epoch;
    uint64_t expected; /* of a commit: seq before */
    struct real_place place;
    struct real_place checkpoints[REAL_STREAMS];
    char owner[16];
    bool alive; /* its lease */
};

struct real_event {
    uint32_t partition;
    uint64_t seq;
    uint64_t case_id;
    uint8_t hash[HASH_SIZE];
    uint64_t reference; /* of the submission or command it grants; 0: none */
};

struct real_commit {
    uint32_t part_count, event_count, row_count;
    struct real_head parts[REAL_PARTS_MAX];
    struct real_event events[REAL_ROWS_MAX];
    struct {
        uint64_t case_id;
        uint32_t version;
        bool is_new;
    } rows[REAL_ROWS_MAX];
    const int32_t *slots; /* by agent, from 1 */
    uint32_t slot_count;
    int32_t capacity;
};

enum real_answer { REAL_DONE, REAL_FENCED, REAL_KNOWN, REAL_FULL, REAL_NEGATIVE };

struct real_survey {
    bool live[REAL_INSTANCES];
    char owner[REAL_PARTITIONS][16];
    bool free[REAL_PARTITIONS];
};

struct real_session;

/* Starts server, archive and statements of the service; skips the test where there is none. */
void real_begin(enum service_id service);
void real_end(void);

struct real_session *real_connect(uint32_t instance);
/* The server ends it; back when it is gone there. */
void real_kill(struct real_session *session);

/* What was won, as many as returned. */
uint32_t real_take(struct real_session *session,
                   const uint32_t *partitions,
                   uint32_t count,
                   struct real_head *won);
/* REAL_FENCED: *fenced is the partition it names. */
enum real_answer
real_commit(struct real_session *session, const struct real_commit *commit, uint32_t *fenced);
/* Of parts, which are no longer ours: a bit for each partition. */
unsigned real_renew(struct real_session *session, const struct real_head *parts, uint32_t count);
void real_give_back(struct real_session *session, uint32_t partition, uint64_t epoch);
/* At most REAL_READ_MAX events after seq: their hashes. */
uint32_t real_read(struct real_session *session,
                   uint32_t partition,
                   uint64_t seq,
                   uint8_t (*hashes)[HASH_SIZE]);
/* Joins, or signs off, and looks around. */
void real_survey(struct real_session *session, bool leaving, struct real_survey *survey);
/* The case that was granted; 0: none. */
uint64_t real_look_up(struct real_session *session, uint64_t reference);
/* 0: there is no such case. */
uint32_t real_row_version(struct real_session *session, uint64_t case_id);

/* ---- pg_model_root.c: past all daemons ---- */

void root_begin(const char *conninfo, enum service_id service);
void root_end(void);
void root_leases_last(void);
void root_terminate(int pid);
void root_await_end(int pid);
void real_leases_end(void);

/* As it stands. */
void real_head_now(uint32_t partition, struct real_head *head);
uint32_t real_event_count(uint32_t partition);
int32_t real_used(uint32_t agent);

#endif
