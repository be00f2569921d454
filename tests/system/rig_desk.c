/* The desk of a scene: commands to dispatch, following the owner of a partition. */
#include "redress/command/v1/command.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <zmq.h>

enum {
    DESK_SOCKETS_MAX = 4,
    ENDPOINT_SIZE = 160,
    SILENCE_MS = 1000,
    QUEUED_MS = 10000,
    BYTES_MAX = 64 * 1024
};

struct desk {
    struct rig *rig;
    unsigned count;
    unsigned at; /* the socket in use */
    void *sockets[DESK_SOCKETS_MAX];
    char endpoints[DESK_SOCKETS_MAX][ENDPOINT_SIZE];
};

static void endpoint_use(struct desk *desk, const char *endpoint)
{
    for (unsigned i = 0; i < desk->count; i++) {
        if (strcmp(desk->endpoints[i], endpoint) == 0) {
            desk->at = i;
            return;
        }
    }
    assert_true(desk->count < DESK_SOCKETS_MAX);
    desk->at = desk->count++;
    (void)snprintf(desk->endpoints[desk->at], ENDPOINT_SIZE, "%s", endpoint);
    void *socket = zmq_socket(desk->rig->zmq, ZMQ_DEALER);
    int none = 0;
    int soon = 50;
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    desk->sockets[desk->at] = socket;
}

struct desk *desk_new(struct rig *rig, const char *dispatch_instance)
{
    struct desk *desk = calloc(1, sizeof *desk);
    assert_non_null(desk);
    desk->rig = rig;
    char endpoint[ENDPOINT_SIZE];
    (void)snprintf(
        endpoint, sizeof endpoint, "ipc://%s/dispatch-%s.req", rig->directory, dispatch_instance);
    endpoint_use(desk, endpoint);
    return desk;
}

void desk_narrow(struct desk *desk)
{
    void *socket = desk->sockets[desk->at];
    const char *endpoint = desk->endpoints[desk->at];
    assert_int_equal(zmq_disconnect(socket, endpoint), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &(int){1}, sizeof(int)), 0);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
}

void desk_free(struct desk **desk_p)
{
    struct desk *desk = *desk_p;
    for (unsigned i = 0; i < desk->count; i++) {
        (void)zmq_close(desk->sockets[i]);
    }
    free(desk);
    *desk_p = NULL;
}

static ProtobufCBinaryData data_of(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

static void act_fill(Redress__Command__V1__Act *act,
                     const struct command *command,
                     Redress__Command__V1__Field *fields,
                     Redress__Command__V1__Field **list)
{
    act->has_case_id = act->has_expected_version = act->has_action = 1;
    act->case_id = command->case_id;
    act->expected_version = command->version;
    act->action = data_of(command->action);
    if (command->queue) {
        act->has_queue = 1;
        act->queue = data_of(command->queue);
    }
    if (command->token) {
        act->has_claim_token = 1;
        act->claim_token = data_of(command->token);
    }
    if (command->note) {
        act->has_note = 1;
        act->note = data_of(command->note);
    }
    if (command->text) {
        act->has_text = 1;
        act->text = data_of(command->text);
    }
    while (act->n_fields < RIG_FIELDS_MAX && command->fields[act->n_fields].name) {
        Redress__Command__V1__Field *field = &fields[act->n_fields];
        *field = (Redress__Command__V1__Field)REDRESS__COMMAND__V1__FIELD__INIT;
        field->has_name = field->has_value = 1;
        field->name = data_of(command->fields[act->n_fields].name);
        field->value = data_of(command->fields[act->n_fields].value);
        list[act->n_fields++] = field;
    }
    act->fields = list;
}

/* token: of a claim begun elsewhere, or size 0. */
static void command_send(struct desk *desk,
                         const struct command *command,
                         const uint8_t id[16],
                         uint64_t claimed_case,
                         struct slice token)
{
    Redress__Command__V1__Command message = REDRESS__COMMAND__V1__COMMAND__INIT;
    Redress__Command__V1__Claim claim = REDRESS__COMMAND__V1__CLAIM__INIT;
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    Redress__Command__V1__Show show = REDRESS__COMMAND__V1__SHOW__INIT;
    Redress__Command__V1__Field fields[RIG_FIELDS_MAX];
    Redress__Command__V1__Field *list[RIG_FIELDS_MAX];
    message.has_command_id = message.has_actor = message.has_role = 1;
    message.command_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)id};
    message.actor = data_of(command->actor);
    message.role = data_of(command->role);
    if (claimed_case != 0) {
        act.has_case_id = act.has_action = act.has_queue = act.has_claim_token = 1;
        act.case_id = claimed_case;
        act.action = data_of("claim");
        act.queue = data_of(command->queue);
        act.claim_token = (ProtobufCBinaryData){token.size, (uint8_t *)(uintptr_t)token.bytes};
        message.act = &act;
    } else if (command->queue && !command->action) {
        claim.has_queue = 1;
        claim.queue = data_of(command->queue);
        message.claim = &claim;
    } else if (command->action) {
        act_fill(&act, command, fields, list);
        message.act = &act;
    } else {
        show.has_case_id = 1;
        show.case_id = command->case_id;
        message.show = &show;
    }
    static uint8_t bytes[BYTES_MAX];
    assert_true(redress__command__v1__command__get_packed_size(&message) <= sizeof bytes);
    size_t size = redress__command__v1__command__pack(&message, bytes);
    (void)zmq_send(desk->sockets[desk->at], bytes, size, ZMQ_DONTWAIT);
}

void desk_send(struct desk *desk, const struct command *command)
{
    static const uint8_t nobody[16];
    uint8_t id[16];
    memcpy(id, command->id, sizeof id);
    if (memcmp(id, nobody, sizeof id) == 0) {
        adapter_uuid(id);
    }
    command_send(desk, command, id, 0, slice_of(NULL, 0));
}

void desk_send_raw(struct desk *desk, const void *bytes, size_t size)
{
    (void)zmq_send(desk->sockets[desk->at], bytes, size, ZMQ_DONTWAIT);
}

static Redress__Command__V1__Reply *reply_take(struct desk *desk, int64_t wait_ms)
{
    void *socket = desk->sockets[desk->at];
    zmq_pollitem_t poll = {socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&poll, 1, (long)wait_ms) <= 0) {
        return NULL;
    }
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    Redress__Command__V1__Reply *reply = NULL;
    if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
        reply = redress__command__v1__reply__unpack(
            NULL, zmq_msg_size(&message), zmq_msg_data(&message));
        assert_non_null(reply);
    }
    (void)zmq_msg_close(&message);
    return reply;
}

static void text_take(char text[48], ProtobufCBinaryData data)
{
    (void)snprintf(text, 48, "%.*s", (int)data.len, (const char *)data.data);
}

static void answer_fill(const Redress__Command__V1__Reply *reply, struct answer *answer)
{
    *answer = (struct answer){.answered = true,
                              .outcome = (int)reply->outcome,
                              .case_id = reply->case_id,
                              .version = reply->version,
                              .seq = reply->seq,
                              .allowed_count = (unsigned)reply->n_allowed,
                              .opened = (unsigned)reply->n_unsealed};
    text_take(answer->code, reply->code);
    text_take(answer->step, reply->step);
    text_take(answer->queue, reply->queue);
    text_take(answer->agent, reply->agent);
}

bool desk_take(struct desk *desk, struct answer *answer, int64_t wait_ms)
{
    Redress__Command__V1__Reply *reply = reply_take(desk, wait_ms);
    if (!reply) {
        return false;
    }
    answer_fill(reply, answer);
    redress__command__v1__reply__free_unpacked(reply, NULL);
    return true;
}

/* The owner is elsewhere: the same command there, with the token if it was a claim. */
static void follow(struct desk *desk,
                   const struct command *command,
                   const uint8_t id[16],
                   const Redress__Command__V1__Reply *reply)
{
    char endpoint[ENDPOINT_SIZE];
    (void)snprintf(endpoint,
                   sizeof endpoint,
                   "%.*s",
                   (int)reply->endpoint.len,
                   (const char *)reply->endpoint.data);
    if (endpoint[0] != '\0') {
        endpoint_use(desk, endpoint);
    }
    bool claimed = reply->has_claim_token && reply->claim_token.len > 0;
    command_send(desk,
                 command,
                 id,
                 command->queue && claimed ? reply->case_id : 0,
                 slice_of(reply->claim_token.data, reply->claim_token.len));
}

static bool ask_turn(struct desk *desk,
                     const struct command *command,
                     const uint8_t id[16],
                     struct answer *answer)
{
    Redress__Command__V1__Reply *reply = reply_take(desk, SILENCE_MS);
    if (!reply) {
        command_send(desk, command, id, 0, slice_of(NULL, 0));
        return false;
    }
    bool ours = reply->command_id.len == 16 && memcmp(reply->command_id.data, id, 16) == 0;
    bool later = reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED;
    bool moved = reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED;
    if (ours && later) {
        rig_nap_ms(50);
        command_send(desk, command, id, 0, slice_of(NULL, 0));
    } else if (ours && moved) {
        rig_nap_ms(20);
        follow(desk, command, id, reply);
    } else if (ours) {
        answer_fill(reply, answer);
    }
    redress__command__v1__reply__free_unpacked(reply, NULL);
    return answer->answered;
}

struct answer desk_ask(struct desk *desk, const struct command *command, int64_t limit_ms)
{
    static const uint8_t nobody[16];
    uint8_t id[16];
    memcpy(id, command->id, sizeof id);
    if (memcmp(id, nobody, sizeof id) == 0) {
        adapter_uuid(id);
    }
    struct answer answer = {0};
    int64_t until_ms = rig_now_ms() + limit_ms;
    command_send(desk, command, id, 0, slice_of(NULL, 0));
    while (!ask_turn(desk, command, id, &answer)) {
        if (rig_now_ms() > until_ms) {
            fail_msg("no answer to %s after %lld ms",
                     command->action ? command->action : "claim",
                     (long long)limit_ms);
        }
    }
    return answer;
}

void desk_fullest_queue(struct desk *desk, char queue[128])
{
    int64_t until_ms = rig_now_ms() + QUEUED_MS;
    do { /* what was just receipted may not have come so far */
        rig_text(desk->rig,
                 queue,
                 128,
                 "SELECT p.name || '/' || c.queue FROM complaint c JOIN policy p "
                 "ON p.id = c.policy_id "
                 "WHERE c.queue <> '' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1");
    } while (queue[0] == '\0' && rig_now_ms() < until_ms);
}

unsigned desk_claims(struct desk *desk, const char *name, unsigned agents, unsigned count)
{
    unsigned done = 0;
    for (unsigned i = 0; i < count; i++) {
        char agent[32];
        char queue[128];
        (void)snprintf(agent, sizeof agent, "%s%u", name, i % agents);
        desk_fullest_queue(desk, queue);
        struct command claim = {.actor = agent, .role = "agent", .queue = queue};
        struct answer answer = desk_ask(desk, &claim, 30000);
        bool good = answer.outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_DONE;
        if (!good) {
            print_message("claim of %s: outcome %d %s\n", queue, answer.outcome, answer.code);
        }
        done += good;
    }
    return done;
}
