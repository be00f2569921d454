/*
 * Goal: the connection never waits, tells every command exactly once, is bounded (law 9), and comes
 * back by itself, to a primary only, with its scripts loaded.  Method: a real redis-server of the
 * test's own is frozen, killed, made a replica, given a password.
 */
#include "redis.h"

#include "clock.h"
#include "projection_buffer.h"
#include "redis_address.h"
#include "redis_call.h"
#include "servers.h"
#include "unit.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_US = 10000000 };

static const char *const addition = "return ARGV[1] + 1";

struct desk {
    struct server *server;
    struct event_base *loop;
    struct event *beat;
    struct redis *redis;
    unsigned script;
    unsigned ups;
    unsigned downs;
    unsigned replies;
    unsigned losses;
    int64_t last;
    bool resend; /* from inside the loss */
};

static void on_beat(evutil_socket_t fd, short what, void *self)
{
    (void)fd;
    (void)what;
    (void)self;
}

static void on_state(void *self, bool ready)
{
    struct desk *desk = self;
    desk->ups += ready;
    desk->downs += !ready;
}

static void on_reply(void *self, const redisReply *reply)
{
    struct desk *desk = self;
    desk->replies += reply != NULL;
    desk->losses += reply == NULL;
    desk->last = reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    if (!reply && desk->resend) {
        struct error error;
        struct redis_call call;
        redis_call_begin(&call, "PING");
        assert_false(redis_send(desk->redis, &call, on_reply, desk, &error));
        assert_int_equal(error.kind, ERROR_RETRY);
    }
}

static void desk_open_without(struct desk *desk)
{
    (void)signal(SIGPIPE, SIG_IGN);
    *desk = (struct desk){.loop = event_base_new()};
    desk->beat = event_new(desk->loop, -1, EV_PERSIST, on_beat, NULL);
    (void)event_add(desk->beat, &(struct timeval){0, 5000});
}

static void desk_open(struct desk *desk, const char *const *arguments)
{
    struct error error = {.text = ""};
    struct server_redis_options options = {.arguments = arguments};
    struct server *server = server_redis_new(&options, &error);
    if (!server && error.kind == ERROR_REJECT) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    assert_non_null(server);
    desk_open_without(desk);
    desk->server = server;
}

static void desk_connect(struct desk *desk, struct redis_settings settings)
{
    struct error error;
    settings.address = settings.address ? settings.address : server_socket(desk->server);
    settings.retry_min_ms = 10;
    settings.retry_max_ms = 50;
    desk->redis = redis_new(desk->loop, &settings, &error);
    assert_non_null(desk->redis);
    desk->script = redis_script_add(desk->redis, addition);
    redis_listen(desk->redis, on_state, desk);
    redis_start(desk->redis);
}

static void desk_close(struct desk *desk)
{
    redis_free(&desk->redis);
    event_free(desk->beat);
    event_base_free(desk->loop);
    server_free(&desk->server);
}

/* Runs the loop until the number is reached. */
static void wait_for(struct desk *desk, const unsigned *number, unsigned value)
{
    int64_t end_us = clock_monotonic_us() + PATIENCE_US;
    while (*number < value) {
        assert_true(clock_monotonic_us() < end_us);
        (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    }
}

static void run_for(struct desk *desk, int64_t span_us)
{
    int64_t end_us = clock_monotonic_us() + span_us;
    while (clock_monotonic_us() < end_us) {
        (void)event_base_loop(desk->loop, EVLOOP_ONCE);
    }
}

static bool add_one(struct desk *desk, int number, struct error *error)
{
    struct redis_call call;
    redis_call_script(&call, desk->redis, desk->script);
    redis_call_format(&call, "%d", number);
    return redis_send(desk->redis, &call, on_reply, desk, error);
}

static bool tell(struct desk *desk, const char *first, const char *second)
{
    struct error error;
    struct redis_call call;
    redis_call_begin(&call, first);
    redis_call_text(&call, second);
    return redis_send(desk->redis, &call, on_reply, desk, &error);
}

static void scripts_are_there_after_every_connect(void **state)
{
    (void)state;
    struct desk desk;
    struct error error;
    desk_open(&desk, NULL);
    desk_connect(&desk, (struct redis_settings){0});
    assert_false(add_one(&desk, 1, &error));
    assert_int_equal(error.kind, ERROR_RETRY);
    wait_for(&desk, &desk.ups, 1);
    assert_true(add_one(&desk, 41, &error));
    wait_for(&desk, &desk.replies, 1);
    assert_int_equal(desk.last, 42);

    server_kill(desk.server);
    wait_for(&desk, &desk.downs, 1);
    assert_true(redis_reason(desk.redis)[0] != '\0');
    assert_true(server_start(desk.server, &error)); /* knows no script any more */
    wait_for(&desk, &desk.ups, 2);
    assert_true(add_one(&desk, 6, &error));
    wait_for(&desk, &desk.replies, 2);
    assert_int_equal(desk.last, 7);

    assert_true(tell(&desk, "SCRIPT", "FLUSH"));
    assert_true(add_one(&desk, 1, &error)); /* NOSCRIPT: a new connection loads them again */
    wait_for(&desk, &desk.ups, 3);
    assert_true(add_one(&desk, 8, &error));
    wait_for(&desk, &desk.replies, 5);
    assert_int_equal(desk.last, 9);
    desk_close(&desk);
}

static void a_server_that_hangs_is_left_and_every_command_is_told_once(void **state)
{
    (void)state;
    struct desk desk;
    struct error error;
    desk_open(&desk, NULL);
    desk_connect(&desk,
                 (struct redis_settings){.command_timeout_ms = 200, .connect_timeout_ms = 200});
    wait_for(&desk, &desk.ups, 1);
    server_freeze(desk.server);
    desk.resend = true;
    int64_t begun_us = clock_monotonic_us();
    for (int i = 0; i < 100; i++) {
        assert_true(add_one(&desk, i, &error));
    }
    wait_for(&desk, &desk.downs, 1);
    assert_in_range(clock_monotonic_us() - begun_us, 150000, 2000000);
    assert_int_equal(desk.losses, 100);
    run_for(&desk, 500000); /* it tries, and gives up, and tries */
    assert_int_equal(desk.ups, 1);
    server_thaw(desk.server);
    wait_for(&desk, &desk.ups, 2);
    assert_true(add_one(&desk, 1, &error));
    wait_for(&desk, &desk.replies, 1);
    assert_int_equal(desk.losses, 100);
    desk_close(&desk);
}

static bool echo(struct desk *desk, const char *bytes, size_t size, struct error *error)
{
    static struct redis_call call;
    redis_call_begin(&call, "ECHO");
    redis_call_lend(&call, bytes, size);
    return redis_send(desk->redis, &call, on_reply, desk, error);
}

/* Far more than a socket holds, to a server that does not read for a while: the rest is written
 * when it reads again, and the loop sleeps meanwhile instead of trying. */
static void what_the_socket_does_not_take_waits_for_it(void **state)
{
    (void)state;
    enum { COMMANDS = 200, SIZE = 64 * 1024 };
    static char bytes[SIZE];
    struct desk desk;
    struct error error;
    memset(bytes, 'x', sizeof bytes);
    desk_open(&desk, NULL);
    desk_connect(&desk, (struct redis_settings){.command_timeout_ms = 20000});
    wait_for(&desk, &desk.ups, 1);
    server_freeze(desk.server);
    for (int i = 0; i < COMMANDS; i++) {
        assert_true(echo(&desk, bytes, sizeof bytes, &error));
    }
    unsigned turns = 0;
    for (int64_t end_us = clock_monotonic_us() + 300000; clock_monotonic_us() < end_us; turns++) {
        (void)event_base_loop(desk.loop, EVLOOP_ONCE);
    }
    assert_in_range(turns, 1, 300); /* the beat alone makes 60 */
    assert_int_equal(desk.replies, 0);
    server_thaw(desk.server);
    wait_for(&desk, &desk.replies, COMMANDS);
    assert_int_equal(desk.losses, 0);
    desk_close(&desk);
}

static void commands_in_flight_are_bounded(void **state)
{
    (void)state;
    struct desk desk;
    struct error error = {.kind = ERROR_NONE};
    desk_open(&desk, NULL);
    desk_connect(&desk, (struct redis_settings){.in_flight_max = 50});
    wait_for(&desk, &desk.ups, 1);
    unsigned sent = 0;
    while (sent < 1000 && add_one(&desk, 1, &error)) {
        sent++;
    }
    assert_int_equal(sent, 50);
    assert_int_equal(error.kind, ERROR_RETRY);
    wait_for(&desk, &desk.replies, 50);
    assert_true(add_one(&desk, 1, &error));
    wait_for(&desk, &desk.replies, 51);
    desk_close(&desk);
}

static void a_replica_is_not_used_until_it_is_the_primary(void **state)
{
    (void)state;
    struct desk desk;
    static const char *const arguments[] = {"--replicaof", "127.0.0.1 1", NULL};
    desk_open(&desk, arguments);
    desk_connect(&desk, (struct redis_settings){0});
    run_for(&desk, 200000);
    assert_int_equal(desk.ups, 0);
    assert_non_null(strstr(redis_reason(desk.redis), "not a primary"));
    redisContext *plain = redisConnectUnix(server_socket(desk.server));
    freeReplyObject(redisCommand(plain, "REPLICAOF NO ONE"));
    wait_for(&desk, &desk.ups, 1);
    freeReplyObject(redisCommand(plain, "REPLICAOF 127.0.0.1 1"));
    assert_true(tell(&desk, "DEL", "x")); /* READONLY: it was made a replica under our feet */
    wait_for(&desk, &desk.downs, 1);
    redisFree(plain);
    desk_close(&desk);
}

/* A server that greets as it should, in another process, and then says what it likes. */
struct liar {
    char folder[32];
    char path[48];
    pid_t pid;
};

/* Once what it was asked has come; its last words over and over where it never stops. */
static void liar_serve(int peer, const char *lie, bool endless)
{
    static char words[64 * 1024];
    static const char greeting[] = "*1\r\n$6\r\nmaster\r\n"
                                   "$40\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    bool good = recv(peer, words, sizeof words, 0) > 0 &&
                send(peer, greeting, sizeof greeting - 1, MSG_NOSIGNAL) > 0;
    if (endless) { /* to a command; else by itself */
        good = good && recv(peer, words, sizeof words, 0) > 0;
    }
    good = good && send(peer, lie, strlen(lie), MSG_NOSIGNAL) > 0;
    memset(words, 'x', sizeof words);
    while (good && endless) {
        good = send(peer, words, sizeof words, MSG_NOSIGNAL) > 0;
    }
    while (recv(peer, words, sizeof words, 0) > 0) {
    }
    (void)close(peer);
}

static void liar_open(struct liar *liar, const char *lie, bool endless)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *liar = (struct liar){.folder = "/tmp/redress-liar-XXXXXX"};
    assert_non_null(mkdtemp(liar->folder));
    (void)snprintf(liar->path, sizeof liar->path, "%s/sock", liar->folder);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", liar->path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 8), 0);
    liar->pid = fork();
    if (liar->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not to outlive a test that failed */
    }
    while (liar->pid == 0) {
        liar_serve(accept(listener, NULL, NULL), lie, endless);
    }
    (void)close(listener);
}

static void liar_close(const struct liar *liar)
{
    (void)kill(liar->pid, SIGKILL);
    (void)waitpid(liar->pid, NULL, 0);
    (void)unlink(liar->path);
    (void)rmdir(liar->folder);
}

/* Law 6: whatever it says, it costs the connection; hiredis alone would end the process, or keep
 * all of a reply that never ends. */
static void an_answer_that_was_not_asked_for_or_never_ends_costs_the_connection(void **state)
{
    (void)state;
    static const struct {
        const char *lie;
        const char *why;
        bool endless;
    } lies[] = {
        {"+OK\r\n",                              "nobody asked for", false},
        {":1\r\n:1\r\n",                         "nobody asked for", false},
        {"*3\r\n$7\r\nmessage\r\n:1\r\n$-1\r\n", "nobody asked for", false},
        {"$-1\r\n",                              "nobody asked for", false},
        {"$2000000000\r\n",                      "too long",         true },
        {"*2147483647\r\n$4\r\n",                "too long",         true },
        {"*2\r\n$1048570\r\n",                   "too long",         true },
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct desk desk;
        struct error error;
        struct liar liar;
        liar_open(&liar, lies[i].lie, lies[i].endless);
        desk_open_without(&desk);
        desk_connect(&desk, (struct redis_settings){.address = liar.path});
        wait_for(&desk, &desk.ups, 1);
        if (lies[i].endless) {
            assert_true(add_one(&desk, 1, &error));
        }
        wait_for(&desk, &desk.downs, 1);
        assert_non_null(strstr(redis_reason(desk.redis), lies[i].why));
        assert_int_equal(desk.losses, lies[i].endless);
        wait_for(&desk, &desk.ups, 2); /* and it is tried again */
        desk_close(&desk);
        liar_close(&liar);
    }
}

static void a_user_of_the_access_list_is_named(void **state)
{
    (void)state;
    struct desk desk;
    struct error error = {.text = ""};
    desk_open(&desk, NULL);
    redisContext *plain = redisConnectUnix(server_socket(desk.server));
    freeReplyObject(redisCommand(plain,
                                 "ACL SETUSER clerk on >open-sesame ~redress:* +@all "
                                 "-@dangerous +role"));
    freeReplyObject(redisCommand(plain, "ACL SETUSER default off"));
    redisFree(plain);
    desk_connect(&desk, (struct redis_settings){.user = "clerk", .password = "wrong"});
    run_for(&desk, 200000);
    assert_int_equal(desk.ups, 0);
    assert_non_null(strstr(redis_reason(desk.redis), "WRONGPASS"));
    redis_free(&desk.redis);
    desk_connect(&desk, (struct redis_settings){.user = "clerk", .password = "open-sesame"});
    wait_for(&desk, &desk.ups, 1);
    assert_true(add_one(&desk, 1, &error));
    wait_for(&desk, &desk.replies, 1);
    assert_int_equal(desk.last, 2);
    desk_close(&desk);
}

static void an_address_is_a_path_or_numeric(void **state)
{
    (void)state;
    struct error error = {.kind = ERROR_NONE};
    struct redis_address address;
    assert_true(redis_address_parse("/run/redis/redis.sock", &address, &error));
    assert_int_equal(address.port, 0);
    assert_true(redis_address_parse("127.0.0.1:6379", &address, &error));
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 6379);
    assert_true(redis_address_parse("[::1]:1", &address, &error));
    assert_string_equal(address.host, "::1");
    static const char *const wrong[] = {"",
                                        "localhost:6379",
                                        "127.0.0.1",
                                        "127.0.0.1:",
                                        "127.0.0.1:0",
                                        "127.0.0.1:65536",
                                        "[::1]",
                                        "127.0.0.1:6379x",
                                        "relative/path"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(redis_address_parse(wrong[i], &address, &error));
        assert_int_equal(error.kind, ERROR_REJECT);
    }
    assert_false(redis_address_parse(NULL, &address, &error));
}

static void a_call_that_is_too_long_is_refused_and_can_be_begun_again(void **state)
{
    (void)state;
    static struct redis_call call;
    redis_call_begin(&call, "MSET");
    for (int i = 0; i < REDIS_ARGUMENTS_MAX; i++) {
        redis_call_text(&call, "x");
    }
    assert_true(call.too_long);
    redis_call_begin(&call, "MSET");
    assert_false(call.too_long);
    for (int i = 0; i < 2 * REDIS_TEXT_MAX / 100; i++) {
        redis_call_format(&call, "%0100d", i);
    }
    assert_true(call.too_long);
}

static void the_backlog_leaves_in_whole_commits(void **state)
{
    (void)state;
    struct projection_buffer buffer = {.count = 0};
    struct projection_op ops[10] = {{.case_id = 1}};
    uint64_t seq = 0;
    for (unsigned i = 0; i < 1000; i++) {
        seq += 3;
        assert_true(projection_buffer_add(&buffer, seq, ops, 1 + i % 10, 10000));
    }
    assert_false(projection_buffer_add(&buffer, seq + 1, ops, 10, buffer.count + 9));
    size_t left = buffer.count;
    uint64_t dropped = 0;
    while (buffer.count > 0) {
        size_t count = projection_buffer_slice(&buffer, 37);
        assert_in_range(count, 1, 37);
        uint64_t to = projection_buffer_at(&buffer, count - 1)->to;
        assert_true(count == buffer.count || projection_buffer_at(&buffer, count)->to > to);
        assert_true(to > dropped);
        dropped = to;
        projection_buffer_drop(&buffer, to);
        assert_int_equal(buffer.count, left - count);
        left = buffer.count;
    }
    assert_int_equal(dropped, seq);
    projection_buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scripts_are_there_after_every_connect),
        cmocka_unit_test(a_server_that_hangs_is_left_and_every_command_is_told_once),
        cmocka_unit_test(what_the_socket_does_not_take_waits_for_it),
        cmocka_unit_test(commands_in_flight_are_bounded),
        cmocka_unit_test(a_replica_is_not_used_until_it_is_the_primary),
        cmocka_unit_test(an_answer_that_was_not_asked_for_or_never_ends_costs_the_connection),
        cmocka_unit_test(a_user_of_the_access_list_is_named),
        cmocka_unit_test(an_address_is_a_path_or_numeric),
        cmocka_unit_test(a_call_that_is_too_long_is_refused_and_can_be_begun_again),
        cmocka_unit_test(the_backlog_leaves_in_whole_commits),
    };
    return cmocka_run_group_tests_name("redis", tests, NULL, NULL);
}
