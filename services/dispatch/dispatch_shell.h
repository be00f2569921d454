/* What the files of dispatch's shell share: dispatch_main.c the events, dispatch_cases.c the
 * cases at hand, dispatch_desk.c the commands of people, dispatch_claim.c their claims. */
#ifndef REDRESS_DISPATCH_SHELL_H
#define REDRESS_DISPATCH_SHELL_H

#include "case_cache.h"
#include "dispatch_store.h"
#include "dispatch_wire.h"
#include "projector.h"
#include "refold.h"
#include "seal.h"
#include "service.h"

enum {
    DISPATCH_CHANGED_MAX = 8192,  /* cases one batch may change */
    DISPATCH_CASES_MAX = 1 << 17, /* in memory; others are read when they are wanted */
    DISPATCH_WANTED_MAX = 8192,   /* cases one batch may ask the archive for */
    DISPATCH_DOUBTS = 64,
    DISPATCH_FORGET_MAX = 1000, /* old commands deleted at once */
    DISPATCH_FORGET_EVERY_S = 60,
    DISPATCH_FOUND_MAX = 64,     /* cases one search without Redis finds */
    DISPATCH_AGENTS_MAX = 16384, /* holding cases at once */
    DISPATCH_AGENT_CHAINS = 4096,
    DISPATCH_EARLY_MAX = 4096,
    DISPATCH_LATE_MAX = DISPATCH_EARLY_MAX + SERVICE_BATCH_MAX,
    DISPATCH_CLAIM_LEASE_MS = 5000,
    DISPATCH_LINGER_US = 20000,  /* a clock's word waits for a commit there is anyway */
    DISPATCH_TRIES_MAX = 8,      /* of one claim */
    DISPATCH_RELATED_MAX = 4096, /* earlier cases one batch asks about */
    FIT_TOKEN_MAX = POLICY_NAME_MAX + 4,
};

/* A case in memory. */
struct held_case {
    struct dispatch_case state;
    int64_t told;          /* its score as Redis was told it last; 0: not known, or in no queue */
    uint32_t saved_in;     /* the cycle that has its former state in changed[] */
    uint32_t clocked_in;   /* the cycle that has it in clocked[] */
    uint32_t dues_in;      /* the cycle that read its clocks in the archive */
    uint32_t dues_version; /* of the case, which those followed from */
    bool dues_lost;        /* they could not be read: to be read again whenever it is wanted */
    uint32_t read_in;      /* the second of the time everything is decided by in which it … */
    uint32_t reads;        /* … was read so often */
};

/* A case this batch has changed, as it was before. */
struct changed_case {
    struct dispatch_case before;
    bool is_new;
};

/* What the clocks of a case have asked for, and when they are due, as their row says. */
struct early_clocks {
    uint64_t case_id;
    uint8_t priority; /* 0: for nothing */
    char clock[POLICY_NAME_MAX];
    struct clock_dues dues;
};

/* What the archive's row of an agent said last, and what this batch adds. */
struct agent {
    char name[DISPATCH_AGENT_MAX];
    int32_t used;
    int32_t capacity;
    int32_t delta;
    bool full;    /* the archive said so: believe it until somebody releases */
    bool has_row; /* seen in the archive; nobody takes one away */
    bool in_batch;
    uint32_t next; /* of the same hash: place + 1; 0: none */
};

struct known_command {
    uint8_t id[16];
    uint64_t case_id;
    uint64_t seq;
    uint64_t mark;
};

struct case_key {
    uint64_t case_id;
    struct slice wrapped;
    uint8_t bytes[SEAL_WRAPPED_SIZE];
};

/* An earlier case of a customer whose next one is opened, and who had it in which role. */
struct related {
    uint64_t case_id;
    char handler[DISPATCH_AGENT_MAX];
    char role[DISPATCH_AGENT_MAX];
};

struct org_object;
struct reading;

struct dispatch {
    struct service *service;
    struct seal_ring *ring;
    struct projector *projector;
    struct case_cache *cases; /* of held_case */
    struct refold *refold;    /* those whose rows cannot be read */
    bool asked_refold;
    struct dispatch_case refolded; /* the one being folded */
    uint32_t wanted_count;
    uint64_t wanted[DISPATCH_WANTED_MAX];
    uint32_t asked_in[PARTITION_MAX]; /* the cycle that last could ask for cases of it */
    uint32_t doubts;                  /* batches to come that take no case for new without asking */
    bool asked_cases;
    uint32_t cycle;
    uint32_t changed_count;
    struct changed_case *changed;
    uint32_t clocked_count;
    uint64_t clocked[DISPATCH_CHANGED_MAX]; /* cases whose place a clock has moved */
    struct pg_changes to_change; /* rows of complaint, by the last calls of the transaction */
    uint32_t command_count;
    struct dispatch_command_row commands[SERVICE_BATCH_MAX];
    bool ask_known;       /* a command id was there already, or we would refuse: ask which are */
    uint32_t asked_count; /* commands that may have been done before, as asked */
    uint8_t asked_ids[SERVICE_BATCH_MAX][16];
    uint32_t known_count;
    struct known_command known[SERVICE_BATCH_MAX];
    uint32_t key_count;
    struct case_key keys[SERVICE_BATCH_MAX];
    uint32_t erased_count;
    uint64_t erased[SERVICE_BATCH_MAX]; /* cases of this batch whose keys go with it */
    uint32_t late_count;
    uint64_t late[DISPATCH_LATE_MAX]; /* cases of this batch that are opened late, or classified */
    uint32_t early_count;
    struct early_clocks early[DISPATCH_LATE_MAX]; /* by case id */
    struct event early_event;                     /* large */
    bool asked_early;
    bool ask_agents; /* the archive said that some are full: read their rows */
    bool asked_agents;
    bool asked_keys;
    bool key_told; /* in the log: that one is missing, once for all cases */
    bool asked_known;
    bool asked_sealed;
    struct reading *reading; /* what is sealed and wanted by commands of the batch */
    uint32_t agent_count;
    struct agent *agents;
    uint32_t agent_chains[DISPATCH_AGENT_CHAINS]; /* place + 1 of the first */
    uint32_t batch_agent_count;
    uint32_t batch_agents[DISPATCH_AGENTS_MAX];
    struct claim *claims;    /* under way, from Redis to the decision */
    uint32_t asked_redis;    /* to claim and to give back, not answered yet */
    uint32_t forget_after_s; /* old commands are looked for then */
    struct search *search;   /* claims without Redis */
    struct push *push;       /* cases that are offered by themselves */
    struct org_object *org;  /* who works here; NULL: nobody said, anybody may */
    int32_t org_version;     /* the newest we heed; 0: none was applied */
    bool org_read;           /* it was asked for: nothing is decided before */
    bool asked_org;
    int32_t org_bad;      /* a version we cannot read, told once */
    int64_t org_again_us; /* monotonic: it is read again then */
    int64_t org_pause_us; /* and after twice as long the next time */
    bool slots_stale;     /* capacities of rows are not those of the organisation */
    bool asked_related;
    uint32_t related_count;
    struct related related[DISPATCH_RELATED_MAX];
    bool ask_counts; /* complaints of the same cause, for the commands of the batch */
    bool counted;    /* they were asked for */
    uint32_t count_count;
    struct dispatch_counted counts[SERVICE_BATCH_MAX];
    bool closing;     /* what Redis answers now leads nowhere */
    struct event out; /* large */
};

/* dispatch_cases.c: the case, or NULL: once a batch has been looked up, there is none. */
struct held_case *dispatch_find(struct dispatch *dispatch, uint64_t case_id);
/* While a batch is looked up: this case will be decided on. */
void cases_want(struct dispatch *dispatch, uint64_t case_id);
void cases_want_for(struct dispatch *dispatch, const struct event *event);
/* Its clocks as the archive has them, be the case at hand or not. */
void cases_want_dues(struct dispatch *dispatch, uint64_t case_id);
bool cases_open(struct dispatch *dispatch);
void cases_close(struct dispatch *dispatch);
bool cases_lookup(struct dispatch *dispatch, struct pg *pg);
/* Takes its results, the last so many of them, and returns how many are left. */
unsigned
cases_looked_up(struct dispatch *dispatch, struct cycle *cycle, const struct pg_answer *answer);

/* dispatch_place.c: what is told to Redis.  A clock of the case was heard; the batch is committed.
 */
struct projector *places_open(struct dispatch *dispatch, struct error *error) MUST_CHECK;
void place_heard(struct dispatch *dispatch, struct held_case *held);
void places_committed(struct dispatch *dispatch, const struct cycle *cycle);

const struct policy *dispatch_policy(struct dispatch *dispatch, uint32_t id);

/* Appends what decide gave and evolves the case by exactly that.  False: the batch cannot go on. */
bool dispatch_apply(struct dispatch *dispatch,
                    struct cycle *cycle,
                    const struct policy *policy,
                    uint64_t case_id,
                    struct event *out);

/* A command being decided. */
struct asked {
    struct dispatch *dispatch;
    struct cycle *cycle;
    const struct request *request;
    const Redress__Command__V1__Command *command;
    uint64_t mark; /* of who asks for what; 0 where it is only shown */
};

/* dispatch_claim.c */
void claim(const struct asked *asked);
/* A claim of this id is under way, and this is another command. */
bool claim_is_another(const struct asked *asked);
bool claim_open(struct dispatch *dispatch);
void claim_close(struct dispatch *dispatch);
void claim_give_back(struct dispatch *dispatch, uint64_t case_id, struct slice token);
/* The command that a claim became is decided in this batch; the claim has ended when that is
 * committed, or when nobody takes the command. */
void claim_decided(const struct asked *asked);
void claims_committed(struct dispatch *dispatch);
/* It is put off: what Redis handed over for it is anybody's at once, not when the lease ends. */
void claim_refused(struct dispatch *dispatch, const Redress__Command__V1__Command *command);
/*
 * The case that was proposed to this claim is not for this person: another one is looked for, a
 * bounded number of times.  False: it was no proposal, or enough were tried; to be refused.
 */
bool claim_again(const struct asked *asked, enum dispatch_answer answered);

/* Those that are ours, PG_INT2. */
void partitions_served(const struct service *service, struct pg_array *partitions);

/* dispatch_push.c: cases that are offered out of queues which say so. */
bool push_open(struct dispatch *dispatch);
void push_close(struct dispatch *dispatch);
void push_search(struct dispatch *dispatch);     /* once a second */
void push_want_cases(struct dispatch *dispatch); /* while a batch is looked up */
int64_t push_deadline_us(void *self);
void push_tick(void *self, struct cycle *cycle, int64_t now_us);
/* The batch has ended. */
void push_settled(struct dispatch *dispatch, bool committed);

/* dispatch_desk.c */
/* reason: NULL: there is no more to say than the code. */
void desk_refuse(const struct asked *asked,
                 enum desk_refusal refusal,
                 const struct dispatch_reason *reason);
/* Refused as the core would, before there is a case. */
void desk_refuse_as(const struct asked *asked,
                    enum dispatch_answer answer,
                    const struct dispatch_reason *reason);
/* Not to be said yet: to be asked again. */
void desk_postpone(const struct asked *asked, const char *code, const char *text);
/*
 * Before a command is refused: it may have been done, and be refused only because of what it did
 * itself.  The archive is asked then, once a batch and for all of its commands; those that are done
 * cost no question.  True: come again when it has answered.
 */
bool desk_asks_first(const struct asked *asked);
/* Once a batch: everything that only a second look asks for. */
void desk_look_again(const struct asked *asked);
/* True when this command was done before, here or in this batch: it has been answered with what it
 * did then, on its own case.  Where its id was another command's, it has been refused. */
bool desk_repeated(const struct asked *asked);
void desk_request(struct dispatch *dispatch, struct cycle *cycle, const struct request *request);

/* seal_mark of dispatch_command_body, of which nothing stays in memory. */
uint64_t desk_mark(const struct dispatch *dispatch, const Redress__Command__V1__Command *command);
/* What a command does: one of our own actions, else one of the policy's. */
enum dispatch_input_kind desk_kind_of(struct slice action);

/* dispatch_desk_asks.c */
bool desk_lookup(struct dispatch *dispatch, struct cycle *cycle, struct pg *pg);
void desk_looked_up(struct dispatch *dispatch, const struct pg_answer *answer);

/* dispatch_read.c */
/* The case's own key, and what wraps it.  False: it is missing. */
bool case_key_take(struct dispatch *dispatch,
                   uint64_t case_id,
                   uint8_t key[SEAL_KEY_SIZE],
                   uint32_t *key_id);
bool reading_open(struct dispatch *dispatch);
void reading_close(struct dispatch *dispatch);
/* While a batch is looked up: nothing is wanted yet; what this command wants; what all of it is. */
void reading_begin(struct dispatch *dispatch);
void reading_want(struct dispatch *dispatch, const Redress__Command__V1__Command *command);
bool reading_lookup(const struct dispatch *dispatch, struct pg *pg);
void reading_looked_up(struct dispatch *dispatch, const PGresult *rows);
/* Opens what a command asks for that the core lets it read; lent by the cycle.  It may leave with
 * the reply alone, after the commit.  False: answered. */
bool reading_give(const struct asked *asked,
                  struct held_case *held,
                  const struct dispatch_unsealed **opened,
                  uint32_t *unsealed_count);

/* dispatch_counts.c: complaints of the same cause as a case of this batch, as they were counted for
 * its question; NULL: they were not. */
const struct dispatch_counted *counts_of(const struct dispatch *dispatch, uint64_t case_id);
/* An action of the step the case stands in asks for a count, and this batch has none yet.  True:
 * come again when the archive has answered. */
bool counts_ask_first(const struct asked *asked, const struct held_case *held);
bool counts_lookup(struct dispatch *dispatch, struct cycle *cycle, struct pg *pg);
void counts_looked_up(struct dispatch *dispatch, const PGresult *rows);

/* dispatch_note.c */
/* These two seal under the case's own key; *key_id, where anything is, is what wraps that, and is
 * left alone where nothing is.  False: refused. */
/* Of the command's fields those the policy calls personal, in place; before anything else looks. */
bool desk_personal(const struct asked *asked,
                   const struct held_case *held,
                   struct event_field *fields,
                   struct dispatch_input *input,
                   uint32_t *key_id);
/* Fills in what the note was started from, and the sealed note. */
bool desk_note(const struct asked *asked,
               const struct held_case *held,
               struct dispatch_input *input,
               uint32_t *key_id);

/* dispatch_early.c */
void early_note(struct dispatch *dispatch, const struct event *event);
void early_note_act(struct dispatch *dispatch, const Redress__Command__V1__Act *act);
bool early_lookup(struct dispatch *dispatch, struct pg *pg);
void early_looked_up(struct dispatch *dispatch, const PGresult *rows);
void early_apply(struct dispatch *dispatch,
                 struct cycle *cycle,
                 const struct policy *policy,
                 const struct event *opened_by);
/* The most urgent priority that clocks of the case have asked for, as it was looked up; 0: none, or
 * no command of the batch classifies it. */
uint8_t early_raised_to(const struct dispatch *dispatch, uint64_t case_id);

/* dispatch_agents.c: agent_find NULL: unknown; agent_of makes a place for who is unknown. */
struct agent *agent_find(struct dispatch *dispatch, struct slice name);
/* Everybody in memory holds cases: nobody else can claim. */
bool agents_are_full(const struct dispatch *dispatch);
struct agent *agent_of(struct dispatch *dispatch, struct slice name, int32_t capacity);
void agent_change(struct dispatch *dispatch, const char *name, int32_t delta, int32_t capacity);
void agents_store(struct dispatch *dispatch, struct pg *pg);
/* A batch begins: one that was cut off left its changes here, whether they were committed or not.
 */
void agents_forget(struct dispatch *dispatch);
void agents_committed(struct dispatch *dispatch);
void agents_undo(struct dispatch *dispatch, const struct pg_answer *why);
void agents_load(struct dispatch *dispatch);
bool agents_lookup(struct dispatch *dispatch, struct pg *pg);
void agents_looked_up(struct dispatch *dispatch, const PGresult *rows);

/* dispatch_fit.c: what a queued case asks, and what somebody has, as Redis compares them. */
struct fit_tokens {
    uint32_t count;
    const char *has[PROJECTION_HAS_MAX];
    char texts[PROJECTION_HAS_MAX][FIT_TOKEN_MAX];
};
void fit_tell(const struct dispatch *dispatch,
              const struct policy *policy,
              const struct dispatch_case *state,
              char ask[PROJECTION_ASK_MAX]);
void fit_tokens(const struct dispatch *dispatch, struct slice actor, struct fit_tokens *tokens);

/* dispatch_related.c: while a batch is looked up; afterwards, who handled the customer before, or
 * nobody. */
void related_want(struct dispatch *dispatch, const struct event *event);
bool related_lookup(struct dispatch *dispatch, struct pg *pg);
void related_looked_up(struct dispatch *dispatch, const PGresult *rows);
struct slice related_handler(struct dispatch *dispatch, const struct event *event);

/* dispatch_people.c: NULL: none was applied. */
const struct org *people_org(const struct dispatch *dispatch);
/* The newest cannot be read, and none is known from before: nobody's role could be asked for, so no
 * command is taken until one comes that can be read.  True: answered. */
bool people_postpone(const struct asked *asked);
void people_close(struct dispatch *dispatch);
/* How many cases this person may hold: as the organisation says, else the policy. */
int32_t capacity_default(const struct dispatch *dispatch, const struct policy *policy);
int32_t
people_capacity(const struct dispatch *dispatch, const struct policy *policy, struct slice name);
bool people_slot_is_stale(const struct dispatch *dispatch, struct slice name, int32_t capacity);
/* Asks for a version newer than ours; in the first batch before anything is decided. */
void people_bind(const struct dispatch *dispatch, struct pg *pg);
bool people_lookup(struct dispatch *dispatch, struct pg *pg);
void people_looked_up(struct dispatch *dispatch, const PGresult *rows);
/* A partition is ours: its places are told when it is known who works here. */
void people_serving(struct dispatch *dispatch, uint32_t partition);
/* A claim by somebody who may not take work now: answered, and no case is taken out for it. */
bool people_refuse(const struct asked *asked);
/* In place of the field, where the organisation refuses: whom; *until_us: until when, or 0. */
struct slice people_about(const struct policy *policy,
                          const struct dispatch_input *input,
                          enum dispatch_answer answered,
                          struct slice field,
                          int64_t *until_us);

#endif
