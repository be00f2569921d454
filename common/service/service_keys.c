/* Keys are made by `redress keys create`, never by whoever happens to start first. */
#include "log.h"
#include "receipt.h"
#include "scope.h"
#include "seal.h"
#include "service_private.h"

#include <event2/event.h>

static bool keys_are_good(struct service *service, struct error *error)
{
    struct service_settings *settings = &service->settings;
    if (!service_settings_secrets(settings, error)) {
        return false;
    }
    if (settings->curve_key_file[0] != '\0') {
        SCOPED(bus_guard_free)
        struct bus_guard *guard =
            bus_guard_open(settings->curve_key_file, settings->curve_allow_file, false, error);
        if (!guard) {
            return false;
        }
    }
    if ((service->spec->keys & SERVICE_KEY_SEAL) != 0) {
        SCOPED(seal_ring_free)
        struct seal_ring *ring = seal_ring_open(settings->key_file, false, error);
        if (!ring) {
            return false;
        }
    }
    if ((service->spec->keys & SERVICE_KEY_RECEIPT) != 0) {
        SCOPED(receipt_key_free)
        struct receipt_key *key = receipt_key_open(settings->receipt_key_file, false, error);
        if (!key) {
            return false;
        }
    }
    return true;
}

static void on_look(evutil_socket_t socket, short what, void *context)
{
    /* the loop goes round: that is all */
    (void)socket;
    (void)what;
    (void)context;
}

bool keys_await(struct service *service)
{
    static const struct timeval pause = {0, 500000};
    struct event *look = evtimer_new(service->base, on_look, NULL);
    char told[sizeof((struct error *)NULL)->text] = "";
    bool good = false;
    while (look && service->alive && !good) {
        struct error error = {0};
        good = keys_are_good(service, &error);
        health_keys(service, good, good ? NULL : error.text);
        if (!good && strcmp(told, error.text) != 0) {
            (void)snprintf(told, sizeof told, "%s", error.text);
            log_error("waiting for keys", LOG_ERROR_FIELDS(&error));
        }
        if (!good) {
            (void)event_add(look, &pause);
            (void)event_base_loop(service->base, EVLOOP_ONCE);
        }
    }
    if (look) {
        event_free(look);
    }
    return good;
}
