/*
 * Runs seeds.  simulate [--seeds N] [--first S] | --seed S [--trace] [--mutant NAME] | --mutants
 */
#include "bus.h"
#include "client.h"
#include "instance.h"
#include "oracle.h"
#include "oracle_clocks.h"

#include <inttypes.h>

enum {
    BUS_FAULTS = 1 << FAULT_LOSE_MESSAGE | 1 << FAULT_DELAY_MESSAGE | 1 << FAULT_REPEAT_MESSAGE,
    HEAL_US = 45 * SECOND,
    END_US = HEAL_US + 120 * SECOND,
    SEEDS = 300,        /* what ctest runs */
    MUTANT_SEEDS = 400, /* within which every mutant has to be caught */
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

static void pause_one(struct instance *instance)
{
    if (instance->actor.alive && !instance->actor.paused) {
        sim_note("%s stands still", instance_name(instance));
        actor_pause(&instance->actor);
        sim_later(NULL, (int64_t)sim_random(20 * SECOND), wake, instance, NULL);
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
        pause_one(instance);
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
    while (sim_fault(FAULT_DROP_LINK, 200)) {
        bus_break((int64_t)sim_random(6 * SECOND));
    }
    if (sim_per_mille(200)) {
        instance = any_instance();
        restart(instance, NULL);
    }
    if (sim.now_us < HEAL_US) {
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
    }
    restart_dead(NULL, NULL);
    clocks_healed();
}

static void run_once(uint64_t seed, enum mutant mutant, bool tracing)
{
    sim_begin(seed, mutant, tracing);
    for (enum fault fault = 0; tracing && fault < FAULT_COUNT; fault++) {
        if (sim.faults >> fault & 1U) {
            (void)printf("fault %s\n", fault_name(fault));
        }
    }
    world_begin();
    oracle_begin();
    pg_begin();
    bus_begin();
    instances_begin();
    clients_begin();
    sim_later(NULL, SECOND, trouble, NULL, NULL);
    sim_later(NULL, HEAL_US, heal, NULL, NULL);
    sim_run(END_US);
    if (!sim.failed) {
        oracle_end();
    }
    world_end();
    sim_end();
}

static bool run_seed(uint64_t seed, uint64_t *reached)
{
    run_once(seed, MUTANT_NONE, false);
    if (sim.failed) {
        (void)printf("seed %" PRIu64 ": %s\n  again with: simulate --seed %" PRIu64 " --trace\n",
                     seed,
                     sim.failure,
                     seed);
        return false;
    }
    uint64_t trace = sim.trace;
    *reached |= sim.reached;
    run_once(seed, MUTANT_NONE, false);
    if (sim.trace != trace) {
        (void)printf("seed %" PRIu64 ": two runs differ\n", seed);
        return false;
    }
    return true;
}

static int run_seeds(uint64_t first, uint64_t count)
{
    uint64_t reached = 0;
    bool sound = true;
    for (uint64_t seed = first; seed < first + count && sound; seed++) {
        sound = run_seed(seed, &reached);
    }
    for (unsigned i = 0; sound && i < SOMETIMES_COUNT; i++) {
        if (!(reached >> i & 1U)) {
            (void)printf("never reached: %s\n", sometimes_name((enum sometimes)i));
            sound = false;
        }
    }
    if (sound) {
        (void)printf("%" PRIu64 " seeds, each twice: no law broken, every state reached\n", count);
    }
    return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_mutants(void)
{
    bool all = true;
    for (enum mutant mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        uint64_t seed = 0;
        do {
            run_once(++seed, mutant, false);
        } while (!sim.failed && seed < MUTANT_SEEDS);
        all = all && sim.failed;
        (void)printf("%-28s %s %" PRIu64 "  %s\n",
                     mutant_name(mutant),
                     sim.failed ? "caught by seed" : "NOT CAUGHT within",
                     seed,
                     sim.failure);
    }
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_one(uint64_t seed, enum mutant mutant, bool tracing)
{
    run_once(seed, mutant, tracing);
    (void)printf("seed %" PRIu64 ": %s, trace %016" PRIx64 "\n",
                 seed,
                 sim.failed ? sim.failure : "sound",
                 sim.trace);
    return sim.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static enum mutant mutant_parse(const char *name)
{
    enum mutant mutant = MUTANT_NONE;
    while (mutant < MUTANT_COUNT && strcmp(mutant_name(mutant), name) != 0) {
        mutant++;
    }
    return mutant;
}

int main(int argc, char **argv)
{
    uint64_t seeds = SEEDS, first = 1, seed = 0;
    enum mutant mutant = MUTANT_NONE;
    bool tracing = false, mutants = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "0";
        if (strcmp(argv[i], "--trace") == 0) {
            tracing = true;
        } else if (strcmp(argv[i], "--mutants") == 0) {
            mutants = true;
        } else if (strcmp(argv[i], "--seeds") == 0) {
            seeds = strtoull(value, NULL, 10), i++;
        } else if (strcmp(argv[i], "--first") == 0) {
            first = strtoull(value, NULL, 10), i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(value, NULL, 10), i++;
        } else if (strcmp(argv[i], "--mutant") == 0 && mutant_parse(value) < MUTANT_COUNT) {
            mutant = mutant_parse(value), i++;
        } else {
            (void)fprintf(stderr,
                          "usage: simulate [--seeds N] [--first S] | --mutants\n"
                          "       simulate --seed S [--trace] [--mutant NAME]\n");
            return 2;
        }
    }
    if (mutants) {
        return run_mutants();
    }
    return seed ? run_one(seed, mutant, tracing) : run_seeds(first, seeds);
}
