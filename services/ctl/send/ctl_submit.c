/* `redress submit`: one complaint, sent again until intake has answered. */
#include "ctl_submit.h"

#include "clock.h"
#include "ctl.h"
#include "ctl_database.h"
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

/* Where times without an offset are read: as whoever runs the command says by TZ, else in the zone
 * of the policy. */
static int zone_of(struct ctl *ctl, struct view_policies *policies, struct zone **zone)
{
    struct error error = {0};
    char name[VIEW_TEXT_MAX];
    struct ctl_named named = {.naming = NAMING_POLICY, .word = ctl_option_text(ctl, "policy")};
    int code = ctl_names_known(ctl, policies, &named, 1, NULL);
    if (code == CTL_OK) {
        code = view_zone_take_named(ctl, policies, named.id);
        if (code == CTL_NOT_FOUND) { /* not all names are known here */
            code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_POLICY_ABSENT, CTL_ARGS(named.word, ""));
        }
    }
    if (code != CTL_OK) {
        return code;
    }
    const char *own = getenv("TZ"); /* NOLINT(concurrency-mt-unsafe): the command has one thread */
    (void)view_zone_used(name);
    *zone = zone_new(name[0] != '\0' || !own ? name : own, &error);
    return *zone ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_TIME_ZONE, CTL_ARGS(error.text));
}

/* As import reads them: with an offset, or without one in the zone that is told then. */
static int time_of(struct ctl *ctl,
                   struct view_policies *policies,
                   const char *name,
                   bool *present,
                   int64_t *at_us)
{
    struct slice text = slice_text(ctl_option_text(ctl, name));
    *present = text.size > 0;
    if (text.size == 0 || ctl_time_rfc3339(text, at_us)) {
        return CTL_OK;
    }
    if (!ctl_time_local(text, NULL, at_us)) {
        return ctl_fail(
            ctl, CTL_USAGE, TEXT_TIME_INVALID, CTL_ARGS(name, ctl_option_text(ctl, name)));
    }
    SCOPED(zone_free) struct zone *zone = NULL;
    int code = zone_of(ctl, policies, &zone);
    if (code != CTL_OK) {
        return code;
    }
    char at[VIEW_TEXT_MAX];
    char where[VIEW_TEXT_MAX];
    (void)ctl_time_local(text, zone, at_us);
    ctl_note(ctl, TEXT_TIME_READ, CTL_ARGS(name, view_time(*at_us, at), view_zone(*at_us, where)));
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

static int text_of(const struct ctl *ctl, const char *name, struct slice *text)
{
    const char *said = NULL;
    int code = ctl_file_option(ctl, name, READ_MAX, &said);
    *text = slice_text(said);
    return code;
}

static int fill(struct ctl *ctl,
                struct view_policies *policies,
                struct ctl_file *file,
                struct ctl_submission *submission)
{
    bool policy = ctl_option_text(ctl, "policy");
    bool channel = ctl_option_text(ctl, "channel");
    if (!policy || !channel) {
        char lacking[64];
        (void)snprintf(lacking,
                       sizeof lacking,
                       "%s%s%s",
                       policy ? "" : "--policy",
                       policy || channel ? "" : ctl_text_in(ctl->language, TEXT_LIST_AND),
                       channel ? "" : "--channel");
        return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_NEEDED, CTL_ARGS("submit", lacking, "submit"));
    }
    *submission = (struct ctl_submission){
        .policy = option_slice(ctl, "policy"),
        .channel = option_slice(ctl, "channel"),
        .name = option_slice(ctl, "name"),
        .contact = option_slice(ctl, "contact"),
        .reference = option_slice(ctl, "reference"),
        .category_hint = option_slice(ctl, "category"),
        .product = option_slice(ctl, "product"),
    };
    int code = id_of(ctl, submission);
    if (code == CTL_OK) {
        code = text_of(ctl, "text", &submission->narrative);
    }
    if (code == CTL_OK) {
        code = text_of(ctl, "demand", &submission->demand);
    }
    if (code == CTL_OK) {
        code = time_of(ctl,
                       policies,
                       "received-at",
                       &submission->received_present,
                       &submission->received_at_us);
    }
    if (code == CTL_OK) {
        code = time_of(ctl,
                       policies,
                       "occurred-at",
                       &submission->occurred_present,
                       &submission->occurred_at_us);
    }
    bool piped = !submission->narrative.bytes ||
                 slice_equal(submission->narrative, slice_text("-")); /* nobody complains a dash */
    if (code == CTL_OK && piped) {
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

/* The option and what was typed: intake has a number, under a name of its own. */
static int time_refused(const struct ctl *ctl, const char *option, const char *why)
{
    return ctl_fail(ctl,
                    CTL_FAILED,
                    TEXT_SUBMIT_REFUSED,
                    CTL_ARGS(option, ctl_option_text(ctl, option + strlen("--")), why));
}

static int tell_refusal(const struct ctl *ctl, const struct ctl_verdict *verdict)
{
    if (verdict->conflict || verdict->erased) {
        return ctl_fail(
            ctl, CTL_CONFLICT, verdict->erased ? TEXT_SUBMIT_ERASED : TEXT_SUBMIT_CONFLICT, NULL);
    }
    char why[CTL_REFUSAL_MAX];
    (void)ctl_submit_say(ctl, verdict, why);
    if (verdict->reason == INTAKE_RECEIVED_AT && ctl_option_text(ctl, "received-at")) {
        return time_refused(ctl, "--received-at", why);
    }
    if (verdict->reason == INTAKE_OCCURRED_AT && ctl_option_text(ctl, "occurred-at")) {
        return time_refused(ctl, "--occurred-at", why);
    }
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

/* Intake takes any suggestion, and triage looks only at one it knows: a wrong one would be lost. */
static int
category_check(struct ctl *ctl, struct view_policies *policies, struct ctl_submission *submission)
{
    static struct ctl_named named[2]; /* the submission is lent the ids */
    const char *policy = ctl_option_text(ctl, "policy");
    const char *category = ctl_option_text(ctl, "category");
    if (!category) {
        return CTL_OK;
    }
    named[0] = (struct ctl_named){.naming = NAMING_POLICY, .word = policy};
    named[1] = (struct ctl_named){.naming = NAMING_CATEGORY, .word = category};
    int code = ctl_names_known(ctl, policies, named, 2, policy);
    if (code == CTL_OK) {
        submission->policy = slice_text(named[0].id);
        submission->category_hint = slice_text(named[1].id);
    }
    return code;
}

static bool is_refused(const struct ctl_verdict *verdict, unsigned reason)
{
    return verdict->kind == CTL_VERDICT_REFUSED && verdict->reason == reason;
}

/* Submits it; where intake knows no such policy or channel, but one has that title, again under its
 * id. */
static int submit_named(struct ctl *ctl,
                        struct view_policies *policies,
                        struct ctl_submission *submission,
                        struct ctl_verdict *verdict)
{
    static struct ctl_named named[2]; /* the submission is lent the ids */
    int64_t timeout_ms = ctl_option_number(ctl, "timeout");
    int code = ctl_submit_one(ctl, submission, timeout_ms, verdict);
    bool channel = is_refused(verdict, INTAKE_CHANNEL);
    if (code != CTL_OK || (!channel && !is_refused(verdict, INTAKE_POLICY))) {
        return code == CTL_OK ? tell(ctl, verdict) : code;
    }
    const char *policy = ctl_option_text(ctl, "policy");
    named[0] = (struct ctl_named){.naming = NAMING_POLICY, .word = policy};
    named[1] =
        (struct ctl_named){.naming = NAMING_CHANNEL, .word = ctl_option_text(ctl, "channel")};
    code = ctl_names_known(ctl, policies, named, 2, policy);
    bool same_policy = slice_equal(slice_text(named[0].id), submission->policy);
    bool same_channel = slice_equal(slice_text(named[1].id), submission->channel);
    bool told = code == CTL_NOT_FOUND || code == CTL_USAGE; /* with what there is */
    if ((told || code == CTL_OK) && !(same_policy && same_channel)) {
        submission->policy = slice_text(named[0].id);
        submission->channel = slice_text(named[1].id);
        int asked = ctl_submit_one(ctl, submission, timeout_ms, verdict);
        if (asked != CTL_OK) {
            return asked;
        }
    }
    if (told && verdict->kind == CTL_VERDICT_REFUSED) {
        refusal_json(ctl, verdict);
        return code;
    }
    return tell(ctl, verdict);
}

int ctl_submit(struct ctl *ctl)
{
    SCOPED(ctl_file_done) struct ctl_file file = {0};
    struct ctl_submission submission = {0};
    struct ctl_verdict verdict = {.kind = CTL_VERDICT_LATER};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = policies ? fill(ctl, policies, &file, &submission)
                        : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    if (code == CTL_OK) {
        code = category_check(ctl, policies, &submission);
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return code == CTL_OK ? submit_named(ctl, policies, &submission, &verdict) : code;
}
