/*
 * Goal: what the archive would refuse must not refuse the batch it shares with others.  Method: a
 * duplicate makes intake ask the archive which submissions are known; beside it, in one burst, lie
 * submissions whose channel is no text.  Each must be answered by itself, with no question refused
 * and nobody kept waiting.  Guards laws 1 and 9.
 */
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"

#include <zmq.h>

enum { PAIRS = 300, ANSWER_MS = 5000, PACKED_MAX = 256 };

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
    (void)zmq_close(socket);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_channel_that_is_no_text_refuses_nobody_else, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
