#include "conninfo.h"

#include <libpq-fe.h>

static bool is_given(const PQconninfoOption *options, const char *name)
{
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (strcmp(option->keyword, name) == 0) {
            return option->val && option->val[0] != '\0';
        }
    }
    return false;
}

const char *conninfo_fault(const char *conninfo)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &why);
    PQfreemem(why); /* it may quote */
    if (!options) {
        return "is no connection string of PostgreSQL (host=… dbname=…, or postgresql://…)";
    }
    bool secret = is_given(options, "password") || is_given(options, "sslpassword");
    PQconninfoFree(options);
    return secret ? "holds a password; write it into a passfile (mode 0600) and name that: "
                    "passfile=/path, or PGPASSFILE"
                  : NULL;
}

static bool names_user(const PQconninfoOption *options)
{
    const char *user = getenv("PGUSER");       /* NOLINT(concurrency-mt-unsafe): at the start */
    const char *service = getenv("PGSERVICE"); /* NOLINT(concurrency-mt-unsafe) */
    return is_given(options, "user") || is_given(options, "service") || (user && user[0]) ||
           (service && service[0]);
}

/* key='value' with \ before ' and \. */
static void option_write(FILE *to, const char *key, const char *value)
{
    (void)fprintf(to, "%s='", key);
    for (const char *c = value; *c; c++) {
        (void)fprintf(to, *c == '\'' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    (void)fputs("' ", to);
}

void conninfo_user(char *conninfo, size_t size, const char *role)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    if (!options || names_user(options)) {
        PQconninfoFree(options);
        return;
    }
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);
    for (const PQconninfoOption *option = options; to && option->keyword; option++) {
        if (option->val && option->val[0] != '\0') {
            option_write(to, option->keyword, option->val);
        }
    }
    if (to) {
        option_write(to, "user", role);
        if (fclose(to) == 0 && length < size) {
            memcpy(conninfo, text, length + 1);
        }
    }
    free(text);
    PQconninfoFree(options);
}
