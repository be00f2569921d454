/*
 * The live figures: sums in memory, published once a second on the topic "figures".
 *
 * They begin with what the archive's table holds and follow the commits from there; the owner of
 * partition 0 publishes, and reads the table again when other instances add to it as well.
 */
#ifndef REDRESS_ANALYTICS_LIVE_H
#define REDRESS_ANALYTICS_LIVE_H

#include "analytics_store.h"
#include "arena.h"

struct live;

struct live *live_new(void);
void live_free(struct live **live_p);

/* Forgets all sums; then takes them from a result of analytics_totals. */
void live_reset(struct live *live);
void live_total(struct live *live, const struct analytics_total *total);

/* A committed row. */
void live_add(struct live *live,
              const struct policy *policy,
              const struct analytics_row *row,
              int64_t now_us);

/* redress.live.v1.Live with Figures, lent by the arena. */
struct slice
live_pack(struct live *live, const char *instance, int64_t now_us, struct arena *arena);

#endif
