#include "bus.h"
#include "instance.h"

static struct consumer_link link_of(const struct fact *fact)
{
    return (struct consumer_link){fact->epoch, fact->seq, fact->prev, fact->hash};
}

static bool follows(const struct instance *instance, enum service_id service)
{
    return (service_inputs(instance->service) >> service & 1U) != 0;
}

void input_begin(struct instance *instance, uint32_t partition)
{
    struct holding *holding = &instance->holdings[partition];
    for (enum service_id service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        if (follows(instance, service)) {
            const struct place *from = &holding->checkpoints[service];
            consumer_init(&holding->consumers[service], from->seq, from->hash, sim.now_us);
            bus_subscribe(instance, service, partition);
        }
    }
    input_tick(instance);
}

void input_forget(struct instance *instance, uint32_t partition)
{
    uint32_t kept = 0;
    if (sim.mutant == MUTANT_INPUTS_OF_AN_OLD_LIFE) {
        return;
    }
    for (uint32_t i = 0; i < instance->incoming_count; i++) {
        if (instance->incoming[i].fact.partition != partition) {
            instance->incoming[kept++] = instance->incoming[i];
        }
    }
    instance->incoming_count = kept;
}

static void take(struct instance *instance, const struct fact *fact, enum consumer_verdict verdict)
{
    if (verdict == CONSUMER_DIVERGED) {
        sim_fail("laws 3, 5: %s finds that %s diverges", instance_name(instance), fact_text(fact));
    } else if (verdict == CONSUMER_TAKE) {
        struct input *input = &instance->incoming[instance->incoming_count++];
        *input = (struct input){*fact, instance->holdings[fact->partition].life};
    }
}

/* NULL when the stream is not followed here or there is no room: then it is as if it never came. */
static struct consumer *consumer_of(struct instance *instance, const struct fact *fact)
{
    struct holding *holding = &instance->holdings[fact->partition];
    bool room = instance->incoming_count < INCOMING_MAX;
    bool here = holding->phase == OWNER_SERVING && follows(instance, fact->service);
    return here && room ? &holding->consumers[fact->service] : NULL;
}

static void read_answered(struct instance *instance, struct call *call)
{
    struct holding *holding = &instance->holdings[call->partition];
    if (holding->life != call->life) {
        sim_reach(SOMETIMES_OLD_ANSWER_DROPPED);
        return;
    }
    if (holding->phase != OWNER_SERVING) {
        return;
    }
    struct consumer *consumer = &holding->consumers[call->service];
    uint64_t gaps = consumer->gaps;
    uint64_t seq = consumer->seq;
    for (uint32_t i = 0; i < call->fact_count; i++) {
        struct consumer_link link = link_of(&call->facts[i]);
        if (!consumer_of(instance, &call->facts[i])) {
            call->fact_count = i; /* no room: the rest is read again */
            call->full = true;
            break;
        }
        take(instance, &call->facts[i], consumer_journal_event(consumer, &link, sim.now_us));
    }
    if (gaps > 0 && consumer->seq > seq) {
        sim_reach(SOMETIMES_GAP_REPAIRED);
    }
    consumer_read_done(consumer, call->fact_count, call->full, sim.now_us);
    input_tick(instance);
    cycle_run(instance);
}

static void read_start(struct instance *instance, enum service_id service, uint32_t partition)
{
    struct holding *holding = &instance->holdings[partition];
    consumer_read_started(&holding->consumers[service]);
    struct call *call = instance_call(instance, CALL_READ, read_answered);
    call->on_reader = true;
    call->partition = partition;
    call->life = holding->life;
    call->service = service;
    call->seq = holding->consumers[service].seq;
    pg_call(call);
}

void input_tick(struct instance *instance)
{
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        struct holding *holding = &instance->holdings[i];
        uint64_t first =
            sim_random(SERVICES_END - SERVICE_INTAKE); /* none is sure to be read first */
        for (uint64_t k = 0; k < SERVICES_END - SERVICE_INTAKE; k++) {
            enum service_id service =
                SERVICE_INTAKE + (enum service_id)((first + k) % (SERVICES_END - SERVICE_INTAKE));
            if (holding->phase != OWNER_SERVING || !follows(instance, service)) {
                continue;
            }
            struct consumer *consumer = &holding->consumers[service];
            if (consumer_deadline_us(consumer) <= sim.now_us) {
                consumer_tick(consumer, sim.now_us);
                if (consumer->phase == CONSUMER_SUBSCRIBED && consumer->wants_read) {
                    sim_reach(SOMETIMES_SILENCE_READ);
                }
            }
            bool never = sim.mutant == MUTANT_NO_CATCH_UP && consumer->seq > 0;
            if (consumer->wants_read && instance->connected && !never) {
                read_start(instance, service, i);
            }
        }
    }
}

void input_event(struct instance *instance, const struct fact *fact)
{
    struct consumer *consumer = consumer_of(instance, fact);
    if (!consumer) {
        return;
    }
    struct consumer_link link = link_of(fact);
    uint64_t repeats = consumer->repeats;
    if (sim.mutant == MUTANT_GAPS_IGNORED && fact->seq > consumer->seq + 1) {
        consumer->seq = fact->seq - 1;
        memcpy(consumer->hash, fact->prev, HASH_SIZE);
    }
    take(instance, fact, consumer_bus_event(consumer, &link, sim.now_us));
    if (consumer->repeats > repeats) {
        sim_reach(SOMETIMES_BUS_REPEAT);
    }
    input_tick(instance);
    cycle_run(instance);
}

void input_heartbeat(struct instance *instance, const struct fact *beat)
{
    struct consumer *consumer = consumer_of(instance, beat);
    if (consumer) {
        struct consumer_link link = link_of(beat);
        take(instance, beat, consumer_heartbeat(consumer, &link, sim.now_us));
        if (consumer->wants_read) {
            input_tick(instance);
        }
    }
}
