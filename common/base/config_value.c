#include "config_value.h"

#include "conninfo.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

enum { SOCKET_PATH_MAX = 107 }; /* sockaddr_un.sun_path without its end */

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    {"ms",  1       },
    {"s",   1000    },
    {"min", 60000   },
    {"h",   3600000 },
    {"d",   86400000},
};

enum { UNIT_COUNT = sizeof units / sizeof *units };

static bool is_duration(const struct config_row *row)
{
    return row->kind == CONFIG_DURATION_MS || row->kind == CONFIG_DURATION_S;
}

static bool is_text(const struct config_row *row)
{
    return row->kind != CONFIG_INTEGER && row->kind != CONFIG_BOOLEAN && !is_duration(row);
}

static int64_t unit_ms(const struct config_row *row)
{
    return row->kind == CONFIG_DURATION_S ? 1000 : 1;
}

static int64_t length_max(const struct config_row *row)
{
    int64_t room = (int64_t)row->size - 1;
    return row->max > 0 && row->max < room ? row->max : room;
}

/* The largest unit that gives a whole number. */
static void duration_text(const struct config_row *row, int64_t value, char *text, size_t size)
{
    size_t unit = row->kind == CONFIG_DURATION_S ? 1 : 0;
    while (value != 0 && unit + 1 < UNIT_COUNT && value * unit_ms(row) % units[unit + 1].ms == 0) {
        unit++;
    }
    (void)snprintf(
        text, size, "%" PRId64 "%s", value * unit_ms(row) / units[unit].ms, units[unit].name);
}

void config_value_range(const struct config_row *row, char text[CONFIG_VALUE_MAX])
{
    char low[32];
    char high[32];
    if (is_duration(row)) {
        duration_text(row, row->min, low, sizeof low);
        duration_text(row, row->max, high, sizeof high);
        (void)snprintf(text, CONFIG_VALUE_MAX, "%s to %s", low, high);
    } else if (row->kind == CONFIG_INTEGER) {
        (void)snprintf(text, CONFIG_VALUE_MAX, "%" PRId64 " to %" PRId64, row->min, row->max);
    } else if (row->kind == CONFIG_BOOLEAN) {
        (void)snprintf(text, CONFIG_VALUE_MAX, "true or false");
    } else {
        (void)snprintf(
            text, CONFIG_VALUE_MAX, "%" PRId64 " to %" PRId64 " bytes", row->min, length_max(row));
    }
}

static const char no_duration[] = "is not a duration (250ms, 5s, 2min, 1h, 1d)";
static const char out_of_range[] = "is out of range";

/* It is a secret, or somebody wrote one into it. */
bool config_value_hides(const struct config_row *row)
{
    return row->kind == CONFIG_SECRET || row->kind == CONFIG_CONNINFO;
}

static bool refuse(const struct config_row *row,
                   const char *text,
                   const char *what,
                   char reason[CONFIG_VALUE_MAX])
{
    char range[CONFIG_VALUE_MAX];
    config_value_range(row, range);
    (void)snprintf(reason,
                   CONFIG_VALUE_MAX,
                   "%s: \"%.80s\" %s; permitted: %.200s",
                   row->name,
                   config_value_hides(row) ? "(secret)" : text,
                   what,
                   range);
    return false;
}

/* Turns value in the unit that ends a duration into the setting's own; NULL, or what is wrong. */
static const char *unit_apply(const struct config_row *row, const char *unit_name, int64_t *value)
{
    for (size_t unit = 0; unit < UNIT_COUNT; unit++) {
        if (strcmp(unit_name, units[unit].name) != 0) {
            continue;
        }
        if (__builtin_mul_overflow(*value, units[unit].ms, value)) {
            return out_of_range;
        }
        bool whole = *value % unit_ms(row) == 0;
        *value /= unit_ms(row);
        return whole ? NULL : "is not a whole number of seconds";
    }
    return no_duration;
}

static bool number_set(const struct config_row *row,
                       const char *text,
                       void *settings,
                       char reason[CONFIG_VALUE_MAX])
{
    const char *fault = is_duration(row) ? no_duration : "is not a whole number";
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0])) {
        return refuse(row, text, fault, reason);
    }
    char *end = NULL;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    bool overflow = errno == ERANGE;
    if (*end) {
        fault = is_duration(row) ? unit_apply(row, end, &value) : fault;
        if (fault) {
            return refuse(row, text, fault, reason);
        }
    }
    if (overflow || value < row->min || value > row->max) {
        return refuse(row, text, out_of_range, reason);
    }
    memcpy((char *)settings + row->offset, &value, sizeof value);
    return true;
}

static bool port_is_good(const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address) {
        return false;
    }
    if (strcmp(colon, ":*") == 0) {
        return true;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    return digits > 0 && digits <= 5 && colon[1 + digits] == '\0' &&
           strtol(colon + 1, NULL, 10) <= UINT16_MAX;
}

static bool endpoint_is_good(const char *text)
{
    if (strpbrk(text, " \t")) {
        return false;
    }
    const char *path = strncmp(text, "ipc://", 6) == 0  ? text + 6
                       : strncmp(text, "unix:", 5) == 0 ? text + 5
                                                        : NULL;
    if (path) {
        return path[0] != '\0' && strlen(path) <= SOCKET_PATH_MAX;
    }
    if (strncmp(text, "tcp://", 6) == 0) {
        return port_is_good(text + 6);
    }
    return !strchr(text, '/') && port_is_good(text);
}

static bool text_set(const struct config_row *row,
                     const char *text,
                     void *settings,
                     char reason[CONFIG_VALUE_MAX])
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
            return refuse(row, "", "has a control character", reason);
        }
    }
    if ((int64_t)size < row->min || (int64_t)size > length_max(row)) {
        return refuse(row, text, "has a wrong length", reason);
    }
    if (row->kind == CONFIG_ENDPOINT && size > 0 && !endpoint_is_good(text)) {
        return refuse(
            row, text, "is not tcp://host:port, ipc://path, unix:path or host:port", reason);
    }
    const char *fault = row->kind == CONFIG_CONNINFO ? conninfo_fault(text) : NULL;
    if (fault) {
        return refuse(row, "", fault, reason);
    }
    memcpy((char *)settings + row->offset, text, size + 1);
    return true;
}

bool config_value_set(const struct config_row *row,
                      const char *text,
                      void *settings,
                      char reason[CONFIG_VALUE_MAX])
{
    if (row->kind == CONFIG_BOOLEAN) {
        bool value = strcmp(text, "true") == 0;
        if (!value && strcmp(text, "false") != 0) {
            return refuse(row, text, "is neither", reason);
        }
        assert(row->size == sizeof value);
        memcpy((char *)settings + row->offset, &value, sizeof value);
        return true;
    }
    if (is_text(row)) {
        return text_set(row, text, settings, reason);
    }
    assert(row->size == sizeof(int64_t));
    return number_set(row, text, settings, reason);
}

void config_value_text(const struct config_row *row,
                       const void *settings,
                       char text[CONFIG_VALUE_MAX])
{
    const char *field = (const char *)settings + row->offset;
    if (row->kind == CONFIG_BOOLEAN) {
        (void)snprintf(text, CONFIG_VALUE_MAX, "%s", *(const bool *)field ? "true" : "false");
        return;
    }
    if (is_text(row)) {
        bool hide = row->kind == CONFIG_SECRET && field[0];
        (void)snprintf(text, CONFIG_VALUE_MAX, "%s", hide ? "(set)" : field);
        return;
    }
    int64_t value = 0;
    memcpy(&value, field, sizeof value);
    if (is_duration(row)) {
        duration_text(row, value, text, CONFIG_VALUE_MAX);
    } else {
        (void)snprintf(text, CONFIG_VALUE_MAX, "%" PRId64, value);
    }
}

void config_value_line(const struct config_row *row, const void *settings, FILE *out)
{
    char text[CONFIG_VALUE_MAX];
    config_value_text(row, settings, text);
    bool plain = row->kind == CONFIG_INTEGER || row->kind == CONFIG_BOOLEAN ||
                 row->kind == CONFIG_DURATION_MS || row->kind == CONFIG_DURATION_S;
    (void)fprintf(out, "%s: %s", row->name, plain ? text : "\"");
    for (const char *c = text; !plain && *c; c++) {
        (void)fprintf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    (void)fputs(plain ? "" : "\"", out);
}

void config_value_help(const struct config_row *row, const char *before, FILE *out)
{
    char range[CONFIG_VALUE_MAX];
    config_value_range(row, range);
    (void)fprintf(out,
                  "  %s%s\n        %s\n        default \"%s\", permitted %s%s%s\n",
                  before,
                  row->name,
                  row->help,
                  row->fallback,
                  range,
                  row->unit ? ", in " : "",
                  row->unit ? row->unit : "");
}
