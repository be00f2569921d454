/* The report on a file as objects, for programs that show faults where they are. */
#include "ctl_policy.h"

static json_t *fault_json(const struct yaml_fault *fault)
{
    json_t *object = json_pack("{s:o, s:I, s:I, s:s, s:o}",
                               "file",
                               ctl_json_text(slice_text(fault->file)),
                               "line",
                               (json_int_t)fault->line,
                               "column",
                               (json_int_t)fault->column,
                               "severity",
                               fault->grade == YAML_ERROR ? "error" : "warning",
                               "message",
                               ctl_json_text(slice_text(fault->message)));
    if (fault->hint) {
        (void)json_object_set_new(object, "hint", ctl_json_text(slice_text(fault->hint)));
    }
    return object;
}

void ctl_policy_faults(const struct policy_report *report, json_t *row)
{
    const struct yaml_faults *faults = &report->faults;
    unsigned more = report->errors + report->warnings - faults->count;
    json_t *list = json_array();
    for (uint32_t i = 0; i < faults->count; i++) {
        (void)json_array_append_new(list, fault_json(&faults->rows[i]));
    }
    if (more > 0) {
        (void)json_object_set_new(row, "faults_not_listed", json_integer(more));
    }
    (void)json_object_set_new(row, "faults", list);
}
