/*
 * One complaint carried through the real cores: what a core gives is encoded and decoded like
 * everything that is committed, then folded by whoever would hear it.  Knows no policy by name.
 */
#ifndef REDRESS_JOURNEY_CASE_H
#define REDRESS_JOURNEY_CASE_H

#include "analytics_core.h"
#include "dispatch_core_form.h"
#include "dispatch_core_text.h"
#include "policy_load.h"
#include "watchdog_core.h"

struct journey {
    const struct policy_object *object;
    const struct policy *policy;
    struct arena *arena;
    int64_t now_us;
    uint64_t case_id;
    uint64_t seq[SERVICE_COUNT];
    struct dispatch_case state;
    struct dispatch_case again; /* the same events folded a second time */
    struct watch_case watch;
    struct event_received received;
    struct event_triaged verdict;        /* of triage; lent by policy and received */
    enum event_kind triaged;             /* EVENT_TRIAGED or EVENT_TRIAGE_ASKED */
    uint32_t repeats;                    /* earlier complaints of the customer */
    char said[POLICY_TEXT_SAID_MAX + 1]; /* the last text that was filled in */
    /* Complaints of the same cause, for an action that asks; NULL: there are none. */
    uint32_t (*count)(void *self, const struct dispatch_question *asked, int64_t now_us);
    void *count_self;
    unsigned people;  /* a new name for everybody who comes */
    unsigned variety; /* which of the values that fit are filled in; 0: the plainest */
    unsigned kinds[EVENT_KIND_COUNT];
    unsigned figures[FIGURE_MEASURE_COUNT];
};

enum { JOURNEY_VALUE_MAX = 1024 };

/* A complaint as it comes in; everything is lent for the whole journey. */
struct journey_told {
    uint64_t serial; /* of its case, from 1 */
    int64_t at_us;
    const char *channel;
    const char *text;
    const char *hint; /* the category whoever took it down named; "": none */
    uint64_t customer;
    uint32_t repeats;
};

/* What a person orders. */
struct journey_order {
    enum dispatch_input_kind kind;
    const char *actor;
    const char *role;
    const char *action;
    const char *text;     /* that the note is started from; NULL: none */
    const char *language; /* of it; NULL: the complaint's */
    uint32_t field_count;
    const struct event_field *fields;
};

/*
 * A policy with the files it uses, as the command would load it, compiled for the years journeys
 * happen in; owned by the caller.  The test fails with the report where it does not load.
 */
struct policy_object *journey_policy(const char *folder, const char *file);

/* A text comes in, is classified, triaged, and opens a case.  False: refused. */
bool journey_tell(struct journey *journey,
                  const struct policy_object *object,
                  struct arena *arena,
                  const struct journey_told *told);

/* The same by one channel after another, from somebody unknown. */
bool journey_begin(struct journey *journey,
                   const struct policy_object *object,
                   struct arena *arena,
                   uint64_t serial,
                   int64_t at_us,
                   const char *text);

static inline const struct policy_step *journey_step(const struct journey *journey)
{
    return &journey->policy->steps[journey->state.step];
}

/* Time passes; what comes due on the way is fired at its instant, and never before it. */
void journey_wait(struct journey *journey, int64_t us);

/* A command; DISPATCH_APPEND when it became an event that everybody has heard. */
enum dispatch_answer journey_command(struct journey *journey,
                                     enum dispatch_input_kind kind,
                                     const char *actor,
                                     uint16_t role,
                                     const struct policy_action *action,
                                     bool filled_in);

/* The same as it is told; *about is the field or rule a refusal names.  Lent by policy and order.
 */
enum dispatch_answer
journey_give(struct journey *journey, const struct journey_order *order, struct slice *about);

/* Something the field may hold. */
struct slice journey_value(const struct journey *journey,
                           const struct policy_need *need,
                           char value[JOURNEY_VALUE_MAX]);

/* Whoever may do it does it, after claiming the case where nobody has it.  False: the policy asks
 * for something that is not so yet, whoever comes and whatever is filled in. */
bool journey_act(struct journey *journey, const struct policy_action *action);

#endif
