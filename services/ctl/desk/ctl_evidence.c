/* `redress evidence check`, and the hash it goes by; see ctl_evidence.h. */
#include "ctl_evidence.h"

#include "ctl_case.h"
#include "ctl_file.h"
#include "ctl_table.h"
#include "hex.h"
#include "scope.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static int unreadable(const struct ctl *ctl, const char *path, int why)
{
    if (why == EISDIR || why == CTL_FILE_NONE) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_FILE_NONE, CTL_ARGS(path));
    }
    int code = why == ENOENT ? CTL_NOT_FOUND : CTL_UNREACHABLE;
    return ctl_fail(ctl, code, TEXT_FILE_UNREADABLE, CTL_ARGS(path, ctl_errno_text(ctl, why)));
}

static int hash_read(const struct ctl *ctl,
                     const char *path,
                     int from,
                     unsigned char digest[crypto_hash_sha256_BYTES])
{
    static unsigned char buffer[READ_SIZE];
    crypto_hash_sha256_state hashing;
    (void)crypto_hash_sha256_init(&hashing);
    bool empty = true;
    for (;;) {
        ssize_t size = read(from, buffer, sizeof buffer);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return unreadable(ctl, path, errno);
        }
        if (size == 0) {
            break;
        }
        empty = false;
        (void)crypto_hash_sha256_update(&hashing, buffer, (unsigned long long)size);
    }
    (void)crypto_hash_sha256_final(&hashing, digest);
    return empty ? ctl_fail(ctl, CTL_USAGE, TEXT_EVIDENCE_EMPTY, CTL_ARGS(path)) : CTL_OK;
}

int ctl_evidence_hash(const struct ctl *ctl, const char *path, char hash[POLICY_HASH_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    int from = -1;
    int why = ctl_file_open(path, &from);
    if (why != 0) {
        return unreadable(ctl, path, why);
    }
    int code = hash_read(ctl, path, from, digest);
    if (from != STDIN_FILENO) {
        (void)close(from);
    }
    if (code == CTL_OK) {
        char digits[2 * sizeof digest + 1];
        hex_encode(digest, sizeof digest, digits);
        (void)snprintf(hash, POLICY_HASH_SIZE, "sha256:%s", digits);
    }
    return code;
}

/* ---- evidence check ---- */

/* What an event recorded by this hash, a row each; the fields of people only. */
static void event_search(const struct ctl *ctl,
                         const struct case_view *view,
                         const struct event *event,
                         const char *hash,
                         struct ctl_table *table)
{
    if (event->service != SERVICE_DISPATCH || event->kind == EVENT_OPENED) {
        return;
    }
    const struct event_advanced *told = &event->advanced;
    for (uint32_t i = 0; i < told->field_count; i++) {
        char texts[5][VIEW_TEXT_MAX];
        char at[VIEW_TEXT_MAX];
        if (!slice_equal(told->fields[i].value, slice_text(hash))) {
            continue;
        }
        if (ctl->json) {
            json_t *utc = view_time_json(event->at_us);
            (void)snprintf(at, sizeof at, "%s", json_string_value(utc));
            json_decref(utc);
            (void)view_plain(told->fields[i].name, texts[0]);
            (void)view_plain(told->action, texts[1]);
            (void)view_plain(told->role, texts[3]);
        } else {
            (void)view_time(event->at_us, at);
            (void)case_field_title(ctl, view->policy, told, told->fields[i].name, texts[0]);
            (void)case_action(ctl, view->policy, told, texts[1]);
            (void)case_role(ctl, view->policy, told->role, texts[3]);
        }
        (void)view_plain(told->actor, texts[2]);
        (void)snprintf(texts[4], sizeof texts[4], "%" PRIu32, told->version);
        ctl_table_add(table, CTL_ARGS(at, texts[0], texts[1], texts[2], texts[3], texts[4]));
    }
}

static void json_tell(const struct ctl *ctl,
                      const struct case_view *view,
                      const char *hash,
                      const struct ctl_table *table)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "case", json_integer((json_int_t)view->case_id));
    (void)json_object_set_new(object, "hash", json_string(hash));
    (void)json_object_set_new(object, "recorded", ctl_table_json(table));
    (void)json_object_set_new(object, "altered", case_altered_json(view));
    ctl_print_json(ctl, &object);
}

int ctl_evidence_check(struct ctl *ctl)
{
    static const struct ctl_column columns[] = {
        {"at",      TEXT_COLUMN_RECORDED_AT, CTL_COLUMN_TEXT,   false},
        {"field",   TEXT_COLUMN_FIELD,       CTL_COLUMN_TEXT,   false},
        {"action",  TEXT_COLUMN_ACTION,      CTL_COLUMN_TEXT,   true },
        {"actor",   TEXT_COLUMN_ACTOR,       CTL_COLUMN_TEXT,   false},
        {"role",    TEXT_COLUMN_ROLE,        CTL_COLUMN_TEXT,   false},
        {"version", TEXT_COLUMN_VERSION,     CTL_COLUMN_NUMBER, false},
    };
    char hash[POLICY_HASH_SIZE];
    const char *path = ctl_argument(ctl, 1);
    SCOPED(case_done) struct case_view view = {0};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = ctl_evidence_hash(ctl, path, hash);
    code = code == CTL_OK ? case_read(ctl, ctl_argument(ctl, 0), policies, &view) : code;
    if (code != CTL_OK) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return code;
    }
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    view_zone_take(view_policy_zone(view.policy));
    for (uint32_t i = 0; i < view.event_count; i++) {
        event_search(ctl, &view, &view.events[i], hash, table);
    }
    bool known = ctl_table_rows(table) > 0;
    if (ctl->json) {
        json_tell(ctl, &view, hash, table);
    } else if (known) {
        ctl_table_print(table);
        view_zone_tell(ctl);
    }
    int vouched = case_vouch(ctl, &view);
    return known ? vouched : ctl_fail(ctl, CTL_FAILED, TEXT_EVIDENCE_NONE, CTL_ARGS(path, hash));
}
