#include "bus_large.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct large {
    atomic_size_t *lying;
    size_t size;
    uint8_t bytes[];
};

/* By libzmq's thread, when the peer has taken it or is gone. */
static void large_free(void *bytes, void *hint)
{
    struct large *large = hint;
    (void)bytes;
    atomic_fetch_sub(large->lying, large->size);
    explicit_bzero(large->bytes, large->size);
    free(large);
}

void bus_large_send(void *socket,
                    const struct bus_peer *peer,
                    struct slice bytes,
                    atomic_size_t *lying)
{
    zmq_msg_t message;
    bool room = bytes.size <= BUS_LARGE_MAX && atomic_load(lying) <= BUS_LARGE_MAX - bytes.size;
    struct large *large = room ? malloc(sizeof *large + bytes.size) : NULL;
    if (!large) {
        return;
    }
    *large = (struct large){.lying = lying, .size = bytes.size};
    memcpy(large->bytes, bytes.bytes, bytes.size);
    atomic_fetch_add(lying, bytes.size);
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
