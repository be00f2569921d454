/*
 * Goal: whatever comes in over the wire, the daemon answers with a refusal that says what is wrong,
 * or drops the peer, and goes on serving the others.  Method: each bad submission and command is
 * sent to the real intake and dispatch while an honest adapter is at work.  Guards law 9
 * (everything is bounded) and law 1 for those who behave.
 */
#include "redress/command/v1/command.pb-c.h"
#include "redress/submit/v1/submit.pb-c.h"
#include "rig.h"
#include "rig_cmocka.h"
#include "rig_json.h"

#include <sys/random.h>
#include <zmq.h>

enum {
    INVALID = REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_INVALID,
    JUNK_FRAMES = 5000,
    ANSWER_MS = 3000,
    PATIENCE_MS = 30000,
    HUGE = 10 * 1024 * 1024,
    DEAF_SENDS = 40000,
#ifdef __SANITIZE_ADDRESS__
    DEAF_BOUND_KB = 448 * 1024, /* what was freed is kept for a while */
#else
    DEAF_BOUND_KB =
        48 * 1024, /* of requests 16 MiB, of replies 8 MiB, as much again for the heap */
#endif
};

static void *dealer(struct rig *rig, const char *name)
{
    char endpoint[160];
    int none = 0;
    int soon = 20;
    void *socket = zmq_socket(rig->zmq, ZMQ_DEALER);
    (void)zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    (void)zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &soon, sizeof soon);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/%s.req", rig->directory, name);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    return socket;
}

/* The answer, or NULL after a while. */
static Redress__Submit__V1__SubmitReply *reply_to(void *socket, const void *bytes, size_t size)
{
    Redress__Submit__V1__SubmitReply *reply = NULL;
    zmq_pollitem_t poll = {socket, 0, ZMQ_POLLIN, 0};
    assert_true(zmq_send(socket, bytes, size, 0) >= 0);
    if (zmq_poll(&poll, 1, ANSWER_MS) > 0) {
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        (void)zmq_msg_recv(&message, socket, 0);
        reply = redress__submit__v1__submit_reply__unpack(
            NULL, zmq_msg_size(&message), zmq_msg_data(&message));
        (void)zmq_msg_close(&message);
        assert_non_null(reply);
    }
    return reply;
}

/* As adapters do: who is told to try later tries later, for a while. */
static Redress__Submit__V1__SubmitReply *answer_to(void *socket, const void *bytes, size_t size)
{
    int64_t until_ms = rig_now_ms() + PATIENCE_MS;
    Redress__Submit__V1__SubmitReply *reply = reply_to(socket, bytes, size);
    while (reply && reply->refusal &&
           reply->refusal->code == REDRESS__SUBMIT__V1__REFUSAL_CODE__REFUSAL_CODE_OVERLOADED &&
           rig_now_ms() < until_ms) {
        redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
        rig_nap_ms(100);
        reply = reply_to(socket, bytes, size);
    }
    return reply;
}

static const uint8_t some_id[16] = {1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, 16};

static void expect_refusal(void *socket, const void *bytes, size_t size, const char *field)
{
    Redress__Submit__V1__SubmitReply *reply = answer_to(socket, bytes, size);
    const Redress__Submit__V1__Refusal *refusal = reply ? reply->refusal : NULL;
    if (!refusal) {
        fail_msg("no refusal for %s", field);
        return;
    }
    assert_int_equal(refusal->code, INVALID);
    if (refusal->field.len != strlen(field) ||
        memcmp(refusal->field.data, field, strlen(field)) != 0) {
        fail_msg("the refusal names %.*s, not %s",
                 (int)refusal->field.len,
                 (const char *)refusal->field.data,
                 field);
    }
    assert_true(refusal->allowed.len > 0); /* says what would be */
    assert_true(refusal->value.len <= 64);
    if (strcmp(field, "narrative") == 0) { /* its sender has to find it among those under way */
        assert_int_equal(refusal->submission_id.len, sizeof some_id);
        assert_memory_equal(refusal->submission_id.data, some_id, sizeof some_id);
    }
    redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
}

static ProtobufCBinaryData data_of(const void *bytes, size_t size)
{
    return (ProtobufCBinaryData){size, (uint8_t *)(uintptr_t)bytes};
}

static Redress__Submit__V1__Submission good(void)
{
    Redress__Submit__V1__Submission submission = REDRESS__SUBMIT__V1__SUBMISSION__INIT;
    submission.has_submission_id = submission.has_channel = submission.has_policy = 1;
    submission.has_narrative = 1;
    submission.submission_id = data_of(some_id, sizeof some_id);
    submission.channel = data_of("phone", 5);
    submission.policy = data_of("general-service", 15);
    submission.narrative = data_of("broken", 6);
    return submission;
}

static void
expect(void *socket, const Redress__Submit__V1__Submission *submission, const char *field)
{
    static uint8_t bytes[128 * 1024];
    assert_true(redress__submit__v1__submission__get_packed_size(submission) <= sizeof bytes);
    expect_refusal(socket, bytes, redress__submit__v1__submission__pack(submission, bytes), field);
}

static void bad_fields_are_named(void *socket)
{
    static const char surrogate[] = "\xed\xa0\x80";
    static const char nul[] = "a\0b";
    static const char cut[] = "\xe4\xb8";
    Redress__Submit__V1__Submission s = good();
    s.submission_id.len = 15;
    expect(socket, &s, "submission_id");
    s = good();
    s.has_submission_id = 0;
    expect(socket, &s, "submission_id");
    s = good();
    s.policy = data_of("no-such-policy", 14);
    expect(socket, &s, "policy");
    s = good();
    s.channel = data_of("pigeon", 6);
    expect(socket, &s, "channel");
    s = good();
    s.narrative = data_of("", 0);
    expect(socket, &s, "narrative");
    s.narrative = data_of(surrogate, 3);
    expect(socket, &s, "narrative");
    s.narrative = data_of(nul, 3);
    expect(socket, &s, "narrative");
    s.narrative = data_of(cut, 2);
    expect(socket, &s, "narrative");
    s = good();
    s.has_received_at_us = 1;
    s.received_at_us = INT64_MAX;
    expect(socket, &s, "received_at_us");
    s.received_at_us = INT64_MIN;
    expect(socket, &s, "received_at_us");
    s = good();
    s.has_occurred_at_us = 1;
    s.occurred_at_us = INT64_MAX;
    expect(socket, &s, "occurred_at_us");
}

static void bad_bytes_are_refused(void *socket)
{
    static uint8_t big[127 * 1024];
    uint8_t bomb[2000];
    memset(big, 'x', sizeof big);
    Redress__Submit__V1__Submission s = good();
    s.narrative = data_of(big, 64 * 1024 + 1);
    expect(socket, &s, "narrative");
    s.narrative = data_of(big, sizeof big); /* as much as the socket takes at all */
    expect(socket, &s, "narrative");
    expect_refusal(socket, "", 0, "submission_id"); /* an empty message lacks everything */
    expect_refusal(socket, "\xff\xff\xff\xff", 4, "submission");
    expect_refusal(socket, "\x0a\x7f", 2, "submission"); /* says 127 bytes, has none */
    for (size_t i = 0; i + 1 < sizeof bomb; i += 2) {    /* person in person in person … */
        bomb[i] = 0x3b;
        bomb[i + 1] = 0x3b;
    }
    expect_refusal(socket, bomb, sizeof bomb, "submission");
}

/* Beyond what the socket takes: the connection is dropped, and made anew by itself. */
static void a_huge_frame_costs_only_its_sender(struct rig *rig, void *socket)
{
    uint8_t *huge = calloc(1, HUGE);
    assert_non_null(huge);
    assert_null(reply_to(socket, huge, HUGE));
    free(huge);
    (void)rig;
    Redress__Submit__V1__Submission s = good();
    s.channel = data_of("pigeon", 6);
    expect(socket, &s, "channel");
}

/* What the connection would be cut for is refused before it is sent, with field, size and limit. */
static void the_command_measures_before_it_sends(const struct rig *rig)
{
    char said[512];
    int status =
        rig_shell(said,
                  sizeof said,
                  "head -c %d /dev/zero | tr '\\0' x | %s/redress submit --config %s/redress.yaml "
                  "--policy general-service --channel phone --lang en 2>&1",
                  (int)HUGE,
                  REDRESS_BIN,
                  rig->directory);
    assert_int_equal(status, 1);
    if (!strstr(said, "narrative has 10485760 bytes, at most 65536")) {
        fail_msg("%s", said);
    }
}

/* Kilobytes of its own. */
static long memory_of(const struct daemon *daemon)
{
    char path[64];
    char line[256];
    long kilobytes = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)daemon->pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        kilobytes = strncmp(line, "RssAnon:", 8) == 0 ? strtol(line + 8, NULL, 10) : kilobytes;
    }
    (void)fclose(file);
    return kilobytes;
}

/* Refusals that nobody takes may fill a peer's mark and no more, however many there are. */
static void a_peer_that_never_reads_costs_its_mark_and_no_more(struct rig *rig)
{
    static uint8_t bytes[128 * 1024];
    static uint8_t big[100 * 1024];
    const struct daemon *intake = rig_daemon(rig, SERVICE_INTAKE, "a");
    long before_kb = memory_of(intake);
    long worst_kb = 0;
    void *deaf = dealer(rig, "intake-a");
    memset(big, 'x', sizeof big);
    for (unsigned i = 0; i < DEAF_SENDS; i++) {
        Redress__Submit__V1__Submission s = good();
        s.narrative = i % 16 == 0 ? data_of(big, sizeof big) : data_of("", 0);
        size_t size = redress__submit__v1__submission__pack(&s, bytes);
        int64_t until_ms = rig_now_ms() + ANSWER_MS;
        while (zmq_send(deaf, bytes, size, ZMQ_DONTWAIT) < 0 && rig_now_ms() < until_ms) {
            rig_nap_ms(1); /* our own queue is full */
        }
        if (i % 1000 == 0) {
            long now_kb = memory_of(intake);
            worst_kb = now_kb > worst_kb ? now_kb : worst_kb;
        }
    }
    long now_kb = memory_of(intake);
    worst_kb = now_kb > worst_kb ? now_kb : worst_kb;
    print_message("deaf peer: %u sent, intake %ld KiB before, %ld KiB at most\n",
                  (unsigned)DEAF_SENDS,
                  before_kb,
                  worst_kb);
    assert_in_range(worst_kb, 1, before_kb + DEAF_BOUND_KB);
    void *other = dealer(rig, "intake-a"); /* who reads is served meanwhile */
    Redress__Submit__V1__Submission s = good();
    s.channel = data_of("pigeon", 6);
    expect(other, &s, "channel");
    (void)zmq_close(other);
    (void)zmq_close(deaf);
}

static void frames_that_are_too_many_are_not_taken_for_a_message(void *socket)
{
    (void)zmq_send(socket, "", 0, ZMQ_SNDMORE); /* what a REQ socket would put before it */
    (void)zmq_send(socket, "x", 1, 0);
    (void)zmq_send(socket, "a", 1, ZMQ_SNDMORE);
    (void)zmq_send(socket, "b", 1, ZMQ_SNDMORE);
    (void)zmq_send(socket, "c", 1, 0);
    zmq_pollitem_t poll = {socket, 0, ZMQ_POLLIN, 0};
    while (zmq_poll(&poll, 1, 300) > 0) { /* refused or dropped, but never a receipt */
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        (void)zmq_msg_recv(&message, socket, 0);
        Redress__Submit__V1__SubmitReply *reply = redress__submit__v1__submit_reply__unpack(
            NULL, zmq_msg_size(&message), zmq_msg_data(&message));
        assert_non_null(reply);
        assert_null(reply->receipt);
        redress__submit__v1__submit_reply__free_unpacked(reply, NULL);
        (void)zmq_msg_close(&message);
    }
}

static void junk_send(void *socket, unsigned count)
{
    uint8_t junk[512];
    for (unsigned i = 0; i < count; i++) {
        (void)getrandom(junk, sizeof junk, 0);
        (void)zmq_send(socket, junk, junk[0] * 2U, ZMQ_DONTWAIT);
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        while (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
        }
        (void)zmq_msg_close(&message);
    }
}

static void bad_submissions_are_refused_and_others_served(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    void *socket = dealer(rig, "intake-a");
    bad_fields_are_named(socket);
    bad_bytes_are_refused(socket);
    a_huge_frame_costs_only_its_sender(rig, socket);
    the_command_measures_before_it_sends(rig);
    a_peer_that_never_reads_costs_its_mark_and_no_more(rig);
    frames_that_are_too_many_are_not_taken_for_a_message(socket);
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), 0);
    struct adapter *honest = adapter_new(rig, "a", NULL, 50);
    for (int i = 0; i < 20; i++) {
        adapter_add_many(honest, 10);
        junk_send(socket, JUNK_FRAMES / 20);
        adapter_run(honest, 20);
    }
    adapter_finish(honest, 10000);
    assert_true(daemon_lives(rig_daemon(rig, SERVICE_INTAKE, "a")));
    assert_int_equal(rig_number(rig, "SELECT count(*) FROM submission"), adapter_count(honest));
    rig_check_all(rig, &honest, 1);
    adapter_free(&honest);
    (void)zmq_close(socket);
    rig_end(rig);
}

/* More than one batch can hold at its largest: all accepted, nobody is told that it was his fault.
 */
static void many_of_the_largest_submissions_are_all_accepted(void **state)
{
    enum { LARGE = 1500, LARGE_BYTES = 63 * 1024 };
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, LARGE);
    char *text = malloc(LARGE_BYTES + 1);
    assert_non_null(text);
    memset(text, 'y', LARGE_BYTES);
    text[LARGE_BYTES] = '\0';
    for (int i = 0; i < LARGE; i++) {
        (void)adapter_add(adapter, &(struct content){"general-service", "web", text, NULL}, NULL);
    }
    free(text);
    adapter_finish(adapter, 60000);
    assert_int_equal(adapter_receipted(adapter), LARGE);
    assert_int_equal(daemon_logged(rig_daemon(rig, SERVICE_INTAKE, "a"), "giving up"), 0);
    assert_true(daemon_lives(rig_daemon(rig, SERVICE_INTAKE, "a")));
    rig_check_all(rig, &adapter, 1);
    adapter_free(&adapter);
    rig_end(rig);
}

static void command_expect(struct desk *desk, const void *bytes, size_t size, const char *code)
{
    struct answer answer = {0};
    desk_send_raw(desk, bytes, size);
    assert_true(desk_take(desk, &answer, ANSWER_MS));
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED);
    assert_string_equal(answer.code, code);
}

static void bad_commands_are_refused_and_others_served(void **state)
{
    struct rig *rig = rig_new(true);
    *state = rig;
    rig_start_all(rig, "a");
    rig_await_all_serving(rig);
    struct adapter *adapter = adapter_new(rig, "a", NULL, 50);
    struct desk *desk = desk_new(rig, "a");
    adapter_add_many(adapter, 20);
    adapter_finish(adapter, 10000);
    rig_settle(rig, 10000);
    command_expect(desk, "", 0, "command_id_invalid");
    command_expect(desk, "\xff\xff\xff", 3, "command_unreadable");
    command_expect(desk,
                   "\x0a\x03"
                   "abc",
                   5,
                   "command_id_invalid");
    uint8_t bare[18] = {0x0a, 16};
    command_expect(desk, bare, sizeof bare, "actor_invalid");
    struct command bad = {.actor = "wang", .role = "agent", .action = "note"};
    bad.case_id = UINT64_MAX;
    assert_int_equal(desk_ask(desk, &bad, ANSWER_MS).outcome,
                     REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND);
    bad.case_id = 0;
    assert_int_equal(desk_ask(desk, &bad, ANSWER_MS).outcome,
                     REDRESS__COMMAND__V1__OUTCOME__OUTCOME_NOT_FOUND);
    bad = (struct command){.actor = "wang", .role = "agent", .queue = "no such queue \xff"};
    struct answer answer = desk_ask(desk, &bad, ANSWER_MS);
    assert_true(answer.outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY ||
                answer.outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED);
    bad = (struct command){.actor = "wang", .role = "agent", .action = "note", .note = "\xff\xfe"};
    bad.case_id = adapter_submission(adapter, 0)->leaf.case_id;
    answer = desk_ask(desk, &bad, ANSWER_MS);
    assert_int_equal(answer.outcome, REDRESS__COMMAND__V1__OUTCOME__OUTCOME_REFUSED);
    assert_string_equal(answer.code, "note_invalid");
    void *socket = dealer(rig, "dispatch-a");
    junk_send(socket, JUNK_FRAMES);
    (void)zmq_close(socket);
    assert_int_equal(desk_claims(desk, "wang", 1, 1), 1);
    rig_check_all(rig, &adapter, 1);
    desk_free(&desk);
    adapter_free(&adapter);
    rig_end(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(bad_submissions_are_refused_and_others_served, rig_teardown),
        cmocka_unit_test_teardown(many_of_the_largest_submissions_are_all_accepted, rig_teardown),
        cmocka_unit_test_teardown(bad_commands_are_refused_and_others_served, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
