/*
 * Runs seeds and says what they found: the command line.
 *
 * Every seed is run for its laws; every fourth is run twice, because equal seeds have to give equal
 * runs.  Exit status: 0 sound, 1 a law was broken or a mutant survived, 2 a wrong word.
 */
#include "agent.h"
#include "bus.h"
#include "client.h"
#include "instance.h"
#include "log.h"
#include "oracle.h"
#include "redis_world.h"
#include "trouble.h"

#include <inttypes.h>
#include <time.h>

enum {
    END_US = TROUBLE_HEAL_US + 120 * SECOND,
    SEEDS = 300,         /* what ctest runs */
    MUTANT_SEEDS = 1500, /* within which every mutant has to be caught */
    TWICE_EVERY = 4,     /* seeds */
    TOLD_MAX = 10,       /* failures that are told one by one */
    LAWS = 11,
};

struct wish {
    uint64_t seeds, first, seed;
    enum mutant mutant;
    unsigned law; /* to be broken */
    bool tracing, json, mutants, list;
};

struct report {
    uint64_t seeds, violations;
    uint32_t told;
    struct {
        uint64_t seed;
        char text[sizeof sim.failure];
    } failures[TOLD_MAX];
    struct {
        uint64_t seeds, times;
    } reached[SOMETIMES_COUNT];
    unsigned never; /* states no seed has reached */
};

static void run_once(uint64_t seed, enum mutant mutant, bool tracing)
{
    sim_begin(seed, mutant, tracing);
    for (enum fault fault = 0; tracing && fault < FAULT_COUNT; fault++) {
        if (sim.faults >> fault & 1U) {
            (void)printf("fault %s\n", fault_name(fault));
        }
    }
    world_begin();
    for (uint32_t i = 0; tracing && i < policies_count(); i++) {
        const char *text = policies_text(i);
        (void)printf("policy %s\n%s", policies_at(i)->name, text ? text : "");
    }
    oracle_begin();
    pg_begin();
    bus_begin();
    redis_begin();
    instances_begin();
    clients_begin();
    agents_begin();
    trouble_begin();
    sim_run(END_US);
    if (!sim.failed) {
        oracle_end();
    }
    instances_end();
    redis_end();
    world_end();
    sim_end();
}

static void again_with(uint64_t seed, enum mutant mutant)
{
    (void)fprintf(stderr, "  again with: simulate --seed %" PRIu64 " --trace", seed);
    (void)fprintf(stderr,
                  "%s%s\n",
                  mutant == MUTANT_NONE ? "" : " --mutant ",
                  mutant == MUTANT_NONE ? "" : mutant_name(mutant));
}

static void report_failure(struct report *report, uint64_t seed, enum mutant mutant)
{
    report->violations++;
    if (report->told < TOLD_MAX) {
        report->failures[report->told].seed = seed;
        memcpy(report->failures[report->told++].text, sim.failure, sizeof sim.failure);
        (void)fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, sim.failure);
        again_with(seed, mutant);
    }
}

static void run_seed(struct report *report, uint64_t seed, enum mutant mutant)
{
    run_once(seed, mutant, false);
    report->seeds++;
    if (sim.failed) {
        report_failure(report, seed, mutant);
        return;
    }
    for (unsigned i = 0; i < SOMETIMES_COUNT; i++) {
        report->reached[i].seeds += sim.reached[i] > 0;
        report->reached[i].times += sim.reached[i];
    }
    uint64_t trace = sim.trace;
    if (seed % TWICE_EVERY == 0) {
        run_once(seed, mutant, false);
        if (sim.trace != trace) {
            sim_fail("law 8: two runs of the seed differ");
            report_failure(report, seed, mutant);
        }
    }
}

static double seconds_since(const struct timespec *began)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static void tell_json(const struct report *report, const struct wish *wish, double seconds)
{
    (void)printf("{\"seeds\":%" PRIu64 ",\"violations\":%" PRIu64 ",\"first\":%" PRIu64
                 ",\"mutant\":\"%s\",\"seconds\":%.2f,\"seeds_per_second\":%.1f,\"never\":%u",
                 report->seeds,
                 report->violations,
                 wish->first,
                 mutant_name(wish->mutant),
                 seconds,
                 (double)report->seeds / seconds,
                 report->never);
    (void)printf(",\"generated\":%" PRIu64 ",\"refused\":%" PRIu64,
                 policies_told()->generated,
                 policies_told()->refused);
    (void)printf(",\"failures\":[");
    for (uint32_t i = 0; i < report->told; i++) {
        (void)printf("%s{\"seed\":%" PRIu64 ",\"text\":\"%s\"}",
                     i > 0 ? "," : "",
                     report->failures[i].seed,
                     report->failures[i].text);
    }
    (void)printf("],\"states\":{");
    for (unsigned i = 0; i < SOMETIMES_COUNT; i++) {
        (void)printf("%s\"%s\":{\"seeds\":%" PRIu64 ",\"times\":%" PRIu64 "}",
                     i > 0 ? "," : "",
                     sometimes_name((enum sometimes)i),
                     report->reached[i].seeds,
                     report->reached[i].times);
    }
    (void)printf("}}\n");
}

static void tell(const struct report *report, double seconds)
{
    (void)printf("%-36s %8s %10s\n", "state", "seeds", "times");
    for (unsigned i = 0; i < SOMETIMES_COUNT; i++) {
        (void)printf("%-36s %8" PRIu64 " %10" PRIu64 "%s\n",
                     sometimes_name((enum sometimes)i),
                     report->reached[i].seeds,
                     report->reached[i].times,
                     report->reached[i].seeds == 0 ? "  NEVER" : "");
    }
    (void)printf("%" PRIu64 " policies generated, %" PRIu64 " refused by the loader\n",
                 policies_told()->generated,
                 policies_told()->refused);
    (void)printf("%" PRIu64 " seeds in %.1f s (%.0f/s), every %dth twice: %" PRIu64
                 " violations, %u states never reached\n",
                 report->seeds,
                 seconds,
                 (double)report->seeds / seconds,
                 TWICE_EVERY,
                 report->violations,
                 report->never);
}

/* With a mutant the run is sound when it fails; then what it did not reach does not matter. */
static int run_seeds(const struct wish *wish)
{
    static struct report report;
    struct timespec began;
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    for (uint64_t seed = wish->first; seed < wish->first + wish->seeds; seed++) {
        run_seed(&report, seed, wish->mutant);
    }
    for (unsigned i = 0; i < SOMETIMES_COUNT; i++) {
        report.never += report.reached[i].seeds == 0;
    }
    double seconds = seconds_since(&began);
    wish->json ? tell_json(&report, wish, seconds) : tell(&report, seconds);
    return report.violations == 0 && report.never == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The first seed that catches it, or 0. */
static uint64_t hunt(enum mutant mutant, uint64_t first, uint64_t seeds)
{
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        run_once(seed, mutant, false);
        if (sim.failed) {
            return seed;
        }
    }
    return 0;
}

static int run_mutants(void)
{
    unsigned survivors = 0;
    for (enum mutant mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        uint64_t seed = hunt(mutant, 1, MUTANT_SEEDS);
        survivors += seed == 0;
        (void)printf("law %u  %-28s %s %" PRIu64 "  %s\n",
                     mutant_law(mutant),
                     mutant_name(mutant),
                     seed > 0 ? "caught by seed" : "NOT CAUGHT within",
                     seed > 0 ? seed : MUTANT_SEEDS,
                     seed > 0 ? sim.failure : "");
    }
    (void)printf("%d mutants, %u not caught\n", MUTANT_COUNT - 1, survivors);
    return survivors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Breaks one law in every way there is: fails, because the oracle sees it. */
static int run_broken(const struct wish *wish)
{
    uint64_t violations = 0;
    for (enum mutant mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        uint64_t seed =
            mutant_law(mutant) == wish->law ? hunt(mutant, wish->first, wish->seeds) : 0;
        if (seed > 0) {
            violations++;
            (void)fprintf(
                stderr, "%s, seed %" PRIu64 ": %s\n", mutant_name(mutant), seed, sim.failure);
            again_with(seed, mutant);
        }
    }
    if (wish->json) {
        (void)printf("{\"seeds\":%" PRIu64 ",\"violations\":%" PRIu64 ",\"broken\":%u}\n",
                     wish->seeds,
                     violations,
                     wish->law);
    }
    return violations == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_one(const struct wish *wish)
{
    run_once(wish->seed, wish->mutant, wish->tracing);
    (void)printf("seed %" PRIu64 ": %s, trace %016" PRIx64 "\n",
                 wish->seed,
                 sim.failed ? sim.failure : "sound",
                 sim.trace);
    return sim.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list_mutants(void)
{
    for (enum mutant mutant = MUTANT_NONE + 1; mutant < MUTANT_COUNT; mutant++) {
        (void)printf("law %u  %s\n", mutant_law(mutant), mutant_name(mutant));
    }
    return EXIT_SUCCESS;
}

static bool number_parse(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end = NULL;
    *number = text ? strtoull(text, &end, 10) : 0;
    return text && *text >= '0' && *text <= '9' && *end == '\0' && *number >= least &&
           *number <= most;
}

static bool mutant_parse(const char *name, enum mutant *mutant)
{
    for (*mutant = MUTANT_NONE; name && *mutant < MUTANT_COUNT; (*mutant)++) {
        if (strcmp(mutant_name(*mutant), name) == 0) {
            return true;
        }
    }
    return false;
}

/* One word, with its value in *at + 1 if it takes one. */
static bool word_parse(char **words, int *at, struct wish *wish)
{
    const char *word = words[*at];
    bool *const flags[] = {&wish->tracing, &wish->json, &wish->mutants, &wish->list};
    static const char *const names[] = {"--trace", "--json", "--mutants", "--list-mutants"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(word, names[i]) == 0) {
            *flags[i] = true;
            return true;
        }
    }
    const char *value = words[++*at];
    uint64_t law = 0;
    if (strcmp(word, "--break") == 0 && number_parse(value, 1, LAWS, &law)) {
        wish->law = (unsigned)law;
        return true;
    }
    return (strcmp(word, "--seeds") == 0 && number_parse(value, 1, UINT32_MAX, &wish->seeds)) ||
           (strcmp(word, "--first") == 0 && number_parse(value, 1, UINT32_MAX, &wish->first)) ||
           (strcmp(word, "--seed") == 0 && number_parse(value, 1, UINT32_MAX, &wish->seed)) ||
           (strcmp(word, "--mutant") == 0 && mutant_parse(value, &wish->mutant));
}

int main(int argc, char **argv)
{
    log_open("simulate", LOG_ERROR_LEVEL);
    struct wish wish = {.seeds = SEEDS, .first = 1};
    for (int i = 1; i < argc; i++) {
        if (!word_parse(argv, &i, &wish)) {
            (void)fprintf(
                stderr,
                "usage: simulate [--seeds N] [--first S] [--json] [--break LAW | --mutant "
                "NAME]\n"
                "       simulate --seed S [--trace] [--mutant NAME]\n"
                "       simulate --mutants | --list-mutants\n"
                "LAW is 1 to %d.\n",
                LAWS);
            return 2;
        }
    }
    if (wish.list || wish.mutants) {
        return wish.list ? list_mutants() : run_mutants();
    }
    if (wish.law > 0) {
        return run_broken(&wish);
    }
    return wish.seed > 0 ? run_one(&wish) : run_seeds(&wish);
}
