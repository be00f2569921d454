#include "error.h"

#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void flatten(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ') {
            *text = ' ';
        }
    }
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->text, sizeof error->text, fault_text(format), arguments);
    va_end(arguments);
    flatten(error->text);
    error->kind = kind;
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    char context[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(context, sizeof context, format, arguments);
    va_end(arguments);
    flatten(context);

    char joined[sizeof error->text];
    size_t used = strlen(context);
    memcpy(joined, context, used); /* NOLINT(bugprone-not-null-terminated-result): ended below */
    size_t left = sizeof joined - used;
    (void)snprintf(joined + used, left, ": %s", error->text);
    memcpy(error->text, joined, sizeof joined);
    return false;
}

const char *error_kind_name(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return "none";
    case ERROR_RETRY:
        return "retry";
    case ERROR_REJECT:
        return "reject";
    case ERROR_FENCED:
        return "fenced";
    case ERROR_CONFLICT:
        return "conflict";
    case ERROR_FATAL:
        return "fatal";
    }
    return "unknown";
}
