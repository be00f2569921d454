/* What the commands of a batch ask of the archive before they are decided. */
#include "dispatch_shell.h"

/* Cases of which something is to be sealed or opened, and commands of this batch. */
struct wanted {
    uint64_t sealed[SERVICE_BATCH_MAX];
    uint32_t sealed_count;
    bool repeats; /* a repeated claim must not take a second case, and what a text promises is often
                     put off, which is no answer to what was done: ask before, not after */
};

/* A case that is named in the form, to be merged with. */
static void others_want(struct dispatch *dispatch, const Redress__Command__V1__Act *act)
{
    struct event_field fields[EVENT_FIELDS_MAX];
    uint32_t count = 0;
    uint64_t other =
        dispatch_fields_of(act, fields, &count) ? dispatch_other_case(fields, count) : 0;
    if (other != 0 && other != act->case_id) {
        cases_want(dispatch, other);
    }
}

/* Of a case that is not at hand nobody knows yet which of its fields are personal. */
static bool may_seal(struct dispatch *dispatch, const Redress__Command__V1__Act *act)
{
    const struct held_case *held = dispatch_find(dispatch, act->case_id);
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    return act->has_text || (act->has_note && act->note.len > 0) ||
           (act->n_fields > 0 && (!policy || policy->personal));
}

static void
want(struct dispatch *dispatch, struct wanted *wanted, const Redress__Command__V1__Command *command)
{
    bool reads = command->act && command->act->has_action &&
                 desk_kind_of(slice_of(command->act->action.data, command->act->action.len)) ==
                     DISPATCH_READ;
    wanted->repeats = wanted->repeats || command->claim || (command->act && command->act->has_text);
    if (command->act) {
        cases_want(dispatch, command->act->case_id);
        if (command->act->has_text) { /* which may promise something */
            cases_want_dues(dispatch, command->act->case_id);
        }
        others_want(dispatch, command->act);
        early_note_act(dispatch, command->act);
        if (reads) {
            reading_want(dispatch, command);
        }
    } else if (command->show) {
        cases_want(dispatch, command->show->case_id);
    }
    if (command->act && (reads || may_seal(dispatch, command->act))) {
        wanted->sealed[wanted->sealed_count++] = command->act->case_id;
    }
    if ((command->act || command->claim) && command->has_command_id &&
        command->command_id.len == 16) {
        memcpy(dispatch->asked_ids[dispatch->asked_count++], command->command_id.data, 16);
    }
}

/* Keys of cases of which something is sealed or opened, what is to be opened, and, after a
 * collision or before a refusal, which commands were done before. */
bool desk_lookup(struct dispatch *dispatch, struct cycle *cycle, struct pg *pg)
{
    static struct wanted wanted; /* too large for the stack */
    wanted.sealed_count = 0;
    wanted.repeats = false;
    dispatch->asked_count = 0;
    dispatch->known_count = 0;
    explicit_bzero(dispatch->keys, sizeof dispatch->keys[0] * dispatch->key_count);
    dispatch->key_count = 0;
    reading_begin(dispatch);
    for (uint32_t i = 0; i < cycle_request_count(cycle); i++) {
        struct error error = {0};
        const Redress__Command__V1__Command *command =
            dispatch_decode(cycle_request(cycle, i)->bytes, cycle_arena(cycle), &error);
        if (command) {
            want(dispatch, &wanted, command);
        }
    }
    dispatch->asked_keys = wanted.sealed_count > 0;
    dispatch->asked_known = (dispatch->ask_known || wanted.repeats) && dispatch->asked_count > 0;
    dispatch->ask_known = false;
    if (dispatch->asked_keys) {
        dispatch_keys_bind(pg, wanted.sealed, wanted.sealed_count);
    }
    if (dispatch->asked_known) {
        dispatch_known_bind(pg, (const uint8_t(*)[16])dispatch->asked_ids, dispatch->asked_count);
    }
    dispatch->asked_sealed = reading_lookup(dispatch, pg);
    return dispatch->asked_keys || dispatch->asked_known || dispatch->asked_sealed;
}

void desk_looked_up(struct dispatch *dispatch, const struct pg_answer *answered)
{
    unsigned next = 0;
    if (dispatch->asked_keys) {
        const PGresult *rows = answered->results[next++];
        for (int row = 0; row < PQntuples(rows) && dispatch->key_count < SERVICE_BATCH_MAX; row++) {
            struct case_key *key = &dispatch->keys[dispatch->key_count];
            struct slice wrapped = pg_bytes(rows, row, 1);
            if (wrapped.size == SEAL_WRAPPED_SIZE) {
                key->case_id = (uint64_t)pg_int8(rows, row, 0);
                memcpy(key->bytes, wrapped.bytes, SEAL_WRAPPED_SIZE);
                key->wrapped = slice_of(key->bytes, SEAL_WRAPPED_SIZE);
                dispatch->key_count++;
            }
        }
    }
    if (dispatch->asked_known) {
        const PGresult *rows = answered->results[next++];
        for (int row = 0; row < PQntuples(rows) && dispatch->known_count < SERVICE_BATCH_MAX;
             row++) {
            struct known_command *known = &dispatch->known[dispatch->known_count++];
            memcpy(known->id, pg_bytes(rows, row, 0).bytes, sizeof known->id);
            known->case_id = (uint64_t)pg_int8(rows, row, 1);
            known->seq = (uint64_t)pg_int8(rows, row, 2);
            known->mark = (uint64_t)pg_int8(rows, row, 3);
        }
    }
    if (dispatch->asked_sealed) {
        reading_looked_up(dispatch, answered->results[next]);
    }
}
