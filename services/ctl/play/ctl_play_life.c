/* One life: what is asked next, what an answer means, when it ends. */
#include "clock.h"
#include "ctl_play.h"

enum {
    REFUSED_MAX = 12, /* of a case, one after the other */
    TRIES_MAX = 32,   /* actions nobody may do, before a case is left */
};

/* ---- asking ---- */

void play_ask(struct play *play,
              struct play_life *life,
              enum play_ask ask,
              const struct play_person *who,
              struct ctl_command *command)
{
    char actor[DISPATCH_AGENT_MAX];
    play_name(play, life, who, actor);
    command->actor = actor;
    command->role = play_policy(play, life)->roles[who->role];
    life->ask = ask;
    life->asker = *who;
    life->busy = ctl_line_ask(play->line, life->place, command);
    command->actor = NULL;
}

static void
ask_about(struct play *play, struct play_life *life, enum play_ask kind, const char *action)
{
    struct ctl_command command = {.action = action, .case_id = life->case_id};
    play_ask(play, life, kind, kind == PLAY_ASK_RELEASE ? &life->held_by : &life->next, &command);
}

static void ask_act(struct play *play, struct play_life *life, uint16_t index)
{
    static struct play_paper paper; /* too large for the stack */
    const struct policy_action *action = &play_policy(play, life)->steps[life->step].actions[index];
    struct ctl_command command = {
        .action = action->id, .case_id = life->case_id, .version = life->version};
    life->action = index;
    play_fill(play, life, action, &life->next, &paper, &command);
    play_ask(play, life, PLAY_ASK_ACT, &life->next, &command);
}

/* ---- the end of a life ---- */

static const char *thing_name(const struct policy *policy, const struct play_thing *thing)
{
    for (uint16_t i = 0; thing->kind == PLAY_KEPT && i < policy->field_count; i++) {
        if (policy->fields[i].kept && policy->fields[i].slot == thing->index) {
            return policy->fields[i].id;
        }
    }
    return thing->kind == PLAY_MARK ? policy->marks[thing->index].id
           : thing->kind == PLAY_TASK || thing->kind == PLAY_OPENING
               ? policy->tasks[thing->index].id
               : "";
}

/* Which actions were refused or lack what, then the last refusal. */
static void why_write(const struct policy *policy, const struct play_life *life, char *why)
{
    const struct policy_step *step = &policy->steps[life->step];
    size_t used = 0;
    for (uint16_t i = 0; i < step->action_count && used < PLAY_WHY_SIZE; i++) {
        bool banned = (life->banned >> i & 1U) != 0;
        const struct play_thing *lack = &life->lacks[i];
        if (banned || lack->kind != PLAY_NOTHING) {
            used += (size_t)snprintf(why + used,
                                     PLAY_WHY_SIZE - used,
                                     "%s%s%s; ",
                                     step->actions[i].id,
                                     banned ? " -" : " < ",
                                     banned ? "" : thing_name(policy, lack));
        }
    }
    if (used < PLAY_WHY_SIZE) {
        (void)snprintf(why + used, PLAY_WHY_SIZE - used, "%s", life->why);
    }
}

static void life_end(struct play *play, struct play_life *life, bool closed)
{
    struct play_count *count = &play->counts[life->book];
    count->us += clock_monotonic_us() - life->begun_us;
    count->closed += closed;
    count->left += !closed;
    play->closed += closed;
    (void)memcpy(play->other[life->book], life->number, sizeof life->number);
    if (!closed && !life->leaves) {
        play->stuck++;
        if (play->left_count < PLAY_LEFT_MAX) {
            const struct policy *policy = play_policy(play, life);
            struct play_left *left = &play->left[play->left_count++];
            memcpy(left->number, life->number, sizeof left->number);
            left->book = life->book;
            if (life->step < policy->step_count) {
                (void)snprintf(left->step, sizeof left->step, "%s", policy->steps[life->step].id);
                why_write(policy, life, left->why);
            }
        }
    }
    life->busy = false;
    life->case_id = 0;
    play_waits(play, life, slice_text(""));
    (void)play_begin(play, life);
}

/* Left where it is: half of them go back to their queue. */
static void life_leave(struct play *play, struct play_life *life)
{
    if (!life->leaving && life->holder[0] != '\0' && play_random(&life->random, 2) == 0) {
        life->leaving = true;
        ask_about(play, life, PLAY_ASK_RELEASE, "release");
        return;
    }
    life_end(play, life, false);
}

/* ---- what comes next ---- */

/* A case in a queue is claimed by half of those whose it is to go on with it. */
static void move(struct play *play, struct play_life *life, uint16_t index)
{
    const struct policy_step *step = &play_policy(play, life)->steps[life->step];
    bool claims = life->queued && !life->unclaimed && life->next.role == step->owner_role &&
                  life->next.variant < PLAY_VARIANTS;
    if (claims && play_random(&life->random, 2) == 0) {
        ask_about(play, life, PLAY_ASK_CLAIM, "claim");
    } else {
        ask_act(play, life, index);
    }
}

static bool has_enough(const struct play *play, const struct play_life *life)
{
    return life->moves >= life->leave_after || life->refused >= REFUSED_MAX ||
           life->step >= play_policy(play, life)->step_count;
}

static void life_next(struct play *play, struct play_life *life)
{
    const struct policy *policy = play_policy(play, life);
    if (life->step < policy->step_count && policy->steps[life->step].closed) {
        life_end(play, life, true);
        return;
    }
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        uint16_t index = has_enough(play, life) ? POLICY_NONE : play_choose(play, life);
        bool release = false;
        if (index == POLICY_NONE) {
            break;
        }
        const struct policy_action *action = &policy->steps[life->step].actions[index];
        if (play_who(play, life, action, &life->next, &release)) {
            move(play, life, index);
            return;
        }
        if (release) {
            ask_about(play, life, PLAY_ASK_RELEASE, "release");
            return;
        }
        life->banned |= 1U << index;
    }
    life_leave(play, life);
}

/* ---- answers ---- */

static void why_take(const struct policy *policy, struct play_life *life, const ctl_reply *reply)
{
    const struct policy_step *step =
        life->step < policy->step_count ? &policy->steps[life->step] : policy->steps;
    const char *action = life->action < step->action_count ? step->actions[life->action].id : "";
    (void)snprintf(life->why,
                   sizeof life->why,
                   "%.*s %s",
                   (int)reply->code.len,
                   (const char *)reply->code.data,
                   life->ask == PLAY_ASK_ACT ? action : "");
}

/* Another life has the case already. */
static struct play_life *life_of(struct play *play, const struct play_life *mine, uint64_t case_id)
{
    for (unsigned i = 0; i < play->life_count; i++) {
        struct play_life *life = &play->lives[i];
        if (life != mine && life->busy && life->case_id == case_id) {
            return life;
        }
    }
    return NULL;
}

static void queue_retry(struct play *play, struct play_life *life)
{
    play->claiming--;
    life->busy = false;
    (void)play_begin(play, life);
}

/* A claim out of a queue: ours from now on, unless somebody works on the case already. */
static void queue_answered(struct play *play, struct play_life *life, const ctl_reply *reply)
{
    const struct policy *policy = play_policy(play, life);
    bool done = ctl_reply_code(reply) == CTL_OK;
    if (reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_EMPTY) {
        life->queue->waiting = 0;
    }
    if (ctl_reply_is(reply, "person_unknown")) {
        play->strangers = true; /* asked again it would be answered again so */
        play->claiming--;
        life->busy = false;
        return;
    }
    if (!reply->has_case_id || !reply->has_step) {
        queue_retry(play, life);
        return;
    }
    struct play_life *other = life_of(play, life, reply->case_id);
    if (other) {
        if (done && reply->version >= other->version) {
            play_take(play, other, reply);
        }
        queue_retry(play, life);
        return;
    }
    if (!done && (!reply->has_queue || reply->queue.len == 0)) {
        queue_retry(play, life); /* somebody was quicker */
        return;
    }
    play->claiming--;
    play->begun++;
    play->counts[life->book].begun++;
    life->case_id = reply->case_id;
    play_take(play, life, reply);
    if (!done) {
        why_take(policy, life, reply);
        life->variant = (uint8_t)((life->variant + 1) % PLAY_VARIANTS);
    }
    if (ctl_reply_is(reply, "role_may_not") && life->step < policy->step_count) {
        life->queue->role = policy->steps[life->step].owner_role;
    }
    life_next(play, life);
}

/* What was done, as the case will remember it. */
static void done_take(const struct policy *policy, struct play_life *life, const ctl_reply *reply)
{
    const struct policy_action *action = &policy->steps[life->step].actions[life->action];
    uint16_t step = policy_step_index(
        policy, slice_of(reply->step.data, reply->has_step ? reply->step.len : 0));
    life->made |= action->marks;
    life->did[life->asker.variant] |= action->marks;
    life->here |= 1U << life->action;
    life->stays++;
    for (unsigned i = 0; i < POLICY_TASKS_MAX; i++) {
        unsigned open = life->open[i] + (action->opens >> i & 1U);
        open -= open > 0 ? action->settles >> i & 1U : 0;
        life->open[i] = (uint8_t)open;
    }
    for (unsigned i = 0; i < POLICY_KEPT_MAX; i++) {
        if ((life->asked_told >> i & 1U) != 0) {
            life->told |= 1U << i;
            life->facts[i] = life->asked_facts[i];
        }
    }
    if (play_serves(action, &life->want)) {
        life->want.kind = PLAY_NOTHING;
    }
    if (step != life->step) {
        life->brought = life->asker;
    }
    life->moves++;
    life->refused = 0;
}

static void refusal_take(struct play *play, struct play_life *life, const ctl_reply *reply)
{
    uint32_t version = life->version;
    uint16_t index = life->action;
    why_take(play_policy(play, life), life, reply);
    life->refused++;
    play->refused++;
    play->counts[life->book].refused++;
    play_take(play, life, reply);
    if (life->version != version ||
        reply->outcome == REDRESS__COMMAND__V1__OUTCOME__OUTCOME_CONFLICT) {
        return; /* somebody else was at it */
    }
    if (ctl_reply_is(reply, "no_capacity") || ctl_reply_is(reply, "earlier_handler")) {
        life->unclaimed = true;
        life->variant = (uint8_t)((life->variant + 1) % PLAY_VARIANTS);
    } else if (life->ask != PLAY_ASK_ACT) {
        life->unclaimed = true;
    } else if (ctl_reply_is(reply, "limit")) {
        life->bad_roles |= 1U << life->asker.role;
    } else if (ctl_reply_is(reply, "phrase_forbidden") || ctl_reply_is(reply, "part_missing") ||
               ctl_reply_is(reply, "note_unsealable")) {
        life->banned |= life->mute ? 1U << index : 0;
        life->mute = true;
    } else if (ctl_reply_is(reply, "same_person") || ctl_reply_is(reply, "not_holder")) {
        life->variant = (uint8_t)((life->variant + 1) % PLAY_VARIANTS);
        life->banned |= life->refused > PLAY_VARIANTS ? 1U << index : 0;
    } else if (life->lacks[index].kind == PLAY_NOTHING) {
        life->banned |= 1U << index;
    }
}

static void case_answered(struct play *play, struct play_life *life, const ctl_reply *reply)
{
    const struct policy *policy = play_policy(play, life);
    if (life->leaving) {
        life_end(play, life, false);
        return;
    }
    if (ctl_reply_code(reply) != CTL_OK) {
        refusal_take(play, life, reply);
        life_next(play, life);
        return;
    }
    play->moves++;
    play->counts[life->book].moves++;
    if (life->ask == PLAY_ASK_ACT) {
        done_take(policy, life, reply);
    } else if (life->ask == PLAY_ASK_RELEASE) {
        life->variant = (uint8_t)((life->asker.variant + 1) % PLAY_VARIANTS);
    }
    play_take(play, life, reply);
    life_next(play, life);
}

void play_answered(void *self, unsigned place, const ctl_reply *reply)
{
    struct play *play = self;
    struct play_life *life = &play->lives[place];
    if (!reply && life->ask == PLAY_ASK_QUEUE) {
        play->claiming--;
        life->busy = false;
        life->queue->waiting = 0;
    } else if (!reply) {
        (void)snprintf(life->why,
                       sizeof life->why,
                       "%s",
                       ctl_text_in(play->ctl->language, TEXT_DISPATCH_SILENT));
        life_end(play, life, false);
    } else if (life->ask == PLAY_ASK_QUEUE) {
        queue_answered(play, life, reply);
    } else {
        case_answered(play, life, reply);
    }
}
