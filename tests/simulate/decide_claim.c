/* Claims of a queue, as services/dispatch/dispatch_claim.c does them: Redis proposes a case, which
 * comes back as a request about that case and is decided like any other. */
#include "agent.h"
#include "instance.h"
#include "projecting.h"

enum { CLAIM_LEASE_MS = 5000 };

struct claim {
    struct instance *instance;
    struct request request;
};

static void released(void *self, bool was, const struct error *error)
{
    (void)self;
    (void)error;
    if (was) {
        sim_reach(SOMETIMES_CLAIM_UNDONE);
    }
}

void claim_undo(struct instance *instance, const struct request *request)
{
    struct error error = {0};
    if (request->token[0] && !projection_undo(projecting_projection(instance->projecting),
                                              request->case_id,
                                              request->token,
                                              released,
                                              NULL,
                                              &error)) {
        sim_note("%s cannot undo a claim: %s", instance_name(instance), error.text);
    }
}

/* The answer "moved": the agent goes on to the owner, with the token. */
void claim_elsewhere(const struct request *request)
{
    sim_reach(SOMETIMES_CLAIM_MOVED);
    agent_moves(request);
}

/* Redis is away: the best case of the queue among those at hand. */
static uint64_t search(const struct instance *instance, const struct policy *policy, uint16_t queue)
{
    uint64_t best = 0;
    double best_score = 0;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        for (uint64_t serial = 1; holding->phase == OWNER_SERVING && serial < CASES_MAX; serial++) {
            const struct dispatch_case *state = &holding->committed_rows[serial].dispatch;
            double score = dispatch_queue_score(state);
            bool of_it = state->version > 0 && state->policy_id == policy->id;
            if (of_it && state->queue == queue && (best == 0 || score < best_score)) {
                best = state->case_id;
                best_score = score;
            }
        }
    }
    if (best != 0) {
        sim_reach(SOMETIMES_CLAIM_WITHOUT_REDIS);
    }
    return best;
}

static uint64_t *place_of(struct instance *instance, uint64_t reference)
{
    for (uint32_t i = 0; i < CLAIMS_MAX; i++) {
        if (instance->claims[i] == reference) {
            return &instance->claims[i];
        }
    }
    return NULL;
}

static const struct policy *policy_of(const struct request *request)
{
    return request->order ? policies_by_id(request->order->policy_id) : policies_at(0);
}

/* Of those who claim in the fixture it is always the same. */
static uint16_t queue_of(const struct request *request)
{
    return request->order ? request->order->queue
                          : policy_queue_index(policy_of(request), slice_text("service"));
}

static void claimed(void *self,
                    const struct projection_claim *claims,
                    uint32_t count,
                    uint32_t passed,
                    const struct error *error)
{
    (void)passed;
    struct claim *claim = self;
    struct instance *instance = claim->instance;
    if (!instance->actor.alive) {
        return;
    }
    uint64_t *place = place_of(instance, request_reference(&claim->request));
    if (place) {
        *place = 0;
    }
    struct request request = claim->request;
    if (count > 0) {
        request.case_id = claims[0].case_id;
        memcpy(request.token, claims[0].token, sizeof request.token);
    } else if (error && !projecting_is_ready(instance->projecting)) {
        request.case_id = search(instance, policy_of(&request), queue_of(&request));
    }
    if (request.case_id != 0) {
        instance_request(instance, &request);
    }
}

void claim_queue(struct instance *instance, const struct request *request)
{
    uint32_t partition = case_partition(request->found_case_id);
    bool served = instance->holdings[partition].phase == OWNER_SERVING;
    if (request->found_case_id != 0 && !served) {
        return;
    }
    uint64_t *place = place_of(instance, 0);
    if (decide_repeated(instance, partition, request) || !place ||
        place_of(instance, request_reference(request))) {
        return;
    }
    *place = request_reference(request);
    struct claim *claim = sim_new(sizeof *claim);
    *claim = (struct claim){instance, *request};
    char name[PROJECTION_QUEUE_MAX];
    const struct policy *policy = policy_of(request);
    (void)snprintf(name, sizeof name, "%s/%s", policy->name, policy->queues[queue_of(request)].id);
    const char *const queues[] = {name};
    const struct projection_claim_order order = {
        .queues = queues, .queue_count = 1, .count = 1, .lease_ms = CLAIM_LEASE_MS};
    struct error error = {0};
    if (!projection_claim(
            projecting_projection(instance->projecting), &order, claimed, claim, &error)) {
        claimed(claim, NULL, 0, 0, &error);
    }
}
