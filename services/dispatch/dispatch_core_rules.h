/*
 * What the policy's rules say of an action before it is done: who may, what has to be filled in,
 * what must have been done before, where it would lead.  Private to dispatch's core.
 */
#ifndef REDRESS_DISPATCH_CORE_RULES_H
#define REDRESS_DISPATCH_CORE_RULES_H

#include "dispatch_core.h"

/* An action as it would be done. */
struct rules_trial {
    const struct policy_action *action;
    bool moves;            /* it leads on: what it asks for that holds afterwards */
    uint16_t to_step;      /* where the case then stands */
    struct slice given_to; /* the agent it is given to; empty: nobody */
    bool agent_has_capacity;
    enum case_outcome outcome; /* of what it closes; OUTCOME_NONE: it closes nothing */
    struct dispatch_more more; /* afterwards */
};

/* *trial is complete only where the answer is DISPATCH_APPEND. */
struct dispatch_permit rules_try(const struct policy *policy,
                                 const struct dispatch_case *state,
                                 const struct dispatch_input *input,
                                 bool blank,
                                 struct rules_trial *trial);

/* A claim, but for capacity (dispatch_core_fit.c). */
struct dispatch_permit rules_claim(const struct policy *policy,
                                   const struct dispatch_case *state,
                                   const struct dispatch_input *input);

/* Something is done to what is personal of the case, whatever its step, by one of these roles;
 * none: nobody does it here. */
struct dispatch_permit rules_personal(const struct policy *policy,
                                      const struct dispatch_case *state,
                                      const struct dispatch_input *input,
                                      uint32_t roles);

/* When an event made of the input happens: times of a case never run backwards. */
int64_t rules_now_us(const struct dispatch_case *state, const struct dispatch_input *input);

bool rules_holder(const struct dispatch_case *state, struct slice actor);

/* The value of a field of the form; empty where it is not there. */
struct slice rules_field(const struct dispatch_input *input, const char *name);

/* Bit of the person; 0: not among those the case keeps apart. */
uint16_t rules_person(const struct dispatch_more *more, struct slice name);

/* The same, with a place for who is new; 0: there is none left. */
uint16_t rules_person_take(struct dispatch_more *more, struct slice name);

/* As people are kept apart; never 0. */
uint64_t rules_person_hash(struct slice name);

/* The complaint names this person. */
bool rules_concerned(const struct dispatch_more *more, struct slice name);

/* Who holds the case leaves the step with it. */
void rules_fold_handler(struct dispatch_more *more, struct slice name);

/* What an action adds to what is known: marks, obligations, fields that are kept, people it names.
 * False: more people than can be kept apart. */
bool rules_fold_action(const struct policy *policy,
                       const struct policy_action *action,
                       struct slice actor,
                       const struct event_field *fields,
                       uint32_t field_count,
                       struct dispatch_more *more);

/* A closed case is open again: marks of one round begin at nought. */
void rules_fold_round(const struct policy *policy, struct dispatch_more *more);

#endif
