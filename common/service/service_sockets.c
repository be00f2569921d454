/* The folder and the sockets of a daemon, on this host or between hosts. */
#include "log.h"
#include "service_private.h"

#include <sys/stat.h>
#include <unistd.h>

bool open_run_dir(struct service *service, struct error *error)
{
    if (mkdir(service->settings.run_dir, 0750) != 0 &&
        access(service->settings.run_dir, W_OK) != 0) {
        return error_set(
            error, ERROR_FATAL, "run_dir %s cannot be written", service->settings.run_dir);
    }
    return instance_lock(service, error); /* before anything is bound: binding takes a socket from
                                             whoever has it */
}

/* What others are told: the port that was found, and an address they can reach. */
static bool told(struct service *service, bool requests, struct error *error)
{
    struct service_settings *settings = &service->settings;
    char *place = requests ? settings->requests : settings->publisher;
    if (!bus_endpoint_is_remote(place)) {
        return true;
    }
    char bound[BUS_ENDPOINT_SIZE];
    bus_bound(service->bus, requests, bound);
    bool any = strncmp(bound, "tcp://0.0.0.0:", 14) == 0 || strncmp(bound, "tcp://[::]:", 11) == 0;
    const char *port = strrchr(bound, ':');
    if (any && settings->advertise[0] == '\0') {
        return error_set(error,
                         ERROR_REJECT,
                         "%s is bound to all addresses: set advertise to the one others reach",
                         place);
    }
    if (any) {
        (void)snprintf(place, BUS_ENDPOINT_SIZE, "tcp://%s%s", settings->advertise, port);
    } else {
        (void)snprintf(place, BUS_ENDPOINT_SIZE, "%s", bound);
    }
    return true;
}

bool open_sockets(struct service *service,
                  const struct bus_callbacks *callbacks,
                  struct error *error)
{
    struct service_settings *settings = &service->settings;
    bool takes = service->spec->takes_requests;
    service->bus = bus_new(service->base, callbacks, service, error);
    if (service->bus && settings->curve_key_file[0] != '\0') {
        enum bus_door door =
            service->spec->id == SERVICE_INTAKE ? BUS_DOOR_SUBMISSIONS : BUS_DOOR_COMMANDS;
        service->guard =
            bus_guard_open(settings->curve_key_file, settings->curve_allow_file, false, error);
        if (!service->guard || !bus_guard_set(service->bus, service->guard, door, error)) {
            return false;
        }
    }
    return service->bus && bus_bind_publisher(service->bus, settings->publisher, error) &&
           told(service, false, error) &&
           (!takes || (bus_bind_requests(service->bus, settings->requests, error) &&
                       told(service, true, error)));
}

void sockets_second(struct service *service)
{
    struct error error = {0};
    switch (bus_second(service->bus, &error)) {
    case BUS_ALLOW_SAME:
        break;
    case BUS_ALLOW_READ:
        log_info("who is admitted was read again",
                 LOG_TEXT("file", service->settings.curve_allow_file),
                 LOG_NUMBER("keys", bus_guard_count(service->guard)));
        health_peers(service, true, NULL);
        break;
    case BUS_ALLOW_BAD:
        log_error("who is admitted stays as it was", LOG_ERROR_FIELDS(&error));
        health_peers(service, false, error.text);
        break;
    }
}

bool sockets_check(const void *checked, struct error *error)
{
    static struct bus_allow list; /* large */
    const struct service_settings *settings = checked;
    (void)snprintf(list.path, sizeof list.path, "%s", settings->curve_allow_file);
    return settings->curve_key_file[0] == '\0' || bus_allow_read(&list, error);
}
