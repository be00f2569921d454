#include "ctl_desk.h"

#include "clock.h"
#include "message_limits.h"
#include "scope.h"

#include <unistd.h>

enum {
    RESEND_MS = 1500,
    PAUSE_US = 100000,
    ARENA_SIZE = 1024 * 1024,
    OWNERS_MAX = 8,
};

struct ctl_desk {
    struct ctl *ctl;
    struct ctl_peer *home; /* all of dispatch, in turn */
    unsigned next;         /* of owners, to be replaced */
    struct {
        char endpoint[CTL_ENDPOINT_SIZE]; /* "" not used yet */
        struct ctl_peer *peer;
    } owners[OWNERS_MAX]; /* those we were sent to */
    struct arena *arena;
    int64_t timeout_ms;
};

void ctl_desk_free(struct ctl_desk **desk_p)
{
    struct ctl_desk *desk = *desk_p;
    if (desk) {
        ctl_peer_free(&desk->home);
        for (unsigned i = 0; i < OWNERS_MAX; i++) {
            ctl_peer_free(&desk->owners[i].peer);
        }
        arena_free(&desk->arena);
        free(desk);
        *desk_p = NULL;
    }
}

int ctl_desk_open(struct ctl *ctl, int64_t timeout_ms, struct ctl_desk **desk_p)
{
    SCOPED(ctl_desk_free) struct ctl_desk *desk = calloc(1, sizeof *desk);
    if (!desk) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    *desk = (struct ctl_desk){.ctl = ctl, .timeout_ms = timeout_ms};
    desk->arena = arena_new(ARENA_SIZE);
    desk->home = ctl_peer_new(ctl);
    if (!desk->arena || !desk->home) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return CTL_FAILED;
    }
    int code = ctl_peer_find(ctl, desk->home, SERVICE_DISPATCH, false);
    if (code == CTL_OK) {
        *desk_p = desk;
        desk = NULL;
    }
    return code;
}

static ProtobufCBinaryData data_of(struct slice slice)
{
    return (ProtobufCBinaryData){slice.size, (uint8_t *)(uintptr_t)slice.bytes};
}

static ProtobufCBinaryData data_text(const char *text)
{
    return data_of(slice_text(text));
}

static void act_fill(const struct ctl_command *command,
                     const struct ctl_handed *handed,
                     Redress__Command__V1__Act *act)
{
    act->has_case_id = act->has_action = 1;
    act->case_id = handed->is ? handed->case_id : command->case_id;
    act->action = data_text(handed->is ? "claim" : command->action);
    act->has_expected_version = !handed->is && command->version > 0;
    act->expected_version = command->version;
    act->has_note = command->note != NULL;
    act->note = data_text(command->note);
    act->has_text = command->text != NULL;
    act->text = data_text(command->text);
    act->has_text_language = command->text_language != NULL;
    act->text_language = data_text(command->text_language);
    act->has_queue = handed->is;
    act->queue = data_text(command->queue);
    act->has_claim_token = handed->token_size > 0;
    act->claim_token = data_of(slice_of(handed->token, handed->token_size));
}

struct slice ctl_command_pack(const struct ctl_command *command,
                              const struct ctl_handed *handed,
                              uint8_t *buffer)
{
    Redress__Command__V1__Command message = REDRESS__COMMAND__V1__COMMAND__INIT;
    Redress__Command__V1__Claim claim = REDRESS__COMMAND__V1__CLAIM__INIT;
    Redress__Command__V1__Act act = REDRESS__COMMAND__V1__ACT__INIT;
    Redress__Command__V1__Show show = REDRESS__COMMAND__V1__SHOW__INIT;
    Redress__Command__V1__Field fields[CTL_FIELDS_MAX];
    Redress__Command__V1__Field *places[CTL_FIELDS_MAX];
    message.has_command_id = message.has_actor = message.has_role = 1;
    message.command_id = data_of(slice_of(command->id, UUID_SIZE));
    message.actor = data_text(command->actor);
    message.role = data_text(command->role);
    if (command->queue && !handed->is) {
        claim.has_queue = 1;
        claim.queue = data_text(command->queue);
        message.claim = &claim;
    } else if (command->action || handed->is) {
        act_fill(command, handed, &act);
        for (uint32_t i = 0; i < command->field_count; i++) {
            redress__command__v1__field__init(&fields[i]);
            fields[i].has_name = fields[i].has_value = 1;
            fields[i].name = data_text(command->fields[i].name);
            fields[i].value = data_of(command->fields[i].value);
            places[i] = &fields[i];
        }
        act.n_fields = command->field_count;
        act.fields = places;
        message.act = &act;
    } else {
        show.has_case_id = 1;
        show.case_id = command->case_id;
        message.show = &show;
    }
    if (redress__command__v1__command__get_packed_size(&message) > CTL_COMMAND_SIZE) {
        return slice_of(NULL, 0);
    }
    return slice_of(buffer, redress__command__v1__command__pack(&message, buffer));
}

const ctl_reply *ctl_reply_read(struct slice bytes, struct arena *arena)
{
    struct error error = {0};
    arena_reset(arena);
    return (const ctl_reply *)prescan_unpack(&redress__command__v1__reply__descriptor,
                                             bytes.bytes,
                                             bytes.size,
                                             &limits_reply,
                                             arena,
                                             &error);
}

void ctl_handed_take(const ctl_reply *reply, struct ctl_handed *handed)
{
    if (reply->claim_token.len > 0 && reply->claim_token.len <= sizeof handed->token) {
        *handed = (struct ctl_handed){
            .is = true, .case_id = reply->case_id, .token_size = reply->claim_token.len};
        memcpy(handed->token, reply->claim_token.data, reply->claim_token.len);
    }
}

/* Sends and waits for the answer to this very command; NULL: none came. */
static const ctl_reply *round_trip(struct ctl_desk *desk,
                                   struct ctl_peer *peer,
                                   struct slice bytes,
                                   const uint8_t id[UUID_SIZE])
{
    int64_t until_us = clock_monotonic_us() + (int64_t)RESEND_MS * 1000;
    bool sent = ctl_peer_send(peer, bytes);
    int64_t left_us;
    while ((left_us = until_us - clock_monotonic_us()) > 0) {
        struct slice answer;
        if (!sent) { /* the connection is being made */
            sent = ctl_peer_send(peer, bytes);
        }
        if (!ctl_peer_receive(peer, sent ? (int)(left_us / 1000) + 1 : 1, &answer)) {
            continue;
        }
        const ctl_reply *reply = ctl_reply_read(answer, desk->arena);
        if (reply && reply->command_id.len == UUID_SIZE &&
            memcmp(reply->command_id.data, id, UUID_SIZE) == 0) {
            return reply;
        }
    }
    return NULL;
}

/* Keeps its connection: the cases of a desk are with several owners in turn. */
static struct ctl_peer *owner_at(struct ctl_desk *desk, const char *endpoint)
{
    for (unsigned i = 0; i < OWNERS_MAX; i++) {
        if (strcmp(desk->owners[i].endpoint, endpoint) == 0) {
            return desk->owners[i].peer;
        }
    }
    unsigned place = desk->next++ % OWNERS_MAX;
    ctl_peer_free(&desk->owners[place].peer);
    desk->owners[place].endpoint[0] = '\0';
    struct ctl_peer *peer = ctl_peer_new(desk->ctl);
    if (peer && ctl_peer_connect(peer, endpoint)) {
        (void)snprintf(desk->owners[place].endpoint, CTL_ENDPOINT_SIZE, "%s", endpoint);
        desk->owners[place].peer = peer;
        return peer;
    }
    ctl_peer_free(&peer);
    return desk->home;
}

/* Where to ask next after MOVED; home when the endpoint cannot be used. */
static struct ctl_peer *
follow(struct ctl_desk *desk, const ctl_reply *reply, struct ctl_handed *handed)
{
    char endpoint[CTL_ENDPOINT_SIZE];
    if (reply->endpoint.len == 0 || reply->endpoint.len >= sizeof endpoint) {
        return desk->home;
    }
    memcpy(endpoint, reply->endpoint.data, reply->endpoint.len);
    endpoint[reply->endpoint.len] = '\0';
    ctl_handed_take(reply, handed);
    return owner_at(desk, endpoint);
}

static bool is_final(const ctl_reply *reply)
{
    return reply->outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED &&
           reply->outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED;
}

static enum ctl_text why_not(const ctl_reply *reply)
{
    if (!reply) {
        return TEXT_DISPATCH_SILENT;
    }
    return ctl_reply_is(reply, "clocks_behind")    ? TEXT_CLOCKS_BEHIND
           : ctl_reply_is(reply, "org_unreadable") ? TEXT_ORG_UNREADABLE
           : ctl_reply_is(reply, "reads_many")     ? TEXT_READS_MANY
                                                   : TEXT_DISPATCH_BUSY;
}

/* Whom to ask next, after an answer that was none.  Waits where asking again at once is no use. */
static int turn(struct ctl_desk *desk,
                const ctl_reply *reply,
                unsigned tries,
                struct ctl_handed *handed,
                struct ctl_peer **peer)
{
    if (!reply) { /* its owner may be gone: a claim there ends with its lease */
        *handed = (struct ctl_handed){0};
        *peer = desk->home;
        return ctl_peer_find(desk->ctl, *peer, SERVICE_DISPATCH, false);
    }
    bool moved = reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED;
    if (moved) {
        *peer = follow(desk, reply, handed);
    }
    (void)usleep(!moved || tries > 1 ? PAUSE_US : 0);
    return CTL_OK;
}

int ctl_desk_ask(struct ctl_desk *desk, struct ctl_command *command, const ctl_reply **reply_p)
{
    static const uint8_t no_id[UUID_SIZE];
    uint8_t buffer[CTL_COMMAND_SIZE];
    struct ctl_handed handed = {0};
    struct ctl_peer *peer = desk->home;
    int code = CTL_OK;
    int64_t until_us = clock_monotonic_us() + desk->timeout_ms * 1000;
    enum ctl_text why = TEXT_DISPATCH_SILENT;
    if (memcmp(command->id, no_id, UUID_SIZE) == 0) {
        uuidv7_make(clock_now_us(), command->id);
    }
    for (unsigned tries = 0; tries == 0 || clock_monotonic_us() < until_us; tries++) {
        struct slice bytes = ctl_command_pack(command, &handed, buffer);
        if (bytes.size == 0) {
            return ctl_fail(desk->ctl, CTL_USAGE, TEXT_COMMAND_LONG, NULL);
        }
        const ctl_reply *reply = round_trip(desk, peer, bytes, command->id);
        if (reply && is_final(reply)) {
            *reply_p = reply;
            return CTL_OK;
        }
        why = why_not(reply);
        code = turn(desk, reply, tries, &handed, &peer);
        if (code != CTL_OK) {
            return code;
        }
    }
    return ctl_fail(desk->ctl, CTL_TRY_AGAIN, why, NULL);
}
