#include "health.h"

#include "admin.h"
#include "clock.h"
#include "log.h"

#include <assert.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <jansson.h>

enum { US_PER_S = 1000000 };

struct dependency {
    const char *name;
    bool required;
    bool ok;
    uint32_t max_age_s;
    int64_t success_us; /* monotonic; 0: never */
    char detail[HEALTH_DETAIL_MAX];
};

struct health {
    struct health_options options;
    struct admin *admin;
    bool started;
    unsigned count;
    struct dependency dependencies[HEALTH_DEPENDENCIES_MAX];
};

static bool is_ok(const struct dependency *dependency, int64_t now_us)
{
    return dependency->ok &&
           (dependency->max_age_s == 0 ||
            now_us - dependency->success_us <= (int64_t)dependency->max_age_s * US_PER_S);
}

bool health_is_ready(const struct health *health)
{
    int64_t now_us = clock_monotonic_us();
    for (unsigned i = 0; i < health->count; i++) {
        if (health->dependencies[i].required && !is_ok(&health->dependencies[i], now_us)) {
            return false;
        }
    }
    return health->started;
}

/* Dumps and releases object. */
static bool json_write(json_t *object, struct evbuffer *body)
{
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    bool good = text && evbuffer_add(body, text, strlen(text)) == 0;
    free(text);
    json_decref(object);
    return good;
}

static int answer_state(bool good, struct evbuffer *body)
{
    return json_write(json_pack("{ss}", "status", good ? "ok" : "unavailable"), body) && good ? 200
                                                                                              : 503;
}

static int answer_ready(const struct health *health, struct evbuffer *body)
{
    bool ready = health_is_ready(health);
    int64_t now_us = clock_monotonic_us();
    json_t *list = json_object();
    for (unsigned i = 0; i < health->count; i++) {
        const struct dependency *dependency = &health->dependencies[i];
        json_t *age = dependency->success_us
                          ? json_real((double)(now_us - dependency->success_us) / US_PER_S)
                          : json_null();
        (void)json_object_set_new(list,
                                  dependency->name,
                                  json_pack("{sbsbsoss}",
                                            "ok",
                                            is_ok(dependency, now_us),
                                            "required",
                                            dependency->required,
                                            "last_success_age_seconds",
                                            age,
                                            "detail",
                                            dependency->detail));
    }
    json_t *object = json_pack("{sssbso}",
                               "status",
                               ready ? "ok" : "unavailable",
                               "started",
                               health->started,
                               "dependencies",
                               list);
    return json_write(object, body) && ready ? 200 : 503;
}

static bool own_metrics_write(const struct health *health, struct evbuffer *body)
{
    int64_t now_us = clock_monotonic_us();
    bool good = evbuffer_add_printf(body,
                                    "# HELP redress_build_info Which build answers.\n"
                                    "# TYPE redress_build_info gauge\n"
                                    "redress_build_info{service=\"%s\",version=\"%s\"} 1\n"
                                    "# HELP redress_log_suppressed_total Log lines held back.\n"
                                    "# TYPE redress_log_suppressed_total counter\n"
                                    "redress_log_suppressed_total %" PRIu64 "\n"
                                    "# HELP redress_log_lost_total Of them, lines the log's reader "
                                    "had no room for.\n"
                                    "# TYPE redress_log_lost_total counter\n"
                                    "redress_log_lost_total %" PRIu64 "\n",
                                    health->options.service,
                                    REDRESS_VERSION,
                                    log_suppressed(),
                                    log_lost()) >= 0;
    if (health->count > 0) {
        good =
            good && evbuffer_add_printf(body,
                                        "# HELP redress_dependency_up Whether a dependency is ok.\n"
                                        "# TYPE redress_dependency_up gauge\n") >= 0;
    }
    for (unsigned i = 0; i < health->count; i++) {
        good = good && evbuffer_add_printf(body,
                                           "redress_dependency_up{dependency=\"%s\"} %d\n",
                                           health->dependencies[i].name,
                                           is_ok(&health->dependencies[i], now_us)) >= 0;
    }
    return good;
}

static int answer_metrics(const struct health *health, struct evbuffer *body, const char **type)
{
    *type = "text/plain; version=0.0.4; charset=utf-8";
    if (health->options.collect) {
        health->options.collect(health->options.self);
    }
    return metrics_write(health->options.metrics, health->options.metric_count, body) &&
                   own_metrics_write(health, body)
               ? 200
               : 503;
}

static int answer(void *self, const char *path, struct evbuffer *body, const char **type)
{
    struct health *health = self;
    if (strcmp(path, "/metrics") == 0) {
        return answer_metrics(health, body, type);
    }
    *type = "application/json";
    if (strcmp(path, "/livez") == 0) {
        return answer_state(true, body);
    }
    if (strcmp(path, "/startupz") == 0) {
        return answer_state(health->started, body);
    }
    if (strcmp(path, "/readyz") == 0) {
        return answer_ready(health, body);
    }
    if (strcmp(path, "/version") == 0) {
        json_t *object =
            json_pack("{ssss}", "service", health->options.service, "version", REDRESS_VERSION);
        return json_write(object, body) ? 200 : 503;
    }
    (void)json_write(json_pack("{ss}", "status", "not found"), body);
    return 404;
}

struct health *
health_open(struct event_base *base, const struct health_options *options, struct error *error)
{
    if (!metrics_check(options->metrics, options->metric_count, error)) {
        return NULL;
    }
    struct health *health = calloc(1, sizeof *health);
    if (!health) {
        (void)error_set(error, ERROR_FATAL, "health: out of memory");
        return NULL;
    }
    health->options = *options;
    health->admin = admin_open(base, options->listen, answer, health, error);
    if (!health->admin) {
        health_free(&health);
    }
    return health;
}

void health_free(struct health **health_p)
{
    if (*health_p) {
        admin_free(&(*health_p)->admin);
        free(*health_p);
        *health_p = NULL;
    }
}

uint16_t health_port(const struct health *health)
{
    return admin_port(health->admin);
}

unsigned health_add(struct health *health, const char *name, bool required, uint32_t max_age_s)
{
    assert(health->count < HEALTH_DEPENDENCIES_MAX);
    health->dependencies[health->count] =
        (struct dependency){.name = name, .required = required, .max_age_s = max_age_s};
    return health->count++;
}

void health_set(struct health *health, unsigned index, bool ok, const char *detail)
{
    assert(index < health->count);
    struct dependency *dependency = &health->dependencies[index];
    dependency->ok = ok;
    dependency->success_us = ok ? clock_monotonic_us() : dependency->success_us;
    (void)snprintf(dependency->detail, sizeof dependency->detail, "%s", detail ? detail : "");
    for (char *c = dependency->detail; *c; c++) {
        *c = (char)((unsigned char)*c < 0x80 ? *c : '?'); /* a cut character would spoil the JSON */
    }
}

void health_started(struct health *health)
{
    health->started = true;
}
