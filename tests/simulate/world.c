#include "world.h"

#include "event_wire.h"
#include "policy_fixture.h"

#include <assert.h>

enum { ARENA_MAX = 256 * 1024 * 1024 };

static struct arena *arena;

static const uint64_t ends = 1ULL << EVENT_REPLIED | 1ULL << EVENT_CLOSED | 1ULL << EVENT_WITHDRAWN;

void world_begin(void)
{
    arena = arena_new(ARENA_MAX);
    assert(arena);
}

void world_end(void)
{
    arena_free(&arena);
}

int64_t world_now_us(void)
{
    return fixture_at_us(2024, 3, 4, 10, 0) + sim.now_us;
}

static const struct policy_clock *world_clocks(void)
{
    static struct policy_clock clocks[CLOCKS];
    clocks[CLOCK_ANSWER] = (struct policy_clock){
        .id = "answer",
        .rule = "simulated@1:1",
        .starts = {1ULL << EVENT_RECEIVED},
        .stops = {                                                                            ends                     },
        .target = TARGET_ELAPSED,
        .target_s = ANSWER_S,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
        .level_count = 2,
        .levels = { {LEVEL_WARN, OFFSET_PERCENT, 100 * ANSWER_WARN_S / ANSWER_S, POLICY_NONE, 0},
                   {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 2}},
    };
    clocks[CLOCK_HANDLING] = (struct policy_clock){
        .id = "handling",
        .rule = "simulated@1:2",
        .starts = {1ULL << EVENT_OPENED                                                            },
        .stops = { ends},
        .target = TARGET_ELAPSED,
        .target_s = HANDLING_S,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
        .pauses_for_customer = true,
        .level_count = 3,
        .levels =
            {                    {LEVEL_WARN, OFFSET_PERCENT, 100 * HANDLING_WARN_S / HANDLING_S, POLICY_NONE, 0},
                   {LEVEL_BREACH, OFFSET_PERCENT, 100, FIXTURE_ROLE_SUPERVISOR, 3},
                   {LEVEL_ESCALATE, OFFSET_ELAPSED, HANDLING_ESCALATE_S, FIXTURE_ROLE_SUPERVISOR, 1}},
    };
    return clocks;
}

const struct policy *world_policy(void)
{
    static struct policy policy;
    if (policy.clock_count == 0) {
        policy = *policy_fixture();
        policy.clock_count = CLOCKS;
        policy.clocks = world_clocks();
    }
    return &policy;
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
    static char text[128];
    (void)snprintf(text,
                   sizeof text,
                   "%s.%u #%llu e%llu %s case %llx",
                   service_name(fact->service),
                   fact->partition,
                   (unsigned long long)fact->seq,
                   (unsigned long long)fact->epoch,
                   fact->event ? event_kind_name(fact->event->kind) : "heartbeat",
                   fact->event ? (unsigned long long)fact->event->case_id : 0);
    return text;
}
