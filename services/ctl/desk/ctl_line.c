#include "ctl_line.h"

#include "clock.h"
#include "event.h"
#include "scope.h"

enum {
    RESEND_US = 1500000,
    PAUSE_US = 50000, /* of a command that was told to come later */
    SWEEP_US = 20000,
    ARENA_SIZE = 1024 * 1024,
    ACT_SIZE = 1024, /* bytes most commands fit into */
    OWNERS_MAX = 16,
    HOME = 0, /* all of dispatch, in turn; the others are the owners we were sent to */
};

struct place {
    bool busy;
    bool claim;
    bool unsent; /* nobody could take it */
    bool later;  /* it was told to come again */
    uint8_t id[UUID_SIZE];
    char actor[64], role[64];
    uint64_t case_id; /* 0: not known */
    uint8_t *bytes;
    size_t size, room;
    int64_t until_us, again_us;
};

struct ctl_line {
    struct ctl *ctl;
    unsigned place_count, peer_count;
    struct ctl_peer *peers[1 + OWNERS_MAX];
    char endpoints[1 + OWNERS_MAX][CTL_ENDPOINT_SIZE];
    uint8_t owner[PARTITION_MAX]; /* which peer has it, as far as we were told */
    struct arena *arena;
    int64_t timeout_us, sweep_us;
    bool silent; /* somebody did not answer: dispatch has to be found anew */
    uint8_t buffer[CTL_COMMAND_SIZE];
    struct place places[];
};

void ctl_line_free(struct ctl_line **line_p)
{
    struct ctl_line *line = *line_p;
    if (line) {
        for (unsigned i = 0; i < line->peer_count; i++) {
            ctl_peer_free(&line->peers[i]);
        }
        for (unsigned i = 0; i < line->place_count; i++) {
            free(line->places[i].bytes);
        }
        arena_free(&line->arena);
        free(line);
        *line_p = NULL;
    }
}

int ctl_line_open(struct ctl *ctl, unsigned places, int64_t timeout_ms, struct ctl_line **line_p)
{
    SCOPED(ctl_line_free)
    struct ctl_line *line = calloc(1, sizeof *line + places * sizeof *line->places);
    if (!line) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    line->ctl = ctl;
    line->place_count = places;
    line->timeout_us = timeout_ms * 1000;
    line->arena = arena_new(ARENA_SIZE);
    line->peers[HOME] = ctl_peer_new(ctl);
    if (!line->arena || !line->peers[HOME]) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return CTL_FAILED;
    }
    line->peer_count = 1;
    int code = ctl_peer_find(ctl, line->peers[HOME], SERVICE_DISPATCH, false);
    if (code == CTL_OK) {
        *line_p = line;
        line = NULL;
    }
    return code;
}

static void place_send(struct ctl_line *line, struct place *place)
{
    unsigned at = place->case_id != 0 ? line->owner[case_partition(place->case_id)] : HOME;
    int64_t now_us = clock_monotonic_us();
    place->later = false;
    place->unsent = !ctl_peer_send(line->peers[at], slice_of(place->bytes, place->size));
    place->again_us = now_us + (place->unsent ? 0 : RESEND_US);
}

/* Keeps the bytes, to send them again. */
static bool place_keep(struct place *place, struct slice bytes)
{
    if (bytes.size > place->room || !place->bytes) {
        size_t room = bytes.size > ACT_SIZE ? bytes.size : ACT_SIZE;
        free(place->bytes);
        place->bytes = malloc(room);
        place->room = place->bytes ? room : 0;
    }
    if (!place->bytes) {
        return false;
    }
    memcpy(place->bytes, bytes.bytes, bytes.size);
    place->size = bytes.size;
    return true;
}

bool ctl_line_ask(struct ctl_line *line, unsigned index, const struct ctl_command *asked)
{
    struct place *place = &line->places[index];
    struct ctl_command command = *asked;
    const struct ctl_handed nothing = {0};
    uuidv7_make(clock_now_us(), command.id);
    command.id[UUID_SIZE - 2] = (uint8_t)(index >> 8); /* to find the place by the answer */
    command.id[UUID_SIZE - 1] = (uint8_t)index;
    struct slice bytes = ctl_command_pack(&command, &nothing, line->buffer);
    if (bytes.size == 0 || !place_keep(place, bytes)) {
        return false;
    }
    memcpy(place->id, command.id, UUID_SIZE);
    (void)snprintf(place->actor, sizeof place->actor, "%s", command.actor);
    (void)snprintf(place->role, sizeof place->role, "%s", command.role);
    place->busy = true;
    place->claim = command.queue != NULL;
    place->case_id = place->claim ? 0 : command.case_id;
    place->until_us = clock_monotonic_us() + line->timeout_us;
    place_send(line, place);
    return true;
}

/* The peer of an endpoint; home where it cannot be had. */
static unsigned owner_at(struct ctl_line *line, ProtobufCBinaryData told)
{
    char endpoint[CTL_ENDPOINT_SIZE];
    if (told.len == 0 || told.len >= sizeof endpoint) {
        return HOME;
    }
    memcpy(endpoint, told.data, told.len);
    endpoint[told.len] = '\0';
    for (unsigned i = 1; i < line->peer_count; i++) {
        if (strcmp(line->endpoints[i], endpoint) == 0) {
            return i;
        }
    }
    if (line->peer_count > OWNERS_MAX) {
        return HOME;
    }
    struct ctl_peer *peer = ctl_peer_new(line->ctl);
    if (!peer || !ctl_peer_connect(peer, endpoint)) {
        ctl_peer_free(&peer);
        return HOME;
    }
    memcpy(line->endpoints[line->peer_count], endpoint, sizeof endpoint);
    line->peers[line->peer_count] = peer;
    return line->peer_count++;
}

/* Elsewhere, or later: a claim that has got its case goes on there as an act on it. */
static void place_turn(struct ctl_line *line, struct place *place, const ctl_reply *reply)
{
    if (reply->outcome != REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED) {
        place->later = true;
        place->again_us = clock_monotonic_us() + PAUSE_US;
        return;
    }
    unsigned owner = owner_at(line, reply->endpoint);
    if (reply->case_id != 0) {
        line->owner[case_partition(reply->case_id)] = (uint8_t)owner;
    }
    struct ctl_handed handed = {0};
    ctl_handed_take(reply, &handed);
    if (handed.is && place->claim) {
        struct ctl_command claim = {.actor = place->actor, .role = place->role};
        memcpy(claim.id, place->id, UUID_SIZE);
        if (place_keep(place, ctl_command_pack(&claim, &handed, line->buffer))) {
            place->case_id = handed.case_id;
        }
    }
    place_send(line, place);
}

static void place_end(struct ctl_line *line,
                      struct place *place,
                      const ctl_reply *reply,
                      ctl_line_answer *answer,
                      void *self)
{
    place->busy = false;
    answer(self, (unsigned)(place - line->places), reply);
}

static void taken(struct ctl_line *line, struct slice bytes, ctl_line_answer *answer, void *self)
{
    const ctl_reply *reply = ctl_reply_read(bytes, line->arena);
    if (!reply || reply->command_id.len != UUID_SIZE) {
        return;
    }
    const uint8_t *id = reply->command_id.data;
    unsigned index = (unsigned)id[UUID_SIZE - 2] << 8 | id[UUID_SIZE - 1];
    struct place *place = index < line->place_count ? &line->places[index] : NULL;
    if (!place || !place->busy || memcmp(place->id, id, UUID_SIZE) != 0) {
        return; /* asked twice, answered twice */
    }
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_MOVED ||
        reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_OVERLOADED) {
        place_turn(line, place, reply);
    } else {
        place_end(line, place, reply, answer, self);
    }
}

/* What was not answered is sent again, to whoever has the case by now. */
static void sweep(struct ctl_line *line, int64_t now_us, ctl_line_answer *answer, void *self)
{
    for (unsigned i = 0; i < line->place_count; i++) {
        struct place *place = &line->places[i];
        if (!place->busy || now_us < place->again_us) {
            continue;
        }
        if (now_us >= place->until_us) {
            place_end(line, place, NULL, answer, self);
            continue;
        }
        if (!place->later && place->case_id != 0) {
            line->owner[case_partition(place->case_id)] = HOME;
        }
        line->silent = line->silent || (!place->later && !place->unsent);
        place_send(line, place);
    }
    line->sweep_us = now_us + SWEEP_US;
}

int ctl_line_turn(struct ctl_line *line, int wait_ms, ctl_line_answer *answer, void *self)
{
    bool any = false;
    for (unsigned i = 0; i < line->peer_count; i++) {
        struct slice bytes;
        while (ctl_peer_receive(line->peers[i], 0, &bytes)) {
            taken(line, bytes, answer, self);
            any = true;
        }
    }
    int64_t now_us = clock_monotonic_us();
    if (now_us >= line->sweep_us) {
        sweep(line, now_us, answer, self);
        if (line->silent && line->sweep_us > 0) {
            line->silent = false;
            return ctl_peer_find(line->ctl, line->peers[HOME], SERVICE_DISPATCH, false);
        }
    }
    if (!any) {
        ctl_peers_wait(line->peers, line->peer_count, wait_ms);
    }
    return CTL_OK;
}
