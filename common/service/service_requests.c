/* Requests: they wait for a batch, or are told to try later, and never wait for nothing (law 9). */
#include "service_private.h"

static void request_refuse(struct service *service,
                           const struct bus_peer *peer,
                           struct slice bytes,
                           bool overloaded)
{
    const struct bus_peer to = *peer; /* refuse may end what lent it */
    arena_reset(service->scratch);
    service->counts.refused++;
    struct slice refusal =
        service->spec->refuse(service->self, bytes, overloaded, service->scratch);
    bus_reply(service->bus, &to, refusal);
}

static bool is_ready(const struct service *service)
{
    return service->serving > 0 && !service->stopping;
}

void service_request(struct service *service, const struct bus_peer *peer, struct slice bytes)
{
    service->counts.requests++;
    bool ready = is_ready(service);
    if (!ready || service->cycle.archive_refuses ||
        service->waiting_count == SERVICE_REQUESTS_MAX ||
        service->waiting_bytes + bytes.size > WAITING_BYTES_MAX) {
        request_refuse(service, peer, bytes, ready);
        return;
    }
    uint32_t place = (service->waiting_first + service->waiting_count++) % SERVICE_REQUESTS_MAX;
    struct waiting_request *waiting = &service->waiting[place];
    waiting->peer = *peer;
    if (zmq_msg_init_size(&waiting->bytes, bytes.size) != 0) {
        service->waiting_count--;
        request_refuse(service, peer, bytes, true);
        return;
    }
    memcpy(zmq_msg_data(&waiting->bytes), bytes.bytes, bytes.size);
    service->waiting_bytes += bytes.size;
}

/* The first of those that wait, now the caller's; there is one. */
static struct waiting_request *waiting_pop(struct service *service)
{
    struct waiting_request *waiting = &service->waiting[service->waiting_first];
    service->waiting_bytes -= zmq_msg_size(&waiting->bytes);
    service->waiting_first = (service->waiting_first + 1) % SERVICE_REQUESTS_MAX;
    service->waiting_count--;
    return waiting;
}

static struct slice message_bytes(zmq_msg_t *message)
{
    return slice_of(zmq_msg_data(message), zmq_msg_size(message));
}

void requests_take(struct cycle *cycle)
{
    struct service *service = cycle->service;
    size_t taken = 0;
    while (service->waiting_count > 0 && taken < CYCLE_REQUEST_BYTES_MAX &&
           cycle->request_count < (uint32_t)service->settings.batch_max) {
        struct waiting_request *waiting = waiting_pop(service);
        uint32_t i = cycle->request_count++;
        (void)zmq_msg_init(&cycle->request_bytes[i]);
        (void)zmq_msg_move(&cycle->request_bytes[i], &waiting->bytes);
        (void)zmq_msg_close(&waiting->bytes);
        cycle->requests[i] = (struct request){.peer = waiting->peer,
                                              .bytes = message_bytes(&cycle->request_bytes[i])};
        taken += cycle->requests[i].bytes.size;
    }
}

void requests_release(struct cycle *cycle, uint32_t from)
{
    for (uint32_t i = from; i < cycle->request_count; i++) {
        (void)zmq_msg_close(&cycle->request_bytes[i]);
    }
    cycle->request_count = from;
}

void requests_refuse(struct cycle *cycle, bool told, bool overloaded)
{
    uint32_t from = told ? cycle->part.request_to : cycle->part.request_from;
    for (uint32_t i = from; i < cycle->request_count; i++) {
        request_refuse(
            cycle->service, &cycle->requests[i].peer, cycle->requests[i].bytes, overloaded);
    }
    cycle->part.request_to = from;
    requests_release(cycle, from);
}

void requests_refuse_waiting(struct service *service)
{
    bool ready = is_ready(service);
    while (service->waiting_count > 0 && (!ready || service->cycle.archive_refuses)) {
        struct waiting_request *waiting = waiting_pop(service);
        request_refuse(service, &waiting->peer, message_bytes(&waiting->bytes), ready);
        (void)zmq_msg_close(&waiting->bytes);
    }
}

void requests_done(struct service *service)
{
    while (service->waiting_count > 0) {
        (void)zmq_msg_close(&waiting_pop(service)->bytes);
    }
}
