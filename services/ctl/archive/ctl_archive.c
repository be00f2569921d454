/* `redress archive create` and `redress keys create`: what has to be there before the first daemon.
 */
#include "bus_guard.h"
#include "ctl.h"
#include "ctl_database.h"
#include "receipt_trust.h"
#include "scope.h"
#include "seal.h"

#include <unistd.h>

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

const char *ctl_receipt_keys(struct ctl *ctl)
{
    const struct service_settings *settings = &ctl->settings;
    bool named = settings->receipt_public_keys[0] != '\0';
    (void)snprintf(ctl->receipt_keys,
                   sizeof ctl->receipt_keys,
                   "%s%s",
                   named ? settings->receipt_public_keys : settings->receipt_key_file,
                   named ? "" : ".pub");
    return ctl->receipt_keys;
}

int ctl_receipt_trust(struct ctl *ctl, struct receipt_trust *trust)
{
    struct error error = {0};
    return receipt_trust_read(ctl_receipt_keys(ctl), trust, &error)
               ? CTL_OK
               : ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
}

/* How many complaints the archive has that only an earlier key opens.  CTL_UNREACHABLE: nobody
 * could be asked, which is not said, since the archive need not be there yet; else why there is no
 * answer has been. */
static int count_sealed(struct ctl *ctl, long *count)
{
    SCOPED(ctl_rows_free) PGresult *there = NULL;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    char *said = NULL;
    size_t size = 0;
    FILE *err = ctl->err;
    FILE *heard = open_memstream(&said, &size);
    ctl->err = heard ? heard : err;
    int code = ctl_query(ctl, "SELECT to_regclass('redress.submission') IS NULL", NULL, 0, &there);
    bool any = code == CTL_OK && strcmp(PQgetvalue(there, 0, 0), "f") == 0;
    if (any) {
        code = ctl_query(ctl, "SELECT count(*) FROM submission WHERE has_key", NULL, 0, &rows);
    }
    ctl->err = err;
    if (heard) {
        (void)fclose(heard);
    }
    if (said && code != CTL_UNREACHABLE) {
        (void)fputs(said, err);
    }
    free(said);
    *count = any && code == CTL_OK ? strtol(PQgetvalue(rows, 0, 0), NULL, 10) : 0;
    return code;
}

/* A key made anew opens nothing of what was sealed before, and what is sealed under it from then on
 * stands in the way of putting the right one back. */
static int check_unsealed(struct ctl *ctl)
{
    const char *path = ctl->settings.key_file;
    long count;
    if (access(path, F_OK) == 0 || ctl_option_flag(ctl, "anew")) {
        return CTL_OK;
    }
    int code = count_sealed(ctl, &count);
    if (code == CTL_UNREACHABLE) {
        ctl_note(ctl, TEXT_KEYS_UNASKED, CTL_ARGS(path));
    } else if (code != CTL_OK) { /* of another form, say: it may be full */
        return ctl_fail(ctl, code, TEXT_KEYS_UNTOLD, CTL_ARGS(path));
    }
    return count == 0
               ? CTL_OK
               : ctl_fail(
                     ctl, CTL_CONFLICT, TEXT_KEYS_SEALED, CTL_ARGS(path, CTL_NUMBER_TEXT(count)));
}

int ctl_keys_create(struct ctl *ctl)
{
    struct error error = {0};
    const struct service_settings *settings = &ctl->settings;
    int code = check_unsealed(ctl);
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(seal_ring_free)
    struct seal_ring *ring = seal_ring_open(settings->key_file, true, &error);
    SCOPED(receipt_key_free)
    struct receipt_key *key =
        ring ? receipt_key_open(settings->receipt_key_file, true, &error) : NULL;
    bool remote = settings->curve_key_file[0] != '\0';
    SCOPED(bus_guard_free)
    struct bus_guard *guard =
        key && remote
            ? bus_guard_open(settings->curve_key_file, settings->curve_allow_file, true, &error)
            : NULL;
    bool told = key && receipt_trust_add(ctl_receipt_keys(ctl), key, &error);
    if (!ring || !key || !told || (remote && !guard)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
    }
    ctl_note(ctl, TEXT_KEYS_CREATED, CTL_ARGS(settings->key_file, settings->receipt_key_file));
    if (guard) {
        ctl_print(
            ctl, TEXT_KEYS_PUBLIC, CTL_ARGS(bus_guard_public(guard), settings->curve_allow_file));
    }
    return CTL_OK;
}
