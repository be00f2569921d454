/*
 * How long deciding a case takes under a policy with 200 rules: its class by factors and overrides,
 * then its queue by the routes.  Rules are laid out so that most cases look at most of them.
 *
 *   bench_policy [--json]
 */
#include "policy_load.h"

#include <inttypes.h>
#include <time.h>

enum {
    FACTORS = 32,
    OVERRIDES = 84,
    ROUTES = 84,
    CATEGORIES = 100,
    CASES = 200000,
    TEXT_MAX = 65536
};

static void rules_write(FILE *out)
{
    (void)fprintf(out,
                  "policy: bench\nversion: 1\ntitle: Bench\ncapacity: 5\nrepeat-window: 30 days\n"
                  "reopen-window: 10 days\nroles: [agent]\nchannels:\n"
                  "  phone: {title: Phone}\n  email: {title: E-mail}\ntaxonomy:\n");
    for (int i = 0; i < CATEGORIES; i++) {
        (void)fprintf(out, "  c%d: {title: C%d, patterns: word%d}\n", i, i, i);
    }
    (void)fprintf(out,
                  "classes:\n  high: {title: High, from: 40, priority: 1}\n"
                  "  medium: {title: Medium, from: 20, priority: 2}\n"
                  "  low: {title: Low, priority: 4}\nfactors:\n");
    for (int i = 0; i < FACTORS; i++) {
        (void)fprintf(out,
                      "  f%d: {title: F%d, when: {categories: [c%d, c%d, c%d]}, points: %d}\n",
                      i,
                      i,
                      i,
                      i + 30,
                      i + 60,
                      10 + i);
    }
    (void)fprintf(out, "overrides:\n");
    for (int i = 0; i < OVERRIDES; i++) {
        (void)fprintf(
            out, "  - {when: {categories: c%d, repeats: 3, channels: email}, class: high}\n", i);
    }
    (void)fprintf(out, "queues:\n  desk: {title: Desk}\n  front: {title: Front}\nroutes:\n");
    for (int i = 0; i < ROUTES - 1; i++) {
        (void)fprintf(
            out, "  - {when: {categories: c%d, classes: high, repeats: 2}, queue: desk}\n", i);
    }
    (void)fprintf(
        out,
        "  - {queue: front}\nopening: {step: work, unsure-step: work, unsure-queue: desk}\n"
        "steps:\n  work:\n    title: Work\n    phase: investigation\n    owner: agent\n"
        "    actions:\n      close: {title: Close, fact: closed, by: agent, to: done}\n"
        "  done: {title: Done, phase: closed, owner: agent, actions: {}}\n"
        "calendars: {always: {zone: Asia/Shanghai, always: yes}}\nclocks: {}\n");
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The index of a queue for each case, summed up so that nothing is left out. */
static uint64_t decide_all(const struct policy *policy)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < CASES; i++) {
        struct policy_facts facts = {.channel = (uint16_t)(i & 1U),
                                     .category = (uint16_t)(i * 7 % CATEGORIES),
                                     .class_index = POLICY_NONE,
                                     .repeats = i % 5};
        int32_t score = 0;
        for (uint16_t j = 0; j < policy->factor_count; j++) {
            bool holds = policy_when_holds(policy, &policy->factors[j].when, &facts);
            score += holds ? policy->factors[j].points : 0;
        }
        facts.class_index = policy_class_of(policy, &facts, score, NULL);
        sum += policy_route(policy, &facts) + 1U;
    }
    return sum;
}

int main(int argc, char **argv)
{
    static char text[TEXT_MAX];
    FILE *out = fmemopen(text, sizeof text, "w");
    if (!out) {
        return 1;
    }
    rules_write(out);
    (void)fclose(out);
    struct policy_report report;
    struct policy_object *object =
        policy_load_blind("bench", slice_text(text), 2026, 2026, &report);
    if (!object) {
        (void)fputs(report.text ? report.text : "no policy\n", stderr);
        return 1;
    }
    policy_report_done(&report);
    double begin = seconds_now();
    uint64_t sum = decide_all(&object->policy);
    double each_us = (seconds_now() - begin) / CASES * 1e6;
    unsigned rules = FACTORS + OVERRIDES + ROUTES;
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    (void)printf(json ? "{\"rules\":%u,\"cases\":%d,\"us_per_case\":%.3f,\"sum\":%" PRIu64 "}\n"
                      : "%u rules, %d cases: %.3f us a case (sum %" PRIu64 ")\n",
                 rules,
                 CASES,
                 each_us,
                 sum);
    policy_object_free(&object);
    return each_us < 20 ? 0 : 1;
}
