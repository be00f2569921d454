/*
 * Oracle files: one JSON array of cases, each a question with the answer somebody else's product
 * gave, put to our own engine.
 *
 * A case is in memory while it is judged and no longer, so that files may be of any size; what is
 * told apart is bounded (law 9).
 */
#ifndef REDRESS_CTL_CASES_H
#define REDRESS_CTL_CASES_H

#include "arena.h"
#include "calendar.h"
#include "ctl.h"

enum {
    CTL_CASE_SIZE_MAX = 1024 * 1024, /* bytes of one case */
    CTL_CASES_DIFFER_MAX = 10000,    /* that are listed; more are counted */
};

/* What was wanted of a case and what we say; new references, NULL is null. */
struct ctl_case_answer {
    json_t *expected;
    json_t *got;
};

/* True when they agree.  A case that cannot be understood differs: got says why. */
typedef bool ctl_case_judge(void *self, const json_t *row, struct ctl_case_answer *answer);

/*
 * Judges every case of the file ("-" is stdin) and says {"cases", "agree", "differ": [{"id",
 * "expected", "got"}]}, as text without --json.  CTL_OK when all agree; a file that ends too early
 * or is no array is CTL_FAILED after saying where.
 */
int ctl_cases_check(struct ctl *ctl, const char *path, ctl_case_judge *judge, void *self)
    MUST_CHECK;

/* Is the file an array, and not of days, as cases are?  Of stdin only blanks are taken. */
bool ctl_cases_is(const char *path);

/*
 * The calendar a case states: timezone, hours, holidays, breaks, shifts (tests/data/calendar has
 * the format), compiled for the years into the arena.
 */
bool ctl_cases_calendar(const json_t *stated,
                        int first_year,
                        int last_year,
                        struct arena *arena,
                        struct calendar *calendar,
                        struct error *error) MUST_CHECK;

/* "2025-05-01T12:00:00+08:00" as seconds since 1970; false: no such text. */
bool ctl_cases_instant(const json_t *text, int64_t *at_s);
/* And back, in UTC; a new reference, NULL for INT64_MIN and INT64_MAX. */
json_t *ctl_cases_instant_json(int64_t at_s);

#endif
