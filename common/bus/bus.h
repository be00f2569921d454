/*
 * The sockets of a daemon: PUB, SUB and ROUTER of libzmq on a libevent base.
 *
 * A ZeroMQ descriptor is edge-triggered, so the loop calls bus_drain once a turn and again as long
 * as it says that more is there; the descriptors only wake the loop.  PUB
 * drops when a peer is slow: consumers notice by seq and read the journal (law 5).
 */
#ifndef REDRESS_BUS_H
#define REDRESS_BUS_H

#include "bus_guard.h"
#include "error.h"
#include "slice.h"

struct event_base;

enum {
    BUS_TOPIC_SIZE = 24,
    BUS_IDENTITY_MAX = 16,
    BUS_ENDPOINT_SIZE = 160,
    BUS_MESSAGE_MAX = 1024 * 1024, /* of events */
    BUS_REQUEST_MAX = 128 * 1024,  /* a connection that sends more is cut */
    BUS_FILTER_MAX = 1024, /* of what a subscriber says: a topic, or a step of CURVE's handshake */
};

/* Who sent a request; given back with the reply. */
struct bus_peer {
    uint8_t bytes[BUS_IDENTITY_MAX];
    uint8_t size;
};

struct bus_callbacks {
    /* A message of a subscribed topic; lent for the call. */
    void (*message)(void *owner, struct slice topic, struct slice bytes);
    /* A request to our ROUTER; lent for the call. */
    void (*request)(void *owner, const struct bus_peer *peer, struct slice bytes);
    /* Is there room for one more message?  Asked before each; else they wait in libzmq's queue.
     * NULL: always. */
    bool (*wants_messages)(void *owner);
};

struct bus;

struct bus *bus_new(struct event_base *base,
                    const struct bus_callbacks *callbacks,
                    void *owner,
                    struct error *error) MUST_CHECK;
void bus_free(struct bus **bus_p);

/* Endpoints of tcp need a guard, lent until bus_free, before the first bind; door is what our
 * requests are. */
bool bus_guard_set(struct bus *bus,
                   struct bus_guard *guard,
                   enum bus_door door,
                   struct error *error) MUST_CHECK;

bool bus_bind_publisher(struct bus *bus, const char *endpoint, struct error *error) MUST_CHECK;
bool bus_bind_requests(struct bus *bus, const char *endpoint, struct error *error) MUST_CHECK;

/* Where it is bound indeed, a port that was left open filled in; "" when it is not. */
void bus_bound(const struct bus *bus, bool requests, char endpoint[BUS_ENDPOINT_SIZE]);

/* Publishers to hear; connecting twice is harmless.  Over tcp with the publisher's key, which must
 * be a daemon's in the guard's list: ERROR_RETRY otherwise.  A connection that was refused is
 * forgotten by bus_second, so that connecting again tries again. */
bool bus_connect(struct bus *bus, const char *endpoint, const char *key, struct error *error)
    MUST_CHECK;
void bus_disconnect(struct bus *bus, const char *endpoint);

/* Once a second; says whether the guard's list is another, see bus_allow_refresh. */
enum bus_allow_news bus_second(struct bus *bus, struct error *error);

void bus_subscribe(struct bus *bus, const char *topic);
void bus_unsubscribe(struct bus *bus, const char *topic);

/* Copied by libzmq.  Never blocks; what a slow peer cannot take is dropped. */
void bus_publish(struct bus *bus, const char *topic, struct slice bytes);

/* To the sender of a request; dropped when it is gone or does not read (it asks again). */
void bus_reply(struct bus *bus, const struct bus_peer *peer, struct slice bytes);
/* The same of what nobody is to find in memory: overwritten once it is taken, and counted as if it
 * were large. */
void bus_reply_secret(struct bus *bus, const struct bus_peer *peer, struct slice bytes);

/* Large replies (BUS_REPLY_LARGE) that were not taken yet are bounded by bytes, because a mark
 * counts messages: beyond BUS_LARGE_MAX for all peers, or a peer's share of it, one is dropped.  An
 * eighth is 32 of the largest, or 8 KiB for each request of a batch: who reads what he asks for
 * never has so much lying; and who takes nothing leaves seven eighths to the others. */
enum {
    BUS_REPLY_LARGE = 16 * 1024,
    BUS_LARGE_MAX = 64 * 1024 * 1024,
    BUS_LARGE_SHARE = BUS_LARGE_MAX / 8,
};
/* Their bytes, of that peer; NULL: of all. */
size_t bus_replies_lying(const struct bus *bus, const struct bus_peer *peer);

/* Hands over what has arrived, at most budget messages a socket.  True when more is there. */
bool bus_drain(struct bus *bus, unsigned budget);

/* Until the next bus_drain nothing that arrives wakes the loop; it waits in libzmq's queues. */
void bus_rest(struct bus *bus);

/* The topic of a stream: "intake.0017". */
void bus_stream_topic(unsigned service, uint32_t partition, char topic[BUS_TOPIC_SIZE]);

#endif
