/* What holds of each event of random lives, by what was counted from the events before it. */
#include "dispatch_lives.h"

int lives_person(struct slice name)
{
    for (int i = 0; i < LIVES_PEOPLE; i++) {
        if (slice_equal(name, slice_text(lives_people[i]))) {
            return i;
        }
    }
    return LIVES_NOBODY;
}

bool lives_is_held_by(const struct dispatch_case *state, int person)
{
    return person >= 0 && slice_equal(slice_text(state->agent), slice_text(lives_people[person]));
}

unsigned lives_load(int person)
{
    unsigned load = 0;
    for (unsigned i = 0; i < LIVES_CASES; i++) {
        load += lives_is_held_by(&lives.plays[i].state, person);
    }
    return load;
}

const char *lives_field(const struct event *event, const char *name)
{
    for (uint32_t i = 0; i < event->advanced.field_count; i++) {
        if (slice_equal(event->advanced.fields[i].name, slice_text(name))) {
            return (const char *)event->advanced.fields[i].value.bytes;
        }
    }
    return NULL;
}

static bool stands_in_step(const struct dispatch_case *state, const char *step)
{
    return strcmp(lifecycle->policy.steps[state->step].id, step) == 0;
}

void lives_tale_begin(struct tale *tale)
{
    *tale =
        (struct tale){.founded = -1, .offered_to = LIVES_NOBODY, .offered_at_merge = LIVES_NOBODY};
}

/* ---- what holds always ---- */

void lives_one_owner_at_most(const struct dispatch_case *state)
{
    const struct policy *policy = &lifecycle->policy;
    bool held = state->agent[0] != '\0';
    bool queued = state->queue != POLICY_NONE;
    bool closed = policy->steps[state->step].closed;
    LIVES_HOLDS(closed ? !held && !queued : held != queued);
    LIVES_HOLDS((state->agent_role == POLICY_NONE) == !held);
    LIVES_HOLDS(closed == (state->closed_at_us != 0));
    for (int i = 0; i < LIVES_PEOPLE; i++) {
        LIVES_HOLDS(lives_load(i) <= LIVES_CAPACITY);
    }
}

/* ---- what holds of an event ---- */

static void proposed(const struct event *event, struct tale *tale, int who)
{
    bool agent = slice_equal(event->advanced.role, slice_text("agent"));
    bool supervisor = slice_equal(event->advanced.role, slice_text("supervisor"));
    LIVES_HOLDS(!agent || tale->amount <= 100);
    LIVES_HOLDS(!supervisor || tale->amount <= 1000);
    LIVES_HOLDS(tale->with_amount);
    tale->proposers |= 1U << who;
}

static void approved(const struct play *play, struct tale *tale, int who)
{
    LIVES_HOLDS((tale->signers >> who & 1) == 0);
    LIVES_HOLDS((tale->proposers >> who & 1) == 0);
    tale->signers |= 1U << who;
    int asked = tale->amount >= 500 ? 3 : 2;
    bool enough = __builtin_popcount(tale->signers) >= asked;
    LIVES_HOLDS(enough == stands_in_step(&play->state, "reply"));
}

static unsigned children_open(const struct tale *tale)
{
    unsigned open = 0;
    for (unsigned i = 1; i <= POLICY_AT_ONCE_MAX; i++) {
        open += tale->children[i];
    }
    return open;
}

static void
closed(const struct dispatch_case *before, const struct event *event, const struct tale *tale)
{
    bool construction =
        strcmp(lifecycle->policy.categories[before->category].id, "construction") == 0;
    LIVES_HOLDS(tale->owed == 0);
    LIVES_HOLDS(children_open(tale) == 0);
    if (event->advanced.outcome == OUTCOME_SETTLED) {
        LIVES_HOLDS(tale->replied > 0);
        LIVES_HOLDS(!construction || tale->followed_up >= 2);
        LIVES_HOLDS(tale->founded == 1);
    }
}

/* Back where it stood, or, when nobody may hold it there, in the queue it came from. */
static void unmerged(const struct play *play, struct tale *tale)
{
    const struct dispatch_case *now = &play->state;
    LIVES_HOLDS(tale->merged);
    tale->merged = false;
    if (tale->touched) {
        return;
    }
    struct dispatch_case before = tale->before;
    bool to_holder = now->agent[0] != '\0';
    LIVES_HOLDS(!to_holder || strcmp(now->agent, before.agent) == 0);
    if (!to_holder && before.agent[0] != '\0') {
        memset(before.agent, 0, sizeof before.agent); /* he is full */
        before.agent_role = POLICY_NONE;
        before.queue = now->queue;
        before.more.offered = OFFER_NONE;
        LIVES_HOLDS(now->queue == before.home_queue);
    }
    memset(before.more.refused, 0, sizeof before.more.refused); /* told before this only */
    before.version = now->version;
    before.updated_at_us = now->updated_at_us;
    LIVES_HOLDS(dispatch_case_equal(&before, now));
    lives.restored++;
    lives.restored_to_holder += to_holder;
    lives.offered_again += now->more.offered == OFFER_OPEN;
}

static bool is_hash(const char *value)
{
    static const char head[] = "sha256:";
    enum { HEAD_SIZE = sizeof head - 1, DIGITS = 64 };
    return strncmp(value, head, HEAD_SIZE) == 0 && strlen(value) == HEAD_SIZE + DIGITS &&
           strspn(value + HEAD_SIZE, "0123456789abcdef") == DIGITS;
}

static void learns(const struct event *event, struct tale *tale)
{
    const char *amount = lives_field(event, "amount");
    const char *founded = lives_field(event, "founded");
    const char *named = lives_field(event, "concerns");
    const char *joined = lives_field(event, "representatives");
    const char *proof = lives_field(event, "proof");
    if (amount) {
        tale->with_amount = true;
        tale->amount = strtol(amount, NULL, 10);
    }
    if (founded) {
        tale->founded = strcmp(founded, "yes") == 0;
    }
    if (named) {
        tale->named = 1U << lives_person(slice_text(named));
    }
    if (joined) {
        tale->representatives = strtol(joined, NULL, 10);
        LIVES_HOLDS(tale->representatives >= 1 && tale->representatives <= 5);
        lives.joined++;
    }
    if (proof) {
        LIVES_HOLDS(is_hash(proof));
        lives.proved++;
    }
}

/* Who speaks for a joint complaint stays known, whatever is merged, undone or begun anew. */
static void representatives_are_kept(const struct play *play, const struct tale *tale)
{
    const struct policy *policy = &lifecycle->policy;
    uint16_t index = policy_field_index(policy, slice_text("representatives"));
    uint16_t slot = policy->fields[index].slot;
    bool told = (play->state.more.told >> slot & 1U) != 0;
    LIVES_HOLDS(told == (tale->representatives > 0));
    /* numbers are kept in parts of ten thousand */
    LIVES_HOLDS(!told || play->state.more.facts[slot] == tale->representatives * INT64_C(10000));
}

static void a_new_round(struct tale *tale)
{
    tale->replied = tale->followed_up = tale->signers = 0;
    tale->merged = false;
    tale->offered_at_merge = LIVES_NOBODY;
}

static unsigned lowest_child(const struct tale *tale, bool open)
{
    unsigned number = 1;
    while (number <= POLICY_AT_ONCE_MAX && tale->children[number] != open) {
        number++;
    }
    return number;
}

/* A child more has the lowest free number, at most three are open; one is settled by its number,
 * or the lowest that is open. */
static void children_follow(const struct event *event, struct tale *tale)
{
    struct slice action = event->advanced.action;
    const char *named = lives_field(event, "task");
    if (slice_equal(action, slice_text("add-child"))) {
        unsigned number = lowest_child(tale, false);
        LIVES_HOLDS(number <= 3);
        tale->children[number] = true;
    } else if (slice_equal(action, slice_text("child-done"))) {
        unsigned number = named ? (unsigned)strtoul(named, NULL, 10) : lowest_child(tale, true);
        LIVES_HOLDS(number <= 3 && tale->children[number]);
        tale->children[number] = false;
    }
}

static void tasks_follow(const struct play *play, const struct event *event, struct tale *tale)
{
    const struct policy *policy = &lifecycle->policy;
    struct slice action = event->advanced.action;
    tale->owed += slice_equal(action, slice_text("assign-task"));
    if (slice_equal(action, slice_text("task-done"))) {
        LIVES_HOLDS(tale->owed > 0);
        tale->owed--;
    }
    children_follow(event, tale);
    unsigned open = play->state.more.open[policy_task_index(policy, slice_text("child"))];
    for (unsigned i = 1; i <= POLICY_AT_ONCE_MAX; i++) {
        LIVES_HOLDS((open >> (i - 1) & 1U) == tale->children[i]);
    }
}

static void an_actor_may(const struct dispatch_case *before,
                         const struct event *event,
                         const struct tale *tale,
                         int64_t now_us)
{
    const struct event_advanced *told = &event->advanced;
    int who = lives_person(told->actor);
    int holder = lives_person(slice_text(before->agent));
    bool state = slice_equal(told->action, slice_text("state"));
    bool customer = slice_equal(told->role, slice_text("customer"));
    bool as_holder = lives_is_held_by(before, who) || lives_stands_in(who, holder, now_us);
    uint16_t role = policy_role_index(&lifecycle->policy, told->role);
    bool released = event->kind == EVENT_RELEASED;
    bool answers =
        event->kind == EVENT_ACCEPTED || released || event_is_of_personal_data(event->kind);
    LIVES_HOLDS(customer || state || released || who < 0 || (tale->named >> who & 1) == 0);
    LIVES_HOLDS(event->kind != EVENT_ASSIGNED || before->agent[0] == '\0');
    LIVES_HOLDS(tale->offered_to < 0 || tale->offered_to != who || customer || answers);
    /* nor does whoever stands in for him begin before one of them has accepted */
    LIVES_HOLDS(tale->offered_to < 0 || role != before->agent_role || answers);
    LIVES_HOLDS(holder < 0 || role != before->agent_role || as_holder);
    LIVES_HOLDS(!released || as_holder);
    LIVES_HOLDS(event->kind != EVENT_ACCEPTED || tale->offered_to < 0 || as_holder);
}

/* An offer that was open is open again, with the same person, unless its time passed meanwhile. */
static void follow_offer(const struct play *play, const struct event *event, struct tale *tale)
{
    if (event->kind == EVENT_MERGED) {
        tale->offered_at_merge = tale->offered_to;
        tale->offered_to = LIVES_NOBODY;
    } else {
        tale->offered_to = lives_is_held_by(&play->state, tale->offered_at_merge)
                               ? tale->offered_at_merge
                               : LIVES_NOBODY;
        tale->offered_at_merge = LIVES_NOBODY;
    }
}

/* ---- erasing ---- */

static const int64_t day_us = 86400 * INT64_C(1000000);

/* The grounds of lifecycle.yaml, and its window for reopening. */
static bool is_kept_by(const struct dispatch_case *state,
                       const struct tale *tale,
                       const char *ground,
                       int64_t at_us)
{
    bool construction =
        strcmp(lifecycle->policy.categories[state->category].id, "construction") == 0;
    return strcmp(ground, "everything") == 0
               ? at_us < state->received_at_us + 5 * day_us
               : construction && at_us < tale->closed_at_us + 45 * day_us;
}

static bool
is_why(const struct dispatch_case *state, const struct tale *tale, const struct event *event)
{
    const char *because = lives_field(event, "@because");
    const char *ground = lives_field(event, "@ground");
    bool closed = tale->closed_at_us != 0;
    return strcmp(because, "on_hold") == 0      ? tale->on_hold
           : strcmp(because, "still_open") == 0 ? !closed
           : strcmp(because, "may_be_reopened") == 0
               ? closed && event->at_us <= tale->closed_at_us + 30 * day_us
               : strcmp(because, "must_be_kept") == 0 && closed &&
                     is_kept_by(state, tale, ground, event->at_us);
}

static bool is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* To the same asker, since something else happened. */
static bool was_told(const struct tale *tale, const struct lives_refusal *refusal)
{
    for (unsigned i = 0; i < tale->refused; i++) {
        const struct lives_refusal *told = &tale->refusals[i];
        if (is_same(told->because, refusal->because) && is_same(told->ground, refusal->ground) &&
            slice_equal(told->actor, refusal->actor) && slice_equal(told->role, refusal->role)) {
            return true;
        }
    }
    return false;
}

/* Never on hold, nor open, nor while it may be opened again or a ground lasts; what was refused is
 * told once to each who asks, with a reason that is true. */
static void erasing(const struct play *play,
                    const struct dispatch_case *before,
                    const struct event *event,
                    struct tale *tale)
{
    LIVES_HOLDS(!tale->erased); /* nothing happens to it any more */
    if (event->kind == EVENT_ERASED) {
        LIVES_HOLDS(!tale->on_hold && tale->closed_at_us != 0);
        LIVES_HOLDS(event->at_us > tale->closed_at_us + 30 * day_us);
        LIVES_HOLDS(!is_kept_by(before, tale, "everything", event->at_us));
        LIVES_HOLDS(!is_kept_by(before, tale, "construction", event->at_us));
        LIVES_HOLDS(before->customer != 0 && play->state.customer == 0);
        tale->erased = true;
    }
    if (event->kind == EVENT_ERASURE_REFUSED) {
        struct lives_refusal refusal = {lives_field(event, "@because"),
                                        lives_field(event, "@ground"),
                                        event->advanced.actor,
                                        event->advanced.role};
        LIVES_HOLDS(is_why(before, tale, event));
        LIVES_HOLDS(!was_told(tale, &refusal) && tale->refused < DISPATCH_REFUSED_MAX);
        tale->refusals[tale->refused++] = refusal;
    } else {
        tale->refused = 0;
    }
    LIVES_HOLDS(event->kind != EVENT_HOLD_LIFTED || tale->on_hold);
    tale->on_hold =
        event->kind == EVENT_HELD || (tale->on_hold && event->kind != EVENT_HOLD_LIFTED);
    if ((before->closed_at_us != 0) != (play->state.closed_at_us != 0)) {
        tale->closed_at_us = play->state.closed_at_us != 0 ? event->at_us : 0;
    }
}

void lives_not_erased(unsigned index,
                      const struct dispatch_input *input,
                      enum dispatch_answer answer)
{
    const struct tale *tale = &lives.tales[index];
    bool told = tale->refused == DISPATCH_REFUSED_MAX;
    for (unsigned i = 0; i < tale->refused; i++) {
        const struct lives_refusal *refusal = &tale->refusals[i];
        told = told || (strcmp(refusal->because, dispatch_answer_code(answer)) == 0 &&
                        slice_equal(refusal->actor, input->actor) &&
                        slice_equal(refusal->role, input->role));
    }
    bool recorded = answer == DISPATCH_ON_HOLD || answer == DISPATCH_STILL_OPEN ||
                    answer == DISPATCH_MAY_BE_REOPENED || answer == DISPATCH_MUST_BE_KEPT;
    LIVES_HOLDS((answer == DISPATCH_ERASED) <= tale->erased);
    LIVES_HOLDS(!recorded || told);
    lives.erased_again += answer == DISPATCH_ERASED;
    lives.refused_again += told;
}

/* What its kind says of it. */
static void obeys_its_kind(const struct play *play,
                           const struct dispatch_case *before,
                           const struct event *event,
                           struct tale *tale)
{
    int who = lives_person(event->advanced.actor);
    switch ((int)event->kind) {
    case EVENT_PROPOSED:
        proposed(event, tale, who);
        break;
    case EVENT_APPROVED:
        approved(play, tale, who);
        break;
    case EVENT_REPLIED:
        tale->replied += slice_equal(event->advanced.action, slice_text("answer"));
        LIVES_HOLDS(tale->replied <= 3); /* twice were no more than two */
        break;
    case EVENT_FOLLOWED_UP:
        tale->followed_up++;
        break;
    case EVENT_REOPENED:
        a_new_round(tale);
        break;
    case EVENT_MERGED:
        tale->merged = true;
        tale->touched = false;
        tale->before = *before;
        break;
    case EVENT_UNMERGED:
        unmerged(play, tale);
        break;
    default:
        break;
    }
}

void lives_obeys(unsigned index, const struct dispatch_case *before, const struct event *event)
{
    struct play *play = &lives.plays[index];
    struct tale *tale = &lives.tales[index];
    erasing(play, before, event, tale);
    an_actor_may(before, event, tale, play->now_us);
    lives_obeys_org(before, event, play->now_us);
    learns(event, tale);
    tasks_follow(play, event, tale);
    tale->touched = tale->touched || event->kind != EVENT_UNMERGED;
    if (before->closed_at_us == 0 && play->state.closed_at_us != 0) {
        closed(before, event, tale);
    }
    obeys_its_kind(play, before, event, tale);
    representatives_are_kept(play, tale);
    if (event->kind == EVENT_OFFERED) {
        tale->offered_to = lives_person(slice_text(play->state.agent));
    } else if (event->kind == EVENT_MERGED || event->kind == EVENT_UNMERGED) {
        follow_offer(play, event, tale);
    } else if (strcmp(play->state.agent, before->agent) != 0 || event->kind == EVENT_ACCEPTED) {
        tale->offered_to = LIVES_NOBODY;
    }
}
