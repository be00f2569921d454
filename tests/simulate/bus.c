#include "bus.h"

struct message {
    struct instance *to;
    struct fact fact;
};

enum { REMEMBERED = 4 };

static struct link {
    int64_t last_us; /* arrival of the last message: later ones do not overtake it */
    int64_t down_until_us;
    int64_t live_us[SERVICES_END][PARTITIONS]; /* when the filter has reached the publisher */
    struct fact recent[REMEMBERED];            /* what may be sent again */
    unsigned sent;
} links[INSTANCES][INSTANCES]; /* from, to */

void bus_begin(void)
{
    memset(links, 0, sizeof links);
}

static void arrive(void *self, void *thing)
{
    const struct message *message = thing;
    if (!message->fact.event) {
        input_heartbeat(self, &message->fact);
    } else {
        input_event(self, &message->fact);
    }
}

static void transmit(struct link *link,
                     const struct instance *from,
                     struct instance *to,
                     const struct fact *fact)
{
    int64_t delay_us = 200 + (int64_t)sim_random(2 * MILLI);
    if (sim_fault(FAULT_LOSE_MESSAGE, 100)) {
        return;
    }
    if (sim.now_us < from->unheard_until_us) {
        sim_reach(SOMETIMES_ONE_WAY);
        return;
    }
    if (sim_fault(FAULT_DELAY_MESSAGE, 50)) {
        delay_us += (int64_t)sim_random(sim_per_mille(100) ? 8 * SECOND : 300 * MILLI);
    }
    int64_t at_us = sim.now_us + delay_us;
    link->last_us = at_us > link->last_us ? at_us : link->last_us + 1;
    struct message *message = sim_new(sizeof *message);
    *message = (struct message){to, *fact};
    sim_later(&to->actor, link->last_us - sim.now_us, arrive, to, message);
}

void bus_publish(struct instance *from, const struct fact *fact)
{
    for (int i = 0; i < INSTANCES; i++) {
        struct instance *to = &instances[i];
        struct link *link = &links[from->index][i];
        bool follows = (service_inputs(to->service) >> fact->service & 1U) != 0;
        int64_t live_us = link->live_us[fact->service][fact->partition];
        if (!follows || !to->actor.alive || live_us == 0 || sim.now_us < live_us ||
            sim.now_us < link->down_until_us) {
            continue;
        }
        if (sim_fault(FAULT_REPEAT_MESSAGE, 40) && link->sent > 0) {
            transmit(link, from, to, &link->recent[sim_random(0) % link->sent % REMEMBERED]);
        }
        transmit(link, from, to, fact);
        link->recent[link->sent++ % REMEMBERED] = *fact;
    }
}

static int64_t filter_arrives_us(int64_t within_us)
{
    int64_t delay_us = 1 + (int64_t)sim_random((uint64_t)within_us);
    if (sim_fault(FAULT_DROP_LINK, 200)) {
        delay_us += (int64_t)sim_random(4 * SECOND);
    }
    return sim.now_us + delay_us;
}

void bus_subscribe(struct instance *to, enum service_id service, uint32_t partition)
{
    for (int i = 0; i < PER_SERVICE; i++) {
        int from = ((int)service - 1) * PER_SERVICE + i;
        links[from][to->index].live_us[service][partition] = filter_arrives_us(3 * MILLI);
    }
}

/* No machine is told that a connection is back, as no daemon is: what was missed shows in the next
 * event or heartbeat, and silence is read through. */
static void is_back(void *self, void *thing)
{
    const struct instance *to = self;
    const struct instance *from = thing;
    struct link *link = &links[from->index][to->index];
    for (uint32_t i = 0; i < PARTITIONS; i++) { /* filters travel again */
        int64_t *live_us = &link->live_us[from->service][i];
        if (*live_us != 0) {
            *live_us = filter_arrives_us(500 * MILLI);
        }
    }
}

void bus_break(int64_t away_us)
{
    struct instance *from = &instances[sim_random(INSTANCES)];
    struct instance *to = &instances[sim_random(INSTANCES)];
    if ((service_inputs(to->service) >> from->service & 1U) == 0) {
        return;
    }
    sim_note("connection from %s breaks", instance_name(from));
    links[from->index][to->index].down_until_us = sim.now_us + away_us;
    sim_later(&to->actor, away_us, is_back, to, from);
}
