/* How many cases each person holds: a guess in memory, decided by the archive's rows (law 6). */
#include "dispatch_shell.h"
#include "log.h"

/* The chain a name is in (FNV-1a). */
static uint32_t *chain_of(struct dispatch *dispatch, struct slice name)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ name.bytes[i]) * 16777619U;
    }
    return &dispatch->agent_chains[(hash ^ hash >> 16) % DISPATCH_AGENT_CHAINS];
}

struct agent *agent_find(struct dispatch *dispatch, struct slice name)
{
    uint32_t place = *chain_of(dispatch, name);
    while (place != 0 && !slice_equal(slice_text(dispatch->agents[place - 1].name), name)) {
        place = dispatch->agents[place - 1].next;
    }
    return place != 0 ? &dispatch->agents[place - 1] : NULL;
}

static void chain_leave(struct dispatch *dispatch, const struct agent *agent)
{
    uint32_t *at = chain_of(dispatch, slice_text(agent->name));
    while (&dispatch->agents[*at - 1] != agent) {
        at = &dispatch->agents[*at - 1].next;
    }
    *at = agent->next;
}

static bool is_idle(const struct agent *agent)
{
    return agent->used == 0 && agent->delta == 0 && !agent->in_batch && !agent->full;
}

/* A place for one more: a fresh one, or that of somebody who holds nothing.  NULL: none. */
static struct agent *place_take(struct dispatch *dispatch)
{
    if (dispatch->agent_count < DISPATCH_AGENTS_MAX) {
        return &dispatch->agents[dispatch->agent_count++];
    }
    for (uint32_t i = 0; i < dispatch->agent_count; i++) {
        struct agent *agent = &dispatch->agents[i];
        if (is_idle(agent)) {
            chain_leave(dispatch, agent);
            return agent;
        }
    }
    return NULL;
}

bool agents_are_full(const struct dispatch *dispatch)
{
    if (dispatch->agent_count < DISPATCH_AGENTS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < dispatch->agent_count; i++) {
        if (is_idle(&dispatch->agents[i])) {
            return false;
        }
    }
    return true;
}

struct agent *agent_of(struct dispatch *dispatch, struct slice name, int32_t capacity)
{
    struct agent *agent = agent_find(dispatch, name);
    if (agent || name.size == 0 || name.size >= DISPATCH_AGENT_MAX) {
        return agent;
    }
    agent = place_take(dispatch);
    if (!agent) {
        return NULL;
    }
    uint32_t *chain = chain_of(dispatch, name);
    *agent = (struct agent){.capacity = capacity, .next = *chain};
    *chain = (uint32_t)(agent - dispatch->agents) + 1;
    memcpy(agent->name, name.bytes, name.size);
    return agent;
}

void agent_change(struct dispatch *dispatch, const char *name, int32_t delta, int32_t capacity)
{
    struct agent *agent = agent_of(dispatch, slice_text(name), capacity);
    if (!agent) { /* never silently: the slots would drift from the cases */
        service_fail(dispatch->service, "more agents hold cases than there is room for");
        return;
    }
    agent->delta += delta;
    agent->capacity = delta > 0 ? capacity : agent->capacity;
    if (!agent->in_batch) {
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
    static struct dispatch_slot_change changes[DISPATCH_AGENTS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < dispatch->batch_agent_count; i++) {
        const struct agent *agent = &dispatch->agents[dispatch->batch_agents[i]];
        if (agent->delta != 0) {
            struct dispatch_slot_change *change = &changes[count++];
            memcpy(change->agent, agent->name, sizeof change->agent);
            change->delta = agent->delta;
            change->capacity = agent->capacity;
            change->may_be_new = !agent->has_row;
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
            agent->has_row = agent->has_row || agent->delta != 0;
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
    if (!why || strcmp(why->sqlstate, "RD002") != 0) {
        return;
    }
    const char *line = why->detail;
    while (*line) {
        size_t size = strcspn(line, "\n");
        struct agent *agent = agent_find(dispatch, slice_of(line, size));
        if (agent) {
            agent->full = true;
            agent->has_row = false; /* no row is answered so, too */
            dispatch->ask_agents = true;
        }
        line += size + (line[size] == '\n');
    }
}

static void rows_take(struct dispatch *dispatch, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        /* who never claimed here and holds nothing needs no place */
        struct slice name = pg_bytes(rows, row, 0);
        struct agent *agent = pg_int4(rows, row, 1) == 0
                                  ? agent_find(dispatch, name)
                                  : agent_of(dispatch, name, pg_int4(rows, row, 2));
        if (people_slot_is_stale(dispatch, name, pg_int4(rows, row, 2))) {
            dispatch->slots_stale = true;
        }
        if (agent && !agent->in_batch) {
            agent->used = pg_int4(rows, row, 1);
            agent->capacity = pg_int4(rows, row, 2);
            agent->full = false;
            agent->has_row = true;
        }
    }
}

/* Before the refused batch is decided again: what those rows really say, so that it is refused once
 * and not for a while. */
bool agents_lookup(struct dispatch *dispatch, struct pg *pg)
{
    static struct pg_array names;
    if (!dispatch->ask_agents) {
        return false;
    }
    dispatch->ask_agents = false;
    pg_array_begin(&names, PG_TEXT);
    for (uint32_t i = 0; i < dispatch->agent_count; i++) {
        struct agent *agent = &dispatch->agents[i];
        if (agent->full) {
            pg_array_bytes(&names, slice_text(agent->name));
            agent->full = false; /* the answer says what he holds; without a row it is nothing */
        }
    }
    pg_call(pg, "dispatch_agents_named");
    pg_bind_array(pg, &names);
    return true;
}

void agents_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    rows_take(dispatch, rows);
}

static void loaded(void *context, const struct pg_answer *answer)
{
    struct dispatch *dispatch = context;
    if (answer->status == PG_OK) {
        people_looked_up(dispatch, answer->results[1]);
        rows_take(dispatch, answer->results[0]);
    }
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
    people_bind(dispatch, reader);
    if (dispatch->slots_stale && service_serves(dispatch->service, 0)) { /* one does it for all */
        pg_call(reader, "dispatch_slots_follow");
    }
    dispatch->slots_stale = false;
    if (!pg_send(reader, loaded, dispatch, &error)) {
        log_debug("agents unread", LOG_ERROR_FIELDS(&error));
    }
}
