/* To whom a waiting case is offered by itself; see dispatch_core_push.h. */
#include "dispatch_core_push.h"

#include "dispatch_core_rules.h"

static const struct dispatch_load *load_of(const struct dispatch_input *input, uint16_t agent)
{
    return &input->loads[agent];
}

/* Could claim it now, has room, and has not been asked in vain. */
static bool may_take(const struct policy *policy,
                     const struct dispatch_case *state,
                     const struct dispatch_input *input,
                     uint16_t index)
{
    const struct dispatch_load *load = load_of(input, index);
    struct slice name = slice_text(input->org->agents[index].name);
    struct slice role = slice_text(policy->roles[policy->steps[state->step].owner_role]);
    struct slice stands_for;
    int64_t until_s;
    if (load->held < 0 || load->held >= load->capacity ||
        (state->more.passed & rules_person(&state->more, name)) != 0) {
        return false;
    }
    enum org_verdict verdict =
        org_admits(input->org, policy, name, role, input->now_us / 1000000, &stands_for, &until_s);
    if (verdict != ORG_ADMITS ||
        stands_for.size > 0) { /* a deputy may claim it, and is not asked */
        return false;
    }
    struct dispatch_input claim = *input;
    claim.actor = name;
    claim.role = role;
    return rules_claim(policy, state, &claim).answer == DISPATCH_APPEND;
}

const struct org_agent *push_choose(const struct policy *policy,
                                    const struct dispatch_case *state,
                                    const struct dispatch_input *input)
{
    const struct org *org = input->org;
    bool waits = state->version > 0 && state->queue < policy->queue_count &&
                 policy->queues[state->queue].push == PUSH_LEAST_LOAD;
    uint16_t best = ORG_NONE;
    if (!waits || !org || state->more.passed == UINT16_MAX) {
        return NULL;
    }
    for (uint16_t i = 0; i < org->agent_count; i++) {
        /* of those who are alike another one begins with each case */
        uint16_t index = (uint16_t)((state->case_id + i) % org->agent_count);
        const struct dispatch_load *load = load_of(input, index);
        const struct dispatch_load *least = best != ORG_NONE ? load_of(input, best) : NULL;
        bool less =
            !least || (int64_t)load->held * least->capacity < (int64_t)least->held * load->capacity;
        if (less && may_take(policy, state, input, index)) {
            best = index;
        }
    }
    return best != ORG_NONE ? &org->agents[best] : NULL;
}

static size_t digits(uint32_t value, char *text)
{
    size_t size = 1;
    for (uint32_t rest = value; rest >= 10; rest /= 10) {
        size++;
    }
    for (size_t i = size; i-- > 0; value /= 10) {
        text[i] = (char)('0' + value % 10);
    }
    return size;
}

struct slice push_load_text(const struct dispatch_input *input, const struct org_agent *agent)
{
    const struct dispatch_load *load = load_of(input, (uint16_t)(agent - input->org->agents));
    size_t size = digits((uint32_t)load->held, input->load_text);
    input->load_text[size++] = '/';
    size += digits((uint32_t)load->capacity, input->load_text + size);
    return slice_of(input->load_text, size);
}

void push_fold(const struct policy *policy,
               const struct dispatch_case *state,
               const struct event *event,
               uint16_t to_step,
               struct dispatch_more *more)
{
    if (to_step != state->step) {
        bool of_merge = event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED;
        more->passed = of_merge ? more->passed : 0;
    } else if (event->kind == EVENT_RELEASED && state->more.offered != OFFER_NONE &&
               policy_pushes(policy)) {
        bool merged = state->more.offered == OFFER_MERGED;
        struct slice asked = slice_text(merged ? state->more.back_agent : state->agent);
        uint16_t bit = rules_person_take(more, asked);
        /* beyond those a case keeps apart nobody is asked any more: it waits for who claims it */
        more->passed = bit != 0 ? more->passed | bit : UINT16_MAX;
    }
}
