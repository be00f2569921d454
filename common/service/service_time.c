/* What time it is: asked of the archive once a second, told when a clock has stepped. */
#include "clock.h"
#include "log.h"
#include "service_private.h"

enum {
    US_PER_MS = 1000,
    STEP_SHOWN_US = 600000000, /* a step of the archive's clock is shown for ten minutes */
};

static unsigned clock_index;

void time_start(struct service *service)
{
    timekeeper_init(&service->keeper, clock_monotonic_us(), clock_now_us());
    clock_index = health_add(service->health, "clock", false, 0);
    health_set(service->health, clock_index, true, NULL);
}

int64_t service_now_us(const struct service *service)
{
    return timekeeper_now_us(&service->keeper, clock_monotonic_us());
}

double time_off_s(const struct service *service)
{
    return (double)timekeeper_off_us(&service->keeper, clock_monotonic_us(), clock_now_us()) / 1e6;
}

/* A machine that is off and an archive that has stepped both want somebody to look. */
static void clock_tell(struct service *service, int64_t off_us)
{
    char detail[HEALTH_DETAIL_MAX] = "";
    bool off = off_us > TIMEKEEPER_OFF_US || off_us < -TIMEKEEPER_OFF_US;
    bool stepped = service->archive_step_us != 0 &&
                   clock_monotonic_us() - service->archive_stepped_us < STEP_SHOWN_US;
    if (off) {
        (void)snprintf(detail,
                       sizeof detail,
                       "this machine's clock is %.1f s %s the archive's; the archive's counts, set "
                       "this one (chronyc makestep)",
                       (double)(off_us < 0 ? -off_us : off_us) / 1e6,
                       off_us < 0 ? "behind" : "ahead of");
    } else if (stepped) {
        (void)snprintf(
            detail,
            sizeof detail,
            "the archive's clock has stepped by %+.1f s, and deadlines with it: find out "
            "who set it",
            (double)service->archive_step_us / 1e6);
    }
    health_set(service->health, clock_index, !off && !stepped, detail);
}

void time_heard(struct service *service, int64_t asked_us, int64_t archive_us)
{
    int64_t mono_us = clock_monotonic_us();
    const struct timekeeper_reading reading = {.asked_us = asked_us,
                                               .archive_us = archive_us,
                                               .answered_us = mono_us,
                                               .wall_us = clock_now_us(),
                                               .mono_us = mono_us};
    int64_t step_us = timekeeper_hear(&service->keeper, &reading);
    if (step_us != 0) {
        service->counts.archive_steps++;
        service->archive_step_us = step_us;
        service->archive_stepped_us = mono_us;
        log_warn("the archive's clock has stepped",
                 LOG_NUMBER("by_ms", step_us / US_PER_MS),
                 LOG_TEXT("effect", "deadlines go by its new time"),
                 LOG_TEXT("do", "find out who set the clock of PostgreSQL's machine"));
    }
    /* judged only now, when both are known: on one host they step together */
    int64_t off_us = timekeeper_off_us(&service->keeper, mono_us, reading.wall_us);
    int64_t moved_us = timekeeper_moved(&service->keeper, off_us);
    if (moved_us != 0) {
        service->counts.machine_steps++;
        log_warn("this machine's clock has stepped: the archive's counts",
                 LOG_NUMBER("by_ms", moved_us / US_PER_MS),
                 LOG_NUMBER("off_ms", off_us / US_PER_MS));
    }
    clock_tell(service, off_us);
}
