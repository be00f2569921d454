/*
 * Agents at work: each claims the best case of a queue and then releases or ends it, again and
 * again.
 *
 *     bench_claims --endpoint ipc://… --queues POLICY/QUEUE[,…] [--agents N] [--seconds N]
 *                  [--then release|withdraw]
 *
 * One DEALER socket an agent, all in one process; an agent waits for its answer before it goes on,
 * so the rate is what the agents together get.  A claim counts when it was answered DONE, that is
 * after its commit.  Prints one measure a line: name, unit, value, separated by tabs.
 */
#include "clock.h"
#include "hex.h"
#include "kit.h"
#include "message_limits.h"
#include "prescan.h"
#include "redress/command/v1/command.pb-c.h"

#include <getopt.h>
#include <zmq.h>

enum {
    AGENTS_MAX = 1000,
    QUEUES_MAX = 16,
    LATENCIES_MAX = 4000000,
    MESSAGE_MAX = 1024,
    SILENCE_US = 10000000,
    EMPTY_WAIT_US = 20000, /* before the next look at a queue that was empty */
};

struct agent {
    void *socket;
    char name[16];
    unsigned queue;
    uint64_t case_id; /* 0: claims next */
    bool waiting;     /* for an answer */
    int64_t sent_us;
    int64_t rest_until_us;
};

static struct {
    const char *endpoint;
    char *queue_list;
    const char *queues[QUEUES_MAX];
    unsigned queue_count;
    unsigned agent_count;
    unsigned seconds;
    const char *then;
    struct arena *arena;
    struct agent agents[AGENTS_MAX];
    float *claim_ms, *act_ms;
    uint64_t claims, acts, empty, refused, later, lost;
} bench = {.agent_count = 200, .seconds = 10, .then = "release"};

static ProtobufCBinaryData data_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
}

static ProtobufCBinaryData text_of(const char *text)
{
    return data_of(text, strlen(text));
}

static void ask(struct agent *agent)
{
    Redress__Command__V1__Command command = REDRESS__COMMAND__V1__COMMAND__INIT;
    Redress__Command__V1__Claim claim = REDRESS__COMMAND__V1__CLAIM__INIT;
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    Redress__Command__V1__Field reason = REDRESS__COMMAND__V1__FIELD__INIT;
    Redress__Command__V1__Field *fields[] = {&reason};
    uint8_t bytes[MESSAGE_MAX];
    uint8_t id[16];
    uuidv7_make(clock_now_us(), id);
    command.has_command_id = command.has_actor = command.has_role = 1;
    command.command_id = data_of(id, sizeof id);
    command.actor = text_of(agent->name);
    command.role = text_of("agent");
    if (agent->case_id == 0) {
        claim.has_queue = 1;
        claim.queue = text_of(bench.queues[agent->queue]);
        command.claim = &claim;
    } else {
        act.has_case_id = act.has_action = 1;
        act.case_id = agent->case_id;
        act.action = text_of(bench.then);
        reason.has_name = reason.has_value = 1;
        reason.name = text_of("reason");
        reason.value = text_of("measured");
        act.fields = fields;
        act.n_fields = strcmp(bench.then, "release") == 0 ? 0 : 1;
        command.act = &act;
    }
    size_t size = redress__command__v1__command__pack(&command, bytes);
    agent->sent_us = clock_monotonic_us();
    agent->waiting = zmq_send(agent->socket, bytes, size, ZMQ_DONTWAIT) >= 0;
}

static void done(struct agent *agent, const Redress__Command__V1__Reply *reply, int64_t now_us)
{
    float ms = (float)(now_us - agent->sent_us) / 1000.0F;
    bool claimed = agent->case_id == 0;
    uint64_t *count = claimed ? &bench.claims : &bench.acts;
    if (*count < LATENCIES_MAX) {
        (claimed ? bench.claim_ms : bench.act_ms)[*count] = ms;
    }
    (*count)++;
    agent->case_id = claimed ? reply->case_id : 0;
}

static void answered(struct agent *agent, const void *bytes, size_t size)
{
    struct error error = {0};
    int64_t now_us = clock_monotonic_us();
    arena_reset(bench.arena);
    const Redress__Command__V1__Reply *reply = (const Redress__Command__V1__Reply *)prescan_unpack(
        &redress__command__v1__reply__descriptor, bytes, size, &limits_reply, bench.arena, &error);
    agent->waiting = false;
    switch (reply ? reply->outcome : REDRESS__COMMAND__V1__OUTCOME__OUTCOME_UNSPECIFIED) {
    case REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE:
        done(agent, reply, now_us);
        return;
    case REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY:
        bench.empty++;
        agent->rest_until_us = now_us + EMPTY_WAIT_US;
        break;
    case REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED:
        bench.later++;
        agent->rest_until_us = now_us + EMPTY_WAIT_US;
        return;
    default:
        if (bench.refused++ == 0 && reply) {
            (void)fprintf(stderr,
                          "claims: refused: %.*s: %.*s\n",
                          (int)reply->code.len,
                          (char *)reply->code.data,
                          (int)reply->text.len,
                          (char *)reply->text.data);
        }
        agent->case_id = 0;
    }
    agent->queue = (agent->queue + 1) % bench.queue_count;
}

static void answers_take(struct agent *agent)
{
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    while (zmq_msg_recv(&message, agent->socket, ZMQ_DONTWAIT) >= 0) {
        answered(agent, zmq_msg_data(&message), zmq_msg_size(&message));
    }
    (void)zmq_msg_close(&message);
}

static void play(int64_t until_us)
{
    static zmq_pollitem_t items[AGENTS_MAX];
    for (int64_t now_us = clock_monotonic_us(); now_us < until_us; now_us = clock_monotonic_us()) {
        for (unsigned i = 0; i < bench.agent_count; i++) {
            struct agent *agent = &bench.agents[i];
            if (agent->waiting && now_us - agent->sent_us > SILENCE_US) {
                bench.lost++;
                agent->waiting = false;
            }
            if (!agent->waiting && agent->rest_until_us <= now_us) {
                ask(agent);
            }
            items[i] = (zmq_pollitem_t){agent->socket, 0, ZMQ_POLLIN, 0};
        }
        (void)zmq_poll(items, (int)bench.agent_count, 10);
        for (unsigned i = 0; i < bench.agent_count; i++) {
            if ((items[i].revents & ZMQ_POLLIN) != 0) {
                answers_take(&bench.agents[i]);
            }
        }
    }
}

static bool options_read(int argc, char **argv)
{
    static const struct option names[] = {
        {"endpoint", 1, NULL, 'e'},
        {"queues",   1, NULL, 'q'},
        {"agents",   1, NULL, 'a'},
        {"seconds",  1, NULL, 's'},
        {"then",     1, NULL, 't'},
        {NULL,       0, NULL, 0  }
    };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'e':
            bench.endpoint = optarg;
            break;
        case 'q':
            bench.queue_list = optarg;
            break;
        case 'a':
            bench.agent_count = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            bench.seconds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            bench.then = optarg;
            break;
        default:
            return false;
        }
    }
    char *name;
    while (bench.queue_list && bench.queue_count < QUEUES_MAX &&
           (name = strsep(&bench.queue_list, ",")) != NULL) {
        bench.queues[bench.queue_count++] = name;
    }
    return bench.endpoint && bench.queue_count > 0 && bench.agent_count > 0 &&
           bench.agent_count <= AGENTS_MAX && bench.seconds > 0;
}

static bool agents_open(void)
{
    void *context = zmq_ctx_new();
    (void)zmq_ctx_set(context, ZMQ_MAX_SOCKETS, AGENTS_MAX + 8);
    for (unsigned i = 0; i < bench.agent_count; i++) {
        struct agent *agent = &bench.agents[i];
        int linger = 0;
        (void)snprintf(agent->name, sizeof agent->name, "agent-%u", i + 1);
        agent->queue = i % bench.queue_count;
        agent->socket = zmq_socket(context, ZMQ_DEALER);
        if (!agent->socket ||
            zmq_setsockopt(agent->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
            zmq_connect(agent->socket, bench.endpoint) != 0) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    bench.arena = arena_new(1024 * 1024);
    bench.claim_ms = calloc(LATENCIES_MAX, sizeof *bench.claim_ms);
    bench.act_ms = calloc(LATENCIES_MAX, sizeof *bench.act_ms);
    if (!options_read(argc, argv) || !bench.arena || !bench.claim_ms || !bench.act_ms ||
        !agents_open()) {
        (void)fprintf(stderr, "claims: usage: see the head of claims.c\n");
        return EXIT_FAILURE;
    }
    int64_t began_us = clock_monotonic_us();
    play(began_us + (int64_t)bench.seconds * 1000000);
    double seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    uint64_t kept = bench.claims < LATENCIES_MAX ? bench.claims : LATENCIES_MAX;
    kit_say("claims", "/s", (double)bench.claims / seconds);
    kit_say("commands committed", "/s", (double)(bench.claims + bench.acts) / seconds);
    kit_say("commands", "", (double)(bench.claims + bench.acts));
    kit_say_latency("claim", bench.claim_ms, kept);
    kit_say_latency(bench.then, bench.act_ms, bench.acts < kept ? bench.acts : kept);
    kit_say("queue was empty", "", (double)bench.empty);
    kit_say("told to try later", "", (double)bench.later);
    kit_say("refused", "", (double)bench.refused);
    kit_say("unanswered", "", (double)bench.lost);
    kit_say("cpu agents",
            "us",
            bench.claims > 0 ? kit_cpu_us() / (double)(bench.claims + bench.acts) : 0);
    return bench.claims > 0 && bench.lost == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
