/* Rows of dispatch beside the model of lives. */
#include "oracle_life_private.h"

static unsigned people_in(uint32_t set)
{
    unsigned count = 0;
    for (; set != 0; set >>= 1) {
        count += set & 1U;
    }
    return count;
}

/* Which of a row's people are these?  They are kept as hashes: only their number, and in how many
 * two sets agree, can be told. */
static unsigned shared(const struct count *a, const struct count *b)
{
    unsigned count = 0;
    for (unsigned i = 0; i < a->people; i++) {
        count += life_named(b, a->who[i]);
    }
    return count;
}

static const char *
marks_differ(const struct policy *policy, const struct life *life, const struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        const struct count *mark = &life->marks[i];
        if (more->times[i] != mark->times || people_in(more->by[i]) != mark->people) {
            return policy->marks[i].id;
        }
        for (uint16_t j = 0; j < i; j++) {
            if (people_in(more->by[i] & more->by[j]) != shared(mark, &life->marks[j])) {
                return policy->marks[i].id;
            }
        }
        if (people_in(more->by[i] & more->concerned) != shared(mark, &life->concerned)) {
            return "people concerned";
        }
    }
    bool asks_handlers = policy->other_handlers;
    return people_in(more->concerned) != life->concerned.people                ? "people concerned"
           : asks_handlers && people_in(more->handled) != life->handled.people ? "earlier handlers"
                                                                               : NULL;
}

static const char *fields_differ(const struct policy *policy,
                                 const struct life *life,
                                 const struct dispatch_more *more)
{
    for (uint16_t i = 0; i < policy->field_count; i++) {
        const struct policy_field *field = &policy->fields[i];
        bool kept = field->kept && field->slot < POLICY_KEPT_MAX;
        bool told = kept && (more->told >> field->slot & 1U) != 0;
        if (kept &&
            (told != life->told[i] || (told && more->facts[field->slot] != life->values[i]))) {
            return field->id;
        }
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        for (int k = 0; k < POLICY_AT_ONCE_MAX; k++) {
            if ((more->open[i] >> k & 1U) != life->owed[i][k]) {
                return policy->tasks[i].id;
            }
        }
    }
    return NULL;
}

static enum dispatch_offer offer_of(const struct life *life)
{
    bool hidden = life->merged_into != 0 && life->stood.offered;
    return life->offered ? OFFER_OPEN : hidden ? OFFER_MERGED : OFFER_NONE;
}

const char *life_row_differs(const struct policy *policy,
                             const struct life *life,
                             const struct dispatch_case *state)
{
    const struct dispatch_more *more = &state->more;
    const char *queue = state->queue != POLICY_NONE ? policy->queues[state->queue].id : "";
    const char *role = state->agent_role != POLICY_NONE ? policy->roles[state->agent_role] : "";
    const char *what = NULL;
    if (state->version != life->version || state->step != life->step) {
        what = "step";
    } else if (strcmp(queue, life->queue) != 0 || strcmp(state->agent, life->agent) != 0) {
        what = "holder or queue";
    } else if (strcmp(role, life->agent_role) != 0) {
        what = "the holder's role";
    } else if (strcmp(state->last_actor, life->brought) != 0) {
        what = "who brought it here";
    } else if (state->closed_at_us != life->closed_at_us || more->outcome != life->outcome) {
        what = "how it ended";
    } else if (more->merged_into != life->merged_into) {
        what = "the merge";
    } else if (state->step_since_us != life->since_us) {
        what = "since when it is there";
    } else if (more->offered != offer_of(life) || more->hold != life->held_by_law) {
        what = "offer or hold";
    } else if (state->priority != life->priority) {
        what = "priority";
    } else if (more->erased_at_us != life->erased_at_us || state->customer != life->customer) {
        what = "whether it is erased, or its customer,";
    }
    what = what ? what : marks_differ(policy, life, more);
    return what ? what : fields_differ(policy, life, more);
}
