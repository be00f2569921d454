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

/*
 * Who asks for what, as bytes: the same for the same command sent again, whatever version of the
 * case it names then, and for what a claim has become; lent until the next call.
 */
struct slice dispatch_command_body(const Redress__Command__V1__Command *command);

/* The fields of an action as the core takes them; false when there are more than POLICY_NEEDS_MAX.
 */
bool dispatch_fields_of(const Redress__Command__V1__Act *act,
                        struct event_field fields[EVENT_FIELDS_MAX],
                        uint32_t *count);

/* The field "case" is the number of another case; 0: it is not there, or no number. */
uint64_t dispatch_other_case(const struct event_field *fields, uint32_t count);

/* What the shell refuses by itself; what the core refuses is an enum dispatch_answer. */
enum desk_refusal {
    DESK_COMMAND_UNREADABLE,
    DESK_COMMAND_ID_INVALID,
    DESK_COMMAND_ID_REUSED,
    DESK_COMMAND_UNKNOWN,
    DESK_ACTOR_INVALID,
    DESK_QUEUE_UNKNOWN,
    DESK_FIELDS_TOO_MANY,
    DESK_NOTE_INVALID,
    DESK_NOTE_AND_TEXT,
    DESK_NOTE_TOO_LONG,
    DESK_NOTE_UNSEALABLE,
    DESK_PHRASE_FORBIDDEN, /* about: the phrase */
    DESK_PART_MISSING,     /* about: the part of a reply */
    DESK_PLACE_UNKNOWN,    /* about: the place, where nothing sealed of the case is */
    DESK_READ_TOO_MUCH,
    DESK_UNREADABLE,
    DESK_KEY_MISSING,
    DESK_REFUSAL_COUNT,
};

/* "note_invalid", …: the stable code, as dispatch_answer_code gives those of the core. */
const char *desk_refusal_code(enum desk_refusal refusal);

/* Why something was refused, beside its code; what does not apply is empty. */
struct dispatch_reason {
    struct slice about;                  /* field, mark, task, skill, person … */
    const struct policy_title *title;    /* of it, as the policy says it */
    struct slice value;                  /* what the field was given */
    const char *field;                   /* the field of the form it is; NULL: none */
    const struct policy_field *rules;    /* what it may hold; NULL: not said */
    const struct policy *policy;         /* of roles */
    uint32_t roles;                      /* who may: bit set */
    uint8_t level;                       /* of a skill */
    int64_t until_us;                    /* 0: not told; INT64_MAX: always */
    uint32_t counted, at_most;           /* these: of the same cause, as struct dispatch_permit */
    int64_t since_us;                    /* 0: nothing was counted */
    const struct policy_compare *wanted; /* of the field it is about; NULL: the title says it */
    const struct policy_limit *limit;    /* of the field it is: what the role may decide; or NULL */
    uint32_t version;                    /* the command was decided on; 0: not about that */
};

/* What was refused. */
struct dispatch_refusal {
    const struct policy *policy; /* NULL: only the answer is told */
    const struct dispatch_case *state;
    const struct dispatch_input *input;
    enum dispatch_answer answer;
    struct slice field; /* what it is about */
    int64_t until_us;   /* of people: until when they are away; 0: not told */
};

/* What the policy calls a mark, task or field; NULL: it has none of that name. */
const struct policy_title *dispatch_title_of(const struct policy *policy, struct slice id);

/* The values of which a field has to have one, as they are typed, and their number; 0: bounds are
 * asked, or nothing is (NULL). */
unsigned dispatch_wanted(const struct policy *policy,
                         const struct policy_compare *compare,
                         const char *values[POLICY_CHOICES_MAX]);

/* What the field may hold, and no more than the role may decide; NULL: not said. */
const struct policy_field *dispatch_rules_of(const struct dispatch_reason *reason,
                                             struct policy_field *narrowed);

struct dispatch_reason dispatch_reason_of(const struct dispatch_refusal *refusal);

/* The same in English, for logs; lent by the arena, at most 1023 bytes. */
const char *dispatch_refusal_tell(enum dispatch_answer answer,
                                  const struct dispatch_reason *reason,
                                  struct arena *arena);
const char *desk_refusal_tell(enum desk_refusal refusal,
                              const struct dispatch_reason *reason,
                              struct arena *arena);

enum { DISPATCH_UNSEALED_MAX = 288 }; /* of one reply: 17 of each place at most */

/* What was sealed of a case. */
struct dispatch_unsealed {
    uint64_t place;     /* see dispatch_core_read.h */
    struct slice name;  /* narrative, name, contact, reference, demand, note, field */
    struct slice field; /* of a field: which */
    struct slice text;
};

struct dispatch_reply {
    struct slice command_id;
    Redress__Command__V1__Outcome outcome;
    const char *code;                     /* NULL: none */
    const char *text;                     /* NULL: none */
    const struct dispatch_reason *reason; /* NULL: none */
    const char *endpoint;                 /* MOVED */
    struct slice claim_token;
    uint64_t case_id;            /* 0: none */
    uint64_t seq;                /* 0: none */
    const struct policy *policy; /* with state: the case as it stands */
    const struct dispatch_case *state;
    bool allowed;                       /* list what may be done next */
    const struct dispatch_input *asker; /* of what is allowed: by whom; NULL: nobody asks */
    bool asker_is_full;                 /* holds as many cases as allowed */
    uint32_t unsealed_count;
    const struct dispatch_unsealed *unsealed;
};

/* Lent by the arena; empty when that is full. */
struct slice dispatch_reply_pack(const struct dispatch_reply *from, struct arena *arena);

/* The command that takes a given case: what a claim out of a queue becomes once Redis has proposed
 * one. */
struct slice dispatch_claim_pack(struct slice command_id,
                                 struct slice actor,
                                 struct slice role,
                                 uint64_t case_id,
                                 struct slice queue,
                                 struct slice token,
                                 struct arena *arena);

#endif
