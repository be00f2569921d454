/*
 * Intake, the shell: submissions in, Received and signed receipts out.
 *
 * A whole batch goes into one partition, and small ones go on in that of the batch before, so that
 * one head row moves a commit, here and downstream, where others gather longer.
 * Duplicates are found by the archive's unique key, in the same transaction (law 1): the batch is
 * then undone, the known ones are read, and the rest is decided again.  The receipt of a duplicate
 * rides with a later commit, never with a mere read.  Nor is one refused for good before the
 * archive was asked whether it was accepted earlier: policy or clock may have changed since.
 */
#include "classify_cache.h"
#include "clock.h"
#include "intake_store.h"
#include "intake_texts.h"
#include "intake_wire.h"
#include "log.h"
#include "service.h"

enum {
    RETRY_AFTER_MS = 250,
    /* Four daemons follow in batches as large as ours: at 1,000 a second two complaints a batch
     * cost a quarter less than one; the more one had, the longer the next (tests/bench). */
    GATHER_US = 2000,
    SEEN_SLOTS = 4096, /* twice the batch and more: power of two */
};

/* What becomes of one submission of the batch once it has committed. */
struct outcome {
    const struct request *request;
    struct receipt_leaf leaf;
    bool duplicate;
};

/* A submission of this batch, to find a repeat of it in the batch itself. */
struct seen {
    uint32_t row;
    uint32_t cycle; /* slots of older batches are empty */
};

struct intake {
    struct service *service;
    struct seal_ring *ring;
    struct receipt_key *key;
    struct arena *scratch; /* receipts are packed here */
    bool ask_known;        /* the unique key refused the batch, or we would: ask which are known */
    bool asked_known;      /* they were, of this batch */
    uint32_t known_count;
    struct intake_known known[SERVICE_BATCH_MAX];
    char known_channels[SERVICE_BATCH_MAX][POLICY_NAME_MAX];
    uint32_t outcome_count;
    struct outcome outcomes[SERVICE_BATCH_MAX];
    uint32_t row_count;
    struct intake_row rows[SERVICE_BATCH_MAX];
    uint32_t cycle;
    struct seen seen[SEEN_SLOTS];
    uint32_t partition;
    int64_t filled;     /* cases into it since it was its turn */
    struct event event; /* large */
};

static bool intake_open(struct service *service, void **self, struct error *error)
{
    struct intake *intake = calloc(1, sizeof *intake);
    if (!intake) {
        return error_set(error, ERROR_FATAL, "out of memory");
    }
    *self = intake;
    intake->service = service;
    intake->partition = UINT32_MAX; /* none yet */
    const struct service_settings *settings = service_settings(service);
    classify_cache_folder(settings->run_dir);
    intake->ring = seal_ring_open(settings->key_file, false, error);
    if (!intake->ring) {
        return false;
    }
    intake->key = receipt_key_open(settings->receipt_key_file, false, error);
    intake->scratch = arena_new((size_t)64 * 1024 * 1024);
    return intake->key && intake->scratch;
}

static void intake_close(void *self)
{
    struct intake *intake = self;
    seal_ring_free(&intake->ring);
    receipt_key_free(&intake->key);
    arena_free(&intake->scratch);
    free(intake);
}

static void
refuse(struct cycle *cycle, const struct request *request, const struct intake_refused *refused)
{
    cycle_reply(cycle, &request->peer, intake_refusal_pack(refused, cycle_arena(cycle)));
}

/* Comes first whatever happens: the batch's book-keeping begins here. */
static bool intake_lookup(void *self, struct cycle *cycle, struct pg *pg)
{
    struct intake *intake = self;
    intake->outcome_count = 0;
    intake->filled += intake->row_count;
    intake->row_count = 0;
    if (intake->filled >= service_settings(intake->service)->partition_fill) {
        intake->filled = 0;
        (void)service_next_partition(intake->service, &intake->partition);
    }
    intake->cycle++;
    intake->known_count = 0;
    intake->asked_known = intake->ask_known;
    intake->ask_known = false;
    if (!intake->asked_known) {
        return false;
    }
    static struct intake_key keys[SERVICE_BATCH_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < cycle_request_count(cycle); i++) {
        struct error error = {0};
        const Redress__Submit__V1__Submission *submission =
            intake_decode(cycle_request(cycle, i)->bytes, cycle_arena(cycle), &error);
        if (submission && intake_key_is_good(submission)) {
            memcpy(keys[count].submission_id, submission->submission_id.data, 16);
            keys[count++].channel = slice_of(submission->channel.data, submission->channel.len);
        }
    }
    intake_known_bind(pg, keys, count);
    return true;
}

static void intake_looked_up(void *self, struct cycle *cycle, const struct pg_answer *answer)
{
    (void)cycle;
    struct intake *intake = self;
    int rows = PQntuples(answer->results[0]);
    for (int row = 0; row < rows && intake->known_count < SERVICE_BATCH_MAX; row++) {
        struct intake_known *known = &intake->known[intake->known_count];
        intake_known_read(answer->results[0], row, known);
        /* the result goes away: keep the channel's name */
        char *channel = intake->known_channels[intake->known_count++];
        (void)snprintf(channel,
                       POLICY_NAME_MAX,
                       "%.*s",
                       (int)known->channel.size,
                       (const char *)known->channel.bytes);
        known->channel = slice_text(channel);
    }
}

static const struct intake_known *
known_find(const struct intake *intake, struct slice id, struct slice channel)
{
    for (uint32_t i = 0; i < intake->known_count; i++) {
        const struct intake_known *known = &intake->known[i];
        if (memcmp(known->submission_id, id.bytes, 16) == 0 &&
            slice_equal(known->channel, channel)) {
            return known;
        }
    }
    return NULL;
}

static struct outcome *
outcome_add(struct intake *intake, const struct request *request, struct slice id)
{
    struct outcome *outcome = &intake->outcomes[intake->outcome_count++];
    *outcome = (struct outcome){.request = request};
    memcpy(outcome->leaf.submission_id, id.bytes, 16);
    return outcome;
}

/* With another body, or what is erased now: a receipt could be of a body never accepted (law 1). */
static void conflict(struct cycle *cycle, const struct request *request, struct slice id, bool gone)
{
    struct intake_refused refused = {
        .submission_id = id,
        .code = gone ? REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_ERASED
                     : REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_CONFLICT,
        .field = "submission_id",
        .allowed = gone ? "not to be sent again: registered, erased since"
                        : "an id that was not used for another body"};
    refuse(cycle, request, &refused);
}

/* Accepted before this batch: the same receipt, signed anew, once this batch has committed. */
static void answer_known(struct intake *intake,
                         struct cycle *cycle,
                         const struct request *request,
                         const struct intake_known *known,
                         const uint8_t digest[INTAKE_DIGEST_SIZE])
{
    static const uint8_t erased[INTAKE_DIGEST_SIZE];
    struct slice id = slice_of(known->submission_id, 16);
    if (memcmp(known->digest, digest, INTAKE_DIGEST_SIZE) != 0) {
        conflict(cycle, request, id, memcmp(known->digest, erased, sizeof erased) == 0);
        return;
    }
    struct outcome *outcome = outcome_add(intake, request, id);
    outcome->leaf.case_id = known->case_id;
    outcome->leaf.partition = case_partition(known->case_id);
    outcome->leaf.seq = case_id_serial(known->case_id);
    memcpy(outcome->leaf.hash, known->hash, HASH_SIZE);
    outcome->leaf.received_at_us = known->at_us;
    outcome->duplicate = true;
    cycle_touch(cycle, intake->partition);
}

/* The slot of this id and channel: empty, or with its first occurrence in the batch. */
static struct seen *seen_slot(struct intake *intake, struct slice id, struct slice channel)
{
    uint64_t halves[2];
    memcpy(halves, id.bytes, sizeof halves);
    uint64_t hash = (halves[0] ^ halves[1] * 0x9e3779b97f4a7c15U) * 0xff51afd7ed558ccdU >> 32;
    for (uint32_t i = 0; i < SEEN_SLOTS; i++) {
        struct seen *seen = &intake->seen[(hash + i) % SEEN_SLOTS];
        const struct intake_row *row = &intake->rows[seen->row];
        if (seen->cycle != intake->cycle ||
            (memcmp(row->submission_id, id.bytes, 16) == 0 && slice_equal(row->channel, channel))) {
            return seen;
        }
    }
    return NULL; /* cannot be: there are more slots than requests in a batch */
}

static void refuse_for_now(struct cycle *cycle, const struct request *request, struct slice id)
{
    struct intake_refused refused = {.submission_id = id,
                                     .code =
                                         REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_NOT_READY,
                                     .field = "policy",
                                     .allowed = "from a few seconds after it was loaded",
                                     .retry_after_ms = RETRY_AFTER_MS};
    refuse(cycle, request, &refused);
}

static void accept(struct intake *intake,
                   struct cycle *cycle,
                   const struct request *request,
                   const Redress__Submit__V1__Submission *submission,
                   const struct policy_object *policy,
                   const struct intake_output *verdict,
                   struct seen *seen,
                   const uint8_t digest[INTAKE_DIGEST_SIZE])
{
    struct slice id = slice_of(submission->submission_id.data, 16);
    struct event *event = &intake->event;
    struct intake_row *row = &intake->rows[intake->row_count];
    if (!intake_classify(policy, submission, &event->received)) {
        refuse_for_now(cycle, request, id);
        return;
    }
    cycle_touch(cycle, intake->partition);
    memset(event, 0, offsetof(struct event, received));
    event->kind = EVENT_RECEIVED;
    event->case_id =
        case_id_make(intake->partition, service_stream_seq(intake->service, intake->partition) + 1);
    event->at_us = cycle_now_us(cycle);
    event->key_id = seal_key_id(intake->ring);
    *row = (struct intake_row){.case_id = event->case_id,
                               .channel = slice_text(policy->policy.channels[verdict->channel].id),
                               .customer = intake_customer(intake->ring, submission),
                               .at_us = verdict->received_at_us};
    memcpy(row->submission_id, id.bytes, 16);
    memcpy(row->digest, digest, INTAKE_DIGEST_SIZE);
    struct event_received *received = &event->received;
    received->submission_id = id;
    received->channel = row->channel;
    received->policy_id = policy->policy.id;
    received->received_at_us = verdict->received_at_us;
    received->occurred_at_us = verdict->occurred_at_us;
    received->customer = row->customer;
    received->acknowledged_by_receipt = verdict->acknowledged_by_receipt;
    received->category_hint =
        verdict->category_hint == POLICY_NONE
            ? slice_of(NULL, 0)
            : slice_text(policy->policy.categories[verdict->category_hint].id);
    received->product = submission->has_product
                            ? slice_of(submission->product.data, submission->product.len)
                            : slice_of(NULL, 0);
    struct error error = {0};
    if (!intake_seal(intake->ring, submission, row, cycle_arena(cycle), received, &error)) {
        service_fail(intake->service, error.text);
    }
    if (!cycle_append(cycle, event, &error)) {
        struct intake_refused refused = {
            .submission_id = id,
            .code = REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED,
            .retry_after_ms = RETRY_AFTER_MS};
        refuse(cycle, request, &refused);
        return;
    }
    memcpy(row->hash, event->hash, HASH_SIZE);
    struct outcome *outcome = outcome_add(intake, request, id);
    outcome->leaf.case_id = event->case_id;
    outcome->leaf.partition = event->partition;
    outcome->leaf.seq = event->seq;
    memcpy(outcome->leaf.hash, event->hash, HASH_SIZE);
    outcome->leaf.received_at_us = received->received_at_us;
    *seen = (struct seen){.row = intake->row_count++, .cycle = intake->cycle};
}

/* The same submission twice in one batch: both get the receipt of the one case. */
static void answer_seen(struct intake *intake,
                        struct cycle *cycle,
                        const struct request *request,
                        const struct intake_row *row,
                        const uint8_t digest[INTAKE_DIGEST_SIZE])
{
    if (memcmp(row->digest, digest, INTAKE_DIGEST_SIZE) != 0) {
        conflict(cycle, request, slice_of(row->submission_id, 16), false);
        return;
    }
    for (uint32_t i = 0; i < intake->outcome_count; i++) {
        if (intake->outcomes[i].leaf.case_id == row->case_id) {
            struct outcome *outcome = &intake->outcomes[intake->outcome_count++];
            *outcome = intake->outcomes[i];
            outcome->request = request;
            outcome->duplicate = true;
            return;
        }
    }
}

/* Not before the archive was asked for it: an adapter obeys, and sends it as another one. */
static void refuse_for_good(struct intake *intake,
                            struct cycle *cycle,
                            const struct request *request,
                            const Redress__Submit__V1__Submission *submission,
                            struct slice id,
                            const struct intake_output *verdict)
{
    if (!intake->asked_known && intake_key_is_good(submission)) {
        intake->ask_known = true;
        cycle_look_again(cycle);
        return;
    }
    struct intake_refused refused = {.submission_id = id,
                                     .code =
                                         REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_INVALID,
                                     .field = verdict->field,
                                     .value = verdict->value,
                                     .allowed = verdict->allowed,
                                     .reason = verdict->reason,
                                     .limit = verdict->limit};
    refuse(cycle, request, &refused);
}

static void intake_request(void *self, struct cycle *cycle, const struct request *request)
{
    struct intake *intake = self;
    struct error error = {0};
    struct arena *arena = cycle_arena(cycle);
    const Redress__Submit__V1__Submission *submission =
        intake_decode(request->bytes, arena, &error);
    if (!submission) {
        struct intake_refused refused = {
            .code = REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_INVALID,
            .reason = INTAKE_UNREADABLE,
            .field = "submission",
            .allowed = arena_copy(arena, error.text, strlen(error.text) + 1)};
        refuse(cycle, request, &refused);
        return;
    }
    if (!service_serves(intake->service, intake->partition) &&
        !service_next_partition(intake->service, &intake->partition)) {
        return; /* nothing is ours any more: unanswered, the adapter asks again */
    }
    struct intake_input input;
    intake_input_of(submission, &input);
    input.now_us = cycle_now_us(cycle);
    const struct policy_object *policy = policy_book_by_name(
        service_policies(intake->service), input.policy_name, clock_monotonic_us());
    input.policy = policy ? &policy->policy : NULL;
    uint8_t digest[INTAKE_DIGEST_SIZE];
    intake_digest_of(submission, digest);
    struct slice id =
        input.id_present ? slice_of(submission->submission_id.data, 16) : slice_of(NULL, 0);
    const struct intake_known *known =
        input.id_present ? known_find(intake, id, input.channel) : NULL;
    if (known) { /* before any verdict: it was accepted by the rules of its day */
        answer_known(intake, cycle, request, known, digest);
        return;
    }
    struct intake_output verdict;
    intake_decide(&input, &verdict);
    bool soon = !policy && input.id_present &&
                policy_book_settles(service_policies(intake->service), input.policy_name);
    if (soon) {
        refuse_for_now(cycle, request, id);
        return;
    }
    if (verdict.refusal != INTAKE_ACCEPTED) {
        refuse_for_good(intake, cycle, request, submission, id, &verdict);
        return;
    }
    assert(policy && id.bytes); /* what has none was refused */
    struct seen *seen = seen_slot(intake, id, input.channel);
    if (seen && seen->cycle == intake->cycle) {
        answer_seen(intake, cycle, request, &intake->rows[seen->row], digest);
    } else if (seen) {
        accept(intake, cycle, request, submission, policy, &verdict, seen, digest);
    }
}

static void intake_store(void *self, struct cycle *cycle, struct pg *pg)
{
    (void)cycle;
    struct intake *intake = self;
    if (intake->row_count > 0) {
        intake_rows_bind(pg, intake->rows, intake->row_count);
    }
}

/* One signature for all receipts of the batch; they leave only now (law 1). */
static void intake_committed(void *self, struct cycle *cycle)
{
    (void)cycle;
    struct intake *intake = self;
    if (intake->outcome_count == 0) {
        return;
    }
    arena_reset(intake->scratch);
    struct receipt_leaf *leaves =
        arena_take(intake->scratch, intake->outcome_count * sizeof *leaves);
    if (!leaves) {
        return; /* unanswered: the adapters ask again and are duplicates */
    }
    int64_t now_us = service_now_us(intake->service);
    for (uint32_t i = 0; i < intake->outcome_count; i++) {
        leaves[i] = intake->outcomes[i].leaf;
        leaves[i].committed_at_us = now_us;
    }
    const struct receipt_batch *batch =
        receipt_batch_sign(intake->key, leaves, intake->outcome_count, intake->scratch);
    for (uint32_t i = 0; batch && i < intake->outcome_count; i++) {
        const struct outcome *outcome = &intake->outcomes[i];
        struct intake_receipted receipted = {.leaf = &leaves[i],
                                             .batch = batch,
                                             .index = i,
                                             .count = intake->outcome_count,
                                             .public_key = receipt_key_public(intake->key),
                                             .duplicate = outcome->duplicate};
        struct slice bytes = intake_receipt_pack(&receipted, intake->scratch);
        if (bytes.size > 0) {
            service_reply(intake->service, &outcome->request->peer, bytes);
        }
    }
}

static enum undo_verdict intake_undo(void *self, struct cycle *cycle, const struct pg_answer *why)
{
    (void)cycle;
    struct intake *intake = self;
    if (!why) {
        return UNDO_LATER;
    }
    /* elsewhere the next time: the partition may be at fault */
    intake->filled = service_settings(intake->service)->partition_fill;
    bool known = strcmp(why->sqlstate, "23505") == 0;
    intake->ask_known |= known;
    return known ? UNDO_AGAIN : UNDO_LATER;
}

static struct slice
intake_refuse(void *self, struct slice bytes, bool overloaded, struct arena *arena)
{
    (void)self;
    struct error error = {0};
    const Redress__Submit__V1__Submission *submission = intake_decode(bytes, arena, &error);
    struct intake_refused refused = {
        .code = overloaded ? REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED
                           : REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_NOT_READY,
        .retry_after_ms = RETRY_AFTER_MS};
    if (submission && submission->has_submission_id) {
        refused.submission_id =
            slice_of(submission->submission_id.data, submission->submission_id.len);
    }
    return intake_refusal_pack(&refused, arena);
}

int main(int argc, char **argv)
{
    const struct service_spec spec = {
        .id = SERVICE_INTAKE,
        .takes_requests = true,
        .gather_us = GATHER_US,
        .reads_text = true,
        .keys = SERVICE_KEY_SEAL | SERVICE_KEY_RECEIPT,
        .statements = intake_statements,
        .statement_count = intake_statement_count,
        .open = intake_open,
        .close = intake_close,
        .lookup = intake_lookup,
        .looked_up = intake_looked_up,
        .request = intake_request,
        .store = intake_store,
        .committed = intake_committed,
        .undo = intake_undo,
        .refuse = intake_refuse,
    };
    return service_main(&spec, argc, argv);
}
