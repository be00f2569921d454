#include "instance.h"

#include "bus.h"
#include "oracle.h"

struct instance instances[INSTANCES];

enum { TICK_US = 200 * MILLI };

static void tick(void *self, void *thing);

int64_t instance_now_us(const struct instance *instance)
{
    return world_now_us() + instance->skew_us;
}

void instances_end(void)
{
    for (int i = 0; i < INSTANCES; i++) {
        instances[i].actor.alive = false;
        redis_side_end(&instances[i]);
        case_cache_free(&instances[i].cases);
    }
}

void instances_begin(void)
{
    memset(instances, 0, sizeof instances);
    for (int i = 0; i < INSTANCES; i++) {
        instances[i].service = (enum service_id)(SERVICE_INTAKE + i / PER_SERVICE);
        instances[i].index = i;
        instance_start(&instances[i]);
    }
}

const char *instance_name(const struct instance *instance)
{
    static char name[24];
    (void)snprintf(
        name, sizeof name, "%s-%d", service_name(instance->service), instance->index % PER_SERVICE);
    return name;
}

void instance_start(struct instance *instance)
{
    struct actor actor = instance->actor;
    enum service_id service = instance->service;
    int index = instance->index;
    int64_t skew_us = instance->skew_us;
    case_cache_free(&instance->cases);
    memset(instance, 0, sizeof *instance);
    instance->actor = (struct actor){.incarnation = actor.incarnation + 1, .alive = true};
    instance->service = service;
    instance->index = index;
    instance->skew_us = skew_us;
    redis_side_start(instance);
    sim_note("%s starts", instance_name(instance));
    sim_later(&instance->actor, (int64_t)sim_random(TICK_US), tick, instance, NULL);
}

void instance_crash(struct instance *instance)
{
    sim_note("%s dies", instance_name(instance));
    instance->actor.alive = false;
    instance->actor.paused = false;
    instance->actor.kept = NULL;
    redis_side_end(instance);
    if (instance->connected) {
        pg_disconnect(instance->session, (int64_t)sim_random(50 * MILLI));
    }
}

static void forget_connection(struct instance *instance)
{
    instance->connected = false;
    instance->session = 0;
    instance->renewing = false;
    instance->connect_at_us = sim.now_us + (int64_t)sim_random(SECOND);
    cycle_feed(instance, APPENDER_CUT);
}

void instance_cut(struct instance *instance, int64_t linger_us)
{
    if (instance->connected) {
        sim_note("%s loses the archive", instance_name(instance));
        pg_disconnect(instance->session, linger_us);
        forget_connection(instance);
    }
}

static void cut_is_seen(void *self, void *thing)
{
    struct instance *instance = self;
    if (instance->session == (uint64_t)(uintptr_t)thing) {
        instance_cut(instance, 0);
    }
}

void instances_cut(void)
{
    for (int i = 0; i < INSTANCES; i++) {
        if (instances[i].actor.alive && instances[i].connected) {
            sim_later(&instances[i].actor,
                      (int64_t)sim_random(20 * MILLI),
                      cut_is_seen,
                      &instances[i],
                      (void *)(uintptr_t)instances[i].session);
        }
    }
}

void instance_leave(struct instance *instance)
{
    sim_note("%s leaves", instance_name(instance));
    instance->leaving = true;
    instance->survey_at_us = 0;
    owner_feed_all(instance, OWNER_RELEASE);
}

struct call *instance_call(struct instance *instance,
                           enum call_kind kind,
                           void (*answered)(struct instance *, struct call *))
{
    struct call *call = sim_new(sizeof *call);
    call->kind = kind;
    call->from = instance;
    call->session = instance->session;
    call->answered = answered;
    return call;
}

void instance_request(struct instance *instance, const struct request *request)
{
    if (instance->waiting_count < WAITING_MAX && !instance->leaving) {
        instance->waiting[instance->waiting_count++] = *request;
        cycle_run(instance);
    }
}

static bool has_left(const struct instance *instance)
{
    bool left = instance->leaving;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        left = left && instance->holdings[i].phase == OWNER_NONE;
    }
    return left;
}

static void connect_try(struct instance *instance)
{
    if (instance->connected || sim.now_us < instance->connect_at_us) {
        return;
    }
    if (!pg_connect(&instance->session)) {
        instance->connect_at_us = sim.now_us + SECOND;
        return;
    }
    instance->connected = true;
    instance->renewed_us = sim.now_us;
    instance->survey_at_us = 0;
    cycle_feed(instance, APPENDER_CONNECTED);
}

static void heartbeats(struct instance *instance)
{
    if (sim.now_us < instance->beat_at_us) {
        return;
    }
    instance->beat_at_us = sim.now_us + SECOND;
    for (uint32_t i = 0; i < PARTITIONS; i++) {
        const struct holding *holding = &instance->holdings[i];
        if (holding->phase == OWNER_SERVING) {
            struct fact beat = {.service = instance->service,
                                .partition = i,
                                .epoch = holding->epoch,
                                .seq = holding->place.seq};
            memcpy(beat.hash, holding->place.hash, HASH_SIZE);
            oracle_heartbeat(&beat);
            bus_publish(instance, &beat);
        }
    }
}

static void tick(void *self, void *thing)
{
    (void)thing;
    struct instance *instance = self;
    if (has_left(instance)) {
        instance_crash(instance);
        return;
    }
    connect_try(instance);
    owner_tick(instance);
    input_tick(instance);
    heartbeats(instance);
    redis_side_tick(instance);
    if (instance->cycle == APPENDER_WAITING && sim.now_us >= instance->retry_at_us) {
        cycle_feed(instance, APPENDER_WAITED);
    }
    cycle_run(instance);
    if (sim.mutant != MUTANT_DRAINED_AFTER_BATCHES_ONLY) {
        owner_drain(instance);
    }
    sim_later(&instance->actor, TICK_US, tick, instance, NULL);
}
