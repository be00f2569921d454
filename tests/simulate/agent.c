#include "agent.h"

#include "desk.h"
#include "instance.h"
#include "trouble.h"

static struct agent {
    uint32_t number;
    uint32_t commands;
    struct request last;
} agents[AGENTS_MAX];

static void request_arrives(void *self, void *thing)
{
    instance_request(self, thing);
}

static void send(const struct request *request, struct instance *to)
{
    if (!to->actor.alive || sim_fault(FAULT_LOSE_REPLY, 100)) {
        return;
    }
    struct request *copy = sim_new(sizeof *copy);
    *copy = *request;
    sim_later(&to->actor, 200 + (int64_t)sim_random(3 * MILLI), request_arrives, to, copy);
}

static struct instance *any_dispatch(void)
{
    return &instances[(SERVICE_DISPATCH - 1) * PER_SERVICE + sim_random(PER_SERVICE)];
}

/* Now and then somebody else: then it is not served there. */
static struct instance *owner_of(uint64_t case_id)
{
    const struct head *head = pg_head(SERVICE_DISPATCH, case_partition(case_id));
    return head->owner >= 0 && sim_per_mille(900) ? &instances[head->owner] : any_dispatch();
}

void agent_moves(const struct request *request)
{
    send(request, owner_of(request->case_id));
}

/* One of the cases that are his, or 0. */
static uint64_t one_of_his(const struct agent *agent)
{
    uint64_t found = 0;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < PARTITIONS * CASES_MAX; i++) {
        const struct row *row = pg_row(SERVICE_DISPATCH, i / CASES_MAX, i % CASES_MAX);
        if (agent_number(slice_text(row->dispatch.agent)) == agent->number &&
            sim_random(++seen) == 0) {
            found = row->dispatch.case_id;
        }
    }
    return found;
}

static void act(void *self, void *thing)
{
    struct agent *agent = self;
    bool calm = sim.now_us > TROUBLE_HEAL_US;
    uint64_t his = one_of_his(agent);
    sim_later(NULL, 300 * MILLI + (int64_t)sim_random(3 * SECOND), act, self, thing);
    if (!calm && agent->last.agent > 0 && sim_per_mille(250)) {
        send(&agent->last, agent->last.case_id ? owner_of(agent->last.case_id) : any_dispatch());
        return;
    }
    if (agent->commands + 1 >= COMMANDS_MAX || (calm && his == 0)) {
        return;
    }
    bool releases = his != 0 && (calm || sim_per_mille(400));
    agent->last = (struct request){.kind = releases ? REQUEST_RELEASE : REQUEST_CLAIM,
                                   .case_id = releases ? his : 0,
                                   .agent = agent->number,
                                   .command = agent->commands++};
    send(&agent->last, releases ? owner_of(his) : any_dispatch());
    while (!releases && sim_fault(FAULT_HASTY_CLIENT, 300)) {
        send(&agent->last, any_dispatch());
    }
}

/* The same people where the policies are others. */
static void act_at_desk(void *self, void *thing)
{
    struct agent *agent = self;
    sim_later(NULL, 200 * MILLI + (int64_t)sim_random(SECOND), act_at_desk, self, thing);
    bool again = sim.now_us < TROUBLE_HEAL_US && sim_per_mille(200);
    struct request request = agent->last;
    if (again ? agent->last.agent == 0
              : agent->commands + 1 >= COMMANDS_MAX || !sim_per_mille(700)) {
        return;
    }
    if (!again) {
        request = (struct request){.agent = agent->number, .command = agent->commands};
        if (!desk_order(agent->number, &request)) {
            return;
        }
        agent->commands++;
        agent->last = request;
    }
    send(&request, request.case_id ? owner_of(request.case_id) : any_dispatch());
    while (sim_fault(FAULT_HASTY_CLIENT, 300)) {
        send(&request, any_dispatch());
    }
}

void agents_begin(void)
{
    bool fixture = policies_kind() == POLICIES_FIXTURE;
    for (uint32_t i = 0; i < AGENTS_MAX; i++) {
        agents[i] = (struct agent){.number = i + 1};
        sim_later(
            NULL, (int64_t)sim_random(10 * SECOND), fixture ? act : act_at_desk, &agents[i], NULL);
    }
}
