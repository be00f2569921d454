/*
 * Dispatch, the shell: the life of a case.  Events of triage and watchdog and the commands of
 * people come in; every change is one event of the core, one row of complaint, and after the commit
 * one place in a work queue.
 *
 * The cases at work are in memory, the others are read when a batch needs them.  A batch changes
 * them as it decides, keeping each as it was; when the archive refuses the batch they are put back.
 */
#include "dispatch_shell.h"
#include "log.h"

static bool dispatch_open(struct service *service, void **self, struct error *error)
{
    struct dispatch *dispatch = calloc(1, sizeof *dispatch);
    if (!dispatch) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    *self = dispatch;
    dispatch->service = service;
    dispatch->changed = calloc(DISPATCH_CHANGED_MAX, sizeof *dispatch->changed);
    dispatch->agents = calloc(DISPATCH_AGENTS_MAX, sizeof *dispatch->agents);
    if (!dispatch->changed || !dispatch->agents || !cases_open(dispatch) || !claim_open(dispatch) ||
        !push_open(dispatch) || !reading_open(dispatch)) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    dispatch->ring = seal_ring_open(service_settings(service)->key_file, false, error);
    if (dispatch->ring) {
        dispatch->projector = places_open(dispatch, error);
    }
    return dispatch->projector != NULL;
}

/* What Redis has handed over for a claim is given back: until its lease ended nobody else would be
 * offered it. */
static bool dispatch_may_end(const void *self)
{
    const struct dispatch *dispatch = self;
    return dispatch->asked_redis == 0;
}

static void dispatch_close(void *self)
{
    struct dispatch *dispatch = self;
    dispatch->closing = true; /* claims under way are answered by the end of the connection */
    projector_free(&dispatch->projector);
    cases_close(dispatch);
    claim_close(dispatch);
    push_close(dispatch);
    reading_close(dispatch);
    people_close(dispatch);
    seal_ring_free(&dispatch->ring);
    free(dispatch->changed);
    free(dispatch->agents);
    free(dispatch);
}

const struct policy *dispatch_policy(struct dispatch *dispatch, uint32_t id)
{
    const struct policy_object *object = service_policy(dispatch->service, id);
    return object ? &object->policy : NULL;
}

static void dispatch_serving(void *self, uint32_t partition)
{
    people_serving(self, partition);
}

static void dispatch_forget(void *self, uint32_t partition)
{
    struct dispatch *dispatch = self;
    projector_disown(dispatch->projector, partition);
    case_cache_forget(dispatch->cases, partition);
}

/* Keeps the case as it was, to be put back; once a batch. */
static bool
change_begin(struct dispatch *dispatch, struct held_case *held, uint64_t case_id, bool is_new)
{
    if (held->saved_in == dispatch->cycle) {
        return true;
    }
    if (dispatch->changed_count == DISPATCH_CHANGED_MAX) {
        return false;
    }
    held->saved_in = dispatch->cycle;
    struct changed_case *changed = &dispatch->changed[dispatch->changed_count++];
    *changed = (struct changed_case){held->state, is_new};
    changed->before.case_id = case_id; /* a new case does not know it yet */
    return true;
}

/* Who holds the case, before and after: the agents' slots follow. */
static void slots_follow(struct dispatch *dispatch,
                         const struct policy *policy,
                         const char *before,
                         const char *after)
{
    if (strcmp(before, after) == 0) {
        return;
    }
    if (before[0] != '\0') {
        agent_change(dispatch, before, -1, people_capacity(dispatch, policy, slice_text(before)));
    }
    if (after[0] != '\0') {
        agent_change(dispatch, after, 1, people_capacity(dispatch, policy, slice_text(after)));
    }
}

bool dispatch_apply(struct dispatch *dispatch,
                    struct cycle *cycle,
                    const struct policy *policy,
                    uint64_t case_id,
                    struct event *out)
{
    struct error error = {0};
    struct held_case *held = dispatch_find(dispatch, case_id);
    bool is_new = !held;
    if (is_new) {
        held = case_cache_insert(dispatch->cases, case_id, NULL);
        if (held) {
            *held = (struct held_case){.state = {.due_us = INT64_MAX}};
        }
    }
    if (!held || !change_begin(dispatch, held, case_id, is_new) ||
        !cycle_append(cycle, out, &error)) {
        service_fail(dispatch->service, error.text[0] ? error.text : "a batch beyond its bounds");
        return false;
    }
    char before[DISPATCH_AGENT_MAX];
    memcpy(before, held->state.agent, sizeof before);
    dispatch_evolve(policy, &held->state, out);
    slots_follow(dispatch, policy, before, held->state.agent);
    return true;
}

static void batch_begin(struct dispatch *dispatch)
{
    dispatch->cycle++;
    dispatch->changed_count = 0;
    dispatch->clocked_count = 0;
    dispatch->command_count = 0;
    dispatch->erased_count = 0;
    dispatch->wanted_count = 0;
    dispatch->late_count = 0;
    dispatch->related_count = 0;
    agents_forget(dispatch);
}

static bool dispatch_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    struct dispatch *dispatch = self;
    batch_begin(dispatch);
    for (uint32_t i = 0; i < cycle_input_count(cycle); i++) {
        if (cycle_input(cycle, i, &dispatch->out)) {
            cases_want_for(dispatch, &dispatch->out);
            early_note(dispatch, &dispatch->out);
            related_want(dispatch, &dispatch->out);
        }
    }
    push_want_cases(dispatch);
    bool asked = desk_lookup(dispatch, cycle, pg);
    dispatch->asked_early = early_lookup(dispatch, pg);
    dispatch->asked_agents = agents_lookup(dispatch, pg);
    dispatch->asked_org = people_lookup(dispatch, pg);
    dispatch->asked_related = related_lookup(dispatch, pg);
    bool counts = counts_lookup(dispatch, cycle, pg);
    return cases_lookup(dispatch, pg) || asked || counts || dispatch->asked_early ||
           dispatch->asked_agents || dispatch->asked_org || dispatch->asked_related;
}

static void dispatch_looked_up(void *self, struct cycle *cycle, const struct pg_answer *answer)
{
    struct dispatch *dispatch = self;
    desk_looked_up(dispatch, answer);
    unsigned last = cases_looked_up(dispatch, cycle, answer);
    if (dispatch->count_count > 0) {
        counts_looked_up(dispatch, answer->results[--last]);
    }
    if (dispatch->asked_related) {
        related_looked_up(dispatch, answer->results[--last]);
    }
    if (dispatch->asked_org) {
        people_looked_up(dispatch, answer->results[--last]);
    }
    if (dispatch->asked_agents) {
        agents_looked_up(dispatch, answer->results[--last]);
    }
    if (dispatch->asked_early) {
        early_looked_up(dispatch, answer->results[--last]);
    }
}

static void dispatch_input(void *self, struct cycle *cycle, const struct event *event)
{
    struct dispatch *dispatch = self;
    bool triaged = event->service == SERVICE_TRIAGE;
    static const struct dispatch_case nothing = {.due_us = INT64_MAX};
    struct held_case *held = dispatch_find(dispatch, event->case_id);
    if (!held && !triaged) {
        return;
    }
    uint32_t policy_id = held ? held->state.policy_id : event->triaged.policy_id;
    const struct policy *policy = dispatch_policy(dispatch, policy_id);
    if (!policy) {
        return;
    }
    if (held && !triaged) {
        if (held->dues_in != dispatch->cycle) { /* what was read is newer */
            dispatch_evolve(policy, &held->state, event);
        }
        place_heard(dispatch, held);
    }
    const struct dispatch_input input = {
        .kind = triaged ? DISPATCH_TRIAGED : DISPATCH_CLOCK,
        .now_us = cycle_now_us(cycle),
        .event = event,
        .earlier_handler = held ? slice_of(NULL, 0) : related_handler(dispatch, event)};
    struct slice field;
    struct event *out = &dispatch->out;
    if (dispatch_decide(policy, held ? &held->state : &nothing, &input, out, &field) ==
        DISPATCH_APPEND) {
        (void)dispatch_apply(dispatch, cycle, policy, event->case_id, out);
        if (!held) {
            early_apply(dispatch, cycle, policy, event);
        }
    }
}

static void dispatch_request(void *self, struct cycle *cycle, const struct request *request)
{
    desk_request(self, cycle, request);
}

static void dispatch_store(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    struct dispatch *dispatch = self;
    dispatch_cases_begin();
    for (uint32_t i = 0; i < dispatch->changed_count; i++) {
        uint64_t case_id = dispatch->changed[i].before.case_id;
        const struct held_case *held = dispatch_find(dispatch, case_id);
        if (held) {
            dispatch_case_add(dispatch_policy(dispatch, held->state.policy_id),
                              &held->state,
                              dispatch->changed[i].is_new);
        }
    }
    agents_store(dispatch, pg);
    if (dispatch->command_count > 0) {
        dispatch_commands_bind(pg, dispatch->commands, dispatch->command_count);
    }
    dispatch->to_change = dispatch_cases_bind(pg);
    if (dispatch->erased_count > 0) {
        dispatch_erase_bind(pg, dispatch->erased, dispatch->erased_count);
    }
}

/* A case without a row is recorded as erased, and nothing under its number opens what is sealed;
 * but nobody may take a row away, and its key may be where nobody looks for it. */
static void erased_look(struct dispatch *dispatch, const PGresult *rows)
{
    for (uint32_t i = 0; i < dispatch->erased_count; i++) {
        if (!dispatch_erase_found(rows, dispatch->erased[i])) {
            service_rows_missed(dispatch->service, 1);
            log_error("erased a case that has no row in submission: no key was there to destroy",
                      LOG_NUMBER("case", dispatch->erased[i]),
                      LOG_TEXT("do", "redress verify; erase it again when the row is back"));
        }
    }
}

/* Nobody may take a row of complaint away either; the journal has what it said. */
static void changes_look(struct dispatch *dispatch, const struct pg_answer *answer, unsigned end)
{
    uint32_t missed = pg_rows_missed(answer, end, dispatch->to_change);
    if (missed > 0) {
        service_rows_missed(dispatch->service, missed);
        log_error(
            "cases that have no row in complaint went on: their state is in the journal alone",
            LOG_NUMBER("cases", missed),
            LOG_TEXT("do", "redress verify tells which"));
    }
}

static void dispatch_stored(void *self, const struct pg_answer *answer)
{
    struct dispatch *dispatch = self;
    unsigned end = answer->count; /* what store binds last */
    if (dispatch->erased_count > 0) {
        erased_look(dispatch, answer->results[--end]);
    }
    changes_look(dispatch, answer, end);
}

static void dispatch_committed(void *self, struct cycle *cycle)
{
    struct dispatch *dispatch = self;
    dispatch->doubts -= dispatch->doubts > 0;
    push_settled(dispatch, true);
    claims_committed(dispatch);
    places_committed(dispatch, cycle);
    agents_committed(dispatch);
    case_cache_trim(dispatch->cases);
}

static enum undo_verdict dispatch_undo(void *self, struct cycle *cycle, const struct pg_answer *why)
{
    (void)cycle;
    struct dispatch *dispatch = self;
    for (uint32_t i = dispatch->changed_count; i-- > 0;) {
        const struct changed_case *changed = &dispatch->changed[i];
        struct held_case *held = dispatch_find(dispatch, changed->before.case_id);
        if (held && changed->is_new) {
            case_cache_remove(dispatch->cases, changed->before.case_id);
        } else if (held) {
            held->state = changed->before;
            held->saved_in = 0;
        }
    }
    dispatch->changed_count = 0;
    dispatch->command_count = 0;
    dispatch->erased_count = 0;
    agents_undo(dispatch, why);
    push_settled(dispatch, false);
    if (!why) {
        return UNDO_AGAIN;
    }
    dispatch->doubts = DISPATCH_DOUBTS; /* what was taken for new may not have been */
    bool known = strcmp(why->sqlstate, "23505") == 0;
    bool full = strcmp(why->sqlstate, "RD002") == 0;
    dispatch->ask_known = dispatch->ask_known || known;
    return known || full ? UNDO_AGAIN : UNDO_LATER;
}

static struct slice
dispatch_refuse(void *self, struct slice bytes, bool overloaded, struct arena *arena)
{
    struct error error = {0};
    const Redress__Command__V1__Command *command = dispatch_decode(bytes, arena, &error);
    if (command) {
        claim_refused(self, command);
    }
    const struct dispatch_reply reply = {
        .command_id = command && command->has_command_id
                          ? slice_of(command->command_id.data, command->command_id.len)
                          : slice_of(NULL, 0),
        .outcome = REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED,
        .code = overloaded ? "overloaded" : "not_ready",
        .text = "try again in a moment"};
    return dispatch_reply_pack(&reply, arena);
}

static void commands_forgotten(void *context, const struct pg_answer *answer)
{
    struct dispatch *dispatch = context;
    bool more = answer->status == PG_OK &&
                strtol(PQcmdTuples(answer->results[0]), NULL, 10) == DISPATCH_FORGET_MAX;
    dispatch->forget_after_s = more ? 0 : DISPATCH_FORGET_EVERY_S;
}

/* Once a minute, and each second while there is more: commands so old that nobody repeats them.
 * One instance does it, whoever serves the first partition. */
static void commands_forget(struct dispatch *dispatch)
{
    struct error error = {0};
    struct pg *reader = service_reader(dispatch->service);
    if (dispatch->forget_after_s > 0) {
        dispatch->forget_after_s--;
        return;
    }
    if (!service_serves(dispatch->service, 0) || pg_current_state(reader) != PG_READY) {
        return;
    }
    dispatch->forget_after_s = DISPATCH_FORGET_EVERY_S;
    pg_begin(reader);
    pg_call(reader, "dispatch_commands_forget");
    pg_bind_int4(reader, DISPATCH_FORGET_MAX);
    if (!pg_send(reader, commands_forgotten, dispatch, &error)) {
        log_debug("old commands stay", LOG_ERROR_FIELDS(&error));
    }
}

static void dispatch_second(void *self, int64_t now_us)
{
    (void)now_us;
    agents_load(self);
    push_search(self);
    commands_forget(self);
}

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .id = SERVICE_DISPATCH,
        .inputs = 1U << SERVICE_TRIAGE | 1U << SERVICE_WATCHDOG,
        .linger_us = DISPATCH_LINGER_US,
        .company = SERVICE_BATCH_MAX,
        .hurried = 1U << SERVICE_TRIAGE,
        .takes_requests = true,
        .keys = SERVICE_KEY_SEAL,
        .statements = dispatch_statements,
        .statement_count = dispatch_statement_count,
        .open = dispatch_open,
        .close = dispatch_close,
        .serving = dispatch_serving,
        .forget = dispatch_forget,
        .lookup = dispatch_lookup,
        .looked_up = dispatch_looked_up,
        .input = dispatch_input,
        .request = dispatch_request,
        .tick = push_tick,
        .deadline_us = push_deadline_us,
        .store = dispatch_store,
        .stored = dispatch_stored,
        .committed = dispatch_committed,
        .undo = dispatch_undo,
        .refuse = dispatch_refuse,
        .second = dispatch_second,
        .may_end = dispatch_may_end,
    };
    return service_main(&spec, argc, argv);
}
