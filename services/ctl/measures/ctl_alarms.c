/* What the owners of measures are to see without asking: for `status` and `top`. */
#include "clock.h"
#include "ctl_measures.h"

static void alarm_add(const struct ctl *ctl,
                      const struct policy *policy,
                      const struct policy_measure *measure,
                      const struct measured *measured,
                      struct ctl_alarms *alarms)
{
    if (!measured_alarms(policy, measure, measured, clock_now_us() / 1000000)) {
        return;
    }
    if (alarms->count < CTL_ALARMS_SHOWN) {
        (void)ctl_measures_alarm(ctl, policy, measure, measured, alarms->lines[alarms->count]);
    }
    alarms->count++;
    (void)json_array_append_new(alarms->rows, ctl_measures_json(ctl, policy, measure, measured, 1));
}

static int policy_look(struct ctl *ctl, const struct policy *policy, void *self)
{
    int code = CTL_OK;
    for (uint16_t i = 0; i < policy->measure_count && code == CTL_OK; i++) {
        const struct policy_measure *measure = &policy->measures[i];
        struct measured measured[MEASURED_ALARMING];
        if (measure->owner == POLICY_NONE) {
            continue;
        }
        code = ctl_measures_read(
            ctl, policy, measure, measure->period, NULL, MEASURED_ALARMING, measured);
        for (unsigned at = 0; at < MEASURED_ALARMING && code == CTL_OK; at++) {
            alarm_add(ctl, policy, measure, &measured[at], self);
        }
    }
    return code;
}

int ctl_alarms_read(struct ctl *ctl, struct view_policies *policies, struct ctl_alarms *alarms)
{
    alarms->rows = json_array();
    alarms->count = 0;
    int code = ctl_measures_each(ctl, policies, NULL, policy_look, alarms);
    if (code != CTL_OK) { /* some of them would pass for all */
        json_decref(alarms->rows);
        alarms->rows = NULL;
        alarms->count = 0;
    }
    return code;
}

void ctl_alarms_print(const struct ctl *ctl, const struct ctl_alarms *alarms)
{
    unsigned shown = alarms->count < CTL_ALARMS_SHOWN ? alarms->count : CTL_ALARMS_SHOWN;
    const char *color = view_color(ctl, VIEW_BREACHED);
    if (!alarms->rows) {
        ctl_print(
            ctl, TEXT_STATUS_UNASKED, CTL_ARGS(ctl_text_in(ctl->language, TEXT_NEEDS_MEASURES)));
    }
    for (unsigned i = 0; i < shown; i++) {
        (void)fprintf(ctl->out, "%s%s%s\n", color, alarms->lines[i], view_color_end(ctl));
    }
    if (alarms->count > shown) {
        ctl_print(ctl, TEXT_MEASURE_ALARMS_MORE, CTL_ARGS(CTL_NUMBER_TEXT(alarms->count - shown)));
    }
}
