/*
 * The simulator's clock, dice and diary: virtual time, one heap of things to happen, one generator
 * of random numbers, one trace.  Equal seeds give equal runs, to the byte.
 *
 * There is one run at a time and its state is one global; sim_begin starts it anew.
 */
#ifndef REDRESS_SIM_H
#define REDRESS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MILLI = 1000, SECOND = 1000000 };

/* What may go wrong; each seed allows a random subset. */
enum fault {
    FAULT_LOSE_MESSAGE,
    FAULT_DELAY_MESSAGE,
    FAULT_REPEAT_MESSAGE,
    FAULT_DROP_LINK,
    FAULT_CRASH,
    FAULT_PAUSE,
    FAULT_CUT_DATABASE,
    FAULT_SLOW_DATABASE,
    FAULT_RESTART_DATABASE,
    FAULT_FAIL_OVER,
    FAULT_LOSE_REPLY,
    FAULT_HASTY_CLIENT, /* sends again, elsewhere, without waiting */
    FAULT_STOP_SERVICE, /* SIGTERM: partitions are handed over */
    FAULT_CLOCK_STEP,   /* the archive's clock steps ahead: every lease has passed */
    FAULT_HOST_CLOCK,   /* the clock of one process steps, ahead or back */
    FAULT_ONE_WAY,      /* for a while nobody hears one process, which hears all */
    FAULT_REDIS_FLUSH,
    FAULT_REDIS_RESTART,
    FAULT_REDIS_CUT,
    FAULT_REDIS_SLOW,
    FAULT_REDIS_REPEAT, /* a call is executed twice */
    FAULT_SERVICE_AWAY, /* all processes of one service stand still: openings are slow */
    FAULT_COUNT,
};

/* Faults planted in the model of the shell or the archive; the oracle has to see each. */
enum mutant {
    MUTANT_NONE,
    MUTANT_NO_COMPARE_AND_SET,
    MUTANT_NO_EPOCH_CHECK,
    MUTANT_ACK_BEFORE_COMMIT,
    MUTANT_PUBLISH_BEFORE_COMMIT,
    MUTANT_CHECKPOINT_OUTSIDE,
    MUTANT_TIMER_BELIEVED,
    MUTANT_DUPLICATE_ACKED_FROM_READ,
    MUTANT_NO_UNIQUE_KEY,
    MUTANT_GAPS_IGNORED,
    MUTANT_CUT_TAKEN_FOR_DONE,
    MUTANT_MEMORY_KEPT_WHEN_CUT,
    MUTANT_NO_UNDO,
    MUTANT_NO_CATCH_UP,
    MUTANT_COMMIT_NOT_REPLICATED,
    MUTANT_TAKE_NOT_REPLICATED,
    MUTANT_INPUTS_OF_AN_OLD_LIFE,
    MUTANT_DRAINED_AFTER_BATCHES_ONLY,
    MUTANT_CHAIN_NOT_CARRIED,
    MUTANT_CLAIM_BELIEVED,
    MUTANT_CAPACITY_BELIEVED,
    MUTANT_PROJECTED_BEFORE_COMMIT,
    MUTANT_FLUSH_KEEPS_GENERATION,
    MUTANT_WATERMARK_IGNORED,
    MUTANT_LEASES_FOREVER,
    MUTANT_CLOCKS_UNTOLD,
    MUTANT_OBLIGATIONS_FORGOTTEN,
    MUTANT_ROUNDS_NEVER_END,
    MUTANT_KEPT_FIELDS_LOST,
    MUTANT_LIMITS_IGNORED,
    MUTANT_REQUIREMENTS_IGNORED,
    MUTANT_MARK_COUNTED_TWICE,
    MUTANT_MERGE_LOSES_PLACE,
    MUTANT_COLLEAGUE_ACTS,
    MUTANT_UNMERGED_ELSEWHERE,
    MUTANT_UNMERGED_TO_ANOTHER,
    MUTANT_OTHER_POLICY,
    MUTANT_CASES_UNREAD,
    MUTANT_MERGE_UNHEARD,
    MUTANT_PAUSES_IGNORED,
    MUTANT_REARMS_IGNORED,
    MUTANT_STEPS_IGNORED,
    MUTANT_EXTENSION_UNASKED,
    MUTANT_MARKS_UNHEARD,
    MUTANT_SLOW_OPENING_UNTOLD,
    MUTANT_OUTPUT_CUT,
    MUTANT_TIMERS_NOT_INHERITED,
    MUTANT_OFFER_LOST_BY_MERGE,
    MUTANT_RECUSED_BEFORE_FORM,
    MUTANT_HOLD_IGNORED,
    MUTANT_GROUNDS_IGNORED,
    MUTANT_KEY_KEPT,
    MUTANT_KEY_DESTROYED_FIRST,
    MUTANT_ERASED_ACTED_ON,
    MUTANT_CUSTOMER_KEPT,
    MUTANT_PERSONAL_UNSEALED,
    MUTANT_REFUSED_ANEW,
    MUTANT_COUNT_IGNORED,
    MUTANT_RAISED_FORGOTTEN,
    MUTANT_RAISED_UNASKED,
    MUTANT_REFUSAL_UNRECORDED,
    MUTANT_MERGED_INTO_ERASED,
    MUTANT_READ_UNRECORDED,
    MUTANT_ERASED_READ,
    MUTANT_COUNT,
};

/* States a corpus of seeds has to reach, or the test is hollow. */
enum sometimes {
    SOMETIMES_TAKEOVER,
    SOMETIMES_HANDOVER,
    SOMETIMES_GAP_REPAIRED,
    SOMETIMES_SILENCE_READ,
    SOMETIMES_BUS_REPEAT,
    SOMETIMES_DUPLICATE_ANSWERED,
    SOMETIMES_ZOMBIE_FENCED,
    SOMETIMES_RENEWAL_FENCED,
    SOMETIMES_IN_DOUBT_DONE,
    SOMETIMES_IN_DOUBT_LOST,
    SOMETIMES_FAIL_OVER_LOST_TAIL,
    SOMETIMES_HUNG,
    SOMETIMES_BATCH_REFUSED,
    SOMETIMES_BATCH_OF_MANY,
    SOMETIMES_STALE_TIMER,
    SOMETIMES_TIMER_LATE,
    SOMETIMES_STOPPED_IN_TIME,
    SOMETIMES_STOP_AFTER_FIRE,
    SOMETIMES_COMMAND_REPEATED,
    SOMETIMES_OLD_ANSWER_DROPPED,
    SOMETIMES_DUPLICATE_ACROSS_TAKEOVER,
    SOMETIMES_CLOCK_BEHIND,
    SOMETIMES_ONE_WAY,
    SOMETIMES_REDIS_ZOMBIE,
    SOMETIMES_REDIS_WENT_BACK,
    SOMETIMES_FLUSH_IN_REBUILD,
    SOMETIMES_FLUSH_IN_CLAIM,
    SOMETIMES_CLAIMED,
    SOMETIMES_CLAIM_WITHOUT_REDIS,
    SOMETIMES_CLAIM_REFUSED,
    SOMETIMES_CLAIM_UNDONE,
    SOMETIMES_CLAIM_MOVED,
    SOMETIMES_TAKEOVER_IN_CLAIM,
    SOMETIMES_AGENT_FULL,
    SOMETIMES_UNMERGED,
    SOMETIMES_UNMERGED_TO_HOLDER,
    SOMETIMES_EXTENDED,
    SOMETIMES_CASE_READ,
    SOMETIMES_CASE_NEW,
    SOMETIMES_SERVED_AFTER_ASKING,
    SOMETIMES_RESUMED_BY_REOPENING,
    SOMETIMES_VERDICT_TAKEN_BACK,
    SOMETIMES_STEP_GIVEN_UP,
    SOMETIMES_TASK_TIMED,
    SOMETIMES_SERVICE_AWAY,
    SOMETIMES_SLOW_OPENING,
    SOMETIMES_OUTPUT_IN_PARTS,
    SOMETIMES_CLOCK_AT_MARK,
    SOMETIMES_OFFERED_AGAIN,
    SOMETIMES_GIVEN_BY_ITS_FORM,
    SOMETIMES_COUNTED,
    SOMETIMES_ERASED,
    SOMETIMES_ERASED_AGAIN,
    SOMETIMES_ERASED_AFTER_HOLD,
    SOMETIMES_ERASED_MERGED,
    SOMETIMES_ERASURE_REFUSED,
    SOMETIMES_ERASURE_ON_HOLD,
    SOMETIMES_ERASURE_ASKED_BY_ANOTHER,
    SOMETIMES_REFUSAL_KNOWN,
    SOMETIMES_ACTED_ON_ERASED,
    SOMETIMES_READ,
    SOMETIMES_READ_ERASED,
    SOMETIMES_MERGE_INTO_ERASED,
    SOMETIMES_COUNT,
};

/* A process: it can be dead, or stand still while the world goes on. */
struct actor {
    uint32_t incarnation;
    bool alive;
    bool paused;
    struct happening *kept, *kept_last; /* what reached it while it stood still */
};

typedef void sim_act(void *self, void *thing);

struct sim {
    int64_t now_us;
    uint64_t random;
    uint64_t trace; /* hash of everything that happened */
    uint64_t seed;
    unsigned faults;    /* bit set; 0 in the second phase */
    unsigned allowed;   /* what faults was at the beginning */
    unsigned intensity; /* 1 … 4 */
    enum mutant mutant;
    bool tracing;
    bool failed;
    char failure[240];
    uint32_t reached[SOMETIMES_COUNT]; /* how often */
};

extern struct sim sim;

void sim_begin(uint64_t seed, enum mutant mutant, bool tracing);
void sim_end(void);

/* Runs until nothing is left, until_us is passed, or the run has failed. */
void sim_run(int64_t until_us);

uint64_t sim_random(uint64_t below);
bool sim_per_mille(unsigned chance);
bool sim_fault(enum fault fault,
               unsigned per_mille); /* allowed in this seed, and the dice say so */

/* Cleared memory that lives until sim_end. */
void *sim_new(size_t size);

/* act(self, thing) after delay_us.  With an actor: only if it is still the same incarnation. */
void sim_later(struct actor *actor, int64_t delay_us, sim_act *act, void *self, void *thing);

void actor_pause(struct actor *actor);
void actor_resume(struct actor *actor); /* what was kept happens now, in order */

void sim_reach(enum sometimes sometimes);
/* Ends the run: a law is broken. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line of the trace. */
void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *mutant_name(enum mutant mutant);
unsigned mutant_law(enum mutant mutant); /* which it breaks: 1 to 7, 10, 11 */
const char *sometimes_name(enum sometimes sometimes);
const char *fault_name(enum fault fault);

#endif
