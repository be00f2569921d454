#include "world.h"

unsigned service_inputs(enum service_id service)
{
    static const unsigned inputs[SERVICES_END] = {
        [SERVICE_TRIAGE] = 1U << SERVICE_INTAKE,
        [SERVICE_DISPATCH] = 1U << SERVICE_TRIAGE | 1U << SERVICE_WATCHDOG,
        [SERVICE_WATCHDOG] = 1U << SERVICE_TRIAGE | 1U << SERVICE_DISPATCH,
    };
    return inputs[service];
}

bool service_reacts(enum service_id service, const struct fact *fact)
{
    static const struct {
        enum service_id service;
        enum event_kind kind;
    } reactions[] = {
        {SERVICE_TRIAGE,   EVENT_RECEIVED      },
        {SERVICE_DISPATCH, EVENT_TRIAGED       },
        {SERVICE_DISPATCH, EVENT_CLOCK_BREACHED},
        {SERVICE_WATCHDOG, EVENT_OPENED        },
        {SERVICE_WATCHDOG, EVENT_CONTACTED     },
        {SERVICE_WATCHDOG, EVENT_INVESTIGATED  },
        {SERVICE_WATCHDOG, EVENT_CLOSED        },
    };
    for (size_t i = 0; i < sizeof reactions / sizeof *reactions; i++) {
        if (reactions[i].service == service && reactions[i].kind == fact->kind) {
            return true;
        }
    }
    return false;
}

static void mix(uint64_t state[4], uint64_t word)
{
    for (unsigned i = 0; i < 4; i++) {
        state[i] = (state[i] ^ word) * (0x9e3779b97f4a7c15ULL + 2 * i);
        state[i] ^= state[i] >> 29;
    }
}

void fact_hash(const struct fact *fact, uint8_t hash[HASH_SIZE])
{
    uint64_t state[4] = {1, 2, 3, 4}, word;
    for (size_t i = 0; i < HASH_SIZE; i += sizeof word) {
        memcpy(&word, fact->prev + i, sizeof word);
        mix(state, word);
    }
    const uint64_t words[] = {fact->service,
                              fact->partition,
                              fact->seq,
                              fact->epoch,
                              fact->kind,
                              fact->case_id,
                              fact->cause_service,
                              fact->cause_seq,
                              (uint64_t)fact->at_us,
                              fact->reference,
                              fact->generation,
                              (uint64_t)fact->due_us};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        mix(state, words[i]);
    }
    memcpy(hash, state, HASH_SIZE);
}

const char *fact_text(const struct fact *fact)
{
    static char text[128];
    const char *kind = event_kind_name(fact->kind);
    (void)snprintf(text,
                   sizeof text,
                   "%s.%u #%llu e%llu %s case %llx",
                   service_name(fact->service),
                   fact->partition,
                   (unsigned long long)fact->seq,
                   (unsigned long long)fact->epoch,
                   kind ? kind : "heartbeat",
                   (unsigned long long)fact->case_id);
    return text;
}
