/* How many cases each person holds: a guess in memory, decided by the archive's rows (law 6). */
#include "dispatch_shell.h"
#include "log.h"

static struct agent *agent_find(struct dispatch *dispatch, struct slice name)
{
    for (uint32_t i = 0; i < dispatch->agent_count; i++) {
        if (slice_equal(slice_text(dispatch->agents[i].name), name)) {
            return &dispatch->agents[i];
        }
    }
    return NULL;
}

struct agent *agent_of(struct dispatch *dispatch, struct slice name, int32_t capacity)
{
    struct agent *agent = agent_find(dispatch, name);
    if (agent || dispatch->agent_count == DISPATCH_AGENTS_MAX || name.size == 0 ||
        name.size >= DISPATCH_AGENT_MAX) {
        return agent;
    }
    agent = &dispatch->agents[dispatch->agent_count++];
    *agent = (struct agent){.capacity = capacity};
    memcpy(agent->name, name.bytes, name.size);
    return agent;
}

void agent_change(struct dispatch *dispatch, const char *name, int32_t delta, int32_t capacity)
{
    struct agent *agent = agent_of(dispatch, slice_text(name), capacity);
    if (!agent) {
        return;
    }
    agent->delta += delta;
    if (!agent->in_batch && dispatch->batch_agent_count < SERVICE_BATCH_MAX * 2) {
        agent->in_batch = true;
        dispatch->batch_agents[dispatch->batch_agent_count++] =
            (uint32_t)(agent - dispatch->agents);
    }
}

/* In the order of names: two instances must not lock rows crosswise. */
static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct dispatch_slot_change *)a)->agent,
                  ((const struct dispatch_slot_change *)b)->agent);
}

void agents_store(struct dispatch *dispatch, struct pg *pg)
{
    static struct dispatch_slot_change changes[SERVICE_BATCH_MAX * 2];
    uint32_t count = 0;
    for (uint32_t i = 0; i < dispatch->batch_agent_count; i++) {
        const struct agent *agent = &dispatch->agents[dispatch->batch_agents[i]];
        if (agent->delta != 0) {
            struct dispatch_slot_change *change = &changes[count++];
            memcpy(change->agent, agent->name, sizeof change->agent);
            change->delta = agent->delta;
            change->capacity = agent->capacity;
        }
    }
    if (count > 0) {
        qsort(changes, count, sizeof *changes, by_name);
        dispatch_slots_bind(pg, changes, count);
    }
}

static void batch_end(struct dispatch *dispatch, bool committed)
{
    for (uint32_t i = 0; i < dispatch->batch_agent_count; i++) {
        struct agent *agent = &dispatch->agents[dispatch->batch_agents[i]];
        if (committed) {
            agent->used += agent->delta;
            agent->full = agent->full && agent->delta >= 0;
        }
        agent->delta = 0;
        agent->in_batch = false;
    }
    dispatch->batch_agent_count = 0;
}

void agents_forget(struct dispatch *dispatch)
{
    batch_end(dispatch, false);
}

void agents_committed(struct dispatch *dispatch)
{
    batch_end(dispatch, true);
}

/* RD002 names who was full, one a line: our memory was behind another instance's commits. */
void agents_undo(struct dispatch *dispatch, const struct pg_answer *why)
{
    batch_end(dispatch, false);
    if (strcmp(why->sqlstate, "RD002") != 0) {
        return;
    }
    const char *line = why->detail;
    while (*line) {
        size_t size = strcspn(line, "\n");
        struct agent *agent = agent_find(dispatch, slice_of(line, size));
        if (agent) {
            agent->full = true;
        }
        line += size + (line[size] == '\n');
    }
}

static void loaded(void *context, const struct pg_answer *answer)
{
    struct dispatch *dispatch = context;
    if (answer->status != PG_OK) {
        return;
    }
    const PGresult *rows = answer->results[0];
    for (int row = 0; row < PQntuples(rows); row++) {
        struct agent *agent = agent_of(dispatch, pg_bytes(rows, row, 0), pg_int4(rows, row, 2));
        if (agent && !agent->in_batch) {
            agent->used = pg_int4(rows, row, 1);
            agent->capacity = pg_int4(rows, row, 2);
            agent->full = false;
        }
    }
    dispatch->agents_loaded = true;
}

void agents_load(struct dispatch *dispatch)
{
    struct error error = {0};
    struct pg *reader = service_reader(dispatch->service);
    if (pg_current_state(reader) != PG_READY) {
        return;
    }
    pg_begin(reader);
    pg_call(reader, "dispatch_agents");
    if (!pg_send(reader, loaded, dispatch, &error)) {
        log_debug("agents unread", LOG_ERROR_FIELDS(&error));
    }
}
