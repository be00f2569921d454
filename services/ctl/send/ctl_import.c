/*
 * `redress import`: rows of files become submissions, a window of them under way at a time.
 *
 * Nothing is lost on the way: what intake has not answered is sent again, with the same id, until
 * it has; whatever stays unanswered in the end is counted, and importing again settles it, because
 * the id of a row follows from the row.
 */
#include "ctl_import.h"

#include "ctl_refusal.h"
#include "intake_core.h"
#include "scope.h"

#include <errno.h>

enum {
    RESEND_US = 1500000,
    BUSY_US = 20000,   /* nobody could take it: again then */
    FIND_US = 2000000, /* without an answer, look for intakes again */
    WINDOW_BYTES_MAX = 32 * 1024 * 1024,
    ANSWERS_MAX = 512, /* of one turn */
    ARENA_SIZE = 256 * 1024,
    WAIT_MS = 10,
    PASSED_TOLD_MAX = 5,
};

static void
reject(struct import *import, const char *file, uint64_t line, uint64_t column, const char *why)
{
    const struct ctl *ctl = import->ctl;
    if (import->rejects) {
        (void)fprintf(import->rejects, "%s:%" PRIu64 ":%" PRIu64 ": %s\n", file, line, column, why);
        return;
    }
    ctl_last_add(&import->last, file, line, why);
    if (import->told++ < TOLD_MAX) {
        ctl_progress_clear(ctl, &import->progress);
        ctl_note(ctl,
                 TEXT_ROW_PLACE,
                 CTL_ARGS(file, CTL_NUMBER_TEXT(line), CTL_NUMBER_TEXT(column), why));
    }
}

static void reject_bad(struct import *import, const struct ctl_bad *bad)
{
    char *why = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&why, &size);
    if (memory) {
        ctl_format(memory, ctl_text_in(import->ctl->language, bad->why), CTL_ARGS(bad->detail));
        (void)fclose(memory);
    }
    import->unreadable++;
    reject(import, ctl_source_file(import->source), bad->line, bad->column, why ? why : "");
    free(why);
}

/* A row without text is no fault, and there may be many: a few are told, --rejects has all. */
static void pass_over(struct import *import)
{
    const struct ctl *ctl = import->ctl;
    const char *file = ctl_source_file(import->source);
    const char *why = ctl_text_in(ctl->language, TEXT_ROW_EMPTY);
    import->skipped++;
    if (import->rejects) {
        (void)fprintf(import->rejects, "%s:%" PRIu64 ":1: %s\n", file, import->line, why);
    } else if (import->skipped <= PASSED_TOLD_MAX) {
        ctl_progress_clear(ctl, &import->progress);
        ctl_note(ctl, TEXT_ROW_PASSED, CTL_ARGS(file, CTL_NUMBER_TEXT(import->line), why));
    }
}

static void flight_send(struct import *import, struct ctl_flight *flight, int64_t now_us)
{
    bool sent = ctl_peer_send(import->peer, slice_of(flight->bytes, flight->size));
    flight->due_us = now_us + (sent ? RESEND_US : BUSY_US);
    import->sent += sent;
    import->busy = !sent;
}

/* A row becomes a submission under way.  False: its id is under way already; come back. */
static bool flight_begin(struct import *import, int64_t now_us)
{
    struct ctl_submission *submission = &import->submission;
    if (ctl_window_find(import->window, submission->id)) {
        return false;
    }
    struct ctl_flight flight = {.file = ctl_source_file(import->source), .line = import->line};
    memcpy(flight.id, submission->id, UUID_SIZE);
    flight.bytes = ctl_submission_pack(submission, &flight.size);
    struct ctl_flight *added = flight.bytes ? ctl_window_add(import->window, &flight) : NULL;
    if (!added) {
        free(flight.bytes);
        return false;
    }
    import->waiting = false;
    flight_send(import, added, now_us);
    return true;
}

/* Reads one row.  False: no more are wanted. */
static bool row_read(struct import *import)
{
    struct ctl_bad bad;
    if (import->ended || (import->count_max > 0 && import->rows >= import->count_max)) {
        return false;
    }
    enum ctl_read read = ctl_source_next(import->source, &import->line, &bad, &import->code);
    if (read == CTL_READ_END || read == CTL_READ_FAILED) {
        import->ended = true;
        return false;
    }
    import->rows++;
    if (read == CTL_READ_BAD) {
        reject_bad(import, &bad);
        return true;
    }
    bad = (struct ctl_bad){.line = import->line, .column = 1};
    switch (
        ctl_map_row(import->map, ctl_source_reader(import->source), &import->submission, &bad)) {
    case CTL_MAPPED:
        import->waiting = true;
        break;
    case CTL_MAPPED_NOT:
        pass_over(import);
        break;
    case CTL_MAPPED_BAD:
        reject_bad(import, &bad);
        break;
    }
    return true;
}

static bool rate_allows(const struct import *import, int64_t now_us)
{
    if (import->rate == 0) {
        return true;
    }
    double allowed = (double)(now_us - import->start_us) * (double)import->rate / 1e6 + 1;
    return (double)import->begun < allowed;
}

/* Fills the window.  True: something was begun. */
static bool fill(struct import *import, int64_t now_us)
{
    bool any = false;
    import->busy = false;
    while (!import->busy && rate_allows(import, now_us) && !ctl_window_is_full(import->window)) {
        if (!import->waiting && !row_read(import)) {
            break;
        }
        if (import->waiting) {
            if (!flight_begin(import, now_us)) {
                break;
            }
            import->begun++;
            any = true;
        }
    }
    return any;
}

static void receipt_write(struct import *import, const struct ctl_verdict *verdict)
{
    if (!import->receipts) {
        return;
    }
    char id[UUID_TEXT_SIZE];
    char hash[HASH_SIZE * 2 + 1];
    uuid_text(verdict->id, id);
    hex_encode(verdict->leaf.hash, HASH_SIZE, hash);
    (void)fprintf(import->receipts,
                  "%s\t%s\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu64 "\t%s\n",
                  id,
                  verdict->case_number,
                  verdict->leaf.case_id,
                  verdict->leaf.partition,
                  verdict->leaf.seq,
                  hash);
}

/* What a policy or channel that nobody knows may have meant.  The archive is asked once for a name,
 * not once for each row that has it. */
static const char *hint_for(struct import *import,
                            const struct ctl_verdict *verdict,
                            const struct ctl_submitted *submitted)
{
    struct ctl_named *named = &import->named;
    bool policy = verdict->reason == INTAKE_POLICY;
    if (!policy && verdict->reason != INTAKE_CHANNEL) {
        return "";
    }
    enum ctl_naming naming = policy ? NAMING_POLICY : NAMING_CHANNEL;
    if (named->word && named->naming == naming && strcmp(named->id, verdict->value) == 0 &&
        strcmp(import->named_policy, submitted->policy) == 0) {
        return import->hint;
    }
    import->policies = import->policies ? import->policies : view_policies_new(import->ctl);
    *named = (struct ctl_named){.naming = naming, .word = named->id};
    (void)snprintf(named->id, sizeof named->id, "%s", verdict->value);
    (void)snprintf(import->named_policy, sizeof import->named_policy, "%s", submitted->policy);
    import->hint[0] = '\0';
    return import->policies ? ctl_names_hint(import->ctl,
                                             import->policies,
                                             named,
                                             policy ? NULL : import->named_policy,
                                             import->hint)
                            : "";
}

/* "received_at "2027-01-01 10:00:00 CST (UTC+08:00)": …": by the key of the mapping, in the zone of
 * the policy the row is for. */
static void time_say(struct import *import,
                     const char *policy,
                     const char *key,
                     int64_t at_us,
                     char *into,
                     size_t size)
{
    char at[VIEW_TEXT_MAX];
    char zone[VIEW_TEXT_MAX];
    import->policies = import->policies ? import->policies : view_policies_new(import->ctl);
    if (import->policies && strcmp(import->zoned, policy) != 0) { /* asked for once in a row */
        (void)snprintf(import->zoned, sizeof import->zoned, "%s", policy);
        (void)view_zone_take_named(import->ctl, import->policies, policy);
    }
    (void)view_time(at_us, at);
    (void)snprintf(into, size, "%s \"%s %s\"", key, at, view_zone(at_us, zone));
}

static void
refused(struct import *import, const struct ctl_flight *flight, const struct ctl_verdict *verdict)
{
    char because[CTL_REFUSAL_MAX];
    char what[2 * VIEW_TEXT_MAX + 64];
    char why[CTL_REFUSAL_MAX + CTL_NAMES_TOLD_MAX + sizeof what];
    const struct ctl_submitted submitted =
        ctl_submission_read(slice_of(flight->bytes, flight->size));
    if (verdict->conflict || verdict->erased) {
        enum ctl_text text = verdict->erased ? TEXT_SUBMIT_ERASED : TEXT_SUBMIT_CONFLICT;
        (void)snprintf(why, sizeof why, "%s", ctl_text_in(import->ctl->language, text));
    } else {
        (void)snprintf(what, sizeof what, "%s \"%s\"", verdict->field, verdict->value);
        if (verdict->reason == INTAKE_RECEIVED_AT) {
            int64_t at_us = submitted.received_at_us;
            time_say(import, submitted.policy, "received_at", at_us, what, sizeof what);
        } else if (verdict->reason == INTAKE_OCCURRED_AT) {
            int64_t at_us = submitted.occurred_at_us;
            time_say(import, submitted.policy, "occurred_at", at_us, what, sizeof what);
        }
        (void)snprintf(why,
                       sizeof why,
                       "%s: %s%s",
                       what,
                       ctl_submit_say(import->ctl, verdict, because),
                       hint_for(import, verdict, &submitted));
    }
    import->refused++;
    reject(import, flight->file, flight->line, 1, why);
}

static void
forged(struct import *import, const struct ctl_flight *flight, const struct ctl_verdict *verdict)
{
    char why[600];
    enum ctl_text id = verdict->stranger ? TEXT_SUBMIT_STRANGER : TEXT_SUBMIT_FORGED;
    (void)ctl_format_into(why,
                          sizeof why,
                          ctl_text_in(import->ctl->language, id),
                          CTL_ARGS(verdict->key, import->ctl->receipt_keys));
    reject(import, flight->file, flight->line, 1, why);
}

static void answered(struct import *import, struct slice bytes, int64_t now_us)
{
    struct ctl_verdict verdict;
    struct error error = {0};
    arena_reset(import->arena);
    if (!ctl_verdict_read(bytes, &import->trust, import->arena, &verdict, &error)) {
        return; /* it will be asked again */
    }
    struct ctl_flight *flight = ctl_window_find(import->window, verdict.id);
    if (!flight) {
        return; /* an answer to what was sent twice */
    }
    if (verdict.kind == CTL_VERDICT_LATER) {
        flight->due_us = now_us + (int64_t)verdict.retry_after_ms * 1000;
        return;
    }
    import->answer_us = now_us;
    switch (verdict.kind) {
    case CTL_VERDICT_RECEIPT:
        import->accepted++;
        import->duplicates += verdict.duplicate;
        receipt_write(import, &verdict);
        break;
    case CTL_VERDICT_FORGED:
        import->forged++;
        forged(import, flight, &verdict);
        break;
    case CTL_VERDICT_REFUSED:
        refused(import, flight, &verdict);
        break;
    case CTL_VERDICT_LATER:
        break;
    }
    ctl_window_remove(import->window, flight);
}

/* True: an answer came. */
static bool receive(struct import *import, int wait_ms)
{
    struct slice bytes;
    bool any = false;
    for (int i = 0; i < ANSWERS_MAX; i++) {
        if (!ctl_peer_receive(import->peer, any ? 0 : wait_ms, &bytes)) {
            break;
        }
        answered(import, bytes, clock_monotonic_us());
        any = true;
    }
    return any;
}

static void resend(struct import *import, int64_t now_us)
{
    uint32_t at = 0;
    struct ctl_flight *flight;
    if (now_us < import->resend_us) {
        return;
    }
    import->resend_us = now_us + BUSY_US;
    import->busy = false;
    while (!import->busy && (flight = ctl_window_due(import->window, now_us, &at)) != NULL) {
        flight_send(import, flight, now_us);
    }
}

/* Nothing comes: intakes may have come and gone. */
static void find_again(struct import *import, int64_t now_us)
{
    int64_t since_us = import->answer_us > import->found_us ? import->answer_us : import->found_us;
    if (now_us - since_us >= FIND_US) {
        import->found_us = now_us;
        if (ctl_peer_find(import->ctl, import->peer, SERVICE_INTAKE, true) != CTL_OK) {
            return; /* nobody there yet: what is under way waits for its timeout */
        }
    }
}

void import_run(struct import *import)
{
    import->start_us = clock_monotonic_us();
    import->answer_us = import->start_us;
    for (;;) {
        int64_t now_us = clock_monotonic_us();
        bool begun = fill(import, now_us);
        bool done = import->ended || (import->count_max > 0 && import->rows >= import->count_max);
        if (done && !import->waiting && ctl_window_count(import->window) == 0) {
            return;
        }
        if (ctl_window_count(import->window) == 0) {
            import->answer_us = now_us; /* there is nothing to wait for */
        }
        receive(import, begun && !ctl_window_is_full(import->window) ? 0 : WAIT_MS);
        now_us = clock_monotonic_us();
        resend(import, now_us);
        find_again(import, now_us);
        import_progress(import, now_us);
        if (now_us - import->answer_us > import->timeout_us) {
            return;
        }
    }
}

bool import_open(struct import *import)
{
    import->arena = arena_new(ARENA_SIZE);
    import->window =
        ctl_window_new((uint32_t)ctl_option_number(import->ctl, "window"), WINDOW_BYTES_MAX);
    import->source = ctl_source_new(
        import->ctl, import->map, import->ctl->arguments, import->ctl->argument_count);
    return import->arena && import->window && import->source;
}

void import_done(struct import *import)
{
    ctl_window_free(&import->window);
    ctl_source_free(&import->source);
    ctl_peer_free(&import->peer);
    ctl_map_free(&import->map);
    view_policies_free(&import->policies);
    arena_free(&import->arena);
}
