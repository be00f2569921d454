/* Recorded complaints through triage, dispatch's opening and the watchdog, as recorded. */
#include "classify.h"
#include "clock.h"
#include "ctl_drill.h"
#include "dispatch_core.h"
#include "triage_core.h"

enum { WAITS_FIRST = 256 };

/* ---- the watchdog ------------------------------------------------------------------------- */

/* Folds what the watchdog tells; returns the priority it asks for, 0: none. */
static uint32_t hear(struct drill_player *player, const struct watch_output *output)
{
    const struct policy *policy = &player->run->object->policy;
    uint32_t raise_to = 0;
    for (uint32_t i = 0; i < output->count; i++) {
        const struct event *event = &output->events[i];
        drill_hear(player->names, event, player->outcome->said);
        watch_evolve(policy, &player->watch, event);
        player->run->events++;
        player->run->clocks_unknown += event->kind == EVENT_CLOCKS_UNKNOWN;
        if (player->heard) {
            player->heard(player->context, event);
        }
        for (uint32_t j = 0; j < event->clocks.count; j++) {
            uint32_t asked = event->clocks.clocks[j].raise_priority_to;
            raise_to = asked != 0 && (raise_to == 0 || asked < raise_to) ? asked : raise_to;
        }
    }
    return raise_to;
}

static uint32_t take(struct drill_player *player, const struct event *event)
{
    const struct policy *policy = &player->run->object->policy;
    struct watch_output output;
    uint32_t raise_to = 0;
    do {
        watch_event(policy, &player->watch, event, event->at_us, &output);
        uint32_t asked = hear(player, &output);
        raise_to = asked != 0 ? asked : raise_to;
    } while (output.more);
    watch_evolve(policy, &player->watch, event);
    player->run->events++;
    return raise_to;
}

/* What dispatch makes of a level: the priority rises. */
static void raise_priority(struct drill_player *player, uint32_t to, int64_t at_us)
{
    bool on_record = player->same_policy || player->heard;
    while (!on_record && to != 0 && to < player->watch.priority) {
        struct event event = {.service = SERVICE_DISPATCH,
                              .kind = EVENT_ESCALATED,
                              .case_id = player->watch.case_id,
                              .seq = ++player->seq,
                              .at_us = at_us};
        event.advanced.priority = to;
        to = take(player, &event);
    }
}

void drill_tick(struct drill_player *player, int64_t at_us)
{
    const struct policy *policy = &player->run->object->policy;
    for (;;) {
        int64_t due_us = watch_due_us(policy, &player->watch);
        if (due_us > at_us) {
            return;
        }
        struct watch_output output;
        watch_tick(policy, &player->watch, due_us > 0 ? due_us : at_us, &output);
        raise_priority(player, hear(player, &output), due_us > 0 ? due_us : at_us);
        if (output.count == 0) {
            return;
        }
    }
}

void drill_feed(struct drill_player *player, struct event *event)
{
    drill_tick(player, event->at_us - 1);
    if (event_kind_service(event->kind) == SERVICE_DISPATCH) {
        event->seq = ++player->seq; /* those of the drill itself lie between */
    }
    raise_priority(player, take(player, event), event->at_us);
}

/* ---- opening ------------------------------------------------------------------------------ */

static void classify(const struct policy_object *object, struct event_received *received)
{
    struct error error = {0};
    uint16_t channel = policy_channel_index(&object->policy, received->channel);
    received->acknowledged_by_receipt =
        channel != POLICY_NONE && object->policy.channels[channel].acknowledged_by_receipt;
    if (!object->classifier || !classifier_scan(object->classifier,
                                                received->sealed_narrative,
                                                received->labels,
                                                &received->label_count,
                                                &error)) {
        received->label_count = 0;
    }
}

/* The recorded event of the kind; false: there is none. */
static bool recorded_of(const struct drill_book *book,
                        const struct drill_record *record,
                        enum event_kind kind,
                        enum event_kind other,
                        struct event *event)
{
    for (uint32_t i = 0; i < record->count; i++) {
        if (drill_book_event(book, record->first + i, event) &&
            (event->kind == kind || event->kind == other)) {
            return true;
        }
    }
    return false;
}

static bool same_rating(const struct event_opened *a, const struct event_opened *b)
{
    return slice_equal(a->category, b->category) &&
           slice_equal(a->severity_class, b->severity_class) && a->priority == b->priority &&
           slice_equal(a->step, b->step);
}

static struct triage_repeats repeats_of(const struct event *triaged)
{
    struct triage_repeats repeats = {.count = triaged->triaged.repeats,
                                     .related_count = triaged->triaged.related_count};
    memcpy(repeats.related, triaged->triaged.related, sizeof repeats.related);
    return repeats;
}

bool drill_open(struct drill_player *player,
                const struct drill_book *book,
                const struct drill_record *record,
                struct event *opened)
{
    const struct policy_object *object = player->run->object;
    struct event received;
    struct event found;
    struct triage_repeats repeats = {0};
    if (!drill_book_event(book, record->first, &received) || received.kind != EVENT_RECEIVED) {
        return false;
    }
    if (book->has_text) {
        classify(object, &received.received);
    }
    if (!book->has_text && recorded_of(book, record, EVENT_TRIAGED, EVENT_TRIAGE_ASKED, &found)) {
        repeats = repeats_of(&found);
    }
    struct event triaged = {.service = SERVICE_TRIAGE, .case_id = record->case_id};
    bool was = !book->has_text && recorded_of(book, record, EVENT_OPENED, EVENT_OPENED, &found);
    if (!book->has_text && !was) {
        drill_feed(player, &received); /* it has got no further */
        return false;
    }
    triaged.at_us = was ? found.at_us : received.at_us;
    triaged.kind = triage_decide(&object->policy, &received.received, &repeats, &triaged.triaged);
    struct dispatch_case none = {0};
    struct dispatch_input input = {
        .kind = DISPATCH_TRIAGED, .now_us = triaged.at_us, .event = &triaged};
    struct slice refused;
    drill_feed(player, &received);
    if (dispatch_decide(&object->policy, &none, &input, opened, &refused) != DISPATCH_APPEND) {
        return false;
    }
    player->same_rating = was && same_rating(&found.opened, &opened->opened);
    player->run->reclassified += was && !player->same_rating;
    return true;
}

/* ---- the life of the case ----------------------------------------------------------------- */

/* A person's classification holds under the new policy as far as it knows the names. */
static void rate(const struct policy *policy, struct event *event)
{
    struct event_advanced *told = &event->advanced;
    uint16_t class_index = policy_class_index(policy, told->severity_class);
    bool classified = event->kind == EVENT_CLASSIFIED;
    if (!classified || policy_category_index(policy, told->category) == POLICY_NONE) {
        told->category = slice_of(NULL, 0);
    }
    if (!classified || class_index == POLICY_NONE) {
        told->severity_class = slice_of(NULL, 0);
    }
    told->priority =
        classified && class_index != POLICY_NONE ? policy->classes[class_index].priority : 0;
}

bool drill_adapt(struct drill_player *player, struct event *event)
{
    const struct policy *policy = &player->run->object->policy;
    if (event_kind_service(event->kind) != SERVICE_DISPATCH || event->kind == EVENT_OPENED ||
        (event->kind == EVENT_ESCALATED && !player->same_policy)) {
        return false;
    }
    if (!player->same_policy || !player->same_rating) {
        rate(policy, event);
    }
    if (event->advanced.to_step.size > 0 &&
        policy_step_index(policy, event->advanced.to_step) == POLICY_NONE) {
        player->run->steps_unknown++;
        event->advanced.to_step = slice_of(NULL, 0);
    }
    return true;
}

bool drill_wait_add(struct drill_waits *waits, int64_t seconds)
{
    if (waits->count == waits->room) {
        size_t room = waits->room == 0 ? WAITS_FIRST : waits->room * 2;
        int32_t *grown = realloc(waits->seconds, room * sizeof *grown);
        if (!grown) {
            return false;
        }
        waits->seconds = grown;
        waits->room = room;
    }
    int64_t bounded = seconds < 0 ? 0 : seconds < INT32_MAX ? seconds : INT32_MAX;
    waits->seconds[waits->count++] = (int32_t)bounded;
    return true;
}

/* In which queue a case stands, since when. */
struct standing {
    uint16_t queue; /* POLICY_NONE: in none */
    uint16_t home;
    int64_t since_us;
};

/* False: memory is out. */
static bool
follow_queue(struct drill_run *run, struct standing *standing, const struct event *event)
{
    const struct event_advanced *told = &event->advanced;
    bool good = true;
    if (event->kind == EVENT_ASSIGNED && standing->queue != POLICY_NONE) {
        good = drill_wait_add(&run->waits[standing->queue],
                              (event->at_us - standing->since_us) / DRILL_SECOND_US);
        standing->queue = POLICY_NONE;
    } else if (told->queue.size > 0 && told->agent.size == 0 && standing->queue == POLICY_NONE) {
        uint16_t named = policy_queue_index(&run->object->policy, told->queue);
        standing->queue = named != POLICY_NONE ? named : standing->home;
        standing->since_us = event->at_us;
    }
    return good;
}

static bool replay_case(struct drill_book *book, struct drill_run *run, size_t index)
{
    const struct drill_record *record = &book->records[index];
    struct event opened;
    struct event event;
    struct drill_outcome *outcome = &run->outcomes[index];
    struct drill_player player = {.names = &book->names, .run = run, .outcome = outcome};
    player.same_policy = record->policy_id != 0 && record->policy_id == run->policy_id;
    *outcome = (struct drill_outcome){.queue = POLICY_NONE, .category = POLICY_NONE};
    memset(&opened, 0, sizeof opened);
    bool good = true;
    if (drill_open(&player, book, record, &opened)) {
        drill_feed(&player, &opened);
        outcome->queue = policy_queue_index(&run->object->policy, opened.opened.queue);
        outcome->opened_us = opened.at_us;
        struct standing standing = {outcome->queue, outcome->queue, opened.at_us};
        for (uint32_t i = 1; i < record->count && good; i++) {
            if (drill_book_event(book, record->first + i, &event) && event.at_us <= run->until_us &&
                drill_adapt(&player, &event)) {
                good = follow_queue(run, &standing, &event);
                drill_feed(&player, &event);
            }
        }
    }
    drill_tick(&player, run->until_us);
    outcome->closed_us = player.watch.closed ? player.watch.closed_at_us : 0;
    outcome->category = player.watch.category;
    return good;
}

static int ascending(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

void drill_run_reset(struct drill_run *run)
{
    for (size_t i = 0; i < POLICY_QUEUES_MAX; i++) {
        run->waits[i].count = 0;
    }
    run->events = 0;
    run->reclassified = 0;
    run->steps_unknown = 0;
    run->clocks_unknown = 0;
}

void drill_run_sort(struct drill_run *run)
{
    for (size_t i = 0; i < POLICY_QUEUES_MAX; i++) {
        if (run->waits[i].count > 0) {
            qsort(run->waits[i].seconds, run->waits[i].count, sizeof(int32_t), ascending);
        }
    }
}

bool drill_replay(struct drill_book *book, struct drill_run *run)
{
    int64_t start_us = clock_monotonic_us();
    run->outcomes = calloc(book->count + 1, sizeof *run->outcomes);
    if (!run->outcomes) {
        return false;
    }
    for (size_t i = 0; i < book->count; i++) {
        if (!replay_case(book, run, i)) {
            return false;
        }
    }
    drill_run_sort(run);
    run->seconds = (double)(clock_monotonic_us() - start_us) / DRILL_SECOND_US;
    return true;
}

void drill_run_done(struct drill_run *run)
{
    free(run->outcomes);
    for (size_t i = 0; i < POLICY_QUEUES_MAX; i++) {
        free(run->waits[i].seconds);
    }
    *run = (struct drill_run){0};
}
