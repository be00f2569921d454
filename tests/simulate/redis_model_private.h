/*
 * What the files of the model of Redis share: redis_model.c shares and their watermarks,
 * redis_model_claim.c claims, looks and the way in.  For nobody else.
 */
#ifndef REDRESS_REDIS_MODEL_PRIVATE_H
#define REDRESS_REDIS_MODEL_PRIVATE_H

#include "projection.h"
#include "redis_model.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

enum {
    QUEUE_SIZE = 97,
    TOKEN_MAX = 33,
    NO_CLOCK = 0x10000, /* a member that is a case alone */
    ANSWER_MAX = 1024,
};

/* "case" or "case:clock" */
struct member {
    uint64_t case_id;
    uint32_t clock;
};

struct head {
    char stream[32];
    char live[TOKEN_MAX], building[TOKEN_MAX], cleaning[TOKEN_MAX]; /* g, b, x */
    uint64_t watermark, epoch, cursor;
    bool has_epoch;
};

struct old {
    char stream[32];
    char generation[TOKEN_MAX];
};

/* One line of a share: a place or a timer. */
struct entry {
    struct member member;
    char stream[32];
    char generation[TOKEN_MAX];
    char queue[QUEUE_SIZE];
    double due_ms;
};

struct queued {
    uint64_t case_id;
    double score;
    char queue[QUEUE_SIZE];
};

struct ask {
    uint64_t case_id;
    char said[PROJECTION_ASK_MAX];
};

struct lease {
    uint64_t case_id;
    int64_t ends_ms;
    char token[TOKEN_MAX];
    char score[32];
    char queue[QUEUE_SIZE];
};

/* What the macros below make of a table: rows in any order. */
#define TABLE(type)                                                                                \
    struct {                                                                                       \
        struct type *rows;                                                                         \
        uint32_t count, capacity;                                                                  \
    }

struct redis_model {
    struct redis_model_settings settings;
    TABLE(head) heads;
    TABLE(old) olds;
    TABLE(entry) entries;
    TABLE(queued) queued;
    TABLE(lease) leases;
    TABLE(ask) asks;
};

/* The arguments of one call, and what it is answered. */
struct call {
    struct redis_model *model;
    const char *const *arguments;
    const size_t *sizes;
    size_t count;
    int64_t now_ms;
    redisReply *answer;
};

void *redis_model_grow(void *rows, uint32_t count, uint32_t *capacity, size_t size);

#define ADD(table)                                                                                 \
    ((table).rows =                                                                                \
         redis_model_grow((table).rows, (table).count, &(table).capacity, sizeof *(table).rows),   \
     memset(&(table).rows[(table).count], 0, sizeof *(table).rows),                                \
     &(table).rows[(table).count++])
#define REMOVE(table, row) (*(row) = (table).rows[--(table).count])

/* The ith ARGV of the script, from 1; good for the next three. */
const char *text(const struct call *call, size_t i);
uint64_t number(const struct call *call, size_t i);
struct member member_of(const char *said);
const char *member_text(struct member member);
const char *case_text(uint64_t case_id);
const char *score_text(double score);
void name_set(char *name, size_t size, const char *said);

void answer_text(struct call *call, const char *said);
void answer_number(struct call *call, int64_t said);
void answer_decimal(struct call *call, uint64_t said);
/* Not in a list: the whole answer. */
void answer_alone(struct call *call, int64_t said);

bool is_timers(const char *stream);
struct head *head_find(const struct redis_model *model, const char *stream);
struct entry *entry_find(const struct redis_model *model,
                         const char *stream,
                         const char *generation,
                         struct member member);
struct ask *ask_find(const struct redis_model *model, uint64_t case_id);
struct lease *lease_find(const struct redis_model *model, uint64_t case_id);
struct queued *queued_find(const struct redis_model *model, const char *queue, uint64_t case_id);
void lease_drop(struct redis_model *model, uint64_t case_id);
void queue_remove(struct redis_model *model, const char *queue, uint64_t case_id);
void queue_add(struct redis_model *model, const char *queue, uint64_t case_id, double score);
/* Where the share says the case is ("": nowhere), and whether another share is being built. */
const char *place(const struct redis_model *model, uint64_t case_id, bool *building);
/* A leased case goes back to where it belongs by now. */
void give_back(struct redis_model *model, const struct lease *lease);

void verb_check(struct call *call);
void verb_apply(struct call *call);
void verb_forget(struct call *call);
void verb_begin(struct call *call);
void verb_feed(struct call *call);
void verb_flip(struct call *call);
void verb_clean(struct call *call);

#endif
