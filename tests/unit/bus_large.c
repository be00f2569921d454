/*
 * Goal: a peer that takes nothing has its share of the pot and no more, all together have the pot
 * and no more, and who takes what he gets is never cut for it while peers can be told apart: only
 * so many are, and they are forgotten with their last reply (law 9).  Method: a pipe inside the
 * process stands for a peer's connection, so that what lies is known to the byte.
 *
 * Planted: the share not checked; the pot not checked; nothing taken off of a peer; dropped where
 * there is no place; names told apart by how they begin.
 */
#include "bus_large.h"

#include "unit.h"

#include <stdio.h>
#include <zmq.h>

enum { SIZE = 1024 * 1024, IN_SHARE = BUS_LARGE_SHARE / SIZE, IN_POT = BUS_LARGE_MAX / SIZE };

static struct bus_pot pot;
static uint8_t bytes[BUS_LARGE_SHARE];
static void *context;

struct pipe {
    void *ours;
    void *theirs;
};

static struct pipe pipe_new(const char *name)
{
    struct pipe pipe = {zmq_socket(context, ZMQ_PAIR), zmq_socket(context, ZMQ_PAIR)};
    assert_int_equal(zmq_setsockopt(pipe.ours, ZMQ_SNDHWM, &(int){0}, sizeof(int)), 0);
    assert_int_equal(zmq_setsockopt(pipe.theirs, ZMQ_RCVHWM, &(int){0}, sizeof(int)), 0);
    assert_int_equal(zmq_bind(pipe.ours, name), 0);
    assert_int_equal(zmq_connect(pipe.theirs, name), 0);
    return pipe;
}

static void pipe_close(struct pipe *pipe)
{
    (void)zmq_close(pipe->ours);
    (void)zmq_close(pipe->theirs);
}

static struct bus_peer named(unsigned number)
{
    struct bus_peer peer;
    peer.size = (uint8_t)snprintf((char *)peer.bytes, sizeof peer.bytes, "%u", number);
    return peer;
}

static void reply_to(const struct pipe *pipe, unsigned number, size_t size)
{
    const struct bus_peer peer = named(number);
    bus_large_send(pipe->ours, &peer, slice_of(bytes, size), &pot);
}

static size_t lying(unsigned number)
{
    const struct bus_peer peer = named(number);
    return bus_large_lying(&pot, &peer);
}

/* How many were there. */
static unsigned take(const struct pipe *pipe)
{
    unsigned count = 0;
    while (zmq_recv(pipe->theirs, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0) { /* whose it is */
        assert_true(zmq_recv(pipe->theirs, bytes, sizeof bytes, ZMQ_DONTWAIT) > 0);
        count++;
    }
    return count;
}

static void who_takes_nothing_has_a_share_and_who_takes_gets_all(void **state)
{
    (void)state;
    struct pipe idle = pipe_new("inproc://idle");
    struct pipe reader = pipe_new("inproc://reader");
    for (int i = 0; i < IN_POT + 1; i++) {
        reply_to(&idle, 1, SIZE);
    }
    assert_int_equal(lying(1), BUS_LARGE_SHARE);
    for (int i = 0; i < IN_POT + 1; i++) {
        reply_to(&reader, 2, SIZE);
        assert_int_equal(take(&reader), 1);
    }
    assert_int_equal(lying(2), 0);
    assert_int_equal(take(&idle), IN_SHARE);
    reply_to(&idle, 1, BUS_LARGE_SHARE); /* what was taken made room */
    assert_int_equal(take(&idle), 1);
    assert_int_equal(bus_large_lying(&pot, NULL), 0);
    pipe_close(&idle);
    pipe_close(&reader);
}

static void all_together_have_the_pot(void **state)
{
    (void)state;
    struct pipe pipe = pipe_new("inproc://all");
    for (unsigned i = 0; i < 2 * IN_POT; i++) {
        reply_to(&pipe, i % (2 * BUS_LARGE_MAX / BUS_LARGE_SHARE), SIZE);
    }
    assert_int_equal(bus_large_lying(&pot, NULL), BUS_LARGE_MAX);
    assert_int_equal(take(&pipe), IN_POT);
    pipe_close(&pipe);
}

static void so_many_are_told_apart_and_are_forgotten(void **state)
{
    (void)state;
    enum { MORE = 2 };
    struct pipe pipe = pipe_new("inproc://crowd");
    for (unsigned i = 0; i < BUS_HOLDERS_MAX + MORE; i++) {
        reply_to(&pipe, i, 1);
    }
    assert_int_equal(bus_large_lying(&pot, NULL), BUS_HOLDERS_MAX + MORE);
    reply_to(&pipe, 1, 1);
    for (unsigned i = 0; i < BUS_HOLDERS_MAX; i++) {
        assert_int_equal(lying(i), i == 1 ? 2 : 1);
    }
    assert_int_equal(lying(BUS_HOLDERS_MAX), MORE); /* together */
    reply_to(&pipe, BUS_HOLDERS_MAX, BUS_LARGE_SHARE - MORE);
    reply_to(&pipe, BUS_HOLDERS_MAX + 1, 1);
    assert_int_equal(lying(BUS_HOLDERS_MAX), BUS_LARGE_SHARE);
    assert_int_equal(take(&pipe), BUS_HOLDERS_MAX + MORE + 2);
    for (unsigned i = 0; i < BUS_HOLDERS_MAX; i++) {
        reply_to(&pipe, BUS_HOLDERS_MAX + i, 1);
        assert_int_equal(lying(BUS_HOLDERS_MAX + i), 1); /* others in their places */
    }
    assert_int_equal(take(&pipe), BUS_HOLDERS_MAX);
    assert_int_equal(bus_large_lying(&pot, NULL), 0);
    pipe_close(&pipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_nothing_has_a_share_and_who_takes_gets_all),
        cmocka_unit_test(all_together_have_the_pot),
        cmocka_unit_test(so_many_are_told_apart_and_are_forgotten),
    };
    context = zmq_ctx_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0) { /* else a pipe is open still, and it would wait */
        (void)zmq_ctx_term(context);
    }
    return failed;
}
