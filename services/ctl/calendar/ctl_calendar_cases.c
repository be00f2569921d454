/* `redress calendar check` for a file of cases: what other products' tests say of business time,
 * put to the library the daemons count with. */
#include "ctl_calendar.h"
#include "ctl_cases.h"
#include "scope.h"

enum {
    ARENA_LIMIT = 64 * 1024 * 1024,
    YEARS_NEAR = 2, /* around the instants of the case; what goes further is compiled again … */
    YEARS_FAR = 60, /* … with so many */
    FIRST_YEAR = 1900,
    LAST_YEAR = 2199,
    YEAR_S = 31556952,
};

/* A case while it is judged. */
struct question {
    const json_t *args;
    const char *op;
    bool backward;
    const struct calendar *calendar;
    struct error error;
};

static bool instant_of(struct question *question, const char *key, int64_t *at_s)
{
    return ctl_cases_instant(json_object_get(question->args, key), at_s) ||
           error_set(&question->error, ERROR_REJECT, "%s: no instant", key);
}

static bool word_is(const json_t *args, const char *key, const char *word)
{
    const char *text = json_string_value(json_object_get(args, key));
    return text && strcmp(text, word) == 0;
}

static int64_t add_days(const struct question *question, int64_t start_s, int64_t days)
{
    const struct calendar *calendar = question->calendar;
    int64_t at_s = calendar_add_days(calendar, start_s, question->backward ? -days : days, false);
    if (!word_is(question->args, "day_rule", "roll") || at_s == INT64_MAX || at_s == INT64_MIN) {
        return at_s;
    }
    return question->backward ? calendar_last_open(calendar, at_s)
                              : calendar_add(calendar, at_s, 0);
}

static int64_t add_seconds(const struct question *question, int64_t start_s, int64_t seconds)
{
    if (question->backward && seconds == 0) {
        return calendar_last_open(question->calendar, start_s);
    }
    return calendar_add(question->calendar, start_s, question->backward ? -seconds : seconds);
}

/* The instant, or INT64_MAX or INT64_MIN when it lies outside the years. */
static bool answer_add(struct question *question, int64_t *at_s)
{
    const json_t *days = json_object_get(question->args, "business_days");
    const json_t *seconds = json_object_get(question->args, "seconds");
    const json_t *amount = days ? days : seconds;
    int64_t start_s = 0;
    if (!json_is_integer(amount) || json_integer_value(amount) < 0) {
        return error_set(&question->error, ERROR_REJECT, "neither seconds nor business_days >= 0");
    }
    if (!instant_of(question, "start", &start_s)) {
        return false;
    }
    int64_t value = json_integer_value(amount);
    *at_s = days ? add_days(question, start_s, value) : add_seconds(question, start_s, value);
    return true;
}

static json_t *answer_between(struct question *question)
{
    int64_t start_s = 0;
    int64_t end_s = 0;
    if (!instant_of(question, "start", &start_s) || !instant_of(question, "end", &end_s)) {
        return NULL;
    }
    if (word_is(question->args, "unit", "business_days")) {
        return json_integer(calendar_days_between(question->calendar, start_s, end_s));
    }
    return json_integer(calendar_between(question->calendar, start_s, end_s));
}

/* A new reference; NULL: with an error, or too far for the years (*far). */
static json_t *answer(struct question *question, bool *far)
{
    int64_t at_s = 0;
    if (strcmp(question->op, "between") == 0) {
        return answer_between(question);
    }
    if (strcmp(question->op, "is_open") == 0) {
        return instant_of(question, "at", &at_s)
                   ? json_boolean(calendar_is_open(question->calendar, at_s))
                   : NULL;
    }
    if (strcmp(question->op, "add") != 0) {
        (void)error_set(&question->error, ERROR_REJECT, "op: %.40s", question->op);
        return NULL;
    }
    if (!answer_add(question, &at_s)) {
        return NULL;
    }
    *far = at_s == INT64_MAX || at_s == INT64_MIN;
    return ctl_cases_instant_json(at_s);
}

static int year_of(int64_t at_s)
{
    int64_t year = 1970 + at_s / YEAR_S;
    return year < FIRST_YEAR ? FIRST_YEAR : year > LAST_YEAR ? LAST_YEAR : (int)year;
}

/* First and last year of the instants in the question. */
static void years_of(const json_t *args, int *first, int *last)
{
    static const char *const keys[] = {"start", "end", "at"};
    *first = LAST_YEAR;
    *last = FIRST_YEAR;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int64_t at_s = 0;
        if (ctl_cases_instant(json_object_get(args, keys[i]), &at_s)) {
            int year = year_of(at_s);
            *first = year < *first ? year : *first;
            *last = year > *last ? year : *last;
        }
    }
}

static json_t *answer_within(
    struct question *question, const json_t *row, int margin, struct arena *arena, bool *far)
{
    int first;
    int last;
    struct calendar calendar;
    years_of(question->args, &first, &last);
    if (first > last) {
        (void)error_set(&question->error, ERROR_REJECT, "no instant in args");
        return NULL;
    }
    first = first - margin < FIRST_YEAR ? FIRST_YEAR : first - margin;
    last = last + margin > LAST_YEAR ? LAST_YEAR : last + margin;
    arena_reset(arena);
    question->calendar = &calendar;
    if (!ctl_cases_calendar(row, first, last, arena, &calendar, &question->error)) {
        return NULL;
    }
    return answer(question, far);
}

/* On a boundary our answer is the closing time: where the case has the next opening, what it names
 * as equivalent. */
static const json_t *expected_of(const json_t *row)
{
    const json_t *other = json_object_get(row, "equivalent");
    return other && word_is(row, "tie", "start_of_next") ? other : json_object_get(row, "expected");
}

static bool same(const json_t *expected, const json_t *got)
{
    int64_t want_s = 0;
    int64_t have_s = 0;
    return ctl_cases_instant(expected, &want_s) && ctl_cases_instant(got, &have_s)
               ? want_s == have_s
               : json_equal(expected, got) == 1;
}

static bool judge(void *self, const json_t *row, struct ctl_case_answer *told)
{
    struct arena *arena = self;
    const json_t *args = json_object_get(row, "args");
    const char *op = json_string_value(json_object_get(row, "op"));
    struct question question = {
        .args = args, .op = op ? op : "", .backward = word_is(args, "direction", "backward")};
    bool far = false;
    told->got = answer_within(&question, row, YEARS_NEAR, arena, &far);
    if (far) {
        told->got = answer_within(&question, row, YEARS_FAR, arena, &far);
    }
    told->got = far ? json_null() : told->got;
    told->expected = json_deep_copy(expected_of(row));
    if (question.error.kind != ERROR_NONE) {
        told->got = json_pack("{s:s}", "error", question.error.text);
        return false;
    }
    return same(told->expected, told->got);
}

int ctl_calendar_cases(struct ctl *ctl, const char *path)
{
    SCOPED(arena_free) struct arena *arena = arena_new(ARENA_LIMIT);
    return arena ? ctl_cases_check(ctl, path, judge, arena)
                 : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
}
