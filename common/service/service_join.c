/*
 * The name of an instance is its own (law 2): two processes under one name would take each other's
 * sockets and partitions in turn.
 *
 * On a host a lock on a file beside the sockets says so before anything is bound.  In the archive
 * it is the member row: a process whose session is gone or whose lease has passed may be replaced.
 * Until then the newcomer waits; once the other is seen to renew its lease it lives, and the
 * newcomer is refused for good.
 */
#include "clock.h"
#include "log.h"
#include "service_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOCK_WAIT_MS = 3000, /* for one that is about to end */
    LOCK_POLL_MS = 50,
};

static void lock_path(const struct service *service, char path[256])
{
    (void)snprintf(path,
                   256,
                   "%s/%s-%s.lock",
                   service->settings.run_dir,
                   service_name(service->spec->id),
                   service->settings.instance);
}

/* The one that ends removes the file: a lock on a file that has no name any more is none. */
static bool is_named(int fd, const char *path)
{
    struct stat open_file;
    struct stat named;
    return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* 1 locked, 0 another has it, -1 with errno. */
static int lock_try(struct service *service, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_named(fd, path)) {
        (void)(ftruncate(fd, 0) == 0 && dprintf(fd, "%d\n", (int)getpid()) > 0);
        service->lock_fd = fd;
        return 1;
    }
    (void)close(fd);
    return 0;
}

static long lock_holder(const char *path)
{
    long pid = 0;
    FILE *file = fopen(path, "re");
    if (file) {
        char line[32] = "";
        pid = fgets(line, sizeof line, file) ? strtol(line, NULL, 10) : 0;
        (void)fclose(file);
    }
    return pid;
}

bool instance_lock(struct service *service, struct error *error)
{
    char path[256];
    lock_path(service, path);
    for (int waited_ms = 0; waited_ms < LOCK_WAIT_MS; waited_ms += LOCK_POLL_MS) {
        int got = lock_try(service, path);
        if (got > 0) {
            return true;
        }
        if (got < 0) {
            return error_set(error, ERROR_FATAL, "%s: %s", path, strerrordesc_np(errno));
        }
        (void)nanosleep(&(struct timespec){0, LOCK_POLL_MS * 1000000L}, NULL);
    }
    return error_set(error,
                     ERROR_REJECT,
                     "instance \"%s\" runs on this host already, as process %ld; give this one "
                     "another name, or end that one",
                     service->settings.instance,
                     lock_holder(path));
}

void instance_unlock(struct service *service)
{
    if (service->lock_fd >= 0) {
        char path[256];
        lock_path(service, path);
        (void)unlink(path);
        (void)close(service->lock_fd);
        service->lock_fd = -1;
    }
}

/* A member has our name.  A lease that has moved since we last looked proves that it lives. */
static void namesake_seen(struct service *service, const PGresult *rows)
{
    if (PQntuples(rows) == 0) {
        return; /* gone in between: join again */
    }
    int64_t lease_us = pg_int8(rows, 0, 3);
    int64_t seen_us = service->namesake_lease_us;
    service->namesake_lease_us = lease_us;
    if (seen_us == 0) {
        log_warn("another process has this name: waiting whether it lives",
                 LOG_TEXT("instance", service->settings.instance),
                 LOG_TEXT("host", PQgetvalue(rows, 0, 0)),
                 LOG_NUMBER("process", pg_int4(rows, 0, 1)));
    } else if (lease_us > seen_us && !pg_bool(rows, 0, 2)) {
        log_error("another process has this name and lives: leaving",
                  LOG_TEXT("instance", service->settings.instance),
                  LOG_TEXT("host", PQgetvalue(rows, 0, 0)),
                  LOG_NUMBER("process", pg_int4(rows, 0, 1)),
                  LOG_TEXT("do", "give this one another name (instance), or end that one"));
        service->alive = false;
        service->exit_status = EXIT_CONFIGURATION;
    }
}

static void joined(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    service->renewing = false;
    if (answer->status != PG_OK) {
        if (answer->status == PG_FAILED) {
            log_error("cannot register", LOG_ERROR_FIELDS(&answer->error));
        }
        return;
    }
    if (PQntuples(answer->results[0]) == 0) {
        namesake_seen(service, answer->results[1]);
        return;
    }
    service->namesake_lease_us = 0;
    service->registered = true;
    service->renewed_us = clock_monotonic_us();
    survey_begin(service);
}

void member_join(struct service *service)
{
    struct pg *pg = service->writer;
    struct error error = {0};
    char host[65] = "";
    (void)gethostname(host, sizeof host - 1);
    pg_begin(pg);
    pg_call(pg, "owner_join");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_text(pg, service->settings.instance);
    pg_bind_text(pg, service->settings.publisher);
    pg_bind_text(pg, service->spec->takes_requests ? service->settings.requests : "");
    pg_bind_text(pg, service->guard ? bus_guard_public(service->guard) : "");
    pg_bind_text(pg, host);
    pg_bind_int4(pg, (int32_t)getpid());
    pg_bind_int8(pg, (int64_t)service->incarnation);
    pg_call(pg, "owner_namesake");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_text(pg, service->settings.instance);
    pg_call(pg, "owner_sweep");
    service->renewing = pg_send(pg, joined, service, &error);
}
