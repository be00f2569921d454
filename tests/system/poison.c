/*
 * Goal: what the archive would refuse must not refuse the batch it shares with others.  Method: a
 * duplicate makes intake ask the archive which submissions are known; beside it, in one burst, lie
 * submissions whose channel is no text.  Each must be answered by itself, with no question refused
 * and nobody kept waiting.  And what a newer version wrote must not be passed over by an older one:
 * an event with a schema nobody knows yet is put at the end of a stream, chained as its owner
 * would. Guards laws 1, 4 and 9.
 */
#include "chain.h"
#include "event_wire.h"
#include "hex.h"
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <signal.h>
#include <sys/wait.h>
#include <zmq.h>

enum { PAIRS = 300, REPEATED = 100, ANSWER_MS = 5000, PACKED_MAX = 256 };

static size_t
pack(uint8_t mark, const char *channel, size_t channel_size, uint8_t bytes[PACKED_MAX])
{
    uint8_t id[16] = {[0] = 1, [6] = 0x70, [8] = 0x80, [15] = mark};
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    submission.has_submission_id = submission.has_channel = submission.has_policy = 1;
    submission.has_narrative = 1;
    submission.submission_id = (ProtobufCBinaryData){sizeof id, id};
    submission.channel = (ProtobufCBinaryData){channel_size, (uint8_t *)(uintptr_t)channel};
    submission.policy = (ProtobufCBinaryData){15, (uint8_t *)(uintptr_t) "general-service"};
    submission.narrative = (ProtobufCBinaryData){6, (uint8_t *)(uintptr_t) "broken"};
    return redress__submit__v1__submission__pack(&submission, bytes);
}

struct answers {
    unsigned receipts;
    unsigned refusals;
};

static void answers_take(void *socket, unsigned count, struct answers *answers)
{
    zmq_pollitem_t poll = {socket, 0, ZMQ_POLLIN, 0};
    *answers = (struct answers){0, 0};
    for (unsigned i = 0; i < count && zmq_poll(&poll, 1, ANSWER_MS) > 0; i++) {
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        (void)zmq_msg_recv(&message, socket, 0);
        Redress__Submit__V1__SubmitReply *reply = redress__submit__v1__submit_reply__unpack(
            NULL, zmq_msg_size(&message), zmq_msg_data(&message));
        assert_non_null(reply);
        answers->receipts += reply->receipt != NULL;
        answers->refusals += reply->refusal != NULL;
        redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
        (void)zmq_msg_close(&message);
    }
}

/* New ids, each twice and then with another body, so close together that a batch has all three.
 * Seen to fail where a repeat is answered by the row after that of its first occurrence (law 1). */
static void repeats_of_a_batch_are_one_case(struct rig *rig, void *socket)
{
    struct answers answers;
    struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    (void)daemon_signal(intake, SIGSTOP); /* so that a batch has all three of one */
    for (unsigned i = 0; i < REPEATED; i++) {
        uint8_t one[PACKED_MAX];
        size_t size = pack((uint8_t)(3 + i), "phone", 5, one);
        assert_true(zmq_send(socket, one, size, 0) >= 0);
        assert_true(zmq_send(socket, one, size, 0) >= 0);
        one[size - 1] ^= 1;
        assert_true(zmq_send(socket, one, size, 0) >= 0);
    }
    (void)daemon_signal(intake, SIGCONT);
    answers_take(socket, 3 * REPEATED, &answers);
    assert_int_equal(answers.receipts, 2 * REPEATED);
    assert_int_equal(answers.refusals, REPEATED);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), 1 + REPEATED);
}

static void a_channel_that_is_no_text_refuses_nobody_else(void **state)
{
    char endpoint[160];
    uint8_t known[PACKED_MAX];
    uint8_t bad[PACKED_MAX];
    int none = 0;
    struct answers answers;
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    void *socket = zmq_socket(rig->zmq, ZMQ_DEALER);
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/intake-a.req", rig->directory);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    size_t known_size = pack(1, "phone", 5, known);
    size_t bad_size = pack(2, "\xff\0\xed", 3, bad);
    assert_true(zmq_send(socket, known, known_size, 0) >= 0);
    answers_take(socket, 1, &answers);
    assert_int_equal(answers.receipts, 1);
    for (unsigned i = 0; i < PAIRS; i++) {
        assert_true(zmq_send(socket, known, known_size, 0) >= 0);
        assert_true(zmq_send(socket, bad, bad_size, 0) >= 0);
    }
    answers_take(socket, 2 * PAIRS, &answers);
    assert_int_equal(answers.receipts, PAIRS);
    assert_int_equal(answers.refusals, PAIRS);
    assert_int_equal(daemon_logged(rig_daemon(rig, SERVICE_INTAKE, "a"), "lookup refused"), 0);
    assert_true(daemon_lives(rig_daemon(rig, SERVICE_INTAKE, "a")));
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), 1);
    repeats_of_a_batch_are_one_case(rig, socket);
    (void)zmq_close(socket);
    rig_end(rig);
}

/* An event of intake's partition 0 as another version would commit it. */
static void other_event_commit(struct rig *rig, uint32_t schema)
{
    static struct event event; /* large */
    struct error error = {0};
    char hex[2 * HASH_SIZE + 1];
    char bytes_hex[1024];
    struct arena *arena = arena_new(1 << 16);
    struct slice bytes;
    event = (struct event){.service = SERVICE_INTAKE, .kind = EVENT_RECEIVED, .epoch = 1};
    event.schema = schema;
    event.at_us = 1795290361123456;
    event.seq =
        (uint64_t)rig_number(rig, "SELECT seq FROM head WHERE service = 1 AND partition = 0") + 1;
    event.epoch =
        (uint64_t)rig_number(rig, "SELECT epoch FROM head WHERE service = 1 AND partition = 0");
    event.case_id = case_id_make(0, event.seq);
    rig_text(rig,
             hex,
             sizeof hex,
             "SELECT encode(hash, 'hex') FROM head WHERE service = 1 AND partition = 0");
    assert_true(hex_decode(slice_text(hex), event.prev_hash, HASH_SIZE));
    assert_true(event_encode(&event, arena, &bytes, &error));
    chain_hash(bytes, event.hash);
    assert_true(2 * bytes.size < sizeof bytes_hex);
    hex_encode(bytes.bytes, bytes.size, bytes_hex);
    hex_encode(event.hash, HASH_SIZE, hex);
    rig_sql(rig,
            "INSERT INTO journal_intake VALUES (1, 0, %llu, %llu, 1, now(), decode('%s', 'hex'), "
            "decode('%s', 'hex'))",
            (unsigned long long)event.seq,
            (unsigned long long)event.case_id,
            hex,
            bytes_hex);
    rig_sql(rig,
            "UPDATE head SET seq = %llu, hash = decode('%s', 'hex') "
            "WHERE service = 1 AND partition = 0",
            (unsigned long long)event.seq,
            hex);
    arena_free(&arena);
}

static void what_a_newer_version_wrote_waits_for_it_and_holds_up_nothing_else(void **state)
{
    enum { COUNT = 400, LIMIT_MS = 30000 };
    static const char behind[] =
        "SELECT count(*) FROM head t JOIN head i USING (partition) WHERE t.service = 2 "
        "AND i.service = 1 AND t.intake_seq <> i.seq";
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    adapter_add_many(adapter, 50);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        assert_int_equal(daemon_signal(rig_daemon(rig, (enum service_id)s, "a"), SIGTERM), 0);
    }
    int64_t stands =
        rig_number(rig, "SELECT intake_seq FROM head WHERE service = 2 AND partition = 0");
    other_event_commit(rig, EVENT_SCHEMA + 1);
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    adapter_add_many(adapter, COUNT);
    adapter_finish(adapter, LIMIT_MS);
    rig_await(rig, behind, 1, LIMIT_MS); /* that stream, and no other */
    rig_nap_ms(500);
    assert_int_equal(rig_number(rig, "%s", behind), 1);
    assert_int_equal(
        rig_number(rig, "SELECT intake_seq FROM head WHERE service = 2 AND partition = 0"), stands);
    static const enum service_id readers[] = {SERVICE_TRIAGE, SERVICE_WATCHDOG, SERVICE_ANALYTICS};
    for (size_t i = 0; i < 3; i++) {
        struct daemon *daemon = rig_daemon(rig, readers[i], "a");
        daemon_await_log(daemon, "upgrade this daemon", 1, LIMIT_MS);
        assert_true(daemon_lives(daemon));
        assert_int_equal(daemon_logged(daemon, "upgrade this daemon"), 1);
        char waits[160];
        (void)snprintf(waits,
                       sizeof waits,
                       "1 halted: intake 0 waits at event %lld, it is of schema %u, and this "
                       "version reads %u: upgrade this daemon",
                       (long long)stands + 1,
                       (unsigned)EVENT_SCHEMA + 1,
                       (unsigned)EVENT_SCHEMA);
        rig_await_ready(rig, daemon, 503, waits, LIMIT_MS);
    }
    rig_await_ready(rig, rig_daemon(rig, SERVICE_DISPATCH, "a"), 200, "0 halted", LIMIT_MS);
    adapter_free(&adapter);
    rig_end(rig);
}

static void it_leaves_for_good(struct rig *rig, enum service_id service, const char *why)
{
    struct daemon *daemon = rig_start(rig, service, "a");
    int status = daemon_ended(daemon, 30000);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2); /* its supervisor does not start it again */
    assert_int_equal(daemon_logged(daemon, why), 1);
    assert_true(daemon_logged(daemon, "redress archive create") > 0);
}

/* Never guessed at: not the whole archive, not an event. */
static void what_is_stored_in_another_form_is_told_and_not_read(void **state)
{
    enum { LIMIT_MS = 30000 };
    static const char *const asks[] = {"policy", "list", NULL};
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 10);
    adapter_add_many(adapter, 20);
    adapter_finish(adapter, LIMIT_MS);
    rig_settle(rig, LIMIT_MS);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        assert_int_equal(daemon_signal(rig_daemon(rig, (enum service_id)s, "a"), SIGTERM), 0);
    }
    assert_int_equal(rig_redress(rig, asks), 0);
    rig_sql(rig, "UPDATE archive SET schema = schema - 1");
    assert_int_not_equal(rig_redress(rig, asks), 0);
    for (int s = SERVICE_INTAKE; s <= SERVICE_ANALYTICS; s++) {
        it_leaves_for_good(rig, (enum service_id)s, "the archive is of another form: leaving");
    }
    rig_sql(rig, "UPDATE archive SET schema = schema + 1");
    other_event_commit(rig, EVENT_SCHEMA_OLDEST - 1);
    struct daemon *triage = rig_start(rig, SERVICE_TRIAGE, "a");
    rig_await_ready(rig, triage, 503, "run the version that wrote it", LIMIT_MS);
    assert_int_equal(daemon_logged(triage, "event of an older form: its stream waits"), 1);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_channel_that_is_no_text_refuses_nobody_else, rig_teardown),
        cmocka_unit_test_teardown(what_a_newer_version_wrote_waits_for_it_and_holds_up_nothing_else,
                                  rig_teardown),
        cmocka_unit_test_teardown(what_is_stored_in_another_form_is_told_and_not_read,
                                  rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
