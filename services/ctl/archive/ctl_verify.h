/*
 * Verification: the journal read again from its first event, or the first after a detached period,
 * its chain checked, its events folded with the daemons' own cores, and what comes out compared
 * with the tables (laws 1, 2, 3, 8).
 *
 * One partition at a time, each in one snapshot of the archive, so that it can run beside working
 * daemons.  Memory is that of the cases of one partition.
 *
 * The watchdog's state follows from four streams whose order of arrival is not on record.  They are
 * folded in the order of cause: an event after the one it was decided on, a clock's event before
 * the input that caused it (the two folds commute).
 */
#ifndef REDRESS_CTL_VERIFY_H
#define REDRESS_CTL_VERIFY_H

#include "arena.h"
#include "ctl_view.h"
#include "dispatch_core.h"
#include "watchdog_core.h"

enum {
    VERIFY_SHOWN_MAX = 1000, /* differences told one by one; the others are counted */
    VERIFY_CHUNK = 4000,     /* rows of one read */
    VERIFY_STREAMS = SERVICE_WATCHDOG + 1,
};

/* One stream of the partition, as far as it has been read. */
struct verify_stream {
    bool wanted;
    uint64_t head_seq;
    uint64_t head_epoch;
    uint8_t head_hash[HASH_SIZE];
    uint64_t checkpoints[VERIFY_STREAMS]; /* how far it had read the others */
    uint64_t seq;
    uint64_t epoch;
    uint8_t hash[HASH_SIZE];
    PGresult *rows; /* of the chunk */
    int row;
    bool ended; /* nothing more can be read */
};

struct verify_case {
    struct dispatch_case dispatch;
    struct watch_case watch;
    uint8_t submission_id[16];
    bool received;
    bool in_complaint; /* seen in the table */
    bool in_clock;
    bool in_submission;
};

struct verify {
    struct ctl *ctl;
    struct view_policies *policies;
    struct arena *arenas[VERIFY_STREAMS]; /* of the current event of each stream */
    uint32_t partitions;
    uint32_t partition;   /* the one being read */
    enum service_id only; /* SERVICE_NONE: all */
    struct verify_stream streams[VERIFY_STREAMS];
    uint64_t cut_case;   /* the last case of which events are detached; 0: none */
    int64_t cut_period;  /* the last period that is, of all partitions */
    uint64_t uncompared; /* rows of such cases, of all partitions */
    uint64_t case_count;
    struct verify_case *cases; /* by serial, from 1 */
    uint64_t events;           /* of all partitions */
    uint64_t compared;
    uint64_t differences;
    json_t *told; /* of JSON */
    int code;     /* of a failure that ends it */
};

/* A place in a stream of the partition, "dispatch.0003 #42", or a case's row in a table. */
struct verify_where {
    enum service_id service; /* SERVICE_NONE: a row */
    uint64_t seq;
    const char *table;
    uint64_t case_id; /* 0: of no one case */
};

/* Names a difference; what is of the catalogue. */
void verify_differ(struct verify *verify,
                   const struct verify_where *where,
                   enum ctl_text what,
                   const char *const *args);

/* ctl_verify_fold.c: takes an event in order; NULL for a case id that cannot be. */
struct verify_case *verify_case_of(struct verify *verify, uint64_t case_id);
void verify_fold(struct verify *verify, const struct event *event);

/* ctl_verify_rows.c: compares with the tables.  false: verify->code says why it cannot. */
bool verify_rows(struct verify *verify) MUST_CHECK;

/* A binary query; NULL after setting verify->code. */
PGresult *verify_query(struct verify *verify, const char *sql, const int64_t *numbers, int count);

#endif
