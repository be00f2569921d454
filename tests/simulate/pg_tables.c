#include "pg_tables.h"

#include "instance.h"

#include <assert.h>

struct stream {
    struct head head;
    uint32_t count;
    struct fact facts[STREAM_MAX];
    uint32_t wal_index[STREAM_MAX];
    struct row rows[CASES_MAX];
};

static struct {
    struct stream streams[SERVICES_END][PARTITIONS];
    uint64_t granted[REFERENCES_MAX]; /* unique keys of submissions and commands: the case */
    uint64_t granted_epoch[REFERENCES_MAX];
    struct key_row keys[PARTITIONS][CASES_MAX]; /* submission */
    int32_t used[AGENTS_MAX + 1];               /* agent_slot */
    int64_t member_until_us[INSTANCES];
    uint64_t member_session[INSTANCES];
} tables;

static bool served[SESSIONS_MAX]; /* as the server sees it */

static struct stream *stream_of(enum service_id service, uint32_t partition)
{
    return &tables.streams[service][partition];
}

void tables_clear(void)
{
    memset(&tables, 0, sizeof tables);
    for (unsigned service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            tables.streams[service][partition].head.owner = -1;
        }
    }
}

void tables_serve(uint64_t session, bool is)
{
    served[session] = is;
}

bool tables_serves(uint64_t session)
{
    return served[session];
}

/* By this session: its own it may take again, its process' older ones' not before they are gone. */
static bool may_be_taken(const struct head *head, uint64_t session)
{
    bool passed = head->lease_until_us <= sim.now_us;
    return head->session == session ||
           ownership_free(head->owner >= 0, passed, tables_serves(head->session));
}

static bool part_is_ours(const struct call *call, const struct part *part)
{
    const struct head *head = &stream_of(call->from->service, part->partition)->head;
    if (sim.mutant == MUTANT_NO_COMPARE_AND_SET) {
        return true;
    }
    bool epoch = head->epoch == part->epoch || sim.mutant == MUTANT_NO_EPOCH_CHECK;
    return epoch && (call->kind == CALL_RENEW || head->place.seq == part->before.seq);
}

/* Granted before, or twice by this. */
static bool any_known(const struct call *call)
{
    for (uint32_t i = 0; i < call->fact_count && sim.mutant != MUTANT_NO_UNIQUE_KEY; i++) {
        uint64_t reference = call->facts[i].reference;
        bool known = reference != 0 && tables.granted[reference] != 0;
        for (uint32_t k = 0; k < i && reference != 0; k++) {
            known = known || call->facts[k].reference == reference;
        }
        if (known) {
            return true;
        }
    }
    return false;
}

/* The conditions of agent_slot: nobody holds less than nothing; nobody gets more than his capacity
 * by a commit that gives him more. */
static bool agents_refuse(struct call *call)
{
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        if (call->slots[i] < 0 && tables.used[i] + call->slots[i] < 0) {
            return true;
        }
    }
    for (uint32_t i = 1; i <= AGENTS_MAX && sim.mutant != MUTANT_CAPACITY_BELIEVED; i++) {
        call->full =
            call->full || (call->slots[i] > 0 && tables.used[i] + call->slots[i] > AGENT_CAPACITY);
    }
    if (call->full) {
        sim_reach(SOMETIMES_AGENT_FULL);
        memcpy(call->slots, tables.used, sizeof call->slots);
    }
    return call->full;
}

enum call_answer tables_judge(struct call *call)
{
    enum call_answer answer = ANSWER_DONE;
    for (uint32_t i = 0; i < call->part_count; i++) {
        call->fenced[i] = !part_is_ours(call, &call->parts[i]);
        if (call->fenced[i]) {
            answer = ANSWER_FENCED;
        }
    }
    if (answer == ANSWER_DONE && call->kind == CALL_COMMIT &&
        (agents_refuse(call) || any_known(call))) {
        answer = ANSWER_REFUSED;
    }
    if (call->kind == CALL_TAKE) {
        const struct head *head = &stream_of(call->from->service, call->partition)->head;
        return may_be_taken(head, call->session) ? ANSWER_DONE : ANSWER_REFUSED;
    }
    if (call->kind == CALL_GIVE_BACK) {
        return stream_of(call->from->service, call->partition)->head.epoch == call->seq
                   ? ANSWER_DONE
                   : ANSWER_FENCED;
    }
    return answer;
}

static struct key_row *key_of(uint64_t case_id)
{
    return &tables.keys[case_partition(case_id)][case_id_serial(case_id)];
}

static void apply_keys(const struct call *call)
{
    for (uint32_t i = 0; i < call->fact_count; i++) {
        const struct event *event = call->facts[i].event;
        if (event->kind == EVENT_RECEIVED) {
            *key_of(event->case_id) = (struct key_row){true, event->received.customer};
        }
    }
    for (uint32_t i = 0; i < call->erased_count; i++) {
        *key_of(call->erased[i]) = (struct key_row){0};
    }
}

static void apply_commit(const struct call *call)
{
    enum service_id service = call->from->service;
    for (uint32_t i = 0; i < call->fact_count; i++) {
        const struct fact *fact = &call->facts[i];
        struct stream *stream = stream_of(service, fact->partition);
        assert(stream->count < STREAM_MAX);
        stream->wal_index[stream->count] = call->wal_index;
        stream->facts[stream->count++] = *fact;
        if (fact->reference != 0) {
            tables.granted[fact->reference] = fact->event->case_id;
            tables.granted_epoch[fact->reference] = fact->epoch;
        }
    }
    for (uint32_t i = 0; i < call->row_count; i++) {
        uint64_t case_id = call->row_cases[i];
        stream_of(service, case_partition(case_id))->rows[case_id_serial(case_id)] = call->rows[i];
    }
    apply_keys(call);
    for (uint32_t i = 1; i <= AGENTS_MAX; i++) {
        tables.used[i] += call->slots[i];
    }
    for (uint32_t i = 0; i < call->part_count; i++) {
        const struct part *part = &call->parts[i];
        struct head *head = &stream_of(service, part->partition)->head;
        head->place = part->after;
        head->lease_until_us = call->executed_us + LEASE_US;
        if (sim.mutant != MUTANT_CHECKPOINT_OUTSIDE) {
            memcpy(head->checkpoints, part->checkpoints, sizeof head->checkpoints);
        }
    }
}

void tables_apply(const struct call *call)
{
    struct head *head = &stream_of(call->from->service, call->partition)->head;
    switch (call->kind) {
    case CALL_TAKE:
        head->epoch++;
        head->owner = call->from->index;
        head->session = call->session;
        head->lease_until_us = call->executed_us + LEASE_US;
        break;
    case CALL_COMMIT:
        apply_commit(call);
        break;
    case CALL_RENEW:
        for (uint32_t i = 0; i < call->part_count; i++) {
            if (!call->fenced[i]) {
                stream_of(call->from->service, call->parts[i].partition)->head.lease_until_us =
                    call->executed_us + LEASE_US;
            }
        }
        break;
    case CALL_GIVE_BACK:
        head->owner = -1;
        head->lease_until_us = 0;
        break;
    case CALL_CHECKPOINT:
        for (uint32_t i = 0; i < call->part_count; i++) {
            struct head *other = &stream_of(call->from->service, call->parts[i].partition)->head;
            memcpy(other->checkpoints, call->parts[i].checkpoints, sizeof other->checkpoints);
        }
        break;
    case CALL_SURVEY:
        tables.member_until_us[call->from->index] =
            call->from->leaving ? 0 : call->executed_us + LEASE_US;
        tables.member_session[call->from->index] = call->session;
        break;
    case CALL_LOAD:
    case CALL_READ:
    case CALL_FETCH:
    case CALL_LOOK_UP:
        break;
    }
}

static void answer_survey(struct call *call)
{
    call->survey = sim_new(sizeof *call->survey);
    for (int i = 0; i < PER_SERVICE; i++) {
        int index = ((int)call->from->service - 1) * PER_SERVICE + i;
        call->survey->members[i] = (struct member){
            .id = (uint64_t)index * 77 + 5,
            .live = tables.member_until_us[index] > sim.now_us &&
                    tables_serves(tables.member_session[index]),
        };
    }
    memcpy(call->survey->used, tables.used, sizeof tables.used);
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct head *head = &stream_of(call->from->service, i)->head;
        call->survey->free[i] = may_be_taken(head, call->session);
    }
}

static void answer_read(struct call *call)
{
    const struct stream *stream = stream_of(call->service, call->partition);
    call->facts = sim_new(READ_FACTS * sizeof *call->facts);
    for (uint64_t seq = call->seq; seq < stream->count && call->fact_count < READ_FACTS; seq++) {
        call->facts[call->fact_count++] = stream->facts[seq];
    }
    call->full = call->fact_count == READ_FACTS;
}

void tables_answer(struct call *call)
{
    const struct stream *stream = stream_of(call->from->service, call->partition);
    switch (call->kind) {
    case CALL_SURVEY:
        answer_survey(call);
        break;
    case CALL_TAKE:
        call->head = stream->head;
        break;
    case CALL_LOAD:
        call->rows = sim_new(sizeof stream->rows);
        memcpy(call->rows, stream->rows, sizeof stream->rows);
        break;
    case CALL_READ:
        answer_read(call);
        break;
    case CALL_FETCH:
        for (uint32_t i = 0; i < call->row_count; i++) {
            uint64_t case_id = call->row_cases[i];
            call->rows[i] =
                *pg_row(call->from->service, case_partition(case_id), case_id_serial(case_id));
        }
        break;
    case CALL_LOOK_UP:
        for (uint32_t i = 0; i < call->request_count; i++) {
            call->requests[i].found_case_id = tables.granted[request_reference(&call->requests[i])];
            call->requests[i].has_key = key_of(call->requests[i].case_id)->lives;
        }
        break;
    case CALL_COMMIT:
    case CALL_RENEW:
    case CALL_GIVE_BACK:
    case CALL_CHECKPOINT:
        break;
    }
}

void tables_leases_end(void)
{
    memset(tables.member_until_us, 0, sizeof tables.member_until_us);
    for (unsigned service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            tables.streams[service][partition].head.lease_until_us = 0;
        }
    }
}

uint32_t tables_wal_index(enum service_id service, uint32_t partition, uint64_t seq)
{
    return stream_of(service, partition)->wal_index[seq - 1];
}

int32_t tables_used(uint32_t agent)
{
    return tables.used[agent];
}

const struct head *pg_head(enum service_id service, uint32_t partition)
{
    return &stream_of(service, partition)->head;
}

uint32_t pg_fact_count(enum service_id service, uint32_t partition)
{
    return stream_of(service, partition)->count;
}

const struct fact *pg_fact(enum service_id service, uint32_t partition, uint64_t seq)
{
    const struct stream *stream = stream_of(service, partition);
    return seq >= 1 && seq <= stream->count ? &stream->facts[seq - 1] : NULL;
}

const struct key_row *pg_key(uint64_t case_id)
{
    return key_of(case_id);
}

const struct row *pg_row(enum service_id service, uint32_t partition, uint64_t serial)
{
    return &stream_of(service, partition)->rows[serial];
}

uint64_t pg_granted(uint64_t reference)
{
    return tables.granted[reference];
}

bool pg_granted_before(enum service_id service, uint64_t reference)
{
    uint32_t partition = case_partition(tables.granted[reference]);
    return tables.granted_epoch[reference] < stream_of(service, partition)->head.epoch;
}
