/*
 * Commands to dispatch (redress.command.v1): asked again with the same id until answered, and at
 * the owner of the case's partition.
 */
#ifndef REDRESS_CTL_DESK_H
#define REDRESS_CTL_DESK_H

#include "arena.h"
#include "ctl.h"
#include "ctl_peer.h"
#include "hex.h"
#include "redress/command/v1/command.pb-c.h"

enum { CTL_FIELDS_MAX = 16 };

struct ctl_field {
    const char *name;
    struct slice value;
};

struct ctl_command {
    uint8_t id[UUID_SIZE]; /* made by ctl_desk_ask when it is zero */
    const char *actor;
    const char *role;
    const char *queue;  /* a claim; NULL: an act or a show */
    const char *action; /* NULL with queue NULL: show */
    uint64_t case_id;
    uint32_t version; /* 0: any */
    struct ctl_field fields[CTL_FIELDS_MAX];
    uint32_t field_count;
    const char *note;          /* NULL: none */
    const char *text;          /* instead of a note: the policy's, filled in; NULL: none */
    const char *text_language; /* of it; NULL: the complaint's own */
};

typedef Redress__Command__V1__Reply ctl_reply;

enum { CTL_COMMAND_SIZE = 32 * 1024, CTL_TOKEN_MAX = 64 };

/* What may follow a claim at another owner: the same command, as an act on the case it got. */
struct ctl_handed {
    bool is;
    uint64_t case_id;
    uint8_t token[CTL_TOKEN_MAX];
    size_t token_size;
};

/* Into the buffer, which has CTL_COMMAND_SIZE bytes and lends them; empty when it is too long. */
struct slice ctl_command_pack(const struct ctl_command *command,
                              const struct ctl_handed *handed,
                              uint8_t *buffer);

/* What an answer OUTCOME_MOVED hands over. */
void ctl_handed_take(const ctl_reply *reply, struct ctl_handed *handed);

/* Lent by the arena, which is reset first; NULL: no reply within its bounds. */
const ctl_reply *ctl_reply_read(struct slice bytes, struct arena *arena);

struct ctl_desk;

/* Finds dispatch.  *desk is the caller's. */
int ctl_desk_open(struct ctl *ctl, int64_t timeout_ms, struct ctl_desk **desk) MUST_CHECK;
void ctl_desk_free(struct ctl_desk **desk_p);

/*
 * CTL_OK: *reply has an outcome that is final (done, refused, conflict, not found, empty), lent
 * until the next call.  CTL_TRY_AGAIN or CTL_UNREACHABLE after saying so.
 */
int ctl_desk_ask(struct ctl_desk *desk,
                 struct ctl_command *command,
                 const ctl_reply **reply) MUST_CHECK;

/* The exit status of an outcome. */
int ctl_reply_code(const ctl_reply *reply);

/* The stable word of an outcome: "done", "refused", … */
const char *ctl_reply_word(const ctl_reply *reply);

/* It says this code of command.proto. */
bool ctl_reply_is(const ctl_reply *reply, const char *code);

/* The reply as JSON; a new reference.  An action that does not move the case has its step. */
json_t *ctl_reply_json(const ctl_reply *reply);

/* For people: where the case stands, what may be done, by whom, and why not what may not, by the
 * titles of its policy (NULL: by ids).  actor, role: who asked; NULL: nobody was named, and what is
 * told is which roles may.  Returns the exit status. */
struct policy;
int ctl_reply_tell(const struct ctl *ctl,
                   const struct policy *policy,
                   const ctl_reply *reply,
                   const char *actor,
                   const char *role);

/* After a refusal, and beneath its reason, which is what is looked for: what may be done instead.
 * Nothing where only the form was wrong. */
void ctl_reply_allowed(const struct ctl *ctl,
                       const struct policy *policy,
                       const ctl_reply *reply,
                       const char *actor);

/* ctl_act.c: what a command was answered, by the titles of the case's policy; programs get ids and
 * need none.  A role no policy has got is another mistake than one that may not do this. */
int ctl_reply_show(struct ctl *ctl, const ctl_reply *reply, const struct ctl_command *command);

#endif
