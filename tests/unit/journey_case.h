/*
 * One complaint carried through the real cores: what a core gives is encoded and decoded like
 * everything that is committed, then folded by whoever would hear it.  Knows no policy by name.
 */
#ifndef REDRESS_JOURNEY_CASE_H
#define REDRESS_JOURNEY_CASE_H

#include "analytics_core.h"
#include "dispatch_core.h"
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
    enum event_kind triaged; /* EVENT_TRIAGED or EVENT_TRIAGE_ASKED */
    unsigned people;         /* a new name for everybody who comes */
    unsigned kinds[EVENT_KIND_COUNT];
    unsigned figures[FIGURE_MEASURE_COUNT];
};

/* A text comes in, is classified, triaged, and opens a case.  False: refused. */
bool journey_begin(struct journey *journey,
                   const struct policy_object *object,
                   struct arena *arena,
                   uint64_t serial,
                   int64_t at_us,
                   const char *text);

/* Time passes; what comes due on the way is fired at its instant, and never before it. */
void journey_wait(struct journey *journey, int64_t us);

/* A command; DISPATCH_APPEND when it became an event that everybody has heard. */
enum dispatch_answer journey_command(struct journey *journey,
                                     enum dispatch_input_kind kind,
                                     const char *actor,
                                     uint16_t role,
                                     const struct policy_action *action,
                                     bool filled_in);

/* Whoever may do it does it, after claiming the case where nobody has it. */
void journey_act(struct journey *journey, const struct policy_action *action);

#endif
