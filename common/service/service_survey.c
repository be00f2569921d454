/* The survey, once a second: who is there, which partitions should be whose, whom to listen to. */
#include "clock.h"
#include "log.h"
#include "service_private.h"

#include <sodium.h>

static uint64_t member_id(struct slice name)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    (void)crypto_generichash(hash, sizeof hash, name.bytes, name.size, NULL, 0);
    uint64_t id;
    memcpy(&id, hash, sizeof id);
    return id;
}

static void survey_row(struct service *service,
                       const PGresult *heads,
                       int row,
                       const char *desired,
                       const char *endpoint,
                       struct pg_array *wanted)
{
    uint32_t partition = (uint32_t)pg_int2(heads, row, 0);
    if (partition >= service->partitions) {
        return;
    }
    struct stream *stream = &service->streams[partition];
    (void)snprintf(stream->owner_endpoint, sizeof stream->owner_endpoint, "%s", endpoint);
    bool ours = strcmp(desired, service->settings.instance) == 0 && !service->stopping;
    if (ours && stream->phase == OWNER_NONE && pg_bool(heads, row, 2) && !service->taking) {
        owner_hear(service, partition, OWNER_TAKE);
        pg_array_int2(wanted, (int32_t)partition);
    } else if (!ours && stream->phase == OWNER_SERVING) {
        owner_hear(service, partition, OWNER_RELEASE);
    }
}

static void survey_members(struct service *service,
                           const PGresult *members,
                           const PGresult *heads,
                           struct pg_array *wanted)
{
    static struct member list[MEMBERS_MAX];
    int count = PQntuples(members) < MEMBERS_MAX ? PQntuples(members) : MEMBERS_MAX;
    for (int i = 0; i < count; i++) {
        list[i] = (struct member){member_id(pg_bytes(members, i, 0)), pg_bool(members, i, 2)};
    }
    for (int row = 0; row < PQntuples(heads); row++) {
        uint32_t partition = (uint32_t)pg_int2(heads, row, 0);
        int chosen = ownership_desired(service->spec->id, partition, list, (uint32_t)count);
        survey_row(service,
                   heads,
                   row,
                   chosen < 0 ? "" : PQgetvalue(members, chosen, 0),
                   PQgetvalue(heads, row, 3),
                   wanted);
    }
}

static void survey_answered(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    service->surveying = false;
    if (answer->status != PG_OK) {
        return;
    }
    time_heard(service, service->surveyed_us, pg_time(answer->results[4], 0, 0));
    const PGresult *publishers = answer->results[2];
    for (int i = 0; i < PQntuples(publishers); i++) {
        struct error error = {0};
        const char *endpoint = PQgetvalue(publishers, i, 0);
        const char *key = bus_endpoint_is_remote(endpoint) ? PQgetvalue(publishers, i, 1) : "";
        if (!bus_connect(service->bus, endpoint, key, &error)) {
            log_warn("publisher unreachable", LOG_ERROR_FIELDS(&error));
        }
    }
    const PGresult *gone = answer->results[3];
    for (int i = 0; i < PQntuples(gone); i++) {
        bus_disconnect(service->bus, PQgetvalue(gone, i, 0));
    }
    if (!service->registered || pg_current_state(service->writer) != PG_READY) {
        return;
    }
    static struct pg_array wanted;
    pg_array_begin(&wanted, PG_INT2);
    survey_members(service, answer->results[0], answer->results[1], &wanted);
    if (wanted.count > 0) {
        owner_take(service, &wanted);
    }
    owner_drained(service);
}

void survey_begin(struct service *service)
{
    struct pg *pg = service->reader;
    if (service->surveying || pg_current_state(pg) != PG_READY || service->partitions == 0) {
        return;
    }
    struct error error = {0};
    pg_begin(pg);
    pg_call(pg, "owner_members");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_call(pg, "owner_heads");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_int4(pg, pg_backend_pid(service->writer));
    pg_call(pg, "owner_publishers");
    pg_bind_int4(pg, (int32_t)service->spec->inputs);
    pg_call(pg, "owner_publishers_gone");
    pg_bind_int4(pg, (int32_t)service->spec->inputs);
    pg_call(pg, "time_read"); /* last: the nearer to the answer, the less it may be off */
    service->surveyed_us = clock_monotonic_us();
    service->surveying = pg_send(pg, survey_answered, service, &error);
}
