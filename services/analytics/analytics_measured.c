/* What a measure is made of, as SQL over the table figure. */
#include "analytics_measured.h"

#include "analytics_core.h"

enum { LIST_MAX = 64 * 1024, SCALE = 10000, NUMBER_MAX = 24 };

#define AMONG    " AND (asked.among IS NULL OR f.value = ANY (asked.among))"
#define CLOSED   "f.measure = 'closed'" AMONG
#define AT_ONCE  "f.measure = 'closed_at_once'" AMONG
#define REOPENED "f.measure = 'reopened' AND f.value <> 'unmerged'"
#define MET      "f.measure = 'met' AND f.clock = asked.thing"
#define VERDICTS "f.measure IN ('met', 'missed') AND f.clock = asked.thing"
#define TRIAGED  "f.measure IN ('triaged', 'asked')"
#define ANSWERS  "f.measure = 'answer' AND f.field = asked.thing"
#define LEFT     "f.measure = 'phase' AND f.phase = asked.phase"
#define OPENED   "f.measure = 'opened'"
#define COUNTED  " AND f.value = ANY (asked.counted)"

/* Of the period an instant lies in. */
#define BEGINS(of, at)                                                                             \
    "date_trunc(" of ".unit, " at ") - CASE WHEN " of                                              \
    ".step = '6 months' AND extract(quarter FROM " at ") IN (2, 4) THEN interval '3 months' "      \
    "ELSE interval '0' END"

/* clang-format off */
/* Every parameter is named once, so that its type is known whether a measure needs it or not.
 * hits and n: which figures count, and out of which. */
#define ASKING(hits, n)                                                                            \
    "WITH given AS (SELECT $1::text AS policy, $2::text AS unit, $3::text::interval AS step, "     \
    "$4::text AS zone, "                                                                           \
    "coalesce($5::text::timestamp, clock_timestamp() AT TIME ZONE $4::text) AS at, "               \
    "$6::text::integer AS periods, $7::text AS form, $8::text::text[] AS channels, "               \
    "$9::text::text[] AS categories, $10::text AS thing, $11::text::text[] AS counted, "           \
    "$12::text::text[] AS among, $13::text::smallint AS phase), "                                  \
    "asked AS (SELECT *, " BEGINS("given", "at") " AS last, "                                      \
    "(SELECT min(loaded_at) FROM policy WHERE name = given.policy) AS since FROM given), "         \
    "spans AS (SELECT last - i * step AS begins FROM asked, generate_series(0, periods - 1) i), "  \
    "sums AS (SELECT " BEGINS("asked", "(f.hour AT TIME ZONE asked.zone)") " AS begins, "          \
    "f.bucket, sum(f.count) FILTER (WHERE " hits ") AS hits, "                                     \
    "sum(f.count) FILTER (WHERE " n ") AS n, sum(f.sum) FILTER (WHERE " n ") AS sum "              \
    "FROM asked, figure f JOIN policy p ON p.id = f.policy_id WHERE p.name = asked.policy "        \
    "AND f.hour >= (asked.last - (asked.periods - 1) * asked.step) AT TIME ZONE asked.zone "       \
    "AND f.hour < (asked.last + asked.step) AT TIME ZONE asked.zone "                              \
    "AND (asked.channels IS NULL OR f.channel = ANY (asked.channels)) "                            \
    "AND (asked.categories IS NULL OR f.category = ANY (asked.categories)) GROUP BY 1, 2) "        \
    "SELECT to_char(begins, form), "                                                               \
    "extract(epoch FROM begins AT TIME ZONE zone)::bigint::text, "                                 \
    "extract(epoch FROM (begins + step) AT TIME ZONE zone)::bigint::text, "                        \
    "((begins + step) AT TIME ZONE zone > clock_timestamp())::text, "                              \
    "coalesce(bucket, -1)::text, coalesce(hits, 0)::bigint::text, "                                \
    "coalesce(n, 0)::bigint::text, coalesce(sum, 0)::bigint::text, "                               \
    "coalesce(begins AT TIME ZONE zone >= since, false)::text "                                    \
    "FROM asked, spans LEFT JOIN sums USING (begins) ORDER BY begins, bucket"

const struct pg_statement measured_statements[MEASURE_COUNT] = {
    [MEASURE_IN_TIME] = {"measured_in_time", ASKING(MET, VERDICTS)},
    [MEASURE_CLOSED_AS] = {"measured_closed_as", ASKING(CLOSED COUNTED, CLOSED)},
    [MEASURE_CLOSED_AT_ONCE] = {"measured_closed_at_once", ASKING(AT_ONCE, CLOSED)},
    [MEASURE_CLOSED] = {"measured_closed", ASKING(CLOSED, OPENED)},
    [MEASURE_REOPENED] = {"measured_reopened", ASKING(REOPENED, CLOSED)},
    [MEASURE_REPEATED] = {"measured_repeated", ASKING("f.measure = 'repeated'", TRIAGED)},
    [MEASURE_ANSWERED] = {"measured_answered", ASKING(ANSWERS COUNTED, ANSWERS)},
    [MEASURE_MEAN] = {"measured_mean", ASKING("false", ANSWERS)},
    [MEASURE_SUM] = {"measured_sum", ASKING("false", ANSWERS)},
    [MEASURE_MEAN_TIME] = {"measured_mean_time", ASKING("false", LEFT)},
    [MEASURE_MEDIAN_TIME] = {"measured_median_time", ASKING("false", LEFT)},
    [MEASURE_OPENED] = {"measured_opened", ASKING("false", OPENED)},
    [MEASURE_CLOSINGS] = {"measured_closings", ASKING("false", CLOSED)},
};
/* clang-format on */

/* A half-year is that of the quarter it begins with. */
static const struct {
    const char *unit, *step, *form;
} spans[MEASURE_PERIOD_COUNT] = {
    [MEASURE_DAY] = {"day",     "1 day",    "YYYY-MM-DD"  },
    [MEASURE_WEEK] = {"week",    "7 days",   "IYYY-\"W\"IW"},
    [MEASURE_MONTH] = {"month",   "1 month",  "YYYY-MM"     },
    [MEASURE_QUARTER] = {"quarter", "3 months", "YYYY-\"Q\"Q" },
    [MEASURE_HALF_YEAR] = {"quarter", "6 months", "YYYY-\"H\"Q" },
    [MEASURE_YEAR] = {"year",    "1 year",   "YYYY"        },
};

/* {"a","b"}, a text array; ids need no escapes. */
static void list_add(char into[LIST_MAX], const char *id)
{
    size_t used = strlen(into);
    if (used == 0) {
        (void)snprintf(into, LIST_MAX, "{\"%s\"}", id);
    } else {
        (void)snprintf(into + used - 1, LIST_MAX - used + 1, ",\"%s\"}", id);
    }
}

static void
categories_list(const struct policy *policy, const struct policy_when *where, char into[LIST_MAX])
{
    const struct policy_when kinds = {.category_count = where->category_count,
                                      .categories = where->categories};
    for (uint16_t i = 0; where->category_count > 0 && i < policy->category_count; i++) {
        const struct policy_facts facts = {
            .channel = POLICY_NONE, .category = i, .class_index = POLICY_NONE};
        if (policy_when_holds(policy, &kinds, &facts)) { /* a parent stands for its children */
            list_add(into, policy->categories[i].id);
        }
    }
}

static void outcomes_list(uint32_t outcomes, char into[LIST_MAX])
{
    for (unsigned i = OUTCOME_SETTLED; i < OUTCOME_COUNT; i++) {
        if ((outcomes >> i & 1U) != 0) {
            list_add(into, policy_outcome_name((enum case_outcome)i));
        }
    }
}

/* The answers that count, as the figures have them. */
static void
answers_list(const struct policy *policy, const struct policy_compare *answer, char into[LIST_MAX])
{
    const struct policy_field *field = &policy->fields[answer->field];
    for (uint16_t i = 0; i < field->choice_count; i++) {
        if ((answer->choices >> i & 1U) != 0) {
            list_add(into, field->choices[i].id);
        }
    }
    for (unsigned i = 0; field->type == FORM_FLAG && i < 2; i++) {
        if ((answer->choices >> i & 1U) != 0) {
            list_add(into, i == 1 ? "yes" : "no");
        }
    }
    for (int64_t score = answer->min; measure_is_scale(field) && score <= field->max;
         score += SCALE) {
        char number[NUMBER_MAX];
        (void)snprintf(number, sizeof number, "%lld", (long long)(score / SCALE));
        list_add(into, number);
    }
}

struct measured_question {
    const char *parameters[MEASURED_PARAMETERS];
    char count[NUMBER_MAX], phase[NUMBER_MAX];
    char channels[LIST_MAX], categories[LIST_MAX], counted[LIST_MAX], among[LIST_MAX];
};

static void lists_make(struct measured_question *question,
                       const struct policy *policy,
                       const struct policy_measure *measure)
{
    for (uint16_t i = 0; i < policy->channel_count; i++) {
        if ((measure->where.channels >> i & 1U) != 0) {
            list_add(question->channels, policy->channels[i].id);
        }
    }
    categories_list(policy, &measure->where, question->categories);
    outcomes_list(measure->among, question->among);
    outcomes_list(measure->outcomes, question->counted);
    if (measure->what == MEASURE_ANSWERED) {
        answers_list(policy, &measure->answer, question->counted);
    }
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static const char *thing_of(const struct policy *policy, const struct policy_measure *measure)
{
    if (measure->clock != POLICY_NONE) {
        return policy->clocks[measure->clock].id;
    }
    return measure->answer.field != POLICY_NONE ? policy->fields[measure->answer.field].id : NULL;
}

struct measured_question *measured_question_new(const struct policy *policy,
                                                const struct policy_measure *measure,
                                                enum measure_period period,
                                                const char *at,
                                                unsigned count)
{
    struct measured_question *question = calloc(1, sizeof *question);
    if (!question) {
        return NULL;
    }
    lists_make(question, policy, measure);
    (void)snprintf(question->count, sizeof question->count, "%u", count);
    (void)snprintf(question->phase, sizeof question->phase, "%u", measure->phase);
    const char *const parameters[MEASURED_PARAMETERS] = {
        policy->name,
        spans[period].unit,
        spans[period].step,
        policy->calendar_count > 0 ? policy->calendars[0].zone : "UTC",
        at,
        question->count,
        spans[period].form,
        or_null(question->channels),
        or_null(question->categories),
        thing_of(policy, measure),
        or_null(question->counted),
        or_null(question->among),
        question->phase,
    };
    memcpy(question->parameters, parameters, sizeof parameters);
    return question;
}

void measured_question_free(struct measured_question **question_p)
{
    free(*question_p);
    *question_p = NULL;
}

const char *const *measured_parameters(const struct measured_question *question)
{
    return question->parameters;
}

/* ---- rows ---- */

static int64_t number_of(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

/* One row a bucket of a period, ascending; one with bucket -1 where a measure has none. */
static void row_add(const PGresult *rows, int row, struct measured *measured)
{
    if (measured->name[0] == '\0') {
        char *half = strchr(PQgetvalue(rows, row, 0), 'H');
        if (half && half[1] == '3') {
            half[1] = '2'; /* it begins with the third quarter */
        }
        (void)snprintf(measured->name, sizeof measured->name, "%s", PQgetvalue(rows, row, 0));
        measured->from_s = number_of(rows, row, 1);
        measured->until_s = number_of(rows, row, 2);
        measured->running = PQgetvalue(rows, row, 3)[0] == 't';
        measured->whole = PQgetvalue(rows, row, 8)[0] == 't';
    }
    measured->hits += number_of(rows, row, 5);
    measured->n += number_of(rows, row, 6);
    measured->sum += number_of(rows, row, 7);
}

/* The middle of the bucket in which the lower of the two middle values lies. */
static void median_add(const PGresult *rows, int row, struct measured *measured)
{
    int64_t rank = (measured->n - 1) / 2;
    int64_t upto = measured->below + number_of(rows, row, 6);
    if (measured->n > 0 && measured->below <= rank && rank < upto) {
        measured->sum = (int64_t)(figure_bucket_seconds((uint16_t)number_of(rows, row, 4)) + 0.5);
    }
    measured->below = upto;
}

void measured_read(const PGresult *rows,
                   enum measure_what what,
                   unsigned count,
                   struct measured *measured)
{
    memset(measured, 0, count * sizeof *measured);
    unsigned at = 0;
    for (int pass = 0; pass < (what == MEASURE_MEDIAN_TIME ? 2 : 1); pass++) {
        at = 0;
        for (int row = 0; row < PQntuples(rows); row++) {
            bool next = row > 0 && number_of(rows, row, 1) != number_of(rows, row - 1, 1);
            at += next && at + 1 < count;
            (pass == 0 ? row_add : median_add)(rows, row, &measured[at]);
        }
    }
}

bool measured_is_known(const struct policy_measure *measure, const struct measured *measured)
{
    bool share = measure_unit_of(measure->what) == MEASURE_PERCENT;
    if (measure->between) {
        return measured->compared > 1;
    }
    if (share && measured->hits < 0) {
        return false;
    }
    return measured->n > 0 || measure_is_count(measure->what);
}

bool measured_alarms(const struct policy *policy,
                     const struct policy_measure *measure,
                     const struct measured *measured,
                     int64_t now_s)
{
    const struct policy_duty *duty = &measure->duty;
    bool count = measure_is_count(measure->what);
    bool each = duty->is_owed ? duty->from == 0 : count && measure->has_least;
    bool too_soon = measured->running && (each || !count);
    bool before_us = each && measured->n == 0 && !measured->whole;
    if (measure->owner == POLICY_NONE || too_soon || before_us) {
        return false;
    }
    if (!duty->is_owed) {
        return measured_is_known(measure, measured) &&
               !measure_met(measure, measured->hits, measured->n, measured->sum);
    }
    int64_t due_s = measure_duty_due_s(duty, policy->calendars, measured->until_s);
    return measure_duty_begun(duty, measured->n) && (due_s == INT64_MIN || now_s <= due_s);
}
