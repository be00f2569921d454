/*
 * What a daemon may take of its host.  libzmq bounds the parts of a message, not their number, nor
 * a peer's subscriptions or connections: what it takes before we see any of it is bounded by the
 * process alone.
 */
#include "log.h"
#include "service_private.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

/* A sanitizer's shadow counts as data as well: then only the look once a second is left. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SHADOWED = 1 };
#else
enum { SHADOWED = 0 };
#endif

double resident_bytes(void)
{
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (!fgets(text, sizeof text, file)) {
            text[0] = '\0';
        }
        (void)fclose(file);
    }
    const char *resident = text + strcspn(text, " "); /* the second number, in pages */
    return strtod(resident, NULL) * (double)sysconf(_SC_PAGESIZE);
}

static bool lower(int which, rlim_t wanted)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)which, &limit) != 0) {
        return false;
    }
    limit.rlim_cur = wanted < limit.rlim_cur ? wanted : limit.rlim_cur;
    return setrlimit((__rlimit_resource_t)which, &limit) == 0;
}

/* Over ipc libzmq aborts when no descriptor is left for who connects: a shell's 1024 are few. */
static bool raise_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool limits_set(const struct service_settings *settings, struct error *error)
{
    rlim_t bytes = (rlim_t)settings->memory_max * 1024 * 1024;
    if (!raise_files()) {
        return error_set(error, ERROR_FATAL, "descriptors: %s", strerrordesc_np(errno));
    }
    /* a core would hold in the clear what is sealed elsewhere, and fill the disk */
    return (lower(RLIMIT_CORE, 0) && (SHADOWED || lower(RLIMIT_DATA, bytes))) ||
           error_set(error, ERROR_FATAL, "memory_max: %s", strerrordesc_np(errno));
}

/* What grows faster than this looks is the kernel's to stop.  Like that end, this one tidies
 * nothing up: libzmq would wait for the very peer that is the reason. */
void limits_second(const struct service *service)
{
    double bytes = resident_bytes();
    double most = (double)service->settings.memory_max * 1024 * 1024;
    if (bytes > most - most / 8) {
        log_error("giving up: too near to memory_max",
                  LOG_NUMBER("resident_mib", (int64_t)(bytes / 1024 / 1024)),
                  LOG_NUMBER("memory_max_mib", service->settings.memory_max));
        _exit(EXIT_FAILURE);
    }
}
