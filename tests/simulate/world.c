#include "world.h"

#include "event_wire.h"
#include "pg.h"
#include "policy_fixture.h"

#include <assert.h>

enum { ARENA_MAX = 256 * 1024 * 1024 };

static struct arena *arena;

void world_begin(void)
{
    arena = arena_new(ARENA_MAX);
    assert(arena);
    policies_begin();
}

void world_end(void)
{
    arena_free(&arena);
    policies_end();
}

int64_t world_now_us(void)
{
    bool fixture = policies_kind() == POLICIES_FIXTURE;
    int64_t fast_us = sim.now_us < WORLD_CALM_US ? sim.now_us : WORLD_CALM_US;
    return fixture_at_us(fixture ? 2024 : 2026, 3, fixture ? 4 : 2, 10, 0) + sim.now_us +
           fast_us * (policies_pace() - 1);
}

const struct policy *row_policy(const struct row *row)
{
    return policies_by_id(row->dispatch.policy_id != 0 ? row->dispatch.policy_id
                                                       : row->watch.policy_id);
}

const char *agent_name(uint32_t agent)
{
    static char name[8];
    (void)snprintf(name, sizeof name, "a%u", agent);
    return name;
}

uint32_t agent_number(struct slice name)
{
    bool one = name.size == 2 && name.bytes[0] == 'a' && name.bytes[1] > '0';
    return one && name.bytes[1] <= '0' + AGENTS_MAX ? (uint32_t)(name.bytes[1] - '0') : 0;
}

unsigned service_inputs(enum service_id service)
{
    static const unsigned inputs[SERVICES_END] = {
        [SERVICE_TRIAGE] = 1U << SERVICE_INTAKE,
        [SERVICE_DISPATCH] = 1U << SERVICE_TRIAGE | 1U << SERVICE_WATCHDOG,
        [SERVICE_WATCHDOG] = 1U << SERVICE_INTAKE | 1U << SERVICE_TRIAGE | 1U << SERVICE_DISPATCH,
    };
    return inputs[service];
}

/* A case's serial is that of its receipt in intake's stream. */
const struct policy *case_policy(uint64_t case_id)
{
    const struct fact *fact =
        pg_fact(SERVICE_INTAKE, case_partition(case_id), case_id_serial(case_id));
    return fact ? policies_true(fact->event->received.policy_id) : NULL;
}

struct slice world_sealed(uint64_t case_id)
{
    enum { SEALED_MAX = 32 };
    char *text = sim_new(SEALED_MAX);
    (void)snprintf(text, SEALED_MAX, "sealed %llx", (unsigned long long)case_id);
    return slice_text(text);
}

void fact_make(struct fact *fact, const struct event *event, uint64_t reference)
{
    struct error error = {0};
    struct event *decoded = arena_take(arena, sizeof *decoded);
    *fact = (struct fact){.service = event->service,
                          .partition = event->partition,
                          .seq = event->seq,
                          .epoch = event->epoch,
                          .event = decoded,
                          .reference = reference};
    if (!event_encode(event, arena, &fact->bytes, &error) ||
        !event_decode(fact->bytes, arena, decoded, &error)) {
        sim_fail("an event that cannot be written: %s", error.text);
        *decoded = *event;
    }
    memcpy(fact->prev, event->prev_hash, HASH_SIZE);
    memcpy(fact->hash, decoded->hash, HASH_SIZE);
}

const char *fact_text(const struct fact *fact)
{
    static char text[256];
    const struct event *event = fact->event;
    int size = snprintf(text,
                        sizeof text,
                        "%s.%u #%llu e%llu %s case %llx",
                        service_name(fact->service),
                        fact->partition,
                        (unsigned long long)fact->seq,
                        (unsigned long long)fact->epoch,
                        event ? event_kind_name(event->kind) : "heartbeat",
                        event ? (unsigned long long)event->case_id : 0);
    if (event && event->service == SERVICE_DISPATCH && event->kind != EVENT_OPENED && size > 0) {
        const struct event_advanced *told = &event->advanced;
        (void)snprintf(text + size,
                       sizeof text - (size_t)size,
                       " %.*s by %.*s: %.*s to %.*s",
                       (int)told->action.size,
                       (const char *)told->action.bytes,
                       (int)told->actor.size,
                       (const char *)told->actor.bytes,
                       (int)told->from_step.size,
                       (const char *)told->from_step.bytes,
                       (int)told->to_step.size,
                       (const char *)told->to_step.bytes);
    }
    return text;
}
