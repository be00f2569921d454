/*
 * How a daemon is: /livez /readyz /startupz /metrics /version on an admin listener.
 *
 *     /livez     200 as long as the loop turns
 *     /startupz  503 until health_started
 *     /readyz    each dependency with ok, the age of its last success and a detail; 503 while a
 * required one is not ok /metrics   Prometheus text 0.0.4, with redress_build_info and
 * redress_dependency_up added
 *
 * Details are for operators: reasons and endpoints, never personal data (law 10) or credentials.
 */
#ifndef REDRESS_HEALTH_H
#define REDRESS_HEALTH_H

#include "error.h"
#include "metrics.h"

#include <stdint.h>

struct event_base;
struct health;

enum { HEALTH_DEPENDENCIES_MAX = 16, HEALTH_DETAIL_MAX = 160 };

/* All is lent for the life of the health. */
struct health_options {
    const char *service; /* "redress-intake" */
    const char *listen;  /* as in admin.h */
    struct metric *metrics;
    size_t metric_count;
    void (*collect)(void *self); /* sets gauges just before they are written; NULL: none */
    void *self;
};

struct health *health_open(struct event_base *base,
                           const struct health_options *options,
                           struct error *error) MUST_CHECK;
void health_free(struct health **health_p);

/* See admin_port. */
uint16_t health_port(const struct health *health);

/*
 * Adds a dependency, not ok yet, and returns its index; name is a-z and _, lent for good. max_age_s
 * > 0: a success older than that counts as not ok.
 */
unsigned health_add(struct health *health, const char *name, bool required, uint32_t max_age_s);

/* What was seen of it just now; detail may be NULL. */
void health_set(struct health *health, unsigned index, bool ok, const char *detail);

/* Are all required ones ok? */
bool health_is_ready(const struct health *health);

void health_started(struct health *health);

#endif
