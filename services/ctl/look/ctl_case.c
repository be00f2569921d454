#include "ctl_case.h"

#include "case_number.h"
#include "chain.h"
#include "clock.h"
#include "ctl_database.h"
#include "event_wire.h"
#include "scope.h"

enum { CASE_BYTES_MAX = 256 * 1024 * 1024, US = 1000000 };

int case_add(const struct ctl *ctl, struct case_view *view, struct slice bytes)
{
    struct error error = {0};
    bool full = (view->event_count & (view->event_count - 1)) == 0;
    if (!view->arena) {
        view->arena = arena_new(CASE_BYTES_MAX);
    }
    if (full) {
        size_t room = view->event_count == 0 ? 1 : (size_t)view->event_count * 2;
        struct event *events = realloc(view->events, room * sizeof *events);
        if (!events) {
            return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
        }
        view->events = events;
    }
    void *copy = view->arena ? arena_copy(view->arena, bytes.bytes, bytes.size) : NULL;
    if (!copy) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
    }
    struct event *event = &view->events[view->event_count];
    *event = (struct event){0};
    if (!event_decode(slice_of(copy, bytes.size), view->arena, event, &error)) {
        return ctl_fail(ctl, CTL_FAILED, TEXT_EVENT_UNREADABLE, CTL_ARGS(error.text));
    }
    view->event_count++;
    return CTL_OK;
}

/* By time; what happened at the same instant in the order in which one service hears another. */
static int earlier(const void *a, const void *b)
{
    const struct event *x = a;
    const struct event *y = b;
    if (x->at_us != y->at_us) {
        return x->at_us < y->at_us ? -1 : 1;
    }
    if (x->service != y->service) {
        return x->service < y->service ? -1 : 1;
    }
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static struct case_clock *clock_of(struct case_view *view, const struct event_clock *told)
{
    for (uint32_t i = 0; i < view->clock_count; i++) {
        const struct event_clock *known = &view->clocks[i].told;
        if (slice_equal(known->name, told->name) && known->task == told->task) {
            return &view->clocks[i];
        }
    }
    if (view->clock_count == EVENT_CLOCKS_MAX) {
        return NULL;
    }
    struct case_clock *clock = &view->clocks[view->clock_count++];
    *clock = (struct case_clock){
        .told = {.name = told->name, .task = told->task}
    };
    return clock;
}

/* It is written once a run; undoing a merge takes back what the merge gave. */
static enum clock_verdict
verdict_kept(const struct event *event, const struct event_clock *told, enum clock_verdict was)
{
    bool taken_back = slice_equal(told->reason, slice_text("unmerged"));
    bool kept = event->kind != EVENT_CLOCKS_STARTED && told->verdict == CLOCK_RUNNING &&
                was != CLOCK_CANCELLED && !taken_back;
    return kept ? was : told->verdict;
}

static void fold_clocks(struct case_view *view, const struct event *event)
{
    for (uint32_t i = 0; i < event->clocks.count; i++) {
        const struct event_clock *told = &event->clocks.clocks[i];
        struct case_clock *clock = clock_of(view, told);
        if (!clock) {
            continue;
        }
        if (event->kind == EVENT_CLOCKS_STARTED) {
            *clock = (struct case_clock){.run = *told};
        }
        clock->pauses += event->kind == EVENT_CLOCKS_PAUSED;
        clock->warned = clock->warned || event->kind == EVENT_CLOCK_WARNED;
        clock->breached = clock->breached || event->kind == EVENT_CLOCK_BREACHED;
        if (event->kind != EVENT_CLOCKS_REFUSED) { /* which changes nothing */
            enum clock_verdict was = clock->told.verdict;
            clock->told = *told;
            clock->told.verdict = verdict_kept(event, told, was);
        }
    }
}

/* A clock's event that followed from what was done before this event of dispatch. */
static bool followed_before(const struct event *clocks, const struct event *event)
{
    bool done_before =
        clocks->cause_service == SERVICE_INTAKE || clocks->cause_service == SERVICE_TRIAGE ||
        (clocks->cause_service == SERVICE_DISPATCH && clocks->cause_seq < event->seq);
    return clocks->service == SERVICE_WATCHDOG && done_before;
}

/*
 * The case as dispatch knew it before this event: none that promises a due time is decided before
 * the watchdog has heard of all that was done before.  What followed from that is known then,
 * though it may stand further down here, because the watchdog's host is ahead.
 */
static struct dispatch_case state_before(const struct case_view *view, uint32_t index)
{
    const struct event *event = &view->events[index];
    struct dispatch_case state = view->state;
    uint32_t last = index;
    for (uint32_t i = index + 1; i < view->event_count; i++) {
        last = followed_before(&view->events[i], event) ? i : last;
    }
    for (uint32_t i = index + 1; i <= last; i++) {
        if (view->events[i].service == SERVICE_WATCHDOG) {
            dispatch_evolve(view->policy, &state, &view->events[i]);
        }
    }
    return state;
}

/*
 * What was said with the event: its text is filled in anew with what was known just before it, as
 * dispatch did.  The sealed note itself stays sealed.
 */
static void fold_said(struct case_view *view, uint32_t index)
{
    const struct event *event = &view->events[index];
    const struct event_advanced *advanced = &event->advanced;
    if (event->kind == EVENT_OPENED || advanced->text.size == 0 || view->state.version == 0) {
        return;
    }
    struct dispatch_input input = {.now_us = event->at_us,
                                   .action = advanced->action,
                                   .field_count = advanced->field_count,
                                   .fields = advanced->fields,
                                   .text = advanced->text,
                                   .text_language = advanced->text_language};
    if (!view->said) {
        view->said = arena_take(view->arena, view->event_count * sizeof *view->said);
        if (view->said) {
            memset(view->said, 0, view->event_count * sizeof *view->said);
        }
    }
    const struct dispatch_case state = state_before(view, index);
    char *room = arena_take(view->arena, POLICY_TEXT_SAID_MAX);
    char number[CASE_NUMBER_SIZE];
    case_number_format(view->case_id, view->state.received_at_us, number);
    if (view->said && room) {
        (void)dispatch_text_fill(view->policy,
                                 &state,
                                 &input,
                                 slice_text(number),
                                 room,
                                 POLICY_TEXT_SAID_MAX,
                                 &view->said[index]);
    }
}

/* Where a person names a class it is theirs; else the new category raised it, as dispatch found. */
static void
fold_class(struct case_view *view, const struct event *event, const struct dispatch_case *before)
{
    const struct event_advanced *advanced = &event->advanced;
    uint16_t category = policy_category_index(view->policy, advanced->category);
    if (event->kind != EVENT_CLASSIFIED || view->state.class_index == before->class_index) {
        return;
    }
    view->classed = event;
    view->class_rule = POLICY_NONE;
    if (case_field_of(advanced, "severity_class").size == 0) {
        (void)dispatch_class_raised(view->policy, before, category, &view->class_rule);
    }
}

static void fold_dispatch(struct case_view *view, uint32_t index)
{
    const struct event *event = &view->events[index];
    view->erased = event->kind == EVENT_ERASED ? event : view->erased;
    if (view->policy) {
        const struct dispatch_case before = view->state;
        fold_said(view, index);
        dispatch_evolve(view->policy, &view->state, event);
        fold_class(view, event, &before);
    }
}

void case_fold(struct case_view *view)
{
    if (view->event_count > 0) {
        qsort(view->events, view->event_count, sizeof *view->events, earlier);
    }
    for (uint32_t i = 0; i < view->event_count; i++) {
        const struct event *event = &view->events[i];
        switch (event->service) {
        case SERVICE_INTAKE:
            view->received = event->kind == EVENT_RECEIVED ? event : view->received;
            break;
        case SERVICE_TRIAGE:
            view->triaged = event;
            break;
        case SERVICE_DISPATCH:
            fold_dispatch(view, i);
            break;
        case SERVICE_WATCHDOG:
            fold_clocks(view, event);
            if (view->policy) {
                dispatch_evolve(view->policy, &view->state, event);
            }
            break;
        default:
            break;
        }
    }
}

void case_done(struct case_view *view)
{
    free(view->events);
    json_decref(view->altered);
    arena_free(&view->arena);
}

enum view_status case_clock_status(const struct case_view *view, const struct case_clock *clock)
{
    const struct event_clock *told = &clock->told;
    if (told->verdict == CLOCK_CANCELLED) {
        return VIEW_CANCELLED;
    }
    bool stopped = told->due_us != 0 && told->paused_at_us != 0;
    if (stopped) {
        bool missed = told->verdict == CLOCK_MISSED || clock->breached;
        return missed ? VIEW_BREACHED : told->verdict == CLOCK_MET ? VIEW_MET : VIEW_STOPPED;
    }
    if (clock->breached || told->verdict == CLOCK_MISSED ||
        (told->due_us != 0 && told->due_us < view->now_us)) {
        return VIEW_BREACHED;
    }
    if (told->due_us == 0) {
        return VIEW_PAUSED;
    }
    return clock->warned ? VIEW_AT_RISK : VIEW_RUNNING;
}

int64_t case_up_s(int64_t us)
{
    return us / US + (us % US > 0);
}

int64_t case_clock_left_s(const struct case_view *view, const struct case_clock *clock)
{
    const struct event_clock *told = &clock->told;
    bool runs = told->due_us != 0 && told->paused_at_us == 0 && told->due_us != INT64_MAX;
    return runs && told->due_us > view->now_us ? case_up_s(told->due_us - view->now_us) : 0;
}

bool case_clock_is_cleared(const struct case_view *view, const struct case_clock *clock)
{
    const struct event_clock *told = &clock->told;
    uint16_t index = view->policy ? policy_clock_index(view->policy, told->name) : POLICY_NONE;
    uint16_t step = view->state.version > 0 ? view->state.step : POLICY_NONE;
    if (index == POLICY_NONE || told->due_us == 0) {
        return false;
    }
    const struct policy_clock *rule = &view->policy->clocks[index];
    bool in_step = step < view->policy->step_count;
    bool closed = in_step && view->policy->steps[step].closed;
    bool hidden = in_step && (rule->hidden_steps >> step & 1U) != 0;
    bool met = told->paused_at_us != 0 && told->verdict != CLOCK_RUNNING;
    return hidden || (met && (rule->due_cleared & DUE_CLEARED_MET) != 0) ||
           (closed && (rule->due_cleared & DUE_CLEARED_CLOSED) != 0);
}

/*
 * The place of Received is in the id; the other streams of the partition are looked through from
 * end to end, because case_id has no index.  With each event what the chain says of it: the event
 * after it has its hash, or the head where it is the last.  The one in its row proves nothing: who
 * can alter the bytes can alter that as well.
 */
static const char events_sql[] =
    "SELECT bytes, service, seq, (SELECT n.bytes FROM journal n WHERE n.service = e.service "
    "AND n.partition = $1::smallint AND n.seq = e.seq + 1), (SELECT h.hash FROM head h "
    "WHERE h.service = e.service AND h.partition = $1::smallint AND h.seq = e.seq) FROM ("
    "SELECT bytes, service, seq FROM journal WHERE service = 1 AND partition = $1::smallint "
    "AND seq = $3::bigint "
    "UNION ALL SELECT bytes, service, seq FROM journal WHERE service IN (2, 3, 4) "
    "AND partition = $1::smallint AND case_id = $2::bigint) e";
enum { EVENT_BYTES, EVENT_SERVICE, EVENT_SEQ, EVENT_NEXT, EVENT_HEAD };

/* The caller's (PQfreemem); NULL: SQL NULL, or out of memory. */
static unsigned char *bytes_of(const PGresult *rows, int row, int column, size_t *size)
{
    *size = 0;
    return PQgetisnull(rows, row, column)
               ? NULL
               : PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, column), size);
}

static bool chain_holds(const PGresult *rows, int row, const uint8_t hash[HASH_SIZE])
{
    static struct event next; /* large */
    struct error error = {0};
    size_t size;
    bool last = PQgetisnull(rows, row, EVENT_NEXT);
    unsigned char *bytes = bytes_of(rows, row, last ? EVENT_HEAD : EVENT_NEXT, &size);
    bool there = bytes && (last ? size == HASH_SIZE
                                : event_decode_header(slice_of(bytes, size), &next, &error));
    bool holds = there && memcmp(last ? bytes : next.prev_hash, hash, HASH_SIZE) == 0;
    PQfreemem(bytes);
    return holds;
}

/* of: the case whose event a row of this case is; 0: the bytes themselves are in doubt. */
static void doubt(struct case_view *view, const PGresult *rows, int row, uint64_t of)
{
    char stream[VIEW_TEXT_MAX];
    unsigned service = (unsigned)strtoul(PQgetvalue(rows, row, EVENT_SERVICE), NULL, 10);
    json_t *one = json_pack("{s:s,s:I}",
                            "stream",
                            view_stream(service, case_partition(view->case_id), stream),
                            "seq",
                            (json_int_t)strtoll(PQgetvalue(rows, row, EVENT_SEQ), NULL, 10));
    if (of != 0) {
        (void)json_object_set_new(one, "case", json_integer((json_int_t)of));
    }
    view->altered = view->altered ? view->altered : json_array();
    (void)json_array_append_new(view->altered, one);
}

/* Law 3: bytes the chain does not hold are not what was written.  Those it holds say themselves of
 * which case they are, and what the row says instead makes them no event of this one. */
static int take(const struct ctl *ctl,
                struct case_view *view,
                const PGresult *rows,
                int row,
                struct slice bytes)
{
    uint8_t hash[HASH_SIZE];
    chain_hash(bytes, hash);
    bool holds = chain_holds(rows, row, hash);
    if (!holds) {
        doubt(view, rows, row, 0);
    }
    int code = case_add(ctl, view, bytes);
    if (code != CTL_OK || !holds) {
        return code;
    }
    uint64_t of = view->events[view->event_count - 1].case_id;
    if (of != view->case_id) {
        doubt(view, rows, row, of);
        view->event_count--;
    }
    return CTL_OK;
}

int case_vouch(const struct ctl *ctl, const struct case_view *view)
{
    size_t i;
    json_t *one;
    json_array_foreach(view->altered, i, one)
    {
        const json_t *of = json_object_get(one, "case");
        const char *stream = json_string_value(json_object_get(one, "stream"));
        const char *partition = CTL_NUMBER_TEXT(case_partition(view->case_id));
        const char *seq = CTL_NUMBER_TEXT(json_integer_value(json_object_get(one, "seq")));
        (void)ctl_fail(ctl,
                       CTL_FAILED,
                       of ? TEXT_CASE_FOREIGN : TEXT_CASE_ALTERED,
                       CTL_ARGS(stream, seq, partition, CTL_NUMBER_TEXT(json_integer_value(of))));
    }
    return i > 0 ? CTL_FAILED : CTL_OK;
}

json_t *case_altered_json(const struct case_view *view)
{
    return view->altered ? json_incref(view->altered) : json_array();
}

static int read_events(struct ctl *ctl, struct case_view *view)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(case_partition(view->case_id)),
                                      CTL_NUMBER_TEXT(view->case_id),
                                      CTL_NUMBER_TEXT(case_id_serial(view->case_id))};
    int code = ctl_query(ctl, events_sql, parameters, 3, &rows);
    if (code == CTL_OK && PQntuples(rows) > CASE_EVENTS_MAX) {
        ctl_note(ctl,
                 TEXT_LOOK_CUT,
                 CTL_ARGS(CTL_NUMBER_TEXT(PQntuples(rows)), CTL_NUMBER_TEXT(CASE_EVENTS_MAX)));
    }
    for (int row = 0; code == CTL_OK && row < PQntuples(rows) && row < CASE_EVENTS_MAX; row++) {
        size_t size;
        unsigned char *bytes = bytes_of(rows, row, EVENT_BYTES, &size);
        code = bytes ? take(ctl, view, rows, row, slice_of(bytes, size))
                     : ctl_fail(ctl, CTL_FAILED, TEXT_LOOK_MEMORY, NULL);
        PQfreemem(bytes);
    }
    return code == CTL_OK || case_vouch(ctl, view) == CTL_OK ? code : CTL_FAILED;
}

/* Asked after the events were read: a cut is on record before anything leaves. */
static int whole(struct ctl *ctl, const char *text, const struct case_view *view)
{
    SCOPED(ctl_rows_free) PGresult *rows = NULL;
    const char *const parameters[] = {CTL_NUMBER_TEXT(case_partition(view->case_id)),
                                      CTL_NUMBER_TEXT(view->case_id)};
    int code = ctl_query(ctl,
                         "SELECT min(period) FROM journal_cut WHERE partition = $1::smallint AND "
                         "case_id >= $2::bigint AND EXISTS (SELECT FROM submission s WHERE "
                         "s.case_id = $2::bigint)",
                         parameters,
                         2,
                         &rows);
    return code == CTL_OK && !PQgetisnull(rows, 0, 0)
               ? ctl_fail(
                     ctl, CTL_NOT_FOUND, TEXT_LOOK_CASE_CUT, CTL_ARGS(text, PQgetvalue(rows, 0, 0)))
               : code;
}

static uint32_t policy_id_of(const struct case_view *view)
{
    for (uint32_t i = 0; i < view->event_count; i++) {
        if (view->events[i].kind == EVENT_RECEIVED) {
            return view->events[i].received.policy_id;
        }
    }
    return 0;
}

int case_read(struct ctl *ctl,
              const char *text,
              struct view_policies *policies,
              struct case_view *view)
{
    int code = ctl_case_of(ctl, text, &view->case_id);
    if (code == CTL_OK && case_partition(view->case_id) >= PARTITION_MAX) {
        return ctl_fail(ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(text));
    }
    code = code == CTL_OK ? read_events(ctl, view) : code;
    code = code == CTL_OK ? whole(ctl, text, view) : code;
    if (code != CTL_OK) {
        return code;
    }
    if (view->event_count == 0) {
        int vouched = case_vouch(ctl, view);
        code = ctl_fail(ctl, CTL_NOT_FOUND, TEXT_LOOK_NO_CASE, CTL_ARGS(text));
        return vouched == CTL_OK ? code : vouched;
    }
    view->policy = policies ? view_policy(policies, policy_id_of(view)) : NULL;
    case_fold(view);
    return CTL_OK;
}

int ctl_show(struct ctl *ctl)
{
    SCOPED(case_done) struct case_view view = {.now_us = clock_now_us()};
    SCOPED(view_policies_free) struct view_policies *policies = view_policies_new(ctl);
    int code = case_read(ctl, ctl_argument(ctl, 0), policies, &view);
    if (code != CTL_OK) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer does not know of SCOPED */
        return code;
    }
    if (ctl->json) {
        json_t *json = case_json(&view);
        ctl_print_json(ctl, &json);
    } else {
        view_zone_take(view_policy_zone(view.policy));
        case_print(ctl, &view);
    }
    return case_vouch(ctl, &view);
}
