/* `redress clock check`: cases of other products' tests, played through the watchdog's core. */
#include "ctl_cases.h"
#include "ctl_clock.h"
#include "fault.h"
#include "scope.h"

enum {
    US = 1000000,
    YEAR_S = 31556952,
    YEARS_BEFORE = 1,
    YEARS_AFTER = 5, /* of the last instant: targets and levels reach on */
};

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* ---- answering ---------------------------------------------------------------------------- */

static json_t *instant_json(int64_t at_us)
{
    if (at_us == 0) {
        return json_null();
    }
    return at_us == INT64_MAX ? json_string("unknown") : ctl_cases_instant_json(at_us / US);
}

static const struct watch_clock *clock_of(const struct sla_player *player, int metric)
{
    uint16_t index = player->clocks[metric];
    return index == POLICY_NONE ? NULL : &player->state.clocks[index];
}

static bool is_in_force(const struct watch_clock *clock)
{
    return clock && clock->phase != WATCH_IDLE && clock->verdict != CLOCK_CANCELLED;
}

static int64_t shown_us(const struct sla_player *player, int metric)
{
    return clock_of(player, metric)
               ? watch_shown_due_us(player->policy, &player->state, player->clocks[metric])
               : 0;
}

static int64_t elapsed_s(const struct sla_player *player, int metric)
{
    bool ended = player->longest_s[metric] >= 0 && metric == 1;
    return ended ? player->longest_s[metric]
                 : watch_used_s(
                       player->policy, &player->state, player->clocks[metric], player->at_us);
}

/* The first level that is not the breach, or all of them where a list is asked for. */
static json_t *warning_at(const struct sla_player *player, int metric, bool all)
{
    uint16_t index = player->clocks[metric];
    const struct policy_clock *rule = &player->policy->clocks[index];
    json_t *list = json_array();
    for (uint16_t i = 0; i < rule->level_count; i++) {
        if (rule->levels[i].action != LEVEL_BREACH) {
            int64_t at_us = watch_level_due_us(player->policy, &player->state, index, i);
            (void)json_array_append_new(list, instant_json(at_us));
        }
    }
    json_t *first = json_incref(json_array_get(list, 0));
    if (all) {
        json_decref(first);
        return list;
    }
    json_decref(list);
    return first ? first : json_null();
}

/* What is so for one metric; a new reference, NULL for a key nobody knows. */
static json_t *
answer(const struct sla_player *player, const char *key, int metric, const json_t *want)
{
    const struct watch_clock *clock = clock_of(player, metric);
    uint16_t index = player->clocks[metric];
    if (strcmp(key, "due") == 0) {
        return instant_json(shown_us(player, metric));
    }
    if (strcmp(key, "breached") == 0) {
        return json_boolean(player->missed[metric]);
    }
    if (strcmp(key, "met") == 0) {
        return json_boolean(clock && clock->verdict == CLOCK_MET && clock->phase == WATCH_STOPPED);
    }
    if (strcmp(key, "warnings_fired") == 0) {
        return json_is_boolean(want) ? json_boolean(player->fired[metric] > 0)
                                     : json_integer(player->fired[metric]);
    }
    if (!is_in_force(clock)) {
        return json_null();
    }
    if (strcmp(key, "elapsed_seconds") == 0) {
        return json_integer(elapsed_s(player, metric));
    }
    if (strcmp(key, "margin_seconds") == 0) {
        return json_integer(player->policy->clocks[index].target_s - elapsed_s(player, metric));
    }
    if (strcmp(key, "paused_business_seconds") == 0) {
        return json_integer(clock->paused_us / US);
    }
    if (strcmp(key, "late_business_seconds") == 0) {
        return json_integer(watch_late_s(player->policy, &player->state, index, player->at_us));
    }
    return strcmp(key, "warning_at") == 0 ? warning_at(player, metric, json_is_array(want)) : NULL;
}

static json_t *next_due(const struct sla_player *player)
{
    int64_t next_us = INT64_MAX;
    for (int m = 0; m < SLA_METRICS; m++) {
        const struct watch_clock *clock = clock_of(player, m);
        int64_t due_us = shown_us(player, m);
        if (clock && clock->phase != WATCH_STOPPED && due_us != 0 && due_us < next_us) {
            next_us = due_us;
        }
    }
    return instant_json(next_us == INT64_MAX ? 0 : next_us);
}

static json_t *status(const struct sla_player *player)
{
    const struct watch_clock *response = clock_of(player, 0);
    const struct watch_clock *resolution = clock_of(player, 2);
    bool paused = false;
    for (int m = 0; m < SLA_METRICS; m++) {
        const struct watch_clock *clock = clock_of(player, m);
        if (player->missed[m]) {
            return json_string("failed");
        }
        paused = paused || (is_in_force(clock) && clock->phase == WATCH_PAUSED);
    }
    if (resolution && resolution->phase == WATCH_STOPPED) {
        return json_string("fulfilled");
    }
    if (paused) {
        return json_string("paused");
    }
    bool answered = !is_in_force(response) || response->phase == WATCH_STOPPED;
    return json_string(answered ? "resolution_due" : "first_response_due");
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* NOLINTBEGIN(misc-no-recursion): another way to say it, or as deep as the parser */
static bool same_instant(const struct sla_player *player,
                         const json_t *check,
                         const char *want,
                         const char *got,
                         int64_t tolerance_s)
{
    json_t *both[2] = {json_string(want), json_string(got)};
    int64_t at_s[2] = {0, 0};
    bool good = ctl_cases_instant(both[0], &at_s[0]) && ctl_cases_instant(both[1], &at_s[1]);
    int64_t apart_s = at_s[0] > at_s[1] ? at_s[0] - at_s[1] : at_s[1] - at_s[0];
    json_decref(both[0]);
    json_decref(both[1]);
    (void)player;
    const char *other = text_of(json_object_get(check, "equivalent"), want);
    return good && (apart_s <= tolerance_s ||
                    (other && same_instant(player, NULL, other, got, tolerance_s)));
}

static bool
same(const struct sla_player *player, const json_t *check, const json_t *want, const json_t *got)
{
    const json_t *row = player->sla->row;
    const json_t *told = json_object_get(check, "tolerance_seconds");
    int64_t tolerance_s =
        json_integer_value(told ? told : json_object_get(row, "tolerance_seconds"));
    if (json_is_integer(want) && json_is_integer(got)) {
        long long apart = json_integer_value(want) - json_integer_value(got);
        return apart <= tolerance_s && -apart <= tolerance_s;
    }
    if (json_is_string(want) && json_is_string(got)) {
        const char *texts[2] = {json_string_value(want), json_string_value(got)};
        return strcmp(texts[0], texts[1]) == 0 ||
               same_instant(player, check, texts[0], texts[1], tolerance_s);
    }
    if (json_is_array(want) && json_is_array(got) &&
        json_array_size(want) == json_array_size(got)) {
        for (size_t i = 0; i < json_array_size(want); i++) {
            if (!same(player, check, json_array_get(want, i), json_array_get(got, i))) {
                return false;
            }
        }
        return true;
    }
    return json_equal(want, got);
}
/* NOLINTEND(misc-no-recursion) */

/* Takes got. */
static void compare(struct sla_player *player,
                    const json_t *check,
                    const char *key,
                    const char *metric,
                    json_t *want,
                    json_t *got)
{
    char name[96];
    if (!got || !same(player, check, want, got)) {
        (void)snprintf(name,
                       sizeof name,
                       "%lld %.40s%s%.30s",
                       (long long)json_integer_value(json_object_get(check, "after_seq")),
                       key,
                       metric[0] ? " " : "",
                       metric);
        (void)json_object_set(player->expected, name, want);
        (void)json_object_set_new(player->got, name, got ? got : json_string("no such key"));
        return;
    }
    json_decref(got);
}

static void check_run(struct sla_player *player, json_t *check)
{
    static const char *const words[] = {
        "after_seq", "at", "equivalent", "tolerance_seconds", "note", "notes"};
    const char *key;
    json_t *want;
    int64_t at_s = 0;
    if (ctl_cases_instant(json_object_get(check, "at"), &at_s)) {
        player->at_us = at_s * US;
        sla_tick(player, player->at_us);
    }
    json_object_foreach(check, key, want)
    {
        bool word = false;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            word = word || strcmp(key, words[i]) == 0;
        }
        if (word) {
            continue;
        }
        if (strcmp(key, "next_due") == 0 || strcmp(key, "status") == 0) {
            json_t *got = key[0] == 'n' ? next_due(player) : status(player);
            compare(player, check, key, "", want, got);
            continue;
        }
        const char *metric;
        json_t *of_metric;
        json_object_foreach(want, metric, of_metric)
        {
            json_t *got = NULL;
            for (int m = 0; m < SLA_METRICS; m++) {
                if (strcmp(metric, sla_metrics[m]) == 0) {
                    got = answer(player, key, m, of_metric);
                }
            }
            compare(player, check, key, metric, of_metric, got);
        }
    }
}

/* ---- a case ------------------------------------------------------------------------------- */

static bool run(struct sla_player *player, struct error *error)
{
    const json_t *row = player->sla->row;
    const json_t *events = json_object_get(row, "events");
    const json_t *checks = json_object_get(row, "checks");
    for (int m = 0; m < SLA_METRICS; m++) {
        player->clocks[m] = policy_clock_index(player->policy, slice_text(sla_metrics[m]));
        player->longest_s[m] = -1;
    }
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const json_t *seq = json_object_get(event, "seq");
        if (!sla_play(player, event, error)) {
            return false;
        }
        for (size_t j = 0; j < json_array_size(checks); j++) {
            json_t *check = json_array_get(checks, j);
            if (json_equal(json_object_get(check, "after_seq"), seq)) {
                check_run(player, check);
            }
        }
    }
    return true;
}

static int year_of(int64_t at_s)
{
    return (int)(1970 + at_s / YEAR_S - (at_s < 0));
}

static void years_of(const json_t *row, int *first, int *last)
{
    static const char *const lists[] = {"events", "checks"};
    int64_t at_s = 0;
    *first = 2100;
    *last = 1970;
    for (size_t k = 0; k < 2; k++) {
        const json_t *list = json_object_get(row, lists[k]);
        for (size_t i = 0; i < json_array_size(list); i++) {
            if (ctl_cases_instant(json_object_get(json_array_get(list, i), "at"), &at_s)) {
                int year = year_of(at_s);
                *first = year < *first ? year : *first;
                *last = year > *last ? year : *last;
            }
        }
    }
    *first -= YEARS_BEFORE;
    *last = (*last > *first ? *last : *first) + YEARS_AFTER;
}

/* What is wrong, without the place in a policy that nobody wrote. */
static void refusal_tell(const struct yaml_faults *faults, struct error *error)
{
    uint32_t i = 0;
    while (i < faults->count && faults->rows[i].grade != YAML_ERROR) {
        i++;
    }
    const char *why = i < faults->count ? faults->rows[i].message : fault_text("out of memory");
    (void)error_set(error, ERROR_REJECT, "%s", why);
}

/* The policy of the case, compiled by the loader every policy goes through; owned. */
static struct policy_object *compile(const struct sla_case *sla, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    int first = 0;
    int last = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        (void)error_set(error, ERROR_RETRY, "out of memory");
        return NULL;
    }
    sla_policy_write(sla, out);
    (void)fclose(out);
    years_of(sla->row, &first, &last);
    struct policy_report report = {0};
    struct policy_object *object =
        policy_load_blind("case", slice_of(text, size), first, last, &report);
    if (!object) {
        refusal_tell(&report.faults, error);
    }
    policy_report_done(&report);
    free(text);
    return object;
}

static bool judge(void *self, const json_t *row, struct ctl_case_answer *answered)
{
    (void)self;
    struct sla_case sla;
    struct error error = {0};
    if (!sla_read(row, &sla, &error)) {
        answered->got = json_string(error.text);
        return false;
    }
    SCOPED(policy_object_free) struct policy_object *object = compile(&sla, &error);
    struct sla_player player = {.sla = &sla, .expected = json_object(), .got = json_object()};
    player.policy = object ? &object->policy : NULL;
    if (!object || !run(&player, &error)) {
        json_decref(player.expected);
        json_decref(player.got);
        answered->got = json_string(error.text);
        return false;
    }
    answered->expected = player.expected;
    answered->got = player.got;
    return json_object_size(player.expected) == 0;
}

int ctl_clock_check(struct ctl *ctl)
{
    int code = CTL_OK;
    for (unsigned i = 0; i < ctl->argument_count; i++) {
        int one = ctl_cases_check(ctl, ctl->arguments[i], judge, NULL);
        code = one != CTL_OK ? one : code;
    }
    return code;
}
