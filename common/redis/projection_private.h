/*
 * What the files of the projection share: projection.c (what the owner calls), projection_stream.c
 * (one share and its watermark) and projection_claim.c (claims and reads).  For nobody else.
 */
#ifndef REDRESS_PROJECTION_PRIVATE_H
#define REDRESS_PROJECTION_PRIVATE_H

#include "projection.h"
#include "projection_buffer.h"

enum {
    PROJECTION_KINDS = 2, /* of streams: places and timers */
    PROJECTION_GENERATION_SIZE = 33,
    PROJECTION_VERSION_DIGITS = 8, /* hexadecimal, in front of a generation's random ones */
};

enum projection_flight {
    FLIGHT_NONE,
    FLIGHT_CHECK,
    FLIGHT_APPLY,
    FLIGHT_BEGIN,
    FLIGHT_FEED,
    FLIGHT_FLIP,
    FLIGHT_CLEAN,
    FLIGHT_FORGET,
};

struct projection_stream {
    struct projection *projection;
    enum service_id service;
    uint32_t partition;
    char name[32];
    enum projection_phase phase;
    enum projection_flight flight;
    unsigned ignored; /* replies to come for calls of an earlier ownership */
    uint64_t epoch;
    uint64_t head;      /* last seq told */
    uint64_t watermark; /* last seq known to be in Redis, or in the share being built */
    uint64_t next;      /* what the apply in flight moves it to */
    char generation[PROJECTION_GENERATION_SIZE]; /* "": not known yet */
    uint32_t attempt;
    bool asked;      /* the owner owes a feed */
    bool lost_track; /* there are commits that are neither in Redis nor in the buffer */
    bool resting;    /* something failed: not again before the next tick */
    bool cleaned;    /* the last call was a slice of cleaning: changes first */
    uint64_t old_shares;
    uint32_t refused; /* ticks in a row in which Redis would not have us as the owner */
    struct projection_buffer buffer;
};

struct projection {
    struct redis *redis;
    unsigned script;
    char prefix[64];
    struct redis_call call; /* used by every call in turn */
    struct projection_settings settings;
    struct projection_hooks hooks;
    struct projection_figures figures;
    struct event *tick; /* of libevent */
    uint32_t told_under;
    size_t backlog; /* changes kept, all streams */
    uint32_t building;
    bool expiring; /* the call that ends leases is in flight */
    struct projection_stream *streams[PROJECTION_KINDS][PARTITION_MAX];
};

/* Begins a call of the script's verb: its own arguments follow. */
struct redis_call *projection_call(struct projection *projection, const char *verb);

/* size random bytes in hex. */
void projection_random(size_t size, char *text);

/* false, with the error, for a lost connection or an error reply. */
bool projection_reply(const struct redisReply *reply, struct error *error);

/* Does the next thing for the stream, if there is one and nothing is under way. */
void projection_stream_pump(struct projection_stream *stream);
void projection_streams_pump(struct projection *projection);

/* Asks Redis what it has of a live stream that is idle. */
void projection_stream_check(struct projection_stream *stream);

/* The share cannot be right: build another, at once or, after a failure, with the next tick. */
void projection_stream_want(struct projection_stream *stream, bool at_once);

/* Sends places or timers for the share being built; makes it the share.  false: not sent. */
bool projection_stream_feed(struct projection_stream *stream,
                            const struct projection_op *ops,
                            uint32_t count);
bool projection_stream_flip(struct projection_stream *stream);

void projection_stream_phase(struct projection_stream *stream, enum projection_phase phase);

/* Forgets kept changes up to seq. */
void projection_stream_drop(struct projection_stream *stream, uint64_t seq);

#endif
