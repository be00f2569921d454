/*
 * One process of one service: the model of common/service/service*.c around the real machines
 * (consumer, ownership, appender).  instance.c the process, instance_owner.c its partitions,
 * instance_input.c the streams it follows, instance_cycle.c its batches, decide.c what each service
 * makes of an input.
 */
#ifndef REDRESS_SIMULATE_INSTANCE_H
#define REDRESS_SIMULATE_INSTANCE_H

#include "appender.h"
#include "case_cache.h"
#include "consumer.h"
#include "ownership.h"
#include "pg.h"
#include "world.h"

enum { INCOMING_MAX = 256, WAITING_MAX = 64, TIMERS_MAX = CASES_MAX };

struct timer {
    uint64_t serial;
    int64_t due_us;
};

/* A partition at this instance. */
struct holding {
    enum owner_phase phase;
    uint32_t life; /* counts takes: answers to questions of an earlier life do not count */
    uint64_t epoch;
    struct place place, next;
    struct place checkpoints[SERVICES_END], next_checkpoints[SERVICES_END];
    struct consumer consumers[SERVICES_END];
    struct row rows[CASES_MAX];           /* only of the cases at hand */
    struct row committed_rows[CASES_MAX]; /* stands for the archive where that is asked */
    bool touched;
    uint32_t timer_count;
    struct timer timers[TIMERS_MAX];
};

struct input {
    struct fact fact;
    uint32_t life;
};

struct batch {
    uint32_t input_count, request_count, fact_count, reply_count;
    struct input inputs[BATCH_INPUTS];
    struct request requests[BATCH_INPUTS];
    struct fact facts[BATCH_FACTS];
    bool changed[PARTITIONS][CASES_MAX]; /* rows */
    uint32_t erased_count;
    uint64_t erased[BATCH_INPUTS]; /* cases whose keys go with it */
    struct request replies[BATCH_INPUTS];
};

/* What an instance of dispatch believes of an agent; the archive's row decides. */
struct agent_guess {
    int32_t used, delta;
};

enum { CLAIMS_MAX = 8 };

struct instance {
    struct actor actor; /* first */
    enum service_id service;
    int index;
    bool leaving;
    int64_t skew_us; /* its clock is ahead; survives the process */
    int64_t unheard_until_us;
    struct projecting *projecting;   /* dispatch and watchdog */
    uint32_t asked_life[PARTITIONS]; /* which were served when the batch asked for its cases */
    struct case_cache *cases; /* which are at hand; the others are read when a batch needs them */
    struct agent_guess guesses[AGENTS_MAX + 1];
    uint64_t claims[CLAIMS_MAX]; /* references Redis is asked about; 0: free */
    bool connected;
    uint64_t session;
    int64_t connect_at_us, survey_at_us, renew_at_us, beat_at_us, retry_at_us;
    int64_t renewed_us; /* when the last answered commit or renewal was sent */
    bool renewing;
    enum appender_phase cycle;
    struct holding holdings[PARTITIONS];
    uint32_t incoming_count;
    struct input incoming[INCOMING_MAX];
    uint32_t waiting_count;
    struct request waiting[WAITING_MAX];
    struct batch batch;
};

extern struct instance instances[INSTANCES];

void instances_begin(void);
void instances_end(void);
/* The date, by its own clock. */
int64_t instance_now_us(const struct instance *instance);
void instances_cut(void); /* the archive has closed every connection */
const char *instance_name(const struct instance *instance);

void instance_start(struct instance *instance);
void instance_crash(struct instance *instance);
void instance_cut(struct instance *instance, int64_t linger_us);
void instance_leave(struct instance *instance); /* SIGTERM */
void instance_request(struct instance *instance, const struct request *request);
struct call *instance_call(struct instance *instance,
                           enum call_kind kind,
                           void (*answered)(struct instance *, struct call *));

/* instance_owner.c */
void owner_tick(struct instance *instance);
void owner_feed(struct instance *instance, uint32_t partition, enum owner_input input);
void owner_feed_all(struct instance *instance, enum owner_input input);
void owner_drain(struct instance *instance); /* gives back what is no longer under way */
void timers_build(struct holding *holding);

/* instance_redis.c: what it has in Redis.  Nothing happens for services that have nothing there. */
void redis_side_start(struct instance *instance);
void redis_side_end(struct instance *instance);
void redis_side_tick(struct instance *instance);
void redis_side_own(struct instance *instance, uint32_t partition);
void redis_side_disown(struct instance *instance, uint32_t partition);
/* The batch, partition by partition: what changed and how far the streams are. */
void redis_side_commit(struct instance *instance);

/* decide_claim.c */
void claim_queue(struct instance *instance, const struct request *request);
void claim_undo(struct instance *instance, const struct request *request);
void claim_elsewhere(const struct request *request);

/* instance_input.c */
void input_begin(struct instance *instance, uint32_t partition);
void input_forget(struct instance *instance, uint32_t partition);
void input_tick(struct instance *instance);
void input_event(struct instance *instance, const struct fact *fact);
void input_heartbeat(struct instance *instance, const struct fact *beat);

/* instance_cases.c: the cases at hand. */
enum { CASES_AT_HAND = 5 };
void cases_forget(struct instance *instance, uint32_t partition);
/* Reads what the batch needs and is not here, then goes on. */
void cases_fetch(struct instance *instance, void (*then)(struct instance *instance));
/* The case at hand; a batch may only touch those. */
struct row *cases_row(struct instance *instance, uint64_t case_id);
bool cases_here(const struct instance *instance, uint64_t case_id);
void cases_begin(struct instance *instance, uint64_t case_id);     /* a new one */
void cases_advance(struct instance *instance, uint32_t partition); /* as they are is committed */
void cases_undo(struct instance *instance, uint32_t partition);

/* instance_cycle.c */
void cycle_feed(struct instance *instance, enum appender_input input);
void cycle_run(struct instance *instance);
bool cycle_includes(const struct instance *instance, uint32_t partition);

/* decide.c */
void decide_input(struct instance *instance, const struct fact *fact);
void decide_request(struct instance *instance, const struct request *request);
/* decide_desk.c: what somebody at a desk asks for, sealed.  False: refused, there is no key. */
bool desk_asks(const struct instance *instance,
               const struct request *request,
               const struct dispatch_case *state,
               struct dispatch_input *input,
               struct event_field fields[ORDER_FIELDS_MAX]);
/* What the core has not appended, nor recorded, asks of the shell all the same. */
void desk_refused(struct instance *instance,
                  const struct request *request,
                  const struct dispatch_input *input,
                  enum dispatch_answer answer);
/* Like batch_reply: erasing was refused. */
void desk_tell(struct instance *instance,
               const struct request *request,
               enum dispatch_answer answer);
/* The other case of a merge or a link is one of ours and not there, or it is merged and that
 * erased. */
bool desk_other_is_amiss(const struct instance *instance,
                         const struct dispatch_input *input,
                         const struct event *event);
/* The case's key goes with the batch. */
void batch_erase(struct instance *instance, uint64_t case_id);
/* decide_watch.c */
void decide_timers(struct instance *instance);
void decide_watch(struct instance *instance, const struct event *event);
/* That of the case, as the services know it: of its row, or of the event that begins it. */
const struct policy *decide_policy(const struct row *row, const struct event *event);
/* Granted before, by the look-up or in this batch: answered again.  False: it was not. */
bool decide_repeated(struct instance *instance, uint32_t partition, const struct request *request);

/* For decide.c: event becomes the next of the stream of its case, and is folded into the row as
 * the case's policy says. */
void batch_append(struct instance *instance,
                  const struct policy *policy,
                  struct event *event,
                  uint64_t reference);
/* The row of the case has to be stored. */
void batch_change(struct instance *instance, uint64_t case_id);
void batch_reply(struct instance *instance, const struct request *request, uint64_t case_id);

#endif
