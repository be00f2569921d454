/* The archive of a rig: made, asked and told by a connection of the test's own. */
#include "rig.h"
#include "rig_cmocka.h"

enum {
    SOURCE_MAX = 128 * 1024,
    QUERY_SIZE = 4096,
};

static char *file_read(const char *path)
{
    static char text[SOURCE_MAX];
    FILE *file = fopen(path, "r");
    if (!file) {
        fail_msg("%s is not there", path);
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    return text;
}

void rig_sql_connect(struct rig *rig, const char *conninfo)
{
    if (rig->sql) {
        PQfinish(rig->sql);
    }
    rig->sql = PQconnectdb(conninfo);
}

static void sql_text(struct rig *rig, const char *text)
{
    PGresult *result = PQexec(rig->sql, text);
    ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%.200s: %s", text, PQerrorMessage(rig->sql));
    }
}

void rig_sql(struct rig *rig, const char *format, ...)
{
    char query[QUERY_SIZE];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(query, sizeof query, format, list);
    va_end(list);
    sql_text(rig, query);
}

int64_t rig_number(struct rig *rig, const char *format, ...)
{
    char query[QUERY_SIZE];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(query, sizeof query, format, list);
    va_end(list);
    if (PQstatus(rig->sql) != CONNECTION_OK) {
        PQreset(rig->sql);
        PQclear(PQexec(rig->sql, "SET search_path TO redress"));
    }
    PGresult *result = PQexec(rig->sql, query);
    int64_t number = INT64_MIN;
    if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0 &&
        !PQgetisnull(result, 0, 0)) {
        number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    } else if (PQresultStatus(result) == PGRES_FATAL_ERROR && PQstatus(rig->sql) == CONNECTION_OK) {
        (void)fprintf(stderr, "%s: %s", query, PQerrorMessage(rig->sql));
    }
    PQclear(result);
    return number;
}

void rig_text(struct rig *rig, char *text, size_t size, const char *query)
{
    PGresult *result = PQexec(rig->sql, query);
    bool there = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    (void)snprintf(text, size, "%s", there ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
}

/* What psql -v partitions=N would do. */
static void schema_apply(struct rig *rig)
{
    static char text[SOURCE_MAX];
    const char *from = file_read(SCHEMA_FILE);
    size_t at = 0;
    while (*from && at + 16 < sizeof text) {
        if (strncmp(from, ":partitions", 11) == 0) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%d", RIG_PARTITIONS);
            from += 11;
        } else {
            text[at++] = *from++;
        }
    }
    text[at] = '\0';
    sql_text(rig, text);
}

void rig_policy_add(struct rig *rig, const char *path)
{
    const char *source = file_read(path);
    const char *name = strstr(source, "\npolicy:");
    const char *version = strstr(source, "\nversion:");
    assert_non_null(name);
    assert_non_null(version);
    char name_text[64] = "";
    char version_text[16];
    (void)sscanf(name, " policy: %63s", name_text);
    (void)snprintf(version_text, sizeof version_text, "%d", (int)strtol(version + 9, NULL, 10));
    const char *const values[] = {name_text, version_text, source};
    PGresult *result =
        PQexecParams(rig->sql,
                     "INSERT INTO redress.policy (name, version, hash, source, loaded_at) VALUES "
                     "($1, $2::int, sha256(convert_to($3, 'UTF8')), $3, now() - interval '1 min')",
                     3,
                     NULL,
                     values,
                     NULL,
                     NULL,
                     0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", path, PQerrorMessage(rig->sql));
    }
    PQclear(result);
}

void rig_archive_create(struct rig *rig)
{
    schema_apply(rig);
    rig_policy_add(rig, REDRESS_SOURCE "/deploy/policies/general-service.yaml");
    rig_policy_add(rig, REDRESS_SOURCE "/deploy/policies/loyalty-points.yaml");
}
