#include "timekeeper.h"

void timekeeper_init(struct timekeeper *keeper, int64_t mono_us, int64_t wall_us)
{
    *keeper = (struct timekeeper){.offset_us = wall_us - mono_us};
}

int64_t timekeeper_now_us(const struct timekeeper *keeper, int64_t mono_us)
{
    return mono_us + keeper->offset_us;
}

/* How far value is outside of low … high; negative below. */
static int64_t outside(int64_t value, int64_t low, int64_t high)
{
    return value < low ? value - low : value > high ? value - high : 0;
}

int64_t timekeeper_hear(struct timekeeper *keeper, const struct timekeeper_reading *reading)
{
    assert(reading->asked_us <= reading->answered_us);
    int64_t low = reading->archive_us - reading->answered_us;
    int64_t high = reading->archive_us - reading->asked_us;
    int64_t wall = reading->wall_us - reading->mono_us;
    int64_t before = keeper->offset_us;
    int64_t wrong = outside(before, low, high);
    bool stepped = keeper->heard &&
                   (wrong > TIMEKEEPER_STEP_US || wrong < -TIMEKEEPER_STEP_US - keeper->slack_us);
    if (high - low <= TIMEKEEPER_NARROW_US && outside(wall, low, high) == 0) {
        keeper->offset_us = wall;
        keeper->slack_us = high - low;
    } else if (!keeper->heard || wrong != 0) {
        keeper->offset_us = low;
        keeper->slack_us = high - low;
    }
    keeper->heard = true;
    return stepped ? keeper->offset_us - before : 0;
}

int64_t timekeeper_off_us(const struct timekeeper *keeper, int64_t mono_us, int64_t wall_us)
{
    int64_t off_us = wall_us - timekeeper_now_us(keeper, mono_us);
    bool may_be_right = off_us >= 0 && off_us <= keeper->slack_us;
    return keeper->heard && !may_be_right ? off_us : 0;
}

int64_t timekeeper_moved(struct timekeeper *keeper, int64_t off_us)
{
    int64_t by_us = off_us - keeper->told_us;
    if (by_us >= -TIMEKEEPER_OFF_US && by_us <= TIMEKEEPER_OFF_US) {
        return 0;
    }
    keeper->told_us = off_us;
    return by_us;
}
