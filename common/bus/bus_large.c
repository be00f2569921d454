#include "bus_large.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct large {
    struct bus_pot *pot;
    struct bus_holder *holder;
    size_t size;
    uint8_t bytes[];
};

/* By libzmq's thread, when the peer has taken it or is gone. */
static void large_free(void *bytes, void *hint)
{
    struct large *large = hint;
    (void)bytes;
    atomic_fetch_sub(&large->pot->lying, large->size);
    atomic_fetch_sub(&large->holder->lying, large->size);
    explicit_bzero(large->bytes, large->size);
    free(large);
}

/* The peer's place; else one that is free, or the last. */
static size_t place_of(const struct bus_pot *pot, const struct bus_peer *peer)
{
    size_t free_place = BUS_HOLDERS_MAX;
    for (size_t i = 0; i < BUS_HOLDERS_MAX; i++) {
        const struct bus_holder *holder = &pot->holders[i];
        if (atomic_load(&holder->lying) == 0) {
            free_place = i;
        } else if (holder->peer.size == peer->size &&
                   memcmp(holder->peer.bytes, peer->bytes, peer->size) == 0) {
            return i;
        }
    }
    return free_place;
}

size_t bus_large_lying(const struct bus_pot *pot, const struct bus_peer *peer)
{
    return atomic_load(peer ? &pot->holders[place_of(pot, peer)].lying : &pot->lying);
}

void bus_large_send(void *socket,
                    const struct bus_peer *peer,
                    struct slice bytes,
                    struct bus_pot *pot)
{
    zmq_msg_t message;
    struct bus_holder *holder = &pot->holders[place_of(pot, peer)];
    bool room = bytes.size <= BUS_LARGE_SHARE &&
                atomic_load(&pot->lying) <= BUS_LARGE_MAX - bytes.size &&
                atomic_load(&holder->lying) <= BUS_LARGE_SHARE - bytes.size;
    struct large *large = room ? malloc(sizeof *large + bytes.size) : NULL;
    if (!large) {
        return;
    }
    holder->peer = *peer;
    *large = (struct large){.pot = pot, .holder = holder, .size = bytes.size};
    memcpy(large->bytes, bytes.bytes, bytes.size);
    atomic_fetch_add(&pot->lying, bytes.size);
    atomic_fetch_add(&holder->lying, bytes.size);
    if (zmq_msg_init_data(&message, large->bytes, bytes.size, large_free, large) != 0) {
        large_free(large->bytes, large);
        return;
    }
    bool sent = zmq_send(socket, peer->bytes, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
                zmq_msg_send(&message, socket, ZMQ_DONTWAIT) >= 0;
    if (!sent) {
        (void)zmq_msg_close(&message);
    }
}
