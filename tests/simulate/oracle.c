#include "oracle.h"

#include "client.h"
#include "instance.h"

enum { SETTLED_US = 40 * SECOND, LATE_US = 5 * SECOND };

/* A case's clock, computed from dispatch's facts and nothing else. */
struct watch {
    bool running, started, stopped, breached;
    uint32_t generation;
    int64_t due_us, remaining_us, since_us;
};

static struct {
    struct {
        struct place place;
        uint64_t epoch;                 /* of the last fact */
        uint64_t reacted[SERVICES_END]; /* seq of the last input that a fact answers */
        uint32_t versions[CASES_MAX];
    } streams[SERVICES_END][PARTITIONS];
    struct watch watches[PARTITIONS][CASES_MAX];
    bool received[CLIENTS_MAX + 1];
    bool commanded[(CLIENTS_MAX + 1) * 4];
    uint64_t receipts[CLIENTS_MAX + 1]; /* never rolled back: a receipt is out */
    bool command_answers[(CLIENTS_MAX + 1) * 4];
    int64_t healed_us;
} oracle;

void oracle_begin(void)
{
    memset(&oracle, 0, sizeof oracle);
    oracle.healed_us = INT64_MAX / 2;
}

void oracle_healed(void)
{
    oracle.healed_us = sim.now_us;
}

static void check_chain(const struct fact *fact)
{
    uint8_t hash[HASH_SIZE];
    struct place *place = &oracle.streams[fact->service][fact->partition].place;
    uint64_t *epoch = &oracle.streams[fact->service][fact->partition].epoch;
    fact_hash(fact, hash);
    if (fact->seq != place->seq + 1) {
        sim_fail("law 3: after %llu comes %s", (unsigned long long)place->seq, fact_text(fact));
    } else if (memcmp(fact->prev, place->hash, HASH_SIZE) != 0 ||
               memcmp(fact->hash, hash, HASH_SIZE) != 0) {
        sim_fail("law 3: chain broken at %s", fact_text(fact));
    } else if (fact->epoch < *epoch) {
        sim_fail("law 3: epoch falls at %s", fact_text(fact));
    }
    place->seq = fact->seq;
    *epoch = fact->epoch;
    memcpy(place->hash, fact->hash, HASH_SIZE);
}

static void check_unique(const struct fact *fact)
{
    if (fact->kind == EVENT_RECEIVED) {
        if (oracle.received[fact->reference]) {
            sim_fail("law 1: a second case for submission %llu: %s",
                     (unsigned long long)fact->reference,
                     fact_text(fact));
        }
        oracle.received[fact->reference] = true;
    } else if (fact->reference != 0) {
        if (oracle.commanded[fact->reference]) {
            sim_fail("law 4: command %llu done twice: %s",
                     (unsigned long long)fact->reference,
                     fact_text(fact));
        }
        oracle.commanded[fact->reference] = true;
    }
}

/* Every input that asks for a reaction gets one, once, in the order of its stream. */
static void check_cause(const struct fact *fact)
{
    if (fact->cause_service == SERVICE_NONE) {
        return;
    }
    uint64_t *reacted =
        &oracle.streams[fact->service][fact->partition].reacted[fact->cause_service];
    for (uint64_t seq = *reacted + 1; seq <= fact->cause_seq; seq++) {
        const struct fact *input = pg_fact(fact->cause_service, fact->partition, seq);
        bool last = seq == fact->cause_seq;
        if (!input || service_reacts(fact->service, input) != last ||
            (last && input->case_id != fact->case_id)) {
            sim_fail("law 4: %s passes over, or invents, input %llu",
                     fact_text(fact),
                     (unsigned long long)seq);
            return;
        }
    }
    if (fact->cause_seq <= *reacted) {
        sim_fail("law 4: input %llu has its effect twice: %s",
                 (unsigned long long)fact->cause_seq,
                 fact_text(fact));
    }
    *reacted = fact->cause_seq;
}

static void watch_start(struct watch *watch, const struct fact *fact, int64_t due_us)
{
    watch->running = watch->started = true;
    watch->generation++;
    watch->due_us = due_us;
    watch->since_us = fact->at_us;
    if (fact->due_us != due_us || fact->generation != watch->generation) {
        sim_fail("law 7: wrong due instant in %s", fact_text(fact));
    }
}

static void check_breach(const struct watch *watch, const struct fact *fact)
{
    if (!watch->running || watch->breached) {
        sim_fail("law 7: fired twice, or while standing still: %s", fact_text(fact));
    } else if (fact->at_us < watch->due_us || fact->generation != watch->generation) {
        sim_fail("law 7: fired early: %s", fact_text(fact));
    } else if (sim.now_us > oracle.healed_us + SETTLED_US) {
        int64_t from_us = watch->due_us > watch->since_us ? watch->due_us : watch->since_us;
        if (sim.now_us > from_us + LATE_US) {
            sim_fail("law 7: fired late: %s", fact_text(fact));
        }
    }
}

static void check_watch(const struct fact *fact)
{
    struct watch *watch = &oracle.watches[fact->partition][case_serial(fact->case_id)];
    const struct fact *cause = pg_fact(fact->cause_service, fact->partition, fact->cause_seq);
    int64_t at_us = cause ? cause->at_us : 0;
    bool settled = watch->breached || at_us < watch->due_us;
    switch ((int)fact->kind) {
    case EVENT_CLOCKS_STARTED:
        if (watch->started) {
            sim_fail("law 7: started twice: %s", fact_text(fact));
        }
        watch_start(watch, fact, at_us + case_target_us(fact->case_id));
        break;
    case EVENT_CLOCKS_RESUMED:
        watch_start(watch, fact, at_us + watch->remaining_us);
        break;
    case EVENT_CLOCKS_PAUSED:
    case EVENT_CLOCKS_STOPPED:
        if (!watch->running || !settled) {
            sim_fail("law 7: due before it was stopped, and never fired: %s", fact_text(fact));
        }
        watch->running = false;
        watch->stopped = fact->kind == EVENT_CLOCKS_STOPPED;
        watch->remaining_us = watch->due_us - at_us;
        break;
    case EVENT_CLOCK_BREACHED:
        check_breach(watch, fact);
        watch->breached = true;
        break;
    default:
        sim_fail("not a fact of the watchdog: %s", fact_text(fact));
    }
}

/* Whose fact it is, and what may lead to it: an input, a client, or (the breach) time. */
static void check_kind(const struct fact *fact)
{
    bool caused = fact->cause_service != SERVICE_NONE;
    bool asked = fact->reference != 0;
    bool timed = fact->kind == EVENT_CLOCK_BREACHED;
    if (event_kind_service(fact->kind) != fact->service || caused + asked + timed != 1) {
        sim_fail("law 4: out of nothing comes %s", fact_text(fact));
    }
}

static void check_fact(const struct fact *fact)
{
    check_kind(fact);
    check_chain(fact);
    check_unique(fact);
    check_cause(fact);
    if (fact->service == SERVICE_WATCHDOG) {
        check_watch(fact);
    }
    oracle.streams[fact->service][fact->partition].versions[case_serial(fact->case_id)]++;
}

void oracle_before(const struct call *call)
{
    for (uint32_t i = 0; call->kind == CALL_COMMIT && i < call->fact_count; i++) {
        const struct fact *fact = &call->facts[i];
        const struct head *head = pg_head(call->from->service, fact->partition);
        sim_note("%s appends %s", instance_name(call->from), fact_text(fact));
        if (fact->epoch != head->epoch || head->owner != call->from->index) {
            sim_fail("law 2: appended by another than the owner of epoch %llu: %s",
                     (unsigned long long)head->epoch,
                     fact_text(fact));
        }
        check_fact(fact);
    }
}

/* The checkpoint says exactly what has been answered: neither more (lost) nor less (done again). */
static void check_checkpoints(enum service_id service, uint32_t partition)
{
    const struct head *head = pg_head(service, partition);
    for (enum service_id input = SERVICE_INTAKE; input < SERVICES_END; input++) {
        uint64_t seq = head->checkpoints[input].seq;
        uint64_t reacted = oracle.streams[service][partition].reacted[input];
        bool wrong = seq < reacted || seq > pg_fact_count(input, partition);
        for (uint64_t i = reacted + 1; !wrong && i <= seq; i++) {
            wrong = service_reacts(service, pg_fact(input, partition, i));
        }
        if (wrong) {
            sim_fail("law 4: %s.%u has its checkpoint of %s at %llu, its effects at %llu",
                     service_name(service),
                     partition,
                     service_name(input),
                     (unsigned long long)seq,
                     (unsigned long long)reacted);
        }
    }
}

void oracle_after(const struct call *call)
{
    for (uint32_t i = 0; call->kind == CALL_COMMIT && i < call->part_count; i++) {
        check_checkpoints(call->from->service, call->parts[i].partition);
    }
}

void oracle_rolled_back(void)
{
    memset(oracle.streams, 0, sizeof oracle.streams);
    memset(oracle.watches, 0, sizeof oracle.watches);
    memset(oracle.received, 0, sizeof oracle.received);
    memset(oracle.commanded, 0, sizeof oracle.commanded);
    for (enum service_id service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            for (uint64_t seq = 1; seq <= pg_fact_count(service, partition); seq++) {
                check_fact(pg_fact(service, partition, seq));
            }
            check_checkpoints(service, partition);
        }
    }
}

void oracle_published(const struct fact *fact)
{
    const struct fact *stored = pg_fact(fact->service, fact->partition, fact->seq);
    if (!stored || memcmp(stored->hash, fact->hash, HASH_SIZE) != 0 ||
        !pg_is_replicated(fact->service, fact->partition, fact->seq)) {
        sim_fail("law 5: published and not committed: %s", fact_text(fact));
    }
}

void oracle_heartbeat(const struct fact *beat)
{
    if (beat->seq > 0) {
        oracle_published(beat);
    }
}

void oracle_replied(const struct request *reply)
{
    if (reply->kind == REQUEST_SUBMIT) {
        if (pg_submission_case(reply->submission) != reply->case_id) {
            sim_fail("law 1: receipt for %llu without its case",
                     (unsigned long long)reply->submission);
        }
        oracle.receipts[reply->submission] = reply->case_id;
    } else {
        uint64_t command = reply->submission * 4 + reply->kind;
        if (!oracle.commanded[command]) {
            sim_fail("law 5: command %llu answered and not done", (unsigned long long)command);
        }
        oracle.command_answers[command] = true;
    }
}

static void end_of_clients(void)
{
    for (uint32_t i = 0; i < client_count(); i++) {
        uint64_t submission = i + 1;
        uint64_t receipt = oracle.receipts[submission];
        if (receipt != 0 && pg_submission_case(submission) != receipt) {
            sim_fail("law 1: receipted submission %llu has no case",
                     (unsigned long long)submission);
        } else if (!client_is_done(i)) {
            sim_fail(
                "liveness: client %u is not done (receipt %llx)", i, (unsigned long long)receipt);
        }
        for (unsigned kind = REQUEST_WAIT; kind <= REQUEST_CLOSE; kind++) {
            uint64_t command = submission * 4 + kind;
            if (oracle.command_answers[command] && !oracle.commanded[command]) {
                sim_fail("law 5: answered command %llu is gone", (unsigned long long)command);
            }
        }
    }
}

static void end_of_stream(enum service_id service, uint32_t partition)
{
    for (enum service_id input = SERVICE_INTAKE; input < SERVICES_END; input++) {
        bool follows = (service_inputs(service) >> input & 1U) != 0;
        uint64_t seq = pg_head(service, partition)->checkpoints[input].seq;
        if (follows && seq != pg_fact_count(input, partition)) {
            sim_fail("liveness: %s.%u has read %llu of %u facts of %s",
                     service_name(service),
                     partition,
                     (unsigned long long)seq,
                     pg_fact_count(input, partition),
                     service_name(input));
        }
    }
    for (uint64_t serial = 1; serial < CASES_MAX; serial++) {
        uint32_t version = oracle.streams[service][partition].versions[serial];
        if (pg_row(service, partition, serial)->version != version) {
            sim_fail("law 4: %s.%u has %u facts of case %llu, its row says %u",
                     service_name(service),
                     partition,
                     version,
                     (unsigned long long)serial,
                     pg_row(service, partition, serial)->version);
        }
        const struct watch *watch = &oracle.watches[partition][serial];
        if (watch->started && !watch->stopped) {
            sim_fail(
                "liveness: the clock of %u/%llu still runs", partition, (unsigned long long)serial);
        }
    }
}

void oracle_end(void)
{
    end_of_clients();
    for (enum service_id service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            end_of_stream(service, partition);
        }
    }
}
