/* How the daemon is: dependencies, lags and counts, on the admin listener. */
#include "clock.h"
#include "log.h"
#include "service_private.h"

/* So long is told that the archive took nothing when no commit has been tried since: an instance
 * that is not ready may be sent no work that would try one. */
enum { REFUSED_TOLD_US = 30000000 };

enum measure {
    M_COMMITS,
    M_EVENTS,
    M_INPUTS,
    M_REQUESTS,
    M_REFUSED,
    M_FAILED,
    M_ROWS_MISSED,
    M_REFOLDED,
    M_FENCED,
    M_TAKEOVERS,
    M_PUBLISHED,
    M_READS,
    M_READ_EVENTS,
    M_GAPS,
    M_REPEATS,
    M_SERVING,
    M_WAITING,
    M_INPUTS_WAITING,
    M_CATCHING_UP,
    M_HALTED,
    M_BEHIND,
    M_RESIDENT,
    M_STEPS_ARCHIVE,
    M_STEPS_MACHINE,
    M_CLOCK_OFFSET,
    M_COMMIT_TIME,
    M_COUNT,
};

static struct metric metrics[M_COUNT] = {
    [M_COMMITS] = METRIC_COUNTER("commits_total", "Transactions committed."),
    [M_EVENTS] = METRIC_COUNTER("events_total", "Events appended."),
    [M_INPUTS] = METRIC_COUNTER("inputs_total", "Events of other services processed."),
    [M_REQUESTS] = METRIC_COUNTER("requests_total", "Submissions or commands that arrived."),
    [M_REFUSED] = METRIC_COUNTER("requests_refused_total", "Requests told to try later."),
    [M_FAILED] = METRIC_COUNTER("commits_refused_total", "Transactions the archive refused."),
    [M_ROWS_MISSED] =
        METRIC_COUNTER("rows_missed_total", "Rows a transaction had to change, and not found."),
    [M_REFOLDED] = METRIC_COUNTER("rows_refolded_total",
                                  "Rows that could not be read: folded anew from the journal."),
    [M_FENCED] = METRIC_COUNTER("fenced_total", "Batches of streams that were not ours any more."),
    [M_TAKEOVERS] = METRIC_COUNTER("takeovers_total", "Partitions taken."),
    [M_PUBLISHED] = METRIC_COUNTER("events_published_total", "Events sent on the bus."),
    [M_READS] = METRIC_COUNTER("journal_reads_total", "Reads of the journal to catch up."),
    [M_READ_EVENTS] = METRIC_COUNTER("journal_read_events_total", "Events those reads brought."),
    [M_GAPS] = METRIC_COUNTER("stream_gaps_total", "Gaps the bus left, closed from the journal."),
    [M_REPEATS] = METRIC_COUNTER("stream_repeats_total", "Events seen again, and dropped."),
    [M_SERVING] = METRIC_GAUGE("partitions_serving", "Partitions this instance serves."),
    [M_WAITING] = METRIC_GAUGE("requests_waiting", "Requests waiting for the next batch."),
    [M_INPUTS_WAITING] = METRIC_GAUGE("inputs_waiting", "Events waiting for the next batch."),
    [M_CATCHING_UP] = METRIC_GAUGE("streams_catching_up", "Input streams not live yet."),
    [M_HALTED] = METRIC_GAUGE("streams_halted", "Input streams that wait for an operator."),
    [M_BEHIND] = METRIC_GAUGE("behind_seconds", "Age of the oldest event known and not processed."),
    [M_RESIDENT] = METRIC_GAUGE("resident_bytes", "Memory of the process."),
    [M_STEPS_ARCHIVE] =
        METRIC_COUNTER("clock_steps_total", "Steps of a clock.", .labels = "of=\"archive\""),
    [M_STEPS_MACHINE] =
        METRIC_COUNTER("clock_steps_total", "Steps of a clock.", .labels = "of=\"machine\""),
    [M_CLOCK_OFFSET] =
        METRIC_GAUGE("clock_offset_seconds", "This machine's clock minus the archive's."),
    [M_COMMIT_TIME] =
        METRIC_TIME("commit_duration_seconds", "From sending a transaction to its answer."),
};

static unsigned archive_index;
static unsigned partitions_index;
static unsigned calendars_index;
static unsigned keys_index;
static unsigned peers_index;

static void collect(void *self)
{
    struct service *service = self;
    const struct {
        enum measure measure;
        uint64_t count;
    } counts[] = {
        {M_COMMITS,       service->counts.commits      },
        {M_EVENTS,        service->counts.events       },
        {M_INPUTS,        service->counts.inputs       },
        {M_REQUESTS,      service->counts.requests     },
        {M_REFUSED,       service->counts.refused      },
        {M_FAILED,        service->counts.failed       },
        {M_ROWS_MISSED,   service->counts.rows_missed  },
        {M_REFOLDED,      service->counts.refolded     },
        {M_FENCED,        service->counts.fenced       },
        {M_TAKEOVERS,     service->counts.takeovers    },
        {M_PUBLISHED,     service->counts.published    },
        {M_READS,         service->counts.reads        },
        {M_READ_EVENTS,   service->counts.read_events  },
        {M_STEPS_ARCHIVE, service->counts.archive_steps},
        {M_STEPS_MACHINE, service->counts.machine_steps},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        metrics[counts[i].measure].count = counts[i].count;
    }
    struct streams sum = streams_look(service);
    metrics[M_GAPS].count = sum.gaps;
    metrics[M_REPEATS].count = sum.repeats;
    metric_set(&metrics[M_CATCHING_UP], sum.late);
    metric_set(&metrics[M_HALTED], sum.halted);
    metric_set(&metrics[M_BEHIND], (double)sum.behind_us / 1e6);
    metric_set(&metrics[M_SERVING], service->serving);
    metric_set(&metrics[M_WAITING], service->waiting_count);
    metric_set(&metrics[M_INPUTS_WAITING], service->incoming.count);
    metric_set(&metrics[M_RESIDENT], resident_bytes());
    metric_set(&metrics[M_CLOCK_OFFSET], time_off_s(service));
}

bool health_start(struct service *service, struct error *error)
{
    static char name[32];
    (void)snprintf(name, sizeof name, "redress-%s", service_name(service->spec->id));
    const struct health_options options = {.service = name,
                                           .listen = service->settings.admin,
                                           .metrics = metrics,
                                           .metric_count = M_COUNT,
                                           .collect = collect,
                                           .self = service};
    service->health = health_open(service->base, &options, error);
    if (!service->health) {
        return false;
    }
    keys_index = health_add(service->health, "keys", true, 0);
    archive_index = health_add(service->health, "archive", true, 5);
    partitions_index = health_add(service->health, "partitions", true, 0);
    streams_start(service);
    if (service->settings.curve_key_file[0] != '\0') {
        peers_index = health_add(service->health, "peers", false, 0);
        health_peers(service, true, NULL);
    }
    time_start(service);
    if (service->spec->counts_time) {
        calendars_index = health_add(service->health, "calendars", false, 0);
    }
    return true;
}

unsigned service_dependency(struct service *service, const char *name)
{
    return health_add(service->health, name, false, 0);
}

void service_dependency_set(struct service *service, unsigned index, bool ok, const char *detail)
{
    health_set(service->health, index, ok, detail);
}

void health_keys(struct service *service, bool ok, const char *detail)
{
    health_set(service->health, keys_index, ok, detail);
}

void health_peers(struct service *service, bool ok, const char *detail)
{
    health_set(service->health, peers_index, ok, detail);
}

void health_stop(struct service *service)
{
    health_free(&service->health);
}

/* Deadlines that reach into a year without holidays are wrong: said in time, once a day in the log.
 */
static void calendars_look(struct service *service)
{
    static int64_t told_day = -1;
    char which[160];
    char detail[HEALTH_DETAIL_MAX];
    int64_t now_us = service_now_us(service);
    int64_t day = now_us / 86400000000;
    int32_t year = policy_book_missing_year(service->policies, now_us, which);
    (void)snprintf(detail, sizeof detail, "%.110s: no holidays of %d are known", which, (int)year);
    health_set(service->health, calendars_index, year == 0, year == 0 ? NULL : detail);
    if (year != 0 && day != told_day) {
        told_day = day;
        log_warn("no holidays are known of a year that deadlines reach into",
                 LOG_TEXT("calendar", which),
                 LOG_NUMBER("year", year));
    }
}

static void archive_tell(struct service *service)
{
    char detail[HEALTH_DETAIL_MAX] = "";
    bool reached = pg_current_state(service->writer) == PG_READY;
    if (!reached) {
        (void)snprintf(
            detail, sizeof detail, "PostgreSQL is not reached: %.120s", service->archive_away);
    } else if (service->archive_refuses[0] &&
               (service->cycle.archive_refuses ||
                clock_monotonic_us() - service->archive_refused_us < REFUSED_TOLD_US)) {
        (void)snprintf(detail, sizeof detail, "%s", service->archive_refuses);
    } else if (service->partitions == 0) {
        (void)snprintf(
            detail, sizeof detail, "the database holds no archive: redress archive create");
    }
    health_set(service->health, archive_index, detail[0] == '\0', detail);
}

void health_second(struct service *service)
{
    char detail[HEALTH_DETAIL_MAX];
    archive_tell(service);
    (void)snprintf(detail,
                   sizeof detail,
                   "%u of %u served here%s",
                   (unsigned)service->serving,
                   (unsigned)service->partitions,
                   service->serving > 0   ? ""
                   : !service->registered ? ": not a member of the archive yet"
                                          : ": others have them still, or all");
    health_set(service->health, partitions_index, service->serving > 0, detail);
    streams_second(service);
    if (service->spec->counts_time) {
        calendars_look(service);
    }
    if (service->serving > 0) {
        health_started(service->health);
    }
}

void health_commit_took(int64_t us)
{
    metric_observe(&metrics[M_COMMIT_TIME], (double)us / 1e6);
}
