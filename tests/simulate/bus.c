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

void bus_subscribe(struct instance *to, enum service_id service, uint32_t partition)
{
    for (int i = 0; i < PER_SERVICE; i++) {
        int from = ((int)service - 1) * PER_SERVICE + i;
        int64_t delay_us = 1 + (int64_t)sim_random(3 * MILLI);
        if (sim_fault(FAULT_DROP_LINK, 200)) {
            delay_us += (int64_t)sim_random(4 * SECOND);
        }
        links[from][to->index].live_us[service][partition] = sim.now_us + delay_us;
    }
}

struct reunion {
    struct instance *from, *to;
};

static void is_back(void *self, void *thing)
{
    const struct reunion *reunion = thing;
    struct link *link = &links[reunion->from->index][reunion->to->index];
    input_reconnected(self, reunion->from->service);
    for (uint32_t i = 0; i < PARTITIONS; i++) { /* filters travel again */
        int64_t *live_us = &link->live_us[reunion->from->service][i];
        if (*live_us != 0) {
            *live_us = sim.now_us + 1 + (int64_t)sim_random(500 * MILLI);
        }
    }
}

void bus_break(int64_t away_us)
{
    struct reunion *reunion = sim_new(sizeof *reunion);
    reunion->from = &instances[sim_random(INSTANCES)];
    reunion->to = &instances[sim_random(INSTANCES)];
    if ((service_inputs(reunion->to->service) >> reunion->from->service & 1U) == 0) {
        return;
    }
    sim_note("connection from %s breaks", instance_name(reunion->from));
    struct link *link = &links[reunion->from->index][reunion->to->index];
    link->down_until_us = sim.now_us + away_us;
    sim_later(&reunion->to->actor, away_us, is_back, reunion->to, reunion);
}
