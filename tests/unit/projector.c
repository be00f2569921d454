/*
 * Goal: what is committed comes into Redis in parts that one call takes, also where nothing was
 * appended and only something heard; and a share that Redis lost, or whose owner had not told all
 * he had heard, is fed from the archive, slice by slice, its own partition's and nothing else.
 * Method: a real PostgreSQL with a table of cases, a real Redis, and a service of which only what
 * the projector looks at is there; the queue is counted by a connection of the test's own.  Seen to
 * fail where commits are counted by what they append alone (all three of what was heard), and where
 * a share is taken for complete by that alone (the second of these).  Guards law 6.
 */
#include "projector.h"

#include "pg_desk.h"
#include "service_private.h"
#include "unit.h"

#include <hiredis/hiredis.h>
#include <unistd.h>

enum {
    PARTITION = 2,
    PARTITIONS = 4,
    ROWS = 2 * PROJECTION_FEED_MAX + 100, /* three slices; every other row is of no queue */
    MANY = PROJECTION_COMMIT_OPS_MAX + 10,
    ROUNDS = 400,
    TURN_US = 25000,
};

static const struct pg_statement statements[] = {
    {"feed",
     "SELECT case_id FROM work WHERE case_id > $1::bigint AND case_id <= $2::bigint ORDER BY "
     "case_id "
     "LIMIT $3::integer"},
};

struct scene {
    struct pg_desk desk;
    struct server *redis;
    redisContext *plain;
    struct service service;
    struct appended events[2];
    struct projector *projector;
    char admin[64];
    uint64_t lacks; /* the case whose policy is not here; 0: none */
    unsigned asked; /* how often it was asked for */
    double score;   /* of all */
};

static void put(uint64_t case_id, struct projection_op *op)
{
    *op = (struct projection_op){.case_id = case_id, .change = PROJECTION_PUT};
    (void)snprintf(op->queue, sizeof op->queue, "desk");
}

static void op_of(void *self, uint64_t case_id, struct projection_op *op)
{
    const struct scene *scene = self;
    put(case_id, op);
    op->score = scene->score;
}

static bool row_of(void *self, const PGresult *rows, int row, struct projection_op *op)
{
    struct scene *scene = self;
    uint64_t case_id = (uint64_t)pg_int8(rows, row, 0);
    if (case_id == scene->lacks) {
        scene->service.policy_misses++; /* as service_policy does */
        scene->asked++;
        return false;
    }
    put(case_id, op);
    return case_id % 2 == 0;
}

static void scene_open(struct scene *scene)
{
    struct error error = {0};
    *scene = (struct scene){.score = 1};
    scene->redis = server_redis_new(NULL, &error);
    if (!scene->redis) {
        skip();
    }
    pg_desk_open(&scene->desk);
    pg_desk_run(&scene->desk,
                "CREATE SCHEMA redress; CREATE TABLE redress.work (case_id bigint PRIMARY KEY)");
    pg_desk_connect(&scene->desk, statements, 1);
    assert_true(pg_desk_until_ready(&scene->desk));
    struct service *service = &scene->service;
    service->base = scene->desk.loop;
    service->reader = scene->desk.pg;
    service->partitions = PARTITIONS;
    service->streams = calloc(PARTITIONS, sizeof *service->streams);
    service->cycle.service = service;
    service->cycle.events = scene->events;
    for (uint32_t p = 0; p < PARTITIONS; p++) {
        service->streams[p].first_event = NOWHERE;
        service->streams[p].epoch = 1;
    }
    (void)snprintf(
        service->settings.redis, sizeof service->settings.redis, "%s", server_socket(scene->redis));
    (void)snprintf(service->settings.redis_prefix, sizeof service->settings.redis_prefix, "t:");
    (void)snprintf(
        scene->admin, sizeof scene->admin, "unix:/tmp/projector-%d.admin", (int)getpid());
    const struct health_options health = {.service = "redress-test", .listen = scene->admin};
    service->health = health_open(service->base, &health, &error);
    assert_non_null(service->health);
    const struct projector_source source = {
        SERVICE_DISPATCH, SERVICE_WATCHDOG, "feed", op_of, row_of, scene};
    scene->projector = projector_new(service, &source, &error);
    assert_non_null(scene->projector);
    scene->plain = redisConnectUnix(server_socket(scene->redis));
    assert_true(scene->plain && !scene->plain->err);
}

static void scene_close(struct scene *scene)
{
    redisFree(scene->plain);
    projector_free(&scene->projector);
    assert_null(scene->projector);
    health_free(&scene->service.health);
    pg_desk_close(&scene->desk);
    (void)unlink(scene->admin + strlen("unix:"));
    free(scene->service.streams);
    server_free(&scene->redis);
}

static void rows_add(const struct scene *scene, uint32_t partition, unsigned count)
{
    char sql[160];
    (void)snprintf(sql,
                   sizeof sql,
                   "INSERT INTO redress.work SELECT %llu + n FROM generate_series(1, %u) n",
                   (unsigned long long)case_id_make(partition, 0),
                   count);
    pg_desk_run(&scene->desk, sql);
}

static long long queued(const struct scene *scene)
{
    redisReply *reply = redisCommand(scene->plain, "ZCARD t:q:desk");
    assert_non_null(reply);
    long long count = reply->integer;
    freeReplyObject(reply);
    return count;
}

/* Until so many are queued and Redis has all of it. */
static void await_queued(struct scene *scene, long long wanted)
{
    struct projection *projection = projector_projection(scene->projector);
    for (int i = 0; i < ROUNDS; i++) {
        if (queued(scene) == wanted &&
            projection_is_settled(projection, SERVICE_DISPATCH, PARTITION)) {
            return;
        }
        pg_desk_turn(&scene->desk, TURN_US);
    }
    fail_msg("%lld are queued, wanted %lld", queued(scene), wanted);
}

/* Commits events from … to of the partition, which changed so many cases of it and one of another.
 */
static void commit(struct scene *scene, uint64_t from, uint64_t to)
{
    uint64_t changed[MANY + 1];
    struct stream *stream = &scene->service.streams[PARTITION];
    scene->events[0] = (struct appended){.seq = from, .partition = PARTITION, .next = 1};
    scene->events[1] = (struct appended){.seq = to, .partition = PARTITION, .next = NOWHERE};
    stream->first_event = 0;
    stream->last_event = 1;
    stream->seq = to;
    scene->service.cycle.touched[0] = PARTITION;
    scene->service.cycle.touched[1] = PARTITION + 1; /* only a checkpoint */
    scene->service.cycle.touched_count = 2;
    for (uint64_t i = 0; i < MANY; i++) {
        changed[i] = case_id_make(PARTITION, i + 1);
    }
    changed[MANY] = case_id_make(PARTITION + 1, 1);
    projector_commit(scene->projector, &scene->service.cycle, changed, MANY + 1);
}

/* A batch that appended nothing; so many events of the watchdog were heard, and of others. */
static void hear(struct scene *scene, uint64_t events, const uint64_t *changed, uint32_t count)
{
    struct stream *stream = &scene->service.streams[PARTITION];
    stream->first_event = stream->last_event = NOWHERE;
    stream->checkpoints[SERVICE_WATCHDOG].seq += events;
    stream->checkpoints[SERVICE_TRIAGE].seq += 7;
    scene->service.cycle.touched[0] = PARTITION;
    scene->service.cycle.touched_count = 1;
    projector_commit(scene->projector, &scene->service.cycle, changed, count);
}

static double score_of(const struct scene *scene, uint64_t case_id)
{
    redisReply *reply =
        redisCommand(scene->plain, "ZSCORE t:q:desk %016llx", (unsigned long long)case_id);
    assert_non_null(reply);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    double score = strtod(reply->str, NULL);
    freeReplyObject(reply);
    return score;
}

static struct projection_figures figures(const struct scene *scene)
{
    return projection_figures(projector_projection(scene->projector));
}

static void a_share_is_fed_from_the_archive_slice_by_slice(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    rows_add(&scene, PARTITION, ROWS);
    rows_add(&scene, PARTITION - 1, 10); /* others' */
    rows_add(&scene, PARTITION + 1, 10);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, ROWS / 2);
    assert_true(projector_is_ready(scene.projector));
    scene_close(&scene);
}

static void what_redis_forgets_is_fed_again(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    rows_add(&scene, PARTITION, 40);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 20);
    rows_add(&scene, PARTITION + 1, 5);
    freeReplyObject(redisCommand(scene.plain, "FLUSHALL"));
    await_queued(&scene, 20);
    scene_close(&scene);
}

static void
a_case_whose_policy_is_not_here_holds_up_none_before_it_and_is_asked_for_in_peace(void **state)
{
    enum { WAITS_TURNS = 30 }; /* of TURN_US */
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    rows_add(&scene, PARTITION, 40);
    scene.lacks = case_id_make(PARTITION, 30);
    projector_own(scene.projector, PARTITION);
    for (int i = 0; i < ROUNDS && scene.asked < 2; i++) {
        pg_desk_turn(&scene.desk, TURN_US);
    }
    scene.asked = 0;
    for (int i = 0; i < WAITS_TURNS; i++) {
        pg_desk_turn(&scene.desk, TURN_US);
    }
    print_message("asked %u times in %u ms\n", scene.asked, WAITS_TURNS * TURN_US / 1000);
    assert_in_range(scene.asked, 1, 30); /* once in 100 ms, and turns may be long; not thousands */
    scene.lacks = 0;
    await_queued(&scene, 20);
    scene_close(&scene);
}

static void more_changes_than_one_call_takes_are_told_in_parts(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 0);
    commit(&scene, 1, 2);
    await_queued(&scene, MANY);
    assert_int_equal(figures(&scene).overflows, 0);
    scene_close(&scene);
}

static void more_changes_than_the_events_take_are_read_from_the_archive(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 0);
    rows_add(&scene, PARTITION, 60);
    commit(&scene, 1, 1); /* one event, more changes than its one part holds */
    await_queued(&scene, 30);
    scene_close(&scene);
}

static void what_was_heard_moves_a_place_though_nothing_is_appended(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 0);
    commit(&scene, 1, 2);
    await_queued(&scene, MANY);
    uint64_t calls = figures(&scene).calls;
    const uint64_t moved[] = {case_id_make(PARTITION, 3), case_id_make(PARTITION, 5)};
    for (uint64_t n = 1; n <= 3; n++) { /* several on their way at once */
        scene.score = 10 - (double)n;
        hear(&scene, n, moved, 2);
    }
    await_queued(&scene, MANY);
    assert_true(score_of(&scene, moved[0]) == 7 && score_of(&scene, moved[1]) == 7);
    assert_true(score_of(&scene, case_id_make(PARTITION, 4)) == 1);
    assert_in_range(figures(&scene).calls, calls + 1, calls + 3);
    assert_int_equal(figures(&scene).rebuilds, 1);

    calls = figures(&scene).calls;
    hear(&scene, 0, moved, 2); /* of others, which move no place */
    await_queued(&scene, MANY);
    assert_int_equal(figures(&scene).calls, calls);
    scene_close(&scene);
}

/* The next owner reads in the head row how much was heard. */
static void a_share_that_was_not_told_what_was_heard_is_not_taken_over(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    struct stream *stream = &scene.service.streams[PARTITION];
    rows_add(&scene, PARTITION, 40);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 20);
    const uint64_t moved = case_id_make(PARTITION, 2);
    scene.score = 5;
    hear(&scene, 1, &moved, 1);
    await_queued(&scene, 20);
    for (stream->epoch = 2; stream->epoch <= 3; stream->epoch++) {
        projector_disown(scene.projector, PARTITION);
        if (stream->epoch == 3) { /* heard, and died before telling */
            stream->checkpoints[SERVICE_WATCHDOG].seq++;
        }
        projector_own(scene.projector, PARTITION);
        await_queued(&scene, 20);
        assert_int_equal(figures(&scene).rebuilds, stream->epoch - 1);
        assert_true(score_of(&scene, moved) == (stream->epoch == 2 ? 5 : 0));
    }
    scene_close(&scene);
}

static void more_is_heard_than_one_call_takes(void **state)
{
    (void)state;
    static struct scene scene;
    static uint64_t moved[MANY];
    scene_open(&scene);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 0);
    for (uint64_t i = 0; i < MANY; i++) {
        moved[i] = case_id_make(PARTITION, i + 1);
    }
    hear(&scene, MANY, moved, MANY);
    await_queued(&scene, MANY);
    assert_int_equal(figures(&scene).rebuilds, 1);
    scene_close(&scene);
}

static void nothing_is_told_of_a_partition_that_is_anothers(void **state)
{
    (void)state;
    static struct scene scene;
    scene_open(&scene);
    projector_own(scene.projector, PARTITION);
    await_queued(&scene, 0);
    projector_disown(scene.projector, PARTITION);
    commit(&scene, 1, 2);
    pg_desk_turn(&scene.desk, 20 * TURN_US);
    assert_int_equal(queued(&scene), 0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_is_fed_from_the_archive_slice_by_slice),
        cmocka_unit_test(what_redis_forgets_is_fed_again),
        cmocka_unit_test(
            a_case_whose_policy_is_not_here_holds_up_none_before_it_and_is_asked_for_in_peace),
        cmocka_unit_test(more_changes_than_one_call_takes_are_told_in_parts),
        cmocka_unit_test(more_changes_than_the_events_take_are_read_from_the_archive),
        cmocka_unit_test(what_was_heard_moves_a_place_though_nothing_is_appended),
        cmocka_unit_test(a_share_that_was_not_told_what_was_heard_is_not_taken_over),
        cmocka_unit_test(more_is_heard_than_one_call_takes),
        cmocka_unit_test(nothing_is_told_of_a_partition_that_is_anothers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
