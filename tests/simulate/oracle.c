#include "oracle.h"

#include "chain.h"
#include "client.h"
#include "event_wire.h"
#include "instance.h"
#include "oracle_clocks.h"
#include "oracle_life.h"
#include "oracle_personal.h"
#include "oracle_queues.h"
#include "oracle_runs.h"

static struct {
    struct {
        struct place place;
        uint64_t epoch;                 /* of the last fact */
        uint64_t reacted[SERVICES_END]; /* seq of the last input that a fact answers */
        uint64_t read[SERVICES_END];    /* checkpoints before the call at hand */
        uint32_t versions[CASES_MAX];
    } streams[SERVICES_END][PARTITIONS];
    uint32_t priorities[PARTITIONS][CASES_MAX]; /* as dispatch tells; 0: not opened, or closed */
    uint64_t heeds[PARTITIONS][CASES_MAX];      /* from which event of the watchdog on */
    bool granted[REFERENCES_MAX];
    uint64_t answered[REFERENCES_MAX]; /* never rolled back: a receipt is out */
} oracle;

void oracle_begin(void)
{
    memset(&oracle, 0, sizeof oracle);
    clocks_begin();
    life_begin();
    personal_begin();
    queues_begin();
}

/* The bytes are the fact: what stands beside them says the same, and they are chained. */
static void check_chain(const struct fact *fact)
{
    uint8_t hash[HASH_SIZE];
    struct event header;
    struct error error;
    struct place *place = &oracle.streams[fact->service][fact->partition].place;
    uint64_t *epoch = &oracle.streams[fact->service][fact->partition].epoch;
    chain_hash(fact->bytes, hash);
    if (!event_decode_header(fact->bytes, &header, &error)) {
        sim_fail("law 3: cannot be read: %s", fact_text(fact));
        return;
    }
    bool same = header.service == fact->service && header.partition == fact->partition &&
                header.seq == fact->seq && header.epoch == fact->epoch;
    if (!same || fact->seq != place->seq + 1) {
        sim_fail("law 3: after %llu comes %s", (unsigned long long)place->seq, fact_text(fact));
    } else if (memcmp(header.prev_hash, place->hash, HASH_SIZE) != 0 ||
               memcmp(fact->hash, hash, HASH_SIZE) != 0) {
        sim_fail("law 3: chain broken at %s", fact_text(fact));
    } else if (fact->epoch < *epoch) {
        sim_fail("law 3: epoch falls at %s", fact_text(fact));
    }
    place->seq = fact->seq;
    *epoch = fact->epoch;
    memcpy(place->hash, hash, HASH_SIZE);
}

static void check_unique(const struct fact *fact)
{
    if (fact->reference == 0) {
        return;
    }
    if (oracle.granted[fact->reference]) {
        sim_fail("laws 1, 4: granted twice: request %llu, %s",
                 (unsigned long long)fact->reference,
                 fact_text(fact));
    }
    oracle.granted[fact->reference] = true;
}

static const struct event *cause_of(const struct fact *fact)
{
    const struct fact *cause =
        pg_fact(fact->event->cause_service, fact->partition, fact->event->cause_seq);
    return cause ? cause->event : NULL;
}

/* Every submission is triaged once and every triaged case opened once, in the order they came. */
static bool is_one_to_one(enum service_id service, enum service_id input)
{
    return (service == SERVICE_TRIAGE && input == SERVICE_INTAKE) ||
           (service == SERVICE_DISPATCH && input == SERVICE_TRIAGE);
}

/* May a fact answer this input after the one answered before?  One input may move many clocks. */
static bool follows(const struct fact *fact, uint64_t reacted)
{
    uint64_t seq = fact->event->cause_seq;
    if (is_one_to_one(fact->service, fact->event->cause_service)) {
        return seq == reacted + 1;
    }
    return fact->service == SERVICE_WATCHDOG ? seq >= reacted : seq > reacted;
}

/* A fact comes of an input, of a client's request, or (levels of clocks) of time. */
static void check_cause(const struct fact *fact)
{
    enum service_id input = fact->event->cause_service;
    const struct event *cause = cause_of(fact);
    bool asked = fact->reference != 0;
    bool sourced =
        input != SERVICE_NONE ? cause && !asked : asked || fact->service == SERVICE_WATCHDOG;
    if (event_kind_service(fact->event->kind) != fact->service || !sourced ||
        (cause && cause->case_id != fact->event->case_id)) {
        sim_fail("law 4: out of nothing comes %s", fact_text(fact));
    } else if (cause) {
        uint64_t *reacted = &oracle.streams[fact->service][fact->partition].reacted[input];
        if (!follows(fact, *reacted)) {
            sim_fail("law 4: after input %llu, %s answers %llu",
                     (unsigned long long)*reacted,
                     fact_text(fact),
                     (unsigned long long)fact->event->cause_seq);
        }
        *reacted = fact->event->cause_seq;
    }
}

static void note_priority(const struct event *event)
{
    uint32_t partition = case_partition(event->case_id);
    uint32_t *priority = &oracle.priorities[partition][case_id_serial(event->case_id)];
    if (event->kind == EVENT_OPENED) {
        *priority = event->opened.priority;
        oracle.heeds[partition][case_id_serial(event->case_id)] =
            UINT64_MAX; /* known at the commit */
    } else {
        const struct policy *policy = case_policy(event->case_id);
        bool closed = policy->steps[policy_step_index(policy, event->advanced.to_step)].closed;
        if (*priority == 0 && !closed) { /* open again: what was read in this commit came before */
            oracle.heeds[partition][case_id_serial(event->case_id)] = UINT64_MAX;
        }
        *priority = closed ? 0 : event->advanced.priority;
    }
}

/* The clock of this event of the watchdog began again after it: what it asked for is over. */
static bool begun_again(uint32_t partition, uint64_t seq)
{
    const struct event *asked = pg_fact(SERVICE_WATCHDOG, partition, seq)->event;
    const struct event_clock *of = &asked->clocks.clocks[0];
    for (uint64_t i = seq + 1; i <= pg_fact_count(SERVICE_WATCHDOG, partition); i++) {
        const struct event *event = pg_fact(SERVICE_WATCHDOG, partition, i)->event;
        bool begins = event->case_id == asked->case_id && event->kind == EVENT_CLOCKS_STARTED;
        for (uint32_t c = 0; begins && c < event->clocks.count; c++) {
            const struct event_clock *clock = &event->clocks.clocks[c];
            if (clock->task == of->task && slice_equal(clock->name, of->name)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * The case is less urgent than the level of this event asked for.  What a level asks for is done
 * once its event has been read, unless the case was closed, or was not open yet: then nobody heeds
 * it.  No milder class undoes it, be it that nothing was left to raise when it was asked for.
 */
static bool asks_more(uint32_t partition, uint64_t seq)
{
    const struct event *event = pg_fact(SERVICE_WATCHDOG, partition, seq)->event;
    uint32_t wanted = event->clocks.clocks[0].raise_priority_to;
    uint64_t serial = case_id_serial(event->case_id);
    return wanted > 0 && seq > oracle.heeds[partition][serial] &&
           oracle.priorities[partition][serial] > wanted && !begun_again(partition, seq);
}

/* Of what dispatch had read before the call at hand; the rest is for check_raised. */
static void check_classified(const struct fact *fact)
{
    uint64_t read = oracle.streams[SERVICE_DISPATCH][fact->partition].read[SERVICE_WATCHDOG];
    for (uint64_t seq = 1; fact->event->kind == EVENT_CLASSIFIED && seq <= read; seq++) {
        const struct event *event = pg_fact(SERVICE_WATCHDOG, fact->partition, seq)->event;
        if (event->case_id == fact->event->case_id && asks_more(fact->partition, seq)) {
            sim_fail("law 4: less urgent than %llu of the watchdog asked for: %s",
                     (unsigned long long)seq,
                     fact_text(fact));
        }
    }
}

static void check_fact(const struct fact *fact)
{
    check_chain(fact);
    check_unique(fact);
    check_cause(fact);
    personal_check(fact);
    if (sim.failed) {
        return;
    }
    if (fact->service == SERVICE_WATCHDOG) {
        if (policies_kind() == POLICIES_FIXTURE) {
            clocks_check(fact, cause_of(fact));
        }
    } else if (fact->service == SERVICE_DISPATCH) {
        note_priority(fact->event);
        check_classified(fact);
        queues_check(fact);
        life_check(fact);
    }
    oracle.streams[fact->service][fact->partition].versions[case_id_serial(fact->event->case_id)]++;
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

static void check_raised(uint32_t partition, uint64_t from, uint64_t to)
{
    for (uint64_t seq = from + 1; seq <= to; seq++) {
        if (asks_more(partition, seq)) {
            sim_fail("law 4: dispatch.%u has read %llu of the watchdog and not raised the priority",
                     partition,
                     (unsigned long long)seq);
        }
    }
    for (uint32_t serial = 0; serial < CASES_MAX; serial++) {
        if (oracle.heeds[partition][serial] == UINT64_MAX) {
            oracle.heeds[partition][serial] = to;
        }
    }
}

/* The checkpoint says exactly what has been answered: neither more (lost) nor less (done again). */
static void check_checkpoints(enum service_id service, uint32_t partition)
{
    const struct head *head = pg_head(service, partition);
    for (enum service_id input = SERVICE_INTAKE; input < SERVICES_END; input++) {
        uint64_t seq = head->checkpoints[input].seq;
        uint64_t reacted = oracle.streams[service][partition].reacted[input];
        uint64_t *read = &oracle.streams[service][partition].read[input];
        bool exact = is_one_to_one(service, input);
        if (seq < *read || seq > pg_fact_count(input, partition) ||
            (exact ? seq != reacted : seq < reacted)) {
            sim_fail("law 4: %s.%u has its checkpoint of %s at %llu, its effects at %llu",
                     service_name(service),
                     partition,
                     service_name(input),
                     (unsigned long long)seq,
                     (unsigned long long)reacted);
        } else if (service == SERVICE_DISPATCH && input == SERVICE_WATCHDOG) {
            check_raised(partition, *read, seq);
        }
        *read = seq;
    }
}

void oracle_after(const struct call *call)
{
    for (uint32_t i = 0; call->kind == CALL_COMMIT && !sim.failed && i < call->part_count; i++) {
        check_checkpoints(call->from->service, call->parts[i].partition);
    }
    queues_committed();
    personal_committed(call);
    if (call->kind == CALL_COMMIT && call->from->service == SERVICE_DISPATCH) {
        life_committed(call);
    }
}

static void check_again(enum service_id service, uint32_t partition)
{
    for (uint64_t seq = 1; seq <= pg_fact_count(service, partition); seq++) {
        check_fact(pg_fact(service, partition, seq));
    }
    for (enum service_id input = SERVICE_INTAKE; input < SERVICES_END; input++) {
        oracle.streams[service][partition].read[input] =
            pg_head(service, partition)->checkpoints[input].seq;
    }
    if (!sim.failed) {
        check_checkpoints(service, partition);
    }
}

void oracle_rolled_back(void)
{
    memset(oracle.streams, 0, sizeof oracle.streams);
    memset(oracle.priorities, 0, sizeof oracle.priorities);
    memset(oracle.granted, 0, sizeof oracle.granted);
    clocks_rolled_back();
    life_begin();
    personal_begin();
    queues_begin();
    for (enum service_id service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            check_again(service, partition);
        }
    }
    queues_committed();
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
    uint64_t reference = request_reference(reply);
    if (reply->refused) {
        personal_refused(reply);
        return;
    }
    if (reply->gave) {
        personal_given(reply);
    }
    if (pg_granted(reference) != reply->case_id && !sim.failed) {
        sim_fail("law 1: receipt for request %llu, which is not committed",
                 (unsigned long long)reference);
    }
    oracle.answered[reference] = reply->case_id;
}

static void check_clients(void)
{
    for (uint64_t reference = 0; reference < REFERENCES_MAX; reference++) {
        uint64_t answered = oracle.answered[reference];
        if (answered != 0 && (pg_granted(reference) != answered || !oracle.granted[reference])) {
            sim_fail("law 1: request %llu was receipted and is gone",
                     (unsigned long long)reference);
        }
    }
    for (uint32_t i = 0; i < client_count(); i++) {
        if (!client_is_done(i)) {
            sim_fail("liveness: client %u is not done (case %llx)",
                     i,
                     (unsigned long long)client_case(i));
        }
    }
}

/* Law 8: folding the journal again gives the rows that were stored beside it. */
static void check_rows(enum service_id service, uint32_t partition)
{
    static struct dispatch_case folded[CASES_MAX];
    uint64_t count = service == SERVICE_DISPATCH ? pg_fact_count(service, partition) : 0;
    memset(folded, 0, sizeof folded);
    for (uint64_t seq = 1; seq <= count; seq++) {
        const struct event *event = pg_fact(service, partition, seq)->event;
        dispatch_evolve(
            case_policy(event->case_id), &folded[case_id_serial(event->case_id)], event);
    }
    for (uint64_t serial = 1; serial < CASES_MAX; serial++) {
        const struct row *row = pg_row(service, partition, serial);
        bool same =
            service != SERVICE_DISPATCH || dispatch_case_equal(&row->dispatch, &folded[serial]);
        if (!same || row->version != oracle.streams[service][partition].versions[serial]) {
            sim_fail("laws 4, 8: %s.%u: the row of case %llu is not what its facts make",
                     service_name(service),
                     partition,
                     (unsigned long long)serial);
        }
    }
}

/* The streams of a partition being folded into watches. */
struct folding {
    uint32_t partition;
    uint64_t seq[SERVICES_END]; /* folded so far */
    struct watch_case watches[CASES_MAX];
};

/*
 * Causes first, as redress verify goes: what the watchdog made of an event was made before the
 * event itself was folded in.  Causes point to earlier services only.
 */
/* NOLINTNEXTLINE(misc-no-recursion): one level for each service */
static void fold_until(struct folding *folding, enum service_id service, uint64_t to)
{
    while (folding->seq[service] < to) {
        uint64_t seq = ++folding->seq[service];
        const struct event *event = pg_fact(service, folding->partition, seq)->event;
        if (event->cause_service != SERVICE_NONE && event->cause_service < service) {
            uint64_t before = service == SERVICE_WATCHDOG ? 1 : 0;
            fold_until(folding, event->cause_service, event->cause_seq - before);
        }
        watch_evolve(
            case_policy(event->case_id), &folding->watches[case_id_serial(event->case_id)], event);
    }
}

/* The watchdog's state folds its inputs too; of the fixture's clocks the order in which streams
 * meet does not matter at all. */
static void check_watches(uint32_t partition)
{
    static struct folding folding;
    bool any_order = policies_kind() == POLICIES_FIXTURE;
    folding = (struct folding){.partition = partition};
    for (unsigned i = SERVICE_INTAKE; i < SERVICES_END; i++) {
        enum service_id from =
            (enum service_id)(any_order ? i : SERVICES_END + SERVICE_INTAKE - 1 - i);
        fold_until(&folding, from, pg_fact_count(from, partition));
    }
    for (uint64_t serial = 1; serial < CASES_MAX; serial++) {
        const struct row *row = pg_row(SERVICE_WATCHDOG, partition, serial);
        if (memcmp(&row->watch, &folding.watches[serial], sizeof row->watch) != 0) {
            sim_fail("law 8: watchdog.%u: case %llu folds to another state",
                     partition,
                     (unsigned long long)serial);
        }
    }
}

static void check_drained(enum service_id service, uint32_t partition)
{
    for (enum service_id input = SERVICE_INTAKE; input < SERVICES_END; input++) {
        bool reads = (service_inputs(service) >> input & 1U) != 0;
        uint64_t seq = pg_head(service, partition)->checkpoints[input].seq;
        if (reads && seq != pg_fact_count(input, partition)) {
            sim_fail("liveness: %s.%u has read %llu of %u facts of %s",
                     service_name(service),
                     partition,
                     (unsigned long long)seq,
                     pg_fact_count(input, partition),
                     service_name(input));
        }
    }
}

void oracle_end(void)
{
    check_clients();
    for (enum service_id service = SERVICE_INTAKE; service < SERVICES_END; service++) {
        for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
            check_drained(service, partition);
            check_rows(service, partition);
        }
    }
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        check_watches(partition);
    }
    if (policies_kind() == POLICIES_FIXTURE) {
        clocks_end();
    }
    runs_end();
    queues_end();
    personal_end();
}
