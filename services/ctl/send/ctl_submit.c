/* `redress submit`: one complaint, sent again until intake has answered. */
#include "ctl_submit.h"

#include "clock.h"
#include "ctl.h"
#include "ctl_file.h"
#include "ctl_names.h"
#include "ctl_peer.h"
#include "ctl_refusal.h"
#include "ctl_time.h"
#include "intake_core.h"
#include "scope.h"

enum {
    READ_MAX = 16 * 1024 * 1024, /* that its size can be told; far above what is taken */
    RESEND_MS = 1000,
    ARENA_SIZE = 256 * 1024,
};

static int time_of(const struct ctl *ctl, const char *name, bool *present, int64_t *at_us)
{
    const char *text = ctl_option_text(ctl, name);
    *present = text;
    if (text && !ctl_time_rfc3339(slice_text(text), at_us)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_TIME_INVALID, CTL_ARGS(name, text));
    }
    return CTL_OK;
}

static struct slice option_slice(const struct ctl *ctl, const char *name)
{
    return slice_text(ctl_option_text(ctl, name));
}

static int id_of(const struct ctl *ctl, struct ctl_submission *submission)
{
    const char *id = ctl_option_text(ctl, "id");
    if (!id) {
        uuidv7_make(clock_now_us(), submission->id);
    } else if (!uuid_parse(slice_text(id), submission->id)) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_ID_INVALID, CTL_ARGS("id", id));
    }
    return CTL_OK;
}

static int fill(const struct ctl *ctl, struct ctl_file *file, struct ctl_submission *submission)
{
    static const char *const needed[] = {"policy", "channel"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!ctl_option_text(ctl, needed[i])) {
            return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_NEEDED, CTL_ARGS("submit", needed[i]));
        }
    }
    *submission = (struct ctl_submission){
        .policy = option_slice(ctl, "policy"),
        .channel = option_slice(ctl, "channel"),
        .narrative = option_slice(ctl, "text"),
        .name = option_slice(ctl, "name"),
        .contact = option_slice(ctl, "contact"),
        .reference = option_slice(ctl, "reference"),
        .category_hint = option_slice(ctl, "category"),
        .product = option_slice(ctl, "product"),
        .demand = option_slice(ctl, "demand"),
    };
    int code = id_of(ctl, submission);
    if (code == CTL_OK) {
        code =
            time_of(ctl, "received-at", &submission->received_present, &submission->received_at_us);
    }
    if (code == CTL_OK) {
        code =
            time_of(ctl, "occurred-at", &submission->occurred_present, &submission->occurred_at_us);
    }
    if (code == CTL_OK && !submission->narrative.bytes) {
        code = ctl_file_read(ctl, "-", READ_MAX, file);
        while (file->size > 0 && file->bytes[file->size - 1] == '\n') {
            file->size--;
        }
        submission->narrative = slice_of(file->bytes, file->size);
    }
    if (code == CTL_OK && submission->narrative.size == 0) {
        code = ctl_fail(ctl, CTL_USAGE, TEXT_SUBMIT_EMPTY, NULL);
    }
    struct ctl_excess excess;
    if (code == CTL_OK && !ctl_submission_fits(submission, &excess)) {
        code = ctl_fail(
            ctl,
            CTL_FAILED,
            TEXT_SUBMIT_TOO_LONG,
            CTL_ARGS(excess.field, CTL_NUMBER_TEXT(excess.size), CTL_NUMBER_TEXT(excess.limit)));
    }
    return code;
}

static void receipt_json(const struct ctl *ctl, const struct ctl_verdict *verdict)
{
    char id[UUID_TEXT_SIZE];
    char hash[HASH_SIZE * 2 + 1];
    uuid_text(verdict->id, id);
    hex_encode(verdict->leaf.hash, HASH_SIZE, hash);
    json_t *value = json_pack("{s:s, s:s, s:s, s:I, s:i, s:I, s:s, s:b}",
                              "outcome",
                              "accepted",
                              "submission_id",
                              id,
                              "case_number",
                              verdict->case_number,
                              "case_id",
                              (json_int_t)verdict->leaf.case_id,
                              "partition",
                              (int)verdict->leaf.partition,
                              "seq",
                              (json_int_t)verdict->leaf.seq,
                              "hash",
                              hash,
                              "duplicate",
                              verdict->duplicate);
    ctl_print_json(ctl, &value);
}

static void refusal_json(const struct ctl *ctl, const struct ctl_verdict *verdict)
{
    if (ctl->json) {
        json_t *value = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I}",
                                  "outcome",
                                  verdict->erased     ? "erased"
                                  : verdict->conflict ? "conflict"
                                                      : "refused",
                                  "field",
                                  ctl_json_text(slice_text(verdict->field)),
                                  "value",
                                  ctl_json_text(slice_text(verdict->value)),
                                  "allowed",
                                  ctl_json_text(slice_text(verdict->allowed)),
                                  "reason",
                                  (json_int_t)verdict->reason,
                                  "limit",
                                  (json_int_t)verdict->limit);
        ctl_print_json(ctl, &value);
    }
}

static int tell_refusal(const struct ctl *ctl, const struct ctl_verdict *verdict)
{
    if (verdict->conflict || verdict->erased) {
        return ctl_fail(
            ctl, CTL_CONFLICT, verdict->erased ? TEXT_SUBMIT_ERASED : TEXT_SUBMIT_CONFLICT, NULL);
    }
    char why[CTL_REFUSAL_MAX];
    (void)ctl_submit_say(ctl, verdict, why);
    if (verdict->value[0] == '\0') { /* of a personal field, or a number */
        return ctl_fail(ctl, CTL_FAILED, TEXT_SUBMIT_REFUSED_BARE, CTL_ARGS(verdict->field, why));
    }
    return ctl_fail(
        ctl, CTL_FAILED, TEXT_SUBMIT_REFUSED, CTL_ARGS(verdict->field, verdict->value, why));
}

static int tell(const struct ctl *ctl, const struct ctl_verdict *verdict)
{
    switch (verdict->kind) {
    case CTL_VERDICT_RECEIPT:
        if (ctl->json) {
            receipt_json(ctl, verdict);
        } else if (ctl->quiet) {
            (void)fprintf(ctl->out, "%s\n", verdict->case_number);
        } else {
            ctl_print(ctl,
                      verdict->duplicate ? TEXT_SUBMIT_DUPLICATE : TEXT_SUBMIT_ACCEPTED,
                      CTL_ARGS(verdict->case_number));
        }
        return CTL_OK;
    case CTL_VERDICT_FORGED:
        return ctl_fail(ctl,
                        CTL_FAILED,
                        verdict->stranger ? TEXT_SUBMIT_STRANGER : TEXT_SUBMIT_FORGED,
                        CTL_ARGS(verdict->key, ctl->receipt_keys));
    case CTL_VERDICT_REFUSED:
        refusal_json(ctl, verdict);
        return tell_refusal(ctl, verdict);
    case CTL_VERDICT_LATER:
        break;
    }
    return CTL_TRY_AGAIN;
}

/* One round: sends and waits.  True: a verdict of this submission that is final. */
static bool ask(struct ctl_peer *peer,
                struct slice bytes,
                const struct ctl_submission *submission,
                const struct receipt_trust *trust,
                struct arena *arena,
                int wait_ms,
                struct ctl_verdict *verdict)
{
    int64_t until_us = clock_monotonic_us() + (int64_t)wait_ms * 1000;
    bool sent = ctl_peer_send(peer, bytes);
    for (;;) {
        struct slice answer;
        struct error error = {0};
        int64_t left_us = until_us - clock_monotonic_us();
        if (left_us <= 0) {
            return false;
        }
        if (!sent) { /* the connection is being made */
            sent = ctl_peer_send(peer, bytes);
        }
        if (!ctl_peer_receive(peer, sent ? (int)(left_us / 1000) + 1 : 5, &answer)) {
            continue;
        }
        arena_reset(arena);
        if (ctl_verdict_read(answer, trust, arena, verdict, &error) &&
            memcmp(verdict->id, submission->id, UUID_SIZE) == 0) {
            if (verdict->kind != CTL_VERDICT_LATER) {
                return true;
            }
            until_us = clock_monotonic_us() + (int64_t)verdict->retry_after_ms * 1000;
        }
    }
}

static void bytes_free(uint8_t **bytes_p)
{
    free(*bytes_p);
}

int ctl_submit_one(struct ctl *ctl,
                   const struct ctl_submission *submission,
                   int64_t timeout_ms,
                   struct ctl_verdict *verdict)
{
    size_t size = 0;
    SCOPED(bytes_free) uint8_t *bytes = ctl_submission_pack(submission, &size);
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_SIZE);
    SCOPED(ctl_peer_free) struct ctl_peer *peer = ctl_peer_new(ctl);
    if (!bytes || !arena || !peer) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    int64_t until_us = clock_monotonic_us() + timeout_ms * 1000;
    static struct receipt_trust trust;
    int code = ctl_receipt_trust(ctl, &trust);
    code = code != CTL_OK ? code : ctl_peer_find(ctl, peer, SERVICE_INTAKE, false);
    while (code == CTL_OK) {
        int64_t left_ms = (until_us - clock_monotonic_us()) / 1000;
        if (left_ms <= 0) {
            char id[UUID_TEXT_SIZE];
            uuid_text(submission->id, id);
            return ctl_fail(ctl, CTL_TRY_AGAIN, TEXT_SUBMIT_SILENT, CTL_ARGS(id));
        }
        int wait_ms = left_ms < RESEND_MS ? (int)left_ms : RESEND_MS;
        if (ask(peer, slice_of(bytes, size), submission, &trust, arena, wait_ms, verdict)) {
            return CTL_OK;
        }
        code = ctl_peer_find(ctl, peer, SERVICE_INTAKE, false);
    }
    return code;
}

/* Each of them is a name of the policies of the archive; else says which are. */
static int names_check(struct ctl *ctl, const struct ctl_named *named, unsigned count)
{
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = policies
                   ? ctl_names_known(ctl, policies, named, count, ctl_option_text(ctl, "policy"))
                   : CTL_OK;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code;
}

/* Intake takes any suggestion, and triage looks only at one it knows: a wrong one would be lost. */
static int category_check(struct ctl *ctl)
{
    const struct ctl_named named[] = {
        {NAMING_POLICY,   ctl_option_text(ctl, "policy")  },
        {NAMING_CATEGORY, ctl_option_text(ctl, "category")},
    };
    return named[1].word ? names_check(ctl, named, 2) : CTL_OK;
}

/* Which policies or channels there are, beside that this is none. */
static void near_tell(struct ctl *ctl, const struct ctl_verdict *verdict)
{
    const struct ctl_named policy = {NAMING_POLICY, ctl_option_text(ctl, "policy")};
    const struct ctl_named channel = {NAMING_CHANNEL, ctl_option_text(ctl, "channel")};
    if (verdict->kind == CTL_VERDICT_REFUSED && verdict->reason == INTAKE_POLICY) {
        (void)names_check(ctl, &policy, 1);
    } else if (verdict->kind == CTL_VERDICT_REFUSED && verdict->reason == INTAKE_CHANNEL) {
        (void)names_check(ctl, &channel, 1);
    }
}

int ctl_submit(struct ctl *ctl)
{
    SCOPED(ctl_file_done) struct ctl_file file = {0};
    struct ctl_submission submission;
    int code = fill(ctl, &file, &submission);
    struct ctl_verdict verdict = {.kind = CTL_VERDICT_LATER};
    if (code == CTL_OK) {
        code = category_check(ctl);
    }
    if (code == CTL_OK) {
        code = ctl_submit_one(ctl, &submission, ctl_option_number(ctl, "timeout"), &verdict);
    }
    if (code == CTL_OK) {
        code = tell(ctl, &verdict);
        near_tell(ctl, &verdict);
    }
    return code;
}
