/* The verb status: are all parts well?  One look at archive, Redis and every daemon's own health.
 */
#include "clock.h"
#include "ctl_calendar.h"
#include "ctl_database.h"
#include "ctl_measures.h"
#include "ctl_redis.h"
#include "ctl_table.h"
#include "ctl_view.h"
#include "scope.h"

#include <glob.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEALTH_SIZE = 8192, HEALTH_SECONDS = 2 };

enum health_seen {
    HEALTH_UNKNOWN, /* no socket there: not on this host, or not asked to serve one */
    HEALTH_GOOD,
    HEALTH_BAD,
};

struct status_service {
    unsigned live, leaving, gone;
    unsigned served;
    uint64_t events;
    uint64_t lag;
    enum health_seen health;
    char detail[224]; /* which dependency is not well, … */
    bool required;    /* … and the service cannot do without it */
};

struct status {
    uint64_t partitions;
    uint64_t accepted, archived, open, closed, breached;
    uint64_t unknown;      /* cases with a due instant that cannot be computed … */
    uint64_t unknown_case; /* … and one of them */
    uint64_t database_bytes;
    bool redis;
    char redis_why[256];
    struct status_service services[SERVICE_COUNT];
    struct ctl_queues queues;
    json_t *calendars; /* see ctl_calendar_missing; NULL: could not be asked for */
    struct ctl_alarms alarms;
};

/* ---- gathering ---- */

static uint64_t number_of(const PGresult *rows, int row, int column)
{
    return strtoull(PQgetvalue(rows, row, column), NULL, 10);
}

/* Counts of one snapshot, so that accepted and archived can be compared while complaints come in.
 */
static int counts_read(struct ctl *ctl, struct status *status)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl,
        "SELECT (SELECT partitions FROM archive), (SELECT count(*) FROM submission), "
        "(SELECT count(*) FROM journal j LEFT JOIN (SELECT partition, max(seq) AS seq FROM "
        "journal_cut WHERE service = 1 GROUP BY 1) c USING (partition) WHERE j.service = 1 AND "
        "j.kind = 1 AND j.seq > coalesce(c.seq, 0)) + (SELECT coalesce(sum(received), 0)::bigint "
        "FROM journal_cut WHERE service = 1), "
        "(SELECT count(*) FROM complaint WHERE closed_at IS NULL), "
        "(SELECT count(*) FROM complaint WHERE closed_at IS NOT NULL), "
        "(SELECT coalesce(sum(count), 0)::bigint FROM figure WHERE measure = 'breached'), "
        "pg_database_size(current_database()), (SELECT count(*) FROM clock WHERE unknown), "
        "(SELECT coalesce(min(case_id), 0) FROM clock WHERE unknown)",
        NULL,
        0,
        &rows);
    if (code == CTL_OK) {
        uint64_t *const into[] = {&status->partitions,
                                  &status->accepted,
                                  &status->archived,
                                  &status->open,
                                  &status->closed,
                                  &status->breached,
                                  &status->database_bytes,
                                  &status->unknown,
                                  &status->unknown_case};
        for (int i = 0; i < (int)(sizeof into / sizeof *into); i++) {
            *into[i] = number_of(rows, 0, i);
        }
    }
    return code;
}

static int members_read(struct ctl *ctl, struct status *status)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code =
        ctl_query(ctl,
                  "SELECT m.service, count(*) FILTER (WHERE here AND NOT leaving), "
                  "count(*) FILTER (WHERE here AND leaving), count(*) FILTER (WHERE NOT here) FROM "
                  "(SELECT m.*, m.lease_until > clock_timestamp() AND s.pid IS NOT NULL AS here "
                  "FROM member m "
                  "LEFT JOIN pg_stat_activity s ON s.pid = m.backend_pid "
                  "AND s.backend_start = m.backend_start) m GROUP BY 1",
                  NULL,
                  0,
                  &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint64_t service = number_of(rows, row, 0);
        if (service < SERVICE_COUNT) {
            struct status_service *one = &status->services[service];
            one->live = (unsigned)number_of(rows, row, 1);
            one->leaving = (unsigned)number_of(rows, row, 2);
            one->gone = (unsigned)number_of(rows, row, 3);
        }
    }
    return code;
}

/* What each service has still to read of the streams it follows (services/README.md lists them). */
static int heads_read(struct ctl *ctl, struct status *status)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl,
        "SELECT h.service, count(*) FILTER (WHERE h.owner <> '' AND s.pid IS NOT NULL "
        "AND h.lease_until > clock_timestamp()), sum(h.seq)::bigint, "
        "sum(CASE WHEN h.service IN (2, 4, 5) THEN greatest(i.seq - h.intake_seq, 0) ELSE 0 END "
        "+ CASE WHEN h.service IN (3, 5) THEN greatest(t.seq - h.triage_seq, 0) ELSE 0 END "
        "+ CASE WHEN h.service IN (4, 5) THEN greatest(d.seq - h.dispatch_seq, 0) ELSE 0 END "
        "+ CASE WHEN h.service IN (3, 5) THEN greatest(w.seq - h.watchdog_seq, 0) ELSE 0 "
        "END)::bigint "
        "FROM head h LEFT JOIN pg_stat_activity s ON s.pid = h.backend_pid "
        "AND s.backend_start = h.backend_start "
        "JOIN head i ON i.service = 1 AND i.partition = h.partition "
        "JOIN head t ON t.service = 2 AND t.partition = h.partition "
        "JOIN head d ON d.service = 3 AND d.partition = h.partition "
        "JOIN head w ON w.service = 4 AND w.partition = h.partition GROUP BY 1",
        NULL,
        0,
        &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows); row++) {
        uint64_t service = number_of(rows, row, 0);
        if (service < SERVICE_COUNT) {
            status->services[service].served = (unsigned)number_of(rows, row, 1);
            status->services[service].events = number_of(rows, row, 2);
            status->services[service].lag = number_of(rows, row, 3);
        }
    }
    return code;
}

/* GET /readyz over a unix socket: the body, or "" when nobody answers. */
static bool ready_ask(const char *path, char answer[HEALTH_SIZE])
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = HEALTH_SECONDS};
    answer[0] = '\0';
    if (strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0) {
        return false;
    }
    (void)setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t size = 0;
    if (connect(socket_fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
        send(socket_fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1) {
        ssize_t got;
        while (size < HEALTH_SIZE - 1 &&
               (got = recv(socket_fd, answer + size, HEALTH_SIZE - 1 - size, 0)) > 0) {
            size += (size_t)got;
        }
    }
    (void)close(socket_fd);
    answer[size] = '\0';
    return size > 0;
}

/* One instance; what is not well stays said when the next one is. */
static void instance_read(const char *path, struct status_service *one)
{
    static char answer[HEALTH_SIZE];
    const char *body = ready_ask(path, answer) ? strstr(answer, "\r\n\r\n") : NULL;
    json_t *object = body ? json_loads(body + 4, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    if (!object) {
        return;
    }
    const char *word = json_string_value(json_object_get(object, "status"));
    bool good = word && strcmp(word, "ok") == 0;
    one->health = good && one->health != HEALTH_BAD ? HEALTH_GOOD : HEALTH_BAD;
    const char *name;
    json_t *dependency;
    json_object_foreach(json_object_get(object, "dependencies"), name, dependency)
    {
        bool required = json_is_true(json_object_get(dependency, "required"));
        if (json_is_false(json_object_get(dependency, "ok")) && (required || !one->required)) {
            one->required = required;
            const char *detail = json_string_value(json_object_get(dependency, "detail"));
            char plain[VIEW_TEXT_MAX];
            bool told = detail && detail[0] != '\0';
            (void)snprintf(one->detail,
                           sizeof one->detail,
                           told ? "%.40s: %.160s" : "%.40s",
                           name,
                           view_plain(slice_text(told ? detail : ""), plain));
        }
    }
    json_decref(object);
}

/* All instances of the service on this host, by their sockets. */
static void health_read(const struct ctl *ctl, enum service_id service, struct status_service *one)
{
    char pattern[192];
    glob_t found;
    (void)snprintf(
        pattern, sizeof pattern, "%s/%s-*.admin", ctl->settings.run_dir, service_name(service));
    if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) { /* NOLINT(concurrency-mt-unsafe) */
        for (size_t i = 0; i < found.gl_pathc; i++) {
            instance_read(found.gl_pathv[i], one);
        }
        globfree(&found);
    }
}

/* ---- judging and showing ---- */

static bool is_healthy(const struct status *status)
{
    bool good = status->redis && status->accepted == status->archived;
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        const struct status_service *one = &status->services[service];
        good =
            good && one->live > 0 && one->served == status->partitions && one->health != HEALTH_BAD;
    }
    return good;
}

static const char *health_word(const struct status_service *one)
{
    return one->health == HEALTH_GOOD ? "ok" : one->health == HEALTH_BAD ? "unavailable" : "";
}

static json_t *services_json(const struct status *status)
{
    json_t *list = json_array();
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        const struct status_service *one = &status->services[service];
        (void)json_array_append_new(list,
                                    json_pack("{s:s,s:i,s:i,s:i,s:i,s:I,s:I,s:s,s:s}",
                                              "service",
                                              service_name(service),
                                              "live",
                                              (int)one->live,
                                              "leaving",
                                              (int)one->leaving,
                                              "gone",
                                              (int)one->gone,
                                              "partitions_served",
                                              (int)one->served,
                                              "events",
                                              (json_int_t)one->events,
                                              "lag",
                                              (json_int_t)one->lag,
                                              "ready",
                                              health_word(one),
                                              "detail",
                                              one->detail));
    }
    return list;
}

static void print_json(const struct ctl *ctl, const struct status *status)
{
    json_t *queues = json_array();
    for (uint32_t i = 0; i < status->queues.count; i++) {
        const struct ctl_queue_row *queue = &status->queues.rows[i];
        json_t *in_redis = queue->in_redis < 0 ? json_null() : json_integer(queue->in_redis);
        (void)json_array_append_new(queues,
                                    json_pack("{s:s,s:I,s:o,s:o}",
                                              "queue",
                                              queue->name,
                                              "waiting",
                                              (json_int_t)queue->waiting,
                                              "in_redis",
                                              in_redis,
                                              "waiting_since",
                                              view_time_json(queue->oldest_us)));
    }
    json_t *value = json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:o,s:o}",
                              "healthy",
                              is_healthy(status),
                              "accepted",
                              (json_int_t)status->accepted,
                              "archived",
                              (json_int_t)status->archived,
                              "lost",
                              (json_int_t)(status->accepted - status->archived),
                              "open",
                              (json_int_t)status->open,
                              "closed",
                              (json_int_t)status->closed,
                              "breached",
                              (json_int_t)status->breached,
                              "partitions",
                              (json_int_t)status->partitions,
                              "database_bytes",
                              (json_int_t)status->database_bytes,
                              "redis",
                              status->redis,
                              "services",
                              services_json(status),
                              "queues",
                              queues);
    (void)json_object_set_new(
        value, "calendars", status->calendars ? json_incref(status->calendars) : json_null());
    (void)json_object_set_new(
        value, "alarms", status->alarms.rows ? json_incref(status->alarms.rows) : json_null());
    (void)json_object_set_new(value, "due_unknown", json_integer((json_int_t)status->unknown));
    ctl_print_json(ctl, &value);
}

static const struct ctl_column columns[] = {
    {"service", TEXT_STATUS_SERVICE, CTL_COLUMN_TEXT,   false},
    {"live",    TEXT_STATUS_LIVE,    CTL_COLUMN_NUMBER, false},
    {"leaving", TEXT_STATUS_LEAVING, CTL_COLUMN_NUMBER, false},
    {"gone",    TEXT_STATUS_GONE,    CTL_COLUMN_NUMBER, false},
    {"served",  TEXT_STATUS_SERVED,  CTL_COLUMN_TEXT,   false},
    {"events",  TEXT_STATUS_EVENTS,  CTL_COLUMN_NUMBER, false},
    {"lag",     TEXT_STATUS_LAG,     CTL_COLUMN_NUMBER, false},
    {"health",  TEXT_STATUS_HEALTH,  CTL_COLUMN_TEXT,   false},
};

/* Which dependency is not well, by its name for people.  Years without holidays and alarms have
 * lines of their own below. */
static const char *
detail_say(const struct ctl *ctl, const struct status *status, const char *detail, char *into)
{
    static const struct {
        const char *name;
        enum ctl_text text;
    } names[] = {
        {"archive",    TEXT_NEEDS_ARCHIVE   },
        {"calendars",  TEXT_NEEDS_CALENDARS },
        {"clock",      TEXT_NEEDS_CLOCK     },
        {"keys",       TEXT_NEEDS_KEYS      },
        {"measures",   TEXT_NEEDS_MEASURES  },
        {"partitions", TEXT_NEEDS_PARTITIONS},
        {"peers",      TEXT_NEEDS_PEERS     },
        {"streams",    TEXT_NEEDS_STREAMS   },
        {"timely",     TEXT_NEEDS_TIMELY    },
    };
    size_t size = strcspn(detail, ":");
    const char *rest = detail[size] == ':' ? detail + size + 2 : "";
    bool told =
        (strncmp(detail, "calendars:", size + 1) == 0 && json_array_size(status->calendars) > 0) ||
        (strncmp(detail, "measures:", size + 1) == 0 && status->alarms.count > 0);
    if (detail[0] == '\0' || told) {
        return "";
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) == size && strncmp(detail, names[i].name, size) == 0) {
            return ctl_format_into(
                into,
                VIEW_TEXT_MAX,
                ctl_text_in(ctl->language, TEXT_FIELD_IS),
                CTL_ARGS(ctl_text_in(ctl->language, names[i].text),
                         rest[0] ? rest : ctl_text_in(ctl->language, TEXT_NEEDS_UNTOLD)));
        }
    }
    return detail;
}

static void print_services(const struct ctl *ctl, const struct status *status)
{
    SCOPED(ctl_table_free)
    struct ctl_table *table = ctl_table_new(ctl, columns, sizeof columns / sizeof *columns);
    for (enum service_id service = SERVICE_INTAKE; table && service <= SERVICE_ANALYTICS;
         service++) {
        const struct status_service *one = &status->services[service];
        char served[64];
        char health[320];
        (void)snprintf(served, sizeof served, "%u/%" PRIu64, one->served, status->partitions);
        bool good = one->live > 0 && one->served == status->partitions && one->health != HEALTH_BAD;
        const char *word = ctl_text_in(ctl->language, good ? TEXT_STATUS_WELL : TEXT_STATUS_UNWELL);
        char detail[VIEW_TEXT_MAX];
        const char *said = detail_say(ctl, status, one->detail, detail);
        (void)snprintf(health, sizeof health, "%s %s  %s", good ? "●" : "■", word, said);
        const char *const cells[] = {service_name(service),
                                     CTL_NUMBER_TEXT(one->live),
                                     CTL_NUMBER_TEXT(one->leaving),
                                     CTL_NUMBER_TEXT(one->gone),
                                     served,
                                     CTL_NUMBER_TEXT(one->events),
                                     CTL_NUMBER_TEXT(one->lag),
                                     health};
        ctl_table_add(table, cells);
    }
    if (table) {
        ctl_table_print(table);
    }
}

static void
print_queues(const struct ctl *ctl, struct view_policies *policies, const struct status *status)
{
    char text[VIEW_TEXT_MAX];
    char oldest[VIEW_TEXT_MAX];
    char name[VIEW_TEXT_MAX];
    for (uint32_t i = 0; i < status->queues.count; i++) {
        const struct ctl_queue_row *queue = &status->queues.rows[i];
        (void)view_duration(ctl, (clock_now_us() - queue->oldest_us) / 1000000, oldest);
        (void)snprintf(text, sizeof text, "%" PRId64, queue->in_redis);
        ctl_print(ctl,
                  TEXT_STATUS_QUEUE,
                  CTL_ARGS(view_work_queue(
                               ctl, view_policy(policies, queue->policy_id), queue->name, name),
                           CTL_NUMBER_TEXT(queue->waiting),
                           queue->in_redis < 0 ? "-" : text,
                           oldest));
    }
}

static void
print_text(const struct ctl *ctl, struct view_policies *policies, const struct status *status)
{
    char text[VIEW_TEXT_MAX];
    print_services(ctl, status);
    (void)fputc('\n', ctl->out);
    ctl_print(ctl,
              TEXT_STATUS_CASES,
              CTL_ARGS(CTL_NUMBER_TEXT(status->accepted),
                       CTL_NUMBER_TEXT(status->archived),
                       CTL_NUMBER_TEXT(status->accepted - status->archived),
                       CTL_NUMBER_TEXT(status->open),
                       CTL_NUMBER_TEXT(status->closed),
                       CTL_NUMBER_TEXT(status->breached)));
    (void)snprintf(text, sizeof text, "%.1f MiB", (double)status->database_bytes / (1024 * 1024));
    ctl_print(ctl, TEXT_STATUS_ARCHIVE, CTL_ARGS(text));
    ctl_print(
        ctl, status->redis ? TEXT_STATUS_REDIS : TEXT_REDIS_AWAY, CTL_ARGS(status->redis_why));
    print_queues(ctl, policies, status);
    ctl_calendar_missing_print(ctl, status->calendars);
    ctl_alarms_print(ctl, &status->alarms);
    if (status->unknown > 0) {
        ctl_print(
            ctl,
            TEXT_STATUS_UNKNOWN,
            CTL_ARGS(CTL_NUMBER_TEXT(status->unknown), CTL_NUMBER_TEXT(status->unknown_case)));
    }
    char word[VIEW_TEXT_MAX];
    (void)snprintf(
        word,
        sizeof word,
        "%s%s",
        is_healthy(status) ? "● " : "■ ",
        ctl_text_in(ctl->language, is_healthy(status) ? TEXT_STATUS_WELL : TEXT_STATUS_UNWELL));
    (void)fprintf(ctl->out,
                  "%s%s%s\n",
                  view_color(ctl, is_healthy(status) ? VIEW_RUNNING : VIEW_BREACHED),
                  word,
                  view_color_end(ctl));
}

int ctl_status(struct ctl *ctl)
{
    static struct status status;
    status = (struct status){0};
    int code = counts_read(ctl, &status);
    code = code == CTL_OK ? members_read(ctl, &status) : code;
    code = code == CTL_OK ? heads_read(ctl, &status) : code;
    code = code == CTL_OK ? ctl_queues_read(ctl, &status.queues) : code;
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    code = code == CTL_OK && !policies ? ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL) : code;
    if (code != CTL_OK) {
        return code;
    }
    /* neither is a part: what could not be asked for is said beside what is known of the parts */
    int alarms = ctl_alarms_read(ctl, policies, &status.alarms);
    int calendars = ctl_calendar_missing(ctl, &status.calendars);
    int unasked = alarms != CTL_OK ? alarms : calendars;
    SCOPED(ctl_redis_close) struct redisContext *redis = ctl_redis_open(ctl, status.redis_why);
    status.redis = redis != NULL;
    ctl_queues_redis(ctl, redis, &status.queues);
    for (enum service_id service = SERVICE_INTAKE; service <= SERVICE_ANALYTICS; service++) {
        health_read(ctl, service, &status.services[service]);
    }
    ctl->json ? print_json(ctl, &status) : print_text(ctl, policies, &status);
    json_decref(status.calendars);
    json_decref(status.alarms.rows);
    return is_healthy(&status) ? unasked : CTL_FAILED;
}
