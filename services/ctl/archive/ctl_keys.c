/*
 * `redress keys create`: the key files the daemons need, made where they are missing.
 *
 * Another seal.key than the one complaints are sealed with opens none of them, and what is sealed
 * under it from then on stands in the way of putting the right one back.  So the archive is asked
 * first, and whatever answers in its place has to say that nothing is sealed; only where nothing
 * answers, as on a host that has no PostgreSQL yet, is one made unasked, and that is said.
 */
#include "bus_guard.h"
#include "ctl.h"
#include "ctl_database.h"
#include "receipt_trust.h"
#include "scope.h"
#include "seal.h"

#include <unistd.h>

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

static int ask_sealed(struct ctl *ctl, long *count)
{
    SCOPED(ctl_rows_free) PGresult *there = NULL;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    *count = 0;
    int code = ctl_query(ctl, "SELECT to_regclass('redress.submission') IS NULL", NULL, 0, &there);
    if (code != CTL_OK || strcmp(PQgetvalue(there, 0, 0), "t") == 0) {
        return code;
    }
    code = ctl_query(ctl, "SELECT count(*) FROM submission WHERE has_key", NULL, 0, &rows);
    if (code == CTL_OK) {
        *count = strtol(PQgetvalue(rows, 0, 0), NULL, 10);
    }
    return code;
}

/* What came of asking how many complaints only an earlier key opens. */
enum asked {
    ASKED_TOLD,
    ASKED_NOBODY, /* nothing takes connections there.  Not said: it need not be there yet */
    ASKED_BARRED, /* something does, and lets us ask nothing; its reason has been said */
    ASKED_UNTOLD, /* the archive was asked, and did not tell; its reason has been said */
};

static enum asked count_sealed(struct ctl *ctl, long *count)
{
    char *said = NULL;
    size_t size = 0;
    FILE *err = ctl->err;
    FILE *heard = open_memstream(&said, &size);
    ctl->err = heard ? heard : err;
    int code = ask_sealed(ctl, count);
    ctl->err = err;
    if (heard) {
        (void)fclose(heard);
    }
    enum asked asked = ASKED_TOLD;
    if (code == CTL_UNREACHABLE && !ctl->database) {
        asked = ctl_database_answers(ctl) ? ASKED_BARRED : ASKED_NOBODY;
    } else if (code != CTL_OK) { /* of another form, say, or the connection was lost meanwhile */
        asked = ASKED_UNTOLD;
    }
    if (said && asked != ASKED_NOBODY) {
        (void)fputs(said, err);
    }
    free(said);
    return asked;
}

/* May a seal.key be made? */
static int check_unsealed(struct ctl *ctl)
{
    const char *path = ctl->settings.key_file;
    long count = 0;
    switch (count_sealed(ctl, &count)) {
    case ASKED_BARRED:
        return ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_BARRED, CTL_ARGS(path));
    case ASKED_UNTOLD:
        return ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_UNTOLD, CTL_ARGS(path));
    case ASKED_NOBODY:
        ctl_note(ctl, TEXT_KEYS_UNASKED, CTL_ARGS(path));
        break;
    case ASKED_TOLD:
        break;
    }
    return count == 0
               ? CTL_OK
               : ctl_fail(
                     ctl, CTL_CONFLICT, TEXT_KEYS_SEALED, CTL_ARGS(path, CTL_NUMBER_TEXT(count)));
}

/* Those of this host for tcp, and it says which is public. */
static int make_for_bus(struct ctl *ctl)
{
    struct error error = {0};
    const struct service_settings *settings = &ctl->settings;
    SCOPED(bus_guard_free)
    struct bus_guard *guard =
        bus_guard_open(settings->curve_key_file, settings->curve_allow_file, true, &error);
    if (!guard) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
    }
    ctl_print(ctl, TEXT_KEYS_PUBLIC, CTL_ARGS(bus_guard_public(guard), settings->curve_allow_file));
    return CTL_OK;
}

int ctl_keys_create(struct ctl *ctl)
{
    struct error error = {0};
    const struct service_settings *settings = &ctl->settings;
    bool remote = settings->curve_key_file[0] != '\0';
    if (ctl_option_flag(ctl, "bus")) { /* who only talks to the daemons seals nothing */
        return remote ? make_for_bus(ctl) : ctl_fail(ctl, CTL_USAGE, TEXT_KEYS_NO_BUS, NULL);
    }
    bool there = access(settings->key_file, F_OK) == 0;
    int code = there || ctl_option_flag(ctl, "anew") ? CTL_OK : check_unsealed(ctl);
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(seal_ring_free) /* what was there and goes away now is not made: nobody was asked */
    struct seal_ring *ring = seal_ring_open(settings->key_file, !there, &error);
    SCOPED(receipt_key_free)
    struct receipt_key *key =
        ring ? receipt_key_open(settings->receipt_key_file, true, &error) : NULL;
    if (!key || !receipt_trust_add(ctl_receipt_keys(ctl), key, &error)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_KEYS_FAILED, CTL_ARGS(error.text));
    }
    ctl_note(ctl, TEXT_KEYS_CREATED, CTL_ARGS(settings->key_file, settings->receipt_key_file));
    return remote ? make_for_bus(ctl) : CTL_OK;
}
