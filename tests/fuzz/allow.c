/*
 * Goal: whatever stands in the list of who is admitted over tcp, it is read as a whole or refused
 * as a whole, with its line; who is in it goes through some door, and nobody goes through one that
 * is none.
 */
#include "bus_allow.h"
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static void admitted(const struct bus_allow *list)
{
    MUST(list->count <= BUS_ALLOWED_MAX);
    for (unsigned i = 0; i < list->count; i++) {
        const struct bus_allowed *allowed = &list->allowed[i];
        const char *submissions = bus_allow_domain(BUS_DOOR_SUBMISSIONS);
        MUST(bus_allow_find(list, allowed->key) == allowed);
        MUST(bus_allow_admits(allowed, submissions, strlen(submissions)));
        MUST(!bus_allow_admits(allowed, submissions, strlen(submissions) - 1));
        const char *events = bus_allow_domain(BUS_DOOR_EVENTS);
        MUST(!bus_allow_is_daemon(allowed) || bus_allow_admits(allowed, events, strlen(events)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bus_allow list; /* large */
    struct error error = {ERROR_NONE, ""};
    int file = memfd_create("allow", MFD_CLOEXEC);
    MUST(file >= 0 && fchmod(file, 0600) == 0 && write(file, data, size) == (ssize_t)size);
    (void)snprintf(list.path, sizeof list.path, "/proc/self/fd/%d", file);
    list.count = 0;
    if (bus_allow_read(&list, &error)) {
        admitted(&list);
    } else {
        MUST(error.kind == ERROR_FATAL && list.count == 0);
    }
    (void)close(file);
    return 0;
}
