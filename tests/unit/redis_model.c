/*
 * Goal: the simulator's Redis (tests/simulate/redis_model) does what the script does to a real one,
 * so that law 6 is tried against the truth.  Method: long random sequences of calls, as owners make
 * them and as they should not, to both; every answer and, again and again, every key is compared.
 */
#include "redis_model.h"

#include "projection.h"
#include "roll.h"
#include "servers.h"
#include "unit.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <unistd.h>

enum {
    ARGUMENTS_MAX = 64,
    WORD_MAX = 96,
    LINES_MAX = 4096,
    PARTITIONS = 2,
    CASES = 12,
    QUEUES = 3,
    STEPS = 6000,
    LOOK_EVERY = 25,
    LONG_MS = 100000000,
};

static struct {
    struct server *server;
    redisContext *redis;
    char sha[64];
    struct redis_model *model;
    int64_t now_ms;
    uint64_t random;
    char words[ARGUMENTS_MAX][WORD_MAX];
    size_t count;
    void *memory[1 << 16];
    size_t memory_count;
    char generations[4][WORD_MAX]; /* of late */
    char tokens[4][WORD_MAX];
    const char *begun[2][PARTITIONS]; /* the generation of the last begin; NULL: none */
    uint64_t claimed;                 /* the first case of the last claim that got one */
    char claimed_token[WORD_MAX];
    uint64_t watermarks[2][PARTITIONS];
} desk;

static uint64_t below(uint64_t limit)
{
    return roll_next(&desk.random, (uint32_t)limit);
}

static void *take(size_t size)
{
    void *memory = calloc(1, size);
    assert_non_null(memory);
    assert_true(desk.memory_count < sizeof desk.memory / sizeof *desk.memory);
    desk.memory[desk.memory_count++] = memory;
    return memory;
}

static void memory_free(void)
{
    while (desk.memory_count > 0) {
        free(desk.memory[--desk.memory_count]);
    }
}

static void word(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void word(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    assert_true(desk.count < ARGUMENTS_MAX);
    (void)vsnprintf(desk.words[desk.count++], WORD_MAX, format, arguments);
    va_end(arguments);
}

static const char *said(void)
{
    static char text[ARGUMENTS_MAX * 40];
    size_t used = 0;
    for (size_t i = 0; i < desk.count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%.38s ", desk.words[i]);
    }
    return text;
}

static void compare_replies(const redisReply *real, const redisReply *model)
{
    if (real->type == REDIS_REPLY_ERROR) {
        fail_msg("%s: %s", said(), real->str);
    }
    if (real->type != model->type || real->elements != model->elements ||
        (real->type == REDIS_REPLY_INTEGER && real->integer != model->integer) ||
        (real->type == REDIS_REPLY_STRING && strcmp(real->str, model->str) != 0)) {
        fail_msg("%s: real %d %lld %s (%zu), model %d %lld %s (%zu)",
                 said(),
                 real->type,
                 real->integer,
                 real->str ? real->str : "",
                 real->elements,
                 model->type,
                 model->integer,
                 model->str ? model->str : "",
                 model->elements);
    }
    for (size_t i = 0; i < real->elements; i++) {
        compare_replies(real->element[i], model->element[i]);
    }
}

/* The same call to both.  Returns the first integer or, of a list, its last. */
static long long both(bool compare)
{
    const char *words[ARGUMENTS_MAX + 3] = {"EVALSHA", desk.sha, "0"};
    size_t sizes[ARGUMENTS_MAX + 3] = {7, strlen(desk.sha), 1};
    for (size_t i = 0; i < desk.count; i++) {
        words[i + 3] = desk.words[i];
        sizes[i + 3] = strlen(desk.words[i]);
    }
    redisReply *real = redisCommandArgv(desk.redis, (int)desk.count + 3, words, sizes);
    assert_non_null(real);
    const redisReply *model =
        redis_model_call(desk.model, words + 3, sizes + 3, desk.count, desk.now_ms);
    if (compare) {
        compare_replies(real, model);
    }
    if (strcmp(desk.words[1], "claim") == 0 && real->elements > 1) {
        desk.claimed = strtoull(real->element[1]->str, NULL, 16);
        (void)snprintf(desk.claimed_token, WORD_MAX, "%s", desk.words[2]);
    }
    const redisReply *last = real->elements > 0 ? real->element[real->elements - 1] : real;
    long long number = last->type == REDIS_REPLY_INTEGER ? last->integer : 0;
    freeReplyObject(real);
    memory_free();
    return number;
}

/* ---- every key ---- */

static struct lines {
    size_t count;
    char text[LINES_MAX][200];
} ours, theirs;

static void line_add(void *self, const char *line)
{
    struct lines *lines = self;
    assert_true(lines->count < LINES_MAX);
    (void)snprintf(lines->text[lines->count++], sizeof *lines->text, "%s", line);
}

static redisReply *ask(const char *command, const char *key)
{
    redisReply *reply = redisCommand(desk.redis, command, key);
    assert_non_null(reply);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    return reply;
}

static void key_add(const char *key)
{
    redisReply *type = ask("TYPE %s", key);
    bool set = strcmp(type->str, "set") == 0, sorted = strcmp(type->str, "zset") == 0;
    bool leases = strcmp(key, "r:expiry") == 0; /* its times are of the server's own clock */
    freeReplyObject(type);
    redisReply *all = ask(set      ? "SMEMBERS %s"
                          : sorted ? "ZRANGE %s 0 -1 WITHSCORES"
                                   : "HGETALL %s",
                          key);
    for (size_t i = 0; i < all->elements; i += set ? 1 : 2) {
        char line[300];
        (void)snprintf(line,
                       sizeof line,
                       "%s %s%s%s",
                       key + 2,
                       all->element[i]->str,
                       set || leases ? "" : " ",
                       set || leases ? "" : all->element[i + 1]->str);
        line_add(&theirs, line);
    }
    freeReplyObject(all);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void compare_keys(void)
{
    ours.count = theirs.count = 0;
    redis_model_dump(desk.model, line_add, &ours);
    redisReply *keys = ask("KEYS %s*", "r:");
    for (size_t i = 0; i < keys->elements; i++) {
        key_add(keys->element[i]->str);
    }
    freeReplyObject(keys);
    qsort(ours.text, ours.count, sizeof *ours.text, by_text);
    qsort(theirs.text, theirs.count, sizeof *theirs.text, by_text);
    for (size_t i = 0; i < ours.count || i < theirs.count; i++) {
        const char *one = i < theirs.count ? theirs.text[i] : "nothing";
        const char *other = i < ours.count ? ours.text[i] : "nothing";
        if (strcmp(one, other) != 0) {
            fail_msg("after %s: real has %s, model %s", said(), one, other);
        }
    }
}

/* ---- calls ---- */

static void begin(const char *verb)
{
    desk.count = 0;
    word("r:");
    word("%s", verb);
}

static bool stream_word(uint32_t *partition)
{
    bool timers = below(3) == 0;
    *partition = (uint32_t)below(PARTITIONS);
    word("%s.%u", timers ? "watchdog" : "dispatch", *partition);
    return timers;
}

static uint64_t some_case(uint32_t partition)
{
    return (uint64_t)partition << 40 | (1 + below(CASES));
}

/* Clauses that are over, that never are, for one of two, for all but one. */
static const char *const asks[] = {"",
                                   "0,a=1",
                                   "1,a=2",
                                   "99999999999999,a=2 1,b=9",
                                   "0,@x|@y",
                                   "0,!@x",
                                   "99999999999999,b=1 0,!@y 0,a=1"};

static void change_words(bool timers, uint32_t partition)
{
    for (uint64_t n = below(6); n > 0; n--) {
        uint64_t case_id = some_case(partition);
        if (timers && below(2) == 0) {
            word("%016" PRIx64 ":%x", case_id, (unsigned)below(3));
        } else {
            word("%016" PRIx64, case_id);
        }
        bool gone = below(3) == 0;
        if (timers) {
            word("%" PRIu64, below(50));
            if (gone) {
                desk.words[desk.count - 1][0] = '\0';
            }
        } else if (gone) {
            word("%s", "");
            word("0");
            word("%s", "");
        } else {
            word("p/q%u", (unsigned)below(QUEUES));
            word("%" PRIu64, below(20));
            word("%s", asks[below(sizeof asks / sizeof *asks)]);
        }
    }
}

/* Mostly the one that was begun last. */
static const char *a_generation(bool timers, uint32_t partition)
{
    const char *begun = desk.begun[timers][partition];
    return begun && below(5) > 0 ? begun : desk.generations[below(4)];
}

static void call_begin(void)
{
    uint32_t partition;
    begin("begin");
    bool timers = stream_word(&partition);
    char *generation = desk.generations[(unsigned)timers * PARTITIONS + partition];
    desk.begun[timers][partition] = generation;
    (void)snprintf(generation, WORD_MAX, "%016" PRIx64, below(UINT32_MAX) + 1);
    word("%s", generation);
    word("%u", (unsigned)(3 + below(3)));
    (void)both(true);
}

static void call_feed(void)
{
    uint32_t partition;
    begin("feed");
    bool timers = stream_word(&partition);
    word("%s", a_generation(timers, partition));
    change_words(timers, partition);
    (void)both(true);
}

static void call_flip(void)
{
    uint32_t partition;
    begin("flip");
    bool timers = stream_word(&partition);
    word("%s", a_generation(timers, partition));
    word("%" PRIu64, desk.watermarks[timers][partition]);
    (void)both(true);
}

static void call_apply(void)
{
    uint32_t partition;
    begin("apply");
    bool timers = stream_word(&partition);
    uint64_t *watermark = &desk.watermarks[timers][partition];
    word("%s", a_generation(timers, partition));
    word("%" PRIu64, *watermark - (below(10) == 0 ? below(2) : 0));
    *watermark += below(3);
    word("%" PRIu64, *watermark);
    change_words(timers, partition);
    (void)both(true);
}

static void call_check(void)
{
    uint32_t partition;
    begin("check");
    (void)stream_word(&partition);
    word("%u", (unsigned)(3 + below(3)));
    (void)both(true);
}

/* Which of several old shares goes first is the server's own choice: all of them have to go. */
static void call_clean(void)
{
    uint32_t partition;
    begin("clean");
    (void)stream_word(&partition);
    word("200");
    unsigned turns = 0;
    while (both(false) > 0) {
        assert_true(++turns < 1000);
    }
    (void)both(true);
}

static void call_claim(void)
{
    begin("claim");
    char *token = desk.tokens[below(4)];
    (void)snprintf(token, WORD_MAX, "%032" PRIx64, below(UINT32_MAX));
    word("%s", token);
    word("%d", below(2) ? 1 : LONG_MS);
    word("%u", (unsigned)(1 + below(3)));
    word("%u", (unsigned)(1 + below(8)));
    uint64_t queues = 1 + below(QUEUES);
    word("%" PRIu64, queues);
    for (uint64_t i = 0; i < queues; i++) {
        word("p/q%u", (unsigned)below(QUEUES));
    }
    static const char *const tokens[] = {"a=1", "a=2", "b=1", "@x", "@y"};
    unsigned has = (unsigned)below(4);
    word("%u", has);
    for (unsigned i = 0; i < has; i++) {
        word("%s", tokens[below(sizeof tokens / sizeof *tokens)]);
    }
    for (uint64_t i = below(3); i > 0; i--) {
        word("%016" PRIx64, some_case((uint32_t)below(PARTITIONS)));
    }
    (void)both(true);
}

static void call_undo(void)
{
    begin("undo");
    bool last = below(4) > 0 && desk.claimed != 0;
    word("%016" PRIx64, last ? desk.claimed : some_case((uint32_t)below(PARTITIONS)));
    word("%s", last ? desk.claimed_token : desk.tokens[below(4)]);
    (void)both(true);
}

/* Leases of a millisecond have ended on both clocks. */
static void call_expire(void)
{
    desk.now_ms += 1000;
    (void)usleep(3000);
    begin("expire");
    word("100");
    (void)both(true);
}

static void call_flush(void)
{
    freeReplyObject(ask("FLUSHALL%s", ""));
    redis_model_flush(desk.model);
}

static void any_call(void)
{
    static void (*const often[])(void) = {call_begin,
                                          call_feed,
                                          call_feed,
                                          call_flip,
                                          call_flip,
                                          call_apply,
                                          call_apply,
                                          call_apply,
                                          call_claim,
                                          call_claim,
                                          call_undo,
                                          call_undo};
    uint64_t rarely = below(200);
    if (rarely < 8) {
        call_check();
    } else if (rarely < 12) {
        call_clean();
    } else if (rarely < 16) {
        call_expire();
    } else if (rarely == 16) {
        call_flush();
    } else {
        often[below(sizeof often / sizeof *often)]();
    }
}

static void the_model_answers_as_the_script_in_a_real_redis(void **state)
{
    (void)state;
    const struct redis_model_settings settings = {.take = take, .chance = below};
    struct error error = {0};
    desk.server = server_redis_new(NULL, &error);
    if (!desk.server && error.kind == ERROR_REJECT) {
        print_message("skipped: %s\n", error.text);
        skip();
    }
    assert_non_null(desk.server);
    desk.redis = redisConnectUnix(server_socket(desk.server));
    assert_int_equal(desk.redis->err, 0);
    redisReply *loaded = ask("SCRIPT LOAD %s", projection_script());
    (void)snprintf(desk.sha, sizeof desk.sha, "%s", loaded->str);
    freeReplyObject(loaded);
    desk.model = redis_model_new(&settings);
    desk.random = 11;
    for (unsigned i = 0; i < 4; i++) {
        (void)snprintf(desk.generations[i], WORD_MAX, "none%u", i);
        (void)snprintf(desk.tokens[i], WORD_MAX, "none%u", i);
        desk.watermarks[i / 2][i % 2] = 10;
    }
    for (unsigned step = 0; step < STEPS; step++) {
        any_call();
        if (step % LOOK_EVERY == 0) {
            compare_keys();
        }
    }
    redis_model_free(&desk.model);
    redisFree(desk.redis);
    server_free(&desk.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_model_answers_as_the_script_in_a_real_redis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
