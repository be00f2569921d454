/* Measures as the archive has them: one question, or one a channel. */
#include "ctl_database.h"
#include "ctl_measures.h"
#include "scope.h"

static int read_one(struct ctl *ctl,
                    const struct policy *policy,
                    const struct policy_measure *measure,
                    enum measure_period period,
                    const char *at,
                    unsigned count,
                    struct measured *measured)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    SCOPED(measured_question_free)
    struct measured_question *question = measured_question_new(policy, measure, period, at, count);
    if (!question) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    int code = ctl_query(ctl,
                         measured_statements[measure->what].sql,
                         measured_parameters(question),
                         MEASURED_PARAMETERS,
                         &rows);
    if (code == CTL_OK) {
        measured_read(rows, measure->what, count, measured);
    }
    return code;
}

/* What a period came to in one of them. */
static void end_add(const struct policy_measure *measure,
                    const struct measured *of_channel,
                    uint16_t channel,
                    struct measured *measured)
{
    memcpy(measured->name, of_channel->name, sizeof measured->name);
    measured->from_s = of_channel->from_s;
    measured->until_s = of_channel->until_s;
    measured->running = of_channel->running;
    if (!measured_is_known(measure, of_channel)) {
        return;
    }
    const struct measured_end end = {
        channel, measure_value(measure->what, of_channel->hits, of_channel->n, of_channel->sum)};
    bool first = measured->compared++ == 0;
    measured->n += of_channel->n;
    measured->low = first || end.value < measured->low.value ? end : measured->low;
    measured->high = first || end.value > measured->high.value ? end : measured->high;
}

int ctl_measures_read(struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      enum measure_period period,
                      const char *at,
                      unsigned count,
                      struct measured *measured)
{
    if (!measure->between) {
        return read_one(ctl, policy, measure, period, at, count, measured);
    }
    int code = CTL_OK;
    struct measured of_channel[MEASURED_PERIODS_MAX] = {0};
    memset(measured, 0, count * sizeof *measured);
    for (uint16_t channel = 0; channel < policy->channel_count && code == CTL_OK; channel++) {
        struct policy_measure one = *measure;
        one.between = false;
        one.where.channels = 1U << channel;
        if (measure->where.channels != 0 && (measure->where.channels >> channel & 1U) == 0) {
            continue;
        }
        code = read_one(ctl, policy, &one, period, at, count, of_channel);
        for (unsigned i = 0; i < count && code == CTL_OK; i++) {
            end_add(&one, &of_channel[i], channel, &measured[i]);
        }
    }
    return code;
}
