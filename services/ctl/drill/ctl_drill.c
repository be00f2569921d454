/* `redress drill`: what is asked for, what is read, what runs, how it is told. */
#include "ctl_drill.h"

#include "clock.h"
#include "ctl_database.h"
#include "ctl_drill_work.h"
#include "ctl_file.h"
#include "ctl_time.h"
#include "scope.h"

enum { YEAR_S = 31556952, YEARS_BEFORE = 1, YEARS_AFTER = 3, OTHERS_TOLD_MAX = 1024 };
static const int64_t time_end_s = 7258118400; /* 2200 */

/* Everything a drill owns. */
struct drill {
    char name[POLICY_NAME_MAX]; /* of the policy; "" where the complaints are a file's */
    struct drill_book book;
    struct ctl_policy policy, old;
    struct drill_run run, against;
    struct drill_tally tally;
    struct drill_staff staff;
    struct drill_plan *plan;
    struct drill_search search;
};

static void drill_free(struct drill **drill_p)
{
    struct drill *drill = *drill_p;
    if (drill) {
        drill_plan_free(&drill->plan);
        drill_run_done(&drill->run);
        drill_run_done(&drill->against);
        ctl_policy_done(&drill->policy);
        ctl_policy_done(&drill->old);
        drill_book_done(&drill->book);
        free(drill);
        *drill_p = NULL;
    }
}

/* A date (its midnight in UTC) or an instant; without the option *at_us stays. */
static int read_instant(const struct ctl *ctl, const char *option, int64_t *at_us)
{
    const char *text = ctl_option_text(ctl, option);
    if (!text || ctl_time_date(slice_text(text), NULL, at_us) ||
        ctl_time_rfc3339(slice_text(text), at_us)) {
        return CTL_OK;
    }
    return ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_INSTANT, CTL_ARGS(option, text));
}

static int year_of(int64_t at_us)
{
    return (int)(1970 + at_us / DRILL_SECOND_US / YEAR_S);
}

/* Compiled with calendars for the years of the book. */
static int get_policy(struct ctl *ctl,
                      const char *name,
                      const struct drill_book *book,
                      struct ctl_policy *policy)
{
    int code = ctl_policy_get_for(ctl,
                                  name,
                                  !book->has_text,
                                  year_of(book->first_us) - YEARS_BEFORE,
                                  year_of(book->last_us) + YEARS_AFTER,
                                  policy);
    return code == CTL_OK ? ctl_policy_compiled(ctl, name, policy) : code;
}

/* Which of the archive's policies has these bytes; 0: none. */
static int find_policy(struct ctl *ctl, const struct policy *policy, uint32_t *id)
{
    char hash[HASH_SIZE * 2 + 1];
    for (size_t i = 0; i < HASH_SIZE; i++) {
        (void)snprintf(hash + 2 * i, 3, "%02x", policy->hash[i]);
    }
    const char *const parameters[] = {hash};
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = ctl_query(
        ctl, "SELECT id FROM policy WHERE hash = decode($1, 'hex')", parameters, 1, &rows);
    if (code == CTL_OK && PQntuples(rows) == 1) {
        *id = (uint32_t)strtoul(PQgetvalue(rows, 0, 0), NULL, 10);
    }
    return code;
}

/* What the policy is called, before the years it is needed for are known. */
static int read_name(struct ctl *ctl, const char *name, char into[POLICY_NAME_MAX])
{
    struct ctl_policy policy;
    int now = year_of(clock_now_us());
    int code = ctl_policy_get_for(ctl, name, true, now, now, &policy);
    code = code == CTL_OK ? ctl_policy_compiled(ctl, name, &policy) : code;
    if (code == CTL_OK) {
        (void)snprintf(into, POLICY_NAME_MAX, "%s", policy.object->policy.name);
    }
    ctl_policy_done(&policy);
    return code;
}

static int read_book(struct ctl *ctl, struct drill *drill)
{
    struct drill_span span = {0, time_end_s * DRILL_SECOND_US};
    int code = read_instant(ctl, "from", &span.from_us);
    code = code == CTL_OK ? read_instant(ctl, "to", &span.to_us) : code;
    if (code == CTL_OK && span.to_us <= span.from_us) {
        const char *from = ctl_option_text(ctl, "from");
        const char *to = ctl_option_text(ctl, "to");
        code =
            ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_NO_SPAN, CTL_ARGS(from ? from : "1970-01-01", to));
    }
    if (code != CTL_OK) {
        return code;
    }
    if (ctl_option_text(ctl, "csv")) {
        return drill_read_file(ctl, span, &drill->book);
    }
    code = read_name(ctl, ctl_option_text(ctl, "policy"), drill->name);
    return code == CTL_OK ? drill_read_archive(ctl, drill->name, span, &drill->book) : code;
}

static int run_one(struct ctl *ctl,
                   struct drill *drill,
                   const char *name,
                   struct ctl_policy *policy,
                   struct drill_run *run)
{
    bool file = ctl_option_text(ctl, "csv") != NULL;
    int code = get_policy(ctl, name, &drill->book, policy);
    if (code != CTL_OK) {
        return code;
    }
    run->object = policy->object;
    run->until_us = file ? drill->book.last_us : clock_now_us();
    code = read_instant(ctl, "until", &run->until_us);
    if (code == CTL_OK && !file) {
        code = find_policy(ctl, &policy->object->policy, &run->policy_id);
    }
    if (code == CTL_OK && !drill_replay(&drill->book, run)) {
        code = ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
    }
    return code;
}

/* The clock a target is meant for: the one named, else the policy's first. */
static int find_clock(const struct ctl *ctl, struct drill *drill)
{
    const char *text = ctl_option_text(ctl, "target");
    const char *named = ctl_option_text(ctl, "clock");
    const struct policy *policy = &drill->run.object->policy;
    char *end = NULL;
    double percent = strtod(text, &end);
    if (end == text || (*end != '\0' && strcmp(end, "%") != 0) || percent <= 0 || percent > 100) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_RANGE, CTL_ARGS("target", "1% … 100%", text));
    }
    if (!named && policy->clock_count > 0) {
        named = policy->clocks[0].id;
    }
    if (!named || policy_clock_index(policy, slice_text(named)) == POLICY_NONE) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_NO_CLOCK, CTL_ARGS(named ? named : ""));
    }
    drill->search.target = percent / 100;
    drill->search.clock = drill_name(&drill->book.names, slice_text(named));
    return CTL_OK;
}

static int run_staff(struct ctl *ctl, struct drill *drill)
{
    struct drill_run *run = &drill->run;
    const struct policy *policy = &run->object->policy;
    uint16_t queue = POLICY_NONE;
    int code = drill_staff_read(ctl, ctl_option_text(ctl, "staff"), policy, &drill->staff);
    if (code == CTL_OK && ctl_option_text(ctl, "target")) {
        code = find_clock(ctl, drill);
    }
    if (code != CTL_OK) {
        return code;
    }
    uint64_t seed = (uint64_t)ctl_option_number(ctl, "seed");
    drill->plan = drill_plan_new(&drill->book, run, &drill->staff, seed, &queue);
    if (!drill->plan && queue < policy->queue_count) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_DRILL_NOBODY, CTL_ARGS(policy->queues[queue].id));
    }
    bool good = drill->plan != NULL;
    if (good && drill->search.target > 0) {
        good = drill_search_run(drill->plan, &drill->staff, &drill->book, run, &drill->search);
    }
    good = good && drill_work(drill->plan, &drill->staff, NULL, run);
    return good ? CTL_OK : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
}

static int write_page(const struct ctl *ctl, const struct drill_report *report)
{
    const char *path = ctl_option_text(ctl, "html");
    if (!path) {
        return CTL_OK;
    }
    FILE *out = NULL;
    int code = ctl_file_make(ctl, path, &out);
    if (code != CTL_OK) {
        return code;
    }
    drill_page(report, out);
    return ctl_file_finish(ctl, path, &out);
}

static int tell(const struct ctl *ctl, const struct drill_report *report)
{
    if (ctl->json) {
        json_t *json = drill_json(report);
        ctl_print_json(ctl, &json);
    } else {
        drill_print(report);
    }
    return write_page(ctl, report);
}

/* Why there is nothing to replay: not at that time, or all there is was handled under other names.
 */
static int nothing(struct ctl *ctl, const char *name)
{
    char list[OTHERS_TOLD_MAX] = "";
    bool own = name[0] == '\0';
    size_t used = 0;
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    int code = own ? CTL_OK
                   : ctl_query(ctl,
                               "SELECT p.name, count(*) FROM complaint c JOIN policy p ON p.id = "
                               "c.policy_id GROUP BY 1 ORDER BY 2 DESC, 1",
                               NULL,
                               0,
                               &rows);
    for (int row = 0; code == CTL_OK && row < PQntuples(rows) && used < sizeof list; row++) {
        own = own || strcmp(PQgetvalue(rows, row, 0), name) == 0;
        used += (size_t)snprintf(list + used,
                                 sizeof list - used,
                                 "%s%s (%s)",
                                 row > 0 ? ctl_text_in(ctl->language, TEXT_LIST_AND) : "",
                                 PQgetvalue(rows, row, 0),
                                 PQgetvalue(rows, row, 1));
    }
    if (code != CTL_OK) {
        return code;
    }
    bool span = ctl_option_text(ctl, "from") || ctl_option_text(ctl, "to");
    enum ctl_text text = own && span        ? TEXT_DRILL_NOTHING
                         : own || used == 0 ? TEXT_DRILL_NONE
                                            : TEXT_DRILL_OTHERS;
    return ctl_fail(ctl, CTL_NOT_FOUND, text, CTL_ARGS(name, list));
}

static int run_all(struct ctl *ctl, struct drill *drill)
{
    const char *policy = ctl_option_text(ctl, "policy");
    const char *against = ctl_option_text(ctl, "against");
    const char *csv = ctl_option_text(ctl, "csv");
    int code = read_book(ctl, drill);
    if (code == CTL_OK && drill->book.count == 0) {
        return nothing(ctl, drill->name);
    }
    code = code == CTL_OK ? run_one(ctl, drill, policy, &drill->policy, &drill->run) : code;
    if (code == CTL_OK && ctl_option_text(ctl, "staff")) {
        code = run_staff(ctl, drill);
    }
    if (code == CTL_OK && against) {
        code = run_one(ctl, drill, against, &drill->old, &drill->against);
    }
    if (code != CTL_OK) {
        return code;
    }
    struct drill_report report = {.ctl = ctl,
                                  .book = &drill->book,
                                  .run = &drill->run,
                                  .against = against ? &drill->against : NULL,
                                  .tally = &drill->tally,
                                  .policy_name = policy,
                                  .against_name = against,
                                  .source_name = csv,
                                  .staff_name = ctl_option_text(ctl, "staff"),
                                  .search = drill->search.target > 0 ? &drill->search : NULL};
    drill_count(&drill->book, &drill->run, report.against, &drill->tally);
    return tell(ctl, &report);
}

int ctl_drill(struct ctl *ctl)
{
    if (!ctl_option_text(ctl, "policy")) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_OPTION_NEEDED, CTL_ARGS("drill", "--policy", "drill"));
    }
    if (!ctl_option_text(ctl, "staff") && ctl_option_text(ctl, "target")) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_WITHOUT, CTL_ARGS("target", "staff"));
    }
    if (!ctl_option_text(ctl, "target") && ctl_option_text(ctl, "clock")) {
        return ctl_fail(ctl, CTL_USAGE, TEXT_DRILL_WITHOUT, CTL_ARGS("clock", "target"));
    }
    SCOPED(drill_free) struct drill *drill = calloc(1, sizeof *drill);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
    return drill ? run_all(ctl, drill) : ctl_fail(ctl, CTL_FAILED, TEXT_MEMORY, NULL);
}
