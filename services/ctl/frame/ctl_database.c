#include "ctl_database.h"

#include "archive_form.h"
#include "clock.h"
#include "conninfo.h"
#include "error.h"
#include "pg.h"
#include "scope.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#define CONNECT_S "5"

static const char undefined_table[] = "42P01";
static const char not_permitted[] = "42501";

/* libpq speaks in several lines. */
static const char *one_line(PGconn *database, struct error *error)
{
    (void)error_set(error, ERROR_RETRY, "%s", PQerrorMessage(database));
    for (size_t end = strlen(error->text); end > 0 && error->text[end - 1] == ' '; end--) {
        error->text[end - 1] = '\0';
    }
    return error->text;
}

/* Who looks may only look.  NULL: whom libpq takes us for, who must own the archive; to create it,
 * be allowed to make roles. */
static const char *role_of(const struct ctl_verb *verb)
{
    static int (*const owners[])(struct ctl * ctl) = {
        ctl_archive_create, ctl_archive_turn, ctl_archive_detach, ctl_archive_attach};
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        if (verb->run == owners[i]) {
            return NULL;
        }
    }
    bool writes =
        verb->run == ctl_policy_load || verb->run == ctl_org_apply || verb->run == ctl_org_clear;
    return writes ? "redress_policy" : "redress_reader";
}

/* What may mend it: how the archive is found, and as whom the owner's verbs have to come. */
static void connect_hint(const struct ctl *ctl)
{
    if (ctl->unsettled) {
        ctl_note(ctl, TEXT_HINT_SETTINGS, NULL);
    } else if (!role_of(ctl->verb)) {
        ctl_note(ctl, TEXT_HINT_OWNER, CTL_ARGS(ctl->verb->name));
    } else if (!ctl->database && ctl->verb->run != ctl_keys_create) { /* which says more itself */
        ctl_note(ctl, TEXT_HINT_AWAY, NULL);
    }
}

int ctl_database_refused(const struct ctl *ctl, const PGresult *rows)
{
    struct error error = {0};
    const char *state = PQresultErrorField(rows, PG_DIAG_SQLSTATE);
    bool forbidden = state && strcmp(state, not_permitted) == 0;
    int code =
        ctl_fail(ctl, CTL_FAILED, TEXT_ARCHIVE_REFUSED, CTL_ARGS(one_line(ctl->database, &error)));
    if (forbidden && !role_of(ctl->verb)) {
        ctl_note(ctl, TEXT_HINT_OWNER, CTL_ARGS(ctl->verb->name));
    }
    return code;
}

/* That of an archive that is not there is the right one: who asks it for something is told.  False:
 * the connection is lost. */
static bool form_read(const struct ctl *ctl, long *form)
{
    SCOPED(ctl_rows_free) PGresult *rows = PQexec(ctl->database, "SELECT schema FROM archive");
    bool there = PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1;
    *form = there ? strtol(PQgetvalue(rows, 0, 0), NULL, 10) : ARCHIVE_SCHEMA;
    return PQstatus(ctl->database) == CONNECTION_OK;
}

/* An archive in another form is neither read nor written to. */
static int check_form(struct ctl *ctl)
{
    long form;
    if (!form_read(ctl, &form) || form == ARCHIVE_SCHEMA) {
        return CTL_OK;
    }
    ctl_database_close(ctl);
    return ctl_fail(ctl,
                    CTL_FAILED,
                    TEXT_ARCHIVE_FORM,
                    CTL_ARGS(CTL_NUMBER_TEXT(form), CTL_NUMBER_TEXT(ARCHIVE_SCHEMA)));
}

/* How the archive is found: conninfo and what is always so. */
struct address {
    char conninfo[sizeof((struct ctl *)NULL)->settings.database];
    const char *values[6];
};

static const char *const address_keys[] = {
    "dbname", "options", "connect_timeout", "application_name", "client_encoding", NULL};

static void address_of(const struct ctl *ctl, struct address *address)
{
    *address = (struct address){
        .values = {
                   address->conninfo, "-c search_path=redress", CONNECT_S, "redress", "UTF8", NULL}
    };
    (void)snprintf(address->conninfo, sizeof address->conninfo, "%s", ctl->settings.database);
    if (role_of(ctl->verb)) {
        conninfo_user(address->conninfo, sizeof address->conninfo, role_of(ctl->verb));
    }
}

/* A socket file that is there, or may be, and that we may not open. */
static bool socket_is_barred(const PGconn *asked)
{
    const char *folder = PQhost(asked);
    char path[PATH_MAX];
    if (!folder || folder[0] != '/') {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.%s", folder, PQport(asked));
    return access(path, W_OK) != 0 && errno == EACCES;
}

/* Something has taken the connection.  What follows is between libpq and whatever that is. */
static bool is_taken(const PGconn *asked)
{
    ConnStatusType status = PQstatus(asked);
    return status != CONNECTION_BAD && status != CONNECTION_STARTED && status != CONNECTION_NEEDED;
}

/* PQping does not count who closes without a word, keeps silent, or cannot agree on TLS. */
static bool is_connected(PGconn *asked)
{
    int64_t until_us = clock_monotonic_us() + strtol(CONNECT_S, NULL, 10) * 1000000;
    PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    while (!is_taken(asked) && PQstatus(asked) != CONNECTION_BAD) {
        struct pollfd socket = {.fd = PQsocket(asked),
                                .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left_us = until_us - clock_monotonic_us();
        if (left_us <= 0) {
            return false;
        }
        if (poll(&socket, 1, (int)(left_us / 1000) + 1) > 0) {
            wants = PQconnectPoll(asked);
        }
    }
    return is_taken(asked);
}

bool ctl_database_answers(const struct ctl *ctl)
{
    struct address address;
    address_of(ctl, &address);
    if (PQpingParams(address_keys, address.values, 1) != PQPING_NO_RESPONSE) {
        return true;
    }
    PGconn *asked = PQconnectStartParams(address_keys, address.values, 1);
    bool answers = !asked || is_connected(asked) || socket_is_barred(asked);
    PQfinish(asked);
    return answers;
}

int ctl_database(struct ctl *ctl)
{
    if (ctl->database) {
        return CTL_OK;
    }
    struct address address;
    address_of(ctl, &address);
    ctl->database = PQconnectdbParams(address_keys, address.values, 1);
    if (PQstatus(ctl->database) == CONNECTION_OK) {
        return ctl->verb->run == ctl_archive_create ? CTL_OK : check_form(ctl);
    }
    struct error error = {0};
    const char *why = one_line(ctl->database, &error);
    ctl_database_close(ctl);
    int code = ctl_fail(ctl, CTL_UNREACHABLE, TEXT_ARCHIVE_AWAY, CTL_ARGS(why));
    connect_hint(ctl);
    return code;
}

void ctl_database_close(struct ctl *ctl)
{
    PQfinish(ctl->database);
    ctl->database = NULL;
}

static void away_pause(struct ctl_away *away, int pause_ms)
{
    away->pause_ms = pause_ms > PG_BACKOFF_MAX_MS ? PG_BACKOFF_MAX_MS : pause_ms;
    away->again_us = clock_monotonic_us() + (int64_t)away->pause_ms * 1000;
}

int ctl_away_take(const struct ctl *ctl, struct ctl_away *away, int code)
{
    bool lost =
        code == CTL_UNREACHABLE && ctl->database && PQstatus(ctl->database) != CONNECTION_OK;
    if (!lost) {
        return code;
    }
    bool answered = away->waited_ms == 0 || ctl->answers != away->answers;
    ctl_note(ctl, TEXT_ARCHIVE_AGAIN, NULL);
    away_pause(away, answered ? PG_BACKOFF_FIRST_MS : 2 * away->waited_ms);
    return CTL_OK;
}

bool ctl_is_away(struct ctl *ctl, struct ctl_away *away)
{
    if (away->pause_ms == 0 || clock_monotonic_us() < away->again_us) {
        return away->pause_ms != 0;
    }
    long form;
    PQreset(ctl->database);
    if (PQstatus(ctl->database) != CONNECTION_OK || !form_read(ctl, &form)) {
        away_pause(away, 2 * away->pause_ms);
        return true;
    }
    *away = (struct ctl_away){.waited_ms = away->pause_ms, .answers = ctl->answers};
    if (form == ARCHIVE_SCHEMA) {
        ctl_note(ctl, TEXT_ARCHIVE_BACK, NULL);
    } else {
        ctl_database_close(ctl); /* who asks next connects anew, and is told why it may not */
    }
    return false;
}

void ctl_rows_free(PGresult **rows_p)
{
    PQclear(*rows_p);
    *rows_p = NULL;
}

int ctl_query(
    struct ctl *ctl, const char *sql, const char *const *parameters, int count, PGresult **rows)
{
    *rows = NULL;
    int code = ctl_database(ctl);
    if (code != CTL_OK) {
        return code;
    }
    *rows = PQexecParams(ctl->database, sql, count, NULL, parameters, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(*rows);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        ctl->answers++;
        return CTL_OK;
    }
    const char *state = PQresultErrorField(*rows, PG_DIAG_SQLSTATE);
    if (state && strcmp(state, undefined_table) == 0) {
        ctl_rows_free(rows);
        code = ctl_fail(ctl, CTL_UNREACHABLE, TEXT_ARCHIVE_MISSING, NULL);
        connect_hint(ctl);
        return code;
    }
    struct error error = {0};
    bool away = PQstatus(ctl->database) != CONNECTION_OK;
    code = away ? ctl_fail(ctl,
                           CTL_UNREACHABLE,
                           TEXT_ARCHIVE_AWAY,
                           CTL_ARGS(one_line(ctl->database, &error)))
                : ctl_database_refused(ctl, *rows);
    ctl_rows_free(rows);
    return code;
}
