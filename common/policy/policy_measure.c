/* What measures come to; see policy_measure.h. */
#include "policy_measure.h"

#include "policy.h"

enum { PERCENT_SCALE = 100 * 100, FIELD_SCALE = 10000 };

/* The language's words; the table of the language names these. */
const char *const measure_words[] = {"in-time",
                                     "closed-as",
                                     "closed-at-once",
                                     "closed",
                                     "reopened",
                                     "repeated",
                                     "answered",
                                     "mean",
                                     "sum",
                                     "mean-time",
                                     "median-time",
                                     "opened",
                                     "closings",
                                     NULL};
const char *const measure_periods[] = {
    "day", "week", "month", "quarter", "half-year", "year", NULL};

_Static_assert(sizeof measure_words / sizeof *measure_words == MEASURE_COUNT + 1, "a word each");
_Static_assert(sizeof measure_periods / sizeof *measure_periods == MEASURE_PERIOD_COUNT + 1,
               "a word each");

const char *measure_what_name(enum measure_what what)
{
    return measure_words[what];
}

const char *measure_period_name(enum measure_period period)
{
    return measure_periods[period];
}

bool measure_is_count(enum measure_what what)
{
    return what == MEASURE_OPENED || what == MEASURE_CLOSINGS;
}

enum measure_unit measure_unit_of(enum measure_what what)
{
    if (what == MEASURE_MEAN_TIME || what == MEASURE_MEDIAN_TIME) {
        return MEASURE_SECONDS;
    }
    bool number = what == MEASURE_MEAN || what == MEASURE_SUM || measure_is_count(what);
    return number ? MEASURE_NUMBER : MEASURE_PERCENT;
}

/* A value as a fraction in its unit. */
struct fraction {
    int64_t above, below; /* below > 0 */
};

static struct fraction fraction_of(enum measure_what what, int64_t hits, int64_t n, int64_t sum)
{
    if (measure_unit_of(what) == MEASURE_PERCENT) {
        return (struct fraction){hits * PERCENT_SCALE, n};
    }
    if (measure_is_count(what)) {
        return (struct fraction){n * FIELD_SCALE, 1};
    }
    bool mean = what == MEASURE_MEAN || what == MEASURE_MEAN_TIME;
    return (struct fraction){sum, mean ? n : 1};
}

static int64_t floor_of(struct fraction value)
{
    int64_t whole = value.above / value.below;
    return whole - (value.above % value.below < 0);
}

int64_t measure_value(enum measure_what what, int64_t hits, int64_t n, int64_t sum)
{
    struct fraction value = fraction_of(what, hits, n, sum);
    int64_t whole = floor_of(value);
    return whole + (value.above - whole * value.below >= value.below - value.below / 2);
}

/* A target is whole in its unit: at least it is what its floor is, at most it what its ceiling. */
bool measure_met(const struct policy_measure *measure, int64_t hits, int64_t n, int64_t sum)
{
    struct fraction value = fraction_of(measure->what, hits, n, sum);
    int64_t whole = floor_of(value);
    int64_t up = whole + (value.above % value.below != 0);
    return (!measure->has_least || whole >= measure->least) &&
           (!measure->has_most || up <= measure->most);
}

bool measure_met_by(const struct policy_measure *measure, int64_t difference)
{
    return (!measure->has_least || difference >= measure->least) &&
           (!measure->has_most || difference <= measure->most);
}

bool measure_duty_begun(const struct policy_duty *duty, int64_t count)
{
    return duty->is_owed && count >= duty->from;
}

int64_t measure_duty_due_s(const struct policy_duty *duty,
                           const struct calendar *calendars,
                           int64_t until_s)
{
    if (duty->days == 0) {
        return INT64_MAX;
    }
    return calendar_add_days(&calendars[duty->calendar], until_s - 1, duty->days, true);
}

bool measure_is_scale(const struct policy_field *field)
{
    return field->type == FORM_NUMBER && field->decimals == 0 && field->has_min && field->has_max &&
           field->min % FIELD_SCALE == 0 &&
           field->max - field->min <= (int64_t)MEASURE_SCALE_MAX * FIELD_SCALE;
}
