#include "rig_keys.h"

#include "arena.h"
#include "event_wire.h"
#include "rig_cmocka.h"
#include "scope.h"

/* A case, and a key that is tried on it. */
struct lock {
    const struct seal_ring *ring;
    struct arena *arena;
    uint64_t case_id;
    const char *phone;
    uint8_t key[SEAL_KEY_SIZE];
    uint32_t key_id;
};

static PGresult *rows_of(const struct rig *rig, const char *query)
{
    PGresult *rows = PQexecParams(rig->sql, query, 0, NULL, NULL, NULL, NULL, 1);
    assert_int_equal(PQresultStatus(rows), PGRES_TUPLES_OK);
    return rows;
}

void rig_keys_read(const struct rig *rig, uint64_t case_id, struct rig_keys *keys)
{
    char query[160];
    (void)snprintf(query,
                   sizeof query,
                   "SELECT wrapped_key FROM submission WHERE wrapped_key IS NOT NULL AND (%llu = 0 "
                   "OR case_id = %llu)",
                   (unsigned long long)case_id,
                   (unsigned long long)case_id);
    PGresult *rows = rows_of(rig, query);
    keys->count = PQntuples(rows);
    assert_in_range(keys->count, 0, RIG_KEYS_MAX);
    for (int i = 0; i < keys->count; i++) {
        assert_int_equal(PQgetlength(rows, i, 0), SEAL_WRAPPED_SIZE);
        memcpy(keys->wrapped[i], PQgetvalue(rows, i, 0), SEAL_WRAPPED_SIZE);
    }
    PQclear(rows);
}

/* What is sealed under a name opens with the key. */
static bool key_opens(const struct lock *lock, const char *name, struct slice sealed)
{
    struct error error = {0};
    struct slice plain;
    return sealed.size > 0 &&
           seal_field_open(
               lock->key, lock->case_id, name, lock->key_id, sealed, lock->arena, &plain, &error) &&
           (strcmp(name, "narrative") == 0 || slice_equal(plain, slice_text(lock->phone)));
}

/* The narrative, or the phone in the note's form. */
static bool event_opens(const struct lock *lock, const struct event *event)
{
    bool field = false;
    for (uint32_t i = 0; event->kind == EVENT_NOTED && i < event->advanced.field_count; i++) {
        field = field || key_opens(lock, "field.phone", event->advanced.fields[i].sealed);
    }
    return field || (event->kind == EVENT_RECEIVED &&
                     key_opens(lock, "narrative", event->received.sealed_narrative));
}

/* How many events of the case open with one of the keys. */
static int events_opened(const PGresult *rows, struct lock *lock, const struct rig_keys *keys)
{
    static struct event event;
    struct error error = {0};
    int opened = 0;
    for (int row = 0; row < PQntuples(rows); row++) {
        const struct slice bytes =
            slice_of(PQgetvalue(rows, row, 0), (size_t)PQgetlength(rows, row, 0));
        assert_true(event_decode(bytes, lock->arena, &event, &error));
        bool opens = false;
        for (int i = 0; i < keys->count && !opens; i++) {
            const struct slice wrapped = slice_of(keys->wrapped[i], SEAL_WRAPPED_SIZE);
            opens = seal_case_key_find(
                        lock->ring, lock->case_id, wrapped, lock->key, &lock->key_id, &error) &&
                    event_opens(lock, &event);
        }
        opened += opens;
    }
    return opened;
}

bool rig_keys_open(const struct rig *rig,
                   uint64_t case_id,
                   const char *phone,
                   const struct rig_keys *keys)
{
    struct error error = {0};
    char path[128];
    char query[200];
    (void)snprintf(path, sizeof path, "%s/seal.key", rig->directory);
    SCOPED(seal_ring_free) struct seal_ring *ring = seal_ring_open(path, false, &error);
    SCOPED(arena_free) struct arena *arena = arena_new(1 << 22);
    assert_non_null(ring);
    struct lock lock = {.ring = ring, .arena = arena, .case_id = case_id, .phone = phone};
    (void)snprintf(query,
                   sizeof query,
                   "SELECT bytes FROM journal WHERE case_id = %llu AND (service = 1 OR "
                   "position('phone'::bytea in bytes) > 0 AND service = 3 AND kind = %d)",
                   (unsigned long long)case_id,
                   EVENT_NOTED);
    PGresult *rows = rows_of(rig, query);
    int count = PQntuples(rows);
    int opened = events_opened(rows, &lock, keys);
    PQclear(rows);
    assert_int_equal(count, 2);
    assert_true(opened == 0 || opened == count);
    return opened > 0;
}

void rig_keys_note(const struct rig *rig, uint64_t case_id, char *said, size_t size)
{
    static struct event event;
    struct error error = {0};
    struct slice plain = {0};
    struct rig_keys keys;
    char path[128];
    char query[160];
    uint8_t key[SEAL_KEY_SIZE];
    uint32_t key_id;
    (void)snprintf(path, sizeof path, "%s/seal.key", rig->directory);
    (void)snprintf(query,
                   sizeof query,
                   "SELECT bytes FROM journal WHERE case_id = %llu AND service = 3 ORDER BY seq "
                   "DESC LIMIT 1",
                   (unsigned long long)case_id);
    SCOPED(seal_ring_free) struct seal_ring *ring = seal_ring_open(path, false, &error);
    SCOPED(arena_free) struct arena *arena = arena_new(1 << 20);
    rig_keys_read(rig, case_id, &keys);
    assert_int_equal(keys.count, 1);
    PGresult *rows = rows_of(rig, query);
    assert_int_equal(PQntuples(rows), 1);
    assert_true(event_decode(
        slice_of(PQgetvalue(rows, 0, 0), (size_t)PQgetlength(rows, 0, 0)), arena, &event, &error));
    assert_true(seal_case_key_find(
        ring, case_id, slice_of(keys.wrapped[0], SEAL_WRAPPED_SIZE), key, &key_id, &error));
    assert_true(seal_field_open(
        key, case_id, "note", key_id, event.advanced.sealed_note, arena, &plain, &error));
    (void)snprintf(said, size, "%.*s", (int)plain.size, (const char *)plain.bytes);
    PQclear(rows);
}
