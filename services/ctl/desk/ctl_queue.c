/*
 * `redress queue`: how long the work queues are, and who comes next.
 *
 * Redis has the very order in which cases are claimed; without it the archive gives priority and
 * age, which is the order but for the due times.
 */
#include "case_number.h"
#include "ctl.h"
#include "ctl_database.h"
#include "ctl_names.h"
#include "ctl_redis.h"
#include "ctl_table.h"
#include "scope.h"

#include <hiredis/hiredis.h>

enum { HEADS_MAX = 1000, ID_TEXT_SIZE = 21 };

/* "{1,2,3}": the cases at the head of a queue, as Redis has them; "" when it cannot say. */
static char *
heads_of_redis(const struct ctl *ctl, struct redisContext *redis, const char *queue, int64_t count)
{
    char *text = NULL;
    size_t size = 0;
    redisReply *reply = redisCommand(
        redis, "ZRANGE %sq:%s 0 %lld", ctl->settings.redis_prefix, queue, (long long)(count - 1));
    FILE *memory = open_memstream(&text, &size);
    if (memory && reply && reply->type == REDIS_REPLY_ARRAY) {
        (void)fputc('{', memory);
        for (size_t i = 0; i < reply->elements; i++) {
            (void)fprintf(
                memory, "%s%lld", i > 0 ? "," : "", strtoll(reply->element[i]->str, NULL, 16));
        }
        (void)fputc('}', memory);
    }
    freeReplyObject(reply);
    if (memory) {
        (void)fclose(memory);
    }
    return text;
}

static void text_free(char **text_p)
{
    free(*text_p);
    *text_p = NULL;
}

/* case_id, received_at, priority, step, category, step_since, policy_id of the next cases of a
 * queue, in order. */
static int heads_read(
    struct ctl *ctl, struct redisContext *redis, const char *queue, int64_t count, PGresult **rows)
{
#define HEAD_COLUMNS                                                                               \
    "SELECT c.case_id, c.received_at, c.priority, c.step, c.category, c.step_since, c.policy_id "  \
    "FROM complaint c JOIN policy p ON p.id = c.policy_id "                                        \
    "WHERE c.closed_at IS NULL AND c.queue <> '' AND p.name || '/' || c.queue = $1 "
    SCOPED(text_free) char *ids = redis ? heads_of_redis(ctl, redis, queue, count) : NULL;
    const char *const by_redis[] = {queue, ids};
    const char *const by_archive[] = {queue, CTL_NUMBER_TEXT(count)};
    if (ids && ids[0] != '\0') {
        return ctl_query(ctl,
                         HEAD_COLUMNS "AND c.case_id = ANY($2::bigint[]) "
                                      "ORDER BY array_position($2::bigint[], c.case_id)",
                         by_redis,
                         2,
                         rows);
    }
    return ctl_query(ctl,
                     HEAD_COLUMNS "ORDER BY c.priority, c.received_at, c.case_id LIMIT $2::bigint",
                     by_archive,
                     2,
                     rows);
}

static void number_of(const PGresult *rows, int row, char number[CASE_NUMBER_SIZE])
{
    uint64_t case_id = strtoull(PQgetvalue(rows, row, 0), NULL, 10);
    case_number_format(case_id, view_pg_time(rows, row, 1), number);
}

/* Ids in JSON, titles for people. */
static const char *
step_text(const struct ctl *ctl, const struct policy *policy, const char *id, char *into)
{
    return ctl->json ? id : view_step(ctl, policy, slice_text(id), into);
}

static const char *
category_text(const struct ctl *ctl, const struct policy *policy, const char *id, char *into)
{
    return ctl->json ? id : view_category(ctl, policy, slice_text(id), into);
}

/* How many wait in all; asked only where not all of them came. */
static int total_of(struct ctl *ctl, const char *queue, int shown, int64_t *total)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    *total = shown;
    if (shown < ctl_option_number(ctl, "count")) {
        return CTL_OK;
    }
    int code = ctl_query(ctl,
                         "SELECT count(*) FROM complaint c JOIN policy p ON p.id = c.policy_id "
                         "WHERE c.closed_at IS NULL AND c.queue <> '' AND "
                         "p.name || '/' || c.queue = $1",
                         &queue,
                         1,
                         &rows);
    if (code == CTL_OK && PQntuples(rows) > 0) {
        int64_t count = strtoll(PQgetvalue(rows, 0, 0), NULL, 10);
        *total = count > shown ? count : shown;
    }
    return code;
}

static int queue_one(struct ctl *ctl,
                     struct redisContext *redis,
                     struct view_policies *policies,
                     const char *queue)
{
    static const struct ctl_column columns[] = {
        {"case_number",   TEXT_COLUMN_CASE,     CTL_COLUMN_TEXT,   false},
        {"priority",      TEXT_COLUMN_PRIORITY, CTL_COLUMN_NUMBER, false},
        {"step",          TEXT_COLUMN_STEP,     CTL_COLUMN_TEXT,   false},
        {"category",      TEXT_COLUMN_CATEGORY, CTL_COLUMN_TEXT,   true },
        {"waiting_since", TEXT_COLUMN_SINCE,    CTL_COLUMN_TEXT,   false},
    };
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int64_t total = 0;
    int code = heads_read(ctl, redis, queue, ctl_option_number(ctl, "count"), &rows);
    code = code == CTL_OK ? total_of(ctl, queue, PQntuples(rows), &total) : code;
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    for (int row = 0; row < PQntuples(rows); row++) {
        char number[CASE_NUMBER_SIZE];
        char since[VIEW_TEXT_MAX];
        char step[VIEW_TEXT_MAX];
        char category[VIEW_TEXT_MAX];
        uint32_t id = (uint32_t)strtoul(PQgetvalue(rows, row, 6), NULL, 10);
        const struct policy *policy = ctl->json ? NULL : view_policy(policies, id);
        if (row == 0) {
            view_zone_take(view_policy_zone(policy));
        }
        number_of(rows, row, number);
        (void)view_time_cell(ctl, view_pg_time(rows, row, 5), since);
        ctl_table_add(table,
                      CTL_ARGS(number,
                               PQgetvalue(rows, row, 2),
                               step_text(ctl, policy, PQgetvalue(rows, row, 3), step),
                               category_text(ctl, policy, PQgetvalue(rows, row, 4), category),
                               since));
    }
    view_cases(ctl, table, total, TEXT_QUEUE_SHOWN, HEADS_MAX);
    return CTL_OK;
}

static int queue_add(struct ctl *ctl,
                     struct redisContext *redis,
                     struct view_policies *policies,
                     const struct ctl_queue_row *queue,
                     struct ctl_table *table)
{
    char name[VIEW_TEXT_MAX];
    char number[CASE_NUMBER_SIZE] = "";
    char since[VIEW_TEXT_MAX];
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = heads_read(ctl, redis, queue->name, 1, &rows);
    if (code != CTL_OK) {
        return code;
    }
    if (PQntuples(rows) > 0) {
        number_of(rows, 0, number);
    }
    (void)view_time_cell(ctl, queue->oldest_us, since);
    ctl_table_add(
        table,
        CTL_ARGS(ctl->json ? queue->name
                           : view_work_queue(
                                 ctl, view_policy(policies, queue->policy_id), queue->name, name),
                 CTL_NUMBER_TEXT((int64_t)queue->waiting),
                 queue->in_redis < 0 ? "" : CTL_NUMBER_TEXT(queue->in_redis),
                 since,
                 number));
    return CTL_OK;
}

static void
zone_take(const struct ctl *ctl, struct view_policies *policies, const struct ctl_queues *queues)
{
    struct view_zones zones = {0};
    for (uint32_t i = 0; !ctl->json && i < queues->count; i++) {
        view_zones_add(&zones, view_policy(policies, queues->rows[i].policy_id));
    }
    view_zones_take(&zones);
}

static int queue_all(struct ctl *ctl, struct redisContext *redis, struct view_policies *policies)
{
    static const struct ctl_column columns[] = {
        {"queue",         TEXT_COLUMN_QUEUE,   CTL_COLUMN_TEXT,   false},
        {"waiting",       TEXT_COLUMN_WAITING, CTL_COLUMN_NUMBER, false},
        {"in_redis",      TEXT_COLUMN_LISTED,  CTL_COLUMN_NUMBER, false},
        {"waiting_since", TEXT_COLUMN_SINCE,   CTL_COLUMN_TEXT,   false},
        {"head",          TEXT_COLUMN_HEAD,    CTL_COLUMN_TEXT,   false},
    };
    static struct ctl_queues queues;
    int code = ctl_queues_read(ctl, &queues);
    ctl_queues_redis(ctl, redis, &queues);
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    if (!table) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    zone_take(ctl, policies, &queues);
    for (uint32_t i = 0; code == CTL_OK && i < queues.count; i++) {
        code = queue_add(ctl, redis, policies, &queues.rows[i], table);
    }
    if (code == CTL_OK) {
        ctl_table_answer(table, "queues");
        if (queues.count > 0) {
            view_zone_tell(ctl);
        }
    }
    return code;
}

int ctl_queue(struct ctl *ctl)
{
    char why[256] = "";
    const char *queue = ctl_argument(ctl, 0);
    struct ctl_named named = {.naming = NAMING_WORK_QUEUE, .word = queue};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    if (!policies) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    /* a queue in which nobody waits is one; a name that no policy has is a mistake */
    int code = queue ? ctl_names_known(ctl, policies, &named, 1, NULL) : ctl_database(ctl);
    if (code != CTL_OK) {
        return code;
    }
    SCOPED(ctl_redis_close) struct redisContext *redis = ctl_redis_open(ctl, why);
    if (!redis) {
        ctl_note(ctl, TEXT_QUEUE_NO_REDIS, CTL_ARGS(why));
    }
    return queue ? queue_one(ctl, redis, policies, named.id) : queue_all(ctl, redis, policies);
}
