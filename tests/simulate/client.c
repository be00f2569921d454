#include "client.h"

#include "instance.h"
#include "oracle.h"

static struct client {
    uint64_t submission;
    uint64_t case_id; /* from the receipt */
    enum request_kind next;
    bool rejected; /* the short way to the end */
    bool leaves;   /* content with the receipt: the case stays open, or is the desks' */
    uint32_t policy_id;
    bool done;
    unsigned attempt; /* counts answers: a repeat timer of an earlier step does nothing */
} clients[CLIENTS_MAX];

enum { DESK_CLIENTS_MAX = 14 }; /* fewer, so that each case is worked on */

static uint32_t count;

static void request_arrives(void *self, void *thing)
{
    instance_request(self, thing);
}

static void send(struct client *client, const struct instance *known)
{
    enum service_id service = client->next == REQUEST_SUBMIT ? SERVICE_INTAKE : SERVICE_DISPATCH;
    uint64_t which = (service - 1) * PER_SERVICE + sim_random(PER_SERVICE);
    struct instance *to = known ? &instances[known->index] : &instances[which];
    if (!to->actor.alive || sim_fault(FAULT_LOSE_REPLY, 100)) {
        return;
    }
    struct request *request = sim_new(sizeof *request);
    *request = (struct request){.client = client,
                                .kind = client->next,
                                .submission = client->submission,
                                .case_id = client->case_id,
                                .policy_id = client->policy_id};
    sim_later(&to->actor, 200 + (int64_t)sim_random(3 * MILLI), request_arrives, to, request);
}

static void act(void *self, void *thing)
{
    struct client *client = self;
    if (client->done || client->attempt != (unsigned)(uintptr_t)thing) {
        return;
    }
    const struct instance *owner = NULL;
    if (client->next != REQUEST_SUBMIT) {
        const struct head *head = pg_head(SERVICE_DISPATCH, case_partition(client->case_id));
        owner = head->owner >= 0 && sim_per_mille(800) ? &instances[head->owner] : NULL;
    }
    send(client, owner);
    while (sim_fault(FAULT_HASTY_CLIENT, 300)) {
        send(client, NULL);
    }
    sim_later(NULL, 500 * MILLI + (int64_t)sim_random(3 * SECOND), act, client, thing);
}

static void answer_arrives(void *self, void *thing)
{
    struct client *client = self;
    const struct request *reply = thing;
    if (client->done || reply->kind != client->next) {
        return; /* a repeat */
    }
    client->case_id = reply->case_id;
    client->done = reply->kind == REQUEST_CLOSE || reply->kind == REQUEST_REJECT || client->leaves;
    client->next = reply->kind + 1;
    if (reply->kind == REQUEST_SUBMIT && client->rejected) {
        client->next = REQUEST_REJECT;
    }
    client->attempt++;
    sim_later(
        NULL, (int64_t)sim_random(20 * SECOND), act, client, (void *)(uintptr_t)client->attempt);
}

void client_answer(const struct request *reply)
{
    oracle_replied(reply);
    if (!reply->client) {
        return; /* an agent: he looks at his list */
    }
    if (sim_fault(FAULT_LOSE_REPLY, 200)) {
        return;
    }
    struct request *copy = sim_new(sizeof *copy);
    *copy = *reply;
    sim_later(NULL, 200 + (int64_t)sim_random(3 * MILLI), answer_arrives, reply->client, copy);
}

void clients_begin(void)
{
    bool fixture = policies_kind() == POLICIES_FIXTURE;
    memset(clients, 0, sizeof clients);
    count = fixture ? 8 + (uint32_t)sim_random(CLIENTS_MAX - 8)
                    : 4 + (uint32_t)sim_random(DESK_CLIENTS_MAX - 4);
    for (uint32_t i = 0; i < count; i++) {
        clients[i] =
            (struct client){.submission = i + 1,
                            .rejected = sim_per_mille(250),
                            .leaves = !fixture || sim_per_mille(250),
                            .policy_id = policies_at((uint32_t)sim_random(policies_count()))->id};
        sim_later(NULL, (int64_t)sim_random(30 * SECOND), act, &clients[i], NULL);
    }
}

uint32_t client_count(void)
{
    return count;
}

bool client_is_done(uint32_t client)
{
    return clients[client].done;
}

uint64_t client_case(uint32_t client)
{
    return clients[client].case_id;
}
