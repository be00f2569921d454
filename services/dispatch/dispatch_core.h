/*
 * Dispatch, functional core: everything in the life of a case after triage: opening, queueing,
 * claims, the steps of the policy, closing, reopening.  It knows no organisation: steps, actions,
 * roles, queues and what an action needs are data.
 *
 * decide(state, input) → event or refusal; evolve(state, event) → state.  The shell appends what
 * decide gives and then evolves with exactly that event, so that refolding the stream gives the
 * same state (law 8).
 */
#ifndef REDRESS_DISPATCH_CORE_H
#define REDRESS_DISPATCH_CORE_H

#include "org.h"
#include "policy.h"

enum {
    DISPATCH_AGENT_MAX = 48,   /* bytes of an agent's or actor's name, terminator included */
    DISPATCH_PEOPLE_MAX = 16,  /* whom one case keeps apart */
    DISPATCH_REFUSED_MAX = 16, /* refused erasures recorded while nothing else happens */
    DISPATCH_LOAD_TEXT_SIZE = 24,
    DISPATCH_COUNT_TEXT_SIZE = 11,
    DISPATCH_CAUSE_MAX = 2 * POLICY_NAME_MAX, /* "POLICY/CHOICE", terminator included */
};

/* Its holder has not accepted it yet; or had not when it was merged, and has it offered again once
 * the merge is undone. */
enum dispatch_offer { OFFER_NONE, OFFER_OPEN, OFFER_MERGED };

/*
 * What the policy's own rules need to know of a case: marks, kept fields, who did what.  Zeroed
 * where a policy has none of them.  Indexes are those of the policy the case is pinned to.
 */
struct dispatch_more {
    uint64_t people[DISPATCH_PEOPLE_MAX]; /* hashes of names; 0: free */
    int64_t facts[POLICY_KEPT_MAX];       /* values of the kept fields; see policy_field_value */
    uint16_t by[POLICY_MARKS_MAX];        /* who made the mark: bit set over people */
    uint8_t times[POLICY_MARKS_MAX];      /* how often */
    uint64_t merged_into;                 /* the case this one is a duplicate of; 0: none */
    int64_t erased_at_us;                 /* its personal data, for good; 0: it is there */
    int64_t implemented_at_us;            /* last, where the policy counts since then; 0: never */
    int64_t back_since_us;                /* these: where it stood when it was merged */
    char back_agent[DISPATCH_AGENT_MAX];
    uint16_t back_step, back_queue, back_home, back_role; /* + 1; 0: none */
    uint8_t open[POLICY_TASKS_MAX]; /* of policy->tasks[i]: bit n - 1 is number n */
    uint32_t told;                  /* bit set over facts */
    uint32_t outcome;               /* enum case_outcome; OUTCOME_NONE: open */
    uint16_t concerned;             /* whom the complaint names: bit set over people */
    uint16_t handled;               /* who held it in an earlier step; likewise */
    uint8_t offered;                /* enum dispatch_offer */
    uint8_t hold;                   /* 1: by law nothing of it may be erased */
    uint16_t passed;                /* whom it was offered to in this step in vain; likewise */
    uint64_t refused[DISPATCH_REFUSED_MAX]; /* which refusals of an erasure were recorded and
                                               nothing done since; see erase_fold; 0: free */
    uint64_t handler_role; /* + 1; 0: there was none; so wide that nothing here is padding */
    char handler[DISPATCH_AGENT_MAX]; /* who had it when it last left a step of that role; filled
                                         up with zeros */
};

/*
 * The state of one case; the columns of the table complaint.  Open, so that tests can build any.
 *
 * Everything follows from dispatch's own stream but due_us and clock_due_us: those are hints for
 * the order of a queue and for texts, folded in from the watchdog's stream (the shell fills them
 * from the table clock) and no part of what refolding compares; see dispatch_case_equal.
 *
 * An open case is either held by one agent or stands in one queue, a closed one is neither.
 */
struct dispatch_case {
    uint64_t case_id;
    uint64_t customer;
    int64_t received_at_us;
    int64_t opened_at_us;
    int64_t step_since_us; /* when it came into this step */
    int64_t updated_at_us;
    int64_t closed_at_us;                   /* 0: open */
    int64_t due_us;                         /* nearest of clock_due_us; INT64_MAX: none */
    int64_t clock_due_us[EVENT_CLOCKS_MAX]; /* by run, see policy.h; 0: not running */
    uint32_t policy_id;
    uint32_t version; /* events of dispatch so far */
    uint32_t repeats;
    int32_t score;
    uint16_t step;
    uint16_t queue;      /* POLICY_NONE: in none */
    uint16_t home_queue; /* where it goes when its agent releases it */
    uint16_t category;   /* POLICY_NONE: not decided */
    uint16_t class_index;
    uint16_t channel;
    uint16_t reopened;    /* times */
    uint16_t followed_up; /* times, since it was last opened or reopened */
    uint8_t priority;
    uint8_t escalation; /* highest level of a clock that has raised the priority */
    uint8_t language;
    bool acknowledged;
    uint16_t agent_role;                 /* in which the agent holds it; POLICY_NONE: nobody does */
    char agent[DISPATCH_AGENT_MAX];      /* "": nobody */
    char last_actor[DISPATCH_AGENT_MAX]; /* of the step before: may not approve its own work */
    struct dispatch_more more;
};

enum dispatch_input_kind {
    DISPATCH_TRIAGED, /* an event of triage */
    DISPATCH_CLOCK,   /* an event of the watchdog */
    DISPATCH_CLAIM,   /* a person takes the case out of its queue */
    DISPATCH_RELEASE, /* and puts it back */
    DISPATCH_ACTION,  /* an action of the policy */
    DISPATCH_ERASE,   /* its personal data, which the policy's retention may forbid */
    DISPATCH_READ,    /* what is sealed of it, to be given out; see dispatch_core_read.h */
    DISPATCH_PUSH,    /* nobody's: a case may be offered out of a queue that says so */
};

/*
 * What the archive is asked before an action whose policy counts complaints of the same cause: how
 * many others were registered after since_us that count as this, see dispatch_cause.
 */
struct dispatch_question {
    uint64_t case_id; /* which does not count itself */
    int64_t since_us;
    char cause[DISPATCH_CAUSE_MAX];
};

/* The answer, made with dispatch_counted_of. */
struct dispatch_counted {
    struct dispatch_question asked;
    uint32_t count;
    char text[DISPATCH_COUNT_TEXT_SIZE];
};

/* How many cases somebody holds, and may hold. */
struct dispatch_load {
    int32_t held, capacity;
};

struct dispatch_input {
    enum dispatch_input_kind kind;
    int64_t now_us;
    const struct event *event; /* TRIAGED, CLOCK */
    /* commands */
    struct slice actor;
    struct slice role;
    uint32_t expected_version; /* 0: any */
    struct slice action;
    uint32_t field_count;
    const struct event_field *fields;
    struct slice bad_field; /* a personal one whose value, which the shell has seen, is no such */
    struct slice sealed_note;
    /* What the note was started from; see dispatch_core_text.h. */
    struct slice text;
    struct slice text_language; /* "": the complaint's own */
    struct slice text_lacking;  /* a variable that has no value */
    struct slice command_id;
    /* CLAIM, as the shell knows it; of an action that gives the case to somebody, theirs.  The
     * archive decides at the commit. */
    bool agent_has_capacity;
    struct slice claim_token;
    struct slice
        earlier_handler; /* TRIAGED: of an earlier case of the customer, in the role that
                            owns the first step; recorded where that step is kept for him */
    uint64_t other_case; /* ACTION: to merge into, to link with; 0: none */
    /* ACTION: what was counted for its question; NULL, or of another one: nothing was, and the
     * action is refused as one that has to be asked for again.  Recorded as "@same-cause". */
    const struct dispatch_counted *counted;
    uint8_t raised_to; /* ACTION: the most urgent priority its clocks have asked for, as the shell
                          knows it; 0: none.  Recorded as "@raised-to" where the event is the more
                          urgent for it */
    /* Who works here; NULL: none was applied, and nothing is asked of it.  What follows from it is
     * recorded with the event: its version as "@org", whom the actor stands in for as
     * "@deputy-of".  No field that is submitted may begin like that. */
    const struct org *org;
    /* PUSH: of each agent of org, as the shell knows it; the archive decides at the commit.  What
     * that was of whoever is chosen is written into load_text and recorded as "@load". */
    const struct dispatch_load *loads;
    char *load_text; /* DISPATCH_LOAD_TEXT_SIZE bytes */
};

enum dispatch_answer {
    DISPATCH_APPEND,         /* *out is the next event of the stream */
    DISPATCH_NOTHING,        /* a repeat, or a clock event that changes nothing */
    DISPATCH_VERSION,        /* the case has moved on */
    DISPATCH_ACTION_UNKNOWN, /* not an action of this step */
    DISPATCH_ROLE_MAY_NOT,
    DISPATCH_SAME_PERSON,   /* whoever did the step before may not do this one */
    DISPATCH_FIELD_MISSING, /* refused_field says which */
    DISPATCH_FIELD_INVALID, /* likewise: not what the policy's field may hold, or one too many */
    DISPATCH_FIELD_UNKNOWN, /* likewise: the action neither asks for it nor reads it */
    DISPATCH_NOT_QUEUED,    /* a claim of a case that is in no queue */
    DISPATCH_NOT_HOLDER,    /* release, or an action of an assigned case, by somebody else */
    DISPATCH_NO_CAPACITY,
    DISPATCH_CLOSED,      /* and the window for reopening has passed */
    DISPATCH_REQUIREMENT, /* of the policy: refused_field names the mark or field it is about */
    DISPATCH_LIMIT,       /* more of this field than the role may decide */
    DISPATCH_TOO_MANY_PEOPLE,
    DISPATCH_RECUSED,         /* the complaint is about this person */
    DISPATCH_EARLIER_HANDLER, /* the step is for somebody who has not held the case */
    DISPATCH_OBLIGATION,      /* refused_field is still open, or is not open where it is settled,
                                 or as many of it are open as may be */
    DISPATCH_NOT_ACCEPTED,    /* the case was offered: accept or release it first */
    DISPATCH_NOT_MERGED,
    DISPATCH_NOT_HELD,       /* no legal hold is there to be lifted */
    DISPATCH_PERSON_UNKNOWN, /* nobody of that name works here */
    DISPATCH_ROLE_NOT_HIS,   /* the person works here in other roles */
    DISPATCH_ON_LEAVE,       /* these two: no work is taken now */
    DISPATCH_OFF_SHIFT,
    DISPATCH_ROLE_UNHELD, /* nobody here has this role, and it is not of people outside */
    DISPATCH_SKILL, /* a claim without the skill the case still asks for: refused_field names it */
    DISPATCH_KEPT,  /* a claim of a case that is kept for somebody else for now: who that is */
    DISPATCH_TEXT_UNKNOWN, /* not a text of this action, or no such language */
    DISPATCH_TOO_EARLY,    /* these two: title says which rule, until_us the instant it is about */
    DISPATCH_TOO_LATE,
    DISPATCH_TEXT_UNREADY, /* refused_field, a variable of the text, has no value */
    DISPATCH_ERASED,       /* nothing is done to the case any more */
    DISPATCH_ON_HOLD,      /* these four, of erasing, are recorded once: by law it is kept … */
    DISPATCH_STILL_OPEN,
    DISPATCH_MAY_BE_REOPENED, /* … until_us says how long */
    DISPATCH_MUST_BE_KEPT,    /* … title says why, until_us how long */
    DISPATCH_SAME_CAUSE,  /* more complaints of the same cause than may be: counted says how many */
    DISPATCH_UNCOUNTED,   /* nobody has counted them yet */
    DISPATCH_HELD_BEFORE, /* a legal hold of a case that is on one: the first lift would end both */
    DISPATCH_ANSWER_COUNT,
};

/* Refused, and the refusal is an event of the case: *out is the next one all the same. */
bool dispatch_refusal_is_recorded(enum dispatch_answer answer, const struct event *out);

/*
 * The event that follows, if any.  Slices in *out are lent by policy, state and input.  out->at_us,
 * kind, case_id and cause are set, EVENT_NONE where nothing follows; stream, seq, epoch and hash
 * are the journal's matter.  The times of a case never run backwards: at_us is now_us or, after a
 * step of the clock, that of the event before.  *refused_field is always written.
 *
 * Who may act: the action must permit the role.  Where nobody holds the case that is enough.  Where
 * somebody does, the holder may act, and so may anybody in a role other than the holder's (who
 * approves, the customer); a colleague in the holder's own role may not.  Claiming is for the role
 * that owns the step, releasing for the holder.
 *
 * A case whose category a person changes gets no milder class by that alone: patterns are not at
 * hand any more, so only a person who names severity_class lowers it.  Neither makes it less urgent
 * than a clock has asked for, be it while it was that urgent anyway.
 *
 * Erasing is for the roles the policy's retention names, with a reason, of a case that is closed
 * and neither on legal hold nor to be kept yet.  The shell destroys the key with the event.  A
 * refusal for one of these reasons is an event as well, but not again while nothing else has
 * happened to the case: else whoever asks each night makes it grow without an end (law 9).
 *
 * Reading is for the policy's readers.  The shell gives out what it asks for once the event is
 * committed (law 10); nothing else follows from it.
 */
enum dispatch_answer dispatch_decide(const struct policy *policy,
                                     const struct dispatch_case *state,
                                     const struct dispatch_input *input,
                                     struct event *out,
                                     struct slice *refused_field);

/* The gravest class the policy's overrides give the new category, if that is graver than the
 * present one; *override as policy_class_raised. */
uint16_t dispatch_class_raised(const struct policy *policy,
                               const struct dispatch_case *state,
                               uint16_t category,
                               uint16_t *override);

/* Why somebody may not do an action. */
struct dispatch_permit {
    enum dispatch_answer answer;      /* DISPATCH_APPEND: nothing stands against it */
    struct slice what;                /* mark, field, obligation, holder, role it names; lent */
    const struct policy_title *title; /* what is asked for, as the policy says it; NULL: not said */
    uint32_t roles;                   /* who may: bit set; of a limit, those whose limit is wider */
    uint8_t level;                    /* of a skill: how much of it */
    int64_t until_us; /* of a skill or a case that is kept: how long; of a time: from or until when;
                         of a promised date: the end of the calendar that cannot place it;
                         INT64_MAX: always, or not to be computed; else 0 */
    uint32_t counted; /* SAME_CAUSE: so many, of which at_most may be, since since_us */
    uint32_t at_most;
    int64_t since_us;
    const struct policy_limit *limit;    /* LIMIT: the one that was passed; else NULL */
    const struct policy_compare *wanted; /* of a field, whose title alone does not say what it has
                                            to be; NULL: the title says it */
};

/*
 * Whether an action, claim and release included, may be done by whoever input says, and why not.
 * blank: the form is not filled in yet, and what only depends on it is not asked.  What
 * dispatch_decide answers to the same input.
 */
struct dispatch_permit dispatch_may(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input,
                                    bool blank);

/* Whether the case stands so that the action means anything, whoever does it: a merge to be undone,
 * a legal hold to be lifted, none where one is placed.  DISPATCH_APPEND, or which of them is not.
 */
enum dispatch_answer dispatch_stands(const struct dispatch_case *state,
                                     const struct policy_action *action);

/* As what a case counts where complaints of the same cause are counted: "POLICY/CHOICE", the column
 * cause of its row.  "": nothing: its policy counts none, nobody has said its cause, or it ended as
 * no complaint of its own: merged into another, not founded, not ours, malicious. */
void dispatch_cause(const struct policy *policy,
                    const struct dispatch_case *state,
                    char cause[DISPATCH_CAUSE_MAX]);

/* What has to be counted before the action is decided.  False: nothing, or it cannot be said yet.
 */
bool dispatch_question_of(const struct policy *policy,
                          const struct dispatch_case *state,
                          const struct policy_action *action,
                          struct dispatch_question *question);

struct dispatch_counted dispatch_counted_of(const struct dispatch_question *asked, uint32_t count);

/*
 * Total: an event that makes no sense for the state leaves it as it is.  A zeroed state is a case
 * not opened yet. Takes dispatch's own events, and those of the watchdog for the two hints.
 */
void dispatch_evolve(const struct policy *policy,
                     struct dispatch_case *state,
                     const struct event *event);

/* The hints of due_us and clock_due_us, as the watchdog's row has them. */
struct clock_dues;
void dispatch_dues_take(struct dispatch_case *state, const struct clock_dues *dues);

/* Equal in all that dispatch's own stream decides, that is in all but due_us and clock_due_us. */
bool dispatch_case_equal(const struct dispatch_case *a, const struct dispatch_case *b);

/*
 * The queue of an open case that was as before says and now is in this step and like that: where
 * the routes had put it, or where it leaves triage, it follows the routes; where an action had put
 * it, it stays.
 */
uint16_t dispatch_queue_following(const struct policy *policy,
                                  const struct dispatch_case *before,
                                  uint16_t step,
                                  const struct policy_facts *now);

/* When the case is to be erased, as its policy says; INT64_MAX: never by itself, or not as it
 * stands (open, erased already). */
int64_t dispatch_erase_due_us(const struct policy *policy, const struct dispatch_case *state);

/* How a refusal by the organisation is answered; DISPATCH_APPEND: it refuses nothing. */
enum dispatch_answer dispatch_answer_of_people(enum org_verdict verdict);

/* "role_may_not", …: the stable code of a refusal. */
const char *dispatch_answer_code(enum dispatch_answer answer);

/*
 * Queue order: lower comes first.  Priority, then the nearest due time (a case without one counts
 * as due thirty days after its receipt, so that it comes up in the end), then age.  Whole numbers
 * below 2^53: Redis keeps them exactly.
 */
double dispatch_queue_score(const struct dispatch_case *state);

#endif
