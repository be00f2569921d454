/* What is sealed of a case, for whoever reads it: looked up with the batch, opened as it is
 * decided, given out with the reply, which leaves after the commit of the record (law 10). */
#include "bus.h"
#include "dispatch_core_read.h"
#include "dispatch_shell.h"
#include "event_wire.h"
#include "log.h"
#include "message_limits.h"
#include "prescan.h"
#include "redress/submit/v1/submit.pb-c.h"

#include <inttypes.h>

enum {
    PLACES_MAX = 64, /* events one batch reads for all who ask; the others are told to ask again */
    BYTES_MAX = PLACES_MAX * (EVENT_SIZE_MAX + 16),
    GIVEN_MAX = 192 * 1024, /* bytes one reply gives out; with the rest it fits LIMIT_REPLY_SIZE */
    LYING_MAX = BUS_LARGE_MAX / 2,     /* nothing is given while so much was not taken yet */
    LYING_SHARE = BUS_LARGE_SHARE / 2, /* nor to who has so much lying himself */
    READS_MAX = 8, /* of one case in a second: what is recorded is bounded in its rate */
};

/* An event of the journal that is to be read. */
struct place {
    uint64_t case_id, place;
    struct slice bytes; /* of the reading's arena; empty: it is not there */
};

struct reading {
    struct arena *arena;
    uint32_t count;
    struct place places[PLACES_MAX];
};

bool reading_open(struct dispatch *dispatch)
{
    dispatch->reading = calloc(1, sizeof *dispatch->reading);
    if (dispatch->reading) {
        dispatch->reading->arena = arena_new(BYTES_MAX);
    }
    return dispatch->reading && dispatch->reading->arena;
}

void reading_close(struct dispatch *dispatch)
{
    if (dispatch->reading) {
        arena_free(&dispatch->reading->arena);
        free(dispatch->reading);
    }
}

/* ---- looking it up ---- */

static uint32_t places_of(const Redress__Command__V1__Act *act, uint64_t places[DISPATCH_READ_MAX])
{
    struct event_field fields[EVENT_FIELDS_MAX];
    uint32_t field_count = 0;
    uint32_t count = 0;
    bool good = dispatch_fields_of(act, fields, &field_count);
    for (uint32_t i = 0; good && i < field_count; i++) {
        if (slice_equal(fields[i].name, slice_text("what"))) {
            return dispatch_read_places(fields[i].value, places, &count) ? count : 0;
        }
    }
    return 0;
}

void reading_begin(struct dispatch *dispatch)
{
    dispatch->reading->count = 0;
    arena_reset(dispatch->reading->arena);
}

/* Of a case that is at hand and for a role that reads it: else nobody's places would be taken by
 * who may not.  Who may is looked up for once more when the case is here. */
static bool may_want(struct dispatch *dispatch, const Redress__Command__V1__Command *command)
{
    uint64_t case_id = command->act->case_id;
    bool ours = service_serves(dispatch->service, case_partition(case_id));
    const struct held_case *held = ours ? dispatch_find(dispatch, case_id) : NULL;
    const struct policy *policy = held ? dispatch_policy(dispatch, held->state.policy_id) : NULL;
    struct slice role = slice_of(command->role.data, command->has_role ? command->role.len : 0);
    return policy && policy_role_in(policy, policy->readers, policy_role_index(policy, role));
}

static bool is_wanted(const struct reading *reading, uint64_t case_id, uint64_t place)
{
    for (uint32_t i = 0; i < reading->count; i++) {
        if (reading->places[i].case_id == case_id && reading->places[i].place == place) {
            return true;
        }
    }
    return false;
}

void reading_want(struct dispatch *dispatch, const Redress__Command__V1__Command *command)
{
    struct reading *reading = dispatch->reading;
    uint64_t case_id = command->act->case_id;
    uint64_t places[DISPATCH_READ_MAX];
    uint32_t count = may_want(dispatch, command) ? places_of(command->act, places) : 0;
    for (uint32_t i = 0; i < count && reading->count < PLACES_MAX; i++) {
        if (!is_wanted(reading, case_id, places[i])) {
            reading->places[reading->count++] =
                (struct place){.case_id = case_id, .place = places[i]};
        }
    }
}

bool reading_lookup(const struct dispatch *dispatch, struct pg *pg)
{
    static struct pg_array cases;
    static struct pg_array services;
    static struct pg_array seqs;
    const struct reading *reading = dispatch->reading;
    if (reading->count == 0) {
        return false;
    }
    pg_array_begin(&cases, PG_INT8);
    pg_array_begin(&services, PG_INT2);
    pg_array_begin(&seqs, PG_INT8);
    for (uint32_t i = 0; i < reading->count; i++) {
        const struct place *place = &reading->places[i];
        bool complaint = place->place == DISPATCH_READ_COMPLAINT;
        pg_array_int8(&cases, (int64_t)place->case_id);
        pg_array_int2(&services, complaint ? SERVICE_INTAKE : SERVICE_DISPATCH);
        pg_array_int8(&seqs, (int64_t)(complaint ? case_id_serial(place->case_id) : place->place));
    }
    pg_call(pg, "dispatch_sealed");
    pg_bind_array(pg, &cases);
    pg_bind_array(pg, &services);
    pg_bind_array(pg, &seqs);
    return true;
}

void reading_looked_up(struct dispatch *dispatch, const PGresult *rows)
{
    struct reading *reading = dispatch->reading;
    for (int row = 0; row < PQntuples(rows); row++) {
        int64_t number = pg_int8(rows, row, 0); /* of the question, from 1 */
        struct slice bytes = pg_bytes(rows, row, 1);
        if (number < 1 || number > reading->count) {
            continue;
        }
        void *copy = arena_copy(reading->arena, bytes.bytes, bytes.size);
        reading->places[number - 1].bytes = slice_of(copy, copy ? bytes.size : 0);
    }
}

/* ---- opening it ---- */

/* What is being opened for one command. */
struct opening {
    const struct asked *asked;
    struct dispatch_unsealed *opened; /* DISPATCH_UNSEALED_MAX */
    uint32_t count;
    size_t given; /* bytes */
    uint8_t key[SEAL_KEY_SIZE];
    const struct event *event;
    uint64_t place;
    bool no_room; /* it could not be opened now, and can another time */
};

static void add(struct opening *opening, const char *name, struct slice field, struct slice text)
{
    opening->given += text.size + sizeof(struct dispatch_unsealed) + POLICY_NAME_MAX;
    if (opening->count < DISPATCH_UNSEALED_MAX) {
        opening->opened[opening->count++] =
            (struct dispatch_unsealed){opening->place, slice_text(name), field, text};
    }
}

static bool
unseal(struct opening *opening, const char *name, struct slice sealed, struct slice *plain)
{
    const struct event *event = opening->event;
    struct error error = {0};
    if (seal_field_open(opening->key,
                        event->case_id,
                        name,
                        event->key_id,
                        sealed,
                        cycle_arena(opening->asked->cycle),
                        plain,
                        &error)) {
        return true;
    }
    if (error.kind == ERROR_RETRY) {
        opening->no_room = true;
        return false;
    }
    log_error("what is sealed of a case does not open with its key",
              LOG_NUMBER("case", event->case_id),
              LOG_TEXT("service", service_name(event->service)),
              LOG_NUMBER("seq", event->seq),
              LOG_TEXT("what", name),
              LOG_TEXT("why", error.text));
    return false;
}

static void add_if(struct opening *opening, const char *name, int has, ProtobufCBinaryData data)
{
    if (has && data.len > 0) {
        add(opening, name, (struct slice){0}, slice_of(data.data, data.len));
    }
}

static bool open_person(struct opening *opening, struct slice packed)
{
    struct error error = {0};
    const Redress__Submit__V1__Submission *said =
        (const Redress__Submit__V1__Submission *)prescan_unpack(
            &redress__submit__v1__submission__descriptor,
            packed.bytes,
            packed.size,
            &limits_submission,
            cycle_arena(opening->asked->cycle),
            &error);
    if (!said) {
        opening->no_room = error.kind == ERROR_RETRY;
        return false;
    }
    if (said->person) {
        add_if(opening, "name", said->person->has_name, said->person->name);
        add_if(opening, "contact", said->person->has_contact, said->person->contact);
        add_if(opening, "reference", said->person->has_reference, said->person->reference);
    }
    add_if(opening, "demand", said->has_demand, said->demand);
    return true;
}

static bool open_complaint(struct opening *opening)
{
    const struct event_received *received = &opening->event->received;
    struct slice plain;
    if (received->sealed_narrative.size > 0) {
        if (!unseal(opening, "narrative", received->sealed_narrative, &plain)) {
            return false;
        }
        add(opening, "narrative", (struct slice){0}, plain);
    }
    return received->sealed_person.size == 0 ||
           (unseal(opening, "person", received->sealed_person, &plain) &&
            open_person(opening, plain));
}

static bool open_entry(struct opening *opening)
{
    const struct event_advanced *advanced = &opening->event->advanced;
    struct slice plain;
    for (uint32_t i = 0; i < advanced->field_count && i < EVENT_FIELDS_MAX; i++) {
        const struct event_field *field = &advanced->fields[i];
        char name[SEAL_FIELD_NAME_MAX];
        if (field->sealed.size == 0) {
            continue;
        }
        (void)snprintf(name,
                       sizeof name,
                       "field.%.*s",
                       (int)field->name.size,
                       (const char *)field->name.bytes);
        if (!unseal(opening, name, field->sealed, &plain)) {
            return false;
        }
        add(opening, "field", field->name, plain);
    }
    if (advanced->sealed_note.size > 0) {
        if (!unseal(opening, "note", advanced->sealed_note, &plain)) {
            return false;
        }
        add(opening, "note", (struct slice){0}, plain);
    }
    return true;
}

/* It may have been done before. */
static bool
refuse(const struct asked *asked, enum desk_refusal refusal, const struct dispatch_reason *reason)
{
    if (!desk_asks_first(asked)) {
        desk_refuse(asked, refusal, reason);
    }
    return false;
}

bool case_key_take(struct dispatch *dispatch,
                   uint64_t case_id,
                   uint8_t key[SEAL_KEY_SIZE],
                   uint32_t *key_id)
{
    struct error error = {0};
    for (uint32_t i = 0; i < dispatch->key_count; i++) {
        const struct case_key *found = &dispatch->keys[i];
        if (found->case_id == case_id &&
            seal_case_key_find(dispatch->ring, case_id, found->wrapped, key, key_id, &error)) {
            return true;
        }
    }
    if (error.text[0] != '\0' && !dispatch->key_told) { /* erased ones have none that fails */
        dispatch->key_told = true;
        log_error("no key of key_file opens a case: nothing sealed of it is read or added; told "
                  "once, there may be more of them",
                  LOG_NUMBER("case", case_id),
                  LOG_TEXT("why", error.text),
                  LOG_TEXT("do", "put back the key_file it was sealed with"));
    }
    return false;
}

static const struct place *
place_find(const struct reading *reading, uint64_t case_id, uint64_t wanted)
{
    for (uint32_t i = 0; i < reading->count; i++) {
        if (reading->places[i].case_id == case_id && reading->places[i].place == wanted) {
            return &reading->places[i];
        }
    }
    return NULL;
}

static bool place_refuse(const struct asked *asked, enum desk_refusal refusal, uint64_t place)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, place);
    const struct dispatch_reason reason = {
        .about = slice_text(place == DISPATCH_READ_COMPLAINT ? "complaint" : number)};
    return refuse(asked, refusal, &reason);
}

static bool postpone(const struct asked *asked)
{
    desk_postpone(asked, "reads_many", "too much is read at once; try again in a moment");
    return false;
}

/* One place.  False: answered. */
static bool place_open(struct opening *opening, const struct place *place)
{
    const struct asked *asked = opening->asked;
    static struct event event; /* large */
    struct error error = {0};
    uint32_t before = opening->count;
    bool complaint = place->place == DISPATCH_READ_COMPLAINT;
    bool decoded = place->bytes.size > 0 &&
                   event_decode(place->bytes, cycle_arena(asked->cycle), &event, &error) &&
                   event.case_id == place->case_id &&
                   (complaint ? event.kind == EVENT_RECEIVED
                              : event_kind_service(event.kind) == SERVICE_DISPATCH &&
                                    event.kind != EVENT_OPENED);
    if (!decoded) {
        return error.kind == ERROR_RETRY ? postpone(asked)
                                         : place_refuse(asked, DESK_PLACE_UNKNOWN, place->place);
    }
    opening->event = &event;
    opening->place = place->place;
    if (!(complaint ? open_complaint(opening) : open_entry(opening))) {
        return opening->no_room ? postpone(asked)
                                : place_refuse(asked, DESK_UNREADABLE, place->place);
    }
    return opening->count > before || place_refuse(asked, DESK_PLACE_UNKNOWN, place->place);
}

static bool open_all(struct opening *opening, const uint64_t *places, uint32_t count)
{
    const struct asked *asked = opening->asked;
    for (uint32_t i = 0; i < count; i++) {
        const struct place *place =
            place_find(asked->dispatch->reading, asked->command->act->case_id, places[i]);
        if (!place) { /* the case was not at hand, or the batch had no room for it */
            return desk_asks_first(asked) ? false : postpone(asked);
        }
        if (!place_open(opening, place)) {
            return false;
        }
    }
    if (opening->given > GIVEN_MAX || opening->count == DISPATCH_UNSEALED_MAX) {
        return refuse(asked, DESK_READ_TOO_MUCH, NULL);
    }
    return true;
}

/* So that nobody fills the memory with what he does not take, or a case with records of it. */
static bool is_too_fast(const struct asked *asked, struct held_case *held)
{
    uint32_t second = (uint32_t)(cycle_now_us(asked->cycle) / 1000000);
    if (held->read_in != second) {
        held->read_in = second;
        held->reads = 0;
    }
    const struct service *service = asked->dispatch->service;
    return held->reads++ >= READS_MAX || service_replies_lying(service, NULL) > LYING_MAX ||
           service_replies_lying(service, &asked->request->peer) > LYING_SHARE;
}

bool reading_give(const struct asked *asked,
                  struct held_case *held,
                  const struct dispatch_unsealed **opened,
                  uint32_t *unsealed_count)
{
    cycle_keeps_secrets(asked->cycle);
    uint64_t places[DISPATCH_READ_MAX];
    struct opening opening = {
        .asked = asked,
        .opened = arena_take(cycle_arena(asked->cycle),
                             DISPATCH_UNSEALED_MAX * sizeof(struct dispatch_unsealed))};
    if (is_too_fast(asked, held) || !opening.opened) {
        return postpone(asked);
    }
    uint32_t count = places_of(asked->command->act, places);
    uint32_t key_id;
    bool good = case_key_take(asked->dispatch, asked->command->act->case_id, opening.key, &key_id)
                    ? open_all(&opening, places, count)
                    : refuse(asked, DESK_KEY_MISSING, NULL);
    explicit_bzero(opening.key, sizeof opening.key);
    *opened = opening.opened;
    *unsealed_count = opening.count;
    return good;
}
