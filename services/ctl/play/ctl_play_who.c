/* Who does an action: the holder where it is his, else somebody of a role that may. */
#include "ctl_play.h"

void play_name(const struct play *play,
               const struct play_life *life,
               const struct play_person *who,
               char name[DISPATCH_AGENT_MAX])
{
    unsigned number = 1 + life->place % play->agents + who->variant * play->agents;
    if (who->variant == PLAY_STRANGER) {
        (void)snprintf(name, DISPATCH_AGENT_MAX, "%s", life->holder);
    } else {
        (void)snprintf(name,
                       DISPATCH_AGENT_MAX,
                       "%.36s-%u",
                       play_policy(play, life)->roles[who->role],
                       number);
    }
}

void play_holder(const struct play *play, struct play_life *life)
{
    const struct policy *policy = play_policy(play, life);
    char name[DISPATCH_AGENT_MAX];
    struct play_person *who = &life->held_by;
    play_name(play, life, who, name);
    if (who->variant < PLAY_VARIANTS && strcmp(name, life->holder) == 0) {
        return;
    }
    for (who->role = 0; who->role < policy->role_count; who->role++) {
        for (who->variant = 0; who->variant < PLAY_VARIANTS; who->variant++) {
            play_name(play, life, who, name);
            if (strcmp(name, life->holder) == 0) {
                return;
            }
        }
    }
    *who = (struct play_person){policy->steps[life->step].owner_role, PLAY_STRANGER};
}

/* Marks that whoever acts must not have made, or that count people. */
static uint32_t others_only(const struct play_book *book, const struct policy_action *action)
{
    uint32_t set = action->marks & book->shared;
    for (uint16_t i = 0; i < action->require_count; i++) {
        if (action->requirements[i].not_by < POLICY_MARKS_MAX) {
            set |= 1U << action->requirements[i].not_by;
        }
    }
    return set;
}

static bool fits(const struct play *play,
                 const struct play_life *life,
                 const struct policy_action *action,
                 const struct play_person *who)
{
    bool again = who->role == life->brought.role && who->variant == life->brought.variant;
    return (life->did[who->variant] & others_only(&play->books[life->book], action)) == 0 &&
           !(action->same_person_may_not && again);
}

/* What is kept of the case is within what the role may decide. */
static bool within(const struct play *play,
                   const struct play_life *life,
                   const struct policy_action *action,
                   uint16_t role)
{
    for (uint16_t i = 0; i < action->limit_count; i++) {
        const struct policy_limit *limit = &action->limits[i];
        const struct policy_field *field = &play_policy(play, life)->fields[limit->field];
        bool known = field->kept && (life->told >> field->slot & 1U) != 0;
        if (limit->role == role && known && life->facts[field->slot] > limit->most) {
            return false;
        }
    }
    return (life->bad_roles >> role & 1U) == 0;
}

static bool variant_find(const struct play *play,
                         const struct play_life *life,
                         const struct policy_action *action,
                         struct play_person *who)
{
    for (unsigned i = 0; i < PLAY_VARIANTS; i++) {
        who->variant = (uint8_t)((life->variant + i) % PLAY_VARIANTS);
        if (fits(play, life, action, who)) {
            return true;
        }
    }
    return false;
}

bool play_who(const struct play *play,
              const struct play_life *life,
              const struct policy_action *action,
              struct play_person *who,
              bool *release)
{
    const struct policy *policy = play_policy(play, life);
    uint16_t owner = policy->steps[life->step].owner_role;
    bool held = life->holder[0] != '\0';
    uint16_t own = held ? life->held_by.role : owner; /* whose it is to act first */
    *release = false;
    if (held && (action->roles >> own & 1U) != 0 && within(play, life, action, own)) {
        *who = life->held_by;
        if (fits(play, life, action, who)) {
            return true;
        }
        *release = true;
    }
    for (uint16_t i = 0; i < policy->role_count; i++) {
        uint16_t role = (uint16_t)((own + i) % policy->role_count);
        bool colleague = held && role == life->held_by.role;
        *who = (struct play_person){.role = role};
        if (!colleague && (action->roles >> role & 1U) != 0 && within(play, life, action, role) &&
            variant_find(play, life, action, who)) {
            *release = false;
            return true;
        }
    }
    return false;
}
