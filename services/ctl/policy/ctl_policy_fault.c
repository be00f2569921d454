/* The report on a file as objects, for programs that show faults where they are. */
#include "ctl_policy.h"
#include "fault.h"

/* What stands behind the words a report puts there, in the language it is told in; NULL: others do.
 */
static const char *behind(const char *line, const char *words)
{
    const char *told = fault_text(words);
    size_t size = strcspn(told, "%");
    return strncmp(line, told, size) == 0 ? line + size : NULL;
}

static const char *severity_take(const char *line, const char **message)
{
    const char *error = behind(line, "error: ");
    *message = error ? error : behind(line, "warning: ");
    return error ? "error" : *message ? "warning" : NULL;
}

/* ":12" */
static bool number_take(const char **at, json_int_t *number)
{
    char *end;
    if ((*at)[0] != ':' || (*at)[1] < '0' || (*at)[1] > '9') {
        return false;
    }
    *number = (json_int_t)strtoul(*at + 1, &end, 10);
    *at = end;
    return true;
}

/* "file:12:3: error: what is wrong", of a file whose name may have colons. */
static json_t *fault_read(const char *text)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        json_int_t line;
        json_int_t column;
        const char *message = NULL;
        const char *at = colon;
        bool place = number_take(&at, &line) && number_take(&at, &column) && at[0] == ':';
        const char *severity = place && at[1] == ' ' ? severity_take(at + 2, &message) : NULL;
        if (severity) {
            return json_pack("{s:o, s:I, s:I, s:s, s:o}",
                             "file",
                             ctl_json_text(slice_of(text, (size_t)(colon - text))),
                             "line",
                             line,
                             "column",
                             column,
                             "severity",
                             severity,
                             "message",
                             ctl_json_text(slice_text(message)));
        }
    }
    return NULL;
}

json_t *ctl_policy_faults(const struct policy_report *report)
{
    json_t *list = json_array();
    json_t *last = NULL;
    char *text = strdup(report->text ? report->text : "");
    char *rest = NULL;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *hint = behind(line, "      = hint: %s\n");
        json_t *fault = line[0] != ' ' ? fault_read(line) : NULL;
        if (fault) {
            last = fault;
            (void)json_array_append_new(list, fault);
        } else if (hint && last) {
            (void)json_object_set_new(last, "hint", ctl_json_text(slice_text(hint)));
        }
    }
    free(text);
    return list;
}
