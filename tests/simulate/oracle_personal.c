#include "oracle_personal.h"

static bool erased[PARTITIONS][CASES_MAX];

void personal_begin(void)
{
    memset(erased, 0, sizeof erased);
}

static bool *erased_of(uint64_t case_id)
{
    return &erased[case_partition(case_id)][case_id_serial(case_id)];
}

static void check_sealed(const struct fact *fact, struct slice sealed)
{
    uint64_t case_id = fact->event->case_id;
    if (sealed.size > 0 && !slice_equal(sealed, world_sealed(case_id))) {
        sim_fail("law 10: not sealed for its case: %s", fact_text(fact));
    } else if (sealed.size > 0 && *erased_of(case_id)) {
        sim_fail("law 10: sealed after it was erased: %s", fact_text(fact));
    }
}

void personal_check(const struct fact *fact)
{
    const struct event *event = fact->event;
    if (memmem(fact->bytes.bytes, fact->bytes.size, PERSONAL, sizeof PERSONAL - 1)) {
        sim_fail("law 10: in the clear: %s", fact_text(fact));
    }
    if (event->kind == EVENT_RECEIVED) {
        check_sealed(fact, event->received.sealed_narrative);
        check_sealed(fact, event->received.sealed_person);
    } else if (fact->service == SERVICE_DISPATCH && event->kind != EVENT_OPENED) {
        uint64_t other = event->advanced.other_case;
        bool merged = event->kind == EVENT_MERGED && case_partition(other) == fact->partition;
        if (merged && *erased_of(other)) {
            sim_fail("law 10: merged into what is erased: %s", fact_text(fact));
        }
        check_sealed(fact, event->advanced.sealed_note);
        for (uint32_t i = 0; i < event->advanced.field_count; i++) {
            check_sealed(fact, event->advanced.fields[i].sealed);
        }
        *erased_of(event->case_id) = *erased_of(event->case_id) || event->kind == EVENT_ERASED;
    }
}

/* A serial is that of the receipt. */
static void check_key(uint64_t case_id)
{
    const struct fact *received =
        pg_fact(SERVICE_INTAKE, case_partition(case_id), case_id_serial(case_id));
    const struct key_row *key = pg_key(case_id);
    bool is_erased = *erased_of(case_id);
    bool lives = received && !is_erased;
    if (key->lives != lives || key->customer != (lives ? received->event->received.customer : 0)) {
        sim_fail("law 10: case %llx is %s, and its key %s",
                 (unsigned long long)case_id,
                 is_erased ? "erased" : "not erased",
                 key->lives ? "lives" : "is gone");
    }
}

void personal_committed(const struct call *call)
{
    if (call->kind != CALL_COMMIT) {
        return;
    }
    for (uint32_t i = 0; i < call->fact_count && !sim.failed; i++) {
        check_key(call->facts[i].event->case_id);
    }
    for (uint32_t i = 0; i < call->erased_count && !sim.failed; i++) {
        check_key(call->erased[i]);
    }
}

static bool says(const struct event_advanced *advanced, const char *because)
{
    for (uint32_t i = 0; i < advanced->field_count; i++) {
        if (slice_equal(advanced->fields[i].name, slice_text("@because"))) {
            return slice_equal(advanced->fields[i].value, slice_text(because));
        }
    }
    return false;
}

/* As many as are recorded while nothing else happens are never asked for here. */
void personal_refused(const struct request *reply)
{
    uint32_t partition = case_partition(reply->case_id);
    struct slice actor = slice_text(agent_name(reply->agent));
    for (uint64_t seq = pg_fact_count(SERVICE_DISPATCH, partition); seq > 0; seq--) {
        const struct event *event = pg_fact(SERVICE_DISPATCH, partition, seq)->event;
        bool refused = event->kind == EVENT_ERASURE_REFUSED && event->case_id == reply->case_id &&
                       slice_equal(event->advanced.actor, actor) &&
                       slice_equal(event->advanced.role, slice_text(reply->order->role)) &&
                       says(&event->advanced, reply->refused);
        if (refused) {
            return;
        }
    }
    sim_fail("law 10: a%u is told that case %llx is not erased, which nothing records",
             reply->agent,
             (unsigned long long)reply->case_id);
}

/* By this very command: another's record, or one of another time, is none of it. */
void personal_given(const struct request *reply)
{
    uint32_t partition = case_partition(reply->case_id);
    struct slice actor = slice_text(agent_name(reply->agent));
    for (uint64_t seq = pg_fact_count(SERVICE_DISPATCH, partition); seq > 0; seq--) {
        const struct fact *fact = pg_fact(SERVICE_DISPATCH, partition, seq);
        if (fact->event->kind == EVENT_READ && fact->event->case_id == reply->case_id &&
            fact->reference == request_reference(reply) &&
            slice_equal(fact->event->advanced.actor, actor)) {
            return;
        }
    }
    sim_fail("law 10: a%u is given what is sealed of case %llx, which nothing records",
             reply->agent,
             (unsigned long long)reply->case_id);
}

void personal_end(void)
{
    for (uint32_t partition = 0; partition < PARTITIONS; partition++) {
        for (uint32_t serial = 1; serial < CASES_MAX && !sim.failed; serial++) {
            check_key(case_id_make(partition, serial));
        }
    }
}
