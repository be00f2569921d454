/*
 * What the files of `redress clock` share.
 *
 * `clock check` says a case of another product as a policy of ours and plays its events through the
 * watchdog's own core: the switches it uses stand open to every organisation (deploy/policies).
 */
#ifndef REDRESS_CTL_CLOCK_H
#define REDRESS_CTL_CLOCK_H

#include "ctl.h"
#include "policy_load.h"
#include "watchdog_core.h"

enum {
    SLA_METRICS = 4,
    SLA_STATES_MAX = 48,
    SLA_VARIANTS_MAX = 16, /* of targets and calendar, within one case */
    SLA_STEP_SIZE = 8,
};

extern const char *const sla_metrics[SLA_METRICS];

/* What holds from one event of the case on. */
struct sla_variant {
    const json_t *targets; /* NULL: none fits */
    unsigned calendar;     /* index into calendars */
};

/* A case made ready to be said as a policy; everything is lent from row. */
struct sla_case {
    const json_t *row;
    const char *states[SLA_STATES_MAX];
    unsigned state_count;
    const json_t *calendars[SLA_VARIANTS_MAX];
    unsigned calendar_count;
    struct sla_variant variants[SLA_VARIANTS_MAX];
    unsigned variant_count;
    bool is_attached;   /* the policy came after the case … */
    bool from_attached; /* … and counts from there */
};

/* False with an error: the case is not in the format, or beyond its bounds. */
bool sla_read(const json_t *row, struct sla_case *sla, struct error *error) MUST_CHECK;

/* Whether a list of texts has this one; NULL lists have none. */
bool sla_lists(const json_t *list, const char *text);

/* The step a state became, in the buffer; "" for no state. */
const char *sla_step(const struct sla_case *sla, const char *state, char into[SLA_STEP_SIZE]);

/* The case as the text of a policy. */
void sla_policy_write(const struct sla_case *sla, FILE *out);

/* A case under way. */
struct sla_player {
    const struct sla_case *sla;
    const struct policy *policy;
    struct watch_case state;
    uint64_t seq;
    unsigned variant;
    int64_t at_us;
    uint16_t clocks[SLA_METRICS]; /* index in the policy; POLICY_NONE: the case has no such clock */
    bool missed[SLA_METRICS];     /* in any run so far */
    unsigned fired[SLA_METRICS];  /* levels besides the breach */
    int64_t longest_s[SLA_METRICS]; /* of the runs that ended; -1: none has */
    json_t *expected, *got;         /* what differs, by "event key metric" */
};

/* One event of the case; false with an error when it is none of the format. */
bool sla_play(struct sla_player *player, const json_t *told, struct error *error) MUST_CHECK;

/* What is due by then. */
void sla_tick(struct sla_player *player, int64_t at_us);

/* ---- explaining --------------------------------------------------------------------------- */

struct case_view;

/* How the clocks of a case came to be due (law 12); named NULL: all of them.  An array, a new
 * reference. */
json_t *clock_accounts(const struct case_view *view, const char *named);

/* The same for people. */
void clock_accounts_print(const struct ctl *ctl, const struct case_view *view, const char *named);

#endif
