/*
 * `redress drill` (预案演练): recorded complaints replayed in virtual time under another policy,
 * calendar or staffing, through the cores the daemons run.
 *
 * Two modes.  As recorded: every step happened when it happened; classification and clocks are
 * judged anew, exactly.  With staff: the work is simulated, see ctl_drill_work.h.  Nothing is ever
 * written to an archive: it is read in one read-only transaction.
 */
#ifndef REDRESS_CTL_DRILL_H
#define REDRESS_CTL_DRILL_H

#include "ctl_policy.h"
#include "event_wire.h"
#include "watchdog_core.h"

enum {
    DRILL_CLOCKS_MAX = 2 * POLICY_CLOCKS_MAX, /* by name, of all policies that meet */
    DRILL_RECORDS_MAX = 4 * 1000 * 1000,
    DRILL_SECOND_US = 1000000,
};

/* How a clock of a case ended, all its runs together: a breach stays one. */
enum drill_said {
    DRILL_NOTHING, /* the case has no such clock, or it ended without a verdict */
    DRILL_RUNNING, /* still open when the drill ends */
    DRILL_MET,
    DRILL_LATE,
    DRILL_SAID_COUNT,
};

/* The clocks of the policies that meet, by name. */
struct drill_names {
    uint32_t count;
    char ids[DRILL_CLOCKS_MAX][POLICY_NAME_MAX];
};

/* Index of the name, added when it is new; DRILL_CLOCKS_MAX: there is no room. */
uint32_t drill_name(struct drill_names *names, struct slice id);

/* Takes what an event of the watchdog says of its clocks into said. */
void drill_hear(struct drill_names *names,
                const struct event *event,
                uint8_t said[DRILL_CLOCKS_MAX]);

/* One complaint as recorded. */
struct drill_record {
    uint64_t case_id;
    int64_t received_us;
    size_t first; /* of its events in the book: Received, then triage's and dispatch's */
    uint32_t count;
    uint32_t policy_id;             /* it was handled under; 0: none is known */
    uint8_t said[DRILL_CLOCKS_MAX]; /* what really came of its clocks */
};

struct drill_event {
    size_t at;
    uint32_t size;
};

/* Everything that is replayed. */
struct drill_book {
    struct drill_names names;
    struct drill_record *records;
    size_t count, room;
    struct drill_event *events;
    size_t event_count, event_room;
    uint8_t *bytes; /* of the events, as the journal keeps them */
    size_t size, size_room;
    int64_t first_us, last_us; /* of anything that happened */
    uint64_t skipped;          /* rows that could not be read, or have no narrative */
    bool has_text;             /* narratives stand open in Received, to be classified anew */
    bool has_verdicts;         /* it is known what really came of the clocks */
};

/* A new record; false: there are too many, or memory is out. */
bool drill_book_begin(struct drill_book *book, uint64_t case_id) MUST_CHECK;
/* An event of the newest record; its bytes are copied. */
bool drill_book_add(struct drill_book *book, struct slice bytes, int64_t at_us) MUST_CHECK;
/* The event decoded; lent by the book.  False: it is damaged. */
bool drill_book_event(const struct drill_book *book, size_t index, struct event *event) MUST_CHECK;
void drill_book_done(struct drill_book *book);

/* Received in [from, to); told by --from and --to. */
struct drill_span {
    int64_t from_us, to_us;
};

/* Rows of a file by a mapping; the status, after saying what is wrong. */
int drill_read_file(struct ctl *ctl, struct drill_span span, struct drill_book *book) MUST_CHECK;
/* The cases of a policy, in all its versions, from the archive. */
int drill_read_archive(struct ctl *ctl,
                       const char *policy,
                       struct drill_span span,
                       struct drill_book *book) MUST_CHECK;

/* ---- replaying ---------------------------------------------------------------------------- */

/* How long cases waited in a queue before somebody took them. */
struct drill_waits {
    size_t count, room;
    int32_t *seconds; /* owned; sorted once the run is over */
};

/* What came of one case under one policy. */
struct drill_outcome {
    uint8_t said[DRILL_CLOCKS_MAX];
    uint16_t queue; /* of the policy, where it opened; POLICY_NONE: it never did */
    uint16_t category;
    int64_t opened_us;
    int64_t closed_us; /* 0: open at the end */
};

struct drill_run {
    const struct policy_object *object; /* lent */
    uint32_t policy_id;                 /* of the archive's policy with the same bytes; 0: none */
    int64_t until_us;
    struct drill_outcome *outcomes; /* by record; owned */
    struct drill_waits waits[POLICY_QUEUES_MAX];
    uint64_t events;
    uint64_t reclassified;   /* another category, class or priority than was recorded */
    uint64_t steps_unknown;  /* facts that led to a step this policy does not have */
    uint64_t clocks_unknown; /* no due instant could be computed */
    double seconds;
};

/* As recorded.  False: memory is out. */
bool drill_replay(struct drill_book *book, struct drill_run *run) MUST_CHECK;
/* Forgets what came of it, before it is run again; and brings the waits in order behind it. */
void drill_run_reset(struct drill_run *run);
void drill_run_sort(struct drill_run *run);
void drill_run_done(struct drill_run *run);

bool drill_wait_add(struct drill_waits *waits, int64_t seconds) MUST_CHECK;

/* A case on its way through the cores; also what simulated work moves. */
struct drill_player {
    struct drill_names *names;
    struct drill_run *run;
    struct drill_outcome *outcome;
    struct watch_case watch;
    uint64_t seq;
    bool same_policy; /* as it was recorded under: what it was raised to is on record */
    bool same_rating; /* triage says what it said then */
    /* Hears every event of the watchdog; NULL: nobody does. */
    void (*heard)(void *context, const struct event *event);
    void *context;
};

/* An input of the watchdog, after everything that was due before it. */
void drill_feed(struct drill_player *player, struct event *event);
/* What is due by then. */
void drill_tick(struct drill_player *player, int64_t at_us);
/* Receives, triages and opens the case under the policy; *opened is lent by the book. */
bool drill_open(struct drill_player *player,
                const struct drill_book *book,
                const struct drill_record *record,
                struct event *opened) MUST_CHECK;
/* A recorded event of dispatch as it would be told under the policy.  False: it does not happen
 * (a case is opened, and its priority raised, by the drill itself). */
bool drill_adapt(struct drill_player *player, struct event *event);

/* ---- comparing ---------------------------------------------------------------------------- */

struct drill_clock_tally {
    uint64_t met, late, running;
    uint64_t was_met, was_late, was_running;
    uint64_t gained; /* late before, not now */
    uint64_t lost;   /* late now, not before */
    uint64_t judged; /* cases about which something is on record */
    uint64_t same;   /* of them, late or not late as recorded */
};

struct drill_queue_tally {
    uint64_t cases, open;
    uint64_t met[DRILL_CLOCKS_MAX], late[DRILL_CLOCKS_MAX];
    uint64_t waited;
    int64_t wait_median_s, wait_p90_s, wait_p99_s;
};

enum { DRILL_BUCKETS_MAX = 60 };

/* Cases in hand over time. */
struct drill_load {
    uint32_t count;
    int64_t from_us, width_us;
    uint32_t open[POLICY_QUEUES_MAX][DRILL_BUCKETS_MAX]; /* at the end of the bucket */
    uint32_t came[DRILL_BUCKETS_MAX], went[DRILL_BUCKETS_MAX];
};

struct drill_tally {
    struct drill_clock_tally clocks[DRILL_CLOCKS_MAX];
    struct drill_queue_tally queues[POLICY_QUEUES_MAX];
    struct drill_load load;
};

/* against NULL: with what is on record. */
void drill_count(const struct drill_book *book,
                 const struct drill_run *run,
                 const struct drill_run *against,
                 struct drill_tally *tally);

/* ---- telling ------------------------------------------------------------------------------ */

struct drill_search;

struct drill_report {
    const struct ctl *ctl;
    const struct drill_book *book;
    const struct drill_run *run;
    const struct drill_run *against; /* NULL: with what is on record */
    const struct drill_tally *tally;
    const struct drill_search *search; /* NULL: no target was asked for */
    const char *policy_name, *against_name, *source_name;
    const char *staff_name; /* NULL: as recorded */
};

void drill_print(const struct drill_report *report);
json_t *drill_json(const struct drill_report *report);
/* A page of its own: no scripts, nothing from elsewhere. */
void drill_page(const struct drill_report *report, FILE *out);

#endif
