#include "clock.h"

enum { US_PER_S = 1000000 };

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

void clock_text(int64_t at_us, char text[CLOCK_TEXT_SIZE])
{
    int64_t fraction = at_us % US_PER_S;
    time_t seconds = (time_t)(at_us / US_PER_S);
    if (fraction < 0) {
        fraction += US_PER_S;
        seconds--;
    }
    struct tm parts;
    text[0] = '\0';
    if (!gmtime_r(&seconds, &parts) || parts.tm_year < -1900 || parts.tm_year > 8099) {
        return;
    }
    size_t used = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + used, CLOCK_TEXT_SIZE - used, ".%06uZ", (unsigned)(fraction % US_PER_S));
}
