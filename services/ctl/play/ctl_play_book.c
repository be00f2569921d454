#include "ctl_play_book.h"

#include "clock.h"

bool play_is_exit(const struct policy *policy, const struct policy_action *action)
{
    bool closes = action->to_step != POLICY_NONE && policy->steps[action->to_step].closed;
    bool settles = action->outcome == OUTCOME_NONE || action->outcome == OUTCOME_SETTLED ||
                   action->outcome == OUTCOME_ESCALATED;
    return closes && (!settles || action->fact == EVENT_WITHDRAWN || action->fact == EVENT_MERGED);
}

bool play_declines(const struct policy_action *action)
{
    return action->fact == EVENT_DECLINED || action->fact == EVENT_REJECTED;
}

bool play_serves(const struct policy_action *action, const struct play_thing *thing)
{
    switch (thing->kind) {
    case PLAY_NOTHING:
        return false;
    case PLAY_MARK:
        return (action->marks >> thing->index & 1U) != 0;
    case PLAY_TASK:
        return (action->settles >> thing->index & 1U) != 0;
    case PLAY_OPENING:
        return (action->opens >> thing->index & 1U) != 0;
    case PLAY_KEPT:
        for (uint16_t i = 0; i < action->need_count; i++) {
            const struct policy_field *rules = action->needs[i].rules;
            if (rules && rules->kept && rules->slot == thing->index) {
                return true;
            }
        }
        return false;
    }
    return false;
}

/* Ways that count. */
enum ways { WAYS_STRAIGHT, WAYS_DECLINING, WAYS_ANY };

static bool is_way(const struct policy *policy, const struct policy_action *action, enum ways ways)
{
    return action->to_step != POLICY_NONE && action->fact != EVENT_MERGED &&
           (ways >= WAYS_DECLINING || !play_declines(action)) &&
           (ways >= WAYS_ANY || !play_is_exit(policy, action));
}

/* One round of counting back from what is near; false: nothing became nearer. */
static bool nearer(const struct policy *policy, enum ways ways, uint16_t *distance)
{
    bool any = false;
    for (uint16_t s = 0; s < policy->step_count; s++) {
        const struct policy_step *step = &policy->steps[s];
        for (uint16_t a = 0; a < step->action_count && !step->closed; a++) {
            const struct policy_action *action = &step->actions[a];
            uint16_t to = action->to_step;
            if (is_way(policy, action, ways) && distance[to] + 1 < distance[s]) {
                distance[s] = (uint16_t)(distance[to] + 1);
                any = true;
            }
        }
    }
    return any;
}

/* Until something can be done: 0 where an action of the step does. */
static void
serving_count(const struct policy *policy, const struct play_thing *thing, uint16_t *distance)
{
    for (uint16_t s = 0; s < policy->step_count; s++) {
        const struct policy_step *step = &policy->steps[s];
        distance[s] = PLAY_FAR;
        for (uint16_t a = 0; a < step->action_count && !step->closed; a++) {
            if (play_serves(&step->actions[a], thing)) {
                distance[s] = 0;
            }
        }
    }
    while (nearer(policy, WAYS_DECLINING, distance)) {
    }
}

/* Steps that have a distance. */
static uint64_t reached(const struct policy *policy, const uint16_t *distance)
{
    uint64_t set = 0;
    for (uint16_t s = 0; s < policy->step_count; s++) {
        set |= distance[s] < PLAY_FAR ? 1ULL << s : 0;
    }
    return set;
}

/* As nearer, but only for steps that have none yet. */
static void farther(const struct policy *policy, enum ways ways, uint16_t *distance)
{
    uint16_t before[POLICY_STEPS_MAX];
    memcpy(before, distance, sizeof before);
    while (nearer(policy, ways, distance)) {
    }
    for (uint16_t s = 0; s < policy->step_count; s++) {
        distance[s] = before[s] < PLAY_FAR ? before[s] : distance[s];
    }
}

/* What has no way without a no goes by that, what has no way but an exit leaves by that. */
static void ends_count(struct play_book *book)
{
    const struct policy *policy = book->policy;
    for (uint16_t s = 0; s < policy->step_count; s++) {
        book->to_end[s] = policy->steps[s].closed ? 0 : PLAY_FAR;
    }
    while (nearer(policy, WAYS_STRAIGHT, book->to_end)) {
    }
    book->straight = reached(policy, book->to_end);
    farther(policy, WAYS_DECLINING, book->to_end);
    book->settles = reached(policy, book->to_end);
    farther(policy, WAYS_ANY, book->to_end);
}

static void asked_add(struct play_book *book, const struct policy_requirement *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        if (list[i].mark < POLICY_MARKS_MAX) {
            book->useful |= 1U << list[i].mark;
            book->shared |= list[i].persons > 1 ? 1U << list[i].mark : 0;
        }
        if (list[i].not_by < POLICY_MARKS_MAX) {
            book->shared |= 1U << list[i].not_by;
        }
    }
}

void play_book_of(const struct policy *policy, struct play_book *book)
{
    book->policy = policy;
    book->shared = book->useful = 0;
    asked_add(book, policy->closing, policy->closing_count);
    for (uint16_t s = 0; s < policy->step_count; s++) {
        for (uint16_t a = 0; a < policy->steps[s].action_count; a++) {
            const struct policy_action *action = &policy->steps[s].actions[a];
            asked_add(book, action->requirements, action->require_count);
            asked_add(book, action->moves, action->move_count);
        }
    }
    ends_count(book);
    for (uint16_t i = 0; i < policy->mark_count; i++) {
        serving_count(policy, &(struct play_thing){PLAY_MARK, i}, book->to_mark[i]);
    }
    for (uint16_t i = 0; i < policy->kept_count; i++) {
        serving_count(policy, &(struct play_thing){PLAY_KEPT, i}, book->to_kept[i]);
    }
    for (uint16_t i = 0; i < policy->task_count; i++) {
        serving_count(policy, &(struct play_thing){PLAY_TASK, i}, book->to_task[i]);
        serving_count(policy, &(struct play_thing){PLAY_OPENING, i}, book->to_open[i]);
    }
}

int play_book_open(struct ctl *ctl, const char *name, struct play_book *book)
{
    char now[CLOCK_TEXT_SIZE];
    clock_text(clock_now_us(), now);
    int year = (int)strtol(now, NULL, 10);
    int code = ctl_policy_get_for(ctl, name, true, year, year + 1, &book->loaded);
    code = code == CTL_OK ? ctl_policy_compiled(ctl, name, &book->loaded) : code;
    if (code != CTL_OK) {
        return code;
    }
    play_book_of(&book->loaded.object->policy, book);
    return CTL_OK;
}

void play_book_done(struct play_book *book)
{
    ctl_policy_done(&book->loaded);
    book->policy = NULL;
}

uint16_t play_distance(const struct play_book *book, const struct play_thing *thing, uint16_t step)
{
    switch (thing->kind) {
    case PLAY_NOTHING:
        return book->to_end[step];
    case PLAY_MARK:
        return book->to_mark[thing->index][step];
    case PLAY_KEPT:
        return book->to_kept[thing->index][step];
    case PLAY_TASK:
        return book->to_task[thing->index][step];
    case PLAY_OPENING:
        return book->to_open[thing->index][step];
    }
    return PLAY_FAR;
}

struct play_thing play_thing_named(const struct policy *policy, struct slice name)
{
    uint16_t mark = policy_mark_index(policy, name);
    uint16_t task = policy_task_index(policy, name);
    uint16_t field = policy_field_index(policy, name);
    if (mark != POLICY_NONE) {
        return (struct play_thing){PLAY_MARK, mark};
    }
    if (task != POLICY_NONE) {
        return (struct play_thing){PLAY_TASK, task};
    }
    if (field != POLICY_NONE && policy->fields[field].kept) {
        return (struct play_thing){PLAY_KEPT, policy->fields[field].slot};
    }
    return (struct play_thing){PLAY_NOTHING, 0};
}
