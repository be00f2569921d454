#include "world.h"

#include "event_wire.h"
#include "policy_fixture.h"

#include <assert.h>

enum { ARENA_MAX = 256 * 1024 * 1024 };

static struct arena *arena;

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

static void clock_set(struct policy_clock *clock, const char *id, enum event_kind starts, int64_t s)
{
    *clock = (struct policy_clock){
        .target = TARGET_ELAPSED,
        .target_s = s,
        .calendar = FIXTURE_CALENDAR_ALWAYS,
    };
    (void)snprintf(clock->id, sizeof clock->id, "%s", id);
    (void)snprintf(clock->rule, sizeof clock->rule, "simulated@1:%s", id);
    clock->starts[0] = 1ULL << starts;
    clock->stops[0] = 1ULL << EVENT_REPLIED | 1ULL << EVENT_CLOSED;
}

static void level_add(struct policy_clock *clock,
                      enum level_action action,
                      int64_t value,
                      uint8_t raise_priority_to)
{
    clock->levels[clock->level_count++] = (struct policy_level){
        .action = action,
        .offset = action == LEVEL_ESCALATE ? OFFSET_ELAPSED : OFFSET_PERCENT,
        .value = value,
        .notify_role = FIXTURE_ROLE_SUPERVISOR,
        .raise_priority_to = raise_priority_to,
    };
}

static const struct policy_clock *world_clocks(void)
{
    static struct policy_clock clocks[CLOCKS];
    struct policy_clock *answer = &clocks[CLOCK_ANSWER];
    struct policy_clock *handling = &clocks[CLOCK_HANDLING];
    clock_set(answer, "answer", EVENT_RECEIVED, ANSWER_S);
    level_add(answer, LEVEL_WARN, 100 * ANSWER_WARN_S / ANSWER_S, 0);
    level_add(answer, LEVEL_BREACH, 100, 2);
    clock_set(handling, "handling", EVENT_OPENED, HANDLING_S);
    level_add(handling, LEVEL_WARN, 100 * HANDLING_WARN_S / HANDLING_S, 0);
    level_add(handling, LEVEL_BREACH, 100, 3);
    level_add(handling, LEVEL_ESCALATE, HANDLING_ESCALATE_S, 1);
    handling->pauses_for_customer = true;
    return clocks;
}

const struct policy *world_policy(void)
{
    static struct policy policy;
    if (policy.clock_count == 0) {
        policy = *policy_fixture();
        policy.capacity = AGENT_CAPACITY;
        policy.clock_count = CLOCKS;
        policy.clocks = world_clocks();
    }
    return &policy;
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
