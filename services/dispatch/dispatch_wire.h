/*
 * Dispatch's messages: commands in, replies out (redress.command.v1).
 */
#ifndef REDRESS_DISPATCH_WIRE_H
#define REDRESS_DISPATCH_WIRE_H

#include "arena.h"
#include "dispatch_core.h"
#include "error.h"
#include "redress/command/v1/command.pb-c.h"

/* Bounded decode; the message is lent by the arena.  NULL with ERROR_REJECT. */
const Redress__Command__V1__Command *
dispatch_decode(struct slice bytes, struct arena *arena, struct error *error) MUST_CHECK;

/* Actor and role: there, not too long, clean, and in one line that nothing turns around: the
 * archive names full agents one a line, and people read these names on boards and terminals. */
bool dispatch_names_are_good(const Redress__Command__V1__Command *command);

/* The fields of an action as the core takes them; false when there are more than EVENT_FIELDS_MAX.
 */
bool dispatch_fields_of(const Redress__Command__V1__Act *act,
                        struct event_field fields[EVENT_FIELDS_MAX],
                        uint32_t *count);

/* The field "case" is the number of another case; 0: it is not there, or no number. */
uint64_t dispatch_other_case(const struct event_field *fields, uint32_t count);

/* What was refused. */
struct dispatch_refusal {
    const struct policy *policy; /* NULL: only the answer is told */
    const struct dispatch_case *state;
    const struct dispatch_input *input;
    enum dispatch_answer answer;
    struct slice field; /* what it is about */
};

/* Why, what may stand in the field, what is lacking as the policy says it, who may; lent by the
 * arena, at most 1023 bytes. */
const char *dispatch_refusal_tell(const struct dispatch_refusal *refusal, struct arena *arena);

struct dispatch_reply {
    struct slice command_id;
    Redress__Command__V1__Outcome outcome;
    const char *code;     /* NULL: none */
    const char *text;     /* NULL: none */
    const char *endpoint; /* MOVED */
    struct slice claim_token;
    uint64_t case_id;            /* 0: none */
    uint64_t seq;                /* 0: none */
    const struct policy *policy; /* with state: the case as it stands */
    const struct dispatch_case *state;
    bool allowed;                       /* list what may be done next */
    const struct dispatch_input *asker; /* of what is allowed: by whom; NULL: nobody asks */
};

/* Lent by the arena; empty when that is full. */
struct slice dispatch_reply_pack(const struct dispatch_reply *from, struct arena *arena);

/* The command that takes a given case: what a claim out of a queue becomes once Redis has proposed
 * one. */
struct slice dispatch_claim_pack(struct slice command_id,
                                 struct slice actor,
                                 struct slice role,
                                 uint64_t case_id,
                                 struct slice token,
                                 struct arena *arena);

#endif
