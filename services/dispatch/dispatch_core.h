/*
 * Dispatch, functional core: everything in the life of a case after triage: opening, queueing, claims, the steps of the
 * policy, closing, reopening.  It knows no organisation: steps, actions, roles, queues and what an action needs are data.
 *
 * decide(state, input) → event or refusal; evolve(state, event) → state.  The shell appends what decide gives and then
 * evolves with exactly that event, so that refolding the stream gives the same state (law 8).
 */
#ifndef REDRESS_DISPATCH_CORE_H
#define REDRESS_DISPATCH_CORE_H

#include "policy.h"

enum {
    DISPATCH_AGENT_MAX = 48, /* bytes of an agent's or actor's name, terminator included */
};

/* The state of one case; the columns of the table complaint. Open, so that tests can build any. */
struct dispatch_case {
    uint64_t case_id;
    uint64_t customer;
    int64_t received_at_us;
    int64_t opened_at_us;
    int64_t step_since_us;   /* when it came into this step */
    int64_t updated_at_us;
    int64_t closed_at_us;    /* 0: open */
    int64_t due_us;          /* nearest deadline the watchdog told of; INT64_MAX: none */
    uint32_t policy_id;
    uint32_t version;        /* events of dispatch so far */
    uint32_t repeats;
    int32_t score;
    uint16_t step;
    uint16_t queue;          /* POLICY_NONE: in none */
    uint16_t category;       /* POLICY_NONE: not decided */
    uint16_t class_index;
    uint16_t channel;
    uint16_t reopened;       /* times */
    uint16_t followed_up;    /* times, since it was last opened or reopened */
    uint8_t priority;
    uint8_t escalation;      /* highest level the watchdog has raised */
    uint8_t language;
    bool acknowledged;
    char agent[DISPATCH_AGENT_MAX];      /* "": nobody */
    char last_actor[DISPATCH_AGENT_MAX]; /* of the step before: may not approve its own work */
};

enum dispatch_input_kind {
    DISPATCH_TRIAGED,   /* an event of triage */
    DISPATCH_CLOCK,     /* an event of the watchdog */
    DISPATCH_CLAIM,     /* a person takes the case out of its queue */
    DISPATCH_RELEASE,   /* and puts it back */
    DISPATCH_ACTION,    /* an action of the policy */
};

struct dispatch_input {
    enum dispatch_input_kind kind;
    int64_t now_us;
    const struct event *event;       /* TRIAGED, CLOCK */
    /* commands */
    struct slice actor;
    struct slice role;
    uint32_t expected_version;       /* 0: any */
    struct slice action;
    uint32_t field_count;
    const struct event_field *fields;
    struct slice sealed_note;
    struct slice command_id;
    bool agent_has_capacity;         /* CLAIM: what the shell knows; the archive decides in the same transaction */
    struct slice claim_token;
};

enum dispatch_answer {
    DISPATCH_APPEND,          /* *out is the next event of the stream */
    DISPATCH_NOTHING,         /* nothing follows from it (a repeat, or a clock event that changes nothing) */
    DISPATCH_VERSION,         /* the case has moved on */
    DISPATCH_ACTION_UNKNOWN,  /* not an action of this step */
    DISPATCH_ROLE_MAY_NOT,
    DISPATCH_SAME_PERSON,     /* whoever did the step before may not do this one */
    DISPATCH_FIELD_MISSING,   /* refused_field says which */
    DISPATCH_NOT_QUEUED,      /* a claim of a case that is in no queue */
    DISPATCH_NOT_HOLDER,      /* release, or an action of an assigned case, by somebody else */
    DISPATCH_NO_CAPACITY,
    DISPATCH_CLOSED,          /* and the window for reopening has passed */
    DISPATCH_ANSWER_COUNT,
};

/*
 * The event that follows, if any.  Slices in *out are lent by policy, state and input.  out->at_us, kind, case_id and
 * cause are set; stream, seq, epoch and hash are the journal's matter.
 */
enum dispatch_answer dispatch_decide(const struct policy *policy,
                                     const struct dispatch_case *state,
                                     const struct dispatch_input *input,
                                     struct event *out,
                                     struct slice *refused_field);

/* Total: an event that makes no sense for the state leaves it as it is.  A zeroed state is a case not opened yet. */
void dispatch_evolve(const struct policy *policy, struct dispatch_case *state, const struct event *event);

/* "role_may_not", …: the stable code of a refusal. */
const char *dispatch_answer_code(enum dispatch_answer answer);

/* Queue order: lower comes first; from priority, nearest due time and age. */
double dispatch_queue_score(const struct dispatch_case *state);

#endif
