/* What is done next with a case: one of the permitted actions, by chance, but mostly onwards. */
#include "ctl_play.h"

/* Weights: how much more often one kind of action is chosen than another. */
enum {
    WEIGHT_WANTED = 60,
    WEIGHT_TOWARDS = 30, /* to where what is wanted can be done */
    WEIGHT_ONWARDS = 24,
    WEIGHT_SETTLES = 16, /* an obligation that is open */
    WEIGHT_MARKS = 10,   /* what something will ask for */
    WEIGHT_ASIDE = 4,
    WEIGHT_LITTLE = 1,
    STAYS_MAX = 3,
    WANDERS_MAX = 12, /* moves, after which no way back is taken any more */
    WANTS_MAX = 6,    /* of what is wanted first for what is wanted first */
};

/* ---- what the answers say ---- */

static void string_take(char *into, size_t size, protobuf_c_boolean has, ProtobufCBinaryData data)
{
    (void)snprintf(into, size, "%.*s", has ? (int)data.len : 0, has ? (const char *)data.data : "");
}

static struct slice slice_data(ProtobufCBinaryData data)
{
    return slice_of(data.data, data.len);
}

/* The requirement on a mark is that it was not made (so often), or not by whoever asks. */
static bool is_too_much(const struct play_life *life,
                        const struct policy_action *action,
                        const struct play_thing *thing)
{
    bool made = thing->kind == PLAY_MARK && (life->made >> thing->index & 1U) != 0;
    for (uint16_t i = 0; made && i < action->require_count; i++) {
        const struct policy_requirement *asked = &action->requirements[i];
        if (asked->not_by == thing->index ||
            (asked->mark == thing->index && asked->at_most != POLICY_NONE)) {
            return true;
        }
    }
    return false;
}

/* Nothing the desk may see to first makes a difference while the case is as it is. */
static bool is_final(struct slice code)
{
    static const char *const finals[] = {"closed",
                                         "not_merged",
                                         "not_held",
                                         "held_before",
                                         "too_many_people",
                                         "not_accepted",
                                         "too_early",
                                         "too_late",
                                         "same_cause"};
    for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
        if (slice_equal(code, slice_text(finals[i]))) {
            return true;
        }
    }
    return false;
}

static void lack_take(const struct policy *policy,
                      struct play_life *life,
                      uint16_t index,
                      struct slice code,
                      struct slice what)
{
    const struct policy_action *action = &policy->steps[life->step].actions[index];
    bool obligation = slice_equal(code, slice_text("obligation"));
    if (is_final(code)) {
        life->banned |= 1U << index;
        return;
    }
    if (!obligation && !slice_equal(code, slice_text("requirement"))) {
        return; /* a matter of who asks */
    }
    struct play_thing thing = play_thing_named(policy, what);
    if (obligation && play_serves(action, &thing)) {
        thing.kind = PLAY_OPENING; /* there is nothing to settle */
    }
    if (thing.kind == PLAY_NOTHING || is_too_much(life, action, &thing)) {
        bool shared = thing.kind == PLAY_MARK && (life->made >> thing.index & 1U) != 0;
        life->banned |= shared && action->same_person_may_not ? 0 : 1U << index;
    } else {
        life->lacks[index] = thing;
    }
}

static void
allowed_take(const struct policy *policy, struct play_life *life, const ctl_reply *reply)
{
    const struct policy_step *step = &policy->steps[life->step];
    for (size_t i = 0; i < reply->n_allowed; i++) {
        const Redress__Command__V1__Allowed *allowed = reply->allowed[i];
        uint16_t index = policy_action_index(step, slice_data(allowed->action));
        if (index != POLICY_NONE) {
            life->lacks[index].kind = PLAY_NOTHING;
        }
        if (index != POLICY_NONE && allowed->has_refusal) {
            lack_take(policy,
                      life,
                      index,
                      slice_data(allowed->refusal),
                      allowed->has_lacking ? slice_data(allowed->lacking) : slice_text(""));
        }
    }
}

void play_take(struct play *play, struct play_life *life, const ctl_reply *reply)
{
    const struct policy *policy = play_policy(play, life);
    if (!reply->has_step || !reply->has_version || reply->version < life->version) {
        return;
    }
    uint16_t step = policy_step_index(policy, slice_data(reply->step));
    if (reply->version != life->version) {
        life->banned = life->bad_roles = 0;
        life->unclaimed = false;
        memset(life->lacks, 0, sizeof life->lacks);
    }
    if (step != life->step || life->version == 0) {
        life->here = 0;
        life->stays = 0;
        life->seen |= step != POLICY_NONE ? 1ULL << step : 0;
    }
    life->version = reply->version;
    life->step = step;
    life->queued = reply->has_queue && reply->queue.len > 0;
    play_waits(play, life, life->queued ? slice_data(reply->queue) : slice_text(""));
    life->category = reply->has_category
                         ? policy_category_index(policy, slice_data(reply->category))
                         : POLICY_NONE;
    string_take(life->number, sizeof life->number, reply->has_case_number, reply->case_number);
    string_take(life->channel, sizeof life->channel, reply->has_channel, reply->channel);
    string_take(life->holder, sizeof life->holder, reply->has_agent, reply->agent);
    if (step != POLICY_NONE) {
        play_holder(play, life);
        allowed_take(policy, life, reply);
    }
}

/* ---- what is done next ---- */

struct choosing {
    const struct play *play;
    const struct play_book *book;
    const struct play_life *life;
    const struct policy_step *step;
};

static unsigned weight_wanted(const struct choosing *choosing, const struct policy_action *action)
{
    const struct play_book *book = choosing->book;
    const struct play_thing *want = &choosing->life->want;
    uint16_t step = choosing->life->step;
    if (play_serves(action, want)) {
        return WEIGHT_WANTED;
    }
    bool closes = action->to_step != POLICY_NONE && book->policy->steps[action->to_step].closed;
    bool nearer = action->to_step != POLICY_NONE &&
                  play_distance(book, want, action->to_step) < play_distance(book, want, step);
    return nearer && !closes ? WEIGHT_TOWARDS : 0;
}

static unsigned
weight_staying(const struct choosing *choosing, const struct policy_action *action, uint16_t index)
{
    const struct play_life *life = choosing->life;
    for (unsigned i = 0; i < POLICY_TASKS_MAX; i++) {
        if ((action->settles >> i & 1U) != 0 && life->open[i] > 0) {
            return WEIGHT_SETTLES;
        }
    }
    if ((life->here >> index & 1U) != 0 || life->stays >= STAYS_MAX || action->fact == EVENT_HELD ||
        action->settles != 0) {
        return 0;
    }
    bool marks = (action->marks & choosing->book->useful & ~life->made) != 0;
    return marks ? WEIGHT_MARKS : WEIGHT_LITTLE;
}

/* To where the case has not been, in a later phase. */
static bool is_later(const struct choosing *choosing, const struct policy_action *action)
{
    uint16_t to = action->to_step;
    return to != POLICY_NONE && !play_declines(action) && (choosing->life->seen >> to & 1U) == 0 &&
           choosing->book->to_end[to] < PLAY_FAR &&
           choosing->book->policy->steps[to].phase > choosing->step->phase;
}

/* There is a way that is not the shortest: most cases go it. */
static bool may_go_on(const struct choosing *choosing)
{
    const struct policy_step *steps = choosing->book->policy->steps;
    for (uint16_t i = 0; i < choosing->step->action_count; i++) {
        const struct policy_action *action = &choosing->step->actions[i];
        if (is_later(choosing, action) && !steps[action->to_step].closed) {
            return choosing->life->moves <= WANDERS_MAX;
        }
    }
    return false;
}

/* Back, or where it gets no nearer to the end. */
static unsigned weight_aside(const struct choosing *choosing, uint16_t to)
{
    const struct play_life *life = choosing->life;
    if (life->moves > WANDERS_MAX || choosing->book->to_end[to] == PLAY_FAR) {
        return 0;
    }
    return (life->seen >> to & 1U) != 0 ? WEIGHT_LITTLE : WEIGHT_ASIDE;
}

/* It was done here and the case stayed, because what it moves on is not so yet; a signature more
 * may bring that about, or the next department's answer, the same again does not. */
static bool
is_in_vain(const struct choosing *choosing, const struct policy_action *action, uint16_t index)
{
    return action->move_count > 0 && action->marks == 0 && action->settles == 0 &&
           (choosing->life->here >> index & 1U) != 0;
}

static unsigned
weight_moving(const struct choosing *choosing, const struct policy_action *action, uint16_t index)
{
    const struct play_life *life = choosing->life;
    const struct play_book *book = choosing->book;
    uint16_t to = action->to_step;
    if (is_in_vain(choosing, action, index)) {
        return 0;
    }
    if (play_is_exit(book->policy, action)) {
        bool only = (book->settles >> life->step & 1U) == 0;
        return only ? WEIGHT_ONWARDS : WEIGHT_LITTLE;
    }
    if (play_declines(action) && (book->straight >> life->step & 1U) != 0) {
        return life->moves <= WANDERS_MAX ? WEIGHT_LITTLE : 0;
    }
    if (book->policy->steps[to].closed) {
        return may_go_on(choosing) ? WEIGHT_ASIDE : WEIGHT_ONWARDS;
    }
    if (book->to_end[to] < book->to_end[life->step] ||
        (life->moves <= WANDERS_MAX && is_later(choosing, action))) {
        return WEIGHT_ONWARDS;
    }
    return weight_aside(choosing, to);
}

static unsigned weight_of(const struct choosing *choosing, uint16_t index)
{
    const struct policy_action *action = &choosing->step->actions[index];
    const struct play_life *life = choosing->life;
    bool other = action->fact == EVENT_MERGED || action->fact == EVENT_LINKED;
    if ((life->banned >> index & 1U) != 0 || life->lacks[index].kind != PLAY_NOTHING ||
        (other && choosing->play->other[life->book][0] == '\0')) {
        return 0;
    }
    if (life->want.kind != PLAY_NOTHING) {
        return other ? 0 : weight_wanted(choosing, action);
    }
    bool stays = action->to_step == POLICY_NONE || action->to_step == life->step;
    return stays ? weight_staying(choosing, action, index) : weight_moving(choosing, action, index);
}

static uint16_t by_chance(const struct choosing *choosing, uint64_t *random)
{
    unsigned weights[POLICY_ACTIONS_MAX] = {0};
    unsigned sum = 0;
    for (uint16_t i = 0; i < choosing->step->action_count; i++) {
        weights[i] = weight_of(choosing, i);
        sum += weights[i];
    }
    if (sum == 0) {
        return POLICY_NONE;
    }
    uint64_t at = play_random(random, sum);
    uint16_t i = 0;
    for (; i + 1 < choosing->step->action_count && at >= weights[i]; i++) {
        at -= weights[i];
    }
    return i;
}

/* What the action that leads nearest to the end, or to what is wanted, lacks. */
static struct play_thing lack_of_best(const struct choosing *choosing)
{
    const struct play_book *book = choosing->book;
    const struct play_life *life = choosing->life;
    struct play_thing best = {PLAY_NOTHING, 0};
    uint16_t nearest = PLAY_FAR;
    for (uint16_t i = 0; i < choosing->step->action_count; i++) {
        const struct policy_action *action = &choosing->step->actions[i];
        uint16_t to = action->to_step == POLICY_NONE ? life->step : action->to_step;
        bool serves = play_serves(action, &life->want);
        uint16_t distance = serves ? 0 : (uint16_t)(play_distance(book, &life->want, to) + 1);
        bool exits = play_is_exit(book->policy, action) && (book->settles >> life->step & 1U) != 0;
        bool useful = serves || (to != life->step && !exits);
        if (life->lacks[i].kind != PLAY_NOTHING && useful && distance < nearest &&
            (life->banned >> i & 1U) == 0) {
            nearest = distance;
            best = life->lacks[i];
        }
    }
    return best;
}

static bool onwards_is_open(const struct choosing *choosing)
{
    for (uint16_t i = 0; i < choosing->step->action_count; i++) {
        if (weight_of(choosing, i) >= WEIGHT_ONWARDS) {
            return true;
        }
    }
    return false;
}

uint16_t play_choose(struct play *play, struct play_life *life)
{
    const struct play_book *book = &play->books[life->book];
    const struct choosing choosing = {play, book, life, &book->policy->steps[life->step]};
    for (unsigned i = 0; i < WANTS_MAX && !onwards_is_open(&choosing); i++) {
        struct play_thing lack = lack_of_best(&choosing);
        if (lack.kind == PLAY_NOTHING || play_distance(book, &lack, life->step) == PLAY_FAR) {
            break;
        }
        life->want = lack;
    }
    uint16_t chosen = by_chance(&choosing, &life->random);
    if (chosen == POLICY_NONE && life->want.kind != PLAY_NOTHING) {
        life->want.kind = PLAY_NOTHING;
        chosen = by_chance(&choosing, &life->random);
    }
    return chosen;
}
