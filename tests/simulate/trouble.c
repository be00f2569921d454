#include "trouble.h"

#include "bus.h"
#include "instance.h"
#include "oracle_clocks.h"
#include "projecting.h"
#include "redis_world.h"

enum {
    STANDSTILL_MAX_US = 20 * SECOND, /* longer than a lease */
    BUS_FAULTS = 1 << FAULT_LOSE_MESSAGE | 1 << FAULT_DELAY_MESSAGE | 1 << FAULT_REPEAT_MESSAGE,
};

static struct instance *any_instance(void)
{
    return &instances[sim_random(INSTANCES)];
}

static void wake(void *self, void *thing)
{
    (void)thing;
    struct instance *instance = self;
    if (instance->actor.paused) {
        sim_note("%s goes on", instance_name(instance));
        actor_resume(&instance->actor);
    }
}

static void restart(void *self, void *thing)
{
    (void)thing;
    struct instance *instance = self;
    if (!instance->actor.alive) {
        instance_start(instance);
    }
}

static void pause_one(struct instance *instance, int64_t for_us)
{
    if (instance->actor.alive && !instance->actor.paused) {
        sim_note("%s stands still", instance_name(instance));
        actor_pause(&instance->actor);
        sim_later(NULL, for_us, wake, instance, NULL);
    }
}

static void pause_service(enum service_id service, int64_t for_us)
{
    sim_reach(SOMETIMES_SERVICE_AWAY);
    for (int i = 0; i < PER_SERVICE; i++) {
        pause_one(&instances[((int)service - 1) * PER_SERVICE + i], for_us);
    }
}

/* Nobody does its work meanwhile.  Openings are slow then, and where the watchdog was away a little
 * longer it may hear of them before it hears of the receipts. */
static void pause_services(void)
{
    enum service_id service = SERVICE_INTAKE + (enum service_id)sim_random(INSTANCES / PER_SERVICE);
    int64_t for_us = (int64_t)sim_random(STANDSTILL_MAX_US);
    pause_service(service, for_us);
    if (sim_per_mille(500)) {
        pause_service(SERVICE_WATCHDOG, for_us + (int64_t)sim_random(STANDSTILL_MAX_US / 4));
    }
}

static void trouble_clocks(struct instance *instance)
{
    if (sim_fault(FAULT_HOST_CLOCK, 60)) {
        instance->skew_us = (int64_t)sim_random(2 * SKEW_MAX_US) - SKEW_MAX_US;
        sim_note("the clock of %s is off by %lld ms",
                 instance_name(instance),
                 (long long)instance->skew_us / MILLI);
    }
    if (sim_fault(FAULT_ONE_WAY, 40)) {
        sim_note("nobody hears %s", instance_name(instance));
        instance->unheard_until_us = sim.now_us + (int64_t)sim_random(12 * SECOND);
    }
}

static void trouble_redis(struct instance *instance)
{
    if (sim_per_mille(50)) {
        redis_snapshot();
    }
    if (sim_fault(FAULT_REDIS_FLUSH, 40)) {
        redis_flush();
    } else if (sim_fault(FAULT_REDIS_RESTART, 30)) {
        redis_restart((int64_t)sim_random(8 * SECOND));
    } else if (sim_fault(FAULT_REDIS_CUT, 100) && instance->projecting) {
        projecting_cut(instance->projecting);
    }
}

/* Twice a second something may go wrong. */
static void trouble(void *self, void *thing)
{
    (void)self;
    (void)thing;
    struct instance *instance = any_instance();
    bool well = instance->actor.alive && !instance->actor.paused;
    if (sim_fault(FAULT_CRASH, 60) && instance->actor.alive) {
        instance_crash(instance);
    } else if (sim_fault(FAULT_PAUSE, 60)) {
        pause_one(instance, (int64_t)sim_random(STANDSTILL_MAX_US));
    } else if (sim_fault(FAULT_CUT_DATABASE, 60) && well) {
        instance_cut(instance, sim_per_mille(500) ? 0 : (int64_t)sim_random(15 * SECOND));
    } else if (sim_fault(FAULT_STOP_SERVICE, 60) && well) {
        instance_leave(instance);
    } else if (sim_fault(FAULT_RESTART_DATABASE, 20)) {
        pg_restart((int64_t)sim_random(5 * SECOND), false);
    } else if (sim_fault(FAULT_FAIL_OVER, 30)) {
        pg_restart((int64_t)sim_random(3 * SECOND), true);
    }
    if (sim_fault(FAULT_CLOCK_STEP, 60)) {
        pg_step_clock();
    }
    if (sim_fault(FAULT_SERVICE_AWAY, 60)) {
        pause_services();
    }
    trouble_clocks(any_instance());
    trouble_redis(any_instance());
    while (sim_fault(FAULT_DROP_LINK, 200)) {
        bus_break((int64_t)sim_random(6 * SECOND));
    }
    if (sim_per_mille(200)) {
        instance = any_instance();
        restart(instance, NULL);
    }
    if (sim.now_us < TROUBLE_HEAL_US) {
        sim_later(NULL, SECOND / 2, trouble, NULL, NULL);
    }
}

static void restart_dead(void *self, void *thing)
{
    for (int i = 0; i < INSTANCES; i++) {
        restart(&instances[i], NULL);
    }
    sim_later(NULL, SECOND, restart_dead, self, thing);
}

static void heal(void *self, void *thing)
{
    (void)self;
    (void)thing;
    sim_note("healed");
    /* A bus may be bad for ever: the journal has to be enough. */
    sim.faults &= sim.seed % 4 == 0 ? BUS_FAULTS : 0;
    for (int i = 0; i < INSTANCES; i++) {
        wake(&instances[i], NULL);
        instances[i].skew_us = 0;
        instances[i].unheard_until_us = 0;
    }
    restart_dead(NULL, NULL);
    clocks_healed();
}

void trouble_begin(void)
{
    sim_later(NULL, SECOND, trouble, NULL, NULL);
    sim_later(NULL, TROUBLE_HEAL_US, heal, NULL, NULL);
}
