/* `redress archive create`: what has to be there before the first daemon; its keys: ctl_keys.c. */
#include "ctl.h"
#include "ctl_database.h"
#include "scope.h"

/* deploy/schema, all files in order. */
__asm__(".pushsection .rodata\n"
        "archive_schema: .incbin \"" SCHEMA_FILE "\"\n"
        "archive_schema_end: .byte 0\n"
        ".popsection\n");

extern const char archive_schema[];

static const char placeholder[] = ":partitions";

/* Is this a database we may use?  C has no Chinese letters: trigrams would not see them. */
static int check_database(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(ctl,
                         "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database "
                         "WHERE datname = current_database()",
                         NULL,
                         0,
                         &rows);
    if (code != CTL_OK) {
        return code;
    }
    const char *encoding = PQgetvalue(rows, 0, 0);
    const char *locale = PQgetvalue(rows, 0, 1);
    if (strcmp(encoding, "UTF8") != 0) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_ARCHIVE_ENCODING, CTL_ARGS(encoding));
    }
    if (strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_ARCHIVE_LOCALE, CTL_ARGS(locale));
    }
    return CTL_OK;
}

static int check_absent(struct ctl *ctl)
{
    SCOPED(ctl_rows_free) PGresult *there = NULL;
    int code = ctl_query(ctl, "SELECT to_regclass('redress.archive') IS NULL", NULL, 0, &there);
    if (code != CTL_OK || strcmp(PQgetvalue(there, 0, 0), "t") == 0) {
        return code;
    }
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    code = ctl_query(ctl, "SELECT partitions FROM archive", NULL, 0, &rows);
    if (code != CTL_OK) {
        return code;
    }
    const char *partitions = PQntuples(rows) > 0 ? PQgetvalue(rows, 0, 0) : "?";
    return ctl_fail(ctl, CTL_CONFLICT, TEXT_ARCHIVE_THERE, CTL_ARGS(partitions));
}

/* The schema with the number in place of psql's variable; owned by the caller. */
static char *schema_text(int64_t partitions)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        return NULL;
    }
    const char *at = archive_schema;
    const char *found;
    while ((found = strstr(at, placeholder)) != NULL) {
        (void)fprintf(memory, "%.*s%" PRId64, (int)(found - at), at, partitions);
        at = found + strlen(placeholder);
    }
    (void)fputs(at, memory);
    return fclose(memory) == 0 ? text : NULL;
}

static void text_free(char **text_p)
{
    free(*text_p);
}

int ctl_archive_create(struct ctl *ctl)
{
    int64_t partitions = ctl_option_number(ctl, "partitions");
    int code = check_database(ctl);
    if (code == CTL_OK) {
        code = check_absent(ctl);
    }
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(text_free) char *text = schema_text(partitions);
    if (!text) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    SCOPED(ctl_rows_free) PGresult *done = PQexec(ctl->database, text);
    if (PQresultStatus(done) != PGRES_COMMAND_OK) {
        return ctl_database_refused(ctl, done);
    }
    ctl_note(ctl, TEXT_ARCHIVE_CREATED, CTL_ARGS(CTL_NUMBER_TEXT(partitions)));
    if (ctl->json) {
        json_t *value = json_pack("{s:I}", "partitions", (json_int_t)partitions);
        ctl_print_json(ctl, &value);
    }
    return CTL_OK;
}
