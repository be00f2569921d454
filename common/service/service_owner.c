/* Our partitions: taking over, renewing, giving back (laws 2 and 4). */
#include "archive_form.h"
#include "clock.h"
#include "log.h"
#include "service_private.h"

/* NOLINTBEGIN(misc-no-recursion): the machine's own steps; who has won serves in the same one */
/* What a step asks for; taking and giving back are batched over partitions elsewhere. */
static void perform(struct service *service, uint32_t partition, unsigned effects)
{
    if ((effects & OWNER_DO_LOAD) != 0) {
        owner_hear(service, partition, OWNER_LOADED); /* the head row said all; see service_spec */
    }
    if ((effects & OWNER_DO_SERVE) != 0) {
        service->serving++;
        input_serve(service, partition);
        if (service->spec->serving) {
            service->spec->serving(service->self, partition);
        }
    }
    if ((effects & OWNER_DO_FORGET) != 0 && service->spec->forget) {
        service->spec->forget(service->self, partition);
    }
}

void owner_hear(struct service *service, uint32_t partition, enum owner_input input)
{
    struct stream *stream = &service->streams[partition];
    enum owner_phase before = stream->phase;
    unsigned effects = owner_step(&stream->phase, input);
    if (before == OWNER_SERVING && stream->phase != OWNER_SERVING) {
        service->serving--;
        input_forget(service, partition);
    }
    if (before != stream->phase && stream->phase == OWNER_SERVING) {
        stream->touched = false;
        stream->first_event = NOWHERE;
    }
    perform(service, partition, effects);
}

/* NOLINTEND(misc-no-recursion) */

/* The head rows we won: from here on their streams are ours, from exactly this seq and hash. */
static void take_row(struct service *service, const PGresult *rows, int row)
{
    uint32_t partition = (uint32_t)pg_int2(rows, row, 0);
    if (partition >= service->partitions || service->streams[partition].phase != OWNER_TAKING) {
        return;
    }
    struct stream *stream = &service->streams[partition];
    stream->epoch = (uint64_t)pg_int8(rows, row, 1);
    stream->seq = (uint64_t)pg_int8(rows, row, 2);
    memcpy(stream->hash, pg_bytes(rows, row, 3).bytes, HASH_SIZE);
    for (int from = 1; from <= INPUT_SERVICES; from++) {
        stream->checkpoints[from].seq = (uint64_t)pg_int8(rows, row, 2 + 2 * from);
        memcpy(stream->checkpoints[from].hash, pg_bytes(rows, row, 3 + 2 * from).bytes, HASH_SIZE);
    }
    service->counts.takeovers++;
    owner_hear(service, partition, OWNER_WON);
}

static void take_answered(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    service->taking = false;
    if (answer->status == PG_LOST) {
        return;
    }
    if (answer->status == PG_OK) {
        for (int row = 0; row < PQntuples(answer->results[0]); row++) {
            take_row(service, answer->results[0], row);
        }
        service->renewed_us = clock_monotonic_us();
    } else {
        log_warn("takeover refused", LOG_ERROR_FIELDS(&answer->error));
    }
    for (uint32_t p = 0; p < service->partitions; p++) {
        if (service->streams[p].phase == OWNER_TAKING) {
            owner_hear(service, p, OWNER_LOST);
        }
    }
    if (service->stopping) { /* it was told while this was under way */
        owner_stop(service);
    }
}

void owner_take(struct service *service, struct pg_array *wanted)
{
    struct error error = {0};
    pg_begin(service->writer);
    pg_call(service->writer, "owner_take");
    pg_bind_int2(service->writer, (int32_t)service->spec->id);
    pg_bind_array(service->writer, wanted);
    pg_bind_text(service->writer, service->settings.instance);
    service->taking = true;
    if (!pg_send(service->writer, take_answered, service, &error)) {
        pg_reset(service->writer, error.text);
    }
}

void service_fail_case(struct service *service, const struct error *error)
{
    log_error("a case cannot be had from the archive: leaving",
              LOG_ERROR_FIELDS(error),
              LOG_TEXT("do",
                       "redress verify names what was altered: put it back from a backup; redress "
                       "archive attach PERIOD brings back what left"));
    service->alive = false;
    service->exit_status = EXIT_CONFIGURATION;
}

/* Nothing of an archive in another form is read, nor written to. */
static bool form_is_ours(struct service *service, const PGresult *rows)
{
    int32_t form = pg_int4(rows, 0, 2);
    if (form != ARCHIVE_SCHEMA) {
        log_error("the archive is of another form: leaving",
                  LOG_NUMBER("form", form),
                  LOG_NUMBER("reads", ARCHIVE_SCHEMA),
                  LOG_TEXT("do", ARCHIVE_FORM_REMEDY));
        service->alive = false;
        service->exit_status = EXIT_CONFIGURATION;
    }
    return form == ARCHIVE_SCHEMA;
}

static void partitions_answered(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    if (answer->status == PG_FAILED ||
        (answer->status == PG_OK && PQntuples(answer->results[0]) != 1)) {
        log_error("no archive here",
                  LOG_TEXT("do", "create it: redress archive create"),
                  LOG_ERROR_FIELDS(&answer->error));
        return;
    }
    if (answer->status == PG_LOST || service->partitions != 0 || !service->alive) {
        return;
    }
    if (!form_is_ours(service, answer->results[0])) {
        return;
    }
    time_heard(service, service->surveyed_us, pg_time(answer->results[0], 0, 1));
    uint32_t partitions = (uint32_t)pg_int4(answer->results[0], 0, 0);
    service->streams = calloc(partitions, sizeof *service->streams);
    if (!service->streams) {
        service_fail(service, "out of memory");
        return;
    }
    for (uint32_t p = 0; p < partitions; p++) {
        service->streams[p].first_event = NOWHERE;
    }
    service->partitions = partitions;
    survey_begin(service);
}

void owner_reader_ready(struct service *service)
{
    struct error error = {0};
    service->surveying = false;
    policy_book_poll(service->policies, service->reader);
    if (service->partitions == 0) {
        pg_begin(service->reader);
        pg_call(service->reader, "owner_archive");
        service->surveyed_us = clock_monotonic_us();
        if (!pg_send(service->reader, partitions_answered, service, &error)) {
            log_warn("archive unread", LOG_ERROR_FIELDS(&error));
        }
    }
}

static void renew_answered(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    service->renewing = false;
    if (answer->status != PG_OK) {
        return;
    }
    service->renewed_us = clock_monotonic_us();
    const PGresult *lost = answer->results[0];
    for (int row = 0; row < PQntuples(lost); row++) {
        owner_fenced(service, (uint32_t)pg_int2(lost, row, 0));
    }
    if (PQntuples(answer->results[1]) == 0) {
        service->registered = false; /* our name is another's now, or its row is gone: join again */
    }
}

/* The epochs of all streams we hold, as two arrays. */
static void held(const struct service *service,
                 enum owner_phase phase,
                 struct pg_array *partitions,
                 struct pg_array *epochs)
{
    pg_array_begin(partitions, PG_INT2);
    pg_array_begin(epochs, PG_INT8);
    for (uint32_t p = 0; p < service->partitions; p++) {
        const struct stream *stream = &service->streams[p];
        if (stream->phase == phase || (phase == OWNER_SERVING && stream->phase == OWNER_LOADING)) {
            pg_array_int2(partitions, (int32_t)p);
            pg_array_int8(epochs, (int64_t)stream->epoch);
        }
    }
}

static void renew(struct service *service)
{
    static struct pg_array partitions;
    static struct pg_array epochs;
    held(service, OWNER_SERVING, &partitions, &epochs);
    struct error error = {0};
    struct pg *pg = service->writer;
    pg_begin(pg);
    pg_call(pg, "owner_renew");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_array(pg, &partitions);
    pg_bind_array(pg, &epochs);
    pg_call(pg, "owner_renew_member");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_text(pg, service->settings.instance);
    service->renewing = pg_send(pg, renew_answered, service, &error);
}

void owner_second(struct service *service)
{
    int64_t mono_us = clock_monotonic_us();
    if (pg_current_state(service->reader) == PG_READY && service->partitions == 0) {
        owner_reader_ready(service);
    }
    if (pg_current_state(service->writer) != PG_READY) {
        return;
    }
    /* a loop that was busy itself has not read the answers yet: it gets one more turn */
    bool late = mono_us - service->looked_us > (int64_t)2 * LEASE_RENEW_US;
    service->looked_us = mono_us;
    if (service->serving > 0 && !late && mono_us - service->renewed_us > LEASE_HANG_US) {
        pg_reset(service->writer, "no commit for half a lease");
        return;
    }
    if (!service->registered && !service->renewing && !service->stopping) {
        if (policy_book_ready(service->policies)) {
            member_join(service);
        } else {
            policy_book_poll(service->policies, service->reader);
        }
    } else if (service->registered && !service->renewing && service->renew_after_us <= mono_us) {
        service->renew_after_us = mono_us + LEASE_RENEW_US;
        renew(service);
    }
    survey_begin(service);
    input_read(service);
}

void owner_fenced(struct service *service, uint32_t partition)
{
    if (service->streams[partition].touched) {
        return; /* part of the batch under way: its commit will be refused, and come here again */
    }
    log_warn("fenced", LOG_NUMBER("partition", partition));
    owner_hear(service, partition, OWNER_FENCED);
}

void owner_cut(struct service *service, const char *why)
{
    if (service->serving > 0) {
        log_warn("forgetting everything", LOG_TEXT("reason", why));
    }
    service->registered = false;
    service->renewing = false;
    service->taking = false;
    cycle_cut(service);
    input_list_reset(&service->incoming);
    held_forget(service);
    for (uint32_t p = 0; p < service->partitions; p++) {
        owner_hear(service, p, OWNER_CUT);
    }
}

static void given_back(void *context, const struct pg_answer *answer)
{
    struct service *service = context;
    (void)answer; /* if it did not happen, the lease or the end of our session does it */
    if (service->stopping && service->serving == 0) {
        service->left = true;
    }
}

/* What is draining can be given back as soon as no commit of it is under way. */
void owner_drained(struct service *service)
{
    static struct pg_array partitions;
    static struct pg_array epochs;
    if (service->cycle.phase == APPENDER_COMMITTING) {
        return; /* its answer comes first */
    }
    bool draining = false;
    for (uint32_t p = 0; p < service->partitions && !draining; p++) {
        draining = service->streams[p].phase == OWNER_DRAINING;
    }
    if (!draining || pg_current_state(service->writer) != PG_READY) {
        return;
    }
    held(service, OWNER_DRAINING, &partitions, &epochs);
    for (uint32_t p = 0; p < service->partitions; p++) {
        if (service->streams[p].phase == OWNER_DRAINING) {
            owner_hear(service, p, OWNER_DRAINED);
        }
    }
    struct error error = {0};
    struct pg *pg = service->writer;
    pg_begin(pg);
    pg_call(pg, "owner_give_back");
    pg_bind_int2(pg, (int32_t)service->spec->id);
    pg_bind_array(pg, &partitions);
    pg_bind_array(pg, &epochs);
    if (!pg_send(pg, given_back, service, &error)) {
        log_warn("not given back", LOG_ERROR_FIELDS(&error));
    }
}

void owner_stop(struct service *service)
{
    struct pg *pg = service->writer;
    bool any = false;
    if (pg_current_state(pg) == PG_READY) {
        struct error error = {0};
        pg_begin(pg);
        pg_call(pg, "owner_leave");
        pg_bind_int2(pg, (int32_t)service->spec->id);
        pg_bind_text(pg, service->settings.instance);
        if (!pg_send(pg, NULL, NULL, &error)) {
            log_warn("not signed off", LOG_ERROR_FIELDS(&error));
        }
    }
    for (uint32_t p = 0; p < service->partitions; p++) {
        any = any || service->streams[p].phase != OWNER_NONE;
        owner_hear(service, p, OWNER_RELEASE);
    }
    if (!any) {
        service->left = true;
    } else {
        owner_drained(service);
    }
}

uint64_t service_stream_seq(const struct service *service, uint32_t partition)
{
    const struct stream *stream = &service->streams[partition];
    return stream->touched ? stream->next_seq : stream->seq;
}

uint64_t service_stream_epoch(const struct service *service, uint32_t partition)
{
    return service->streams[partition].epoch;
}

uint64_t
service_stream_heard(const struct service *service, uint32_t partition, enum service_id from)
{
    return service->streams[partition].checkpoints[from].seq;
}
