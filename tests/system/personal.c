/*
 * Goal: what a person is called, where he can be reached and what he says rests nowhere in the
 * clear because it was submitted, refused, or filled into a form (law 10), so that erasing a case's
 * key erases all of it; and the core decides as well without having seen it (law
 * 8).
 *
 * Method: real daemons under a shipped policy; a form with a name and a phone that stand nowhere
 * else, and a field that no form has.  Then every byte PostgreSQL (write-ahead log too) and Redis
 * keep, every log, and every frame the daemons published is searched for them: found is only what
 * is not personal, by the same search.  The case's own key opens what was stored.
 */
#include "arena.h"
#include "event_wire.h"
#include "rig_cmocka.h"
#include "rig_json.h"
#include "scope.h"
#include "seal.h"

#include <ftw.h>
#include <zmq.h>

enum {
    SETTLE_MS = 20000,
    REFUSED = 1,
    FRAMES_MAX = 4 * 1024 * 1024,
    FILE_MAX = 64 * 1024 * 1024,
};

static const char name[] = "欧阳佩兰丹若";
static const char phone[] = "13987650421";
static const char bad_phone[] = "0421";
static const char address[] = "石板巷七十三号半";
static const char passport[] = "PE5566778"; /* in a field that is not asked for */
static const char submitter[] = "司徒远山景明";
static const char contact[] = "17755504433";
static const char narrative[] = "冰箱门关不上漏了一地水";
static const char refused_text[] = "此件无人受理只字不留";
static const char unreadable[] = "half a message of 17755509988";
static const char noted[] = "他说周四下午在家";
static const char clear[] = "torn-at-the-left-sleeve"; /* not personal, so it is found */

/* ---- the bus ---- */

static char frames[FRAMES_MAX];
static size_t frames_size;

static void *listen_to_all(const struct rig *rig)
{
    static const char *const services[] = {"intake", "triage", "dispatch", "watchdog", "analytics"};
    void *socket = zmq_socket(rig->zmq, ZMQ_SUB);
    int none = 0;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0), 0);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        char endpoint[128];
        (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/%s-a.pub", rig->directory, services[i]);
        assert_int_equal(zmq_connect(socket, endpoint), 0);
    }
    return socket;
}

static void frames_take(void *socket)
{
    int size;
    while ((size = zmq_recv(
                socket, frames + frames_size, sizeof frames - frames_size, ZMQ_DONTWAIT)) >= 0) {
        frames_size += (size_t)size;
        assert_true(frames_size < sizeof frames);
    }
}

static bool frames_have(const char *text)
{
    return memmem(frames, frames_size, text, strlen(text)) != NULL;
}

/* ---- the files ---- */

static const char *wanted;
static unsigned found, looked;

static int look_into(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)where;
    static char bytes[FILE_MAX];
    if (kind != FTW_F || !S_ISREG(info->st_mode)) {
        return 0;
    }
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0; /* some are gone by now */
    assert_true(size < sizeof bytes);
    if (file) {
        (void)fclose(file);
    }
    looked += size > 0;
    if (memmem(bytes, size, wanted, strlen(wanted))) {
        found++;
        print_message("%s is in %s\n", wanted, path);
    }
    return 0;
}

/* In how many files of the folder the text stands. */
static unsigned files_with(const char *folder, const char *text)
{
    wanted = text;
    found = looked = 0;
    assert_int_equal(nftw(folder, look_into, 16, FTW_PHYS), 0);
    assert_true(looked > 0);
    return found;
}

static void nothing_personal_rests_anywhere(struct rig *rig)
{
    static const char *const personal[] = {name,
                                           phone,
                                           bad_phone,
                                           address,
                                           passport,
                                           submitter,
                                           contact,
                                           narrative,
                                           refused_text,
                                           unreadable,
                                           noted};
    const char *const folders[] = {
        server_directory(rig->postgres), server_directory(rig->redis), rig->directory};
    rig_sql(rig, "CHECKPOINT");
    server_stop(rig->redis); /* and what it holds is in its folder */
    for (size_t i = 0; i < sizeof personal / sizeof *personal; i++) {
        for (size_t j = 0; j < sizeof folders / sizeof *folders; j++) {
            assert_int_equal(files_with(folders[j], personal[i]), 0);
        }
        assert_false(frames_have(personal[i]));
    }
    assert_true(files_with(folders[0], clear) >= 2); /* table and write-ahead log */
    assert_true(frames_have(clear));
}

/* ---- the desk ---- */

static const char *word(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

static json_t *
record(const struct rig *rig, uint64_t case_id, const char *who, const char *number, int *status)
{
    char words[512];
    (void)snprintf(words,
                   sizeof words,
                   "act %llu record --as wang --role agent -f customer-name=%s -f "
                   "customer-phone=%s -f content=%s -f demand=repair -f customer-mood=angry",
                   (unsigned long long)case_id,
                   who,
                   number,
                   clear);
    return rig_json(rig, words, status);
}

/* One that is registered, one that is refused, and bytes that are neither complaint nor command. */
static void people_complain(struct rig *rig)
{
    char words[512];
    int status;
    (void)snprintf(words,
                   sizeof words,
                   "submit --policy retail-store --channel phone --text %s --name %s --contact %s",
                   narrative,
                   submitter,
                   contact);
    json_decref(rig_json(rig, words, &status));
    assert_int_equal(status, 0);
    (void)snprintf(words,
                   sizeof words,
                   "submit --policy nobody-s --channel phone --text %s --name %s --contact %s",
                   refused_text,
                   submitter,
                   contact);
    json_decref(rig_json(rig, words, &status));
    assert_int_not_equal(status, 0);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 1);
    (void)adapter_add_raw(adapter, unreadable, sizeof unreadable);
    for (int i = 0; i < 100 && adapter_unmatched(adapter) == 0; i++) {
        adapter_run(adapter, 100);
    }
    assert_int_not_equal(adapter_unmatched(adapter), 0);
    adapter_free(&adapter);
    struct desk *desk = desk_new(rig, "a");
    desk_send_raw(desk, unreadable, sizeof unreadable);
    struct answer answer;
    assert_true(desk_take(desk, &answer, SETTLE_MS));
    assert_string_equal(answer.code, "command_unreadable");
    desk_free(&desk);
}

/* Presence and bounds are asked for as of any field; what was typed is not repeated. */
static void a_wrong_one_is_refused_without_being_told(const struct rig *rig, uint64_t case_id)
{
    int status;
    json_t *json = record(rig, case_id, name, bad_phone, &status);
    char *all = json_dumps(json, 0);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_invalid");
    assert_non_null(strstr(word(json, "text"), "customer-phone"));
    assert_non_null(strstr(word(json, "text"), "a text of at least 5 of at most 30 characters"));
    assert_null(strstr(all, bad_phone));
    free(all);
    json_decref(json);
    json = record(rig, case_id, "", phone, &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_missing");
    assert_non_null(strstr(word(json, "text"), "customer-name"));
    json_decref(json);
    char unknown[256];
    (void)snprintf(unknown, sizeof unknown, "%s -f customer-passport=%s", name, passport);
    json = record(rig, case_id, unknown, phone, &status);
    assert_int_equal(status, REFUSED);
    assert_string_equal(word(json, "code"), "field_unknown");
    assert_non_null(strstr(word(json, "text"), "customer-passport"));
    json_decref(json);
}

static bool lists(const json_t *array, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

static void show_says_that_it_is_there(const struct rig *rig, uint64_t case_id)
{
    char words[64];
    int status;
    (void)snprintf(words, sizeof words, "show %llu", (unsigned long long)case_id);
    json_t *json = rig_json(rig, words, &status);
    char *all = json_dumps(json, 0);
    size_t i;
    json_t *event;
    unsigned sealed = 0;
    json_array_foreach(json_object_get(json, "events"), i, event)
    {
        const json_t *names = json_object_get(event, "fields_sealed");
        if (lists(names, "customer-name") && lists(names, "customer-phone")) {
            const json_t *fields = json_object_get(event, "fields");
            assert_null(json_object_get(fields, "customer-name"));
            assert_string_equal(word(fields, "content"), clear);
            sealed++;
        }
        assert_false(lists(names, "customer-address"));
    }
    assert_int_equal(sealed, 1);
    assert_null(strstr(all, phone));
    free(all);
    json_decref(json);
}

/* ---- the key ---- */

static void bytes_of(struct rig *rig, const char *query, uint8_t *bytes, size_t room, size_t *size)
{
    PGresult *result = PQexecParams(rig->sql, query, 0, NULL, NULL, NULL, NULL, 1);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(result), 1);
    *size = (size_t)PQgetlength(result, 0, 0);
    assert_in_range(*size, 1, room);
    memcpy(bytes, PQgetvalue(result, 0, 0), *size);
    PQclear(result);
}

/* What was stored is the value, under the key of this case and nobody else's. */
static void the_case_s_own_key_opens_it(struct rig *rig, uint64_t case_id)
{
    static uint8_t bytes[64 * 1024];
    uint8_t wrapped[SEAL_WRAPPED_SIZE];
    uint8_t key[SEAL_KEY_SIZE];
    char query[256];
    char path[128];
    size_t size;
    size_t wrapped_size;
    uint32_t key_id;
    struct error error = {0};
    struct slice plain = {0};
    static struct event event;
    SCOPED(arena_free) struct arena *arena = arena_new(1 << 20);
    (void)snprintf(path, sizeof path, "%s/seal.key", rig->directory);
    SCOPED(seal_ring_free) struct seal_ring *ring = seal_ring_open(path, false, &error);
    assert_non_null(ring);
    (void)snprintf(query,
                   sizeof query,
                   "SELECT wrapped_key FROM submission WHERE case_id = %llu",
                   (unsigned long long)case_id);
    bytes_of(rig, query, wrapped, sizeof wrapped, &wrapped_size);
    (void)snprintf(query,
                   sizeof query,
                   "SELECT bytes FROM journal WHERE service = 3 AND case_id = %llu AND "
                   "position('customer-phone'::bytea in bytes) > 0",
                   (unsigned long long)case_id);
    bytes_of(rig, query, bytes, sizeof bytes, &size);
    assert_true(event_decode(slice_of(bytes, size), arena, &event, &error));
    assert_true(
        seal_case_key_find(ring, case_id, slice_of(wrapped, wrapped_size), key, &key_id, &error));
    assert_int_equal(event.key_id, key_id);
    for (uint32_t i = 0; i < event.advanced.field_count; i++) {
        const struct event_field *field = &event.advanced.fields[i];
        if (slice_equal(field->name, slice_text("customer-phone"))) {
            assert_true(seal_field_open(key,
                                        case_id,
                                        "field.customer-phone",
                                        key_id,
                                        field->sealed,
                                        arena,
                                        &plain,
                                        &error));
            assert_false(seal_field_open(
                key, case_id, "field.customer-name", key_id, field->sealed, arena, &plain, &error));
        }
    }
    assert_true(slice_equal(plain, slice_text(phone)));
}

/* And afterwards, too, it rests nowhere. */
static void who_reads_it_is_given_it(const struct rig *rig, uint64_t case_id)
{
    char words[64];
    int status;
    (void)snprintf(
        words, sizeof words, "read %llu --as wang --role agent", (unsigned long long)case_id);
    json_t *json = rig_json(rig, words, &status);
    char *all = json_dumps(json, 0);
    assert_int_equal(status, 0);
    assert_non_null(strstr(all, name));
    assert_non_null(strstr(all, phone));
    free(all);
    json_decref(json);
}

static void personal_fields_are_sealed_on_arrival(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    int status;
    json_decref(
        rig_json(rig, "policy load " REDRESS_SOURCE "/deploy/policies/retail-store.yaml", &status));
    assert_int_equal(status, 0);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    void *bus = listen_to_all(rig);
    frames_size = 0;
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    const struct content torn = {"retail-store", "phone", "衣服质量差，袖口破了，要求换货", NULL};
    struct submission *submission = adapter_add(adapter, &torn, NULL);
    adapter_finish(adapter, SETTLE_MS);
    rig_settle(rig, SETTLE_MS);
    const uint64_t case_id = submission->leaf.case_id;
    a_wrong_one_is_refused_without_being_told(rig, case_id);
    json_decref(record(rig, case_id, name, phone, &status));
    assert_int_equal(status, 0);
    char words[256]; /* an action that does not ask for it */
    (void)snprintf(words,
                   sizeof words,
                   "act %llu note --as wang --role agent --note %s -f customer-address=%s",
                   (unsigned long long)case_id,
                   noted,
                   address);
    json_t *refused = rig_json(rig, words, &status);
    assert_int_not_equal(status, 0);
    assert_string_equal(word(refused, "code"), "field_unknown");
    json_decref(refused);
    rig_settle(rig, SETTLE_MS);
    frames_take(bus);
    show_says_that_it_is_there(rig, case_id);
    the_case_s_own_key_opens_it(rig, case_id);
    rig_check_all(rig, &adapter, 1);
    assert_int_equal(rig_redress(rig, (const char *const[]){"--quiet", "verify", NULL}), 0);
    people_complain(rig);
    rig_settle(rig, SETTLE_MS);
    who_reads_it_is_given_it(rig, case_id);
    rig_settle(rig, SETTLE_MS);
    frames_take(bus);
    nothing_personal_rests_anywhere(rig);
    (void)zmq_close(bus);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(personal_fields_are_sealed_on_arrival, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
