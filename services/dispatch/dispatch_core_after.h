/*
 * How a case stands after the event under decision, and that event's parts that follow from it.
 * Private to dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_AFTER_H
#define REDRESS_DISPATCH_CORE_AFTER_H

#include "dispatch_core.h"

enum {
    PRIORITY_MOST_URGENT = 1,
    PRIORITY_LEAST_URGENT = 5,
    PRIORITY_UNDECIDED = 3,
};

struct after {
    uint16_t step, queue, category, class_index;
    uint32_t priority;
    struct slice agent;
    const struct dispatch_more *more;
    bool raised; /* the priority is what its clocks have asked for */
};

/* As it stands now. */
struct after after_stands(const struct dispatch_case *state);

/* Everything of the event but its body. */
void after_begin(const struct dispatch_case *state,
                 const struct dispatch_input *input,
                 enum event_kind kind,
                 struct event *out);

/* The body, as it is alike for all. */
void after_advance(const struct policy *policy,
                   const struct dispatch_case *state,
                   const struct dispatch_input *input,
                   const struct after *after,
                   struct event *out);

/* Adds what nobody filled in to the event; there is room, see record in dispatch_core.c. */
void after_record(struct event_advanced *advanced, const char *name, struct slice value);

/* Of a class; PRIORITY_UNDECIDED where it has none. */
uint32_t after_priority(const struct policy *policy, uint16_t class_index);

/* dispatch_core_self.c: what nobody asked for; see dispatch_decide. */
enum dispatch_answer self_open(const struct policy *policy,
                               const struct dispatch_case *state,
                               const struct dispatch_input *input,
                               struct event *out);
enum dispatch_answer self_follow_clock(const struct policy *policy,
                                       const struct dispatch_case *state,
                                       const struct dispatch_input *input,
                                       struct event *out);
enum dispatch_answer self_push(const struct policy *policy,
                               const struct dispatch_case *state,
                               const struct dispatch_input *input,
                               struct event *out);

#endif
