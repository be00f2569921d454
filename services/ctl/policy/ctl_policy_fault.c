/* The report on a file as objects, for programs that show faults where they are. */
#include "ctl_policy.h"

/* What a line begins with, in the languages it may be told in. */
static const struct {
    const char *word;
    const char *severity; /* NULL: a hint to the fault before it */
} heads[] = {
    {"error: ",           "error"  },
    {"错误：",         "error"  },
    {"錯誤：",         "error"  },
    {"warning: ",         "warning"},
    {"警告：",         "warning"},
    {"      = hint: ",    NULL     },
    {"      = 提示：", NULL     },
};

/* What stands behind the head, which is taken off; NULL: the line has none. */
static const char *head_take(const char *line, const char **severity)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        size_t size = strlen(heads[i].word);
        if (strncmp(line, heads[i].word, size) == 0) {
            *severity = heads[i].severity;
            return line + size;
        }
    }
    return NULL;
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
        const char *severity = NULL;
        const char *at = colon;
        bool place = number_take(&at, &line) && number_take(&at, &column) && at[0] == ':';
        const char *message = place && at[1] == ' ' ? head_take(at + 2, &severity) : NULL;
        if (message && severity) {
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
        const char *severity = NULL;
        const char *hint = head_take(line, &severity);
        json_t *fault = line[0] != ' ' ? fault_read(line) : NULL;
        if (fault) {
            last = fault;
            (void)json_array_append_new(list, fault);
        } else if (hint && !severity && last) {
            (void)json_object_set_new(last, "hint", ctl_json_text(slice_text(hint)));
        }
    }
    free(text);
    return list;
}
